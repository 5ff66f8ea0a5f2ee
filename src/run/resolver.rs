//! [`Resolver`] decides by key which accepted records stay accepted, and whether they create, update or repeat a customer.

use std::borrow::Cow;

use super::accepted::{Accepted, Action, KeyReject, LastWins};
use super::keys::{ExistingMatch, Keys};
use super::worker::{Checked, Found, Worker, needs_customer};
use super::{ledger::Ledger, tally::Tally, target::CustomerWriter};
use crate::core::finding::{FindingList, Problem, excerpt};
use crate::core::judge::{Outcome, Touched};
use crate::core::{mode::Mode, record::Spot};
use crate::error::{Error, Result};
use crate::sink::sqlite::{Origin, keys::RunPosition, texts::KeyedRecord};

pub(super) struct Resolver {
    mode: Mode,
    has_customers: bool,
    lists_accepted: bool,
    /// The accepted records, if the last of several with one key wins.
    pub(super) last_wins: Option<LastWins>,
    /// The customer that a finding named last: many records may have its key.
    last_origin: Option<(i64, Origin)>,
}

pub(super) struct Resolved<'v> {
    /// `None` if every accepted record creates a customer and is not listed.
    pub(super) accepted: Option<Vec<Accepted<'v>>>,
    pub(super) rejected: Vec<KeyReject>,
}

struct Claim<'k> {
    record: RunPosition,
    key: Option<&'k [u8]>,
    /// Whether the key's fingerprint is taken.
    is_contested: bool,
    /// Whether the record lacks fields that a new customer must have.
    is_lacking: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Decision {
    /// `first` is the first record of the run that has the key.
    Accept {
        first: RunPosition,
    },
    /// The record needs an existing customer, and none has the key.
    NoCustomer,
    Ambiguous(i64, i64),
    CustomerHasKey(i64),
    RecordHasKey(KeyedRecord),
}

impl Resolver {
    pub(super) fn new(mode: Mode, has_customers: bool, lists_accepted: bool, last_wins: Option<LastWins>) -> Resolver {
        Resolver { mode, has_customers, lists_accepted, last_wins, last_origin: None }
    }

    /// Resolves a block's records. `matches` has one for each span, in a run that changes customers.
    pub(super) fn resolve<'v>(
        &mut self,
        checked: &'v Checked,
        matches: Vec<ExistingMatch>,
        keys: &mut Keys,
        writer: &CustomerWriter,
        ledger: &Ledger,
        tally: &mut Tally,
    ) -> Result<Resolved<'v>> {
        let Checked { block, verdicts, first, worker, found: Found { counts, .. }, .. } = checked;
        let contested = merged(checked.contested.clone(), keys.take_displaced(*first, counts.read - counts.blank));
        if contested.is_empty() && !self.mode.changes() && !self.lists_accepted && self.last_wins.is_none() {
            return Ok(Resolved { accepted: None, rejected: Vec::new() });
        }
        let (mut accepted, mut rejected) = (Vec::with_capacity(counts.accepted as usize), Vec::new());
        let (mut contested, mut matches) = (contested.into_iter().peekable(), matches.into_iter());
        for (index, ((position, span), verdict)) in block.positions().zip(&verdicts.verdicts).enumerate() {
            let found = matches.next().unwrap_or_default();
            let Outcome::Accepted { row, key, stored_key } = &verdict.outcome else { continue };
            let at = (position.record - block.first_record) as u32;
            let touched = verdicts.touched.get(index);
            let claim = Claim {
                record: first + RunPosition::from(at),
                key: key.as_ref().map(|key| verdicts.key_text(key)),
                is_contested: contested.next_if_eq(&at).is_some(),
                is_lacking: touched.is_some_and(|touched| !touched.lacking.is_empty()),
            };
            let decision = self.decide(&claim, &found, keys, |customer| writer.target.key_of(customer))?;
            let Decision::Accept { first } = decision else {
                let spot = Spot { block, span, position };
                let findings = self.findings(decision, worker, spot, touched, writer, ledger)?;
                let (mut error, mut reject) = (Vec::new(), Vec::new());
                worker.reject_for_key(&findings, spot, tally, (&mut error, &mut reject));
                rejected.push(KeyReject { index, error, reject });
                continue;
            };
            let ExistingMatch { customer, differing, key, .. } = found;
            let differs = writer.has_changed(customer, !differing.is_empty(), worker.input)?;
            let action = Action::of(self.mode, customer, differs);
            let key = match customer {
                Some(_) => Cow::Owned(key),
                None => String::from_utf8_lossy(verdicts.key_text(stored_key)),
            };
            let cells = self.last_wins.as_ref().map(|_| verdicts.marks.outcomes_of(index).collect());
            let (input, row, cells) = (worker.input, row.clone(), cells.unwrap_or_default());
            let cleared = touched.map(|touched| touched.cleared).unwrap_or_default();
            accepted.push(Accepted { input, position, row, action, customer, differing, cleared, key, first, cells });
        }
        Ok(Resolved { accepted: Some(accepted), rejected })
    }

    /// What a record's key decides. `key_of` reads a customer's key in the database.
    fn decide(
        &mut self,
        claim: &Claim<'_>,
        found: &ExistingMatch,
        keys: &mut Keys,
        key_of: impl Fn(i64) -> Result<Option<Vec<String>>>,
    ) -> Result<Decision> {
        let Claim { record, key, is_contested, is_lacking } = *claim;
        match (found.customer, found.other) {
            (None, _) if needs_customer(self.mode, self.has_customers, is_lacking) => {
                if key.is_some() {
                    keys.release(record);
                }
                return Ok(Decision::NoCustomer);
            }
            (Some(one), Some(other)) => return Ok(Decision::Ambiguous(one.min(other), one.max(other))),
            _ => {}
        }
        let Some(key) = key.filter(|_| is_contested) else { return Ok(Decision::Accept { first: record }) };
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

    fn origin(&mut self, customer: i64, read: impl Fn(i64) -> Result<Origin>) -> Result<&Origin> {
        let last = self.last_origin.take().filter(|(last, _)| *last == customer);
        let last = last.map_or_else(|| Ok((customer, read(customer)?)), Ok::<_, Error>)?;
        Ok(&self.last_origin.insert(last).1)
    }
}

