//! The core: profiles and records in, rows and findings out. Pure: no file, thread, clock, SQL or command line.

pub mod finding;
pub mod infer;
pub mod judge;
pub mod mask;
pub mod mode;
pub mod profile;
pub mod record;
pub mod row;
pub mod rule;
pub mod text;
pub mod types;
