//! Judging NDJSON records: members to fields by their keys.
//!
//! Keys are matched like header names, record by record, for each record may have others. What a key means is looked up
//! once a block. A record that a reject report carries whole in `_reject` is read from there.

use std::borrow::Cow;
use std::collections::HashMap;

use super::csv::cut_off;
use super::judge::Origin;
use super::plan::Plan;
use super::{Checker, Draft, Whole, not_utf8};
use crate::format::json::{JsonFault, JsonValue, Members, raw_of_report, value};
use crate::format::raw;
use crate::profile::header::{Match, REPORT_KEY, Rank};
use crate::reject::Code;

/// The members of one record after the other.
pub(super) struct JsonRecords<'c> {
    plan: &'c Plan,
    /// What the keys of this block mean; bounded, for a hostile file may have millions of keys.
    meanings: HashMap<String, Option<Match>>,
    unknown: Vec<String>,
    /// For each field what fills it.
    filled: Vec<Option<Filled>>,
}

/// The member that fills a field, how well its key matches, and another that matches as well.
#[derive(Clone, Copy)]
struct Filled {
    rank: Rank,
    member: usize,
    rival: Option<usize>,
}

const MEANINGS: usize = 4096;
/// As many keys as are named of an input. The first so many of a block are enough to find the first so many of an input,
/// wherever its blocks begin.
pub(crate) const UNKNOWN_KEYS: usize = 1000;

impl<'c> JsonRecords<'c> {
    pub(super) fn new(plan: &'c Plan) -> JsonRecords<'c> {
        JsonRecords { plan, meanings: HashMap::new(), unknown: Vec::new(), filled: Vec::new() }
    }

    pub(super) fn into_unknown_keys(self) -> Vec<String> {
        self.unknown
    }

    pub(super) fn judge<'r>(
        &mut self,
        checker: &Checker,
        record: &'r str,
        draft: &mut Draft<'_>,
    ) -> Result<(), Whole<'r>> {
        let members = match parse(record)? {
            Record::Own(members) => members,
            Record::Raw(text) => {
                let owned = |whole: Whole<'_>| Whole { raw: Cow::Owned(whole.raw.into_owned()), ..whole };
                let members = parse_members(&text).map_err(owned)?;
                return self.judge_members(checker, &text, members, draft).map_err(owned);
            }
        };
        self.judge_members(checker, record, members, draft)
    }

    fn judge_members<'r>(
        &mut self,
        checker: &Checker,
        record: &'r str,
        members: Members<'_>,
        draft: &mut Draft<'_>,
    ) -> Result<(), Whole<'r>> {
        let repeated =
            |message| Whole { code: Code::RepeatedJsonKey, column: None, message, raw: record.as_bytes().into() };
        if let Some(key) = members.repeated_key() {
            return Err(repeated(format!("the key {key:?} stands in the object twice")));
        }
        self.filled.clear();
        self.filled.resize(self.plan.fields.len(), None);
        for (index, (key, _)) in members.0.iter().enumerate() {
            let Some(found) = self.meaning(key) else { continue };
            let filled = &mut self.filled[found.field];
            *filled = match *filled {
                Some(held) if held.rank < found.rank => Some(held),
                Some(held) if held.rank == found.rank => Some(Filled { rival: held.rival.or(Some(index)), ..held }),
                _ => Some(Filled { rank: found.rank, member: index, rival: None }),
            };
        }
        // Keys that a better one outranks may be as many as they like.
        for (field, filled) in self.filled.iter().enumerate() {
            if let Some(Filled { member, rival: Some(rival), .. }) = *filled {
                let (one, other) = (&members.0[member].0, &members.0[rival].0);
                let column = &self.plan.fields[field].column;
                return Err(repeated(format!("the keys {one:?} and {other:?} both stand for {column}")));
            }
        }
        for field in 0..self.filled.len() {
            let stored = match self.filled[field] {
                Some(Filled { member, .. }) => {
                    let origin = Origin { field, column: None, order: member as u32 };
                    draft.judge.json(origin, members.0[member].1)
                }
                None => draft.judge.missing(Origin { field, column: None, order: u32::MAX }, None),
            };
            checker.push(field, stored, draft);
        }
        Ok(())
    }

    fn meaning(&mut self, key: &str) -> Option<Match> {
        if let Some(meaning) = self.meanings.get(key) {
            return *meaning;
        }
        let meaning = self.plan.names.find(key);
        let is_remembered = self.meanings.len() < MEANINGS;
        if is_remembered {
            self.meanings.insert(key.to_string(), meaning);
        }
        if meaning.is_none() && key != REPORT_KEY && self.unknown.len() < UNKNOWN_KEYS {
            // A key that is remembered is asked for once.
            if is_remembered || !self.unknown.iter().any(|known| known == key) {
                self.unknown.push(key.to_string());
            }
        }
        meaning
    }
}

