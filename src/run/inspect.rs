//! Reading the first records of an input to see what a run would make of it: [`inspect`].

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::Utc;
use serde::Serialize;

use super::prepare::{bind_one, candidates, choose, note_sheet, plan, summary_of};
use super::{advice::proposal, inputs::open_inputs, options::Options};
use crate::core::finding::{Code, Severity, english};
use crate::core::judge::field_plan::FieldPlan;
use crate::core::judge::plan::FieldOptions;
use crate::core::judge::{Checker, Outcome, Stamp};
use crate::core::profile::{Candidates, Likely, Profile, nearest_field, report_column};
use crate::core::record::csv::{SHEET_MARK, TYPED, split};
use crate::core::record::json::{JsonValue, Members, value};
use crate::core::record::{Block, Extent};
use crate::core::row::{PlainRows, Value};
use crate::error::{Error, Result};
use crate::read::expand::expand;
use crate::read::input::{Dialect, Input, ReadOptions};
use crate::report::summary::{ColumnSummary, Ignored, InputSummary};

pub const INSPECTED_RECORDS: u64 = 1000;

/// How many records are shown as they would be stored, and how many values of each column are shown.
const SHOWN_RECORDS: usize = 5;
const SHOWN_VALUES: usize = 3;

const PROPOSALS: usize = 200;

/// What a run would make of an input.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Inspection {
    /// How it is read, and where its columns go. Its counts are those of the records that were read.
    #[serde(flatten)]
    pub input: InputSummary,
    #[serde(skip)]
    pub described: String,
    pub notes: Vec<String>,
    pub fits: Vec<FitSummary>,
    pub profile: Option<String>,
    pub problem: Option<String>,
    pub proposed_options: Vec<String>,
    /// The content of its columns, or keys: one for each of `columns`.
    pub content: Vec<ColumnContent>,
    /// The records with a ZIP code that seems to have lost its leading zero.
    pub short_zips: u64,
    pub rejects_by_code: BTreeMap<&'static str, RejectExample>,
    pub first_records: Vec<StoredRecord>,
}

/// A record as it would be stored: its columns in the profile's order, and their values.
#[derive(Clone, Debug, Default)]
pub struct StoredRecord(pub Vec<(String, serde_json::Value)>);

