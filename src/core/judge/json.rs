//! Judging NDJSON records: members to fields by their keys.
//!
//! Keys are matched like header names, record by record, for each record may have others. What a key means is looked up
//! once a block, and as most records have the same keys in the same order, which member fills what is worked out only where
//! a record has others than the one before. A record that a reject report carries whole in `_reject` is read from there.

use std::borrow::Cow;
use std::collections::HashMap;

use memchr::{memchr, memchr2, memmem};

use super::bad_record::BadRecord;
use super::judge::{Origin, is_whole};
use super::keys::JsonShape;
use super::plan::Plan;
use super::report::{Carried, cut_off};
use super::{Checker, Draft};
use crate::core::finding::{Code, Problem, excerpt};
use crate::core::profile::{Chosen, Meaning, REPORT_KEY, Role, Sources};
use crate::core::record;
use crate::core::record::json::{
    JsonFault, JsonValue, Members, ObjectReader, ValueSpan, Written, raw_of_report, stop_in_text, value, write_text,
};
use crate::core::record::raw;
use crate::core::row::RowBuilder;
use crate::core::text;

/// The members of one record after the other.
pub(super) struct JsonRecords<'c> {
    plan: &'c Plan,
    shape: &'c JsonShape,
    /// The keys of this block whose meanings are known; bounded, for a hostile file may have millions of keys.
    keys: Vec<KnownKey>,
    /// Where each is there.
    places: HashMap<String, usize>,
    /// The key that came first the last time.
    first: usize,
    /// The keys of the record before, in order, and the values of this one.
    order: Vec<usize>,
    values: Vec<ValueSpan>,
    /// For each field what may fill it.
    sources: Sources,
    /// Whether that is so for records with the keys of `order`, and whether the block's marks know of these.
    is_bound: bool,
    is_laid_out: bool,
    /// The keys of the last record that went the long way, if `sources` are those of its values; and room for the next one's.
    reached: Vec<usize>,
    spare: Vec<usize>,
    /// How many times that was worked out.
    bindings: usize,
}

/// A key whose meaning is known.
struct KnownKey {
    name: Box<str>,
    meaning: Meaning,
    role: Role,
    /// As it stands in most records, with its quotes and the colon; `None` where only the long way does.
    written: Option<Box<[u8]>>,
    /// The key that came behind it the last time.
    next: usize,
    /// When it was met last, of all `bindings`.
    bound: usize,
}

/// The keys of a block in the order in which they were met, each once, and what each means. Their places are the slots of the
/// block's [`super::Marks`].
pub type MetKeys = Vec<(String, Meaning)>;

/// The place of a key that is not told apart from others.
const NO_PLACE: usize = MOST_KEYS;

/// How many keys of an input are told apart. That many of each block are enough to find the first of an input, wherever its
/// blocks begin.
pub const MOST_KEYS: usize = 10_000;

