//! A profile and the options of a run, prepared for the hot path: [`Plan`]. Judging a value looks up nothing by name.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::field_plan::{FieldPlan, FieldPlanner, KeyPlan, LinkPart, Required};
use super::parents::ParentPlan;
use crate::core::finding::Finding;
use crate::core::mode::{Empty, Mode};
use crate::core::profile::{FieldSet, HeaderNames, Profile, ProfileErrorKind, Setting};
use crate::core::text;
use crate::core::text::sheet::{self, without_guards};
use crate::core::types::{definition::Storage, repair};

pub use super::options::{FieldOptions, OnInvalidReason, PlanError};
pub use crate::core::mode::OnInvalid;

#[derive(Clone, Debug)]
pub struct Plan {
    pub profile: Arc<Profile>,
    pub names: HeaderNames,
    pub fields: Vec<FieldPlan>,
    /// The key; `None` with `--key none`.
    pub key: Option<KeyPlan>,
    /// The other fields whose values no two customers share, in their order.
    pub unique: Vec<KeyPlan>,
    pub null_tokens: Vec<String>,
    pub mode: Mode,
    /// The optional fields, if an empty cell clears a stored value.
    pub(super) clearable: FieldSet,
    pub empty: Empty,
    /// The fields that the profile's checks name, ascending.
    pub(super) checked: Vec<usize>,
    /// The fields that refer to a customer's parent, if there are any.
    pub parents: Option<ParentPlan>,
}

/// What a value is, before its field's rules apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Missing,
    NullWord,
    CellError,
    Value,
}

fn checked(profile: &Profile) -> Vec<usize> {
    let fields: BTreeSet<usize> =
        profile.checks.iter().flat_map(|check| check.compiled.fields.iter().copied()).collect();
    fields.into_iter().collect()
}

impl Plan {
    pub fn new(profile: Arc<Profile>, options: &FieldOptions) -> Result<Plan, PlanError> {
        Plan::for_columns(profile, options, |_| true)
    }

    /// The same for inputs that have columns for some fields. To create customers without one for the profile's key, the key is the
    /// first fallback for which they have one.
    pub fn for_columns(
        profile: Arc<Profile>,
        options: &FieldOptions,
        have_column: impl Fn(usize) -> bool,
    ) -> Result<Plan, PlanError> {
        let (mapping, mode) = (&options.mapping, options.mode);
        mapping.check(&profile)?;
        let key = KeyPlan::new(&profile, &key_fields(&profile, options, have_column)?);
        let unique = unique_fields(&profile, key.as_ref());
        if mode.changes() && key.is_none() {
            return Err(PlanError::NoKey(mode));
        }
        let planner = FieldPlanner::new(&profile, options, key.as_ref())?;
        let fields = (0..profile.fields.len()).map(|field| planner.plan(field)).collect::<Result<_, _>>()?;
        let mut plan = Plan {
            names: HeaderNames::new(&profile, mapping),
            fields,
            profile: Arc::clone(&profile),
            key,
            unique,
            null_tokens: options.null_tokens.clone(),
            mode,
            clearable: FieldSet::default(),
            empty: options.empty,
            checked: checked(&profile),
            parents: ParentPlan::of(&profile),
        };
        plan.names.layout.needs_whole = mode.changes();
        if let Some(key) = plan.key.as_ref().filter(|_| mode.changes()) {
            plan.names.layout.alone = key.fields().collect();
        }
        if options.empty == Empty::Clear {
            plan.clearable = (0..profile.fields.len()).filter(|field| !profile.fields[*field].required).collect();
        }
        plan.take_mapping(mapping)?;
        if let Some(parents) = plan.parents {
            // A parent's ID is looked up: it does not say itself whether it is valid.
            plan.fields[parents.id].is_quick = false;
            if let Some(link) = parents.link {
                plan.fields[link.field].link = Some(LinkPart::Referring);
                plan.fields[link.referenced].link = Some(LinkPart::Referenced);
            }
        }
        for field in &mut plan.fields {
            field.may_lack = field.required == Required::No && field.default.is_none();
            field.is_noted = field.key_part.is_some() || field.link.is_some();
        }
        for (slot, field) in (0..).zip(plan.checked.clone()) {
            plan.fields[field].watch(slot);
        }
        plan.check_parents()?;
        Ok(plan)
    }

