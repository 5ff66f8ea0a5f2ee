//! Reading a reject report again: what its own columns say of a row, and the record that stands in `_reject_raw`.

use std::borrow::Cow;

use super::{Whole, not_utf8};
use crate::format::csv::{Cell, unguarded};
use crate::format::raw::{self, RawDialect};
use crate::profile::header::Binding;
use crate::record::Origin;
use crate::reject::Code;

/// What a reject report said already of a record that comes from one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// Where the record stood first; none where a person has added it to the report.
    pub origin: Option<Origin>,
    /// How the record is cut that stands whole in the report.
    pub dialect: Option<String>,
}

/// The columns that a reject report has of its own, as far as an input has them.
#[derive(Clone, Debug)]
pub(super) struct ReportShape {
    run: Option<usize>,
    file: Option<usize>,
    record: Option<usize>,
    line: Option<usize>,
    codes: Option<usize>,
    dialect: Option<usize>,
    raw: Option<usize>,
    /// What tells the input's other columns from those that a record was written under.
    own_digest: String,
}

/// A row of a reject report.
#[derive(Clone, Copy)]
pub(super) struct ReportRow<'r> {
    pub(super) shape: &'r ReportShape,
    pub(super) record: &'r str,
    pub(super) cells: &'r [Cell],
}

impl ReportShape {
    /// The shape of a report with these columns; `None` if they are not those of one.
    pub(super) fn of(binding: &Binding) -> Option<ReportShape> {
        let column = |name| binding.report_column(name);
        binding.is_report().then(|| ReportShape {
            run: column("_reject_run"),
            file: column("_reject_file"),
            record: column("_reject_record"),
            line: column("_reject_line"),
            codes: column("_reject_codes"),
            dialect: column("_reject_dialect"),
            raw: column("_reject_raw"),
            own_digest: binding.own_digest(),
        })
    }
}

impl<'r> ReportRow<'r> {
    fn text(&self, column: Option<usize>) -> Cow<'r, str> {
        column.map(|column| unguarded(self.cells[column].text(self.record))).unwrap_or_default()
    }

    /// Whether the record was rejected for this.
    pub(super) fn has_code(&self, code: Code) -> bool {
        self.text(self.shape.codes).split(',').any(|found| found == code.name())
    }

    /// The record as it stands whole in the row; empty where it does not.
    pub(super) fn raw(&self) -> Cow<'r, str> {
        self.text(self.shape.raw)
    }

    /// What the row says of the record.
    pub(super) fn carried(&self) -> Carried {
        let text = |column| self.text(column).into_owned();
        let shape = self.shape;
        let origin =
            Origin { run: text(shape.run), file: text(shape.file), record: text(shape.record), line: text(shape.line) };
        let dialect = Some(text(shape.dialect)).filter(|_| !self.raw().is_empty());
        Carried { origin: Some(origin).filter(|origin| !origin.file.is_empty()), dialect }
    }

    /// The text of the record in `_reject_raw`, and how it is cut. It must be cut in no other way, and under no other columns, or its
    /// cells would move.
    pub(super) fn raw_record(&self) -> Result<(String, RawDialect), Whole<'static>> {
        let raw = self.raw().into_owned();
        let bytes = raw::unescape(&raw).into_owned();
        if raw::is_cut_off(&raw) {
            return Err(cut_off(bytes, raw));
        }
        let dialect = self.text(self.shape.dialect);
        let dialect = match RawDialect::parse(&dialect) {
            Some(dialect) if dialect.columns == self.shape.own_digest => dialect,
            Some(_) => {
                return Err(self.unread(bytes, raw, "the columns are no longer those that _reject_raw is written for"));
            }
            None => return Err(self.unread(bytes, raw, "_reject_dialect does not say how _reject_raw is cut")),
        };
        match String::from_utf8(bytes) {
            Ok(text) => Ok((text, dialect)),
            Err(error) => {
                let whole = not_utf8(error.as_bytes());
                Err(Whole { raw: Cow::Owned(whole.raw.into_owned()), ..whole })
            }
        }
    }

    /// A record that cannot be read from the report, and stays what it was.
    fn unread(&self, bytes: Vec<u8>, raw: String, why: &str) -> Whole<'static> {
        let codes = self.text(self.shape.codes);
        Whole {
            code: Code::from_name(&codes).filter(|code| code.is_whole_record()).unwrap_or(Code::ExtraCell),
            column: None,
            message: format!("{why}; fill in the cells of the row instead"),
            raw: Cow::Owned(bytes),
            carried: Some(raw),
        }
    }
}

/// A record of which only the beginning stands in the report must not be loaded from there.
pub(super) fn cut_off(bytes: Vec<u8>, carried: String) -> Whole<'static> {
    Whole {
        code: Code::RecordTooLarge,
        column: None,
        message: "only the first 64 KiB of this record stand in the report; correct it in the original file"
            .to_string(),
        raw: Cow::Owned(bytes),
        carried: Some(carried),
    }
}
