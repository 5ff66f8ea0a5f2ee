//! Tables: those that a run ends with ([`summary`]), and what others need to print theirs.

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use indicatif::HumanCount;

use std::path::Path;

use crate::core::record::{Count, Counts};
use crate::core::text::visible;
use crate::report::summary::{CodeCount, ShortZips, Status, Summary};

/// Columns under a ruled header, without other lines.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

pub(super) fn table<'h>(header: impl IntoIterator<Item = &'h str>) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Dynamic).set_header(header);
    // If the output is not a terminal, or one of unknown width, columns are as wide as they need.
    const NARROWEST: u16 = 40;
    if table.width().is_none_or(|width| width < NARROWEST) {
        table.set_content_arrangement(ContentArrangement::Disabled);
    }
    table
}

/// Aligns these columns, numbered from 0, to the right.
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

/// `1 row`, `2 rows`.
pub(super) fn counted(count: u64, one: &str, several: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { several })
}

/// `4`, or `4 to 6`.
pub(super) fn span(first: i64, last: i64) -> String {
    if first == last { first.to_string() } else { format!("{first} to {last}") }
}

/// `customer 4`, or `customers 4 to 6`.
pub(super) fn customers(first: i64, last: i64) -> String {
    format!("{} {}", if first == last { "customer" } else { "customers" }, span(first, last))
}

/// A run's numbers for a person. `again` returns the command that loads a corrected reject report.
pub(super) fn summary(summary: &Summary, again: impl Fn(&str) -> String) -> String {
    let mut out = format!("{}\n{}\n\n", headline(summary), inputs(summary));
    if !summary.rejects_by_code.is_empty() || !summary.warnings_by_code.is_empty() {
        out.push_str(&format!("{}\n\n", codes(summary)));
    }
    for (what, fields) in [("repaired", &summary.repaired_by_field), ("deprecated", &summary.deprecated_by_field)] {
        if !fields.is_empty() {
            let counts: Vec<String> =
                fields.iter().map(|(field, count)| format!("{field} {}", number(*count))).collect();
            out.push_str(&format!("{what}: {}\n", counts.join(", ")));
        }
    }
    out.extend(summary.short_zips.as_ref().map(short_zips));
    if let (Some(first), Some(last)) = (summary.first_customer_id, summary.last_customer_id) {
        let database = visible(summary.database.as_deref().unwrap_or_default());
        out.push_str(&format!("{} in {database}\n", customers(first, last)));
    }
    out.extend(summary.reports.as_deref().map(|folder| reports(summary, folder, again)));
    // The rate of a very short run means nothing.
    if let Some(rate) = summary.records_per_second.filter(|_| summary.elapsed_seconds >= 0.1) {
        out.push_str(&format!("{:.1} s, {} records a second\n", summary.elapsed_seconds, number(rate)));
    }
    without_trailing_spaces(&out)
}

fn inputs(summary: &Summary) -> Table {
    // The others are redundant in this mode.
    let is_shown = |count: &&Count| match count.name {
        "accepted" => summary.mode == "create",
        "created" => summary.mode == "upsert",
        "updated" | "unchanged" => summary.mode != "create",
        "superseded" => summary.counts.superseded > 0,
        _ => true,
    };
    let columns: Vec<&Count> = Counts::TABLE.iter().filter(is_shown).collect();
    let mut inputs = table(std::iter::once("input").chain(columns.iter().map(|count| count.name)));
    let rows = summary.inputs.iter().map(|input| (visible(&input.path).into_owned(), input.counts));
    let total = (summary.inputs.len() > 1).then(|| ("all".to_string(), summary.counts));
    for (name, counts) in rows.chain(total) {
        let numbers = columns.iter().map(|count| number((count.get)(&counts)));
        inputs.add_row(std::iter::once(name).chain(numbers));
    }
    align_right(&mut inputs, &(1..=columns.len()).collect::<Vec<_>>());
    inputs
}

fn short_zips(short: &ShortZips) -> String {
    format!(
        "WARNING: {} with four digits in US states whose codes begin with 0 (first: {}, line {}). A spreadsheet has removed \
         the zeros: format the column as text there, and save it again\n",
        counted(short.records, "ZIP code", "ZIP codes"),
        visible(&short.first_file),
        number(short.first_line)
    )
}

fn reports(summary: &Summary, folder: &str, again: impl Fn(&str) -> String) -> String {
    let mut out = format!("reports in {}\n", visible(folder));
    // Rejects can be loaded by themselves only if the run was committed.
    let what = if summary.is_done() { "to correct and load again" } else { "rejected records" };
    let rejects = summary.inputs.iter().filter(|input| input.counts.rejected > 0);
    for name in rejects.filter_map(|input| input.rejects.as_deref()) {
        let path = Path::new(folder).join(name).to_string_lossy().into_owned();
        out.push_str(&format!("{what}: {}\n", visible(&path)));
        if summary.is_done() {
            out.push_str(&format!("  {}\n", visible(&again(&path))));
        }
    }
    if summary.status == Status::Threshold && summary.kept_records.is_none() {
        out.push_str("nothing was loaded: correct the input itself, and load all of it again\n");
    }
    out
}

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
