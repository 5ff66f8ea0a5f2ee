//! The types of fields: [`FieldType`]. A type is a file of this folder, which implements [`Type`], and a line in the list
//! below.
//!
//! Values are cleaned first ([`crate::core::text::clean`]). Normalising a normalised value changes nothing. Types do not know
//! records or profiles.

pub mod choice;
pub mod choices;
pub mod country;
pub mod date;
pub mod dates;
pub mod decimal;
pub mod decimals;
pub mod definition;
pub mod email;
pub mod flag;
pub mod formats;
pub mod integer;
pub mod list;
pub mod pattern;
pub mod phone;
pub mod postal_code;
pub mod repair;
pub mod state;
pub mod text;
pub mod timestamp;
pub mod url;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use self::definition::{Facts, Limits, Memory, Parsed, Quick, Type};
use crate::core::record::json::JsonValue;
use crate::core::row::RowBuilder;
use crate::core::text::{Characters, is_missing, is_null_word, sheet};

/// Declares [`FieldType`]: a variant for each type, whose methods ask the type of that name.
macro_rules! field_types {
    ($($module:ident::$name:ident,)*) => {
        /// The type of a field, which decides how its values are normalised and judged. Profiles name it in kebab-case:
        /// `postal-code`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum FieldType {
            $(#[doc = concat!("See [`", stringify!($module), "`].")] $name,)*
        }

        impl FieldType {
            /// All of them.
            pub const ALL: &'static [FieldType] = &[$(FieldType::$name,)*];

            /// What it is.
            pub fn facts(self) -> &'static Facts {
                match self { $(FieldType::$name => &$module::$name::FACTS,)* }
            }

            /// See [`Type::parse`].
            pub fn parse<'v>(self, value: Cow<'v, str>, limits: &Limits) -> Parsed<'v> {
                match self { $(FieldType::$name => $module::$name::parse(value, limits),)* }
            }

            /// See [`Type::parse_json`].
            pub fn parse_json(self, value: &JsonValue<'_>, limits: &Limits) -> Option<Parsed<'static>> {
                match self { $(FieldType::$name => $module::$name::parse_json(value, limits),)* }
            }

            /// See [`Type::is_rewritten`].
            pub fn is_rewritten(self, value: &str) -> bool {
                match self { $(FieldType::$name => $module::$name::is_rewritten(value),)* }
            }

            /// See [`Type::quick`].
            #[inline(always)]
            pub fn quick(self, value: &[u8], limits: &Limits, memory: &mut Memory, rows: &mut impl RowBuilder) -> Quick {
                match self { $(FieldType::$name => $module::$name::quick(value, limits, memory, rows),)* }
            }
        }
    };
}

field_types! {
    text::Text,
    email::Email,
    postal_code::PostalCode,
    phone::Phone,
    country::Country,
    state::State,
    integer::Integer,
    decimal::Decimal,
    date::Date,
    timestamp::Timestamp,
    flag::Flag,
    choice::Choice,
    list::List,
    url::Url,
}

// By hand: `#[default]` cannot stand in the list.
#[allow(clippy::derivable_impls)]
impl Default for FieldType {
    fn default() -> FieldType {
        FieldType::Text
    }
}

impl FieldType {
    /// Whether a cleaned text is a missing value, or the error of a spreadsheet, in every field of this type.
    pub fn means_nothing(self, cleaned: &str) -> bool {
        let is_null_word = || !self.facts().holds_words && is_null_word(cleaned);
        is_missing(cleaned) || is_null_word() || sheet::is_error_word(cleaned)
    }

    /// What a field of this type may hold, in words: these characters, one of these choices.
    pub fn describe(self, characters: Option<Characters>, choices: &[String]) -> Cow<'static, str> {
        let Facts { words, shows_characters, .. } = self.facts();
        match characters.filter(|_| *shows_characters) {
            _ if !choices.is_empty() => choices.join(" or ").into(),
            Some(characters) if self == FieldType::Text => characters.describe().into(),
            Some(characters) => format!("{words}, {}", characters.describe()).into(),
            None => (*words).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::choices::Choices;
    use super::definition::Stored;
    use super::*;

    #[test]
    fn types_store_what_their_examples_say() {
        let limits = Limits { choices: Choices::new(vec!["email".into(), "print".into()]), ..Limits::default() };
        for kind in FieldType::ALL {
            assert!(kind.facts().docs.ends_with('.') && !kind.facts().examples.is_empty(), "{kind:?}");
            for (value, expected) in kind.facts().examples {
                let parsed = kind.parse(Cow::Borrowed(*value), &limits);
                let stored = match parsed.stored {
                    Stored::Text(text) => text.into_owned(),
                    Stored::Integer(number) => number.to_string(),
                    Stored::Real(number) => number.to_string(),
                    Stored::Missing => String::new(),
                };
                assert_eq!((&*stored, parsed.refusals.len()), (*expected, 0), "{kind:?}: {value}");
            }
        }
    }
}
