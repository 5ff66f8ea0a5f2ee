//! JSON Schema (draft 2020-12), both ways: the schema of a record by a profile ([`record_schema`]), and a profile by the schema
//! of a record ([`profile_of`]). The schema of the profile format itself is a file beside this one ([`FORMAT`]).
//!
//! A schema says how another system should write records: whole numbers as numbers, flags as true and false. custload accepts
//! more, such as the text "12" for a whole number. What a schema cannot say of a profile, and a profile cannot of a schema, is in
//! docs/profiles.md, "JSON Schema".

mod node;
mod pattern;
mod property;
mod read;
mod references;
mod write;

pub use self::read::profile_of;
pub use self::write::record_schema;

/// The JSON Schema of profile files.
pub const FORMAT: &str = include_str!("profile.schema.json");

#[cfg(test)]
mod tests;
