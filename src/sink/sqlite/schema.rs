//! The database's tables: their definitions, and whether a database has them. A profile's columns may have any name, so SQL always
//! quotes them.

use std::borrow::Cow;

use rusqlite::Connection;

use super::column_types;
use super::runs::{CHECKPOINTS, FILES, RUNS};
use super::sql::{Declared, Definition, quoted};
use crate::core::{
    profile::{Field, Profile, TABLE},
    types::definition::Storage,
};

/// The columns of the table of customers after the profile's, with their declarations. Every row fills them.
pub const STAMP_COLUMNS: [(&str, &str); 5] = [
    ("created_at", "TEXT NOT NULL"),
    ("updated_at", "TEXT NOT NULL"),
    ("import_run", "INTEGER NOT NULL"),
    ("import_file", "INTEGER NOT NULL"),
    ("import_record", "INTEGER NOT NULL"),
];

/// The tables beside that of customers.
fn definitions() -> [Definition; 8] {
    const NUMBER: &str = "INTEGER NOT NULL";
    const TEXT: &str = "TEXT NOT NULL";
    [
        RUNS.definition(),
        FILES.definition(),
        // What a run created: ranges of customers, and digests that show which of them were changed since.
        Definition::without_rowid(
            "import_created",
            &[("run_id", NUMBER), ("first_customer_id", NUMBER), ("last_customer_id", NUMBER), ("digest", TEXT)],
            "run_id, first_customer_id",
        ),
        // The customers that a run updated: what the table's own columns held before, and the digest of the updated row.
        Definition::without_rowid(
            "import_updated",
            &[
                ("run_id", NUMBER),
                ("customer_id", NUMBER),
                ("old_updated_at", TEXT),
                ("old_import_run", NUMBER),
                ("old_import_file", NUMBER),
                ("old_import_record", NUMBER),
                ("digest", TEXT),
            ],
            "run_id, customer_id",
        ),
        // What it changed of them, one row a value.
        Definition::without_rowid(
            "import_changes",
            &[("run_id", NUMBER), ("customer_id", NUMBER), ("field", TEXT), ("old_value", "ANY"), ("new_value", "ANY")],
            "run_id, customer_id, field",
        ),
        CHECKPOINTS.definition(),
        // The database's ID, in one row.
        Definition::without_rowid("import_database", &[("database_id", TEXT)], "database_id"),
        column_types::definition(),
    ]
}

pub fn column_type(field: &Field) -> &'static str {
    match field.storage() {
        Storage::Text => "TEXT",
        Storage::Integer => "INTEGER",
        Storage::Real => "REAL",
    }
}

/// The name of a profile's table, quoted.
pub(super) fn table_of(profile: &Profile) -> String {
    quoted(&profile.table)
}

/// With AUTOINCREMENT, so that an ID is never given out twice, whatever is deleted.
pub fn create_customers(profile: &Profile) -> String {
    let mut columns = vec!["customer_id INTEGER PRIMARY KEY AUTOINCREMENT".to_string()];
    columns.extend(profile.fields.iter().map(|field| format!("{} {}", quoted(&field.column), column_type(field))));
    columns.extend(STAMP_COLUMNS.iter().map(|(name, declaration)| format!("{name} {declaration}")));
    format!("CREATE TABLE {} (\n  {}\n) STRICT", shown_table(profile), columns.join(",\n  "))
}

/// The name of the table as `sqlite_schema` is to show it: without quotes if it is the usual one, as in older databases.
fn shown_table(profile: &Profile) -> Cow<'_, str> {
    if profile.table == TABLE { Cow::Borrowed(TABLE) } else { Cow::Owned(table_of(profile)) }
}

pub fn create_all(profile: &Profile) -> String {
    let others = definitions().map(|definition| definition.create());
    format!("{};\n{};", create_customers(profile), others.join(";\n"))
}

/// The statement that creates the index on a key's columns, if there is none. It is not UNIQUE: profiles share columns.
pub fn create_key_index(profile: &Profile, columns: &[&str]) -> String {
    stored_key_index(profile, columns).replacen("INDEX", "INDEX IF NOT EXISTS", 1) + ";"
}

