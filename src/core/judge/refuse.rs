//! What is stored instead of a missing or invalid value, and what is noted about it.

use std::borrow::Cow;

use super::field_plan::{FieldPlan, Required};
use super::options::PlanError;
use super::plan::Plan;
use super::value::{Judge, Kept, Origin};
use crate::core::finding::{Finding, FindingList, Handling, Problem, Retry, excerpt};
use crate::core::mode::OnInvalid;
use crate::core::profile::{Mapping, ProfileErrorKind};
use crate::core::types::definition::{Refusal, Stored};
use crate::core::{mode::Empty, record::csv::NOT_CALCULATED};

impl Judge<'_> {
    pub(super) fn cell_error<'v>(&mut self, origin: Origin, raw: &str, error: &str) -> Stored<'v> {
        let text = || excerpt(error).to_string();
        let problem = match error {
            NOT_CALCULATED => Problem::NotCalculated,
            error if error.starts_with("##") => Problem::TooNarrow { shown: text() },
            _ => Problem::CellError { error: text() },
        };
        self.refuse(origin, Some(raw), None, [Refusal::new(problem)])
    }

    /// What is stored for a missing value: the default, or nothing. A finding is added if a value is required.
    pub(super) fn missing<'v>(&mut self, origin: Origin, raw: Option<&str>) -> Stored<'v> {
        let plan = &self.plan.fields[origin.field];
        let without = if raw.is_some() { &mut self.empty } else { &mut self.absent };
        without.insert(origin.field);
        if let Some(default) = &plan.default {
            return self.look_up_parent(origin, raw.unwrap_or_default(), default.clone());
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
            return self.refuse(origin, raw, None, [Refusal::new(Problem::Missing { only_if_new: false })]);
        }
        Stored::Missing
    }

    pub(super) fn warn(&mut self, origin: Origin, raw: &str, problem: Problem<&str>) {
        self.note(origin, Some(raw), problem, Handling::Noted, None);
    }

    pub(super) fn refuse<'v>(
        &mut self,
        origin: Origin,
        raw: Option<&str>,
        kept: Option<Kept<'v, '_>>,
        refusals: impl IntoIterator<Item = Refusal>,
    ) -> Stored<'v> {
        let plan = &self.plan.fields[origin.field];
        let mut judged = None;
        let instead = match plan.on_invalid {
            OnInvalid::Reject => None,
            OnInvalid::Keep => kept.map(|kept| {
                judged = kept.judged;
                Stored::Text(kept.value)
            }),
            OnInvalid::Clear => {
                // An existing customer keeps its value.
                self.absent.insert(origin.field);
                self.cleared.insert(origin.field);
                Some(plan.default.clone().unwrap_or(Stored::Missing))
            }
        };
        let stored = match &instead {
            Some(Stored::Text(text)) => text.clone(),
            Some(Stored::Integer(number)) => Cow::Owned(number.to_string()),
            Some(Stored::Real(number)) => Cow::Owned(number.to_string()),
            Some(Stored::Missing) | None => Cow::Borrowed(""),
        };
        for refusal in refusals {
            let handling = match (&instead, plan.on_invalid) {
                (None, _) => Handling::Rejected(retry(plan, &refusal)),
                (Some(_), OnInvalid::Keep) => Handling::Kept { judged },
                (Some(_), _) if self.plan.mode.changes() => Handling::ClearedIfNew,
                (Some(Stored::Missing), _) => Handling::Cleared,
                (Some(_), _) => Handling::Default(&*stored),
            };
            let problem = refusal.problem.map(|text| text.as_str());
            self.note(origin, raw, problem, handling, refusal.suggestion.as_deref());
        }
        instead.unwrap_or(Stored::Missing)
    }

    fn note(
        &mut self,
        origin: Origin,
        value: Option<&str>,
        problem: Problem<&str>,
        handling: Handling<&str>,
        suggestion: Option<&str>,
    ) {
        let (field, column) = (Some(origin.field as u16), origin.column);
        self.findings.push(origin.order, &Finding { problem, handling, field, column, value, suggestion, raw: None });
    }
}

fn retry(plan: &FieldPlan, refusal: &Refusal) -> Option<Retry> {
    match refusal.problem {
        _ if refusal.relaxable => Some(Retry::Relaxed),
        Problem::Missing { .. } => None,
        _ => (plan.required == Required::No).then_some(Retry::Cleared),
    }
}

impl Plan {
    /// Checks and stores the constants and replacements of a mapping. They must be valid: none is replaced or cleared.
    pub(super) fn take_mapping(&mut self, mapping: &Mapping) -> Result<(), PlanError> {
        for field in 0..self.fields.len() {
            let column = self.fields[field].column.clone();
            let values = std::mem::take(&mut self.fields[field].values);
            let on_invalid = std::mem::take(&mut self.fields[field].on_invalid);
            let listed = std::mem::take(&mut self.fields[field].listed);
            let default = std::mem::take(&mut self.fields[field].default);
            for (value, replacement) in values.iter().filter(|(_, replacement)| !replacement.is_empty()) {
                let of_mapping = mapping.values.get(&column).filter(|values| values.contains_key(value));
                match (self.filler(field, replacement), of_mapping) {
                    (Ok(_), _) => {}
                    (Err(findings), Some(_)) => {
                        return Err(self.unstorable(field, Some(value), replacement, findings, mapping));
                    }
                    // The profile alone can store it: the run has a word for nothing that the profile does not know.
                    (Err(_), None) => return Err(self.unfit(field, replacement)),
                }
            }
            let constant = mapping.constants.get(&column).map(|constant| {
                let stored = self.filler(field, constant);
                stored.map_err(|findings| self.unstorable(field, None, constant, findings, mapping))
            });
            let constant = constant.transpose()?;
            self.fields[field].default = constant.or(default);
            self.fields[field].values = values;
            self.fields[field].on_invalid = on_invalid;
            self.fields[field].listed = listed;
        }
        Ok(())
    }

    fn filler(&self, field: usize, value: &str) -> Result<Stored<'static>, FindingList> {
        let mut judge = Judge::new(self);
        let stored = judge.text(Origin { field, column: None, order: 0 }, value).into_owned();
        if stored != Stored::Missing && !judge.has_error() {
            return Ok(stored);
        }
        Err(judge.findings)
    }

    fn unstorable(
        &self,
        field: usize,
        replaced: Option<&String>,
        value: &str,
        findings: FindingList,
        mapping: &Mapping,
    ) -> PlanError {
        let column = self.fields[field].column.clone();
        let line = mapping.line_of(&column, replaced.map(String::as_str));
        PlanError::Unstorable { column, replaced: replaced.cloned(), value: value.to_string(), line, findings }
    }

    fn unfit(&self, field: usize, value: &str) -> PlanError {
        let (profile, column) = (self.profile.name.clone(), self.fields[field].column.clone());
        PlanError::Field { profile, column, key: "values", kind: ProfileErrorKind::MeansNothing(value.to_string()) }
    }
}
