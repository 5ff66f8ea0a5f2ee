//! The options that say what a run does with records, where it writes, and when it stops.

use std::sync::{Arc, atomic::Ordering};
use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Datelike, Utc};
use serde_json::{Value, json};

use super::super::profile_file::named;
use super::row::Copied::Report;
use super::row::Decides::{Limit, Nothing, Steps, Stored};
use super::row::{Refusal, Row, list, number, path, put, set, switch, text};
use crate::core::judge::plan::OnInvalid;
use crate::core::mode::{Duplicates, Empty, Mode};
use crate::core::profile::Profile;
use crate::read::{BlockSize, input::MAX_RECORD_BYTES};
use crate::run::options::Options;

/// More threads than this must be a typing error.
const MOST_THREADS: u16 = 1024;

#[rustfmt::skip]
pub(super) static ROWS: &[Row] = &[
    // The first: what a profile brings, the other options override. `import_runs` has a column for its name.
    text("profile", "NAME|FILE", Stored,
        "The profile: basic, billing, contact, or a file, such as crm.toml [default: chosen from the header]",
        |options, value| profile(options, value).map(|profile| options.profile = Some(profile)))
        .recorded("profile_digest", |options| {
            json!(options.profile.as_ref().map(|profile| &profile.digest).filter(|digest| !digest.is_empty()))
        })
        .called("the profile's content (its digest)")
        .short('p'),
    path("db", "FILE", Nothing,
        "The SQLite database; import creates it if it does not exist [default: customers.db; for check: none]",
        |options, path| put(&mut options.database, Ok(Some(path.to_path_buf()))))
        .copied(Report),
    text("reports", "DIR", Nothing,
        "The folder for the reports; {run} in it becomes the run's number [default: FILE.imports/run-000001 beside the \
         database; for check: no reports]",
        |options, value| put(&mut options.reports, Ok(Some(value.to_string())))),
    text("threads", "N", Nothing,
        "The number of threads that check records; the result is always the same [default: all cores]",
        |options, value| put(&mut options.threads, threads(value)))
        .short('j'),
    switch("accepted", Nothing, "Also write accepted.csv, the accepted records with their customer IDs",
        |options| options.accepted = true),
    text("mode", "MODE", Stored, "Whether records create customers or change existing ones",
        |options, value| put(&mut options.fields.mode, Ok(match value {
            "update" => Mode::Update,
            "upsert" => Mode::Upsert,
            _ => Mode::Create,
        })))
        .choices(&[
            ("create", "Create customers; reject a record if a customer has its key"),
            ("update", "Change existing customers; reject a record if no customer has its key"),
            ("upsert", "Change existing customers, create the others"),
        ])
        .default("create")
        .recorded("mode", |options| json!(options.fields.mode.name()))
        .copied(Report),
    text("empty", "WHAT", Stored, "What an empty cell does to a stored value, with --mode update or upsert",
        |options, value| put(&mut options.fields.empty, Ok(if value == "clear" { Empty::Clear } else { Empty::Keep })))
        .choices(&[("keep", "Keep the stored value"), ("clear", "Remove the stored value")])
        .default("keep")
        .recorded("empty", |options| json!(options.fields.empty.name()))
        .copied(Report),
    text("duplicates", "WHAT", Stored, "Which of several records with the same key in one run is loaded",
        |options, value| put(&mut options.duplicates, Ok(match value {
            "last" => Duplicates::Last,
            _ => Duplicates::Reject,
        })))
        .choices(&[("reject", "The first; the others are rejected"), ("last", "The last; it supersedes the others")])
        .default("reject")
        .recorded("duplicates", |options| json!(options.duplicates.name()))
        .copied(Report),
    switch("force", Nothing, "Load inputs even if an earlier run has loaded them", |options| options.force = true),
    switch("redo", Nothing,
        "Undo the runs that loaded these inputs, and load them again with the options given now, in one transaction",
        |options| options.redo = true)
        .conflicts(&["force", "commit-every"]),
    text("wait", "SECONDS", Nothing, "How long to wait for a database that another run or program is writing to",
        |options, value| put(&mut options.wait, seconds(value)))
        .default("0"),
    text("commit-every", "N", Steps,
        "Commit every N records, for loads too long for one transaction; the same command resumes a stopped run",
        |options, value| put(&mut options.commit_every, records(value).map(Some)))
        .recorded("commit_every", |options| json!(options.commit_every)),
    text("key", "COLUMN,...", Stored,
        "The column that identifies a customer, instead of the profile's; several together, with commas between them; or none",
        |options, value| put(&mut options.fields.key, Ok(Some(value.to_string()))))
        .recorded("key", |options| json!(options.fields.key))
        .copied(Report),
    text("on-invalid", "FIELD=clear|keep|reject", Stored,
        "What to do with an invalid value of an optional field: reject the record, clear the value with a warning, or keep \
         it as it is with a warning. May be repeated; all=clear is for every optional field",
        |options, value| on_invalid(value).map(|pair| options.fields.on_invalid.push(pair)))
        .repeats()
        .recorded("on_invalid", |options| last_words(&options.fields.on_invalid))
        .copied(Report),
    text("relax", "FIELD,...", Stored,
        "Do not apply the character rule of these fields; all for every field. A field that is named also accepts \
         numbers that a spreadsheet has rewritten (except phone numbers, and the key with --mode update or upsert)",
        |options, value| {
            options.fields.relax.extend(list(value));
            Ok(())
        })
        .repeats()
        .recorded("relax", |options| match options.fields.relax.iter().any(|field| field == ALL) {
            true => json!([ALL]),
            false => json!(set(&options.fields.relax)),
        })
        .copied(Report),
    text("max-rejects", "N", Limit, "Load nothing if more than N records are rejected (exit status 3)",
        |options, value| put(&mut options.max_rejects, number(value).map(Some)))
        .recorded("max_rejects", |options| json!(options.max_rejects)),
    text("max-reject-ratio", "R", Limit,
        "Load nothing if more than this share of the records, such as 0.05, is rejected (exit status 3)",
        |options, value| put(&mut options.max_reject_ratio, share(value).map(Some)))
        .recorded("max_reject_ratio", |options| json!(options.max_reject_ratio)),
    switch("rejects-ok", Nothing, "Exit with status 0 instead of 1 if records were rejected",
        |options| options.rejects_ok = true),
    text("limit", "N", Stored, "Read only the first N records of each input",
        |options, value| put(&mut options.read.limit, number(value).map(Some)))
        .recorded("limit", |options| json!(options.read.limit)),
    text("unknown-columns", "WHAT", Stored, "What to do about a column that matches no field",
        |options, value| put(&mut options.unknown_columns_are_errors, Ok(value == "error")))
        .choices(&[("warn", "Name it once, and ignore it"), ("error", "Do not load the file")])
        .default("warn")
        .recorded("unknown_columns_are_errors", |options| json!(options.unknown_columns_are_errors))
        .on("error"),
    text("first-id", "N", Stored, "The first customer ID of an empty database",
        |options, value| put(&mut options.first_id, first_id(value)))
        .default("1")
        .recorded("first_id", |options| json!(options.first_id)),
    text("now", "RFC3339", Nothing,
        "The time to use as now, such as 2026-01-31T12:00:00Z, for runs that must repeat exactly [default: the system's \
         clock]",
        |options, value| put(&mut options.now, now(value).map(Some))),
    // These four are only for the program's output.
    path("log", "FILE", Nothing,
        "Append a line to this file for each event of the run, such as its start, its inputs and its end; never a \
         customer's value",
        |_, _| Ok(())),
    text("log-format", "FORMAT", Nothing,
        "The format of the log [default: text]. Without --log it goes to standard error", |_, _| Ok(()))
        .choices(&[
            ("text", "The time, the level, the event, and its fields as key=value"),
            ("json", "A JSON object"),
        ]),
    switch("quiet", Nothing, "Print no progress and no table", |_| ()).short('q'),
    switch("json", Nothing, "Print the content of summary.json instead of the table", |_| ()),
    text("block-size", "SIZE", Nothing,
        "How much a thread gets at once, for tests: bytes, or records with an r at the end (7r)",
        |options, value| put(&mut options.read.block_size, block_size(value)))
        .hidden(),
];

