//! What ends a command: [`Error`]. Faults of records are data and never become one; they are [`crate::core::finding::Fault`].
//!
//! [`kinds`] has the errors with their parameters, [`english`] their messages.

mod english;
mod kinds;
mod words;

pub use self::kinds::{Error, Result, has_failed};
pub use self::words::{Words, own_words};
