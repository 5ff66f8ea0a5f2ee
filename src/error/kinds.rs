//! The kinds of errors that end a command ([`Error`]), and messages of which a log may get less ([`Words`]).

use std::fmt::{self, Display};
use std::io;
use std::path::{Path, PathBuf};

/// Why a command ended early. Nothing was written to the database, except by [`Error::AtCheckpoint`] and, perhaps,
/// [`Error::InDoubt`].
#[derive(Debug)]
pub enum Error {
    /// The command line, a header or a profile does not fit what was asked for.
    Usage(String),
    /// A profile file is wrong.
    Profile {
        /// What is wrong, and where.
        message: String,
        /// The wrong line, and a line with a mark under the wrong place.
        marked: Option<[String; 2]>,
    },
    /// What an input holds does not fit what was asked for.
    Unfit {
        /// With the input's name. It may quote the input.
        message: String,
        /// The message for a log: quotes nothing.
        logged: String,
    },
    /// All inputs were loaded before, and some of them with other options.
    LoadedOtherwise {
        /// For each run: its number, its options, and how many records it accepted and rejected.
        messages: Vec<String>,
        /// The message for a log.
        logged: String,
        /// The profile of the command.
        profile: String,
        /// The reject reports of those runs.
        rejects: Vec<PathBuf>,
    },
    /// An input could not be opened or read.
    Input {
        /// The input as it was named.
        path: PathBuf,
        /// What went wrong, and what to do.
        message: Words,
    },
    /// The database cannot be used for this run.
    Database {
        /// The database as it was named.
        path: PathBuf,
        /// What went wrong, and what to do.
        message: Words,
    },
    /// A run with checkpoints ended early. What it has committed stays.
    AtCheckpoint {
        /// Why.
        error: Box<Error>,
        /// The run.
        run_id: i64,
        /// The command that undoes it.
        undo: String,
        /// The number of records before its last checkpoint.
        records: u64,
    },
    /// Another run or program is writing to the database.
    Locked {
        /// The database as it was named.
        path: PathBuf,
        /// That run or program, as far as it is known.
        holder: String,
    },
    /// The commit failed in a way that does not show whether it took effect.
    InDoubt {
        /// The database as it was named.
        path: PathBuf,
        /// What SQLite says.
        reason: &'static str,
    },
    /// A report could not be written.
    Report {
        /// The file or folder.
        path: PathBuf,
        /// The system's own words.
        reason: io::Error,
    },
    /// The folder for the reports cannot be used.
    ReportFolder {
        /// The folder.
        path: PathBuf,
        /// Why, and what to do.
        message: String,
    },
    /// The run's counts do not balance: a bug in custload.
    Unbalanced(String),
    /// Something in the program broke: a bug in custload.
    Broken(String),
    /// A signal, by its number, asked the command to stop.
    Interrupted(i32),
}

/// The result of everything that can end a command.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The exit status of the program: 128 and the signal's number for a signal, else 2.
    pub fn exit_status(&self) -> i32 {
        match self {
            Error::Interrupted(signal) => 128 + signal,
            Error::AtCheckpoint { error, .. } => error.exit_status(),
            _ => 2,
        }
    }

    /// The kind of error, in a word, for a log.
    pub fn kind(&self) -> &'static str {
        match self {
            Error::Usage(_) | Error::Profile { .. } | Error::Unfit { .. } | Error::LoadedOtherwise { .. } => "usage",
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

    /// An input that could not be opened or read, with advice for the usual reasons.
    pub fn input(path: &Path, source: io::Error) -> Error {
        let message = match source.kind() {
            io::ErrorKind::NotFound => "there is no such file; check the name and the folder".into(),
            io::ErrorKind::IsADirectory => "it is a folder; name the files in it".into(),
            io::ErrorKind::PermissionDenied => {
                "permission denied; ask its owner, or run custload as a user who may read it".into()
            }
            _ if has_failed(&source) => {
                Words::own(format!("{source}; check its disk, or copy it to another one, then run custload again"))
            }
            _ if quotes_nothing(&source) => Words::own(source.to_string()),
            _ => Words::from(source.to_string()),
        };
        Error::Input { path: path.to_path_buf(), message }
    }

    /// An input that does not fit. `what` is wrong with it, in words that quote nothing.
    pub fn unfit(path: &Path, what: &str, message: String) -> Error {
        Error::Unfit { message, logged: format!("{}: {what}", path.display()) }
    }

    /// A report that could not be written.
    pub fn report(path: &Path, source: io::Error) -> Error {
        Error::Report { path: path.to_path_buf(), reason: source }
    }

    /// A database that another run or program is writing to; which one is not known yet.
    pub fn locked(path: &Path) -> Error {
        Error::Locked { path: path.to_path_buf(), holder: "another run or program".to_string() }
    }

    /// A database that cannot be used.
    pub fn database(path: &Path, message: impl Into<Words>) -> Error {
        Error::Database { path: path.to_path_buf(), message: message.into() }
    }
}

/// Whether the disk, or the way to it, has failed.
pub fn has_failed(error: &io::Error) -> bool {
    // EIO has no kind of its own; it has this number on all Unix systems.
    cfg!(unix) && error.raw_os_error() == Some(5)
}

/// A message, and what a log gets of it: nothing, unless it quotes no content of a file or a database. Literals of the source quote
/// none; of others the caller knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    text: String,
    logged: Option<String>,
}

impl Words {
    /// Words that quote at most names of files, numbers and the system's own words.
    pub fn own(text: String) -> Words {
        Words { logged: Some(text.clone()), text }
    }

    /// Puts words before these that quote nothing.
    pub fn after(self, before: &str) -> Words {
        let put = |text: String| format!("{before}{text}");
        Words { text: put(self.text), logged: self.logged.map(put) }
    }

    pub fn logged_as(self, logged: Option<String>) -> Words {
        Words { logged, ..self }
    }

    pub(super) fn logged(&self) -> Option<&str> {
        self.logged.as_deref()
    }
}

impl From<&'static str> for Words {
    fn from(text: &'static str) -> Words {
        Words::own(text.to_string())
    }
}

impl From<String> for Words {
    fn from(text: String) -> Words {
        Words { text, logged: None }
    }
}

impl Display for Words {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// An error of the system with words as in [`Words::own`].
pub fn own_words(kind: io::ErrorKind, text: impl Into<String>) -> io::Error {
    io::Error::new(kind, OwnWords(text.into()))
}

/// Whether an error quotes nothing: the system's, or one of [`own_words`]. A library's may quote what it cannot parse.
pub(super) fn quotes_nothing(error: &io::Error) -> bool {
    error.get_ref().is_none_or(|inner| inner.is::<OwnWords>())
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct OwnWords(String);
