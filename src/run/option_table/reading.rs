//! The options that say how inputs are read. What they leave open is found in the file.

use std::{borrow::Cow, collections::BTreeSet, path::Path, sync::atomic::Ordering};

use serde_json::{Value, json};

use super::super::profile_file::text_of;
use super::row::Copied::{File, Meaning};
use super::row::Decides::{Nothing, Part, Stored};
use super::row::{Refusal, Row, list, number, path, put, set, switch, text};
use crate::core::text as cleaning;
use crate::core::{profile::Mapping, record::dialect::Escape};
use crate::error::Error;
use crate::read::decode::{self, Charset};
use crate::read::input::{Format, MAX_RECORD_BYTES};
use crate::read::sniff::HeaderSource;
use crate::run::options::Options;

#[rustfmt::skip]
pub(super) static ROWS: &[Row] = &[
    text("format", "FORMAT", Stored, "The format of the inputs [default: by content]",
        |options, value| put(&mut options.read.format, Ok(Some(match value {
            "csv" => Format::Csv,
            "ndjson" => Format::Ndjson,
            "json" => Format::Json,
            _ => Format::Spreadsheet,
        }))))
        .choices(&[
            ("csv", "Comma-separated values, or another delimiter, with a header"),
            ("ndjson", "One JSON object a line"),
            ("json", "An array of JSON objects"),
            ("spreadsheet", "A sheet of a spreadsheet: xlsx, xlsm, xlsb, ods, xls"),
        ])
        .recorded("format", |options| json!(options.read.format.map(Format::name)))
        .reading(File),
    text("delimiter", "C", Stored, "The delimiter of CSV: one character, or tab [default: found among , ; tab |]",
        |options, value| put(&mut options.read.delimiter, delimiter(value).map(Some)))
        .short('d')
        .recorded("delimiter", |options| json!(options.read.delimiter.map(char::from)))
        .reading(File),
    text("quote", "C|none", Stored,
        "The quote of CSV: one character, or none if no cell is quoted [default: \", or ' if the header and most \
         cells are quoted so]",
        |options, value| put(&mut options.read.quote, quote(value).map(Some)))
        .recorded("quote", |options| json!(options.read.quote.map(quote_name)))
        .reading(File),
    text("escape", "HOW", Stored, "How a quote is written in a quoted cell",
        |options, value| put(&mut options.read.escape, Ok(match value {
            "backslash" => Escape::Backslash,
            _ => Escape::Double,
        })))
        .choices(&[("double", "As two quotes"), ("backslash", "As a backslash and the quote")])
        .default("double")
        .recorded("escape", |options| json!(options.read.escape.name()))
        .reading(File),
    text("encoding", "NAME", Stored, "The encoding of the text, such as windows-1252 [default: detected]",
        |options, value| put(&mut options.read.encoding, encoding(value).map(Some)))
        .recorded("encoding", |options| json!(options.read.encoding.map(decode::name)))
        .reading(File),
    text("sheet", "NAME|N", Part, "The sheet of a spreadsheet, by name or number [default: the first visible]",
        |options, value| put(&mut options.read.sheet, Ok(Some(value.to_string()))))
        .recorded("sheet", |options| json!(options.read.sheet))
        .reading(File),
    text("records", "PATH", Part,
        "The array of a JSON document that holds the records, such as data.customers; . for the document itself \
         [default: the only array of objects, if the document itself fits no profile]",
        |options, value| put(&mut options.read.records, Ok(Some(value.to_string()))))
        .recorded("records", |options| json!(options.read.records))
        .reading(File),
    text("header-line", "N", Stored, "The line of the header [default: 1, or the first of 20 that fits a profile]",
        |options, value| put(&mut options.read.header, header_line(value)))
        .conflicts(&["no-header", "columns"])
        .recorded("header", |options| header(&options.read.header))
        .called("the header (--header-line, --columns)")
        .reading(File),
    // What these two decide is recorded as `header`.
    switch("no-header", Stored, "The file has no header; --columns names its columns", |_| ())
        .requires("columns")
        .reading(File),
    text("columns", "A,B,C", Stored,
        "The names of the columns of a file without a header; a column with an empty name is ignored",
        |options, value| put(&mut options.read.header, Ok(HeaderSource::Given(list(value)))))
        .reading(File),
    // Before --map, which overrides it.
    path("mapping", "FILE", Stored, "A TOML file that maps many headers, and sets constants and values",
        |options, path| mapping(options, path).map(|mapping| options.fields.mapping = mapping))
        .recorded("constants", |options| json!(options.fields.mapping.constants))
        .called("[constants] of the mapping file")
        .recorded("values", |options| json!(options.fields.mapping.values))
        .called("[values] of the mapping file")
        .reading(Meaning),
    text("map", "HEADER=FIELD", Stored,
        "The field that a header, or a dotted path in JSON, goes to; with nothing after = it is ignored. May be repeated",
        |options, value| options.fields.mapping.add(value).map_err(|error| Error::from(error).into()))
        .repeats()
        .recorded("map", |options| {
            let columns = options.fields.mapping.columns.iter();
            json!(columns.map(|(header, target)| (header, target)).collect::<BTreeSet<_>>())
        })
        .reading(Meaning),
    text("null-token", "TEXT", Stored,
        "A text that means a missing value, besides the empty one and \\N. May be repeated",
        |options, value| {
            options.fields.null_tokens.push(cleaning::clean(value).map_or_else(|_| value.to_string(), Cow::into_owned));
            Ok(())
        })
        .repeats()
        .recorded("null_tokens", |options| json!(set(&options.fields.null_tokens)))
        .reading(Meaning),
    text("short-rows", "WHAT", Stored, "What to do with a row that lacks its last cells",
        |options, value| put(&mut options.read.pad_short_rows, Ok(value == "pad")))
        .choices(&[("reject", "Reject it"), ("pad", "Treat the missing cells as empty")])
        .default("reject")
        .recorded("pad_short_rows", |options| json!(options.read.pad_short_rows))
        .on("pad")
        .reading(Meaning),
    text("max-inflated-bytes", "BYTES", Nothing, "The largest decompressed size of a file, in bytes",
        |options, value| put(&mut options.read.max_inflated_bytes, number(value)))
        .default("68719476736")
        .reading(File),
    text("max-inflated-ratio", "N", Nothing, "The greatest ratio of a file's decompressed size to its compressed size",
        |options, value| put(&mut options.read.max_inflated_ratio, number(value)))
        .default("500")
        .reading(File),
    text("max-record-bytes", "BYTES", Stored, "The greatest length of a record, in bytes",
        |options, value| put(&mut options.read.max_record_bytes, record_bytes(value)))
        .default("1048576")
        .recorded("max_record_bytes", |options| json!(options.read.max_record_bytes))
        .reading(Meaning),
];

