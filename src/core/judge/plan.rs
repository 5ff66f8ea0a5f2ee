//! A profile and a run's options, made ready for the hot path: [`Plan`].
//!
//! What can be decided once is decided here, so that judging a value looks up nothing by name.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::judge::{Judge, Origin};
use super::plan_error::{OnInvalidReason, PlanError};
use crate::core::mode::{Empty, Mode};
use crate::core::profile::{Field, FieldSet, HeaderNames, Mapping, Profile, Setting};
use crate::core::text;
use crate::core::text::key::KeyComparison;
use crate::core::text::sheet;
use crate::core::types::definition::{AddressPart, Storage};
use crate::core::types::limits::Limits;
use crate::core::types::parsed::Stored;
use crate::core::types::{FieldType, repair};

/// The options of a run that are about fields.
#[derive(Clone, Debug, Default)]
pub struct FieldOptions {
    /// A column to use as the key in place of the profile's, or `none`.
    pub key: Option<String>,
    /// The fields whose character rule is not applied; `all` for every field.
    pub relax: Vec<String>,
    /// What to do with invalid values, by field; `all` for every optional field. The last entry for a field counts.
    pub on_invalid: Vec<(String, OnInvalid)>,
    /// Further texts that mean a missing value.
    pub null_tokens: Vec<String>,
    /// Where columns go, and what is stored in place of values.
    pub mapping: Mapping,
    /// Whether customers are created or changed.
    pub mode: Mode,
    /// What an empty cell does to a stored value.
    pub empty: Empty,
}

/// What is done with an invalid value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OnInvalid {
    /// Its record is rejected.
    #[default]
    Reject,
    /// It is stored as missing; an existing customer keeps its value.
    Clear,
    /// It is stored cleaned, but without its field's own rules. Where cleaning leaves nothing, its record is rejected.
    Keep,
}

impl OnInvalid {
    /// The one with this name.
    pub fn from_name(name: &str) -> Option<OnInvalid> {
        match name {
            "reject" => Some(OnInvalid::Reject),
            "clear" => Some(OnInvalid::Clear),
            "keep" => Some(OnInvalid::Keep),
            _ => None,
        }
    }
}

/// What a number that a spreadsheet has rewritten (`5.41754E+09`) is in a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rewritten {
    /// A value like any other.
    Number,
    /// No value: digits of it may be lost.
    Refused {
        /// Whether `--relax` would accept it as text.
        relaxable: bool,
    },
    /// Text, because `--relax` names the field.
    Text,
}

/// What is stored where a value is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filler {
    /// A text.
    Text(String),
    /// An integer, or a flag.
    Integer(i64),
}

/// How the values of one field are judged.
#[derive(Clone, Debug)]
pub struct FieldPlan {
    /// The name of its column.
    pub column: String,
    /// What it holds.
    pub kind: FieldType,
    /// Whether a record must have a value, and which must.
    pub required: Required,
    /// What is stored for a missing value: a constant of the mapping, or the profile's default.
    pub default: Option<Filler>,
    /// What is stored in place of a value.
    pub values: BTreeMap<String, String>,
    /// Whether a leading apostrophe is dropped.
    pub guard: bool,
    /// The part of the profile's first address that it holds.
    pub address_part: Option<AddressPart>,
    /// What its values must keep to.
    pub limits: Limits,
    /// What is done with an invalid value.
    pub on_invalid: OnInvalid,
    /// What a number that a spreadsheet has rewritten is.
    pub rewritten: Rewritten,
    /// Whether its values are counted as deprecated.
    pub deprecated: bool,
    /// Whether its values may take the quick path: no option is about single values.
    pub(super) is_quick: bool,
    /// Whether a missing value is stored as such: the field is not required and has no default.
    pub(super) may_lack: bool,
}

impl FieldPlan {
    /// Whether it holds digits that a spreadsheet takes for a number.
    fn is_number(&self) -> bool {
        matches!(self.rewritten, Rewritten::Refused { .. })
    }
}

/// Which records must have a value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Required {
    /// None.
    No,
    /// All of them.
    Yes,
    /// Those whose input has a column for it: an empty cell cannot clear the value of an existing customer.
    WhereGiven,
    /// Those that create a customer. Which do is decided later.
    ForCreated,
}

/// The key of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyPlan {
    /// The field's index.
    pub field: usize,
    /// How its values are compared.
    pub comparison: KeyComparison,
}

/// How records are judged.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The profile that it was made from.
    pub profile: Arc<Profile>,
    /// Its header names.
    pub names: HeaderNames,
    /// One plan a field, in the profile's order.
    pub fields: Vec<FieldPlan>,
    /// The key, unless there is to be none.
    pub key: Option<KeyPlan>,
    /// Further texts that mean a missing value.
    pub null_tokens: Vec<String>,
    /// Whether customers are created or changed.
    pub mode: Mode,
    /// The fields whose stored value an empty cell clears: none that is required.
    pub(super) clearable: FieldSet,
    /// What an empty cell does to a stored value.
    pub empty: Empty,
}

