//! How records are written down, one at a time: [`csv`] cells, in a [`dialect`], and [`json`] members; [`raw`] is a record
//! as a report carries it whole. A [`Block`] is a run of whole records.
//!
//! Where records begin and end in a file is for `read`; what their values mean is for `judge`.

mod block;
pub mod csv;
pub mod dialect;
pub mod json;
pub mod object;
pub mod raw;

pub use self::block::*;
