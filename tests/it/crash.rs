//! Runs that are stopped: killed, interrupted, out of disk, or met by another. The database is as it was or has all of
//! the run, and the next run finds nothing to trip over.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use crate::generator::Generator;

use crate::support::{ANN, CONTACT, Done, PROGRAM, Place, dump, has_program};

/// More than the 8,192 rows that are inserted one by one, so that a database that exists gets a segment.
const RECORDS: usize = 15_000;

/// So many customers are there before a run into a database that exists.
const HELD: usize = 2_000;

fn records(number: usize, dirty_percent: f64, start: u64) -> Vec<u8> {
    let mut generator = Generator::new(7, dirty_percent, start);
    let mut out = Vec::new();
    Generator::write_csv_header(&mut out);
    (0..number).for_each(|_| generator.write_csv(&mut out));
    out
}

static BIG_RECORDS: LazyLock<Vec<u8>> = LazyLock::new(|| records(RECORDS, 5.0, 1));

/// A place with `big.csv`, and a small `ann.csv` that is good after it.
fn place() -> Place {
    let place = Place::new();
    place.write("big.csv", &*BIG_RECORDS);
    place.write("ann.csv", format!("{CONTACT}{ANN}"));
    place.write("old.csv", format!("{CONTACT}old@example.com,Old Hand\n"));
    place
}

/// What a run leaves that has loaded [`HELD`] customers: a database and the run's reports.
static HELD_FILES: LazyLock<BTreeMap<String, Vec<u8>>> = LazyLock::new(|| {
    let place = Place::new();
    place.write("held.csv", records(HELD, 0.0, 1_000_000));
    place.custload("import held.csv --profile contact --quiet").ends(0);
    fs::remove_file(place.path("held.csv")).unwrap();
    place.everything()
});

/// A place whose database holds customers.
fn place_with_customers() -> Place {
    let place = place();
    for (name, bytes) in HELD_FILES.iter().filter(|(name, _)| !name.ends_with('/')) {
        place.write(name, bytes);
    }
    place
}

const BIG: [&str; 6] = ["import", "big.csv", "--profile", "contact", "--quiet", "--rejects-ok"];

/// Where a new database is built, and a segment for one that exists.
const PRIVATE: &str = "customers.db.custload-partial";

/// A run that nobody disturbs.
struct Whole {
    time: Duration,
    /// How many customers there are then.
    customers: i64,
    /// How large the private file was when it was complete.
    private: u64,
}

/// The quickest of three: the moments are to lie within a run, and one run may be slow for many reasons.
fn whole_run(place: fn() -> Place) -> Whole {
    let runs = (0..3).map(|_| {
        let place = place();
        let start = Instant::now();
        let mut child = place.command(&BIG).spawn().unwrap();
        let mut private = 0;
        let status = loop {
            private = private.max(fs::metadata(place.path(PRIVATE)).map_or(0, |file| file.len()));
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            std::thread::sleep(POLL);
        };
        assert_eq!(status.code(), Some(0));
        Whole { time: start.elapsed(), customers: count(&place), private }
    });
    runs.min_by_key(|whole| whole.time).unwrap()
}

/// How often it is looked what a run has done.
const POLL: Duration = Duration::from_micros(50);

