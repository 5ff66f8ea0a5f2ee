//! The program's face: what was typed becomes [`crate::run::Options`], and a run becomes words and an exit status.

pub mod args;
mod catalogue;
mod import;
mod inspect;
mod log;
mod options;
mod print;
mod progress;
mod runs;
mod sheet;
mod table;
mod typed;
mod undo;
mod words;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use self::args::{Cli, CliCommand, RunsCommand};
use self::print::print;
use self::progress::Console;
pub use self::sheet::serve_sheet;
use crate::error::Error;
use crate::run::{Command, Observer};

/// Runs what was typed; gives the exit status. A signal's number in `stop` ends the command.
pub fn run(cli: &Cli, stop: Arc<AtomicUsize>) -> i32 {
    command(&cli.command, stop).unwrap_or_else(|error| {
        Console::new(true).note(&message(&error, &cli.command));
        error.downcast_ref::<Error>().map_or(2, Error::exit_status)
    })
}

/// Errors are [`Error`]s, or a failure to print.
fn command(command: &CliCommand, stop: Arc<AtomicUsize>) -> anyhow::Result<i32> {
    match command {
        CliCommand::Import(args) => import::run(Command::Import, args, stop),
        CliCommand::Check(args) => import::run(Command::Check, args, stop),
        CliCommand::Inspect(args) => inspect::run(args, stop),
        CliCommand::Runs(args) => runs::runs(args, stop),
        CliCommand::Undo(args) => undo::undo(args, stop),
        CliCommand::Sheet(args) => Ok(serve_sheet(args)),
        CliCommand::Profiles(args) => print(&catalogue::profiles(args.name.as_deref(), args.json)?),
        CliCommand::Explain(args) => print(&catalogue::explain(args.code.as_deref(), args.json)?),
    }
}

/// What is said of an error. Only here is it said what a command that writes has left.
fn message(error: &anyhow::Error, command: &CliCommand) -> String {
    let writes = match command {
        CliCommand::Import(_) | CliCommand::Undo(_) => true,
        CliCommand::Runs(args) => matches!(args.command, Some(RunsCommand::Prune { .. })),
        _ => false,
    };
    match error.downcast_ref::<Error>().filter(|_| writes).and_then(Error::outcome) {
        Some(outcome) => format!("{error:#} ({outcome})"),
        None => format!("{error:#}"),
    }
}
