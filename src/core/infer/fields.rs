//! A field of a profile as it is proposed: [`Field`].

/// How sure a guess is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sure {
    /// The values can be read in another way, too, or hardly say anything.
    Guess,
    /// The values fit, but there are few, or some do not.
    Likely,
    Certain,
}

impl Sure {
    pub fn name(self) -> &'static str {
        match self {
            Sure::Certain => "sure",
            Sure::Likely => "likely",
            Sure::Guess => "a guess",
        }
    }
}

/// A field of a profile as it is proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its column in the database.
    pub name: String,
    /// The header of its column, and the columns by number, from 1. Several that have one header fill one field.
    pub header: String,
    pub columns: Vec<usize>,
    pub kind: &'static str,
    /// The keys of the field and their values, as TOML.
    pub keys: Vec<(&'static str, String)>,
    pub required: bool,
    pub unique: bool,
    pub sure: Sure,
    /// What it is made from, a comment each.
    pub notes: Vec<String>,
    /// Keys that a person may want, as comments.
    pub perhaps: Vec<String>,
    /// Why it cannot be a field of the profile, and is only a comment, if so.
    pub impossible: Option<&'static str>,
    pub key: KeyWorth,
}

/// How good a field is as a key. The greater is the better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyWorth {
    #[default]
    None,
    /// Most of its values differ: by how many of 1000.
    Nearly(u64),
    /// No value is repeated, but some are missing.
    Gaps,
    /// Always filled and never repeated, with nothing in its name.
    Unique,
    Email,
    /// The same, and its name says that it identifies something.
    Identifier,
}
