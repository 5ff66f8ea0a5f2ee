//! What a field may hold: [`FieldType`]. A type is a file of this folder, which implements [`Type`], and a line in the list
//! below.
//!
//! Every value goes through [`crate::core::text::clean`] first; the types expect what it returns. Normalising a normalised
//! value changes nothing. Nothing here knows of records or profiles.

pub mod choice;
pub mod country;
pub mod definition;
pub mod email;
pub mod flag;
pub mod integer;
pub mod limits;
pub mod list;
pub mod memory;
pub mod mend;
pub mod phone;
pub mod postal_code;
pub mod repair;
pub mod state;
pub mod text;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use self::definition::{Facts, Quick, Type};
use self::limits::Limits;
use self::memory::Memory;
use crate::core::row::RowBuilder;

/// Declares [`FieldType`]: a variant for each type, whose methods ask the type of that name.
macro_rules! field_types {
    ($($module:ident::$name:ident,)*) => {
        /// What a field holds, and so by which rules its values are normalised and judged. A profile names it in
        /// kebab-case: `postal-code`.
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

            /// See [`Type::describe`].
            pub fn describe(self, limits: &Limits) -> Cow<'static, str> {
                match self { $(FieldType::$name => $module::$name::describe(limits),)* }
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
    flag::Flag,
    choice::Choice,
    list::List,
}
