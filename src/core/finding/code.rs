//! The names of what can be wrong with a record: [`Code`], and whether it costs the record: [`Severity`].

use serde::Serialize;

/// A reject or warning code. Codes are stable: none is ever renamed or used for another thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[allow(missing_docs)] // each is documented by its entry in REGISTRY
pub enum Code {
    InvalidUtf8,
    ExtraCell,
    MissingCell,
    MalformedQuote,
    UnterminatedQuote,
    RecordTooLarge,
    InvalidJson,
    NotAnObject,
    RepeatedJsonKey,
    RepeatedHeader,
    Required,
    TooShort,
    TooLong,
    InvalidCharacters,
    ControlCharacter,
    InvalidEmail,
    InvalidPhone,
    SpreadsheetNumber,
    InvalidInteger,
    OutOfRange,
    InvalidChoice,
    InvalidFlag,
    InvalidList,
    WrongType,
    NestedValue,
    CellError,
    DuplicateKey,
    NoSuchKey,
    AmbiguousKey,
    /// A record without a key where the run changes customers.
    NoKey,
    UnknownCountry,
    NullWord,
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

impl Code {
    /// The name by which reports, options and other programs know the code.
    pub fn name(self) -> &'static str {
        match self {
            Code::InvalidUtf8 => "invalid-utf8",
            Code::ExtraCell => "extra-cell",
            Code::MissingCell => "missing-cell",
            Code::MalformedQuote => "malformed-quote",
            Code::UnterminatedQuote => "unterminated-quote",
            Code::RecordTooLarge => "record-too-large",
            Code::InvalidJson => "invalid-json",
            Code::NotAnObject => "not-an-object",
            Code::RepeatedJsonKey => "repeated-json-key",
            Code::RepeatedHeader => "repeated-header",
            Code::Required => "required",
            Code::TooShort => "too-short",
            Code::TooLong => "too-long",
            Code::InvalidCharacters => "invalid-characters",
            Code::ControlCharacter => "control-character",
            Code::InvalidEmail => "invalid-email",
            Code::InvalidPhone => "invalid-phone",
            Code::SpreadsheetNumber => "spreadsheet-number",
            Code::InvalidInteger => "invalid-integer",
            Code::OutOfRange => "out-of-range",
            Code::InvalidChoice => "invalid-choice",
            Code::InvalidFlag => "invalid-flag",
            Code::InvalidList => "invalid-list",
            Code::WrongType => "wrong-type",
            Code::NestedValue => "nested-value",
            Code::CellError => "cell-error",
            Code::DuplicateKey => "duplicate-key",
            Code::NoSuchKey => "no-such-key",
            Code::AmbiguousKey => "ambiguous-key",
            Code::NoKey => "no-key",
            Code::UnknownCountry => "unknown-country",
            Code::NullWord => "null-word",
        }
    }
}
