//! Looks up the parents that records refer to, while their values are judged.

use super::draft::Draft;
use super::parents::{Parent, Parents, RecordParent};
use super::value::{Judge, Kept, Origin};
use super::verdicts::Outcome;
use crate::core::finding::{Problem, excerpt};
use crate::core::profile::FieldSet;
use crate::core::row::RowBuilder;
use crate::core::text::key;
use crate::core::types::definition::{Refusal, Stored};

impl<B: RowBuilder> Draft<'_, B> {
    #[inline]
    pub(super) fn begin_parent(&mut self, index: usize) {
        let (parent, exists, is_asked) = match self.parents {
            Parents::Ignored => return,
            Parents::Asked(exists) => (Parent::None, exists, true),
            Parents::Known(parents, exists) => (parents.get(index).copied().unwrap_or_default(), exists, false),
        };
        self.judge.parent = RecordParent { known: Some((parent, exists)), is_asked, ..RecordParent::default() };
    }

    /// What is stored in a field, if the parent's ID was found. Notes what the record says of parents.
    pub(super) fn with_parent<'v>(&mut self, field: usize, stored: Stored<'v>) -> Stored<'v> {
        let Some(plan) = self.judge.plan.parents else { return stored };
        if let (Parents::Asked(_), Some(link)) = (self.parents, self.judge.plan.fields[field].link) {
            self.out.links.note_stored(link, &stored);
        }
        match self.judge.parent.customer() {
            _ if !self.judge.parent.replaces(Some(plan), field) => stored,
            Some(id) => Stored::Integer(id),
            None => Stored::Missing,
        }
    }

    /// Ends what a record says of parents.
    #[inline]
    pub(super) fn end_links(&mut self) {
        match self.parents {
            Parents::Known(..) => {}
            Parents::Ignored => {
                if self.judge.parent.is_unexpected {
                    let number = self.out.verdicts.iter().filter(|before| before.outcome != Outcome::Blank).count();
                    self.out.unexpected_parent.get_or_insert(number);
                    self.judge.parent.is_unexpected = false;
                }
            }
            Parents::Asked(_) => self.out.links.end(self.judge.parent.has_unknown_id),
        }
    }
}

impl Judge<'_> {
    /// Looks up the parent that a valid value refers to, if its field does.
    pub(super) fn look_up_parent<'v>(&mut self, origin: Origin, raw: &str, stored: Stored<'v>) -> Stored<'v> {
        let Some(plan) = self.plan.parents else { return stored };
        let link = plan.link.filter(|link| link.field == origin.field);
        if link.is_none() && plan.id != origin.field {
            return stored;
        }
        let Some((parent, exists)) = self.parent.known else {
            self.parent.is_unexpected = true;
            return stored;
        };
        let text = match &stored {
            Stored::Missing => return stored,
            Stored::Text(text) => excerpt(text).to_string(),
            Stored::Integer(number) => number.to_string(),
            Stored::Real(number) => number.to_string(),
        };
        let Some(link) = link else {
            return match stored {
                Stored::Integer(id) if !exists(id) && self.parent.is_asked => {
                    self.parent.has_unknown_id = true;
                    stored
                }
                // If the record has the parent's value too, that decides.
                Stored::Integer(id) if !exists(id) && parent == Parent::None => {
                    let problem = Problem::NoSuchParent { parent: text, referenced: None };
                    self.refuse(origin, Some(raw), None, [Refusal::new(problem)])
                }
                stored => stored,
            };
        };
        let referenced = || self.plan.fields[link.referenced].column.clone();
        let problem = match parent {
            Parent::None | Parent::Customer(_) => return stored,
            // It would not be found if a record had it.
            Parent::NotFound if key::fold(&text, link.comparison).is_none() => {
                Problem::ParentMeansNothing { parent: text }
            }
            Parent::NotFound => Problem::NoSuchParent { parent: text, referenced: Some(referenced()) },
            Parent::Rejected => Problem::ParentRejected { parent: text, referenced: referenced() },
            Parent::Circle(circle, records) => {
                Problem::ParentCycle { parent: text, circle: circle.to_string(), records }
            }
        };
        let kept = if let Stored::Text(value) = stored { Some(Kept::unchanged(value)) } else { None };
        self.refuse(origin, Some(raw), kept, [Refusal::new(problem)])
    }

    /// Makes the field of the parent's ID follow the field that refers to it: given, empty or without a value.
    pub(super) fn follow_parent(&mut self) {
        let Some((_, plan)) = self.parent.known.zip(self.plan.parents) else { return };
        let Some(link) = plan.link else { return };
        let others = FieldSet::from_iter([plan.id]).complement();
        let is_absent = self.absent.has(plan.id);
        if self.cleared.has(link.field) {
            self.empty = self.empty.and(&others);
            self.absent.insert(plan.id);
        } else if self.parent.replaces(Some(plan), plan.id) {
            (self.empty, self.absent) = (self.empty.and(&others), self.absent.and(&others));
        } else if is_absent && self.empty.has(link.field) {
            self.absent = self.absent.and(&others);
            self.empty.insert(plan.id);
        }
    }
}
