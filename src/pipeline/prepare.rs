//! Before anything is read: which profile, and which column goes where, for every input.

use std::collections::HashSet;
use std::path::Path;

use super::{Observer, Options};
use crate::check::plan::Plan;
use crate::check::{CsvShape, Shape};
use crate::error::{Error, Result};
use crate::profile::header::{
    Binding, Column, Conflict, HeaderNames, Match, REPORT_KEY, accepted_names, nearest_field,
};
use crate::profile::{Profile, nearest};
use crate::report::summary::{ColumnSummary, Counts, InputSummary};
use crate::rule::text::visible;
use crate::source::input::{Format, Input};

/// An input that is ready to be read.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) input: Input,
    pub(super) shape: Shape,
    /// What its reports' names begin with.
    pub(super) stem: String,
    /// What is known of it so far.
    pub(super) summary: InputSummary,
}

/// The profile of a run: the one that was named, or the one that fits the first input best.
pub(super) fn profile(name: Option<&str>, inputs: &[Input], observer: &mut dyn Observer) -> Result<&'static Profile> {
    if let Some(name) = name {
        return Profile::named(name);
    }
    let Some(first) = inputs.first() else {
        return Err(Error::Usage("name at least one input file, or - for standard input".into()));
    };
    let profile = choose(first)?;
    let from = match first.format {
        Format::Csv => "header",
        Format::Ndjson => "keys",
    };
    observer.note(&format!(
        "profile {}, chosen from the {from} of {} (--profile names another)",
        profile.name,
        visible(&first.path.to_string_lossy())
    ));
    Ok(profile)
}

/// A profile and how well an input's names fit it.
struct Fit {
    profile: &'static Profile,
    matched: usize,
    has_key: bool,
    missing: Vec<&'static str>,
}

fn choose(input: &Input) -> Result<&'static Profile> {
    let fits: Vec<Fit> = Profile::all().iter().map(|profile| fit(profile, &input.names)).collect();
    let best = fits.iter().filter(|fit| fit.missing.is_empty()).max_by_key(|fit| (fit.matched, fit.has_key));
    let path = visible(&input.path.to_string_lossy()).into_owned();
    let Some(best) = best else {
        let needs: Vec<String> =
            fits.iter().map(|fit| format!("{} lacks {}", fit.profile.name, fit.missing.join(", "))).collect();
        if input.format == Format::Ndjson && input.names.is_empty() {
            return Err(Error::Usage(format!(
                "{path}: no keys were found in its first records, so no profile can be chosen; say which with --profile"
            )));
        }
        let what = if input.format == Format::Csv { "columns" } else { "keys" };
        return Err(Error::Usage(format!(
            "{path}: no profile fits. Found: {}. Of what each profile requires, {}.{} Rename the {what}, or say which \
             profile is meant with --profile",
            listed(&input.names),
            needs.join("; "),
            delimiter_advice(input),
        )));
    };
    let rivals: Vec<&str> = fits
        .iter()
        .filter(|fit| fit.missing.is_empty() && (fit.matched, fit.has_key) == (best.matched, best.has_key))
        .map(|fit| fit.profile.name.as_str())
        .collect();
    if rivals.len() > 1 {
        return Err(Error::Usage(format!(
            "{path}: the profiles {} fit equally well. Found: {}. Say which with --profile {}",
            rivals.join(" and "),
            listed(&input.names),
            rivals.join(" or --profile ")
        )));
    }
    Ok(best.profile)
}

fn fit(profile: &'static Profile, names: &[String]) -> Fit {
    let known = HeaderNames::new(profile);
    let fields: HashSet<usize> = names.iter().filter_map(|name| known.find(name)).map(|found| found.field).collect();
    let unfilled = |(index, field): &(usize, &crate::profile::Field)| {
        field.required && field.default.is_none() && !fields.contains(index)
    };
    let missing = profile.fields.iter().enumerate().filter(unfilled).map(|(_, field)| field.column.as_str());
    Fit {
        profile,
        matched: fields.len(),
        has_key: profile.field_index(&profile.key).is_some_and(|key| fields.contains(&key)),
        missing: missing.collect(),
    }
}

