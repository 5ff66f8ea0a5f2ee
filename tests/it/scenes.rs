//! What is disturbed in [`crate::kills`] and [`crate::faults`]: commands with all that they find, and what is there when one has
//! come to its end, or has not. Nothing but the database, the reports and the inputs may be there in the end, whatever came before.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;

use crate::generator::Generator;
use rusqlite::OptionalExtension;

use crate::support::*;

/// A command that is disturbed.
pub(crate) struct Scene {
    pub(crate) name: &'static str,
    /// The command, split at spaces. `{now}` in it is [`NOW`].
    line: &'static str,
    /// Makes what it finds.
    prepare: fn(&Place),
    /// The exit status of the same command once it is done: a file is not loaded twice, a run not taken back twice.
    again: i32,
    /// What is met on its way: names that come into being.
    pub(crate) signs: &'static [&'static str],
    /// How many records there are between two checkpoints.
    every: Option<i64>,
}

/// What a command finds, and what it leaves if nothing disturbs it.
pub(crate) struct Whole {
    start: BTreeMap<String, Vec<u8>>,
    /// The database's content before.
    before: Option<Content>,
    after: Content,
    /// All files after it, but databases.
    files: BTreeMap<String, Vec<u8>>,
}

/// A database's content: its customers by their IDs, each with the run, input and record that it is from, and everything in words.
#[derive(PartialEq, Eq)]
struct Content {
    customers: BTreeMap<i64, Customer>,
    dump: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Customer {
    run: i64,
    /// The input and the record.
    origin: (i64, i64),
    row: String,
}

/// How far a command that was disturbed has come in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stand {
    /// It has changed nothing.
    Untouched,
    /// It has stored so many records, behind which there is a checkpoint.
    At(i64),
    /// It is done.
    Done,
}

impl Stand {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Stand::Untouched => "untouched",
            Stand::At(_) => "at a checkpoint",
            Stand::Done => "done",
        }
    }
}

pub(crate) const DATABASE: &str = "customers.db";

fn records(number: usize, dirty_percent: f64, start: u64) -> Vec<u8> {
    let mut generator = Generator::new(11, dirty_percent, start);
    let mut out = Vec::new();
    Generator::write_csv_header(&mut out);
    (0..number).for_each(|_| generator.write_csv(&mut out));
    out
}

/// Two inputs. Of the second some are in the first too, some are customers that [`held`] loads, and some are new: of an input of
/// which nothing is accepted nobody would know later that it was loaded.
fn inputs(place: &Place, number: usize) {
    place.write("a.csv", records(number, 12.0, 1));
    let second = [records(300, 12.0, 50_100), records(100, 12.0, 1), records(30, 12.0, 90_000)].map(|records| {
        let lines: Vec<&[u8]> = records.split_inclusive(|byte| *byte == b'\n').collect();
        (lines[0].to_vec(), lines[1..].concat())
    });
    let [(header, held), (_, again), (_, new)] = second;
    place.write("b.csv", [header, held, again, new].concat());
}

fn held(place: &Place, number: usize) {
    place.write("held.csv", records(number, 0.0, 50_000));
    place.custload("import held.csv --profile contact --quiet --rejects-ok --now 2026-01-01T00:00:00Z").ends(0);
}

/// Keys so long that they fill, and spill, what a new database's index is sorted in.
fn thick(place: &Place) {
    let mut out = String::from("company,external_id\n");
    let mut random = Random::new(5);
    for record in 0..2_400 {
        let key: String = (0..4_000).map(|_| char::from(b'a' + random.below(26) as u8)).collect();
        out.push_str(&format!("Company {record},{key}\n"));
    }
    place.write("a.csv", out);
}

/// A profile with all that looks at other records: a key of two columns, values that no two customers share, and parents; and a rule.
const OWN: &str = "name = \"own\"\nkey = [\"code\", \"country\"]\n[fields.name]\n[fields.email]\ntype = \"email\"\n[fields.code]\n\
                   [fields.country]\n[fields.up]\nreferences = \"code\"\n[fields.login]\nunique = true\n\
                   [[checks]]\nname = \"named\"\nrule = \"login == null || name != null\"\n";

