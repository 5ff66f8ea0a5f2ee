//! What `import_runs` and `import_files` say of a run: [`RunRecord`].

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::json;

use super::clock::Clock;
use super::identity::part;
use super::option_text;
use super::options::Options;
use super::report_paths::relative_reports;
use crate::core::judge::plan::Plan;
use crate::read::input::ReadOptions;
use crate::report::summary::{Counts, InputSummary};
use crate::sink::sqlite::{FileRow, RunRow};

/// What `import_runs` says of a run and does not change while it runs.
#[derive(Debug)]
pub(super) struct RunRecord {
    pub(super) row: RunRow,
    pub(super) clock: Clock,
    /// How the inputs are read.
    pub(super) read: ReadOptions,
    /// The runs that are undone in the same transaction.
    pub(super) undone: BTreeSet<i64>,
}

impl RunRecord {
    pub(super) fn new(
        options: &Options,
        plan: &Plan,
        clock: &Clock,
        reports: Option<&Path>,
        undone: BTreeSet<i64>,
    ) -> RunRecord {
        let columns = plan.fields.iter().map(|field| field.column.as_str()).collect::<Vec<_>>();
        let row = RunRow {
            profile: plan.profile.name.clone(),
            mode: options.fields.mode.name().to_string(),
            options: option_text::text(options),
            columns: json!(columns).to_string(),
            started_at: clock.started.clone(),
            reports: reports.map(|reports| relative_reports(options, reports)).unwrap_or_default(),
            ..RunRow::default()
        };
        RunRecord { row, clock: clock.clone(), read: options.read.clone(), undone }
    }

    /// The rows of the run and of its inputs, with these counts.
    pub(super) fn rows(
        &self,
        status: &str,
        ended_at: String,
        counts: Counts,
        customers: Option<(i64, i64)>,
        inputs: &[&InputSummary],
    ) -> (RunRow, Vec<FileRow>) {
        let run = RunRow {
            ended_at,
            status: status.to_string(),
            counts,
            first_customer_id: customers.map(|(first, _)| first),
            last_customer_id: customers.map(|(_, last)| last),
            ..self.row.clone()
        };
        let files = inputs.iter().map(|input| FileRow {
            path: input.path.clone(),
            bytes: input.bytes,
            sha256: input.sha256.clone(),
            counts: input.counts,
            absolute_path: input.absolute_path.clone(),
            part: part(&self.read, input.format),
            is_reject_report: input.is_reject_report,
            ..FileRow::default()
        });
        (run, files.collect())
    }
}
