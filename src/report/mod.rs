//! What a run leaves for people and programs: the files of its report folder.
//!
//! [`lines`] says how a finding, a rejected record and an accepted one are written; [`words`] has the sentences of findings;
//! [`folder`] keeps the files under a partial name until the run is over, [`leftover`] deals with those of killed runs; [`run_note`]
//! is the note beside the database; [`summary`] is the run in numbers.

pub mod file;
pub mod folder;
pub mod leftover;
pub mod lines;
pub mod run_note;
pub mod summary;
pub mod words;