/// A forest of records in random order, whose codes start at `start`. Some repeat a key or a login, name nobody as their parent, or
/// break the rule.
fn forest(number: usize, start: usize) -> String {
    let mut random = Random::new(start as u64);
    let mut out = String::from("name,code,country,up,login\n");
    for record in 0..number {
        let code = start + if random.below(20) == 0 { random.below(number) } else { record };
        let up = if random.below(3) == 0 { String::new() } else { format!("C{}", start + random.below(number + 5)) };
        let login = if random.below(20) == 0 { random.below(number) } else { record };
        let name = if random.below(30) == 0 { "" } else { "Somebody" };
        out.push_str(&format!("{name},C{code},{},{up},L{start}-{login}\n", random.pick(&["DE", "FR", ""])));
    }
    out
}

fn own(place: &Place, number: usize) {
    place.write("own.toml", OWN);
    place.write("held.csv", forest(300, 0));
    place.custload("import held.csv --profile own.toml --quiet --rejects-ok --now 2026-01-01T00:00:00Z").ends(0);
    place.write("a.csv", forest(number, 200));
}

/// All kinds of runs that write to a database.
pub(crate) const SCENES: &[Scene] = &[
    Scene {
        name: "new database",
        line: "import a.csv b.csv --profile contact --accepted",
        prepare: |place| inputs(place, 900),
        signs: &[PRIVATE, "customers.db.imports/run-000001.partial/summary.json", DATABASE, REPORTS_1],
        ..COMMON
    },
    Scene {
        name: "full database",
        line: "import a.csv b.csv --profile contact --accepted",
        prepare: |place| {
            held(place, 800);
            inputs(place, 900);
        },
        ..COMMON
    },
    Scene {
        name: "full database with a write-ahead log",
        line: "import a.csv b.csv --profile contact --accepted",
        prepare: |place| {
            held(place, 400);
            place.open(DATABASE).execute_batch("PRAGMA journal_mode = WAL").unwrap();
            inputs(place, 500);
        },
        signs: &["customers.db-wal", SUMMARY_2, REPORTS_2],
        ..COMMON
    },
    Scene {
        name: "full database that takes a segment",
        line: "import a.csv b.csv --profile contact --accepted",
        prepare: |place| {
            held(place, 1_500);
            inputs(place, 10_500);
        },
        signs: &[PRIVATE, "customers.db-journal", SUMMARY_2, REPORTS_2],
        ..COMMON
    },
    Scene {
        name: "new database with long keys",
        line: "import a.csv --profile billing --accepted",
        prepare: thick,
        signs: &[PRIVATE, DATABASE, REPORTS_1],
        ..COMMON
    },
    Scene {
        name: "commit-every into a new database",
        line: "import a.csv b.csv --profile contact --accepted --commit-every 120",
        prepare: |place| inputs(place, 500),
        signs: &[PRIVATE, DATABASE, "customers.db-journal", REPORTS_1],
        every: Some(120),
        ..COMMON
    },
    Scene {
        name: "commit-every with upsert",
        line: "import a.csv b.csv --profile contact --accepted --commit-every 120 --mode upsert",
        prepare: |place| {
            held(place, 300);
            inputs(place, 400);
        },
        every: Some(120),
        ..COMMON
    },
    Scene {
        name: "upsert",
        line: "import a.csv b.csv --profile contact --accepted --mode upsert",
        prepare: |place| {
            held(place, 800);
            inputs(place, 600);
        },
        ..COMMON
    },
    Scene {
        name: "update, the last of several",
        line: "import b.csv --profile contact --accepted --mode update --empty clear --duplicates last",
        prepare: |place| {
            held(place, 800);
            inputs(place, 10);
        },
        ..COMMON
    },
    Scene {
        name: "undo",
        line: "undo 2",
        prepare: |place| {
            held(place, 400);
            inputs(place, 400);
            place.custload("import a.csv b.csv --profile contact --mode upsert --quiet --rejects-ok").ends(0);
        },
        again: 2,
        signs: &["customers.db-journal", "customers.db.custload-reports"],
        ..COMMON
    },
    Scene {
        name: "redo",
        line: "import a.csv b.csv --profile contact --accepted --relax name --redo",
        prepare: |place| {
            held(place, 400);
            inputs(place, 500);
            place.custload("import a.csv b.csv --profile contact --quiet --rejects-ok").ends(0);
        },
        signs: &["customers.db-journal", SUMMARY_3, REPORTS_3],
        ..COMMON
    },
    Scene {
        name: "redo of updates",
        line: "import a.csv b.csv --profile contact --accepted --mode upsert --empty clear --redo",
        prepare: |place| {
            held(place, 400);
            inputs(place, 300);
            place.custload("import a.csv b.csv --profile contact --mode upsert --quiet --rejects-ok").ends(0);
        },
        signs: &["customers.db-journal", SUMMARY_3, REPORTS_3],
        ..COMMON
    },
    Scene {
        name: "undo of a run that was stopped",
        line: "undo 2",
        prepare: |place| {
            held(place, 400);
            inputs(place, 400);
            let line = "import a.csv b.csv --profile contact --mode upsert --commit-every 100 --max-rejects 30 --quiet";
            place.custload(line).ends(3);
        },
        again: 2,
        signs: &["customers.db-journal", "customers.db.custload-reports"],
        ..COMMON
    },
    Scene {
        name: "own profile with parents",
        line: "import a.csv --profile own.toml --accepted",
        prepare: |place| own(place, 700),
        ..COMMON
    },
    Scene {
        name: "undo of moved customers",
        line: "undo 2",
        prepare: |place| {
            own(place, 300);
            let line = "import a.csv --profile own.toml --key code --mode upsert --empty clear --quiet --rejects-ok";
            place.custload(line).ends(0);
        },
        again: 2,
        signs: &["customers.db-journal", "customers.db.custload-reports"],
        ..COMMON
    },
];

