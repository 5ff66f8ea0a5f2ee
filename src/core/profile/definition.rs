//! A named set of fields: [`Profile`]. [`Profile::named`] returns a built-in one; [`Profile::parse`] reads one from TOML, where
//! a key without effect is an error.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use xxhash_rust::xxh3::xxh3_128;

use super::built_in::TEXTS;
use super::check::{Check, compiled};
use super::error::{ProfileError, ProfileErrorKind as Kind, Setting, SettingsError};
use super::field::{Field, accepted_names};
use super::field_check::{check_length, check_name};
use super::field_set::FieldSet;
use super::habits::{FEED_KEYS, FILE_KEYS, Habits};
use super::header::{letters_and_digits, nearest, taken_from_report};
use super::parents::{check_parents, with_parents};
use super::parse::{Parsed, ProfileText, ReadBase, built_in, parse};
use super::places::Sources;
use crate::core::mode::OnInvalid;
use crate::core::text::pattern::MOST_MEMORY_IN_ALL;
use crate::core::types::definition::Storage;

/// A named set of fields and rules.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// What it is for, in a few words.
    pub title: String,
    /// The columns whose values together identify customers; none if nothing does.
    pub key: Vec<String>,
    /// The columns that identify customers where an input has none for the key, the best first.
    pub key_fallback: Vec<String>,
    /// The table of the database that the customers are in.
    pub table: String,
    /// The fields, in the order of the table's columns; [`FieldSet::CAPACITY`](super::FieldSet::CAPACITY) at most.
    pub fields: Vec<Field>,
    /// The rules that every record must keep, in their order.
    pub checks: Vec<Check>,
    /// How its files are read.
    pub file: Habits,
    /// What a run does each night.
    pub feed: Habits,
    /// Its text with that of the files that it extends, without comments; empty for a built-in profile.
    pub toml: String,
    /// A digest of that text; empty for a built-in profile.
    pub digest: String,
    /// What a JSON Schema that it was made from says, and it cannot.
    pub notes: Vec<String>,
}

/// The table of the database that customers are in, unless a profile names another.
pub const TABLE: &str = "customers";

static PROFILES: LazyLock<Result<Vec<Arc<Profile>>, ProfileError>> =
    LazyLock::new(|| TEXTS.into_iter().map(|(file, text)| Profile::built_in(file, text).map(Arc::new)).collect());