impl<'c> JsonRecords<'c> {
    pub(super) fn new(plan: &'c Plan, shape: &'c JsonShape) -> JsonRecords<'c> {
        JsonRecords {
            plan,
            shape,
            keys: Vec::new(),
            places: HashMap::new(),
            first: 0,
            order: Vec::new(),
            values: Vec::new(),
            sources: Sources::default(),
            is_bound: false,
            is_laid_out: false,
            reached: Vec::new(),
            spare: Vec::new(),
            bindings: 0,
        }
    }

    pub(super) fn into_met_keys(self) -> MetKeys {
        self.keys.into_iter().map(|key| (key.name.into(), key.meaning)).collect()
    }

    pub(super) fn judge<'r, B: RowBuilder>(
        &mut self,
        checker: &Checker,
        record: &'r str,
        draft: &mut Draft<'_, B>,
    ) -> Result<(), BadRecord<'r>> {
        if self.read(record).is_some() {
            let is_tidy = text::is_tidy(record.as_bytes());
            if !std::mem::replace(&mut self.is_laid_out, true) {
                lay_out(&self.sources, self.order.iter().map(|key| *key as u32), draft);
            }
            let word = |values: &[ValueSpan]| ValueSpan::filled(values, record, is_tidy);
            draft.out.marks.begin_words(self.values.chunks(64).map(word));
            let written = |member: u32| self.values[member as usize].of(record);
            let plain = |member: usize| self.values[member].plain_in(record.as_bytes());
            judge_members(checker, &self.sources, is_tidy, written, plain, draft);
            return Ok(());
        }
        let members = match parse(record).map_err(|bad| without_report(record, bad))? {
            Record::Own(members) => members,
            Record::Raw(text) => {
                let members = parse_members(&text).map_err(BadRecord::into_owned)?;
                return self.judge_others(checker, &text, members, draft).map_err(BadRecord::into_owned);
            }
        };
        self.judge_others(checker, record, members, draft).map_err(|bad| without_report(record, bad))
    }

    /// Finds the values of a record that is right, and whose keys are all known: nearly all are. What there is to say of
    /// others, and to learn from them, is for the long way.
    fn read(&mut self, record: &str) -> Option<()> {
        let mut reader = ObjectReader::new(record)?;
        self.values.clear();
        let mut guess = self.first;
        let mut before: Option<usize> = None;
        while reader.go_to_key()? {
            let guessed = self.keys.get(guess).and_then(|known| known.written.as_ref());
            if !guessed.is_some_and(|written| reader.take_key(written)) {
                guess = *self.places.get(&*reader.key()?)?;
                self.keys[guess].written.as_ref()?;
                match before {
                    Some(before) => self.keys[before].next = guess,
                    None => self.first = guess,
                }
            }
            let member = self.values.len();
            if self.order.get(member) != Some(&guess) {
                self.is_bound = false;
                self.order.truncate(member);
                self.order.push(guess);
            }
            // What is within an object has keys of its own.
            self.values.push(reader.value().filter(|value| !value.is_object(record))?);
            // There are no more without one that stands there twice.
            if self.values.len() > self.keys.len() {
                return None;
            }
            before = Some(guess);
            guess = self.keys[guess].next;
        }
        if self.order.len() > self.values.len() {
            self.is_bound = false;
            self.order.truncate(self.values.len());
        }
        if !self.is_bound {
            self.is_bound = self.bind();
        }
        self.is_bound.then_some(())
    }

    /// Finds out which members may fill which fields, if no key stands there twice.
    fn bind(&mut self) -> bool {
        self.bindings += 1;
        self.is_laid_out = false;
        for key in &self.order {
            if std::mem::replace(&mut self.keys[*key].bound, self.bindings) == self.bindings {
                return false;
            }
        }
        let keys = self.order.iter().map(|key| &self.keys[*key]).enumerate();
        let found = keys.filter_map(|(member, key)| match key.meaning {
            Meaning::Field(found) => Some((member, found, key.role)),
            Meaning::Ignored | Meaning::Unknown => None,
        });
        self.reached.clear();
        self.shape.bind(self.plan, found, &mut self.sources);
        true
    }

    /// How a key stands in most records; `None` where its value is more than a value, or the key cannot be written as it is.
    fn written(key: &str) -> Option<Box<[u8]>> {
        let is_plain = stop_in_text(key.as_bytes(), 0) == key.len();
        (key != REPORT_KEY && is_plain).then(|| format!("\"{key}\":").into_bytes().into())
    }

    /// Judges a record whatever its keys are.
    fn judge_others<'r, B: RowBuilder>(
        &mut self,
        checker: &Checker,
        record: &'r str,
        members: Members<'_>,
        draft: &mut Draft<'_, B>,
    ) -> Result<(), BadRecord<'r>> {
        let repeated = |key: String| {
            BadRecord::new(Problem::RepeatedKey { key: excerpt(&key).to_string() }, None, record.as_bytes())
        };
        let members = members.reach(&self.shape.names(self.plan)).map_err(repeated)?;
        self.bind_reached(&members, draft);
        let written = |member: u32| Written::of(members.0[member as usize].1);
        // What a report says of a record is no value of it.
        let is_own = |(key, raw): &(Cow<'_, str>, &str)| key != REPORT_KEY && Written::of(raw).is_filled();
        draft.out.marks.begin(members.0.iter().map(is_own));
        let plain = |member: usize| plain(written(member as u32)).map(|text| (text.as_bytes(), text.len()));
        judge_members(checker, &self.sources, false, written, plain, draft);
        Ok(())
    }

    /// Finds out which members may fill which fields, if that is not known from the record before.
    fn bind_reached<B: RowBuilder>(&mut self, members: &Members<'_>, draft: &mut Draft<'_, B>) {
        let mut reached = std::mem::take(&mut self.spare);
        reached.clear();
        let mut found = Vec::new();
        for (index, (key, _)) in members.0.iter().enumerate() {
            let (meaning, role, place) = self.look_up(key);
            reached.push(place);
            if let Meaning::Field(of) = meaning {
                found.push((index, of, role));
            }
        }
        if reached.is_empty() || reached.contains(&NO_PLACE) || reached != self.reached {
            self.is_bound = false;
            self.shape.bind(self.plan, found.into_iter(), &mut self.sources);
            lay_out(&self.sources, reached.iter().map(|place| *place as u32), draft);
        }
        self.spare = std::mem::replace(&mut self.reached, reached);
    }

    /// What a key means, whose address it is part of, and its place among those that are remembered.
    fn look_up(&mut self, key: &str) -> (Meaning, Role, usize) {
        if let Some(place) = self.places.get(key) {
            let known = &self.keys[*place];
            return (known.meaning, known.role, *place);
        }
        let (meaning, role) = (self.shape.meaning_of(self.plan, key), Role::of(key));
        let place = self.keys.len();
        if place >= MOST_KEYS {
            return (meaning, role, NO_PLACE);
        }
        self.places.insert(key.to_string(), place);
        let written = Self::written(key);
        self.keys.push(KnownKey { name: key.into(), meaning, role, written, next: place + 1, bound: 0 });
        (meaning, role, place)
    }
}

