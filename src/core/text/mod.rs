//! What holds for any text, whatever field it stands in: cleaning, white space, length, permitted characters, safe
//! printing ([`clean`]), and what the field types share.
//!
//! | module | the noun |
//! |---|---|
//! | [`invisible`] | characters that nobody sees |
//! | [`digit`] | a decimal digit of any script |
//! | [`kinds`] | what a value's bytes say by themselves |
//! | [`sheet`] | what spreadsheets make of values |
//! | [`key`] | what two customers must not share |

mod clean;
pub mod digit;
pub mod invisible;
pub mod key;
pub mod kinds;
pub mod sheet;

pub use self::clean::*;
