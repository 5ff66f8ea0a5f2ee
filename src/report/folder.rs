//! The folder of a run's reports: [`ReportFolder`].
//!
//! The files are written to `DIR.partial`, synced, and the folder is given its name when the run is over. A run that was
//! killed leaves its `DIR.partial`; the next run puts it in place if the database knows that run, and removes it if not.
//! The folder is locked while a run writes it.

use std::fs::{self, File, TryLockError};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;

use serde::Deserialize;

use super::summary::Status;
use crate::disk::{
    NOTE, SyncedFolder, is_own, is_private, is_same_file, open_regular, owner_only, path_from_bytes, read_regular,
    with_suffix, without_waiting,
};
use crate::error::{Error, Result, Words};

/// The name of the file that says how a run went.
pub const SUMMARY: &str = "summary.json";
/// The name of the file with all faults and warnings.
pub const ERRORS: &str = "errors.ndjson";
/// The name of the file with the accepted records.
pub const ACCEPTED: &str = "accepted.csv";

const BUFFER: usize = 256 * 1024;

/// The reports of a run that is going on.
#[derive(Debug)]
pub struct ReportFolder {
    /// Where they will be.
    place: PathBuf,
    /// Where they are until then.
    partial: PathBuf,
    /// The folders above that did not exist before, the innermost first.
    made: Vec<PathBuf>,
    /// Holds the lock, until the folder has its name.
    lock: Option<File>,
}

/// A report that is being written.
#[derive(Debug)]
pub struct ReportFile {
    path: PathBuf,
    writer: BufWriter<File>,
    /// How many bytes it has.
    length: u64,
    /// Who puts on the disk what was written so far, how much that is, and whether it could not be done.
    early: Option<SyncSender<Unsynced>>,
    unsynced: usize,
    failed: Arc<AtomicBool>,
}

/// A long report goes to the disk in steps of so many bytes while more is written; at the end there is little to wait for.
const STEP: usize = 32 * 1024 * 1024;

/// What is to be put on the disk while the report goes on.
#[derive(Debug)]
pub struct Unsynced {
    file: File,
    failed: Arc<AtomicBool>,
}

impl Unsynced {
    /// Puts it there. That it failed is said at the report's end: the system says it once.
    pub fn sync(self) {
        if self.file.sync_data().is_err() {
            self.failed.store(true, Ordering::Relaxed);
        }
    }
}

impl ReportFile {
    /// Adds bytes to the report.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.writer.write_all(bytes).map_err(|error| Error::report(&self.path, error))?;
        self.length += bytes.len() as u64;
        self.unsynced += bytes.len();
        if self.unsynced >= STEP
            && let Some(early) = &self.early
            && let Ok(file) = self.writer.get_ref().try_clone()
        {
            // Where somebody is at it already, it can wait.
            let is_taken = early.try_send(Unsynced { file, failed: Arc::clone(&self.failed) }).is_ok();
            self.unsynced = if is_taken { 0 } else { self.unsynced };
        }
        Ok(())
    }

    /// How many bytes were added to it.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Lets another thread, which takes what it is sent, put on the disk what is written while the report goes on.
    pub fn synced_by(self, early: SyncSender<Unsynced>) -> ReportFile {
        ReportFile { early: Some(early), ..self }
    }

    /// Ends the report: all is written, but not yet on the disk.
    pub fn finish(self) -> Result<WrittenReport> {
        let ReportFile { path, writer, failed, .. } = self;
        let file = writer.into_inner().map_err(|error| Error::report(&path, error.into_error()))?;
        Ok(WrittenReport { path, file, failed })
    }
}

/// A report that is written.
#[derive(Debug)]
#[must_use = "a power cut may take what is not synced"]
pub struct WrittenReport {
    path: PathBuf,
    file: File,
    failed: Arc<AtomicBool>,
}

