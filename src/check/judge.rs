//! Judging one value: [`Judge`] normalises it by its field's plan and says what is wrong with it.
//!
//! The order is SPEC's (section 3): Unicode and white space, missing, the field's own normalisation, default, required,
//! length, characters and form. A value may have several faults; all are noted.

use std::borrow::Cow;

use super::plan::{FieldPlan, Filler, Plan, Required};
use super::{FieldSet, Touched};
use crate::format::csv::NOT_CALCULATED;
use crate::format::json::{self, JsonValue};
use crate::mode::Empty;
use crate::profile::FieldType;
use crate::reject::{Code, Fault, FaultList, Severity};
use crate::rule::text::{self, visible};
use crate::rule::{address, choice, country, email, flag, list, mend, number, phone};

/// What is stored for a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stored<'v> {
    Missing,
    Text(Cow<'v, str>),
    Integer(i64),
}

/// Judges the values of one record after the other, and collects their faults.
#[derive(Debug)]
pub(super) struct Judge<'p> {
    pub(super) plan: &'p Plan,
    /// The faults of the record so far.
    pub(super) faults: FaultList,
    /// How many values were repaired, by field.
    pub(super) repaired: Vec<u64>,
    /// How many values deprecated fields had, by field.
    pub(super) deprecated: Vec<u64>,
    pub(super) recent_countries: country::Recent,
    /// The fields that the record has a place for, and no value.
    pub(super) empty: FieldSet,
    /// Those that it has no place for.
    absent: FieldSet,
    /// Those that it must have if it becomes a customer.
    lacking: FieldSet,
    /// Those whose stored values it replaces, also by nothing.
    pub(super) replaced: FieldSet,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    pub(super) field: usize,
    /// The column of the input, from 1, where it has columns.
    pub(super) column: Option<u32>,
    /// The place in the record, for the order of the faults.
    pub(super) order: u32,
}

/// Why a value is not stored.
struct Refusal {
    code: Code,
    message: String,
    mended: Option<String>,
    /// Whether --relax would accept the value.
    relaxable: bool,
    /// Whether the value has digits.
    has_digits: bool,
}

impl Refusal {
    fn new(code: Code, message: String) -> Refusal {
        Refusal { code, message, mended: None, relaxable: false, has_digits: true }
    }
}

