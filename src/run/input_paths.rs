//! The files that are a run's inputs, and how their paths are kept.

use std::fs;
use std::path::{Component, Path, PathBuf};

use super::options::{Observer, Options};
use crate::core::text::visible;
use crate::disk::are_one_file;
use crate::error::{Error, Result};
use crate::read::expand::expand;

/// The files that are the run's inputs. Other files among them are noted.
pub(super) fn inputs_of(options: &Options, observer: &mut dyn Observer) -> Result<Vec<PathBuf>> {
    let mut others = 0_u64;
    let paths = expand(&options.inputs, |path, why| {
        others += 1;
        if others <= MOST_PASSED_OVER {
            observer.note(&format!("{}: passed over, for {why}", visible(&path.to_string_lossy())));
        }
    });
    if others > MOST_PASSED_OVER {
        observer.note(&format!("{} more files are passed over", others - MOST_PASSED_OVER));
    }
    paths
}

/// The most files that are named as passed over.
pub(super) const MOST_PASSED_OVER: u64 = 100;

/// An error where the database is one of its inputs: closing it would undo its locks.
pub(super) fn refuse_database_as_input(options: &Options, paths: &[PathBuf]) -> Result<()> {
    let Some(database) = &options.database else { return Ok(()) };
    let is_it = |path: &&PathBuf| path.as_os_str() != "-" && database.is_file() && are_one_file(path, database);
    match paths.iter().find(is_it) {
        Some(path) => Err(Error::Input { path: path.clone(), doing: "it is the database itself".into() }),
        None => Ok(()),
    }
}

pub(super) fn shown_path(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// The absolute path of an input as it is kept. Links are not resolved: one may lead to another file tomorrow.
pub(super) fn absolute_path(path: &Path) -> Option<String> {
    let is_stream = || fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir());
    if path.as_os_str() == "-" || is_stream() {
        return None;
    }
    let mut absolute = PathBuf::new();
    for part in std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()).components() {
        match part {
            Component::ParentDir => _ = absolute.pop(),
            part => absolute.push(part),
        }
    }
    // Under these names each process has files of its own.
    if ["/dev/stdin", "/dev/fd", "/proc"].iter().any(|of_process| absolute.starts_with(of_process)) {
        return None;
    }
    // Paths that are no text are kept apart, too.
    Some(absolute.to_str().map_or_else(|| format!("{absolute:?}"), str::to_string))
}