impl WrittenReport {
    /// Puts the report on the disk.
    pub fn sync(&self) -> Result<()> {
        let synced = self.file.sync_all().and_then(|()| match self.failed.load(Ordering::Relaxed) {
            true => Err(io::Error::other("it could not be put on the disk")),
            false => Ok(()),
        });
        synced.map_err(|error| Error::report(&self.path, error))
    }
}

impl ReportFolder {
    /// Starts the reports that are to be in `place` in the end.
    ///
    /// Refused where the reports of a finished run are, or files that are no reports.
    pub fn create(place: &Path) -> Result<ReportFolder> {
        refuse_taken(place)?;
        let partial = with_suffix(place, ".partial");
        let failed = |error| Error::report(&partial, error);
        let made = make_parents(&partial).map_err(failed)?;
        let mut folder = ReportFolder { place: place.to_path_buf(), partial: partial.clone(), made, lock: None };
        loop {
            let is_made = match fs::create_dir(&partial) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
                done => done.map(|()| true).map_err(failed)?,
            };
            let locked = lock(&partial).inspect_err(|error| {
                // Another run that has come in between is not to lose it.
                if is_made && matches!(error, Error::Report { .. }) {
                    let _ = fs::remove_dir(&partial);
                }
            });
            let Some(lock) = locked? else { continue };
            // Between the first look and the lock another run may have come to its end. What is in there was left by a run
            // that was killed before its database knew of it.
            let emptied = refuse_taken(place)
                .and_then(|()| refuse_foreign_files(&partial))
                .and_then(|()| remove_files(&partial).map_err(failed));
            if let Err(error) = emptied {
                // Only if nothing is in there.
                let _ = fs::remove_dir(&partial);
                return Err(error);
            }
            folder.lock = Some(lock);
            return Ok(folder);
        }
    }

    /// Starts a report. Those with customers' values are readable by their owner alone.
    pub fn file(&self, name: &str) -> Result<ReportFile> {
        let path = self.partial.join(name);
        let mut options = File::options();
        options.write(true).create_new(true);
        if name != SUMMARY {
            owner_only(&mut options);
        }
        let file = options.open(&path).map_err(|error| Error::report(&path, error))?;
        Ok(ReportFile {
            path,
            writer: BufWriter::with_capacity(BUFFER, file),
            length: 0,
            early: None,
            unsynced: 0,
            failed: Arc::default(),
        })
    }

    /// Cuts a report off behind so many bytes.
    pub fn cut(&self, name: &str, bytes: u64) -> Result<()> {
        let path = self.partial.join(name);
        let cut = File::options().write(true).open(&path).and_then(|file| {
            file.set_len(bytes)?;
            file.sync_all()
        });
        cut.map_err(|error| Error::report(&path, error))
    }

    /// Removes a report again.
    pub fn remove(&self, name: &str) -> Result<()> {
        let path = self.partial.join(name);
        fs::remove_file(&path).map_err(|error| Error::report(&path, error))
    }

    /// Makes sure that the files' names are on the disk, so that a run that is killed from here on can be finished.
    pub fn sync(&self) -> Result<()> {
        let synced = match &self.lock {
            Some(folder) if cfg!(unix) => folder.sync_all(),
            _ => Ok(()),
        };
        synced.map_err(|error| Error::report(&self.partial, error))
    }

    /// Leaves all as it is for the next run, which will know whether this one was committed.
    pub fn leave(mut self) {
        self.lock = None;
        self.made.clear();
    }

    /// Gives the folder its name; an error in words for a run that stands already.
    pub fn publish(mut self) -> Result<(), String> {
        // Whatever becomes of it, what was written is not removed any more; the lock is held until it has its name.
        let lock = self.lock.take();
        self.made.clear();
        let done = put_in_place(&self.partial, &self.place);
        drop(lock);
        done.map_err(|error| {
            let (place, partial) = (self.place.display(), self.partial.display());
            format!("the reports could not be put in {place}: {error}. They are in {partial}; the next run tries again")
        })
    }
}

