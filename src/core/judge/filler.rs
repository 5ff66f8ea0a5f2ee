//! The constants and replacements of a mapping, as they are stored.

use super::field_plan::Filler;
use super::plan::Plan;
use super::plan_error::PlanError;
use super::value::{Judge, Origin};
use crate::core::profile::Mapping;
use crate::core::types::parsed::Stored;

impl Plan {
    /// Checks and stores the constants and replacements of a mapping. They must be valid: none is replaced or cleared.
    pub(super) fn take_mapping(&mut self, mapping: &Mapping) -> Result<(), PlanError> {
        for field in 0..self.fields.len() {
            let column = self.fields[field].column.clone();
            let values = std::mem::take(&mut self.fields[field].values);
            let on_invalid = std::mem::take(&mut self.fields[field].on_invalid);
            for (value, replacement) in values.iter().filter(|(_, replacement)| !replacement.is_empty()) {
                self.filler(field, replacement, Some(value))?;
            }
            if let Some(constant) = mapping.constants.get(&column) {
                self.fields[field].default = Some(self.filler(field, constant, None)?);
            }
            self.fields[field].values = values;
            self.fields[field].on_invalid = on_invalid;
        }
        Ok(())
    }

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
