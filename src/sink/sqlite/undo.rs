//! Undoing a run: [`Held::undo`].
//!
//! First it is found out, by the digests of rows in the run's journal, which customers are not as the run left them; nothing is
//! written for that. Then rows are deleted and restored, in one transaction with all that is noted of it. A dry run does the same and
//! rolls it back: so the database's own constraints and triggers have their say.

mod created;
mod old;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rusqlite::types::{Value as Owned, ValueRef};
use rusqlite::{Connection, Row, params, params_from_iter};

use super::hold::{Held, HeldWay};
use super::journal::{digest_text, row_digest};
use super::runs::{self, UNDONE, remove_checkpoint};
use super::schema::{self, CustomerColumn, STAMP_COLUMNS};
use super::{NotCommitted, commit_past_readers, error_of, history};
use crate::error::{Error, Result};

/// Which run is to be undone, and how.
#[derive(Clone, Debug)]
pub struct Undo {
    /// The run.
    pub run_id: i64,
    /// Whether customers who are not as the run left them stay as they are; else nothing is done where there are any.
    pub keep_changed: bool,
    /// Whether it is only to be said what would be done.
    pub dry_run: bool,
    /// The clock (RFC 3339).
    pub now: String,
}

/// What has become of customers since a run left them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// This run has changed them.
    ChangedBy(i64),
    /// Another program or a person has.
    Changed,
    /// They are not there any more.
    Deleted,
    /// Some of them were changed or deleted, and which cannot be told.
    SomeChanged,
}

/// Customers one after another who are not as a run left them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangedCustomers {
    /// The first.
    pub first: i64,
    /// The last.
    pub last: i64,
    /// What has become of them.
    pub since: Since,
}

/// How many entries are listed of customers that were changed.
pub const MOST_LISTED: usize = 20;

/// What came of undoing a run, or would come of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    /// Whether it is undone, or would be. If not, there are customers who are not as the run left them, and nothing was done.
    pub is_done: bool,
    /// How many customers were deleted.
    pub deleted: u64,
    /// How many were restored to what they were.
    pub restored: u64,
    /// Of the restored ones, the first of those that are again as a run left them that is undone, with that run: they were kept
    /// when it was.
    pub as_undone: Vec<(i64, i64)>,
    /// How many can be deleted, and how many restored, because they are as the run left them.
    pub deletable: u64,
    #[allow(missing_docs)]
    pub restorable: u64,
    /// How many are not, or may not be, as the run left them; they were left as they are.
    pub changed: u64,
    /// The first of those.
    pub listed: Vec<ChangedCustomers>,
    /// Whether there are more.
    pub has_more: bool,
}

/// Why it cannot be done.
enum Failure {
    Sqlite(rusqlite::Error),
    Commit(NotCommitted),
    /// In words.
    Refused(String),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Failure {
        Failure::Sqlite(error)
    }
}

impl Failure {
    fn into_error(self, path: &Path, run_id: i64, stop: &AtomicUsize) -> Error {
        match self {
            Failure::Sqlite(error) => error_of(path, stop, &error),
            Failure::Commit(failure) => failure.into_error(path, stop),
            Failure::Refused(why) => refused(path, run_id, &why),
        }
    }
}

type Tried<T> = std::result::Result<T, Failure>;

impl Held {
    /// Undoes a run: deletes the customers that it created, and restores those that it updated. An error, and nothing is done, where
    /// there is no such run, where it is undone already, where what is needed for it is not there, and where a constraint
    /// or trigger of the database's own refuses.
    pub fn undo(self, undo: &Undo) -> Result<Undone> {
        let Held { path, way, stop } = self;
        let HeldWay::Existing(opened) = way else { return Err(history::absent(&path)) };
        let undone = Undoing::new(&opened.connection, undo, &stop).and_then(|undoing| undoing.run());
        undone.map_err(|failure| failure.into_error(&path, undo.run_id, &stop))
    }

    /// The same as a part of what is done in the transaction: it is not committed.
    pub fn undo_uncommitted(&self, undo: &Undo) -> Result<Undone> {
        let HeldWay::Existing(opened) = &self.way else { return Err(history::absent(&self.path)) };
        let undone = Undoing::new(&opened.connection, undo, &self.stop).and_then(|undoing| undoing.apply());
        undone.map_err(|failure| failure.into_error(&self.path, undo.run_id, &self.stop))
    }
}

