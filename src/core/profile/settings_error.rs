//! What is wrong with what a run's settings say of fields: [`SettingsError`].
//!
//! It is data: what a setting is called, and so the words, is known only to the program that takes the settings.

use std::fmt::{Display, Formatter, Result};

use super::profile_error::ProfileError;

/// A setting that names a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// Which field is the key.
    Key,
    /// Which fields are accepted with any characters.
    Relax,
    /// What becomes of a field's invalid values.
    OnInvalid,
    /// Where a column goes that has this header.
    Column(String),
    /// What fills missing values.
    Constants,
    /// What replaces values of the column of this name.
    Values(String),
}

/// A setting that does not fit the profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingsError {
    /// The text of a profile is none.
    Profile(ProfileError),
    /// There is no such profile.
    UnknownProfile {
        /// Its name.
        name: String,
        /// The name that it is most likely a slip for.
        nearest: Option<String>,
        /// The names that there are.
        known: Vec<String>,
    },
    /// A setting names a field that the profile does not have.
    UnknownField {
        /// The setting.
        setting: Setting,
        /// The profile's name.
        profile: String,
        /// The field as the setting names it.
        field: String,
        /// The field, or part of one, that it is most likely a slip for.
        nearest: Option<String>,
        /// The columns of the profile.
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
