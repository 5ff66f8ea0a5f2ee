//! `custload runs`: lists the runs of a database, shows one, or prunes old ones.

mod list;
mod show;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use serde_json::json;

use super::args::{RunsArgs, RunsCommand};
use super::console::{Console, pretty, print, print_done, shown};
use super::options;
use super::table::{counted, span};
use crate::run;
use crate::sink::sqlite::Pruned;

pub(super) fn runs(args: &RunsArgs, stop: Arc<AtomicUsize>) -> anyhow::Result<i32> {
    let access = options::database_access(&args.database, stop)?;
    let (database, as_json) = (&args.database.db, args.database.json);
    let mut console = Console::new(false);
    match args.command {
        None => {
            let runs = run::runs(&access, &mut console)?;
            print(&if as_json { pretty(&runs.iter().map(show::data).collect()) } else { list::text(&runs, database) })
        }
        Some(RunsCommand::Show { run }) => {
            let run = run::one_run(&access, run, &mut console)?;
            print(&if as_json { pretty(&show::data(&run)) } else { show::text(&run, database) })
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
