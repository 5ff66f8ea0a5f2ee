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

/// Records that repeat the value of an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Repeats {
    /// How many of 1000 values differ.
    pub share: u64,
    /// How many records they are, if that is known.
    pub records: Option<u64>,
    /// The line of the first, if that is known.
    pub line: Option<u64>,
}

/// How good a field is as a key. The greater is the better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyWorth {
    #[default]
    None,
    /// Most of its values differ.
    Nearly(Repeats),
    /// No value is repeated, but some are missing.
    Gaps,
    /// Always filled and never repeated, with nothing in its name.
    Unique,
    Email,
    /// Always filled, at least 98 of 100 values differ, and its name says that it identifies something.
    NearlyIdentifier(Repeats),
    /// Always filled and never repeated, and its name says that it identifies something.
    Identifier,
}
