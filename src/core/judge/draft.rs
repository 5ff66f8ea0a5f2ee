//! [`Draft`] builds the row and the key of the record that is being judged, and collects a block's [`Verdicts`].

use std::borrow::Cow;
use std::ops::Range;

use super::checks::{Noted, RuleValues};
use super::field_plan::{FieldPlan, KeyPlan, LinkPart};
use super::parents::Parents;
use super::value::{Judge, Tidy};
use super::verdicts::{BadRecord, Outcome, Verdicts};
use super::{marks::Marks, plan::Plan};
use crate::core::finding::{Code, Finding, Handling, Problem, Severity};
use crate::core::profile::{Chosen, HasValue, Role, Sources};
use crate::core::record::{Block, CellOutcome};
use crate::core::row::{RowBuilder, Value};
use crate::core::text;
use crate::core::text::key::{self, KeyComparison, SEPARATOR};
use crate::core::types::definition::{Quick, Stored};
use crate::core::types::postal_code::LostZero;

pub(super) struct Draft<'b, B: RowBuilder> {
    pub(super) judge: Judge<'b>,
    pub(super) out: Verdicts<B::Rows>,
    rows: B,
    wants_stored_key: bool,
    /// The parts of a key of several columns, until it is whole; empty for a key of one.
    parts: Vec<KeyText>,
    /// The key, if the record has one, and as it is stored.
    key: Option<Range<u32>>,
    stored_key: Range<u32>,
    first_key: usize,
    lost_zero: LostZero,
    /// What the profile's checks read, if it has any.
    rule_values: Option<RuleValues>,
    /// Whether the checks judge the record as a new customer, also in a run that changes customers.
    is_new: bool,
    pub(super) parents: Parents<'b>,
}

/// A part of a key, as it is compared and as it is stored.
#[derive(Clone, Debug, Default)]
struct KeyText {
    folded: String,
    stored: String,
}

impl KeyText {
    fn clear(&mut self) {
        self.folded.clear();
        self.stored.clear();
    }
}

/// The number of a row's columns besides the profile's and the common ones: the record's number.
const OWN_COLUMNS: usize = 1;

/// Roughly how much longer a row is than its record, in bytes.
const BYTES_MORE: usize = 64;

/// A typical length of a key, in bytes.
const KEY: usize = 32;

impl<'b, B: RowBuilder> Draft<'b, B> {
    /// A draft for the records of a block. Every row ends with the values of `common`.
    pub(super) fn new(
        plan: &'b Plan,
        block: &Block,
        common: &[Value<'_>],
        wants_stored_key: bool,
        parents: Parents<'b>,
    ) -> Draft<'b, B> {
        let spans = block.spans.len();
        let columns = plan.fields.len() + common.len() + OWN_COLUMNS;
        let mut out = Verdicts { marks: Marks::with_room(spans), ..Verdicts::default() };
        out.verdicts.reserve(spans);
        out.keys.reserve(KEY * spans);
        let parts = plan.key.as_ref().map_or(0, |key| key.parts.len());
        Draft {
            judge: Judge::new(plan),
            parts: vec![KeyText::default(); if parts > 1 { parts } else { 0 }],
            out,
            rows: B::new(columns, block.bytes.len() + spans * BYTES_MORE, common),
            wants_stored_key,
            key: None,
            stored_key: 0..0,
            first_key: 0,
            lost_zero: LostZero::default(),
            parents,
            rule_values: RuleValues::new(plan),
            is_new: !plan.mode.changes(),
        }
    }

    /// The same for records that create customers, whatever the run's mode.
    pub(super) fn of_new_customers(self) -> Self {
        Draft { is_new: true, ..self }
    }

    /// Begins the record at an index of the block, without blank lines.
    pub(super) fn begin(&mut self, index: usize) {
        self.judge.begin();
        self.begin_parent(index);
        self.rows.begin();
        self.key = None;
        self.stored_key = 0..0;
        self.parts.iter_mut().for_each(KeyText::clear);
        self.first_key = self.out.keys.len();
        self.lost_zero = LostZero::default();
    }

    pub(super) fn reject(&mut self, bad: BadRecord<'_>) -> Outcome {
        self.out.keys.truncate(self.first_key);
        bad.note(&mut self.out.findings);
        Outcome::Rejected
    }

