//! [`resolve`] beside what it must decide, and beside a slow model.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::records::State;
use super::*;
use crate::core::mode::Mode;

const CREATE: ResolveOptions = ResolveOptions {
    mode: Mode::Create,
    keying: Keying::Value,
    last_wins: false,
    stores_orphans: false,
    one_by_one: false,
    first_id: 1,
};

/// A record: its value and its parent's value.
type Pair = (Option<u32>, Option<u32>);

fn records(pairs: &[Pair]) -> Records {
    Records {
        value: pairs.iter().map(|(value, _)| value.unwrap_or(NONE)).collect(),
        parent: pairs.iter().map(|(_, parent)| parent.unwrap_or(NONE)).collect(),
        key: Vec::new(),
        unique: Vec::new(),
        state: vec![State::new(Status::Open, false); pairs.len()],
        inputs: vec![0],
    }
}

fn customers(ids: &[i64]) -> Vec<Option<CustomerId>> {
    ids.iter().map(|id| CustomerId::new(*id)).collect()
}

fn verdict(records: &Records, at: usize) -> &'static str {
    match (records.state[at].status(), records.state[at].reason()) {
        (Status::Accepted, Reason::None) => "ok",
        (Status::Accepted, _) => "orphan",
        (Status::Duplicate, _) => "duplicate",
        (_, Reason::NotFound) => "not found",
        (_, Reason::Rejected) => "rejected",
        (_, Reason::Circle) => "circle",
        (Status::Faulty, Reason::None) => "faulty",
        (Status::Open | Status::Waiting | Status::Refused, Reason::None) => "undecided",
    }
}

fn verdicts(records: &Records) -> Vec<&'static str> {
    (0..records.state.len()).map(|at| verdict(records, at)).collect()
}

#[test]
fn a_record_is_accepted_if_its_parent_is() {
    let (one, two, three) = (Some(0), Some(1), Some(2));
    let cases: [(&str, &[Pair], &[&str]); 10] = [
        ("before its child", &[(one, None), (two, one)], &["ok", "ok"]),
        ("after it", &[(two, one), (one, None)], &["ok", "ok"]),
        ("nowhere", &[(two, one), (three, two)], &["not found", "rejected"]),
        ("itself", &[(one, one), (two, one)], &["circle", "rejected"]),
        ("each other", &[(one, two), (two, one), (three, one)], &["circle", "circle", "rejected"]),
        ("twice", &[(one, None), (one, three), (two, one)], &["ok", "not found", "ok"]),
        ("first rejected", &[(one, three), (one, None), (two, one)], &["not found", "ok", "ok"]),
        ("first in a circle", &[(one, one), (one, None), (two, one)], &["circle", "ok", "ok"]),
        ("with an heir in the circle", &[(one, two), (two, one), (one, None)], &["circle", "circle", "ok"]),
        ("without a value", &[(None, one), (None, None), (one, None)], &["ok", "ok", "ok"]),
    ];
    for (name, pairs, expected) in cases {
        let mut records = records(pairs);
        resolve(&mut records, Existing::default(), &CREATE);
        assert_eq!(verdicts(&records), expected, "{name}");
    }
}

#[test]
fn ids_stand_in_the_order_of_the_records_without_gaps() {
    let pairs =
        [(Some(1), Some(0)), (Some(2), Some(9)), (None, None), (Some(0), None), (Some(0), None), (Some(3), None)];
    let mut first = records(&pairs);
    let options = ResolveOptions { first_id: 7, ..CREATE };
    let ids = resolve(&mut first, Existing::default(), &options).ids;
    // The second is rejected, the third has no value, the fifth repeats a key.
    assert_eq!([ids[1], ids[2], ids[0], ids[3]].map(|id| id.map(CustomerId::get)), [Some(7), None, Some(9), Some(10)]);
    let mut last = records(&pairs);
    let ids = resolve(&mut last, Existing::default(), &ResolveOptions { last_wins: true, ..options }).ids;
    assert_eq!(ids[0].map(CustomerId::get), Some(9));
    let mut again = records(&pairs);
    let existing = Existing { by_value: customers(&[4]), ..Existing::default() };
    again.state[3] = State::new(Status::Faulty, false);
    again.state[4] = State::new(Status::Faulty, false);
    let ids = resolve(&mut again, existing, &options).ids;
    assert_eq!([ids[0], ids[1], ids[3]].map(|id| id.map(CustomerId::get)), [Some(4), Some(7), Some(9)]);
}

