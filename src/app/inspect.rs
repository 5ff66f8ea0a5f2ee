//! `custload inspect`: prints what a run would make of a file, as text or JSON, and writes a mapping file to edit.

use std::collections::HashSet;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use comfy_table::{Attribute, Cell, Color};

use super::console::{Console, print};
use super::options;
use super::table::{counted, number, table, without_trailing_spaces};
use super::{args::InspectArgs, words::Words};
use crate::core::profile::Header;
use crate::core::text::{is_hidden, visible};
use crate::error::{Error, Result};
use crate::report::summary::{ColumnSummary, Ignored, escaped};
use crate::run::option_table::Copied;
use crate::run::{self, ColumnContent, FitSummary, INSPECTED_RECORDS, Inspection, Observer};

pub(super) fn run(args: &InspectArgs, stop: Arc<AtomicUsize>) -> anyhow::Result<i32> {
    let inspection = run::inspect(&options::inspected(args, stop)?)?;
    print(&if args.json { json(&inspection) } else { text(&inspection, args) })?;
    if let Some(path) = &args.write_mapping {
        write_mapping(path, &inspection)?;
    }
    // As a run would end.
    Ok(match &inspection.problem {
        Some(problem) => {
            Console::new(true).note(problem);
            2
        }
        None => 0,
    })
}

fn json(inspection: &Inspection) -> String {
    escaped(&serde_json::to_string_pretty(inspection).unwrap_or_default())
}

fn text(inspection: &Inspection, args: &InspectArgs) -> String {
    let colours = Colours::here();
    let shown = |command: Words| colours.with(BOLD, &visible(&command.quoted()));
    let path = visible(&inspection.input.path);
    let mut page = format!("{}\n", colours.with(BOLD, &format!("{path}: {}", visible(&inspection.described))));
    for note in &inspection.notes {
        page.push_str(&format!("{}\n", colours.with(YELLOW, &visible(note))));
    }
    page.push_str(&format!("\n{}\n\n{}\n", fits(inspection), columns(inspection, &colours)));
    if inspection.problem.is_some() {
        // The problem itself goes to standard error.
        if !inspection.proposed_options.is_empty() {
            let command = command(args, args.options.text("profile")).with(&inspection.proposed_options);
            page.push_str(&format!("\nTo load it, if this is what its columns mean:\n\n  {}\n", shown(command)));
        }
        return without_trailing_spaces(&page);
    }
    page.push_str(&format!("\n{}\n", verdicts(inspection, &colours)));
    if inspection.short_zips > 0 {
        let warning = format!(
            "{} with four digits in US states whose codes begin with 0: a spreadsheet has removed the zeros.",
            counted(inspection.short_zips, "ZIP code", "ZIP codes")
        );
        page.push_str(&format!("\n{}\n", colours.with(YELLOW, &warning)));
    }
    if !inspection.first_records.is_empty() {
        page.push_str(&format!("\nThe first records as they would be stored:\n\n{}\n", first_records(inspection)));
    }
    let command = command(args, args.options.text("profile").or(inspection.profile.as_deref()));
    page.push_str(&format!("\nTo load it:\n\n  {}\n", shown(command)));
    without_trailing_spaces(&page)
}

fn command(args: &InspectArgs, profile: Option<&str>) -> Words {
    let input = args.input.to_string_lossy();
    Words::import(&[input], profile).copying(&args.options, &[Copied::File, Copied::Meaning])
}

/// Colours, if the terminal has them.
struct Colours(bool);

/// How a terminal is told to show a text (ECMA-48).
const BOLD: &str = "1";
const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";

impl Colours {
    fn here() -> Colours {
        let is_wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            && std::env::var_os("TERM").is_none_or(|terminal| terminal != "dumb");
        Colours(is_wanted && std::io::stdout().is_terminal())
    }

    fn with(&self, code: &str, text: &str) -> String {
        if self.0 { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_string() }
    }

    fn cell(&self, text: String, colour: Option<Color>) -> Cell {
        match colour.filter(|_| self.0) {
            Some(colour) => Cell::new(text).fg(colour),
            None => Cell::new(text),
        }
    }
}

fn fits(inspection: &Inspection) -> String {
    let one = |fit: &FitSummary| match fit.missing.as_slice() {
        [] if fit.matched == 1 => format!("{} fits, 1 field", fit.profile),
        [] => format!("{} fits, {} fields", fit.profile, fit.matched),
        missing => format!("{} needs {}", fit.profile, missing.join(", ")),
    };
    let fits: Vec<String> = inspection.fits.iter().map(one).collect();
    let profile = inspection.profile.as_ref().map_or("No profile".to_string(), |profile| format!("Profile {profile}"));
    format!("{profile} ({})", fits.join("; "))
}

const MOST_COLUMNS: usize = 200;

fn columns(inspection: &Inspection, colours: &Colours) -> String {
    let mut columns = table(["column", "field", "by", "filled", "right", "examples"]);
    let records = records(inspection);
    for (column, content) in inspection.input.columns.iter().zip(&inspection.content).take(MOST_COLUMNS) {
        let name = match column.header.trim() {
            "" => "(without a name)".to_string(),
            name => shortened(name, 30),
        };
        let (field, colour) = goes_to(column, content);
        let right = match column.field {
            Some(_) if content.filled > 0 => share(content.filled.saturating_sub(content.faulty), content.filled),
            _ => String::new(),
        };
        let right_colour = (content.faulty > 0 && column.field.is_some()).then_some(Color::Red);
        columns.add_row([
            Cell::new(name).add_attribute(Attribute::Reset),
            colours.cell(field, colour),
            Cell::new(column.how.unwrap_or_default()),
            Cell::new(share(content.filled, records)),
            colours.cell(right, right_colour),
            Cell::new(content.examples.iter().map(|value| shortened(value, 24)).collect::<Vec<_>>().join(" · ")),
        ]);
    }
    let more = inspection.input.columns.len().saturating_sub(MOST_COLUMNS);
    if more > 0 { format!("{columns}\nand {more} more columns") } else { columns.to_string() }
}

