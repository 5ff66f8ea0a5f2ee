//! What fills a field instead of its own value: the constants and replacements of a mapping, checked once for a run.

use super::options::PlanError;
use super::plan::Plan;
use super::value::{Judge, Origin};
use crate::core::finding::english::message;
use crate::core::finding::{FindingList, Severity};
use crate::core::profile::{Mapping, ProfileErrorKind};
use crate::core::types::definition::Stored;

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
                    // The profile alone can store it: the run knows which day is today, or a word for nothing.
                    (Err(findings), None) => return Err(self.unfit(field, replacement, &findings)),
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

    fn unfit(&self, field: usize, value: &str, findings: &FindingList) -> PlanError {
        let (profile, column) = (self.profile.name.clone(), self.fields[field].column.clone());
        let first = findings.all().iter().find(|finding| finding.handling.severity() == Severity::Error);
        let kind = match first {
            Some(finding) => ProfileErrorKind::BreaksRules(message(&finding, &column).to_string()),
            None => ProfileErrorKind::MeansNothing(value.to_string()),
        };
        PlanError::Field { profile, column, key: "values", kind }
    }
}
