//! What ends a run: [`Error`]. Faults of records are data and never become one; they are [`crate::core::finding::Fault`].
//!
//! Each message is whole sentences for the person who has to act on it: what was wrong, where, and what to do. It may quote a
//! header, and the header of a file without one is a customer's record; so a log gets [`Error::for_log`], which quotes nothing.

use std::fmt::{self, Display};
use std::io;
use std::path::{Path, PathBuf};

/// Why a run could not be done. Every kind means that nothing was written to the database, but for [`Error::AtCheckpoint`]: then
/// nothing was written behind the last checkpoint; and for [`Error::InDoubt`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line, a header or a profile does not fit what was asked for.
    #[error("{0}")]
    Usage(String),
    /// What an input holds does not fit what was asked for.
    #[error("{said}")]
    Unfit {
        /// The whole of it, with the input's name. It may quote what stands in the input.
        said: String,
        /// The same without that, for a log.
        logged: String,
    },
    /// All inputs were loaded before, and some of them with other options.
    #[error("nothing was loaded. {}", .said.join(". "))]
    LoadedOtherwise {
        /// By which runs, with which options, and what these have accepted and rejected; a text a run.
        said: Vec<String>,
        /// The same for a log.
        logged: String,
        /// The profile of the run that was to be.
        profile: String,
        /// The reject reports of those runs.
        rejects: Vec<PathBuf>,
    },
    /// An input could not be opened or read.
    #[error("cannot read {}: {doing}", .path.display())]
    Input {
        /// The input as it was named.
        path: PathBuf,
        /// What went wrong, and what to do.
        doing: Words,
    },
    /// The database cannot be used for this run.
    #[error("{}: {message}", .path.display())]
    Database {
        /// The database as it was named.
        path: PathBuf,
        /// What went wrong, and what to do.
        message: Words,
    },
    /// A run that commits now and then ended early. What it has committed stays.
    #[error(
        "{}. Of run {run_id} the first {records} records are kept: run the same command again to continue, or `{undo}` to undo \
         them",
        without_claim(.error)
    )]
    AtCheckpoint {
        /// Why.
        error: Box<Error>,
        /// The run.
        run_id: i64,
        /// The command that undoes it.
        undo: String,
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
    /// The run was to be committed, and the system has failed so that nobody knows whether it is.
    #[error(
        "{}: it could not be committed, or it cannot be seen that it was ({reason}); check the disk. All of it is there, or \
         nothing: who opens the database next will find out, and `custload runs` shows it",
        .path.display()
    )]
    InDoubt {
        /// The database as it was named.
        path: PathBuf,
        /// What SQLite says.
        reason: &'static str,
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
    /// The run's books do not balance. This is a fault of the program; nothing was written.
    #[error(
        "the run does not balance, and nothing was written: {0}. This is a fault of custload, not of your file; please report it"
    )]
    Unbalanced(String),
    /// Something in the program broke; nothing was written.
    #[error("custload broke while checking records, and nothing was written: {0}. Please report it")]
    Broken(String),
    /// A signal asked the run to stop; nothing was written.
    #[error("stopped by {}; nothing was written", if *.0 == 2 { "Ctrl-C (SIGINT)" } else { "SIGTERM" })]
    Interrupted(i32),
}

/// What an error says, and what a log may say of it: nothing unless it was made of words that quote no content of a file or a
/// database. Texts of the source are such; of others that has to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    said: String,
    logged: Option<String>,
}

impl Words {
    /// Words that quote at most names of files, numbers and the system's own words.
    pub fn own(said: String) -> Words {
        Words { logged: Some(said.clone()), said }
    }

    /// The same after words that quote nothing either.
    pub fn after(self, before: &str) -> Words {
        let put = |said: String| format!("{before}{said}");
        Words { said: put(self.said), logged: self.logged.map(put) }
    }

    /// The same, with others in their place for a log.
    pub fn logged_as(self, logged: Option<String>) -> Words {
        Words { logged, ..self }
    }
}

impl From<&'static str> for Words {
    fn from(said: &'static str) -> Words {
        Words::own(said.to_string())
    }
}

impl From<String> for Words {
    fn from(said: String) -> Words {
        Words { said, logged: None }
    }
}

impl Display for Words {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.said)
    }
}

