//! Where a run's reports go, and finishing those of earlier runs that were killed.

use std::path::{Path, PathBuf};

use super::input_paths::shown_path;
use super::options::{Command, Observer, Options};
use crate::disk::{DATABASE_SUFFIXES, folder_of, with_suffix};
use crate::error::{Error, Result};
use crate::report::leftover::{is_usable, publish_leftover};
use crate::report::run_note::RunNote;
use crate::sink::sqlite::LockedDatabase;

/// The folder of a run's reports if none is named.
pub(super) fn default_reports(database: &Path, run_id: i64) -> PathBuf {
    with_suffix(database, ".imports").join(format!("run-{run_id:06}"))
}

pub(super) fn reports_path(options: &Options, run_id: i64) -> Result<Option<PathBuf>> {
    let path: Option<PathBuf> = match (&options.reports, options.command, &options.database) {
        // Put together from its parts, so that a slash at its end is none of its name's.
        (Some(path), ..) => Some(Path::new(&path.replace("{run}", &run_id.to_string())).components().collect()),
        (None, Command::Import, Some(database)) => Some(free_path(default_reports(database, run_id))),
        _ => None,
    };
    let Some(path) = path else { return Ok(None) };
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let is_database = options.database.as_deref().is_some_and(|database| {
        let mut names = DATABASE_SUFFIXES.iter().chain([&""]);
        names.any(|suffix| absolute(&with_suffix(database, suffix)) == absolute(&path))
    });
    if path.file_name().is_none() || is_database {
        return Err(Error::Usage(format!(
            "--reports {:?}: name a folder of its own for the reports",
            path.display().to_string()
        )));
    }
    // A folder that was made elsewhere and linked here is used where it is.
    Ok(Some(match path.is_symlink() {
        true => std::fs::canonicalize(&path).map_err(|error| Error::report(&path, error))?,
        false => path,
    }))
}

/// The first of `run-000002`, `run-000002-2` and so on that can be used. Only a database that was put back to an earlier
/// state gives a number twice.
fn free_path(path: PathBuf) -> PathBuf {
    let others = (2..).map(|number| with_suffix(&path, &format!("-{number}")));
    let mut paths = std::iter::once(path.clone()).chain(others);
    paths.find(|path| is_usable(path)).unwrap_or(path)
}

/// Puts the reports of runs in place that were killed between the database's commit and their last rename.
pub(super) fn finish_earlier_reports(
    held: &LockedDatabase,
    database: &Path,
    observer: &mut dyn Observer,
) -> Result<()> {
    let known = held.latest_runs()?;
    let mut finished = Vec::new();
    for run in &known {
        for path in [folder_of(database).join(&run.reports), default_reports(database, run.run_id)] {
            if publish_leftover(&path, run.run_id, &run.started_at)? {
                finished.push(path);
            }
        }
    }
    let is_known =
        |run_id: i64, started: &str| known.iter().any(|run| (run.run_id, run.started_at.as_str()) == (run_id, started));
    finished.extend(RunNote::recover(database, is_known)?);
    for path in finished {
        observer
            .note(&format!("put the reports of a run in place that was stopped before it could: {}", path.display()));
    }
    Ok(())
}

/// Where the reports are, seen from the database's folder if they are in it: so that both can be moved together.
pub(super) fn relative_reports(options: &Options, path: &Path) -> String {
    let folder = options.database.as_deref().map(folder_of).unwrap_or_default();
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let path = absolute(path);
    shown_path(path.strip_prefix(absolute(&folder)).unwrap_or(&path))
}
