//! Judging records that the caller has at hand: [`RecordJudge`], for whoever uses custload as a library.

use std::sync::Arc;

use super::checker::{Checker, Shape, Stamp};
use super::options::{FieldOptions, PlanError};
use super::verdicts::{Outcome, Verdicts};
use super::{csv_shape::CsvShape, json_shape::JsonShape, plan::Plan};
use crate::core::profile::{Binding, Profile};
use crate::core::record::{Block, Extent, Span};
use crate::core::row::{PlainRows, Value};
use crate::core::{finding::FindingList, record::dialect::CsvDialect};

const RECORD_LIMIT: usize = 1 << 20;

/// Judges records by a profile: each becomes a row of values or is rejected, and what was noticed comes as data.
///
/// It knows no file, thread or database, and no record knows another: whether a key is taken is for whoever stores the rows.
#[derive(Clone, Debug)]
pub struct RecordJudge {
    checker: Checker,
}

/// What was found out about one record.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// A value for each field of the profile, in its order. `None` if the record was rejected, or is blank.
    pub row: Option<Vec<FieldValue>>,
    /// What is wrong with the record, in the order of its columns; warnings, if it was accepted.
    pub findings: FindingList,
}

/// The normalised value of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldValue {
    /// The record has no value for the field.
    Missing,
    /// A whole number, or a flag as 1 or 0.
    Integer(i64),
    /// A number with decimals.
    Real(f64),
    /// A text.
    Text(String),
}

impl RecordJudge {
    /// A judge of CSV records whose cells stand under this header, comma-separated.
    ///
    /// A required field without a column is no error here: every record will lack it.
    ///
    /// # Errors
    ///
    /// [`PlanError`] if an option does not fit the profile.
    pub fn csv(profile: Arc<Profile>, options: &FieldOptions, header: &[&str]) -> Result<RecordJudge, PlanError> {
        let plan = Plan::new(profile, options)?;
        let header = header.iter().map(|name| name.to_string()).collect();
        let binding = Binding::new(&plan.names, header, false);
        let shape = CsvShape::new(CsvDialect::with_delimiter(b','), binding, false, false);
        Ok(RecordJudge::new(plan, Shape::Csv(Box::new(shape))))
    }

    /// A judge of JSON objects that have these keys, or some of them.
    ///
    /// # Errors
    ///
    /// [`PlanError`] if an option does not fit the profile.
    pub fn json(profile: Arc<Profile>, options: &FieldOptions, keys: &[&str]) -> Result<RecordJudge, PlanError> {
        let plan = Plan::new(profile, options)?;
        let (shape, _) = JsonShape::new(&plan, keys.iter().map(|key| key.to_string()).collect());
        Ok(RecordJudge::new(plan, Shape::Json(Box::new(shape))))
    }

    fn new(plan: Plan, shape: Shape) -> RecordJudge {
        let stamp = Stamp { now: String::new(), run: 0, file: 0 };
        RecordJudge { checker: Checker::new(Arc::new(plan), shape, stamp, false, RECORD_LIMIT as u64) }
    }

    /// Judges one record: a line of CSV, or a JSON object, without its line end. A record over 1 MiB is rejected.
    pub fn judge(&self, record: &[u8]) -> Judgement {
        let is_too_large = record.len() > RECORD_LIMIT;
        let bytes = &record[..record.len().min(RECORD_LIMIT)];
        let extent = match () {
            () if is_too_large => Extent::TooLarge,
            () if bytes.trim_ascii().is_empty() => Extent::Blank,
            () => Extent::Record,
        };
        let span = Span { start: 0, end: bytes.len() as u32, line: 0, extent };
        let block = Block {
            bytes: bytes.to_vec(),
            spans: vec![span],
            first_record: 1,
            first_line: 1,
            byte_offset: 0,
            file_bytes: 0,
            stop: None,
        };
        let Verdicts { verdicts, rows, findings, .. } = self.checker.check::<PlainRows>(&block);
        let row = verdicts.first().and_then(|verdict| match &verdict.outcome {
            Outcome::Accepted { row, .. } => {
                let fields = self.checker.plan().fields.len();
                Some(rows.row(row.clone()).take(fields).map(FieldValue::from).collect())
            }
            Outcome::Blank | Outcome::Rejected => None,
        });
        Judgement { row, findings }
    }
}

