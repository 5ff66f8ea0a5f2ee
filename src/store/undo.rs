//! Taking a run back: [`Held::undo`].
//!
//! First it is found out, by the run's journal, which customers are not as the run left them; nothing is written for that. Of those
//! whom the run updated, each has a digest of his row. Of those whom it created a thousand have one together; where it is another
//! now, the rows are put together as the run left them from what later runs have noted, and if it is right then, the customers
//! whom these runs changed are the only ones. Then rows are deleted and put back, in one transaction with all that is noted of it.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rusqlite::types::{Value as Owned, ValueRef};
use rusqlite::{Connection, Row, ToSql, params, params_from_iter};

use super::hold::{Held, HeldWay};
use super::journal::{RANGE, RowsDigest, digest_text, row_digest, value_of};
use super::runs::{self, UNDONE, remove_checkpoint};
use super::schema::{self, CustomerColumn, STAMP_COLUMNS};
use super::{NotCommitted, commit_past_readers, error_of, history};
use crate::error::{Error, Result};
use crate::row::Value;

/// Which run is to be taken back, and how.
#[derive(Clone, Debug)]
pub struct Undo {
    /// The run.
    pub run_id: i64,
    /// Whether customers who are not as the run left them stay as they are; else nothing is done where there are any.
    pub keep_changed: bool,
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

/// So many entries are listed of customers who were changed.
pub const MOST_LISTED: usize = 20;

/// What came of taking a run back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    /// Whether it was. If not, there are customers who are not as the run left them, and nothing was done.
    pub is_done: bool,
    /// How many customers were deleted.
    pub deleted: u64,
    /// How many were put back to what they were.
    pub restored: u64,
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

type Tried<T> = std::result::Result<T, Failure>;

impl Held {
    /// Takes a run back: deletes whom it created, and makes whom it updated what they were. An error, and nothing is done, where
    /// there is no such run, where it was taken back already, where what is needed for it is not there, and where a constraint
    /// or trigger of the database's own refuses.
    pub fn undo(self, undo: &Undo) -> Result<Undone> {
        let Held { path, way, stop } = self;
        let HeldWay::Existing(opened) = way else { return Err(history::absent(&path)) };
        let undone = Undoing { connection: &opened.connection, undo, stop: &stop }.run();
        undone.map_err(|failure| match failure {
            Failure::Sqlite(error) => error_of(&path, &stop, &error),
            Failure::Commit(failure) => failure.into_error(&path, &stop),
            Failure::Refused(why) => refused(&path, undo.run_id, &why),
        })
    }
}

/// Whom somebody has changed since a run left them, in a few words; `None` where there is nobody among those whom it has created
/// or updated.
pub(super) fn changed_since(
    connection: &Connection,
    run_id: i64,
    stop: &Arc<AtomicUsize>,
) -> rusqlite::Result<Option<String>> {
    let undo = Undo { run_id, keep_changed: false, now: String::new() };
    let undoing = Undoing { connection, undo: &undo, stop };
    let mut found = Undone::default();
    let looked = undoing.look_at_created(&mut found).map(drop);
    match looked.and_then(|()| Ok(undoing.look_at_updated(&mut found)?)) {
        Err(Failure::Sqlite(error) | Failure::Commit(NotCommitted::Failed(error) | NotCommitted::InDoubt(error))) => {
            return Err(error);
        }
        Err(Failure::Refused(why)) => return Ok(Some(why)),
        Ok(()) => {}
    }
    let named = found.listed.first().map(|entry| match (entry.first, entry.last) {
        (first, last) if first == last => format!("customer {first}"),
        (first, last) => format!("customers {first} to {last}"),
    });
    let others = if found.listed.len() > 1 { " and others" } else { "" };
    Ok(named.map(|named| format!("{named}{others}")))
}

fn refused(path: &Path, run_id: i64, why: &str) -> Error {
    Error::database(path, format!("run {run_id} cannot be taken back: {why}. Nothing was written"))
}

/// A run that is being taken back.
struct Undoing<'h> {
    connection: &'h Connection,
    undo: &'h Undo,
    stop: &'h Arc<AtomicUsize>,
}

/// Customers whom the run created, and what is noted of them.
struct Created {
    first: i64,
    last: i64,
    digest: String,
}

/// What a customer's row held before the first of the later runs that changed it.
struct Before {
    /// `updated_at`, `import_run`, `import_file` and `import_record`.
    stamp: [Owned; 4],
    /// The columns that later runs have changed.
    values: HashMap<String, Owned>,
}

/// What a customer whom the run updated was before.
struct Former {
    customer: i64,
    /// As [`Before`] has it.
    stamp: [Owned; 4],
    /// The columns that the run has changed.
    values: Vec<(String, Owned)>,
}

