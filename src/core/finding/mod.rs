//! What can be wrong with a record, as data.
//!
//! A [`Finding`] says what was found in one record: a [`Problem`] with its parameters, where it is, what would be right and
//! what was done instead. A [`Code`] is the stable name of a kind of problem. [`english`] and [`registry`] make the words, for
//! whoever prints; another language needs nothing but a finding. Findings never end a run; what does is
//! [`crate::error::Error`].

mod code;
pub mod english;
mod list;
mod problem;
mod registry;

pub use self::code::{Code, Severity};
pub use self::list::{FindingList, Findings};
pub use self::problem::{EmailFault, Finding, Handling, Problem, Retry, TextKind, Unreadable, Wanted, excerpt};
pub use self::registry::{CodeInfo, REGISTRY, Scope};
