//! A named set of fields: [`Profile`]. [`Profile::named`] returns a built-in one; [`Profile::parse`] reads one from TOML, where
//! a setting without effect is an error.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use super::error::{
    Position, ProfileError, ProfileErrorKind as Kind, Setting, SettingsError, key_at, message, position_of,
};
use super::field::{Field, FieldSet, accepted_names};
use super::header::{letters_and_digits, nearest};

/// A named set of fields and rules.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// What it is for, in a few words.
    pub title: String,
    /// The column whose values identify customers.
    pub key: String,
    /// The fields, in the order of the table's columns; [`FieldSet::CAPACITY`](super::FieldSet::CAPACITY) at most.
    pub fields: Vec<Field>,
}

const TEXTS: [(&str, &str); 3] = [
    ("basic.toml", include_str!("basic.toml")),
    ("billing.toml", include_str!("billing.toml")),
    ("contact.toml", include_str!("contact.toml")),
];

static PROFILES: LazyLock<Result<Vec<Arc<Profile>>, ProfileError>> =
    LazyLock::new(|| TEXTS.into_iter().map(|(file, text)| Profile::parse(file, text).map(Arc::new)).collect());

pub const RESERVED_COLUMNS: [&str; 6] =
    ["customer_id", "created_at", "updated_at", "import_run", "import_file", "import_record"];