/// Where customers whose change is not to be lost are noted meanwhile.
const KEPT: &str = "temp.custload_kept";

impl Undoing<'_> {
    fn run(&self) -> Tried<Undone> {
        self.refuse()?;
        if self.undo.keep_changed {
            self.connection
                .execute_batch(&format!("CREATE TEMP TABLE {} (customer_id INTEGER PRIMARY KEY)", &KEPT[5..]))?;
        }
        let mut undone = Undone::default();
        let created = self.look_at_created(&mut undone)?;
        self.look_at_updated(&mut undone)?;
        if undone.changed > 0 && !self.undo.keep_changed {
            return Ok(undone);
        }
        undone.restored = self.restore()?;
        undone.deleted = self.delete(created)?;
        self.note()?;
        let is_there = || {
            let sql = "SELECT status = ?2 AND undone_at = ?3 FROM import_runs WHERE run_id = ?1";
            self.connection.query_row(sql, params![self.undo.run_id, UNDONE, self.undo.now], |row| row.get(0))
        };
        commit_past_readers(self.connection, Duration::ZERO, self.stop, is_there).map_err(|failure| match failure {
            NotCommitted::Failed(error) => refused_by(error),
            failure => Failure::Commit(failure),
        })?;
        Ok(Undone { is_done: true, ..undone })
    }

    /// Refuses where the run is none that can be taken back.
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
            return refuse(&format!("it was taken back already, at {undone_at}"));
        }
        if run.journal == history::Journal::Never {
            return refuse("an earlier version of custload made it, which did not note what is needed for that");
        }
        if let Some(other) = runs::unfinished(self.connection)?.filter(|other| other.checkpoint.run_id != run_id) {
            let other = other.checkpoint.run_id;
            return refuse(&format!(
                "run {other} was stopped, and has to be finished or taken back first (`custload undo {other}`)"
            ));
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
            RANGE - 1
        );
        let is_whole = count(without_values)? == 0 && count(&too_wide)? == 0;
        if noted != (run.counts.created as i64, run.counts.updated as i64) || !is_whole {
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

    /// Finds out who of those whom the run created are not as it left them; how many others there are.
    fn look_at_created(&self, undone: &mut Undone) -> Tried<u64> {
        let columns = schema::customer_columns(self.connection)?;
        let rows = CreatedRows::new(self.connection, self.undo.run_id, &columns)?;
        let sql = "SELECT first_customer_id, last_customer_id, digest FROM import_created WHERE run_id = ?1 ORDER BY 1";
        let mut statement = self.connection.prepare(sql)?;
        let mut ranges = statement.query([self.undo.run_id])?;
        let mut later = None;
        let mut unchanged = 0;
        while let Some(row) = ranges.next()? {
            self.go_on()?;
            let range = Created { first: row.get(0)?, last: row.get(1)?, digest: row.get(2)? };
            let size = (range.last - range.first + 1) as u64;
            let mut found = 0;
            let mut is_other = false;
            let mut digest = RowsDigest::default();
            rows.each(&range, |row| {
                found += 1;
                is_other |= !row.has_nothing_else()?;
                digest.add(row.customer, row.values());
                Ok(())
            })?;
            if found == size && !is_other && digest.finish().map(digest_text) == Some(range.digest.clone()) {
                unchanged += size;
                continue;
            }
            let later = match &mut later {
                Some(later) => later,
                None => later.insert(self.later_runs()?),
            };
            let before = self.before(later, &range)?;
            unchanged += self.look_closely(&rows, &range, &before, undone)?;
        }
        Ok(unchanged)
    }

    /// The runs behind this one that have updated customers.
    fn later_runs(&self) -> rusqlite::Result<Vec<i64>> {
        let mut statement = self.connection.prepare(
            "SELECT run_id FROM import_runs AS r WHERE run_id > ?1 \
             AND EXISTS (SELECT 1 FROM import_updated AS u WHERE u.run_id = r.run_id) ORDER BY run_id",
        )?;
        let runs = statement.query_map([self.undo.run_id], |row| row.get(0))?;
        runs.collect()
    }

    /// What rows of a range were before later runs changed them.
    fn before(&self, later: &[i64], range: &Created) -> rusqlite::Result<BTreeMap<i64, Before>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT u.customer_id, u.old_updated_at, u.old_import_run, u.old_import_file, u.old_import_record, c.field, \
             c.old_value FROM import_updated AS u LEFT JOIN import_changes AS c \
             ON c.run_id = u.run_id AND c.customer_id = u.customer_id \
             WHERE u.run_id = ?1 AND u.customer_id BETWEEN ?2 AND ?3",
        )?;
        let mut found = BTreeMap::new();
        for run in later {
            let mut rows = statement.query([*run, range.first, range.last])?;
            while let Some(row) = rows.next()? {
                let stamp = [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?];
                // What the first of the later runs has found counts, for each column by itself.
                let before = found.entry(row.get(0)?).or_insert_with(|| Before { stamp, values: HashMap::new() });
                if let Some(field) = row.get::<_, Option<String>>(5)? {
                    let value = row.get(6)?;
                    before.values.entry(field).or_insert(value);
                }
            }
        }
        Ok(found)
    }

    /// Finds out who of a range is not as the run left them; how many others there are.
    fn look_closely(
        &self,
        rows: &CreatedRows<'_>,
        range: &Created,
        before: &BTreeMap<i64, Before>,
        undone: &mut Undone,
    ) -> rusqlite::Result<u64> {
        let run_id = self.undo.run_id;
        let mut digest = RowsDigest::default();
        let (mut there, mut changed) = (Vec::new(), Vec::new());
        rows.each(range, |row| {
            let customer = row.customer;
            let import_run = row.import_run();
            let is_other = !row.has_nothing_else()?;
            if before.contains_key(&customer) {
                changed.push((customer, Since::ChangedBy(import_run)));
            } else if is_other || import_run != run_id {
                changed.push((customer, Since::Changed));
            }
            match before.get(&customer) {
                Some(before) => digest.add(customer, row.values_before(before)),
                None => digest.add(customer, row.values()),
            }
            there.push(customer);
            Ok(())
        })?;
        let size = (range.last - range.first + 1) as u64;
        let is_told = there.len() as u64 == size && digest.finish().map(digest_text).as_ref() == Some(&range.digest);
        if there.len() as u64 != size {
            let is_there = |customer: &i64| there.binary_search(customer).is_ok();
            changed.extend((range.first..=range.last).filter(|id| !is_there(id)).map(|id| (id, Since::Deleted)));
            changed.sort_unstable_by_key(|(customer, _)| *customer);
        }
        for (customer, since) in &changed {
            undone.list(*customer, *customer, *since);
        }
        if is_told || there.is_empty() {
            undone.changed += changed.len() as u64;
            changed.iter().filter(|(_, since)| *since != Since::Deleted).try_for_each(|(id, _)| self.keep(*id))?;
            return Ok(size - changed.len() as u64);
        }
        // A person's change cannot be taken out, so any of them may be another.
        if changed.iter().filter(|(_, since)| *since != Since::Deleted).count() < there.len() {
            let since = if size == 1 { Since::Changed } else { Since::SomeChanged };
            undone.list(range.first, range.last, since);
        }
        undone.changed += size;
        there.iter().try_for_each(|customer| self.keep(*customer))?;
        Ok(0)
    }

    /// Finds out who of those whom the run updated are not as it left them.
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
            let since = if row.get(at + 3)? {
                Since::Deleted
            } else if is_as_left(&names, &columns, row, &digest)? {
                continue;
            } else {
                match row.get_ref(at)? {
                    ValueRef::Integer(other) if other > run_id => Since::ChangedBy(other),
                    _ => Since::Changed,
                }
            };
            undone.list(customer, customer, since);
            undone.changed += 1;
            if since != Since::Deleted {
                self.keep(customer)?;
            }
        }
        Ok(())
    }

    /// Notes that a customer is to stay as he is.
    fn keep(&self, customer: i64) -> rusqlite::Result<()> {
        if !self.undo.keep_changed {
            return Ok(());
        }
        let sql = format!("INSERT OR IGNORE INTO {KEPT} VALUES (?1)");
        self.connection.prepare_cached(&sql)?.execute([customer]).map(drop)
    }

    /// What leaves out whoever is to stay as he is, to stand behind a condition.
    fn not_kept(&self, column: &str) -> String {
        match self.undo.keep_changed {
            true => format!(" AND {column} NOT IN (SELECT customer_id FROM {KEPT})"),
            false => String::new(),
        }
    }

    /// Makes whom the run updated what they were; how many these are.
    fn restore(&self) -> Tried<u64> {
        let columns = schema::customer_columns(self.connection)?;
        let sql = format!(
            "SELECT u.customer_id, u.old_updated_at, u.old_import_run, u.old_import_file, u.old_import_record, c.field, \
             c.old_value FROM import_updated AS u LEFT JOIN import_changes AS c \
             ON c.run_id = u.run_id AND c.customer_id = u.customer_id \
             WHERE u.run_id = ?1 AND EXISTS (SELECT 1 FROM customers AS t WHERE t.customer_id = u.customer_id){} \
             ORDER BY u.customer_id, c.field",
            self.not_kept("u.customer_id")
        );
        let mut statement = self.connection.prepare(&sql)?;
        let mut rows = statement.query([self.undo.run_id])?;
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
            _ => Err(Failure::Refused(format!("a trigger of the database's own keeps customer {customer} as he is"))),
        }
    }

    /// Deletes whom the run created, but for those who are to stay; so many are expected to go.
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

    /// Notes that the run was taken back. What is noted of customers who stay as they are stays too: it is still so.
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
    /// Adds an entry to the list, or to the entry that it goes on with.
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