/// An error in words as in [`Words::own`], where an error of the system is wanted.
pub fn own_words(kind: io::ErrorKind, said: impl Into<String>) -> io::Error {
    io::Error::new(kind, OwnWords(said.into()))
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct OwnWords(String);

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

    /// What kind of error it is, in a word, for a log.
    pub fn kind(&self) -> &'static str {
        match self {
            Error::Usage(_) | Error::Unfit { .. } | Error::LoadedOtherwise { .. } => "usage",
            Error::Input { .. } => "input",
            Error::Database { .. } | Error::InDoubt { .. } => "database",
            Error::AtCheckpoint { error, .. } => error.kind(),
            Error::Locked { .. } => "locked",
            Error::Report { .. } | Error::ReportFolder { .. } => "report",
            Error::Unbalanced(_) => "unbalanced",
            Error::Broken(_) => "broken",
            Error::Interrupted(_) => "interrupted",
        }
    }

    /// What a log may say of it: what failed, and nothing that stands in a file or a database. Where the message could quote that,
    /// it is for standard error alone.
    pub fn for_log(&self) -> String {
        const WHY: &str = "standard error says why";
        match self {
            Error::Usage(said) => match said.split([' ', ':', '=']).next().filter(|word| word.starts_with("--")) {
                Some(option) => format!("{option} does not fit; {WHY}"),
                None => format!("the command line, a profile or a mapping does not fit; {WHY}"),
            },
            Error::Unfit { logged, .. } | Error::LoadedOtherwise { logged, .. } => logged.clone(),
            Error::Input { path, doing } => {
                let doing = doing.logged.as_deref().unwrap_or(WHY);
                format!("cannot read {}: {doing}", path.display())
            }
            Error::Database { path, message } => {
                let path = path.display();
                let refused = || format!("{path}: it cannot be used; {WHY}");
                message.logged.as_ref().map_or_else(refused, |message| format!("{path}: {message}"))
            }
            // How many records are kept is a field of its own.
            Error::AtCheckpoint { error, .. } => shortened_claim(&error.for_log()),
            Error::Locked { .. }
            | Error::InDoubt { .. }
            | Error::Report { .. }
            | Error::ReportFolder { .. }
            | Error::Unbalanced(_)
            | Error::Broken(_)
            | Error::Interrupted(_) => self.to_string(),
        }
    }

    /// An input that could not be opened or read, with advice for the usual reasons.
    pub fn input(path: &Path, source: io::Error) -> Error {
        let doing = match source.kind() {
            io::ErrorKind::NotFound => "there is no such file; check the name and the folder".into(),
            io::ErrorKind::IsADirectory => "it is a folder; name the files in it".into(),
            io::ErrorKind::PermissionDenied => {
                "you may not read it; ask its owner, or run custload as a user who may".into()
            }
            _ if has_failed(&source) => {
                Words::own(format!("{source}; check its disk, or copy it to another one, then run custload again"))
            }
            // What is not the system's may be a library's, which quotes what it has stumbled over.
            _ if source.get_ref().is_none_or(|inner| inner.is::<OwnWords>()) => Words::own(source.to_string()),
            _ => Words::from(source.to_string()),
        };
        Error::Input { path: path.to_path_buf(), doing }
    }

    /// An input that does not fit: what is wrong, in words that quote nothing of it, and the whole message.
    pub fn unfit(path: &Path, what: &str, said: String) -> Error {
        Error::Unfit { said, logged: format!("{}: {what}", path.display()) }
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
    pub fn database(path: &Path, message: impl Into<Words>) -> Error {
        Error::Database { path: path.to_path_buf(), message: message.into() }
    }
}

/// What an error says, without that nothing was written.
fn without_claim(error: &Error) -> String {
    shortened_claim(&error.to_string())
}

fn shortened_claim(said: &str) -> String {
    let claims = [
        "; nothing was written",
        ". Nothing was written to the database",
        ". Nothing was written",
        ", and nothing was written",
    ];
    let said = claims.iter().fold(said.to_string(), |said, claim| said.replace(claim, ""));
    said.trim_end_matches('.').to_string()
}

/// Whether a disk, or what leads there, has failed, and not what was asked of it.
pub fn has_failed(error: &io::Error) -> bool {
    // EIO has no kind of its own; it has this number on all Unix systems.
    cfg!(unix) && error.raw_os_error() == Some(5)
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
        _ if has_failed(reason) => "; check the disk, or choose another folder with --reports",
        _ => "; if that stays so, choose another folder with --reports",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_gets_only_words_that_were_said_to_quote_nothing() {
        let path = Path::new("a.csv");
        let library = io::Error::other("cannot parse 'Ann Smith'");
        for (error, logged) in [
            (Error::Usage("Found: Ann Smith".into()), "the command line, a profile or a mapping does not fit; "),
            (Error::Usage("--map \"Ann Smith=x\": x".into()), "--map does not fit; "),
            (Error::unfit(path, "no profile fits", "a.csv: Ann Smith".into()), "a.csv: no profile fits"),
            (Error::input(path, library), "cannot read a.csv: standard error says why"),
            (Error::input(path, io::ErrorKind::NotFound.into()), "cannot read a.csv: there is no such file"),
            (Error::input(path, own_words(io::ErrorKind::InvalidData, "cut off")), "cannot read a.csv: cut off"),
            (Error::input(path, io::Error::from_raw_os_error(5)), "cannot read a.csv: Input/output error"),
            (Error::database(path, format!("it has {path:?}")), "a.csv: it cannot be used; "),
            (Error::database(path, "it is a folder"), "a.csv: it is a folder"),
            (Error::database(path, Words::from(String::new()).logged_as(Some("x".into()))), "a.csv: x"),
        ] {
            let said = error.for_log();
            assert!(said.starts_with(logged) && !said.contains("Ann"), "{error}: {said:?}");
            let kept =
                Error::AtCheckpoint { error: Box::new(error), run_id: 1, undo: "custload undo 1".into(), records: 5 };
            assert_eq!(kept.for_log(), said);
        }
        let all = [
            Error::database(path, "the disk is full. Nothing was written"),
            Error::locked(path),
            Error::report(path, io::ErrorKind::StorageFull.into()),
            Error::Unbalanced("read 2".into()),
            Error::Broken("a check failed".into()),
            Error::Interrupted(2),
        ];
        for error in all {
            let said =
                Error::AtCheckpoint { error: Box::new(error), run_id: 1, undo: "custload undo 1".into(), records: 5 }
                    .to_string();
            let claims = said.to_lowercase().contains("nothing was written") || said.contains("the run back");
            assert!(!claims && said.contains("the first 5 records are kept"), "{said}");
        }
        let stopped = Error::AtCheckpoint {
            error: Box::new(Error::Interrupted(15)),
            run_id: 1,
            undo: "custload undo 1".into(),
            records: 5,
        };
        assert_eq!((stopped.kind(), stopped.for_log().as_str()), ("interrupted", "stopped by SIGTERM"));
    }
}
