//! The command line: what was typed becomes [`crate::run::Options`], and a run becomes printed text and an exit status.

pub mod args;
mod catalogue;
mod console;
mod import;
mod inspect;
mod log;
mod new_profile;
mod options;
mod runs;
mod table;
mod typed;
mod undo;
mod words;

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use clap::Parser;
use signal_hook::consts::{SIGINT, SIGTERM};

use self::args::{Cli, CliCommand, ProfilesCommand, RunsCommand, SheetArgs};
use self::console::{Console, print};
use crate::core::profile::FORMAT;
use crate::error::Error;
use crate::read::sheet::{self, Limits};
use crate::run::{Command, Observer};

/// The number of the signal on all Unix systems that Rust runs on.
#[cfg(unix)]
const SIGXFSZ: i32 = 25;

/// Runs the command line of this process; returns the exit status. SIGINT and SIGTERM end the command.
pub fn main() -> i32 {
    let cli = Cli::parse();
    if let CliCommand::Sheet(args) = &cli.command {
        // No signal handlers: this process has nothing to clean up.
        return serve_sheet(args);
    }
    let stop = Arc::new(AtomicUsize::new(0));
    for signal in [SIGINT, SIGTERM] {
        // Without the handler the signal kills the process, which is safe too.
        let _ = signal_hook::flag::register_usize(signal, Arc::clone(&stop), signal as usize);
    }
    // So that reaching the limit of a file's size fails the write, and does not kill the process.
    #[cfg(unix)]
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
    command(&cli.command, stop).unwrap_or_else(|error| {
        let mut console = Console::new(true);
        console.note(&message(&error, &cli.command));
        if let Some(Error::Profile { marked, .. }) = error.downcast_ref() {
            marked.iter().flatten().for_each(|line| console.say(line));
        }
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
        CliCommand::Profiles(args) => match &args.command {
            Some(ProfilesCommand::New(args)) => new_profile::run(args, stop),
            Some(ProfilesCommand::Schema) => print(FORMAT),
            None => print(&catalogue::profiles(args, &stop)?),
        },
        CliCommand::Explain(args) => print(&catalogue::explain(args.code.as_deref(), args.json)?),
    }
}

/// The message of an error, with what a command that writes has left.
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

/// Runs `__sheet`, the process that reads a spreadsheet.
fn serve_sheet(args: &SheetArgs) -> i32 {
    let SheetArgs { memory_bytes, max_inflated_bytes, first_row, .. } = *args;
    let limits = Limits { memory_bytes, max_inflated_bytes, first_row };
    sheet::serve(&mut unbuffered_output(), &args.path, args.sheet.as_deref(), limits)
}

/// Standard output without Rust's buffer, which writes line by line.
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
