//! What ends a run: [`Error`]. Faults of records are data and never become one; they are [`crate::reject::Fault`].
//!
//! Each message is whole sentences for the person who has to act on it: what was wrong, where, and what to do.

use std::io;
use std::path::{Path, PathBuf};

/// Why a run could not be done. Every kind means that nothing was written to the database.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line, a header or a profile does not fit what was asked for.
    #[error("{0}")]
    Usage(String),
    /// An input could not be opened or read.
    #[error("cannot read {}: {doing}", .path.display())]
    Input {
        /// The input as it was named.
        path: PathBuf,
        /// What went wrong, and what to do.
        doing: String,
    },
    /// The database cannot be used for this run.
    #[error("{}: {message}", .path.display())]
    Database {
        /// The database as it was named.
        path: PathBuf,
        /// What went wrong, and what to do.
        message: String,
    },
    /// A run that commits now and then ended early. What it has committed stays.
    #[error(
        "{}. Of run {run_id} the first {records} records are kept; the same command goes on behind them, and `custload undo \
         {run_id}` takes them back",
        without_claim(.error)
    )]
    AtCheckpoint {
        /// Why.
        error: Box<Error>,
        /// The run.
        run_id: i64,
        /// How many records were done at its last checkpoint.
        records: u64,
    },
    /// Somebody else is writing to the database.
    #[error(
        "{}: it is locked: {holder} is using it. Wait until that is done, or say with --wait SECONDS how long to wait. \
         Nothing was written",
        .path.display()
    )]
    Locked {
        /// The database as it was named.
        path: PathBuf,
        /// Who, as far as that is known.
        holder: String,
    },
    /// A report could not be written.
    #[error("cannot write the report {}: {reason}{}. Nothing was written to the database", .path.display(), hint_for(.reason))]
    Report {
        /// The file or folder.
        path: PathBuf,
        /// The system's own words.
        reason: io::Error,
    },
    /// The folder for the reports cannot be used.
    #[error("the report folder {} {message}", .path.display())]
    ReportFolder {
        /// The folder.
        path: PathBuf,
        /// Why, and what to do.
        message: String,
    },
    /// The run's books do not balance. This is a fault of the program; the run was taken back.
    #[error(
        "the run does not balance and was taken back: {0}. This is a fault of custload, not of your file; please report it"
    )]
    Unbalanced(String),
    /// Something in the program broke. The run was taken back.
    #[error("custload broke while checking records and took the run back: {0}. Please report it")]
    Broken(String),
    /// A signal asked the run to stop; it was taken back.
    #[error("stopped by {}; nothing was written", if *.0 == 2 { "Ctrl-C (SIGINT)" } else { "SIGTERM" })]
    Interrupted(i32),
}

/// The result of everything that can end a run.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The exit status of the program (SPEC, section 1): 128 and the signal's number for a signal, else 2.
    pub fn exit_status(&self) -> i32 {
        match self {
            Error::Interrupted(signal) => 128 + signal,
            Error::AtCheckpoint { error, .. } => error.exit_status(),
            _ => 2,
        }
    }

    /// An input that could not be opened or read, with advice for the usual reasons.
    pub fn input(path: &Path, source: io::Error) -> Error {
        let doing = match source.kind() {
            io::ErrorKind::NotFound => "there is no such file; check the name and the folder".to_string(),
            io::ErrorKind::IsADirectory => "it is a folder; name the files in it".to_string(),
            io::ErrorKind::PermissionDenied => {
                "you may not read it; ask its owner, or run custload as a user who may".to_string()
            }
            _ => source.to_string(),
        };
        Error::Input { path: path.to_path_buf(), doing }
    }

    /// A report that could not be written.
    pub fn report(path: &Path, source: io::Error) -> Error {
        Error::Report { path: path.to_path_buf(), reason: source }
    }

    /// A database that somebody else is writing to; who, is not known yet.
    pub fn locked(path: &Path) -> Error {
        Error::Locked { path: path.to_path_buf(), holder: "another run or program".to_string() }
    }

    /// A database that cannot be used.
    pub fn database(path: &Path, message: impl Into<String>) -> Error {
        Error::Database { path: path.to_path_buf(), message: message.into() }
    }
}

/// What an error says, without that nothing was written.
fn without_claim(error: &Error) -> String {
    let said = error.to_string();
    let claims = ["; nothing was written", ". Nothing was written to the database", ". Nothing was written"];
    let said = claims.iter().fold(said, |said, claim| said.replace(claim, ""));
    said.trim_end_matches('.').to_string()
}

fn hint_for(reason: &io::Error) -> &'static str {
    match reason.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::FileTooLarge | io::ErrorKind::QuotaExceeded => {
            "; free some space, or choose another folder with --reports"
        }
        io::ErrorKind::PermissionDenied => "; choose a folder that you may write to with --reports",
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            "; a part of the path is a file, choose another folder with --reports"
        }
        _ => "",
    }
}