const COMMON: Scene = Scene {
    name: "",
    line: "",
    prepare: |_| {},
    again: 0,
    signs: &["customers.db-journal", SUMMARY_2, REPORTS_2],
    every: None,
};

const PRIVATE: &str = "customers.db.custload-partial";
const REPORTS_1: &str = "customers.db.imports/run-000001";
const REPORTS_2: &str = "customers.db.imports/run-000002";
const SUMMARY_2: &str = "customers.db.imports/run-000002.partial/summary.json";
const REPORTS_3: &str = "customers.db.imports/run-000003";
const SUMMARY_3: &str = "customers.db.imports/run-000003.partial/summary.json";

impl Scene {
    pub(crate) fn named(name: &str) -> &'static Scene {
        SCENES.iter().find(|scene| scene.name == name).unwrap()
    }

    pub(crate) fn args(&self) -> Vec<&'static str> {
        let more = if self.line.starts_with("import") { IMPORT } else { &["--now", NOW] };
        self.line.split(' ').chain(more.iter().copied()).collect()
    }

    pub(crate) fn whole(&self) -> Whole {
        let place = Place::in_memory();
        (self.prepare)(&place);
        let start = place.everything();
        let before = content(&place);
        place.run(&self.args()).ends(0);
        let (after, files) = (content(&place).unwrap(), files_of(&place));
        assert!(before.as_ref() != Some(&after), "{}: it does something", self.name);
        Whole { start, before, after, files }
    }
}

const IMPORT: &[&str] = &["--quiet", "--rejects-ok", "--now", NOW];

fn content(place: &Place) -> Option<Content> {
    place.path(DATABASE).exists().then(|| {
        // The dump first: it makes sure that the database is sound.
        let dump = dump(&place.path(DATABASE));
        let connection = place.open(DATABASE);
        let mut statement = connection.prepare("SELECT * FROM customers").unwrap();
        let mut rows = statement.query([]).unwrap();
        let mut customers = BTreeMap::new();
        while let Some(row) = rows.next().unwrap() {
            let number = |column: &str| row.get(column).unwrap();
            let customer = Customer {
                run: number("import_run"),
                origin: (number("import_file"), number("import_record")),
                row: (0..).map_while(|index| row.get_ref(index).ok()).map(|value| format!("{value:?},")).collect(),
            };
            customers.insert(number("customer_id"), customer);
        }
        Content { customers, dump }
    })
}

fn files_of(place: &Place) -> BTreeMap<String, Vec<u8>> {
    let mut files = place.everything();
    files.retain(|name, _| !name.ends_with(".db"));
    files
}

impl Whole {
    /// A place in which everything is as the command finds it.
    pub(crate) fn place(&self) -> Place {
        place_of(&self.start)
    }

