//! The names of what can be wrong with a record: [`Code`], and whether it costs the record: [`Severity`].

use serde::Serialize;

macro_rules! codes {
    ($($code:ident $name:literal,)*) => {
        /// A reject or warning code. Codes are stable: none is ever renamed or used for another thing.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(rename_all = "kebab-case")]
        #[repr(u8)]
        #[allow(missing_docs)] // each is documented by its entry in REGISTRY
        pub enum Code {
            $($code,)*
        }

        impl Code {
            /// The name that reports, options and other programs use.
            pub fn name(self) -> &'static str {
                match self {
                    $(Code::$code => $name,)*
                }
            }
        }
    };
}

codes! {
    InvalidUtf8 "invalid-utf8",
    ExtraCell "extra-cell",
    MissingCell "missing-cell",
    MalformedQuote "malformed-quote",
    UnterminatedQuote "unterminated-quote",
    RecordTooLarge "record-too-large",
    InvalidJson "invalid-json",
    NotAnObject "not-an-object",
    RepeatedJsonKey "repeated-json-key",
    RepeatedHeader "repeated-header",
    Required "required",
    TooShort "too-short",
    TooLong "too-long",
    InvalidCharacters "invalid-characters",
    ControlCharacter "control-character",
    InvalidEmail "invalid-email",
    InvalidPhone "invalid-phone",
    SpreadsheetNumber "spreadsheet-number",
    InvalidInteger "invalid-integer",
    OutOfRange "out-of-range",
    InvalidChoice "invalid-choice",
    InvalidFlag "invalid-flag",
    InvalidList "invalid-list",
    WrongType "wrong-type",
    NestedValue "nested-value",
    CellError "cell-error",
    DuplicateKey "duplicate-key",
    NoSuchKey "no-such-key",
    AmbiguousKey "ambiguous-key",
    NoKey "no-key",
    UnknownCountry "unknown-country",
    NullWord "null-word",
}

/// Whether a finding costs the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The record is rejected.
    Error,
    /// The record is loaded all the same.
    Warning,
}

impl Severity {
    /// The word that the reports use.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}
