//! What becomes of records that are right by themselves: [`Resolver`] decides by their keys which of them are accepted, and
//! whether these create, update or repeat a customer.

use std::borrow::Cow;

use super::accepted::{Accepted, Action, JudgedBlock, LateReject};
use super::cells::column_of;
use super::existing::ExistingMatch;
use super::keys::Keys;
use super::last_wins::LastWins;
use super::ledger::Ledger;
use super::tally::Tally;
use super::worker::{Worker, needs_customer};
use super::writer::CustomerWriter;
use crate::core::finding::{FindingList, Problem, excerpt};
use crate::core::judge::{Outcome, Touched};
use crate::core::mode::Mode;
use crate::core::record::{Counts, Spot};
use crate::error::{Error, Result};
use crate::sink::sqlite::Origin;
use crate::sink::sqlite::keys::RunPosition;
use crate::sink::sqlite::texts::KeyedRecord;

/// Decides what becomes of the records of each block, in order.
pub(super) struct Resolver {
    mode: Mode,
    /// Whether there is a database whose customers records can be about.
    has_customers: bool,
    /// Whether accepted records are listed one by one.
    lists_accepted: bool,
    /// The accepted records, where the last of several with one key wins.
    last_wins: Option<LastWins>,
    /// The customer that a finding named last: very many records may have its key.
    met: Option<(i64, Origin)>,
}

/// What became of a block's records.
pub(super) struct Resolved<'v> {
    /// `None` if all records that were right become customers, and nothing more has to be known of them.
    pub(super) accepted: Option<Vec<Accepted<'v>>>,
    /// They count no longer among the block's accepted records.
    pub(super) rejected: Vec<LateReject>,
}

/// What is known of a record's key before the decision.
struct Claim<'k> {
    /// The record's number in the run, from 0.
    record: RunPosition,
    /// Its folded key, if it has one.
    key: Option<&'k [u8]>,
    /// Whether somebody else has the key's fingerprint.
    has_rival: bool,
    /// Whether it lacks fields that a new customer must have.
    is_lacking: bool,
}

/// What a record's key decides.
#[derive(Debug, PartialEq, Eq)]
enum Decision {
    /// It is accepted; `first` is the first record of the run with its key.
    Accept { first: RunPosition },
    /// It has to be about a customer, and there is none with its key.
    NoCustomer,
    /// Two customers have its key.
    Ambiguous(i64, i64),
    /// A customer has its key already.
    CustomerHasKey(i64),
    /// An earlier record has its key already.
    RecordHasKey(KeyedRecord),
}

impl Resolver {
    pub(super) fn new(mode: Mode, has_customers: bool, lists_accepted: bool, last_wins: Option<LastWins>) -> Resolver {
        Resolver { mode, has_customers, lists_accepted, last_wins, met: None }
    }

    /// Whether accepted records wait for the end of the run, or of their input, before they are stored.
    pub(super) fn holds_back(&self) -> bool {
        self.last_wins.is_some()
    }

