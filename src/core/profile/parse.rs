//! From the text of a profile file, and of those that it extends, to one content: [`parse`].

use std::collections::HashMap;
use std::fmt::{self, Formatter};

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, de};
use toml::{Table, Value};

use super::built_in::built_in_text;
use super::check::CheckText;
use super::empty_list::{LISTS, LISTS_OF_FIELD, empty_list, put_over};
use super::error::{ProfileError, ProfileErrorKind as Kind};
use super::field::Field;
use super::habits::Habits;
use super::header::{letters_and_digits, nearest};
use super::profile_files::ProfileFiles;
use super::toml_words::plain;

/// The longest text of a profile, in bytes. A profile of 512 fields with many aliases has a tenth of it.
const MOST_BYTES: usize = 1 << 20;

/// How many files may extend one another.
const MOST_FILES: usize = 8;

/// Reads the file that a profile extends: takes the value of `extends` and the file that says it, gives the file's name and
/// text, or why there is none.
pub type ReadBase<'r> = dyn FnMut(&str, &str) -> Result<(String, String), String> + 'r;

/// The content of a profile file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileText {
    pub(super) name: Option<String>,
    pub(super) title: Option<String>,
    extends: Option<String>,
    #[serde(default)]
    drop: Vec<String>,
    #[serde(default, deserialize_with = "one_or_several")]
    pub(super) key: Vec<String>,
    #[serde(default, deserialize_with = "one_or_several")]
    pub(super) key_fallback: Vec<String>,
    pub(super) table: Option<String>,
    #[serde(default)]
    pub(super) file: Habits,
    #[serde(default)]
    pub(super) feed: Habits,
    #[serde(default, deserialize_with = "fields")]
    pub(super) fields: Vec<Field>,
    #[serde(default, deserialize_with = "checks")]
    pub(super) checks: Vec<CheckText>,
}

/// What the file says, and where it stands.
pub(super) struct Parsed {
    pub(super) content: ProfileText,
    pub(super) files: ProfileFiles,
    /// The content as TOML, with that of the files that it extends, without comments.
    pub(super) toml: String,
}

/// Reads a profile file and the files that it extends. Built-in profiles are known; `read` reads other files.
pub(super) fn parse(file: &str, text: &str, read: &mut ReadBase<'_>) -> Result<Parsed, ProfileError> {
    let (content, files) = chain(file, text, read)?;
    if files.count() == 1 && content.drop.is_empty() {
        let table = table_of(text);
        check_lists(&table, &files)?;
        return Ok(Parsed { content, files, toml: table.to_string() });
    }
    merged(content, files)
}

/// Reads a built-in profile, which extends none.
pub(super) fn built_in(file: &str, text: &str) -> Result<(ProfileText, ProfileFiles), ProfileError> {
    let files = ProfileFiles::new(file, text);
    Ok((content(&files)?, files))
}

/// The content of the file itself, and the texts of it and of all that it extends, one after another.
fn chain(file: &str, text: &str, read: &mut ReadBase<'_>) -> Result<(ProfileText, ProfileFiles), ProfileError> {
    let mut files = ProfileFiles::new(file, text);
    let own = content(&files)?;
    let mut extends = own.extends.clone();
    while let Some(base) = extends {
        let at_extends = |kind| files.error(&["extends"], kind);
        let (name, text) = match built_in_text(&base) {
            Some(text) => (base, text.to_string()),
            None => read(&base, files.last()).map_err(|why| at_extends(Kind::CannotExtend(why)))?,
        };
        if files.has(&name) || files.count() == MOST_FILES {
            return Err(at_extends(Kind::Circle(files.names_with(&name))));
        }
        files.push(name, text);
        extends = content(&files)?.extends;
    }
    Ok((own, files))
}

/// The content of the last file.
fn content(files: &ProfileFiles) -> Result<ProfileText, ProfileError> {
    let text = files.last_text();
    if text.len() > MOST_BYTES {
        return Err(files.error(&[], Kind::TooLong(MOST_BYTES)));
    }
    let content: ProfileText = toml::from_str(text).map_err(|error| files.toml_error(&error))?;
    Ok(content)
}

