//! Rules for single values: pure functions that normalise a value and judge it (SPEC, sections 2 and 3).
//!
//! Every value goes through [`text::clean`] first; the other modules expect what it returns. A normaliser borrows where
//! it changes nothing, and normalising its own output changes nothing. Nothing here knows of records, profiles or codes.
//!
//! | module | the noun |
//! |---|---|
//! | [`text`] | any value: Unicode, white space, length, permitted characters, safe printing |
//! | [`invisible`] | characters that nobody sees |
//! | [`sheet`] | what spreadsheets make of values |
//! | [`email`] | an e-mail address |
//! | [`phone`] | a phone number |
//! | [`country`] | an ISO 3166-1 country |
//! | [`address`] | an address line, a city, a state |
//! | [`number`] | an integer |
//! | [`flag`] | yes or no |
//! | [`choice`] | one of several words |
//! | [`list`] | a list of texts and numbers |
//! | [`kinds`] | what a value's bytes say by themselves |
//! | [`key`] | what two customers must not share |
//! | [`mend`] | the value that a person would write instead |

pub mod address;
pub mod choice;
pub mod country;
mod digit;
pub mod email;
pub mod flag;
pub mod invisible;
pub mod key;
pub mod kinds;
pub mod list;
pub mod mend;
pub mod number;
pub mod phone;
pub mod sheet;
pub mod text;
