//! The table that a run ends with.

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use indicatif::HumanCount;

use std::path::Path;

use crate::core::text::visible;
use crate::report::summary::{CodeCount, Counts, Status, Summary};

/// Columns under a ruled header, and nothing else that catches the eye.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// An empty table in the program's style.
pub(super) fn table<'h>(header: impl IntoIterator<Item = &'h str>) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Dynamic).set_header(header);
    // Where the output is no terminal, or one that does not know its width, no column is made narrow.
    const NARROWEST: u16 = 40;
    if table.width().is_none_or(|width| width < NARROWEST) {
        table.set_content_arrangement(ContentArrangement::Disabled);
    }
    table
}

/// Puts these columns, from 0, to the right.
pub(super) fn align_right(table: &mut Table, columns: &[usize]) {
    for column in columns {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

pub(super) fn number(count: u64) -> String {
    HumanCount(count).to_string()
}

/// A run's numbers for a person.
///
/// `again` gives the command that loads a mended reject report.
pub(super) fn summary(summary: &Summary, again: impl Fn(&str) -> String) -> String {
    let mut out = format!("{}\n", headline(summary));
    type Count = (&'static str, fn(&Counts) -> u64);
    let mut columns: Vec<Count> = vec![("read", |counts| counts.read)];
    match summary.mode {
        "create" => columns.push(("accepted", |counts| counts.accepted)),
        mode => {
            columns.push(("updated", |counts| counts.updated));
            columns.push(("unchanged", |counts| counts.unchanged));
            if mode == "upsert" {
                columns.insert(1, ("created", |counts| counts.created));
            }
        }
    }
    if summary.counts.superseded > 0 {
        columns.push(("superseded", |counts| counts.superseded));
    }
    columns.extend::<[Count; 4]>([
        ("rejected", |counts| counts.rejected),
        ("blank", |counts| counts.blank),
        ("warnings", |counts| counts.warnings),
        ("repaired", |counts| counts.repaired),
    ]);
    let mut inputs = table(std::iter::once("input").chain(columns.iter().map(|(name, _)| *name)));
    let rows = summary.inputs.iter().map(|input| (visible(&input.path).into_owned(), input.counts));
    let total = (summary.inputs.len() > 1).then(|| ("all".to_string(), summary.counts));
    for (name, counts) in rows.chain(total) {
        let numbers = columns.iter().map(|(_, count)| number(count(&counts)));
        inputs.add_row(std::iter::once(name).chain(numbers));
    }
    align_right(&mut inputs, &(1..=columns.len()).collect::<Vec<_>>());
    out.push_str(&format!("{inputs}\n\n"));
    if !summary.rejects_by_code.is_empty() || !summary.warnings_by_code.is_empty() {
        out.push_str(&format!("{}\n\n", codes(summary)));
    }
    let (repaired, deprecated) = (&summary.repaired_by_field, &summary.deprecated_by_field);
    for (what, fields) in [("repaired", repaired), ("deprecated", deprecated)] {
        if !fields.is_empty() {
            let counts: Vec<String> =
                fields.iter().map(|(field, count)| format!("{field} {}", number(*count))).collect();
            out.push_str(&format!("{what}: {}\n", counts.join(", ")));
        }
    }
    if let Some(short) = &summary.short_zips {
        out.push_str(&format!(
            "WARNING: {} with four digits beside a US state whose codes begin with 0 (first: {}, line {}). A \
             spreadsheet has taken the zeros; format the column as text there, and save it again\n",
            if short.records == 1 { "1 ZIP code".to_string() } else { format!("{} ZIP codes", number(short.records)) },
            visible(&short.first_file),
            number(short.first_line)
        ));
    }
    if let (Some(first), Some(last)) = (summary.first_customer_id, summary.last_customer_id) {
        let database = visible(summary.database.as_deref().unwrap_or_default()).into_owned();
        let customers =
            if first == last { format!("customer {first}") } else { format!("customers {first} to {last}") };
        out.push_str(&format!("{customers} in {database}\n"));
    }
    if let Some(reports) = &summary.reports {
        out.push_str(&format!("reports in {}\n", visible(reports)));
        // Only what a run has left out can be loaded by itself.
        let what = if summary.is_done() { "to correct and load again" } else { "rejected records" };
        let rejects = summary.inputs.iter().filter(|input| input.counts.rejected > 0);
        for name in rejects.filter_map(|input| input.rejects.as_deref()) {
            let path = Path::new(reports).join(name);
            out.push_str(&format!("{what}: {}\n", visible(&path.to_string_lossy())));
            if summary.is_done() {
                out.push_str(&format!("  {}\n", visible(&again(&path.to_string_lossy()))));
            }
        }
        if summary.status == Status::Threshold && summary.kept_records.is_none() {
            out.push_str("nothing was loaded: mend the input itself, and load it as a whole\n");
        }
    }
    // Of a moment's work no rate can be told.
    if let Some(rate) = summary.records_per_second.filter(|_| summary.elapsed_seconds >= 0.1) {
        out.push_str(&format!("{:.1} s, {} records a second\n", summary.elapsed_seconds, number(rate)));
    }
    without_trailing_spaces(&out)
}

/// The text without the blanks that a table pads its lines with.
pub(super) fn without_trailing_spaces(text: &str) -> String {
    text.lines().flat_map(|line| [line.trim_end(), "\n"]).collect()
}

fn headline(summary: &Summary) -> String {
    let run = summary.run_id.map(|run| format!("run {run}, ")).unwrap_or_default();
    let profile = &summary.profile;
    match summary.status {
        Status::Finished => format!("{run}profile {profile}: loaded"),
        Status::NothingLoaded => {
            let why = summary.reason.as_deref().unwrap_or("every record was rejected");
            format!("{run}profile {profile}: nothing loaded: {why}")
        }
        Status::Skipped => format!("profile {profile}: nothing to do, nothing was written"),
        Status::Checked => format!("profile {profile}: checked, nothing was written to a database"),
        Status::Threshold => {
            format!("{run}profile {profile}: STOPPED: {}", summary.reason.as_deref().unwrap_or_default())
        }
    }
}

fn codes(summary: &Summary) -> Table {
    let mut table = table(["code", "records", "share", "first seen", "what it is"]);
    let records = summary.counts.accepted + summary.counts.rejected;
    let several = summary.inputs.len() > 1;
    let mut by_count: Vec<(&CodeCount, &str)> = summary.rejects_by_code.values().map(|count| (count, "")).collect();
    by_count.sort_by_key(|(count, _)| std::cmp::Reverse(count.records));
    let warnings = summary.warnings_by_code.values().map(|count| (count, " (warning)"));
    for (count, severity) in by_count.into_iter().chain(warnings) {
        let file = if several { format!("{}, ", visible(&count.first_file)) } else { String::new() };
        table.add_row([
            format!("{}{severity}", count.code.name()),
            number(count.records),
            format!("{:.2}%", 100.0 * count.records as f64 / records.max(1) as f64),
            format!("{file}line {}", count.first_line),
            count.code.info().title.to_string(),
        ]);
    }
    align_right(&mut table, &[1, 2]);
    table
}
