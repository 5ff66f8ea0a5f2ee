//! After which records of a run a block has to end: [`Stops`].

use crate::sink::sqlite::keys::RunPosition;

/// After which records of a run a block has to end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stops {
    /// After each multiple of this number.
    pub(super) every: Option<u64>,
    /// After this number of records for the first time.
    pub(super) first: Option<RunPosition>,
}

impl Stops {
    /// The next after `done` records.
    pub(super) fn after(self, done: RunPosition) -> Option<RunPosition> {
        let every = self.every.map(|every| (done / every + 1) * every);
        self.first.filter(|first| *first > done).into_iter().chain(every).min()
    }
}
