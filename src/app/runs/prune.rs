//! What `runs prune` has done.

use std::path::Path;

use serde_json::{Value, json};

use crate::app::print::shown;
use crate::app::table::{counted, span};
use crate::sink::sqlite::Pruned;

/// What was done, as a text.
pub(super) fn text(pruned: &Pruned, database: &Path) -> String {
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

/// What was done, as JSON.
pub(super) fn data(pruned: &Pruned) -> Value {
    json!({ "runs": pruned.runs, "rows": pruned.rows })
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
