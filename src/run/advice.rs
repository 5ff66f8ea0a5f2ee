//! Parts of messages about headers and keys that do not fit: what was found, what may be meant, what to do.

use super::options::Options;
use crate::core::profile::{Candidates, Field, Fit, Profile, accepted_names, nearest, nearest_field};
use crate::core::record::csv::DELIMITERS;
use crate::core::text::visible;
use crate::core::types::FieldType;
use crate::error::{Error, Result};
use crate::read::input::{Format, Input, delimiter_name};
use crate::read::sniff::{HeaderSource, Kind};
use crate::report::summary::ColumnSummary;

/// A question for each header that may be a misspelt required field.
pub(super) fn near_misses(fits: &[Fit], names: &[String]) -> String {
    let mut questions = String::new();
    for fit in fits {
        for column in &fit.missing {
            let field = fit.profile.field_index(column).map(|field| &fit.profile.fields[field]);
            if let Some(near) = field.and_then(|field| nearest_header(field, names)) {
                let question = format!(" Is {} {column}?", named(near));
                if !questions.contains(&question) {
                    questions.push_str(&question);
                }
            }
        }
    }
    questions
}

/// Advice for a header that looks like a record.
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

/// Advice for a guessed header that no profile fits.
pub(super) fn guessed_header(input: &Input) -> String {
    guessed_line(input).map(|line| format!(" Line {line} looks most like a header.")).unwrap_or_default()
}

/// Refuses a guessed header even if a profile fits: it may be a record whose values happen to be names, and the lines above it
/// would be lost.
pub(super) fn refuse_guessed_header(input: &Input) -> Result<()> {
    let Some(line) = guessed_line(input) else { return Ok(()) };
    let path = visible(&input.path.to_string_lossy()).into_owned();
    Err(Error::unfit(
        &input.path,
        "no line of it is surely a header",
        format!(
            "{path}: no header was found. Line {line} looks most like one, but few of its cells are known names: {}. If it is \
             the header, add --header-line {line}; if the file has none, name the columns with --no-header --columns",
            listed(&input.names)
        ),
    ))
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

/// What the values of a field look like.
fn kind_of(field: &Field) -> Kind {
    match field.kind {
        FieldType::Email => Kind::Address,
        FieldType::Phone | FieldType::Integer => Kind::Number,
        _ => Kind::Text,
    }
}

/// Options as they are typed in a shell.
pub(super) fn typed(options: &[String]) -> String {
    let word = |word: &String| match word.contains([' ', '=', '\'']) {
        true => format!("'{}'", visible(word).replace('\'', "'\\''")),
        false => visible(word).into_owned(),
    };
    options.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// How a table that fits nothing was read.
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

/// The header that is spelt most like one of a field's names.
pub(super) fn nearest_header<'h>(field: &Field, headers: &'h [String]) -> Option<&'h str> {
    accepted_names(field).find_map(|name| nearest(name, headers.iter().map(String::as_str)))
}

/// Advice for a header of one cell that has another delimiter in it.
pub(super) fn delimiter_advice(input: &Input) -> String {
    let [only] = input.names.as_slice() else { return String::new() };
    let delimiters = [(';', "';'"), ('\t', "tab"), ('|', "'|'"), (',', "','")];
    match delimiters.iter().find(|(delimiter, _)| only.contains(*delimiter)) {
        Some((_, name)) => format!(" The header is a single column; --delimiter {name} would split it."),
        None => String::new(),
    }
}

/// The name of a column, or key, in a message.
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

/// An unknown name, and the field that it may be meant for.
pub(super) fn with_nearest(name: String, header: &str, filled: &[&str], profile: &Profile) -> String {
    match near_field(header, filled, profile) {
        Some(near) => format!("{name} (is it {near}?)"),
        None => name,
    }
}

/// A message about columns or keys that match no field.
pub(super) fn unknown_names(path: &str, what: &str, unknown: Vec<String>, profile: &Profile) -> String {
    let many = if unknown.len() == 1 { ("", "matches") } else { ("s", "match") };
    format!("{path}: the {what}{} {} {} no field of the profile {}", many.0, shortened(unknown), many.1, profile.name)
}

pub(super) fn listed(names: &[String]) -> String {
    if names.is_empty() {
        return "nothing".to_string();
    }
    shortened(
        names.iter().take(MOST_SHOWN).map(|name| named(name)).chain(names.iter().skip(MOST_SHOWN).cloned()).collect(),
    )
}

/// How many names a message lists at most.
pub(super) const MOST_SHOWN: usize = 40;

/// The first of these names, and how many more there are.
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
