//! Runs that were, for a person: `runs`, `runs show`, `runs prune` and `undo`.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use serde_json::{Value, json};

use super::args::{RunsArgs, RunsCommand, UndoArgs};
use super::progress::Console;
use super::table::{align_right, number, table, without_trailing_spaces};
use super::{options, print};
use crate::core::text::visible;
use crate::report::summary::{Counts, escaped};
use crate::run::{self, Observer, RunStory, UndoOptions};
use crate::shell;
use crate::sink::sqlite::{
    ChangedCustomers, FileRow, MOST_LISTED, PastJournal, Pruned, Since, UNDONE, UNFINISHED, Undone,
};

/// Does what was typed behind `runs`; gives the exit status.
pub(super) fn runs(args: &RunsArgs, stop: Arc<AtomicUsize>) -> anyhow::Result<i32> {
    let asked = options::asked(&args.database, stop)?;
    let (database, as_json) = (&args.database.db, args.database.json);
    let mut console = Console::new(false);
    match args.command {
        None => {
            let runs = run::runs(&asked, &mut console)?;
            print(&if as_json { pretty(&runs.iter().map(data).collect()) } else { list(&runs, database) })
        }
        Some(RunsCommand::Show { run }) => {
            let run = run::one_run(&asked, run, &mut console)?;
            print(&if as_json { pretty(&data(&run)) } else { one(&run, database) })
        }
        Some(RunsCommand::Prune { keep }) => {
            let pruned = run::prune(&asked, keep, &mut console)?;
            print_done(
                &if as_json { pretty(&pruned_data(&pruned)) } else { pruned_text(&pruned, database) },
                &mut console,
            )
        }
    }
}

/// Undoes a run; gives the exit status.
pub(super) fn undo(args: &UndoArgs, stop: Arc<AtomicUsize>) -> anyhow::Result<i32> {
    let asked = options::asked(&args.database, stop)?;
    let now = args.now.as_deref().map(options::now).transpose()?;
    let (run_id, keep_changed, dry_run) = (args.run, args.keep_changed, args.dry_run);
    let undo = UndoOptions { run_id, keep_changed, dry_run, now };
    let mut console = Console::new(false);
    let undone = run::undo(&asked, &undo, &mut console)?;
    let said = if args.database.json { pretty(&undone_data(&undo, &undone)) } else { String::new() };
    if !undone.is_done {
        for line in refusal(&undo, &undone, &args.database.db) {
            console.note(&line);
        }
        print(&said)?;
        return Ok(2);
    }
    let said = if args.database.json { said } else { undone_text(&undo, &undone, &args.database.db) };
    if dry_run { print(&said) } else { print_done(&said, &mut console) }
}

/// Prints what was done. It stays done where it cannot be printed.
fn print_done(text: &str, console: &mut Console) -> anyhow::Result<i32> {
    if let Err(error) = print(text) {
        console.note(&format!("{error:#}; all is done"));
    }
    Ok(0)
}

fn pretty(value: &Value) -> String {
    escaped(&format!("{value:#}"))
}

