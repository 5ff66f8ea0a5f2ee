//! A profile made from an input, which is read to its end: [`new_profile`].

use std::path::Path;
use std::sync::Arc;

use super::columns::Readers;
use super::threads::stop_if_signalled;
use super::{inputs::open_inputs, options::Options, prepare::candidates};
use crate::core::infer::{FileKey, Proposal, Source, page, toml_list, toml_text};
use crate::core::profile::{Candidates, FieldSet};
use crate::core::text::visible;
use crate::error::{Error, Result};
use crate::read::expand::expand;
use crate::read::input::{Format, Input, ReadOptions};
use crate::read::sniff::HeaderSource;

/// A profile made from an input.
#[derive(Clone, Debug)]
pub struct NewProfile {
    /// Its file.
    pub text: String,
    /// What is in it.
    pub proposal: Proposal,
    /// The records that it was made from.
    pub records: u64,
    /// What there is to say about the input.
    pub notes: Vec<String>,
}

/// Makes a profile of this name from the one input that `options` name. `next` is the command that tries it.
pub fn new_profile(options: &Options, name: &str, next: &str) -> Result<NewProfile> {
    let candidates = Arc::new(candidates(options)?);
    let mut input = open(options, &candidates)?;
    let path = input.path.clone();
    if input.is_report() {
        let message = "it is a reject report; name the file that its records came from";
        return Err(Error::Input { path, message: message.into() });
    }
    let (described, mut notes) = (input.described(), std::mem::take(&mut input.notes));
    if input.is_header_guessed && input.dialect.format.is_table() {
        let line = input.dialect.header_line.unwrap_or(1);
        notes.push(format!("line {line} is taken for the header; if another one is it, name it with --header-line"));
    }
    let file = file_keys(&input, options);
    let readers = Readers::start(&input, &options.fields.null_tokens, options.threads)?;
    let read = ReadOptions { limit: None, ..options.read.clone() };
    let mut source = input.into_source(&read, &candidates)?;
    while let Some(block) = source.next_block().map_err(|error| Error::input(&path, error))? {
        stop_if_signalled(&options.stop)?;
        readers.note(block)?;
        if readers.fields() > FieldSet::CAPACITY {
            return Err(too_many(&path));
        }
    }
    source.drop_rest(false, || true).map_err(|error| Error::input(&path, error))?;
    let columns = readers.finish()?;
    notes.extend(columns.bad_records());
    let records = columns.records;
    let proposal = columns.table().propose();
    refuse_what_is_no_profile(&path, &proposal)?;
    let shown = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let source = Source {
        name: name.to_string(),
        input: shown,
        described,
        records,
        notes: notes.clone(),
        next: next.to_string(),
    };
    Ok(NewProfile { text: page(&source, &file, &proposal), proposal, records, notes })
}

/// The one input. If only a guess says which line of a sheet is the header, it is read as if that line had been named.
fn open(options: &Options, candidates: &Arc<Candidates>) -> Result<Input> {
    let paths = expand(&options.inputs, |_, _| ())?;
    let refused = || Error::Usage("profiles new reads one file; name one with --from".to_string());
    if paths.len() != 1 {
        return Err(refused());
    }
    let one = |options: &Options| open_inputs(options, paths.clone(), false, candidates)?.pop().ok_or_else(refused);
    let input = one(options)?;
    match input.dialect.header_line.filter(|_| input.is_header_guessed && input.dialect.format == Format::Spreadsheet) {
        Some(line) if input.path.as_os_str() != "-" => {
            let read = ReadOptions { header: HeaderSource::Line(line), ..options.read.clone() };
            let mut again = one(&Options { read, ..options.clone() })?;
            again.is_header_guessed = true;
            Ok(again)
        }
        _ => Ok(input),
    }
}

fn refuse_what_is_no_profile(path: &Path, proposal: &Proposal) -> Result<()> {
    let fields = proposal.fields.iter().filter(|field| field.impossible.is_none()).count();
    match fields {
        0 => {
            let message =
                format!("{}: no column has a name; name the columns with --columns", visible(&path.to_string_lossy()));
            Err(Error::unfit(path, "no column of it has a name", message))
        }
        1..=FieldSet::CAPACITY => Ok(()),
        _ => Err(too_many(path)),
    }
}

fn too_many(path: &Path) -> Error {
    let what = format!("it has more than {} columns, and a profile has as many fields at most", FieldSet::CAPACITY);
    let message = format!("{}: {what}; leave out those that are not needed", visible(&path.to_string_lossy()));
    Error::unfit(path, &what, message)
}

/// What `[file]` says: what was typed, and what was found, as comments if it would be found again.
fn file_keys(input: &Input, options: &Options) -> Vec<FileKey> {
    let (dialect, read) = (&input.dialect, &options.read);
    let is_csv = dialect.format == Format::Csv;
    let mut keys = Vec::new();
    let mut add = |key, value: Option<String>, is_typed: bool, note: &str| {
        let key = |value| FileKey { key, value, note: note.to_string(), is_found: !is_typed };
        keys.extend(value.map(key));
    };
    add("format", read.format.map(|format| toml_text(format.name())), true, "");
    match &read.header {
        HeaderSource::Given(names) => add("columns", Some(toml_list(names)), true, "The file has no header."),
        _ => {
            // Where a profile requires nothing, any first line would do as its header.
            let line = dialect.header_line.filter(|line| *line > 1).map(|line| line.to_string());
            let note = if input.is_header_guessed { "The line that looks most like a header." } else { "" };
            add("header_line", line, true, note);
        }
    }
    let encoding =
        Some(&dialect.encoding).filter(|encoding| dialect.format != Format::Spreadsheet && *encoding != "utf-8");
    let is_named = read.encoding.is_some();
    add("encoding", encoding.map(|encoding| toml_text(encoding)), is_named, if is_named { "" } else { "Found:" });
    let delimiter = match dialect.csv.delimiter {
        b'\t' => "tab".to_string(),
        byte => char::from(byte).to_string(),
    };
    let is_named = read.delimiter.is_some();
    add("delimiter", is_csv.then(|| toml_text(&delimiter)), is_named, if is_named { "" } else { "Found:" });
    add("quote", read.quote.map(|_| toml_text(&dialect.csv.quote_name())), true, "");
    let escape = read.escape.name();
    add("escape", (escape != "double").then(|| toml_text(escape)), true, "");
    let is_named = read.sheet.is_some();
    let sheet = read.sheet.as_ref().or(dialect.sheet.as_ref());
    add("sheet", sheet.map(|sheet| toml_text(sheet)), is_named, if is_named { "" } else { "The first visible sheet:" });
    let is_named = read.records.is_some();
    let records = read.records.as_ref().or(dialect.records.as_ref());
    add("records", records.map(|path| toml_text(path)), is_named, if is_named { "" } else { "Found:" });
    add("short_rows", read.pad_short_rows.then(|| toml_text("pad")), true, "");
    keys
}
