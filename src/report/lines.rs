//! The lines of the reports: pure functions from findings and records to bytes.

use super::words::Words;
use crate::core::finding::{Finding, Findings, Severity};
use crate::core::record::csv::RowWriter;
use crate::core::record::json::{write_number, write_text};
use crate::core::record::{Origin, Position};

/// The header of `accepted.csv`.
pub const ACCEPTED_COLUMNS: [&str; 6] = ["file", "record", "line", "key", "customer_id", "action"];

/// The longest part of a value in `errors.ndjson`, in bytes; the reject report has it whole.
const LONGEST_VALUE: usize = 4096;

/// Writes a line of `errors.ndjson`. `field` is the column name of the finding's field; `message` and `hint` are its words.
pub fn error_line(
    out: &mut Vec<u8>,
    file: &str,
    position: Position,
    field: Option<&str>,
    finding: &Finding<'_>,
    (message, hint): (&str, &str),
) {
    out.extend_from_slice(b"{\"file\":");
    write_text(out, file);
    out.extend_from_slice(b",\"record\":");
    write_number(out, position.record);
    out.extend_from_slice(b",\"line\":");
    write_number(out, position.line);
    out.extend_from_slice(b",\"byte_offset\":");
    write_number(out, position.byte_offset);
    out.extend_from_slice(b",\"column\":");
    match finding.column {
        Some(column) => write_number(out, column.into()),
        None => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(b",\"field\":");
    write_text_or_null(out, field);
    // Codes and severities are words that need no escapes.
    out.extend_from_slice(b",\"code\":\"");
    out.extend_from_slice(finding.code().name().as_bytes());
    out.extend_from_slice(match finding.severity() {
        Severity::Error => b"\",\"severity\":\"error\",\"message\":".as_slice(),
        Severity::Warning => b"\",\"severity\":\"warning\",\"message\":",
    });
    write_text(out, message);
    out.extend_from_slice(b",\"value\":");
    let shown = finding.value.map(beginning);
    write_text_or_null(out, shown);
    if shown != finding.value {
        out.extend_from_slice(b",\"value_truncated\":true");
    }
    out.extend_from_slice(b",\"hint\":");
    write_text(out, hint);
    out.extend_from_slice(b"}\n");
}

/// As much of a value as is shown.
fn beginning(value: &str) -> &str {
    if value.len() <= LONGEST_VALUE {
        return value;
    }
    let end = (0..=LONGEST_VALUE).rev().find(|end| value.is_char_boundary(*end));
    &value[..end.unwrap_or(0)]
}

fn write_text_or_null(out: &mut Vec<u8>, text: Option<&str>) {
    match text {
        Some(text) => write_text(out, text),
        None => out.extend_from_slice(b"null"),
    }
}

/// The file in which a rejected record was first read.
#[derive(Debug)]
pub enum FirstSeen<'f> {
    /// This input: the run as reports name it, the input's path, and the record's position there.
    Here(&'f str, &'f str, Position),
    /// An earlier one, as its reject report says.
    Earlier(Origin),
}

/// What the reject report says of a record.
#[derive(Debug)]
pub struct Rejection<'f> {
    /// Where it was first read.
    pub first_seen: FirstSeen<'f>,
    /// Its findings, and their words.
    pub findings: Findings<'f>,
    /// See there.
    pub words: &'f Words,
    /// The record's text, where it is a reject as a whole, and its dialect.
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

/// Ends a line of `rejects.ndjson`, after the brace and the record's own members, of which it may have none: `_reject`.
pub fn end_reject_line(out: &mut Vec<u8>, has_members: bool, rejection: &Rejection<'_>) {
    if has_members {
        out.push(b',');
    }
    out.extend_from_slice(b"\"_reject\":{\"run\":");
    let mut place = |run: &str, file: &str, write: &dyn Fn(&mut Vec<u8>, usize)| {
        write_text_or_null(out, Some(run).filter(|run| !run.is_empty()));
        out.extend_from_slice(b",\"file\":");
        write_text(out, file);
        out.extend_from_slice(b",\"record\":");
        write(out, 0);
        out.extend_from_slice(b",\"line\":");
        write(out, 1);
    };
    match &rejection.first_seen {
        FirstSeen::Here(run, file, position) => {
            let numbers = [position.record, position.line];
            place(run, file, &|out, which| write_number(out, numbers[which]));
        }
        FirstSeen::Earlier(Origin { run, file, record, line }) => {
            place(run, file, &|out, which| write_number_or_text(out, [record, line][which]));
        }
    }
    out.extend_from_slice(b",\"codes\":");
    write_texts(out, rejection.codes());
    out.extend_from_slice(b",\"messages\":");
    write_texts(out, rejection.messages());
    if let Some((raw, dialect)) = rejection.raw {
        out.extend_from_slice(b",\"dialect\":");
        write_text(out, dialect);
        out.extend_from_slice(b",\"raw\":");
        write_text(out, raw);
    }
    out.extend_from_slice(b"}}\n");
}

/// Writes a number that is given as text; any other text as a text.
fn write_number_or_text(out: &mut Vec<u8>, text: &str) {
    match text.parse::<u64>() {
        Ok(number) if number.to_string() == text => write_number(out, number),
        _ => write_text(out, text),
    }
}

/// Writes an array of texts.
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

/// Writes a row of `accepted.csv`. There is no customer ID where nothing was stored.
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