    pub(super) fn finish(&mut self, number: u64) -> Outcome {
        // A record that is rejected already has no value for each field.
        if let Some(values) = self.rule_values.as_ref().filter(|_| !self.judge.has_error()) {
            values.judge(&mut self.judge, &self.rows, self.is_new);
        }
        let is_rejected = self.judge.has_error();
        if !self.judge.findings.is_empty() {
            self.judge.findings.sort();
            self.out.findings.append(self.judge.findings.all());
        }
        if is_rejected {
            self.out.keys.truncate(self.first_key);
            return Outcome::Rejected;
        }
        if self.lost_zero.is_likely(&self.rows) {
            self.out.short_zips.push(self.out.verdicts.len() as u32);
        }
        self.rows.push_common();
        self.rows.push_integer(number as i64);
        let row = self.rows.finish();
        let stored_key = self.stored_key.clone();
        Outcome::Accepted { row: row.start as u32..row.end as u32, key: self.key.take(), stored_key }
    }

    pub(super) fn into_verdicts(mut self) -> Verdicts<B::Rows> {
        self.out.rows = self.rows.into_rows();
        self.out.repaired = self.judge.repaired;
        self.out.deprecated = self.judge.deprecated;
        self.out
    }

    /// Adds NULL for the next field, for which the record has no column or member, and which needs no value.
    #[inline]
    pub(super) fn push_absent(&mut self, field: usize) {
        self.judge.absent.insert(field);
        self.rows.push_null();
        if self.judge.plan.fields[field].check_slot.is_some() {
            self.watch(field, Noted::Missing);
        }
    }

    pub(super) fn push(&mut self, field: usize, stored: Stored<'_>) {
        let stored = self.with_parent(field, stored);
        if let Some(comparison) = self.judge.plan.fields[field].key_part {
            match &stored {
                Stored::Missing => {}
                Stored::Text(text) => self.note_key(field, text, comparison),
                Stored::Integer(number) => self.note_key(field, &number.to_string(), comparison),
                Stored::Real(number) => self.note_key(field, &number.to_string(), comparison),
            }
        }
        let start = self.rows.position();
        match &stored {
            Stored::Missing => self.rows.push_null(),
            Stored::Text(text) => self.rows.push_text(text.as_bytes()),
            Stored::Integer(number) => self.rows.push_integer(*number),
            Stored::Real(number) => self.rows.push_real(*number),
        }
        if self.judge.plan.fields[field].is_watched {
            self.watch(field, Noted::of(&stored, start..self.rows.position()));
        }
    }

    /// Adds the next field's value to the row by the quick path, and notes the key. `false` if it needs the full path.
    /// `from` is the field and the index of its cell or member. The value is the first `length` bytes of `source` and tidy.
    #[inline(always)]
    pub(super) fn push_quick(&mut self, from: (usize, usize), source: &[u8], length: usize) -> bool {
        let (field, index) = from;
        let plan = &self.judge.plan.fields[field];
        let clean = text::clean_range(&source[..length]);
        let tidy = Tidy { source: &source[clean.start..], length: clean.len() };
        if plan.is_noted && !self.can_note_quick(plan) {
            return false;
        }
        let start = self.rows.position();
        let done = self.judge.quick(field, tidy, &mut self.rows);
        let outcome = match done {
            Quick::Undecided => return false,
            Quick::Missing => None,
            Quick::Same | Quick::Pushed(true) if tidy.length == length => Some(CellOutcome::Stored),
            _ => Some(CellOutcome::Normalised),
        };
        if let Some(outcome) = outcome {
            self.out.marks.note_quick(index, outcome);
        }
        if plan.is_noted && tidy.length > 0 {
            self.note_quick(field, tidy);
        }
        if plan.is_watched {
            let written = start..self.rows.position();
            self.watch(field, if done == Quick::Missing { Noted::Missing } else { Noted::Text(written) });
        }
        true
    }

    /// Whether what the quick path stores in a field can be noted.
    fn can_note_quick(&self, plan: &FieldPlan) -> bool {
        let must_be_unchanged = match (plan.link, self.parents) {
            _ if plan.key_part.is_some() => true,
            (Some(LinkPart::Referring), _) if !self.judge.parent.is_found_or_none() => return false,
            (Some(_), Parents::Asked(_)) => true,
            _ => false,
        };
        plan.is_unchanged || !must_be_unchanged
    }

