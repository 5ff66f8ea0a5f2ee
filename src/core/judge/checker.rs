//! Judges the records of a block: [`Checker`].

use std::sync::Arc;

use super::draft::{Draft, Original};
use super::json_shape::{JsonShape, MetKeys};
use super::parents::Parents;
use super::verdicts::{BadRecord, Outcome, Touched, Verdict, Verdicts};
use super::{checks, csv, json, report_line};
use super::{csv_shape::CsvShape, field_plan::KeyPlan, plan::Plan, report::Carried};
use crate::core::finding::{FindingList, Problem};
use crate::core::profile::{Binding, Column};
use crate::core::record::csv::{Cell, RowWriter};
use crate::core::record::{Block, Extent, Position, Span};
use crate::core::row::{PlainRows, RowBuilder, Value};

/// The columns after the profile's, which are the same in all rows of an input.
#[derive(Clone, Debug)]
pub struct Stamp {
    /// The clock of the run (RFC 3339), for `created_at` and `updated_at`.
    pub now: String,
    pub run: i64,
    /// The 1-based number of the input in the run.
    pub file: i64,
}

#[derive(Clone, Debug)]
pub enum Shape {
    Csv(Box<CsvShape>),
    Json(Box<JsonShape>),
}

#[derive(Clone, Debug)]
pub struct Checker {
    plan: Arc<Plan>,
    shape: Shape,
    stamp: Stamp,
    /// Whether the key is also wanted as it is stored, for the accepted list.
    wants_stored_key: bool,
    /// The maximum length of a record in bytes, named in findings.
    record_limit: u64,
}