/// How `sqlite_schema` shows the index on a key's columns.
pub(super) fn stored_key_index(profile: &Profile, columns: &[&str]) -> String {
    let quoted_columns: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
    let (index, table) = (quoted(&key_index(profile, columns)), shown_table(profile));
    format!("CREATE INDEX {index} ON {table} ({})", quoted_columns.join(", "))
}

pub fn key_index(profile: &Profile, columns: &[&str]) -> String {
    format!("{}_by_{}", profile.table, columns.join("_"))
}

pub fn add_columns(profile: &Profile, fields: &[usize]) -> String {
    let (table, fields) = (table_of(profile), fields.iter().map(|index| &profile.fields[*index]));
    let add =
        |field: &Field| format!("ALTER TABLE {table} ADD COLUMN {} {};", quoted(&field.column), column_type(field));
    fields.map(add).collect()
}

/// The statements that add what a later version of custload has added to its own tables.
pub(super) fn add_later(connection: &Connection) -> rusqlite::Result<String> {
    definitions().iter().map(|definition| definition.add_lacking(connection)).collect()
}

pub fn insert_customer(profile: &Profile) -> String {
    let mut columns = vec!["customer_id".to_string()];
    columns.extend(profile.fields.iter().map(|field| quoted(&field.column)));
    columns.extend(STAMP_COLUMNS.iter().map(|(name, _)| name.to_string()));
    let values = vec!["?"; columns.len()].join(", ");
    format!("INSERT INTO {} ({}) VALUES ({values})", table_of(profile), columns.join(", "))
}

/// The statement that sets these columns of a customer, and the stamp of its last change. The last parameter is its ID. `table` is
/// quoted.
pub(super) fn update_customer<'c>(table: &str, columns: impl Iterator<Item = &'c str>) -> String {
    let mut sql = format!("UPDATE {table} SET ");
    for column in columns {
        sql.push_str(&quoted(column));
        sql.push_str(" = ?, ");
    }
    sql + "updated_at = ?, import_run = ?, import_file = ?, import_record = ? WHERE customer_id = ?"
}

/// What a database has of custload's tables. The inner error says why tables of their names are not custload's, or of another version.
pub(super) type Found<T> = rusqlite::Result<Result<T, String>>;

/// Whether a database has custload's own tables, with all columns that earlier versions had too; `false` if it has none of them.
pub(super) fn tables(connection: &Connection) -> Found<bool> {
    let definitions = definitions();
    let (mut present, mut missing) = (Vec::new(), None);
    for definition in &definitions {
        let name = definition.name;
        match object_type(connection, name)?.as_deref() {
            Some("table") => present.push(definition),
            Some(kind) => return Ok(Err(format!("its {kind} {name} was not made by custload"))),
            None if definition.is_later => {}
            None => missing = missing.or(Some(name)),
        }
    }
    let Some(first) = present.first() else { return Ok(Ok(false)) };
    if let Some(missing) = missing {
        return Ok(foreign(first.name, &format!("the table {missing} is missing")));
    }
    for definition in present {
        let lacking = definition.lacking(connection)?;
        let is_missing = |column: &&Declared| column.default.is_none() && lacking.contains(&column.name);
        if let Some(column) = definition.columns.iter().find(is_missing) {
            return Ok(foreign(definition.name, &format!("the column {} is missing", column.name)));
        }
    }
    Ok(Ok(true))
}

/// Whether a database has this table of customers, with all columns that do not depend on a profile.
pub(super) fn has_customers(connection: &Connection, table: &str) -> Found<bool> {
    match object_type(connection, table)?.as_deref() {
        Some("table") => {}
        Some("index") => return Ok(Err(format!("it has an index of the name {table}, so it can have no such table"))),
        Some(kind) => return Ok(Err(format!("its {kind} {table} was not made by custload"))),
        None => return Ok(Ok(false)),
    }
    let customers = columns_of(connection, table)?;
    if !customers.iter().any(|column| column.name == "customer_id" && column.declared == "INTEGER" && column.is_key) {
        return Ok(foreign(table, "its key is not customer_id"));
    }
    for (name, declaration) in STAMP_COLUMNS {
        if !has_column(&customers, name, declaration.split(' ').next().unwrap_or_default()).unwrap_or(false) {
            return Ok(foreign(table, &format!("the column {name} is missing or has the wrong type")));
        }
    }
    Ok(Ok(true))
}