/// Binds every input to the plan's profile, or says what is wrong with the first that does not fit.
pub(super) fn bind(
    inputs: Vec<Input>,
    plan: &Plan,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<Vec<Prepared>> {
    let mut stems = HashSet::new();
    let mut prepared = Vec::with_capacity(inputs.len());
    for (index, input) in inputs.into_iter().enumerate() {
        let stem = unique_stem(&input.path, &mut stems);
        let mut summary = InputSummary {
            file: index as u64 + 1,
            path: input.path.to_string_lossy().into_owned(),
            format: input.format.name(),
            encoding: "utf-8",
            bom: input.has_bom,
            counts: Counts { read: input.blank_before_header, blank: input.blank_before_header, ..Counts::default() },
            ..InputSummary::default()
        };
        let shape = match input.format {
            Format::Csv => {
                let delimiter = options.read.delimiter;
                summary.delimiter = Some(char::from(delimiter).to_string());
                summary.quote = Some("\"");
                summary.header_line = Some(input.header_line);
                let binding = bind_header(&input, plan)?;
                say_that_no_key_is_there(&input, &binding, plan, options, observer)?;
                summary.columns = columns(&binding, plan.profile);
                Shape::Csv(CsvShape::new(delimiter, binding))
            }
            Format::Ndjson => {
                summary.columns = keys(&input.names, plan);
                Shape::Ndjson
            }
        };
        let named = |matched: bool| {
            let columns = summary.columns.iter().filter(move |column| column.field.is_some() == matched);
            columns.map(|column| column.header.clone()).collect()
        };
        (summary.matched, summary.ignored) = (named(true), named(false));
        say_what_is_ignored(&input, &summary, plan.profile, options.unknown_columns_are_errors, observer)?;
        prepared.push(Prepared { input, shape, stem, summary });
    }
    Ok(prepared)
}

fn bind_header(input: &Input, plan: &Plan) -> Result<Binding> {
    let path = visible(&input.path.to_string_lossy()).into_owned();
    let profile = plan.profile;
    let binding = Binding::new(profile, &plan.names, input.names.clone()).map_err(|conflict| {
        let Conflict { field, columns: [one, other] } = conflict;
        Error::Usage(format!(
            "{path}: line {}: columns {} ({}) and {} ({}) both mean the field {}; rename one of them",
            input.header_line,
            one + 1,
            visible(&input.names[one]),
            other + 1,
            visible(&input.names[other]),
            profile.fields[field].column
        ))
    })?;
    let missing = binding.missing(profile);
    let Some(field) = missing.first() else { return Ok(binding) };
    let near = nearest_header(field, &input.names).map(|near| format!(" Is it {}?", visible(near))).unwrap_or_default();
    Err(Error::Usage(format!(
        "{path}: line {}: the profile {} requires a column {}, and none matches. Found: {}.{near}{} \
         `custload profiles {}` lists the headers that are understood",
        input.header_line,
        profile.name,
        field.column,
        listed(&input.names),
        delimiter_advice(input),
        profile.name
    )))
}

/// Without a column for the key, nothing tells customers apart, and that should not happen unnoticed.
fn say_that_no_key_is_there(
    input: &Input,
    binding: &Binding,
    plan: &Plan,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<()> {
    let Some(key) = plan.key.filter(|key| binding.sources[key.field].is_none()) else { return Ok(()) };
    let path = visible(&input.path.to_string_lossy()).into_owned();
    let column = &plan.fields[key.field].column;
    if options.fields.key.is_some() {
        return Err(Error::Usage(format!("{path}: --key {column}: the file has no column for it")));
    }
    observer.note(&format!("{path}: no column is the key, {column}, so duplicates are not looked for"));
    Ok(())
}

/// The header that is written most like one of a field's names.
fn nearest_header<'h>(field: &crate::profile::Field, headers: &'h [String]) -> Option<&'h str> {
    accepted_names(field).find_map(|name| nearest(name, headers.iter().map(String::as_str)))
}

/// A header that is one cell with another delimiter in it was not written with this one.
fn delimiter_advice(input: &Input) -> String {
    let [only] = input.names.as_slice() else { return String::new() };
    let delimiters = [(';', "';'"), ('\t', "tab"), ('|', "'|'"), (',', "','")];
    match delimiters.iter().find(|(delimiter, _)| input.format == Format::Csv && only.contains(*delimiter)) {
        Some((_, name)) => format!(" The header is a single column; --delimiter {name} would split it."),
        None => String::new(),
    }
}

fn columns(binding: &Binding, profile: &Profile) -> Vec<ColumnSummary> {
    let own = binding.columns.iter().zip(&binding.headers).filter(|(column, _)| !matches!(column, Column::Report(_)));
    own.map(|(column, header)| match column {
        Column::Field(found) => ColumnSummary {
            header: header.clone(),
            field: Some(profile.fields[found.field].column.clone()),
            how: Some(found.how()),
            ignored: None,
        },
        Column::Outranked(found, winner) => ColumnSummary {
            header: header.clone(),
            field: None,
            how: None,
            ignored: Some(format!(
                "the column {} fills the field {} already",
                binding.headers[*winner], profile.fields[found.field].column
            )),
        },
        Column::Unknown | Column::Report(_) => ColumnSummary {
            header: header.clone(),
            field: None,
            how: None,
            ignored: Some("matches no field".to_string()),
        },
    })
    .collect()
}

