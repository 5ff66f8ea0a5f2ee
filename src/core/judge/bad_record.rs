//! Records that are rejected as a whole: [`BadRecord`].

use std::borrow::Cow;

use crate::core::finding::{Finding, FindingList, Handling, Problem};
use crate::core::record::{RAW_LIMIT, raw};

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