/// What a value is before its field's own rules apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Missing.
    Nothing,
    /// Missing, by a word for that.
    NullWord,
    /// An error that a spreadsheet wrote in its place.
    CellError,
    /// A value.
    Value,
}

/// A cleaned value without what keeps a spreadsheet from changing it: a leading apostrophe, where the field is guarded so
/// (`has_apostrophe`), and a formula around it.
pub(super) fn without_guards(cleaned: Cow<'_, str>, has_apostrophe: bool) -> Cow<'_, str> {
    let value = match cleaned.strip_prefix('\'') {
        Some(rest) if has_apostrophe => match cleaned {
            Cow::Borrowed(value) => Cow::Borrowed(value[1..].trim_start()),
            Cow::Owned(_) => Cow::Owned(rest.trim_start().to_string()),
        },
        _ => cleaned,
    };
    sheet::without_formula(value)
}

/// What is stored in place of a field's values, by the form in which they are looked up: cleaned, and without guards.
fn values_of(field: &Field, mapping: &Mapping) -> BTreeMap<String, String> {
    let values = mapping.values.get(&field.column).into_iter().flatten();
    let unguarded = |value: &String| without_guards(Cow::Borrowed(value), field.is_guarded()).into_owned();
    values.map(|(value, stands_for)| (unguarded(value), stands_for.clone())).collect()
}

/// What is done with invalid values, field by field.
///
/// `key_of_changes` is the key of a run that changes customers: it alone identifies them.
fn on_invalid(
    profile: &Profile,
    key: Option<KeyPlan>,
    key_of_changes: Option<KeyPlan>,
    choices: &[(String, OnInvalid)],
) -> Result<Vec<OnInvalid>, PlanError> {
    let is = |key: Option<KeyPlan>, field: usize| key.is_some_and(|key| key.field == field);
    let mut on_invalid = vec![OnInvalid::Reject; profile.fields.len()];
    for (column, what) in choices {
        if column == "all" {
            for (field, held) in on_invalid.iter_mut().enumerate() {
                if !profile.fields[field].required && !is(key_of_changes, field) {
                    *held = *what;
                }
            }
            continue;
        }
        let field = profile.require_field(column, Setting::OnInvalid)?;
        let Field { required, kind, .. } = &profile.fields[field];
        let reason = match what {
            OnInvalid::Clear | OnInvalid::Keep if *required => OnInvalidReason::Required,
            OnInvalid::Clear if is(key_of_changes, field) => OnInvalidReason::Key,
            OnInvalid::Keep if is(key, field) => OnInvalidReason::Key,
            OnInvalid::Keep if kind.facts().storage == Storage::Integer => OnInvalidReason::Number,
            _ => {
                on_invalid[field] = *what;
                continue;
            }
        };
        let (profile, column) = (profile.name.clone(), column.clone());
        return Err(PlanError::OnInvalid { profile, column, on_invalid: *what, reason });
    }
    Ok(on_invalid)
}

/// The part of an address that a field holds, by its index: of two fields for one part, the first counts.
fn address_part(profile: &Profile, field: usize) -> Option<AddressPart> {
    let part = |field: &Field| field.kind.facts().address_part;
    let found = part(&profile.fields[field])?;
    profile.fields[..field].iter().all(|before| part(before) != Some(found)).then_some(found)
}

/// What a field's values must keep to in a run.
fn limits(field: &Field, relaxed: bool, rewritten: Rewritten) -> Limits {
    let limits = field.limits();
    let characters = limits.characters.filter(|_| !relaxed);
    // A rule for characters allows none either: it has a point, or a letter and a sign.
    let refuses_rewritten = characters.is_none() && matches!(rewritten, Rewritten::Refused { .. });
    Limits { characters, relaxed, refuses_rewritten, ..limits }
}

impl Plan {
    /// Makes a plan.
    pub fn new(profile: Arc<Profile>, options: &FieldOptions) -> Result<Plan, PlanError> {
        let (mapping, mode) = (&options.mapping, options.mode);
        mapping.check(&profile)?;
        let key = match options.key.as_deref() {
            Some("none") => None,
            Some(column) => Some(profile.require_field(column, Setting::Key)?),
            None => profile.field_index(&profile.key),
        };
        let key = key
            .map(|field| KeyPlan { field, comparison: profile.fields[field].compare.unwrap_or(KeyComparison::Text) });
        if mode.changes() && key.is_none() {
            return Err(PlanError::NoKey(mode));
        }
        let required = |index: usize| match mode {
            // Without a key a record is a reject of its own.
            _ if !profile.fields[index].required => Required::No,
            Mode::Create => Required::Yes,
            _ if key.is_some_and(|key| key.field == index) => Required::Yes,
            Mode::Upsert => Required::ForCreated,
            Mode::Update if options.empty == Empty::Clear => Required::WhereGiven,
            Mode::Update => Required::No,
        };
        let relax_all = options.relax.iter().any(|column| column == "all");
        let mut relaxed = vec![false; profile.fields.len()];
        for column in options.relax.iter().filter(|column| *column != "all") {
            relaxed[profile.require_field(column, Setting::Relax)?] = true;
        }
        let is_key = |field: usize| key.is_some_and(|key| key.field == field);
        let rewritten = |field: usize| {
            let stays_refused = profile.fields[field].kind.facts().never_rewritten;
            let relaxable = !(stays_refused || is_key(field) && mode.changes());
            match profile.fields[field].is_identifier() || is_key(field) {
                true if relaxed[field] && relaxable => Rewritten::Text,
                true => Rewritten::Refused { relaxable },
                false => Rewritten::Number,
            }
        };
        let key_of_changes = key.filter(|_| mode.changes());
        let on_invalid = on_invalid(&profile, key, key_of_changes, &options.on_invalid)?;
        let fields = profile.fields.iter().enumerate().map(|(index, field)| FieldPlan {
            column: field.column.clone(),
            kind: field.kind,
            required: required(index),
            default: field.default.clone().map(Filler::Text),
            values: values_of(field, mapping),
            guard: field.is_guarded(),
            address_part: address_part(&profile, index),
            limits: limits(field, relax_all || relaxed[index], rewritten(index)),
            on_invalid: on_invalid[index],
            rewritten: rewritten(index),
            deprecated: field.deprecated,
            is_quick: false,
            may_lack: false,
        });
        let mut plan = Plan {
            names: HeaderNames::new(&profile, mapping),
            fields: fields.collect(),
            profile: Arc::clone(&profile),
            key,
            null_tokens: options.null_tokens.clone(),
            mode,
            clearable: FieldSet::default(),
            empty: options.empty,
        };
        if let Some(key) = plan.key.filter(|_| mode.changes()) {
            plan.names.layout.take_best_alone(key.field);
        }
        if options.empty == Empty::Clear {
            let clearable = (0..profile.fields.len()).filter(|field| !profile.fields[*field].required);
            clearable.for_each(|field| plan.clearable.insert(field));
        }
        plan.take_mapping(mapping)?;
        let is_quick = plan.null_tokens.is_empty();
        for field in &mut plan.fields {
            field.is_quick = is_quick && field.values.is_empty() && !field.deprecated;
            field.may_lack = field.required == Required::No && field.default.is_none();
        }
        Ok(plan)
    }

    /// Takes the constants and values of a mapping. They must be valid themselves: none is replaced or cleared.
    fn take_mapping(&mut self, mapping: &Mapping) -> Result<(), PlanError> {
        for field in 0..self.fields.len() {
            let column = self.fields[field].column.clone();
            let values = std::mem::take(&mut self.fields[field].values);
            let on_invalid = std::mem::take(&mut self.fields[field].on_invalid);
            for (value, stands_for) in values.iter().filter(|(_, stands_for)| !stands_for.is_empty()) {
                self.filler(field, stands_for, Some(value))?;
            }
            if let Some(constant) = mapping.constants.get(&column) {
                self.fields[field].default = Some(self.filler(field, constant, None)?);
            }
            self.fields[field].values = values;
            self.fields[field].on_invalid = on_invalid;
        }
        Ok(())
    }

    /// Whether a field that no column fills has a value all the same, or needs none.
    pub fn can_do_without(&self, field: usize) -> bool {
        matches!(self.fields[field].required, Required::No | Required::WhereGiven)
            || self.fields[field].default.is_some()
    }

    /// What a cleaned value of a field is.
    pub(super) fn said(&self, field: usize, cleaned: &str) -> Said {
        if text::is_missing(cleaned) || self.null_tokens.iter().any(|token| token == cleaned) {
            Said::Nothing
        } else if !self.fields[field].kind.facts().holds_words && text::is_null_word(cleaned) {
            Said::NullWord
        } else if sheet::is_error_word(cleaned) || self.fields[field].is_number() && sheet::is_too_narrow(cleaned) {
            Said::CellError
        } else {
            Said::Value
        }
    }

    /// Whether a field has a value where this is the text of its cell.
    pub(super) fn has_value(&self, field: usize, raw: &str) -> bool {
        // A control character is not nothing: it is a problem.
        text::clean(raw).map_or(true, |cleaned| {
            let plan = &self.fields[field];
            let value = without_guards(cleaned, plan.guard);
            match self.said(field, &value) {
                Said::Nothing | Said::NullWord => false,
                Said::CellError => true,
                // Repair leaves nothing of a lone dash.
                Said::Value => !(plan.values.is_empty() && plan.limits.repair && repair::repair(&value).is_empty()),
            }
        })
    }

    /// A constant, or what is put in place of a value, as it is stored: it must be valid in its field.
    fn filler(&self, field: usize, value: &str, replaced: Option<&String>) -> Result<Filler, PlanError> {
        let mut judge = Judge::new(self);
        let stored = judge.text(Origin { field, column: None, order: 0 }, value);
        match stored {
            Stored::Text(text) if !judge.has_error() => Ok(Filler::Text(text.into_owned())),
            Stored::Integer(number) if !judge.has_error() => Ok(Filler::Integer(number)),
            _ => Err(PlanError::Unstorable {
                column: self.fields[field].column.clone(),
                replaced: replaced.cloned(),
                value: value.to_string(),
                findings: judge.findings,
            }),
        }
    }
}