#[test]
fn records_with_another_key_wait_for_those_before_them() {
    // Two records with one key, and the value of the second is the parent of the first.
    let options = ResolveOptions { keying: Keying::Other, ..CREATE };
    let keyed = |pairs: &[Pair], key: &[u32]| Records { key: key.to_vec(), ..records(pairs) };
    let mut found = keyed(&[(Some(0), Some(1)), (Some(1), None)], &[5, 5]);
    resolve(&mut found, Existing::default(), &options);
    assert_eq!(verdicts(&found), ["circle", "ok"]);
    // The second is no customer, so its child has no parent.
    let mut found = keyed(&[(Some(0), None), (Some(1), None), (Some(2), Some(1)), (Some(3), Some(0))], &[5, 5, 6, 7]);
    let ids = resolve(&mut found, Existing::default(), &options).ids;
    assert_eq!(verdicts(&found), ["ok", "duplicate", "rejected", "ok"]);
    assert_eq!((ids[0].map(CustomerId::get), ids[1], ids[3].map(CustomerId::get)), (Some(1), None, Some(2)));
    // Several accepted records have one value: the first is the parent.
    let mut found = keyed(&[(Some(1), Some(0)), (Some(0), None), (Some(0), None)], &[5, 6, 7]);
    let ids = resolve(&mut found, Existing::default(), &options).ids;
    assert_eq!((verdicts(&found), ids[0].map(CustomerId::get)), (vec!["ok", "ok", "ok"], Some(2)));
    let mut found = Records { key: Vec::new(), ..found };
    found.state.fill(State::new(Status::Open, false));
    let ids = resolve(&mut found, Existing::default(), &ResolveOptions { keying: Keying::None, ..CREATE }).ids;
    assert_eq!((verdicts(&found), ids[0].map(CustomerId::get)), (vec!["ok", "ok", "ok"], Some(2)));
}

#[test]
fn a_value_that_no_two_customers_share_belongs_to_the_first_accepted_record() {
    let pairs = [(Some(0), Some(9)), (Some(1), None), (Some(2), None), (Some(3), Some(2)), (Some(1), None)];
    let login = |nodes: [u32; 5]| Records { unique: vec![nodes.to_vec()], ..records(&pairs) };
    // The first has no parent, so the second has the login, the third does not, and its child has no parent.
    let mut found = login([7, 7, 7, NONE, NONE]);
    let ids = resolve(&mut found, Existing::default(), &CREATE).ids;
    assert_eq!(verdicts(&found), ["not found", "ok", "duplicate", "rejected", "duplicate"]);
    assert_eq!([ids[1], ids[2]].map(|id| id.map(CustomerId::get)), [Some(1), None]);
    // A record that repeats a key holds no other value.
    let mut found = login([NONE, NONE, 7, NONE, 7]);
    found.unique[0].swap(2, 4);
    resolve(&mut found, Existing::default(), &CREATE);
    assert_eq!(verdicts(&found), ["not found", "ok", "ok", "ok", "duplicate"]);
}

