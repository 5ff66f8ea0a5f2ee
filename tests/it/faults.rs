//! Each call of the program that writes, syncs, renames, removes, opens, reads or looks at a file is made to fail, in every kind of
//! run: alone, with all like it from then on, and as on a disk that becomes full, or breaks; and the process is killed there too.
//! Each time the program says what is wrong and ends with 2, or does without; the database is as it was, as at a checkpoint, or has
//! all of the run; and the same command again leaves what it leaves if nothing fails.
//!
//! A library between the program and the system does it (`fault.c`), for which a C compiler is needed. Of all places some are
//! tried, by seed: `CUSTLOAD_FAULTS` for each kind of run, kind of call, and way to fail; `CUSTLOAD_SEED` gives others.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::scenes::{Scene, Stand, Whole};
use crate::support::*;

/// So many places for each kind of run, kind of call, and way to fail.
const PLACES: usize = 2;

/// The kinds of calls, as `fault.c` counts them.
const KINDS: [&str; 11] =
    ["write", "sync", "truncate", "create", "make", "rename", "remove", "open", "read", "look", "lock"];

fn bit(kind: &str) -> usize {
    1 << KINDS.iter().position(|name| *name == kind).unwrap()
}

/// What needs room.
const ROOM: [&str; 4] = ["write", "truncate", "create", "make"];

const NO_LOCKS: i32 = 37;
const NO_SPACE: i32 = 28;
const BROKEN: i32 = 5;
const DENIED: i32 = 13;

/// What happens, as `fault.c` numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Count,
    /// One call fails.
    Once,
    /// All fail from one on.
    From,
    /// One writes half, and all behind it fail.
    Full,
    /// The process is killed, in every other call that writes after half of that.
    Die,
}

/// Where something fails, and how.
#[derive(Clone, Debug)]
struct Point {
    kinds: usize,
    mode: Mode,
    at: usize,
    errno: i32,
}

/// The library, compiled; `None` where that cannot be done.
static LIBRARY: LazyLock<Option<(TempDir, PathBuf)>> = LazyLock::new(|| {
    let folder = TempDir::new().unwrap();
    let library = folder.path().join("fault.so");
    let mut command = Command::new("cc");
    command.args(["-O1", "-shared", "-fPIC", "-o"]).arg(&library).arg(package().join("tests/it/fault.c")).arg("-ldl");
    match command.output() {
        Ok(output) if output.status.success() => Some((folder, library)),
        Ok(output) => panic!("fault.c: {}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => {
            eprintln!("skipped: there is no C compiler `cc` ({error})");
            None
        }
    }
});

/// How a run ended in which something failed.
struct Disturbed {
    done: Done,
    /// The calls that were counted: their kind, their name and their path.
    calls: Vec<String>,
}

