//! What a run did before it was stopped: [`Replay`]. The same command reads, judges and reports all of it again, and writes
//! nothing until it has come as far. What it finds up to there must be what was found then.

use std::path::Path;

use crate::error::{Error, Words};
use crate::report::summary::Counts;
use crate::shell;
use crate::sink::sqlite::{Checkpoint, InputPosition};

/// What a run did up to its last checkpoint, before it was stopped.
pub(super) struct Replay {
    pub(super) checkpoint: Checkpoint,
    pub(super) counts: Counts,
    /// The ID that the next customer was given then.
    pub(super) next_id: i64,
}

impl Replay {
    pub(super) fn new(checkpoint: Checkpoint, counts: Counts) -> Replay {
        Replay { next_id: checkpoint.start_customer_id, checkpoint, counts }
    }

    /// What differs at the checkpoint from what was found then, in words. `counts` are those of now, and `path` is the input.
    pub(super) fn difference(&self, place: &InputPosition, counts: &Counts, path: &str) -> Option<String> {
        let then = &self.checkpoint;
        if *place != then.position {
            return Some(format!(
                "the first {} records of {path} are not those that were loaded",
                then.position.record
            ));
        }
        if *counts != self.counts {
            let (accepted, rejected) = (self.counts.accepted, self.counts.rejected);
            return Some(format!(
                "of the first {} records, {accepted} were accepted and {rejected} rejected, and now {} and {}",
                then.records, counts.accepted, counts.rejected
            ));
        }
        (self.next_id != then.next_customer_id)
            .then(|| format!("the next customer was to be {}, and would be {}", then.next_customer_id, self.next_id))
    }

    /// The error of a run that cannot continue: what differs is `what`.
    pub(super) fn cannot_continue(&self, database: &Path, what: &str) -> Error {
        let run_id = self.checkpoint.run_id;
        Error::database(
            database,
            Words::own(format!(
                "run {run_id} cannot continue: {what}. Put the input back as it was, or undo the run with `{}` and load again",
                shell::undo(run_id, database)
            )),
        )
    }

    /// The same where the inputs have ended after `records` records, before the checkpoint.
    pub(super) fn ended_too_early(&self, database: &Path, records: u64) -> Error {
        let what = format!("{} records were loaded, and there are {records} now", self.checkpoint.records);
        self.cannot_continue(database, &what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_at_the_checkpoint_is_said() {
        let place = InputPosition { file: 1, record: 5, line: 6, byte_offset: 90, sha256: "ab".to_string() };
        let counts = Counts { read: 5, accepted: 4, created: 4, rejected: 1, ..Counts::default() };
        let checkpoint = Checkpoint {
            run_id: 3,
            records: 5,
            position: place.clone(),
            start_customer_id: 10,
            next_customer_id: 14,
            ..Checkpoint::default()
        };
        let replay = |next_id| Replay { next_id, ..Replay::new(checkpoint.clone(), counts) };
        assert_eq!(Replay::new(checkpoint.clone(), counts).next_id, 10);
        let other_text = InputPosition { sha256: "cd".to_string(), ..place.clone() };
        let other_counts = Counts { accepted: 3, created: 3, rejected: 2, ..counts };
        for (place, counts, next_id, expected) in [
            (&place, &counts, 14, None),
            (&other_text, &counts, 14, Some("the first 5 records of a.csv are not those")),
            (&place, &other_counts, 14, Some("4 were accepted and 1 rejected, and now 3 and 2")),
            (&place, &counts, 13, Some("the next customer was to be 14, and would be 13")),
        ] {
            let found = replay(next_id).difference(place, counts, "a.csv");
            assert_eq!(found.is_some(), expected.is_some());
            assert!(found.unwrap_or_default().contains(expected.unwrap_or_default()));
        }
        let said = replay(14).ended_too_early(Path::new("x.db"), 4).to_string();
        assert!(said.contains("5 records were loaded, and there are 4 now"), "{said}");
        assert!(said.contains("custload undo 3 --db x.db"), "{said}");
    }
}
