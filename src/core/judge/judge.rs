//! Judging one value: [`Judge`] normalises it by its field's plan and says what is wrong with it.
//!
//! The order is SPEC's (section 3): Unicode and white space, missing, the field's own normalisation, default, required,
//! length, characters and form. A value may have several findings; all are noted.

use std::borrow::Cow;

use super::Touched;
use super::plan::{FieldPlan, OnInvalid, Plan, Rewritten, Said, without_guards};
use super::refuse::{Kept, Refusal};
use crate::core::finding::{FindingList, Problem, TextKind, Wanted, excerpt};
use crate::core::profile::FieldSet;
use crate::core::record::json::{self, JsonKind, JsonValue};
use crate::core::text::{self, sheet};
use crate::core::types::memory::Memory;
use crate::core::types::{FieldType, choice, country, email, flag, integer, list, mend, phone, repair, state};

/// What is stored for a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stored<'v> {
    Missing,
    Text(Cow<'v, str>),
    Integer(i64),
}

/// Judges the values of one record after the other, and collects their findings.
#[derive(Debug)]
pub(super) struct Judge<'p> {
    pub(super) plan: &'p Plan,
    /// The findings of the record so far.
    pub(super) findings: FindingList,
    /// How many values were repaired, by field.
    pub(super) repaired: Vec<u64>,
    /// How many values deprecated fields had, by field.
    pub(super) deprecated: Vec<u64>,
    pub(super) memory: Memory,
    /// The fields that the record has a place for, and no value.
    pub(super) empty: FieldSet,
    /// Those that it says nothing of: it has no place for them, or its value was cleared as invalid.
    pub(super) absent: FieldSet,
    /// Those that it must have if it becomes a customer.
    pub(super) lacking: FieldSet,
    /// Those whose stored values it replaces, also by nothing.
    pub(super) replaced: FieldSet,
    /// Those whose value was invalid, and is stored as missing.
    pub(super) cleared: FieldSet,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    pub(super) field: usize,
    /// The column of the input, from 1, where it has columns.
    pub(super) column: Option<u32>,
    /// The place in the record, for the order of the findings.
    pub(super) order: u32,
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
        }
    }

    /// Forgets the record before.
    pub(super) fn begin(&mut self) {
        self.findings.clear();
        self.empty = FieldSet::default();
        self.absent = FieldSet::default();
        self.lacking = FieldSet::default();
        self.replaced = FieldSet::default();
        self.cleared = FieldSet::default();
    }

    /// What the record has to say of a customer who is there.
    pub(super) fn touched(&self) -> Touched {
        Touched {
            given: self.empty.or(&self.absent).complement(),
            cleared: self.empty.and(&self.plan.clearable).or(&self.replaced_by_nothing()),
            lacking: self.lacking,
        }
    }

    /// The fields of an address that is replaced whole, and that the new one has not. What was invalid may have been one.
    fn replaced_by_nothing(&self) -> FieldSet {
        self.empty.or(&self.absent).and(&self.replaced).and(&self.cleared.complement())
    }

    /// Whether one of the findings costs the record.
    pub(super) fn has_error(&self) -> bool {
        self.findings.all().has_error()
    }

    /// Judges the text of a value.
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
        match self.plan.said(origin.field, &value) {
            Said::Value => {}
            Said::Nothing => return self.missing(origin, Some(raw)),
            Said::NullWord => {
                self.warn(origin, raw, Problem::NullWord { found: excerpt(&value) });
                return self.missing(origin, Some(raw));
            }
            Said::CellError => return self.cell_error(origin, raw, &value),
        }
        if !plan.values.is_empty()
            && let Some(stands_for) = plan.values.get(&*value)
        {
            value = Cow::Owned(stands_for.clone());
        }
        if value.is_empty() {
            return self.missing(origin, Some(raw));
        }
        if plan.deprecated {
            self.deprecated[origin.field] += 1;
        }
        // A phone number is another matter, for it may have dots.
        if let Rewritten::Refused { relaxable } = plan.rewritten
            && plan.kind != FieldType::Phone
            && sheet::rewritten(value.as_bytes()).is_some()
        {
            let relaxable = relaxable && has_right_length(plan, &value);
            let refusal = Refusal { relaxable, ..Refusal::new(Problem::SpreadsheetNumber { json: None }) };
            return self.refuse(origin, Some(raw), Some(Kept::unchanged(value)), [refusal]);
        }
        match plan.kind {
            FieldType::Integer | FieldType::Flag => match as_number(plan, &value) {
                Ok(number) => Stored::Integer(number),
                Err(problem) => self.refuse(origin, Some(raw), None, [Refusal::new(problem)]),
            },
            _ => self.text_value(origin, raw, value),
        }
    }

    /// A value whose field holds text, cleaned and not missing.
    fn text_value<'v>(&mut self, origin: Origin, raw: &'v str, cleaned: Cow<'v, str>) -> Stored<'v> {
        let plan = &self.plan.fields[origin.field];
        let kept = (plan.on_invalid == OnInvalid::Keep).then(|| cleaned.clone());
        let repaired = self.repaired[origin.field];
        let value = match self.normalised(origin, raw, cleaned) {
            Ok(Some(value)) => value,
            Ok(None) => return self.missing(origin, Some(raw)),
            Err(refusal) => return self.refuse(origin, Some(raw), kept.map(Kept::unchanged), [refusal]),
        };
        let mut refusals = Vec::new();
        check_length(plan, &value, &mut refusals);
        check_characters(plan, &value, &mut refusals);
        if plan.kind == FieldType::Email
            && let Err(fault) = email::check(&value)
        {
            refusals.push(Refusal::new(Problem::Email(fault)));
        }
        if refusals.is_empty() {
            return Stored::Text(value);
        }
        if kept.is_some() {
            // The value before its repair is stored.
            self.repaired[origin.field] = repaired;
        }
        let kept = kept.map(|kept| match kept == value {
            true => Kept { value: kept, judged: None },
            false => Kept { value: kept, judged: Some(excerpt(&value)) },
        });
        self.refuse(origin, Some(raw), kept, refusals)
    }

    /// A cleaned text as its field's type has it; `None` where nothing is left.
    fn normalised<'v>(
        &mut self,
        origin: Origin,
        raw: &str,
        cleaned: Cow<'v, str>,
    ) -> Result<Option<Cow<'v, str>>, Refusal> {
        let plan = &self.plan.fields[origin.field];
        let value = match plan.kind {
            FieldType::Text | FieldType::PostalCode | FieldType::State => {
                let value = if plan.limits.repair { self.repair(origin.field, cleaned) } else { cleaned };
                if plan.kind == FieldType::State { map_cow(value, state::normalise) } else { value }
            }
            FieldType::Email => map_cow(cleaned, email::normalise),
            FieldType::Country => match country::names::code_of(&cleaned) {
                Some(code) => Cow::Borrowed(code),
                None => {
                    self.warn(origin, raw, Problem::UnknownCountry { found: excerpt(&cleaned) });
                    cleaned
                }
            },
            FieldType::Phone => match phone::normalise(&cleaned) {
                Ok(Cow::Borrowed(digits)) if digits.len() == cleaned.len() => cleaned,
                Ok(digits) => Cow::Owned(digits.into_owned()),
                Err(Problem::SpreadsheetNumber { json }) => {
                    return Err(Refusal::new(Problem::SpreadsheetNumber { json }));
                }
                Err(_) if plan.limits.relaxed => cleaned,
                Err(problem) => {
                    let relaxable = has_right_length(plan, &cleaned);
                    return Err(Refusal { relaxable, ..Refusal::new(problem) });
                }
            },
            FieldType::Choice => match choice::parse(&cleaned, &plan.limits.choices) {
                Some(word) => Cow::Owned(word.to_string()),
                None => {
                    let (found, choices) = (excerpt(&cleaned).to_string(), plan.limits.choices.join("\n"));
                    return Err(Refusal::new(Problem::NotAChoice { found, choices }));
                }
            },
            FieldType::List => match list::from_text(&cleaned) {
                Ok(array) => Cow::Owned(array.unwrap_or_default()),
                Err(problem) => return Err(list_refusal(problem)),
            },
            FieldType::Integer | FieldType::Flag => cleaned,
        };
        Ok(Some(value).filter(|value| !value.is_empty()))
    }

    /// Judges a value that comes in parts: those that say something, with a space between.
    pub(super) fn parts(&mut self, origin: Origin, parts: &[&str]) -> Stored<'static> {
        let plan = &self.plan.fields[origin.field];
        let (mut raw, mut value) = (Vec::new(), Vec::new());
        for part in parts {
            let Ok(cleaned) = text::clean(part) else { return into_owned(self.text(origin, &parts.join(" "))) };
            let cleaned = without_guards(cleaned, plan.guard);
            match self.plan.said(origin.field, &cleaned) {
                Said::Nothing | Said::NullWord => {}
                Said::CellError => return self.cell_error(origin, part, &cleaned),
                Said::Value => {
                    raw.push(*part);
                    value.push(cleaned);
                }
            }
        }
        into_owned(self.cleaned(origin, &raw.join(" "), Cow::Owned(value.join(" "))))
    }

    /// Judges a value of a JSON record, as it is written there.
    pub(super) fn json<'v>(&mut self, origin: Origin, raw: &'v str) -> Stored<'v> {
        let plan = &self.plan.fields[origin.field];
        let wrong = |found| {
            let wanted = match plan.kind {
                FieldType::Integer => Wanted::Integer,
                FieldType::Flag => Wanted::Flag,
                _ => Wanted::Text,
            };
            Refusal::new(Problem::WrongType { found, wanted })
        };
        let refusal = match json::value(raw) {
            JsonValue::Null => return self.missing(origin, Some(raw)),
            JsonValue::Text(Cow::Borrowed(text)) => return self.text(origin, text),
            JsonValue::Text(Cow::Owned(text)) => return into_owned(self.text(origin, &text)),
            JsonValue::Bool(value) if plan.kind == FieldType::Flag => return Stored::Integer(i64::from(value)),
            JsonValue::Bool(_) => wrong(JsonKind::Bool),
            JsonValue::Number(number) if is_whole(number) => return self.text(origin, number),
            JsonValue::Number(number) => match plan.rewritten {
                Rewritten::Text => return self.text(origin, number),
                Rewritten::Number => wrong(JsonKind::Number),
                Rewritten::Refused { relaxable } => {
                    let relaxable = relaxable && has_right_length(plan, number);
                    let problem = Problem::SpreadsheetNumber { json: Some(number.to_string()) };
                    let kept = Some(Kept::unchanged(Cow::Borrowed(number)));
                    return self.refuse(origin, Some(raw), kept, [Refusal { relaxable, ..Refusal::new(problem) }]);
                }
            },
            JsonValue::Array(array) if plan.kind == FieldType::List => match list::from_json(array) {
                Ok(Some(array)) => {
                    let mut refusals = Vec::new();
                    check_length(plan, &array, &mut refusals);
                    if refusals.is_empty() {
                        return Stored::Text(Cow::Owned(array));
                    }
                    return self.refuse(origin, Some(raw), Some(Kept::unchanged(Cow::Owned(array))), refusals);
                }
                Ok(None) => return self.missing(origin, Some(raw)),
                Err(problem) => list_refusal(problem),
            },
            JsonValue::Array(_) => Refusal::new(Problem::Nested { found: JsonKind::Array }),
            JsonValue::Object => Refusal::new(Problem::Nested { found: JsonKind::Object }),
        };
        self.refuse(origin, Some(raw), None, [refusal])
    }

    fn repair<'v>(&mut self, field: usize, value: Cow<'v, str>) -> Cow<'v, str> {
        let repaired = match &value {
            Cow::Borrowed(value) => repair::repair(value),
            Cow::Owned(value) => Cow::Owned(repair::repair(value).into_owned()),
        };
        if repaired != value {
            self.repaired[field] += 1;
        }
        repaired
    }
}

