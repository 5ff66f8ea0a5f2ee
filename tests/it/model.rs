//! The program against a few lines of obvious code over a map: random sequences of runs in every mode, of one input or several that
//! share keys, killed and continued, undone, and with a person's changes in between; and of a folder that is loaded again and again while files come, change and
//! become what they were. The customers agree after every step.
#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::support::*;

const EMAILS: [&str; 7] = [
    "a@example.com",
    "b@example.com",
    "c@example.com",
    "d@example.com",
    "e@example.com",
    "f@example.com",
    "g@example.com",
];
const NAMES: [&str; 4] = ["Ann", "Bob Brown", "Cyd", "Dee Day"];

/// A record: which key, whether in capitals, name and city, and whether it is bad.
#[derive(Clone, Debug)]
struct Record {
    email: usize,
    capitals: bool,
    values: [Option<usize>; 2],
    is_bad: bool,
}

#[derive(Clone, Debug, Default)]
struct Load {
    mode: &'static str,
    /// Whether the name is part of the key, beside the address.
    has_pair: bool,
    clear: bool,
    last: bool,
    inputs: Vec<Vec<Record>>,
    commit_every: Option<usize>,
    /// After how many tenths of a millisecond the run is killed, each time it is started.
    kills: Vec<u64>,
    /// Whether it is taken back then, instead of gone on with.
    give_up: bool,
}

/// A file of a folder gets new content, or what a file had before, and the folder is loaded.
#[derive(Clone, Debug)]
struct Feed {
    file: usize,
    records: Vec<Record>,
    /// Which earlier content, counted from the last, in place of the records.
    earlier: Option<usize>,
    mode: &'static str,
    clear: bool,
    redo: bool,
}

