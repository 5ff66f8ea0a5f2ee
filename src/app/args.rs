//! The command line as it is typed, and its help. The options of a run come from their table.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::typed::Typed;

/// Loads customer records from CSV, JSON and spreadsheets into SQLite: validated, normalised, with customer IDs assigned,
/// and with a reject report to correct and load again.
#[derive(Debug, Parser)]
#[command(name = "custload", version, max_term_width = 110, after_help = EXIT_STATUSES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: CliCommand,
}

/// The exit statuses, as the help and the README show them.
pub const EXIT_STATUSES: &str = "Exit status:
  0    all records were accepted (or --rejects-ok was given), or all inputs had been loaded before
  1    finished; some records were rejected
  2    the command line, an input or the database cannot be used, or the run did not balance; nothing was written*
  3    a reject limit was exceeded; nothing was written to the database*
  130  stopped by Ctrl-C (SIGINT); nothing was written*
  143  stopped by SIGTERM; nothing was written*
  * with --commit-every: nothing after the last checkpoint";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum CliCommand {
    /// Load records into a database
    Import(RunArgs),
    /// Check records as import does, without writing to a database
    Check(RunArgs),
    /// Show how a file is read, where its columns go, what would be rejected, and the command that loads it
    Inspect(InspectArgs),
    /// List the runs of a database, show one, or prune old ones
    Runs(RunsArgs),
    /// Undo a run: delete the customers that it created, restore those that it updated
    Undo(UndoArgs),
    /// List the profiles, or show the fields, rules and accepted headers of one
    Profiles(ProfilesArgs),
    /// Explain a reject code, with an example and how to correct it
    Explain(ExplainArgs),
    /// Read a spreadsheet for the process that started this one
    #[command(name = "__sheet", hide = true)]
    Sheet(SheetArgs),
}

/// The arguments of `__sheet`.
#[derive(Debug, Args)]
pub struct SheetArgs {
    /// The most memory that it may use
    #[arg(long, default_value_t = 2 << 30)]
    pub memory_bytes: u64,
    /// The most bytes that may come out of the file
    #[arg(long, default_value_t = 64 << 30)]
    pub max_inflated_bytes: u64,
    /// The first row of the records, from 0
    #[arg(long, default_value_t = 0)]
    pub first_row: u32,
    /// The sheet
    #[arg(long)]
    pub sheet: Option<String>,
    /// The spreadsheet
    pub path: PathBuf,
}

fn run_number(typed: &str) -> Result<i64, String> {
    typed.parse().map_err(|_| "it must be the number of a run, such as 12; `custload runs` lists the runs".to_string())
}

/// The options of commands about earlier runs.
#[derive(Clone, Debug, Args)]
pub struct DatabaseArgs {
    /// The SQLite database
    #[arg(long, value_name = "FILE", default_value = crate::shell::DEFAULT_DATABASE, global = true)]
    pub db: PathBuf,
    /// How long to wait for a database that another run or program is writing to
    #[arg(long, value_name = "SECONDS", default_value = "0", global = true)]
    pub wait: String,
    /// Print JSON instead of text
    #[arg(long, global = true)]
    pub json: bool,
}

/// The arguments of `runs`.
#[derive(Debug, Args)]
pub struct RunsArgs {
    /// What to do; without it all runs are listed
    #[command(subcommand)]
    pub command: Option<RunsCommand>,
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// The subcommands of `runs`.
#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    /// Show one run: its options, its inputs, its counts, and where its reports are
    Show {
        /// The number of the run
        #[arg(value_name = "N", value_parser = run_number)]
        run: i64,
    },
    /// Delete the data needed to undo runs, except the last N (--keep N); the list of runs stays
    Prune {
        /// How many of the last runs can still be undone
        #[arg(long, value_name = "N")]
        keep: u64,
    },
}

/// The arguments of `undo`.
#[derive(Debug, Args)]
pub struct UndoArgs {
    /// The number of the run; `custload runs` lists them
    #[arg(value_name = "N", value_parser = run_number)]
    pub run: i64,
    /// Leave customers that have changed since as they are, and undo the rest
    #[arg(long)]
    pub keep_changed: bool,
    /// Show what would be deleted, restored and left, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// The time to use as now, such as 2026-01-31T12:00:00Z [default: the system's clock]
    #[arg(long, value_name = "RFC3339")]
    pub now: Option<String>,
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// The arguments of `profiles`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct ProfilesArgs {
    /// What to do; without it profiles are listed or shown
    #[command(subcommand)]
    pub command: Option<ProfilesCommand>,
    /// The profile to show, or its file; without it all are listed
    pub name: Option<String>,
    /// Print JSON instead of a table
    #[arg(long)]
    pub json: bool,
    /// Print the profile's file, to copy and change
    #[arg(long, requires = "name", conflicts_with = "json")]
    pub toml: bool,
    /// Print the JSON Schema of a record
    #[arg(long, requires = "name", conflicts_with_all = ["json", "toml"])]
    pub json_schema: bool,
}

/// The subcommands of `profiles`.
#[derive(Debug, Subcommand)]
pub enum ProfilesCommand {
    /// Make a profile from a file: its columns with types, lengths and choices, and what speaks for each as comments
    New(NewProfileArgs),
    /// Print the JSON Schema of profile files, with which editors complete and check them
    Schema,
}

/// The arguments of `profiles new`.
#[derive(Debug, Args)]
pub struct NewProfileArgs {
    /// The profile to write, such as crm.toml
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The file to make it from, which is read to its end; - is standard input
    #[arg(long, value_name = "INPUT")]
    pub from: PathBuf,
    /// Replace the profile if it exists
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub options: Typed<true>,
}

/// The arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The code to explain; without it all are listed
    pub code: Option<String>,
    /// Print JSON instead of text
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `inspect`.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// The file to inspect; - is standard input
    #[arg(value_name = "INPUT")]
    pub input: PathBuf,
    #[command(flatten)]
    pub options: Typed<true>,
    /// Write a mapping file to edit
    #[arg(long, value_name = "FILE")]
    pub write_mapping: Option<PathBuf>,
    /// The time to use as now, such as 2026-01-31T12:00:00Z [default: the system's clock]
    #[arg(long, value_name = "RFC3339")]
    pub now: Option<String>,
    /// Print JSON instead of text
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `import` and `check`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The files, folders and patterns to read, in order; - is standard input
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    #[command(flatten)]
    pub options: Typed<false>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;
    use crate::run::option_table::rows;

    #[test]
    fn the_parser_has_the_options_of_the_table_and_no_others() {
        let options = |command: &str| -> BTreeSet<String> {
            let cli = Cli::command();
            let command = cli.find_subcommand(command).unwrap();
            command.get_opts().filter_map(|arg| arg.get_long()).map(str::to_string).collect()
        };
        let named = |is_of: fn(&&crate::run::option_table::Row) -> bool, more: &[&str]| -> BTreeSet<String> {
            rows().filter(is_of).map(|row| row.name).chain(more.iter().copied()).map(str::to_string).collect()
        };
        let all = named(|_| true, &[]);
        assert_eq!((options("import"), options("check")), (all.clone(), all));
        assert_eq!(
            options("inspect"),
            named(|row| row.is_reading || row.name == "profile", &["write-mapping", "now", "json"])
        );
        Cli::command().debug_assert();
    }
}
