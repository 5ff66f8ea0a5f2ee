//! Looks up the parents that records refer to, while their values are judged.

use super::draft::Draft;
use super::parents::{Parent, Parents, RecordParent};
use super::value::{Judge, Kept, Origin};
use super::verdicts::Outcome;
use crate::core::finding::{Problem, excerpt};
use crate::core::profile::FieldSet;
use crate::core::row::RowBuilder;
use crate::core::types::definition::{Refusal, Stored};

impl<B: RowBuilder> Draft<'_, B> {
    pub(super) fn begin_parent(&mut self, index: usize) {
        let known = match self.parents {
            Parents::Known(parents, exists) => Some((parents.get(index).copied().unwrap_or_default(), exists)),
            Parents::Ignored | Parents::Asked => None,
        };
        self.judge.parent = RecordParent { known, is_unexpected: false };
    }

    /// What is stored in a field, if the parent's ID was found. Notes what the record says of parents.
    pub(super) fn with_parent<'v>(&mut self, field: usize, stored: Stored<'v>) -> Stored<'v> {
        let Some(plan) = self.judge.plan.parents else { return stored };
        if let (Parents::Asked, Some(link)) = (self.parents, plan.link) {
            if link.referenced == field {
                self.out.links.note(&stored, |link| &mut link.value);
            } else if link.field == field {
                self.out.links.note(&stored, |link| &mut link.parent);
            }
        }
        match self.judge.parent.customer() {
            Some(id) if plan.id == field => Stored::Integer(id),
            _ => stored,
        }
    }

    /// Ends what a record says of parents.
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
            Parents::Asked => self.out.links.end(),
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
                // The parent's value comes first.
                Stored::Integer(id) if self.parent.customer().is_none() && !exists(id) => {
                    let problem = Problem::NoSuchParent { parent: text, referenced: None };
                    self.refuse(origin, Some(raw), None, [Refusal::new(problem)])
                }
                stored => stored,
            };
        };
        let referenced = || self.plan.fields[link.referenced].column.clone();
        let problem = match parent {
            Parent::None | Parent::Customer(_) => return stored,
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
        let (is_empty, is_absent) = (self.empty.has(plan.id), self.absent.has(plan.id));
        if self.parent.customer().is_some() {
            (self.empty, self.absent) = (self.empty.and(&others), self.absent.and(&others));
        } else if is_absent && self.empty.has(link.field) {
            self.absent = self.absent.and(&others);
            self.empty.insert(plan.id);
        } else if is_empty && self.cleared.has(link.field) {
            self.empty = self.empty.and(&others);
            self.absent.insert(plan.id);
        }
    }
}
