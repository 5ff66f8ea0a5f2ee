//! Why a profile and options make no plan: [`PlanError`]. It is data; the command line puts it into words.

use std::fmt::{Display, Formatter, Result};

use super::field_options::OnInvalid;
use crate::core::finding::FindingList;
use crate::core::mode::Mode;
use crate::core::profile::SettingsError;

/// Options that do not fit the profile or each other.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum PlanError {
    /// A setting names a field that the profile does not have.
    Settings(SettingsError),
    /// The mode changes customers, but there is no key to find them by.
    NoKey(Mode),
    /// A field's invalid values cannot be treated this way.
    OnInvalid { profile: String, column: String, on_invalid: OnInvalid, reason: OnInvalidReason },
    /// The field cannot store a constant or a replacement of the mapping.
    Unstorable {
        column: String,
        /// The value that is replaced; `None` for a constant.
        replaced: Option<String>,
        value: String,
        /// What is wrong with it; no error if it means a missing value.
        findings: FindingList,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnInvalidReason {
    Required,
    Key,
    Number,
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
            PlanError::OnInvalid { column, .. } => write!(out, "invalid values of {column} can only be rejected"),
            PlanError::Unstorable { column, value, .. } => write!(out, "{column} cannot store {value:?}"),
        }
    }
}

impl std::error::Error for PlanError {}
