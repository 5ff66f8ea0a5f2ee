//! The database's tables: their definitions, and what a database that has them must look like.

use rusqlite::Connection;

use crate::core::profile::{Field, Profile};

/// The columns of `customers` behind the profile's, with their declarations. Every row fills them.
pub const STAMP_COLUMNS: [(&str, &str); 5] = [
    ("created_at", "TEXT NOT NULL"),
    ("updated_at", "TEXT NOT NULL"),
    ("import_run", "INTEGER NOT NULL"),
    ("import_file", "INTEGER NOT NULL"),
    ("import_record", "INTEGER NOT NULL"),
];

const IMPORT_RUNS: &str = "CREATE TABLE import_runs (
  run_id INTEGER PRIMARY KEY,
  profile TEXT NOT NULL,
  mode TEXT NOT NULL,
  options TEXT NOT NULL,
  columns TEXT NOT NULL,
  started_at TEXT NOT NULL,
  ended_at TEXT NOT NULL,
  status TEXT NOT NULL,
  read INTEGER NOT NULL,
  accepted INTEGER NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  unchanged INTEGER NOT NULL,
  superseded INTEGER NOT NULL,
  rejected INTEGER NOT NULL,
  blank INTEGER NOT NULL,
  warnings INTEGER NOT NULL,
  repaired INTEGER NOT NULL,
  first_customer_id INTEGER,
  last_customer_id INTEGER,
  reports TEXT NOT NULL,
  undone_at TEXT,
  undone_after INTEGER
) STRICT";

const IMPORT_FILES: &str = "CREATE TABLE import_files (
  run_id INTEGER NOT NULL REFERENCES import_runs (run_id),
  import_file INTEGER NOT NULL,
  path TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  read INTEGER NOT NULL,
  accepted INTEGER NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  unchanged INTEGER NOT NULL,
  superseded INTEGER NOT NULL,
  rejected INTEGER NOT NULL,
  blank INTEGER NOT NULL,
  absolute_path TEXT,
  part TEXT,
  is_reject_report INTEGER NOT NULL,
  PRIMARY KEY (run_id, import_file)
) STRICT";

/// What a run created: ranges of customers, and digests that tell which of them were changed since.
const IMPORT_CREATED: &str = "CREATE TABLE import_created (
  run_id INTEGER NOT NULL,
  first_customer_id INTEGER NOT NULL,
  last_customer_id INTEGER NOT NULL,
  digest TEXT NOT NULL,
  PRIMARY KEY (run_id, first_customer_id)
) STRICT, WITHOUT ROWID";

/// What customers a run updated: what the table's own columns held before, and what tells whether the row was changed since.
const IMPORT_UPDATED: &str = "CREATE TABLE import_updated (
  run_id INTEGER NOT NULL,
  customer_id INTEGER NOT NULL,
  old_updated_at TEXT NOT NULL,
  old_import_run INTEGER NOT NULL,
  old_import_file INTEGER NOT NULL,
  old_import_record INTEGER NOT NULL,
  digest TEXT NOT NULL,
  PRIMARY KEY (run_id, customer_id)
) STRICT, WITHOUT ROWID";

/// What a run changed of them, a row a value.
const IMPORT_CHANGES: &str = "CREATE TABLE import_changes (
  run_id INTEGER NOT NULL,
  customer_id INTEGER NOT NULL,
  field TEXT NOT NULL,
  old_value ANY,
  new_value ANY,
  PRIMARY KEY (run_id, customer_id, field)
) STRICT, WITHOUT ROWID";

/// How far a run has come that commits now and then, until it is finished.
const IMPORT_CHECKPOINTS: &str = "CREATE TABLE import_checkpoints (
  run_id INTEGER PRIMARY KEY,
  records INTEGER NOT NULL,
  import_file INTEGER NOT NULL,
  import_record INTEGER NOT NULL,
  line INTEGER NOT NULL,
  byte_offset INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  customers INTEGER NOT NULL,
  start_customer_id INTEGER NOT NULL,
  next_customer_id INTEGER NOT NULL,
  change_counter INTEGER
) STRICT";

/// What tells the database from others: one row, made with the database.
const IMPORT_DATABASE: &str = "CREATE TABLE import_database (
  database_id TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID";

