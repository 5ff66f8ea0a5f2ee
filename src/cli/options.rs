//! From arguments to checked options, in one place.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use chrono::{DateTime, Utc};

use super::args::{FormatArg, RunArgs, UnknownColumns};
use crate::check::plan::FieldOptions;
use crate::error::{Error, Result};
use crate::pipeline::{Command, Options};
use crate::source::BlockSize;
use crate::source::input::{Format, MAX_RECORD_BYTES, ReadOptions};

/// More threads than this are of no use, and a slip.
const MOST_THREADS: u16 = 1024;

/// Checks what was typed for `import` or `check`.
pub(super) fn checked(command: Command, args: &RunArgs, stop: Arc<AtomicUsize>) -> Result<Options> {
    if args.inputs.iter().filter(|input| input.as_os_str() == "-").count() > 1 {
        return Err(usage("standard input (-) can be read only once"));
    }
    let threads = match args.threads {
        None => std::thread::available_parallelism().map_or(1, usize::from),
        Some(threads @ 1..=MOST_THREADS) => usize::from(threads),
        Some(threads) => return Err(usage(format!("--threads {threads}: between 1 and {MOST_THREADS} are possible"))),
    };
    if args.first_id < 1 {
        return Err(usage(format!("--first-id {}: customer IDs start at 1", args.first_id)));
    }
    if !(1..=MAX_RECORD_BYTES).contains(&args.max_record_bytes) {
        let given = args.max_record_bytes;
        return Err(usage(format!("--max-record-bytes {given}: between 1 and {MAX_RECORD_BYTES} are possible")));
    }
    if let Some(ratio) = args.max_reject_ratio
        && !(0.0..=1.0).contains(&ratio)
    {
        return Err(usage(format!("--max-reject-ratio {ratio}: it is a share, between 0 and 1")));
    }
    let database = match command {
        Command::Import => Some(args.db.clone().unwrap_or_else(|| PathBuf::from("customers.db"))),
        Command::Check => args.db.clone(),
    };
    Ok(Options {
        command,
        inputs: args.inputs.clone(),
        database,
        profile: args.profile.clone(),
        read: ReadOptions {
            format: args.format.map(|format| match format {
                FormatArg::Csv => Format::Csv,
                FormatArg::Ndjson => Format::Ndjson,
            }),
            delimiter: delimiter(&args.delimiter)?,
            max_record_bytes: args.max_record_bytes,
            limit: args.limit,
            block_size: args.block_size.as_deref().map(block_size).transpose()?.unwrap_or_default(),
        },
        reports: args.reports.clone(),
        threads,
        accepted: args.accepted,
        fields: FieldOptions {
            key: args.key.clone(),
            relax: args.relax.iter().map(|field| field.trim().to_string()).collect(),
            clear_invalid: cleared(&args.on_invalid)?,
        },
        max_rejects: args.max_rejects,
        max_reject_ratio: args.max_reject_ratio,
        unknown_columns_are_errors: args.unknown_columns == UnknownColumns::Error,
        first_id: args.first_id,
        now: args.now.as_deref().map(now).transpose()?,
        stop,
    })
}

fn usage(message: impl Into<String>) -> Error {
    Error::Usage(message.into())
}

fn delimiter(given: &str) -> Result<u8> {
    match given {
        "tab" | "\\t" | "\t" => return Ok(b'\t'),
        _ => {}
    }
    match given.as_bytes() {
        [b'"' | b'\n' | b'\r' | 0] => {
            Err(usage("--delimiter: a quote, a line break and NUL cannot stand between cells"))
        }
        [byte] if byte.is_ascii() => Ok(*byte),
        _ => Err(usage(format!("--delimiter {given:?}: it is one ASCII character, or the word tab"))),
    }
}

/// The fields of `--on-invalid FIELD=clear`; the last word on a field counts.
fn cleared(given: &[String]) -> Result<Vec<String>> {
    let mut fields: Vec<String> = Vec::new();
    for option in given {
        let (field, what) = option.split_once('=').unwrap_or((option, ""));
        fields.retain(|held| held != field);
        match what {
            "clear" => fields.push(field.to_string()),
            "reject" => {}
            _ => return Err(usage(format!("--on-invalid {option:?}: it is FIELD=clear or FIELD=reject"))),
        }
    }
    Ok(fields)
}

fn now(given: &str) -> Result<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(given)
        .map(|time| time.with_timezone(&Utc))
        .map_err(|error| usage(format!("--now {given:?}: {error}; write it like 2026-01-31T12:00:00Z")))
}

fn block_size(given: &str) -> Result<BlockSize> {
    let (number, is_records) = match given.strip_suffix('r') {
        Some(number) => (number, true),
        None => (given, false),
    };
    match number.parse::<usize>() {
        Ok(records) if is_records && records > 0 => Ok(BlockSize::Records(records)),
        Ok(bytes) if (1..=MAX_RECORD_BYTES as usize).contains(&bytes) => Ok(BlockSize::Bytes(bytes)),
        _ => Err(usage(format!("--block-size {given:?}: bytes, or records with an r behind"))),
    }
}
