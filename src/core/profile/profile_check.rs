//! Whether the fields and settings of a whole profile fit each other: [`Profile::check`].

use std::collections::HashMap;

use super::definition::{Profile, RESERVED_COLUMNS};
use super::error::ProfileErrorKind as Kind;
use super::field::{Field, accepted_names};
use super::field_check::{check_length, check_name};
use super::field_set::FieldSet;
use super::habits::{FEED_KEYS, FILE_KEYS};
use super::header::{letters_and_digits, taken_from_report};
use super::parents::check_parents;
use crate::core::mode::OnInvalid;
use crate::core::text::pattern::MOST_MEMORY_IN_ALL;
use crate::core::types::definition::Storage;

/// What the names of SQLite's and custload's own tables begin with.
const RESERVED_TABLES: [&str; 3] = ["import_", "sqlite", "custload_"];

/// The path of the wrong key, and what is wrong.
type Wrong = (Vec<String>, Kind);

/// A key of one field.
fn of_field(field: &Field, key: &str) -> Vec<String> {
    // Its column is the name of its table.
    let key = Some(key).filter(|key| *key != "column");
    ["fields", &field.column].into_iter().chain(key).map(str::to_string).collect()
}

fn top(key: &str) -> Vec<String> {
    vec![key.to_string()]
}

impl Profile {
    /// Checks that its fields and settings fit each other.
    pub(super) fn check(&self) -> Result<(), Wrong> {
        check_name(&self.name).map_err(|kind| (top("name"), kind))?;
        if !(1..=FieldSet::CAPACITY).contains(&self.fields.len()) {
            return Err((top("fields"), Kind::FieldCount(self.fields.len())));
        }
        let null_tokens = self.file.values("null_tokens");
        let mut memory = 0;
        for field in &self.fields {
            let wrong = |(key, kind)| (of_field(field, key), kind);
            memory += field.check(null_tokens).map_err(wrong)?;
            if memory > MOST_MEMORY_IN_ALL {
                return Err(wrong(("pattern", Kind::LargePatterns)));
            }
            self.check_stand_ins(field).map_err(wrong)?;
            if field.unique && field.storage() == Storage::Real {
                return Err((of_field(field, "unique"), Kind::RealKey(field.column.clone())));
            }
        }
        self.check_columns()?;
        self.check_header_names()?;
        self.check_table().map_err(|kind| (top("table"), kind))?;
        check_parents(&self.fields).map_err(|(field, key, kind)| (of_field(field, key), kind))?;
        for (key, columns) in [("key", &self.key), ("key_fallback", &self.key_fallback)] {
            for (index, column) in columns.iter().enumerate() {
                if columns[..index].contains(column) {
                    return Err((top(key), Kind::Twice(column.clone())));
                }
                let field = self.field_named(column).map_err(|kind| (top(key), kind))?;
                check_key_field(field, key)?;
            }
        }
        for (table, habits, known) in [("file", &self.file, &FILE_KEYS[..]), ("feed", &self.feed, &FEED_KEYS)] {
            for habit in &habits.0 {
                let wrong = |kind| Err((vec![table.into(), habit.key.clone()], kind));
                if !known.contains(&habit.key.as_str()) {
                    return wrong(Kind::UnknownHabit(known.join(", ")));
                }
                // Without words, none means a missing value.
                let may_be_none = habit.key == "null_tokens";
                if habit.values.iter().any(String::is_empty) || habit.values.is_empty() && !may_be_none {
                    return wrong(Kind::Empty);
                }
            }
        }
        Ok(())
    }

    /// Checks that the table's name is free. SQLite compares names without regard to case.
    fn check_table(&self) -> Result<(), Kind> {
        check_name(&self.table).and_then(|()| check_length(&self.table))?;
        let lower = self.table.to_ascii_lowercase();
        match RESERVED_TABLES.iter().any(|start| lower.starts_with(start)) {
            true => Err(Kind::ReservedTable(RESERVED_TABLES.join(", "))),
            false => Ok(()),
        }
    }

    /// Checks that no two fields share a column of the table. SQLite compares their names without regard to case.
    fn check_columns(&self) -> Result<(), Wrong> {
        let mut owners = HashMap::new();
        for field in &self.fields {
            let wrong = |kind| Err((of_field(field, "column"), kind));
            let column = field.column.to_ascii_lowercase();
            if RESERVED_COLUMNS.contains(&&*column) {
                return wrong(Kind::ReservedColumn);
            }
            if let Some(other) = owners.insert(column, &field.column) {
                return wrong(Kind::RepeatedColumn(other.clone()));
            }
        }
        Ok(())
    }

    fn check_header_names(&self) -> Result<(), Wrong> {
        let mut owners: HashMap<String, &Field> = HashMap::new();
        for field in &self.fields {
            let keys = ["column", "label"].into_iter().chain(std::iter::repeat("aliases"));
            let names = accepted_names(field).map(|name| (name, letters_and_digits(name))).zip(keys);
            // A column can be joined to several fields' values no more than it can fill several.
            let from = field.from.iter().map(|name| ((name.as_str(), letters_and_digits(name)), "from"));
            for ((name, compared), key) in names.chain(from) {
                let wrong = |kind| Err((of_field(field, key), kind));
                if let Some(taken) = taken_from_report(name) {
                    return wrong(Kind::ReportName(taken));
                }
                if compared.is_empty() {
                    // A label is also what people read.
                    if key == "label" { continue } else { return wrong(Kind::NoLetter) }
                }
                let owner = *owners.entry(compared).or_insert(field);
                if owner.column != field.column {
                    return wrong(Kind::RepeatedName(name.to_string(), owner.column.clone()));
                }
            }
        }
        Ok(())
    }

    fn check_stand_ins(&self, field: &Field) -> Result<(), (&'static str, Kind)> {
        for fields in &field.stand_ins {
            if !(1..=2).contains(&fields.len()) {
                return Err(("stand_ins", Kind::ListLength(fields.len(), "one field or two are")));
            }
            for column in fields {
                self.field_named(column).map_err(|kind| ("stand_ins", kind))?;
            }
        }
        Ok(())
    }

    fn field_named(&self, column: &str) -> Result<&Field, Kind> {
        let known = || self.fields.iter().map(|field| field.column.as_str());
        let field = self.fields.iter().find(|field| field.column == column);
        field.ok_or_else(|| Kind::unknown_field(column, known()))
    }
}

/// Checks a field of a key: real numbers that look different may be equal, and an invalid key is not kept.
fn check_key_field(field: &Field, key: &str) -> Result<(), Wrong> {
    if field.storage() == Storage::Real {
        return Err((top(key), Kind::RealKey(field.column.clone())));
    }
    if field.on_invalid == Some(OnInvalid::Keep) {
        return Err((of_field(field, "on_invalid"), Kind::KeyKept));
    }
    Ok(())
}
