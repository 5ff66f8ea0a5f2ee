//! One file of a run's reports: [`ReportFile`] while it is written, [`WrittenReport`] after.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;

use crate::disk::owner_only;
use crate::error::{Error, Result};

pub const SUMMARY: &str = "summary.json";
pub const ERRORS: &str = "errors.ndjson";
pub const ACCEPTED: &str = "accepted.csv";

const BUFFER: usize = 256 * 1024;

/// A long report is synced in steps of this many bytes while more is written, so that little is left for the end.
const SYNC_STEP: usize = 32 * 1024 * 1024;

pub(super) fn is_report(name: &str) -> bool {
    [SUMMARY, ERRORS, ACCEPTED].contains(&name) || name.ends_with(".rejects.csv") || name.ends_with(".rejects.ndjson")
}

#[derive(Debug)]
pub struct ReportFile {
    path: PathBuf,
    writer: BufWriter<File>,
    length: u64,
    syncer: Option<SyncSender<Unsynced>>,
    unsynced: usize,
    sync_failed: Arc<AtomicBool>,
}

#[derive(Debug)]
pub struct Unsynced {
    file: File,
    failed: Arc<AtomicBool>,
}

impl Unsynced {
    /// Syncs it. The system reports a failure only once, so it is kept for the end of the report.
    pub fn sync(self) {
        if self.file.sync_data().is_err() {
            self.failed.store(true, Ordering::Relaxed);
        }
    }
}

impl ReportFile {
    /// Creates a report in `folder`. Those with customers' values are readable by their owner alone.
    pub(super) fn create(folder: &Path, name: &str) -> Result<ReportFile> {
        let path = folder.join(name);
        let mut options = File::options();
        options.write(true).create_new(true);
        if name != SUMMARY {
            owner_only(&mut options);
        }
        let file = options.open(&path).map_err(|error| Error::report(&path, error))?;
        let writer = BufWriter::with_capacity(BUFFER, file);
        Ok(ReportFile { path, writer, length: 0, syncer: None, unsynced: 0, sync_failed: Arc::default() })
    }

    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.writer.write_all(bytes).map_err(|error| Error::report(&self.path, error))?;
        self.length += bytes.len() as u64;
        self.unsynced += bytes.len();
        if self.unsynced >= SYNC_STEP
            && let Some(syncer) = &self.syncer
            && let Ok(file) = self.writer.get_ref().try_clone()
        {
            // While the syncer is busy, this can wait.
            let is_taken = syncer.try_send(Unsynced { file, failed: Arc::clone(&self.sync_failed) }).is_ok();
            self.unsynced = if is_taken { 0 } else { self.unsynced };
        }
        Ok(())
    }

    pub fn length(&self) -> u64 {
        self.length
    }

    /// Sends parts of the report to a thread that syncs them while more is written.
    pub fn synced_by(self, syncer: SyncSender<Unsynced>) -> ReportFile {
        ReportFile { syncer: Some(syncer), ..self }
    }

    /// Ends the report: everything is written, but not synced.
    pub fn finish(self) -> Result<WrittenReport> {
        let ReportFile { path, writer, sync_failed, .. } = self;
        let file = writer.into_inner().map_err(|error| Error::report(&path, error.into_error()))?;
        Ok(WrittenReport { path, file, sync_failed })
    }
}

#[derive(Debug)]
#[must_use = "a power cut may take what is not synced"]
pub struct WrittenReport {
    path: PathBuf,
    file: File,
    sync_failed: Arc<AtomicBool>,
}

impl WrittenReport {
    pub fn sync(&self) -> Result<()> {
        let synced = self.file.sync_all().and_then(|()| match self.sync_failed.load(Ordering::Relaxed) {
            true => Err(io::Error::other("it could not be synced to the disk")),
            false => Ok(()),
        });
        synced.map_err(|error| Error::report(&self.path, error))
    }
}
