//! What a run leaves behind for people and programs: the files of its report folder (SPEC, section 5).
//!
//! [`lines`] says how a fault, a rejected record and an accepted one are written down; [`folder`] keeps the files out of
//! sight until the run is over; [`summary`] is the run in numbers.

pub mod folder;
pub mod lines;
pub mod summary;