    /// Decides what becomes of a block's records. Those that are rejected now are moved in `counts` from accepted to rejected.
    pub(super) fn resolve<'v>(
        &mut self,
        judged: JudgedBlock<'v>,
        keys: &mut Keys,
        writer: &CustomerWriter,
        ledger: &Ledger,
        counts: &mut Counts,
        tally: &mut Tally,
    ) -> Result<Resolved<'v>> {
        let JudgedBlock { block, verdicts, first, worker, rivalled, matches } = judged;
        let rivalled = merged(rivalled, keys.take_late(first, counts.read - counts.blank));
        let is_simple = !self.mode.changes() && !self.lists_accepted && self.last_wins.is_none();
        if rivalled.is_empty() && is_simple {
            return Ok(Resolved { accepted: None, rejected: Vec::new() });
        }
        let (mut accepted, mut rejected) = (Vec::with_capacity(counts.accepted as usize), Vec::new());
        let (mut rivalled, mut matches) = (rivalled.into_iter().peekable(), matches.into_iter());
        for (index, ((position, span), verdict)) in block.positions().zip(&verdicts.verdicts).enumerate() {
            let found = matches.next().unwrap_or_default();
            let Outcome::Accepted { row, key, stored_key } = &verdict.outcome else { continue };
            let at = (position.record - block.first_record) as u32;
            let touched = verdicts.touched.get(index);
            let claim = Claim {
                record: first + RunPosition::from(at),
                key: key.as_ref().map(|key| verdicts.key_text(key)),
                has_rival: rivalled.next_if_eq(&at).is_some(),
                is_lacking: touched.is_some_and(|touched| !touched.lacking.is_empty()),
            };
            let decision = self.decide(&claim, &found, keys, |customer| writer.target.key_of(customer))?;
            let Decision::Accept { first } = decision else {
                let spot = Spot { block, span, position };
                let findings = self.findings(decision, worker, spot, touched, writer, ledger)?;
                let (mut error, mut reject) = (Vec::new(), Vec::new());
                worker.reject_late(&findings, spot, tally, (&mut error, &mut reject));
                rejected.push(LateReject { index, error, reject });
                continue;
            };
            accepted.push(Accepted {
                input: worker.input,
                position,
                row: row.clone(),
                action: Action::of(self.mode, found.customer, writer.has_changed(&found, worker.input)?),
                customer: found.customer,
                differing: found.differing,
                cleared: touched.map(|touched| touched.cleared).unwrap_or_default(),
                key: match found.customer {
                    Some(_) => Cow::Owned(found.key),
                    None => String::from_utf8_lossy(verdicts.key_text(stored_key)),
                },
                first,
                cells: match &self.last_wins {
                    Some(_) => verdicts.marks.fates_of(index).collect(),
                    None => Vec::new(),
                },
            });
        }
        counts.accepted -= rejected.len() as u64;
        counts.rejected += rejected.len() as u64;
        Ok(Resolved { accepted: Some(accepted), rejected })
    }

    /// What a record's key decides. `key_of` gives the key that a customer has in the database.
    fn decide(
        &mut self,
        claim: &Claim<'_>,
        found: &ExistingMatch,
        keys: &mut Keys,
        key_of: impl Fn(i64) -> Result<Option<String>>,
    ) -> Result<Decision> {
        let Claim { record, key, has_rival, is_lacking } = *claim;
        match (found.customer, found.other) {
            (None, _) if needs_customer(self.mode, self.has_customers, is_lacking) => {
                // Where a customer has the key, later records with it have no use for the claim either.
                if key.is_some() {
                    keys.release(record);
                }
                return Ok(Decision::NoCustomer);
            }
            (Some(one), Some(other)) => return Ok(Decision::Ambiguous(one.min(other), one.max(other))),
            _ => {}
        }
        let Some(key) = key.filter(|_| has_rival) else { return Ok(Decision::Accept { first: record }) };
        if !self.mode.changes()
            && let Some(customer) = keys.customer_with(key, key_of)?
        {
            return Ok(Decision::CustomerHasKey(customer));
        }
        Ok(match (keys.record_before(record, key)?, &mut self.last_wins) {
            (None, _) => Decision::Accept { first: record },
            (Some((first, _)), Some(last_wins)) => {
                last_wins.supersede(first, record);
                Decision::Accept { first }
            }
            (Some((_, keyed)), None) => Decision::RecordHasKey(keyed),
        })
    }

    /// The findings about a record that is rejected for its key.
    fn findings(
        &mut self,
        decision: Decision,
        worker: &Worker,
        spot: Spot<'_>,
        touched: Option<&Touched>,
        writer: &CustomerWriter,
        ledger: &Ledger,
    ) -> Result<FindingList> {
        let mut findings = FindingList::default();
        match decision {
            Decision::Accept { .. } => {}
            Decision::NoCustomer => {
                let lacking = touched.map(|touched| &touched.lacking);
                lacking.into_iter().for_each(|lacking| worker.note_no_customer(lacking, spot, &mut findings));
            }
            Decision::Ambiguous(one, other) => {
                worker.note_key(Problem::AmbiguousKey { customers: [one, other] }, spot, &mut findings);
            }
            Decision::CustomerHasKey(customer) => {
                let Origin { name, record } = self.origin(customer, |customer| writer.target.origin_of(customer))?;
                let name = name.as_deref().map(excerpt);
                let origin = record.as_ref().map(|(path, record)| (*record, path.as_str()));
                worker.note_key(Problem::DuplicateOfCustomer { customer, name, origin }, spot, &mut findings);
            }
            Decision::RecordHasKey(KeyedRecord { input, record, line, .. }) => {
                let path = ledger.path(input);
                worker.note_key(Problem::DuplicateOfRecord { record, line, path }, spot, &mut findings);
            }
        }
        Ok(findings)
    }

    /// The name of a customer, and the record that it came from.
    fn origin(&mut self, customer: i64, read: impl Fn(i64) -> Result<Origin>) -> Result<&Origin> {
        let met = self.met.take().filter(|(met, _)| *met == customer);
        let met = met.map_or_else(|| Ok((customer, read(customer)?)), Ok::<_, Error>)?;
        Ok(&self.met.insert(met).1)
    }

    /// Keeps accepted records back until the last with each key is known. `first` is the number of the block's first record in the
    /// run, and `first_record` in its input; `rows` are the block's rows, and `columns` the columns of its slots.
    pub(super) fn hold_back(
        &mut self,
        (first, first_record): (RunPosition, u64),
        rows: &[u8],
        accepted: &mut [Accepted<'_>],
        columns: &[u32],
    ) -> Result<()> {
        let Some(last_wins) = &mut self.last_wins else { return Ok(()) };
        for accepted in accepted {
            // Slots mean nothing outside of the block.
            accepted.cells.iter_mut().for_each(|(slot, _)| *slot = column_of(columns, *slot));
            last_wins.push(first + (accepted.position.record - first_record), accepted, rows)?;
        }
        Ok(())
    }

    /// The next of the records that were kept back, with the bytes of their rows; `None` after the last.
    pub(super) fn next_held_back(&mut self) -> Result<Option<(Vec<u8>, Vec<Accepted<'static>>)>> {
        self.last_wins.as_mut().map_or(Ok(None), LastWins::next_batch)
    }
}

