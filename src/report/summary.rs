//! A run in numbers: [`Summary`], the content of `summary.json` and of what is printed at the end.

use std::collections::BTreeMap;

use serde::Serialize;

pub use crate::core::record::{Balance, Counts};
use crate::core::{finding::Code, text::is_hidden};

/// How a run ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The accepted records are in the database.
    #[default]
    Finished,
    /// The run is done: it accepted no record and rejected some.
    NothingLoaded,
    /// It was a check.
    Checked,
    /// A threshold was passed; the database is as it was, or as it was at the last checkpoint.
    Threshold,
    /// All inputs had been loaded before; nothing was written.
    Skipped,
}

impl Status {
    /// Its name in summaries, logs and the database.
    pub fn name(self) -> &'static str {
        match self {
            Status::Finished => "finished",
            Status::NothingLoaded => "nothing-loaded",
            Status::Checked => "checked",
            Status::Threshold => "threshold",
            Status::Skipped => "skipped",
        }
    }
}

/// How many records have a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CodeCount {
    #[serde(skip)]
    pub code: Code,
    pub records: u64,
    pub first_file: String,
    pub first_line: u64,
}

/// ZIP codes with four digits in states whose codes begin with 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShortZips {
    pub records: u64,
    pub first_file: String,
    pub first_line: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ColumnSummary {
    pub header: String,
    /// Its index among the columns, from 0; keys have none.
    #[serde(skip)]
    pub index: Option<usize>,
    /// The field that it fills, or helps to fill.
    pub field: Option<String>,
    /// How it was matched: `name`, `label`, `alias` or `map`.
    pub how: Option<&'static str>,
    /// What a map would name: the field, or a part of one.
    #[serde(skip)]
    pub target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignored: Option<Ignored>,
    /// Its filled cells, and what became of them; not for `inspect`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cells: Option<Balance>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Ignored {
    #[serde(rename = "matches no field")]
    Unknown,
    #[serde(rename = "the map says so")]
    Mapped,
    /// Another column has precedence: which, and why.
    #[serde(untagged)]
    Outranked(String),
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

impl ColumnSummary {
    pub fn new(header: &str) -> ColumnSummary {
        ColumnSummary { header: header.to_string(), ..ColumnSummary::default() }
    }

    pub fn at(self, index: usize) -> ColumnSummary {
        ColumnSummary { index: Some(index), ..self }
    }

    /// Makes it fill this field; `target` is what a map would name.
    pub fn filling(self, field: &str, target: &str, how: &'static str) -> ColumnSummary {
        ColumnSummary { field: Some(field.to_string()), target: Some(target.to_string()), how: Some(how), ..self }
    }

    pub fn ignored(self, why: Ignored) -> ColumnSummary {
        ColumnSummary { ignored: Some(why), ..self }
    }
}

/// One input of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct InputSummary {
    /// Its number in the run, from 1.
    pub file: u64,
    /// The path as it was given.
    pub path: String,
    /// Its absolute path; standard input has none.
    #[serde(skip)]
    pub absolute_path: Option<String>,
    /// Whether it is a reject report of an earlier run, as its columns show.
    #[serde(skip)]
    pub is_reject_report: bool,
    /// How many bytes were read.
    pub bytes: u64,
    /// The SHA-256 of those bytes.
    pub sha256: String,
    /// `csv`, `ndjson`, `json` or `spreadsheet`.
    pub format: &'static str,
    /// The delimiter; CSV only.
    pub delimiter: Option<String>,
    /// What cells are quoted with, or `none`; CSV only.
    pub quote: Option<String>,
    /// How a quote is written in a quoted cell: `double` or `backslash`; CSV with quotes only.
    pub escape: Option<&'static str>,
    /// The encoding of the text.
    pub encoding: String,
    /// Whether it began with a byte order mark.
    pub bom: bool,
    /// Its compression, if it has one.
    pub compression: Option<&'static str>,
    /// The sheet that was read; spreadsheets only.
    pub sheet: Option<String>,
    /// The path of the array that holds the records; JSON documents only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<String>,
    /// The number of cells that got the value of a merged range above them; only for spreadsheets that were read to their end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged_filled: Option<u64>,
    /// The number of its hidden rows; likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden_rows: Option<u64>,
    /// The line of the header, from 1, if there is one.
    pub header_line: Option<u64>,
    /// The number of lines above the header that are not read, without blank ones.
    #[serde(skip_serializing_if = "is_none")]
    pub lines_above_header: u64,
    /// Its columns, or its first keys.
    pub columns: Vec<ColumnSummary>,
    /// The filled cells of the keys that are not among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_keys: Option<Balance>,
    /// The names of the columns, or keys, that fill a field.
    pub matched: Vec<String>,
    /// The names of those that do not.
    pub ignored: Vec<String>,
    /// Its counts.
    #[serde(flatten)]
    pub counts: Counts,
    /// The report with its rejected records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejects: Option<String>,
}

