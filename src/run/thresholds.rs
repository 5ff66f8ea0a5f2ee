//! The limits on rejects, and how many rejects the reports list if there is one.

use super::options::Options;
use crate::report::summary::Counts;

/// How many rejects the reports list at most with `--max-rejects`: enough to see why the run was stopped. `None` means all.
fn most_listed(options: &Options) -> Option<u64> {
    const MORE: u64 = 1000;
    options.max_rejects.map(|most| most.saturating_add(MORE))
}

/// Why the run is stopped, if its rejects pass a limit.
pub(super) fn threshold_passed(options: &Options, counts: &Counts) -> Option<String> {
    let records = counts.accepted + counts.rejected;
    if let Some(most) = options.max_rejects
        && counts.rejected > most
    {
        let listed = most_listed(options).filter(|listed| counts.rejected > *listed);
        let listed = listed.map(|listed| format!(" (the reports list the first {listed})")).unwrap_or_default();
        return Some(format!("{} records were rejected{listed}, and --max-rejects allows {most}", counts.rejected));
    }
    if let Some(most) = options.max_reject_ratio
        && counts.rejected as f64 > most * records as f64
    {
        let ratio = counts.rejected as f64 / records as f64;
        return Some(format!(
            "{} of {records} records were rejected ({:.2} %), and --max-reject-ratio {most} allows {} %",
            counts.rejected,
            100.0 * ratio,
            (most * 1e8).round() / 1e6
        ));
    }
    None
}

/// How many spans of a block the reports list: those before the first reject over the limit. `before` is the number of rejects
/// before the block, `rejected` the number in it.
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
            (Some(3), None, 10, 4, Some("4 records were rejected, and --max-rejects allows 3")),
            (Some(3), None, 0, 2000, Some("2000 records were rejected (the reports list the first 1003), and")),
            (Some(0), None, 10, 0, None),
            (None, Some(0.5), 5, 5, None),
            (
                None,
                Some(0.5),
                4,
                5,
                Some("5 of 9 records were rejected (55.56 %), and --max-reject-ratio 0.5 allows 50 %"),
            ),
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
