//! The lines of the reports: pure functions from faults and records to bytes.

use serde::Serialize;

use crate::format::csv::RowWriter;
use crate::record::Position;
use crate::reject::{Fault, Severity};

/// The header of `accepted.csv`.
pub const ACCEPTED_COLUMNS: [&str; 6] = ["file", "record", "line", "key", "customer_id", "action"];

#[derive(Serialize)]
struct ErrorLine<'f> {
    file: &'f str,
    record: u64,
    line: u64,
    byte_offset: u64,
    column: Option<u32>,
    field: Option<&'f str>,
    code: &'static str,
    severity: &'static str,
    message: &'f str,
    value: Option<&'f str>,
    hint: &'f str,
}

/// Writes a line of `errors.ndjson`. `field` is the column name of the fault's field.
pub fn error_line(out: &mut Vec<u8>, file: &str, position: Position, field: Option<&str>, fault: &Fault) {
    let line = ErrorLine {
        file,
        record: position.record,
        line: position.line,
        byte_offset: position.byte_offset,
        column: fault.column,
        field,
        code: fault.code.name(),
        severity: fault.severity.name(),
        message: &fault.message,
        value: fault.value.as_deref(),
        hint: &fault.hint,
    };
    // Neither the line nor the buffer can fail.
    let _ = serde_json::to_writer(&mut *out, &line);
    out.push(b'\n');
}

/// What is said of a rejected record in its report.
#[derive(Debug)]
pub struct Rejection<'f> {
    /// The line on which the record starts.
    pub line: u64,
    /// Its faults.
    pub faults: &'f [Fault],
    /// The record's text, where it is a reject as a whole.
    pub raw: Option<&'f str>,
}

impl<'f> Rejection<'f> {
    /// The rejection of a record for these faults.
    pub fn new(line: u64, faults: &'f [Fault]) -> Rejection<'f> {
        Rejection { line, faults, raw: faults.iter().find_map(|fault| fault.raw.as_deref()) }
    }

    fn errors(&self) -> impl Iterator<Item = &Fault> {
        self.faults.iter().filter(|fault| fault.severity == Severity::Error)
    }
}

/// Ends a row of `rejects.csv`, behind the record's own cells: what is said of it.
pub fn end_reject_row(out: &mut Vec<u8>, writer: &mut RowWriter, rejection: &Rejection<'_>) {
    let codes: Vec<&str> = rejection.errors().map(|fault| fault.code.name()).collect();
    let messages: Vec<&str> = rejection.errors().map(|fault| fault.message.as_str()).collect();
    writer.cell(out, &rejection.line.to_string());
    writer.cell(out, &codes.join(","));
    writer.cell(out, &messages.join("; "));
    writer.cell(out, rejection.raw.unwrap_or_default());
    writer.end(out);
}

#[derive(Serialize)]
struct RejectObject<'f> {
    line: u64,
    codes: Vec<&'static str>,
    messages: Vec<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<&'f str>,
}

/// Ends a line of `rejects.ndjson`, behind the brace and the record's own members, of which it may have none: `_reject`.
pub fn end_reject_line(out: &mut Vec<u8>, has_members: bool, rejection: &Rejection<'_>) {
    let object = RejectObject {
        line: rejection.line,
        codes: rejection.errors().map(|fault| fault.code.name()).collect(),
        messages: rejection.errors().map(|fault| fault.message.as_str()).collect(),
        raw: rejection.raw,
    };
    if has_members {
        out.push(b',');
    }
    out.extend_from_slice(b"\"_reject\":");
    // Neither the object nor the buffer can fail.
    let _ = serde_json::to_writer(&mut *out, &object);
    out.extend_from_slice(b"}\n");
}

/// Writes a row of `accepted.csv`. There is no customer ID where nothing was stored.
pub fn accepted_row(
    out: &mut Vec<u8>,
    writer: &mut RowWriter,
    file: &str,
    position: Position,
    key: &str,
    customer: Option<i64>,
) {
    writer.cell(out, file);
    writer.cell(out, &position.record.to_string());
    writer.cell(out, &position.line.to_string());
    writer.cell(out, key);
    writer.cell(out, &customer.map(|id| id.to_string()).unwrap_or_default());
    writer.cell(out, "created");
    writer.end(out);
}
