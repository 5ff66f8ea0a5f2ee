//! Continuing a stopped run at its last checkpoint: whether this is its command ([`refuse_others`]), and whether it finds again
//! what it found then ([`Replay`]). Records are read, judged and reported from the first on, but stored only after the checkpoint;
//! so the reports are those of a run that was never stopped.

use std::path::Path;

use super::inputs::{file_length, shown_path};
use super::option_text::{Decides, difference};
use super::options::Options;
use crate::core::record::{Count, Counts};
use crate::core::{profile::Profile, text::visible};
use crate::error::{Error, Result, Words};
use crate::read::input::Input;
use crate::shell;
use crate::sink::sqlite::{Checkpoint, InputPosition, Unfinished};

pub(super) fn notice(run: &Unfinished) -> String {
    let Checkpoint { run_id, position: InputPosition { file, record, line, .. }, .. } = &run.checkpoint;
    let input = run.inputs.get((*file as usize).wrapping_sub(1)).map_or("its input", |input| &input.path);
    format!("run {run_id} was stopped; resuming after record {record} of {} (line {line})", visible(input))
}

/// An error unless this is the command that was stopped: other runs must wait until that run is finished or undone.
pub(super) fn refuse_others(run: &Unfinished, options: &Options, profile: &Profile, inputs: &[Input]) -> Result<()> {
    let differ = |what: String| {
        let path = options.database.clone().unwrap_or_default();
        let paths: Vec<String> = run.inputs.iter().map(|input| visible(&input.path).into_owned()).collect();
        let Checkpoint { run_id, position, .. } = &run.checkpoint;
        let (record, paths, undo) = (position.record, paths.join(", "), shell::undo(*run_id, &path));
        let message = format!(
            "run {run_id} was stopped after record {record} of {paths}; resume or undo it first. This command differs: \
             {what}. To resume, run its command again; to undo, run `{undo}`"
        );
        Err(Error::database(&path, message))
    };
    let found: Vec<String> = inputs.iter().map(|input| shown_path(&input.path)).collect();
    if !found.iter().eq(run.inputs.iter().map(|input| &input.path)) {
        let found: Vec<String> = found.iter().map(|path| visible(path).into_owned()).collect();
        let found = if found.is_empty() { "none is left to load".to_string() } else { found.join(", ") };
        return differ(format!("it has other inputs ({found})"));
    }
    if run.row.profile != profile.name {
        return differ(format!("the profile was {}, and is now {}", run.row.profile, profile.name));
    }
    if let Some(what) = difference(&run.row.options, options, &[Decides::Stored, Decides::Part, Decides::Steps]) {
        return differ(visible(&what).into_owned());
    }
    for (input, then) in inputs.iter().zip(&run.inputs) {
        if let Some(length) = file_length(&input.path).filter(|length| *length != then.bytes) {
            return differ(format!("{} had {} bytes, and has {length}", visible(&then.path), then.bytes));
        }
    }
    Ok(())
}

/// What a stopped run did up to its last checkpoint.
pub(super) struct Replay {
    pub(super) checkpoint: Checkpoint,
    pub(super) counts: Counts,
    /// The ID of the next customer that the replay would create.
    pub(super) next_id: i64,
}

impl Replay {
    pub(super) fn new(checkpoint: Checkpoint, counts: Counts) -> Replay {
        Replay { next_id: checkpoint.start_customer_id, checkpoint, counts }
    }

    /// What differs at the checkpoint from what the stopped run found there. `counts` are those of this run, `path` is the input.
    pub(super) fn difference(&self, position: &InputPosition, counts: &Counts, path: &str) -> Option<String> {
        let then = &self.checkpoint;
        if *position != then.position {
            let records = then.position.record;
            return Some(format!("the first {records} records of {path} are not those that were loaded"));
        }
        if *counts != self.counts {
            let one = |count: &&Count| (count.get)(counts) != (count.get)(&self.counts);
            let Count { name, get, .. } = Counts::TABLE.iter().find(one)?;
            let (records, before, now) = (then.records, get(&self.counts), get(counts));
            return Some(format!("of the first {records} records the count {name} was {before}, and is now {now}"));
        }
        (self.next_id != then.next_customer_id)
            .then(|| format!("the next customer ID should be {}, but is {}", then.next_customer_id, self.next_id))
    }

    pub(super) fn cannot_continue(&self, database: &Path, what: &str) -> Error {
        let (run_id, undo) = (self.checkpoint.run_id, shell::undo(self.checkpoint.run_id, database));
        let advice = format!("Restore the input, or undo the run with `{undo}` and load again");
        Error::database(database, Words::own(format!("run {run_id} cannot continue: {what}. {advice}")))
    }

    /// The error of a run whose inputs end after `records` records, before the checkpoint.
    pub(super) fn ended_too_early(&self, database: &Path, records: u64) -> Error {
        let what = format!("{} records were loaded, and now there are {records}", self.checkpoint.records);
        self.cannot_continue(database, &what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_at_the_checkpoint_is_named() {
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
            (&place, &other_counts, 14, Some("of the first 5 records the count accepted was 4, and is now 3")),
            (&place, &counts, 13, Some("the next customer ID should be 14, but is 13")),
        ] {
            let found = replay(next_id).difference(place, counts, "a.csv");
            assert_eq!(found.is_some(), expected.is_some());
            assert!(found.unwrap_or_default().contains(expected.unwrap_or_default()));
        }
        let message = replay(14).ended_too_early(Path::new("x.db"), 4).to_string();
        assert!(message.contains("5 records were loaded, and now there are 4"), "{message}");
        assert!(message.contains("custload undo 3 --db x.db"), "{message}");
    }
}