fn as_number(plan: &FieldPlan, value: &str) -> Result<i64, Problem> {
    let found = || excerpt(value).to_string();
    if plan.kind == FieldType::Flag {
        return flag::parse(value).map(i64::from).ok_or_else(|| Problem::NotAFlag { found: found() });
    }
    match integer::integer(value) {
        Ok(number) if number >= plan.limits.at_least => Ok(number),
        Err(integer::IntegerFault::Invalid) => Err(Problem::NotAnInteger { found: found() }),
        Ok(_) | Err(integer::IntegerFault::OutOfRange) => {
            let at_least = Some(plan.limits.at_least).filter(|least| *least != i64::MIN);
            Err(Problem::OutOfRange { found: found(), at_least })
        }
    }
}

fn has_right_length(plan: &FieldPlan, value: &str) -> bool {
    (plan.limits.min..=plan.limits.max).contains(&text::length(value))
}

fn check_length(plan: &FieldPlan, value: &str, refusals: &mut Vec<Refusal>) {
    // As many bytes as characters are needed are enough of them, and few enough, in most values.
    if value.len() >= 4 * plan.limits.min && value.len() <= plan.limits.max {
        return;
    }
    let length = text::length(value);
    if length < plan.limits.min {
        refusals.push(Refusal::new(Problem::TooShort { length, limit: plan.limits.min }));
    } else if length > plan.limits.max {
        let kind = match plan.kind {
            FieldType::Email => TextKind::Email,
            FieldType::Phone => TextKind::Phone,
            _ => TextKind::Other,
        };
        refusals.push(Refusal::new(Problem::TooLong { length, limit: plan.limits.max, kind }));
    }
}

