//! The options that say how inputs are read. Without them everything is found in the file.

use std::path::Path;
use std::sync::atomic::Ordering;

use serde_json::json;

use super::row::Copied::{File, Meaning};
use super::row::Decides::{Nothing, Part, Stored};
use super::row::{Refusal, Row, number, set};
use crate::core::profile::Mapping;
use crate::core::record::dialect::Escape;
use crate::core::text;
use crate::disk::read_whole;
use crate::error::Error;
use crate::read::decode;
use crate::read::input::{Format, MAX_RECORD_BYTES};
use crate::read::sniff::HeaderPlace;
use crate::run::options::Options;

pub(super) static ROWS: &[Row] = &[
    Row::text("format", "FORMAT", Stored, "The format of the inputs [default: by content]", |options, value| {
        options.read.format = Some(match value {
            "csv" => Format::Csv,
            "ndjson" => Format::Ndjson,
            "json" => Format::Json,
            _ => Format::Spreadsheet,
        });
        Ok(())
    })
    .choices(&[
        ("csv", "Comma-separated values, or another delimiter, with a header"),
        ("ndjson", "One JSON object a line"),
        ("json", "An array of JSON objects"),
        ("spreadsheet", "A sheet of a spreadsheet: xlsx, xlsm, xlsb, ods, xls"),
    ])
    .recorded("format", |options| json!(options.read.format.map(Format::name)))
    .reading(File),
    Row::text(
        "delimiter",
        "C",
        Stored,
        "The delimiter of CSV: one character, or tab [default: found among , ; tab |]",
        |options, value| {
            options.read.delimiter = Some(delimiter(value)?);
            Ok(())
        },
    )
    .short('d')
    .recorded("delimiter", |options| json!(options.read.delimiter.map(|byte| char::from(byte).to_string())))
    .reading(File),
    Row::text(
        "quote",
        "C|none",
        Stored,
        "The quote of CSV: one character, or none if a quote is a character like any other [default: \", or ' if the header and \
         most cells are quoted so]",
        |options, value| {
            options.read.quote = Some(match (value, value.as_bytes()) {
                ("none", _) => None,
                (_, [byte]) => Some(*byte),
                _ => return Err("it must be one ASCII character, or the word none".into()),
            });
            Ok(())
        },
    )
    .recorded("quote", |options| {
        let text = |quote: Option<u8>| quote.map_or("none".to_string(), |quote| char::from(quote).to_string());
        json!(options.read.quote.map(text))
    })
    .reading(File),
    Row::text("escape", "HOW", Stored, "How a quote is written in a quoted cell", |options, value| {
        options.read.escape = if value == "backslash" { Escape::Backslash } else { Escape::Double };
        Ok(())
    })
    .choices(&[("double", "As two quotes"), ("backslash", "As a backslash and the quote")])
    .default("double")
    .recorded("escape", |options| json!(options.read.escape.name()))
    .reading(File),
    Row::text(
        "encoding",
        "NAME",
        Stored,
        "The encoding of the text, such as windows-1252 [default: detected]",
        |options, value| {
            let encoding = decode::by_label(value.trim());
            options.read.encoding =
                Some(encoding.ok_or("there is no such encoding; try windows-1252 or utf-16le")?);
            Ok(())
        },
    )
    .recorded("encoding", |options| json!(options.read.encoding.map(decode::name)))
    .reading(File),
    Row::text(
        "sheet",
        "NAME|N",
        Part,
        "The sheet of a spreadsheet, by name or number [default: the first visible]",
        |options, value| {
            options.read.sheet = Some(value.to_string());
            Ok(())
        },
    )
    .recorded("sheet", |options| json!(options.read.sheet))
    .reading(File),
    Row::text(
        "records",
        "PATH",
        Part,
        "The array of a JSON document that holds the records, such as data.customers; . for the document itself [default: the \
         only array of objects, if the document itself fits no profile]",
        |options, value| {
            options.read.records = Some(value.to_string());
            Ok(())
        },
    )
    .recorded("records", |options| json!(options.read.records))
    .reading(File),
    Row::text(
        "header-line",
        "N",
        Stored,
        "The line of the header [default: 1, or the first of 20 that fits a profile]",
        |options, value| {
            options.read.header = match number(value)? {
                0 => return Err("lines are numbered from 1".into()),
                line => HeaderPlace::Line(line),
            };
            Ok(())
        },
    )
    .conflicts(&["no-header", "columns"])
    .recorded("header", |options| match &options.read.header {
        HeaderPlace::Found => json!(null),
        HeaderPlace::Line(line) => json!(line),
        HeaderPlace::Given(names) => json!(names),
    })
    .called("the header (--header-line, --columns)")
    .reading(File),
    // What they decide is recorded with the line of the header.
    Row::switch("no-header", Stored, "The file has no header; --columns names its columns", |_| ())
        .requires("columns")
        .reading(File),
    Row::text(
        "columns",
        "A,B,C",
        Stored,
        "The names of the columns of a file without a header; a column with an empty name is ignored",
        |options, value| {
            let names = value.split(',').map(|name| name.trim().to_string());
            options.read.header = HeaderPlace::Given(names.collect());
            Ok(())
        },
    )
    .reading(File),
    // Before --map, which overrides it.
    Row::path(
        "mapping",
        "FILE",
        Stored,
        "A TOML file that maps many headers, and sets constants and values",
        |options, path| {
            options.fields.mapping = mapping(options, path)?;
            Ok(())
        },
    )
    .recorded("constants", |options| json!(options.fields.mapping.constants))
    .called("[constants] of the mapping file")
    .recorded("values", |options| json!(options.fields.mapping.values))
    .called("[values] of the mapping file")
    .reading(Meaning),
    Row::text(
        "map",
        "HEADER=FIELD",
        Stored,
        "The field that a header, or a dotted path in JSON, goes to; with nothing after = it is ignored. May be repeated",
        |options, value| Ok(options.fields.mapping.add(value).map_err(Error::from)?),
    )
    .repeats()
    .recorded("map", |options| {
        let columns = &options.fields.mapping.columns;
        let mut columns: Vec<(&str, Option<&str>)> =
            columns.iter().map(|(header, target)| (header.as_str(), target.as_deref())).collect();
        columns.sort_unstable();
        json!(columns)
    })
    .reading(Meaning),
    Row::text(
        "null-token",
        "TEXT",
        Stored,
        "A text that means a missing value, besides the empty one and \\N. May be repeated",
        |options, value| {
            let cleaned = text::clean(value).map(|text| text.into_owned());
            options.fields.null_tokens.push(cleaned.unwrap_or_else(|_| value.to_string()));
            Ok(())
        },
    )
    .repeats()
    .recorded("null_tokens", |options| json!(set(&options.fields.null_tokens)))
    .reading(Meaning),
    Row::text("short-rows", "WHAT", Stored, "What to do with a row that lacks its last cells", |options, value| {
        options.read.pad_short_rows = value == "pad";
        Ok(())
    })
    .choices(&[("reject", "Reject it"), ("pad", "Take the missing cells as empty")])
    .default("reject")
    .recorded("pad_short_rows", |options| json!(options.read.pad_short_rows))
    .on("pad")
    .reading(Meaning),
    Row::text(
        "max-inflated-bytes",
        "BYTES",
        Nothing,
        "The most bytes that may come out of a compressed file",
        |options, value| {
            options.read.max_inflated_bytes = number(value)?;
            Ok(())
        },
    )
    .default("68719476736")
    .reading(File),
    Row::text(
        "max-inflated-ratio",
        "N",
        Nothing,
        "The most bytes that may come out of each byte of a compressed file",
        |options, value| {
            options.read.max_inflated_ratio = number(value)?;
            Ok(())
        },
    )
    .default("500")
    .reading(File),
    Row::text("max-record-bytes", "BYTES", Stored, "The greatest length of a record in bytes", |options, value| {
        options.read.max_record_bytes = number(value)?;
        match options.read.max_record_bytes {
            1..=MAX_RECORD_BYTES => Ok(()),
            _ => Err(format!("it must be between 1 and {MAX_RECORD_BYTES}").into()),
        }
    })
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

/// The mapping file at `path`. Reading a pipe can be ended by a signal.
fn mapping(options: &Options, path: &Path) -> Result<Mapping, Refusal> {
    let signal = || options.stop.load(Ordering::Relaxed) as i32;
    let source = read_whole(path, || signal() != 0).map_err(|error| match signal() {
        0 => Error::input(path, error),
        signal => Error::Interrupted(signal),
    })?;
    let source = String::from_utf8(source).map_err(|_| "the file is not UTF-8; save it as UTF-8")?;
    Mapping::parse(&source).map_err(|message| format!("the mapping file cannot be understood: {message}").into())
}
