//! Checks what was typed: here is what options mean together; what each means alone is in their table.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use chrono::{DateTime, Utc};

use super::args::{DatabaseArgs, InspectArgs, NewProfileArgs, RunArgs};
use crate::core::{mode::Duplicates, record::dialect::CsvDialect};
use crate::error::{Error, Result};
use crate::run::{Command, DatabaseAccess, Options};
use crate::shell;
use crate::{read::input::ReadOptions, run::option_table};

pub(super) fn checked(command: Command, args: &RunArgs, stop: Arc<AtomicUsize>) -> Result<Options> {
    let mut options = unset(command, args.inputs.clone(), stop);
    args.options.apply(&mut options)?;
    options.database = match command {
        Command::Import => options.database.or_else(|| database(command, args)),
        // A check of a feed's file needs no database.
        Command::Check => database(command, args),
    };
    let hash_text = options.commit_every.is_some() && command == Command::Import;
    options.read_reports.iter_mut().chain([&mut options.read]).for_each(|read| read.hash_text = hash_text);
    let (mode, key) = (options.fields.mode, options.fields.key.as_deref());
    if options.inputs.iter().filter(|input| input.as_os_str() == "-").count() > 1 {
        return Err(usage("standard input (-) can be read only once"));
    }
    if mode.changes() && key == Some("none") {
        let mode = mode.name();
        return Err(usage(format!("--mode {mode} and --key none: without a key no customer can be identified")));
    }
    if options.redo && command == Command::Check {
        return Err(usage("--redo: a check writes nothing, so there is nothing to undo; leave it out"));
    }
    if options.commit_every.is_some() && options.duplicates == Duplicates::Last {
        return Err(usage(
            "--duplicates last and --commit-every: the last record is known only at the end of the run; leave out one of the two",
        ));
    }
    with_possible_quoting(options)
}

pub(super) fn inspected(args: &InspectArgs, stop: Arc<AtomicUsize>) -> Result<Options> {
    let mut options = unset(Command::Check, vec![args.input.clone()], stop);
    args.options.apply(&mut options)?;
    options.now = args.now.as_deref().map(now).transpose()?;
    options.threads = 1;
    with_possible_quoting(options)
}

/// The options of `profiles new`: how its input is read.
pub(super) fn of_new_profile(args: &NewProfileArgs, stop: Arc<AtomicUsize>) -> Result<Options> {
    for (option, why) in [
        ("profile", "the profile is made from the file alone"),
        ("map", "name the fields in the profile"),
        ("mapping", "name the fields in the profile"),
    ] {
        if args.options.has(option) {
            return Err(usage(format!("--{option}: {why}; leave it out")));
        }
    }
    let mut options = unset(Command::Check, vec![args.from.clone()], stop);
    args.options.apply(&mut options)?;
    with_possible_quoting(options)
}

pub(super) fn database_access(args: &DatabaseArgs, stop: Arc<AtomicUsize>) -> Result<DatabaseAccess> {
    let wait = option_table::seconds(&args.wait).map_err(|refusal| refusal.of("wait", &args.wait))?;
    Ok(DatabaseAccess { database: args.db.clone(), wait, stop })
}

pub(super) fn now(typed: &str) -> Result<DateTime<Utc>> {
    option_table::now(typed).map_err(|refusal| refusal.of("now", typed))
}

/// The database of a run; a check may do without one.
pub(super) fn database(command: Command, args: &RunArgs) -> Option<PathBuf> {
    let default = || (command == Command::Import).then(|| PathBuf::from(shell::DEFAULT_DATABASE));
    args.options.value("db").map(PathBuf::from).or_else(default)
}

fn unset(command: Command, inputs: Vec<PathBuf>, stop: Arc<AtomicUsize>) -> Options {
    let read = ReadOptions { program: own_program(), ..ReadOptions::default() };
    Options { command, inputs, read, stop, ..Options::default() }
}

/// This program, to be started again. An upgrade may have replaced the file since.
fn own_program() -> Option<PathBuf> {
    let running = PathBuf::from("/proc/self/exe");
    if running.exists() { Some(running) } else { std::env::current_exe().ok() }
}

fn with_possible_quoting(options: Options) -> Result<Options> {
    let ReadOptions { delimiter, quote, escape, .. } = options.read;
    // A delimiter that is not given is never the quote.
    let dialect = CsvDialect { delimiter: delimiter.unwrap_or(b','), quote: quote.unwrap_or(Some(b'"')), escape };
    match dialect.conflict() {
        Some(conflict) => {
            Err(usage(format!("--quote {} --escape {}: {conflict}", dialect.quote_name(), escape.name())))
        }
        None => Ok(options),
    }
}

fn usage(message: impl Into<String>) -> Error {
    Error::Usage(message.into())
}