impl<'p> Judge<'p> {
    pub(super) fn new(plan: &'p Plan) -> Judge<'p> {
        let fields = plan.fields.len();
        Judge {
            plan,
            faults: FaultList::default(),
            repaired: vec![0; fields],
            deprecated: vec![0; fields],
            recent_countries: country::Recent::default(),
            empty: FieldSet::default(),
            absent: FieldSet::default(),
            lacking: FieldSet::default(),
            replaced: FieldSet::default(),
        }
    }

    /// Forgets the record before.
    pub(super) fn begin(&mut self) {
        self.faults.clear();
        (self.empty, self.absent, self.lacking, self.replaced) = Default::default();
    }

    /// What the record has to say of a customer who is there.
    pub(super) fn touched(&self) -> Touched {
        Touched {
            given: self.empty.or(self.absent).complement(),
            cleared: self.empty.in_both(self.plan.clearable).or(self.empty.or(self.absent).in_both(self.replaced)),
            lacking: self.lacking,
        }
    }

    /// Whether one of the faults costs the record.
    pub(super) fn has_error(&self) -> bool {
        self.faults.all().has_error()
    }

    /// Judges the text of a value.
    pub(super) fn text<'v>(&mut self, origin: Origin, raw: &'v str) -> Stored<'v> {
        match text::clean(raw) {
            Ok(cleaned) => self.cleaned(origin, raw, cleaned),
            Err(control) => {
                let message = format!(
                    "{} holds the control character U+{:04X} at character {}",
                    self.plan.fields[origin.field].column, control.character as u32, control.position
                );
                self.refuse(origin, Some(raw), [Refusal::new(Code::ControlCharacter, message)])
            }
        }
    }

    fn cleaned<'v>(&mut self, origin: Origin, raw: &'v str, cleaned: Cow<'v, str>) -> Stored<'v> {
        let plan = &self.plan.fields[origin.field];
        if self.is_missing(&cleaned) {
            return self.missing(origin, Some(raw));
        }
        let mut cleaned = cleaned;
        if !plan.values.is_empty()
            && let Some(stands_for) = plan.values.get(&*cleaned)
        {
            cleaned = Cow::Owned(stands_for.clone());
        }
        if plan.guard && cleaned.starts_with('\'') {
            cleaned = without_guard(cleaned);
        }
        if cleaned.is_empty() {
            return self.missing(origin, Some(raw));
        }
        if plan.deprecated {
            self.deprecated[origin.field] += 1;
        }
        match plan.kind {
            FieldType::Integer | FieldType::Flag => match as_number(plan, &cleaned) {
                Ok(number) => Stored::Integer(number),
                Err(refusal) => self.refuse(origin, Some(raw), [refusal]),
            },
            _ => self.text_value(origin, raw, cleaned),
        }
    }

    /// A value whose field holds text, cleaned and not missing.
    fn text_value<'v>(&mut self, origin: Origin, raw: &'v str, cleaned: Cow<'v, str>) -> Stored<'v> {
        let plan = &self.plan.fields[origin.field];
        let mut refusals = Vec::new();
        let value: Cow<'v, str> = match plan.kind {
            FieldType::Text | FieldType::PostalCode if !plan.repair => cleaned,
            FieldType::Text | FieldType::State | FieldType::PostalCode => {
                let repaired = if plan.repair { self.repair(origin.field, cleaned) } else { cleaned };
                if repaired.is_empty() {
                    return self.missing(origin, Some(raw));
                }
                if plan.kind == FieldType::State { map_cow(repaired, address::state) } else { repaired }
            }
            FieldType::Email => {
                let address = map_cow(cleaned, email::normalise);
                if address.is_empty() {
                    return self.missing(origin, Some(raw));
                }
                address
            }
            FieldType::Country => match country::normalise(&cleaned) {
                Some(code) => Cow::Borrowed(code),
                None => {
                    self.warn_unknown_country(origin, raw, &cleaned);
                    cleaned
                }
            },
            FieldType::Phone => match phone::normalise(&cleaned) {
                Ok(Cow::Borrowed(digits)) if digits.len() == cleaned.len() => cleaned,
                Ok(digits) => Cow::Owned(digits.into_owned()),
                Err(phone::PhoneFault::Invalid(_)) if plan.relaxed => cleaned,
                Err(fault) => return self.refuse(origin, Some(raw), [phone_refusal(plan, &cleaned, fault)]),
            },
            FieldType::Choice => match choice::parse(&cleaned, &plan.choices) {
                Some(word) => Cow::Owned(word.to_string()),
                None => {
                    let message = format!(
                        "{} is {}, and must be one of: {}",
                        plan.column,
                        shown(&cleaned),
                        plan.choices.join(", ")
                    );
                    return self.refuse(origin, Some(raw), [Refusal::new(Code::InvalidChoice, message)]);
                }
            },
            FieldType::List => match list::from_text(&cleaned) {
                Ok(Some(array)) => Cow::Owned(array),
                Ok(None) => return self.missing(origin, Some(raw)),
                Err(fault) => return self.refuse(origin, Some(raw), [list_refusal(plan, fault)]),
            },
            FieldType::Integer | FieldType::Flag => cleaned,
        };
        check_length(plan, &value, &mut refusals);
        check_characters(plan, &value, &mut refusals);
        if plan.kind == FieldType::Email
            && let Err(reason) = email::check(&value)
        {
            let message = [plan.column.as_str(), " is not an e-mail address: ", reason].concat();
            refusals.push(Refusal::new(Code::InvalidEmail, message));
        }
        if refusals.is_empty() { Stored::Text(value) } else { self.refuse(origin, Some(raw), refusals) }
    }

    /// Judges a value of a JSON record, as it is written there.
    pub(super) fn json<'v>(&mut self, origin: Origin, raw: &'v str) -> Stored<'v> {
        let plan = &self.plan.fields[origin.field];
        let wrong = |what: &str| {
            let wanted = match plan.kind {
                FieldType::Integer => "a whole number",
                FieldType::Flag => "true or false",
                _ => "a text",
            };
            Refusal::new(Code::WrongType, format!("{} is {what} in JSON, and must be {wanted}", plan.column))
        };
        let refusal = match json::value(raw) {
            JsonValue::Null => return self.missing(origin, Some(raw)),
            JsonValue::Text(Cow::Borrowed(text)) => return self.text(origin, text),
            JsonValue::Text(Cow::Owned(text)) => return into_owned(self.text(origin, &text)),
            JsonValue::Bool(value) if plan.kind == FieldType::Flag => return Stored::Integer(i64::from(value)),
            JsonValue::Bool(_) => wrong("true or false"),
            JsonValue::Number(number) if is_whole(number) => return self.text(origin, number),
            JsonValue::Number(number) => match plan.kind {
                FieldType::Phone | FieldType::PostalCode => Refusal::new(
                    Code::SpreadsheetNumber,
                    format!("{} is the number {number}, with decimals or an exponent", plan.column),
                ),
                _ => wrong("a number with decimals or an exponent"),
            },
            JsonValue::Array(array) if plan.kind == FieldType::List => match list::from_json(array) {
                Ok(Some(array)) => {
                    let mut refusals = Vec::new();
                    check_length(plan, &array, &mut refusals);
                    if refusals.is_empty() {
                        return Stored::Text(Cow::Owned(array));
                    }
                    return self.refuse(origin, Some(raw), refusals);
                }
                Ok(None) => return self.missing(origin, Some(raw)),
                Err(fault) => list_refusal(plan, fault),
            },
            JsonValue::Array(_) => nested(plan, "an array"),
            JsonValue::Object => nested(plan, "an object"),
        };
        self.refuse(origin, Some(raw), [refusal])
    }

    /// Whether a cleaned value means that there is none.
    pub(super) fn is_missing(&self, cleaned: &str) -> bool {
        text::is_missing(cleaned) || self.plan.null_tokens.iter().any(|token| token == cleaned)
    }

    /// The text of a field that has parts: those that say something, with a space between.
    pub(super) fn joined<'t>(&self, parts: impl Iterator<Item = &'t str>) -> String {
        let says_something = |part: &&str| !text::clean(part).is_ok_and(|cleaned| self.is_missing(&cleaned));
        parts.filter(says_something).collect::<Vec<_>>().join(" ")
    }

    /// A cell that a spreadsheet could not work out: its text is the spreadsheet's error.
    pub(super) fn cell_error<'v>(&mut self, origin: Origin, error: &str) -> Stored<'v> {
        let column = &self.plan.fields[origin.field].column;
        let message = match error {
            NOT_CALCULATED => format!(
                "{column} is a formula without a stored result; open the file in a spreadsheet program, which calculates it, \
                 save it and load that"
            ),
            error => format!("{column} is {} in the spreadsheet, which could not work it out", shown(error)),
        };
        self.refuse(origin, Some(error), [Refusal::new(Code::CellError, message)])
    }

    /// What stands for a value that is missing: the default, or nothing; a fault where it is required.
    pub(super) fn missing<'v>(&mut self, origin: Origin, raw: Option<&str>) -> Stored<'v> {
        let plan = &self.plan.fields[origin.field];
        match raw {
            Some(_) => self.empty.insert(origin.field),
            None => self.absent.insert(origin.field),
        }
        match &plan.default {
            Some(Filler::Text(text)) => return Stored::Text(Cow::Owned(text.clone())),
            Some(Filler::Integer(number)) => return Stored::Integer(*number),
            None => {}
        }
        let is_refused = match plan.required {
            Required::No => false,
            Required::Yes => true,
            Required::WhereGiven => raw.is_some(),
            Required::ForCreated => {
                self.lacking.insert(origin.field);
                raw.is_some() && self.plan.empty == Empty::Clear
            }
        };
        if is_refused {
            let message = [plan.column.as_str(), " is required and has no value"].concat();
            return self.refuse(origin, raw, [Refusal::new(Code::Required, message)]);
        }
        Stored::Missing
    }

    fn repair<'v>(&mut self, field: usize, value: Cow<'v, str>) -> Cow<'v, str> {
        let repaired = match &value {
            Cow::Borrowed(value) => address::repair(value),
            Cow::Owned(value) => Cow::Owned(address::repair(value).into_owned()),
        };
        if repaired != value {
            self.repaired[field] += 1;
        }
        repaired
    }

    fn warn_unknown_country(&mut self, origin: Origin, raw: &str, cleaned: &str) {
        let plan = &self.plan.fields[origin.field];
        self.faults.push(
            origin.order,
            Fault {
                code: Code::UnknownCountry,
                severity: Severity::Warning,
                field: Some(origin.field as u16),
                column: origin.column,
                message: &[plan.column.as_str(), " is ", &shown(cleaned), ", which ISO 3166 does not know"].concat(),
                value: Some(raw),
                raw: None,
                hint: Code::UnknownCountry.info().hint,
            },
        );
    }

    /// Notes why a value is not stored, and gives what is stored instead: the default where invalid values are cleared.
    fn refuse<'v>(
        &mut self,
        origin: Origin,
        raw: Option<&str>,
        refusals: impl IntoIterator<Item = Refusal>,
    ) -> Stored<'v> {
        let plan = &self.plan.fields[origin.field];
        if plan.clear_invalid {
            self.empty.insert(origin.field);
        }
        let severity = if plan.clear_invalid { Severity::Warning } else { Severity::Error };
        for refusal in refusals {
            let hint = match (&plan.default, plan.clear_invalid) {
                (_, true) if self.plan.mode.changes() => "Taken for an empty value.".into(),
                (Some(Filler::Text(default)), true) => format!("Stored as {default}, the default.").into(),
                (Some(Filler::Integer(default)), true) => format!("Stored as {default}, the default.").into(),
                (None, true) => "Stored as missing.".into(),
                (_, false) => hint(plan, &refusal),
            };
            self.faults.push(
                origin.order,
                Fault {
                    code: refusal.code,
                    severity,
                    field: Some(origin.field as u16),
                    column: origin.column,
                    message: &refusal.message,
                    value: raw,
                    raw: None,
                    hint: &hint,
                },
            );
        }
        match &plan.default {
            Some(Filler::Text(default)) if plan.clear_invalid => Stored::Text(Cow::Owned(default.clone())),
            Some(Filler::Integer(default)) if plan.clear_invalid => Stored::Integer(*default),
            _ => Stored::Missing,
        }
    }
}