/// Tells the block's marks what stands at the places of the records that follow.
fn lay_out<B: RowBuilder>(sources: &Sources, slots: impl ExactSizeIterator<Item = u32>, draft: &mut Draft<'_, B>) {
    let is_candidate = sources.candidates(slots.len());
    draft.out.marks.begin_layout(slots.zip(is_candidate).map(|(slot, is_candidate)| (slot, !is_candidate)));
}

/// Judges the values that fill the fields, which `written` finds by their place among the members. `plain` finds the text that
/// one is judged as, where it stands so in the record: what begins with it, and its length.
fn judge_members<'v, B: RowBuilder>(
    checker: &Checker,
    sources: &Sources,
    is_tidy: bool,
    written: impl Fn(u32) -> Written<'v>,
    plain: impl Fn(usize) -> Option<(&'v [u8], usize)>,
    draft: &mut Draft<'_, B>,
) {
    let judge = |origin: Origin, draft: &mut Draft<'_, B>| match written(origin.order) {
        Written::PlainText(text) => draft.judge.text(origin, text),
        Written::Value(raw) => draft.judge.json(origin, raw),
    };
    let plan = &checker.plan;
    let mut has_value = |field, member: usize| says_something(plan, field, written(member as u32));
    let group = draft.judge.group(sources, &mut has_value);
    for (field, single) in sources.singles().iter().enumerate() {
        let origin = |member: usize| Origin { field, column: None, order: member as u32 };
        let (chosen, place) = match *single {
            Some(member) => (Chosen::Place(member), Some(member)),
            None if sources.lack(field) => (Chosen::Nothing, None),
            None => {
                let chosen = draft.choose(sources, field, group, &mut has_value);
                (chosen, chosen.single())
            }
        };
        if let Some(member) = place
            && let Some((source, length)) = plain(member)
            && (is_tidy || text::is_tidy(&source[..length]))
            && checker.push_quick((field, member), source, length, draft)
        {
            continue;
        }
        let text = |member: usize| match written(member as u32) {
            Written::PlainText(text) => Cow::Borrowed(text),
            Written::Value(raw) => match value(raw) {
                JsonValue::Text(text) => text,
                _ => Cow::Borrowed(raw),
            },
        };
        let stored = match chosen {
            Chosen::Nothing => draft.judge.missing(Origin { field, column: None, order: u32::MAX }, None),
            Chosen::Place(member) => {
                let stored = judge(origin(member), draft);
                draft.note_fate(field, member, &text(member), &stored);
                stored
            }
            Chosen::Joined([first, last]) => {
                let stored = match [first, last].map(|member| joinable(written(member as u32))) {
                    [Some(one), Some(other)] => draft.judge.parts(origin(first), &[&*one, &*other]),
                    // What cannot be joined is no text, and that is its fault.
                    [None, _] => judge(origin(first), draft),
                    [_, None] => judge(origin(last), draft),
                };
                draft.note_fates(field, [(first, &*text(first)), (last, &*text(last))], &stored);
                stored
            }
        };
        checker.push(field, stored, draft);
    }
}

