//! Judges NDJSON records: keys assign their members to fields.
//!
//! Keys are matched like header names; each record may have different ones. What a key means is looked up once per block.
//! Most records have the keys of the previous record in the same order, so members are assigned to fields only when the keys
//! change. A record that is whole in the `_reject` of a reject report is read from there.

use std::borrow::Cow;
use std::collections::HashMap;

use super::draft::{Draft, Original};
use super::json_shape::{JsonShape, MOST_KEYS, MetKeys};
use super::report_line::{Record, parse, parse_members, without_report};
use super::value::{Origin, is_whole};
use super::{plan::Plan, verdicts::BadRecord};
use crate::core::finding::{Problem, excerpt};
use crate::core::profile::{Chosen, Meaning, REPORT_KEY, Role, Sources};
use crate::core::record::json::{JsonValue, Members, ObjectReader, ValueSpan, Written, stop_in_text, value};
use crate::core::row::RowBuilder;
use crate::core::text;

/// The JSON records of a block, with what one record teaches about the next.
pub(super) struct JsonRecords<'c> {
    plan: &'c Plan,
    shape: &'c JsonShape,
    /// The block's known keys; bounded, because a hostile file may have millions.
    keys: Vec<BlockKey>,
    indices: HashMap<String, usize>,
    /// The first key of the previous record.
    first: usize,
    /// The keys of the previous record, in order, and the values of this one.
    order: Vec<usize>,
    values: Vec<ValueSpan>,
    sources: Sources,
    /// Whether `sources` fits the keys of `order`, and whether the block's marks have their layout.
    is_bound: bool,
    is_laid_out: bool,
    /// The keys of the last record that took the long way, if `sources` fits them; and a buffer for those of the next.
    reached: Vec<usize>,
    spare: Vec<usize>,
    /// The number of times that [`JsonRecords::bind`] was called.
    bindings: usize,
}

struct BlockKey {
    name: Box<str>,
    meaning: Meaning,
    role: Role,
    /// As most records write it, with quotes and colon; `None` for a key that needs the long way.
    written: Option<Box<[u8]>>,
    /// The key that followed it the last time.
    next: usize,
    /// The value of `bindings` when it was last bound.
    bound: usize,
}

/// The index of a key beyond [`MOST_KEYS`].
const UNKNOWN: usize = MOST_KEYS;

