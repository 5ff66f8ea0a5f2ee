//! The options of a run that are about fields ([`FieldOptions`]), and why they make no plan ([`PlanError`]): data, which the
//! command line puts into words.

use std::fmt::{Display, Formatter, Result};

use chrono::{DateTime, Utc};

use crate::core::finding::FindingList;
use crate::core::mode::{Empty, Mode, OnInvalid};
use crate::core::profile::{Mapping, ProfileErrorKind, SettingsError};

/// The options of a run that concern fields.
#[derive(Clone, Debug, Default)]
pub struct FieldOptions {
    /// The columns to use as the key instead of the profile's, with commas between them; or `none`.
    pub key: Option<String>,
    /// The fields whose character rule is not applied; `all` for every field.
    pub relax: Vec<String>,
    /// What to do with invalid values, by field; `all` for every optional field. The last entry for a field counts.
    pub on_invalid: Vec<(String, OnInvalid)>,
    /// Additional texts for a missing value.
    pub null_tokens: Vec<String>,
    /// The mapping of columns and values.
    pub mapping: Mapping,
    /// Whether customers are created or changed.
    pub mode: Mode,
    /// What an empty cell does to a stored value.
    pub empty: Empty,
    /// When the run began, for fields with a bound that is `today`.
    pub now: Option<DateTime<Utc>>,
}

/// Options that do not fit the profile or each other.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum PlanError {
    /// A setting names a field that the profile does not have.
    Settings(SettingsError),
    /// The mode changes customers, but there is no key to find them by.
    NoKey(Mode),
    /// The key names this column twice.
    RepeatedKey(String),
    /// The values of this column are real numbers, which identify nothing.
    RealKey(String),
    /// A field's invalid values cannot be treated this way.
    OnInvalid { profile: String, column: String, on_invalid: OnInvalid, reason: OnInvalidReason },
    /// A field of the profile cannot be used.
    Field { profile: String, column: String, key: &'static str, kind: ProfileErrorKind },
    /// The field cannot store a constant or a replacement of the mapping.
    Unstorable {
        column: String,
        /// The value that is replaced; `None` for a constant.
        replaced: Option<String>,
        value: String,
        /// The line of the mapping's file.
        line: Option<usize>,
        /// What is wrong with it; no error if it means a missing value.
        findings: FindingList,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnInvalidReason {
    Required,
    Key,
    Number,
    /// It refers to a parent, and a check names it: whether it is cleared turns out when all records have been checked.
    CheckedParent,
}

impl From<SettingsError> for PlanError {
    fn from(error: SettingsError) -> PlanError {
        PlanError::Settings(error)
    }
}

impl Display for PlanError {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        match self {
            PlanError::Settings(error) => error.fmt(out),
            PlanError::NoKey(mode) => {
                write!(out, "the mode {} finds customers by a key, and there is none", mode.name())
            }
            PlanError::RealKey(column) => write!(out, "{column} holds real numbers, which identify nothing"),
            PlanError::RepeatedKey(column) => write!(out, "the key has the column {column} twice"),
            PlanError::OnInvalid { column, .. } => write!(out, "invalid values of {column} can only be rejected"),
            PlanError::Field { profile, column, key, kind } => {
                write!(out, "the profile {profile}: fields.{column}.{key}: {kind}")
            }
            PlanError::Unstorable { column, value, .. } => write!(out, "{column} cannot store {value:?}"),
        }
    }
}

impl std::error::Error for PlanError {}
