//! The lines of the reports: pure functions from findings and records to bytes.

use std::fmt::Write as _;

use crate::core::finding::{Finding, Findings, Severity, english};
use crate::core::record::csv::RowWriter;
use crate::core::record::json::{write_number, write_text};
use crate::core::record::{Origin, Position};

pub const ACCEPTED_COLUMNS: [&str; 6] = ["file", "record", "line", "key", "customer_id", "action"];

/// The most bytes of a value in `errors.ndjson`; the reject report has all.
const LONGEST_VALUE: usize = 4096;

/// Writes a line of `errors.ndjson`. `field` is the column of the finding's field.
pub fn error_line(
    out: &mut Vec<u8>,
    file: &str,
    position: Position,
    field: Option<&str>,
    finding: &Finding<'_>,
    (message, hint): (&str, &str),
) {
    text(out, b"{\"file\":", file);
    number(out, b",\"record\":", position.record);
    number(out, b",\"line\":", position.line);
    number(out, b",\"byte_offset\":", position.byte_offset);
    match finding.column {
        Some(column) => number(out, b",\"column\":", column.into()),
        None => out.extend_from_slice(b",\"column\":null"),
    }
    text_or_null(out, b",\"field\":", field);
    // Codes and severities need no escapes.
    out.extend_from_slice(b",\"code\":\"");
    out.extend_from_slice(finding.code().name().as_bytes());
    let severity = match finding.severity() {
        Severity::Error => b"\",\"severity\":\"error\",\"message\":".as_slice(),
        Severity::Warning => b"\",\"severity\":\"warning\",\"message\":",
    };
    text(out, severity, message);
    let shown = finding.value.map(beginning);
    text_or_null(out, b",\"value\":", shown);
    if shown != finding.value {
        out.extend_from_slice(b",\"value_truncated\":true");
    }
    text(out, b",\"hint\":", hint);
    out.extend_from_slice(b"}\n");
}

/// Writes a member of a JSON object: what comes `before` its value, and the value.
fn text(out: &mut Vec<u8>, before: &[u8], text: &str) {
    out.extend_from_slice(before);
    write_text(out, text);
}

fn text_or_null(out: &mut Vec<u8>, before: &[u8], text: Option<&str>) {
    out.extend_from_slice(before);
    match text {
        Some(text) => write_text(out, text),
        None => out.extend_from_slice(b"null"),
    }
}

fn number(out: &mut Vec<u8>, before: &[u8], number: u64) {
    out.extend_from_slice(before);
    write_number(out, number);
}

fn beginning(value: &str) -> &str {
    if value.len() <= LONGEST_VALUE {
        return value;
    }
    let end = (0..=LONGEST_VALUE).rev().find(|end| value.is_char_boundary(*end));
    &value[..end.unwrap_or(0)]
}

pub enum FirstSeen<'f> {
    /// In this input: the run's name in reports, the input's path, and the record's position.
    Here(&'f str, &'f str, Position),
    /// In an earlier input, as the reject report says that is loaded now.
    Earlier(Origin),
}

pub struct Rejection<'f> {
    pub first_seen: FirstSeen<'f>,
    pub findings: Findings<'f>,
    pub words: &'f Words,
    /// The text of a record that could not be parsed, and its dialect.
    pub raw: Option<(&'f str, &'f str)>,
}

impl<'f> Rejection<'f> {
    fn codes(&self) -> impl Iterator<Item = &'static str> {
        let kinds = self.findings.kinds().filter(|(_, severity, _)| *severity == Severity::Error);
        kinds.map(|(code, ..)| code.name())
    }

    fn messages(&self) -> impl Iterator<Item = &'f str> {
        let kinds = self.findings.kinds().enumerate().filter(|(_, (_, severity, _))| *severity == Severity::Error);
        kinds.map(|(index, _)| self.words.message(index))
    }
}

