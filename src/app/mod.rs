//! The program's face: what was typed becomes [`crate::run::Options`], and a run becomes words and an exit status.

pub mod args;
mod catalogue;
mod inspect;
mod log;
mod options;
mod progress;
mod runs;
mod table;
mod words;

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use anyhow::Context;
use tracing::{Dispatch, dispatcher};

use self::args::{Cli, CliCommand, InspectArgs, RunArgs, SheetArgs};
use self::log::Log;
use self::progress::Console;
use self::words::Words;
use crate::error::Error;
use crate::read::sheet::{self, Limits};
use crate::report::summary::Status;
use crate::run::{self, Command, Observer};

/// Runs what was typed; gives the exit status. `stop` is set to a signal's number when a run is to stop.
///
/// Errors are [`Error`]s, or a failure to print.
pub fn run(cli: &Cli, stop: Arc<AtomicUsize>) -> anyhow::Result<i32> {
    match &cli.command {
        CliCommand::Import(args) => load(Command::Import, args, stop),
        CliCommand::Check(args) => load(Command::Check, args, stop),
        CliCommand::Inspect(args) => inspect(args, stop),
        CliCommand::Runs(args) => runs::runs(args, stop),
        CliCommand::Undo(args) => runs::undo(args, stop),
        CliCommand::Sheet(args) => Ok(serve_sheet(args)),
        CliCommand::Profiles(args) => print(&catalogue::profiles(args.name.as_deref(), args.json)?),
        CliCommand::Explain(args) => print(&catalogue::explain(args.code.as_deref(), args.json)?),
    }
}

/// The exit status of a failure.
pub fn exit_status(error: &anyhow::Error) -> i32 {
    error.downcast_ref::<Error>().map_or(2, Error::exit_status)
}

fn inspect(args: &InspectArgs, stop: Arc<AtomicUsize>) -> anyhow::Result<i32> {
    let inspection = run::inspect(&options::inspected(args, stop)?)?;
    let text = if args.json { inspect::json(&inspection) } else { inspect::text(&inspection, args) };
    print(&text)?;
    if let Some(path) = &args.write_mapping {
        inspect::write_mapping(path, &inspection)?;
    }
    // What a run would say, and how it would end.
    Ok(match &inspection.problem {
        Some(problem) => {
            Console::new(true).note(problem);
            2
        }
        None => 0,
    })
}

fn load(command: Command, args: &RunArgs, stop: Arc<AtomicUsize>) -> anyhow::Result<i32> {
    let mut console = Console::new(args.quiet);
    let log = Log::open(args, options::database(command, args).as_deref())?.map(Dispatch::new);
    if args.log.is_none() && log.is_some() {
        console = console.without_bar();
    }
    let summary = {
        let _logged = log.as_ref().map(dispatcher::set_default);
        let options = options::checked(command, args, stop).inspect_err(run::refused);
        options.and_then(|options| run::run(&options, &mut console))
    };
    console.end();
    if let Some(failure) = log.as_ref().and_then(|log| log.downcast_ref::<Log>()).and_then(Log::failure) {
        console.note(&format!("lines are missing in the log, which could not be written: {failure}"));
    }
    let summary = match summary {
        Err(error @ Error::LoadedOtherwise { .. }) => {
            words::ways_to_load_again(&error, args).iter().for_each(|line| console.say(line));
            return Ok(error.exit_status());
        }
        done => done?,
    };
    let printed = match (args.json, args.quiet) {
        (true, _) => print(&summary.to_json()),
        // What was skipped has been said.
        (false, _) if summary.status == Status::Skipped => Ok(0),
        (false, false) => {
            let words =
                |path: &str| Words::import(path, Some(&summary.profile)).with_rules(args).with_meaning(&args.read);
            print(&table::summary(&summary, |path| words(path).quoted()))
        }
        (false, true) => Ok(0),
    };
    if let Err(error) = printed {
        // The run is done, and its exit status is to say so.
        console.note(&format!("{error:#}; the run itself is done"));
    }
    // Nobody sees the table of a quiet run, and its exit status alone does not say why.
    let is_stopped = matches!(summary.status, Status::Threshold | Status::NothingLoaded);
    if let (Some(reason), true, true) = (&summary.reason, is_stopped, args.quiet || args.json) {
        console.note(&format!("stopped: {reason}"));
    }
    Ok(summary.exit_status(args.rejects_ok))
}

/// The whole life of the process that reads a spreadsheet.
pub fn serve_sheet(args: &SheetArgs) -> i32 {
    let SheetArgs { memory_bytes, max_inflated_bytes, first_row, .. } = *args;
    let limits = Limits { memory_bytes, max_inflated_bytes, first_row };
    sheet::serve(&mut unbuffered_output(), &args.path, args.sheet.as_deref(), limits)
}

/// Standard output without Rust's own buffer, which writes line by line.
#[cfg(unix)]
fn unbuffered_output() -> Box<dyn Write> {
    use std::os::fd::AsFd;
    match io::stdout().as_fd().try_clone_to_owned() {
        Ok(output) => Box::new(std::fs::File::from(output)),
        Err(_) => Box::new(io::stdout()),
    }
}

#[cfg(not(unix))]
fn unbuffered_output() -> Box<dyn Write> {
    Box::new(io::stdout())
}

/// Prints to standard output. A reader who has gone away (`| head`) is no failure.
fn print(text: &str) -> anyhow::Result<i32> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(0),
        done => done.map(|()| 0).context("cannot write to standard output"),
    }
}
