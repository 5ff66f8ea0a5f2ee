//! From a block of records to verdicts: [`Checker`].
//!
//! This stage is pure: no file, no clock, no thread. Equal bytes and an equal plan give equal verdicts, whatever the size
//! of the block they came in. Keys are read here, but whether one is taken is for the thread that sees records in order.

mod bad_record;
mod candidates;
mod csv;
pub mod json;
mod judge;
mod keys;
mod marks;
pub mod plan;
pub mod plan_error;
mod quick;
mod refuse;
mod report;

use std::ops::Range;

use self::bad_record::BadRecord;
use self::json::MetKeys;
use self::judge::Judge;
use self::plan::Plan;
use self::quick::Tidy;
use crate::core::finding::{Code, Finding, FindingList, Findings, Handling, Problem, Severity};
use crate::core::profile::{Binding, Column, FieldSet};
use crate::core::record::csv::RowWriter;
use crate::core::record::{Block, Extent, Fate, Span};
use crate::core::row::{RowBuilder, Value};
use crate::core::text;
use crate::core::text::key;
use crate::core::types::FieldType;
use crate::core::types::parsed::Stored;
use crate::core::types::postal_code::LostZero;
use crate::core::types::quick::Quick;

pub use self::csv::CsvShape;
pub use self::keys::JsonShape;
pub use self::marks::Marks;
pub use self::report::Carried;

/// The columns that every row has behind the profile's, the same for all rows of an input but for the record's number.
#[derive(Clone, Debug)]
pub struct Stamp {
    /// The clock of the run (RFC 3339), for `created_at` and `updated_at`.
    pub now: String,
    /// The run's number.
    pub run: i64,
    /// The number of the input in the run, from 1.
    pub file: i64,
}

/// How the records of an input are shaped.
#[derive(Clone, Debug)]
pub enum Shape {
    /// Cells under a header.
    Csv(Box<CsvShape>),
    /// JSON objects.
    Json(Box<JsonShape>),
}

/// Judges the records of one input.
#[derive(Clone, Debug)]
pub struct Checker {
    plan: std::sync::Arc<Plan>,
    shape: Shape,
    stamp: Stamp,
    /// Whether the key is also wanted as it is stored, for the accepted list.
    wants_stored_key: bool,
    /// The greatest length of a record in bytes, for what is said of longer ones.
    record_limit: u64,
}

/// What was found out about the records of a block.
#[derive(Debug, Default)]
pub struct Verdicts<R = Vec<u8>> {
    /// One for each span of the block, in order.
    pub verdicts: Vec<Verdict>,
    /// The rows of the accepted records, as a [`RowBuilder`] has built them.
    pub rows: R,
    /// The findings and warnings of all records, record by record.
    pub findings: FindingList,
    /// The texts of keys, in UTF-8.
    pub keys: Vec<u8>,
    /// How many values were repaired, by field.
    pub repaired: Vec<u64>,
    /// How many values deprecated fields had, by field.
    pub deprecated: Vec<u64>,
    /// The accepted records whose ZIP code has lost its leading zero, as it seems, by their place among the verdicts.
    pub short_zips: Vec<u32>,
    /// The JSON keys that were met.
    pub met_keys: MetKeys,
    /// What becomes of each filled cell.
    pub marks: Marks,
    /// What each record has to say of a customer who is there; empty where none is to be changed.
    pub touched: Vec<Touched>,
}

/// What is to become of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Accepted, rejected, or no record.
    pub outcome: Outcome,
    /// Its findings and warnings in [`Verdicts::findings`].
    pub findings: Range<u32>,
}

/// See [`Verdict`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A line without content.
    Blank,
    /// It is to be loaded, unless its key is taken.
    Accepted {
        /// Its row in [`Verdicts::rows`].
        row: Range<u32>,
        /// Its key as it is compared, in [`Verdicts::keys`]; none where it has none, or one that says nothing.
        key: Option<Range<u32>>,
        /// Its key as it is stored, there; empty unless it was asked for.
        stored_key: Range<u32>,
    },
    /// It has a fault that costs it.
    Rejected,
}

impl<R> Verdicts<R> {
    /// The text of a key.
    pub fn key_text(&self, range: &Range<u32>) -> &[u8] {
        self.keys.get(range.start as usize..range.end as usize).unwrap_or_default()
    }

    /// The findings of a record; none where they have been let go.
    pub fn findings_of(&self, verdict: &Verdict) -> Findings<'_> {
        self.findings.of(verdict.findings.start as usize..verdict.findings.end as usize)
    }
}