/// Which input of such a run, if it has several, has changed which customers. It is there only until the run is finished.
pub(super) const CHECKPOINT_UPDATES: &str = "CREATE TABLE IF NOT EXISTS import_checkpoint_updates (
  import_file INTEGER NOT NULL,
  customer_id INTEGER NOT NULL,
  PRIMARY KEY (import_file, customer_id)
) STRICT, WITHOUT ROWID;";

/// A table with its definition, and the columns that came later.
type OldTable = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// The tables beside `customers` that every database has had, with the columns that came later and what these are in rows
/// that were there before.
const OLD_TABLES: [OldTable; 2] = [
    (
        "import_runs",
        IMPORT_RUNS,
        &[
            ("mode", "TEXT NOT NULL DEFAULT 'create'"),
            ("columns", "TEXT NOT NULL DEFAULT '[]'"),
            ("created", "INTEGER NOT NULL DEFAULT 0"),
            ("updated", "INTEGER NOT NULL DEFAULT 0"),
            ("unchanged", "INTEGER NOT NULL DEFAULT 0"),
            ("superseded", "INTEGER NOT NULL DEFAULT 0"),
            ("undone_at", "TEXT"),
            ("undone_after", "INTEGER"),
        ],
    ),
    (
        "import_files",
        IMPORT_FILES,
        &[
            ("created", "INTEGER NOT NULL DEFAULT 0"),
            ("updated", "INTEGER NOT NULL DEFAULT 0"),
            ("unchanged", "INTEGER NOT NULL DEFAULT 0"),
            ("superseded", "INTEGER NOT NULL DEFAULT 0"),
            ("absolute_path", "TEXT"),
            ("part", "TEXT"),
            ("is_reject_report", "INTEGER NOT NULL DEFAULT 0"),
        ],
    ),
];

/// The tables that came later, so that a database may lack them.
const NEW_TABLES: [(&str, &str); 5] = [
    ("import_created", IMPORT_CREATED),
    ("import_updated", IMPORT_UPDATED),
    ("import_changes", IMPORT_CHANGES),
    ("import_checkpoints", IMPORT_CHECKPOINTS),
    ("import_database", IMPORT_DATABASE),
];

/// The type by which the database declares a field's column.
pub fn column_type(field: &Field) -> &'static str {
    if field.is_number() { "INTEGER" } else { "TEXT" }
}

/// The statement that makes the table `customers` with a profile's columns.
///
/// AUTOINCREMENT, so that an ID is never given out twice in the life of the database, whatever is deleted.
pub fn create_customers(profile: &Profile) -> String {
    let mut columns = vec!["customer_id INTEGER PRIMARY KEY AUTOINCREMENT".to_string()];
    columns.extend(profile.fields.iter().map(|field| format!("{} {}", field.column, column_type(field))));
    columns.extend(STAMP_COLUMNS.iter().map(|(name, declaration)| format!("{name} {declaration}")));
    format!("CREATE TABLE customers (\n  {}\n) STRICT", columns.join(",\n  "))
}

/// The statements that make all tables of a new database.
pub fn create_all(profile: &Profile) -> String {
    let old = OLD_TABLES.iter().map(|(_, definition, _)| *definition);
    let others: Vec<&str> = old.chain(NEW_TABLES.iter().map(|(_, definition)| *definition)).collect();
    format!("{};\n{};", create_customers(profile), others.join(";\n"))
}

/// The statement that makes the index on a key's column, if there is none. It is not UNIQUE: profiles share columns.
pub fn create_key_index(column: &str) -> String {
    format!("CREATE INDEX IF NOT EXISTS {} ON customers ({column});", key_index(column))
}

/// How `sqlite_schema` shows the index on a key's column.
pub(super) fn stored_key_index(column: &str) -> String {
    format!("CREATE INDEX {} ON customers ({column})", key_index(column))
}

/// The statements that add the columns of some of a profile's fields.
pub fn add_columns(profile: &Profile, fields: &[usize]) -> String {
    let fields = fields.iter().map(|index| &profile.fields[*index]);
    fields.map(|field| format!("ALTER TABLE customers ADD COLUMN {} {};", field.column, column_type(field))).collect()
}