impl<'c> JsonRecords<'c> {
    pub(super) fn new(plan: &'c Plan, shape: &'c JsonShape) -> JsonRecords<'c> {
        JsonRecords {
            plan,
            shape,
            keys: Vec::new(),
            indices: HashMap::new(),
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
            judge_members(&self.sources, is_tidy, written, plain, draft);
            return Ok(());
        }
        let members = match parse(record).map_err(|bad| without_report(record, bad))? {
            Record::Own(members) => members,
            Record::Raw(text) => {
                let members = parse_members(&text).map_err(BadRecord::into_owned)?;
                return self.judge_others(&text, members, draft).map_err(BadRecord::into_owned);
            }
        };
        self.judge_others(record, members, draft).map_err(|bad| without_report(record, bad))
    }

    /// Finds the values of a record that is well formed and has only known keys, like nearly all. `None` sends it the long
    /// way, which learns new keys and finds errors.
    fn read(&mut self, record: &str) -> Option<()> {
        let mut reader = ObjectReader::new(record)?;
        self.values.clear();
        let mut guess = self.first;
        let mut before: Option<usize> = None;
        while reader.go_to_key()? {
            let guessed = self.keys.get(guess).and_then(|known| known.written.as_ref());
            if !guessed.is_some_and(|written| reader.take_written(written)) {
                guess = *self.indices.get(&*reader.key()?)?;
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
            // A nested object has keys of its own.
            self.values.push(reader.value().filter(|value| !value.is_object(record))?);
            // With more members than known keys, one key is repeated.
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

    fn bind(&mut self) -> bool {
        self.bindings += 1;
        self.is_laid_out = false;
        for key in &self.order {
            if std::mem::replace(&mut self.keys[*key].bound, self.bindings) == self.bindings {
                return false;
            }
        }
        let keys = self.order.iter().map(|key| &self.keys[*key]).enumerate();
        let found = keys.filter_map(|(member, key)| Some((member, key.meaning.field()?, key.role)));
        self.reached.clear();
        self.shape.bind(self.plan, found, &mut self.sources);
        true
    }

    /// How most records write a key; `None` for the report's key and for a key with escapes.
    fn written(key: &str) -> Option<Box<[u8]>> {
        let is_plain = stop_in_text(key.as_bytes(), 0) == key.len();
        (key != REPORT_KEY && is_plain).then(|| format!("\"{key}\":").into_bytes().into())
    }

    fn judge_others<'r, B: RowBuilder>(
        &mut self,
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
        // What a report adds to a record is not one of its values.
        let is_own = |(key, raw): &(Cow<'_, str>, &str)| key != REPORT_KEY && Written::of(raw).is_filled();
        draft.out.marks.begin(members.0.iter().map(is_own));
        let plain = |member: usize| plain(written(member as u32)).map(|text| (text.as_bytes(), text.len()));
        judge_members(&self.sources, false, written, plain, draft);
        Ok(())
    }

    /// Finds which members may fill which fields, unless the previous record had the same keys.
    fn bind_reached<B: RowBuilder>(&mut self, members: &Members<'_>, draft: &mut Draft<'_, B>) {
        let mut reached = std::mem::take(&mut self.spare);
        reached.clear();
        let mut found = Vec::new();
        for (index, (key, _)) in members.0.iter().enumerate() {
            let (meaning, role, known) = self.look_up(key);
            reached.push(known);
            found.extend(meaning.field().map(|of| (index, of, role)));
        }
        if reached.is_empty() || reached.contains(&UNKNOWN) || reached != self.reached {
            self.is_bound = false;
            self.shape.bind(self.plan, found.into_iter(), &mut self.sources);
            lay_out(&self.sources, reached.iter().map(|known| *known as u32), draft);
        }
        self.spare = std::mem::replace(&mut self.reached, reached);
    }

    fn look_up(&mut self, key: &str) -> (Meaning, Role, usize) {
        if let Some(index) = self.indices.get(key) {
            let known = &self.keys[*index];
            return (known.meaning, known.role, *index);
        }
        let (meaning, role) = (self.shape.meaning_of(self.plan, key), Role::of(key));
        let index = self.keys.len();
        if index >= MOST_KEYS {
            return (meaning, role, UNKNOWN);
        }
        self.indices.insert(key.to_string(), index);
        let written = Self::written(key);
        self.keys.push(BlockKey { name: key.into(), meaning, role, written, next: index + 1, bound: 0 });
        (meaning, role, index)
    }
}

fn lay_out<B: RowBuilder>(sources: &Sources, slots: impl ExactSizeIterator<Item = u32>, draft: &mut Draft<'_, B>) {
    let is_candidate = sources.candidates(slots.len());
    draft.out.marks.begin_layout(slots.zip(is_candidate).map(|(slot, is_candidate)| (slot, !is_candidate)));
}

/// Judges the values that fill the fields. `written` returns a member's value. `plain` returns the text that it is judged as,
/// if the record has this text verbatim: the bytes from there on, and its length.
fn judge_members<'v, B: RowBuilder>(
    sources: &Sources,
    is_tidy: bool,
    written: impl Fn(u32) -> Written<'v>,
    plain: impl Fn(usize) -> Option<(&'v [u8], usize)>,
    draft: &mut Draft<'_, B>,
) {
    let plan = draft.judge.plan;
    let mut has_value = |field, member: usize| has_value(plan, field, written(member as u32));
    let group = draft.judge.group(sources, &mut has_value);
    for (field, single) in sources.singles().iter().enumerate() {
        let origin = |member: usize| Origin { field, column: None, order: member as u32 };
        let chosen = match *single {
            Some(member) => Chosen::One(member),
            None if plan.fields[field].may_lack && sources.lack(field) => {
                draft.push_absent(field);
                continue;
            }
            None if sources.lack(field) => Chosen::Nothing,
            None => draft.choose(sources, field, group, &mut has_value),
        };
        if let Some(member) = chosen.single()
            && let Some((source, length)) = plain(member)
            && (is_tidy || text::is_tidy(&source[..length]))
            && draft.push_quick((field, member), source, length)
        {
            continue;
        }
        let text = |member: usize| text_of(written(member as u32));
        let stored = match chosen {
            Chosen::Nothing => draft.judge.missing(Origin { field, column: None, order: u32::MAX }, None),
            Chosen::One(member) => {
                let stored = draft.judge.written(origin(member), written(member as u32));
                draft.note_outcome(field, member, &text(member), &stored);
                stored
            }
            Chosen::Joined(members) => {
                let texts = members.iter().map(|member| joinable(written(member as u32)).ok_or(member));
                let stored = match texts.collect::<Result<Vec<_>, _>>() {
                    Ok(texts) => {
                        let first = chosen.first().unwrap_or_default();
                        let texts: Vec<_> = texts.iter().map(|text| &**text).collect();
                        draft.judge.parts(origin(first), &texts, members.is_whole())
                    }
                    // A part that cannot be joined is not a text, and is judged alone.
                    Err(member) => draft.judge.written(origin(member), written(member as u32)),
                };
                let cells: Vec<_> = members.iter().map(|member| (member, text(member))).collect();
                draft.note_outcome_of_several(field, &cells, &stored);
                stored
            }
        };
        draft.push(field, stored);
    }
    draft.check_key(|field| original_of(plan, sources, &written, field));
}

fn has_value(plan: &Plan, field: usize, written: Written<'_>) -> bool {
    match written.value() {
        JsonValue::Null => false,
        JsonValue::Text(text) => plan.has_value(field, &text),
        _ => true,
    }
}

/// The text of a part of a field; `None` if it is not a text.
fn joinable(written: Written<'_>) -> Option<Cow<'_, str>> {
    match written.value() {
        JsonValue::Text(text) => Some(text),
        _ => plain(written).map(Cow::Borrowed),
    }
}

/// The text that a value is judged as, if the record has this text verbatim.
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

pub(super) fn original(plan: &Plan, shape: &JsonShape, record: &str, field: usize) -> Option<Original> {
    let record = match parse(record).ok()? {
        Record::Own(_) => Cow::Borrowed(record),
        Record::Raw(text) => Cow::Owned(text),
    };
    let members = parse_members(&record).ok()?.reach(&shape.names(plan)).ok()?;
    let keys = members.0.iter().map(|(key, _)| key).enumerate();
    let found = keys.filter_map(|(index, key)| Some((index, shape.meaning_of(plan, key).field()?, Role::of(key))));
    let mut sources = Sources::default();
    shape.bind(plan, found, &mut sources);
    original_of(plan, &sources, |member| Written::Value(members.0[member as usize].1), field)
}

fn original_of<'v>(
    plan: &Plan,
    sources: &Sources,
    written: impl Fn(u32) -> Written<'v>,
    field: usize,
) -> Option<Original> {
    let mut has_value = |field, member: usize| has_value(plan, field, written(member as u32));
    let group = sources.group(&plan.names.layout, &mut has_value);
    let text = |member: usize| text_of(written(member as u32)).into_owned();
    let text = match sources.choose(&plan.names.layout, field, group, &mut has_value) {
        Chosen::Nothing => return None,
        Chosen::One(member) => text(member),
        Chosen::Joined(members) => members.iter().map(text).collect::<Vec<_>>().join(&plan.fields[field].join),
    };
    Some(Original { column: None, text })
}

/// A member's value as text: a text unescaped, anything else as it is written.
fn text_of(written: Written<'_>) -> Cow<'_, str> {
    match written {
        Written::PlainText(text) => Cow::Borrowed(text),
        Written::Value(raw) => match value(raw) {
            JsonValue::Text(text) => text,
            _ => Cow::Borrowed(raw),
        },
    }
}

#[cfg(test)]
mod tests;
