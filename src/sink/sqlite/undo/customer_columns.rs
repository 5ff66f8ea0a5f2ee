//! The columns of `customers` as the table is now.

use rusqlite::Connection;
use rusqlite::types::Value;

#[derive(Debug)]
pub(super) struct CustomerColumn {
    pub(super) name: String,
    /// The value in rows that are older than the column.
    pub(super) default: Value,
    /// Whether SQLite computes it.
    pub(super) is_generated: bool,
}

impl CustomerColumn {
    pub(super) fn is_named(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// The columns of `customers` in their order, as `SELECT *` gives them.
pub(super) fn customer_columns(connection: &Connection) -> rusqlite::Result<Vec<CustomerColumn>> {
    let mut statement = connection.prepare(
        "SELECT name, dflt_value, hidden > 1 AS is_generated FROM pragma_table_xinfo('customers') WHERE hidden <> 1 \
         ORDER BY cid",
    )?;
    let columns = statement.query_map([], |row| {
        let default: Option<String> = row.get("dflt_value")?;
        let value = default.map(|sql| connection.query_row(&format!("SELECT ({sql})"), [], |row| row.get(0)));
        Ok(CustomerColumn {
            name: row.get("name")?,
            // No older row can have a default that cannot be computed alone.
            default: value.and_then(Result::ok).unwrap_or(Value::Null),
            is_generated: row.get("is_generated")?,
        })
    })?;
    columns.collect()
}