fn foreign(table: &str, why: &str) -> Result<bool, String> {
    Err(format!("its table {table} was not made by this version of custload ({why})"))
}

/// What a database lacks of what a profile's customers need.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Lacks {
    /// It has none of custload's tables.
    All,
    /// It has no such table of customers.
    Table,
    /// Its table lacks the columns of these fields.
    Columns(Vec<usize>),
}

/// What a database lacks of what a profile's customers need. The inner error says what is wrong with its tables, or which column is of
/// another type, and what to do.
pub(super) fn compare(connection: &Connection, profile: &Profile) -> Found<Lacks> {
    const OTHER: &str = "Name another database with --db";
    let table = &profile.table;
    let own = match tables(connection)? {
        Ok(own) => own,
        Err(why) => return Ok(Err(format!("{why}. {OTHER}"))),
    };
    let has_table = match has_customers(connection, table)? {
        Ok(true) if !own => foreign(table, "the table import_runs is missing"),
        found => found,
    };
    match has_table {
        Err(why) => return Ok(Err(format!("{why}. {OTHER}, or rename {table} in this one"))),
        Ok(false) => return Ok(Ok(if own { Lacks::Table } else { Lacks::All })),
        Ok(true) => {}
    }
    let (columns, types) = (columns_of(connection, table)?, column_types::of_table(connection, table)?);
    let mut missing = Vec::new();
    for (index, field) in profile.fields.iter().enumerate() {
        let Some(column) = columns.iter().find(|column| column.name.eq_ignore_ascii_case(&field.column)) else {
            missing.push(index);
            continue;
        };
        let (name, profile, declared) = (&field.column, &profile.name, &column.declared);
        let conflict = match column_types::conflicting_type(connection, (table, &types), field)? {
            Some(stored) => {
                let wanted = field.form();
                format!("has the type \"{stored}\", but the profile {profile} gives it the type \"{wanted}\"")
            }
            None if declared != column_type(field) => {
                let wanted = column_type(field);
                format!("is declared \"{declared}\", but the profile {profile} stores \"{wanted}\" in it")
            }
            None => continue,
        };
        return Ok(Err(format!(
            "the column {name} of its table {table} {conflict}. Rename the field, or give the profile another table"
        )));
    }
    Ok(Ok(Lacks::Columns(missing)))
}

/// The type of a table, view or index of this name.
pub(super) fn object_type(connection: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    let mut statement = connection.prepare(
        "SELECT type FROM sqlite_schema WHERE name = ?1 COLLATE NOCASE AND type IN ('table', 'view', 'index')",
    )?;
    let mut rows = statement.query([name])?;
    rows.next()?.map(|row| row.get(0)).transpose()
}

struct FoundColumn {
    name: String,
    declared: String,
    is_key: bool,
}

fn columns_of(connection: &Connection, table: &str) -> rusqlite::Result<Vec<FoundColumn>> {
    let mut statement =
        connection.prepare("SELECT name, upper(type) AS declared, pk > 0 AS is_key FROM pragma_table_info(?1)")?;
    let columns = statement.query_map([table], |row| {
        Ok(FoundColumn { name: row.get("name")?, declared: row.get("declared")?, is_key: row.get("is_key")? })
    })?;
    columns.collect()
}

/// Whether a column has this type; `None` if there is no such column.
fn has_column(columns: &[FoundColumn], name: &str, declared: &str) -> Option<bool> {
    let column = columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))?;
    Some(column.declared == declared)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::profile::RESERVED_COLUMNS;

    #[test]
    fn a_profile_can_have_any_field_but_the_tables_own() {
        assert!(RESERVED_COLUMNS[1..].iter().eq(STAMP_COLUMNS.iter().map(|(name, _)| name)));
        let field = |field| format!("[fields.f{field}]\n");
        let fields: String = (0..512).map(field).collect();
        let profile = Profile::parse("wide.toml", &format!("name = 'wide'\ntitle = 'Wide'\nkey = 'f0'\n{fields}"));
        Connection::open_in_memory().unwrap().execute_batch(&create_all(&profile.unwrap())).unwrap();
    }
}