/// Whether a member has a value.
fn says_something(plan: &Plan, field: usize, written: Written<'_>) -> bool {
    let raw = match written {
        Written::PlainText(text) => return plan.has_value(field, text),
        Written::Value(raw) => raw,
    };
    match value(raw) {
        JsonValue::Null => false,
        JsonValue::Text(text) => plan.has_value(field, &text),
        _ => true,
    }
}

/// The text of a part of a field; `None` where it is no text that can be joined.
fn joinable(written: Written<'_>) -> Option<Cow<'_, str>> {
    plain(written).map(Cow::Borrowed).or_else(|| match written {
        Written::Value(raw) => Some(value(raw)).and_then(|value| match value {
            JsonValue::Text(text) => Some(text),
            _ => None,
        }),
        Written::PlainText(_) => None,
    })
}

/// The text that a value is judged as, where it stands so in the record.
fn plain(written: Written<'_>) -> Option<&str> {
    match written {
        Written::PlainText(text) => Some(text),
        Written::Value("null") => Some(""),
        Written::Value(raw) => match value(raw) {
            JsonValue::Number(number) if is_whole(number) => Some(number),
            _ => None,
        },
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

fn parse(record: &str) -> Result<Record<'_>, BadRecord<'_>> {
    let members = parse_members(record)?;
    let Some(mut text) = carried(&members)? else { return Ok(Record::Own(members)) };
    for _ in 0..RAW_WITHIN_RAW {
        let inner = match Members::parse(&text) {
            Ok(members) => carried(&members).map_err(BadRecord::into_owned)?,
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
fn carried(members: &Members<'_>) -> Result<Option<String>, BadRecord<'static>> {
    let [(key, report)] = members.0.as_slice() else { return Ok(None) };
    let Some(raw_text) = raw_of_report(report).filter(|_| key == REPORT_KEY) else { return Ok(None) };
    let bytes = raw::unescape(&raw_text).into_owned();
    if raw::is_cut_off(&raw_text) {
        return Err(cut_off(bytes, raw_text));
    }
    String::from_utf8(bytes).map(Some).map_err(|error| BadRecord::not_utf8(error.as_bytes()).into_owned())
}

fn parse_members(record: &str) -> Result<Members<'_>, BadRecord<'_>> {
    Members::parse(record).map_err(|fault| {
        let problem = match fault {
            JsonFault::Invalid(reason) => Problem::InvalidJson { reason },
            JsonFault::HalfCharacter(key) => Problem::HalfCharacter { key: excerpt(&key).to_string() },
            JsonFault::NotAnObject(found) => Problem::NotAnObject { found },
        };
        BadRecord::new(problem, None, record.as_bytes())
    })
}

/// What a reject report says already of the record in this line.
pub(super) fn carried_by(line: &str) -> Option<Carried> {
    memmem::find(line.as_bytes(), REPORT_KEY.as_bytes())?;
    let members = Members::parse(line);
    let torn = if members.is_err() { torn(line) } else { None };
    let report = match (&members, torn) {
        (Ok(members), _) => members.0.iter().find(|(key, _)| key == REPORT_KEY).map(|(_, report)| *report)?,
        (Err(_), torn) => torn?.1,
    };
    let said = Members::parse(report).ok()?;
    let text = |name: &str| {
        let found = said.0.iter().find(|(key, _)| key == name).map(|(_, raw)| value(raw));
        match found {
            Some(JsonValue::Text(text)) => text.into_owned(),
            Some(JsonValue::Number(number)) => number.to_string(),
            _ => String::new(),
        }
    };
    let origin = record::Origin { run: text("run"), file: text("file"), record: text("record"), line: text("line") };
    Some(Carried { origin: Some(origin).filter(|origin| !origin.file.is_empty()), dialect: None })
}

/// The record's own text in a report's line that is no record, and what the report says of it. `None` where the two cannot be told
/// apart.
fn torn(line: &str) -> Option<(String, &str)> {
    const BEFORE: &str = ",\"_reject\":";
    let at = memmem::rfind(line.as_bytes(), BEFORE.as_bytes())?;
    let report = line[at + BEFORE.len()..].trim_end().strip_suffix('}')?;
    Members::parse(report).is_ok().then(|| (format!("{}}}", &line[..at]), report))
}

/// The fault of a record without what a report says of it, where it is one by itself.
fn without_report<'r>(line: &'r str, bad: BadRecord<'r>) -> BadRecord<'r> {
    let own = torn(line).map(|(own, _)| own).filter(|_| bad.raw == line.as_bytes());
    match own.filter(|own| parse_members(own).is_err() || bad.problem.code() == Code::RepeatedJsonKey) {
        Some(own) => BadRecord { raw: Cow::Owned(own.into_bytes()), ..bad },
        None => bad,
    }
}

/// Writes the members of a record, without braces and without `_reject`.
pub(super) fn write_original(record: &str, out: &mut Vec<u8>) {
    // Without the report's key, and without an escape that it could be written with, the members stay as they are.
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

/// Writes what stands between the braces, on one line.
fn write_inner(record: &str, out: &mut Vec<u8>) {
    let inner = record.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let start = out.len();
    out.extend_from_slice(inner.unwrap_or_default().trim().as_bytes());
    join_lines(&mut out[start..]);
}

/// Puts on one line what may stand on several: no text in JSON has a line break.
fn join_lines(json: &mut [u8]) {
    let mut from = 0;
    while let Some(found) = memchr2(b'\n', b'\r', &json[from..]) {
        from += found;
        json[from] = b' ';
    }
}

/// The text of the member that fills a field.
pub(super) fn original_value(plan: &Plan, shape: &JsonShape, record: &str, field: usize) -> Option<String> {
    let raw_text;
    let record = match parse(record).ok()? {
        Record::Own(_) => record,
        Record::Raw(text) => {
            raw_text = text;
            raw_text.as_str()
        }
    };
    let members = parse_members(record).ok()?.reach(&shape.names(plan)).ok()?;
    let found = members.0.iter().enumerate().filter_map(|(index, (key, _))| match shape.meaning_of(plan, key) {
        Meaning::Field(found) => Some((index, found, Role::of(key))),
        Meaning::Ignored | Meaning::Unknown => None,
    });
    let mut sources = Sources::default();
    shape.bind(plan, found, &mut sources);
    let mut has_value = |field, member: usize| says_something(plan, field, Written::Value(members.0[member].1));
    let group = sources.group(&plan.names.layout, &mut has_value);
    let text = |member: usize| match value(members.0[member].1) {
        JsonValue::Text(text) => text.into_owned(),
        _ => members.0[member].1.to_string(),
    };
    match sources.choose(&plan.names.layout, field, group, &mut has_value) {
        Chosen::Nothing => None,
        Chosen::Place(member) => Some(text(member)),
        Chosen::Joined(both) => Some(both.map(text).join(" ")),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::core::judge::plan::FieldOptions;
    use crate::core::judge::{Outcome, Shape, Stamp, Verdicts};
    use crate::core::profile::Profile;
    use crate::core::record::{Block, Extent, Span};
    use crate::core::row::PlainRows;

    fn checker() -> Checker {
        let mut options = FieldOptions::default();
        options.mapping.add("address.city=city").unwrap();
        let plan = Plan::new(Profile::named("contact").unwrap(), &options).unwrap();
        let stamp = Stamp { now: "2025-01-01T00:00:00Z".into(), run: 1, file: 1 };
        let shape = Shape::Json(Box::new(JsonShape::new(&plan, Vec::new()).0));
        Checker::new(Arc::new(plan), shape, stamp, false, 1 << 20)
    }

    fn check(checker: &Checker, records: &[String], first_record: u64) -> Verdicts<PlainRows> {
        let bytes: Vec<u8> = records.concat().into_bytes();
        let mut end = 0;
        let span = |record: &String| {
            let start = end;
            end += record.len() as u32;
            Span { start, end, line: 0, extent: Extent::Record }
        };
        let spans = records.iter().map(span).collect();
        checker.check::<PlainRows>(&Block {
            input: 0,
            bytes,
            spans,
            first_record,
            first_line: 1,
            byte_offset: 0,
            file_bytes: 0,
            stop: None,
        })
    }

    /// What is found out about each record of a block.
    fn found(verdicts: &Verdicts<PlainRows>) -> Vec<(String, String, Vec<u8>)> {
        let found = verdicts.verdicts.iter().map(|verdict| {
            let (row, key) = match &verdict.outcome {
                Outcome::Accepted { row, key, .. } => (
                    format!("{:?}", verdicts.rows.row(row.clone()).collect::<Vec<_>>()),
                    key.as_ref().map(|key| verdicts.key_text(key)).unwrap_or_default(),
                ),
                _ => Default::default(),
            };
            (format!("{:?}", verdicts.findings_of(verdict).iter().collect::<Vec<_>>()), row, key.to_vec())
        });
        found.collect()
    }

    fn records() -> impl Strategy<Value = Vec<String>> {
        let key = prop::sample::select(vec![
            "name",
            "email",
            "description",
            "city",
            "state",
            "NAME",
            "e-mail",
            "first_name",
            "last_name",
            "address",
            "address.city",
            "_reject",
            "unknown",
            "n\\u0061me",
            "odd \\\"key",
            "",
        ]);
        let value = prop::sample::select(vec![
            "\"Ann\"",
            "\"ann@example.com\"",
            "\"Beth Smith\"",
            "null",
            "\"\"",
            "12",
            "1.5",
            "true",
            "{\"city\":\"Rome\"}",
            "{\"city\":\"Rome\",\"city\":1}",
            "[1]",
            "\"O'Brien\"",
            "\"\\u0041nn\"",
            "\"two  spaces\"",
            "\"東京\"",
            "nul",
            "{\"raw\":\"{\\\"name\\\":\\\"Ann\\\"}\"}",
        ]);
        let member = (key, value).prop_map(|(key, value)| format!("\"{key}\":{value}"));
        let some = prop::collection::vec(member, 0..7).prop_map(|members| format!("{{{}}}", members.join(",")));
        let usual = "[A-Z][a-z]{1,5} ?[A-Z]?[a-z]{0,5}".prop_map(|name| {
            format!(
                "{{\"name\":\"{name}\",\"email\":\"a@example.com\",\"description\":\"none at all\",\"state\":null}}"
            )
        });
        prop::collection::vec(prop_oneof![usual, some], 1..12)
    }

    proptest! {
        /// A block's first record always goes the long way.
        #[test]
        fn records_are_judged_alike_by_both_ways(records in records()) {
            let checker = checker();
            let together = check(&checker, &records, 1);
            let alone: Vec<_> = (1..).zip(&records).flat_map(|(number, record)| {
                found(&check(&checker, std::slice::from_ref(record), number))
            }).collect();
            prop_assert_eq!(found(&together), alone);
        }
    }

    #[test]
    fn keys_are_met_in_order_and_once() {
        let records = ["{\"b\":1,\"name\":2}", "{\"name\":2,\"b\":1}", "{\"c\":1,\"c\":1,\"d\":2}", "{\"d\":1,\"b\":"];
        let verdicts = check(&checker(), &records.map(String::from), 1);
        let is_field = |meaning: &Meaning| matches!(meaning, Meaning::Field(_));
        let met: Vec<(&str, bool)> =
            verdicts.met_keys.iter().map(|(key, meaning)| (key.as_str(), is_field(meaning))).collect();
        assert_eq!(met, [("b", false), ("name", true)]);
    }
}