fn list(runs: &[RunStory], database: &Path) -> String {
    if runs.is_empty() {
        return format!("{} has no runs yet\n", shown(database));
    }
    type Count = (&'static str, fn(&Counts) -> u64);
    const COUNTS: [Count; 6] = [
        ("created", |counts| counts.created),
        ("updated", |counts| counts.updated),
        ("unchanged", |counts| counts.unchanged),
        ("superseded", |counts| counts.superseded),
        ("rejected", |counts| counts.rejected),
        ("blank", |counts| counts.blank),
    ];
    // A terminal is narrow: what would be the same in each row has no column.
    let is_told = |(name, count): &Count| {
        ["created", "rejected"].contains(name) || runs.iter().any(|story| count(&story.run.counts) > 0)
    };
    let counts: Vec<Count> = COUNTS.into_iter().filter(is_told).collect();
    let has_profiles = runs.iter().any(|story| story.run.profile != runs[0].run.profile);
    let has_modes = runs.iter().any(|story| story.run.mode != runs[0].run.mode);
    let mut header = vec!["run", "started (UTC)", "status"];
    header.extend(has_profiles.then_some("profile"));
    header.extend(has_modes.then_some("mode"));
    let first_count = header.len();
    header.extend(counts.iter().map(|(name, _)| *name));
    header.push("inputs");
    let mut list = table(header);
    for RunStory { run, is_going_on, .. } in runs {
        let mut row = vec![
            run.run_id.to_string(),
            minute(&run.started_at),
            if *is_going_on { "running".to_string() } else { visible(&run.status).into_owned() },
        ];
        row.extend(has_profiles.then(|| visible(&run.profile).into_owned()));
        row.extend(has_modes.then(|| visible(&run.mode).into_owned()));
        row.extend(counts.iter().map(|(_, count)| number(count(&run.counts))));
        row.push(inputs(&run.inputs));
        list.add_row(row);
    }
    let numbers = first_count..first_count + counts.len();
    align_right(&mut list, &std::iter::once(0).chain(numbers).collect::<Vec<_>>());
    list.column_iter_mut().for_each(|column| _ = column.set_padding((0, 0)));
    let mut out = format!("{list}\n\n");
    let same = [(has_profiles, "profile", &runs[0].run.profile), (has_modes, "mode", &runs[0].run.mode)];
    let same: Vec<String> = same
        .into_iter()
        .filter(|(has_column, ..)| !has_column)
        .map(|(_, name, value)| format!("{name} {}", visible(value)))
        .collect();
    if !same.is_empty() {
        out.push_str(&format!("all of them: {}\n", same.join(", ")));
    }
    for story in runs.iter().filter(|story| story.run.status == UNFINISHED && !story.is_going_on) {
        out.push_str(&format!("{}\n", unfinished(story.run.run_id, database)));
    }
    out.push_str("`custload runs show N` shows a run, `custload undo N` undoes it.\n");
    without_trailing_spaces(&out)
}

fn unfinished(run_id: i64, database: &Path) -> String {
    format!(
        "run {run_id} was stopped: its command continues it (with a higher limit, if a limit on rejects stopped it), \
         `{}` undoes it.",
        shell::undo(run_id, database)
    )
}

/// `2026-01-31T12:00:00Z` as `2026-01-31 12:00`; another text as it is.
fn minute(time: &str) -> String {
    match time.get(..16).and_then(|minute| minute.split_once('T')) {
        Some((day, minute)) => visible(&format!("{day} {minute}")).into_owned(),
        None => visible(time).into_owned(),
    }
}

/// The name of the first of a run's inputs, and how many more there are.
fn inputs(files: &[FileRow]) -> String {
    let Some(first) = files.first() else { return "none".to_string() };
    let first = match Path::new(&first.path).file_name().map(|name| name.to_string_lossy()) {
        Some(name) if name.len() < first.path.len() => format!("…/{}", visible(&name)),
        _ => visible(&first.path).into_owned(),
    };
    if files.len() == 1 { first } else { format!("{first} and {} more", number(files.len() as u64 - 1)) }
}

/// A line about whether a run can be undone.
fn can_be_undone(story: &RunStory, database: &Path) -> String {
    let RunStory { run, is_going_on, .. } = story;
    match (run.status.as_str(), run.journal) {
        _ if *is_going_on => "not while it is running".to_string(),
        (UNDONE, _) => format!("done at {}", visible(run.undone_at.as_deref().unwrap_or_default())),
        (_, PastJournal::Pruned) => "not possible: what is needed for it was pruned".to_string(),
        (_, PastJournal::Never) => {
            "not possible: an earlier version made the run, and did not note what is needed for it".to_string()
        }
        (_, PastJournal::There) => format!("possible: `{}`", shell::undo(run.run_id, database)),
    }
}

fn one(story: &RunStory, database: &Path) -> String {
    let RunStory { run, reports, is_going_on } = story;
    let status = if *is_going_on { "running" } else { &run.status };
    let mut out = format!("run {} in {}: {}\n\n", run.run_id, shown(database), visible(status));
    let mut say = |what: &str, value: &str| out.push_str(&format!("{what:<10} {}\n", visible(value)));
    say("profile", &run.profile);
    say("mode", &run.mode);
    say("started", &run.started_at);
    // One that is not finished has none yet.
    if run.status != UNFINISHED {
        say("ended", &run.ended_at);
    }
    match (run.first_customer_id, run.last_customer_id) {
        (Some(first), Some(last)) if first == last => say("created", &format!("customer {first}")),
        (Some(first), Some(last)) => say("created", &format!("customers {first} to {last}")),
        _ => {}
    }
    match reports {
        Some(place) if place.exists() => say("reports", &place.to_string_lossy()),
        Some(place) if run.status == UNFINISHED => say("reports", &format!("{} when it is finished", place.display())),
        Some(place) => say("reports", &format!("not there any more: {}", place.display())),
        None => say("reports", "none"),
    }
    for (name, value) in told_options(&run.options) {
        say("option", &format!("{name} {value}"));
    }
    say("undo", &can_be_undone(story, database));
    let header = ["input", "read", "created", "updated", "unchanged", "superseded", "rejected", "blank", "bytes"];
    let mut files = table(header);
    let all = (run.inputs.len() != 1).then(|| ("all", run.counts, String::new()));
    let rows = run.inputs.iter().map(|file| (file.path.as_str(), file.counts, number(file.bytes)));
    for (name, counts, bytes) in rows.chain(all) {
        let Counts { read, created, updated, unchanged, superseded, rejected, blank, .. } = counts;
        let mut row = vec![visible(name).into_owned()];
        row.extend([read, created, updated, unchanged, superseded, rejected, blank].map(number));
        row.push(bytes);
        files.add_row(row);
    }
    align_right(&mut files, &[1, 2, 3, 4, 5, 6, 7, 8]);
    out.push_str(&format!("\n{files}\n\n"));
    for file in &run.inputs {
        out.push_str(&format!("SHA-256 {}  {}\n", visible(&file.sha256), visible(&file.path)));
    }
    if run.status == UNFINISHED && !is_going_on {
        out.push_str(&format!("\n{}\n", unfinished(run.run_id, database)));
    }
    without_trailing_spaces(&out)
}

/// The options of a run that say something, but for the mode, which is told apart.
fn told_options(options: &str) -> Vec<(String, String)> {
    let told = run::told_options(options).into_iter().filter(|(name, _)| name != "mode");
    let texts = told.map(|(name, value)| match value {
        Value::String(text) => (name, text),
        other => (name, other.to_string()),
    });
    texts.collect()
}

fn data(story: &RunStory) -> Value {
    let RunStory { run, reports, is_going_on } = story;
    let inputs: Vec<Value> = run
        .inputs
        .iter()
        .map(|file| with_counts(json!({ "path": file.path, "bytes": file.bytes, "sha256": file.sha256 }), &file.counts))
        .collect();
    let mut data = with_counts(
        json!({
            "run_id": run.run_id,
            "profile": run.profile,
            "mode": run.mode,
            "status": run.status,
            "is_going_on": is_going_on,
            "started_at": run.started_at,
            "ended_at": run.ended_at,
            "undone_at": run.undone_at,
            "can_be_undone": !is_going_on && run.status != UNDONE && run.journal == PastJournal::There,
            "first_customer_id": run.first_customer_id,
            "last_customer_id": run.last_customer_id,
            "reports": reports.as_ref().map(|place| place.to_string_lossy()),
            "options": serde_json::from_str(&run.options).unwrap_or(Value::Null),
            "inputs": inputs,
        }),
        &run.counts,
    );
    data["warnings"] = json!(run.counts.warnings);
    data["repaired"] = json!(run.counts.repaired);
    data
}

/// Adds the counts that runs and inputs have in common.
fn with_counts(mut data: Value, counts: &Counts) -> Value {
    let Counts { read, accepted, created, updated, unchanged, superseded, rejected, blank, .. } = counts;
    for (name, count) in [
        ("read", read),
        ("accepted", accepted),
        ("created", created),
        ("updated", updated),
        ("unchanged", unchanged),
        ("superseded", superseded),
        ("rejected", rejected),
        ("blank", blank),
    ] {
        data[name] = json!(count);
    }
    data
}

fn pruned_text(pruned: &Pruned, database: &Path) -> String {
    if pruned.runs.is_empty() {
        return format!("{}: nothing to prune\n", shown(database));
    }
    let runs: Vec<String> = spans(&pruned.runs).into_iter().map(|(first, last)| span(first, last)).collect();
    format!(
        "{}: {} {} cannot be undone any more; {} deleted. New rows use the room; VACUUM gives it back to the disk\n",
        shown(database),
        if pruned.runs.len() == 1 { "run" } else { "runs" },
        runs.join(", "),
        many(pruned.rows, "row", "rows")
    )
}

fn pruned_data(pruned: &Pruned) -> Value {
    json!({ "runs": pruned.runs, "rows": pruned.rows })
}

/// Numbers in their order, as pieces without gaps.
fn spans(numbers: &[i64]) -> Vec<(i64, i64)> {
    let mut spans: Vec<(i64, i64)> = Vec::new();
    for number in numbers {
        match spans.last_mut().filter(|(_, last)| last + 1 == *number) {
            Some((_, last)) => *last = *number,
            None => spans.push((*number, *number)),
        }
    }
    spans
}

fn span(first: i64, last: i64) -> String {
    if first == last { first.to_string() } else { format!("{first} to {last}") }
}

/// What is said where nothing is done because of customers who are not as the run left them.
fn refusal(undo: &UndoOptions, undone: &Undone, database: &Path) -> Vec<String> {
    let run_id = undo.run_id;
    let is_known = undone.listed.iter().all(|entry| entry.since != Since::SomeChanged);
    let several = if is_known { "customers are" } else { "customers are, or may be," };
    let mut lines = vec![format!(
        "run {run_id} {} undone, and nothing was written: {} not as it left {}",
        if undo.dry_run { "would not be" } else { "was not" },
        many(undone.changed, "customer is", several),
        if undone.changed == 1 { "it" } else { "them" }
    )];
    lines.extend(undone.listed.iter().map(|entry| {
        let all = if entry.since == Since::SomeChanged { "; --keep-changed leaves all of them" } else { "" };
        format!("  {}{all}", changed_text(entry))
    }));
    lines.extend(undone.has_more.then(|| "  and more".to_string()));
    lines.push(format!(
        "undo later runs first, or leave these customers as they are with `{} --keep-changed`: {}",
        shell::undo(run_id, database),
        what_is_done(undone.deletable, undone.restorable)
    ));
    lines
}

fn many(count: u64, one: &str, several: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { several })
}