fn check_characters(plan: &FieldPlan, value: &str, refusals: &mut Vec<Refusal>) {
    let Some(allowed) = plan.limits.characters else { return };
    let Some(found) = allowed.first_outside(value) else { return };
    let country = (plan.kind == FieldType::Country).then(|| excerpt(value).to_string());
    let suggestion = mend::mended(value, allowed).filter(|corrected| has_right_length(plan, corrected));
    // The rule for characters is the last but for the form of an e-mail address, which has none.
    let relaxable = refusals.is_empty();
    refusals.push(Refusal { problem: Problem::Characters { found, allowed, country }, suggestion, relaxable });
}

/// What a value was before it was converted wrongly from windows-1252, if this control character in it shows that.
fn as_windows_1252(control: char, value: &str) -> Option<String> {
    text::windows_1252(control)?;
    let value: String = value.chars().map(|character| text::windows_1252(character).unwrap_or(character)).collect();
    Some(value.trim().to_string())
}

fn list_refusal(problem: Problem) -> Refusal {
    let suggestion = match problem {
        Problem::ControlCharacter { character, .. } => text::windows_1252(character).map(String::from),
        _ => None,
    };
    Refusal { suggestion, ..Refusal::new(problem) }
}

pub(super) fn is_whole(number: &str) -> bool {
    !number.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E'))
}

pub(super) fn into_owned<'v>(stored: Stored<'_>) -> Stored<'v> {
    match stored {
        Stored::Missing => Stored::Missing,
        Stored::Integer(number) => Stored::Integer(number),
        Stored::Text(text) => Stored::Text(Cow::Owned(text.into_owned())),
    }
}

/// Applies a normaliser without losing a borrow.
fn map_cow<'v>(value: Cow<'v, str>, normalise: impl for<'a> Fn(&'a str) -> Cow<'a, str>) -> Cow<'v, str> {
    match value {
        Cow::Borrowed(value) => normalise(value),
        Cow::Owned(value) => match normalise(&value) {
            Cow::Borrowed(same) if same.len() == value.len() => Cow::Owned(value),
            changed => Cow::Owned(changed.into_owned()),
        },
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