/// The numbers of both, in order, each once.
fn merged(mut rivalled: Vec<u32>, late: Vec<u32>) -> Vec<u32> {
    if !late.is_empty() {
        rivalled.extend(late);
        rivalled.sort_unstable();
        rivalled.dedup();
    }
    rivalled
}

#[cfg(test)]
mod tests {
    use super::super::keys::tests::{add, keys};
    use super::*;

    fn resolver(mode: Mode, has_customers: bool) -> Resolver {
        Resolver::new(mode, has_customers, false, None)
    }

    fn claim(record: RunPosition, key: &str, has_rival: bool) -> Claim<'_> {
        Claim { record, key: Some(key.as_bytes()), has_rival, is_lacking: false }
    }

    fn found(customer: Option<i64>, other: Option<i64>) -> ExistingMatch {
        ExistingMatch { customer, other, ..ExistingMatch::default() }
    }

    fn no_key(_: i64) -> Result<Option<String>> {
        Ok(None)
    }

    #[test]
    fn who_is_meant_decides_in_a_run_that_changes_customers() {
        use Decision::{Accept, Ambiguous, NoCustomer};
        use Mode::{Update, Upsert};
        let accept = || Accept { first: 3 };
        for (mode, has_customers, is_lacking, customers, expected) in [
            (Update, true, false, (None, None), NoCustomer),
            // Without a database nobody knows which customers exist.
            (Update, false, false, (None, None), accept()),
            (Update, true, false, (Some(7), None), accept()),
            (Update, true, false, (Some(7), Some(4)), Ambiguous(4, 7)),
            (Upsert, true, false, (None, None), accept()),
            (Upsert, true, true, (None, None), NoCustomer),
            (Upsert, false, true, (None, None), NoCustomer),
            (Upsert, true, true, (Some(7), None), accept()),
            (Upsert, true, false, (Some(4), Some(7)), Ambiguous(4, 7)),
        ] {
            let claim = Claim { is_lacking, ..claim(3, "a", false) };
            let found = found(customers.0, customers.1);
            let decision = resolver(mode, has_customers).decide(&claim, &found, &mut keys(&[], 63), no_key).unwrap();
            assert_eq!(decision, expected, "{mode:?} {has_customers} {is_lacking} {customers:?}");
        }
    }

    #[test]
    fn a_key_that_somebody_has_is_a_duplicate() {
        let mut keys = keys(&["old@example.com"], 63);
        add(&mut keys, 0, &["a", "old@example.com", "a", "b"]);
        let stored = |_| Ok(Some("old@example.com".to_string()));
        let mut decide = |record, key, has_rival| {
            resolver(Mode::Create, true).decide(&claim(record, key, has_rival), &found(None, None), &mut keys, stored)
        };
        assert_eq!(decide(0, "a", false).unwrap(), Decision::Accept { first: 0 });
        assert_eq!(decide(1, "old@example.com", true).unwrap(), Decision::CustomerHasKey(1));
        let earlier = KeyedRecord { input: 0, record: 1, line: 2, key: b"a".to_vec() };
        assert_eq!(decide(2, "a", true).unwrap(), Decision::RecordHasKey(earlier));
        // Only the fingerprint was in common.
        assert_eq!(decide(3, "b", true).unwrap(), Decision::Accept { first: 3 });
    }

    #[test]
    fn a_record_without_a_customer_gives_up_its_key() {
        let mut keys = keys(&[], 63);
        add(&mut keys, 0, &["a", "a"]);
        let mut resolver = resolver(Mode::Upsert, true);
        let lacking = Claim { is_lacking: true, ..claim(0, "a", false) };
        assert_eq!(resolver.decide(&lacking, &found(None, None), &mut keys, no_key).unwrap(), Decision::NoCustomer);
        let next = resolver.decide(&claim(1, "a", true), &found(None, None), &mut keys, no_key).unwrap();
        assert_eq!(next, Decision::Accept { first: 1 });
    }

    #[test]
    fn where_the_last_wins_an_earlier_record_is_no_fault() {
        let mut keys = keys(&[], 63);
        add(&mut keys, 0, &["a", "a"]);
        let mut resolver = resolver(Mode::Create, false);
        resolver.last_wins = Some(LastWins::new(std::env::temp_dir()));
        let second = resolver.decide(&claim(1, "a", true), &found(None, None), &mut keys, no_key).unwrap();
        assert_eq!(second, Decision::Accept { first: 0 });
    }

    #[test]
    fn a_customer_is_read_once() {
        let mut resolver = resolver(Mode::Create, true);
        let origin = |name: &str| Ok(Origin { name: Some(name.to_string()), record: None });
        for (customer, name, expected) in [(7, "Ann", "Ann"), (7, "Bo", "Ann"), (8, "Cy", "Cy"), (7, "Dee", "Dee")] {
            assert_eq!(resolver.origin(customer, |_| origin(name)).unwrap().name.as_deref(), Some(expected));
        }
    }

    #[test]
    fn late_rivals_join_the_others() {
        for (rivalled, late, expected) in
            [(vec![1, 5], vec![], vec![1, 5]), (vec![1, 5], vec![5, 3], vec![1, 3, 5]), (vec![], vec![2], vec![2])]
        {
            assert_eq!(merged(rivalled, late), expected);
        }
    }
}
