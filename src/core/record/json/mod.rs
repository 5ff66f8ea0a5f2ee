//! One JSON record and its members.
//!
//! Only the outermost object is split. Values stay as written, so that a number keeps its digits and a reject report
//! returns what it was given.

mod first_value;
mod members;
mod object;
mod stops;
#[cfg(test)]
mod tests;
mod value;
mod write;

pub use self::first_value::{FirstValue, first_value, first_value_until, is_blank, without_comma};
pub use self::members::{JsonFault, Members, Paths, names_of, raw_of_report};
pub use self::object::{ObjectReader, ValueSpan, Written};
pub use self::stops::stop_in_text;
pub use self::value::{JsonKind, JsonValue, is_white_space, key_of, value};
pub use self::write::{write_number, write_text};
