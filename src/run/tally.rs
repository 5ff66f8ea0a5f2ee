//! Counts of faults: [`Tally`]. Workers count blocks; the tallies are added up in the order of the blocks.

use std::collections::BTreeMap;

use crate::core::finding::{Code, Findings, REGISTRY, Severity};
use crate::core::profile::Profile;
use crate::report::summary::{CodeCount, InputSummary, ShortZips, Summary};

/// How many records have a fault, and where the first of them is: its input, from 0, and its line.
#[derive(Clone, Copy, Debug, Default)]
struct First {
    records: u64,
    input: usize,
    line: u64,
}

/// The faults of the records of a block, or of a run.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    rejects: Vec<First>,
    warnings: Vec<First>,
    rejected_fields: Vec<u64>,
    repaired: Vec<u64>,
    deprecated: Vec<u64>,
    short_zips: First,
    /// The number of warnings; a record can have several.
    pub(super) warning_count: u64,
}

impl First {
    /// Adds records after these.
    fn add(&mut self, later: First) {
        *self = match self.records {
            0 => later,
            _ => First { records: self.records + later.records, ..*self },
        };
    }
}

impl Tally {
    pub(super) fn new(fields: usize) -> Tally {
        Tally {
            rejects: vec![First::default(); Code::COUNT],
            warnings: vec![First::default(); Code::COUNT],
            rejected_fields: vec![0; fields],
            repaired: vec![0; fields],
            deprecated: vec![0; fields],
            short_zips: First::default(),
            warning_count: 0,
        }
    }

    /// Counts the findings of one record: each code and each field once.
    pub(super) fn record(&mut self, findings: Findings<'_>, input: usize, line: u64) {
        for (index, (code, severity, field)) in findings.kinds().enumerate() {
            let before = || findings.kinds().take(index).filter(|(_, other, _)| *other == severity);
            let count = match severity {
                Severity::Error => &mut self.rejects[code as usize],
                Severity::Warning => {
                    self.warning_count += 1;
                    &mut self.warnings[code as usize]
                }
            };
            if !before().any(|(other, ..)| other == code) {
                count.add(First { records: 1, input, line });
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
        self.short_zips.add(First { records: 1, input, line });
    }

    /// Adds the repaired values, and those of deprecated fields.
    pub(super) fn values(&mut self, repaired: &[u64], deprecated: &[u64]) {
        add(&mut self.repaired, repaired);
        add(&mut self.deprecated, deprecated);
    }

    /// Adds the tally of a later block.
    pub(super) fn add(&mut self, later: &Tally) {
        for (ours, theirs) in [(&mut self.rejects, &later.rejects), (&mut self.warnings, &later.warnings)] {
            ours.iter_mut().zip(theirs).for_each(|(ours, theirs)| ours.add(*theirs));
        }
        self.short_zips.add(later.short_zips);
        add(&mut self.rejected_fields, &later.rejected_fields);
        self.values(&later.repaired, &later.deprecated);
        self.warning_count += later.warning_count;
    }

    pub(super) fn repaired_count(&self) -> u64 {
        self.repaired.iter().sum()
    }

    /// Fills the counts by code and by field of a summary, whose inputs are known.
    pub(super) fn fill(&self, summary: &mut Summary, profile: &Profile) {
        summary.rejects_by_code = by_code(&self.rejects, &summary.inputs);
        summary.warnings_by_code = by_code(&self.warnings, &summary.inputs);
        summary.rejects_by_field = by_field(&self.rejected_fields, profile);
        summary.repaired_by_field = by_field(&self.repaired, profile);
        summary.deprecated_by_field = by_field(&self.deprecated, profile);
        let First { records, input, line: first_line } = self.short_zips;
        summary.short_zips =
            (records > 0).then(|| ShortZips { records, first_file: path_of(&summary.inputs, input), first_line });
    }
}

fn by_code(counts: &[First], inputs: &[InputSummary]) -> BTreeMap<&'static str, CodeCount> {
    let counted = counts.iter().zip(&REGISTRY).filter(|(count, _)| count.records > 0);
    let count = counted.map(|(First { records, input, line }, info)| {
        let (records, first_file, first_line) = (*records, path_of(inputs, *input), *line);
        (info.code.name(), CodeCount { code: info.code, records, first_file, first_line })
    });
    count.collect()
}

fn path_of(inputs: &[InputSummary], input: usize) -> String {
    inputs.get(input).map(|input| input.path.clone()).unwrap_or_default()
}

fn add(ours: &mut [u64], theirs: &[u64]) {
    ours.iter_mut().zip(theirs).for_each(|(ours, theirs)| *ours += theirs);
}

fn by_field(counts: &[u64], profile: &Profile) -> BTreeMap<String, u64> {
    let counted = counts.iter().zip(&profile.fields).filter(|(count, _)| **count > 0);
    counted.map(|(count, field)| (field.column.clone(), *count)).collect()
}