fn check_lists(table: &Table, files: &ProfileFiles) -> Result<(), ProfileError> {
    empty_list(table).map_or(Ok(()), |path| Err(files.error(&path, Kind::EmptyList)))
}

fn table_of(text: &str) -> Table {
    toml::from_str(text).unwrap_or_default()
}

/// One content of several files: each changes what those that it extends say.
fn merged(own: ProfileText, files: ProfileFiles) -> Result<Parsed, ProfileError> {
    let mut table = Table::new();
    for (file, text) in files.texts().enumerate().rev() {
        let own = table_of(text);
        for name in own.get("drop").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            drop_one(&mut table, name).map_err(|kind| files.drop_error(file, name, kind))?;
        }
        overlay(&mut table, own);
    }
    check_lists(&table, &files)?;
    let merged = ProfileText::deserialize(Value::Table(table.clone()));
    let merged = merged.map_err(|error| files.error(&[], Kind::Toml(plain(&error))))?;
    for (key, own) in [("name", &own.name), ("title", &own.title)] {
        match own {
            Some(text) => _ = table.insert(key.to_string(), Value::String(text.clone())),
            None => _ = table.remove(key),
        }
    }
    let content = ProfileText { name: own.name, title: own.title, ..merged };
    Ok(Parsed { content, files, toml: table.to_string() })
}

/// Removes an inherited field; if there is none of this name, the check.
fn drop_one(table: &mut Table, name: &str) -> Result<(), Kind> {
    let fields = table.get_mut("fields").and_then(Value::as_table_mut);
    if fields.and_then(|fields| fields.remove(name)).is_some() {
        return Ok(());
    }
    let checks = table.get_mut("checks").and_then(Value::as_array_mut);
    if let Some(checks) = checks
        && let Some(index) = checks.iter().position(|check| name_of(check) == Some(name))
    {
        checks.remove(index);
        return Ok(());
    }
    let fields = table.get("fields").and_then(Value::as_table).into_iter().flat_map(Table::keys).map(String::as_str);
    let checks = table.get("checks").and_then(Value::as_array).into_iter().flatten().filter_map(name_of);
    Err(Kind::NothingToDrop(name.to_string(), nearest(name, fields.chain(checks)).map(str::to_string)))
}

fn name_of(check: &Value) -> Option<&str> {
    check.get("name").and_then(Value::as_str)
}

/// Puts what a file says over what those that it extends say.
fn overlay(base: &mut Table, own: Table) {
    free_names(base, &own);
    for (key, value) in own {
        match (key.as_str(), value) {
            ("extends" | "drop", _) => {}
            ("fields", Value::Table(fields)) => {
                for (column, field) in fields {
                    overlay_table(table_in(base, "fields").and_then(|fields| table_in(fields, &column)), field);
                }
            }
            ("file" | "feed", habits) => overlay_table(table_in(base, &key), habits),
            ("checks", Value::Array(checks)) => overlay_checks(base, checks),
            (_, value) => put_over(base, Table::from_iter([(key, value)]), &LISTS),
        }
    }
}

/// The table under a key, which is made if there is none.
fn table_in<'t>(table: &'t mut Table, key: &str) -> Option<&'t mut Table> {
    table.entry(key).or_insert_with(|| Value::Table(Table::new())).as_table_mut()
}

fn overlay_table(base: Option<&mut Table>, own: Value) {
    if let (Some(base), Value::Table(own)) = (base, own) {
        put_over(base, own, &LISTS_OF_FIELD);
    }
}

/// An inherited check of the same name is replaced; others are added, and one that stands twice in the file, too.
fn overlay_checks(base: &mut Table, own: Vec<Value>) {
    let mut checks = match base.remove("checks") {
        Some(Value::Array(checks)) => checks,
        _ => Vec::new(),
    };
    let mut inherited: HashMap<String, usize> =
        checks.iter().enumerate().filter_map(|(index, check)| Some((name_of(check)?.to_string(), index))).collect();
    for check in own {
        match name_of(&check).and_then(|name| inherited.remove(name)) {
            Some(index) => checks[index] = check,
            None => checks.push(check),
        }
    }
    base.insert("checks".to_string(), Value::Array(checks));
}