fn changed_text(entry: &ChangedCustomers) -> String {
    let ChangedCustomers { first, last, since } = *entry;
    let who = format!("{} {}", if first == last { "customer" } else { "customers" }, span(first, last));
    match since {
        Since::ChangedBy(run) => format!("{who}: changed by run {run}"),
        Since::Changed => format!("{who}: changed by a person or another program"),
        Since::Deleted => format!("{who}: deleted"),
        Since::SomeChanged => format!("{who}: changed or deleted by a person or another program, one of them at least"),
    }
}

fn what_is_done(deleted: u64, restored: u64) -> String {
    let done = [(deleted, "deleted"), (restored, "restored")].into_iter().filter(|(count, _)| *count > 0);
    let done: Vec<String> =
        done.map(|(count, what)| format!("{} {what}", many(count, "customer", "customers"))).collect();
    if done.is_empty() { "no customer had to be changed".to_string() } else { done.join(", ") }
}

fn undone_text(undo: &UndoOptions, undone: &Undone, database: &Path) -> String {
    let is = if undo.dry_run { "would be" } else { "is" };
    let done = what_is_done(undone.deleted, undone.restored);
    let mut out = format!("run {} in {} {is} undone: {done}\n", undo.run_id, shown(database));
    if undone.changed > 0 {
        out.push_str(&format!("left as they are: {}\n", many(undone.changed, "customer", "customers")));
        undone.listed.iter().for_each(|entry| out.push_str(&format!("  {}\n", changed_text(entry))));
        if undone.has_more {
            out.push_str("  and more\n");
        }
    }
    if !undone.as_undone.is_empty() {
        let them = undone.as_undone.iter().map(|(customer, run)| format!("  customer {customer}: run {run}\n"));
        out.push_str("restored to values of an undone run, which --keep-changed had kept; check them:\n");
        out.extend(them);
        if undone.as_undone.len() == MOST_LISTED {
            out.push_str("  there may be more\n");
        }
    }
    if undo.dry_run {
        out.push_str("nothing was written (--dry-run)\n");
    }
    out
}

