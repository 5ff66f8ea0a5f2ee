//! The command line as it is typed: one clap definition, which is also the help.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

/// Loads customer records from CSV, JSON and spreadsheets into SQLite: validated, normalised, with customer IDs assigned,
/// and with a reject report that can be mended and loaded again.
#[derive(Debug, Parser)]
#[command(name = "custload", version, max_term_width = 110, after_help = EXIT_STATUSES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: CliCommand,
}

/// The exit statuses, as the help and the README show them.
pub const EXIT_STATUSES: &str = "Exit status:
  0    every record was accepted (or --rejects-ok was given), or every input had been loaded before
  1    finished; some records were rejected
  2    the command line, an input or the database is unusable, or the run did not balance; nothing was written*
  3    a reject threshold was passed; nothing was written to the database*
  130  stopped by Ctrl-C (SIGINT); nothing was written*
  143  stopped by SIGTERM; nothing was written*
  * with --commit-every: nothing behind the last checkpoint";

/// The commands.
#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant)] // there is one of it
pub enum CliCommand {
    /// Load records into a database
    Import(RunArgs),
    /// Judge records as import does, without writing to a database
    Check(RunArgs),
    /// Look at a file: how it is read, where its columns go, what would be rejected, and the command that loads it
    Inspect(InspectArgs),
    /// List the runs of a database, or show one, or delete what is needed to undo old ones
    Runs(RunsArgs),
    /// Undo a run: delete the customers that it created, and restore those that it updated
    Undo(UndoArgs),
    /// List the profiles, or show one: its fields, rules and accepted headers
    Profiles(ProfilesArgs),
    /// Say what a reject code means, with an example and how to correct it
    Explain(ExplainArgs),
    /// Read a spreadsheet, for the process that started this one
    #[command(name = "__sheet", hide = true)]
    Sheet(SheetArgs),
}

/// What the process that reads a spreadsheet is told.
#[derive(Debug, Args)]
pub struct SheetArgs {
    /// How much memory it may use
    #[arg(long, default_value_t = 2 << 30)]
    pub memory_bytes: u64,
    /// How much may come out of the file
    #[arg(long, default_value_t = 64 << 30)]
    pub max_inflated_bytes: u64,
    /// The first row of the records, from zero
    #[arg(long, default_value_t = 0)]
    pub first_row: u32,
    /// The sheet
    #[arg(long)]
    pub sheet: Option<String>,
    /// The spreadsheet
    pub path: PathBuf,
}

fn run_number(typed: &str) -> Result<i64, String> {
    typed.parse().map_err(|_| "it is a run's number, 12 say; `custload runs` lists the runs".to_string())
}

fn share(typed: &str) -> Result<f64, String> {
    typed.parse().map_err(|_| "it is a share, between 0 and 1, 0.05 say".to_string())
}

/// Which database is asked.
#[derive(Clone, Debug, Args)]
pub struct DatabaseArgs {
    /// The SQLite database
    #[arg(long, value_name = "FILE", default_value = crate::shell::DEFAULT_DATABASE, global = true)]
    pub db: PathBuf,
    /// How long to wait for a database that another run or program is writing to
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0, global = true)]
    pub wait: f64,
    /// Print data instead of text
    #[arg(long, global = true)]
    pub json: bool,
}

/// What `runs` takes.
#[derive(Debug, Args)]
pub struct RunsArgs {
    /// What to do; all runs are listed if nothing is said
    #[command(subcommand)]
    pub command: Option<RunsCommand>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub database: DatabaseArgs,
}

/// What `runs` can do besides listing them.
#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    /// Show all that is known of one run, and where its reports are
    Show {
        /// The number of the run
        #[arg(value_name = "N", value_parser = run_number)]
        run: i64,
    },
    /// Delete what is needed to undo runs, which takes room, but for the last few (--keep N); the list of runs stays
    Prune {
        /// How many runs can still be undone
        #[arg(long, value_name = "N")]
        keep: u64,
    },
}

