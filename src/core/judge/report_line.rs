//! Reading a line of an NDJSON reject report: what it says about its record, and the record itself. And writing the members
//! of a record for the next report.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memmem};

use super::report::{Carried, cut_off};
use super::verdicts::BadRecord;
use crate::core::finding::{Code, Problem, excerpt};
use crate::core::record;
use crate::core::record::json::{JsonFault, JsonValue, Members, raw_of_report, value, write_text};
use crate::core::{profile::REPORT_KEY, record::raw};

pub(super) enum Record<'r> {
    Own(Members<'r>),
    /// The text of the record in `_reject`.
    Raw(String),
}

/// How deep reports' lines may be nested: a line that was damaged and rejected again is carried by another.
const RAW_WITHIN_RAW: usize = 8;

pub(super) fn parse(record: &str) -> Result<Record<'_>, BadRecord<'_>> {
    let members = parse_members(record)?;
    let Some(mut text) = carried(&members)? else { return Ok(Record::Own(members)) };
    for _ in 0..RAW_WITHIN_RAW {
        let inner = match Members::parse(&text) {
            Ok(members) => carried(&members).map_err(BadRecord::into_owned)?,
            Err(_) => None,
        };
        let Some(inner) = inner else { break };
        text = inner;
    }
    Ok(Record::Raw(text))
}

fn carried(members: &Members<'_>) -> Result<Option<String>, BadRecord<'static>> {
    let [(key, report)] = members.0.as_slice() else { return Ok(None) };
    let Some(raw_text) = raw_of_report(report).filter(|_| key == REPORT_KEY) else { return Ok(None) };
    let bytes = raw::unescape(&raw_text).into_owned();
    if raw::is_cut_off(&raw_text) {
        return Err(cut_off(bytes, raw_text));
    }
    String::from_utf8(bytes).map(Some).map_err(|error| BadRecord::not_utf8(error.as_bytes()).into_owned())
}

pub(super) fn parse_members(record: &str) -> Result<Members<'_>, BadRecord<'_>> {
    Members::parse(record).map_err(|fault| {
        let problem = match fault {
            JsonFault::Invalid(reason) => Problem::InvalidJson { reason },
            JsonFault::HalfCharacter(key) => Problem::HalfCharacter { key: excerpt(&key).to_string() },
            JsonFault::NotAnObject(found) => Problem::NotAnObject { found },
        };
        BadRecord::new(problem, None, record.as_bytes())
    })
}

pub(super) fn carried_by(line: &str) -> Option<Carried> {
    memmem::find(line.as_bytes(), REPORT_KEY.as_bytes())?;
    let report = match Members::parse(line) {
        Ok(members) => members.0.iter().find(|(key, _)| key == REPORT_KEY).map(|(_, report)| *report)?,
        Err(_) => torn(line)?.1,
    };
    let report = Members::parse(report).ok()?;
    let text = |name: &str| {
        let found = report.0.iter().find(|(key, _)| key == name).map(|(_, raw)| value(raw));
        match found {
            Some(JsonValue::Text(text)) => text.into_owned(),
            Some(JsonValue::Number(number)) => number.to_string(),
            _ => String::new(),
        }
    };
    let origin = record::Origin { run: text("run"), file: text("file"), record: text("record"), line: text("line") };
    Some(Carried { origin: Some(origin).filter(|origin| !origin.file.is_empty()), dialect: None })
}

/// The record's own text in a report's line that is not JSON, and what the report says about it. `None` if the two cannot be
/// separated.
fn torn(line: &str) -> Option<(String, &str)> {
    const BEFORE: &str = ",\"_reject\":";
    let at = memmem::rfind(line.as_bytes(), BEFORE.as_bytes())?;
    let report = line[at + BEFORE.len()..].trim_end().strip_suffix('}')?;
    Members::parse(report).is_ok().then(|| (format!("{}}}", &line[..at]), report))
}

/// The same record without what a report says about it, if it is also bad alone.
pub(super) fn without_report<'r>(line: &'r str, bad: BadRecord<'r>) -> BadRecord<'r> {
    let own = torn(line).map(|(own, _)| own).filter(|_| bad.raw == line.as_bytes());
    match own.filter(|own| parse_members(own).is_err() || bad.problem.code() == Code::RepeatedJsonKey) {
        Some(own) => BadRecord { raw: Cow::Owned(own.into_bytes()), ..bad },
        None => bad,
    }
}

/// Writes the members of a record, without braces and without `_reject`.
pub(super) fn write_original(record: &str, out: &mut Vec<u8>) {
    // Without the report's key, and without escapes that could spell it, the members are copied.
    if memchr(b'\\', record.as_bytes()).is_none() && memmem::find(record.as_bytes(), REPORT_KEY.as_bytes()).is_none() {
        return write_inner(record, out);
    }
    let raw_text;
    let (record, members) = match parse(record) {
        Ok(Record::Own(members)) => (record, Ok(members)),
        Ok(Record::Raw(text)) => {
            raw_text = text;
            (raw_text.as_str(), parse_members(&raw_text))
        }
        Err(_) => (record, parse_members(record)),
    };
    let Ok(members) = members else { return };
    if members.0.iter().all(|(key, _)| key != REPORT_KEY) {
        return write_inner(record, out);
    }
    let (start, mut is_first) = (out.len(), true);
    for (key, value) in members.0.iter().filter(|(key, _)| key != REPORT_KEY) {
        if !std::mem::take(&mut is_first) {
            out.push(b',');
        }
        write_text(out, key);
        out.push(b':');
        out.extend_from_slice(value.as_bytes());
    }
    join_lines(&mut out[start..]);
}

fn write_inner(record: &str, out: &mut Vec<u8>) {
    let inner = record.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let start = out.len();
    out.extend_from_slice(inner.unwrap_or_default().trim().as_bytes());
    join_lines(&mut out[start..]);
}

/// Joins lines. No line break is lost: JSON texts have none.
fn join_lines(json: &mut [u8]) {
    let mut from = 0;
    while let Some(found) = memchr2(b'\n', b'\r', &json[from..]) {
        from += found;
        json[from] = b' ';
    }
}
