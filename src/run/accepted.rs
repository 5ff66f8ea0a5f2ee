//! Records between their verdict and the database: [`Accepted`], [`LateReject`].

use std::borrow::Cow;
use std::ops::Range;

use super::cells::CellFate;
use super::existing::ExistingMatch;
use super::worker::Worker;
use crate::core::judge::Verdicts;
use crate::core::mode::Mode;
use crate::core::profile::FieldSet;
use crate::core::record::{Block, Position};
use crate::sink::sqlite::keys::RunPosition;

/// What becomes of an accepted record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Created,
    Updated,
    Unchanged,
    Superseded,
}

impl Action {
    /// `customer` is the existing customer that has the record's key; `differs` says whether it differs from the record.
    pub(super) fn of(mode: Mode, customer: Option<i64>, differs: bool) -> Action {
        match customer {
            Some(_) if differs => Action::Updated,
            Some(_) => Action::Unchanged,
            // Without a database it is unknown which customers exist.
            None if mode == Mode::Update => Action::Updated,
            None => Action::Created,
        }
    }

    /// The action whose discriminant is `number`.
    pub(super) fn from_number(number: u64) -> Option<Action> {
        let all = [Action::Created, Action::Updated, Action::Unchanged, Action::Superseded];
        all.into_iter().find(|action| *action as u64 == number)
    }

    /// The word in `accepted.csv`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Action::Created => "created",
            Action::Updated => "updated",
            Action::Unchanged => "unchanged",
            Action::Superseded => "superseded",
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Accepted<'v> {
    pub(super) input: usize,
    pub(super) position: Position,
    /// Its row in a buffer that the caller has.
    pub(super) row: Range<u32>,
    pub(super) action: Action,
    /// The existing customer that has its key.
    pub(super) customer: Option<i64>,
    /// The fields in which the customer differs, and those of them to clear.
    pub(super) differing: FieldSet,
    pub(super) cleared: FieldSet,
    /// Its key as it is stored.
    pub(super) key: Cow<'v, str>,
    /// The first record of the run that has its key.
    pub(super) first: RunPosition,
    /// What became of its filled cells; empty unless it may be superseded.
    pub(super) cells: Vec<CellFate>,
}

/// A judged block, and what is known of its records' keys.
pub(super) struct JudgedBlock<'v> {
    pub(super) block: &'v Block,
    pub(super) verdicts: &'v Verdicts,
    /// The position of its first record in the run.
    pub(super) first: RunPosition,
    pub(super) worker: &'v Worker,
    /// The records whose fingerprint is taken, counted from the block's first, in order.
    pub(super) contested: Vec<u32>,
    /// A match for each span, in a run that changes customers.
    pub(super) matches: Vec<ExistingMatch>,
}

/// A record that is rejected for its key: the index of its span in the block, and its report lines.
pub(super) struct LateReject {
    pub(super) index: usize,
    pub(super) error: Vec<u8>,
    pub(super) reject: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_becomes_of_a_record_follows_from_its_customer() {
        use Action::{Created, Unchanged, Updated};
        for (mode, customer, differs, expected) in [
            (Mode::Create, None, false, Created),
            (Mode::Upsert, None, false, Created),
            (Mode::Upsert, Some(7), true, Updated),
            (Mode::Upsert, Some(7), false, Unchanged),
            (Mode::Update, Some(7), true, Updated),
            (Mode::Update, Some(7), false, Unchanged),
            (Mode::Update, None, false, Updated),
        ] {
            assert_eq!(Action::of(mode, customer, differs), expected, "{mode:?} {customer:?} {differs}");
        }
    }

    #[test]
    fn an_action_is_found_by_its_number() {
        for action in [Action::Created, Action::Updated, Action::Unchanged, Action::Superseded] {
            assert_eq!(Action::from_number(action as u64), Some(action));
        }
        assert_eq!(Action::from_number(4), None);
    }
}
