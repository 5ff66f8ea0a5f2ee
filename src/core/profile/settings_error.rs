//! What is wrong with the settings of a run that name fields: [`SettingsError`]. It is data; the command line knows what a
//! setting is called and puts it into words.

use std::fmt::{Display, Formatter, Result};

use super::profile_error::ProfileError;

/// A setting that names a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    Key,
    Relax,
    OnInvalid,
    /// The target of the column with this header.
    Column(String),
    /// What fills missing values.
    Constants,
    /// The replacements of this column's values.
    Values(String),
}

/// A setting that does not fit the profile.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum SettingsError {
    /// A profile cannot be read.
    Profile(ProfileError),
    /// There is no such profile.
    UnknownProfile {
        name: String,
        /// The most similar name.
        nearest: Option<String>,
        known: Vec<String>,
    },
    /// A setting names a field that the profile does not have.
    UnknownField {
        setting: Setting,
        profile: String,
        field: String,
        /// The most similar field or part of one.
        nearest: Option<String>,
        known: Vec<String>,
    },
    /// A map that is not written as `header=field`.
    MalformedMap(String),
}

impl Display for SettingsError {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        match self {
            SettingsError::Profile(error) => write!(out, "the profile {error}"),
            SettingsError::UnknownProfile { name, known, .. } => {
                write!(out, "there is no profile {name:?}; there are {}", known.join(", "))
            }
            SettingsError::UnknownField { profile, field, .. } => {
                write!(out, "the profile {profile} has no field {field:?}")
            }
            SettingsError::MalformedMap(map) => write!(out, "the map {map:?} is not written as header=field"),
        }
    }
}

impl std::error::Error for SettingsError {}
