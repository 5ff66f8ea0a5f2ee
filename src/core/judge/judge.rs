//! Judging one value: [`Judge`] normalises it by its field's plan and says what is wrong with it.
//!
//! The order is SPEC's (section 3): Unicode and white space, missing, the field's own normalisation, default, required,
//! length, characters and form. A value may have several faults; all are noted.

use std::borrow::Cow;

use super::Touched;
use super::plan::{FieldPlan, Filler, OnInvalid, Plan, Required, Rewritten, Said, without_guards};
use crate::core::finding::{Code, Fault, FaultList, Severity};
use crate::core::mode::Empty;
use crate::core::profile::FieldSet;
use crate::core::record::csv::NOT_CALCULATED;
use crate::core::record::json::{self, JsonValue};
use crate::core::text::sheet;
use crate::core::text::{self, visible};
use crate::core::types::memory::Memory;
use crate::core::types::{FieldType, choice, country, email, flag, integer, list, mend, phone, repair, state};

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
    pub(super) memory: Memory,
    /// The fields that the record has a place for, and no value.
    pub(super) empty: FieldSet,
    /// Those that it says nothing of: it has no place for them, or its value was cleared as invalid.
    absent: FieldSet,
    /// Those that it must have if it becomes a customer.
    lacking: FieldSet,
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
    /// The place in the record, for the order of the faults.
    pub(super) order: u32,
}

/// Why a value is not stored as it should be.
struct Refusal {
    code: Code,
    message: String,
    /// How to correct it, where more is known than its code says.
    advice: Option<String>,
    /// Whether --relax would accept the value.
    relaxable: bool,
}

