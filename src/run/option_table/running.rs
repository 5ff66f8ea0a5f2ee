//! The options that say what a run does with records, where it writes, and when it stops.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Datelike, Utc};
use serde_json::{Value, json};

use super::row::Copied::Report;
use super::row::Decides::{Limit, Nothing, Steps, Stored};
use super::row::{Refusal, Row, number, set};
use crate::core::judge::plan::OnInvalid;
use crate::core::mode::{Duplicates, Empty, Mode};
use crate::read::BlockSize;
use crate::read::input::MAX_RECORD_BYTES;

/// More threads are of no use, and a slip.
const MOST_THREADS: u16 = 1024;

pub(super) static ROWS: &[Row] = &[
    Row::path(
        "db",
        "FILE",
        Nothing,
        "The SQLite database; import creates it if it does not exist [default: customers.db; for check: none]",
        |options, path| {
            options.database = Some(path.to_path_buf());
            Ok(())
        },
    )
    .copied(Report),
    // The profile that was chosen is kept in a column of its own.
    Row::text(
        "profile",
        "NAME",
        Nothing,
        "The profile: basic, billing or contact [default: chosen from the header]",
        |options, value| {
            options.profile = Some(value.to_string());
            Ok(())
        },
    )
    .short('p'),
    Row::text(
        "reports",
        "DIR",
        Nothing,
        "The folder for the reports; {run} in it becomes the run's number [default: FILE.imports/run-000001 beside the \
         database; for check: no reports]",
        |options, value| {
            options.reports = Some(value.to_string());
            Ok(())
        },
    ),
    Row::text(
        "threads",
        "N",
        Nothing,
        "The number of threads that check records; the result is always the same [default: all cores]",
        |options, value| {
            options.threads = match value.parse() {
                Ok(threads @ 1..=MOST_THREADS) => usize::from(threads),
                _ => return Err(format!("it must be a number between 1 and {MOST_THREADS}").into()),
            };
            Ok(())
        },
    )
    .short('j'),
    Row::switch(
        "accepted",
        Nothing,
        "Also write accepted.csv, the accepted records with their customer IDs",
        |options| options.accepted = true,
    ),
    Row::text("mode", "MODE", Stored, "Whether records create customers or change existing ones", |options, value| {
        options.fields.mode = match value {
            "update" => Mode::Update,
            "upsert" => Mode::Upsert,
            _ => Mode::Create,
        };
        Ok(())
    })
    .choices(&[
        ("create", "Create customers; reject a record if a customer has its key"),
        ("update", "Change existing customers; reject a record if no customer has its key"),
        ("upsert", "Change existing customers, create the others"),
    ])
    .default("create")
    .recorded("mode", |options| json!(options.fields.mode.name()))
    .copied(Report),
    Row::text(
        "empty",
        "WHAT",
        Stored,
        "What an empty cell does to a stored value, with --mode update or upsert",
        |options, value| {
            options.fields.empty = if value == "clear" { Empty::Clear } else { Empty::Keep };
            Ok(())
        },
    )
    .choices(&[("keep", "Keep the stored value"), ("clear", "Remove the stored value")])
    .default("keep")
    .recorded("empty", |options| json!(options.fields.empty.name()))
    .copied(Report),
    Row::text(
        "duplicates",
        "WHAT",
        Stored,
        "Which of several records with the same key in one run is loaded",
        |options, value| {
            options.duplicates = if value == "last" { Duplicates::Last } else { Duplicates::Reject };
            Ok(())
        },
    )
    .choices(&[("reject", "The first; the others are rejected"), ("last", "The last; it supersedes the others")])
    .default("reject")
    .recorded("duplicates", |options| json!(options.duplicates.name()))
    .copied(Report),
    Row::switch("force", Nothing, "Load inputs again that an earlier run has loaded", |options| options.force = true),
    Row::switch(
        "redo",
        Nothing,
        "Undo the runs that loaded these inputs, and load them again with the options given now, in one transaction",
        |options| options.redo = true,
    )
    .conflicts(&["force", "commit-every"]),
    Row::text(
        "wait",
        "SECONDS",
        Nothing,
        "How long to wait for a database that another run or program is writing to",
        |options, value| {
            options.wait = seconds(value)?;
            Ok(())
        },
    )
    .default("0"),
    Row::text(
        "commit-every",
        "N",
        Steps,
        "Commit every N records, for loads too long for one transaction; the same command continues a run that was stopped",
        |options, value| match number(value)? {
            0 => Err("it must be a number of records, such as 1000000".into()),
            records => {
                options.commit_every = Some(records);
                Ok(())
            }
        },
    )
    .recorded("commit_every", |options| json!(options.commit_every)),
    Row::text(
        "key",
        "COLUMN",
        Stored,
        "The column that identifies a customer, instead of the profile's; or none",
        |options, value| {
            options.fields.key = Some(value.to_string());
            Ok(())
        },
    )
    .recorded("key", |options| json!(options.fields.key))
    .copied(Report),
    Row::text(
        "on-invalid",
        "FIELD=clear|keep|reject",
        Stored,
        "What to do with an invalid value of an optional field: reject the record, clear the value with a warning, or keep it as it \
         is with a warning. May be repeated; all=clear is for every optional field",
        |options, value| {
            options.fields.on_invalid.push(on_invalid(value)?);
            Ok(())
        },
    )
    .repeats()
    .recorded("on_invalid", |options| last_words(&options.fields.on_invalid))
    .copied(Report),
    Row::text(
        "relax",
        "FIELD,...",
        Stored,
        "Do not apply the character rule of these fields; all for every field. In a field that is named, numbers that a \
         spreadsheet has rewritten are text (except in phone numbers, and in the key with --mode update or upsert)",
        |options, value| {
            options.fields.relax.extend(value.split(',').map(|field| field.trim().to_string()));
            Ok(())
        },
    )
    .repeats()
    .recorded("relax", |options| match options.fields.relax.iter().any(|field| field == ALL) {
        true => json!([ALL]),
        false => json!(set(&options.fields.relax)),
    })
    .copied(Report),
    Row::text(
        "max-rejects",
        "N",
        Limit,
        "If more records are rejected, load nothing (exit status 3)",
        |options, value| {
            options.max_rejects = Some(number(value)?);
            Ok(())
        },
    )
    .recorded("max_rejects", |options| json!(options.max_rejects)),
    Row::text(
        "max-reject-ratio",
        "R",
        Limit,
        "If a greater share of the records is rejected, such as 0.05, load nothing (exit status 3)",
        |options, value| match value.parse() {
            Ok(ratio) if (0.0..=1.0).contains(&ratio) => {
                options.max_reject_ratio = Some(ratio);
                Ok(())
            }
            _ => Err("it must be a share between 0 and 1, such as 0.05".into()),
        },
    )
    .recorded("max_reject_ratio", |options| json!(options.max_reject_ratio)),
    Row::switch(
        "rejects-ok",
        Nothing,
        "Exit with status 0 instead of 1 if records were rejected",
        |options| options.rejects_ok = true,
    ),
    Row::text("limit", "N", Stored, "Read only the first N records of each input", |options, value| {
        options.read.limit = Some(number(value)?);
        Ok(())
    })
    .recorded("limit", |options| json!(options.read.limit)),
    Row::text("unknown-columns", "WHAT", Stored, "What to do about a column that matches no field", |options, value| {
        options.unknown_columns_are_errors = value == "error";
        Ok(())
    })
    .choices(&[("warn", "Name it once, and ignore it"), ("error", "Do not load the file")])
    .default("warn")
    .recorded("unknown_columns_are_errors", |options| json!(options.unknown_columns_are_errors))
    .on("error"),
    Row::text("first-id", "N", Stored, "The first customer ID of an empty database", |options, value| {
        match value.parse() {
            Ok(id @ 1..) => options.first_id = id,
            _ => return Err("it must be a whole number; customer IDs start at 1".into()),
        }
        Ok(())
    })
    .default("1")
    .recorded("first_id", |options| json!(options.first_id)),
    Row::text(
        "now",
        "RFC3339",
        Nothing,
        "The time to use as now, such as 2026-01-31T12:00:00Z, for runs that must repeat exactly [default: the system's clock]",
        |options, value| {
            options.now = Some(now(value)?);
            Ok(())
        },
    ),
    // These four are for the program's output, and the run knows nothing of them.
    Row::path(
        "log",
        "FILE",
        Nothing,
        "Append a line to this file for each event of the run, such as its start, its inputs and its end; never a customer's value",
        |_, _| Ok(()),
    ),
    Row::text(
        "log-format",
        "FORMAT",
        Nothing,
        "The format of these lines [default: text]. Without --log they go to standard error",
        |_, _| Ok(()),
    )
    .choices(&[
        ("text", "The time, the level, the event, and its fields as key=value"),
        ("json", "A JSON object"),
    ]),
    Row::switch("quiet", Nothing, "Print no progress and no table", |_| ()).short('q'),
    Row::switch("json", Nothing, "Print the content of summary.json instead of the table", |_| ()),
    Row::text(
        "block-size",
        "SIZE",
        Nothing,
        "How much a thread gets at once, for tests: bytes, or records with an r at the end (7r)",
        |options, value| {
            options.read.block_size = block_size(value)?;
            Ok(())
        },
    )
    .hidden(),
];

