//! How the values of one field are judged: [`FieldPlan`], made from the profile and the options of a run.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};

use super::options::{FieldOptions, OnInvalidReason, PlanError};
use crate::core::mode::{Empty, Mode, OnInvalid};
use crate::core::profile::{Field, Mapping, Profile, ProfileErrorKind, REST, Setting};
use crate::core::text;
use crate::core::text::key::{self, KeyComparison};
use crate::core::types::dates::TODAY;
use crate::core::types::definition::{AddressPart, Limits, Storage, Stored};
use crate::core::types::pattern::{Case, Pattern};
use crate::core::{text::sheet::without_guards, types::FieldType};

/// How a field treats a number that a spreadsheet has rewritten (`5.41754E+09`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rewritten {
    Number,
    /// Invalid: digits may be lost.
    Refused {
        /// Whether `--relax` would accept it as text.
        relaxable: bool,
    },
    /// Text, because `--relax` names the field.
    Text,
}

#[derive(Clone, Debug)]
pub struct FieldPlan {
    pub column: String,
    pub kind: FieldType,
    /// What stands between the parts of a value.
    pub join: String,
    pub required: Required,
    /// What is stored for a missing value: a constant of the mapping, or the profile's default.
    pub default: Option<Stored<'static>>,
    pub values: BTreeMap<String, String>,
    /// Whether a leading apostrophe is dropped.
    pub guard: bool,
    /// The part of the profile's first address that it holds.
    pub address_part: Option<AddressPart>,
    /// Where a check finds its value ([`super::checks`]), if one names it.
    pub(super) check_slot: Option<u16>,
    /// Whether what is stored is read again: it has a part of an address, or a check names it.
    pub(super) is_watched: bool,
    pub limits: Limits,
    pub pattern: Option<Box<Pattern>>,
    pub case: Option<Case>,
    /// If a value without a replacement is invalid: the replacements, which are valid too.
    pub listed: Option<HashSet<String>>,
    pub on_invalid: OnInvalid,
    pub rewritten: Rewritten,
    pub deprecated: bool,
    /// How its values are compared, if it is the key or a part of it.
    pub(super) key_part: Option<KeyComparison>,
    /// What it has to do with parents.
    pub(super) link: Option<LinkPart>,
    /// Whether its values are not only stored, but noted as keys or links.
    pub(super) is_noted: bool,
    /// Whether the quick path stores its values as they are.
    pub(super) is_unchanged: bool,
    /// Whether its values may take the quick path: no option concerns single values.
    pub(super) is_quick: bool,
    /// Whether a missing value is stored as NULL: the field is not required and has no default.
    pub(super) may_lack: bool,
}

impl FieldPlan {
    /// Has a check look at its values.
    pub(super) fn watch(&mut self, slot: u16) {
        self.check_slot = Some(slot);
        self.is_watched = true;
        // The quick path leaves texts in the row, where they can be read again, but no numbers.
        self.is_quick &= self.kind.facts().storage == Storage::Text;
    }

    /// What replaces a cleaned value without guards, if anything.
    pub(super) fn replacement(&self, value: &str) -> Option<&String> {
        self.values.get(value).filter(|_| !value.is_empty())
    }

    /// Whether it holds digits that a spreadsheet would take for a number.
    pub(super) fn is_number(&self) -> bool {
        matches!(self.rewritten, Rewritten::Refused { .. })
    }
}

/// What a field has to do with a record's parent, besides its ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LinkPart {
    /// It has the parent's value of another field.
    Referring,
    /// It is the other field.
    Referenced,
}

/// Which records must have a value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Required {
    No,
    Yes,
    /// Those whose input has a column for it: an empty cell cannot clear the value of an existing customer.
    WhereGiven,
    /// Those that create a customer, which is decided later.
    ForCreated,
}

/// The fields whose values, all together, no two customers share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPlan {
    /// At least one, in the order of the key.
    pub parts: Vec<KeyPart>,
    /// What messages call it: the names of its columns.
    pub name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyPart {
    pub field: usize,
    pub comparison: KeyComparison,
}

impl KeyPlan {
    /// A key of these fields; `None` if there are none.
    pub fn new(profile: &Profile, fields: &[usize]) -> Option<KeyPlan> {
        let part = |field: &usize| {
            let comparison = profile.fields[*field].compare.unwrap_or(KeyComparison::Text);
            KeyPart { field: *field, comparison }
        };
        let columns: Vec<&str> = fields.iter().map(|field| profile.fields[*field].column.as_str()).collect();
        let plan = KeyPlan { parts: fields.iter().map(part).collect(), name: columns.join(", ") };
        (!fields.is_empty()).then_some(plan)
    }

