//! The messages of errors: for a person ([`Display`]), for a log ([`Error::for_log`]), and what the error left
//! ([`Error::outcome`]).
//!
//! A message may quote a header, which in a file without a header is a customer's record. So a log gets words that quote nothing.

use std::fmt::{self, Display, Formatter};
use std::io;

use super::kinds::{Error, has_failed};

impl Display for Error {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Error::Usage(message) | Error::Profile { message, .. } => out.write_str(message),
            Error::Unfit { message, .. } => out.write_str(message),
            Error::LoadedOtherwise { messages, .. } => write!(out, "nothing was loaded. {}", messages.join(". ")),
            Error::Input { path, message } => write!(out, "cannot read {}: {message}", path.display()),
            Error::Database { path, message } => write!(out, "{}: {message}", path.display()),
            Error::AtCheckpoint { error, .. } => error.fmt(out),
            Error::Locked { path, holder } => write!(
                out,
                "{}: the database is locked by {holder}. Wait until it ends, or let custload wait with --wait SECONDS",
                path.display()
            ),
            Error::InDoubt { path, reason } => write!(
                out,
                "{}: the commit may have failed ({reason}). The database has all of it, or nothing of it: check the \
                 disk, then see with `custload runs`",
                path.display()
            ),
            Error::Report { path, reason } => {
                write!(out, "cannot write the report {}: {reason}; {}", path.display(), report_hint(reason))
            }
            Error::ReportFolder { path, message } => write!(out, "{} {message}", path.display()),
            Error::Unbalanced(what) => {
                write!(
                    out,
                    "the run does not balance: {what}. This is a bug in custload, not in your file; please report it"
                )
            }
            Error::Broken(what) => write!(out, "internal error: {what}. This is a bug in custload; please report it"),
            Error::Interrupted(2) => out.write_str("stopped by Ctrl-C (SIGINT)"),
            Error::Interrupted(_) => out.write_str("stopped by SIGTERM"),
        }
    }
}

impl std::error::Error for Error {}

impl Error {
    /// What a command that writes to a database has left; `None` if that is obvious or part of the message.
    pub fn outcome(&self) -> Option<String> {
        match self {
            Error::Usage(_)
            | Error::Profile { .. }
            | Error::Unfit { .. }
            | Error::LoadedOtherwise { .. }
            | Error::InDoubt { .. } => None,
            Error::AtCheckpoint { undo, records, .. } => Some(format!(
                "the first {records} records are kept: run the same command again to continue, or `{undo}` to undo them"
            )),
            _ => Some("nothing was written".to_string()),
        }
    }

    /// The message for a log: what failed, without content of a file or a database. A message that could quote content goes only to
    /// standard error.
    pub fn for_log(&self) -> String {
        const WHY: &str = "standard error says why";
        match self {
            Error::Usage(message) | Error::Profile { message, .. } => {
                match message.split([' ', ':', '=']).next().filter(|word| word.starts_with("--")) {
                    Some(option) => format!("{option} was refused; {WHY}"),
                    None => format!("the command line, a profile or a mapping was refused; {WHY}"),
                }
            }
            Error::Unfit { logged, .. } | Error::LoadedOtherwise { logged, .. } => logged.clone(),
            Error::Input { path, message } => {
                format!("cannot read {}: {}", path.display(), message.logged().unwrap_or(WHY))
            }
            Error::Database { path, message } => match message.logged() {
                Some(message) => format!("{}: {message}", path.display()),
                None => format!("{}: it cannot be used; {WHY}", path.display()),
            },
            // The log has a field for the number of kept records.
            Error::AtCheckpoint { error, .. } => error.for_log(),
            Error::Locked { .. }
            | Error::InDoubt { .. }
            | Error::Report { .. }
            | Error::ReportFolder { .. }
            | Error::Unbalanced(_)
            | Error::Broken(_)
            | Error::Interrupted(_) => self.to_string(),
        }
    }
}

fn report_hint(reason: &io::Error) -> &'static str {
    match reason.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::FileTooLarge | io::ErrorKind::QuotaExceeded => {
            "free some space, or choose another folder with --reports"
        }
        io::ErrorKind::PermissionDenied => "with --reports, choose a folder that you may write to",
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            "a part of the path is a file; choose another folder with --reports"
        }
        _ if has_failed(reason) => "check the disk, or choose another folder with --reports",
        _ => "try again, or choose another folder with --reports",
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::error::{Words, own_words};

    fn at_checkpoint(error: Error) -> Error {
        Error::AtCheckpoint { error: Box::new(error), run_id: 1, undo: "custload undo 1".into(), records: 5 }
    }

    #[test]
    fn a_log_gets_only_words_that_quote_nothing() {
        let path = Path::new("a.csv");
        let library = io::Error::other("cannot parse 'Ann Smith'");
        for (error, logged) in [
            (Error::Usage("Found: Ann Smith".into()), "the command line, a profile or a mapping was refused; "),
            (Error::Usage("--map \"Ann Smith=x\": x".into()), "--map was refused; "),
            (Error::unfit(path, "no profile fits", "a.csv: Ann Smith".into()), "a.csv: no profile fits"),
            (Error::input(path, library), "cannot read a.csv: standard error says why"),
            (Error::input(path, io::ErrorKind::NotFound.into()), "cannot read a.csv: there is no such file"),
            (Error::input(path, own_words(io::ErrorKind::InvalidData, "cut off")), "cannot read a.csv: cut off"),
            (Error::input(path, io::Error::from_raw_os_error(5)), "cannot read a.csv: Input/output error"),
            (Error::database(path, format!("it has {path:?}")), "a.csv: it cannot be used; "),
            (Error::database(path, "it is a folder"), "a.csv: it is a folder"),
            (Error::database(path, Words::from(String::new()).logged_as(Some("x".into()))), "a.csv: x"),
        ] {
            let message = error.for_log();
            assert!(message.starts_with(logged) && !message.contains("Ann"), "{error}: {message:?}");
            assert_eq!(at_checkpoint(error).for_log(), message);
        }
    }

    #[test]
    fn what_is_left_is_said_once() {
        let path = Path::new("a.csv");
        let all = [
            Error::database(path, "the disk is full"),
            Error::locked(path),
            Error::report(path, io::ErrorKind::StorageFull.into()),
            Error::Unbalanced("read 2".into()),
            Error::Broken("checking records failed".into()),
            Error::Interrupted(15),
        ];
        for error in all {
            assert_eq!(error.outcome().as_deref(), Some("nothing was written"), "{error}");
            let (message, kind) = (error.to_string(), error.kind());
            let stopped = at_checkpoint(error);
            assert_eq!((stopped.to_string(), stopped.kind()), (message.clone(), kind));
            assert!(stopped.outcome().unwrap().starts_with("the first 5 records are kept: "), "{stopped}");
            assert!(!message.contains("written"), "{message}");
        }
        assert_eq!(Error::Interrupted(15).for_log(), "stopped by SIGTERM");
        assert_eq!(Error::Usage("--limit x: x".into()).outcome(), None);
    }
}
