//! How an input is written, where the options do not say: its format, and the dialect and header of a table.

pub mod format;
pub mod json;
mod sample;
mod table;

pub use self::format::is_report;
pub use self::sample::{SAMPLE_BYTES, Sample};
pub use self::table::{Kind, Reading, Sniffed, Trial, Unreadable, report_header, separator_line, sniff};
pub use super::options::HeaderSource;