fn as_number(plan: &FieldPlan, value: &str) -> Result<i64, Refusal> {
    if plan.kind == FieldType::Flag {
        return flag::parse(value).map(i64::from).ok_or_else(|| {
            Refusal::new(Code::InvalidFlag, format!("{} is {}, and must be yes or no", plan.column, shown(value)))
        });
    }
    let out_of_range = || {
        let range = match plan.at_least {
            i64::MIN => "does not fit into 64 bits".to_string(),
            least => format!("must be at least {least} and fit into 64 bits"),
        };
        Refusal::new(Code::OutOfRange, format!("{} is {}, and {range}", plan.column, shown(value)))
    };
    match number::integer(value) {
        Ok(number) if number >= plan.at_least => Ok(number),
        Ok(_) | Err(number::IntegerFault::OutOfRange) => Err(out_of_range()),
        Err(number::IntegerFault::Invalid) => {
            let message = format!("{} is {}, and must be a whole number", plan.column, shown(value));
            Err(Refusal::new(Code::InvalidInteger, message))
        }
    }
}

fn check_length(plan: &FieldPlan, value: &str, refusals: &mut Vec<Refusal>) {
    // As many bytes as characters are needed are enough of them, and few enough, in most values.
    if value.len() >= 4 * plan.min && value.len() <= plan.max {
        return;
    }
    let length = text::length(value);
    if length < plan.min {
        refusals.push(length_refusal(plan, Code::TooShort, length, ", and needs at least ", plan.min));
    } else if length > plan.max {
        refusals.push(length_refusal(plan, Code::TooLong, length, ", and may have at most ", plan.max));
    }
}

