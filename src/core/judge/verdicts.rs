//! What the judge says of the records of a block: [`Verdicts`].

use std::ops::Range;

use super::keys::MetKeys;
use super::marks::Marks;
use crate::core::finding::{FindingList, Findings};
use crate::core::profile::FieldSet;
use crate::core::record::csv::Cell;

/// What was found out about the records of a block.
#[derive(Debug, Default)]
pub struct Verdicts<R = Vec<u8>> {
    /// One for each span of the block, in order.
    pub verdicts: Vec<Verdict>,
    /// The rows of the accepted records, as a [`RowBuilder`] has built them.
    pub rows: R,
    /// The findings of all records, record by record.
    pub findings: FindingList,
    /// The cells of rejected records of CSV, as they are written.
    pub cells: Vec<Cell>,
    /// The texts of keys, in UTF-8.
    pub keys: Vec<u8>,
    /// The number of repaired values, by field.
    pub repaired: Vec<u64>,
    /// The number of values of deprecated fields, by field.
    pub deprecated: Vec<u64>,
    /// The accepted records whose ZIP code seems to have lost its leading zero, by their index among the verdicts.
    pub short_zips: Vec<u32>,
    /// The JSON keys that were met.
    pub met_keys: MetKeys,
    /// What becomes of each filled cell.
    pub marks: Marks,
    /// What each record changes of an existing customer; empty where the run changes none.
    pub touched: Vec<Touched>,
}

/// What is to become of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Accepted, rejected, or no record.
    pub outcome: Outcome,
    /// Its findings in [`Verdicts::findings`].
    pub findings: Range<u32>,
    /// Its cells in [`Verdicts::cells`]; none where it has to be cut again to know them.
    pub cells: Range<u32>,
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
        /// Its key as it is compared, in [`Verdicts::keys`]; none where it has none, or a word for none.
        key: Option<Range<u32>>,
        /// Its key as it is stored, there; empty unless it was asked for.
        stored_key: Range<u32>,
    },
    /// A finding costs it.
    Rejected,
}

impl<R> Verdicts<R> {
    /// The text of a key.
    pub fn key_text(&self, range: &Range<u32>) -> &[u8] {
        self.keys.get(range.start as usize..range.end as usize).unwrap_or_default()
    }

    /// The findings of a record; none where they have been dropped.
    pub fn findings_of(&self, verdict: &Verdict) -> Findings<'_> {
        self.findings.of(verdict.findings.start as usize..verdict.findings.end as usize)
    }

    /// The cells of a record, as they are written; none where they are not known, or have been dropped.
    pub fn cells_of(&self, verdict: &Verdict) -> &[Cell] {
        self.cells.get(verdict.cells.start as usize..verdict.cells.end as usize).unwrap_or_default()
    }
}

/// What a record changes of an existing customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// The fields that it has a value of.
    pub given: FieldSet,
    /// Those whose value it removes.
    pub cleared: FieldSet,
    /// Those that are missing, and that it must have if it is to become a customer.
    pub lacking: FieldSet,
}
