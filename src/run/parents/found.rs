//! What was found out about the parents of a run's records ([`FoundParents`]), and whether the inputs are still those in which it was
//! found out ([`Comparison`]).

use std::path::Path;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::ids::CreatedSum;
use super::kept::KeptBlocks;
use super::records::{CLEARED, CustomerId, Reason, Records};
use super::resolve::{ITSELF, ResolvedParents};
use crate::core::judge::plan::Plan;
use crate::core::judge::{Checker, Outcome, Parent, Parents, Verdicts};
use crate::core::record::Block;
use crate::error::{Error, Result};
use crate::read::feed::has_changed;
use crate::sink::sqlite::IdRanges;
use crate::sink::sqlite::keys::RunPosition;
use crate::sink::sqlite::record::{RecordBuilder, with_integer};

#[derive(Default)]
pub struct FoundParents {
    pub(super) records: Records,
    pub(super) resolved: ResolvedParents,
    /// The values of the first circles, each on a line.
    pub(super) circles: Vec<String>,
    /// The number of records of each input, and their digest; empty if they were not read.
    pub(super) inputs: Vec<(u64, u64)>,
    /// The customers that a parent's ID may be of. `None` if it is unknown which exist.
    pub(super) customers: Option<IdRanges>,
    /// The verdicts of the first reading, if they were kept.
    pub(super) kept: Option<KeptBlocks>,
}

impl FoundParents {
    /// The parent of the record at a position in the run.
    fn of(&self, at: usize) -> Parent<'_> {
        let Some((state, parent)) = self.records.state.get(at).zip(self.records.parent.get(at)) else {
            return Parent::None;
        };
        match state.reason() {
            Reason::NotFound => Parent::NotFound,
            Reason::Rejected => Parent::Rejected,
            Reason::Circle if *parent == ITSELF => Parent::Circle("", 1),
            Reason::Circle => {
                let records = self.resolved.circles.records.get(*parent as usize).copied().unwrap_or_default();
                Parent::Circle(self.circles.get(*parent as usize).map_or("", String::as_str), u64::from(records))
            }
            Reason::None if *parent >= CLEARED => Parent::None,
            Reason::None => {
                let id = self.resolved.ids.get(*parent as usize).copied().flatten();
                id.map_or(Parent::None, |id| Parent::Customer(CustomerId::get(id)))
            }
        }
    }

    /// Judges a block with what is known of its records' parents. Returns its [`digest`] too, if the inputs were read before.
    pub fn judge(&self, checker: &Checker, block: &Block, first: RunPosition) -> (Verdicts, Option<u64>) {
        let digest = (!self.inputs.is_empty()).then(|| digest(block, first));
        let parents: Vec<_> = (first as usize..first as usize + block.spans.len()).map(|at| self.of(at)).collect();
        let exists = |id| self.customers.as_ref().is_none_or(|customers| customers.has(id));
        let kept = self.kept.as_ref().zip(digest).and_then(|(kept, digest)| kept.get(first, digest));
        let verdicts = match kept.and_then(|kept| checker.complete(kept, block, &parents, &exists)) {
            Some(verdicts) => with_ids(verdicts, checker.plan(), &parents),
            None => checker.check_with::<RecordBuilder>(block, Parents::Known(&parents, &exists)),
        };
        (verdicts, digest)
    }
}

