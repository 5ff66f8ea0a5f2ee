//! Judging one value: [`Judge`] normalises it by its field's plan and finds what is wrong with it.
//!
//! The order is: Unicode and white space, missing values, the field's own normalisation, default, required, length,
//! characters and form. A value may have several findings; all are noted.
//!
//! The quick path ([`Judge::quick`]) is for ordinary values: it reads a value's bytes once and writes what is stored straight
//! into the row. It must store what the full path would; a test compares both on random values.

use std::borrow::Cow;

use super::parents::RecordParent;
use super::plan::{Content, Plan};
use super::{field_plan::Rewritten, verdicts::Touched};
use crate::core::finding::{FindingList, Problem, excerpt};
use crate::core::mode::{Empty, OnInvalid};
use crate::core::record::json::{self, JsonKind, JsonValue, Written};
use crate::core::text::{self, sheet::without_guards};
use crate::core::types::choices::some_of;
use crate::core::types::definition::{Memory, Parsed, Quick, Refusal, Stored};
use crate::core::{profile::FieldSet, row::RowBuilder};

pub(super) struct Judge<'p> {
    pub(super) plan: &'p Plan,
    pub(super) findings: FindingList,
    pub(super) repaired: Vec<u64>,
    pub(super) deprecated: Vec<u64>,
    pub(super) memory: Memory,
    /// The fields that have a column but no value.
    pub(super) empty: FieldSet,
    /// Those that have no column, or whose value was cleared as invalid.
    pub(super) absent: FieldSet,
    /// Those without a value, which the record needs to create a customer.
    pub(super) lacking: FieldSet,
    /// Those whose stored values the record replaces, even by NULL.
    pub(super) replaced: FieldSet,
    /// Those whose value was invalid and is stored as missing.
    pub(super) cleared: FieldSet,
    /// The checks that the customer which the record would create fails: a bit for each.
    pub(super) fails_if_new: u64,
    /// What is known of the record's parent.
    pub(super) parent: RecordParent<'p>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    pub(super) field: usize,
    /// The 1-based column, if the input has columns.
    pub(super) column: Option<u32>,
    /// The position in the record, for the order of the findings.
    pub(super) order: u32,
}

/// What a field that keeps invalid values stores.
pub(super) struct Kept<'v, 'j> {
    pub(super) value: Cow<'v, str>,
    /// What was judged, if that is another text.
    pub(super) judged: Option<&'j str>,
}

impl<'v> Kept<'v, '_> {
    pub(super) fn unchanged(value: Cow<'v, str>) -> Self {
        Kept { value, judged: None }
    }
}

