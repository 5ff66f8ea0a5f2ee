//! `custload runs`: lists the runs of a database, shows one, or prunes old ones.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use comfy_table::Table;
use serde_json::{Value, json};

use super::args::{RunsArgs, RunsCommand};
use super::console::{Console, pretty, print, print_done, shown};
use super::options;
use super::table::{align_right, counted, customers, number, span, table, without_trailing_spaces};
use crate::core::profile::TABLE;
use crate::core::record::{Count, Counts, Sum};
use crate::core::text::visible;
use crate::run::{self, RunStory};
use crate::shell;
use crate::sink::sqlite::{FileRow, Pruned, UNDONE, UNFINISHED};

pub(super) fn runs(args: &RunsArgs, stop: Arc<AtomicUsize>) -> anyhow::Result<i32> {
    let access = options::database_access(&args.database, stop)?;
    let (database, as_json) = (&args.database.db, args.database.json);
    let mut console = Console::new(false);
    match args.command {
        None => {
            let runs = run::runs(&access, &mut console)?;
            print(&if as_json { pretty(&runs.iter().map(data).collect()) } else { list(&runs, database) })
        }
        Some(RunsCommand::Show { run }) => {
            let run = run::one_run(&access, run, &mut console)?;
            print(&if as_json { pretty(&data(&run)) } else { one_run(&run, database) })
        }
        Some(RunsCommand::Prune { keep }) => {
            let pruned = run::prune(&access, keep, &mut console)?;
            let data = json!({ "runs": pruned.runs, "rows": pruned.rows });
            let text = if as_json { pretty(&data) } else { pruned_text(&pruned, database) };
            Ok(print_done(&text, &mut console))
        }
    }
}

fn pruned_text(pruned: &Pruned, database: &Path) -> String {
    if pruned.runs.is_empty() {
        return format!("{}: nothing to prune\n", shown(database));
    }
    let runs: Vec<String> = spans(&pruned.runs).into_iter().map(|(first, last)| span(first, last)).collect();
    format!(
        "{}: {} {} cannot be undone any more; {} deleted. New rows use the space; VACUUM returns it to the disk\n",
        shown(database),
        if pruned.runs.len() == 1 { "run" } else { "runs" },
        runs.join(", "),
        counted(pruned.rows, "row", "rows")
    )
}

/// Numbers in ascending order, as ranges without gaps.
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

/// The columns that only some lists have. To keep the table narrow, a column with one value becomes a line below it.
struct Columns {
    profile: bool,
    mode: bool,
    counts: Vec<&'static Count>,
}

impl Columns {
    fn of(runs: &[RunStory]) -> Columns {
        let is_shown = |count: &&Count| {
            let is_always = ["created", "rejected"].contains(&count.name);
            count.is_outcome() && (is_always || runs.iter().any(|story| (count.get)(&story.run.counts) > 0))
        };
        Columns {
            profile: runs.iter().any(|story| story.run.profile != runs[0].run.profile),
            mode: runs.iter().any(|story| story.run.mode != runs[0].run.mode),
            counts: Counts::TABLE.iter().filter(is_shown).collect(),
        }
    }

    fn header(&self) -> Vec<&'static str> {
        let mut header = vec!["run", "started (UTC)", "status"];
        header.extend(self.profile.then_some("profile"));
        header.extend(self.mode.then_some("mode"));
        header.extend(self.counts.iter().map(|count| count.name));
        header.push("inputs");
        header
    }

    fn row(&self, story: &RunStory) -> Vec<String> {
        let run = &story.run;
        let status = if story.is_running { "running".into() } else { visible(&run.status) };
        let mut row = vec![run.run_id.to_string(), minute(&run.started_at), status.into_owned()];
        row.extend(self.profile.then(|| visible(&run.profile).into_owned()));
        row.extend(self.mode.then(|| visible(&run.mode).into_owned()));
        row.extend(self.counts.iter().map(|count| number((count.get)(&run.counts))));
        row.push(input_names(&run.inputs));
        row
    }

    /// What all runs have in common, as `name value`.
    fn common(&self, runs: &[RunStory]) -> Vec<String> {
        let run = &runs[0].run;
        let common = [(self.profile, "profile", &run.profile), (self.mode, "mode", &run.mode)];
        let common = common.into_iter().filter(|(has_column, ..)| !has_column);
        common.map(|(_, name, value)| format!("{name} {}", visible(value))).collect()
    }
}

