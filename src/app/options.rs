//! From arguments to checked options, in one place.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::{DateTime, Datelike, Utc};

use super::args::{
    DatabaseArgs, DuplicatesArg, EmptyArg, EscapeArg, FormatArg, InspectArgs, ModeArg, ReadArgs, RunArgs, ShortRows,
    UnknownColumns,
};
use crate::core::judge::plan::{FieldOptions, OnInvalid};
use crate::core::mode::{Duplicates, Empty, Mode};
use crate::core::profile::Mapping;
use crate::core::record::dialect::{CsvDialect, Escape};
use crate::core::text;
use crate::disk::read_whole;
use crate::error::{Error, Result};
use crate::read::input::{Format, MAX_RECORD_BYTES, ReadOptions};
use crate::read::sniff::HeaderPlace;
use crate::read::{BlockSize, decode};
use crate::run::{Asked, Command, Options};
use crate::shell;

/// More threads than this are of no use, and a slip.
const MOST_THREADS: u16 = 1024;

/// Checks what was typed for `import` or `check`.
pub(super) fn checked(command: Command, args: &RunArgs, stop: Arc<AtomicUsize>) -> Result<Options> {
    if args.inputs.iter().filter(|input| input.as_os_str() == "-").count() > 1 {
        return Err(usage("standard input (-) can be read only once"));
    }
    let threads = match args.threads {
        None => Options::default().threads,
        Some(threads @ 1..=MOST_THREADS) => usize::from(threads),
        Some(threads) => return Err(usage(format!("--threads {threads}: between 1 and {MOST_THREADS} are possible"))),
    };
    if args.first_id < 1 {
        return Err(usage(format!("--first-id {}: customer IDs start at 1", args.first_id)));
    }
    if let Some(ratio) = args.max_reject_ratio
        && !(0.0..=1.0).contains(&ratio)
    {
        return Err(usage(format!("--max-reject-ratio {ratio}: it is a share, between 0 and 1")));
    }
    let mode = match args.mode {
        ModeArg::Create => Mode::Create,
        ModeArg::Update => Mode::Update,
        ModeArg::Upsert => Mode::Upsert,
    };
    let duplicates = match args.duplicates {
        DuplicatesArg::Reject => Duplicates::Reject,
        DuplicatesArg::Last => Duplicates::Last,
    };
    if mode.changes() && args.key.as_deref() == Some("none") {
        let mode = mode.name();
        return Err(usage(format!("--mode {mode} and --key none: it is the key that says which customer is meant")));
    }
    if args.redo && command == Command::Check {
        return Err(usage("--redo: a check writes nothing, so there is nothing to undo; leave it out"));
    }
    if args.commit_every == Some(0) {
        return Err(usage("--commit-every 0: it is a number of records, 1000000 say"));
    }
    if args.commit_every.is_some() && duplicates == Duplicates::Last {
        return Err(usage(
            "--duplicates last and --commit-every: which record is the last is known at the end alone; leave out one of the two",
        ));
    }
    Ok(Options {
        command,
        inputs: args.inputs.clone(),
        database: database(command, args),
        profile: args.profile.clone(),
        read: ReadOptions {
            limit: args.limit,
            hash_text: args.commit_every.is_some() && command == Command::Import,
            block_size: args.block_size.as_deref().map(block_size).transpose()?.unwrap_or_default(),
            ..read(&args.read)?
        },
        reports: args.reports.clone(),
        threads,
        accepted: args.accepted,
        fields: FieldOptions {
            key: args.key.clone(),
            relax: args.relax.iter().map(|field| field.trim().to_string()).collect(),
            on_invalid: args.on_invalid.iter().map(|said| on_invalid(said)).collect::<Result<_>>()?,
            mode,
            empty: match args.empty {
                EmptyArg::Keep => Empty::Keep,
                EmptyArg::Clear => Empty::Clear,
            },
            ..fields(&args.read, &stop)?
        },
        max_rejects: args.max_rejects,
        max_reject_ratio: args.max_reject_ratio,
        rejects_ok: args.rejects_ok,
        unknown_columns_are_errors: args.unknown_columns == UnknownColumns::Error,
        first_id: args.first_id,
        now: args.now.as_deref().map(now).transpose()?,
        duplicates,
        force: args.force,
        redo: args.redo,
        wait: seconds(args.wait)?,
        commit_every: args.commit_every,
        stop,
    })
}

/// Checks which database is to be asked.
pub(super) fn asked(args: &DatabaseArgs, stop: Arc<AtomicUsize>) -> Result<Asked> {
    Ok(Asked { database: args.db.clone(), wait: seconds(args.wait)?, stop })
}

/// The database of a run; a check may do without one.
pub(super) fn database(command: Command, args: &RunArgs) -> Option<PathBuf> {
    let default = || (command == Command::Import).then(|| PathBuf::from(shell::DEFAULT_DATABASE));
    args.db.clone().or_else(default)
}

fn seconds(wait: f64) -> Result<Duration> {
    Duration::try_from_secs_f64(wait).map_err(|_| usage(format!("--wait {wait}: it is a number of seconds, 60 say")))
}

/// Checks what was typed for `inspect`.
pub(super) fn inspected(args: &InspectArgs, stop: Arc<AtomicUsize>) -> Result<Options> {
    Ok(Options {
        command: Command::Check,
        inputs: vec![args.input.clone()],
        profile: args.profile.clone(),
        read: read(&args.read)?,
        threads: 1,
        fields: fields(&args.read, &stop)?,
        stop,
        ..Options::default()
    })
}

