//! Names of columns and tables in SQL.

/// A name as SQL takes it, whatever its characters.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