impl<'p> Judge<'p> {
    pub(super) fn new(plan: &'p Plan) -> Judge<'p> {
        let fields = plan.fields.len();
        Judge {
            plan,
            findings: FindingList::default(),
            repaired: vec![0; fields],
            deprecated: vec![0; fields],
            memory: Memory::default(),
            empty: FieldSet::default(),
            absent: FieldSet::default(),
            lacking: FieldSet::default(),
            replaced: FieldSet::default(),
            cleared: FieldSet::default(),
            fails_if_new: 0,
            parent: RecordParent::default(),
        }
    }

    pub(super) fn begin(&mut self) {
        self.findings.clear();
        (self.empty, self.absent, self.lacking, self.replaced, self.cleared) = Default::default();
        self.fails_if_new = 0;
    }

    pub(super) fn touched(&mut self) -> Touched {
        self.follow_parent();
        let missing = self.empty.or(&self.absent);
        // What a replaced address had and the new one lacks. Cleared fields are left out: they had a value.
        let replaced_by_nothing = missing.and(&self.replaced).and(&self.cleared.complement());
        Touched {
            given: missing.complement(),
            cleared: self.empty.and(&self.plan.clearable).or(&replaced_by_nothing),
            lacking: self.lacking,
            fails_if_new: self.fails_if_new,
        }
    }

    pub(super) fn has_error(&self) -> bool {
        self.findings.all().has_error()
    }

    pub(super) fn text<'v>(&mut self, origin: Origin, raw: &'v str) -> Stored<'v> {
        match text::clean(raw) {
            Ok(cleaned) => self.cleaned(origin, raw, cleaned),
            Err(control) => {
                let problem =
                    Problem::ControlCharacter { character: control.character, position: Some(control.position) };
                let suggestion = as_windows_1252(control.character, raw);
                self.refuse(origin, Some(raw), None, [Refusal { suggestion, ..Refusal::new(problem) }])
            }
        }
    }

    fn cleaned<'v>(&mut self, origin: Origin, raw: &'v str, cleaned: Cow<'v, str>) -> Stored<'v> {
        let plan = &self.plan.fields[origin.field];
        let mut value = without_guards(cleaned, plan.guard);
        let replacement = plan.replacement(&value);
        match self.plan.content(origin.field, &value) {
            // Who replaces a word does not mean it as a word for nothing.
            _ if replacement.is_some() => {}
            Content::Value => {}
            Content::Missing => return self.missing(origin, Some(raw)),
            Content::NullWord => {
                self.warn(origin, raw, Problem::NullWord { found: excerpt(&value) });
                return self.missing(origin, Some(raw));
            }
            Content::CellError => return self.cell_error(origin, raw, &value),
        }
        if let Some(replacement) = replacement {
            value = Cow::Owned(replacement.clone());
        } else if plan.listed.as_ref().is_some_and(|listed| !listed.contains(&*value)) {
            let listed = some_of(plan.values.keys());
            let problem = Problem::NotListed { found: excerpt(&value).to_string(), listed };
            return self.refuse(origin, Some(raw), Some(Kept::unchanged(value)), [Refusal::new(problem)]);
        }
        if let Some(case) = plan.case {
            value = case.apply(value);
        }
        if value.is_empty() {
            return self.missing(origin, Some(raw));
        }
        if plan.deprecated {
            self.deprecated[origin.field] += 1;
        }
        if let Rewritten::Refused { relaxable } = plan.rewritten
            && plan.kind.is_rewritten(&value)
        {
            let relaxable = relaxable && plan.limits.allow_length(value.as_bytes());
            let refusal = Refusal { relaxable, ..Refusal::new(Problem::SpreadsheetNumber { json: None }) };
            return self.refuse(origin, Some(raw), Some(Kept::unchanged(value)), [refusal]);
        }
        let kept = (plan.on_invalid == OnInvalid::Keep).then(|| value.clone());
        let parsed = plan.kind.parse(value, &plan.limits);
        self.parsed(origin, raw, kept, parsed)
    }

    /// Stores what the field's type has made of a value, or `kept` if it is invalid and the field keeps invalid values.
    fn parsed<'v>(
        &mut self,
        origin: Origin,
        raw: &str,
        kept: Option<Cow<'v, str>>,
        mut parsed: Parsed<'v>,
    ) -> Stored<'v> {
        if let Some(pattern) = &self.plan.fields[origin.field].pattern {
            pattern.check(&mut parsed);
        }
        let Parsed { stored, is_repaired, warning, refusals } = parsed;
        if let Some(problem) = warning {
            self.warn(origin, raw, problem.map(|text| text.as_str()));
        }
        // A kept value is stored unrepaired.
        if refusals.is_empty() || kept.is_none() {
            self.repaired[origin.field] += u64::from(is_repaired);
        }
        match stored {
            Stored::Missing if refusals.is_empty() => self.missing(origin, Some(raw)),
            stored if refusals.is_empty() => self.look_up_parent(origin, raw, stored),
            stored => {
                let kept = kept.map(|value| match &stored {
                    Stored::Text(judged) if *judged != value => Kept { value, judged: Some(excerpt(judged)) },
                    _ => Kept::unchanged(value),
                });
                self.refuse(origin, Some(raw), kept, refusals)
            }
        }
    }

    /// Judges a value that comes in parts, which are joined. Missing parts are left out. `is_whole` says whether the record has
    /// all of them, empty or not.
    pub(super) fn parts(&mut self, origin: Origin, parts: &[&str], is_whole: bool) -> Stored<'static> {
        let plan = &self.plan.fields[origin.field];
        let (mut raw, mut value) = (Vec::new(), Vec::new());
        for part in parts {
            let Ok(cleaned) = text::clean(part) else { return self.text(origin, &parts.join(&plan.join)).into_owned() };
            let cleaned = without_guards(cleaned, plan.guard);
            match self.plan.content(origin.field, &cleaned) {
                Content::Missing | Content::NullWord => {}
                Content::CellError => return self.cell_error(origin, part, &cleaned),
                Content::Value => {
                    raw.push(*part);
                    value.push(cleaned);
                }
            }
        }
        let has_all = is_whole && (value.len() == parts.len() || self.plan.empty == Empty::Clear);
        let stored = self.cleaned(origin, &raw.join(&plan.join), Cow::Owned(value.join(&plan.join))).into_owned();
        if !has_all && self.plan.mode.changes() && !self.replaced.has(origin.field) {
            // An existing customer keeps its value, which may have what is not said here.
            self.absent.insert(origin.field);
            self.empty = self.empty.and(&FieldSet::from_iter([origin.field]).complement());
        }
        stored
    }

    /// Judges a JSON value, as it is written in the record.
    pub(super) fn written<'v>(&mut self, origin: Origin, written: Written<'v>) -> Stored<'v> {
        match written {
            Written::PlainText(text) => self.text(origin, text),
            Written::Value(raw) => self.json(origin, raw),
        }
    }

    pub(super) fn json<'v>(&mut self, origin: Origin, raw: &'v str) -> Stored<'v> {
        let plan = &self.plan.fields[origin.field];
        let value = json::value(raw);
        if let Some(parsed) = plan.kind.parse_json(&value, &plan.limits) {
            let kept = if let Stored::Text(text) = &parsed.stored { Some(text.clone()) } else { None };
            return self.parsed(origin, raw, kept, parsed);
        }
        let wrong = |found| Problem::WrongType { found, wanted: plan.kind.facts().json };
        let problem = match value {
            JsonValue::Null => return self.missing(origin, Some(raw)),
            JsonValue::Text(Cow::Borrowed(text)) => return self.text(origin, text),
            JsonValue::Text(Cow::Owned(text)) => return self.text(origin, &text).into_owned(),
            JsonValue::Bool(_) => wrong(JsonKind::Bool),
            JsonValue::Number(number) if is_whole(number) => return self.text(origin, number),
            JsonValue::Number(number) => match plan.rewritten {
                Rewritten::Text => return self.text(origin, number),
                Rewritten::Number => wrong(JsonKind::Number),
                Rewritten::Refused { relaxable } => {
                    let relaxable = relaxable && plan.limits.allow_length(number.as_bytes());
                    let problem = Problem::SpreadsheetNumber { json: Some(number.to_string()) };
                    let kept = Some(Kept::unchanged(Cow::Borrowed(number)));
                    return self.refuse(origin, Some(raw), kept, [Refusal { relaxable, ..Refusal::new(problem) }]);
                }
            },
            JsonValue::Array(_) => Problem::Nested { found: JsonKind::Array },
            JsonValue::Object => Problem::Nested { found: JsonKind::Object },
        };
        self.refuse(origin, Some(raw), None, [Refusal::new(problem)])
    }
}