/// The same verdicts with the IDs of parents in their rows.
fn with_ids(mut verdicts: Verdicts, plan: &Plan, parents: &[Parent<'_>]) -> Verdicts {
    let Some(column) = plan.parents.map(|parents| parents.id) else { return verdicts };
    let mut rows = Vec::with_capacity(verdicts.rows.len() + parents.len() * size_of::<u32>());
    let records = verdicts.verdicts.iter_mut().filter(|verdict| verdict.outcome != Outcome::Blank);
    for (verdict, parent) in records.zip(parents) {
        let Outcome::Accepted { row, .. } = &mut verdict.outcome else { continue };
        let old = &verdicts.rows[row.start as usize..row.end as usize];
        let start = rows.len();
        match parent {
            Parent::Customer(id) => _ = with_integer(old, column, *id, &mut rows),
            _ => rows.extend_from_slice(old),
        }
        *row = start as u32..rows.len() as u32;
    }
    Verdicts { rows, ..verdicts }
}

/// A digest of a block's text, to compare both readings.
pub fn digest(block: &Block, first: u64) -> u64 {
    xxh3_64_with_seed(&block.bytes, first)
}

/// Compares the inputs, and the records that create customers, with what they were when parents were looked up.
#[derive(Default)]
pub struct Comparison {
    expected: Vec<(u64, u64)>,
    found: (u64, u64),
    /// `None` if no parents were looked up.
    expected_created: Option<CreatedSum>,
    created: CreatedSum,
}

impl Comparison {
    pub fn with(found: Option<&FoundParents>) -> Comparison {
        let found = found.filter(|found| !found.inputs.is_empty());
        Comparison {
            expected: found.map(|found| found.inputs.clone()).unwrap_or_default(),
            expected_created: found.map(|found| found.resolved.created),
            ..Comparison::default()
        }
    }

    /// Adds records of an input that create customers, by their 1-based numbers.
    pub fn add_created(&mut self, input: usize, records: impl Iterator<Item = u64>) {
        if self.expected_created.is_some() {
            records.for_each(|record| self.created.add(input, record));
        }
    }

    /// Ends the run. An error if other records created customers than the parents' IDs were taken from.
    pub fn end(&self) -> Result<()> {
        match self.expected_created {
            Some(expected) if expected != self.created => {
                Err(Error::Broken("other records create customers than the IDs of parents were foreseen for".into()))
            }
            _ => Ok(()),
        }
    }

    pub fn add_block(&mut self, records: u64, digest: Option<u64>) {
        self.found.0 += records;
        self.found.1 = self.found.1.wrapping_add(digest.unwrap_or_default());
    }

    /// Ends an input; an error if it has changed.
    pub fn end_input(&mut self, input: usize, path: &str) -> Result<()> {
        let found = std::mem::take(&mut self.found);
        match self.expected.get(input) {
            Some(expected) if *expected != found => Err(Error::input(Path::new(path), has_changed())),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::super::kept::{Keeper, serialise};
    use super::*;
    use crate::core::judge::plan::FieldOptions;
    use crate::core::judge::{CsvShape, JsonShape, KeptVerdicts, Shape, Stamp, Verdict};
    use crate::core::profile::{Binding, Profile};
    use crate::core::record::{Extent, Span, dialect::CsvDialect};
    use crate::sink::sqlite::record::values;

    /// Judges records of these columns, or JSON objects.
    fn checker(is_json: bool) -> Checker {
        let plan =
            Plan::new(Profile::named("billing").unwrap(), &FieldOptions::default()).unwrap().looking_up_parents();
        let header = HEADER.iter().map(|name| name.to_string()).collect();
        let shape = if is_json {
            Shape::Json(Box::new(JsonShape::new(&plan, header).0))
        } else {
            let binding = Binding::new(&plan.names, header, false);
            Shape::Csv(Box::new(CsvShape::new(CsvDialect::with_delimiter(b','), binding, false, false)))
        };
        let stamp = Stamp { now: "2026-01-01T00:00:00Z".into(), run: 1, file: 1 };
        Checker::new(Arc::new(plan), shape, stamp, true, 1 << 20)
    }

    const HEADER: [&str; 6] = ["external_key", "parent_key", "name", "email", "zip", "country"];

    fn block(records: &[String]) -> Block {
        let mut end = 0;
        let span = |record: &String| {
            let start = end;
            end += record.len() as u32;
            let extent = if record.is_empty() { Extent::Blank } else { Extent::Record };
            Span { start, end, line: 0, extent }
        };
        let spans = records.iter().map(span).collect();
        let bytes = records.concat().into_bytes();
        Block { bytes, spans, first_record: 5, first_line: 7, byte_offset: 0, file_bytes: 0, stop: None }
    }

    /// All that a run takes from verdicts.
    fn taken(verdicts: &Verdicts) -> String {
        let of = |(index, verdict): (usize, &Verdict)| {
            let outcome = match &verdict.outcome {
                Outcome::Accepted { row, key, stored_key } => {
                    let row: Vec<_> = values(&verdicts.rows[row.start as usize..row.end as usize]).collect();
                    let keys = [key.as_ref().unwrap_or(&(0..0)), stored_key].map(|key| verdicts.key_text(key));
                    format!("{row:?} {keys:?}")
                }
                other => format!("{other:?}"),
            };
            let findings: Vec<_> = verdicts.findings_of(verdict).iter().collect();
            let marks: Vec<_> = verdicts.marks.outcomes_of(index).collect();
            format!("{outcome} {findings:?} {:?} {marks:?}\n", verdicts.cells_of(verdict))
        };
        let records: String = verdicts.verdicts.iter().enumerate().map(of).collect();
        let Verdicts { repaired, deprecated, short_zips, met_keys, marks, .. } = verdicts;
        format!("{records} {repaired:?} {deprecated:?} {short_zips:?} {met_keys:?} {:?}", marks.count(HEADER.len()))
    }

    /// A record, and its parent if it names one.
    fn record() -> impl Strategy<Value = (Vec<String>, u8)> {
        let cells =
            ["K[0-9]", "(K[0-9])?", "(| ?Ann \u{fc}|1,000)", "(|a@b.org|x)", "([0-9]{4,5})?", "(US|us|Narnia)?"];
        (cells.prop_map(Vec::from), 0u8..8)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        /// What is kept of the first reading makes the verdicts that judging with the parents makes.
        #[test]
        fn kept_verdicts_are_those_of_the_second_reading(
            records in prop::collection::vec(prop::option::weighted(0.9, record()), 0..20),
            is_json: bool,
        ) {
            let write = |cells: &[String]| {
                let cells = cells.iter().zip(HEADER);
                let json: String = cells.clone().map(|(cell, name)| format!(",{name:?}:{cell:?}")).collect();
                let quoted = cells.map(|(cell, _)| if cell.contains(',') { format!("\"{cell}\"") } else { cell.clone() });
                if is_json { format!("{{{}}}", &json[1..]) } else { quoted.collect::<Vec<_>>().join(",") }
            };
            let block = block(&records.iter().map(|one| one.as_ref().map_or(String::new(), |(cells, _)| write(cells))).collect::<Vec<_>>());
            let parent = |(cells, kind): &(Vec<String>, u8)| match kind {
                _ if cells[1].is_empty() => Parent::None,
                0 => Parent::NotFound,
                1 => Parent::Rejected,
                2 => Parent::Circle("K1\nK2", 2),
                kind => Parent::Customer([0, 1, 7, 300, 1 << 40][usize::from(*kind) - 3]),
            };
            let parents: Vec<Parent<'_>> = records.iter().flatten().map(parent).collect();
            let checker = checker(is_json);
            let exists = |_| true;
            let expected = checker.check_with::<RecordBuilder>(&block, Parents::Known(&parents, &exists));
            let asked = checker.check_with::<RecordBuilder>(&block, Parents::Asked(&exists));
            let mut keeper = Keeper::new(&std::env::temp_dir(), true);
            keeper.add(3, 9, None);
            keeper.add(4, 8, serialise(KeptVerdicts::new(asked)));
            let kept = keeper.finish().unwrap();
            prop_assert!(kept.get(3, 9).is_none() && kept.get(4, 9).is_none());
            let found = checker.complete(kept.get(4, 8).unwrap(), &block, &parents, &exists).unwrap();
            prop_assert_eq!(taken(&with_ids(found, checker.plan(), &parents)), taken(&expected));
        }
    }

    #[test]
    fn an_input_that_changed_is_refused() {
        let mut comparison = Comparison { expected: vec![(3, 5), (1, 9)], ..Comparison::default() };
        comparison.add_block(2, Some(u64::MAX));
        comparison.add_block(1, Some(6));
        assert!(comparison.end_input(0, "a.csv").is_ok());
        comparison.add_block(1, Some(8));
        assert!(comparison.end_input(1, "b.csv").unwrap_err().to_string().contains("it changed while it was read"));
        assert!(Comparison::with(None).end_input(0, "a.csv").is_ok());
    }

    #[test]
    fn other_records_than_foreseen_are_refused() {
        let mut expected = CreatedSum::default();
        [(0, 1), (0, 3), (1, 1)].into_iter().for_each(|(input, record)| expected.add(input, record));
        for (first, second, is_same) in [(&[1, 3], &[1], true), (&[1, 2], &[1], false), (&[3, 1], &[2], false)] {
            let mut comparison = Comparison { expected_created: Some(expected), ..Comparison::default() };
            comparison.add_created(1, second.iter().copied());
            comparison.add_created(0, first.iter().copied());
            assert_eq!(comparison.end().is_ok(), is_same, "{first:?} {second:?}");
        }
        let mut none = Comparison::with(None);
        none.add_created(0, [1].into_iter());
        assert!(none.end().is_ok());
    }
}
