//! The profile's rules over whole records: [`RuleValues`] keeps what is stored of the fields that they name, and judges an accepted
//! record by them.

use std::ops::Range;

use super::plan::Plan;
use super::value::Judge;
use crate::core::finding::{Finding, Handling, Problem};
use crate::core::mode::Mode;
use crate::core::profile::Check;
use crate::core::row::RowBuilder;
use crate::core::rule::Value;
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
pub(super) struct RuleValues {
    values: Vec<Noted>,
}

impl RuleValues {
    /// `None` if the profile has no checks.
    pub(super) fn new(plan: &Plan) -> Option<RuleValues> {
        (!plan.profile.checks.is_empty()).then(|| RuleValues { values: vec![Noted::Missing; plan.checked.len()] })
    }

    pub(super) fn note(&mut self, slot: u16, noted: Noted) {
        if let Some(value) = self.values.get_mut(usize::from(slot)) {
            *value = noted;
        }
    }

    /// Adds a finding for each check that the record fails. What the record does not say of an existing customer can be in the
    /// database: unless the record `is_new`, a check of such a field only says whether a new customer would fail it.
    pub(super) fn judge(&self, judge: &mut Judge<'_>, rows: &impl RowBuilder, is_new: bool) {
        let plan = judge.plan;
        let values = self.values(plan, rows);
        let said = (!is_new).then(|| {
            let touched = judge.touched();
            touched.given.or(&touched.cleared)
        });
        for (index, check) in plan.profile.checks.iter().enumerate() {
            let may_wait = said.is_some_and(|said| check.compiled.fields.iter().any(|field| !said.has(*field)));
            if may_wait && plan.mode == Mode::Update {
                continue;
            }
            let problem = match check.compiled.holds(&plan.checked, &values) {
                Ok(true) => continue,
                Ok(false) => failed(check),
                Err(fault) => Problem::CheckOpen { check: check.name.as_str(), fault },
            };
            if may_wait {
                judge.fails_if_new |= 1 << index;
                continue;
            }
            judge.findings.push(u32::MAX, &finding(problem));
        }
    }

    /// The values as rules see them.
    fn values<'v>(&'v self, plan: &Plan, rows: &'v impl RowBuilder) -> Vec<Value<'v>> {
        let values = plan.checked.iter().zip(&self.values).map(|(field, value)| {
            let field = &plan.profile.fields[*field];
            match value {
                Noted::Missing => Value::Missing,
                Noted::Text(range) => match std::str::from_utf8(rows.written(range.clone())) {
                    Ok(text) => field.value_of_text(text),
                    Err(_) => Value::Missing,
                },
                Noted::Integer(number) => field.value_of_integer(*number),
                Noted::Real(number) => Value::Real(*number),
            }
        });
        values.collect()
    }
}

/// That a record fails a check.
pub(super) fn failed(check: &Check) -> Problem<&str> {
    let Check { name, rule, message, .. } = check;
    Problem::CheckFailed { check: name, rule, message: message.as_deref() }
}

/// A finding about a record as a whole, which costs it.
pub(super) fn finding(problem: Problem<&str>) -> Finding<'_> {
    let handling = Handling::Rejected(None);
    Finding { problem, handling, field: None, column: None, value: None, suggestion: None, raw: None }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::super::options::FieldOptions;
    use super::super::record_judge::{Judgement, RecordJudge};
    use crate::core::finding::english::message;
    use crate::core::profile::Profile;

    const COLUMNS: [&str; 10] = ["name", "email", "phone", "zip", "visits", "total", "web", "tags", "born", "tier"];

    fn profile() -> Arc<Profile> {
        let fields = [
            ("name", "max = 6"),
            ("email", "type = 'email'"),
            ("phone", "type = 'phone'"),
            ("zip", "type = 'postal-code'\nrepair = true\ndefault = '0'"),
            ("visits", "type = 'integer'\non_invalid = 'clear'"),
            ("total", "type = 'decimal'"),
            ("web", "type = 'flag'"),
            ("tags", "type = 'list'"),
            ("born", "type = 'date'"),
            ("tier", "type = 'choice'\nchoices = ['GOLD', 'SILVER']"),
        ];
        let fields: String = fields.iter().map(|(column, keys)| format!("[fields.{column}]\n{keys}\n")).collect();
        let rules = [
            "name != 'Ann' || email != null",
            "email.endsWith('.org') || phone.size() > 4 || name == null",
            "visits / (visits - 2) < 9",
            "total >= 0.5 ? web : !web",
            "'a' in tags || tier == 'GOLD' || tags == null",
            "born == null || born < '2000-01-01'",
            "zip.matches('^[0-9]')",
        ];
        let check =
            |(number, rule): (usize, &&str)| format!("[[checks]]\nname = '{number}'\nrule = \"\"\"{rule}\"\"\"\n");
        let checks: String = rules.iter().enumerate().map(check).collect();
        Arc::new(Profile::parse("own.toml", &(fields + &checks)).unwrap())
    }

    /// The values of the row, or what is wrong.
    fn words(judgement: &Judgement) -> Vec<String> {
        let findings = judgement.findings.all();
        let fault = |finding| format!("{}", message(&finding, ""));
        judgement.row.iter().map(|row| format!("{row:?}")).chain(findings.iter().map(fault)).collect()
    }

    /// Values that took the quick path are judged as those that took the full one, and JSON as CSV.
    #[test]
    fn both_paths_and_formats_give_the_same_verdicts() {
        let options = FieldOptions::default();
        let full = FieldOptions { null_tokens: vec!["never".to_string()], ..FieldOptions::default() };
        let [quick, full] = [&options, &full].map(|options| RecordJudge::csv(profile(), options, &COLUMNS).unwrap());
        let json = RecordJudge::json(profile(), &options, &COLUMNS).unwrap();
        let cells = [
            "(Ann|Bob| ?[A-Za-z]{0,7})",
            "([a-z]{1,3}@b\\.(org|com)|x)?",
            "(0[0-9]{0,8})?",
            "([0-9]{0,5}|[a-z]{2}|4\\.5)",
            "([0-4]|x)?",
            "([01]\\.[0-9]{1,2})?",
            "(yes|no|1|0)?",
            "([a-c](;[a-c]){0,3})?",
            "((19|20)[0-9]{2}-0[1-9]-1[0-9])?",
            "(gold|SILVER)?",
        ];
        proptest!(ProptestConfig::with_cases(2000), |(cells in cells)| {
            let record = cells.join(",");
            let judged = words(&quick.judge(record.as_bytes()));
            prop_assert_eq!(&judged, &words(&full.judge(record.as_bytes())), "{}", record);
            let members = COLUMNS.iter().zip(&cells).map(|(column, cell)| format!("\"{column}\":\"{cell}\""));
            let object = format!("{{{}}}", members.collect::<Vec<_>>().join(","));
            prop_assert_eq!(&judged, &words(&json.judge(object.as_bytes())), "{}", object);
        });
    }
}
