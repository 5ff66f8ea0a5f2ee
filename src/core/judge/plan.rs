//! A profile and the options of a run, prepared for the hot path: [`Plan`]. Judging a value looks up nothing by name.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::field_plan::{FieldPlan, FieldPlanner, KeyPlan, Required};
use crate::core::mode::{Empty, Mode};
use crate::core::profile::{FieldSet, HeaderNames, Profile, Setting};
use crate::core::text;
use crate::core::text::sheet::{self, without_guards};
use crate::core::{text::key::KeyComparison, types::repair};

pub use super::options::{FieldOptions, OnInvalidReason, PlanError};
pub use crate::core::mode::OnInvalid;

#[derive(Clone, Debug)]
pub struct Plan {
    pub profile: Arc<Profile>,
    pub names: HeaderNames,
    pub fields: Vec<FieldPlan>,
    /// The key; `None` with `--key none`.
    pub key: Option<KeyPlan>,
    pub null_tokens: Vec<String>,
    pub mode: Mode,
    /// The optional fields, if an empty cell clears a stored value.
    pub(super) clearable: FieldSet,
    pub empty: Empty,
    /// The fields that the profile's checks name, ascending.
    pub(super) checked: Vec<usize>,
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
        let (mapping, mode) = (&options.mapping, options.mode);
        mapping.check(&profile)?;
        let key = match options.key.as_deref() {
            Some("none") => None,
            Some(column) => Some(profile.require_field(column, Setting::Key)?),
            None => profile.key.first().and_then(|key| profile.field_index(key)),
        };
        let key = key
            .map(|field| KeyPlan { field, comparison: profile.fields[field].compare.unwrap_or(KeyComparison::Text) });
        if mode.changes() && key.is_none() {
            return Err(PlanError::NoKey(mode));
        }
        let planner = FieldPlanner::new(&profile, options, key)?;
        let fields = (0..profile.fields.len()).map(|field| planner.plan(field)).collect::<Result<_, _>>()?;
        let mut plan = Plan {
            names: HeaderNames::new(&profile, mapping),
            fields,
            profile: Arc::clone(&profile),
            key,
            null_tokens: options.null_tokens.clone(),
            mode,
            clearable: FieldSet::default(),
            empty: options.empty,
            checked: checked(&profile),
        };
        plan.names.layout.alone = plan.key.filter(|_| mode.changes()).map(|key| key.field);
        if options.empty == Empty::Clear {
            plan.clearable = (0..profile.fields.len()).filter(|field| !profile.fields[*field].required).collect();
        }
        plan.take_mapping(mapping)?;
        for field in &mut plan.fields {
            field.may_lack = field.required == Required::No && field.default.is_none();
        }
        for (slot, field) in (0..).zip(plan.checked.clone()) {
            plan.fields[field].watch(slot);
        }
        Ok(plan)
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
            match self.content(field, &value) {
                Content::Missing | Content::NullWord => false,
                Content::CellError => true,
                // Repair leaves nothing of a lone dash.
                Content::Value => !(plan.values.is_empty() && plan.limits.repair && repair::repair(&value).is_empty()),
            }
        })
    }
}
