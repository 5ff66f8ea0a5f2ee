//! The reports of a run, for people and programs.
//!
//! [`lines`] formats findings and records; [`folder`] keeps the files under a partial name until the run is over;
//! [`run_note`] is the note beside the database; [`summary`] is the run in numbers.

pub mod file;
pub mod folder;
pub mod lines;
pub mod run_note;
pub mod summary;