    /// Notes a key or link that the quick path has stored.
    fn note_quick(&mut self, field: usize, tidy: Tidy<'_>) {
        let plan = &self.judge.plan.fields[field];
        if let Some(comparison) = plan.key_part {
            self.note_quick_key(field, tidy, comparison);
        }
        if let (Some(link), Parents::Asked(_)) = (plan.link, self.parents)
            && let Ok(text) = str::from_utf8(tidy.bytes())
        {
            self.out.links.note(link, text);
        }
    }

    /// Notes what is stored of a field whose values matter later.
    fn watch(&mut self, field: usize, noted: Noted) {
        let plan = &self.judge.plan.fields[field];
        if let (Some(part), Noted::Text(written)) = (plan.address_part, &noted) {
            self.lost_zero.note(part, written.clone(), &self.rows);
        }
        if let (Some(slot), Some(values)) = (plan.check_slot, &mut self.rule_values) {
            values.note(slot, noted);
        }
    }

    fn note_quick_key(&mut self, field: usize, stored: Tidy<'_>, comparison: KeyComparison) {
        let bytes = stored.bytes();
        let may_shortcut = self.judge.plan.fields[field].kind.facts().has_quick_keys;
        let is_folded = may_shortcut && !bytes.iter().fold(false, |found, byte| found | byte.is_ascii_uppercase());
        if is_folded && comparison == KeyComparison::Text && !self.wants_stored_key && self.parts.is_empty() {
            let start = self.out.keys.len() as u32;
            self.out.keys.extend_from_slice(bytes);
            self.key = Some(start..self.out.keys.len() as u32);
        } else if let Ok(text) = std::str::from_utf8(bytes) {
            self.note_key(field, text, comparison);
        }
    }

    fn note_key(&mut self, field: usize, text: &str, comparison: KeyComparison) {
        if !self.parts.is_empty() {
            return self.note_part(field, text, comparison);
        }
        let keys = &mut self.out.keys;
        let mut push = |text: &str| {
            let start = keys.len() as u32;
            keys.extend_from_slice(text.as_bytes());
            start..keys.len() as u32
        };
        self.key = key::fold(text, comparison).map(|folded| push(&folded));
        if self.wants_stored_key {
            self.stored_key = push(text);
        }
    }

    fn note_part(&mut self, field: usize, text: &str, comparison: KeyComparison) {
        let at = self.judge.plan.key.as_ref().and_then(|key| key.fields().position(|part| part == field));
        let Some(part) = at.and_then(|at| self.parts.get_mut(at)) else { return };
        if let Some(folded) = key::fold(text, comparison) {
            part.folded.push_str(&folded);
        }
        if self.wants_stored_key {
            part.stored.push_str(text);
        }
    }

    /// Joins the parts of a key of several columns.
    fn join_key(&mut self) {
        let keys = &mut self.out.keys;
        let mut push = |text: fn(&KeyText) -> &str, separator: &str| {
            let start = keys.len() as u32;
            for (index, part) in self.parts.iter().enumerate() {
                keys.extend_from_slice(if index > 0 { separator.as_bytes() } else { b"" });
                keys.extend_from_slice(text(part).as_bytes());
            }
            start..keys.len() as u32
        };
        if self.parts.iter().any(|part| !part.folded.is_empty()) {
            self.key = Some(push(|part| &part.folded, SEPARATOR.encode_utf8(&mut [0; 4])));
        }
        if self.parts.iter().any(|part| !part.stored.is_empty()) {
            self.stored_key = push(|part| &part.stored, ", ");
        }
    }

    /// Completes the key. Adds a finding if the run changes customers and the record has none; a wrong key has one already.
    #[inline(never)] // as `judge_field`
    pub(super) fn check_key(&mut self, original: impl Fn(usize) -> Option<Original>) {
        if !self.parts.is_empty() {
            self.join_key();
        }
        let plan = self.judge.plan;
        let Some(key) = plan.key.as_ref().filter(|_| self.key.is_none() && plan.mode.changes()) else { return };
        let is_wrong = |(code, severity, field): (Code, Severity, Option<u16>)| {
            let is_part = field.is_some_and(|field| key.has(field.into()));
            is_part && severity == Severity::Error && code != Code::Required
        };
        if self.judge.findings.all().kinds().any(is_wrong) {
            return;
        }
        let original = Original::of_key(key, original);
        let column = original.as_ref().and_then(|original| original.column);
        let finding = Original::rejected(original.as_ref(), key.parts[0].field, Problem::NoKey);
        self.judge.findings.push(column.unwrap_or(u32::MAX), &finding);
    }

