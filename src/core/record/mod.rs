//! One record at a time: [`csv`] cells in a [`dialect`], [`json`] members, and [`raw`], a record as a report carries it
//! whole. A [`Block`] is a run of whole records.
//!
//! Where records begin and end in a file is for `read`; what their values mean is for `core::judge`.

mod block;
mod counts;
pub mod csv;
pub mod dialect;
pub mod json;
pub mod raw;

pub use self::block::*;
pub(crate) use self::counts::each_count;
pub use self::counts::{Count, Counts, Sum};
