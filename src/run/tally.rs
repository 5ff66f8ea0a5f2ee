//! Counting faults: [`Tally`]. Each worker counts a block; the tallies are added up in the order of the blocks.

use std::collections::BTreeMap;

use crate::core::finding::{Code, Findings, REGISTRY, Severity};
use crate::core::profile::Profile;
use crate::report::summary::{CodeCount, InputSummary, ShortZips};

/// How many records have a code, and where the first one is.
#[derive(Clone, Debug, Default)]
struct Met {
    records: u64,
    /// Input (from 0) and line of the first.
    first: (usize, u64),
}

/// The faults of the records of a block, or of a run.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    rejects: Vec<Met>,
    warnings: Vec<Met>,
    rejected_fields: Vec<u64>,
    repaired: Vec<u64>,
    deprecated: Vec<u64>,
    short_zips: Met,
    /// The number of warnings; a record can have several.
    pub(super) warning_count: u64,
}

impl Met {
    /// Adds what was met after this.
    fn add(&mut self, later: &Met) {
        if self.records == 0 {
            self.first = later.first;
        }
        self.records += later.records;
    }
}

impl Tally {
    pub(super) fn new(fields: usize) -> Tally {
        Tally {
            rejects: vec![Met::default(); Code::COUNT],
            warnings: vec![Met::default(); Code::COUNT],
            rejected_fields: vec![0; fields],
            repaired: vec![0; fields],
            deprecated: vec![0; fields],
            short_zips: Met::default(),
            warning_count: 0,
        }
    }

    /// Counts the findings of one record: each code and each field once.
    pub(super) fn record(&mut self, findings: Findings<'_>, input: usize, line: u64) {
        for (index, (code, severity, field)) in findings.kinds().enumerate() {
            let before = || findings.kinds().take(index).filter(|(_, other, _)| *other == severity);
            let met = match severity {
                Severity::Error => &mut self.rejects[code as usize],
                Severity::Warning => {
                    self.warning_count += 1;
                    &mut self.warnings[code as usize]
                }
            };
            if !before().any(|(other, ..)| other == code) {
                if met.records == 0 {
                    met.first = (input, line);
                }
                met.records += 1;
            }
            if let (Severity::Error, Some(of)) = (severity, field)
                && !before().any(|(.., other)| other == field)
            {
                self.rejected_fields[of as usize] += 1;
            }
        }
    }

    /// Counts a record whose ZIP code seems to have lost its leading zero.
    pub(super) fn short_zip(&mut self, input: usize, line: u64) {
        self.short_zips.add(&Met { records: 1, first: (input, line) });
    }

    /// Their number, and where the first one is.
    pub(super) fn short_zips(&self, inputs: &[InputSummary]) -> Option<ShortZips> {
        let (input, first_line) = self.short_zips.first;
        let first_file = inputs.get(input).map(|input| input.path.clone()).unwrap_or_default();
        let records = self.short_zips.records;
        (records > 0).then_some(ShortZips { records, first_file, first_line })
    }

    /// Adds the repaired values, and those of deprecated fields.
    pub(super) fn values(&mut self, repaired: &[u64], deprecated: &[u64]) {
        add(&mut self.repaired, repaired);
        add(&mut self.deprecated, deprecated);
    }

    /// Adds the tally of the next part of the run.
    pub(super) fn add(&mut self, later: &Tally) {
        for (ours, theirs) in [(&mut self.rejects, &later.rejects), (&mut self.warnings, &later.warnings)] {
            ours.iter_mut().zip(theirs).for_each(|(ours, theirs)| ours.add(theirs));
        }
        self.short_zips.add(&later.short_zips);
        add(&mut self.rejected_fields, &later.rejected_fields);
        self.values(&later.repaired, &later.deprecated);
        self.warning_count += later.warning_count;
    }

    /// The number of repaired values.
    pub(super) fn repaired_count(&self) -> u64 {
        self.repaired.iter().sum()
    }

    /// Rejected records by code. `inputs` are the inputs in order, to name where each code was met first.
    pub(super) fn rejects_by_code(&self, inputs: &[InputSummary]) -> BTreeMap<&'static str, CodeCount> {
        by_code(&self.rejects, inputs)
    }

    pub(super) fn warnings_by_code(&self, inputs: &[InputSummary]) -> BTreeMap<&'static str, CodeCount> {
        by_code(&self.warnings, inputs)
    }

    pub(super) fn rejects_by_field(&self, profile: &Profile) -> BTreeMap<String, u64> {
        by_field(&self.rejected_fields, profile)
    }

    pub(super) fn repaired_by_field(&self, profile: &Profile) -> BTreeMap<String, u64> {
        by_field(&self.repaired, profile)
    }

    pub(super) fn deprecated_by_field(&self, profile: &Profile) -> BTreeMap<String, u64> {
        by_field(&self.deprecated, profile)
    }
}

fn by_code(met: &[Met], inputs: &[InputSummary]) -> BTreeMap<&'static str, CodeCount> {
    let counted = met.iter().zip(&REGISTRY).filter(|(met, _)| met.records > 0);
    let count = |(met, info): (&Met, &crate::core::finding::CodeInfo)| {
        let first_file = inputs.get(met.first.0).map(|input| input.path.clone()).unwrap_or_default();
        let count = CodeCount { code: info.code, records: met.records, first_file, first_line: met.first.1 };
        (info.code.name(), count)
    };
    counted.map(count).collect()
}

fn add(ours: &mut [u64], theirs: &[u64]) {
    ours.iter_mut().zip(theirs).for_each(|(ours, theirs)| *ours += theirs);
}

fn by_field(counts: &[u64], profile: &Profile) -> BTreeMap<String, u64> {
    let counted = counts.iter().zip(&profile.fields).filter(|(count, _)| **count > 0);
    counted.map(|(count, field)| (field.column.clone(), *count)).collect()
}