/// What a record has to say of a customer who is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// The fields that it has a value of.
    pub given: FieldSet,
    /// Those whose value it takes away.
    pub cleared: FieldSet,
    /// Those that are missing, and that it must have if it is to become a customer.
    pub lacking: FieldSet,
}

/// The values and the key of the record that is being judged.
struct Draft<'b, B: RowBuilder> {
    judge: Judge<'b>,
    rows: B,
    out: Verdicts<B::Rows>,
    /// The key, if the record has one, and as it is stored.
    key: Option<Range<u32>>,
    stored_key: Range<u32>,
    lost_zero: LostZero,
}

/// The number of columns of a row besides those of the profile: the [`Stamp`]'s, and the record's number.
const OWN_COLUMNS: usize = 5;

/// How many more bytes a row has than its record, about: it has those columns, and a header.
const BYTES_MORE: usize = 64;

/// How long a key is, about.
const KEY: usize = 32;

impl Checker {
    /// A checker for the records of one input.
    pub fn new(
        plan: std::sync::Arc<Plan>,
        shape: Shape,
        stamp: Stamp,
        wants_stored_key: bool,
        record_limit: u64,
    ) -> Checker {
        Checker { plan, shape, stamp, wants_stored_key, record_limit }
    }

    /// The plan that it judges by.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The binding of the input's columns, where it has columns.
    pub fn binding(&self) -> Option<&Binding> {
        match &self.shape {
            Shape::Csv(shape) => Some(&shape.binding),
            Shape::Json(_) => None,
        }
    }

