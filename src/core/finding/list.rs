//! Many findings in one buffer: [`FindingList`].

use std::ops::Range;

use super::code::{Code, Severity};
use super::problem::{Finding, Handling, Problem};

/// A list of findings. Their texts share one buffer, because a block may have thousands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FindingList {
    entries: Vec<Entry>,
    texts: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    problem: Problem<Text>,
    handling: Handling<Text>,
    field: Option<u16>,
    column: Option<u32>,
    order: u32,
    value: Option<Text>,
    suggestion: Option<Text>,
    raw: Option<Text>,
}

/// Where a text begins and ends in the buffer.
type Text = (usize, usize);

fn text_at((start, end): Text, texts: &str) -> &str {
    texts.get(start..end).unwrap_or_default()
}

/// Consecutive findings of a list.
#[derive(Clone, Copy, Debug, Default)]
pub struct Findings<'l> {
    entries: &'l [Entry],
    texts: &'l str,
}

impl FindingList {
    /// Adds a finding. [`FindingList::sort`] sorts by `order`.
    pub fn push(&mut self, order: u32, finding: &Finding<'_>) {
        let texts = &mut self.texts;
        let mut add = |text: &str| {
            let start = texts.len();
            texts.push_str(text);
            (start, texts.len())
        };
        let entry = Entry {
            problem: finding.problem.map(|text| add(text)),
            handling: finding.handling.map(|text| add(text)),
            field: finding.field,
            column: finding.column,
            order,
            value: finding.value.map(&mut add),
            suggestion: finding.suggestion.map(&mut add),
            raw: finding.raw.map(&mut add),
        };
        self.entries.push(entry);
    }

    /// Adds the findings of another list.
    pub fn append(&mut self, findings: Findings<'_>) {
        findings.entries.iter().zip(findings.iter()).for_each(|(entry, finding)| self.push(entry.order, &finding));
    }

    /// Sorts the findings by `order`; equal ones keep their order.
    pub fn sort(&mut self) {
        self.entries.sort_by_key(|entry| entry.order);
    }

    /// The number of findings.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Removes all findings and keeps the buffers.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.texts.clear();
    }

    /// All of them.
    pub fn all(&self) -> Findings<'_> {
        Findings { entries: &self.entries, texts: &self.texts }
    }

    /// The findings in a range; none if they were dropped.
    pub fn of(&self, range: Range<usize>) -> Findings<'_> {
        Findings { entries: self.entries.get(range).unwrap_or_default(), texts: &self.texts }
    }
}

impl Entry {
    fn finding<'l>(&self, texts: &'l str) -> Finding<'l> {
        let text = |text: &Text| text_at(*text, texts);
        Finding {
            problem: self.problem.map(text),
            handling: self.handling.map(text),
            field: self.field,
            column: self.column,
            value: self.value.as_ref().map(text),
            suggestion: self.suggestion.as_ref().map(text),
            raw: self.raw.as_ref().map(text),
        }
    }
}

impl<'l> Findings<'l> {
    /// The findings in order.
    pub fn iter(&self) -> impl Iterator<Item = Finding<'l>> + use<'l> {
        let texts = self.texts;
        self.entries.iter().map(move |entry| entry.finding(texts))
    }

    /// The code, severity and field of each.
    pub fn kinds(&self) -> impl Iterator<Item = (Code, Severity, Option<u16>)> + use<'l> {
        self.entries.iter().map(|entry| (entry.problem.code(), entry.handling.severity(), entry.field))
    }

    /// `_reject_raw`, if the record as a whole is at fault.
    pub fn raw(&self) -> Option<&'l str> {
        self.entries.iter().find_map(|entry| entry.raw).map(|raw| text_at(raw, self.texts))
    }

    /// Whether one of them costs the record.
    pub fn has_error(&self) -> bool {
        self.entries.iter().any(|entry| entry.handling.severity() == Severity::Error)
    }

    /// The number of findings.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::problem::Retry;
    use super::*;

    #[test]
    fn findings_come_back_as_they_were() {
        let finding = |problem, handling| Finding {
            problem,
            handling,
            field: Some(3),
            column: None,
            value: None,
            suggestion: None,
            raw: None,
        };
        let findings = [
            Finding {
                value: Some("Fax"),
                ..finding(Problem::NotAChoice { found: "Fax", choices: "email\nprint" }, Handling::Cleared)
            },
            finding(Problem::Missing { only_if_new: false }, Handling::Default("é")),
            Finding { value: Some(""), raw: Some("raw é"), ..finding(Problem::CutOff, Handling::Rejected(None)) },
            Finding {
                suggestion: Some("OBrien"),
                ..finding(
                    Problem::DuplicateOfCustomer { customer: 4, name: Some("Ann"), origin: Some((2, "a.csv")) },
                    Handling::Kept { judged: Some("x") },
                )
            },
        ];
        let mut list = FindingList::default();
        findings.iter().zip([5, 2, 5, 1]).for_each(|(finding, order)| list.push(order, finding));
        assert_eq!(list.all().iter().collect::<Vec<_>>(), findings);
        assert_eq!((list.all().raw(), list.of(0..2).raw()), (Some("raw é"), None));
        list.sort();
        let mut other = FindingList::default();
        other.push(9, &findings[0]);
        other.append(list.of(1..4));
        assert_eq!(other.all().iter().collect::<Vec<_>>(), [findings[0], findings[1], findings[0], findings[2]]);
        assert!(other.all().has_error() && !list.of(0..2).has_error() && list.of(3..5).is_empty());
        assert_eq!(Handling::<&str>::Rejected(Some(Retry::Relaxed)).severity(), Severity::Error);
    }
}