impl Checker {
    pub fn new(plan: Arc<Plan>, shape: Shape, stamp: Stamp, wants_stored_key: bool, record_limit: u64) -> Checker {
        Checker { plan, shape, stamp, wants_stored_key, record_limit }
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    pub fn binding(&self) -> Option<&Binding> {
        if let Shape::Csv(shape) = &self.shape { Some(&shape.binding) } else { None }
    }

    /// Judges the records of a block, without their parents.
    pub fn check<B: RowBuilder>(&self, block: &Block) -> Verdicts<B::Rows> {
        self.check_with::<B>(block, Parents::Ignored)
    }

    /// Judges the records of a block with what is known of their parents.
    pub fn check_with<B: RowBuilder>(&self, block: &Block, parents: Parents<'_>) -> Verdicts<B::Rows> {
        self.check_some::<B>(block, block.positions(), parents)
    }

    /// The same for some of the block's records.
    pub(super) fn check_some<'b, B: RowBuilder>(
        &self,
        block: &'b Block,
        spans: impl Iterator<Item = (Position, &'b Span)>,
        parents: Parents<'_>,
    ) -> Verdicts<B::Rows> {
        // Nearly all blocks are UTF-8 as a whole; only in others each record is checked.
        let text = simdutf8::basic::from_utf8(&block.bytes).ok();
        let now = Value::Text(self.stamp.now.as_bytes());
        let common = [now, now, Value::Integer(self.stamp.run), Value::Integer(self.stamp.file)];
        let mut draft = self.draft::<B>(block, &common, parents);
        let mut records = self.records();
        for (position, span) in spans {
            let number = position.record - block.first_record;
            let (first_finding, first_cell) = (draft.out.findings.len() as u32, draft.out.cells.len() as u32);
            let outcome = match span.extent {
                Extent::Blank | Extent::Gap => Outcome::Blank,
                Extent::Unterminated | Extent::TooLarge => {
                    self.note_cut(block, span, &mut draft.out.findings);
                    Outcome::Rejected
                }
                Extent::Record => {
                    let record = match text {
                        Some(text) => Ok(&text[span.start as usize..span.end as usize]),
                        None => std::str::from_utf8(block.bytes_of(span)).map_err(|_| block.bytes_of(span)),
                    };
                    draft.begin(number as usize);
                    self.judge(&mut records, record, &block.bytes[span.start as usize..], position.record, &mut draft)
                }
            };
            if draft.out.marks.has_begun(draft.out.verdicts.len()) {
                draft.out.marks.end(outcome == Outcome::Rejected);
            } else {
                draft.out.marks.skip();
            }
            if self.plan.mode.changes() {
                let touched = draft.judge.touched();
                draft.out.touched.push(touched);
            }
            draft.end_links();
            let findings = first_finding..draft.out.findings.len() as u32;
            let cells = first_cell..draft.out.cells.len() as u32;
            draft.out.verdicts.push(Verdict { outcome, findings, cells });
        }
        draft.out.met_keys = records.into_met_keys();
        draft.into_verdicts()
    }

    /// Writes the original values of a record for a reject report, in the input's format; nothing if the record is rejected
    /// as a whole (`is_whole`). `cells` may be empty: the record is cut then. `writer` writes the cells of CSV.
    pub fn write_original(
        &self,
        record: &[u8],
        cells: &[Cell],
        is_whole: bool,
        writer: &mut RowWriter,
        out: &mut Vec<u8>,
    ) {
        match &self.shape {
            Shape::Csv(shape) => {
                csv::write_original((shape, &self.plan), (!is_whole).then_some((record, cells)), writer, out)
            }
            Shape::Json(_) if is_whole => {}
            Shape::Json(_) => {
                std::str::from_utf8(record).into_iter().for_each(|text| report_line::write_original(text, out))
            }
        }
    }

    pub fn carried(&self, block: &Block, span: &Span) -> Option<Carried> {
        let bytes = block.bytes_of(span);
        match &self.shape {
            Shape::Csv(shape) => csv::carried(shape, bytes),
            Shape::Json(_) => report_line::carried_by(std::str::from_utf8(bytes).ok()?),
        }
    }

    /// What is wrong with a record that cannot be cut; in a row of a reject report, what is wrong with the record in it.
    fn own_fault<'r>(&self, bytes: &'r [u8], bad: BadRecord<'r>) -> BadRecord<'r> {
        match &self.shape {
            Shape::Csv(shape) => csv::torn(shape, bytes).map_or(bad, |(own, _)| own),
            Shape::Json(_) => bad,
        }
    }

    /// `_reject_dialect` of the input's records.
    pub fn dialect(&self) -> &str {
        match &self.shape {
            Shape::Csv(shape) => &shape.dialect,
            Shape::Json(_) => "json",
        }
    }

    /// A field's value as it is in the record; `None` if the record cannot be cut.
    pub fn original(&self, block: &Block, span: &Span, field: usize) -> Option<Original> {
        let record = std::str::from_utf8(block.bytes_of(span)).ok()?;
        match &self.shape {
            Shape::Csv(shape) => csv::original(shape, &self.plan, record, field),
            Shape::Json(shape) => json::original(&self.plan, shape, record, field),
        }
    }

    /// The same for a key, which may have several columns.
    pub fn original_key(&self, block: &Block, span: &Span, key: &KeyPlan) -> Option<Original> {
        Original::of_key(key, |field| self.original(block, span, field))
    }

    /// Adds the findings of a record that cannot create a customer: fields that it lacks, and checks that it fails.
    pub fn note_cannot_create(&self, touched: &Touched, block: &Block, span: &Span, findings: &mut FindingList) {
        if touched.fails_if_new != 0 {
            self.note_failed_checks(touched.fails_if_new, block, span, findings);
        }
        let mut fields: Vec<(usize, Option<Original>)> =
            touched.lacking.iter().map(|field| (field, self.original(block, span, field))).collect();
        let column = |original: &Option<Original>| original.as_ref().and_then(|original| original.column);
        fields.sort_by_key(|(field, original)| (column(original).unwrap_or(u32::MAX), *field));
        for (field, original) in fields {
            let problem = Problem::Missing { only_if_new: true };
            findings.push(u32::MAX, &Original::rejected(original.as_ref(), field, problem));
        }
    }

    /// Adds the checks that a record fails as a new customer, a bit for each. It is judged once more, which few records are.
    fn note_failed_checks(&self, failing: u64, block: &Block, span: &Span, findings: &mut FindingList) {
        let Ok(record) = std::str::from_utf8(block.bytes_of(span)) else { return };
        let mut draft = self.draft::<PlainRows>(block, &[], Parents::Ignored).of_new_customers();
        let source = &block.bytes[span.start as usize..];
        draft.begin(0);
        self.judge(&mut self.records(), Ok(record), source, 0, &mut draft);
        let all = self.plan.profile.checks.iter().enumerate();
        for (_, check) in all.filter(|(index, _)| failing >> index & 1 == 1) {
            let is_open = |problem: &Problem<&str>| matches!(problem, Problem::CheckOpen { check: name, .. } if *name == check.name);
            let open = draft.out.findings.all().iter().map(|finding| finding.problem).find(is_open);
            findings.push(u32::MAX, &checks::finding(open.unwrap_or_else(|| checks::failed(check))));
        }
    }

    /// A draft for the records of a block.
    fn draft<'b, B: RowBuilder>(&'b self, block: &Block, common: &[Value<'_>], parents: Parents<'b>) -> Draft<'b, B> {
        let mut draft = Draft::new(&self.plan, block, common, self.wants_stored_key, parents);
        if let Some(binding) = self.binding() {
            let goes_nowhere = |column: &Column| !matches!(column, Column::Field(_));
            draft.out.marks.begin_layout((0..).zip(binding.columns.iter().map(goes_nowhere)));
        }
        draft
    }