/// Where a record's members are.
enum Record<'r> {
    Own(Members<'r>),
    /// In the text that its `_reject` carries.
    Raw(String),
}

fn parse(record: &str) -> Result<Record<'_>, Whole<'_>> {
    let members = parse_members(record)?;
    if let [(key, report)] = members.0.as_slice()
        && key == REPORT_KEY
        && let Some(raw_text) = raw_of_report(report)
    {
        let bytes = raw::unescape(&raw_text).into_owned();
        if raw::is_cut_off(&raw_text) {
            return Err(cut_off(bytes));
        }
        return match String::from_utf8(bytes) {
            Ok(text) => Ok(Record::Raw(text)),
            Err(error) => {
                let whole = not_utf8(error.as_bytes());
                Err(Whole { raw: Cow::Owned(whole.raw.into_owned()), ..whole })
            }
        };
    }
    Ok(Record::Own(members))
}

fn parse_members(record: &str) -> Result<Members<'_>, Whole<'_>> {
    Members::parse(record).map_err(|fault| {
        let (code, message) = match fault {
            JsonFault::Invalid(reason) => (Code::InvalidJson, format!("the line is not JSON: {reason}")),
            JsonFault::NotAnObject(found) => {
                (Code::NotAnObject, format!("the record is {found}, and must be an object"))
            }
        };
        Whole { code, column: None, message, raw: record.as_bytes().into() }
    })
}

/// Writes the members of a record, without braces and without `_reject`.
pub(super) fn write_original(record: &str, out: &mut Vec<u8>) {
    let raw_text;
    let record = match parse(record) {
        Ok(Record::Raw(text)) => {
            raw_text = text;
            raw_text.as_str()
        }
        _ => record,
    };
    let Ok(members) = parse_members(record) else { return };
    if members.0.iter().all(|(key, _)| key != REPORT_KEY) {
        let inner = record.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        out.extend_from_slice(inner.unwrap_or_default().trim().as_bytes());
        return;
    }
    let mut is_first = true;
    for (key, value) in members.0.iter().filter(|(key, _)| key != REPORT_KEY) {
        if !std::mem::take(&mut is_first) {
            out.push(b',');
        }
        out.extend_from_slice(serde_json::Value::from(&**key).to_string().as_bytes());
        out.push(b':');
        out.extend_from_slice(value.as_bytes());
    }
}

/// The text of the member that fills a field.
pub(super) fn original_value(plan: &Plan, record: &str, field: usize) -> Option<String> {
    let raw_text;
    let record = match parse(record).ok()? {
        Record::Own(_) => record,
        Record::Raw(text) => {
            raw_text = text;
            raw_text.as_str()
        }
    };
    let members = parse_members(record).ok()?;
    let found = members.0.iter().filter_map(|(key, raw)| Some((plan.names.find(key)?, *raw)));
    let (_, raw) = found.filter(|(found, _)| found.field == field).min_by_key(|(found, _)| found.rank)?;
    Some(match value(raw) {
        JsonValue::Text(text) => text.into_owned(),
        _ => raw.to_string(),
    })
}