fn list(runs: &[RunStory], database: &Path) -> String {
    if runs.is_empty() {
        return format!("{} has no runs yet\n", shown(database));
    }
    let columns = Columns::of(runs);
    let header = columns.header();
    let last_count = header.len() - 1;
    let mut list = table(header);
    runs.iter().for_each(|story| _ = list.add_row(columns.row(story)));
    let counts = last_count - columns.counts.len()..last_count;
    align_right(&mut list, &std::iter::once(0).chain(counts).collect::<Vec<_>>());
    list.column_iter_mut().for_each(|column| _ = column.set_padding((0, 0)));
    let mut out = format!("{list}\n\n");
    let common = columns.common(runs);
    if !common.is_empty() {
        out.push_str(&format!("all of them: {}\n", common.join(", ")));
    }
    for story in runs.iter().filter(|story| story.run.status == UNFINISHED && !story.is_running) {
        out.push_str(&format!("{}\n", unfinished(story.run.run_id, database)));
    }
    out.push_str("`custload runs show N` shows a run, `custload undo N` undoes it.\n");
    without_trailing_spaces(&out)
}

/// `2026-01-31T12:00:00Z` as `2026-01-31 12:00`; another text as it is.
fn minute(time: &str) -> String {
    match time.get(..16).and_then(|minute| minute.split_once('T')) {
        Some((day, minute)) => visible(&format!("{day} {minute}")).into_owned(),
        None => visible(time).into_owned(),
    }
}

fn input_names(files: &[FileRow]) -> String {
    let Some(first) = files.first() else { return "none".to_string() };
    let first = match Path::new(&first.path).file_name().map(|name| name.to_string_lossy()) {
        Some(name) if name.len() < first.path.len() => format!("…/{}", visible(&name)),
        _ => visible(&first.path).into_owned(),
    };
    if files.len() == 1 { first } else { format!("{first} and {} more", number(files.len() as u64 - 1)) }
}

fn one_run(story: &RunStory, database: &Path) -> String {
    let run = &story.run;
    let is_stopped = run.status == UNFINISHED;
    let status = if story.is_running { "running" } else { &run.status };
    let mut out = format!("run {} in {}: {}\n\n", run.run_id, shown(database), visible(status));
    let mut say = |what: &str, value: &str| out.push_str(&format!("{what:<10} {}\n", visible(value)));
    say("profile", &run.profile);
    say("mode", &run.mode);
    if run.table_name != TABLE {
        say("table", &run.table_name);
    }
    say("started", &run.started_at);
    if !is_stopped {
        say("ended", &run.ended_at);
    }
    if let (Some(first), Some(last)) = (run.first_customer_id, run.last_customer_id) {
        say("created", &customers(first, last));
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
        Some(folder) => format!("missing: {}", folder.display()),
        None => "none".to_string(),
    }
}

fn inputs(story: &RunStory) -> Table {
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
fn unfinished(run_id: i64, database: &Path) -> String {
    format!(
        "run {run_id} was stopped. To resume it, run its command again (with a higher limit if a reject limit stopped \
         it); to undo it, run `{}`.",
        shell::undo(run_id, database)
    )
}

fn can_be_undone(story: &RunStory, database: &Path) -> String {
    let run = &story.run;
    match (run.status.as_str(), run.is_pruned) {
        _ if story.is_running => "not while it is running".to_string(),
        (UNDONE, _) => format!("done at {}", visible(run.undone_at.as_deref().unwrap_or_default())),
        (_, true) => "not possible: the data needed for it was pruned".to_string(),
        (_, false) => format!("possible: `{}`", shell::undo(run.run_id, database)),
    }
}

fn data(story: &RunStory) -> Value {
    let RunStory { run, reports, is_running } = story;
    let file = |file: &FileRow| {
        let data = json!({ "path": file.path, "bytes": file.bytes, "sha256": file.sha256 });
        with_counts(data, &file.counts, Count::is_of_records)
    };
    let data = json!({
        "run_id": run.run_id,
        "profile": run.profile,
        "mode": run.mode,
        "table": run.table_name,
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