/// Something that shows how far a run has come.
#[derive(Clone, Copy, Debug)]
enum Sign {
    /// The run has been started.
    Start,
    /// This is there.
    There(&'static str),
    /// This is larger than so many bytes.
    Larger(&'static str, u64),
    /// This is there no more, behind the sign that this is there.
    Gone(&'static str, &'static str),
}

impl Sign {
    fn is_seen(self, place: &Place) -> bool {
        match self {
            Sign::Start => true,
            Sign::There(name) => place.path(name).exists(),
            Sign::Larger(name, bytes) => fs::metadata(place.path(name)).is_ok_and(|file| file.len() > bytes),
            Sign::Gone(name, behind) => !place.path(name).exists() && place.path(behind).exists(),
        }
    }
}

/// Moments of a run, 50 of them: a sign, and how much of the time of a whole run to wait behind it. A clock alone would
/// miss the last steps of a run, which are short, and nowhere certain on a machine that has other things to do.
fn moments(signs: &[Sign; 6]) -> Vec<(Sign, f64)> {
    let spread = (0..26).map(|part| (Sign::Start, f64::from(part) / 25.0));
    let behind = signs.iter().flat_map(|sign| [0.0, 0.003, 0.01, 0.03].map(|part| (*sign, part)));
    spread.chain(behind).collect()
}

/// Starts a run, kills it at a moment of it, and says whether it was still there to be killed.
fn kill(place: &Place, (sign, part): (Sign, f64), whole: Duration) -> bool {
    let mut child = place.command(&BIG).spawn().unwrap();
    while !sign.is_seen(place) && child.try_wait().unwrap().is_none() {
        std::thread::sleep(POLL);
    }
    std::thread::sleep(whole.mul_f64(part));
    child.kill().unwrap();
    child.wait().unwrap().code().is_none()
}

fn count(place: &Place) -> i64 {
    place.number("customers.db", "SELECT count(*) FROM customers")
}

/// Runs a small import after a run was stopped, and makes sure that nothing of that run is left but what it finished.
#[track_caller]
fn assert_next_run_works(place: &Place, before: &[i64]) {
    let is_there = place.path("customers.db").exists();
    place.custload("import ann.csv --quiet").ends(0);
    assert!(before.contains(&(count(place) - 1)), "{} customers, was there: {is_there}", count(place));
    dump(&place.path("customers.db"));
    assert_nothing_half_done(place);
    let runs = place.number("customers.db", "SELECT count(*) FROM import_runs");
    let reports = place.names().iter().filter(|name| name.ends_with("/summary.json")).count();
    assert_eq!(reports as i64, runs, "each run has its reports: {:?}", place.names());
}

/// No private database, no journal, no half-written report and no note of one.
#[track_caller]
fn assert_nothing_half_done(place: &Place) {
    let names = place.names();
    let is_left = |name: &&String| {
        ["partial", "-journal", "-wal", "-shm", ".tmp", "custload-reports"].iter().any(|part| name.contains(part))
    };
    assert_eq!(names.iter().find(is_left), None, "{names:?}");
}

#[test]
fn a_killed_run_into_a_new_database() {
    let Whole { time, customers, private } = whole_run(place);
    let signs = [
        // The records are read, the index is not begun.
        Sign::Larger(PRIVATE, private / 4),
        // The index is written: the sync follows.
        Sign::Larger(PRIVATE, private - 1),
        // It is on the disk: the rename follows.
        Sign::There("customers.db.imports/run-000001.partial/summary.json"),
        // The database has its name, the reports do not.
        Sign::There("customers.db"),
        Sign::There("customers.db.imports/run-000001"),
        Sign::Gone("customers.db.custload-reports", "customers.db.imports/run-000001"),
    ];
    let (mut killed, mut half_built) = (0, 0);
    for (index, moment) in moments(&signs).into_iter().enumerate() {
        let place = place();
        killed += usize::from(kill(&place, moment, time));
        half_built += usize::from(place.path(PRIVATE).exists());
        if place.path("customers.db").exists() {
            dump(&place.path("customers.db"));
            assert_eq!(count(&place), customers, "a new database has all or is not there: {moment:?}");
        }
        // Every third time the next run is the same once more.
        if index % 3 == 0 {
            place.run(&BIG).ends(0);
            assert_eq!(count(&place), customers, "{moment:?}");
        }
        assert_next_run_works(&place, &[0, customers]);
    }
    assert!(killed >= 20 && half_built >= 10, "{killed} runs were killed, {half_built} while the database was built");
}

#[test]
fn a_killed_run_into_a_database_that_has_customers() {
    let held = HELD as i64;
    let untouched = place_with_customers();
    let before = dump(&untouched.path("customers.db"));
    let bytes = fs::metadata(untouched.path("customers.db")).unwrap().len();
    let Whole { time, customers, private } = whole_run(place_with_customers);
    let signs = [
        // The first rows are inserted, the segment is begun.
        Sign::Larger(PRIVATE, 0),
        // The segment is complete: SQLite takes it over.
        Sign::Larger(PRIVATE, private - 1),
        // It is in the transaction: the commit follows.
        Sign::There("customers.db.imports/run-000002.partial/summary.json"),
        // The commit writes to the database.
        Sign::Larger("customers.db", bytes),
        Sign::Gone("customers.db-journal", "customers.db.imports/run-000002.partial/summary.json"),
        Sign::There("customers.db.imports/run-000002"),
    ];
    let (mut killed, mut with_segment, mut with_journal) = (0, 0, 0);
    for (index, moment) in moments(&signs).into_iter().enumerate() {
        let place = place_with_customers();
        killed += usize::from(kill(&place, moment, time));
        with_segment += usize::from(place.path(PRIVATE).exists());
        with_journal += usize::from(place.path("customers.db-journal").exists());
        // Every other time the next run is the first to find the database.
        if index % 2 == 0 {
            let after = dump(&place.path("customers.db"));
            assert!(count(&place) == customers || after == before, "{} customers: {moment:?}", count(&place));
        }
        // Every third time that is the same once more.
        if index % 3 == 0 {
            place.run(&BIG).ends(0);
            assert_eq!(count(&place), customers, "{moment:?}");
        }
        assert_next_run_works(&place, &[held, customers]);
    }
    assert!(
        killed >= 20 && with_segment >= 5 && with_journal >= 5,
        "{killed} runs were killed, {with_segment} with a segment, {with_journal} with a journal"
    );
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("sh").args(["-c", &format!("kill -{name} {}", child.id())]).status().unwrap();
    assert!(status.success());
}

/// Waits for a program that must end by itself soon.
#[track_caller]
fn ended(mut child: Child) -> ExitStatus {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(10) {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    panic!("it did not end within 10 s");
}

const SIGNALS: [(&str, i32); 2] = [("INT", 130), ("TERM", 143)];

#[test]
fn an_interrupted_run_leaves_nothing() {
    let Whole { time, .. } = whole_run(place);
    let mut interrupted = 0;
    for (name, status) in SIGNALS {
        for part in [0.1, 0.25, 0.4, 0.6] {
            for with_old in [false, true] {
                let place = place();
                if with_old {
                    place.custload("import old.csv --quiet").ends(0);
                }
                let before = place.everything();
                let child = place.command(&BIG).stderr(Stdio::piped()).spawn().unwrap();
                std::thread::sleep(time.mul_f64(part));
                signal(&child, name);
                let done = Done::new(&child.wait_with_output().unwrap());
                if done.status == Some(0) {
                    // It was quicker than usual, and done before the signal came.
                    assert_eq!(
                        place.number("customers.db", "SELECT count(*) FROM import_runs"),
                        1 + i64::from(with_old)
                    );
                    continue;
                }
                // On a busy machine the signal may come before the program has begun to listen.
                if done.status.is_some() {
                    interrupted += 1;
                    let done = done.ends(status);
                    assert!(done.stderr.contains("nothing was written"), "{}", done.stderr);
                }
                assert!(before.keys().eq(place.everything().keys()), "{:?}", place.names());
                assert!(before == place.everything(), "the database is not as it was");
            }
        }
    }
    assert!(interrupted >= 4, "only {interrupted} runs were interrupted");
}

/// Starts a run that reads standard input, sends it a beginning, and gives it time to read that.
fn waiting(place: &Place, line: &str, sent: &str) -> Child {
    let args: Vec<&str> = line.split(' ').collect();
    let mut command = place.command(&args);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    // The beginning of an input is looked at before anything is done; here it is blank lines.
    let beginning = if sent.ends_with('\n') { "\n".repeat(1024 * 1024) } else { String::new() };
    let stdin = child.stdin.as_mut().unwrap();
    stdin.write_all(sent.as_bytes()).and_then(|()| stdin.write_all(beginning.as_bytes())).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    child
}

#[test]
fn a_run_that_waits_for_records_can_be_interrupted() {
    for (name, status) in SIGNALS {
        for sent in [format!("{CONTACT}{ANN}"), CONTACT.to_string()] {
            let place = Place::new();
            let mut child = waiting(&place, "import - --profile contact --format csv", &sent);
            signal(&child, name);
            let stdin = child.stdin.take();
            assert_eq!(ended(child).code(), Some(status), "SIG{name}, sent {sent:?}");
            drop(stdin);
            assert_eq!(place.names(), [""; 0]);
        }
    }
}

/// The same where not even the header has come: the program waits before it has begun anything.
#[test]
fn a_run_that_waits_for_its_header_can_be_interrupted() {
    for sent in ["", "email,na"] {
        let place = Place::new();
        let mut child = waiting(&place, "import - --profile contact --format csv", sent);
        signal(&child, "TERM");
        let stdin = child.stdin.take();
        assert_eq!(ended(child).code(), Some(143), "sent {sent:?}");
        drop(stdin);
        assert_eq!(place.names(), [""; 0]);
    }
}

#[test]
fn of_two_runs_the_second_is_told() {
    for with_old in [false, true] {
        let place = place();
        if with_old {
            place.custload("import old.csv --quiet").ends(0);
        }
        let mut first = waiting(&place, "import - --profile contact", &format!("{CONTACT}bob@example.com,Bob Brown\n"));
        let before = place.names();
        let second = place.custload("import ann.csv").ends(2);
        let is_told = ["locked", "another run"].iter().any(|words| second.stderr.contains(words));
        assert!(is_told && second.stderr.contains("customers.db"), "{}", second.stderr);
        assert_eq!(before, place.names(), "the second run has left or removed something");
        drop(first.stdin.take());
        assert_eq!(ended(first).code(), Some(0));
        assert_eq!(count(&place), 1 + i64::from(with_old));
        assert_next_run_works(&place, &[1 + i64::from(with_old)]);
    }
}

#[test]
fn runs_that_race_never_mix() {
    for with_old in [false, true] {
        let place = place();
        if with_old {
            place.custload("import old.csv --quiet").ends(0);
        }
        let args = ["import", "old.csv", "--key", "none", "--quiet", "--threads", "1", "--force"];
        let start = |_| place.command(&args).stderr(Stdio::piped()).spawn().unwrap();
        let children: Vec<Child> = (0..8).map(start).collect();
        let mut done = 0;
        for child in children {
            let run = Done::new(&child.wait_with_output().unwrap());
            match run.status {
                Some(0) => done += 1,
                Some(2) => assert!(run.stderr.contains("another") || run.stderr.contains("locked"), "{}", run.stderr),
                other => panic!("{other:?}: {}", run.stderr),
            }
        }
        assert!(done > 0, "one at least must win");
        assert_eq!(count(&place), done + i64::from(with_old));
        assert_next_run_works(&place, &[done + i64::from(with_old)]);
    }
}

/// A disk that is full, as far as a test can make one: files may not grow beyond some size.
#[test]
fn a_full_disk_ends_a_run_with_words() {
    if !has_program("sh") {
        return;
    }
    let mut refused = 0;
    for with_old in [false, true] {
        let start = place();
        if with_old {
            start.custload("import old.csv --quiet").ends(0);
        }
        for blocks in [0, 1, 8, 16, 40, 100, 300, 1000, 2500, 4000] {
            let place = Place::new();
            start.everything().iter().filter(|(name, _)| !name.ends_with('/')).for_each(|(name, bytes)| {
                place.write(name, bytes);
            });
            let before = place.everything();
            let script = format!("ulimit -f {blocks}; exec \"$0\" \"$@\"");
            let output =
                Command::new("sh").args(["-c", &script, PROGRAM]).args(BIG).current_dir(place.root()).output().unwrap();
            let done = Done::new(&output);
            if done.status == Some(0) {
                continue;
            }
            refused += 1;
            assert_eq!(done.status, Some(2), "{blocks} blocks: {:?} {}", output.status, done.stderr);
            let is_clear = ["large", "full", "could not be read or written", "space"]
                .iter()
                .any(|word| done.stderr.contains(word));
            assert!(is_clear && done.stderr.lines().count() <= 2, "{blocks} blocks: {}", done.stderr);
            assert!(before.keys().eq(place.everything().keys()), "{blocks} blocks: {:?}", place.names());
            assert!(before == place.everything(), "{blocks} blocks: the database is not as it was");
        }
    }
    assert!(refused >= 10, "{refused}");
}

/// A database that its owner keeps in WAL mode.
#[test]
fn a_database_with_a_write_ahead_log() {
    let place = place();
    place.custload("import old.csv --quiet").ends(0);
    place.open("customers.db").execute_batch("PRAGMA journal_mode = WAL").unwrap();
    place.custload("check ann.csv --db customers.db").ends(0);
    place.custload("import ann.csv --quiet").ends(0);
    assert_eq!(count(&place), 2);
    assert_nothing_half_done(&place);
    let before = fs::read(place.path("customers.db")).unwrap();
    place.write("bad.csv", format!("{CONTACT}no,Bob\n"));
    place.custload("import bad.csv --max-rejects 0 --quiet").ends(3);
    assert!(before == fs::read(place.path("customers.db")).unwrap());
}

/// How the note begins that a run leaves beside its database.
const NOTE: &str = "custload is loading, and says here who it is and where its reports are:\n";

#[test]
fn reports_of_a_run_that_was_killed_behind_its_commit_are_put_in_place() {
    // `out` is there but empty, as a run may find and leave it.
    for (is_there, text) in [(false, None), (true, None), (false, Some("email,name\nno,Nobody\n"))] {
        let place = place();
        if let Some(text) = text {
            place.write("ann.csv", text);
        }
        place.custload("import ann.csv --reports out --quiet --profile contact").ends(i32::from(text.is_some()));
        fs::rename(place.path("out"), place.path("out.partial")).unwrap();
        if is_there {
            fs::create_dir(place.path("out")).unwrap();
        }
        let note = format!("{NOTE}run 1\n{}", place.path("out").display());
        place.write_private("customers.db.custload-reports", note);
        let said = place.custload("import old.csv --profile contact").ends(0).stderr;
        assert!(said.contains("published the reports of a run that was killed after its commit"), "{said}");
        assert!(place.path("out/summary.json").exists(), "{:?}", place.names());
        assert_nothing_half_done(&place);
        assert!(!place.path("customers.db.custload-reports").exists());
    }
}

#[test]
fn another_file_under_the_name_of_the_note_is_left_alone() {
    let place = place();
    place.write("diary.txt", "mine");
    std::os::unix::fs::symlink(place.path("diary.txt"), place.path("customers.db.custload-reports")).unwrap();
    let said = place.custload("import ann.csv --quiet").ends(2).stderr;
    assert!(said.contains("customers.db.custload-reports is in the way"), "{said}");
    assert_eq!(fs::read_to_string(place.path("diary.txt")).unwrap(), "mine");
    // A run that was killed before it could say where its reports are is no hindrance.
    fs::remove_file(place.path("customers.db.custload-reports")).unwrap();
    place.write_private("customers.db.custload-reports", "custload is loa");
    place.custload("import ann.csv --quiet").ends(0);
    assert_nothing_half_done(&place);
}
