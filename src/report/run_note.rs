//! The note beside a database that says which run is in progress: [`RunNote`].

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::folder::{partial_of, publish_leftover, remove_leftover, summary_of};
use crate::disk::{NOTE_SUFFIX, is_private, open_regular, owner_only, path_from_bytes, read_regular, with_suffix};
use crate::error::{Error, Result, Words};

/// The first line of a note, so that no other file is taken for one.
const FIRST_LINE: &str = "custload is loading, and says here who it is and where its reports are:\n";

/// A note beside a database: which run is in progress, and where its reports go. Another run names this one from it; after a kill
/// the next run finds the reports by it. It is locked while the run is in progress, and removed when dropped.
#[derive(Debug)]
pub struct RunNote {
    path: PathBuf,
    text: Vec<u8>,
    _lock: File,
}

impl RunNote {
    /// Notes that the run, which `who` describes in one line, writes its reports to `reports`. The run must have locked the database.
    pub fn create(database: &Path, reports: &Path, who: &str) -> Result<RunNote> {
        let path = with_suffix(database, NOTE_SUFFIX);
        let failed = |error| {
            let message =
                format!("cannot write {} ({error}); check the disk and the permissions of its folder", path.display());
            Error::database(database, Words::own(message))
        };
        let reports = std::path::absolute(reports).map_err(failed)?;
        let mut text = format!("{FIRST_LINE}{who}\n").into_bytes();
        text.extend_from_slice(reports.as_os_str().as_encoded_bytes());
        let mut options = File::options();
        options.write(true).create_new(true);
        owner_only(&mut options);
        let mut file = options.open(&path).map_err(failed)?;
        // The lock shows that the run is alive. It keeps other runs out while a run with checkpoints has released the database.
        let written = file.lock().and_then(|()| file.write_all(&text)).and_then(|()| file.sync_all());
        // From here on it is removed when dropped, even if it could not be written.
        let note = RunNote { path: path.clone(), text, _lock: file };
        written.map_err(failed)?;
        Ok(note)
    }

    /// Keeps the note, so that the next run treats this one as killed.
    pub fn keep(mut self) {
        self.text.clear();
    }

    /// The run in progress, as it describes itself; `None` if there is none, or it has not written its note yet.
    pub fn holder(database: &Path) -> Option<String> {
        let mut file = open_regular(&with_suffix(database, NOTE_SUFFIX)).ok()?;
        // A killed run has left it unlocked.
        if !matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)) {
            return None;
        }
        let mut text = Vec::new();
        file.read_to_end(&mut text).ok()?;
        let (who, _) = split_note(&text)?;
        Some(String::from_utf8_lossy(who).into_owned()).filter(|who| !who.is_empty())
    }

    /// Cleans up after a killed run: publishes the reports that its note names if the database has the run (`can_repeat` takes its
    /// number and start), and removes them if not. Returns the folder of published reports. The caller must have locked the
    /// database.
    pub fn recover(database: &Path, can_repeat: impl Fn(i64, &str) -> bool) -> Result<Option<PathBuf>> {
        let path = with_suffix(database, NOTE_SUFFIX);
        let Some(text) = read_note(&path)? else { return Ok(None) };
        let remove = || fs::remove_file(&path).map_err(|error| Error::report(&path, error));
        let Some((_, reports)) = split_note(&text) else {
            let first = FIRST_LINE.as_bytes();
            if first.starts_with(&text) || text.starts_with(first) {
                // The run was killed before it had written the folder.
                remove()?;
                return Ok(None);
            }
            return Err(foreign_note(&path));
        };
        let reports = path_from_bytes(reports);
        let summary = summary_of(&partial_of(&reports));
        let run = summary.and_then(|summary| Some((summary.run_id?, summary.started_at)));
        let is_published = match run.filter(|(run, started_at)| can_repeat(*run, started_at)) {
            Some((run, started_at)) => publish_leftover(&reports, run, &started_at)?,
            None => remove_leftover(&reports).map(|()| false)?,
        };
        remove()?;
        Ok(is_published.then_some(reports))
    }
}

impl Drop for RunNote {
    fn drop(&mut self) {
        // The next run may have replaced this note already.
        if !self.text.is_empty() && read_regular(&self.path).is_ok_and(|text| self.text.starts_with(&text)) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The note's text; `None` if there is no note, an error if another user or program has written it.
fn read_note(path: &Path) -> Result<Option<Vec<u8>>> {
    let failed = |error| Error::report(path, error);
    let mut file = match open_regular(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|_| foreign_note(path))?,
    };
    if !is_private(&file.metadata().map_err(failed)?) {
        return Err(foreign_note(path));
    }
    let mut text = Vec::new();
    file.read_to_end(&mut text).map_err(failed)?;
    Ok(Some(text))
}

/// A note that another user or program wrote is never followed: it could name any folder.
fn foreign_note(path: &Path) -> Error {
    let message = "is in the way: no run of this user left it there. Check what it is, move or delete it, then run \
                   custload again";
    Error::ReportFolder { path: path.to_path_buf(), message: message.to_string() }
}

/// The note's lines after the first: which run it is, and where the reports go.
fn split_note(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = text.strip_prefix(FIRST_LINE.as_bytes())?;
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    Some((&rest[..end], &rest[end + 1..]))
}