/// What `undo` takes.
#[derive(Debug, Args)]
pub struct UndoArgs {
    /// The number of the run; `custload runs` lists them
    #[arg(value_name = "N", value_parser = run_number)]
    pub run: i64,
    /// Leave customers as they are that somebody has changed since, and undo the rest
    #[arg(long)]
    pub keep_changed: bool,
    /// Say what would be deleted, restored and left, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// The clock, for runs that must repeat exactly, 2026-01-31T12:00:00Z say [default: the system's]
    #[arg(long, value_name = "RFC3339")]
    pub now: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub database: DatabaseArgs,
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
    /// Comma-separated values, or another delimiter, with a header
    Csv,
    /// One JSON object a line
    Ndjson,
    /// An array of JSON objects
    Json,
    /// A sheet of a spreadsheet: xlsx, xlsm, xlsb, ods, xls
    Spreadsheet,
}

/// What stands for a quote inside a quoted cell, on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EscapeArg {
    /// Two quotes
    Double,
    /// A backslash and the quote
    Backslash,
}

/// What to do about rows that lack their last cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ShortRows {
    /// Reject them
    Reject,
    /// Take the cells that they lack for empty
    Pad,
}

/// Whether customers are created or changed, on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ModeArg {
    /// Create customers; a record whose key a customer has is rejected
    Create,
    /// Change customers who are there; a record whose key nobody has is rejected
    Update,
    /// Change those who are there, create the others
    Upsert,
}

/// What an empty cell does, on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EmptyArg {
    /// The stored value stays
    Keep,
    /// The stored value goes
    Clear,
}

/// What becomes of records with one key, on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DuplicatesArg {
    /// The first stays, the others are rejected
    Reject,
    /// The last stays, the others are superseded by it
    Last,
}

/// What to do about columns that match no field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum UnknownColumns {
    /// Name them once, and ignore them
    Warn,
    /// Do not load the file
    Error,
}

/// What a log's lines look like, on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// The time, the level, the event, and its fields as key=value
    Text,
    /// A JSON object
    Json,
}

/// How inputs are read; left out, everything is found in the file.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "How the file is read")]
pub struct ReadArgs {
    /// The format of the inputs [default: by content]
    #[arg(long, value_enum)]
    pub format: Option<FormatArg>,
    /// What stands between the cells of CSV: one character, or tab [default: found among , ; tab |]
    #[arg(short, long, value_name = "C")]
    pub delimiter: Option<String>,
    /// What cells are quoted with: one character, or none where a quote is a character like any other
    /// [default: ", or ' where the header and most cells are quoted so]
    #[arg(long, value_name = "C|none")]
    pub quote: Option<String>,
    /// What stands for a quote inside a quoted cell
    #[arg(long, value_enum, value_name = "HOW", default_value = "double")]
    pub escape: EscapeArg,
    /// The encoding of the text, windows-1252 say [default: found]
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    /// The sheet of a spreadsheet, by its name or number [default: the first visible]
    #[arg(long, value_name = "NAME|N")]
    pub sheet: Option<String>,
    /// The array in a JSON document that holds the records, data.customers say; . for the document itself [default: the only array
    /// of objects, where the document fits no profile]
    #[arg(long, value_name = "PATH")]
    pub records: Option<String>,
    /// The line of the header [default: 1, or the first of 20 that fits a profile]
    #[arg(long, value_name = "N", conflicts_with = "no_header")]
    pub header_line: Option<u64>,
    /// The file has no header; --columns names its columns
    #[arg(long, requires = "columns")]
    pub no_header: bool,
    /// The names of the columns of a file without a header; an empty name is a column that is ignored
    #[arg(long, value_name = "A,B,C", conflicts_with = "header_line")]
    pub columns: Option<String>,
    /// Which field a header, or a dotted path in JSON, goes to; with nothing behind = it is ignored. As often as needed
    #[arg(long, value_name = "HEADER=FIELD", action = ArgAction::Append)]
    pub map: Vec<String>,
    /// A file that says so for many headers, with constants and values (TOML)
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
    /// A text that means a missing value, besides the empty one and \N. As often as needed
    #[arg(long, value_name = "T", action = ArgAction::Append)]
    pub null_token: Vec<String>,
    /// What to do about a row that lacks its last cells
    #[arg(long, value_enum, value_name = "WHAT", default_value = "reject")]
    pub short_rows: ShortRows,
    /// How many bytes may come out of a compressed file
    #[arg(long, value_name = "BYTES", default_value_t = 64 << 30)]
    pub max_inflated_bytes: u64,
    /// How many bytes may come out of each byte of a compressed file
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub max_inflated_ratio: u64,
    /// The longest that a record may be, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 1024 * 1024)]
    pub max_record_bytes: u64,
}

