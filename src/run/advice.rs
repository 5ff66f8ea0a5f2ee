//! Messages about headers and keys that do not fit: what was found, what may be meant, what to do.

use std::{collections::HashSet, path::Path};

use super::options::{Observer, Options};
use crate::core::profile::{
    Candidates, Field, Fit, Header, Mapping, Profile, accepted_names, letters_and_digits, nearest, nearest_field,
};
use crate::core::{record::csv::DELIMITERS, text::visible, types::FieldType};
use crate::error::{Error, Result};
use crate::read::input::{Format, Input, delimiter_name};
use crate::read::sniff::{HeaderSource, Kind};
use crate::report::summary::{ColumnSummary, Ignored, InputSummary};

pub(super) fn near_misses(fits: &[Fit], names: &[String]) -> String {
    let mut questions = String::new();
    for fit in fits {
        for column in &fit.missing {
            let field = fit.profile.field_index(column).map(|field| &fit.profile.fields[field]);
            if let Some(near) = field.and_then(|field| nearest_header(field, names)) {
                let question = format!(" Does {} mean {column}?", named(near));
                if !questions.contains(&question) {
                    questions.push_str(&question);
                }
            }
        }
    }
    questions
}

pub(super) fn no_header_advice(input: &Input) -> String {
    let is_value = |name: &String| {
        let digits = name.bytes().filter(u8::is_ascii_digit).count();
        name.contains('@') || digits >= 4 && 2 * digits > name.len()
    };
    match (input.dialect.header_line, input.names.iter().any(is_value)) {
        (Some(line), true) if input.dialect.format.is_table() => {
            format!(" Line {line} looks like a record, not a header: name the columns with --columns email,name,... .")
        }
        _ => String::new(),
    }
}

/// The line that looks most like a header, if none surely is one and other lines are above it.
fn guessed_line(input: &Input) -> Option<u64> {
    input.dialect.header_line.filter(|_| input.is_header_guessed && input.lines_above_header > 0)
}

pub(super) fn guessed_header(input: &Input) -> String {
    guessed_line(input).map(|line| format!(" Line {line} looks most like a header.")).unwrap_or_default()
}

/// Refuses a guessed header even if a profile fits: it may be a record of names, and the lines above it would be lost.
pub(super) fn refuse_guessed_header(input: &Input) -> Result<()> {
    let Some(line) = guessed_line(input) else { return Ok(()) };
    let path = visible(&input.path.to_string_lossy()).into_owned();
    let message = format!(
        "{path}: no header was found. Line {line} looks most like one, but few of its cells are known names: {}. If it is \
         the header, add --header-line {line}; if the file has none, name the columns with --no-header --columns",
        listed(&input.names)
    );
    Err(Error::unfit(&input.path, "no line of it is surely a header", message))
}

/// The options with which the header of a table would fit a profile, if it is likely which columns the required fields are.
pub(super) fn proposal(input: &Input, candidates: &Candidates) -> Vec<String> {
    let is_known_by_kind = |fit: &Fit| {
        let kind = |column: &&str| Some(kind_of(&fit.profile.fields[fit.profile.field_index(column)?]));
        fit.missing.iter().all(|column| kind(column) != Some(Kind::Text))
    };
    let mut fits = candidates.fits(&input.names);
    fits.sort_by_key(|fit| std::cmp::Reverse((fit.matched, is_known_by_kind(fit))));
    let map = |fit: &Fit, column: &str| {
        let field = &fit.profile.fields[fit.profile.field_index(column)?];
        Some(format!("{}={column}", likely_header(field, input, candidates)?))
    };
    let maps = |fit: &Fit| fit.missing.iter().map(|column| map(fit, column)).collect::<Option<Vec<String>>>();
    let Some((fit, maps)) = fits.iter().find_map(|fit| Some((fit, maps(fit)?))) else { return Vec::new() };
    let mut options = Vec::new();
    if fits.len() > 1 {
        options.extend(["--profile".to_string(), fit.profile.name.clone()]);
    }
    if let Some(line) = guessed_line(input) {
        options.extend(["--header-line".to_string(), line.to_string()]);
    }
    maps.into_iter().for_each(|map| options.extend(["--map".to_string(), map]));
    options
}