#[derive(Clone, Debug)]
enum Step {
    Load(Load),
    Feed(Feed),
    /// Of the runs so far, counted from the last.
    Undo {
        back: usize,
        keep: bool,
    },
    /// A person gives a customer another name, or somebody else's address.
    Edit {
        customer: usize,
        name: usize,
        email: Option<usize>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Customer {
    email: String,
    values: [Option<usize>; 2],
    /// The run that changed it last.
    run: usize,
}

/// What a run did: by customer what it was before, if it was there, and what it was after.
#[derive(Clone, Debug, Default)]
struct Run {
    done: BTreeMap<i64, (Option<Customer>, Customer)>,
    reads: Vec<Read>,
    /// The mode, whether the key is a pair, whether empty cells clear, and whether the last of several records stays.
    options: (&'static str, bool, bool, bool),
    in_parts: bool,
    /// The last run when it was undone.
    undone_after: Option<usize>,
}

/// An input that a run has read.
#[derive(Clone, Debug)]
struct Read {
    path: String,
    text: String,
    accepted: usize,
    has_changed: bool,
    has_unchanged: bool,
}

#[derive(Clone, Default)]
struct Model {
    customers: BTreeMap<i64, Customer>,
    next_id: i64,
    runs: Vec<Run>,
}

impl Model {
    /// A run; how many records are rejected.
    fn load(&mut self, load: &Load, paths: &[String]) -> usize {
        let mut run = Run {
            options: (load.mode, load.has_pair, load.clear, load.last),
            in_parts: load.commit_every.is_some(),
            ..Run::default()
        };
        let read = |(path, records): (&String, &Vec<Record>)| self.read(&mut run, load, path, records);
        let rejected = paths.iter().zip(&load.inputs).map(read).sum();
        self.runs.push(run);
        rejected
    }

    /// An input of a run, which is loaded as by a run of its own; how many records are rejected.
    fn read(&mut self, run: &mut Run, load: &Load, path: &str, records: &[Record]) -> usize {
        let run_id = self.runs.len() + 1;
        let mut rejected = 0;
        // By key the customers who are there, before the run.
        let key = |email: &str, values: [Option<usize>; 2]| (email.to_lowercase(), values[0].filter(|_| load.has_pair));
        let mut known: BTreeMap<_, Vec<i64>> = BTreeMap::new();
        for (id, customer) in &self.customers {
            known.entry(key(&customer.email, customer.values)).or_default().push(*id);
        }
        let key = |record: &Record| key(EMAILS[record.email], record.values);
        let found = |record: &Record| known.get(&key(record)).map_or(&[][..], Vec::as_slice);
        let is_right = |record: &Record| match (load.mode, found(record).len()) {
            _ if record.is_bad => false,
            ("create", many) => many == 0,
            ("update", many) => many == 1,
            (_, many) => many <= 1,
        };
        let right: Vec<&Record> = records.iter().filter(|record| is_right(record)).collect();
        rejected += records.len() - right.len();
        let mut seen = BTreeSet::new();
        let mut stay: Vec<&Record> = Vec::new();
        if load.last {
            stay.extend(right.iter().rev().filter(|record| seen.insert(key(record))));
            stay.reverse();
        } else {
            stay.extend(right.iter().filter(|record| seen.insert(key(record))));
            rejected += right.len() - stay.len();
        }
        let accepted = records.len() - rejected;
        let (mut has_changed, mut has_unchanged) = (false, false);
        for record in stay {
            let before = found(record).first().map(|id| (*id, self.customers[id].clone()));
            let (id, before, after) = match before {
                Some((id, before)) => {
                    let mut after = Customer { run: run_id, ..before.clone() };
                    for (held, value) in after.values.iter_mut().zip(record.values) {
                        if value.is_some() || load.clear {
                            *held = value;
                        }
                    }
                    if after.values == before.values {
                        has_unchanged = true;
                        continue;
                    }
                    (id, Some(before), after)
                }
                None => {
                    let email = EMAILS[record.email].to_string();
                    let email = if record.capitals { capitals(&email) } else { email };
                    self.next_id += 1;
                    (self.next_id, None, Customer { email, values: record.values, run: run_id })
                }
            };
            self.customers.insert(id, after.clone());
            has_changed = true;
            let first = run.done.remove(&id).map_or(before, |(first, _)| first);
            run.done.insert(id, (first, after));
        }
        run.reads.push(Read { path: path.to_string(), text: csv(records), accepted, has_changed, has_unchanged });
        rejected
    }

    /// The run by which an input is the same, if there is one; `is_first` if no input of the run that asks is loaded before it. Those
    /// may change customers, so after them only the path counts.
    fn same_as(&self, path: &str, text: &str, mode: &str, is_first: bool) -> Option<usize> {
        let stands = self.runs.iter().enumerate().filter(|(_, run)| run.undone_after.is_none());
        let reads: Vec<(usize, &Read)> =
            stands.flat_map(|(run, done)| done.reads.iter().map(move |read| (run, read))).collect();
        let counts =
            |wanted: &dyn Fn(&Read) -> bool| reads.iter().rfind(|(_, read)| read.accepted > 0 && wanted(read)).copied();
        let other = match mode {
            "create" => counts(&|read| read.text == text),
            _ if !is_first => None,
            _ => counts(&|read| read.has_changed),
        };
        // Where an earlier run was undone since, what was unchanged then may not be there.
        let is_shaken =
            |run: usize| self.runs[..run].iter().any(|earlier| earlier.undone_after.is_some_and(|after| after > run));
        let found = [counts(&|read| read.path == path), other].into_iter().flatten();
        let is_shaken = |run, read: &Read| mode != "create" && read.has_unchanged && is_shaken(run);
        let found = found.filter(|(run, read)| read.text == text && !is_shaken(*run, read));
        found.map(|(run, _)| run).max()
    }

    /// The folder is loaded. Gives the exit status.
    fn feed(&mut self, folder: &BTreeMap<String, Vec<Record>>, feed: &Feed) -> i32 {
        let before = self.clone();
        let same = |model: &Model| {
            folder.iter().filter_map(|(path, records)| model.same_as(path, &csv(records), feed.mode, true)).max()
        };
        let mut undone = 0;
        while let (true, Some(run)) = (feed.redo, same(self)) {
            let texts: Vec<String> = folder.values().map(|records| csv(records)).collect();
            let is_given = self.runs[run].reads.iter().all(|read| texts.contains(&read.text));
            if !is_given || self.runs[run].in_parts || !self.undo(run, false) {
                *self = before;
                return 2;
            }
            undone += 1;
        }
        let mut run = Run { options: (feed.mode, false, feed.clear, false), ..Run::default() };
        let (mut texts, mut rejected, mut is_otherwise) = (BTreeSet::new(), 0, false);
        let known = self.clone();
        for (path, records) in folder {
            if let Some(same) = known.same_as(path, &csv(records), feed.mode, run.reads.is_empty()) {
                is_otherwise |= known.runs[same].options != run.options;
            } else if feed.mode != "create" || texts.insert(csv(records)) {
                let load = Load { mode: feed.mode, clear: feed.clear, ..Load::default() };
                rejected += self.read(&mut run, &load, path, records);
            }
        }
        let accepted: usize = run.reads.iter().map(|read| read.accepted).sum();
        if run.reads.is_empty() {
            return if is_otherwise { 2 } else { 0 };
        }
        if undone > 0 && accepted == 0 {
            *self = before;
            return 1;
        }
        self.runs.push(run);
        i32::from(rejected > 0)
    }

    /// Whether the run could be taken back.
    fn undo(&mut self, run: usize, keep: bool) -> bool {
        let as_left = |id: &i64, after: &Customer| self.customers.get(id) == Some(after);
        let done = self.runs[run].done.clone();
        let (same, changed): (Vec<_>, Vec<_>) = done.iter().partition(|(id, (_, after))| as_left(id, after));
        if self.runs[run].undone_after.is_some() || !changed.is_empty() && !keep {
            return false;
        }
        for (id, (before, _)) in same {
            match before {
                Some(before) => _ = self.customers.insert(*id, before.clone()),
                None => _ = self.customers.remove(id),
            }
        }
        self.runs[run].undone_after = Some(self.runs.len());
        true
    }

    fn rows(&self) -> Vec<String> {
        let row = |(id, customer): (&i64, &Customer)| {
            let values = customer.values.map(|value| value.map_or("-", |value| NAMES[value]));
            format!("{id}|{}|{}|{}|{}", customer.email, values[0], values[1], customer.run)
        };
        self.customers.iter().map(row).collect()
    }
}

fn capitals(email: &str) -> String {
    // The domain is stored in lower case.
    let (local, domain) = email.split_once('@').unwrap();
    format!("{}@{domain}", local.to_uppercase())
}

fn csv(records: &[Record]) -> String {
    let row = |record: &Record| {
        let email = EMAILS[record.email];
        let email = if record.capitals { capitals(email) } else { email.to_string() };
        let email = if record.is_bad { email.replace('@', " ") } else { email };
        let [name, city] = record.values.map(|value| value.map_or("", |value| NAMES[value]));
        format!("{email},{name},{city}\n")
    };
    format!("email,name,city\n{}", records.iter().map(row).collect::<String>())
}

fn rows(place: &Place) -> Vec<String> {
    if !place.path("customers.db").exists() {
        return Vec::new();
    }
    let sql = "SELECT customer_id || '|' || email || '|' || ifnull(name, '-') || '|' || ifnull(city, '-') || '|' || import_run FROM customers \
               ORDER BY customer_id";
    place.column("customers.db", sql)
}

fn record() -> impl Strategy<Value = Record> {
    let value = || prop::option::weighted(0.7, 0..NAMES.len());
    (0..EMAILS.len(), any::<bool>(), value(), value(), prop::bool::weighted(0.1))
        .prop_map(|(email, capitals, name, city, is_bad)| Record { email, capitals, values: [name, city], is_bad })
}

fn step() -> impl Strategy<Value = Step> {
    let mode = prop::sample::select(vec!["create", "update", "upsert", "upsert"]);
    let records = |most| prop::collection::vec(record(), 0..most);
    let inputs = prop_oneof![records(14).prop_map(|records| vec![records]), prop::collection::vec(records(8), 2..4)];
    let kills = prop::collection::vec(0..400u64, 0..3);
    let every = prop::option::of(1..5usize);
    let options = (mode, prop::bool::weighted(0.3), any::<bool>(), any::<bool>());
    let load = (options, inputs, every, kills, prop::bool::weighted(0.2)).prop_map(
        |((mode, has_pair, clear, last), inputs, commit_every, kills, give_up)| {
            // Of all inputs together the last record stays, where customers are created.
            let last = last && commit_every.is_none() && (mode != "create" || inputs.len() == 1);
            Step::Load(Load { mode, has_pair, clear, last, inputs, commit_every, kills, give_up })
        },
    );
    let undo = (0..4usize, any::<bool>()).prop_map(|(back, keep)| Step::Undo { back, keep });
    let edit = (0..9usize, 0..NAMES.len(), prop::option::weighted(0.3, 0..EMAILS.len()))
        .prop_map(|(customer, name, email)| Step::Edit { customer, name, email });
    let mode = prop::sample::select(vec!["create", "upsert", "upsert"]);
    let records = prop::collection::vec(record(), 0..6);
    let earlier = prop::option::weighted(0.3, 0..4usize);
    let redo = prop::bool::weighted(0.2);
    let feed = (0..3usize, records, earlier, mode, prop::bool::weighted(0.2), redo).prop_map(
        |(file, records, earlier, mode, clear, redo)| Step::Feed(Feed { file, records, earlier, mode, clear, redo }),
    );
    prop_oneof![4 => load, 6 => feed, 3 => undo, 1 => edit]
}

/// Does a load as often as it takes, or takes it back.
fn load(place: &Place, load: &Load, number: usize, model: &mut Model) {
    let names: Vec<String> = (0..load.inputs.len()).map(|input| format!("load-{number}-{input}.csv")).collect();
    for (name, records) in names.iter().zip(&load.inputs) {
        place.write(name, csv(records));
    }
    let every = load.commit_every.map(|every| every.to_string());
    let mut args = vec!["import"];
    args.extend(names.iter().map(String::as_str));
    args.extend(["--profile", "contact", "--mode", load.mode, "--force", "--quiet"]);
    args.extend(["--key", if load.has_pair { "email,name" } else { "email" }]);
    args.extend(["--empty", if load.clear { "clear" } else { "keep" }]);
    args.extend(["--duplicates", if load.last { "last" } else { "reject" }]);
    args.extend(every.iter().flat_map(|every| ["--commit-every", every.as_str()]));
    for kill in &load.kills {
        let mut child = place.command(&args).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(100 * kill));
        child.kill().unwrap();
        let _ = child.wait().unwrap();
        if !place.path("customers.db").exists() {
            continue;
        }
        let done = "SELECT count(*) FROM import_runs WHERE status <> 'unfinished'";
        if place.number("customers.db", done) as usize > model.runs.len() {
            // All was done before it was killed.
            model.load(load, &names);
            return;
        }
        let unfinished = place.column("customers.db", "SELECT run_id FROM import_runs WHERE status = 'unfinished'");
        if let ([run], true) = (unfinished.as_slice(), load.give_up) {
            place.run(&["undo", run]).ends(0);
            // Its number and its IDs are used up.
            model.runs.push(Run { undone_after: Some(model.runs.len() + 1), ..Run::default() });
            model.next_id = place.number("customers.db", "SELECT ifnull(max(seq), 0) FROM sqlite_sequence");
            return;
        }
    }
    let rejected = model.load(load, &names);
    place.run(&args).ends(i32::from(rejected > 0));
}

proptest! {
    #![proptest_config(Config { cases: cases(), max_shrink_iters: 200, ..Config::default() })]
    #[test]
    fn the_program_and_the_model_agree(steps in prop::collection::vec(step(), 1..9)) {
        let place = Place::new();
        let mut model = Model::default();
        let (mut folder, mut contents) = (BTreeMap::new(), Vec::new());
        for (number, step) in steps.iter().enumerate() {
            match step {
                Step::Load(one) => {
                    load(&place, one, number, &mut model);
                }
                Step::Feed(feed) => {
                    let earlier = feed.earlier.and_then(|back| contents.iter().rev().nth(back)).cloned();
                    let records: Vec<Record> = earlier.unwrap_or_else(|| feed.records.clone());
                    let path = format!("feed/day{}.csv", feed.file);
                    place.write(&path, csv(&records));
                    contents.push(records.clone());
                    folder.insert(path, records);
                    let mut args = vec!["import", "feed", "--profile", "contact", "--quiet", "--mode", feed.mode];
                    args.extend(["--empty", if feed.clear { "clear" } else { "keep" }]);
                    args.extend(feed.redo.then_some("--redo"));
                    let status = model.feed(&folder, feed);
                    let done = place.run(&args);
                    prop_assert_eq!(done.status, Some(status), "step {} of {:?}: {}", number, steps, done.stderr);
                }
                Step::Undo { back, keep } if model.runs.len() > *back => {
                    let run = model.runs.len() - 1 - back;
                    let keep = *keep;
                    let number = (run + 1).to_string();
                    let mut args = vec!["undo", number.as_str()];
                    args.extend(keep.then_some("--keep-changed"));
                    let status = if model.undo(run, keep) { 0 } else { 2 };
                    place.run(&args).ends(status);
                }
                Step::Edit { customer, name, email } => {
                    let ids: Vec<i64> = model.customers.keys().copied().collect();
                    let Some(id) = ids.get(*customer) else { continue };
                    let held = model.customers.get_mut(id).unwrap();
                    held.values[0] = Some(*name);
                    if let Some(email) = email {
                        held.email = EMAILS[*email].to_string();
                    }
                    let sql = "UPDATE customers SET name = ?1, email = ?2 WHERE customer_id = ?3";
                    place.open("customers.db").execute(sql, (NAMES[*name], &held.email, id)).unwrap();
                }
                Step::Undo { .. } => {}
            }
            prop_assert_eq!(rows(&place), model.rows(), "behind step {} of {:?}", number, steps);
        }
    }
}

/// `CUSTLOAD_CASES` asks for more.
fn cases() -> u32 {
    std::env::var("CUSTLOAD_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(150)
}