#[cold]
fn length_refusal(plan: &FieldPlan, code: Code, length: usize, but: &str, limit: usize) -> Refusal {
    let unit = if length == 1 { " character" } else { " characters" };
    let message = [plan.column.as_str(), " has ", &length.to_string(), unit, but, &limit.to_string()].concat();
    Refusal::new(code, message)
}

fn check_characters(plan: &FieldPlan, value: &str, refusals: &mut Vec<Refusal>) {
    let Some(characters) = plan.characters else { return };
    let Some(found) = characters.first_outside(value) else { return };
    let (character, number) = (shown(found.encode_utf8(&mut [0; 4])), format!("{:04X}", found as u32));
    let column = plan.column.as_str();
    let holds = [" holds ", &character, " (U+", &number, "), and may hold only ", characters.describe()];
    let message = match plan.kind {
        FieldType::Country => {
            [column, " is ", &shown(value), ", which is no country that is known; it", &holds.concat()].concat()
        }
        _ => {
            let [holds, character, number, sign, only, allowed] = holds;
            [column, holds, character, number, sign, only, allowed].concat()
        }
    };
    let mended = mend::mended(value, characters).filter(|mended| (plan.min..=plan.max).contains(&text::length(mended)));
    // The rule for characters is the last but for the form of an e-mail address, which has none.
    let relaxable = refusals.is_empty();
    refusals.push(Refusal { mended, relaxable, ..Refusal::new(Code::InvalidCharacters, message) });
}

