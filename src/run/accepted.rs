//! Records that are right by themselves, and what becomes of them: [`Accepted`], [`LateReject`].

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
    /// What becomes of a record that is about `customer`, if about one that exists. `differs` says whether the customer differs
    /// from it.
    pub(super) fn of(mode: Mode, customer: Option<i64>, differs: bool) -> Action {
        match customer {
            Some(_) if differs => Action::Updated,
            Some(_) => Action::Unchanged,
            // Without a database nobody knows which customers exist.
            None if mode == Mode::Update => Action::Updated,
            None => Action::Created,
        }
    }

    /// The action of this number, as Rust numbers them.
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

/// An accepted record, and what becomes of it.
#[derive(Clone, Debug)]
pub(super) struct Accepted<'v> {
    pub(super) input: usize,
    pub(super) position: Position,
    /// Its row in the bytes that it comes with.
    pub(super) row: Range<u32>,
    pub(super) action: Action,
    /// The customer that it is about, if that exists.
    pub(super) customer: Option<i64>,
    /// The fields in which the customer differs, and of these the ones that are to be emptied.
    pub(super) differing: FieldSet,
    pub(super) cleared: FieldSet,
    /// Its key as it is stored.
    pub(super) key: Cow<'v, str>,
    /// The first record of the run with its key.
    pub(super) first: RunPosition,
    /// What became of its filled cells, where it may be superseded later.
    pub(super) cells: Vec<CellFate>,
}

/// A block that was judged, and what is known of its records' keys.
pub(super) struct JudgedBlock<'v> {
    pub(super) block: &'v Block,
    pub(super) verdicts: &'v Verdicts,
    /// The number of its first record in the run, from 0.
    pub(super) first: RunPosition,
    pub(super) worker: &'v Worker,
    /// The records whose fingerprint somebody else has, counted from the block's first, in order.
    pub(super) rivalled: Vec<u32>,
    /// A match for each span, in a run that changes customers.
    pub(super) matches: Vec<ExistingMatch>,
}

/// A record that is rejected for its key: the index of its span in the block, and its lines in the reports.
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