    /// Notes what becomes of the cell that a field was judged from. `raw` is the cell's text.
    pub(super) fn note_outcome(&mut self, field: usize, index: usize, raw: &str, stored: &Stored<'_>) {
        if self.out.marks.is_filled(index) {
            self.out.marks.note(index, self.outcome(field, raw, stored));
        }
    }

    /// The same for cells whose texts were judged as one.
    pub(super) fn note_outcome_of_several(
        &mut self,
        field: usize,
        cells: &[(usize, Cow<'_, str>)],
        stored: &Stored<'_>,
    ) {
        let plan = self.judge.plan;
        let has_value = |raw: &str| plan.has_value(field, raw);
        let with_value: Vec<&str> = cells.iter().map(|(_, raw)| &**raw).filter(|raw| has_value(raw)).collect();
        let whole = with_value.join(&plan.fields[field].join);
        let outcome = self.outcome(field, &whole, stored);
        for (index, raw) in cells {
            if self.out.marks.is_filled(*index) {
                self.out.marks.note(*index, if has_value(raw) { outcome } else { CellOutcome::Missing });
            }
        }
    }

    fn outcome(&self, field: usize, raw: &str, stored: &Stored<'_>) -> CellOutcome {
        // The cell that names the parent is not the one that its ID replaces.
        let names_parent = self.judge.plan.fields[field].link == Some(LinkPart::Referring);
        if !names_parent && self.judge.parent.replaces(self.judge.plan.parents, field) && *stored != Stored::Missing {
            return CellOutcome::Unused;
        }
        let is_same = match stored {
            Stored::Missing => false,
            Stored::Text(text) => text == raw,
            Stored::Integer(number) => number.to_string() == raw,
            Stored::Real(number) => number.to_string() == raw,
        };
        if self.judge.cleared.has(field) {
            CellOutcome::Cleared
        } else if self.judge.empty.has(field) {
            CellOutcome::Missing
        } else if is_same {
            CellOutcome::Stored
        } else {
            CellOutcome::Normalised
        }
    }

    /// Chooses among a field's candidates, and notes what becomes of the others. `group` is where the address comes from.
    pub(super) fn choose(
        &mut self,
        sources: &Sources,
        field: usize,
        group: Option<Role>,
        has_value: &mut HasValue<'_>,
    ) -> Chosen {
        let chosen = sources.choose(&self.judge.plan.names.layout, field, group, has_value);
        let taken = chosen.indices();
        for index in sources.indices(field).filter(|index| !taken.iter().any(|taken| taken == *index)) {
            if self.out.marks.is_filled(index) {
                let outcome = if has_value(field, index) { CellOutcome::Unused } else { CellOutcome::Missing };
                self.out.marks.note(index, outcome);
            }
        }
        chosen
    }
}

/// A field's value as it is in the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Original {
    /// The 0-based column, if there are columns.
    pub column: Option<u32>,
    pub text: String,
}

impl Original {
    /// A key as it is in the record: the values of its parts, with commas between them.
    pub(super) fn of_key(key: &KeyPlan, of: impl Fn(usize) -> Option<Original>) -> Option<Original> {
        let parts: Vec<Option<Original>> = key.fields().map(of).collect();
        let column = parts.iter().flatten().find_map(|part| part.column);
        let texts: Vec<&str> = parts.iter().map(|part| part.as_ref().map_or("", |part| &part.text)).collect();
        parts.iter().any(Option::is_some).then(|| Original { column, text: texts.join(", ") })
    }

    /// A finding about a field's value, if it has one, that costs the record.
    pub fn rejected<'o>(value: Option<&'o Original>, field: usize, problem: Problem<&'o str>) -> Finding<'o> {
        Finding {
            problem,
            handling: Handling::Rejected(None),
            field: Some(field as u16),
            column: value.and_then(|value| value.column).map(|column| column + 1),
            value: value.map(|value| value.text.as_str()),
            suggestion: None,
            raw: None,
        }
    }
}

impl Judge<'_> {
    /// The group that the record's address comes from. It replaces the customer's whole address.
    pub(super) fn group(&mut self, sources: &Sources, has_value: &mut HasValue<'_>) -> Option<Role> {
        let group = sources.group(&self.plan.names.layout, has_value);
        if group.is_some() {
            sources.address_fields().for_each(|field| self.replaced.insert(field));
        }
        group
    }
}
