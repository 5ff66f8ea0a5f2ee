//! Judging NDJSON records: members to fields by their keys.
//!
//! Keys are matched like header names, record by record, for each record may have others. What a key means is looked up
//! once a block. A record that a reject report carries whole in `_reject` is read from there.

use std::borrow::Cow;
use std::collections::HashMap;

use super::csv::cut_off;
use super::judge::{Origin, into_owned, is_whole};
use super::plan::Plan;
use super::{Checker, Draft, Whole, not_utf8};
use crate::format::json::{JsonFault, JsonValue, Members, raw_of_report, value};
use crate::format::raw;
use crate::profile::header::{Match, Meaning, REPORT_KEY, Rank};
use crate::reject::Code;

/// The members of one record after the other.
pub(super) struct JsonRecords<'c> {
    plan: &'c Plan,
    /// What the keys of this block mean; bounded, for a hostile file may have millions of keys.
    meanings: HashMap<String, Meaning>,
    met: MetKeys,
    /// For each field what fills it.
    filled: Vec<Filled>,
}

/// The keys of a block in the order in which they were met, each once: those that stand for a field, and those that match none.
#[derive(Debug, Default)]
pub struct MetKeys {
    /// They fill a field, or a part of one.
    pub known: Vec<(String, Match)>,
    /// They match no field.
    pub unknown: Vec<String>,
}

/// The members that fill a field: one for all of it, or one for each part.
#[derive(Clone, Copy, Debug, Default)]
struct Filled {
    whole: Option<Filling>,
    parts: [Option<Filling>; 2],
}

/// The member that fills something, how well its key matches, and another that matches as well.
#[derive(Clone, Copy, Debug)]
struct Filling {
    rank: Rank,
    member: usize,
    rival: Option<usize>,
}

impl Filled {
    fn note(&mut self, found: Match, member: usize) {
        let place = match found.part {
            None => &mut self.whole,
            Some(part) => &mut self.parts[part.min(1)],
        };
        *place = match *place {
            Some(held) if held.rank < found.rank => Some(held),
            Some(held) if held.rank == found.rank => Some(Filling { rival: held.rival.or(Some(member)), ..held }),
            _ => Some(Filling { rank: found.rank, member, rival: None }),
        };
    }

    fn all(&self) -> impl Iterator<Item = Filling> {
        [self.whole, self.parts[0], self.parts[1]].into_iter().flatten()
    }
}

const MEANINGS: usize = 4096;
/// As many keys as are named of an input. The first so many of a block are enough to find the first so many of an input,
/// wherever its blocks begin.
pub const MOST_KEYS: usize = 1000;

impl<'c> JsonRecords<'c> {
    pub(super) fn new(plan: &'c Plan) -> JsonRecords<'c> {
        JsonRecords { plan, meanings: HashMap::new(), met: MetKeys::default(), filled: Vec::new() }
    }

    pub(super) fn into_met_keys(self) -> MetKeys {
        self.met
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
        let repeated = |message| Whole {
            code: Code::RepeatedJsonKey,
            column: None,
            message,
            raw: record.as_bytes().into(),
            carried: None,
        };
        let members = members
            .reach(&self.plan.names)
            .map_err(|key| repeated(format!("the key {key:?} stands in the object twice")))?;
        self.filled.clear();
        self.filled.resize(self.plan.fields.len(), Filled::default());
        for (index, (key, _)) in members.0.iter().enumerate() {
            if let Meaning::Field(found) = self.meaning(key) {
                self.filled[found.field].note(found, index);
            }
        }
        // Keys that a better one outranks may be as many as they like.
        for (field, filled) in self.filled.iter().enumerate() {
            if let Some(Filling { member, rival: Some(rival), .. }) = filled.all().find(|found| found.rival.is_some()) {
                let (one, other) = (&members.0[member].0, &members.0[rival].0);
                let column = &self.plan.fields[field].column;
                return Err(repeated(format!("the keys {one:?} and {other:?} both stand for {column}")));
            }
        }
        for field in 0..self.filled.len() {
            let filled = self.filled[field];
            let origin = |member: usize| Origin { field, column: None, order: member as u32 };
            let stored = match (filled.whole, filled.parts) {
                (Some(Filling { member, .. }), _) => draft.judge.json(origin(member), members.0[member].1),
                (None, [None, None]) => draft.judge.missing(Origin { field, column: None, order: u32::MAX }, None),
                (None, [Some(part), None] | [None, Some(part)]) => {
                    draft.judge.json(origin(part.member), members.0[part.member].1)
                }
                (None, [Some(first), Some(last)]) => {
                    let texts = [first.member, last.member].map(|member| joinable(members.0[member].1));
                    match texts {
                        [Some(one), Some(other)] => {
                            let joined = draft.judge.joined([&*one, &*other].into_iter());
                            into_owned(draft.judge.text(origin(first.member), &joined))
                        }
                        // What cannot be joined is no text, and that is its fault.
                        [None, _] => draft.judge.json(origin(first.member), members.0[first.member].1),
                        [_, None] => draft.judge.json(origin(last.member), members.0[last.member].1),
                    }
                }
            };
            checker.push(field, stored, draft);
        }
        Ok(())
    }

    fn meaning(&mut self, key: &str) -> Meaning {
        if let Some(meaning) = self.meanings.get(key) {
            return *meaning;
        }
        let meaning = self.plan.names.find(key);
        let is_remembered = self.meanings.len() < MEANINGS;
        if is_remembered {
            self.meanings.insert(key.to_string(), meaning);
        }
        let met = &mut self.met;
        match meaning {
            // A key that is remembered is asked for once.
            Meaning::Field(found)
                if met.known.len() < MOST_KEYS
                    && (is_remembered || !met.known.iter().any(|(known, _)| known == key)) =>
            {
                met.known.push((key.to_string(), found));
            }
            Meaning::Unknown
                if key != REPORT_KEY
                    && met.unknown.len() < MOST_KEYS
                    && (is_remembered || !met.unknown.iter().any(|known| known == key)) =>
            {
                met.unknown.push(key.to_string());
            }
            _ => {}
        }
        meaning
    }
}

/// The text of a part of a field; `None` where it is no text that can be joined.
fn joinable(raw: &str) -> Option<Cow<'_, str>> {
    match value(raw) {
        JsonValue::Text(text) => Some(text),
        JsonValue::Null => Some(Cow::Borrowed("")),
        JsonValue::Number(number) if is_whole(number) => Some(Cow::Borrowed(number)),
        _ => None,
    }
}