    pub fn fields(&self) -> impl ExactSizeIterator<Item = usize> + '_ {
        self.parts.iter().map(|part| part.field)
    }

    pub fn has(&self, field: usize) -> bool {
        self.fields().any(|part| part == field)
    }

    /// The form in which it is compared. `texts` are the values of its parts; a missing one is empty.
    pub fn fold<'t, T: AsRef<str>>(&self, texts: &'t [T]) -> Option<Cow<'t, str>> {
        match (&self.parts[..], texts) {
            ([part], [text]) => key::fold(text.as_ref(), part.comparison),
            (parts, texts) => {
                let parts = texts.iter().zip(parts).map(|(text, part)| (text.as_ref(), part.comparison));
                key::fold_parts(parts).map(Cow::Owned)
            }
        }
    }
}

pub(super) struct FieldPlanner<'p> {
    profile: &'p Profile,
    options: &'p FieldOptions,
    key: Option<&'p KeyPlan>,
    relax_all: bool,
    /// Whether `--relax` names a field, and what is done with its invalid values.
    relaxed: Vec<bool>,
    on_invalid: Vec<OnInvalid>,
}

impl<'p> FieldPlanner<'p> {
    pub(super) fn new(
        profile: &'p Profile,
        options: &'p FieldOptions,
        key: Option<&'p KeyPlan>,
    ) -> Result<FieldPlanner<'p>, PlanError> {
        let mut relaxed = vec![false; profile.fields.len()];
        for column in options.relax.iter().filter(|column| *column != "all") {
            relaxed[profile.require_field(column, Setting::Relax)?] = true;
        }
        let relax_all = options.relax.iter().any(|column| column == "all");
        let on_invalid = on_invalid(profile, key, options)?;
        Ok(FieldPlanner { profile, options, key, relax_all, relaxed, on_invalid })
    }

    pub(super) fn plan(&self, index: usize) -> Result<FieldPlan, PlanError> {
        let field = &self.profile.fields[index];
        let rewritten = self.rewritten(index);
        let mut values = values_of(field, &self.options.mapping);
        // The choices of a choice say the same.
        let only_listed = values.remove(REST).is_some() && field.kind != FieldType::Choice;
        let listed = only_listed.then(|| values.values().cloned().collect());
        let required = self.required(index);
        let limits = limits(field, self.relax_all || self.relaxed[index], rewritten, self.options.now);
        let limits = limits.map_err(|kind| self.unfit(field, kind))?;
        let pattern = field.compiled_pattern().map_err(|kind| self.unfit(field, kind))?;
        let default = field.default.as_deref().map(|default| default_of(field, default, &limits)).transpose();
        let default = default.map_err(|kind| self.unfit(field, kind))?;
        let is_unchanged = field.kind == FieldType::Text && !limits.repair || field.kind.facts().has_quick_keys;
        Ok(FieldPlan {
            column: field.column.clone(),
            kind: field.kind,
            join: field.join.clone().unwrap_or_else(|| " ".to_string()),
            required,
            default,
            guard: field.is_guarded(),
            address_part: address_part(self.profile, index),
            check_slot: None,
            is_watched: address_part(self.profile, index).is_some(),
            limits,
            pattern: pattern.map(Box::new),
            case: field.case,
            listed,
            on_invalid: self.on_invalid[index],
            rewritten,
            deprecated: field.deprecated,
            is_quick: self.options.null_tokens.is_empty()
                && values.is_empty()
                && !only_listed
                && !field.deprecated
                && field.pattern.is_none()
                && field.case.is_none(),
            key_part: self
                .key
                .and_then(|key| key.parts.iter().find(|part| part.field == index))
                .map(|part| part.comparison),
            link: None,
            is_noted: false,
            is_unchanged,
            may_lack: false,
            values,
        })
    }

    fn unfit(&self, field: &Field, (key, kind): (&'static str, ProfileErrorKind)) -> PlanError {
        PlanError::Field { profile: self.profile.name.clone(), column: field.column.clone(), key, kind }
    }

    fn is_key(&self, index: usize) -> bool {
        self.key.is_some_and(|key| key.has(index))
    }

    fn required(&self, index: usize) -> Required {
        match self.options.mode {
            _ if !self.profile.fields[index].required => Required::No,
            Mode::Create => Required::Yes,
            // A record without a key identifies no customer.
            _ if self.is_key(index) => Required::Yes,
            Mode::Upsert => Required::ForCreated,
            Mode::Update if self.options.empty == Empty::Clear => Required::WhereGiven,
            Mode::Update => Required::No,
        }
    }

    fn rewritten(&self, index: usize) -> Rewritten {
        let field = &self.profile.fields[index];
        let stays_refused = field.kind.facts().never_rewritten;
        let relaxable = !(stays_refused || self.is_key(index) && self.options.mode.changes());
        match field.is_identifier() || self.is_key(index) {
            true if self.relaxed[index] && relaxable => Rewritten::Text,
            true => Rewritten::Refused { relaxable },
            false => Rewritten::Number,
        }
    }
}

