//! The inputs that finished runs have loaded: [`LoadedInput`].

use std::sync::Arc;

use rusqlite::Connection;

use super::runs::{FILES, FINISHED, FileRow, RUNS, RunRow, UNDONE};

#[derive(Clone, Debug)]
pub struct LoadedInput {
    pub run: Arc<RunRow>,
    pub file: FileRow,
    /// Whether records of this input changed nothing, and an earlier run was undone since: what they matched may be gone.
    pub relied_on_undone_run: bool,
}

/// The inputs of finished runs that are not undone, in the order in which they were read.
pub(super) fn loaded(connection: &Connection) -> rusqlite::Result<Vec<LoadedInput>> {
    let mut files = FILES.select(connection, "ORDER BY run_id, import_file", [])?.into_iter().peekable();
    let mut loaded = Vec::new();
    // The last run before which one of the runs so far was undone.
    let mut undone_before = 0;
    for run in RUNS.select(connection, "ORDER BY run_id", [])? {
        let run = Arc::new(run);
        while let Some(file) = files.next_if(|file| file.run_id <= run.run_id) {
            if file.run_id == run.run_id && run.status == FINISHED {
                let relied_on_undone_run = undone_before >= run.run_id && file.counts.unchanged > 0;
                loaded.push(LoadedInput { run: Arc::clone(&run), file, relied_on_undone_run });
            }
        }
        if run.status == UNDONE {
            undone_before = undone_before.max(run.undone_after.unwrap_or(0));
        }
    }
    Ok(loaded)
}