    /// How far the command has come. That is seen in a copy: to look at a database is to recover it, and the next run is to do that.
    #[track_caller]
    pub(crate) fn stand(&self, place: &Place, scene: &Scene) -> Stand {
        let copy = place_of(&place.everything());
        let found = content(&copy);
        if found == self.before {
            return Stand::Untouched;
        }
        let found = found.expect("a database that was there is there");
        if found == self.after {
            return Stand::Done;
        }
        let every = scene.every.unwrap_or_else(|| panic!("half a run is there: {}", copy.names().join(" ")));
        let sql = "SELECT run_id, records, import_file, import_record FROM import_checkpoints";
        let row =
            copy.open(DATABASE).query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, (row.get(2)?, row.get(3)?))));
        let (run, records, origin): (i64, i64, (i64, i64)) =
            row.optional().unwrap().expect("there is a checkpoint where a run is half done");
        assert_eq!(records % every, 0);
        let mut expected = self.before.as_ref().map(|before| before.customers.clone()).unwrap_or_default();
        let is_stored = |customer: &Customer| customer.run == run && customer.origin <= origin;
        let stored = self.after.customers.iter().filter(|(_, customer)| is_stored(customer));
        expected.extend(stored.map(|(id, customer)| (*id, customer.clone())));
        assert!(found.customers == expected, "not what is to be there behind {records} records");
        let sql = "SELECT read - blank FROM import_runs WHERE status = 'unfinished'";
        assert_eq!(copy.number(DATABASE, sql), records);
        Stand::At(records)
    }

    /// Whether nothing else is there than before.
    pub(crate) fn is_tidy(&self, place: &Place) -> bool {
        // The log of a database that could not be opened for writing stays; it is SQLite's, and the next opening's.
        place.names().iter().filter(|name| !name.ends_with("-wal") && !name.ends_with("-shm")).eq(self.start.keys())
    }

    /// Another run than the one that was disturbed comes first: it works, and tidies up.
    #[track_caller]
    pub(crate) fn another_run_works(&self, place: &Place, stand: Stand) {
        let copy = place_of(&place.everything());
        copy.write("zoe.csv", format!("{CONTACT}zoe@example.com,Zoe\n"));
        let done = copy.run(&["import", "zoe.csv", "--profile", "contact", "--quiet"]);
        let was_stopped = |before: &Content| before.dump.contains("status=\"unfinished\"");
        if matches!(stand, Stand::At(_)) || stand == Stand::Untouched && self.before.as_ref().is_some_and(was_stopped) {
            done.ends(2).says(&["was stopped after record", "custload undo"]);
            return;
        }
        done.ends(0);
        let expected = match stand {
            Stand::Done => self.after.customers.len(),
            _ => self.before.as_ref().map_or(0, |before| before.customers.len()),
        };
        assert_eq!(content(&copy).unwrap().customers.len(), expected + 1);
        let names = copy.names();
        let is_left = |name: &&String| {
            ["partial", "-journal", "-wal", "-shm", ".tmp", "custload-reports"].iter().any(|part| name.contains(part))
        };
        assert_eq!(names.iter().find(is_left), None, "{names:?}");
        let runs = copy.number(DATABASE, "SELECT count(*) FROM import_runs WHERE status <> 'undone'");
        let reports = names.iter().filter(|name| name.ends_with("/summary.json")).count();
        assert!(reports as i64 >= runs, "each run has its reports: {names:?}");
    }

    /// The same command once more comes to its end, and all is as if the first had not been disturbed.
    #[track_caller]
    pub(crate) fn same_command_works(&self, place: &Place, scene: &Scene, stand: Stand) {
        let (again, mut args) = (if stand == Stand::Done { scene.again } else { 0 }, scene.args());
        // What was loaded again would be so once more.
        args.retain(|word| *word != "--redo" || stand != Stand::Done);
        place.run(&args).ends(again);
        assert!(content(place).as_ref() == Some(&self.after), "another database than that of an undisturbed run");
        let files = files_of(place);
        assert!(files.keys().eq(self.files.keys()), "{:?}", files.keys());
        for (name, bytes) in files {
            assert!(bytes == self.files[&name], "{name} is another than that of an undisturbed run");
        }
    }
}

fn place_of(files: &BTreeMap<String, Vec<u8>>) -> Place {
    let place = Place::in_memory();
    for (name, bytes) in files {
        match name.strip_suffix('/') {
            Some(folder) => fs::create_dir_all(place.path(folder)).unwrap(),
            // As custload leaves them; other files of its own it does not take for such.
            None => _ = place.write_private(name, bytes),
        }
    }
    place
}
