//! Parents: which customer each record is below. A parent may come after its child, so records that refer to parents are read twice:
//! the first time only to find out which record refers to which, and which are accepted ([`find()`]), then as in any run, with the
//! parents known ([`FoundParents`](found::FoundParents)). Why, and what was measured: docs/decisions/0025-parents.md.

mod customers;
mod find;
pub(super) mod found;
mod ids;
mod kept;
mod names;
mod nodes;
mod queues;
mod records;
mod resolve;
mod survey;

pub(super) use self::find::{find, keep, used};
