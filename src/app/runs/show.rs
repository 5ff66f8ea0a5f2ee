//! One run of a database: `runs show`.

use std::path::Path;

use serde_json::{Value, json};

use crate::app::console::shown;
use crate::app::table::{align_right, number, span, table, without_trailing_spaces};
use crate::core::record::{Count, Counts, Sum};
use crate::core::text::visible;
use crate::run::{self, RunStory};
use crate::shell;
use crate::sink::sqlite::{FileRow, UNDONE, UNFINISHED};

pub(super) fn text(story: &RunStory, database: &Path) -> String {
    let run = &story.run;
    let is_stopped = run.status == UNFINISHED;
    let status = if story.is_running { "running" } else { &run.status };
    let mut out = format!("run {} in {}: {}\n\n", run.run_id, shown(database), visible(status));
    let mut say = |what: &str, value: &str| out.push_str(&format!("{what:<10} {}\n", visible(value)));
    say("profile", &run.profile);
    say("mode", &run.mode);
    say("started", &run.started_at);
    if !is_stopped {
        say("ended", &run.ended_at);
    }
    if let (Some(first), Some(last)) = (run.first_customer_id, run.last_customer_id) {
        let customers = if first == last { "customer" } else { "customers" };
        say("created", &format!("{customers} {}", span(first, last)));
    }
    say("reports", &reports(story));
    // The mode has its own line.
    for (name, value) in run::given_options(&run.options).into_iter().filter(|(name, _)| name != "mode") {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_string);
        say("option", &format!("{name} {value}"));
    }
    say("undo", &can_be_undone(story, database));
    out.push_str(&format!("\n{}\n\n", inputs(story)));
    for file in &run.inputs {
        out.push_str(&format!("SHA-256 {}  {}\n", visible(&file.sha256), visible(&file.path)));
    }
    if is_stopped && !story.is_running {
        out.push_str(&format!("\n{}\n", unfinished(run.run_id, database)));
    }
    without_trailing_spaces(&out)
}

fn reports(story: &RunStory) -> String {
    match &story.reports {
        Some(folder) if folder.exists() => folder.display().to_string(),
        Some(folder) if story.run.status == UNFINISHED => format!("{} when it is finished", folder.display()),
        Some(folder) => format!("not there any more: {}", folder.display()),
        None => "none".to_string(),
    }
}

fn inputs(story: &RunStory) -> comfy_table::Table {
    let run = &story.run;
    let is_shown = |count: &&Count| count.is_of_records() && count.sum != Sum::Accepted;
    let counts: Vec<&Count> = Counts::TABLE.iter().filter(is_shown).collect();
    let names = counts.iter().map(|count| count.name);
    let mut files = table(std::iter::once("input").chain(names).chain(["bytes"]));
    let all = (run.inputs.len() != 1).then(|| ("all", run.counts, String::new()));
    let rows = run.inputs.iter().map(|file| (file.path.as_str(), file.counts, number(file.bytes)));
    for (name, values, bytes) in rows.chain(all) {
        let values = counts.iter().map(|count| number((count.get)(&values)));
        files.add_row(std::iter::once(visible(name).into_owned()).chain(values).chain([bytes]));
    }
    align_right(&mut files, &(1..counts.len() + 2).collect::<Vec<_>>());
    files
}

/// What to do about a run that was stopped between two checkpoints.
pub(super) fn unfinished(run_id: i64, database: &Path) -> String {
    format!(
        "run {run_id} was stopped: its command continues it (with a higher limit, if a limit on rejects stopped it), \
         `{}` undoes it.",
        shell::undo(run_id, database)
    )
}

fn can_be_undone(story: &RunStory, database: &Path) -> String {
    let run = &story.run;
    match (run.status.as_str(), run.is_pruned) {
        _ if story.is_running => "not while it is running".to_string(),
        (UNDONE, _) => format!("done at {}", visible(run.undone_at.as_deref().unwrap_or_default())),
        (_, true) => "not possible: what is needed for it was pruned".to_string(),
        (_, false) => format!("possible: `{}`", shell::undo(run.run_id, database)),
    }
}

pub(super) fn data(story: &RunStory) -> Value {
    let RunStory { run, reports, is_running } = story;
    let file = |file: &FileRow| {
        let data = json!({ "path": file.path, "bytes": file.bytes, "sha256": file.sha256 });
        with_counts(data, &file.counts, Count::is_of_records)
    };
    let data = json!({
        "run_id": run.run_id,
        "profile": run.profile,
        "mode": run.mode,
        "status": run.status,
        "is_going_on": is_running,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "undone_at": run.undone_at,
        "can_be_undone": !is_running && run.status != UNDONE && !run.is_pruned,
        "first_customer_id": run.first_customer_id,
        "last_customer_id": run.last_customer_id,
        "reports": reports.as_ref().map(|folder| folder.to_string_lossy()),
        "options": serde_json::from_str(&run.options).unwrap_or(Value::Null),
        "inputs": run.inputs.iter().map(file).collect::<Vec<_>>(),
    });
    with_counts(data, &run.counts, |_| true)
}

fn with_counts(mut data: Value, counts: &Counts, is_kept: impl Fn(&Count) -> bool) -> Value {
    for count in Counts::TABLE.iter().filter(|count| is_kept(count)) {
        data[count.name] = json!((count.get)(counts));
    }
    data
}
