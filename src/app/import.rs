//! `custload import` and `custload check`.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use tracing::{Dispatch, dispatcher};

use super::console::{Console, print};
use super::{args::RunArgs, log::Log};
use super::{options, table, words};
use crate::error::{Error, Result};
use crate::report::summary::{Status, Summary};
use crate::run::{self, Command, Observer};

pub(super) fn run(command: Command, args: &RunArgs, stop: Arc<AtomicUsize>) -> anyhow::Result<i32> {
    let mut console = Console::new(args.options.has("quiet"));
    let summary = match logged(command, args, stop, &mut console) {
        Err(error @ Error::LoadedOtherwise { .. }) => {
            words::ways_to_load_again(&error, args).iter().for_each(|line| console.say(line));
            return Ok(error.exit_status());
        }
        done => done?,
    };
    if let Err(error) = print_summary(&summary, args) {
        console.note(&format!("{error:#}; the run itself is done"));
    }
    // Without the table, only this says why the run stopped.
    let is_stopped = matches!(summary.status, Status::Threshold | Status::NothingLoaded);
    if let (Some(reason), true, true) =
        (&summary.reason, is_stopped, args.options.has("quiet") || args.options.has("json"))
    {
        console.note(&format!("stopped: {reason}"));
    }
    Ok(summary.exit_status(args.options.has("rejects-ok")))
}

fn logged(command: Command, args: &RunArgs, stop: Arc<AtomicUsize>, console: &mut Console) -> Result<Summary> {
    let log = Log::open(args, options::database(command, args).as_deref())?.map(Dispatch::new);
    if !args.options.has("log") && log.is_some() {
        // The log goes to standard error too.
        console.has_bar = false;
    }
    let summary = {
        let _logged = log.as_ref().map(dispatcher::set_default);
        let options = options::checked(command, args, stop).inspect_err(run::refused);
        options.and_then(|options| run::run(&options, console))
    };
    console.end();
    if let Some(failure) = log.as_ref().and_then(|log| log.downcast_ref::<Log>()).and_then(Log::failure) {
        console.note(&format!("the log is incomplete, because it could not be written: {failure}"));
    }
    summary
}

fn print_summary(summary: &Summary, args: &RunArgs) -> anyhow::Result<i32> {
    if args.options.has("json") {
        return print(&summary.to_json());
    }
    // Skipped inputs have been named already.
    if args.options.has("quiet") || summary.status == Status::Skipped {
        return Ok(0);
    }
    let again = |report: &str| words::load_rejects(&[report], &summary.profile, args);
    print(&table::summary(summary, again))
}
