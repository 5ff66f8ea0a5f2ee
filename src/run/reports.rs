//! Writing the reports of a run: [`Reports`].

use std::sync::mpsc::{SyncSender, sync_channel};

use super::accepted::{Accepted, Action};
use super::{prepare::Prepared, threads::start_thread};
use crate::core::{judge::Checker, profile::REPORT_COLUMNS, record::csv::RowWriter};
use crate::error::Result;
use crate::report::file::{ACCEPTED, ERRORS, ReportFile, Unsynced, WrittenReport};
use crate::report::folder::ReportFolder;
use crate::report::lines::{self, ACCEPTED_COLUMNS};
use crate::sink::sqlite::FIRST_SIMULATED;

/// The report files of a run, if it writes any.
pub(super) struct Reports {
    pub(super) folder: Option<ReportFolder>,
    errors: Option<ReportFile>,
    pub(super) accepted: Option<ReportFile>,
    accepted_writer: RowWriter,
    rejects: Vec<Option<RejectReport>>,
    /// To the thread that syncs reports while they are written.
    sync: SyncSender<Unsynced>,
    /// The reject reports of inputs that were read to their end.
    written: Vec<WrittenReport>,
}

struct RejectReport {
    name: String,
    header: Vec<u8>,
    /// Not created before the input's first block: there may be more inputs than files can be open.
    file: Option<ReportFile>,
}

/// How many reject reports stay open to be synced at the end of the run.
const MOST_KEPT_OPEN: usize = 16;

impl Reports {
    pub(super) fn new(folder: Option<ReportFolder>, lists_accepted: bool) -> Result<Reports> {
        let (sync, unsynced) = sync_channel::<Unsynced>(0);
        if folder.is_some() {
            start_thread("sync", move || unsynced.into_iter().for_each(Unsynced::sync))?;
        }
        let report = |folder: &ReportFolder, name| folder.file(name).map(|file| file.synced_by(sync.clone()));
        let listing = folder.as_ref().filter(|_| lists_accepted);
        let mut accepted = listing.map(|folder| report(folder, ACCEPTED)).transpose()?;
        let errors = folder.as_ref().map(|folder| report(folder, ERRORS)).transpose()?;
        if let Some(report) = &mut accepted {
            report.write(format!("{}\n", ACCEPTED_COLUMNS.join(",")).as_bytes())?;
        }
        let accepted_writer = RowWriter::new(b',');
        Ok(Reports { folder, errors, accepted, accepted_writer, rejects: Vec::new(), sync, written: Vec::new() })
    }

    /// Adds the next input. Returns the name of its reject report.
    pub(super) fn begin_input(&mut self, prepared: &Prepared, checker: &Checker) -> Option<String> {
        if self.folder.is_none() {
            self.rejects.push(None);
            return None;
        }
        let dialect = &prepared.input.dialect;
        let name = format!("{}.rejects.{}", prepared.stem, dialect.format.report_ending());
        let mut header = Vec::new();
        if let Some(binding) = checker.binding() {
            if dialect.report_has_bom() {
                header.extend_from_slice(b"\xEF\xBB\xBF");
            }
            let mut writer = RowWriter::new(dialect.csv.delimiter);
            binding.own_columns().for_each(|column| writer.cell(&mut header, &binding.headers[column]));
            REPORT_COLUMNS.iter().for_each(|name| writer.cell(&mut header, name));
            writer.end(&mut header);
        }
        self.rejects.push(Some(RejectReport { name: name.clone(), header, file: None }));
        Some(name)
    }

    /// The reject report of an input, which is created if necessary.
    fn rejects(&mut self, input: usize) -> Result<Option<&mut ReportFile>> {
        let (Some(folder), Some(rejects)) = (&self.folder, &mut self.rejects[input]) else { return Ok(None) };
        if rejects.file.is_none() {
            let mut report = folder.file(&rejects.name)?.synced_by(self.sync.clone());
            report.write(&rejects.header)?;
            rejects.file = Some(report);
        }
        Ok(rejects.file.as_mut())
    }

    pub(super) fn write_block(&mut self, input: usize, errors: &[u8], rejects: &[u8]) -> Result<()> {
        if let Some(report) = &mut self.errors {
            report.write(errors)?;
        }
        if let Some(report) = self.rejects(input)? {
            report.write(rejects)?;
        }
        Ok(())
    }

    /// Lists accepted records. `first_id` is the ID of the first that was created; `path` returns the path of an input.
    pub(super) fn write_accepted<'p>(
        &mut self,
        accepted: &[Accepted<'_>],
        first_id: Option<i64>,
        path: impl Fn(usize) -> &'p str,
    ) -> Result<()> {
        let Some(report) = &mut self.accepted else { return Ok(()) };
        let mut out = Vec::new();
        let mut created = 0..;
        for accepted in accepted {
            let customer = match accepted.action {
                Action::Created => first_id.zip(created.next()).map(|(first, after)| first + after),
                Action::Updated | Action::Unchanged => accepted.customer,
                Action::Superseded => None,
            };
            // A simulated customer has no ID yet.
            let customer = customer.filter(|customer| *customer < FIRST_SIMULATED);
            let (writer, action) = (&mut self.accepted_writer, accepted.action.name());
            let path = path(accepted.input);
            lines::accepted_row(&mut out, writer, path, accepted.position, &accepted.key, customer, action);
        }
        report.write(&out)
    }

    pub(super) fn accepted_bytes(&self) -> u64 {
        self.accepted.as_ref().map_or(0, ReportFile::length)
    }

    /// Ends the reject report of an input, even if the input has no records.
    pub(super) fn end_input(&mut self, input: usize) -> Result<()> {
        self.rejects(input)?;
        if let Some(report) = self.rejects[input].take().and_then(|rejects| rejects.file) {
            let report = report.finish()?;
            if self.written.len() < MOST_KEPT_OPEN { self.written.push(report) } else { report.sync()? }
        }
        Ok(())
    }

    /// Ends all reports. Returns their folder, and those that are not synced yet.
    pub(super) fn finish(self) -> Result<(Option<ReportFolder>, Vec<WrittenReport>)> {
        let mut written = self.written;
        // That of an input whose end was not reached because a threshold was passed.
        let created = self.rejects.into_iter().flatten().filter_map(|rejects| rejects.file);
        for report in created.chain([self.errors, self.accepted].into_iter().flatten()) {
            written.push(report.finish()?);
        }
        Ok((self.folder, written))
    }
}
