//! The inputs of a run: finding and opening them, and the paths by which they are known.

use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::{fs, sync::Arc};

use super::options::{Observer, Options};
use super::threads::{POLL, start_thread, stop_if_signalled};
use crate::core::{profile::Candidates, text::visible};
use crate::disk::are_one_file;
use crate::error::{Error, Result};
use crate::read::expand::expand;
use crate::read::input::{Format, Input, ReadOptions};

/// The files that are the run's inputs. Notes those that are skipped.
pub(super) fn inputs_of(options: &Options, observer: &mut dyn Observer) -> Result<Vec<PathBuf>> {
    let mut skipped = 0_u64;
    let paths = expand(&options.inputs, |path, why| {
        skipped += 1;
        if skipped <= MOST_SKIPPED {
            observer.note(&format!("{}: skipped: {why}", visible(&path.to_string_lossy())));
        }
    });
    if skipped > MOST_SKIPPED {
        observer.note(&format!("skipped: {} more", skipped - MOST_SKIPPED));
    }
    paths
}

const MOST_SKIPPED: u64 = 100;

/// An error if the database is an input: closing it would release SQLite's locks on it.
pub(super) fn refuse_database_as_input(options: &Options, paths: &[PathBuf]) -> Result<()> {
    let Some(database) = &options.database else { return Ok(()) };
    let is_it = |path: &&PathBuf| path.as_os_str() != "-" && database.is_file() && are_one_file(path, database);
    match paths.iter().find(is_it) {
        Some(path) => Err(Error::Input { path: path.clone(), message: "it is the database itself".into() }),
        None => Ok(()),
    }
}

/// The length of a file; other inputs have none.
pub(super) fn file_length(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|metadata| metadata.len())
}

pub(super) fn shown_path(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// The path by which an input is known later; standard input and pipes have none. Links stay: one may lead elsewhere tomorrow.
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
    // These paths mean another file in each process.
    if ["/dev/stdin", "/dev/fd", "/proc"].iter().any(|of_process| absolute.starts_with(of_process)) {
        return None;
    }
    // Paths that are not UTF-8 must differ, too.
    Some(absolute.to_str().map_or_else(|| format!("{absolute:?}"), str::to_string))
}

/// The part of an input that the options name: a sheet of a spreadsheet, or the path of the records in JSON.
pub(super) fn part(read: &ReadOptions, format: &str) -> Option<String> {
    match format {
        "spreadsheet" => read.sheet.clone(),
        "json" | "ndjson" => read.records.clone(),
        _ => None,
    }
}

/// If there are more inputs than this, each is closed again until its records are read.
const KEPT_OPEN: usize = 16;

/// Opens the inputs on a separate thread, so that a signal stops the run while standard input is silent. If the run `spools`,
/// standard input and pipes are read to their end now.
pub(super) fn open_inputs(
    options: &Options,
    paths: Vec<PathBuf>,
    spools: bool,
    candidates: &Arc<Candidates>,
) -> Result<Vec<Input>> {
    let (opened, arrived) = channel();
    let (read, candidates) = (ReadOptions { spool: spools, ..options.read.clone() }, Arc::clone(candidates));
    let of_reports = options.read_reports.clone().map(|read| ReadOptions { spool: spools, ..read });
    start_thread("open", move || {
        // It has no receiver if the run was stopped.
        let _ = opened.send(open_all(&paths, (&read, of_reports.as_ref()), &candidates));
    })?;
    loop {
        stop_if_signalled(&options.stop)?;
        match arrived.recv_timeout(POLL) {
            Ok(inputs) => return inputs,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(Error::Broken("an input could not be opened".into())),
        }
    }
}

/// Whether a file is a reject report, by its name or its beginning.
fn looks_like_report(path: &Path) -> bool {
    let is_named_so = path.file_name().is_some_and(|name| name.to_string_lossy().contains(".rejects."));
    is_named_so || {
        let mut start = Vec::new();
        let is_file = fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
        let mut read = || fs::File::open(path)?.take(LONGEST_HEADER).read_to_end(&mut start);
        is_file && read().is_ok() && memchr::memmem::find(&start, b"_reject").is_some()
    }
}

/// Where the header of a table ends, if it is not very long.
const LONGEST_HEADER: u64 = 64 * 1024;

fn open_all(
    paths: &[PathBuf],
    (read, of_reports): (&ReadOptions, Option<&ReadOptions>),
    candidates: &Candidates,
) -> Result<Vec<Input>> {
    let mut inputs = Vec::with_capacity(paths.len());
    for path in paths {
        let read = of_reports.filter(|_| looks_like_report(path)).unwrap_or(read);
        let mut input = Input::open(path, read, candidates)?;
        if paths.len() > KEPT_OPEN || paths.len() > 1 && input.dialect.format == Format::Spreadsheet {
            input.close();
        }
        inputs.push(input);
    }
    Ok(inputs)
}