#[test]
fn a_circle_may_lead_through_customers() {
    let options = ResolveOptions { mode: Mode::Upsert, ..CREATE };
    // Customers 1 to 3 with the values 0 to 2, and 3 under 2 under 1.
    let existing = || Existing { by_value: customers(&[1, 2, 3]), parents: vec![NONE, 0, 1], ..Existing::default() };
    let run = |pairs: &[Pair], options: &ResolveOptions| {
        let mut records = records(pairs);
        let resolved = resolve(&mut records, existing(), options);
        (verdicts(&records), resolved)
    };
    assert_eq!(run(&[(Some(0), Some(2))], &options).0, ["circle"]);
    // The customer between them gets another parent.
    assert_eq!(run(&[(Some(0), Some(2)), (Some(1), None)], &options).0, ["circle", "ok"]);
    assert_eq!(run(&[(Some(0), Some(2)), (Some(1), Some(CLEARED))], &options).0, ["ok", "ok"]);
    assert_eq!(run(&[(Some(0), Some(2)), (Some(2), Some(3)), (Some(3), None)], &options).0, ["ok", "ok", "ok"]);
    // Two inputs: what the last one sets counts.
    let options = ResolveOptions { one_by_one: true, ..options };
    let mut both =
        Records { inputs: vec![0, 1], ..records(&[(Some(2), Some(3)), (Some(2), Some(1)), (Some(3), None)]) };
    resolve(&mut both, existing(), &options);
    assert_eq!(verdicts(&both), ["ok", "ok", "ok"]);
    let mut both =
        Records { inputs: vec![0, 1], ..records(&[(Some(0), None), (Some(0), Some(3)), (Some(3), Some(2))]) };
    assert_eq!(resolve(&mut both, existing(), &options).circles.records, [2]);
    assert_eq!(verdicts(&both), ["ok", "circle", "circle"]);
    // A circle that was there before is nobody's fault.
    let existing = Existing { by_value: customers(&[1, 2]), parents: vec![1, 0], ..Existing::default() };
    let mut child = records(&[(Some(2), Some(0))]);
    resolve(&mut child, existing, &options);
    assert_eq!(verdicts(&child), ["ok"]);
}

#[test]
fn a_record_that_lacks_fields_needs_an_earlier_input() {
    let options = ResolveOptions { mode: Mode::Upsert, one_by_one: true, ..CREATE };
    let lacking = State::new(Status::Open, true);
    // The parents of customers come in a file of their own.
    let mut found = Records {
        inputs: vec![0, 2],
        ..records(&[(Some(0), None), (Some(1), None), (Some(0), Some(1)), (Some(1), Some(0)), (Some(2), Some(0))])
    };
    found.state[2..].fill(lacking);
    let ids = resolve(&mut found, Existing::default(), &options).ids;
    assert_eq!(verdicts(&found), ["ok", "ok", "circle", "circle", "faulty"]);
    assert_eq!([ids[0], ids[1]].map(|id| id.map(CustomerId::get)), [Some(1), Some(2)]);
    let mut found = Records { inputs: vec![0, 1], ..records(&[(Some(0), Some(1)), (Some(1), None)]) };
    found.state[0] = lacking;
    resolve(&mut found, Existing::default(), &options);
    assert_eq!(verdicts(&found), ["faulty", "ok"]);
}

#[test]
fn a_deep_tree_takes_no_recursion_and_a_long_circle_is_one() {
    let depth = 200_000;
    let mut tree = records(&(0..depth).map(|at| (Some(at), Some(at + 1).filter(|up| *up < depth))).collect::<Vec<_>>());
    let resolved = resolve(&mut tree, Existing::default(), &CREATE);
    assert!(verdicts(&tree).iter().all(|verdict| *verdict == "ok"));
    assert_eq!(resolved.ids[depth as usize - 1].map(CustomerId::get), Some(i64::from(depth)));
    let mut circle = records(&(0..depth).map(|at| (Some(at), Some((at + 1) % depth))).collect::<Vec<_>>());
    let circles = resolve(&mut circle, Existing::default(), &CREATE).circles;
    assert!(verdicts(&circle).iter().all(|verdict| *verdict == "circle"));
    assert_eq!((circles.records, circles.shown), (vec![depth], vec![vec![0, 1, 2, 3, 4]]));
}

#[test]
fn orphans_are_stored_if_the_field_is_cleared() {
    let options = ResolveOptions { stores_orphans: true, ..CREATE };
    let (one, two, three) = (Some(0), Some(1), Some(2));
    let mut found = records(&[(one, two), (two, one), (three, Some(9)), (Some(3), three), (None, Some(4))]);
    let mut faulty = State::new(Status::Faulty, false);
    found.value.push(4);
    found.parent.push(NONE);
    found.state.push(faulty);
    let ids = resolve(&mut found, Existing::default(), &options).ids;
    assert_eq!(verdicts(&found), ["orphan", "orphan", "orphan", "ok", "orphan", "faulty"]);
    assert_eq!(
        [ids[0], ids[1], ids[2], ids[3]].map(|id| id.map(CustomerId::get)),
        [Some(1), Some(2), Some(3), Some(4)]
    );
    faulty = faulty.because(Reason::NotFound);
    assert_eq!(faulty.status(), Status::Faulty);
}