fn keys(names: &[String], plan: &Plan) -> Vec<ColumnSummary> {
    let found: Vec<(&String, Option<Match>)> =
        names.iter().filter(|name| *name != REPORT_KEY).map(|name| (name, plan.names.find(name))).collect();
    let better = |than: &Match| {
        let same = found.iter().filter_map(|(name, found)| found.map(|found| (name, found)));
        let best = same.filter(|(_, found)| found.field == than.field).min_by_key(|(_, found)| found.rank);
        best.filter(|(_, best)| best.rank < than.rank).map(|(name, _)| name)
    };
    let summary = |(name, found): &(&String, Option<Match>)| ColumnSummary {
        header: name.to_string(),
        field: found.map(|found| plan.fields[found.field].column.clone()),
        how: found.map(|found| found.how()),
        ignored: match found {
            None => Some("matches no field".to_string()),
            // Each record has its own keys, so this one may still fill the field in another.
            Some(found) => better(found).map(|name| format!("wherever {name} stands beside it")),
        },
    };
    found.iter().map(summary).collect()
}

/// Names what is ignored, once; an error where a column that matches nothing is to be one.
fn say_what_is_ignored(
    input: &Input,
    summary: &InputSummary,
    profile: &Profile,
    unknown_is_error: bool,
    observer: &mut dyn Observer,
) -> Result<()> {
    const UNKNOWN: &str = "matches no field";
    let path = visible(&summary.path).into_owned();
    let what = match input.format {
        Format::Csv => "column",
        Format::Ndjson => "key",
    };
    let filled: Vec<&str> = summary.columns.iter().filter_map(|column| column.field.as_deref()).collect();
    let mut unknown = Vec::new();
    for (index, column) in summary.columns.iter().enumerate() {
        let name = match (column.header.trim(), input.format) {
            ("", Format::Csv) => format!("number {} (without a name)", index + 1),
            _ => visible(&column.header).into_owned(),
        };
        match column.ignored.as_deref() {
            None => {}
            Some(UNKNOWN) if unknown.len() >= MOST_SHOWN => unknown.push(name),
            Some(UNKNOWN) => unknown.push(with_nearest(name, &column.header, &filled, profile)),
            Some(why) => observer.note(&format!(
                "{path}: the {what} {name} is ignored{} {why}",
                if input.format == Format::Csv { ":" } else { "" }
            )),
        }
    }
    if unknown.is_empty() {
        return Ok(());
    }
    let said = unknown_names(&path, what, unknown, profile);
    if unknown_is_error {
        return Err(Error::Usage(format!("{said}; --unknown-columns warn ignores such {what}s")));
    }
    observer.note(&format!("{said}, ignored"));
    Ok(())
}

/// A name that matches no field, and the field that it may be meant for, unless that is filled already.
pub(super) fn with_nearest(name: String, header: &str, filled: &[&str], profile: &Profile) -> String {
    match nearest_field(profile, header) {
        Some(near) if !filled.contains(&near.column.as_str()) => format!("{name} (is it {}?)", near.column),
        _ => name,
    }
}

/// What is said of columns or keys that match no field.
pub(super) fn unknown_names(path: &str, what: &str, unknown: Vec<String>, profile: &Profile) -> String {
    let many = if unknown.len() == 1 { ("", "matches") } else { ("s", "match") };
    format!("{path}: the {what}{} {} {} no field of the profile {}", many.0, shortened(unknown), many.1, profile.name)
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        return "nothing".to_string();
    }
    shortened(names.iter().map(|name| visible(name).into_owned()).collect())
}

/// How many names a message lists.
const MOST_SHOWN: usize = 40;

/// The first of these names, and how many more there are.
fn shortened(mut names: Vec<String>) -> String {
    let more = names.len().saturating_sub(MOST_SHOWN);
    names.truncate(MOST_SHOWN);
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    names.join(", ")
}

/// In bytes.
const LONGEST_STEM: usize = 200;

/// The file's name without its ending; `-2`, `-3` … behind it where another input has it already.
fn unique_stem(path: &Path, taken: &mut HashSet<String>) -> String {
    let stem = match path.as_os_str() {
        name if name == "-" => "stdin".to_string(),
        _ => path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default(),
    };
    // A file's name has 255 bytes at the most, and `-2.rejects.ndjson` comes behind it.
    let fits = |(place, character): &(usize, char)| place + character.len_utf8() <= LONGEST_STEM;
    let stem: String = stem.char_indices().take_while(fits).map(|(_, character)| character).collect();
    let mut unique = stem.clone();
    let mut number = 2;
    // Some file systems do not tell upper and lower case apart.
    while !taken.insert(unique.to_lowercase()) {
        unique = format!("{stem}-{number}");
        number += 1;
    }
    unique
}