/// Which customers somebody has changed since a run left them, in a few words; `None` where there are none among those that it
/// has created or updated.
pub(super) fn changed_since(
    connection: &Connection,
    run_id: i64,
    stop: &Arc<AtomicUsize>,
) -> rusqlite::Result<Option<String>> {
    let undo = Undo { run_id, keep_changed: false, dry_run: true, now: String::new() };
    let found = match Undoing::new(connection, &undo, stop).and_then(|undoing| undoing.look()) {
        Err(Failure::Sqlite(error) | Failure::Commit(NotCommitted::Failed(error) | NotCommitted::InDoubt(error))) => {
            return Err(error);
        }
        Err(Failure::Refused(why)) => return Ok(Some(why)),
        Ok(found) => found,
    };
    let named = found.listed.first().map(|entry| match (entry.first, entry.last) {
        (first, last) if first == last => format!("customer {first}"),
        (first, last) => format!("customers {first} to {last}"),
    });
    let others = if found.listed.len() > 1 { " and others" } else { "" };
    Ok(named.map(|named| format!("{named}{others}")))
}

fn refused(path: &Path, run_id: i64, why: &str) -> Error {
    Error::database(path, format!("run {run_id} cannot be undone: {why}"))
}

/// A run that is being undone.
struct Undoing<'h> {
    connection: &'h Connection,
    undo: &'h Undo,
    stop: &'h Arc<AtomicUsize>,
    /// The first customer that it has created. Those from there on that it has updated are its own.
    first_created: i64,
}

/// What a customer that the run has updated was before.
struct Former {
    customer: i64,
    /// `updated_at`, `import_run`, `import_file` and `import_record`.
    stamp: [Owned; 4],
    /// The columns that the run has changed.
    values: Vec<(String, Owned)>,
}

/// Where customers are noted meanwhile whose change is not to be lost.
const KEPT: &str = "temp.custload_kept";