/// The same, slowly: whatever can be decided is, then all circles are refused, and so on.
fn slowly(records: &[(Pair, bool)], existing: &BTreeSet<u32>, last_wins: bool) -> Vec<&'static str> {
    let mut found: Vec<&str> =
        records.iter().map(|(_, is_faulty)| if *is_faulty { "faulty" } else { "undecided" }).collect();
    let front = |found: &[&str], value: u32| {
        let mut with =
            (0..records.len()).filter(|at| records[*at].0.0 == Some(value) && matches!(found[*at], "undecided" | "ok"));
        if last_wins { with.next_back() } else { with.next() }
    };
    loop {
        let before = found.clone();
        for at in 0..records.len() {
            let ((_, Some(parent)), "undecided") = (records[at].0, found[at]) else {
                found[at] = if found[at] == "undecided" { "ok" } else { found[at] };
                continue;
            };
            let has_records = records.iter().any(|((value, _), _)| *value == Some(parent));
            found[at] = match front(&found, parent) {
                _ if existing.contains(&parent) => "ok",
                Some(front) if found[front] == "ok" => "ok",
                Some(_) => "undecided",
                None if has_records => "rejected",
                None => "not found",
            };
        }
        if found != before {
            continue;
        }
        let up =
            |at: usize| records[at].0.1.and_then(|parent| front(&before, parent)).filter(|_| before[at] == "undecided");
        let is_above_itself = |at: &usize| {
            let mut above = up(*at);
            (0..records.len()).any(|_| {
                let is_it = above == Some(*at);
                above = above.and_then(up);
                is_it
            })
        };
        let circles: Vec<usize> = (0..records.len()).filter(is_above_itself).collect();
        if circles.is_empty() {
            return found;
        }
        circles.into_iter().for_each(|at| found[at] = "circle");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn forests_are_resolved_as_slowly(
        pairs in prop::collection::vec(((prop::option::weighted(0.9, 0u32..9), prop::option::weighted(0.8, 0u32..10)), prop::bool::weighted(0.1)), 0..14),
        existing in prop::collection::btree_set(0u32..10, 0..3),
        last_wins in any::<bool>(),
    ) {
        // A record that has an existing customer's key is rejected.
        let pairs: Vec<(Pair, bool)> = pairs.into_iter()
            .map(|(pair, is_faulty)| (pair, is_faulty || pair.0.is_some_and(|value| existing.contains(&value)))).collect();
        let mut found = records(&pairs.iter().map(|(pair, _)| *pair).collect::<Vec<_>>());
        for (state, (_, is_faulty)) in found.state.iter_mut().zip(&pairs) {
            *state = State::new(if *is_faulty { Status::Faulty } else { Status::Open }, false);
        }
        let by_value = (0..10).map(|value| CustomerId::new(100 + i64::from(value)).filter(|_| existing.contains(&value))).collect();
        let options = ResolveOptions { last_wins, ..CREATE };
        let resolved = resolve(&mut found, Existing { by_value, ..Existing::default() }, &options);
        let expected = slowly(&pairs, &existing, last_wins);
        let verdicts = verdicts(&found);
        for (at, (_, is_faulty)) in pairs.iter().enumerate() {
            if !is_faulty {
                prop_assert_eq!(verdicts[at], expected[at], "record {} of {:?}", at, pairs);
            }
        }
        // Every accepted record's parent has an ID, and IDs are those of the records in order.
        for (at, ((_, parent), _)) in pairs.iter().enumerate() {
            if let ("ok", Some(parent)) = (verdicts[at], parent) {
                prop_assert!(resolved.ids[*parent as usize].is_some());
            }
        }
        let mut next = 1;
        for (at, ((value, _), _)) in pairs.iter().enumerate().filter(|(at, _)| verdicts[*at] == "ok") {
            let mut same = (0..pairs.len()).filter(|other| value.is_some() && pairs[*other].0.0 == *value && verdicts[*other] == "ok");
            let holder = if last_wins { same.next_back() } else { same.next() };
            match (value, holder) {
                (Some(value), Some(holder)) if holder == at => {
                    prop_assert_eq!(resolved.ids[*value as usize].map(CustomerId::get), Some(next));
                    next += 1;
                }
                (None, _) => next += 1,
                _ => {}
            }
        }
    }
}
