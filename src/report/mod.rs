//! What a run leaves for people and programs: the files of its report folder.
//!
//! [`lines`] says how a finding, a rejected record and an accepted one are written; [`words`] has the sentences of findings;
//! [`folder`] hides the files until the run is over; [`summary`] is the run in numbers.

pub mod folder;
pub mod lines;
pub mod summary;
pub mod words;