fn read(args: &ReadArgs) -> Result<ReadOptions> {
    if !(1..=MAX_RECORD_BYTES).contains(&args.max_record_bytes) {
        let given = args.max_record_bytes;
        return Err(usage(format!("--max-record-bytes {given}: between 1 and {MAX_RECORD_BYTES} are possible")));
    }
    let encoding = |name: &String| {
        decode::by_label(name.trim()).ok_or_else(|| {
            usage(format!("--encoding {name:?}: there is no such encoding; try windows-1252 or utf-16le"))
        })
    };
    let header = match (args.header_line, &args.columns) {
        (Some(0), _) => return Err(usage("--header-line 0: lines are numbered from 1")),
        (Some(line), _) => HeaderPlace::Line(line),
        (None, Some(names)) => HeaderPlace::Given(names.split(',').map(|name| name.trim().to_string()).collect()),
        (None, None) => HeaderPlace::Found,
    };
    let delimiter = args.delimiter.as_deref().map(delimiter).transpose()?;
    let (quote, escape) = quoting(args, delimiter)?;
    Ok(ReadOptions {
        format: args.format.map(|format| match format {
            FormatArg::Csv => Format::Csv,
            FormatArg::Ndjson => Format::Ndjson,
            FormatArg::Json => Format::Json,
            FormatArg::Spreadsheet => Format::Spreadsheet,
        }),
        delimiter,
        quote,
        escape,
        encoding: args.encoding.as_ref().map(encoding).transpose()?,
        header,
        sheet: args.sheet.clone(),
        records: args.records.clone(),
        program: own_program(),
        max_inflated_bytes: args.max_inflated_bytes,
        max_inflated_ratio: args.max_inflated_ratio,
        pad_short_rows: args.short_rows == ShortRows::Pad,
        max_record_bytes: args.max_record_bytes,
        ..ReadOptions::default()
    })
}

/// This program, to be started again. An upgrade may have put another under its name since.
fn own_program() -> Option<PathBuf> {
    let running = PathBuf::from("/proc/self/exe");
    if running.exists() { Some(running) } else { std::env::current_exe().ok() }
}

/// What was said about columns and values.
fn fields(args: &ReadArgs, stop: &AtomicUsize) -> Result<FieldOptions> {
    let mut mapping = Mapping::default();
    if let Some(path) = &args.mapping {
        let signal = || stop.load(Ordering::Relaxed) as i32;
        let source = read_whole(path, || signal() != 0).map_err(|error| match signal() {
            0 => Error::input(path, error),
            signal => Error::Interrupted(signal),
        })?;
        let source = String::from_utf8(source)
            .map_err(|_| usage(format!("{}: the mapping file is not UTF-8; save it as UTF-8", path.display())))?;
        mapping = Mapping::parse(&source).map_err(|message| {
            usage(format!("{}: the mapping file cannot be understood: {message}", path.display()))
        })?;
    }
    args.map.iter().try_for_each(|said| mapping.add(said))?;
    let cleaned = |token: &String| text::clean(token).map(|token| token.into_owned()).unwrap_or(token.clone());
    Ok(FieldOptions { mapping, null_tokens: args.null_token.iter().map(cleaned).collect(), ..FieldOptions::default() })
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

/// What `--quote` and `--escape` say.
fn quoting(args: &ReadArgs, delimiter: Option<u8>) -> Result<(Option<Option<u8>>, Escape)> {
    let escape = match args.escape {
        EscapeArg::Double => Escape::Double,
        EscapeArg::Backslash => Escape::Backslash,
    };
    let quote = match args.quote.as_deref().map(|given| (given, given.as_bytes())) {
        None => None,
        Some(("none", _)) => Some(None),
        Some((_, [byte])) => Some(Some(*byte)),
        Some((given, _)) => {
            return Err(usage(format!("--quote {given:?}: it is one ASCII character, or the word none")));
        }
    };
    // Where nothing was told, the delimiter is none that can quote a cell.
    let delimiter = delimiter.unwrap_or(b',');
    let dialect = CsvDialect { delimiter, quote: quote.unwrap_or(Some(b'"')), escape };
    match dialect.conflict() {
        Some(conflict) => {
            Err(usage(format!("--quote {} --escape {}: {conflict}", dialect.quote_name(), escape.name())))
        }
        None => Ok((quote, escape)),
    }
}

/// What one `--on-invalid FIELD=clear` says.
fn on_invalid(said: &str) -> Result<(String, OnInvalid)> {
    let (field, what) = said.split_once('=').unwrap_or((said, ""));
    let what = OnInvalid::from_name(what).filter(|what| !(field == "all" && *what == OnInvalid::Keep));
    what.map(|what| (field.to_string(), what)).ok_or_else(|| {
        usage(format!(
            "--on-invalid {said:?}: it is FIELD=clear, FIELD=keep or FIELD=reject, or all=clear for every optional field"
        ))
    })
}

/// The clock that `--now` sets.
pub(super) fn now(given: &str) -> Result<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(given)
        .map(|time| time.with_timezone(&Utc))
        .map_err(|error| usage(format!("--now {given:?}: {error}; write it like 2026-01-31T12:00:00Z")))?;
    // RFC 3339 has four digits for the year.
    match time.year() {
        0..=9999 => Ok(time),
        _ => Err(usage(format!("--now {given:?}: in UTC, that is not in the years 0 to 9999"))),
    }
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