/// What stands for every field.
const ALL: &str = "all";

/// Seconds to wait, as they are typed.
pub fn seconds(typed: &str) -> Result<Duration, Refusal> {
    let seconds = typed.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| "it must be a number of seconds, such as 60".into())
}

/// The clock, as it is typed.
pub fn now(typed: &str) -> Result<DateTime<Utc>, Refusal> {
    let time = DateTime::parse_from_rfc3339(typed)
        .map(|time| time.with_timezone(&Utc))
        .map_err(|error| format!("{error}; write it like 2026-01-31T12:00:00Z"))?;
    // RFC 3339 has four digits for the year.
    match time.year() {
        0..=9999 => Ok(time),
        _ => Err("in UTC, that is not in the years 0 to 9999".into()),
    }
}

/// What one `--on-invalid FIELD=clear` says.
fn on_invalid(typed: &str) -> Result<(String, OnInvalid), Refusal> {
    let (field, what) = typed.split_once('=').unwrap_or((typed, ""));
    let what = OnInvalid::from_name(what).filter(|what| !(field == ALL && *what == OnInvalid::Keep));
    let what = what.ok_or("write FIELD=clear, FIELD=keep or FIELD=reject, or all=clear for every optional field")?;
    Ok((field.to_string(), what))
}

/// What becomes of invalid values, by field: the last word on each counts, and one on all overrides those before it.
pub(in crate::run) fn last_words(on_invalid: &[(String, OnInvalid)]) -> Value {
    let mut words: BTreeMap<&str, OnInvalid> = BTreeMap::new();
    for (field, what) in on_invalid {
        if field == ALL {
            words.clear();
        }
        words.insert(field, *what);
    }
    if !words.contains_key(ALL) {
        words.retain(|_, what| *what != OnInvalid::Reject);
    }
    json!(words)
}

fn block_size(typed: &str) -> Result<BlockSize, Refusal> {
    let (number, is_records) = match typed.strip_suffix('r') {
        Some(number) => (number, true),
        None => (typed, false),
    };
    match number.parse::<usize>() {
        Ok(records) if is_records && records > 0 => Ok(BlockSize::Records(records)),
        Ok(bytes) if !is_records && (1..=MAX_RECORD_BYTES as usize).contains(&bytes) => Ok(BlockSize::Bytes(bytes)),
        _ => Err("it must be bytes, or records with an r at the end".into()),
    }
}