impl Refusal {
    fn new(code: Code, message: String) -> Refusal {
        Refusal { code, message, advice: None, relaxable: false }
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
        self.faults.clear();
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

    /// Whether one of the faults costs the record.
    pub(super) fn has_error(&self) -> bool {
        self.faults.all().has_error()
    }

    /// Judges the text of a value.
    pub(super) fn text<'v>(&mut self, origin: Origin, raw: &'v str) -> Stored<'v> {
        match text::clean(raw) {
            Ok(cleaned) => self.cleaned(origin, raw, cleaned),
            Err(control) => {
                let plan = &self.plan.fields[origin.field];
                let message = format!(
                    "{} holds the control character U+{:04X} at character {}",
                    plan.column, control.character as u32, control.position
                );
                let advice = converted_wrongly(control.character, raw);
                let refusal = Refusal { advice, ..Refusal::new(Code::ControlCharacter, message) };
                self.refuse(origin, Some(raw), None, [refusal])
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
                let what = ["is ", &shown(&value), ", which is taken for no value"].concat();
                self.warn(origin, raw, Code::NullWord, &what);
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
            let refusal = spreadsheet_number(plan, &value, AS_SPREADSHEETS_WRITE, relaxable);
            return self.refuse(origin, Some(raw), Some(value), [refusal]);
        }
        match plan.kind {
            FieldType::Integer | FieldType::Flag => match as_number(plan, &value) {
                Ok(number) => Stored::Integer(number),
                Err(refusal) => self.refuse(origin, Some(raw), None, [refusal]),
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
            Err(refusal) => return self.refuse(origin, Some(raw), kept, [refusal]),
        };
        let mut refusals = Vec::new();
        check_length(plan, &value, &mut refusals);
        check_characters(plan, &value, &mut refusals);
        if plan.kind == FieldType::Email
            && let Err(reason) = email::check(&value)
        {
            let message = [plan.column.as_str(), " is not an e-mail address: ", reason].concat();
            refusals.push(Refusal::new(Code::InvalidEmail, message));
        }
        if refusals.is_empty() {
            return Stored::Text(value);
        }
        if let Some(kept) = &kept {
            // What is stored is the value before its repair, and it would not be understood what is wrong with that.
            self.repaired[origin.field] = repaired;
            if *kept != value {
                let as_judged = [" (judged as ", &shown(&value), ")"].concat();
                refusals.iter_mut().for_each(|refusal| refusal.message.push_str(&as_judged));
            }
        }
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
                    let what = ["is ", &shown(&cleaned), ", which ISO 3166 does not know"].concat();
                    self.warn(origin, raw, Code::UnknownCountry, &what);
                    cleaned
                }
            },
            FieldType::Phone => match phone::normalise(&cleaned) {
                Ok(Cow::Borrowed(digits)) if digits.len() == cleaned.len() => cleaned,
                Ok(digits) => Cow::Owned(digits.into_owned()),
                Err(phone::PhoneFault::Invalid(_)) if plan.limits.relaxed => cleaned,
                Err(fault) => return Err(phone_refusal(plan, &cleaned, fault)),
            },
            FieldType::Choice => match choice::parse(&cleaned, &plan.limits.choices) {
                Some(word) => Cow::Owned(word.to_string()),
                None => {
                    let choices = plan.limits.choices.join(", ");
                    let message = format!("{} is {}, and must be one of: {choices}", plan.column, shown(&cleaned));
                    return Err(Refusal::new(Code::InvalidChoice, message));
                }
            },
            FieldType::List => match list::from_text(&cleaned) {
                Ok(array) => Cow::Owned(array.unwrap_or_default()),
                Err(fault) => return Err(list_refusal(plan, fault)),
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
            JsonValue::Number(number) => match plan.rewritten {
                Rewritten::Text => return self.text(origin, number),
                Rewritten::Number => wrong("a number with decimals or an exponent"),
                Rewritten::Refused { relaxable } => {
                    let what = format!("the number {number}, with decimals or an exponent");
                    let refusal = spreadsheet_number(plan, number, &what, relaxable);
                    return self.refuse(origin, Some(raw), Some(Cow::Borrowed(number)), [refusal]);
                }
            },
            JsonValue::Array(array) if plan.kind == FieldType::List => match list::from_json(array) {
                Ok(Some(array)) => {
                    let mut refusals = Vec::new();
                    check_length(plan, &array, &mut refusals);
                    if refusals.is_empty() {
                        return Stored::Text(Cow::Owned(array));
                    }
                    return self.refuse(origin, Some(raw), Some(Cow::Owned(array)), refusals);
                }
                Ok(None) => return self.missing(origin, Some(raw)),
                Err(fault) => list_refusal(plan, fault),
            },
            JsonValue::Array(_) => nested(plan, "an array"),
            JsonValue::Object => nested(plan, "an object"),
        };
        self.refuse(origin, Some(raw), None, [refusal])
    }

    /// A cell that a spreadsheet could not work out: its text is the spreadsheet's error.
    pub(super) fn cell_error<'v>(&mut self, origin: Origin, raw: &str, error: &str) -> Stored<'v> {
        let column = &self.plan.fields[origin.field].column;
        let message = match error {
            NOT_CALCULATED => format!(
                "{column} is a formula without a stored result; open the file in a spreadsheet program, which calculates it, \
                 save it and load that"
            ),
            error if error.starts_with("##") => {
                format!("{column} is {}: the column was too narrow when the file was exported", shown(error))
            }
            error => format!("{column} is {} that could not work it out", named_error(error)),
        };
        self.refuse(origin, Some(raw), None, [Refusal::new(Code::CellError, message)])
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
            return self.refuse(origin, raw, None, [Refusal::new(Code::Required, message)]);
        }
        Stored::Missing
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

    /// Notes what is worth a look of a value.
    fn warn(&mut self, origin: Origin, raw: &str, code: Code, what: &str) {
        let plan = &self.plan.fields[origin.field];
        self.faults.push(
            origin.order,
            Fault {
                code,
                severity: Severity::Warning,
                field: Some(origin.field as u16),
                column: origin.column,
                message: &[plan.column.as_str(), " ", what].concat(),
                value: Some(raw),
                raw: None,
                hint: code.info().hint,
            },
        );
    }

    /// Notes why a value is not stored as it should be, and gives what is stored instead. `kept` is what steps 1 to 3 of SPEC
    /// section 3 have left of it.
    fn refuse<'v>(
        &mut self,
        origin: Origin,
        raw: Option<&str>,
        kept: Option<Cow<'v, str>>,
        refusals: impl IntoIterator<Item = Refusal>,
    ) -> Stored<'v> {
        let plan = &self.plan.fields[origin.field];
        let instead = match plan.on_invalid {
            OnInvalid::Reject => None,
            OnInvalid::Keep => kept.map(Stored::Text),
            OnInvalid::Clear => {
                // It is not known what the customer has instead, so nobody loses a value by it.
                self.absent.insert(origin.field);
                self.cleared.insert(origin.field);
                Some(match &plan.default {
                    Some(Filler::Text(default)) => Stored::Text(Cow::Owned(default.clone())),
                    Some(Filler::Integer(default)) => Stored::Integer(*default),
                    None => Stored::Missing,
                })
            }
        };
        let severity = if instead.is_some() { Severity::Warning } else { Severity::Error };
        for refusal in refusals {
            let hint = match (&instead, plan.on_invalid) {
                (None, _) => hint(plan, &refusal),
                (Some(_), OnInvalid::Keep) => "Stored as it is.".into(),
                (Some(_), _) if self.plan.mode.changes() => "Cleared; what a customer has already stays.".into(),
                (Some(Stored::Text(default)), _) => format!("Stored as {default}, the default.").into(),
                (Some(Stored::Integer(default)), _) => format!("Stored as {default}, the default.").into(),
                (Some(Stored::Missing), _) => "Stored as missing.".into(),
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
        instead.unwrap_or(Stored::Missing)
    }
}

