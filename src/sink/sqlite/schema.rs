//! The database's tables: their definitions, and whether a database has them. A profile's columns may have any name, so SQL always
//! quotes them.

use rusqlite::Connection;

use super::runs::{CHECKPOINTS, FILES, RUNS};
use super::sql::{Definition, quoted};
use crate::core::{
    profile::{Field, Profile},
    types::definition::Storage,
};

/// The columns of `customers` after the profile's, with their declarations. Every row fills them.
pub const STAMP_COLUMNS: [(&str, &str); 5] = [
    ("created_at", "TEXT NOT NULL"),
    ("updated_at", "TEXT NOT NULL"),
    ("import_run", "INTEGER NOT NULL"),
    ("import_file", "INTEGER NOT NULL"),
    ("import_record", "INTEGER NOT NULL"),
];

/// The tables beside `customers`.
fn definitions() -> [Definition; 7] {
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
        Definition {
            name: "import_database",
            columns: vec![("database_id", "TEXT NOT NULL PRIMARY KEY")],
            primary_key: None,
            options: "STRICT, WITHOUT ROWID",
        },
    ]
}

pub fn column_type(field: &Field) -> &'static str {
    match field.storage() {
        Storage::Text => "TEXT",
        Storage::Integer => "INTEGER",
        Storage::Real => "REAL",
    }
}

/// With AUTOINCREMENT, so that an ID is never given out twice, whatever is deleted.
pub fn create_customers(profile: &Profile) -> String {
    let mut columns = vec!["customer_id INTEGER PRIMARY KEY AUTOINCREMENT".to_string()];
    columns.extend(profile.fields.iter().map(|field| format!("{} {}", quoted(&field.column), column_type(field))));
    columns.extend(STAMP_COLUMNS.iter().map(|(name, declaration)| format!("{name} {declaration}")));
    format!("CREATE TABLE customers (\n  {}\n) STRICT", columns.join(",\n  "))
}

pub fn create_all(profile: &Profile) -> String {
    let others = definitions().map(|definition| definition.create());
    format!("{};\n{};", create_customers(profile), others.join(";\n"))
}

/// The statement that creates the index on a key's column, if there is none. It is not UNIQUE: profiles share columns.
pub fn create_key_index(column: &str) -> String {
    stored_key_index(column).replacen("INDEX", "INDEX IF NOT EXISTS", 1) + ";"
}

/// How `sqlite_schema` shows the index on a key's column.
pub(super) fn stored_key_index(column: &str) -> String {
    format!("CREATE INDEX {} ON customers ({})", quoted(&key_index(column)), quoted(column))
}

pub fn key_index(column: &str) -> String {
    format!("customers_by_{column}")
}

pub fn add_columns(profile: &Profile, fields: &[usize]) -> String {
    let fields = fields.iter().map(|index| &profile.fields[*index]);
    let add =
        |field: &Field| format!("ALTER TABLE customers ADD COLUMN {} {};", quoted(&field.column), column_type(field));
    fields.map(add).collect()
}

pub fn insert_customer(profile: &Profile) -> String {
    let mut columns = vec!["customer_id".to_string()];
    columns.extend(profile.fields.iter().map(|field| quoted(&field.column)));
    columns.extend(STAMP_COLUMNS.iter().map(|(name, _)| name.to_string()));
    format!("INSERT INTO customers ({}) VALUES ({})", columns.join(", "), vec!["?"; columns.len()].join(", "))
}

/// The statement that sets these columns of a customer, and the stamp of its last change. The last parameter is its ID.
pub(super) fn update_customer<'c>(columns: impl Iterator<Item = &'c str>) -> String {
    let mut sql = "UPDATE customers SET ".to_string();
    for column in columns {
        sql.push_str(&quoted(column));
        sql.push_str(" = ?, ");
    }
    sql + "updated_at = ?, import_run = ?, import_file = ?, import_record = ? WHERE customer_id = ?"
}

/// What a database has of custload's tables. The inner error says why tables of their names are not custload's, or of another version.
pub(super) type Found<T> = rusqlite::Result<Result<T, String>>;

/// Whether a database has custload's tables, with all columns that do not depend on a profile; `false` if it has none of them.
pub(super) fn tables(connection: &Connection) -> Found<bool> {
    let definitions = definitions();
    let (mut present, mut missing) = (None, None);
    for name in ["customers"].into_iter().chain(definitions.iter().map(|definition| definition.name)) {
        match object_type(connection, name)?.as_deref() {
            Some("table") => present = present.or(Some(name)),
            Some(kind) => return Ok(Err(format!("its {kind} {name} was not made by custload"))),
            None => missing = missing.or(Some(name)),
        }
    }
    let Some(present) = present else { return Ok(Ok(false)) };
    if let Some(missing) = missing {
        return Ok(foreign(present, &format!("the table {missing} is missing")));
    }
    for definition in &definitions {
        let found = columns_of(connection, definition.name)?;
        let is_missing = |(name, _): &&(&str, &str)| !found.iter().any(|column| column.name == *name);
        if let Some((column, _)) = definition.columns.iter().find(is_missing) {
            return Ok(foreign(definition.name, &format!("the column {column} is missing")));
        }
    }
    let customers = columns_of(connection, "customers")?;
    if !customers.iter().any(|column| column.name == "customer_id" && column.declared == "INTEGER" && column.is_key) {
        return Ok(foreign("customers", "its key is not customer_id"));
    }
    for (name, declaration) in STAMP_COLUMNS {
        if !has_column(&customers, name, declaration.split(' ').next().unwrap_or_default()).unwrap_or(false) {
            return Ok(foreign("customers", &format!("the column {name} is missing or has the wrong type")));
        }
    }
    Ok(Ok(true))
}

fn foreign(table: &str, why: &str) -> Result<bool, String> {
    Err(format!("its table {table} was not made by this version of custload ({why})"))
}

/// The fields of a profile whose columns a database lacks; `None` if it has none of custload's tables.
pub(super) fn compare(connection: &Connection, profile: &Profile) -> Found<Option<Vec<usize>>> {
    match tables(connection)? {
        Ok(true) => {}
        Ok(false) => return Ok(Ok(None)),
        Err(why) => return Ok(Err(why)),
    }
    let columns = columns_of(connection, "customers")?;
    let mut missing = Vec::new();
    for (index, field) in profile.fields.iter().enumerate() {
        match has_column(&columns, &field.column, column_type(field)) {
            Some(true) => {}
            Some(false) => {
                return Ok(Err(format!("its table customers has a column {} of another type", field.column)));
            }
            None => missing.push(index),
        }
    }
    Ok(Ok(Some(missing)))
}

/// The type of a table or view of this name.
pub(super) fn object_type(connection: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    let mut statement =
        connection.prepare("SELECT type FROM sqlite_schema WHERE lower(name) = ?1 AND type IN ('table', 'view')")?;
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
