//! The program is killed at random moments of every kind of run, 200 times and more. Each time the database is sound and has all
//! of the run, nothing of it, or what stands before a checkpoint; the next run works, whichever it is, and nothing is left
//! lying about; and the same command again leaves what it leaves if nothing disturbs it.
//!
//! The moments are the same each time, as far as a clock can make them. `CUSTLOAD_KILLS` is the number for each kind of run, and
//! `CUSTLOAD_SEED` gives others.
#![cfg(unix)]

use std::time::{Duration, Instant};

use crate::scenes::{SCENES, Scene, Stand, Whole};
use crate::support::*;

/// So many for each of the scenes.
const KILLS: usize = 24;

/// How often it is looked what a run has done.
const POLL: Duration = Duration::from_micros(50);

/// How long a run takes that nobody disturbs: the quickest of three.
fn time(scene: &Scene, whole: &Whole) -> Duration {
    let times = (0..3).map(|_| {
        let place = whole.place();
        let start = Instant::now();
        place.run(&scene.args()).ends(0);
        start.elapsed()
    });
    times.min().unwrap()
}

/// Starts a run and kills it: in half of the cases at some time of it, in the others a little behind a sign of how far it has come, for
/// its last steps are short. Gives when, and whether it was still there to be killed.
fn kill(place: &Place, scene: &Scene, time: Duration, random: &mut Random) -> (String, bool) {
    let mut child = place.command(&scene.args()).spawn().unwrap();
    let when = if random.below(2) == 0 {
        let part = random.below(1000) as f64 / 1000.0;
        std::thread::sleep(time.mul_f64(part));
        format!("at {part} of its time")
    } else {
        let sign = scene.signs[random.below(scene.signs.len())];
        let (is_to_be_there, part) = (random.below(3) > 0, [0.0, 0.001, 0.01, 0.05][random.below(4)]);
        let has_ended = |child: &mut std::process::Child| child.try_wait().unwrap().is_some();
        while !place.path(sign).exists() && !has_ended(&mut child) {
            std::thread::sleep(POLL);
        }
        while !is_to_be_there && place.path(sign).exists() && !has_ended(&mut child) {
            std::thread::sleep(POLL);
        }
        std::thread::sleep(time.mul_f64(part));
        format!("{part} of its time after {sign} {}", if is_to_be_there { "came" } else { "went" })
    };
    child.kill().unwrap();
    (when, child.wait().unwrap().code().is_none())
}

fn kill_often(name: &str) {
    let scene = Scene::named(name);
    let whole = scene.whole();
    let mut time = time(scene, &whole);
    let kills = number("CUSTLOAD_KILLS").unwrap_or(KILLS);
    let mut random = Random::new(number("CUSTLOAD_SEED").unwrap_or(1) as u64 + name.len() as u64);
    let (mut killed, mut stands) = (0, Vec::new());
    for attempt in 0.. {
        assert!(attempt < 20 * kills, "{name}: {killed} runs could be killed, of {attempt}");
        let place = whole.place();
        let (when, is_killed) = kill(&place, scene, time, &mut random);
        if !is_killed {
            // Runs are quicker now than those that were measured.
            time = time.mul_f64(0.97);
        }
        // What goes wrong is told with the moment.
        println!("{name}, killed {when}: {:?}", place.names());
        let stand = whole.stand(&place, scene);
        if killed % 3 == 0 {
            whole.another_run_works(&place, stand);
        }
        whole.same_command_works(&place, scene, stand);
        killed += usize::from(is_killed);
        stands.push(stand);
        if killed == kills {
            break;
        }
    }
    let count = |wanted: fn(&Stand) -> bool| stands.iter().filter(|stand| wanted(stand)).count();
    println!(
        "{name}: {killed} killed; {} times nothing of the run was there, {} times a part, {} times all",
        count(|stand| *stand == Stand::Untouched),
        count(|stand| matches!(stand, Stand::At(_))),
        count(|stand| *stand == Stand::Done),
    );
}

#[test]
fn into_a_new_database() {
    kill_often("new database");
}

#[test]
fn into_a_full_database() {
    kill_often("full database");
}

#[test]
fn into_a_full_database_with_a_write_ahead_log() {
    kill_often("full database with a write-ahead log");
}

#[test]
fn into_a_full_database_that_takes_a_segment() {
    kill_often("full database that takes a segment");
}

#[test]
fn into_a_new_database_with_long_keys() {
    kill_often("new database with long keys");
}

#[test]
fn with_commit_every_into_a_new_database() {
    kill_often("commit-every into a new database");
}

#[test]
fn with_commit_every_and_upsert() {
    kill_often("commit-every with upsert");
}

#[test]
fn in_mode_upsert() {
    kill_often("upsert");
}

#[test]
fn in_mode_update() {
    kill_often("update, the last of several");
}

#[test]
fn undo() {
    kill_often("undo");
}

#[test]
fn redo() {
    kill_often("redo");
}

#[test]
fn redo_of_updates() {
    kill_often("redo of updates");
}

#[test]
fn undo_of_a_run_that_was_stopped() {
    kill_often("undo of a run that was stopped");
}

#[test]
fn of_an_own_profile_with_parents() {
    kill_often("own profile with parents");
}

#[test]
fn undo_of_moved_customers() {
    kill_often("undo of moved customers");
}

#[test]
fn all_kinds_are_200_kills_at_the_least() {
    assert!(SCENES.len() * KILLS >= 200);
}