impl Serialize for StoredRecord {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(column, value)| (column, value)))
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct FitSummary {
    pub profile: String,
    pub matched: usize,
    /// The columns that it requires, and that nothing fills.
    pub missing: Vec<String>,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct ColumnContent {
    pub proposal: Option<String>,
    pub filled: u64,
    /// The values for which their record would be rejected.
    pub faulty: u64,
    pub examples: Vec<String>,
}

/// How many records have a code, and where the first is.
#[derive(Clone, Debug, Serialize)]
pub struct RejectExample {
    #[serde(skip)]
    pub code: Code,
    pub records: u64,
    pub first_line: u64,
    pub message: String,
}

/// Inspects the one input that `options` name. An error if it cannot be read; anything else that is wrong is in the result.
pub fn inspect(options: &Options) -> Result<Inspection> {
    let candidates = Arc::new(candidates(options)?);
    let mut inputs = open_inputs(options, expand(&options.inputs, |_, _| ())?, false, &candidates)?;
    let (Some(mut input), true) = (inputs.pop(), inputs.is_empty()) else {
        return Err(Error::Usage("inspect reads one file at a time; name one".to_string()));
    };
    let mut inspection = Inspection {
        described: input.described(),
        notes: std::mem::take(&mut input.notes),
        fits: fits(&candidates, &input),
        input: summary_of(&input, 0),
        ..Inspection::default()
    };
    let checker = inspection.checker(&input, options, &candidates)?;
    if checker.is_none() {
        inspection.proposed_options = proposal(&input, &candidates);
        let column = |(name, likely): (&String, Option<Likely<'_>>)| match likely {
            Some(likely) => ColumnSummary::new(name).filling(likely.field, likely.target, likely.how),
            None => ColumnSummary::new(name),
        };
        inspection.input.columns = input.names.iter().zip(candidates.likely(&input.names)).map(column).collect();
    }
    inspection.content = vec![ColumnContent::default(); inspection.input.columns.len()];
    inspection.propose(&candidates);
    inspection.read(input, checker.as_ref(), options, &candidates)?;
    Ok(inspection)
}

fn fits(candidates: &Candidates, input: &Input) -> Vec<FitSummary> {
    let fits = candidates.fits(&input.names).into_iter();
    fits.map(|fit| FitSummary {
        profile: fit.profile.name.clone(),
        matched: fit.matched,
        missing: fit.missing.into_iter().map(str::to_string).collect(),
    })
    .collect()
}

impl Inspection {
    /// The checker of the records. If the input cannot be loaded, notes the problem and returns `None`.
    fn checker(&mut self, input: &Input, options: &Options, candidates: &Candidates) -> Result<Option<Checker>> {
        let profile = match &options.profile {
            Some(profile) => Ok(Arc::clone(profile)),
            None => choose(input, options, candidates),
        };
        let bound = match profile {
            Ok(profile) => {
                self.profile = Some(profile.name.clone());
                let now = options.now.or_else(|| Some(Utc::now()));
                let fields = FieldOptions { now, ..options.fields.clone() };
                let plan = Arc::new(plan(profile, std::slice::from_ref(input), &fields)?);
                bind_one(input, 0, &plan, options).map(|(shape, summary)| (plan, shape, summary))
            }
            Err(problem) => Err(problem),
        };
        let (plan, shape, summary) = match bound {
            Ok(bound) => bound,
            Err(problem) => {
                self.problem = Some(problem.to_string());
                return Ok(None);
            }
        };
        self.input = summary;
        let stamp = Stamp { now: String::new(), run: 1, file: 1 };
        Ok(Some(Checker::new(plan, shape, stamp, false, options.read.max_record_bytes)))
    }

    fn propose(&mut self, candidates: &Candidates) {
        let filled = self.input.filled_fields();
        let of_profile = |profile: &&Arc<Profile>| self.profile.as_ref().is_none_or(|name| *name == profile.name);
        let is_open = |column: &ColumnSummary| {
            column.field.is_none()
                && matches!(column.ignored, None | Some(Ignored::Unknown))
                && !candidates.know(&column.header)
        };
        let open = self.input.columns.iter().zip(&mut self.content).filter(|(column, _)| is_open(column));
        for (column, content) in open.take(PROPOSALS) {
            let near =
                candidates.profiles().filter(of_profile).find_map(|of| nearest_field(&of.fields, &column.header));
            content.proposal = near.map(|field| field.column.clone()).filter(|near| !filled.contains(&near.as_str()));
        }
    }

    fn read(
        &mut self,
        input: Input,
        checker: Option<&Checker>,
        options: &Options,
        candidates: &Candidates,
    ) -> Result<()> {
        let (path, names) = (input.path.clone(), input.names.clone());
        let columns = names.iter().enumerate().rev().map(|(column, name)| (name.clone(), column)).collect();
        let cells = Cells { dialect: input.dialect.clone(), names, columns };
        let read = ReadOptions { limit: Some(INSPECTED_RECORDS), ..options.read.clone() };
        let mut source = input.into_source(&read, candidates)?;
        while let Some(block) = source.next_block().map_err(|error| Error::input(&path, error))? {
            for span in block.spans.iter().filter(|span| span.extent == Extent::Record) {
                if let Ok(record) = std::str::from_utf8(block.bytes_of(span)) {
                    cells.each(record, candidates, |column, value| self.content[column].note(value));
                }
            }
            match checker {
                Some(checker) => self.judge(checker, &block),
                None => self.input.counts.read += block.spans.len() as u64,
            }
        }
        let read = source.read();
        self.input.bytes = read.bytes;
        note_sheet(&mut self.input, read.sheet);
        self.notes.extend(read.sheet.and_then(|sheet| sheet.notice()));
        let counts = &mut self.input.counts;
        counts.blank = read.blank;
        if checker.is_none() {
            counts.read = counts.read.max(read.blank);
        }
        if read.records < INSPECTED_RECORDS {
            self.input.sha256 = read.sha256;
        }
        Ok(())
    }

    fn judge(&mut self, checker: &Checker, block: &Block) {
        let verdicts = checker.check::<PlainRows>(block);
        let fields = &checker.plan().fields;
        let filling = self.filling(fields);
        for ((position, _), verdict) in block.positions().zip(&verdicts.verdicts) {
            let findings = verdicts.findings_of(verdict);
            let errors = || findings.iter().filter(|finding| finding.severity() == Severity::Error);
            self.input.counts.read += 1;
            self.input.counts.warnings += findings.len() as u64 - errors().count() as u64;
            match &verdict.outcome {
                Outcome::Blank => {}
                Outcome::Rejected => self.input.counts.rejected += 1,
                Outcome::Accepted { row, .. } => {
                    self.input.counts.accepted += 1;
                    if self.first_records.len() < SHOWN_RECORDS {
                        let stored = fields.iter().zip(verdicts.rows.row(row.clone()));
                        let stored = stored.map(|(field, value)| (field.column.clone(), shown(value)));
                        self.first_records.push(StoredRecord(stored.collect()));
                    }
                }
            }
            let mut codes: Vec<Code> = Vec::new();
            for finding in errors() {
                for column in finding.field.iter().flat_map(|field| &filling[*field as usize]) {
                    self.content[*column].faulty += 1;
                }
                let code = finding.code();
                if !codes.contains(&code) {
                    codes.push(code);
                    let column = checker.plan().column_of(&finding);
                    let example = RejectExample {
                        code,
                        records: 0,
                        first_line: position.line,
                        message: english::message(&finding, column).to_string(),
                    };
                    self.rejects_by_code.entry(code.name()).or_insert(example).records += 1;
                }
            }
        }
        self.short_zips += verdicts.short_zips.len() as u64;
        self.input.counts.repaired += verdicts.repaired_values();
    }

    fn filling(&self, fields: &[FieldPlan]) -> Vec<Vec<usize>> {
        let mut filling = vec![Vec::new(); fields.len()];
        for (column, summary) in self.input.columns.iter().enumerate() {
            let field = fields.iter().position(|field| summary.field.as_deref() == Some(&field.column));
            filling.get_mut(field.unwrap_or(usize::MAX)).into_iter().for_each(|columns| columns.push(column));
        }
        filling
    }
}

impl ColumnContent {
    fn note(&mut self, value: &str) {
        let value = value.trim();
        if value.is_empty() {
            return;
        }
        self.filled += 1;
        if self.examples.len() < SHOWN_VALUES && !self.examples.iter().any(|held| held == value) {
            self.examples.push(value.to_string());
        }
    }
}

/// Splits records into the values of an input's columns, or keys.
struct Cells {
    dialect: Dialect,
    names: Vec<String>,
    /// The column of each name; the first of equal ones.
    columns: HashMap<String, usize>,
}

impl Cells {
    fn each(&self, record: &str, candidates: &Candidates, mut each: impl FnMut(usize, &str)) {
        if self.dialect.format.is_table() {
            let mut cells = Vec::new();
            if split(record.as_bytes(), &self.dialect.csv, &mut cells).is_ok() {
                let own = self.names.iter().zip(&cells).filter(|(name, _)| report_column(name).is_none());
                for (column, (_, cell)) in own.enumerate() {
                    each(column, cell.text(record).trim_start_matches([SHEET_MARK, TYPED]));
                }
            }
            return;
        }
        let Ok(members) = Members::parse(record) else { return };
        let members = match candidates.any_names() {
            Some(names) => members.reach(names),
            None => Ok(members),
        };
        for (key, raw) in members.into_iter().flat_map(|members| members.0) {
            let Some(&column) = self.columns.get(&*key) else { continue };
            match value(raw) {
                JsonValue::Null => {}
                JsonValue::Text(text) => each(column, &text),
                _ => each(column, raw),
            }
        }
    }
}

fn shown(value: Value<'_>) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Integer(number) => number.into(),
        Value::Real(number) => number.into(),
        Value::Text(text) => String::from_utf8_lossy(text).into(),
    }
}
