//! [`Resolver`] decides by key which accepted records stay accepted, and whether they create, update or repeat a customer.

use std::borrow::Cow;
use std::{iter::Peekable, vec::IntoIter};

use super::accepted::{Accepted, Action, KeyReject, LastWins};
use super::existing::ExistingMatch;
use super::keys::{AllKeys, Changed, Holder, Keys};
use super::worker::{Checked, Found, Worker, needs_customer};
use super::{ledger::Ledger, tally::Tally, target::CustomerWriter};
use crate::core::finding::{FindingList, Problem, excerpt};
use crate::core::judge::{Outcome, Touched};
use crate::core::{mode::Mode, record::Spot};
use crate::error::{Error, Result};
use crate::sink::sqlite::{FIRST_SIMULATED, Origin, OriginInput, keys::RunPosition, texts::KeyedRecord};

pub(super) struct Resolver {
    mode: Mode,
    has_customers: bool,
    lists_accepted: bool,
    /// The accepted records, if the last of several with one key wins.
    pub(super) last_wins: Option<LastWins>,
    /// The customer that a finding named last: many records may have its key.
    last_origin: Option<(i64, Origin)>,
    /// Whether the next input must know what values that no two customers share this one gives.
    pub(super) notes_changes: bool,
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
    /// Whether the record cannot create a customer: it lacks fields that a new one must have, or fails a check.
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

impl Decision {
    /// The first record that has the key, if the key is free.
    fn first(&self) -> Option<RunPosition> {
        if let Decision::Accept { first } = self { Some(*first) } else { None }
    }
}

/// A record and what decides on its values that no two customers share.
struct Unique<'u> {
    claim: &'u Claim<'u>,
    touched: Option<&'u Touched>,
    /// The customer that it changes.
    customer: Option<i64>,
    /// Its input, and its number in it.
    at: (usize, u64),
    /// Its number in the block, from 0.
    index: u32,
}

impl Unique<'_> {
    /// Whether the record's value of a field is stored: a default is not, for an existing customer.
    fn stores(&self, field: usize) -> bool {
        self.customer.is_none() || self.touched.is_none_or(|touched| touched.given.has(field))
    }
}

/// Who else has a value.
enum Taken {
    /// A customer, and the record of this run that gave it the value, if it was one.
    Customer(i64, Option<Changed>),
    Record(KeyedRecord),
}

/// The records of a block whose fingerprints are taken, counted from its first, in their order.
struct Contested {
    key: Peekable<IntoIter<u32>>,
    unique: Vec<Peekable<IntoIter<u32>>>,
}

impl Contested {
    /// The key's come first, if there is a key.
    fn new(contested: Vec<Vec<u32>>, has_key: bool) -> Contested {
        let mut contested = contested.into_iter().map(|contested| contested.into_iter().peekable());
        let key = if has_key { contested.next() } else { None };
        Contested { key: key.unwrap_or_else(|| Vec::new().into_iter().peekable()), unique: contested.collect() }
    }

    /// Whether the key of the next record is taken.
    fn key(&mut self, at: u32) -> bool {
        self.key.next_if_eq(&at).is_some()
    }

    /// Whether a value of the next record is taken.
    fn unique(&mut self, which: usize, at: u32) -> bool {
        self.unique[which].next_if_eq(&at).is_some()
    }
}

impl Resolver {
    pub(super) fn new(mode: Mode, has_customers: bool, lists_accepted: bool, last_wins: Option<LastWins>) -> Resolver {
        Resolver { mode, has_customers, lists_accepted, last_wins, last_origin: None, notes_changes: false }
    }

