//! The command line as it is typed: one clap definition, which is also the help.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

/// Loads customer records from CSV and NDJSON into SQLite: validated, normalised, with customer IDs assigned, and with a
/// reject report that can be mended and loaded again.
#[derive(Debug, Parser)]
#[command(name = "custload", version, max_term_width = 110, after_help = EXIT_STATUSES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: CliCommand,
}

/// The exit statuses, as the help and the README show them.
pub const EXIT_STATUSES: &str = "Exit status:
  0    every record was accepted
  1    finished; some records were rejected
  2    the command line, an input or the database is unusable, or the run did not balance; nothing was written
  3    a reject threshold was passed; nothing was written to the database
  130  stopped by Ctrl-C (SIGINT); nothing was written
  143  stopped by SIGTERM; nothing was written";

/// The commands.
#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant)] // there is one of it
pub enum CliCommand {
    /// Load records into a database
    Import(RunArgs),
    /// Judge records as import does, without writing to a database
    Check(RunArgs),
    /// List the profiles, or show one: its fields, rules and accepted headers
    Profiles(ProfilesArgs),
    /// Say what a reject code means, with an example and how to mend it
    Explain(ExplainArgs),
}

/// What `profiles` takes.
#[derive(Debug, Args)]
pub struct ProfilesArgs {
    /// The profile to show; all are listed if none is named
    pub name: Option<String>,
    /// Print data instead of a table
    #[arg(long)]
    pub json: bool,
}

/// What `explain` takes.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The code to explain; all are listed if none is named
    pub code: Option<String>,
    /// Print data instead of text
    #[arg(long)]
    pub json: bool,
}

/// A kind of file, on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FormatArg {
    /// Comma-separated values with a header
    Csv,
    /// One JSON object a line
    Ndjson,
}

/// What to do about columns that match no field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum UnknownColumns {
    /// Name them once, and ignore them
    Warn,
    /// Do not load the file
    Error,
}

/// What `import` and `check` take.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The files to read, in order; - is standard input
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    /// The SQLite database; import creates it if it is absent [default: customers.db; for check: none]
    #[arg(long, value_name = "FILE")]
    pub db: Option<PathBuf>,
    /// The profile: basic, billing or contact [default: chosen from the header]
    #[arg(short, long, value_name = "NAME")]
    pub profile: Option<String>,
    /// The format of the inputs [default: by the file's ending, else by its content]
    #[arg(long, value_enum)]
    pub format: Option<FormatArg>,
    /// What stands between the cells of CSV: one character, or tab
    #[arg(short, long, value_name = "C", default_value = ",")]
    pub delimiter: String,
    /// The folder for the reports; {run} in it becomes the run's number
    /// [default: FILE.imports/run-000001 beside the database; for check: no reports]
    #[arg(long, value_name = "DIR")]
    pub reports: Option<String>,
    /// How many threads check records; the result is the same for every number [default: all cores]
    #[arg(short = 'j', long, value_name = "N")]
    pub threads: Option<u16>,
    /// Also write accepted.csv, the accepted records with their customer IDs
    #[arg(long)]
    pub accepted: bool,
    /// The column that tells customers apart, in place of the profile's; or none
    #[arg(long, value_name = "COLUMN")]
    pub key: Option<String>,
    /// What an invalid value of an optional field costs: the record (reject), or only itself, with a warning (clear);
    /// as often as needed
    #[arg(long, value_name = "FIELD=clear|reject", action = ArgAction::Append)]
    pub on_invalid: Vec<String>,
    /// Do not apply the character rule of these fields; all for every field
    #[arg(long, value_name = "FIELD,...", value_delimiter = ',', action = ArgAction::Append)]
    pub relax: Vec<String>,
    /// With more rejects than this, leave the database as it was (exit status 3)
    #[arg(long, value_name = "N")]
    pub max_rejects: Option<u64>,
    /// With a greater share of rejects than this, 0.05 say, leave the database as it was (exit status 3)
    #[arg(long, value_name = "R")]
    pub max_reject_ratio: Option<f64>,
    /// Exit status 0 instead of 1 where records were rejected
    #[arg(long)]
    pub rejects_ok: bool,
    /// Read only the first N records of each input
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
    /// What to do about a column that matches no field
    #[arg(long, value_enum, value_name = "WHAT", default_value = "warn")]
    pub unknown_columns: UnknownColumns,
    /// The first customer ID of an empty database
    #[arg(long, value_name = "N", default_value = "1")]
    pub first_id: i64,
    /// The longest that a record may be, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 1024 * 1024)]
    pub max_record_bytes: u64,
    /// The clock, for runs that must repeat exactly, 2026-01-31T12:00:00Z say [default: the system's]
    #[arg(long, value_name = "RFC3339")]
    pub now: Option<String>,
    /// No progress and no table
    #[arg(short, long)]
    pub quiet: bool,
    /// Print the content of summary.json instead of the table
    #[arg(long)]
    pub json: bool,
    /// How much is handed to a thread at once, for tests: bytes, or records with an r behind (7r)
    #[arg(long, hide = true, value_name = "SIZE")]
    pub block_size: Option<String>,
}