/// The statement that inserts a row: its ID, the profile's columns and the stamp.
pub fn insert(profile: &Profile) -> String {
    let mut columns = vec!["customer_id"];
    columns.extend(profile.fields.iter().map(|field| field.column.as_str()));
    columns.extend(STAMP_COLUMNS.iter().map(|(name, _)| *name));
    format!("INSERT INTO customers ({}) VALUES ({})", columns.join(", "), vec!["?"; columns.len()].join(", "))
}

/// The name of the index on a key's column.
pub fn key_index(column: &str) -> String {
    format!("customers_by_{column}")
}

/// What there is of custload's tables in a database.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing.
    Nothing,
    /// All of them, lacking these columns of the profile.
    Ours {
        /// The indexes of the fields whose columns are missing.
        missing: Vec<usize>,
        /// The statements that make of it what this version needs, where an earlier one has made it.
        upgrade: String,
    },
    /// Something of the same name that custload did not make: why it cannot be.
    Foreign(String),
}

/// Looks at a database's tables.
pub(super) fn look(connection: &Connection, profile: &Profile) -> rusqlite::Result<Found> {
    let names = ["customers", "import_runs", "import_files"];
    let mut present = Vec::new();
    for name in names {
        if let Some(kind) = object_type(connection, name)? {
            if kind != "table" {
                return Ok(Found::Foreign(format!("it has a {kind} {name} that custload did not make")));
            }
            present.push(name);
        }
    }
    if present.is_empty() {
        return Ok(Found::Nothing);
    }
    let foreign =
        |name: &str, why: String| Found::Foreign(format!("it has a table {name} that custload did not make ({why})"));
    if present.len() < names.len() {
        return Ok(foreign(present[0], "the tables that go with it are missing".to_string()));
    }
    let mut upgrade = String::new();
    for (name, definition, later) in OLD_TABLES {
        let columns = columns_of(connection, name)?;
        for column in defined_columns(definition) {
            if columns.iter().any(|(found, ..)| found == column) {
                continue;
            }
            match later.iter().find(|(name, _)| *name == column) {
                Some((column, declaration)) => {
                    upgrade.push_str(&format!("ALTER TABLE {name} ADD COLUMN {column} {declaration};"));
                }
                None => return Ok(foreign(name, format!("it has no column {column}"))),
            }
            if *column == *"created" {
                upgrade.push_str(&format!("UPDATE {name} SET created = accepted;"));
            }
        }
    }
    for (name, definition) in NEW_TABLES {
        let columns = columns_of(connection, name)?;
        if columns.is_empty() && object_type(connection, name)?.is_none() {
            upgrade.push_str(&format!("{definition};"));
        } else if let Some(column) =
            defined_columns(definition).find(|column| !columns.iter().any(|(found, ..)| found == column))
        {
            return Ok(foreign(name, format!("it has no column {column}")));
        }
    }
    let columns = columns_of(connection, "customers")?;
    let has = |name: &str, declared: &str| {
        columns.iter().find(|(found, ..)| found.eq_ignore_ascii_case(name)).map(|(_, found, _)| found == declared)
    };
    if !columns.iter().any(|(name, declared, key)| name == "customer_id" && declared == "INTEGER" && *key) {
        return Ok(foreign("customers", "its key is no customer_id".to_string()));
    }
    for (name, declaration) in STAMP_COLUMNS {
        if has(name, declaration.split(' ').next().unwrap_or_default()) != Some(true) {
            return Ok(foreign("customers", format!("it has no column {name} of the right type")));
        }
    }
    let mut missing = Vec::new();
    for (index, field) in profile.fields.iter().enumerate() {
        match has(&field.column, column_type(field)) {
            Some(true) => {}
            Some(false) => return Ok(foreign("customers", format!("its column {} has another type", field.column))),
            None => missing.push(index),
        }
    }
    Ok(Found::Ours { missing, upgrade })
}

/// Whether the database has custload's tables of runs, as this version makes them.
pub(super) fn has_runs(connection: &Connection) -> rusqlite::Result<bool> {
    let columns = columns_of(connection, "import_runs")?;
    Ok(columns.iter().any(|(name, ..)| name == "undone_after") && has_table(connection, "import_checkpoints")?)
}