    /// Resolves a block's records. `matches` has one for each span, in a run that changes customers.
    pub(super) fn resolve<'v>(
        &mut self,
        checked: &'v Checked,
        matches: Vec<ExistingMatch>,
        keys: &mut AllKeys,
        writer: &CustomerWriter,
        ledger: &Ledger,
        tally: &mut Tally,
    ) -> Result<Resolved<'v>> {
        let Checked { block, verdicts, first, worker, found: Found { counts, .. }, .. } = checked;
        let contested = keys.contested(checked, counts.read - counts.blank);
        if contested.iter().all(Vec::is_empty)
            && !self.mode.changes()
            && !self.lists_accepted
            && self.last_wins.is_none()
        {
            return Ok(Resolved { accepted: None, rejected: Vec::new() });
        }
        let (mut accepted, mut rejected) = (Vec::with_capacity(counts.accepted as usize), Vec::new());
        let (mut contested, mut matches) = (Contested::new(contested, keys.key.is_some()), matches.into_iter());
        for (index, ((position, span), verdict)) in block.positions().zip(&verdicts.verdicts).enumerate() {
            let found = matches.next().unwrap_or_default();
            let Outcome::Accepted { row, key, stored_key } = &verdict.outcome else { continue };
            let at = (position.record - block.first_record) as u32;
            let touched = verdicts.touched.get(index);
            let claim = Claim {
                record: first + RunPosition::from(at),
                key: key.as_ref().map(|key| verdicts.key_text(key)),
                is_contested: contested.key(at),
                is_lacking: touched.is_some_and(Touched::needs_customer),
            };
            let key_of = |customer| writer.target.key_of(customer);
            let decision = match &mut keys.key {
                Some(key) => self.decide(&claim, &found, key, key_of)?,
                None => Decision::Accept { first: claim.record },
            };
            let unique = Unique {
                claim: &claim,
                touched,
                customer: found.customer,
                at: (worker.input, position.record),
                index: at,
            };
            let taken = self.taken(&decision, &unique, &mut contested, keys, writer)?;
            self.settle(&decision, &unique, taken.is_empty(), keys)?;
            let Some(first) = decision.first().filter(|_| taken.is_empty()) else {
                let spot = Spot { block, span, position };
                let mut findings = self.findings(decision, worker, spot, touched, writer, ledger)?;
                for (field, taken) in taken {
                    self.note_taken(field, taken, worker, spot, (writer, ledger), &mut findings)?;
                }
                findings.sort();
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
                key.iter().for_each(|key| keys.release(record, key));
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
        Ok(match (keys.record_before(record, key)?, &self.last_wins) {
            (None, _) => Decision::Accept { first: record },
            (Some((first, _)), Some(_)) => Decision::Accept { first },
            (Some((_, keyed)), None) => Decision::RecordHasKey(keyed),
        })
    }

    /// Which of a record's values that no two customers share others have, with their fields.
    fn taken(
        &self,
        decision: &Decision,
        unique: &Unique<'_>,
        contested: &mut Contested,
        keys: &mut AllKeys,
        writer: &CustomerWriter,
    ) -> Result<Vec<(usize, Taken)>> {
        let (mut found, record) = (Vec::new(), unique.claim.record);
        for (which, keys) in keys.unique.iter_mut().enumerate() {
            let field = keys.plan.parts[0].field;
            // Without its customer, nobody knows which value is its own.
            let is_known = !matches!(decision, Decision::NoCustomer | Decision::Ambiguous(..));
            if !contested.unique(which, unique.index) || !is_known || !unique.stores(field) {
                continue;
            }
            let value = keys.read(record)?.key;
            let column = &writer.plan.fields[field].column;
            let before = |customer| writer.target.value_before(column, customer);
            if let Some(Holder { customer, changed }) = keys.holder(&value, unique.customer, before)? {
                found.push((field, Taken::Customer(customer, changed.cloned())));
                continue;
            }
            found.extend(keys.find_before(record, &value)?.map(|(_, keyed)| (field, Taken::Record(keyed))));
        }
        Ok(found)
    }

    /// Gives a record what it claims, or releases that if it is rejected.
    fn settle(&mut self, decision: &Decision, unique: &Unique<'_>, is_free: bool, keys: &mut AllKeys) -> Result<()> {
        let record = unique.claim.record;
        let Some(first) = decision.first().filter(|_| is_free) else {
            if let (Some(keys), Some(key), Some(_)) = (&mut keys.key, unique.claim.key, decision.first()) {
                keys.release(record, key);
            }
            return keys.unique.iter_mut().try_for_each(|keys| keys.release_record(record));
        };
        if let Some(last_wins) = self.last_wins.as_mut().filter(|_| first != record) {
            last_wins.supersede(first, record);
        }
        for keys in &mut keys.unique {
            let field = keys.plan.parts[0].field;
            let value = Some(keys.read(record)?.key).filter(|value| !value.is_empty());
            match &value {
                Some(value) if unique.stores(field) => keys.take(record, value),
                Some(value) => keys.release(record, value),
                None => {}
            }
            if let Some(customer) = unique.customer.filter(|_| self.notes_changes) {
                let (input, record) = unique.at;
                let value = value.filter(|_| unique.stores(field)).map(Vec::into_boxed_slice);
                let changes =
                    unique.touched.is_some_and(|touched| touched.given.has(field) || touched.cleared.has(field));
                keys.note_change(customer, changes.then_some(Changed { value, input, record }));
            }
        }
        Ok(())
    }

    fn note_taken(
        &mut self,
        field: usize,
        taken: Taken,
        worker: &Worker,
        spot: Spot<'_>,
        (writer, ledger): (&CustomerWriter, &Ledger),
        findings: &mut FindingList,
    ) -> Result<()> {
        match taken {
            Taken::Record(KeyedRecord { input, record, line, .. }) => {
                let path = ledger.path(input);
                worker.note_value(field, Problem::ValueOfRecord { record, line, path }, spot, findings);
            }
            Taken::Customer(customer, changed) => {
                let Origin { name, record } = self.origin(customer, |customer| writer.target.origin_of(customer))?;
                let name = name.as_deref().map(excerpt);
                let origin = match &changed {
                    Some(changed) => Some((changed.record as i64, ledger.path(changed.input))),
                    None => known_origin(record, ledger),
                };
                let customer = Some(customer).filter(|customer| *customer < FIRST_SIMULATED);
                worker.note_value(field, Problem::ValueOfCustomer { customer, name, origin }, spot, findings);
            }
        }
        Ok(())
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
                touched.into_iter().for_each(|touched| worker.note_no_customer(touched, spot, &mut findings));
            }
            Decision::Ambiguous(one, other) => {
                worker.note_key(Problem::AmbiguousKey { customers: [one, other] }, spot, &mut findings);
            }
            Decision::CustomerHasKey(customer) => {
                let Origin { name, record } = self.origin(customer, |customer| writer.target.origin_of(customer))?;
                let name = name.as_deref().map(excerpt);
                let origin = known_origin(record, ledger);
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

/// The record that a customer comes from, and the path of its input.
fn known_origin<'o>(record: &'o Option<(OriginInput, i64)>, ledger: &'o Ledger) -> Option<(i64, &'o str)> {
    let (input, record) = record.as_ref()?;
    match input {
        OriginInput::Earlier(path) => Some((*record, path)),
        OriginInput::OfThisRun(input) => Some((*record, ledger.inputs.get(*input)?.summary.path.as_str())),
    }
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
}
