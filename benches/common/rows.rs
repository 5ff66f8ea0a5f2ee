//! Rows as the check stage leaves them, and the way into a database that they are compared with: rusqlite's prepared INSERT.

use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;

use custload::core::judge::{Outcome, Verdicts};
use custload::core::row::Value;
use custload::sink::sqlite::record::values;
use custload::sink::sqlite::schema;
use rusqlite::Connection;
use rusqlite::types::{ToSqlOutput, ValueRef};

use super::contact;

/// The columns of a customer besides the ID.
pub const COLUMNS: usize = 17;

/// The rows of one block, as the check stage leaves them.
pub struct Rows {
    pub bytes: Vec<u8>,
    pub places: Vec<Range<u32>>,
}

impl Rows {
    /// The rows of the records that a run accepts. `seen` holds the keys of the records before, for a run takes the first
    /// record of a key only.
    pub fn accepted(verdicts: Verdicts, seen: &mut HashSet<Vec<u8>>) -> Rows {
        let mut place = |outcome: &Outcome| match outcome {
            Outcome::Accepted { row, key, .. } => {
                let is_new = key.as_ref().is_none_or(|key| seen.insert(verdicts.key_text(key).to_vec()));
                is_new.then(|| row.clone())
            }
            Outcome::Blank | Outcome::Rejected => None,
        };
        let places = verdicts.verdicts.iter().filter_map(|verdict| place(&verdict.outcome)).collect();
        Rows { bytes: verdicts.rows, places }
    }

    /// The values of each row.
    pub fn decoded(&self) -> impl Iterator<Item = [Value<'_>; COLUMNS]> {
        self.places.iter().map(|place| {
            let row: Vec<_> = values(&self.bytes[place.start as usize..place.end as usize]).collect();
            row.try_into().unwrap()
        })
    }
}

/// Makes a database with custload's tables, inserts the rows in one transaction without journal and sync, and makes the
/// key's index behind them.
pub fn insert(path: &Path, rows: &[[Value<'_>; COLUMNS]]) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN").unwrap();
    connection.execute_batch(&schema::create_all(&contact())).unwrap();
    let mut statement = connection.prepare(&schema::insert_customer(&contact())).unwrap();
    for (id, row) in (1i64..).zip(rows) {
        statement.raw_bind_parameter(1, id).unwrap();
        for (parameter, value) in (2..).zip(row) {
            let value = match value {
                Value::Null => ValueRef::Null,
                Value::Integer(number) => ValueRef::Integer(*number),
                Value::Real(number) => ValueRef::Real(*number),
                Value::Text(text) => ValueRef::Text(text),
            };
            statement.raw_bind_parameter(parameter, ToSqlOutput::Borrowed(value)).unwrap();
        }
        statement.raw_execute().unwrap();
    }
    drop(statement);
    connection.execute_batch(&schema::create_key_index("email")).unwrap();
    connection.execute_batch("COMMIT").unwrap();
}