impl InputSummary {
    /// The fields that its columns, or keys, fill.
    pub fn filled_fields(&self) -> Vec<&str> {
        self.columns.iter().filter_map(|column| column.field.as_deref()).collect()
    }

    /// Lists the columns, or keys, that fill a field, and those that do not.
    pub fn note_names(&mut self) {
        let named = |matched: bool| {
            let columns = self.columns.iter().filter(move |column| column.field.is_some() == matched);
            columns.map(|column| column.header.clone()).collect()
        };
        (self.matched, self.ignored) = (named(true), named(false));
    }
}

/// A whole run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// `import` or `check`.
    pub command: &'static str,
    /// The version of the program.
    pub version: &'static str,
    /// How the run ended.
    pub status: Status,
    /// Why it was stopped, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The number of committed records, for a run that was stopped after a checkpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept_records: Option<u64>,
    /// The run's number; none for a check.
    pub run_id: Option<i64>,
    /// The runs that were undone so that their inputs could be loaded again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub undone_runs: Vec<i64>,
    /// The profile.
    pub profile: String,
    /// `create`, `update` or `upsert`.
    pub mode: &'static str,
    /// The database as it was named.
    pub database: Option<String>,
    /// The folder of the reports.
    pub reports: Option<String>,
    /// The counts of all inputs.
    #[serde(flatten)]
    pub counts: Counts,
    /// The customer ID of the first record that was stored.
    pub first_customer_id: Option<i64>,
    /// The customer ID of the last.
    pub last_customer_id: Option<i64>,
    /// Rejected records by code, with the first of each.
    pub rejects_by_code: BTreeMap<&'static str, CodeCount>,
    /// Warnings, by code.
    pub warnings_by_code: BTreeMap<&'static str, CodeCount>,
    /// Rejected records, by field.
    pub rejects_by_field: BTreeMap<String, u64>,
    /// Repaired values, by field.
    pub repaired_by_field: BTreeMap<String, u64>,
    /// Values of deprecated fields, by field.
    pub deprecated_by_field: BTreeMap<String, u64>,
    /// ZIP codes that seem to have lost their leading zeros in a spreadsheet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short_zips: Option<ShortZips>,
    /// The inputs, in order.
    pub inputs: Vec<InputSummary>,
    /// When the run started (RFC 3339).
    pub started_at: String,
    /// When it ended.
    pub ended_at: String,
    /// How long it took.
    pub elapsed_seconds: f64,
    /// How fast it was; `None` if the clock was fixed.
    pub records_per_second: Option<u64>,
}

impl Summary {
    /// Whether the run reached its end, and the accepted records are in the database.
    pub fn is_done(&self) -> bool {
        // With a reason it is a redo that was given up because it loaded nothing.
        matches!(self.status, Status::Finished) || self.status == Status::NothingLoaded && self.reason.is_none()
    }

    /// The exit status of the program; with `rejects_ok`, rejects do not change it.
    pub fn exit_status(&self, rejects_ok: bool) -> i32 {
        match self.status {
            Status::Threshold => 3,
            Status::NothingLoaded => 1,
            Status::Finished | Status::Checked if self.counts.rejected > 0 && !rejects_ok => 1,
            Status::Finished | Status::Checked | Status::Skipped => 0,
        }
    }

    /// The content of `summary.json`, which `--json` prints too. Control characters and hidden ones are escaped.
    pub fn to_json(&self) -> String {
        // Writing a summary as JSON cannot fail.
        escaped(&serde_json::to_string_pretty(self).unwrap_or_default())
    }
}

/// JSON with its control characters and hidden ones escaped, and a line end.
pub fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len() + 1);
    for character in json.chars() {
        if is_hidden(character) && character != '\n' {
            text.push_str(&format!("\\u{:04x}", character as u32));
        } else {
            text.push(character);
        }
    }
    text.push('\n');
    text
}