/// Runs a command of a scene in which something fails.
fn disturbed(library: &Path, place: &Place, scene: &Scene, point: &Point) -> Disturbed {
    let aside = TempDir::new().unwrap();
    let [log, stdout, stderr] = ["log", "stdout", "stderr"].map(|name| aside.path().join(name));
    let mut command = place.command(&scene.args());
    command
        .env("LD_PRELOAD", library)
        .env("CUSTLOAD_FAULT_ROOT", place.root())
        .env("CUSTLOAD_FAULT_KINDS", point.kinds.to_string())
        .env("CUSTLOAD_FAULT_MODE", (point.mode as usize).to_string())
        .env("CUSTLOAD_FAULT_AT", point.at.to_string())
        .env("CUSTLOAD_FAULT_ERRNO", point.errno.to_string())
        .env("CUSTLOAD_FAULT_LOG", &log)
        .stdout(File::create(&stdout).unwrap())
        .stderr(File::create(&stderr).unwrap())
        .stdin(Stdio::null());
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    let mut child = command.spawn().unwrap();
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if start.elapsed() > Duration::from_secs(120) {
            child.kill().unwrap();
            panic!(
                "it hangs: {scene}, {point:?}, {}",
                read(&log).lines().nth(point.at - 1).unwrap_or_default(),
                scene = scene.name
            );
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    let done = Done { status: status.code(), stdout: read(&stdout), stderr: read(&stderr) };
    Disturbed { done, calls: read(&log).lines().map(str::to_string).collect() }
}

/// The places that are tried in a scene, of those that there are in it.
fn points(calls: &[String], places: usize, random: &mut Random) -> Vec<Point> {
    let count =
        |kinds: usize| calls.iter().filter(|call| bit(call.split(' ').next().unwrap_or_default()) & kinds != 0).count();
    let mut ways: Vec<(usize, Mode, i32)> = Vec::new();
    for kind in KINDS {
        let errno = match kind {
            "lock" => BROKEN,
            "create" | "make" => NO_SPACE,
            "open" => DENIED,
            _ => BROKEN,
        };
        ways.extend([(bit(kind), Mode::Once, errno), (bit(kind), Mode::From, errno)]);
    }
    let all = (1 << KINDS.len()) - 1;
    let room = ROOM.iter().map(|kind| bit(kind)).sum();
    let changes = ["sync", "rename", "remove"].iter().map(|kind| bit(kind)).sum::<usize>() + room;
    ways.extend([
        (bit("write"), Mode::Once, NO_SPACE),
        (bit("lock"), Mode::Once, NO_LOCKS),
        (room, Mode::Full, NO_SPACE),
        (changes, Mode::From, BROKEN),
        (all, Mode::From, BROKEN),
        (changes, Mode::Die, 0),
        (changes, Mode::Die, 0),
    ]);
    let mut points = Vec::new();
    for (kinds, mode, errno) in ways {
        let mut left: Vec<usize> = (1..=count(kinds)).collect();
        // The commit is among the last, and always tried.
        if mode == Mode::Once && [bit("sync"), bit("rename"), bit("remove"), bit("lock")].contains(&kinds) {
            let last = left.split_off(left.len().saturating_sub(3));
            points.extend(last.into_iter().map(|at| Point { kinds, mode, at, errno }));
        }
        for _ in 0..places.min(left.len()) {
            points.push(Point { kinds, mode, at: left.swap_remove(random.below(left.len())), errno });
        }
    }
    points
}

/// What is wrong with how a run ended in which something failed.
fn judged(scene: &Scene, whole: &Whole, point: &Point, place: &Place, run: &Disturbed) -> Stand {
    let Disturbed { done, calls } = run;
    let said = &done.stderr;
    assert!(!said.contains("panicked") && !said.contains("RUST_BACKTRACE"), "it panics");
    let stand = whole.stand(place, scene);
    match done.status {
        Some(0) => {
            assert_eq!(stand, Stand::Done, "it says that it is done");
        }
        Some(2) => {
            // A disk that has failed may leave nobody any wiser.
            let is_in_doubt = said.contains("all of it, or nothing of it");
            assert!(stand != Stand::Done || is_in_doubt, "it says that it failed, and is done");
            let last = said.lines().last().unwrap_or_default();
            assert!(last.starts_with("custload: "), "it does not say why");
            let names = ["customers.db", "a.csv", "b.csv"];
            let root = place.root().to_string_lossy();
            assert!(names.iter().any(|name| last.contains(name)) || last.contains(&*root), "it names no file");
            let advice = [
                "heck ",
                "name a file",
                "ree some space",
                "choose",
                "change its",
                "ask",
                "Wait",
                "is the disk",
                "must be one",
            ];
            assert!(advice.iter().any(|word| last.contains(word)), "it does not say what to do");
            let kept = match stand {
                Stand::At(records) => Some(format!("the first {records} records are kept")),
                _ => None,
            };
            assert!(is_in_doubt || last.contains("records are kept") == kept.is_some(), "it does not say what is kept");
            assert!(is_in_doubt || kept.is_none_or(|kept| last.contains(&kept)), "it does not say what is kept");
        }
        None => assert_eq!(point.mode, Mode::Die, "a signal ended it"),
        status => panic!("status {status:?}"),
    }
    if point.mode == Mode::Once && done.status == Some(2) && stand == Stand::Untouched {
        let removes = calls.get(point.at - 1).is_some_and(|call| call.starts_with("remove"));
        let is_in_doubt = said.contains("all of it, or nothing of it");
        assert!(removes || is_in_doubt || whole.is_tidy(place), "something is left");
    }
    stand
}

fn fail_often(name: &str) {
    let Some((_, library)) = &*LIBRARY else { return };
    let scene = Scene::named(name);
    let whole = scene.whole();
    let all = Point { kinds: (1 << KINDS.len()) - 1, mode: Mode::Count, at: 0, errno: 0 };
    let place = whole.place();
    let counted = disturbed(library, &place, scene, &all);
    assert_eq!(counted.done.status, Some(0), "{}", counted.done.stderr);
    whole.same_command_works(&place, scene, Stand::Done);
    let places = number("CUSTLOAD_FAULTS").unwrap_or(PLACES);
    let mut random = Random::new(number("CUSTLOAD_SEED").unwrap_or(1) as u64 + name.len() as u64);
    let points = points(&counted.calls, places, &mut random);
    let (number, mut stands, mut wrong) = (points.len(), BTreeMap::<&str, usize>::new(), 0);
    for (index, point) in points.into_iter().enumerate() {
        let place = whole.place();
        let run = disturbed(library, &place, scene, &point);
        let judged = catch_unwind(AssertUnwindSafe(|| {
            let stand = judged(scene, &whole, &point, &place, &run);
            if index % 3 == 0 {
                whole.another_run_works(&place, stand);
            }
            whole.same_command_works(&place, scene, stand);
            stand
        }));
        let call = run.calls.get(point.at - 1).map_or("no call any more", String::as_str);
        let what = format!("{name}, {point:?}, {call}, status {:?}, {:?}", run.done.status, run.done.stderr);
        match judged {
            Ok(stand) => {
                println!("{what}: {}", stand.name());
                *stands.entry(stand.name()).or_default() += 1;
            }
            Err(why) => {
                let why = why.downcast_ref::<String>().map(String::as_str).or(why.downcast_ref::<&str>().copied());
                println!("WRONG: {what}: {}", why.unwrap_or_default());
                wrong += 1;
            }
        }
    }
    println!("\n{name}: {number} faults of {} calls; {stands:?}", counted.calls.len());
    assert_eq!(wrong, 0, "{name}: see above");
}

#[test]
fn into_a_new_database() {
    fail_often("new database");
}

#[test]
fn into_a_full_database() {
    fail_often("full database");
}

#[test]
fn into_a_full_database_with_a_write_ahead_log() {
    fail_often("full database with a write-ahead log");
}

#[test]
fn into_a_full_database_that_takes_a_segment() {
    fail_often("full database that takes a segment");
}

#[test]
fn into_a_new_database_with_long_keys() {
    fail_often("new database with long keys");
}

#[test]
fn with_commit_every_into_a_new_database() {
    fail_often("commit-every into a new database");
}

#[test]
fn with_commit_every_and_upsert() {
    fail_often("commit-every with upsert");
}

#[test]
fn in_mode_upsert() {
    fail_often("upsert");
}

#[test]
fn in_mode_update() {
    fail_often("update, the last of several");
}

#[test]
fn undo() {
    fail_often("undo");
}

#[test]
fn redo() {
    fail_often("redo");
}

#[test]
fn redo_of_updates() {
    fail_often("redo of updates");
}

#[test]
fn undo_of_a_run_that_was_stopped() {
    fail_often("undo of a run that was stopped");
}

#[test]
fn of_an_own_profile_with_parents() {
    fail_often("own profile with parents");
}

#[test]
fn undo_of_moved_customers() {
    fail_often("undo of moved customers");
}