/// The index of the wrong field, if it is one; the key; and what is wrong.
type Wrong = (Option<usize>, &'static str, Kind);

impl Profile {
    /// The index of the field with this column name.
    pub fn field_index(&self, column: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.column == column)
    }

    /// The index of the field with this column name; an error names the setting.
    pub fn require_field(&self, column: &str, setting: Setting) -> Result<usize, SettingsError> {
        self.field_index(column).ok_or_else(|| self.unknown_field(column, setting, false))
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

    /// Reads a profile from TOML; errors name the `file`.
    pub fn parse(file: &str, text: &str) -> Result<Profile, ProfileError> {
        let profile: Profile = toml::from_str(text).map_err(|error| {
            let offset = error.span().map(|span| span.start);
            ProfileError {
                file: file.to_string(),
                position: offset.and_then(|offset| Position::of(text, offset)),
                key: offset.map(|offset| key_at(text, offset)).unwrap_or_default(),
                kind: Kind::Toml(message(&error)),
            }
        })?;
        profile.check().map_err(|(field, key, kind)| ProfileError {
            file: file.to_string(),
            position: position_of(text, field.map(|index| ("fields", index)), key),
            key: field.map_or_else(|| key.to_string(), |index| format!("fields[{index}].{key}")),
            kind,
        })?;
        Ok(profile)
    }

    fn check(&self) -> Result<(), Wrong> {
        check_name(&self.name).map_err(|kind| (None, "name", kind))?;
        if !(1..=FieldSet::CAPACITY).contains(&self.fields.len()) {
            return Err((None, "fields", Kind::FieldCount(self.fields.len())));
        }
        for (index, field) in self.fields.iter().enumerate() {
            field.check().and_then(|()| self.check_stand_ins(field)).map_err(|(key, kind)| (Some(index), key, kind))?;
        }
        self.check_columns()?;
        self.check_header_names()?;
        self.check_field(&self.key).map_err(|kind| (None, "key", kind))
    }

    /// Checks that no two fields share a column of the table. SQLite compares their names without regard to case.
    fn check_columns(&self) -> Result<(), Wrong> {
        let mut owners = HashMap::new();
        for (index, field) in self.fields.iter().enumerate() {
            let column = field.column.to_ascii_lowercase();
            if RESERVED_COLUMNS.contains(&&*column) {
                return Err((Some(index), "column", Kind::ReservedColumn));
            }
            if let Some(other) = owners.insert(column, index) {
                return Err((Some(index), "column", Kind::RepeatedColumn(other)));
            }
        }
        Ok(())
    }

    fn check_header_names(&self) -> Result<(), Wrong> {
        let mut owners: HashMap<String, usize> = HashMap::new();
        for (index, field) in self.fields.iter().enumerate() {
            let keys = ["column", "label"].into_iter().chain(std::iter::repeat("aliases"));
            let names = accepted_names(field).map(|name| (name, letters_and_digits(name))).zip(keys);
            for ((name, compared), key) in names.filter(|((_, compared), _)| !compared.is_empty()) {
                let owner = *owners.entry(compared).or_insert(index);
                if owner != index {
                    return Err((Some(index), key, Kind::RepeatedName(name.to_string(), owner)));
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

    fn check_field(&self, column: &str) -> Result<(), Kind> {
        let known = || self.fields.iter().map(|field| field.column.as_str());
        let nearest = || nearest(column, known()).map(str::to_string);
        self.field_index(column).map(|_| ()).ok_or_else(|| Kind::UnknownField(column.to_string(), nearest()))
    }
}

impl Field {
    fn check(&self) -> Result<(), (&'static str, Kind)> {
        let parts = self.parts.iter().flatten().map(|name| ("parts", name));
        let aliases = self.aliases.iter().map(|name| ("aliases", name));
        let choices = self.choices.iter().map(|name| ("choices", name));
        let names = [("column", &self.column), ("label", &self.label)].into_iter();
        for (key, name) in names.chain(parts).chain(aliases).chain(choices) {
            check_name(name).map_err(|kind| (key, kind))?;
        }
        let (parts, min, settings) = (self.parts.len(), self.min.unwrap_or(0), self.kind.facts().settings);
        match () {
            () if !matches!(parts, 0 | 2) => Err(("parts", Kind::ListLength(parts, "no part or two are"))),
            () if self.parts.iter().any(Vec::is_empty) => Err(("parts", Kind::Empty)),
            () if min > self.longest() => Err(("min", Kind::MinAboveMax(min, self.longest()))),
            () if settings.contains(&"choices") && self.choices.is_empty() => Err(("choices", Kind::NoChoices)),
            () => Ok(()),
        }?;
        for (key, is_set, only_for) in [
            ("min", self.min.is_some(), "types that are stored as text"),
            ("max", self.max.is_some(), "types that are stored as text"),
            ("characters", self.characters.is_some(), "types that are stored as text"),
            ("default", self.default.is_some(), "types that are stored as text"),
            ("at_least", self.at_least.is_some(), "the type integer"),
            ("choices", !self.choices.is_empty(), "the type choice"),
            ("repair", self.repair, "the types text, postal-code and state"),
        ] {
            if is_set && !settings.contains(&key) {
                return Err((key, Kind::NoEffect { only_for }));
            }
        }
        Ok(())
    }
}

fn check_name(name: &str) -> Result<(), Kind> {
    match name {
        _ if name.trim().is_empty() => Err(Kind::Empty),
        _ if name.contains('\0') => Err(Kind::Nul),
        _ => Ok(()),
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
        assert_eq!(found, [("basic", 4), ("billing", 59), ("contact", 12)]);
    }

    #[test]
    fn a_text_that_is_no_profile_is_refused() {
        let head = "name = \"own\"\ntitle = \"Own\"\nkey = \"id\"\n";
        let id = "{ column = \"id\", label = \"ID\", type = \"text\" }";
        for (text, expected) in [
            ("name = ", "own.toml: line 1, column"),
            ("name = 7", "own.toml: line 1, column 8: name: invalid type: integer `7`, expected a string"),
            ("name = \"own\"\n", "missing field `title`"),
            (&format!("{head}fields = [{id}]\nkeys = 1\n"), "line 5, column 1: keys: unknown field `keys`, expected"),
            (&format!("{head}fields = []\n"), "line 4, column 10: fields: a profile has 1 to 512 fields"),
            (&format!("{head}fields = [{id}]\n").replace("own", ""), "line 1, column 8: name: it must not be empty"),
            (
                &format!("{head}fields = [{id}]\n").replace("\"id\"\n", "\"di\"\n"),
                "line 3, column 7: key: there is no field \"di\"",
            ),
        ] {
            let message = message(text);
            assert!(message.starts_with("own.toml: ") && message.contains(expected), "{text}\n{message}");
        }
    }

    #[test]
    fn a_field_that_cannot_be_is_refused() {
        for (field, expected) in [
            ("", "fields[1]: missing field `column`"),
            ("column = 'a', label = 'A'", "fields[1]: missing field `type`"),
            (
                "column = 'a', label = 'A', type = 'txet'",
                "fields[1].type: unknown variant `txet`, expected one of `text`",
            ),
            (
                "column = 'a', label = 'A', type = 'text', rule = 1",
                "fields[1].rule: unknown field `rule`, expected one of",
            ),
            ("column = 'a', label = 'A', type = 'text', min = '1'", "fields[1].min: invalid type: string"),
            ("column = 'a', label = 'A', type = 'text', min = -1", "fields[1].min: invalid value: integer `-1`"),
            ("column = 'a', label = 'A', type = 'text', characters = 'x'", "fields[1].characters: unknown variant `x`"),
            ("column = 'a', label = 'A', type = 'text', compare = 'x'", "fields[1].compare: unknown variant `x`"),
            ("column = ' ', label = 'A', type = 'text'", "fields[1].column: it must not be empty"),
            ("column = \"a\\u0000\", label = 'A', type = 'text'", "fields[1].column: it must not contain NUL"),
            ("column = 'ID', label = 'A', type = 'text'", "fields[1].column: fields[0] has the same name"),
            ("column = 'created_at', label = 'A', type = 'text'", "fields[1].column: every table of customers has"),
            (
                "column = 'a', label = ' i d ', type = 'text'",
                "fields[1].label: the header \" i d \" also means fields[0]",
            ),
            (
                "column = 'a', label = 'A', type = 'text', aliases = ['b','I.D.']",
                "fields[1].aliases: the header \"I.D.\" also means fields[0]",
            ),
            ("column = 'a', label = 'A', type = 'text', aliases = ['']", "fields[1].aliases: it must not be empty"),
            ("column = 'a', label = 'A', type = 'text', min = 3, max = 2", "fields[1].min: 3 is more than max, 2"),
            ("column = 'a', label = 'A', type = 'text', min = 5000", "fields[1].min: 5000 is more than max, 4096"),
            ("column = 'a', label = 'A', type = 'choice'", "fields[1].choices: a choice needs at least one word"),
            ("column = 'a', label = 'A', type = 'choice', choices = ['']", "fields[1].choices: it must not be empty"),
            ("column = 'a', label = 'A', type = 'text', choices = ['b']", "choices: it has no effect on this type"),
            ("column = 'a', label = 'A', type = 'text', at_least = 1", "it is for the type integer"),
            ("column = 'a', label = 'A', type = 'flag', max = 1", "it is for types that are stored as text"),
            ("column = 'a', label = 'A', type = 'integer', default = '1'", "fields[1].default: it has no effect"),
            ("column = 'a', label = 'A', type = 'phone', repair = true", "the types text, postal-code and state"),
            (
                "column = 'a', label = 'A', type = 'text', parts = [['b']]",
                "parts: no part or two are allowed, and there are 1",
            ),
            ("column = 'a', label = 'A', type = 'text', parts = [['b'],[]]", "fields[1].parts: it must not be empty"),
            (
                "column = 'a', label = 'A', type = 'text', stand_ins = [[]]",
                "one field or two are allowed, and there are 0",
            ),
            ("column = 'a', label = 'A', type = 'text', stand_ins = [['b']]", "stand_ins: there is no field \"b\""),
        ] {
            let message = message(&format!(
                "name = 'own'\ntitle = 'Own'\nkey = 'id'\nfields = [\n{{column = 'id', label = 'ID', type = 'text'}},\n{{{field}}},\n]"
            ));
            assert!(
                message.starts_with("own.toml: line 6, column ") && message.contains(expected),
                "{field}\n{message}"
            );
            let field = field.replace(", ", "\n");
            let as_table = self::message(&format!(
                "name = 'own'\ntitle = 'Own'\nkey = 'id'\n[[fields]]\ncolumn = 'id'\nlabel = 'ID'\ntype = 'text'\n[[fields]]\n{field}\n"
            ));
            assert!(as_table.contains(expected), "{field}\n{as_table}");
        }
    }
}
