//! Positions and keys in a TOML text, for errors.

use std::fmt::{self, Display};

use toml::de::{DeTable, DeValue, Error};

/// A 1-based position in a text, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

impl Position {
    /// The position of a byte of a text.
    pub(super) fn of(text: &str, offset: usize) -> Option<Position> {
        let before = text.get(..offset)?;
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let line = before.matches('\n').count() + 1;
        Some(Position { line, column: before[line_start..].chars().count() + 1 })
    }
}

impl Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}", self.line, self.column)
    }
}

/// A parser's message, in one line.
pub(super) fn message(error: &Error) -> String {
    error.message().trim_end().replace('\n', ", ")
}

/// The path of the key whose value is at an offset, such as `fields[2].min`; empty if the text is not TOML.
pub(super) fn key_at(text: &str, offset: usize) -> String {
    let mut path = String::new();
    if let Ok(table) = DeTable::parse(text) {
        follow_table(table.get_ref(), offset, &mut path);
    }
    path
}

fn follow_table(table: &DeTable<'_>, offset: usize, path: &mut String) {
    let before = table.iter().filter(|(key, _)| key.span().start <= offset);
    let Some((key, value)) = before.max_by_key(|(key, _)| key.span().start) else { return };
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(key.get_ref());
    follow(value.get_ref(), offset, path);
}

fn follow(value: &DeValue<'_>, offset: usize, path: &mut String) {
    match value {
        DeValue::Table(table) => follow_table(table, offset, path),
        DeValue::Array(array) => {
            let Some(index) = array.iter().rposition(|element| element.span().start <= offset) else { return };
            path.push_str(&format!("[{index}]"));
            follow(array[index].get_ref(), offset, path);
        }
        _ => {}
    }
}

/// The position of a key's value, in one table of an array if one is named; of the table if it lacks the key.
pub(super) fn position_of(text: &str, table: Option<(&str, usize)>, key: &str) -> Option<Position> {
    let root = DeTable::parse(text).ok()?;
    let span = match table {
        None => root.get_ref().get(key)?.span(),
        Some((array, index)) => {
            let table = root.get_ref().get(array)?.get_ref().get(index)?;
            table.get_ref().get(key).unwrap_or(table).span()
        }
    };
    Position::of(text, span.start)
}