impl Drop for ReportFolder {
    /// Removes what a run that came to nothing has written.
    fn drop(&mut self) {
        if self.lock.is_some() {
            // There is nobody to tell; the next run removes what is left.
            let _ = remove_files(&self.partial);
            let _ = fs::remove_dir(&self.partial);
        }
        for folder in &self.made {
            let _ = fs::remove_dir(folder);
        }
    }
}

/// A note beside a database that says which run is going on, and where it leaves its reports: so that another run can say who
/// has the database, and the next can clean up behind one that was killed, although it writes its own reports somewhere else.
/// It is locked while the run goes on, and removed when it is dropped.
#[derive(Debug)]
pub struct Trace {
    path: PathBuf,
    text: Vec<u8>,
    _lock: File,
}

impl Trace {
    /// Notes that reports are being written for `place`, by the run that `who` describes in one line. The run must hold the
    /// database's lock.
    pub fn leave(database: &Path, place: &Path, who: &str) -> Result<Trace> {
        let path = with_suffix(database, NOTE);
        let failed = |error| {
            let message = format!("its folder must be one that can be written to, for {}: {error}", path.display());
            Error::database(database, Words::own(message))
        };
        let place = std::path::absolute(place).map_err(failed)?;
        let mut text = format!("{TRACE_HEAD}{who}\n").into_bytes();
        text.extend_from_slice(place.as_os_str().as_encoded_bytes());
        let mut options = File::options();
        options.write(true).create_new(true);
        owner_only(&mut options);
        let mut file = options.open(&path).map_err(failed)?;
        // Others look at it for a moment only. The lock says that the run is alive, and keeps other runs out while one with
        // checkpoints has let go of the database itself.
        let written = file.lock().and_then(|()| file.write_all(&text)).and_then(|()| file.sync_all());
        // From here on it is removed, also where it could not be written.
        let trace = Trace { path: path.clone(), text, _lock: file };
        written.map_err(failed)?;
        Ok(trace)
    }

    /// Lets it stay, so that the next run follows it as that of a run that was killed.
    pub fn leave_behind(mut self) {
        self.text.clear();
    }

