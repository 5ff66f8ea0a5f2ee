//! What a customer record must look like: a [`Profile`] is a list of [`Field`]s. Profiles are data, TOML files beside this one.
//!
//! A profile has names and limits; `judge` applies the limits, `types` normalises values. A [`Binding`] assigns the columns of
//! a header to fields, [`KeyNames`] the keys of JSON records; the user's [`Mapping`] changes both.

mod binding;
mod built_in;
mod check;
mod contradiction;
mod definition;
mod empty_list;
mod error;
mod error_words;
mod field;
mod field_check;
mod field_set;
mod habits;
mod header;
mod header_names;
mod json_schema;
mod mapping;
mod matching;
mod nested;
mod parents;
mod parse;
mod profile_check;
mod profile_files;
mod scalar;
mod sources;
mod toml_words;

pub use self::binding::{Binding, Candidates, Column, Fit, Likely};
pub use self::built_in::built_in_text;
pub use self::check::Check;
pub use self::definition::{Profile, RESERVED_COLUMNS, TABLE};
pub use self::error::{ProfileError, ProfileErrorKind, Setting, SettingsError};
pub use self::field::{Field, REST, accepted_names, nearest_field};
pub use self::field_set::FieldSet;
#[cfg(test)]
pub use self::habits::{FEED_KEYS, FILE_KEYS};
pub use self::habits::{Habit, Habits};
#[cfg(test)]
pub use self::header::steps;
pub use self::header::{
    Header, REPORT_COLUMNS, REPORT_KEY, digest, has_report_columns, is_name, letters_and_digits, nearest,
    report_column, taken_from_report,
};
pub use self::header_names::{Alike, HeaderNames, KeyNames};
pub use self::json_schema::{FORMAT, profile_of, record_schema};
pub use self::mapping::Mapping;
pub use self::matching::{Match, Meaning, Role};
pub use self::parents::PARENT_ID;
pub use self::sources::{Chosen, HasValue, Sources};

#[cfg(test)]
mod tests;
