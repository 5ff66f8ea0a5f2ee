//! What a customer record must look like: a [`Profile`] is a list of [`Field`]s. Profiles are data, TOML files beside this one.
//!
//! A profile has names and limits; `judge` applies the limits, `types` normalises values. A [`Binding`] assigns the columns of
//! a header to fields, [`KeyNames`] the keys of JSON records; the user's [`Mapping`] changes both.

mod binding;
mod built_in;
mod candidates;
mod definition;
mod field;
mod field_set;
mod header;
mod header_name;
mod header_names;
mod layout;
mod mapping;
mod matching;
mod nearest;
mod nested;
mod parse;
mod profile_error;
mod report_columns;
mod role;
mod settings_error;
mod sources;
mod toml_text;

pub use self::binding::{Binding, Column};
pub use self::candidates::{Candidates, Fit, Likely};
pub use self::definition::Profile;
pub use self::field::Field;
pub use self::field_set::FieldSet;
pub use self::header::Header;
#[cfg(test)]
pub use self::header_name::steps;
pub use self::header_name::{accepted_names, is_name, letters_and_digits};
pub use self::header_names::{Alike, HeaderNames, KeyNames};
pub use self::mapping::Mapping;
pub use self::matching::{Match, Meaning};
pub use self::nearest::{nearest, nearest_field};
#[cfg(test)]
pub use self::parse::RESERVED_COLUMNS;
pub use self::profile_error::{ProfileError, ProfileErrorKind};
pub use self::report_columns::{REPORT_COLUMNS, REPORT_KEY, digest, has_report_columns, report_column};
pub use self::role::Role;
pub use self::settings_error::{Setting, SettingsError};
pub use self::sources::{Chosen, Sources};

#[cfg(test)]
mod tests;
