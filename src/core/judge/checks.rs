//! The profile's rules over whole records: [`Checked`] keeps what is stored of the fields that they name, and judges an accepted
//! record by them.

use std::ops::Range;

use super::plan::Plan;
use super::value::Judge;
use crate::core::finding::{Finding, Handling, Problem};
use crate::core::profile::Check;
use crate::core::row::RowBuilder;
use crate::core::rule::Cell;
use crate::core::types::definition::Stored;

/// What is stored of a field.
#[derive(Clone, Debug)]
pub(super) enum Noted {
    Missing,
    /// Where the row builder has the text.
    Text(Range<usize>),
    Integer(i64),
    Real(f64),
}

impl Noted {
    /// What was pushed. A text is in the row at `written`.
    pub(super) fn of(stored: &Stored<'_>, written: Range<usize>) -> Noted {
        match stored {
            Stored::Missing => Noted::Missing,
            Stored::Text(_) => Noted::Text(written),
            Stored::Integer(number) => Noted::Integer(*number),
            Stored::Real(number) => Noted::Real(*number),
        }
    }
}

/// The values of the record that is being judged, of the fields that checks name.
#[derive(Debug)]
pub(super) struct Checked {
    values: Vec<Noted>,
}

impl Checked {
    pub(super) fn new(plan: &Plan) -> Checked {
        Checked { values: vec![Noted::Missing; plan.checked.len()] }
    }

    pub(super) fn note(&mut self, slot: u16, noted: Noted) {
        if let Some(value) = self.values.get_mut(usize::from(slot)) {
            *value = noted;
        }
    }

    /// Adds a finding for each check that the record fails.
    pub(super) fn judge(&self, judge: &mut Judge<'_>, rows: &impl RowBuilder) {
        let plan = judge.plan;
        let cells: Vec<Cell<'_>> = plan
            .checked
            .iter()
            .zip(&self.values)
            .map(|(field, value)| {
                let field = &plan.profile.fields[*field];
                match value {
                    Noted::Missing => Cell::Missing,
                    Noted::Text(range) => match std::str::from_utf8(rows.written(range.clone())) {
                        Ok(text) => field.cell_of_text(text),
                        Err(_) => Cell::Missing,
                    },
                    Noted::Integer(number) => field.cell_of_integer(*number),
                    Noted::Real(number) => Cell::Real(*number),
                }
            })
            .collect();
        let known = plan.mode.changes().then(|| {
            let touched = judge.touched();
            touched.given.or(&touched.cleared)
        });
        for Check { name, rule, message, compiled } in &plan.profile.checks {
            // What the record does not say of a customer can be in the database.
            if known.is_some_and(|known| compiled.fields.iter().any(|field| !known.has(*field))) {
                continue;
            }
            let problem = match compiled.holds(&plan.checked, &cells) {
                Ok(true) => continue,
                Ok(false) => Problem::CheckFailed { check: &**name, rule, message: message.as_deref() },
                Err(fault) => Problem::CheckOpen { check: &**name, fault },
            };
            let handling = Handling::Rejected(None);
            let finding =
                Finding { problem, handling, field: None, column: None, value: None, suggestion: None, raw: None };
            judge.findings.push(u32::MAX, &finding);
        }
    }
}
