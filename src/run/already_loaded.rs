//! Skipping inputs that an earlier run has loaded: a job may start twice, and each file of a growing folder is loaded once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::loaded::{Identity, LoadedInputs, identities, reject_reports, undo_first};
use super::option_text::{Decides, difference};
use super::options::{Observer, Options};
use super::start::{Clock, Start};
use super::{close::blank_summary, events, inputs::shown_path};
use crate::core::{mode::Mode, profile::Profile, text::visible};
use crate::error::{Error, Result};
use crate::read::input::Input;
use crate::report::summary::{Status, Summary};
use crate::sink::sqlite::{LoadedInput, RunRow};

/// The inputs that are left to load, and the runs that are undone first. `loaded` are the inputs of earlier runs, if they matter.
pub(super) fn left_to_load(
    inputs: Vec<Input>,
    loaded: Option<Vec<LoadedInput>>,
    profile: &Profile,
    start: &Start,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<(Vec<Input>, BTreeSet<i64>)> {
    let (Some(locked), Some(mut loaded)) = (&start.locked, loaded) else { return Ok((inputs, BTreeSet::new())) };
    // What is in another table is not loaded in this one.
    loaded.retain(|loaded| loaded.run.table_name.eq_ignore_ascii_case(&profile.table));
    let identities = identities(&inputs, &loaded, options)?;
    let undone = match options.redo {
        true => undo_first(locked, &identities, &loaded, options, &start.clock.started, observer)?,
        false => BTreeSet::new(),
    };
    let known = LoadedInputs::new(&loaded, |run| !undone.contains(&run), options.fields.mode);
    let left = match skip_loaded(inputs, identities, &known, profile, options, start.run_id, observer) {
        // A stopped run must be continued first.
        Err(Error::LoadedOtherwise { .. }) if start.unfinished.is_some() => Vec::new(),
        left => left?,
    };
    Ok((left, undone))
}

/// The inputs that are left, in order; the others are noted. An error if none is left, and some were loaded with other options.
fn skip_loaded(
    inputs: Vec<Input>,
    identities: Vec<Identity>,
    known: &LoadedInputs<'_>,
    profile: &Profile,
    options: &Options,
    run_id: i64,
    observer: &mut dyn Observer,
) -> Result<Vec<Input>> {
    let (mut left, mut otherwise) = (Vec::with_capacity(inputs.len()), Vec::new());
    let mut of_this_run: HashMap<Identity, String> = HashMap::new();
    let already_loaded = known.find_in_turn(&identities);
    for ((mut input, identity), loaded) in inputs.into_iter().zip(identities).zip(already_loaded) {
        let path = visible(&input.path.to_string_lossy()).into_owned();
        if let Some(loaded) = loaded {
            let (run, when) = (loaded.run.run_id, &loaded.run.started_at);
            match other_options(loaded, profile, options) {
                None => observer
                    .note(&format!("{path}: skipped: already loaded by run {run} ({when}); --force loads it again")),
                Some(difference) => {
                    observer.note(&format!(
                        "{path}: skipped: already loaded by run {run} ({when}) with other options; --redo undoes that \
                         run and loads it again"
                    ));
                    otherwise.push((shown_path(&input.path), loaded, difference));
                }
            }
            events::skipped(&input, run);
            continue;
        }
        // To create customers, equal bytes are the same input whatever their path. To change them, the same bytes may be meant to
        // come again after others.
        let (key, can_repeat) = match known.mode {
            Mode::Create => (Identity { path: None, ..identity.clone() }, identity.sha256.is_some()),
            Mode::Update | Mode::Upsert => (Identity { sha256: None, ..identity.clone() }, identity.path.is_some()),
        };
        if can_repeat && let Some(first) = of_this_run.get(&key) {
            observer.note(&format!("{path}: skipped: the same as {first}; --force loads it too"));
            events::skipped(&input, run_id);
            continue;
        }
        of_this_run.insert(key, path);
        input.sha256 = identity.sha256;
        left.push(input);
    }
    match otherwise.is_empty() || !left.is_empty() {
        true => Ok(left),
        false => Err(loaded_otherwise(&otherwise, known.loaded, profile, options)),
    }
}

fn other_options(loaded: &LoadedInput, profile: &Profile, options: &Options) -> Option<String> {
    if loaded.run.profile != profile.name {
        return Some(format!("the profile was {}, and is now {}", loaded.run.profile, profile.name));
    }
    difference(&loaded.run.options, options, &[Decides::Stored])
}

const MOST_NAMED: usize = 5;

/// The error of a run if all its inputs were loaded before, and some with other options.
fn loaded_otherwise(
    inputs: &[(String, &LoadedInput, String)],
    loaded: &[LoadedInput],
    profile: &Profile,
    options: &Options,
) -> Error {
    let mut runs: BTreeMap<i64, (&(String, &LoadedInput, String), usize)> = BTreeMap::new();
    for input in inputs {
        runs.entry(input.1.run.run_id).or_insert((input, 0)).1 += 1;
    }
    let named = runs.values().rev().map(|((path, loaded, difference), inputs)| {
        let others = if *inputs > 1 { format!(" and {} more", inputs - 1) } else { String::new() };
        let RunRow { run_id, started_at, counts, .. } = &*loaded.run;
        format!(
            "run {run_id} loaded {}{others} with other options ({started_at}): {}. It accepted {} and rejected {} of \
             its records",
            visible(path),
            visible(difference),
            counts.accepted,
            counts.rejected
        )
    });
    let mut messages: Vec<String> = named.take(MOST_NAMED).collect();
    if runs.len() > MOST_NAMED {
        messages.push(format!("earlier runs that loaded the others: {}", runs.len() - MOST_NAMED));
    }
    let ids: BTreeSet<i64> = runs.keys().copied().collect();
    let listed = ids.iter().rev().take(MOST_NAMED).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    Error::LoadedOtherwise {
        messages,
        logged: format!("nothing was loaded: the inputs were loaded before with other options (runs {listed})"),
        profile: profile.name.clone(),
        rejects: reject_reports(&ids, loaded, options),
    }
}

pub(super) fn skipped(profile: &Profile, options: &Options, clock: &Clock) -> Summary {
    let mut summary = Summary {
        reason: Some("all inputs were loaded before; --force loads them again".to_string()),
        ..blank_summary(Status::Skipped, profile, options, clock)
    };
    clock.time(&mut summary);
    summary
}
