//! Where records end, one file a format.

pub mod csv;
mod cutter;
pub mod document;
mod elements;
pub mod json;
pub mod ndjson;
pub mod rows;

pub use self::cutter::{Cut, Cutter};