/// What `inspect` takes.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// The file to look at; - is standard input
    #[arg(value_name = "INPUT")]
    pub input: PathBuf,
    /// The profile: basic, billing or contact [default: chosen from the header]
    #[arg(short, long, value_name = "NAME")]
    pub profile: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub read: ReadArgs,
    /// Write a mapping file to edit
    #[arg(long, value_name = "FILE")]
    pub write_mapping: Option<PathBuf>,
    /// Print data instead of text
    #[arg(long)]
    pub json: bool,
}

/// What `import` and `check` take.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The files, folders and patterns to read, in order; - is standard input
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    /// The SQLite database; import creates it if it is absent [default: customers.db; for check: none]
    #[arg(long, value_name = "FILE")]
    pub db: Option<PathBuf>,
    /// The profile: basic, billing or contact [default: chosen from the header]
    #[arg(short, long, value_name = "NAME")]
    pub profile: Option<String>,
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
    /// Whether records create customers or change those who have their key
    #[arg(long, value_enum, value_name = "MODE", default_value = "create")]
    pub mode: ModeArg,
    /// What an empty cell does to a stored value, in the modes update and upsert
    #[arg(long, value_enum, value_name = "WHAT", default_value = "keep")]
    pub empty: EmptyArg,
    /// What becomes of several records of a run with one key
    #[arg(long, value_enum, value_name = "WHAT", default_value = "reject")]
    pub duplicates: DuplicatesArg,
    /// Load an input as it comes, also if a run has loaded it before
    #[arg(long)]
    pub force: bool,
    /// Undo the runs that have loaded the inputs before, and load these again, with the options of now, in one transaction
    #[arg(long, conflicts_with_all = ["force", "commit_every"])]
    pub redo: bool,
    /// How long to wait for a database that another run or program is writing to
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0)]
    pub wait: f64,
    /// Commit each N records, for migrations too long to be one transaction; the same command continues where it was stopped
    #[arg(long, value_name = "N")]
    pub commit_every: Option<u64>,
    /// The column that tells customers apart, in place of the profile's; or none
    #[arg(long, value_name = "COLUMN")]
    pub key: Option<String>,
    /// What an invalid value of an optional field costs: the record (reject), or only itself, with a warning (clear), or
    /// nothing, so that it is stored as it is, with a warning (keep); as often as needed; all=clear for every optional field
    #[arg(long, value_name = "FIELD=clear|keep|reject", action = ArgAction::Append)]
    pub on_invalid: Vec<String>,
    /// Do not apply the character rule of these fields; all for every field. Of a field that is named, numbers that a
    /// spreadsheet has rewritten are text (no phone numbers, and no key with --mode update or upsert)
    #[arg(long, value_name = "FIELD,...", value_delimiter = ',', action = ArgAction::Append)]
    pub relax: Vec<String>,
    /// With more rejects than this, leave the database as it was (exit status 3)
    #[arg(long, value_name = "N")]
    pub max_rejects: Option<u64>,
    /// With a greater share of rejects than this, 0.05 say, leave the database as it was (exit status 3)
    #[arg(long, value_name = "R", value_parser = share)]
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
    /// The clock, for runs that must repeat exactly, 2026-01-31T12:00:00Z say [default: the system's]
    #[arg(long, value_name = "RFC3339")]
    pub now: Option<String>,
    /// Add a line for each event of the run to this file: its start, its inputs, its end and so on; never a customer's value
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// What those lines look like [default: text]. Without --log they go to standard error
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
    /// No progress and no table
    #[arg(short, long)]
    pub quiet: bool,
    /// Print the content of summary.json instead of the table
    #[arg(long)]
    pub json: bool,
    /// How much is handed to a thread at once, for tests: bytes, or records with an r behind (7r)
    #[arg(long, hide = true, value_name = "SIZE")]
    pub block_size: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub read: ReadArgs,
}
