//! Loading inputs again (`--redo`): the runs that loaded them are undone in the transaction that loads the inputs, so either both
//! happen or nothing.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use super::history::reports_of;
use super::identity::{Identity, LoadedInputs};
use super::inputs::absolute_path;
use super::options::{Observer, Options};
use super::report_paths::Stems;
use super::{events, option_text};
use crate::core::text::visible;
use crate::error::{Error, Result};
use crate::shell;
use crate::sink::sqlite::{FINISHED, LoadedInput, LockedDatabase, PastRun, Undo, Undone};

/// Undoes the runs that loaded these inputs, newest first, without a commit. Returns their numbers. An error if one of them cannot be
/// undone, or loaded an input that is not given now.
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
    for run in all.iter().filter(|run| runs.contains(&run.run_id)) {
        if let Some(why) = why_not(run, identities, &database) {
            return refuse(why);
        }
    }
    if let Some(why) = loaded_rejects(&all, &runs, &database) {
        return refuse(why);
    }
    for run_id in runs.iter().rev() {
        let undo = Undo { run_id: *run_id, keep_changed: false, dry_run: false, now: now.to_string() };
        let undone = locked.undo_uncommitted(&undo)?;
        if !undone.is_done {
            return refuse(format!("run {run_id} cannot be undone: {}", changed(&undone)));
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
        let found: Vec<i64> =
            identities.iter().filter_map(|input| known.find(input)).map(|loaded| loaded.run.run_id).collect();
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
        "run {run_id} has also read {}, which is not among the inputs, or has changed since. Name it too, or undo the run with \
         `{undo}`",
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
            let path = file.absolute_path.clone().or_else(|| absolute_path(Path::new(&file.path)));
            let path = path.map(PathBuf::from).unwrap_or_default();
            let writer = folders.iter().find(|(_, folder)| path.starts_with(folder)).map(|(run, _)| *run);
            // If a report was moved, it is unknown which run wrote it.
            let is_theirs = writer.map_or(file.is_reject_report, |writer| rejecting.contains(&writer));
            if !is_theirs {
                continue;
            }
            let (later, path) = (run.run_id, visible(&file.path));
            if run.status == FINISHED && file.counts.accepted > 0 && !runs.contains(&later) {
                return Some(format!(
                    "run {later} has loaded the reject report {path}, which {} of a run that would be undone. Undo run {later} first \
                     with `{}`",
                    if writer.is_some() { "is one" } else { "may be one" },
                    shell::undo(later, database)
                ));
            }
            rejecting.insert(later);
        }
    }
    None
}

/// The customers that have changed since the run.
fn changed(undone: &Undone) -> String {
    format!(
        "{} {} changed since ({}{})",
        undone.changed,
        if undone.changed == 1 { "customer has" } else { "customers have" },
        undone.listed.first().map(ToString::to_string).unwrap_or_default(),
        if undone.listed.len() > 1 || undone.has_more { ", and others" } else { "" }
    )
}

/// The reject reports of these runs that have records and still exist.
pub(super) fn reject_reports(runs: &BTreeSet<i64>, loaded: &[LoadedInput], options: &Options) -> Vec<PathBuf> {
    let database = options.database.clone().unwrap_or_default();
    let mut found = Vec::new();
    let mut stems: BTreeMap<i64, Stems> = BTreeMap::new();
    for LoadedInput { run, file, .. } in loaded.iter().filter(|input| runs.contains(&input.run.run_id)) {
        let stem = stems.entry(run.run_id).or_default().of(Path::new(&file.path));
        let folder = crate::disk::folder_of(&database).join(&run.reports);
        let folder = folder.strip_prefix(".").map(Path::to_path_buf).unwrap_or(folder);
        let names = ["csv", "ndjson"].map(|ending| folder.join(format!("{stem}.rejects.{ending}")));
        found.extend(names.into_iter().find(|name| file.counts.rejected > 0 && name.is_file()));
    }
    found
}
