//! custload loads customer records from CSV and NDJSON into SQLite: validated, normalised, with customer IDs assigned, and
//! with a reject report that a person can mend and load again.
//!
//! The program `custload` is this library with a command line. A run is [`pipeline::run`]; `ARCHITECTURE.md` shows the
//! floors that the modules stand on.

pub mod check;
pub mod cli;
pub mod disk;
pub mod error;
pub mod format;
pub mod generate;
pub mod mask;
pub mod mode;
pub mod pipeline;
pub mod profile;
pub mod record;
pub mod reject;
pub mod report;
pub mod row;
pub mod rule;
pub mod shell;
pub mod source;
pub mod store;
