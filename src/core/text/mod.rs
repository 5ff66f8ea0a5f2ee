//! Rules for text that do not depend on the field: cleaning, letters and lengths, invisible characters, the traces of
//! spreadsheets, how keys are compared, and regular expressions.

mod characters;
mod clean;
pub mod invisible;
pub mod key;
pub mod kinds;
pub mod pattern;
pub mod sheet;

pub use self::characters::*;
pub use self::clean::*;
pub use self::invisible::{is_hidden, visible};