/// Reads the rows that a run created, as its digests are worked out.
struct CreatedRows<'h> {
    connection: &'h Connection,
    sql: String,
    /// The columns that the run filled, and those of its stamp.
    names: Vec<String>,
    /// What other columns hold where nobody has filled them.
    defaults: Vec<Owned>,
}

/// The row of a customer whom the run created.
struct CreatedRow<'r, 's> {
    customer: i64,
    row: &'r Row<'s>,
    names: &'r [String],
}

impl<'h> CreatedRows<'h> {
    fn new(connection: &'h Connection, run_id: i64, columns: &[CustomerColumn]) -> Tried<CreatedRows<'h>> {
        let mut statement =
            connection.prepare("SELECT value FROM import_runs, json_each(columns) WHERE run_id = ?1 ORDER BY key")?;
        let names = statement.query_map([run_id], |row| row.get(0))?;
        let mut names: Vec<String> = names.collect::<rusqlite::Result<_>>()?;
        names.extend(STAMP_COLUMNS.iter().map(|(name, _)| name.to_string()));
        let is = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
        if let Some(name) = names.iter().find(|name| !columns.iter().any(|column| is(&column.name, name))) {
            return Err(gone(name));
        }
        let others = columns.iter().filter(|column| {
            !column.is_generated && !is(&column.name, "customer_id") && !names.iter().any(|name| is(name, &column.name))
        });
        let (mut conditions, mut defaults) = (Vec::new(), Vec::new());
        for other in others {
            defaults.push(other.default.clone());
            let (name, parameter) = (quoted(&other.name), defaults.len() + 2);
            conditions.push(format!("({name} IS NULL OR {name} COLLATE BINARY IS ?{parameter})"));
        }
        let condition = if conditions.is_empty() { "1".to_string() } else { conditions.join(" AND ") };
        let listed: Vec<String> = names.iter().map(|name| quoted(name)).collect();
        let sql = format!(
            "SELECT customer_id, {condition}, {} FROM customers WHERE customer_id BETWEEN ?1 AND ?2 ORDER BY customer_id",
            listed.join(", ")
        );
        Ok(CreatedRows { connection, sql, names, defaults })
    }

    /// Gives the rows of a range that are there, in the order of their IDs.
    fn each(
        &self,
        range: &Created,
        mut each: impl FnMut(CreatedRow<'_, '_>) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(&self.sql)?;
        let ends = [&range.first as &dyn ToSql, &range.last];
        let parameters = ends.into_iter().chain(self.defaults.iter().map(|value| value as &dyn ToSql));
        let mut rows = statement.query(params_from_iter(parameters))?;
        while let Some(row) = rows.next()? {
            each(CreatedRow { customer: row.get(0)?, row, names: &self.names })?;
        }
        Ok(())
    }
}

impl CreatedRow<'_, '_> {
    /// Whether columns that are not the run's hold nothing.
    fn has_nothing_else(&self) -> rusqlite::Result<bool> {
        self.row.get(1)
    }

    fn value(&self, index: usize) -> Value<'_> {
        self.row.get_ref(index + 2).map_or(Value::Null, value_of)
    }

    /// The values of the run's columns, and its stamp.
    fn values(&self) -> impl Iterator<Item = Value<'_>> {
        (0..self.names.len()).map(|index| self.value(index))
    }

    /// The same as they were before later runs.
    fn values_before<'a>(&'a self, before: &'a Before) -> impl Iterator<Item = Value<'a>> {
        // The first of the stamp never changes.
        let stamp = self.names.len() - before.stamp.len();
        (0..self.names.len()).map(move |index| {
            let changed = match index.checked_sub(stamp) {
                Some(place) => before.stamp.get(place),
                None => before.values.get(&self.names[index]),
            };
            changed.map_or_else(|| self.value(index), |value| value_of(ValueRef::from(value)))
        })
    }

    /// The run that has changed the row last, or has created it.
    fn import_run(&self) -> i64 {
        let place = STAMP_COLUMNS.iter().rev().position(|(name, _)| *name == "import_run").unwrap_or_default();
        match self.value(self.names.len() - 1 - place) {
            Value::Integer(run) => run,
            _ => 0,
        }
    }
}