/// Ends a row of `rejects.csv`, after the record's own cells.
pub fn end_reject_row(out: &mut Vec<u8>, writer: &mut RowWriter, rejection: &Rejection<'_>) {
    match &rejection.first_seen {
        FirstSeen::Here(run, file, position) => {
            writer.cell(out, run);
            writer.cell(out, file);
            writer.number(out, position.record);
            writer.number(out, position.line);
        }
        FirstSeen::Earlier(Origin { run, file, record, line }) => {
            [run, file, record, line].into_iter().for_each(|text| writer.cell(out, text));
        }
    }
    writer.joined(out, rejection.codes(), ",");
    writer.joined(out, rejection.messages(), "; ");
    let (raw, dialect) = rejection.raw.unwrap_or_default();
    writer.cell(out, dialect);
    writer.cell(out, raw);
    writer.end(out);
}

/// Ends a line of `rejects.ndjson` after the brace and the record's own members, if it `has_members`.
pub fn end_reject_line(out: &mut Vec<u8>, has_members: bool, rejection: &Rejection<'_>) {
    if has_members {
        out.push(b',');
    }
    let mut origin = |run: &str, file: &str, write: &dyn Fn(&mut Vec<u8>, usize)| {
        text_or_null(out, b"\"_reject\":{\"run\":", Some(run).filter(|run| !run.is_empty()));
        text(out, b",\"file\":", file);
        out.extend_from_slice(b",\"record\":");
        write(out, 0);
        out.extend_from_slice(b",\"line\":");
        write(out, 1);
    };
    match &rejection.first_seen {
        FirstSeen::Here(run, file, position) => {
            let numbers = [position.record, position.line];
            origin(run, file, &|out, which| write_number(out, numbers[which]));
        }
        FirstSeen::Earlier(Origin { run, file, record, line }) => {
            origin(run, file, &|out, which| write_number_or_text(out, [record, line][which]));
        }
    }
    out.extend_from_slice(b",\"codes\":");
    write_texts(out, rejection.codes());
    out.extend_from_slice(b",\"messages\":");
    write_texts(out, rejection.messages());
    if let Some((raw, dialect)) = rejection.raw {
        text(out, b",\"dialect\":", dialect);
        text(out, b",\"raw\":", raw);
    }
    out.extend_from_slice(b"}}\n");
}

fn write_number_or_text(out: &mut Vec<u8>, text: &str) {
    match text.parse::<u64>() {
        Ok(number) if number.to_string() == text => write_number(out, number),
        _ => write_text(out, text),
    }
}

fn write_texts<'t>(out: &mut Vec<u8>, texts: impl Iterator<Item = &'t str>) {
    out.push(b'[');
    for (index, text) in texts.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_text(out, text);
    }
    out.push(b']');
}

/// Writes a row of `accepted.csv`. `customer` is `None` if nothing was stored.
pub fn accepted_row(
    out: &mut Vec<u8>,
    writer: &mut RowWriter,
    file: &str,
    position: Position,
    key: &str,
    customer: Option<i64>,
    action: &str,
) {
    writer.cell(out, file);
    writer.number(out, position.record);
    writer.number(out, position.line);
    writer.cell(out, key);
    writer.cell(out, &customer.map(|id| id.to_string()).unwrap_or_default());
    writer.cell(out, action);
    writer.end(out);
}

/// The messages and hints of a record's findings, in their order, made once for all reports.
#[derive(Debug, Default)]
pub struct Words {
    text: String,
    /// The end of each message, and of the hint after it.
    ends: Vec<(usize, usize)>,
}

impl Words {
    /// Replaces them with those of other findings. `column_of` names what a finding is about.
    pub fn set<'p>(&mut self, findings: Findings<'_>, column_of: impl Fn(&Finding<'_>) -> &'p str) {
        self.text.clear();
        self.ends.clear();
        for finding in findings.iter() {
            let column = column_of(&finding);
            // Writing to a String cannot fail.
            let _ = write!(self.text, "{}", english::message(&finding, column));
            let message_end = self.text.len();
            let _ = write!(self.text, "{}", english::hint(&finding, column));
            self.ends.push((message_end, self.text.len()));
        }
    }

    /// The message of the finding at this index.
    pub fn message(&self, index: usize) -> &str {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before].1);
        &self.text[start..self.ends[index].0]
    }

    /// Its hint: how to correct the value.
    pub fn hint(&self, index: usize) -> &str {
        let (start, end) = self.ends[index];
        &self.text[start..end]
    }
}
