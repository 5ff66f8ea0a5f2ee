//! `custload runs`: lists the runs of a database, shows one, or prunes old ones.

mod list;
mod prune;
mod show;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use super::args::{RunsArgs, RunsCommand};
use super::options;
use super::print::{pretty, print, print_done};
use super::progress::Console;
use crate::run;

/// Runs the command; gives the exit status.
pub(super) fn runs(args: &RunsArgs, stop: Arc<AtomicUsize>) -> anyhow::Result<i32> {
    let asked = options::asked(&args.database, stop)?;
    let (database, as_json) = (&args.database.db, args.database.json);
    let mut console = Console::new(false);
    match args.command {
        None => {
            let runs = run::runs(&asked, &mut console)?;
            print(&if as_json { pretty(&runs.iter().map(show::data).collect()) } else { list::text(&runs, database) })
        }
        Some(RunsCommand::Show { run }) => {
            let run = run::one_run(&asked, run, &mut console)?;
            print(&if as_json { pretty(&show::data(&run)) } else { show::text(&run, database) })
        }
        Some(RunsCommand::Prune { keep }) => {
            let pruned = run::prune(&asked, keep, &mut console)?;
            let text = if as_json { pretty(&prune::data(&pruned)) } else { prune::text(&pruned, database) };
            Ok(print_done(&text, &mut console))
        }
    }
}
