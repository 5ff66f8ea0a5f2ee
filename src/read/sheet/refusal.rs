//! Why a spreadsheet is not read: [`Refusal`].

use std::fmt::Display;
use std::io;

use calamine::XlsError;

/// Why a spreadsheet is not read: what is wrong and what to do, to follow `cannot read FILE: `.
#[derive(Debug)]
pub(super) struct Refusal(String);

impl Refusal {
    pub(super) fn new(sentence: impl Into<String>) -> Refusal {
        Refusal(sentence.into())
    }

    pub(super) fn protected() -> Refusal {
        Refusal::new("it is protected with a password; open it, save it without one, then load that")
    }

    /// The file is damaged; `words` say how.
    pub(super) fn damaged(words: impl Display) -> Refusal {
        Refusal(format!(
            "it is damaged ({words}); open it and save it again, or save the sheet as CSV UTF-8 and load that"
        ))
    }

    pub(super) fn too_large(most: u64) -> Refusal {
        Refusal(format!(
            "it inflates to more than {most} bytes; if that is right, allow more with --max-inflated-bytes"
        ))
    }
}

impl Display for Refusal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Refusal {
        match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => Refusal::damaged(error),
            _ => Refusal(error.to_string()),
        }
    }
}

impl From<XlsError> for Refusal {
    fn from(error: XlsError) -> Refusal {
        match error {
            XlsError::Password => Refusal::protected(),
            error => Refusal::damaged(error),
        }
    }
}

/// The longest name or value of the file in a message, in characters.
const SHOWN: usize = 64;

/// A name or value from the file, shortened for a message.
pub(super) fn short(word: &str) -> String {
    word.chars().take(SHOWN).collect()
}
