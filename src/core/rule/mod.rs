//! Rules over a record in CEL, the Common Expression Language: a [`Rule`] is compiled from its text when the profile is read, and
//! then asked whether the values of a record keep it.
//!
//! [`compile`] refuses what could take long, what names no field, and what compares things of different types, so that little is
//! left to go wrong with a record. [`evaluate`] gives the values to the interpreter. What the language can do here:
//! docs/profiles.md, "Rules over a record".

mod compile;
mod cost;
mod definition;
mod error;
mod evaluate;
mod functions;
mod part;
mod syntax;
mod types;

pub use self::definition::{Rule, ValueType};
pub use self::error::RuleError;
pub use self::evaluate::Value;

#[cfg(test)]
mod tests;
