//! Inputs that earlier runs have loaded: recognising them ([`LoadedInputs`]), and undoing those runs for `--redo`. They are undone in
//! the transaction that loads the inputs again, so either both happen or nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use super::inputs::{absolute_path, file_length, part};
use super::options::{Observer, Options};
use super::{events, history::reports_of, option_text, report_paths::Stems};
use crate::core::{mode::Mode, text::visible};
use crate::error::{Error, Result};
use crate::read::{feed::sha256, input::Input};
use crate::sink::sqlite::{ChangeCause, FINISHED, FileRow, LoadedInput, LockedDatabase, PastRun, Undo, Undone};
use crate::{disk::folder_of, shell};

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Identity {
    /// Its absolute path; standard input and pipes have none.
    pub(super) path: Option<String>,
    pub(super) part: Option<String>,
    /// The SHA-256 of its bytes; `None` if no other input has its length.
    pub(super) sha256: Option<String>,
}

/// The identities of the inputs. A file is hashed only if another input, loaded or given, has its length.
pub(super) fn identities(inputs: &[Input], loaded: &[LoadedInput], options: &Options) -> Result<Vec<Identity>> {
    let length = |input: &Input| input.spooled.as_ref().map(|read| read.bytes).or_else(|| file_length(&input.path));
    let lengths: Vec<Option<u64>> = inputs.iter().map(length).collect();
    let mut by_length: HashMap<u64, u64> = HashMap::new();
    // The inputs are compared with each other only to create customers.
    let given = lengths.iter().copied().flatten().filter(|_| options.fields.mode == Mode::Create);
    given.for_each(|length| *by_length.entry(length).or_default() += 1);
    loaded.iter().for_each(|loaded| *by_length.entry(loaded.file.bytes).or_default() += 2);
    let stop = || options.stop.load(Ordering::Relaxed);
    let mut identities = Vec::with_capacity(inputs.len());
    for (input, length) in inputs.iter().zip(lengths) {
        let is_shared = length.is_some_and(|length| by_length.get(&length).is_some_and(|count| *count > 1));
        let sha256 = match &input.spooled {
            _ if !is_shared => None,
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

pub(super) struct LoadedInputs<'l> {
    /// The last with each path and part.
    by_path: HashMap<(String, Option<&'l str>), &'l LoadedInput>,
    /// The last with each SHA-256 and part.
    by_bytes: HashMap<(&'l str, Option<&'l str>), &'l LoadedInput>,
    /// The last that changed any customer.
    last_change: Option<&'l LoadedInput>,
    pub(super) loaded: &'l [LoadedInput],
    pub(super) mode: Mode,
}

/// The absolute path of a loaded input; as it was named, if only that is in the database.
fn path_of(file: &FileRow) -> Option<String> {
    file.absolute_path.clone().or_else(|| absolute_path(Path::new(&file.path)))
}

impl<'l> LoadedInputs<'l> {
    /// Those of `loaded`, in the order in which they were loaded, whose runs are kept. `mode` is that of this run.
    pub(super) fn new(loaded: &'l [LoadedInput], is_kept: impl Fn(i64) -> bool, mode: Mode) -> LoadedInputs<'l> {
        let mut known =
            LoadedInputs { by_path: HashMap::new(), by_bytes: HashMap::new(), last_change: None, loaded, mode };
        for input in loaded.iter().filter(|loaded| loaded.file.counts.accepted > 0 && is_kept(loaded.run.run_id)) {
            let file = &input.file;
            if let Some(path) = path_of(file) {
                known.by_path.insert((path, file.part.as_deref()), input);
            }
            known.by_bytes.insert((&file.sha256, file.part.as_deref()), input);
            if file.counts.created + file.counts.updated > 0 {
                known.last_change = Some(input);
            }
        }
        known
    }

    /// The loaded input that is the same as this one; the last of several.
    pub(super) fn find(&self, input: &Identity) -> Option<&'l LoadedInput> {
        self.find_after(input, self.last_change)
    }

    /// The same for each of a run's inputs. An input that is loaded may change the customers of those before it, so if the run changes
    /// customers, the inputs after it are found by their path alone.
    pub(super) fn find_in_turn(&self, inputs: &[Identity]) -> Vec<Option<&'l LoadedInput>> {
        let mut last_change = self.last_change;
        let found = inputs.iter().map(|input| {
            let found = self.find_after(input, last_change);
            if found.is_none() {
                last_change = None;
            }
            found
        });
        found.collect()
    }

    fn find_after(&self, input: &Identity, last_change: Option<&'l LoadedInput>) -> Option<&'l LoadedInput> {
        let (sha256, part) = (input.sha256.as_deref()?, input.part.as_deref());
        let at_path = input.path.clone().and_then(|path| self.by_path.get(&(path, part)).copied());
        let other = match self.mode {
            Mode::Create => self.by_bytes.get(&(sha256, part)).copied(),
            Mode::Update | Mode::Upsert => last_change,
        };
        let is_same = |loaded: &&LoadedInput| {
            let is_in_force = self.mode == Mode::Create || !loaded.relied_on_undone_run;
            loaded.file.sha256 == sha256 && loaded.file.part.as_deref() == part && is_in_force
        };
        let found = [at_path, other].into_iter().flatten().filter(is_same);
        found.max_by_key(|loaded| (loaded.run.run_id, loaded.file.import_file))
    }
}

/// Undoes the runs that loaded these inputs, newest first. An error if one cannot be undone, or loaded an input that is not given.
pub(super) fn undo_first(
    locked: &LockedDatabase,
    identities: &[Identity],
    loaded: &[LoadedInput],
    options: &Options,
    now: &str,
    observer: &mut dyn Observer,
) -> Result<BTreeSet<i64>> {
    let runs = runs_to_undo(identities, loaded, options);
    if runs.is_empty() {
        observer.note("--redo: no run has loaded these inputs, so none is undone");
        return Ok(runs);
    }
    let database = options.database.clone().unwrap_or_default();
    let refuse = |why: String| Err(Error::database(&database, format!("--redo: {why}")));
    let all = locked.past_runs()?;
    let mut whys =
        all.iter().filter(|run| runs.contains(&run.run_id)).filter_map(|run| why_not(run, identities, &database));
    if let Some(why) = whys.next().or_else(|| loaded_rejects(&all, &runs, &database)) {
        return refuse(why);
    }
    for run_id in runs.iter().rev() {
        let undo = Undo { run_id: *run_id, keep_changed: false, dry_run: false, now: now.to_string() };
        let undone = locked.undo_uncommitted(&undo)?;
        if !undone.is_done {
            let Undone { changed, listed, has_more, .. } = &undone;
            let have = match listed.first().map(|first| first.since) {
                Some(ChangeCause::ParentOf(_)) if *changed == 1 => "customer has children that stay",
                Some(ChangeCause::ParentOf(_)) => "customers have children that stay",
                _ if *changed == 1 => "customer has changed since",
                _ => "customers have changed since",
            };
            let first = listed.first().map(ToString::to_string).unwrap_or_default();
            let others = if listed.len() > 1 || *has_more { ", and others" } else { "" };
            return refuse(format!("run {run_id} cannot be undone: {changed} {have} ({first}{others})"));
        }
        observer.note(&format!("undoing run {run_id}, and loading its inputs again"));
        events::undone(*run_id, &undone);
    }
    Ok(runs)
}

/// The runs that loaded these inputs: all that must be undone until nothing of the inputs is in the database.
fn runs_to_undo(identities: &[Identity], loaded: &[LoadedInput], options: &Options) -> BTreeSet<i64> {
    let mut runs = BTreeSet::new();
    loop {
        let known = LoadedInputs::new(loaded, |run| !runs.contains(&run), options.fields.mode);
        let found: Vec<i64> = identities.iter().filter_map(|input| Some(known.find(input)?.run.run_id)).collect();
        if found.is_empty() {
            return runs;
        }
        runs.extend(found);
    }
}

/// Why a run must not be undone in the same transaction.
fn why_not(run: &PastRun, identities: &[Identity], database: &Path) -> Option<String> {
    let (run_id, undo) = (run.run_id, shell::undo(run.run_id, database));
    if option_text::value(&run.options, "commit_every").is_some() {
        return Some(format!(
            "run {run_id} was committed in parts (--commit-every), so it cannot be undone in this transaction. Undo it with \
             `{undo}`, then load its inputs again"
        ));
    }
    let given: HashSet<(Option<&str>, Option<&str>)> =
        identities.iter().map(|input| (input.sha256.as_deref(), input.part.as_deref())).collect();
    let missing = run.inputs.iter().find(|file| !given.contains(&(Some(&file.sha256), file.part.as_deref())))?;
    Some(format!(
        "run {run_id} also read {}, which is not an input of this command or has changed since. Name it too, or undo \
         the run with `{undo}`",
        visible(&missing.path)
    ))
}

/// Whether a later run, which stays, loaded what one of these runs rejected: its customers would come twice. What that run rejected
/// is a reject of the first run, too, and so on.
fn loaded_rejects(all: &[PastRun], runs: &BTreeSet<i64>, database: &Path) -> Option<String> {
    let reports = |run: &PastRun| reports_of(database, run).and_then(|path| absolute_path(&path)).map(PathBuf::from);
    let folders: Vec<(i64, PathBuf)> = all.iter().filter_map(|run| Some((run.run_id, reports(run)?))).collect();
    let first = runs.first()?;
    let mut rejecting = runs.clone();
    // In their order: a run reads only reports of earlier runs.
    for run in all.iter().filter(|run| run.run_id > *first) {
        for file in &run.inputs {
            let path = path_of(file).map(PathBuf::from).unwrap_or_default();
            let writer = folders.iter().find(|(_, folder)| path.starts_with(folder)).map(|(run, _)| *run);
            // If a report was moved, it is unknown which run wrote it.
            let is_theirs = writer.map_or(file.is_reject_report, |writer| rejecting.contains(&writer));
            if !is_theirs {
                continue;
            }
            let (later, path) = (run.run_id, visible(&file.path));
            if run.status == FINISHED && file.counts.accepted > 0 && !runs.contains(&later) {
                return Some(format!(
                    "run {later} loaded the reject report {path}, which {} from a run that --redo would undo. Undo \
                     run {later} first with `{}`",
                    if writer.is_some() { "comes" } else { "may come" },
                    shell::undo(later, database)
                ));
            }
            rejecting.insert(later);
        }
    }
    None
}

/// The reject reports of these runs that have records and still exist.
pub(super) fn reject_reports(runs: &BTreeSet<i64>, loaded: &[LoadedInput], options: &Options) -> Vec<PathBuf> {
    let database = options.database.clone().unwrap_or_default();
    let mut found = Vec::new();
    let mut stems: BTreeMap<i64, Stems> = BTreeMap::new();
    for LoadedInput { run, file, .. } in loaded.iter().filter(|input| runs.contains(&input.run.run_id)) {
        let stem = stems.entry(run.run_id).or_default().of(Path::new(&file.path));
        let folder = folder_of(&database).join(&run.reports);
        let folder = folder.strip_prefix(".").map(Path::to_path_buf).unwrap_or(folder);
        let names = ["csv", "ndjson"].map(|ending| folder.join(format!("{stem}.rejects.{ending}")));
        found.extend(names.into_iter().find(|name| file.counts.rejected > 0 && name.is_file()));
    }
    found
}
