//! What is stored instead of a missing or invalid value, and what is noted about it.

use std::borrow::Cow;

use super::field_plan::{FieldPlan, Required};
use super::value::{Judge, Kept, Origin};
use crate::core::finding::{Finding, Handling, Problem, Retry, excerpt};
use crate::core::mode::OnInvalid;
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
