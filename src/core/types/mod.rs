//! One file a field type: pure functions that normalise a value and judge it.
//!
//! Every value goes through [`crate::core::text::clean`] first; these modules expect what it returns. A normaliser borrows
//! where it changes nothing, and normalising its own output changes nothing. Nothing here knows of records, profiles or
//! codes.

pub mod address;
pub mod choice;
pub mod country;
pub mod email;
pub mod flag;
pub mod list;
pub mod mend;
pub mod number;
pub mod phone;