    /// The run that is going on, as it describes itself; `None` if there is none, or it has not said so yet.
    pub fn holder(database: &Path) -> Option<String> {
        let path = with_suffix(database, NOTE);
        let mut file = open_regular(&path).ok()?;
        // A run that was killed has left it.
        if !matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)) {
            return None;
        }
        let mut text = Vec::new();
        file.read_to_end(&mut text).ok()?;
        let (who, _) = split_trace(&text)?;
        Some(String::from_utf8_lossy(who).into_owned()).filter(|who| !who.is_empty())
    }

    /// Goes where the note of a killed run says, and puts its reports in place, where the database knows the run by its number
    /// and start, or else removes them. The run must hold the database's lock. Gives the
    /// place of reports that were put there.
    pub fn follow(database: &Path, is_known: impl Fn(i64, &str) -> bool) -> Result<Option<PathBuf>> {
        let path = with_suffix(database, NOTE);
        let text = match open_regular(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(_) => return Err(foreign_note(path)),
            Ok(mut file) => {
                let failed = |error| Error::report(&path, error);
                let mut text = Vec::new();
                if !is_private(&file.metadata().map_err(failed)?) {
                    return Err(foreign_note(path));
                }
                file.read_to_end(&mut text).map_err(failed)?;
                text
            }
        };
        let Some((_, place)) = split_trace(&text) else {
            let head = TRACE_HEAD.as_bytes();
            if head.starts_with(&text) || text.starts_with(head) {
                // The run was killed before it had said where.
                fs::remove_file(&path).map_err(|error| Error::report(&path, error))?;
                return Ok(None);
            }
            return Err(foreign_note(path));
        };
        let place = path_from_bytes(place);
        let partial = with_suffix(&place, ".partial");
        let mut is_put_in_place = false;
        if let Some(summary) = summary_of(&partial)
            && let Some(run) = summary.run_id.filter(|run| is_known(*run, &summary.started_at))
        {
            is_put_in_place = finish_left_behind(&place, run, &summary.started_at)?;
        } else if partial.is_dir()
            // Another run that holds it is at its very end, and sees to it.
            && let Ok(Some(lock)) = lock(&partial)
        {
            remove_files(&partial).map_err(|error| Error::report(&partial, error))?;
            // Something else in there is not ours to remove.
            let _ = fs::remove_dir(&partial);
            drop(lock);
        }
        fs::remove_file(&path).map_err(|error| Error::report(&path, error))?;
        Ok(is_put_in_place.then_some(place))
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        // The next run may have followed it already, and have left its own. What is left is followed, and removed, by the next.
        if !self.text.is_empty() && read_regular(&self.path).is_ok_and(|text| self.text.starts_with(&text)) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// What lies under the note's name and was not left there by a run of this user's. It is never followed: it could name any folder.
fn foreign_note(path: PathBuf) -> Error {
    let message = "is in the way: this user's runs of custload have not left it there. Check what it is, move or delete it, and run custload again";
    Error::ReportFolder { path, message: message.to_string() }
}

/// The note's lines: who it is, and where the reports go.
fn split_trace(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = text.strip_prefix(TRACE_HEAD.as_bytes())?;
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    Some((&rest[..end], &rest[end + 1..]))
}

/// What the note begins with, so that nothing else is taken for one.
const TRACE_HEAD: &str = "custload is loading, and says here who it is and where its reports are:\n";

/// Puts the reports in place that a run of this number, started then, has left in `DIR.partial`, where its database says that
/// it was finished. `true` if there were some.
pub fn finish_left_behind(place: &Path, run_id: i64, started_at: &str) -> Result<bool> {
    let partial = with_suffix(place, ".partial");
    let summary = summary_of(&partial);
    let is_its_own = summary.is_some_and(|summary| {
        let is_committed =
            [Status::Finished, Status::NothingLoaded].iter().any(|status| status.name() == summary.status);
        is_committed && (summary.run_id, summary.started_at.as_str()) == (Some(run_id), started_at)
    });
    if !is_its_own || !can_be_used(place) {
        return Ok(false);
    }
    // Somebody else who holds it is about to put it in place.
    let Ok(Some(_lock)) = lock(&partial) else { return Ok(false) };
    put_in_place(&partial, place).map_err(|error| Error::report(place, error))?;
    Ok(true)
}

fn put_in_place(partial: &Path, place: &Path) -> io::Result<()> {
    if place.is_dir() {
        make_way(place)?;
    }
    // Once it has its name, the worst that could happen is that a power cut takes the name, and then the next run gives it
    // again.
    let above = SyncedFolder::of(place);
    fs::rename(partial, place)?;
    let _ = above.and_then(|above| above.sync());
    Ok(())
}

/// Moves an earlier folder aside: a run that loaded nothing left it there, and somebody may be mending what is in it.
fn make_way(place: &Path) -> io::Result<()> {
    if names(place)?.is_empty() {
        return fs::remove_dir(place);
    }
    let aside = (1..).map(|number| with_suffix(place, &format!(".stopped-{number}"))).find(|aside| !aside.exists());
    aside.map_or(Ok(()), |aside| fs::rename(place, aside))
}

/// Locks a folder; `None` if it is gone by now.
fn lock(folder: &Path) -> Result<Option<File>> {
    if fs::symlink_metadata(folder).is_ok_and(|metadata| metadata.is_symlink()) {
        return Err(Error::ReportFolder {
            path: folder.to_path_buf(),
            message: "is a link; remove it, or name another folder with --reports".into(),
        });
    }
    let file = match open_folder(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|error| Error::report(folder, error))?,
    };
    if !is_own(&file.metadata().map_err(|error| Error::report(folder, error))?) {
        return Err(Error::ReportFolder {
            path: folder.to_path_buf(),
            message: "belongs to another user; remove it, or name another folder with --reports".into(),
        });
    }
    match file.try_lock() {
        Ok(()) => {
            let is_same = is_same_file(&file, folder).map_err(|error| Error::report(folder, error))?;
            Ok(is_same.then_some(file))
        }
        Err(TryLockError::WouldBlock) => Err(Error::ReportFolder {
            path: folder.to_path_buf(),
            message: "is being written by another run; wait until that is done, or name another folder with --reports"
                .into(),
        }),
        Err(TryLockError::Error(error)) => Err(Error::report(folder, error)),
    }
}