fn delimiter(typed: &str) -> Result<u8, Refusal> {
    match (typed, typed.as_bytes()) {
        ("tab" | "\\t" | "\t", _) => Ok(b'\t'),
        (_, [b'"' | b'\n' | b'\r' | 0]) => Err("a quote, a line break or NUL cannot be the delimiter".into()),
        (_, [byte]) if byte.is_ascii() => Ok(*byte),
        _ => Err("it must be one ASCII character, or the word tab".into()),
    }
}

fn quote(typed: &str) -> Result<Option<u8>, Refusal> {
    match (typed, typed.as_bytes()) {
        ("none", _) => Ok(None),
        (_, [byte]) => Ok(Some(*byte)),
        _ => Err("it must be one ASCII character, or the word none".into()),
    }
}

fn quote_name(quote: Option<u8>) -> String {
    quote.map_or("none".to_string(), |quote| char::from(quote).to_string())
}

fn encoding(typed: &str) -> Result<Charset, Refusal> {
    decode::by_label(typed.trim()).ok_or_else(|| "there is no such encoding; try windows-1252 or utf-16le".into())
}

fn header_line(typed: &str) -> Result<HeaderSource, Refusal> {
    match number(typed)? {
        0 => Err("lines are numbered from 1".into()),
        line => Ok(HeaderSource::Line(line)),
    }
}

fn header(source: &HeaderSource) -> Value {
    match source {
        HeaderSource::Found => Value::Null,
        HeaderSource::Line(line) => json!(line),
        HeaderSource::Given(names) => json!(names),
    }
}

fn record_bytes(typed: &str) -> Result<u64, Refusal> {
    let bytes = number(typed)?;
    let is_possible = (1..=MAX_RECORD_BYTES).contains(&bytes);
    if is_possible { Ok(bytes) } else { Err(format!("it must be between 1 and {MAX_RECORD_BYTES}").into()) }
}

/// The mapping file at `path`.
fn mapping(options: &Options, path: &Path) -> Result<Mapping, Refusal> {
    let source = text_of(path, &|| options.stop.load(Ordering::Relaxed) as i32)?;
    Mapping::parse(&source).map_err(|message| format!("the mapping file cannot be parsed: {message}").into())
}
