//! Inputs that a run has loaded already (SPEC, section 8, "The same input"): a cron job that fires twice does no harm, and of a
//! folder to which each day adds a file, each file is loaded once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::Ordering;

use super::option_text::{Decides, difference};
use super::{Clock, Observer, Options, events, redo, shown_path};
use crate::core::mode::Mode;
use crate::core::profile::Profile;
use crate::core::text::visible;
use crate::error::{Error, Result};
use crate::read::input::{Input, ReadOptions};
use crate::read::open::sha256;
use crate::report::summary::{Counts, Status, Summary};
use crate::sink::sqlite::Loaded;

/// What an input is known by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Identity {
    /// Its absolute path; standard input and pipes have none.
    pub(super) path: Option<String>,
    /// What of it is read, where that was said.
    pub(super) part: Option<String>,
    /// The SHA-256 of its bytes; none where no other input has as many, so that nobody needs to know.
    pub(super) sha256: Option<String>,
}

/// The absolute path of an input as it is kept. Links are not resolved: one may lead to another file tomorrow.
pub(super) fn absolute_path(path: &Path) -> Option<String> {
    let is_stream = || fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir());
    if path.as_os_str() == "-" || is_stream() {
        return None;
    }
    let mut absolute = PathBuf::new();
    for part in std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()).components() {
        match part {
            Component::ParentDir => _ = absolute.pop(),
            part => absolute.push(part),
        }
    }
    // Each process finds its own files under these names.
    if ["/dev/stdin", "/dev/fd", "/proc"].iter().any(|of_process| absolute.starts_with(of_process)) {
        return None;
    }
    // What is no text is told apart nevertheless.
    Some(absolute.to_str().map_or_else(|| format!("{absolute:?}"), str::to_string))
}

/// What was named of an input of this format: a sheet of a spreadsheet, the place of the records in JSON.
pub(super) fn part(read: &ReadOptions, format: &str) -> Option<String> {
    match format {
        "spreadsheet" => read.sheet.clone(),
        "json" | "ndjson" => read.records.clone(),
        _ => None,
    }
}

/// What the inputs are known by. A file is read for its SHA-256 only where another input, loaded or given, is as long.
pub(super) fn identities(inputs: &[Input], loaded: &[Loaded], options: &Options) -> Result<Vec<Identity>> {
    let length = |input: &Input| {
        let file = || fs::metadata(&input.path).ok().filter(fs::Metadata::is_file).map(|metadata| metadata.len());
        input.spooled.as_ref().map(|read| read.bytes).or_else(file)
    };
    let lengths: Vec<Option<u64>> = inputs.iter().map(length).collect();
    let mut met: HashMap<u64, u64> = HashMap::new();
    // Only in create are the inputs compared with each other.
    let given = lengths.iter().copied().flatten().filter(|_| options.fields.mode == Mode::Create);
    given.for_each(|length| *met.entry(length).or_default() += 1);
    loaded.iter().for_each(|loaded| *met.entry(loaded.bytes).or_default() += 2);
    let stop = || options.stop.load(Ordering::Relaxed);
    let mut identities = Vec::with_capacity(inputs.len());
    for (input, length) in inputs.iter().zip(lengths) {
        let is_met = length.is_some_and(|length| met.get(&length).is_some_and(|count| *count > 1));
        let sha256 = match &input.spooled {
            _ if !is_met => None,
            Some(read) => Some(read.sha256()),
            None => {
                let read = sha256(&input.path, || stop() == 0).map_err(|error| Error::input(&input.path, error))?;
                Some(read.ok_or_else(|| Error::Interrupted(stop() as i32))?)
            }
        };
        let (path, part) = (absolute_path(&input.path), part(&options.read, input.dialect.format.name()));
        identities.push(Identity { path, part, sha256 });
    }
    Ok(identities)
}

/// The inputs that runs have loaded, to be looked for.
#[derive(Debug)]
pub(super) struct Known<'l> {
    /// The last that was read under each path, and of it the same part.
    by_path: HashMap<(String, Option<&'l str>), &'l Loaded>,
    /// The last with these bytes, and of it the same part.
    by_bytes: HashMap<(&'l str, Option<&'l str>), &'l Loaded>,
    /// The last that has changed anything.
    last_change: Option<&'l Loaded>,
    loaded: &'l [Loaded],
    mode: Mode,
}

impl<'l> Known<'l> {
    /// Those of `loaded`, in the order in which they were loaded, whose runs stand. `mode` is that of the run that asks.
    pub(super) fn new(loaded: &'l [Loaded], stands: impl Fn(i64) -> bool, mode: Mode) -> Known<'l> {
        let mut known = Known { by_path: HashMap::new(), by_bytes: HashMap::new(), last_change: None, loaded, mode };
        for input in loaded.iter().filter(|loaded| loaded.accepted > 0 && stands(loaded.run_id)) {
            // An earlier version kept the path as it was given.
            let path = input.absolute_path.clone().or_else(|| absolute_path(Path::new(&input.path)));
            if let Some(path) = path {
                known.by_path.insert((path, input.part.as_deref()), input);
            }
            known.by_bytes.insert((&input.sha256, input.part.as_deref()), input);
            if input.has_changed {
                known.last_change = Some(input);
            }
        }
        known
    }

    /// The input that this one is the same as, if there is one: the last of several.
    pub(super) fn same_as(&self, input: &Identity) -> Option<&'l Loaded> {
        self.same_after(input, self.last_change)
    }

