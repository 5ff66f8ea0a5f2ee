//! Why a run's options make no plan: [`PlanError`]. It is data; its words are made where the options have names.

use std::fmt::{Display, Formatter, Result};

use super::field_options::OnInvalid;
use crate::core::finding::FindingList;
use crate::core::mode::Mode;
use crate::core::profile::SettingsError;

/// Options that do not fit the profile or each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanError {
    /// A setting names a field that the profile does not have.
    Settings(SettingsError),
    /// The mode changes customers, and there is to be no key to find them by.
    NoKey(Mode),
    /// A field's invalid values cannot be treated so.
    OnInvalid {
        /// The profile's name.
        profile: String,
        /// The field's column.
        column: String,
        /// What was asked for.
        on_invalid: OnInvalid,
        /// Why not.
        reason: OnInvalidReason,
    },
    /// The field cannot store a constant of the mapping, or what the mapping puts in place of a value.
    Unstorable {
        /// The field's column.
        column: String,
        /// The value that is replaced; none for a constant.
        replaced: Option<String>,
        /// What cannot be stored.
        value: String,
        /// What is wrong with it; no error where it is no value.
        findings: FindingList,
    },
}

/// Why a field's invalid values cannot be cleared, or kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnInvalidReason {
    /// The field is required.
    Required,
    /// It is the key.
    Key,
    /// It is stored as a number.
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
