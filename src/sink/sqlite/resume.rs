//! Releasing the database at a checkpoint, and resuming from one: [`Paused`].

use super::checkpoint::Checkpoint;
use super::commit::retry;
use super::destination::Destination;
use super::errors::cannot_open;
use super::file_header::counter_differs;
use super::lock::LockedDatabase;
use super::options::StoreOptions;
use super::runs::{FileRow, RunRow};
use super::store::Store;
use super::undo::changed_since;
use crate::error::{Error, Result, Words};
use crate::shell;

/// A run between two transactions: everything before is committed, and the database is not locked. Another run may lock it now,
/// see that this one is not finished, and release it.
#[derive(Debug)]
pub struct Paused {
    options: StoreOptions,
    rows_written: u64,
    rows_changed: u64,
    next_id: i64,
}

impl Paused {
    /// Locks the database again. An error if another program has written to it.
    pub fn resume(self) -> Result<Store> {
        let Paused { options, rows_written, rows_changed, next_id } = self;
        let locked = lock_again(&options)?;
        let expected = locked.unfinished()?.and_then(|run| run.checkpoint.change_counter);
        let mut store = Store::open(locked, options)?;
        if store.next_id != next_id || counter_differs(store.change_counter()?, expected) {
            let message = "another program wrote to it between two checkpoints";
            return Err(Error::database(&store.options.path, message));
        }
        (store.rows_written, store.rows_changed) = (rows_written, rows_changed);
        Ok(store)
    }
}

fn lock_again(options: &StoreOptions) -> Result<LockedDatabase> {
    let is_locked = |error: &Error| matches!(error, Error::Locked { .. });
    let lock = || LockedDatabase::lock(&options.path, &options.stop);
    let locked = retry(options.wait, &options.stop, is_locked, lock);
    locked.map_err(|error| match options.stop.load(std::sync::atomic::Ordering::Relaxed) {
        0 => error,
        signal => Error::Interrupted(signal as i32),
    })
}

impl Store {
    /// Commits everything so far with a checkpoint, and releases the database. Returns a notice too, if there is one.
    pub fn checkpoint(
        self,
        run: &RunRow,
        files: &[FileRow],
        checkpoint: &Checkpoint,
    ) -> Result<(Paused, Option<String>)> {
        let (options, next_id) = (self.options.clone(), checkpoint.next_customer_id);
        let paused = Paused { options, rows_written: self.rows_written, rows_changed: self.rows_changed, next_id };
        let notice = self.end(run, files, Some(checkpoint))?;
        Ok((paused, notice))
    }

    /// An error if customers have changed since the checkpoint. `true` if another program has only written other things.
    pub fn refuse_changed(&self, checkpoint: &Checkpoint) -> Result<bool> {
        if !matches!(self.destination, Destination::Existing(_)) {
            return Ok(false);
        }
        let (counter, customers) = (self.change_counter()?, self.customers()?);
        let what = if customers != checkpoint.customers {
            format!("it had {} customers, and has {customers}", checkpoint.customers)
        } else if self.next_id != checkpoint.next_customer_id {
            format!("the next customer was to be {}, and is {}", checkpoint.next_customer_id, self.next_id)
        } else if counter.is_some() && counter == checkpoint.change_counter {
            return Ok(false);
        } else {
            // The counter does not show what was written, and in WAL mode it shows nothing. So the run's rows are read.
            let (run_id, stop) = (checkpoint.run_id, &self.options.stop);
            match self.read(|connection| changed_since(connection, run_id, stop))? {
                Some(customers) => format!("{customers} has been changed"),
                None => return Ok(counter_differs(counter, checkpoint.change_counter)),
            }
        };
        let (run_id, path) = (checkpoint.run_id, &self.options.path);
        Err(Error::database(
            path,
            Words::own(format!(
                "run {run_id} cannot continue: the database has changed since the run stopped: {what}. Undo the run with \
                 `{}`, then load again",
                shell::undo(run_id, path)
            )),
        ))
    }

    fn change_counter(&self) -> Result<Option<i64>> {
        let Destination::Existing(existing) = &self.destination else { return Ok(None) };
        let counter = existing.change_counter();
        counter.map_err(|error| Error::database(&self.options.path, cannot_open(&error)))
    }
}