impl<'h> Undoing<'h> {
    fn new(connection: &'h Connection, undo: &'h Undo, stop: &'h Arc<AtomicUsize>) -> Tried<Undoing<'h>> {
        let first_created = match schema::has_table(connection, "import_created")? {
            true => {
                let sql = "SELECT min(first_customer_id) FROM import_created WHERE run_id = ?1";
                connection.query_row(sql, [undo.run_id], |row| row.get::<_, Option<i64>>(0))?
            }
            false => None,
        };
        Ok(Undoing { connection, undo, stop, first_created: first_created.unwrap_or(i64::MAX) })
    }

    fn run(&self) -> Tried<Undone> {
        let unmet = if self.undo.dry_run { self.unmet_references()? } else { 0 };
        let undone = self.apply()?;
        if !undone.is_done {
            return Ok(undone);
        }
        if self.undo.dry_run {
            if self.unmet_references()? > unmet {
                return Err(Failure::Refused("a foreign key of the database's own refuses".to_string()));
            }
            self.connection.execute_batch("ROLLBACK")?;
            return Ok(undone);
        }
        let is_there = || {
            let sql = "SELECT status = ?2 AND undone_at = ?3 FROM import_runs WHERE run_id = ?1";
            self.connection.query_row(sql, params![self.undo.run_id, UNDONE, self.undo.now], |row| row.get(0))
        };
        commit_past_readers(self.connection, Duration::ZERO, self.stop, is_there).map_err(|failure| match failure {
            NotCommitted::Failed(error) => refused_by(error),
            failure => Failure::Commit(failure),
        })?;
        Ok(undone)
    }

    /// Undoes the run in the transaction that has begun.
    fn apply(&self) -> Tried<Undone> {
        self.refuse()?;
        if self.undo.keep_changed {
            let name = KEPT.trim_start_matches("temp.");
            self.connection.execute_batch(&format!("CREATE TEMP TABLE {name} (customer_id INTEGER PRIMARY KEY)"))?;
        }
        let mut undone = self.look()?;
        if undone.changed > 0 && !self.undo.keep_changed {
            return Ok(undone);
        }
        undone.as_undone = self.as_undone()?;
        undone.restored = self.restore()?;
        undone.deleted = self.delete(undone.deletable)?;
        self.note()?;
        Ok(Undone { is_done: true, ..undone })
    }

    /// Finds out which customers are not as the run left them.
    fn look(&self) -> Tried<Undone> {
        let mut found = Undone::default();
        self.look_at_created(&mut found)?;
        self.look_at_updated(&mut found)?;
        Ok(found)
    }

    /// How many references of other tables have nothing that they refer to; what is left to the end of a transaction, SQLite looks at
    /// only there.
    fn unmet_references(&self) -> rusqlite::Result<i64> {
        let count = |sql: &str| self.connection.query_row(sql, [], |row| row.get(0));
        match count("PRAGMA foreign_keys")? {
            0 => Ok(0),
            _ => count("SELECT count(*) FROM pragma_foreign_key_check"),
        }
    }

    /// Refuses where the run is none that can be undone.
    fn refuse(&self) -> Tried<()> {
        let run_id = self.undo.run_id;
        let refuse = |why: &str| Err(Failure::Refused(why.to_string()));
        let Some(runs) = history::runs_of(self.connection, Some(run_id))? else {
            return refuse("the database has no runs of custload");
        };
        let Some(run) = runs.first() else {
            return refuse("there is no such run; `custload runs` lists those that there are");
        };
        if run.status == UNDONE {
            let undone_at = run.undone_at.as_deref().unwrap_or_default();
            return refuse(&format!("it is undone already, since {undone_at}"));
        }
        if run.journal == history::Journal::Never {
            return refuse("an earlier version of custload made it, which did not note what is needed for that");
        }
        if let Some(other) = runs::unfinished(self.connection)?.filter(|other| other.checkpoint.run_id != run_id) {
            let other = other.checkpoint.run_id;
            return refuse(&format!("run {other} was stopped, and must be finished or undone first"));
        }
        let count = |sql: &str| self.connection.query_row(sql, [run_id], |row| row.get::<_, i64>(0));
        let sizes =
            "SELECT ifnull(sum(last_customer_id - first_customer_id + 1), 0) FROM import_created WHERE run_id = ?1";
        let noted = (count(sizes)?, count("SELECT count(*) FROM import_updated WHERE run_id = ?1")?);
        let without_values = "SELECT count(*) FROM import_updated AS u WHERE u.run_id = ?1 AND NOT EXISTS (SELECT 1 \
                              FROM import_changes AS c WHERE c.run_id = u.run_id AND c.customer_id = u.customer_id)";
        // A journal that somebody has written in may have any range, and each is gone through.
        let too_wide = format!(
            "SELECT count(*) FROM import_created WHERE run_id = ?1 \
             AND last_customer_id - first_customer_id NOT BETWEEN 0 AND {}",
            old::MOST_TOGETHER - 1
        );
        let is_whole = count(without_values)? == 0 && count(&too_wide)? == 0;
        // Several inputs may have updated one customer.
        let (created, updated) = (run.counts.created as i64, run.counts.updated as i64);
        let fewest = if run.inputs.len() > 1 { updated.min(1) } else { updated };
        if noted.0 != created || !(fewest..=updated).contains(&noted.1) || !is_whole {
            return refuse("what is needed for that is not there any more; `custload runs prune` deletes it");
        }
        Ok(())
    }

    /// An error where a signal asks to stop. SQLite asks too, but not between short statements.
    fn go_on(&self) -> rusqlite::Result<()> {
        match self.stop.load(Ordering::Relaxed) {
            0 => Ok(()),
            _ => Err(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_INTERRUPT), None)),
        }
    }

    /// Finds out which of the customers that the run has updated are not as it left them.
    fn look_at_updated(&self, undone: &mut Undone) -> rusqlite::Result<()> {
        let run_id = self.undo.run_id;
        let columns = schema::customer_columns(self.connection)?;
        let mut statement = self.connection.prepare(
            "SELECT c.*, c.import_run, u.customer_id, u.digest, c.customer_id IS NULL FROM import_updated AS u \
             LEFT JOIN customers AS c ON c.customer_id = u.customer_id WHERE u.run_id = ?1 ORDER BY u.customer_id",
        )?;
        let names: Vec<String> = statement.column_names().take(columns.len()).map(str::to_string).collect();
        let mut rows = statement.query([run_id])?;
        while let Some(row) = rows.next()? {
            self.go_on()?;
            let at = names.len();
            let (customer, digest): (i64, String) = (row.get(at + 1)?, row.get(at + 2)?);
            if row.get(at + 3)? {
                self.note_changed(customer, Since::Deleted, undone)?;
            } else if !is_as_left(&names, &columns, row, &digest)? {
                let import_run = row.get_ref(at)?.as_i64().unwrap_or_default();
                self.note_changed(customer, self.since(import_run), undone)?;
            } else if customer >= self.first_created {
                undone.deletable += 1;
            } else {
                undone.restorable += 1;
            }
        }
        Ok(())
    }

    /// Who has changed a customer that is there, by the run that its row names.
    fn since(&self, import_run: i64) -> Since {
        if import_run > self.undo.run_id { Since::ChangedBy(import_run) } else { Since::Changed }
    }

    /// Notes that a customer is not as the run left it.
    fn note_changed(&self, customer: i64, since: Since, undone: &mut Undone) -> rusqlite::Result<()> {
        undone.list(customer, customer, since);
        undone.changed += 1;
        if since == Since::Deleted { Ok(()) } else { self.keep(customer) }
    }

    /// Notes that a customer is to stay as it is.
    fn keep(&self, customer: i64) -> rusqlite::Result<()> {
        if !self.undo.keep_changed {
            return Ok(());
        }
        let sql = format!("INSERT OR IGNORE INTO {KEPT} VALUES (?1)");
        self.connection.prepare_cached(&sql)?.execute([customer]).map(drop)
    }

    /// What leaves out customers that are to stay as they are, to stand after a condition.
    fn not_kept(&self, column: &str) -> String {
        match self.undo.keep_changed {
            true => format!(" AND {column} NOT IN (SELECT customer_id FROM {KEPT})"),
            false => String::new(),
        }
    }

    /// Restores the customers that the run has updated; how many these are.
    fn restore(&self) -> Tried<u64> {
        let columns = schema::customer_columns(self.connection)?;
        let sql = format!(
            "SELECT u.customer_id, u.old_updated_at, u.old_import_run, u.old_import_file, u.old_import_record, c.field, \
             c.old_value FROM import_updated AS u LEFT JOIN import_changes AS c \
             ON c.run_id = u.run_id AND c.customer_id = u.customer_id \
             WHERE u.run_id = ?1 AND u.customer_id < ?2 \
             AND EXISTS (SELECT 1 FROM customers AS t WHERE t.customer_id = u.customer_id){} ORDER BY u.customer_id, c.field",
            self.not_kept("u.customer_id")
        );
        let mut statement = self.connection.prepare(&sql)?;
        let mut rows = statement.query([self.undo.run_id, self.first_created])?;
        let mut restored = 0;
        let mut open: Option<Former> = None;
        while let Some(row) = rows.next()? {
            let customer: i64 = row.get(0)?;
            if let Some(former) = open.take_if(|former| former.customer != customer) {
                self.go_on()?;
                self.put_back(former)?;
                restored += 1;
            }
            let stamp = [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?];
            let former = open.get_or_insert_with(|| Former { customer, stamp, values: Vec::new() });
            if let Some(field) = row.get::<_, Option<String>>(5)? {
                if !columns.iter().any(|column| column.name.eq_ignore_ascii_case(&field)) {
                    return Err(gone(&field));
                }
                former.values.push((field, row.get(6)?));
            }
        }
        if let Some(former) = open {
            self.put_back(former)?;
            restored += 1;
        }
        Ok(restored)
    }

    /// The first customers who will be as a run left them that is undone, and that run.
    fn as_undone(&self) -> rusqlite::Result<Vec<(i64, i64)>> {
        let sql = format!(
            "SELECT u.customer_id, u.old_import_run FROM import_updated AS u JOIN import_runs AS r \
             ON r.run_id = u.old_import_run WHERE u.run_id = ?1 AND u.customer_id < ?2 AND r.status = ?3 \
             AND EXISTS (SELECT 1 FROM customers AS t WHERE t.customer_id = u.customer_id){} \
             ORDER BY u.customer_id LIMIT {MOST_LISTED}",
            self.not_kept("u.customer_id")
        );
        let mut statement = self.connection.prepare(&sql)?;
        let found = statement
            .query_map(params![self.undo.run_id, self.first_created, UNDONE], |row| Ok((row.get(0)?, row.get(1)?)))?;
        found.collect()
    }

    fn put_back(&self, former: Former) -> Tried<()> {
        let Former { customer, stamp, values } = former;
        let names = STAMP_COLUMNS[1..].iter().map(|(name, _)| quoted(name));
        let set: Vec<String> =
            values.iter().map(|(name, _)| quoted(name)).chain(names).map(|name| format!("{name} = ?")).collect();
        let sql = format!("UPDATE customers SET {} WHERE customer_id = ?", set.join(", "));
        let values = values.into_iter().map(|(_, value)| value).chain(stamp).chain([Owned::Integer(customer)]);
        let put_back = self.connection.prepare_cached(&sql)?.execute(params_from_iter(values)).map_err(refused_by)?;
        match put_back {
            1 => Ok(()),
            _ => Err(Failure::Refused(format!("a trigger of the database's own keeps customer {customer} as it is"))),
        }
    }

    /// Deletes the customers that the run has created, but for those that are to stay; how many are expected to go is known.
    fn delete(&self, expected: u64) -> Tried<u64> {
        if expected == 0 {
            return Ok(0);
        }
        let count = || self.connection.query_row("SELECT count(*) FROM customers", [], |row| row.get::<_, i64>(0));
        let before = count()? as u64;
        if before == expected {
            // There are no others. So SQLite need not look at the rows.
            self.connection.execute("DELETE FROM customers", []).map_err(refused_by)?;
        } else {
            let sql = "SELECT first_customer_id, last_customer_id FROM import_created WHERE run_id = ?1 ORDER BY 1";
            let mut ranges = self.connection.prepare(sql)?;
            let mut ranges = ranges.query([self.undo.run_id])?;
            let sql =
                format!("DELETE FROM customers WHERE customer_id BETWEEN ?1 AND ?2{}", self.not_kept("customer_id"));
            let mut delete = self.connection.prepare(&sql)?;
            while let Some(range) = ranges.next()? {
                self.go_on()?;
                delete.execute(params![range.get::<_, i64>(0)?, range.get::<_, i64>(1)?]).map_err(refused_by)?;
            }
        }
        let deleted = before.saturating_sub(count()? as u64);
        if deleted != expected {
            return Err(Failure::Refused(format!(
                "{expected} customers were to be deleted, and a trigger or foreign key of the database's own makes that {deleted}"
            )));
        }
        Ok(deleted)
    }

    /// Notes that the run is undone. What the run has changed of customers that keep these changes stays listed. Of those that it
    /// has created no digest stays, of kept ones neither: nothing reads the digests of a run that is undone.
    fn note(&self) -> rusqlite::Result<()> {
        let Undo { run_id, now, .. } = self.undo;
        let not_kept = self.not_kept("customer_id");
        self.connection.execute("DELETE FROM import_created WHERE run_id = ?1", [run_id])?;
        for table in ["import_updated", "import_changes"] {
            self.connection.execute(&format!("DELETE FROM {table} WHERE run_id = ?1{not_kept}"), [run_id])?;
        }
        remove_checkpoint(self.connection, *run_id)?;
        let sql = "UPDATE import_runs SET status = ?2, undone_at = ?3, \
                   undone_after = (SELECT max(run_id) FROM import_runs) WHERE run_id = ?1";
        self.connection.execute(sql, params![run_id, UNDONE, now]).map(drop)
    }
}