fn goes_to(column: &ColumnSummary, content: &ColumnContent) -> (String, Option<Color>) {
    match (&column.field, &column.ignored, &content.proposal) {
        (Some(field), None, _) => (field.clone(), Some(Color::Green)),
        (Some(field), Some(_), _) => (format!("{field}, sometimes"), Some(Color::Green)),
        (None, _, Some(near)) => (format!("none; is it {near}?"), Some(Color::Yellow)),
        (None, Some(Ignored::Outranked(why)), _) => (format!("none: {}", visible(why)), None),
        (None, Some(Ignored::Mapped), _) => ("none (ignored by the map)".to_string(), None),
        (None, ..) => ("none".to_string(), Some(Color::Yellow)),
    }
}

fn records(inspection: &Inspection) -> u64 {
    inspection.input.counts.read - inspection.input.counts.blank.min(inspection.input.counts.read)
}

fn verdicts(inspection: &Inspection, colours: &Colours) -> String {
    let counts = &inspection.input.counts;
    let records = records(inspection);
    let first = if records >= INSPECTED_RECORDS { "the first " } else { "" };
    let records = counted(records, "record", "records");
    if counts.rejected == 0 {
        return colours.with(GREEN, &format!("0 of {first}{records} would be rejected."));
    }
    let title = format!("{} of {first}{records} would be rejected:", number(counts.rejected));
    let mut codes = table(["code", "records", "first seen", "what is wrong there"]);
    let mut by_count: Vec<_> = inspection.rejects_by_code.values().collect();
    by_count.sort_by_key(|example| std::cmp::Reverse(example.records));
    for example in by_count {
        codes.add_row([
            example.code.name().to_string(),
            number(example.records),
            format!("line {}", number(example.first_line)),
            shortened(&example.message, 90),
        ]);
    }
    format!("{}\n\n{codes}\n\n`custload explain CODE` tells how to correct it.", colours.with(RED, &title))
}

fn first_records(inspection: &Inspection) -> String {
    // One line a record: a column for each field would be too wide for most terminals.
    let mut page = Vec::new();
    for (index, record) in inspection.first_records.iter().enumerate() {
        let values: Vec<String> = record
            .0
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(column, value)| match value {
                serde_json::Value::String(text) => format!("{column}={}", shortened(text, 40)),
                other => format!("{column}={other}"),
            })
            .collect();
        page.push(format!("  {}. {}", index + 1, values.join("  ")));
    }
    page.join("\n")
}

fn share(part: u64, whole: u64) -> String {
    (100 * part).checked_div(whole).map(|percent| format!("{percent}%")).unwrap_or_default()
}

fn shortened(text: &str, most: usize) -> String {
    let text = visible(text);
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}

/// Writes a mapping file to edit. An existing file is never overwritten.
fn write_mapping(path: &Path, inspection: &Inspection) -> Result<()> {
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Error::Usage(format!("--write-mapping {}: the file exists already; name another one", path.display()))
        }
        _ => Error::Usage(format!("--write-mapping {}: cannot write it: {error}", path.display())),
    };
    let mut file = std::fs::File::options().write(true).create_new(true).open(path).map_err(failed)?;
    file.write_all(mapping_file(inspection).as_bytes()).map_err(failed)
}

fn mapping_file(inspection: &Inspection) -> String {
    let profile = inspection.profile.as_deref().unwrap_or("NAME");
    let mut file = format!(
        "# Where the columns of {} go, in the profile {profile}: \"Their header\" = \"field\"; \"\" ignores a column.\n\
         # `custload profiles {profile}` lists the fields. Use it with --mapping.\n\n[columns]\n",
        visible(&inspection.input.path)
    );
    let mut written = HashSet::new();
    let headers: Vec<String> = inspection.input.columns.iter().map(|column| column.header.clone()).collect();
    let header = Header::new(&headers);
    for ((column, content), name) in inspection.input.columns.iter().zip(&inspection.content).zip(header.map_names()) {
        if column.header.trim().is_empty() || !written.insert(name) {
            continue;
        }
        let header = toml_text(name);
        let proposal = content.proposal.as_ref().map(|near| format!(" # is it {near}?")).unwrap_or_default();
        match (&column.target, &column.ignored) {
            (Some(target), None) => file.push_str(&format!("{header} = {}\n", toml_text(target))),
            // Another column fills its field, and a map would replace that one.
            (_, Some(Ignored::Outranked(why))) => file.push_str(&format!("# {header} = \"\" # {}\n", visible(why))),
            _ => file.push_str(&format!("{header} = \"\"{proposal}\n")),
        }
    }
    file.push_str(
        "\n# Values that fill missing ones:\n[constants]\n# description = \"from the old system\"\n\n\
         # Values to replace:\n# [values.country]\n# \"D\" = \"DE\"\n",
    );
    file
}

/// A text in TOML: as in JSON, with escapes for hidden characters.
fn toml_text(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    let escape = |character: char| match is_hidden(character) {
        true if character as u32 > 0xffff => format!("\\U{:08X}", character as u32),
        true => format!("\\u{:04X}", character as u32),
        false => character.to_string(),
    };
    json.chars().map(escape).collect()
}
