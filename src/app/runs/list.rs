//! The list of a database's runs.

use std::path::Path;

use super::show::unfinished;
use crate::app::console::shown;
use crate::app::table::{align_right, number, table, without_trailing_spaces};
use crate::core::record::{Count, Counts};
use crate::core::text::visible;
use crate::run::RunStory;
use crate::sink::sqlite::{FileRow, UNFINISHED};

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
        row.push(inputs(&run.inputs));
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

pub(super) fn text(runs: &[RunStory], database: &Path) -> String {
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

fn inputs(files: &[FileRow]) -> String {
    let Some(first) = files.first() else { return "none".to_string() };
    let first = match Path::new(&first.path).file_name().map(|name| name.to_string_lossy()) {
        Some(name) if name.len() < first.path.len() => format!("…/{}", visible(&name)),
        _ => visible(&first.path).into_owned(),
    };
    if files.len() == 1 { first } else { format!("{first} and {} more", number(files.len() as u64 - 1)) }
}
