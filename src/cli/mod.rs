//! The program's face: what was typed becomes [`crate::pipeline::Options`], and a run becomes words and an exit status.

pub mod args;
mod catalogue;
mod options;
mod progress;
mod table;

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use anyhow::Context;

use self::args::{Cli, CliCommand, RunArgs};
use self::progress::Console;
use crate::error::Error;
use crate::pipeline::{self, Command, Observer};
use crate::report::summary::{Status, Summary};

/// Runs what was typed; gives the exit status. `stop` is set to a signal's number when a run is to stop.
///
/// Errors are [`Error`]s, or a failure to print.
pub fn run(cli: &Cli, stop: Arc<AtomicUsize>) -> anyhow::Result<i32> {
    match &cli.command {
        CliCommand::Import(args) => load(Command::Import, args, stop),
        CliCommand::Check(args) => load(Command::Check, args, stop),
        CliCommand::Profiles(args) => print(&catalogue::profiles(args.name.as_deref(), args.json)?),
        CliCommand::Explain(args) => print(&catalogue::explain(args.code.as_deref(), args.json)?),
    }
}

/// The exit status of a failure.
pub fn exit_status(error: &anyhow::Error) -> i32 {
    error.downcast_ref::<Error>().map_or(2, Error::exit_status)
}

fn load(command: Command, args: &RunArgs, stop: Arc<AtomicUsize>) -> anyhow::Result<i32> {
    let options = options::checked(command, args, stop)?;
    let mut console = Console::new(args.quiet);
    let summary = pipeline::run(&options, &mut console);
    console.end();
    let summary = summary?;
    let printed = match (args.json, args.quiet) {
        (true, _) => print(&summary.to_json()),
        (false, false) => print(&table::summary(&summary)),
        (false, true) => Ok(0),
    };
    if let Err(error) = printed {
        // The run is done, and its exit status is to say so.
        console.note(&format!("{error:#}; the run itself is done"));
    }
    // Nobody sees the table of a quiet run, and its exit status alone does not say why.
    if let (Some(reason), true) = (&summary.reason, args.quiet || args.json) {
        console.note(&format!("stopped, the database is as it was: {reason}"));
    }
    Ok(status_of(&summary, args.rejects_ok))
}

fn status_of(summary: &Summary, rejects_ok: bool) -> i32 {
    match summary.status {
        Status::Threshold => 3,
        Status::Finished | Status::Checked if summary.counts.rejected > 0 && !rejects_ok => 1,
        Status::Finished | Status::Checked => 0,
    }
}

/// Prints to standard output. A reader who has gone away (`| head`) is no failure.
fn print(text: &str) -> anyhow::Result<i32> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(0),
        done => done.map(|()| 0).context("cannot write to standard output"),
    }
}
