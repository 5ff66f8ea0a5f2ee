//! Committing now and then, and coming back to where a run was stopped (SPEC, section 8).

use super::commit::{Committer, DoneBefore, Kept};
use super::{Observer, Target, events, threshold_passed};
use crate::core::record::TextBefore;
use crate::core::text::visible;
use crate::error::{Error, Result, Words};
use crate::report::folder::ReportFile;
use crate::shell;
use crate::sink::sqlite::{Checkpoint, FileRow, TextPlace, UNFINISHED};

impl Committer<'_> {
    /// Takes a place at which the run may be continued, behind the `record`-th record of an input. `false` if a threshold was
    /// passed, and the run ends here.
    pub(super) fn stop(
        &mut self,
        input: usize,
        record: u64,
        before: TextBefore,
        observer: &mut dyn Observer,
    ) -> Result<bool> {
        let TextBefore { line, byte_offset, sha256 } = before;
        let place = TextPlace { file: input as u64 + 1, record, line, byte_offset, sha256 };
        if let Some(done) = self.done_before.take_if(|done| done.checkpoint.records == self.records) {
            self.refuse_different(&done, &place)?;
            self.kept = Some(self.kept_now());
            return Ok(true);
        }
        if self.done_before.is_some() {
            return Ok(true);
        }
        if threshold_passed(self.options, &self.counts()).is_some() {
            return Ok(false);
        }
        self.balance()?;
        self.commit_part(place, observer)?;
        Ok(true)
    }

    fn kept_now(&self) -> Kept {
        let accepted_bytes = self.accepted.as_ref().map_or(0, ReportFile::length);
        Kept { records: self.records, customers: self.customers, accepted_bytes }
    }

    fn commit_part(&mut self, place: TextPlace, observer: &mut dyn Observer) -> Result<()> {
        let Target::Database(store) = std::mem::replace(&mut self.target, Target::Nothing) else {
            return Ok(());
        };
        let counts = self.counts();
        let checkpoint = Checkpoint {
            run_id: store.run_id(),
            records: self.records,
            place,
            customers: self.start.1 + counts.created as i64,
            start_customer_id: self.start.0,
            next_customer_id: store.next_id(),
            change_counter: None,
        };
        let summaries: Vec<_> = self.inputs.iter().map(|input| &input.summary).collect();
        let (run, files) = self.book.rows(UNFINISHED, self.book.clock.now(), counts, self.customers, &summaries);
        let lengths = self.inputs.iter().map(|input| input.length);
        let files: Vec<FileRow> =
            files.into_iter().zip(lengths).map(|(file, bytes)| FileRow { bytes, ..file }).collect();
        let (paused, said) = store.checkpoint(&run, &files, &checkpoint)?;
        // Whatever happens now, this much is done.
        self.kept = Some(self.kept_now());
        events::checkpoint(checkpoint.run_id, checkpoint.records);
        if let Some(said) = said {
            observer.note(&said);
        }
        self.target = Target::Database(Box::new(paused.go_on()?));
        Ok(())
    }

    /// An error where what was read up to a checkpoint is not what was read then, or was judged otherwise.
    fn refuse_different(&self, done: &DoneBefore, place: &TextPlace) -> Result<()> {
        let (then, counts) = (&done.checkpoint, self.counts());
        let path = visible(&self.inputs[place.file as usize - 1].summary.path).into_owned();
        let what = if *place != then.place {
            format!("the first {} records of {path} are not those that were loaded", then.place.record)
        } else if counts != done.counts {
            let (accepted, rejected) = (done.counts.accepted, done.counts.rejected);
            format!(
                "of the first {} records, {accepted} were accepted and {rejected} rejected, and now {} and {}",
                then.records, counts.accepted, counts.rejected
            )
        } else if done.next_id != then.next_customer_id {
            format!("the next customer was to be {}, and would be {}", then.next_customer_id, done.next_id)
        } else {
            return Ok(());
        };
        Err(self.cannot_go_on(then.run_id, &what))
    }

    /// An error where the inputs have ended before the place was reached at which the run was stopped.
    pub(super) fn refuse_shorter(&self) -> Result<()> {
        match &self.done_before {
            Some(done) => {
                let what =
                    format!("{} records were loaded, and there are {} now", done.checkpoint.records, self.records);
                Err(self.cannot_go_on(done.checkpoint.run_id, &what))
            }
            None => Ok(()),
        }
    }

    fn cannot_go_on(&self, run_id: i64, what: &str) -> Error {
        let path = self.options.database.clone().unwrap_or_default();
        Error::database(
            &path,
            Words::own(format!(
                "run {run_id} cannot continue: {what}. Put the input back as it was, or undo the run with `{}` and load again",
                shell::undo(run_id, &path)
            )),
        )
    }
}