/// The header that most likely means a field: it is spelt like it, or its values look like the field's.
fn likely_header<'i>(field: &Field, input: &'i Input, candidates: &Candidates) -> Option<&'i str> {
    let is_free = |name: &&String| !name.trim().is_empty() && !name.contains('=') && !candidates.know(name);
    let by_kind =
        || input.names.iter().zip(&input.kinds).filter(|(_, kind)| **kind == kind_of(field)).map(|(name, _)| name);
    nearest_header(field, &input.names).or_else(|| by_kind().find(is_free).map(|name| name.trim()))
}

fn kind_of(field: &Field) -> Kind {
    match field.kind {
        FieldType::Email => Kind::Address,
        FieldType::Phone | FieldType::Integer | FieldType::Decimal => Kind::Number,
        FieldType::Text
        | FieldType::PostalCode
        | FieldType::Country
        | FieldType::State
        | FieldType::Flag
        | FieldType::Choice
        | FieldType::Date
        | FieldType::Timestamp
        | FieldType::Url
        | FieldType::List => Kind::Text,
    }
}

pub(super) fn typed(options: &[String]) -> String {
    let word = |word: &String| match word.contains([' ', '=', '\'']) {
        true => format!("'{}'", visible(word).replace('\'', "'\\''")),
        false => visible(word).into_owned(),
    };
    options.iter().map(word).collect::<Vec<_>>().join(" ")
}

pub(super) fn tried(input: &Input, options: &Options) -> String {
    if !input.dialect.format.is_table() {
        return String::new();
    }
    let mut ways = Vec::new();
    if input.dialect.format == Format::Csv && options.read.delimiter.is_none() {
        let names: Vec<String> = DELIMITERS.iter().map(|delimiter| delimiter_name(*delimiter)).collect();
        ways.push(format!("the delimiters {} (--delimiter)", names.join(", ")));
    }
    if options.read.header == HeaderSource::Found {
        ways.push("the first 20 lines (--header-line)".to_string());
    }
    let advice = if options.read.delimiter.is_some() { delimiter_advice(input) } else { no_header_advice(input) };
    if ways.is_empty() { advice } else { format!(" Tried: {}.{advice}", ways.join(" and ")) }
}

pub(super) fn nearest_header<'h>(field: &Field, headers: &'h [String]) -> Option<&'h str> {
    accepted_names(field).find_map(|name| nearest(name, headers.iter().map(String::as_str)))
}

pub(super) fn delimiter_advice(input: &Input) -> String {
    let [only] = input.names.as_slice() else { return String::new() };
    let delimiters = [(';', "';'"), ('\t', "tab"), ('|', "'|'"), (',', "','")];
    match delimiters.iter().find(|(delimiter, _)| only.contains(*delimiter)) {
        Some((_, name)) => format!(" The header is a single column; --delimiter {name} would split it."),
        None => String::new(),
    }
}

pub(super) fn name_of(column: &ColumnSummary) -> String {
    match (column.header.trim(), column.index) {
        ("", Some(index)) => format!("number {} (without a name)", index + 1),
        _ => named(&column.header),
    }
}

/// The field that an unknown header may be meant for, unless it is filled already.
pub(super) fn near_field<'p>(header: &str, filled: &[&str], profile: &'p Profile) -> Option<&'p str> {
    nearest_field(&profile.fields, header).map(|near| near.column.as_str()).filter(|near| !filled.contains(near))
}

pub(super) fn with_nearest(name: String, header: &str, filled: &[&str], profile: &Profile) -> String {
    match near_field(header, filled, profile) {
        Some(near) => format!("{name} (is it {near}?)"),
        None => name,
    }
}

pub(super) fn unknown_names(path: &str, what: &str, unknown: Vec<String>, profile: &Profile) -> String {
    let many = if unknown.len() == 1 { ("", "matches") } else { ("s", "match") };
    format!("{path}: the {what}{} {} {} no field of the profile {}", many.0, shortened(unknown), many.1, profile.name)
}

pub(super) fn listed(names: &[String]) -> String {
    if names.is_empty() { "nothing".to_string() } else { shortened(names.iter().map(|name| named(name)).collect()) }
}

pub(super) const MOST_SHOWN: usize = 40;

pub(super) fn shortened(mut names: Vec<String>) -> String {
    let more = names.len().saturating_sub(MOST_SHOWN);
    names.truncate(MOST_SHOWN);
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    names.join(", ")
}

/// A name from a file, made visible and shortened.
pub(super) fn named(name: &str) -> String {
    const LONGEST: usize = 60;
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", visible(&name[..end])),
        None => visible(name).into_owned(),
    }
}

