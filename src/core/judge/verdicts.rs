//! The verdicts on the records of a block ([`Verdicts`]), and why a record as a whole is rejected ([`BadRecord`]).

use std::borrow::Cow;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{json_shape::MetKeys, marks::Marks, parents::Links};
use crate::core::finding::{Finding, FindingList, Findings, Handling, Problem};
use crate::core::profile::FieldSet;
use crate::core::record::csv::{Cell, SHEET_MARK, TYPED};
use crate::core::record::{RAW_LIMIT, raw};

#[derive(Debug, Default)]
pub struct Verdicts<R = Vec<u8>> {
    pub verdicts: Vec<Verdict>,
    pub rows: R,
    pub findings: FindingList,
    /// The cells of rejected CSV records.
    pub cells: Vec<Cell>,
    pub keys: Vec<u8>,
    pub repaired: Vec<u64>,
    pub deprecated: Vec<u64>,
    /// The indexes of the verdicts on accepted records whose ZIP code seems to have lost its leading zero.
    pub short_zips: Vec<u32>,
    pub met_keys: MetKeys,
    pub marks: Marks,
    /// What each record changes in an existing customer; empty if the run changes none.
    pub touched: Vec<Touched>,
    /// What the records say of parents, if that is asked for.
    pub links: Links,
    /// The index of the first record that refers to a parent although none is looked up, without blank lines.
    pub unexpected_parent: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub outcome: Outcome,
    pub findings: Range<u32>,
    /// Its cells in [`Verdicts::cells`]; empty if the record has to be cut again.
    pub cells: Range<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    Blank,
    /// It will be loaded, unless its key is taken.
    Accepted {
        row: Range<u32>,
        /// Its key as it is compared, in [`Verdicts::keys`]; `None` if it is missing.
        key: Option<Range<u32>>,
        /// Its key as it is stored, in [`Verdicts::keys`]; empty unless requested.
        stored_key: Range<u32>,
    },
    Rejected,
}

impl<R> Verdicts<R> {
    /// The number of values from which punctuation was removed.
    pub fn repaired_values(&self) -> u64 {
        self.repaired.iter().sum()
    }

    pub fn key_text(&self, range: &Range<u32>) -> &[u8] {
        self.keys.get(range.start as usize..range.end as usize).unwrap_or_default()
    }

    /// The findings of a record; none if they were dropped.
    pub fn findings_of(&self, verdict: &Verdict) -> Findings<'_> {
        self.findings.of(verdict.findings.start as usize..verdict.findings.end as usize)
    }

    /// The cells of a record; empty if they are not known or were dropped.
    pub fn cells_of(&self, verdict: &Verdict) -> &[Cell] {
        self.cells.get(verdict.cells.start as usize..verdict.cells.end as usize).unwrap_or_default()
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// The fields that it has a value for.
    pub given: FieldSet,
    /// Those whose value it removes.
    pub cleared: FieldSet,
    /// The missing fields that it needs to create a customer.
    pub lacking: FieldSet,
    /// The checks that the customer which it would create fails: a bit for each.
    pub fails_if_new: u64,
}

impl Touched {
    /// Whether it cannot create a customer.
    pub fn needs_customer(&self) -> bool {
        !self.lacking.is_empty() || self.fails_if_new != 0
    }
}

#[derive(Debug)]
pub(super) struct BadRecord<'r> {
    pub(super) problem: Problem,
    /// The 1-based column where it shows.
    pub(super) column: Option<u32>,
    pub(super) raw: Cow<'r, [u8]>,
    /// The `_reject_raw` that a report already holds of it, to be copied.
    pub(super) carried: Option<String>,
}

impl<'r> BadRecord<'r> {
    pub(super) fn new(problem: Problem, column: Option<u32>, raw: impl Into<Cow<'r, [u8]>>) -> BadRecord<'r> {
        BadRecord { problem, column, raw: raw.into(), carried: None }
    }

    pub(super) fn not_utf8(bytes: &'r [u8]) -> BadRecord<'r> {
        let valid = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), |text| text.len());
        let byte = bytes.get(valid).copied().unwrap_or_default();
        BadRecord::new(Problem::NotUtf8 { byte, position: valid + 1 }, None, bytes)
    }

    pub(super) fn into_owned(self) -> BadRecord<'static> {
        BadRecord { raw: Cow::Owned(self.raw.into_owned()), ..self }
    }

    /// The same without the marks of a spreadsheet's numbers and dates.
    pub(super) fn without_typed_marks(self) -> BadRecord<'r> {
        match std::str::from_utf8(&self.raw) {
            Ok(text) if text.contains(TYPED) => {
                let marks = String::from_iter([SHEET_MARK, TYPED]);
                let raw = Cow::Owned(text.replace(&marks, "").into_bytes());
                BadRecord { raw, ..self }
            }
            _ => self,
        }
    }

    pub(super) fn note(self, findings: &mut FindingList) {
        let raw = self.carried.unwrap_or_else(|| raw::escape(&self.raw));
        // Text is shown unescaped.
        let value = match std::str::from_utf8(&self.raw) {
            Ok(text) if text.len() <= RAW_LIMIT => Cow::Borrowed(text),
            _ => Cow::Owned(raw::escape(&self.raw)),
        };
        let finding = Finding {
            problem: self.problem.map(|text| text.as_str()),
            handling: Handling::Rejected(None),
            field: None,
            column: self.column,
            value: Some(&*value),
            suggestion: None,
            raw: Some(&*raw),
        };
        findings.push(0, &finding);
    }
}
