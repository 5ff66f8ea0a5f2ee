//! The sentences of a record's findings, made once for all its reports: [`Words`].

use std::fmt::Write as _;

use crate::core::finding::{Findings, english};

/// The messages and hints of some findings, in their order.
#[derive(Debug, Default)]
pub struct Words {
    text: String,
    /// Where each message ends, and where the hint after it does.
    ends: Vec<(usize, usize)>,
}

impl Words {
    /// Replaces them by those of other findings. `column_of` names a field of the profile.
    pub fn say<'p>(&mut self, findings: Findings<'_>, column_of: impl Fn(u16) -> &'p str) {
        self.text.clear();
        self.ends.clear();
        for finding in findings.iter() {
            let column = finding.field.map(&column_of).unwrap_or_default();
            // Writing to a String cannot fail.
            let _ = write!(self.text, "{}", english::message(&finding, column));
            let message_end = self.text.len();
            let _ = write!(self.text, "{}", english::hint(&finding, column));
            self.ends.push((message_end, self.text.len()));
        }
    }

    /// What the finding of this index says.
    pub fn message(&self, index: usize) -> &str {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before].1);
        &self.text[start..self.ends[index].0]
    }

    /// How to correct it.
    pub fn hint(&self, index: usize) -> &str {
        let (start, end) = self.ends[index];
        &self.text[start..end]
    }
}
