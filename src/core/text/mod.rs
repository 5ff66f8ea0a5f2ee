//! What holds for any text, whatever field it stands in.
//!
//! | module | its noun |
//! |---|---|
//! | [`clean`] | a value without what nobody wants in it, and missing values |
//! | [`characters`] | letters, lengths, and the characters that a profile allows |
//! | [`visible`] | text that is safe to print |
//! | [`invisible`] | characters that nobody sees |
//! | [`digit`] | a decimal digit of any script |
//! | [`kinds`] | what a value's bytes say by themselves |
//! | [`sheet`] | what spreadsheets make of values |
//! | [`key`] | how keys are compared |

mod characters;
mod clean;
pub mod digit;
pub mod invisible;
pub mod key;
pub mod kinds;
pub mod sheet;
mod visible;

pub use self::characters::*;
pub use self::clean::*;
pub use self::visible::*;