fn on_invalid(profile: &Profile, key: Option<&KeyPlan>, options: &FieldOptions) -> Result<Vec<OnInvalid>, PlanError> {
    // A run that changes customers needs their keys.
    let key_of_changes = key.filter(|_| options.mode.changes());
    let is = |key: Option<&KeyPlan>, field: usize| key.is_some_and(|key| key.has(field));
    let of_profile = |(index, field): (usize, &Field)| match field.on_invalid {
        Some(OnInvalid::Keep) if is(key, index) => OnInvalid::Reject,
        Some(what) if !is(key_of_changes, index) => what,
        _ => OnInvalid::Reject,
    };
    let is_checked_parent = |field: usize| {
        let is_named = || profile.checks.iter().any(|check| check.compiled.fields.contains(&field));
        profile.fields[field].references.is_some() && is_named()
    };
    let mut on_invalid: Vec<OnInvalid> = profile.fields.iter().enumerate().map(of_profile).collect();
    for (column, what) in &options.on_invalid {
        if column == "all" {
            for (field, chosen) in on_invalid.iter_mut().enumerate() {
                if !profile.fields[field].required && !is(key_of_changes, field) && !is_checked_parent(field) {
                    *chosen = *what;
                }
            }
            continue;
        }
        let field = profile.require_field(column, Setting::OnInvalid)?;
        let Field { required, .. } = &profile.fields[field];
        let reason = match what {
            OnInvalid::Clear | OnInvalid::Keep if *required => OnInvalidReason::Required,
            OnInvalid::Clear if is(key_of_changes, field) => OnInvalidReason::Key,
            OnInvalid::Clear if is_checked_parent(field) => OnInvalidReason::CheckedParent,
            OnInvalid::Keep if is(key, field) => OnInvalidReason::Key,
            OnInvalid::Keep if profile.fields[field].storage() != Storage::Text => OnInvalidReason::Number,
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

/// The replacements of a field's values: the mapping's come before the profile's. The values are cleaned and without guards, as
/// they are looked up.
fn values_of(field: &Field, mapping: &Mapping) -> BTreeMap<String, String> {
    let values = field.values.iter().chain(mapping.values.get(&field.column).into_iter().flatten());
    let unguarded = |value: &String| {
        let cleaned = text::clean(value).unwrap_or(Cow::Borrowed(value));
        without_guards(cleaned, field.is_guarded()).into_owned()
    };
    values
        .map(|(value, replacement)| {
            (unguarded(value), text::clean(replacement).map_or(replacement.clone(), Cow::into_owned))
        })
        .collect()
}

/// The part of an address that a field holds. Of two fields for one part, the first counts.
fn address_part(profile: &Profile, field: usize) -> Option<AddressPart> {
    let part = |field: &Field| field.kind.facts().address_part;
    let found = part(&profile.fields[field])?;
    profile.fields[..field].iter().all(|before| part(before) != Some(found)).then_some(found)
}

/// What is stored for a missing value. Whether it fits is known when the profile is read, unless it depends on what day it is.
fn default_of(
    field: &Field,
    default: &str,
    limits: &Limits,
) -> Result<Stored<'static>, (&'static str, ProfileErrorKind)> {
    let cleaned = text::clean(default).unwrap_or(Cow::Borrowed(default));
    let text = field.case.map_or(cleaned.clone(), |case| case.apply(cleaned));
    let parsed = field.kind.parse(text, limits);
    match parsed.refusals.first() {
        Some(refusal) => Err(("default", field.breaks_rules(refusal))),
        None => Ok(parsed.stored.into_owned()),
    }
}

fn limits(
    field: &Field,
    relaxed: bool,
    rewritten: Rewritten,
    now: Option<DateTime<Utc>>,
) -> Result<Limits, (&'static str, ProfileErrorKind)> {
    let limits = field.limits(now)?;
    let days = [("not_before", &field.not_before), ("not_after", &field.not_after)];
    if let Some((key, _)) = days.into_iter().find(|(_, day)| now.is_none() && day.as_deref() == Some(TODAY)) {
        return Err((key, ProfileErrorKind::NoToday));
    }
    let characters = limits.characters.filter(|_| !relaxed);
    // A rule for characters refuses these anyway: they have a point, or a letter and a sign.
    let refuses_rewritten = characters.is_none() && matches!(rewritten, Rewritten::Refused { .. });
    Ok(Limits { characters, relaxed, refuses_rewritten, ..limits })
}