/// Takes the names that a file's own fields have from the fields that it inherits: a new field `notes` is found under that
/// header, although the base has it as an alias of another field.
fn free_names(base: &mut Table, own: &Table) {
    let fields = |table: &Table| table.get("fields").and_then(Value::as_table).cloned().unwrap_or_default();
    let own = fields(own);
    let texts = |value: Option<&Value>| match value {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(texts)) => texts.iter().filter_map(Value::as_str).map(String::from).collect(),
        _ => Vec::new(),
    };
    let names = own.iter().flat_map(|(column, field)| {
        let named = ["label", "aliases", "from"].into_iter().flat_map(|key| texts(field.get(key)));
        let names: Vec<(String, &String)> =
            named.chain([column.clone()]).map(|name| (letters_and_digits(&name), column)).collect();
        names
    });
    let names: HashMap<String, &String> = names.collect();
    let Some(Value::Table(inherited)) = base.get_mut("fields") else { return };
    for (column, field) in inherited.iter_mut() {
        let Value::Table(field) = field else { continue };
        let is_free = |name: &str| names.get(&letters_and_digits(name)).is_none_or(|owner| *owner == column);
        if field.get("label").and_then(Value::as_str).is_some_and(|label| !is_free(label)) {
            field.remove("label");
        }
        for key in ["aliases", "parts"] {
            field.get_mut(key).into_iter().for_each(|names| retain(names, &is_free));
        }
        if texts(field.get("parts")).is_empty() && field.get("parts").is_some_and(has_empty_list) {
            field.remove("parts");
        }
    }
}

/// Removes texts from a list, and from the lists in it.
fn retain(names: &mut Value, is_kept: &dyn Fn(&str) -> bool) {
    let Value::Array(names) = names else { return };
    names.retain(|name| name.as_str().is_none_or(is_kept));
    names.iter_mut().for_each(|inner| retain(inner, is_kept));
}

fn has_empty_list(lists: &Value) -> bool {
    lists.as_array().is_some_and(|lists| lists.iter().any(|list| list.as_array().is_some_and(Vec::is_empty)))
}

/// The fields in the order of the file. Each has its column's name as its key.
fn fields<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Field>, D::Error> {
    struct Fields;
    impl<'de> Visitor<'de> for Fields {
        type Value = Vec<Field>;

        fn expecting(&self, out: &mut Formatter<'_>) -> fmt::Result {
            out.write_str("a table for each field, such as [fields.email]")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<Field>, A::Error> {
            let mut fields = Vec::new();
            while let Some(column) = map.next_key::<String>()? {
                let mut field: Field = map.next_value()?;
                if field.label.is_empty() {
                    field.label.clone_from(&column);
                }
                fields.push(Field { column, ..field });
            }
            Ok(fields)
        }
    }
    deserializer.deserialize_map(Fields)
}

fn checks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<CheckText>, D::Error> {
    struct Checks;
    impl<'de> Visitor<'de> for Checks {
        type Value = Vec<CheckText>;

        fn expecting(&self, out: &mut Formatter<'_>) -> fmt::Result {
            out.write_str("a list of checks; write [[checks]] before each")
        }

        fn visit_seq<A: de::SeqAccess<'de>>(self, mut all: A) -> Result<Vec<CheckText>, A::Error> {
            let mut checks = Vec::new();
            while let Some(check) = all.next_element()? {
                checks.push(check);
            }
            Ok(checks)
        }
    }
    deserializer.deserialize_seq(Checks)
}

/// One text, or a list of texts.
fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    struct Texts;
    impl<'de> Visitor<'de> for Texts {
        type Value = Vec<String>;

        fn expecting(&self, out: &mut Formatter<'_>) -> fmt::Result {
            out.write_str("a column, or a list of columns")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<String>, E> {
            Ok(vec![text.to_string()])
        }

        fn visit_seq<A: de::SeqAccess<'de>>(self, mut texts: A) -> Result<Vec<String>, A::Error> {
            let mut several = Vec::new();
            while let Some(text) = texts.next_element()? {
                several.push(text);
            }
            Ok(several)
        }
    }
    deserializer.deserialize_any(Texts)
}
