//! One JSON record and its members.
//!
//! Only the outermost object is split. Values stay as written, so that a number keeps its digits and a reject report
//! returns what it was given.

mod members;
mod object;
#[cfg(test)]
mod tests;
mod text;
mod value;

pub use self::members::{JsonFault, Members, Paths, names_of, raw_of_report};
pub use self::object::{ObjectReader, ValueSpan, Written};
pub use self::text::{stop_in_text, write_number, write_text};
pub use self::value::{
    FirstValue, JsonKind, JsonValue, first_value, first_value_until, is_blank, is_white_space, key_of, text_of, value,
    without_comma,
};