pub const RESERVED_COLUMNS: [&str; 6] =
    ["customer_id", "created_at", "updated_at", "import_run", "import_file", "import_record"];

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
    /// The index of the field with this column name.
    pub fn field_index(&self, column: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.column == column)
    }

    /// The index of the field with this column name; an error names the setting.
    pub fn require_field(&self, column: &str, setting: Setting) -> Result<usize, SettingsError> {
        self.field_index(column).ok_or_else(|| self.unknown_field(column, setting, false))
    }

    /// The columns that a key names: one, or several with commas between them.
    pub fn key_columns<'k>(&self, key: &'k str) -> Vec<&'k str> {
        if self.field_index(key).is_some() { vec![key] } else { key.split(',').map(str::trim).collect() }
    }

    /// The field that a map's target names, and the part of it: `name`, or `first_name` if the field has parts.
    pub fn target(&self, target: &str) -> Option<(usize, Option<usize>)> {
        let whole = self.field_index(target).map(|field| (field, None));
        let part = || self.parts().find(|(.., name)| *name == target).map(|(field, part, _)| (field, Some(part)));
        whole.or_else(part)
    }

    /// A field, or a part of it, as a map would name it.
    pub fn target_of(&self, field: usize, part: Option<usize>) -> &str {
        let field = &self.fields[field];
        let part = part.and_then(|part| field.parts.get(part)).and_then(|names| names.first());
        part.unwrap_or(&field.column)
    }

    pub(super) fn require_target(&self, target: &str, header: &str) -> Result<(), SettingsError> {
        match self.target(target) {
            Some(_) => Ok(()),
            None => Err(self.unknown_field(target, Setting::Column(header.to_string()), true)),
        }
    }

    /// The parts of fields: the field, which of its parts it is, and its name.
    fn parts(&self) -> impl Iterator<Item = (usize, usize, &str)> {
        self.fields.iter().enumerate().flat_map(|(field, of)| {
            let parts = of.parts.iter().enumerate();
            parts.filter_map(move |(part, names)| Some((field, part, names.first()?.as_str())))
        })
    }

    fn unknown_field(&self, field: &str, setting: Setting, may_be_part: bool) -> SettingsError {
        let columns = || self.fields.iter().map(|field| field.column.as_str());
        let parts = self.parts().map(|(.., name)| name).filter(|_| may_be_part);
        SettingsError::UnknownField {
            setting,
            line: None,
            profile: self.name.clone(),
            field: field.to_string(),
            nearest: nearest(field, columns().chain(parts)).map(str::to_string),
            known: columns().map(str::to_string).collect(),
        }
    }

    /// The built-in profiles, by name. A test makes sure that all are valid.
    pub fn all() -> Result<&'static [Arc<Profile>], SettingsError> {
        PROFILES.as_deref().map_err(|error| SettingsError::Profile(error.clone()))
    }

    /// The built-in profile with this name.
    pub fn named(name: &str) -> Result<Arc<Profile>, SettingsError> {
        let all = Profile::all()?;
        all.iter().find(|profile| profile.name == name).cloned().ok_or_else(|| {
            let known = || all.iter().map(|profile| profile.name.as_str());
            SettingsError::UnknownProfile {
                name: name.to_string(),
                nearest: nearest(name, known()).map(str::to_string),
                known: known().map(str::to_string).collect(),
            }
        })
    }

    /// Reads a profile from TOML; errors name the `file`. It can extend a built-in profile, but no file.
    ///
    /// # Errors
    ///
    /// [`ProfileError`] says what is wrong, and where.
    pub fn parse(file: &str, text: &str) -> Result<Profile, ProfileError> {
        let no_file =
            |base: &str, _: &str| Err(format!("there is no built-in profile {base:?}, and files are not read here"));
        Profile::parse_with(file, text, &mut { no_file })
    }

    /// The same; `read` reads the files that it extends.
    ///
    /// # Errors
    ///
    /// [`ProfileError`] says what is wrong, and in which file.
    pub fn parse_with(file: &str, text: &str, read: &mut ReadBase<'_>) -> Result<Profile, ProfileError> {
        let Parsed { content, sources, toml } = parse(file, text, read)?;
        Profile::checked(content, &sources, toml)
    }

    fn built_in(file: &str, text: &str) -> Result<Profile, ProfileError> {
        let (content, sources) = built_in(file, text)?;
        Profile::checked(content, &sources, String::new())
    }

    /// Makes a profile of what a file says, if it is one.
    fn checked(content: ProfileText, sources: &Sources, toml: String) -> Result<Profile, ProfileError> {
        let ProfileText { name, title, key, key_fallback, table, file, feed, fields, checks, .. } = content;
        let name = name.unwrap_or_else(|| sources.stem().to_string());
        let title = title.unwrap_or_else(|| name.clone());
        let table = table.unwrap_or_else(|| TABLE.to_string());
        let digest = match toml.as_str() {
            "" => String::new(),
            text => format!("{:032x}", xxh3_128(text.as_bytes())),
        };
        let fields = with_parents(fields);
        let checks = compiled(&checks, &fields).map_err(|(check, key, kind)| match check {
            Some(name) => sources.blaming_drop(sources.check_error(&name, key, kind)),
            None => sources.error(&[key], kind),
        })?;
        let mut profile = Profile {
            name,
            title,
            key,
            key_fallback,
            table,
            fields,
            checks,
            file,
            feed,
            toml,
            digest,
            notes: Vec::new(),
        };
        profile.check().map_err(|(path, kind)| {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            match (&kind, path.as_slice()) {
                (Kind::NothingBetween(keys, _), [table @ .., _]) => sources.error_of_two(table, *keys, kind),
                (_, [_, column, key]) => {
                    sources.blaming_type(sources.blaming_drop(sources.error(&path, kind)), column, key)
                }
                _ => sources.blaming_drop(sources.error(&path, kind)),
            }
        })?;
        for (table, habits) in [("file", &mut profile.file), ("feed", &mut profile.feed)] {
            for habit in &mut habits.0 {
                habit.place = Some(Box::new(sources.error(&[table, &habit.key], Kind::Habit(String::new()))));
            }
        }
        Ok(profile)
    }

    fn check(&self) -> Result<(), Wrong> {
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
                let is_new = if columns[..index].contains(column) { Err(Kind::Twice(column.clone())) } else { Ok(()) };
                is_new.and_then(|()| self.check_key_field(column)).map_err(|kind| (top(key), kind))?;
                self.check_key_is_not_kept(column)?;
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
            fields.iter().try_for_each(|column| self.check_field(column)).map_err(|kind| ("stand_ins", kind))?;
        }
        Ok(())
    }

    /// Checks a column of a key. Real numbers that look different may be equal.
    fn check_key_field(&self, column: &str) -> Result<(), Kind> {
        self.check_field(column)?;
        match self.fields.iter().any(|field| field.column == column && field.storage() == Storage::Real) {
            true => Err(Kind::RealKey(column.to_string())),
            false => Ok(()),
        }
    }

    /// Checks that no invalid key is kept, as on the command line.
    fn check_key_is_not_kept(&self, column: &str) -> Result<(), Wrong> {
        let field = self.fields.iter().find(|field| field.column == column);
        match field.filter(|field| field.on_invalid == Some(OnInvalid::Keep)) {
            Some(field) => Err((of_field(field, "on_invalid"), Kind::KeyKept)),
            None => Ok(()),
        }
    }

    fn check_field(&self, column: &str) -> Result<(), Kind> {
        let known = self.fields.iter().map(|field| field.column.as_str());
        self.field_index(column).map(|_| ()).ok_or_else(|| Kind::unknown_field(column, known))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        Profile::parse("own.toml", text).unwrap_err().to_string()
    }

    #[test]
    fn the_three_files_are_read_whole() {
        let found: Vec<(&str, usize)> =
            Profile::all().unwrap().iter().map(|profile| (profile.name.as_str(), profile.fields.len())).collect();
        assert_eq!(found, [("basic", 4), ("billing", 60), ("contact", 12)]);
    }

    #[test]
    fn patterns_are_bounded_together() {
        for (pattern, fields, is_right) in [
            ("K[0-9]{3}", 512, true),
            (r"[A-Z]{2}\\d{5}", 100, true),
            (r"[\\w.-]+", 20, true),
            ("a{10000}", 500, false),
            (r"(?i)\\w{20}", 500, false),
            (".{500}", 500, false),
        ] {
            let fields = (0..fields).map(|field| format!("[fields.f{field}]\npattern = \"{pattern}\"\n"));
            let read = Profile::parse("own.toml", &fields.collect::<String>());
            let found = read.map(|_| ()).map_err(|error| error.to_string());
            let is_expected = match &found {
                Ok(()) => is_right,
                Err(why) => !is_right && why.contains("take more than 8 MiB together"),
            };
            assert!(is_expected, "{pattern}: {found:?}");
        }
    }

    #[test]
    fn a_text_that_is_no_profile_is_refused() {
        for (text, expected) in [
            ("name = ", "own.toml: line 1, column"),
            ("name = 7", "own.toml: line 1, column 8: name: it is the number 7, but must be a text"),
            ("", "own.toml: fields: a profile has 1 to 512 fields, and this one has 0"),
            ("kye = \"id\"\n[fields.id]\n", "line 1, column 1: kye: there is no key `kye` here; did you mean key?"),
            ("xyz = 1\n[fields.id]\n", "there is no key `xyz` here; known are name, title"),
            ("name = \" \"\n[fields.id]\n", "line 1, column 8: name: it must not be empty"),
            ("key = \"di\"\n[fields.id]\n", "line 1, column 7: key: there is no field \"di\""),
            ("key = [\"id\", \"id\"]\n[fields.id]\n", "line 1, column 7: key: it names id twice"),
            ("table = \"SQLite\"\n[fields.id]\n", "table: names that begin with import_, sqlite, custload_ are"),
            ("key_fallback = \"no\"\n[fields.id]\n", "key_fallback: there is no field \"no\""),
            ("extends = \"contcat\"\n", "extends: there is no built-in profile \"contcat\""),
            ("[fields]\nid = 7\n", "fields.id: it is the number 7, but must be a table"),
            ("[file]\nencodin = \"x\"\n[fields.id]\n", "line 2, column 11: file.encodin: there is no such key here"),
            ("[feed]\ndb = \"\"\n[fields.id]\n", "line 2, column 6: feed.db: it must not be empty"),
            ("[file]\nsheet = \"\"\n[fields.id]\n", "line 2, column 9: file.sheet: it must not be empty"),
            ("[file]\ncolumns = []\n[fields.id]\n", "line 2, column 11: file.columns: it must not be empty"),
            ("[feed]\nmode = {}\n[fields.id]\n", "it must be one value, not a table"),
        ] {
            let message = message(text);
            assert!(message.starts_with("own.toml: ") && message.contains(expected), "{text}\n{message}");
        }
        for text in ["table = \"{}\"\n[fields.id]\n", "[fields.{}]\n", "[fields.a]\nfrom = [\"b\"]\njoin = \"{}\"\n"] {
            let message = message(&text.replace("{}", &"x".repeat(129)));
            assert!(message.contains("characters, and this one has more"), "{text}\n{message}");
        }
        // A long text is cut.
        let text = "x".repeat(100_000);
        for text in [format!("key = \"{text}\"\n[fields.a]\n"), format!("[fields.a]\nmin = \"{text}\"\n")] {
            assert!(message(&text).len() < 700, "{}", message(&text));
        }
        let long = "x".repeat(1 << 20);
        assert!(message(&format!("name = \"{long}\"")).contains("at most 1048576 bytes"));
    }

    #[test]
    fn a_field_that_cannot_be_is_refused() {
        for (column, field, expected) in [
            ("a", "type = 'txet'", "fields.a.type: it cannot be `txet`; did you mean text?"),
            ("a", "rule = 1", "fields.a.rule: there is no key `rule` here; known are"),
            ("a", "min = '1'", "fields.a.min: it is the text \"1\", but must be a whole number"),
            (
                "a",
                "min = -1",
                "fields.a.min: it is the number -1, but must be a whole number from 0 to 9223372036854775807",
            ),
            (
                "a",
                "type = 'decimal'\nscale = -1",
                "scale: it is the number -1, but must be a whole number from 0 to 18",
            ),
            (
                "a",
                "max = 99999999999999999999",
                "it is the number 99999999999999999999, but must be a whole number from 0 to 9223372036854775807",
            ),
            ("a", "characters = 'x'", "fields.a.characters: it cannot be `x`, only "),
            ("a", "compare = 'x'", "fields.a.compare: it cannot be `x`, only "),
            ("' '", "", "it must not be empty"),
            ("\"a\\u0000\"", "", "it must not contain NUL"),
            ("ID", "", "fields.ID: the field id has the same name"),
            ("created_at", "", "fields.created_at: every table of customers has"),
            ("a", "label = ' i d '", "fields.a.label: the header \" i d \" also means the field id"),
            ("a", "aliases = ['b','I.D.']", "fields.a.aliases: the header \"I.D.\" also means the field id"),
            ("a", "aliases = ['']", "fields.a.aliases: it must not be empty"),
            ("a", "min = 3\nmax = 2", "fields.a.min: min is 3 and max is 2, so no value fits; change one of them"),
            ("a", "min = 5000", "fields.a.min: min is 5000 and max is 4096"),
            ("a", "type = 'choice'", "fields.a.choices: a choice needs at least one word"),
            ("a", "type = 'choice'\nchoices = ['']", "fields.a.choices: it must not be empty"),
            ("a", "choices = ['b']", "choices: it has no effect on this type"),
            ("a", "type = 'choice'\nchoices = ['ä', 'b', 'Ä']", "choices: \"ä\" and \"Ä\" are one word"),
            ("a", "max = 0", "fields.a.max: no value has at most 0 characters; write a number from 1"),
            ("a", "type = 'integer'\nat_least = 9\nat_most = 5", "fields.a.at_least: at_least is 9 and at_most is 5"),
            ("a", "type = 'decimal'\nat_least = 0.3\nat_most = 0.25", "at_least is 0.3 and at_most is 0.25"),
            (
                "a",
                "type = 'date'\nnot_before = 2000-01-02\nnot_after = 2000-01-01",
                "fields.a.not_before: not_before is 2000-01-02 and not_after is 2000-01-01, so no value fits",
            ),
            ("a", "pattern = ''", "fields.a.pattern: it must not be empty"),
            ("a", "type = 'date'\nformats = []", "fields.a.formats: the list is empty; name something in it"),
            ("a", "from = []", "fields.a.from: the list is empty"),
            ("a", "from = ['b', 'B.']", "fields.a.from: \"b\" and \"B.\" are one header"),
            ("a", "from = ['b', '?']", "fields.a.from: it has no letter or digit, by which headers are compared"),
            ("a", "aliases = ['?']", "fields.a.aliases: it has no letter or digit"),
            ("'!!!'", "", "fields.!!!: it has no letter or digit, by which headers are compared; choose another name"),
            ("_reject_run", "", "fields._reject_run: reject reports have a column _reject_run, which means the same"),
            ("rejectCodes", "", "fields.rejectCodes: reject reports have a column _reject_codes, which means the same"),
            ("a", "label = 'Reject file'", "fields.a.label: reject reports have a column _reject_file"),
            ("_reject", "", "fields._reject: reject reports have a column _reject,"),
            ("''", "", "fields.\"\": it must not be empty"),
            (
                "a",
                "default = '#N/A'",
                "fields.a.default: \"#N/A\" means that there is no value, so it cannot be stored",
            ),
            ("a", "default = 'k.A.'", "fields.a.default: \"k.A.\" means that there is no value"),
            ("a", "type = 'email'\ndefault = 'none'", "fields.a.default: \"none\" means that there is no value"),
            ("a", "values = { x = 'k.A.' }", "fields.a.values: \"k.A.\" means that there is no value"),
            (
                "a",
                "values = { ' ' = 'x' }",
                "fields.a.values: it replaces an empty value, which is a missing one; use default",
            ),
            (
                "a",
                "type = 'list'\nmax = 3",
                "fields.a.max: it has no effect on this type; it is for types that are one text; a check counts",
            ),
            ("a", "type = 'list'\nmin = 3", "fields.a.min: it has no effect on this type"),
            (
                "a",
                "type = 'integer'\non_invalid = 'keep'",
                "on_invalid: an invalid value is no number, and this field is stored as one; write clear",
            ),
            (
                "a",
                "type = 'date'\nformats = ['%Y%Y-%m-%d']",
                "formats: \"%Y%Y-%m-%d\" has one part of a date or time twice",
            ),
            ("a", "type = 'date'\nformats = ['%F %-d']", "formats: \"%F %-d\" has one part of a date or time twice"),
            (
                "a",
                "default = 'x'\nvalues = { y = 'z', '*' = 'reject' }",
                "default: \"x\" is no value that `values` stores",
            ),
            ("id", "on_invalid = 'keep'", "fields.id.on_invalid: this field is the key, and an invalid key cannot"),
            (
                "a",
                "references = 'parent_customer_id'",
                "references: records do not say which ID their parent gets; name the field that has the parent's own",
            ),
            ("a", "at_least = 1", "it is for the types integer and decimal"),
            (
                "a",
                "type = 'integer'\nat_least = 1.5",
                "fields.a.at_least: \"1.5\" is no number that this type can have",
            ),
            (
                "a",
                "type = 'integer'\ndefault = 'x'",
                "fields.a.default: it breaks the field's own rules: a is \"x\", but must be",
            ),
            (
                "a",
                "type = 'integer'\nat_most = 3\ndefault = 4",
                "default: it breaks the field's own rules: a is \"4\", but may",
            ),
            (
                "a",
                "type = 'choice'\nchoices = ['b']\nvalues = { X = 'c' }",
                "fields.a.values: it breaks the field's own rules",
            ),
            ("a", "values = { '*' = 'x' }", "\"*\" stands for all other values, and can only be \"reject\", not \"x\""),
            ("a", "type = 'date'\nformats = ['%d.%m']", "fields.a.formats: \"%d.%m\" does not say which day it is"),
            ("a", "type = 'date'\nformats = ['%d/%m/%Y', '%m/%d/%Y']", "so the formats are ambiguous; leave out one"),
            ("a", "type = 'date'\nnot_before = 'yesterday'", "\"yesterday\" is neither a day such as 2000-01-31 nor"),
            ("a", "type = 'timestamp'\ntime_zone = 'Berlin'", "there is no time zone \"Berlin\"; write it like"),
            ("a", "formats = ['%d']", "formats: it has no effect on this type; it is for the types date and timestamp"),
            ("a", "type = 'decimal'\ndecimal = '1'", "decimal: '1' cannot stand there in a number"),
            ("a", "type = 'decimal'\ndecimal = ','\ngroup = ','", "group: ',' cannot stand there in a number"),
            ("a", "type = 'decimal'\nstore = 'minor'", "store: a number in its smallest units needs a scale"),
            ("a", "type = 'decimal'\nscale = 19", "scale: a number has at most 18 decimals"),
            ("a", "scale = 2", "scale: it has no effect on this type; it is for the type decimal"),
            ("a", "pattern = '('", "fields.a.pattern: it is no regular expression: unclosed group"),
            ("a", "pattern = '((a{999}){999}){999}'", "it is no regular expression: it is too large"),
            ("a", "type = 'flag'\npattern = 'x'", "pattern: it has no effect on this type"),
            (
                "a",
                "pattern_message = 'x'",
                "pattern_message: it has no effect on this type; it is for fields with a pattern",
            ),
            ("a", "case = 'title'", "fields.a.case: it cannot be `title`, only upper, lower"),
            (
                "a",
                "required = true\non_invalid = 'clear'",
                "on_invalid: invalid values of this field can only be rejected",
            ),
            ("a", "type = 'date'\nmax = 3", "max: it has no effect on this type"),
            ("a", "type = 'flag'\nmax = 1", "it is for types that are stored as text"),
            ("a", "type = 'phone'\nrepair = true", "the types text, postal-code and state"),
            ("a", "parts = [['b']]", "parts: no part or two are allowed, and there are 1"),
            ("a", "parts = [['b'],[]]", "fields.a.parts: it must not be empty"),
            ("a", "from = ['ID']", "fields.a.from: the header \"ID\" also means the field id"),
            ("a", "from = ['1','2','3','4','5','6','7']", "from: at most six columns are allowed, and there are 7"),
            ("a", "from = ['b', 'c']\njoin = \"\\u0000\"", "fields.a.join: it must not contain a control character"),
            ("a", "required = true\ndefault = ''", "fields.a.default: \"\" means that there is no value"),
            ("a", "default = '\\N'", "means that there is no value"),
            ("a", "default = \"a\\u0007\"", "fields.a.default: it must not contain a control character"),
            ("a", "join = '-'", "join: it has no effect on this type; it is for fields with `from`"),
            ("a", "stand_ins = [[]]", "one field or two are allowed, and there are 0"),
            ("a", "stand_ins = [['b']]", "stand_ins: there is no field \"b\""),
        ] {
            let other = if column == "id" { "" } else { "[fields.id]\n" };
            let message =
                message(&format!("key = 'id'\n{other}[fields.{column}]\n{field}\n[file]\nnull_tokens = ['k.A.']\n"));
            assert!(message.starts_with("own.toml: line ") && message.contains(expected), "{field}\n{message}");
        }
    }

    #[test]
    fn an_error_marks_its_place() {
        let message = message("name = \"own\"\n[fields.id]\n\tmin = 3 # three\n\tmxa = 7\n");
        assert_eq!(
            message,
            "own.toml: line 4, column 2: fields.id.mxa: there is no key `mxa` here; did you mean max?\n\
             4 |  mxa = 7\n  |  ^^^"
        );
    }

    #[test]
    fn a_profile_extends_another_key_by_key() {
        let own = "extends = \"contact\"\ndrop = [\"description\"]\nkey = \"code\"\n[fields.email]\nmax = 99\n\
                   [fields.code]\naliases = [\"Notes\"]\n[fields.cc_email]\nlabel = \"Town\"\n";
        let own = Profile::parse("some/own.toml", own).unwrap();
        let contact = Profile::named("contact").unwrap();
        assert_eq!((own.name.as_str(), own.title.as_str(), &own.key[..]), ("own", "own", &["code".to_string()][..]));
        let columns: Vec<&str> = own.fields.iter().map(|field| field.column.as_str()).collect();
        let base = contact.fields.iter().map(|field| field.column.as_str()).filter(|column| *column != "description");
        assert_eq!(columns, base.chain(["code"]).collect::<Vec<_>>());
        let field = |column: &str| &own.fields[own.field_index(column).unwrap()];
        assert_eq!((field("email").max, field("email").required), (Some(99), true));
        // The name of an own field is taken from the field that had it.
        assert!(!field("city").aliases.contains(&"town".to_string()));
        assert_eq!(own.digest.len(), 32);
        assert!(contact.digest.is_empty());
        // What is printed is the whole profile.
        let again = Profile::parse("own.toml", &own.toml).unwrap();
        assert_eq!(format!("{:?}", again.fields), format!("{:?}", own.fields));
    }

    #[test]
    fn files_extend_files_but_not_in_a_circle() {
        let files = [
            ("a.toml", "extends = \"b.toml\"\n[fields.one]\nmax = 1\n"),
            ("b.toml", "extends = \"c.toml\"\n[fields.two]\nmax = 2\n[fields.one]\nmin = 1\nmax = 5\n"),
            ("c.toml", "key = \"one\"\n[fields.one]\nlabel = \"Eins\"\n[file]\nencoding = \"cp850\"\n"),
            ("keyless.toml", "extends = \"c.toml\"\nkey = []\n"),
            ("self.toml", "extends = \"self.toml\"\n"),
            ("x.toml", "extends = \"y.toml\"\n"),
            ("y.toml", "extends = \"x.toml\"\n"),
            ("wrong.toml", "extends = \"min.toml\"\n"),
            ("min.toml", "[fields.one]\nmin = 9\nmax = 5\n"),
            ("drops.toml", "extends = \"c.toml\"\ndrop = [\"tow\"]\n"),
            ("key.toml", "extends = \"c.toml\"\ndrop = [\"one\"]\n[fields.other]\n"),
            ("all.toml", "extends = \"c.toml\"\ndrop = [\"one\"]\n"),
            ("most.toml", "extends = \"tall.toml\"\n[fields.one]\nmax = 3\n"),
            ("typed.toml", "extends = \"tall.toml\"\n[fields.one]\ntype = \"integer\"\n"),
            ("tall.toml", "[fields.one]\nmin = 5\n"),
        ];
        let text = |name: &str| files.iter().find(|(file, _)| *file == name).map(|(_, text)| text.to_string());
        let parse = |name: &str| {
            let mut read = |base: &str, _: &str| Ok((base.to_string(), text(base).ok_or("there is no such file")?));
            Profile::parse_with(name, &text(name).unwrap(), &mut read).map_err(|error| error.to_string())
        };
        assert!(parse("keyless.toml").unwrap().key.is_empty());
        let profile = parse("a.toml").unwrap();
        let one = &profile.fields[0];
        assert_eq!((one.label.as_str(), one.min, one.max, profile.fields.len()), ("Eins", Some(1), Some(1), 2));
        assert_eq!((profile.key.as_slice(), profile.file.0.len()), (&["one".to_string()][..], 1));
        for (name, expected) in [
            ("self.toml", "self.toml: line 1, column 11: extends: the files extend one another in a circle"),
            ("x.toml", "x.toml, y.toml, x.toml"),
            (
                "wrong.toml",
                "min.toml, which wrong.toml extends: line 2, column 7: fields.one.min: min is 9 and max is 5",
            ),
            (
                "key.toml",
                "key.toml: line 2, column 9: drop: key of c.toml names one; change key here too, or do not drop one",
            ),
            ("all.toml", "all.toml: line 2, column 8: drop: a profile has 1 to 512 fields, and this one has 0"),
            (
                "typed.toml",
                "typed.toml: line 3, column 8: fields.one.type: min of tall.toml has no effect on this type; drop the field and",
            ),
            ("most.toml", "most.toml: line 3, column 7: fields.one.max: min is 5 and max is 3"),
            ("drops.toml", "drops.toml: line 2, column 9: drop: the extended profile has no field or check \"tow\""),
        ] {
            let message = parse(name).unwrap_err();
            assert!(message.contains(expected), "{name}: {message}");
        }
    }
}
