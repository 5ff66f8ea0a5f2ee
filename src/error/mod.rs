//! What ends a command: [`Error`]. What is wrong with a record never becomes one: it is a
//! [`Finding`](crate::core::finding::Finding).
//!
//! [`kinds`] has the errors with their parameters, [`english`] their messages.

mod english;
mod kinds;

pub use self::kinds::{Error, Result, Words, has_failed, own_words};