fn undone_data(undo: &UndoOptions, undone: &Undone) -> Value {
    let changed = undone.listed.iter().map(|entry| {
        let (since, run) = match entry.since {
            Since::ChangedBy(run) => ("changed-by-run", Some(run)),
            Since::Changed => ("changed", None),
            Since::Deleted => ("deleted", None),
            Since::SomeChanged => ("some-changed", None),
        };
        json!({ "first_customer_id": entry.first, "last_customer_id": entry.last, "since": since, "by_run": run })
    });
    let as_left = |(customer, run): &(i64, i64)| json!({ "customer_id": customer, "run_id": run });
    let status = match undone.is_done {
        true if undo.dry_run => "dry-run",
        true => UNDONE,
        false => "refused",
    };
    json!({
        "run_id": undo.run_id,
        "status": status,
        "dry_run": undo.dry_run,
        "deleted": undone.deleted,
        "restored": undone.restored,
        "deletable": undone.deletable,
        "restorable": undone.restorable,
        "changed": undone.changed,
        "changed_customers": changed.collect::<Vec<_>>(),
        "has_more": undone.has_more,
        "as_undone": undone.as_undone.iter().map(as_left).collect::<Vec<_>>(),
    })
}

fn shown(path: &Path) -> String {
    visible(&path.to_string_lossy()).into_owned()
}
