//! custload loads customer records from CSV and NDJSON into SQLite: validated, normalised, with customer IDs assigned, and
//! with a reject report that a person can mend and load again.
//!
//! The program `custload` is this library with a command line. A run is [`pipeline::run`]; `ARCHITECTURE.md` shows the
//! floors that the modules stand on.

pub mod app;
pub mod core;
pub mod disk;
pub mod error;
pub mod read;
pub mod report;
pub mod run;
pub mod shell;
pub mod sink;