/// What selects the columns of `import_runs` as this version has them, from a table that an earlier version may have made;
/// `None` if custload has not made it.
pub(super) fn run_columns(connection: &Connection) -> rusqlite::Result<Option<String>> {
    select_list(connection, "import_runs")
}

/// The same of `import_files`.
pub(super) fn file_columns(connection: &Connection) -> rusqlite::Result<Option<String>> {
    select_list(connection, "import_files")
}

fn select_list(connection: &Connection, table: &str) -> rusqlite::Result<Option<String>> {
    let Some((_, definition, later)) = OLD_TABLES.iter().find(|(name, ..)| *name == table) else { return Ok(None) };
    let found = columns_of(connection, table)?;
    let mut list = Vec::new();
    for column in defined_columns(definition) {
        let value = match later.iter().find(|(name, _)| *name == column) {
            _ if found.iter().any(|(name, ..)| name == column) => column,
            // As the upgrade would fill it.
            Some(("created", _)) => "accepted",
            Some((_, declaration)) => declaration.split_once("DEFAULT ").map_or("NULL", |(_, value)| value),
            None => return Ok(None),
        };
        list.push(format!("{value} AS {column}"));
    }
    Ok(Some(list.join(", ")))
}

/// A column of `customers` as the table is now.
#[derive(Debug)]
pub(super) struct CustomerColumn {
    pub(super) name: String,
    /// What a row has in it that was there before the column.
    pub(super) default: rusqlite::types::Value,
    /// Whether SQLite works it out from others.
    pub(super) is_generated: bool,
}

/// The columns of `customers` in their order, as `SELECT *` gives them.
pub(super) fn customer_columns(connection: &Connection) -> rusqlite::Result<Vec<CustomerColumn>> {
    let mut statement = connection.prepare(
        "SELECT name, dflt_value, hidden > 1 FROM pragma_table_xinfo('customers') WHERE hidden <> 1 ORDER BY cid",
    )?;
    let columns = statement.query_map([], |row| {
        let default: Option<String> = row.get(1)?;
        let value = default.map(|sql| connection.query_row(&format!("SELECT ({sql})"), [], |row| row.get(0)));
        Ok(CustomerColumn {
            name: row.get(0)?,
            // One that cannot be worked out by itself is none that a row could have got afterwards.
            default: value.and_then(Result::ok).unwrap_or(rusqlite::types::Value::Null),
            is_generated: row.get(2)?,
        })
    })?;
    columns.collect()
}

fn object_type(connection: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    let mut statement =
        connection.prepare("SELECT type FROM sqlite_schema WHERE lower(name) = ?1 AND type IN ('table', 'view')")?;
    let mut rows = statement.query([name])?;
    rows.next()?.map(|row| row.get(0)).transpose()
}

pub(super) fn has_table(connection: &Connection, name: &str) -> rusqlite::Result<bool> {
    Ok(object_type(connection, name)?.is_some())
}

/// A table's columns: name, declared type, whether it is the primary key.
fn columns_of(connection: &Connection, table: &str) -> rusqlite::Result<Vec<(String, String, bool)>> {
    let mut statement = connection.prepare("SELECT name, upper(type), pk > 0 FROM pragma_table_info(?1)")?;
    let columns = statement.query_map([table], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    columns.collect()
}

/// The names of the columns in one of the definitions above.
fn defined_columns(definition: &str) -> impl Iterator<Item = &str> {
    let lines = definition.lines().skip(1).map(str::trim).filter(|line| line.starts_with(char::is_lowercase));
    lines.filter_map(|line| line.split(' ').next())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::profile::RESERVED_COLUMNS;

    #[test]
    fn a_profile_can_have_any_field_but_the_tables_own() {
        assert!(RESERVED_COLUMNS[1..].iter().eq(STAMP_COLUMNS.iter().map(|(name, _)| name)));
        let field = |field| format!("[[fields]]\ncolumn = 'f{field}'\nlabel = 'F{field}'\ntype = 'text'\n");
        let fields: String = (0..512).map(field).collect();
        let profile = Profile::parse("wide.toml", &format!("name = 'wide'\ntitle = 'Wide'\nkey = 'f0'\n{fields}"));
        Connection::open_in_memory().unwrap().execute_batch(&create_all(&profile.unwrap())).unwrap();
    }
}
