//! Counts of faults ([`Tally`]), and the limits on rejects. Workers count blocks; the tallies are added up in the blocks' order.

use std::collections::BTreeMap;

use super::options::Options;
use crate::core::finding::{Code, Findings, REGISTRY, Severity};
use crate::core::profile::Profile;
use crate::report::summary::{CodeCount, Counts, InputSummary, ShortZips, Summary};

/// How many records have a fault, and where the first of them is: its input, from 0, and its line.
#[derive(Clone, Copy, Debug, Default)]
struct First {
    records: u64,
    input: usize,
    line: u64,
}

/// The faults of the records of a block, or of a run.
#[derive(Clone, Debug, Default)]
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
            ..Tally::default()
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

    pub(super) fn values(&mut self, repaired: &[u64], deprecated: &[u64]) {
        add(&mut self.repaired, repaired);
        add(&mut self.deprecated, deprecated);
    }

    pub(super) fn add(&mut self, later: &Tally) {
        for (ours, theirs) in [(&mut self.rejects, &later.rejects), (&mut self.warnings, &later.warnings)] {
            ours.iter_mut().zip(theirs).for_each(|(ours, theirs)| ours.add(*theirs));
        }
        self.short_zips.add(later.short_zips);
        add(&mut self.rejected_fields, &later.rejected_fields);
        self.values(&later.repaired, &later.deprecated);
        self.warning_count += later.warning_count;
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

/// How many rejects the reports list at most with `--max-rejects`: enough to see why the run was stopped. `None` means all.
fn most_listed(options: &Options) -> Option<u64> {
    const MORE: u64 = 1000;
    options.max_rejects.map(|most| most.saturating_add(MORE))
}

/// Why the run is stopped, if its rejects pass a limit.
pub(super) fn threshold_passed(options: &Options, counts: &Counts) -> Option<String> {
    let (rejected, records) = (counts.rejected, counts.accepted + counts.rejected);
    if let Some(most) = options.max_rejects.filter(|most| rejected > *most) {
        let listed = most_listed(options).filter(|listed| rejected > *listed);
        let listed = listed.map(|listed| format!(" (the reports list the first {listed})")).unwrap_or_default();
        return Some(format!("{rejected} rejected{listed}, but --max-rejects allows {most}"));
    }
    let most = options.max_reject_ratio.filter(|most| rejected as f64 > most * records as f64)?;
    let (percent, allowed) = (100.0 * (rejected as f64 / records as f64), (most * 1e8).round() / 1e6);
    Some(format!(
        "{rejected} of {records} records rejected ({percent:.2} %), but --max-reject-ratio {most} allows {allowed} %"
    ))
}

/// How many spans of a block with `rejected` rejects the reports list, after `before` rejects: those before the first over the limit.
pub(super) fn listed_spans(
    options: &Options,
    before: u64,
    rejected: u64,
    spans: usize,
    is_reject: impl Fn(usize) -> bool,
) -> usize {
    let Some(most) = most_listed(options) else { return spans };
    let Some(room) = most.checked_sub(before) else { return 0 };
    if room >= rejected {
        return spans;
    }
    (0..spans).filter(|span| is_reject(*span)).nth(room as usize).unwrap_or(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(max_rejects: Option<u64>, max_reject_ratio: Option<f64>) -> Options {
        Options { max_rejects, max_reject_ratio, ..Options::default() }
    }

    #[test]
    fn a_threshold_is_passed_by_one_reject_more() {
        for (most, ratio, accepted, rejected, expected) in [
            (None, None, 0, 99, None),
            (Some(3), None, 10, 3, None),
            (Some(3), None, 10, 4, Some("4 rejected, but --max-rejects allows 3")),
            (Some(3), None, 0, 2000, Some("2000 rejected (the reports list the first 1003), but")),
            (Some(0), None, 10, 0, None),
            (None, Some(0.5), 5, 5, None),
            (None, Some(0.5), 4, 5, Some("5 of 9 records rejected (55.56 %), but --max-reject-ratio 0.5 allows 50 %")),
            (None, Some(0.0), 0, 0, None),
        ] {
            let counts = Counts { accepted, rejected, ..Counts::default() };
            let reason = threshold_passed(&options(most, ratio), &counts);
            assert_eq!(reason.is_some(), expected.is_some(), "{reason:?}");
            assert!(reason.as_deref().unwrap_or_default().contains(expected.unwrap_or_default()), "{reason:?}");
        }
    }

    #[test]
    fn the_reports_list_the_first_rejects() {
        // The second, third and fifth of five spans are rejects; `--max-rejects 0` lists a thousand.
        let is_reject = |span| [1, 2, 4].contains(&span);
        for (max_rejects, before, expected) in [
            (None, 5000, 5),
            (Some(0), 997, 5),
            (Some(0), 998, 4),
            (Some(0), 999, 2),
            (Some(0), 1000, 1),
            (Some(0), 1001, 0),
        ] {
            assert_eq!(listed_spans(&options(max_rejects, None), before, 3, 5, is_reject), expected, "{before}");
        }
    }
}
