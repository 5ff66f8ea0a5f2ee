//! The table `import_columns`: the types of the columns of customers. SQLite's own types tell too little apart: a text, a date and a
//! list are all TEXT.

use rusqlite::{Connection, OptionalExtension};

use super::sql::{Definition, quoted};
use crate::core::profile::{Field, Profile};

const TABLE: &str = "import_columns";

pub(super) fn definition() -> Definition {
    // SQLite compares the names of tables and columns without their case, too.
    const NAME: &str = "TEXT NOT NULL COLLATE NOCASE";
    let columns = [("table_name", NAME), ("column_name", NAME), ("type", "TEXT NOT NULL")];
    Definition { is_later: true, ..Definition::without_rowid(TABLE, &columns, "table_name, column_name") }
}

/// Writes the types of a profile's columns. None of them is [`other`] than what is there, unless the column is new or empty.
pub(super) fn write(connection: &Connection, profile: &Profile) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO import_columns (table_name, column_name, type) VALUES (?1, ?2, ?3) \
         ON CONFLICT DO UPDATE SET type = excluded.type WHERE type <> excluded.type",
    )?;
    profile
        .fields
        .iter()
        .try_for_each(|field| statement.execute([&*profile.table, &*field.column, &*field.form()]).map(drop))
}

/// The type of an existing column if it is another than the field's. A column without any value can have every type, so that a run
/// can be undone and loaded again with a type that was corrected.
pub(super) fn other(connection: &Connection, table: &str, field: &Field) -> rusqlite::Result<Option<String>> {
    let is_there = "SELECT 1 FROM sqlite_schema WHERE name = ?1";
    if !connection.prepare_cached(is_there)?.exists([TABLE])? {
        return Ok(None);
    }
    let sql = "SELECT type FROM import_columns WHERE table_name = ?1 AND column_name = ?2";
    let found = connection.prepare_cached(sql)?.query_row([table, &*field.column], |row| row.get(0)).optional()?;
    match found.filter(|found: &String| *found != field.form()) {
        Some(found) if is_used(connection, table, &field.column)? => Ok(Some(found)),
        _ => Ok(None),
    }
}

/// Whether a column has values, or would get some back by an undo.
fn is_used(connection: &Connection, table: &str, column: &str) -> rusqlite::Result<bool> {
    let (quoted_table, quoted_column) = (quoted(table), quoted(column));
    let sql = format!(
        "SELECT EXISTS (SELECT 1 FROM {quoted_table} WHERE {quoted_column} IS NOT NULL) \
         OR EXISTS (SELECT 1 FROM import_changes WHERE field = ?2 COLLATE NOCASE \
         AND run_id IN (SELECT run_id FROM import_runs WHERE table_name = ?1 COLLATE NOCASE))"
    );
    connection.query_row(&sql, [table, column], |row| row.get(0))
}