fn as_number(plan: &FieldPlan, value: &str) -> Result<i64, Refusal> {
    if plan.kind == FieldType::Flag {
        return flag::parse(value).map(i64::from).ok_or_else(|| {
            Refusal::new(Code::InvalidFlag, format!("{} is {}, and must be yes or no", plan.column, shown(value)))
        });
    }
    let out_of_range = || {
        let range = match plan.limits.at_least {
            i64::MIN => "does not fit into 64 bits".to_string(),
            least => format!("must be at least {least} and fit into 64 bits"),
        };
        Refusal::new(Code::OutOfRange, format!("{} is {}, and {range}", plan.column, shown(value)))
    };
    match integer::integer(value) {
        Ok(number) if number >= plan.limits.at_least => Ok(number),
        Ok(_) | Err(integer::IntegerFault::OutOfRange) => Err(out_of_range()),
        Err(integer::IntegerFault::Invalid) => {
            let message = format!("{} is {}, and must be a whole number", plan.column, shown(value));
            Err(Refusal::new(Code::InvalidInteger, message))
        }
    }
}

fn check_length(plan: &FieldPlan, value: &str, refusals: &mut Vec<Refusal>) {
    // As many bytes as characters are needed are enough of them, and few enough, in most values.
    if value.len() >= 4 * plan.limits.min && value.len() <= plan.limits.max {
        return;
    }
    let length = text::length(value);
    if length < plan.limits.min {
        refusals.push(length_refusal(plan, Code::TooShort, length, ", and needs at least ", plan.limits.min));
    } else if length > plan.limits.max {
        refusals.push(length_refusal(plan, Code::TooLong, length, ", and may have at most ", plan.limits.max));
    }
}

#[cold]
fn length_refusal(plan: &FieldPlan, code: Code, length: usize, but: &str, limit: usize) -> Refusal {
    let unit = if length == 1 { " character" } else { " characters" };
    let message = [plan.column.as_str(), " has ", &length.to_string(), unit, but, &limit.to_string()].concat();
    Refusal::new(code, message)
}

fn check_characters(plan: &FieldPlan, value: &str, refusals: &mut Vec<Refusal>) {
    let Some(characters) = plan.limits.characters else { return };
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
    let corrected = mend::mended(value, characters)
        .filter(|corrected| (plan.limits.min..=plan.limits.max).contains(&text::length(corrected)));
    let advice = corrected.map(|corrected| [&*visible(&corrected), " would be right"].concat());
    // The rule for characters is the last but for the form of an e-mail address, which has none.
    let relaxable = refusals.is_empty();
    refusals.push(Refusal { advice, relaxable, ..Refusal::new(Code::InvalidCharacters, message) });
}

