//! The options of a run that are about fields: [`FieldOptions`].

use serde::Serialize;

use crate::core::mode::{Empty, Mode};
use crate::core::profile::Mapping;

/// The options of a run that concern fields.
#[derive(Clone, Debug, Default)]
pub struct FieldOptions {
    /// The column to use as the key instead of the profile's, or `none`.
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
}

/// What is done with an invalid value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OnInvalid {
    /// Its record is rejected.
    #[default]
    Reject,
    /// It is stored as missing; an existing customer keeps its value.
    Clear,
    /// It is cleaned and stored although it breaks its field's rules. If cleaning leaves nothing, its record is rejected.
    Keep,
}

impl OnInvalid {
    /// The variant with this name.
    pub fn from_name(name: &str) -> Option<OnInvalid> {
        match name {
            "reject" => Some(OnInvalid::Reject),
            "clear" => Some(OnInvalid::Clear),
            "keep" => Some(OnInvalid::Keep),
            _ => None,
        }
    }
}