/// Where a record's members are.
enum Record<'r> {
    Own(Members<'r>),
    /// In the text that its `_reject` carries.
    Raw(String),
}

/// A report's line that was broken and rejected again carries a report's line.
const RAW_WITHIN_RAW: usize = 8;

fn parse(record: &str) -> Result<Record<'_>, Whole<'_>> {
    let members = parse_members(record)?;
    let Some(mut text) = carried(&members)? else { return Ok(Record::Own(members)) };
    for _ in 0..RAW_WITHIN_RAW {
        let inner = match Members::parse(&text) {
            Ok(members) => {
                carried(&members).map_err(|whole| Whole { raw: Cow::Owned(whole.raw.into_owned()), ..whole })?
            }
            Err(_) => None,
        };
        match inner {
            Some(inner) => text = inner,
            None => break,
        }
    }
    Ok(Record::Raw(text))
}

/// The text of the record that a line of a reject report carries whole, if it is one.
fn carried(members: &Members<'_>) -> Result<Option<String>, Whole<'static>> {
    let [(key, report)] = members.0.as_slice() else { return Ok(None) };
    let Some(raw_text) = raw_of_report(report).filter(|_| key == REPORT_KEY) else { return Ok(None) };
    let bytes = raw::unescape(&raw_text).into_owned();
    if raw::is_cut_off(&raw_text) {
        return Err(cut_off(bytes, raw_text));
    }
    String::from_utf8(bytes).map(Some).map_err(|error| {
        let whole = not_utf8(error.as_bytes());
        Whole { raw: Cow::Owned(whole.raw.into_owned()), ..whole }
    })
}

fn parse_members(record: &str) -> Result<Members<'_>, Whole<'_>> {
    Members::parse(record).map_err(|fault| {
        let (code, message) = match fault {
            JsonFault::Invalid(reason) => (Code::InvalidJson, format!("the line is not JSON: {reason}")),
            JsonFault::NotAnObject(found) => {
                (Code::NotAnObject, format!("the record is {found}, and must be an object"))
            }
        };
        Whole { code, column: None, message, raw: record.as_bytes().into(), carried: None }
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
        // An object of an array may stand on several lines; no text in it has a line break.
        let one_line = |byte: &u8| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte };
        out.extend(inner.unwrap_or_default().trim().as_bytes().iter().map(one_line));
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
    let members = parse_members(record).ok()?.reach(&plan.names).ok()?;
    let mut filled = Filled::default();
    for (index, (key, _)) in members.0.iter().enumerate() {
        if let Meaning::Field(found) = plan.names.find(key)
            && found.field == field
        {
            filled.note(found, index);
        }
    }
    let fillings: Vec<Filling> = match filled.whole {
        Some(whole) => vec![whole],
        None => filled.parts.into_iter().flatten().collect(),
    };
    let text = |filling: &Filling| match value(members.0[filling.member].1) {
        JsonValue::Text(text) => text.into_owned(),
        _ => members.0[filling.member].1.to_string(),
    };
    (!fillings.is_empty()).then(|| fillings.iter().map(text).collect::<Vec<_>>().join(" "))
}
