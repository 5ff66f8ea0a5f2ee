//! A record's parent, another customer: which fields refer to it ([`ParentPlan`]), what a record says of it ([`Links`]), and what was
//! found out about it before the record is judged ([`Parents`]). Finding out takes all records of a run, so others do that.

use std::ops::Range;

use super::field_plan::LinkPart;
use crate::core::profile::{PARENT_ID, Profile};
use crate::core::text::key::KeyComparison;
use crate::core::types::{FieldType, definition::Stored};

/// The fields that refer to a customer's parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParentPlan {
    /// The field in which the parent's customer ID is stored.
    pub id: usize,
    pub link: Option<LinkPlan>,
}

/// A field that holds the parent's value of another field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkPlan {
    pub field: usize,
    /// The other field, and how its values are compared.
    pub referenced: usize,
    pub comparison: KeyComparison,
}

impl ParentPlan {
    pub(super) fn of(profile: &Profile) -> Option<ParentPlan> {
        let id = profile.field_index(PARENT_ID).filter(|id| profile.fields[*id].kind == FieldType::Integer)?;
        let mut fields = profile.fields.iter().enumerate();
        let link = fields.find_map(|(field, of)| {
            let referenced = profile.field_index(of.references.as_ref()?)?;
            let comparison = profile.fields[referenced].compare.unwrap_or(KeyComparison::Text);
            Some(LinkPlan { field, referenced, comparison })
        });
        Some(ParentPlan { id, link })
    }

    /// The fields that a record refers to its parent by.
    pub fn referring(&self) -> impl Iterator<Item = usize> + use<> {
        [Some(self.id), self.link.map(|link| link.field)].into_iter().flatten()
    }
}

/// What is known of the parents of a block's records.
#[derive(Clone, Copy, Default)]
pub enum Parents<'p> {
    /// Nothing: they are not looked up.
    #[default]
    Ignored,
    /// Nothing yet: what the records say of them is noted in [`Links`]. Whether a customer with this ID exists.
    Asked(&'p dyn Fn(i64) -> bool),
    /// The parent of each record, without blank lines; and whether a customer with this ID exists.
    Known(&'p [Parent<'p>], &'p dyn Fn(i64) -> bool),
}

/// What is known of the parent that a record names by a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Parent<'p> {
    /// It names none, or it is unknown which customers exist.
    #[default]
    None,
    /// The parent's customer ID.
    Customer(i64),
    NotFound,
    Rejected,
    /// The record is above itself: the values of the circle, each on a line, as far as they are known; and its records.
    Circle(&'p str, u64),
}

/// The parent of the record that is being judged, as far as it is looked up.
#[derive(Clone, Copy, Default)]
pub(super) struct RecordParent<'p> {
    pub(super) known: Option<(Parent<'p>, &'p dyn Fn(i64) -> bool)>,
    pub(super) is_asked: bool,
    /// Whether it has the ID of a parent that does not exist, if parents are only asked for.
    pub(super) has_unknown_id: bool,
    /// Whether it refers to a parent although none is looked up.
    pub(super) is_unexpected: bool,
}

impl RecordParent<'_> {
    /// Whether a value that names the parent says no more than is known: it need not be looked up.
    pub(super) fn is_found_or_none(&self) -> bool {
        matches!(self.known, Some((Parent::None | Parent::Customer(_), _)))
    }

    pub(super) fn customer(&self) -> Option<i64> {
        if let Some((Parent::Customer(id), _)) = self.known { Some(id) } else { None }
    }

    /// Whether the parent that the record names decides what is stored in this field, whatever value the record has for it.
    pub(super) fn replaces(&self, plan: Option<ParentPlan>, field: usize) -> bool {
        let is_named = self.known.is_some_and(|(parent, _)| parent != Parent::None);
        is_named && plan.is_some_and(|plan| plan.id == field)
    }
}

/// What the records of a block say of parents: an entry for each, blank lines too.
#[derive(Debug, Default)]
pub struct Links {
    texts: String,
    entries: Vec<Link<Range<usize>>>,
    /// The entry of the record that is being judged.
    next: Link<Range<usize>>,
}

/// What a record says of its parent and of itself, as it would be stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Link<T> {
    /// Its own value of the field that others refer to.
    pub value: Option<T>,
    /// The parent's value.
    pub parent: Option<T>,
    /// Whether it has the ID of a parent that does not exist.
    pub has_unknown_id: bool,
}

impl Links {
    /// Notes a value that the record would store.
    pub(super) fn note_stored(&mut self, link: LinkPart, stored: &Stored<'_>) {
        match stored {
            Stored::Missing => {}
            Stored::Text(text) => self.note(link, text),
            Stored::Integer(number) => self.note(link, &number.to_string()),
            Stored::Real(number) => self.note(link, &number.to_string()),
        }
    }

    pub(super) fn note(&mut self, link: LinkPart, text: &str) {
        let start = self.texts.len();
        self.texts.push_str(text);
        let noted = Some(start..self.texts.len());
        match link {
            LinkPart::Referring => self.next.parent = noted,
            LinkPart::Referenced => self.next.value = noted,
        }
    }

    pub(super) fn end(&mut self, has_unknown_id: bool) {
        self.entries.push(Link { has_unknown_id, ..std::mem::take(&mut self.next) });
    }

    /// What the record with this index of its span says.
    pub fn get(&self, index: usize) -> Link<&str> {
        let text = |range: &Range<usize>| &self.texts[range.clone()];
        self.entries.get(index).map_or_else(Link::default, |link| Link {
            value: link.value.as_ref().map(text),
            parent: link.parent.as_ref().map(text),
            has_unknown_id: link.has_unknown_id,
        })
    }
}