fn profile(options: &Options, typed: &str) -> Result<Arc<Profile>, Refusal> {
    Ok(named(typed, &|| options.stop.load(Ordering::Relaxed) as i32)?)
}

const ALL: &str = "all";

fn threads(typed: &str) -> Result<usize, Refusal> {
    match typed.parse() {
        Ok(threads @ 1..=MOST_THREADS) => Ok(usize::from(threads)),
        _ => Err(format!("it must be a number between 1 and {MOST_THREADS}").into()),
    }
}

fn records(typed: &str) -> Result<u64, Refusal> {
    number(typed)
        .ok()
        .filter(|records| *records > 0)
        .ok_or_else(|| "it must be a number of records, such as 1000000".into())
}

fn share(typed: &str) -> Result<f64, Refusal> {
    let share = typed.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "it must be a share between 0 and 1, such as 0.05".into())
}

fn first_id(typed: &str) -> Result<i64, Refusal> {
    typed.parse().ok().filter(|id| *id >= 1).ok_or_else(|| "it must be a whole number; customer IDs start at 1".into())
}

pub fn seconds(typed: &str) -> Result<Duration, Refusal> {
    let seconds = typed.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| "it must be a number of seconds, such as 60".into())
}

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

fn on_invalid(typed: &str) -> Result<(String, OnInvalid), Refusal> {
    let (field, what) = typed.split_once('=').unwrap_or((typed, ""));
    let what = OnInvalid::from_name(what).filter(|what| !(field == ALL && *what == OnInvalid::Keep));
    let what = what.ok_or("write FIELD=clear, FIELD=keep or FIELD=reject, or all=clear for every optional field")?;
    Ok((field.to_string(), what))
}

/// What to do with invalid values, by field: the last option for a field counts, and one for all overrides those before it.
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
