//! Inputs that an earlier run has loaded already are left out: a job that starts twice does no harm, and of a folder to which each
//! day adds a file, each file is loaded once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::clock::Clock;
use super::close::blank_summary;
use super::identity::{Identity, LoadedInputs, identities};
use super::input_paths::shown_path;
use super::option_text::{Decides, difference};
use super::options::{Observer, Options};
use super::start::Start;
use super::{events, redo};
use crate::core::mode::Mode;
use crate::core::profile::Profile;
use crate::core::text::visible;
use crate::error::{Error, Result};
use crate::read::input::Input;
use crate::report::summary::{Status, Summary};
use crate::sink::sqlite::LoadedInput;

/// The inputs that are left to load, and the runs that are undone first. `loaded` are those of earlier runs, if they matter.
pub(super) fn left_to_load(
    inputs: Vec<Input>,
    loaded: Option<Vec<LoadedInput>>,
    profile: &Profile,
    start: &Start,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<(Vec<Input>, BTreeSet<i64>)> {
    let (Some(held), Some(loaded)) = (&start.held, loaded) else { return Ok((inputs, BTreeSet::new())) };
    let identities = identities(&inputs, &loaded, options)?;
    let undone = match options.redo {
        true => redo::undo_first(held, &identities, &loaded, options, &start.clock.started, observer)?,
        false => BTreeSet::new(),
    };
    let known = LoadedInputs::new(&loaded, |run| !undone.contains(&run), options.fields.mode);
    let left = match leave_out(inputs, identities, &known, profile, options, start.run_id, observer) {
        // The run that was stopped comes first.
        Err(Error::LoadedOtherwise { .. }) if start.unfinished.is_some() => Vec::new(),
        left => left?,
    };
    Ok((left, undone))
}

/// The inputs that are left to load, in their order. Those that are left out are named; an error where none is left and some were
/// loaded with other options.
fn leave_out(
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
            let (run, when) = (loaded.run_id, &loaded.started_at);
            match other_options(loaded, profile, options) {
                None => observer
                    .note(&format!("{path}: run {run} has loaded it ({when}); it is skipped, --force loads it again")),
                Some(difference) => {
                    observer.note(&format!(
                        "{path}: run {run} has loaded it ({when}) with other options; it is skipped, --redo undoes that \
                         run and loads it again"
                    ));
                    otherwise.push((shown_path(&input.path), loaded, difference));
                }
            }
            events::skipped(&input, run);
            continue;
        }
        // In create the bytes count, wherever they come from; else the same bytes may come again after others.
        let (key, is_known) = match known.mode {
            Mode::Create => (Identity { path: None, ..identity.clone() }, identity.sha256.is_some()),
            Mode::Update | Mode::Upsert => (Identity { sha256: None, ..identity.clone() }, identity.path.is_some()),
        };
        if is_known && let Some(first) = of_this_run.get(&key) {
            observer.note(&format!("{path}: it is the same as {first}; it is skipped, --force loads it too"));
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

/// In what the options with which an input was loaded differ from those of this run, in words.
fn other_options(loaded: &LoadedInput, profile: &Profile, options: &Options) -> Option<String> {
    if loaded.profile != profile.name {
        return Some(format!("the profile was {}, and is {}", loaded.profile, profile.name));
    }
    difference(&loaded.options, options, &[Decides::Stored])
}

/// The most runs that are named.
const MOST_NAMED: usize = 5;

/// The error of a run all of whose inputs were loaded before, and some of them with other options.
fn loaded_otherwise(
    inputs: &[(String, &LoadedInput, String)],
    loaded: &[LoadedInput],
    profile: &Profile,
    options: &Options,
) -> Error {
    let mut runs: BTreeMap<i64, (&(String, &LoadedInput, String), usize)> = BTreeMap::new();
    for input in inputs {
        runs.entry(input.1.run_id).or_insert((input, 0)).1 += 1;
    }
    let named = runs.values().rev().map(|((path, loaded, difference), inputs)| {
        let others = if *inputs > 1 { format!(" and {} more", inputs - 1) } else { String::new() };
        let LoadedInput { run_id, started_at, run_accepted, run_rejected, .. } = loaded;
        format!(
            "run {run_id} has loaded {}{others} with other options ({started_at}): {}. Of its records it accepted \
             {run_accepted} and rejected {run_rejected}",
            visible(path),
            visible(difference)
        )
    });
    let mut said: Vec<String> = named.take(MOST_NAMED).collect();
    if runs.len() > MOST_NAMED {
        said.push(format!("so have {} earlier runs", runs.len() - MOST_NAMED));
    }
    let ids: BTreeSet<i64> = runs.keys().copied().collect();
    let listed = ids.iter().rev().take(MOST_NAMED).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    Error::LoadedOtherwise {
        said,
        logged: format!("nothing was loaded, for the inputs were loaded before with other options (runs {listed})"),
        profile: profile.name.clone(),
        rejects: redo::reject_reports(&ids, loaded, options),
    }
}

/// The summary of a run that had nothing to do.
pub(super) fn skipped(profile: &Profile, options: &Options, clock: &Clock) -> Summary {
    let mut summary = Summary {
        reason: Some("every input was loaded before; --force loads them again".to_string()),
        ..blank_summary(Status::Skipped, profile, options, clock)
    };
    clock.time(&mut summary);
    summary
}