    /// Refuses to clear a parent's value that a check names: whether it is cleared turns out when all records have been checked.
    fn check_parents(&self) -> Result<(), PlanError> {
        let link = self.parents.and_then(|parents| parents.link).map(|link| link.field);
        let is_cleared =
            |field: &usize| self.checked.contains(field) && self.fields[*field].on_invalid == OnInvalid::Clear;
        match link.filter(is_cleared) {
            None => Ok(()),
            Some(field) => Err(PlanError::Field {
                profile: self.profile.name.clone(),
                column: self.fields[field].column.clone(),
                key: "on_invalid",
                kind: ProfileErrorKind::OnInvalid("a check names it, and it refers to a parent"),
            }),
        }
    }

    /// What messages call the field of a finding; if it is about the key, all columns of the key.
    pub fn column_of(&self, finding: &Finding<'_>) -> &str {
        match (&self.key, finding.field) {
            (Some(key), Some(_)) if finding.code().is_about_key() => &key.name,
            (_, Some(field)) => &self.fields[usize::from(field)].column,
            (_, None) => "",
        }
    }

    /// The same for a run in which records have parents: their IDs are stored although no value is given.
    pub fn looking_up_parents(mut self) -> Plan {
        if let Some(parents) = self.parents {
            self.fields[parents.id].may_lack = false;
        }
        self
    }

    pub fn can_do_without(&self, field: usize) -> bool {
        matches!(self.fields[field].required, Required::No | Required::WhereGiven)
            || self.fields[field].default.is_some()
    }

    pub(super) fn content(&self, field: usize, cleaned: &str) -> Content {
        if text::is_missing(cleaned) || self.null_tokens.iter().any(|token| token == cleaned) {
            Content::Missing
        } else if !self.fields[field].kind.facts().holds_words && text::is_null_word(cleaned) {
            Content::NullWord
        } else if sheet::is_error_word(cleaned) || self.fields[field].is_number() && sheet::is_too_narrow(cleaned) {
            Content::CellError
        } else {
            Content::Value
        }
    }

    pub(super) fn has_value(&self, field: usize, raw: &str) -> bool {
        // A control character is invalid, not missing.
        text::clean(raw).map_or(true, |cleaned| {
            let plan = &self.fields[field];
            let value = without_guards(cleaned, plan.guard);
            if let Some(replacement) = plan.replacement(&value) {
                return !replacement.is_empty();
            }
            match self.content(field, &value) {
                Content::Missing | Content::NullWord => false,
                Content::CellError => true,
                // Repair leaves nothing of a lone dash.
                Content::Value => !(plan.values.is_empty() && plan.limits.repair && repair::repair(&value).is_empty()),
            }
        })
    }
}

/// The fields that no two customers share, besides the key.
fn unique_fields(profile: &Profile, key: Option<&KeyPlan>) -> Vec<KeyPlan> {
    let unique = (0..profile.fields.len()).filter(|field| profile.fields[*field].unique);
    let plans = unique.filter_map(|field| KeyPlan::new(profile, &[field]));
    plans.filter(|plan| key.is_none_or(|key| key.parts != plan.parts)).collect()
}

/// The fields of the key: those of the options, or the profile's; none for `none`.
fn key_fields(
    profile: &Profile,
    options: &FieldOptions,
    have_column: impl Fn(usize) -> bool,
) -> Result<Vec<usize>, PlanError> {
    let columns: Vec<&str> = match options.key.as_deref() {
        Some("none") => Vec::new(),
        Some(named) => profile.key_columns(named),
        None => profile.key.iter().map(String::as_str).collect(),
    };
    let index = |column: &&str| profile.field_index(column);
    if options.key.is_none() && options.mode == Mode::Create && !columns.iter().filter_map(index).any(&have_column) {
        let mut fallbacks = profile.key_fallback.iter().filter_map(|column| profile.field_index(column));
        if let Some(fallback) = fallbacks.find(|field| have_column(*field)) {
            return Ok(vec![fallback]);
        }
    }
    let mut fields = Vec::with_capacity(columns.len());
    for column in columns {
        let field = profile.require_field(column, Setting::Key)?;
        if fields.contains(&field) {
            return Err(PlanError::RepeatedKey(column.to_string()));
        }
        if profile.fields[field].storage() == Storage::Real {
            return Err(PlanError::RealKey(column.to_string()));
        }
        fields.push(field);
    }
    Ok(fields)
}