/// An error if the map names a header that no input has; keys of JSON may come later. It is only noted if all inputs are reject
/// reports: they may be those of one of several inputs that were loaded with the map.
pub(super) fn refuse_maps_without_a_header<'i>(
    inputs: impl Iterator<Item = &'i Input> + Clone,
    mapping: &Mapping,
    observer: &mut dyn Observer,
) -> Result<()> {
    if inputs.clone().any(|input| !input.dialect.format.is_table()) {
        return Ok(());
    }
    let headers = inputs.clone().map(|input| input.names.as_slice());
    let Some(header) = missing_header(mapping, headers) else { return Ok(()) };
    let names = || inputs.clone().flat_map(|input| &input.names);
    let near = nearest(header, names().map(String::as_str)).map(|near| format!(" Is it {}?", named(near)));
    let (near, what) =
        (near.unwrap_or_default(), format!("no input has the header {:?}, which the map names.", visible(header)));
    if inputs.clone().all(Input::is_report) {
        observer.note(&format!("{what}{near}"));
        return Ok(());
    }
    Err(Error::Usage(format!("{what} Found: {}.{near}", listed(&names().cloned().collect::<Vec<_>>()))))
}

fn missing_header<'m>(mapping: &'m Mapping, headers: impl Iterator<Item = &'m [String]>) -> Option<&'m str> {
    if mapping.columns.is_empty() {
        return None;
    }
    let headers: Vec<Header<'_>> = headers.map(Header::new).collect();
    let written: HashSet<&str> = headers.iter().flat_map(Header::map_names).collect();
    let mut compared: HashSet<&str> = headers.iter().flat_map(Header::compared).collect();
    // A header without letters and digits is only compared as it is written.
    compared.remove("");
    let is_there = |header: &str| written.contains(header.trim()) || compared.contains(&*letters_and_digits(header));
    mapping.columns.iter().map(|(header, _)| header.as_str()).find(|header| !is_there(header))
}

pub(super) fn refuse_unknown_columns(input: &Input, summary: &InputSummary, profile: &Profile) -> Result<()> {
    let what = if input.dialect.format.is_table() { "column" } else { "key" };
    let filled = summary.filled_fields();
    let mut unknown = Vec::new();
    for column in summary.columns.iter().filter(|column| column.ignored == Some(Ignored::Unknown)) {
        let name = name_of(column);
        let is_shown = unknown.len() < MOST_SHOWN;
        unknown.push(if is_shown { with_nearest(name, &column.header, &filled, profile) } else { name });
    }
    if unknown.is_empty() { Ok(()) } else { Err(unknown_columns(&summary.path, what, unknown, profile)) }
}

pub(super) fn unknown_columns(path: &str, what: &str, names: Vec<String>, profile: &Profile) -> Error {
    let names = unknown_names(&visible(path), what, names, profile);
    let message = format!("{names}; ignore such {what}s with --unknown-columns warn");
    Error::unfit(Path::new(path), "it has columns or keys that match no field", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::profile::steps;

    fn mapping(headers: &[String]) -> Mapping {
        let mut mapping = Mapping::default();
        headers.iter().for_each(|header| mapping.add(&format!("{header}=city")).unwrap());
        mapping
    }

    #[test]
    fn a_header_of_the_map_that_no_input_has_is_found() {
        for (mapped, names, expected) in [
            (vec!["E-Mail", "Town"], vec!["email", "town "], None),
            (vec!["E-Mail", "Twon"], vec!["email", "town"], Some("Twon")),
            (vec!["#"], vec!["!"], Some("#")),
            (vec!["#"], vec![" # "], None),
            (vec!["Phone", "Phone#2"], vec!["Phone", "Phone"], None),
            (vec!["Phone#3"], vec!["Phone", "Phone"], Some("Phone#3")),
            (vec![], vec![], None),
        ] {
            let [mapped, names] = [mapped, names].map(|names| names.into_iter().map(String::from).collect::<Vec<_>>());
            assert_eq!(
                missing_header(&mapping(&mapped), [names.as_slice()].into_iter()),
                expected,
                "{mapped:?} {names:?}"
            );
        }
    }

    #[test]
    fn the_work_grows_with_the_names_alone() {
        let headers = |size: usize| (0..size).map(|at| format!("column {at}")).collect::<Vec<_>>();
        steps::assert_linear("a map of all headers", |size| {
            assert_eq!(missing_header(&mapping(&headers(size)), [headers(size).as_slice()].into_iter()), None);
        });
    }
}
