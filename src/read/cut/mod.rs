//! Where records end.

pub mod csv;
mod cutter;
pub mod document;
mod elements;
pub mod json;

pub use self::cutter::{Cut, Cutter, NdjsonCutter, SheetCutter};
