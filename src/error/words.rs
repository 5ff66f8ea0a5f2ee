//! Messages for a person, of which a log may get less: [`Words`].

use std::fmt::{self, Display};
use std::io;

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

    /// Replaces the words for a log.
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

/// Whether an error quotes nothing: it comes from the system or from [`own_words`]. A library's error may quote what it could not
/// parse.
pub(super) fn quotes_nothing(error: &io::Error) -> bool {
    error.get_ref().is_none_or(|inner| inner.is::<OwnWords>())
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct OwnWords(String);