    /// The same for each of a run's inputs. In update and upsert one that is to be loaded may change what those before have left, so
    /// those after it are the same by their path alone.
    fn same_in_turn(&self, inputs: &[Identity]) -> Vec<Option<&'l Loaded>> {
        let mut last_change = self.last_change;
        let same = inputs.iter().map(|input| {
            let found = self.same_after(input, last_change);
            if found.is_none() {
                last_change = None;
            }
            found
        });
        same.collect()
    }

    fn same_after(&self, input: &Identity, last_change: Option<&'l Loaded>) -> Option<&'l Loaded> {
        let (sha256, part) = (input.sha256.as_deref()?, input.part.as_deref());
        let at_path = input.path.clone().and_then(|path| self.by_path.get(&(path, part)).copied());
        let other = match self.mode {
            Mode::Create => self.by_bytes.get(&(sha256, part)).copied(),
            Mode::Update | Mode::Upsert => last_change,
        };
        let is_same = |loaded: &&Loaded| {
            let is_held = self.mode == Mode::Create || !loaded.is_shaken;
            loaded.sha256 == sha256 && loaded.part.as_deref() == part && is_held
        };
        [at_path, other].into_iter().flatten().filter(is_same).max_by_key(|loaded| (loaded.run_id, loaded.import_file))
    }
}

/// The inputs that are left to load, in their order. Those that are left out are named; an error where none is left and some were
/// loaded with other options.
pub(super) fn leave_out(
    inputs: Vec<Input>,
    identities: Vec<Identity>,
    known: &Known<'_>,
    profile: &Profile,
    options: &Options,
    run_id: i64,
    observer: &mut dyn Observer,
) -> Result<Vec<Input>> {
    let (mut left, mut otherwise) = (Vec::with_capacity(inputs.len()), Vec::new());
    let mut of_this_run: HashMap<Identity, String> = HashMap::new();
    let same = known.same_in_turn(&identities);
    for ((mut input, identity), same) in inputs.into_iter().zip(identities).zip(same) {
        let path = visible(&input.path.to_string_lossy()).into_owned();
        if let Some(loaded) = same {
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
fn other_options(loaded: &Loaded, profile: &Profile, options: &Options) -> Option<String> {
    if loaded.profile != profile.name {
        return Some(format!("the profile was {}, and is {}", loaded.profile, profile.name));
    }
    difference(&loaded.options, options, &[Decides::Stored])
}

/// The most runs that are named.
const MOST_TOLD: usize = 5;

/// The error of a run all of whose inputs were loaded before, and some of them with other options.
fn loaded_otherwise(
    inputs: &[(String, &Loaded, String)],
    loaded: &[Loaded],
    profile: &Profile,
    options: &Options,
) -> Error {
    let mut runs: BTreeMap<i64, (&(String, &Loaded, String), usize)> = BTreeMap::new();
    for input in inputs {
        runs.entry(input.1.run_id).or_insert((input, 0)).1 += 1;
    }
    let told = runs.values().rev().map(|((path, loaded, difference), inputs)| {
        let others = if *inputs > 1 { format!(" and {} more", inputs - 1) } else { String::new() };
        let Loaded { run_id, started_at, run_accepted, run_rejected, .. } = loaded;
        format!(
            "run {run_id} has loaded {}{others} with other options ({started_at}): {}. Of its records it accepted \
             {run_accepted} and rejected {run_rejected}",
            visible(path),
            visible(difference)
        )
    });
    let mut said: Vec<String> = told.take(MOST_TOLD).collect();
    if runs.len() > MOST_TOLD {
        said.push(format!("so have {} earlier runs", runs.len() - MOST_TOLD));
    }
    let ids: BTreeSet<i64> = runs.keys().copied().collect();
    let listed = ids.iter().rev().take(MOST_TOLD).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    Error::LoadedOtherwise {
        said,
        logged: format!("nothing was loaded, for the inputs were loaded before with other options (runs {listed})"),
        profile: profile.name.clone(),
        rejects: redo::reject_reports(&ids, loaded, options),
    }
}

/// What there is to say of a run that had nothing to do.
pub(super) fn skipped(profile: &Profile, options: &Options, clock: &Clock) -> Summary {
    let mut summary = Summary {
        command: options.command.name(),
        version: env!("CARGO_PKG_VERSION"),
        status: Status::Skipped,
        reason: Some("every input was loaded before; --force loads them again".to_string()),
        kept_records: None,
        run_id: None,
        undone_runs: Vec::new(),
        profile: profile.name.clone(),
        mode: options.fields.mode.name(),
        database: options.database.as_deref().map(shown_path),
        reports: None,
        counts: Counts::default(),
        first_customer_id: None,
        last_customer_id: None,
        rejects_by_code: BTreeMap::new(),
        warnings_by_code: BTreeMap::new(),
        rejects_by_field: BTreeMap::new(),
        repaired_by_field: BTreeMap::new(),
        deprecated_by_field: BTreeMap::new(),
        short_zips: None,
        inputs: Vec::new(),
        started_at: clock.started.clone(),
        ended_at: clock.now(),
        elapsed_seconds: 0.0,
        records_per_second: None,
    };
    clock.time(&mut summary);
    summary
}
