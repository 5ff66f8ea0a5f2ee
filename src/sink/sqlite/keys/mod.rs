//! The keys that a run has taken: [`KeySet`].
//!
//! Workers claim the keys of their blocks, in whatever order blocks come to them. The thread that commits blocks in their order
//! compares only the texts of those records whose fingerprint was taken. That is sound because
//! - of several records with one fingerprint the set keeps the first. A worker that finds a later record there puts its own in
//!   its place and lists the other as displaced ([`KeySet::take_displaced`]): its block cannot have been committed yet;
//! - when a block is committed, all blocks before it have made their claims. So a record that is not listed has a key that no
//!   record before it has, and one that is listed shares its key, or only its fingerprint, with a record before it or a customer.
//!
//! A key takes eight bytes: its position, and as much of the fingerprint as there is room for. Texts are compared wherever these
//! are equal, so a collision never rejects a good record.

mod fingerprint;
mod set;
mod table;

pub use self::fingerprint::{Fingerprint, Fingerprints};
pub use self::set::{Claim, Collisions, KeySet, Rivals, SharedKeys};
pub use self::table::{MAX_RECORDS, RunPosition};