/// The numbers of both, in order, each once.
fn merged(mut contested: Vec<u32>, displaced: Vec<u32>) -> Vec<u32> {
    if !displaced.is_empty() {
        contested.extend(displaced);
        contested.sort_unstable();
        contested.dedup();
    }
    contested
}

#[cfg(test)]
mod tests {
    use super::super::keys::tests::{add, keys};
    use super::*;

    fn resolver(mode: Mode, has_customers: bool) -> Resolver {
        Resolver::new(mode, has_customers, false, None)
    }

    fn claim(record: RunPosition, key: &str, is_contested: bool) -> Claim<'_> {
        Claim { record, key: Some(key.as_bytes()), is_contested, is_lacking: false }
    }

    fn found(customer: Option<i64>, other: Option<i64>) -> ExistingMatch {
        ExistingMatch { customer, other, ..ExistingMatch::default() }
    }

    fn no_key(_: i64) -> Result<Option<Vec<String>>> {
        Ok(None)
    }

    #[test]
    fn a_run_that_changes_customers_accepts_a_record_with_one_match() {
        use Decision::{Accept, Ambiguous, NoCustomer};
        use Mode::{Update, Upsert};
        let accept = || Accept { first: 3 };
        for (mode, has_customers, is_lacking, customers, expected) in [
            (Update, true, false, (None, None), NoCustomer),
            // Without a database it is unknown which customers exist.
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
    fn a_key_that_is_taken_is_a_duplicate() {
        let mut keys = keys(&["old@example.com"], 63);
        add(&mut keys, 0, &["a", "old@example.com", "a", "b"]);
        let stored = |_| Ok(Some(vec!["old@example.com".to_string()]));
        let mut decide = |record, key, is_contested| {
            resolver(Mode::Create, true).decide(
                &claim(record, key, is_contested),
                &found(None, None),
                &mut keys,
                stored,
            )
        };
        assert_eq!(decide(0, "a", false).unwrap(), Decision::Accept { first: 0 });
        assert_eq!(decide(1, "old@example.com", true).unwrap(), Decision::CustomerHasKey(1));
        let earlier = KeyedRecord { input: 0, record: 1, line: 2, key: b"a".to_vec() };
        assert_eq!(decide(2, "a", true).unwrap(), Decision::RecordHasKey(earlier));
        // Only the fingerprint was in common.
        assert_eq!(decide(3, "b", true).unwrap(), Decision::Accept { first: 3 });
    }

    #[test]
    fn a_record_without_a_customer_releases_its_key() {
        let mut keys = keys(&[], 63);
        add(&mut keys, 0, &["a", "a"]);
        let mut resolver = resolver(Mode::Upsert, true);
        let lacking = Claim { is_lacking: true, ..claim(0, "a", false) };
        assert_eq!(resolver.decide(&lacking, &found(None, None), &mut keys, no_key).unwrap(), Decision::NoCustomer);
        let next = resolver.decide(&claim(1, "a", true), &found(None, None), &mut keys, no_key).unwrap();
        assert_eq!(next, Decision::Accept { first: 1 });
    }

    #[test]
    fn if_the_last_record_wins_an_earlier_one_is_no_fault() {
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
    fn displaced_records_join_the_contested_ones() {
        for (contested, displaced, expected) in
            [(vec![1, 5], vec![], vec![1, 5]), (vec![1, 5], vec![5, 3], vec![1, 3, 5]), (vec![], vec![2], vec![2])]
        {
            assert_eq!(merged(contested, displaced), expected);
        }
    }
}
