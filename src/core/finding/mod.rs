//! What can be wrong with a record, as data.
//!
//! A [`Finding`] is a [`Problem`] with its parameters, where it is, a suggestion, and how it was handled. A [`Code`] is the
//! stable name of a kind of problem. Only [`english`] and [`code`] hold words. A finding never ends a run; a
//! [`crate::error::Error`] does.

mod code;
pub mod english;
mod list;
mod problem;

pub use self::code::{Code, CodeInfo, REGISTRY, Scope, Severity};
pub use self::list::{FindingList, Findings};
pub use self::problem::{
    DateFault, DecimalFault, EmailFault, Finding, Handling, Problem, Range, Retry, RuleFault, TextKind, Unreadable,
    Wanted, excerpt,
};
