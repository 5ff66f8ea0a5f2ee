//! `custload undo`: undoes a run, and says what was deleted, restored and left.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use serde_json::{Value, json};

use super::console::{Console, pretty, print, print_done, shown};
use super::options;
use super::{args::UndoArgs, table::counted};
use crate::run::{self, Observer, UndoOptions};
use crate::shell;
use crate::sink::sqlite::{ChangeCause, ChangedCustomers, MOST_LISTED, UNDONE, Undone};

pub(super) fn undo(args: &UndoArgs, stop: Arc<AtomicUsize>) -> anyhow::Result<i32> {
    let access = options::database_access(&args.database, stop)?;
    let now = args.now.as_deref().map(options::now).transpose()?;
    let (run_id, keep_changed, dry_run) = (args.run, args.keep_changed, args.dry_run);
    let undo = UndoOptions { run_id, keep_changed, dry_run, now };
    let mut console = Console::new(false);
    let undone = run::undo(&access, &undo, &mut console)?;
    let (database, as_json) = (&args.database.db, args.database.json);
    if !undone.is_done {
        refusal(&undo, &undone, database).iter().for_each(|line| console.note(line));
        if as_json {
            print(&pretty(&data(&undo, &undone)))?;
        }
        return Ok(2);
    }
    let text = if as_json { pretty(&data(&undo, &undone)) } else { text(&undo, &undone, database) };
    if dry_run { print(&text) } else { Ok(print_done(&text, &mut console)) }
}

fn refusal(undo: &UndoOptions, undone: &Undone, database: &Path) -> Vec<String> {
    let run_id = undo.run_id;
    let is_parent = |entry: &ChangedCustomers| matches!(entry.since, ChangeCause::ParentOf(_));
    let why = match undone.listed.iter().any(is_parent) {
        true => counted(undone.changed, "customer has children that stay", "customers have children that stay"),
        false => counted(undone.changed, "customer has changed since", "customers have changed since"),
    };
    let was_not = if undo.dry_run { "would not be" } else { "was not" };
    let mut lines = vec![format!("run {run_id} {was_not} undone, and nothing was written: {why}")];
    lines.extend(undone.listed.iter().map(|entry| format!("  {entry}")));
    lines.extend(undone.has_more.then(|| "  and more".to_string()));
    lines.push(format!(
        "undo later runs first, or undo the rest with `{} --keep-changed` ({})",
        shell::undo(run_id, database),
        changes(undone.deletable, undone.restorable)
    ));
    lines
}

fn changes(deleted: u64, restored: u64) -> String {
    let done = [(deleted, "deleted"), (restored, "restored")].into_iter().filter(|(count, _)| *count > 0);
    let done: Vec<String> =
        done.map(|(count, what)| format!("{} {what}", counted(count, "customer", "customers"))).collect();
    if done.is_empty() { "no customer had to be changed".to_string() } else { done.join(", ") }
}

fn text(undo: &UndoOptions, undone: &Undone, database: &Path) -> String {
    let is = if undo.dry_run { "would be" } else { "is" };
    let done = changes(undone.deleted, undone.restored);
    let mut out = format!("run {} in {} {is} undone: {done}\n", undo.run_id, shown(database));
    if undone.changed > 0 {
        out.push_str(&format!("left as they are: {}\n", counted(undone.changed, "customer", "customers")));
        undone.listed.iter().for_each(|entry| out.push_str(&format!("  {entry}\n")));
        if undone.has_more {
            out.push_str("  and more\n");
        }
    }
    if !undone.as_undone.is_empty() {
        out.push_str("restored to values from an undone run, which --keep-changed had left there; check them:\n");
        out.extend(undone.as_undone.iter().map(|(customer, run)| format!("  customer {customer}: run {run}\n")));
        if undone.as_undone.len() == MOST_LISTED {
            out.push_str("  there may be more\n");
        }
    }
    if undo.dry_run {
        out.push_str("nothing was written (--dry-run)\n");
    }
    out
}

fn data(undo: &UndoOptions, undone: &Undone) -> Value {
    let changed = undone.listed.iter().map(|entry| {
        let (since, run) = match entry.since {
            ChangeCause::Run(run) => ("changed-by-run", Some(run)),
            ChangeCause::Other => ("changed", None),
            ChangeCause::Deleted => ("deleted", None),
            ChangeCause::ParentOf(_) => ("has-children", None),
        };
        let child = if let ChangeCause::ParentOf(child) = entry.since { Some(child) } else { None };
        json!({
            "first_customer_id": entry.first,
            "last_customer_id": entry.last,
            "since": since,
            "by_run": run,
            "child_customer_id": child,
        })
    });
    let as_undone = |(customer, run): &(i64, i64)| json!({ "customer_id": customer, "run_id": run });
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
        "as_undone": undone.as_undone.iter().map(as_undone).collect::<Vec<_>>(),
    })
}
