//! What ends a command: [`Error`]. What is wrong with a record never becomes one: it is a
//! [`Finding`](crate::core::finding::Finding).
//!
//! [`kinds`] has the errors with their parameters, [`english`] their messages.

mod english;
mod kinds;
mod words;

pub use self::kinds::{Error, Result, has_failed};
pub use self::words::{Words, own_words};