impl Undone {
    /// Adds an entry to the list, or to the one that it continues.
    fn list(&mut self, first: i64, last: i64, since: Since) {
        if let Some(entry) = self.listed.last_mut().filter(|entry| entry.since == since && entry.last + 1 == first) {
            entry.last = last;
        } else if self.listed.len() < MOST_LISTED {
            self.listed.push(ChangedCustomers { first, last, since });
        } else {
            self.has_more = true;
        }
    }
}

/// What SQLite says where the database's own rules stand against it.
fn refused_by(error: rusqlite::Error) -> Failure {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::ConstraintViolation) => {
            Failure::Refused(format!("a constraint, foreign key or trigger of the database's own refuses ({error})"))
        }
        _ => Failure::Sqlite(error),
    }
}

fn gone(column: &str) -> Failure {
    Failure::Refused(format!("it has filled the column {column}, which customers does not have any more"))
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Whether a row is as the run left it that updated it. A column that was added since is behind the others, and holds what
/// the row was given with it; one that SQLite works out may have come at any time.
fn is_as_left(names: &[String], columns: &[CustomerColumn], row: &Row<'_>, digest: &str) -> rusqlite::Result<bool> {
    for known in (0..=names.len()).rev() {
        if digest_text(row_digest(&names[..known], row)?) == digest {
            return Ok(true);
        }
        let Some(column) = known.checked_sub(1).and_then(|last| columns.get(last)) else { break };
        let value = row.get_ref(known - 1)?;
        let may_be_new =
            column.is_generated || value == ValueRef::Null || is_same(value, ValueRef::from(&column.default));
        if !may_be_new {
            break;
        }
    }
    Ok(false)
}

/// Whether a value is this default, which a column's type may have made a text or a number of.
fn is_same(value: ValueRef<'_>, default: ValueRef<'_>) -> bool {
    match (value, default) {
        (ValueRef::Text(text), ValueRef::Integer(number)) | (ValueRef::Integer(number), ValueRef::Text(text)) => {
            text == number.to_string().as_bytes()
        }
        _ => value == default,
    }
}