impl From<Value<'_>> for FieldValue {
    fn from(value: Value<'_>) -> FieldValue {
        match value {
            Value::Null => FieldValue::Missing,
            Value::Integer(number) => FieldValue::Integer(number),
            Value::Real(number) => FieldValue::Real(number),
            Value::Text(text) => FieldValue::Text(String::from_utf8_lossy(text).into_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::finding::Code;
    use crate::core::profile::{profile_of, record_schema};

    fn codes(judgement: &Judgement) -> Vec<Code> {
        judgement.findings.all().iter().map(|finding| finding.code()).collect()
    }

    #[test]
    fn records_become_rows_or_findings() {
        let options = FieldOptions::default();
        let profile = Profile::named("basic").unwrap();
        let text = |text: &str| FieldValue::Text(text.to_string());
        let ann = Some(vec![text("Ann"), FieldValue::Missing, text("DE 1"), text("WEB_FORM")]);
        let csv = RecordJudge::csv(Arc::clone(&profile), &options, &["VAT number", "Name"]).unwrap();
        let json = RecordJudge::json(profile, &options, &["name", "tax_id"]).unwrap();
        let long = vec![b'a'; RECORD_LIMIT + 1];
        for (judge, record, row, found) in [
            (&csv, &b"DE 1, Ann "[..], ann.clone(), vec![]),
            (&json, b"{\"name\": \"Ann\", \"tax_id\": \"DE 1\"}", ann, vec![]),
            (&csv, b"DE 1,", None, vec![Code::Required]),
            (&csv, b"Ann", None, vec![Code::MissingCell]),
            (&csv, b"\xff,Ann", None, vec![Code::InvalidUtf8]),
            (&json, b"[1]", None, vec![Code::NotAnObject]),
            (&json, b" ", None, vec![]),
            (&csv, &long, None, vec![Code::RecordTooLarge]),
        ] {
            let judgement = judge.judge(record);
            assert_eq!((&judgement.row, codes(&judgement)), (&row, found), "{}", record.escape_ascii());
        }
    }

    /// What JSON Schema can say of a profile.
    const EXPRESSED: &str = r#"
        [fields.code]
        required = true
        min = 2
        max = 5
        [fields.sort]
        pattern = '[A-C]\d{1,2}|x+'
        [fields.word]
        characters = "letters-spaces"
        max = 4
        [fields.mail]
        type = "email"
        max = 9
        [fields.site]
        type = "url"
        [fields.count]
        type = "integer"
        at_least = -3
        at_most = 40
        default = 7
        [fields.sum]
        type = "decimal"
        at_least = 0.5
        at_most = 9.25
        [fields.web]
        type = "flag"
        default = "no"
        [fields.tags]
        type = "list"
        [fields.tier]
        type = "choice"
        choices = ["GOLD", "B"]
        [fields.born]
        type = "date"
        [fields.seen]
        type = "timestamp"
    "#;

    /// A profile that went through JSON Schema gives the same rows.
    #[test]
    fn a_profile_comes_back_from_json_schema() {
        let profile = Profile::parse("own.toml", EXPRESSED).unwrap();
        let again = profile_of("again.schema.json", &record_schema(&profile)).unwrap();
        assert_eq!(again.notes, Vec::<String>::new());
        let names: Vec<&str> = profile.fields.iter().map(|field| field.column.as_str()).collect();
        let judge =
            |profile: &Profile| RecordJudge::json(Arc::new(profile.clone()), &FieldOptions::default(), &names).unwrap();
        let judges = [judge(&profile), judge(&again)];
        let value = prop_oneof![
            "[A-Cabxé\u{663}0-9 ]{0,6}".prop_map(|text| format!("{text:?}")),
            "([A-C][0-9\u{663}]{0,3}|x{0,3}|a@b[.]c[od]?|b[.]org/|gold|B|yes|no|2001-02-[0-3][0-9](T10:00:00Z)?)"
                .prop_map(|text| format!("{text:?}")),
            (-5i64..50).prop_map(|number| number.to_string()),
            "[0-9][.][0-9]{1,2}",
            prop::sample::select(vec!["true", "null", "[\"a\", 1]"]).prop_map(str::to_string),
        ];
        proptest!(ProptestConfig::with_cases(2000), |(values in prop::collection::vec(value, 12), code in "[a-z]{1,6}")| {
            // One value at a time, so that one fault hides no other.
            for (name, value) in names.iter().zip(&values) {
                let own = format!("\"{name}\": {value}");
                let code = if *name == "code" { String::new() } else { format!("\"code\": \"{code}\", ") };
                let record = format!("{{{code}{own}}}");
                let [one, other] = judges.each_ref().map(|judge| judge.judge(record.as_bytes()).row);
                prop_assert_eq!(one, other, "{}", record);
            }
        });
    }
}
