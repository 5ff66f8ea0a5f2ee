//! What a run does with existing customers ([`Mode`], [`Empty`], [`Duplicates`]) and with invalid values ([`OnInvalid`]).

use serde::{Deserialize, Serialize};

/// Whether a run creates customers, changes them, or both. The key identifies a customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Every record creates a customer. It is rejected if a customer has its key.
    #[default]
    Create,
    /// Every record changes a customer. It is rejected if no customer has its key.
    Update,
    /// A record changes the customer that has its key, or creates one.
    Upsert,
}

impl Mode {
    /// Its name in options, the database and the reports.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Create => "create",
            Mode::Update => "update",
            Mode::Upsert => "upsert",
        }
    }

    /// Whether customers may be changed.
    pub fn changes(self) -> bool {
        self != Mode::Create
    }
}

/// What an empty cell does to a stored value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Empty {
    /// It keeps the value.
    #[default]
    Keep,
    /// It removes the value.
    Clear,
}

impl Empty {
    /// Its name in options and the database.
    pub fn name(self) -> &'static str {
        match self {
            Empty::Keep => "keep",
            Empty::Clear => "clear",
        }
    }
}

/// Which of several records with one key a run stores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Duplicates {
    /// The first; the others are rejected.
    #[default]
    Reject,
    /// The last; the others count as superseded.
    Last,
}

impl Duplicates {
    /// Its name in options and the database.
    pub fn name(self) -> &'static str {
        match self {
            Duplicates::Reject => "reject",
            Duplicates::Last => "last",
        }
    }
}

/// What is done with an invalid value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
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
