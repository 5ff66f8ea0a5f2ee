//! Inputs that are not UTF-8: [`detect`](detect::detect) finds the encoding, [`Decoder`] turns it into UTF-8.
//!
//! Nothing after a [`Decoder`] knows about encodings. That works because a malformed character becomes a byte that
//! UTF-8 never has: its record is rejected as not UTF-8, and the records around it are read. A replacement character
//! would be stored as part of a customer's name.

mod charset;
pub mod detect;
mod letters;
#[cfg(test)]
mod tests;

pub use self::charset::{Charset, Decoder, by_label, name};