    fn records(&self) -> Records<'_> {
        match &self.shape {
            Shape::Csv(shape) => Records::Csv(csv::CsvRecords::new(shape, &self.plan)),
            Shape::Json(shape) => Records::Json(Box::new(json::JsonRecords::new(&self.plan, shape))),
        }
    }

    /// Judges a record. `source` is the block from the record on.
    fn judge<B: RowBuilder>(
        &self,
        records: &mut Records<'_>,
        record: Result<&str, &[u8]>,
        source: &[u8],
        number: u64,
        draft: &mut Draft<'_, B>,
    ) -> Outcome {
        let record = match record {
            Ok(record) => record,
            Err(bytes) => return draft.reject(self.own_fault(bytes, BadRecord::not_utf8(bytes))),
        };
        let judged = match records {
            Records::Csv(records) => records.judge(record, source, draft),
            Records::Json(records) => records.judge(record, draft),
        };
        if let Err(bad) = judged {
            let is_sheet = matches!(&self.shape, Shape::Csv(shape) if shape.is_sheet);
            return draft.reject(if is_sheet { bad.without_typed_marks() } else { bad });
        }
        let outcome = draft.finish(number);
        if outcome == Outcome::Rejected
            && let Records::Csv(records) = records
        {
            draft.out.cells.extend_from_slice(records.cells_as_written());
        }
        outcome
    }

    fn note_cut(&self, block: &Block, span: &Span, findings: &mut FindingList) {
        let problem = match span.extent {
            Extent::TooLarge => Problem::RecordTooLarge { limit: self.record_limit },
            _ => Problem::OpenQuote { column: None },
        };
        let bytes = block.bytes_of(span);
        self.own_fault(bytes, BadRecord::new(problem, None, bytes)).note(findings);
    }
}

/// The records of one format, with the buffers that they share.
enum Records<'c> {
    Csv(csv::CsvRecords<'c>),
    Json(Box<json::JsonRecords<'c>>),
}

impl Records<'_> {
    fn into_met_keys(self) -> MetKeys {
        match self {
            Records::Csv(_) => MetKeys::default(),
            Records::Json(records) => records.into_met_keys(),
        }
    }
}
