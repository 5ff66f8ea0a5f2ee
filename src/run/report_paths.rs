//! Where a run's reports go, what they are called ([`Stems`]), and publishing those of killed runs.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::inputs::shown_path;
use super::options::{Command, Observer, Options};
use crate::disk::{DATABASE_SUFFIXES, folder_of, with_suffix};
use crate::error::{Error, Result};
use crate::report::folder::{is_usable, publish_leftover};
use crate::report::run_note::RunNote;
use crate::sink::sqlite::LockedDatabase;

/// The folder of a run's reports without `--reports`.
pub(super) fn default_reports(database: &Path, run_id: i64) -> PathBuf {
    with_suffix(database, ".imports").join(format!("run-{run_id:06}"))
}

/// The folder of a run's reports, if it writes any.
pub(super) fn reports_path(options: &Options, run_id: i64) -> Result<Option<PathBuf>> {
    let path: PathBuf = match (&options.reports, options.command, &options.database) {
        // From its components, so that a slash at its end is dropped.
        (Some(path), ..) => Path::new(&path.replace("{run}", &run_id.to_string())).components().collect(),
        (None, Command::Import, Some(database)) => free_path(default_reports(database, run_id)),
        _ => return Ok(None),
    };
    let is_database = options.database.as_deref().is_some_and(|database| {
        let mut names = DATABASE_SUFFIXES.iter().chain([&""]);
        names.any(|suffix| absolute(&with_suffix(database, suffix)) == absolute(&path))
    });
    if path.file_name().is_none() || is_database {
        let path = path.display().to_string();
        return Err(Error::Usage(format!("--reports {path:?}: name a separate folder for the reports")));
    }
    // A link to a folder is resolved, so that the reports stay in that folder.
    Ok(Some(match path.is_symlink() {
        true => std::fs::canonicalize(&path).map_err(|error| Error::report(&path, error))?,
        false => path,
    }))
}

/// The first of `run-000002`, `run-000002-2` … that can be used. A number comes twice only if a database was restored.
fn free_path(path: PathBuf) -> PathBuf {
    let others = (2..).map(|number| with_suffix(&path, &format!("-{number}")));
    let mut paths = std::iter::once(path.clone()).chain(others);
    paths.find(|path| is_usable(path)).unwrap_or(path)
}

/// Publishes the reports of runs that were killed between their commit and the last rename.
pub(super) fn finish_earlier_reports(
    locked: &LockedDatabase,
    database: &Path,
    observer: &mut dyn Observer,
) -> Result<()> {
    let known = locked.latest_runs()?;
    let mut finished = Vec::new();
    for run in &known {
        for path in [folder_of(database).join(&run.reports), default_reports(database, run.run_id)] {
            if publish_leftover(&path, run.run_id, &run.started_at)? {
                finished.push(path);
            }
        }
    }
    let can_repeat =
        |run_id: i64, started: &str| known.iter().any(|run| (run.run_id, run.started_at.as_str()) == (run_id, started));
    finished.extend(RunNote::recover(database, can_repeat)?);
    for path in finished {
        observer.note(&format!("{}: published the reports of a run that was killed after its commit", path.display()));
    }
    Ok(())
}

/// The folder of the reports, relative to the database's folder if it is in there, so that both can be moved together.
pub(super) fn relative_reports(options: &Options, path: &Path) -> String {
    let folder = options.database.as_deref().map(folder_of).unwrap_or_default();
    let path = absolute(path);
    shown_path(path.strip_prefix(absolute(&folder)).unwrap_or(&path))
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

const LONGEST_STEM: usize = 200;

#[derive(Default)]
pub(super) struct Stems {
    taken: HashMap<String, u64>,
}

impl Stems {
    /// The file's name without its ending, followed by `-2`, `-3` … if another input has it already.
    pub(super) fn of(&mut self, path: &Path) -> String {
        let stem = match path.as_os_str() {
            name if name == "-" => "stdin".to_string(),
            _ => path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default(),
        };
        // A file's name has at most 255 bytes, and `-2.rejects.ndjson` follows the stem.
        let fits = |(at, character): &(usize, char)| at + character.len_utf8() <= LONGEST_STEM;
        let stem: String = stem.char_indices().take_while(fits).map(|(_, character)| character).collect();
        loop {
            // Some file systems ignore case.
            let count = self.taken.entry(stem.to_lowercase()).and_modify(|count| *count += 1).or_insert(1);
            let unique = if *count == 1 { stem.clone() } else { format!("{stem}-{count}") };
            // Another file may have this name itself.
            if unique == stem || self.taken.insert(unique.to_lowercase(), 1).is_none() {
                return unique;
            }
        }
    }
}