fn phone_refusal(plan: &FieldPlan, value: &str, fault: phone::PhoneFault) -> Refusal {
    match fault {
        phone::PhoneFault::Invalid(reason) => Refusal {
            relaxable: (plan.min..=plan.max).contains(&text::length(value)),
            has_digits: value.chars().any(char::is_numeric),
            ..Refusal::new(Code::InvalidPhone, [plan.column.as_str(), " is not a phone number: ", &reason].concat())
        },
        phone::PhoneFault::SpreadsheetNumber => Refusal::new(
            Code::SpreadsheetNumber,
            format!("{} is a number as a spreadsheet writes it, and digits of it may be lost", plan.column),
        ),
    }
}

fn list_refusal(plan: &FieldPlan, fault: list::ListFault) -> Refusal {
    match fault {
        list::ListFault::Invalid(reason) => {
            Refusal::new(Code::InvalidList, format!("{} is not a list: {reason}", plan.column))
        }
        list::ListFault::ControlCharacter(character) => Refusal::new(
            Code::ControlCharacter,
            format!("{} holds the control character U+{:04X} in one of its items", plan.column, character as u32),
        ),
    }
}

fn nested(plan: &FieldPlan, what: &str) -> Refusal {
    Refusal::new(Code::NestedValue, format!("{} is {what} in JSON, and must be a single value", plan.column))
}

/// What mends it: the mended value where there is one, and the option that accepts the record as it is.
fn hint(plan: &FieldPlan, refusal: &Refusal) -> Cow<'static, str> {
    let option = match refusal.code {
        _ if refusal.relaxable => ["; --relax ", &plan.column, " accepts it as it is."],
        Code::Required => [".", "", ""],
        _ if plan.required == Required::No => ["; --on-invalid ", &plan.column, "=clear loads the record without it."],
        _ => [".", "", ""],
    };
    let (shown, limit);
    let advice = match (&refusal.mended, refusal.code) {
        (Some(mended), _) => {
            shown = visible(mended);
            [&*shown, " would be right"]
        }
        (None, Code::TooShort) => {
            limit = plan.min.to_string();
            ["Write at least ", &limit]
        }
        // A phone number or an address that is cut short is another one.
        (None, Code::TooLong) if plan.kind == FieldType::Phone => ["Check whether it is one number", ""],
        (None, Code::TooLong) if plan.kind == FieldType::Email => ["Only a shorter address fits", ""],
        (None, Code::InvalidPhone) if !refusal.has_digits => ["Empty the cell, or write the number", ""],
        (None, Code::InvalidCharacters) if plan.kind == FieldType::Country => {
            ["Write the country's English name or its ISO 3166 code", ""]
        }
        (None, Code::TooLong) => {
            limit = plan.max.to_string();
            ["Shorten it to ", &limit]
        }
        (None, Code::InvalidCharacters) => ["Write it without that character", ""],
        (None, code) if option[0] == "." => return Cow::Borrowed(code.info().hint),
        (None, code) => [code.info().hint.trim_end_matches('.'), ""],
    };
    let ([advice, detail], [option, column, end]) = (advice, option);
    Cow::Owned([advice, detail, option, column, end].concat())
}

/// A piece of a value in a message: short, and with nothing invisible in it.
fn shown(value: &str) -> String {
    const LONGEST: usize = 40;
    match value.char_indices().nth(LONGEST) {
        Some((end, _)) => ["\"", &*visible(&value[..end]), "…\""].concat(),
        None => ["\"", &*visible(value), "\""].concat(),
    }
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

/// A value without the apostrophe in front.
fn without_guard(value: Cow<'_, str>) -> Cow<'_, str> {
    match value {
        Cow::Borrowed(value) => Cow::Borrowed(value[1..].trim_start()),
        Cow::Owned(value) => Cow::Owned(value[1..].trim_start().to_string()),
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
