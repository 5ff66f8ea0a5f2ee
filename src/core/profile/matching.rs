//! What one header name, or JSON key, means: [`Meaning`], and how good a [`Match`] is.

/// How good a match is: the user's own map, the column name, the label, then the aliases in their order.
pub type Rank = u16;

pub(super) const MAP: Rank = 0;
pub(super) const NAME: Rank = 1;
const LABEL: Rank = 2;

/// A field, or a part of one, that a header name means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Match {
    pub field: usize,
    /// The part of the field; `None` for the whole field.
    pub part: Option<usize>,
    pub rank: Rank,
}

impl Match {
    /// How the name was found, in one word: `map`, `name`, `label` or `alias`.
    pub fn how(&self) -> &'static str {
        match (self.rank, self.part) {
            (MAP, _) => "map",
            (NAME, None) => "name",
            (LABEL, None) => "label",
            _ => "alias",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    Field(Match),
    Ignored,
    Unknown,
}
