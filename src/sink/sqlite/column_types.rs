//! The table `import_columns`: the types of the columns of customers. SQLite's own types tell too little apart: a text, a date and a
//! list are all TEXT. A type is written as [`Field::form`] says it, so every database has these words, and none is ever renamed.

use rusqlite::Connection;

use super::sql::{Definition, quoted};
use crate::core::profile::{Field, Profile};

const TABLE: &str = "import_columns";

pub(super) fn definition() -> Definition {
    // SQLite compares the names of tables and columns without their case, too.
    const NAME: &str = "TEXT NOT NULL COLLATE NOCASE";
    let columns = [("table_name", NAME), ("column_name", NAME), ("type", "TEXT NOT NULL")];
    Definition { is_later: true, ..Definition::without_rowid(TABLE, &columns, "table_name, column_name") }
}

/// Writes the types of a profile's columns. None of them is a [`conflicting_type`].
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

/// The columns of a table with their types; none in an older database.
pub(super) fn of_table(connection: &Connection, table: &str) -> rusqlite::Result<Vec<(String, String)>> {
    if !connection.table_exists(None::<&str>, TABLE)? {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare("SELECT column_name, type FROM import_columns WHERE table_name = ?1")?;
    statement.query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// The type of an existing column, of these with their types, if it is another than the field's. A column without any value can have
/// every type, so that a run can be undone and loaded again with a type that was corrected.
pub(super) fn conflicting_type<'t>(
    connection: &Connection,
    (table, types): (&str, &'t [(String, String)]),
    field: &Field,
) -> rusqlite::Result<Option<&'t str>> {
    let stored = types.iter().find(|(column, _)| column.eq_ignore_ascii_case(&field.column));
    match stored.filter(|(_, stored)| *stored != field.form()) {
        Some((_, stored)) if is_used(connection, table, &field.column)? => Ok(Some(stored)),
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