fn phone_refusal(plan: &FieldPlan, value: &str, fault: phone::PhoneFault) -> Refusal {
    match fault {
        phone::PhoneFault::Invalid(reason) => Refusal {
            relaxable: (plan.limits.min..=plan.limits.max).contains(&text::length(value)),
            advice: (!value.chars().any(char::is_numeric)).then(|| "Empty the cell, or write the number".to_string()),
            ..Refusal::new(Code::InvalidPhone, [plan.column.as_str(), " is not a phone number: ", &reason].concat())
        },
        phone::PhoneFault::SpreadsheetNumber => spreadsheet_number(plan, value, AS_SPREADSHEETS_WRITE, false),
    }
}

const AS_SPREADSHEETS_WRITE: &str = "a number as a spreadsheet writes it, and digits of it may be lost";

fn spreadsheet_number(plan: &FieldPlan, value: &str, what: &str, relaxable: bool) -> Refusal {
    let message = [plan.column.as_str(), " is ", what].concat();
    let relaxable = relaxable && (plan.limits.min..=plan.limits.max).contains(&text::length(value));
    Refusal { relaxable, ..Refusal::new(Code::SpreadsheetNumber, message) }
}

/// What a value with this control character was before it was converted wrongly, as advice.
fn converted_wrongly(control: char, value: &str) -> Option<String> {
    let meant = text::windows_1252(control)?;
    let value: String = value.chars().map(|character| text::windows_1252(character).unwrap_or(character)).collect();
    Some(format!(
        "U+{:04X} is {meant} in windows-1252, so the file was converted wrongly; {} would be right",
        control as u32,
        visible(value.trim())
    ))
}

fn list_refusal(plan: &FieldPlan, fault: list::ListFault) -> Refusal {
    match fault {
        list::ListFault::Invalid(reason) => {
            Refusal::new(Code::InvalidList, format!("{} is not a list: {reason}", plan.column))
        }
        list::ListFault::ControlCharacter(character) => {
            let message =
                format!("{} holds the control character U+{:04X} in one of its items", plan.column, character as u32);
            let advice = converted_wrongly(character, character.encode_utf8(&mut [0; 4]));
            Refusal { advice, ..Refusal::new(Code::ControlCharacter, message) }
        }
    }
}

fn nested(plan: &FieldPlan, what: &str) -> Refusal {
    Refusal::new(Code::NestedValue, format!("{} is {what} in JSON, and must be a single value", plan.column))
}

/// How to correct it, and the option that accepts the record as it is.
fn hint(plan: &FieldPlan, refusal: &Refusal) -> Cow<'static, str> {
    let option = match refusal.code {
        _ if refusal.relaxable => ["; --relax ", &plan.column, " accepts it as it is."],
        Code::Required => [".", "", ""],
        _ if plan.required == Required::No => ["; --on-invalid ", &plan.column, "=clear loads the record without it."],
        _ => [".", "", ""],
    };
    let limit;
    let advice = match (&refusal.advice, refusal.code) {
        (Some(advice), _) => [advice.as_str(), ""],
        (None, Code::TooShort) => {
            limit = plan.limits.min.to_string();
            ["Write at least ", &limit]
        }
        // A phone number or an address that is cut short is another one.
        (None, Code::TooLong) if plan.kind == FieldType::Phone => ["Check whether it is one number", ""],
        (None, Code::TooLong) if plan.kind == FieldType::Email => ["Only a shorter address fits", ""],
        (None, Code::InvalidCharacters) if plan.kind == FieldType::Country => {
            ["Write the country's English name or its ISO 3166 code", ""]
        }
        (None, Code::TooLong) => {
            limit = plan.limits.max.to_string();
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
pub(super) fn shown(value: &str) -> String {
    const LONGEST: usize = 40;
    match value.char_indices().nth(LONGEST) {
        Some((end, _)) => ["\"", &*visible(&value[..end]), "…\""].concat(),
        None => ["\"", &*visible(value), "\""].concat(),
    }
}

/// How a message names the error in a cell. A reject report that is read again is searched for it.
pub(super) fn named_error(error: &str) -> String {
    [&*shown(error), ", the error of a spreadsheet"].concat()
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
