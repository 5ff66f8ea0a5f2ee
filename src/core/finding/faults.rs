//! What is wrong with records: [`Fault`], and many of them in one buffer ([`FaultList`]).

use std::ops::Range;

use super::{Code, Severity};

/// One fault of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault<'t> {
    /// What is wrong.
    pub code: Code,
    /// Whether it costs the record.
    pub severity: Severity,
    /// The profile's field (its index in the profile), where there is one.
    pub field: Option<u16>,
    /// The column of the input, from 1, where there is one.
    pub column: Option<u32>,
    /// One sentence for a person: what is wrong, with the limit or the character that was found.
    pub message: &'t str,
    /// The original text of the value, or of the record where the record as a whole is at fault.
    pub value: Option<&'t str>,
    /// The record as its report carries it whole, where the record as a whole is at fault.
    pub raw: Option<&'t str>,
    /// What would mend it.
    pub hint: &'t str,
}

/// Faults, one after another. Their texts stand in one buffer, for a block may have thousands.
#[derive(Clone, Debug, Default)]
pub struct FaultList {
    entries: Vec<Entry>,
    texts: String,
}

/// A fault of a list. Its texts follow each other: message, value, raw, hint.
#[derive(Clone, Copy, Debug)]
struct Entry {
    code: Code,
    severity: Severity,
    field: Option<u16>,
    column: Option<u32>,
    order: u32,
    /// Where its texts begin, and where each ends.
    start: usize,
    message: usize,
    value: Option<usize>,
    raw: Option<usize>,
    hint: usize,
}

/// Some faults of a list that follow each other.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults<'l> {
    entries: &'l [Entry],
    texts: &'l str,
}

impl FaultList {
    /// Adds a fault. `order` is its place in the record, by which [`FaultList::sort`] goes.
    pub fn push(&mut self, order: u32, fault: Fault<'_>) {
        let texts = &mut self.texts;
        let mut add = |text: &str| {
            texts.push_str(text);
            texts.len()
        };
        let entry = Entry {
            code: fault.code,
            severity: fault.severity,
            field: fault.field,
            column: fault.column,
            order,
            start: add(""),
            message: add(fault.message),
            value: fault.value.map(&mut add),
            raw: fault.raw.map(&mut add),
            hint: add(fault.hint),
        };
        self.entries.push(entry);
    }

    /// Adds the faults of another list.
    pub fn append(&mut self, faults: Faults<'_>) {
        faults.entries.iter().zip(faults.iter()).for_each(|(entry, fault)| self.push(entry.order, fault));
    }

    /// Brings the faults into their order in the record; those of the same place stay as they came.
    pub fn sort(&mut self) {
        self.entries.sort_by_key(|entry| entry.order);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Forgets them all, and keeps the buffers.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.texts.clear();
    }

    /// All of them.
    pub fn all(&self) -> Faults<'_> {
        Faults { entries: &self.entries, texts: &self.texts }
    }

    /// Some of them; none where they have been let go.
    pub fn of(&self, range: Range<usize>) -> Faults<'_> {
        Faults { entries: self.entries.get(range).unwrap_or_default(), texts: &self.texts }
    }
}

impl Entry {
    fn fault<'l>(&self, texts: &'l str) -> Fault<'l> {
        let text = |start: usize, end: usize| texts.get(start..end).unwrap_or_default();
        let value_end = self.value.unwrap_or(self.message);
        let raw_end = self.raw.unwrap_or(value_end);
        Fault {
            code: self.code,
            severity: self.severity,
            field: self.field,
            column: self.column,
            message: text(self.start, self.message),
            value: self.value.map(|end| text(self.message, end)),
            raw: self.raw.map(|end| text(value_end, end)),
            hint: text(raw_end, self.hint),
        }
    }
}

impl<'l> Faults<'l> {
    /// The faults in order.
    pub fn iter(&self) -> impl Iterator<Item = Fault<'l>> + use<'l> {
        let texts = self.texts;
        self.entries.iter().map(move |entry| entry.fault(texts))
    }

    /// What they are, without their texts: code, severity and field.
    pub fn kinds(&self) -> impl Iterator<Item = (Code, Severity, Option<u16>)> + use<'l> {
        self.entries.iter().map(|entry| (entry.code, entry.severity, entry.field))
    }

    /// The record as its report carries it whole, where the record as a whole is at fault.
    pub fn raw(&self) -> Option<&'l str> {
        self.entries.iter().find(|entry| entry.raw.is_some()).and_then(|entry| entry.fault(self.texts).raw)
    }

    /// The last of them alone.
    pub fn last(&self) -> Faults<'l> {
        Faults { entries: &self.entries[self.entries.len().saturating_sub(1)..], ..*self }
    }

    /// Whether one of them costs the record.
    pub fn has_error(&self) -> bool {
        self.entries.iter().any(|entry| entry.severity == Severity::Error)
    }

    /// How many there are.
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
    use super::*;

    #[test]
    fn faults_come_back_as_they_were() {
        let faults = [(Some("value"), None), (None, None), (Some(""), Some("raw é")), (None, Some(""))];
        let faults = faults.map(|(value, raw)| Fault {
            code: Code::Required,
            severity: Severity::Warning,
            field: Some(3),
            column: None,
            message: "message",
            value,
            raw,
            hint: "hint",
        });
        let mut list = FaultList::default();
        faults.iter().zip([5, 2, 5, 1]).for_each(|(fault, order)| list.push(order, *fault));
        assert_eq!(list.all().iter().collect::<Vec<_>>(), faults);
        list.sort();
        let mut other = FaultList::default();
        other.push(9, faults[0]);
        other.append(list.of(1..4));
        assert_eq!(other.all().iter().collect::<Vec<_>>(), [faults[0], faults[1], faults[0], faults[2]]);
        assert_eq!(other.all().last().iter().collect::<Vec<_>>(), [faults[2]]);
        assert!(!other.all().has_error() && list.of(3..5).is_empty());
    }
}
