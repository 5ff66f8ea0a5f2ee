//! How records are written down: [`csv`] cells, in a [`dialect`], and [`json`] members, of one record at a time; [`raw`] is a record as a
//! report carries it whole.
//!
//! Where records begin and end in a file is for `source`; what their values mean is for `check`.

pub mod csv;
pub mod dialect;
pub mod json;
pub mod object;
pub mod raw;