#[cfg(unix)]
fn open_folder(folder: &Path) -> io::Result<File> {
    let mut options = File::options();
    without_waiting(&mut options, true);
    options.read(true).open(folder)
}

/// Elsewhere a folder cannot be opened, and a file in it holds the lock.
#[cfg(not(unix))]
fn open_folder(folder: &Path) -> io::Result<File> {
    File::options().write(true).create(true).truncate(false).open(folder.with_extension("lock"))
}

/// Makes the folders above `path`; those that were not there, the innermost first.
fn make_parents(path: &Path) -> io::Result<Vec<PathBuf>> {
    let parents = path.ancestors().skip(1).filter(|parent| !parent.as_os_str().is_empty());
    let made: Vec<PathBuf> = parents.take_while(|parent| !parent.exists()).map(Path::to_path_buf).collect();
    if let Some(innermost) = made.first() {
        fs::create_dir_all(innermost)?;
    }
    Ok(made)
}

fn is_report(name: &str) -> bool {
    [SUMMARY, ERRORS, ACCEPTED].contains(&name) || name.ends_with(".rejects.csv") || name.ends_with(".rejects.ndjson")
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

fn remove_files(folder: &Path) -> io::Result<()> {
    for name in names(folder)?.iter().filter(|name| is_report(name)) {
        fs::remove_file(folder.join(name))?;
    }
    Ok(())
}

fn refuse_foreign_files(folder: &Path) -> Result<()> {
    let names = names(folder).map_err(|error| Error::report(folder, error))?;
    match names.iter().find(|name| !is_report(name)) {
        Some(name) => Err(Error::ReportFolder {
            path: folder.to_path_buf(),
            message: format!("holds {name}, which is no report; name a folder of its own with --reports"),
        }),
        None => Ok(()),
    }
}

/// Whether the reports of a run can be put here in the end.
pub fn can_be_used(place: &Path) -> bool {
    refuse_taken(place).is_ok()
}

/// Whether a folder holds the reports of a run that is not in the database: a limit stopped it, or it is a redo that was given up.
fn is_stopped_run(place: &Path) -> bool {
    let is_stopped = |run: Earlier| {
        run.status == Status::Threshold.name() || run.run_id.is_none() && run.status == Status::NothingLoaded.name()
    };
    summary_of(place).is_some_and(is_stopped)
}

fn summary_of(folder: &Path) -> Option<Earlier> {
    serde_json::from_slice(&read_regular(&folder.join(SUMMARY)).ok()?).ok()
}

#[derive(Deserialize)]
struct Earlier {
    status: String,
    run_id: Option<i64>,
    started_at: String,
}

/// A folder may be used again only if it is empty, or holds the reports of a run that changed nothing; those are moved
/// aside in the end.
fn refuse_taken(place: &Path) -> Result<()> {
    let taken = |message: &str| Err(Error::ReportFolder { path: place.to_path_buf(), message: message.to_string() });
    if !place.exists() {
        return Ok(());
    }
    if !place.is_dir() {
        return taken("is a file; name a folder with --reports");
    }
    if is_stopped_run(place) || names(place).map_err(|error| Error::report(place, error))?.is_empty() {
        return Ok(());
    }
    refuse_foreign_files(place)?;
    if place.join(SUMMARY).exists() {
        return taken("holds the reports of a finished run; name another folder with --reports");
    }
    taken("holds reports without a summary; name another folder with --reports, or remove it")
}
