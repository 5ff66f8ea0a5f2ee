//! Words for a person, of which a log may get a part: [`Words`].

use std::fmt::{self, Display};
use std::io;

/// What an error says, and what a log may say of it: nothing, unless the words quote no content of a file or a database. Literal
/// texts of the source quote none; for others the caller decides.
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

    /// The same after words that quote nothing either.
    pub fn after(self, before: &str) -> Words {
        let put = |text: String| format!("{before}{text}");
        Words { text: put(self.text), logged: self.logged.map(put) }
    }

    /// The same, with other words for a log.
    pub fn logged_as(self, logged: Option<String>) -> Words {
        Words { logged, ..self }
    }

    /// What a log may say.
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

/// An error in words as in [`Words::own`], where an error of the system is wanted.
pub fn own_words(kind: io::ErrorKind, text: impl Into<String>) -> io::Error {
    io::Error::new(kind, OwnWords(text.into()))
}

/// Whether an error of the system quotes nothing: it is the system's own, or was made by [`own_words`]. A library may quote what it
/// could not parse.
pub(super) fn quotes_nothing(error: &io::Error) -> bool {
    error.get_ref().is_none_or(|inner| inner.is::<OwnWords>())
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct OwnWords(String);