/// What a value was before it was converted wrongly from windows-1252, if this control character suggests that.
fn as_windows_1252(control: char, value: &str) -> Option<String> {
    text::windows_1252(control)?;
    let value: String = value.chars().map(|character| text::windows_1252(character).unwrap_or(character)).collect();
    Some(value.trim().to_string())
}

pub(super) fn is_whole(number: &str) -> bool {
    !number.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E'))
}

/// A trimmed, tidy value, with what follows it in the block.
#[derive(Clone, Copy)]
pub(super) struct Tidy<'v> {
    pub(super) source: &'v [u8],
    pub(super) length: usize,
}

impl<'v> Tidy<'v> {
    pub(super) fn bytes(self) -> &'v [u8] {
        &self.source[..self.length]
    }
}

impl Judge<'_> {
    /// Judges a value and adds what is stored, or NULL, to `rows`; nothing if it is undecided.
    // This runs for every cell, and a call would cost about as much as its work.
    #[inline(always)]
    pub(super) fn quick(&mut self, field: usize, tidy: Tidy<'_>, rows: &mut impl RowBuilder) -> Quick {
        let done = self.decide(field, tidy.bytes(), rows);
        match done {
            Quick::Undecided | Quick::Pushed(_) => {}
            Quick::Missing => rows.push_null(),
            Quick::Same => rows.push_prefix(tidy.source, tidy.length),
            Quick::Normalised(length) => rows.push_written(length),
            Quick::Repaired(length) => {
                self.repaired[field] += 1;
                rows.push_written(length);
            }
        }
        done
    }

    /// Decides what is stored. A normalised value is written to the spare space of `rows`.
    #[inline(always)]
    fn decide(&mut self, field: usize, value: &[u8], rows: &mut impl RowBuilder) -> Quick {
        let plan = &self.plan.fields[field];
        let Some(&first) = value.first() else {
            // Only the full path reports a missing value.
            if !plan.may_lack {
                return Quick::Undecided;
            }
            self.empty.insert(field);
            return Quick::Missing;
        };
        // `\\N`, guards and spreadsheet errors take the full path.
        if !plan.is_quick || matches!(first, b'\\' | b'\'' | b'=' | b'#') {
            return Quick::Undecided;
        }
        plan.kind.quick(value, &plan.limits, &mut self.memory, rows)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
