//! How records are written down: [`csv`] cells and [`json`] members, of one record at a time.
//!
//! Where records begin and end in a file is for `source`; what their values mean is for `check`.

pub mod csv;
pub mod json;