    /// Judges every record of a block.
    pub fn check<B: RowBuilder>(&self, block: &Block) -> Verdicts<B::Rows> {
        // Most blocks are UTF-8 as a whole; only in others each record is looked at by itself.
        let text = simdutf8::basic::from_utf8(&block.bytes).ok();
        let bytes = block.bytes.len() + block.spans.len() * BYTES_MORE;
        let now = Value::Text(self.stamp.now.as_bytes());
        let common = [now, now, Value::Integer(self.stamp.run), Value::Integer(self.stamp.file)];
        let mut draft = Draft {
            judge: Judge::new(&self.plan),
            rows: B::new(self.plan.fields.len() + OWN_COLUMNS, bytes, &common),
            out: Verdicts { marks: Marks::with_room(block.spans.len()), ..Verdicts::default() },
            key: None,
            stored_key: 0..0,
            lost_zero: LostZero::default(),
        };
        draft.out.verdicts.reserve(block.spans.len());
        draft.out.keys.reserve(KEY * block.spans.len());
        let mut records = self.records();
        if let Some(binding) = self.binding() {
            let goes_nowhere = |column: &Column| !matches!(column, Column::Field(_));
            draft.out.marks.begin_layout((0..).zip(binding.columns.iter().map(goes_nowhere)));
        }
        for (position, span) in block.positions() {
            let first_finding = draft.out.findings.len() as u32;
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
                    self.judge(&mut records, record, &block.bytes[span.start as usize..], position.record, &mut draft)
                }
            };
            if draft.out.marks.has_begun(draft.out.verdicts.len()) {
                draft.out.marks.end(outcome == Outcome::Rejected);
            } else {
                draft.out.marks.skip();
            }
            if self.plan.mode.changes() {
                draft.out.touched.push(draft.judge.touched());
            }
            let findings = first_finding..draft.out.findings.len() as u32;
            draft.out.verdicts.push(Verdict { outcome, findings });
        }
        draft.out.rows = draft.rows.into_rows();
        draft.out.met_keys = records.into_met_keys();
        draft.out.repaired = draft.judge.repaired;
        draft.out.deprecated = draft.judge.deprecated;
        draft.out
    }

    /// Writes the record of a span as it stands in a reject report, without the report's own columns: every original
    /// value unchanged, in the input's own format. Its cells are empty where it `is_whole`, a reject as a whole. `writer` writes the cells of CSV.
    pub fn write_original(
        &self,
        block: &Block,
        span: &Span,
        is_whole: bool,
        writer: &mut RowWriter,
        out: &mut Vec<u8>,
    ) {
        let bytes = block.bytes_of(span);
        if let Shape::Csv(shape) = &self.shape
            && !is_whole
            && csv::write_as_written(shape, bytes, writer, out)
        {
            return;
        }
        let record = std::str::from_utf8(bytes).ok().filter(|_| !is_whole);
        match (&self.shape, record) {
            (Shape::Csv(shape), record) => csv::write_original(shape, record, writer, out),
            (Shape::Json(_), Some(record)) => json::write_original(record, out),
            (Shape::Json(_), None) => {}
        }
    }

    /// What a reject report says already of a record that comes from one.
    pub fn carried(&self, block: &Block, span: &Span) -> Option<Carried> {
        let bytes = block.bytes_of(span);
        match &self.shape {
            Shape::Csv(shape) => csv::carried(shape, bytes),
            Shape::Json(_) => json::carried_by(std::str::from_utf8(bytes).ok()?),
        }
    }

    /// The fault of a record that is none that could be cut; of a reject report's row, that of the record in it alone.
    fn own_fault<'r>(&self, bytes: &'r [u8], bad: BadRecord<'r>) -> BadRecord<'r> {
        match &self.shape {
            Shape::Csv(shape) => csv::torn(shape, bytes).map_or(bad, |(own, _)| own),
            Shape::Json(_) => bad,
        }
    }

    /// How a record is cut that stands whole in the input's reject report.
    pub fn dialect(&self) -> &str {
        match &self.shape {
            Shape::Csv(shape) => shape.dialect(),
            Shape::Json(_) => "json",
        }
    }

    /// The original text of a field's value in a record that can be taken apart, and the column that it comes from, from 0, where
    /// there are columns.
    pub fn original_value(&self, block: &Block, span: &Span, field: usize) -> Option<(Option<usize>, String)> {
        let record = std::str::from_utf8(block.bytes_of(span)).ok()?;
        self.value_in(record, field)
    }

    fn value_in(&self, record: &str, field: usize) -> Option<(Option<usize>, String)> {
        match &self.shape {
            Shape::Csv(shape) => csv::original_value(shape, &self.plan, record, field),
            Shape::Json(shape) => Some((None, json::original_value(&self.plan, shape, record, field)?)),
        }
    }

    /// Adds the findings of a record, the one of this span, that was to become a customer and lacks these fields.
    pub fn note_lacking(&self, lacking: &FieldSet, block: &Block, span: &Span, findings: &mut FindingList) {
        let mut fields: Vec<(usize, Option<usize>, Option<String>)> = lacking
            .iter()
            .map(|field| {
                let (column, value) = self.original_value(block, span, field).unzip();
                (field, column.flatten(), value)
            })
            .collect();
        fields.sort_by_key(|(field, column, _)| (column.unwrap_or(usize::MAX), *field));
        for (field, column, value) in fields {
            let finding = Finding {
                problem: Problem::Missing { only_if_new: true },
                handling: Handling::Rejected(None),
                field: Some(field as u16),
                column: column.map(|column| column as u32 + 1),
                value: value.as_deref(),
                suggestion: None,
                raw: None,
            };
            findings.push(u32::MAX, &finding);
        }
    }

    fn records(&self) -> Records<'_> {
        match &self.shape {
            Shape::Csv(shape) => Records::Csv(csv::CsvRecords::new(shape)),
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
        draft.judge.begin();
        draft.rows.begin();
        draft.key = None;
        draft.stored_key = 0..0;
        draft.lost_zero = LostZero::default();
        let keys = draft.out.keys.len();
        let judged = match (record, records) {
            (Err(bytes), _) => Err(self.own_fault(bytes, BadRecord::not_utf8(bytes))),
            (Ok(record), Records::Csv(records)) => records.judge(self, record, source, draft),
            (Ok(record), Records::Json(records)) => records.judge(self, record, draft),
        };
        if let Err(bad) = judged {
            draft.out.keys.truncate(keys);
            bad.note(&mut draft.out.findings);
            return Outcome::Rejected;
        }
        if let (Ok(record), None) = (record, &draft.key) {
            self.note_no_key(record, &mut draft.judge.findings);
        }
        let is_rejected = draft.judge.has_error();
        if !draft.judge.findings.is_empty() {
            draft.judge.findings.sort();
            draft.out.findings.append(draft.judge.findings.all());
        }
        if is_rejected {
            draft.out.keys.truncate(keys);
            return Outcome::Rejected;
        }
        if draft.lost_zero.is_likely(&draft.rows) {
            draft.out.short_zips.push(draft.out.verdicts.len() as u32);
        }
        draft.rows.push_common();
        draft.rows.push_integer(number as i64);
        let row = draft.rows.finish();
        let stored_key = draft.stored_key.clone();
        Outcome::Accepted { row: row.start as u32..row.end as u32, key: draft.key.take(), stored_key }
    }

    /// Adds the next field's value to the row, and notes the key.
    fn push<B: RowBuilder>(&self, field: usize, stored: Stored<'_>, draft: &mut Draft<'_, B>) {
        if let Some(plan) = self.plan.key
            && plan.field == field
        {
            match &stored {
                Stored::Missing => {}
                Stored::Text(text) => self.note_key(text, plan.comparison, draft),
                Stored::Integer(number) => self.note_key(&number.to_string(), plan.comparison, draft),
            }
        }
        let start = draft.rows.position();
        match &stored {
            Stored::Missing => draft.rows.push_null(),
            Stored::Text(text) => draft.rows.push_text(text.as_bytes()),
            Stored::Integer(number) => draft.rows.push_integer(*number),
        }
        if let (Some(part), Stored::Text(_)) = (self.plan.fields[field].address_part, &stored) {
            draft.lost_zero.note(part, start..draft.rows.position(), &draft.rows);
        }
    }

    /// Adds the next field's value to the row the quick way, and notes the key. `false` if it has to go the full way.
    /// It comes `from` a field and the place of its value; `source` is the block from that on, of which it is the first `length` bytes,
    /// part of a text that is tidy.
    #[inline(always)]
    fn push_quick<B: RowBuilder>(
        &self,
        from: (usize, usize),
        source: &[u8],
        length: usize,
        draft: &mut Draft<'_, B>,
    ) -> bool {
        let (field, place) = from;
        let plan = &self.plan.fields[field];
        let clean = text::clean_range(&source[..length]);
        let tidy = Tidy { source: &source[clean.start..], length: clean.len() };
        let is_key = self.plan.key.is_some_and(|key| key.field == field);
        // An address that is stored the quick way is the value as it stands.
        if is_key && plan.kind != FieldType::Email {
            return false;
        }
        let start = draft.rows.position();
        let done = draft.judge.quick(field, tidy, &mut draft.rows);
        // The value without the blanks around it is another form.
        let fate = match done {
            Quick::Undecided => return false,
            Quick::Missing => None,
            Quick::Same if tidy.length == length => Some(Fate::Stored),
            Quick::Same | Quick::Normalised(_) | Quick::Repaired(_) => Some(Fate::Normalised),
        };
        if let Some(fate) = fate {
            draft.out.marks.note_quick(place, fate);
        }
        if is_key && tidy.length > 0 {
            self.note_address(tidy, draft);
        }
        if let Some(part) = plan.address_part {
            draft.lost_zero.note(part, start..draft.rows.position(), &draft.rows);
        }
        true
    }

    /// Notes the key of a record where it is an address that was stored the quick way.
    fn note_address<B: RowBuilder>(&self, address: Tidy<'_>, draft: &mut Draft<'_, B>) {
        let Some(key) = self.plan.key else { return };
        let bytes = address.bytes();
        let is_folded = !bytes.iter().fold(false, |found, byte| found | byte.is_ascii_uppercase());
        if is_folded && key.comparison == key::KeyComparison::Text && !self.wants_stored_key {
            let start = draft.out.keys.len() as u32;
            draft.out.keys.extend_from_slice(bytes);
            draft.key = Some(start..draft.out.keys.len() as u32);
        } else if let Ok(text) = std::str::from_utf8(bytes) {
            self.note_key(text, key.comparison, draft);
        }
    }

    fn note_key<B: RowBuilder>(&self, text: &str, comparison: key::KeyComparison, draft: &mut Draft<'_, B>) {
        let keys = &mut draft.out.keys;
        let mut push = |text: &str| {
            let start = keys.len() as u32;
            keys.extend_from_slice(text.as_bytes());
            start..keys.len() as u32
        };
        draft.key = key::fold(text, comparison).map(|folded| push(&folded));
        if self.wants_stored_key {
            draft.stored_key = push(text);
        }
    }

    /// Adds the fault of a record without a key, which can mean no customer, where customers are to be changed. A key that is
    /// wrong is another fault.
    fn note_no_key(&self, record: &str, findings: &mut FindingList) {
        let Some(key) = self.plan.key.filter(|_| self.plan.mode.changes()) else { return };
        let is_wrong = |(code, severity, field): (Code, Severity, Option<u16>)| {
            field == Some(key.field as u16) && severity == Severity::Error && code != Code::Required
        };
        if findings.all().kinds().any(is_wrong) {
            return;
        }
        let (column, value) = self.value_in(record, key.field).unzip();
        let column = column.flatten().map(|column| column as u32);
        findings.push(
            column.unwrap_or(u32::MAX),
            &Finding {
                problem: Problem::NoKey,
                handling: Handling::Rejected(None),
                field: Some(key.field as u16),
                column: column.map(|column| column + 1),
                value: value.as_deref(),
                suggestion: None,
                raw: None,
            },
        );
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

/// The records of one format, with what is reused from one to the next.
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
