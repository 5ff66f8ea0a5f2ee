//! Where a value stands in the texts of a profile file and of those that it extends: [`ProfileFiles`].

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

use super::error::{Position, ProfileError, ProfileErrorKind};
use super::toml_words::plain;
use crate::core::finding::english::beginning;
use crate::core::rule::RuleError;
use crate::core::text::visible;

/// The path of the key whose value is at an offset, such as `fields[2].min`; empty if the text is not TOML.
pub(super) fn key_at(text: &str, offset: usize) -> String {
    let mut path = String::new();
    // The key of a table's header stands after its brackets.
    let is_line = text[..offset].ends_with('\n') || offset == 0;
    let brackets = text[offset..].bytes().take_while(|byte| is_line && *byte == b'[').count();
    let offset = offset + brackets;
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
    path.push_str(&beginning(key.get_ref()).to_string());
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

/// The texts of a profile file and of those that it extends, to find where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProfileFiles(Vec<(String, String)>);

impl ProfileFiles {
    pub(super) fn new(file: &str, text: &str) -> ProfileFiles {
        ProfileFiles(vec![(file.to_string(), text.to_string())])
    }

    pub(super) fn push(&mut self, file: String, text: String) {
        self.0.push((file, text));
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    pub(super) fn has(&self, file: &str) -> bool {
        self.0.iter().any(|(name, _)| name == file)
    }

    /// The name of the first file without its folder and ending.
    pub(super) fn stem(&self) -> &str {
        let name = self.0[0].0.rsplit(['/', '\\']).next().unwrap_or_default();
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }

    pub(super) fn last(&self) -> &str {
        self.0.last().map_or("", |(file, _)| file)
    }

    pub(super) fn last_text(&self) -> &str {
        self.0.last().map_or("", |(_, text)| text)
    }

    pub(super) fn texts(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator {
        self.0.iter().map(|(_, text)| text.as_str())
    }

    pub(super) fn names_with(&self, more: &str) -> String {
        let names = self.0.iter().map(|(file, _)| file.as_str());
        names.chain([more]).collect::<Vec<_>>().join(", ")
    }

    /// An error about the value of a key, in the first file that says it; the path leads through tables and arrays.
    pub(super) fn error(&self, path: &[&str], kind: ProfileErrorKind) -> ProfileError {
        let found = self.0.iter().enumerate().find_map(|(index, (_, text))| Some((index, span_of(text, path)?)));
        // A key that is not there: the table that lacks it.
        match (found, path) {
            (Some((index, span)), _) => self.error_in(index, Some(span), kind).under(path),
            (None, [table @ .., _]) if !table.is_empty() => self.error(table, kind).under(path),
            _ => self.error_in(0, None, kind).under(path),
        }
    }

    /// An error in the file with this index.
    fn error_in(&self, index: usize, span: Option<Range<usize>>, kind: ProfileErrorKind) -> ProfileError {
        let (file, text) = &self.0[index];
        let extended_by = (index > 0).then(|| self.0[0].0.clone());
        let error =
            ProfileError { file: file.clone(), extended_by, position: None, key: String::new(), kind, line: None };
        span.map_or(error.clone(), |span| error.marking(text, span))
    }

    /// An error about one of two keys of a table: the one that the first file says.
    pub(super) fn error_of_two(&self, table: &[&str], keys: [&str; 2], kind: ProfileErrorKind) -> ProfileError {
        let [one, other] = keys.map(|key| [table, &[key]].concat());
        let says = |path: &[&str]| self.0.iter().position(|(_, text)| span_of(text, path).is_some());
        match (says(&one), says(&other)) {
            (Some(first), Some(second)) if second < first => self.error(&other, kind),
            (None, Some(_)) => self.error(&other, kind),
            _ => self.error(&one, kind),
        }
    }

    /// The error about what the file with this index drops.
    pub(super) fn drop_error(&self, file: usize, dropped: &str, kind: ProfileErrorKind) -> ProfileError {
        let text = &self.0[file].1;
        let span = dropped_in(text, dropped).and_then(|index| span_of(text, &["drop", &index.to_string()]));
        self.error_in(file, span, kind).under(&["drop"])
    }

    /// The same error; if an extended file names a field that a file which extends it drops, an error about the latter.
    pub(super) fn blaming_drop(&self, error: ProfileError) -> ProfileError {
        let name = match &error.kind {
            ProfileErrorKind::FieldCount(0) => {
                let drops = self.0.iter().position(|(_, text)| span_of(text, &["drop", "0"]).is_some());
                let Some(file) = drops else { return error };
                let span = span_of(&self.0[file].1, &["drop"]);
                return self.error_in(file, span, error.kind).under(&["drop"]);
            }
            ProfileErrorKind::UnknownField(name, _) => name,
            ProfileErrorKind::Rule(RuleError::UnknownName(name), _) => name,
            _ => return error,
        };
        let of_error = self.0.iter().position(|(file, _)| *file == error.file).unwrap_or(0);
        match self.0[..of_error].iter().position(|(_, text)| dropped_in(text, name).is_some()) {
            Some(file) => {
                let (name, key) = (name.clone(), error.key);
                self.drop_error(file, &name.clone(), ProfileErrorKind::Dropped { name, key, file: error.file })
            }
            None => error,
        }
    }

    /// The same error; if it is about a key of a field in an extended file, and a file that extends it says the type, an error about
    /// the type.
    pub(super) fn blaming_type(&self, error: ProfileError, column: &str, key: &str) -> ProfileError {
        let file_of = |key: &str| self.0.iter().position(|(_, text)| span_of(text, &["fields", column, key]).is_some());
        match (file_of("type"), file_of(key)) {
            (Some(changed), Some(inherited)) if changed < inherited => {
                let (key, file, kind) = (key.to_string(), error.file, Box::new(error.kind));
                self.error(&["fields", column, "type"], ProfileErrorKind::OfOtherType { key, file, kind })
            }
            _ => error,
        }
    }

    /// An error about a key of the check with this name, in the first file that has it: of several, the last.
    pub(super) fn check_error(&self, check: &str, key: &str, kind: ProfileErrorKind) -> ProfileError {
        let found = self.0.iter().enumerate().find_map(|(file, (_, text))| Some((file, text, check_in(text, check)?)));
        let Some((file, text, index)) = found else { return self.error(&["checks"], kind) };
        let index_text = index.to_string();
        let path = ["checks", &index_text, key];
        let part = if let ProfileErrorKind::Rule(RuleError::Syntax(part, _), _) = &kind { Some(part) } else { None };
        let span = part.and_then(|part| span_of_part(text, &path, part));
        let span = span.or_else(|| span_of(text, &path)).or_else(|| span_of(text, &path[..2]));
        let key = if key == "name" { of_check(index, key) } else { format!("{key} of check {check}") };
        ProfileError { key, ..self.error_in(file, span, kind) }
    }

    /// The parser's error about the last file.
    pub(super) fn toml_error(&self, error: &Error) -> ProfileError {
        let text = self.last_text();
        let span = error.span();
        let key = span.as_ref().map(|span| key_at(text, span.start)).unwrap_or_default();
        let key = key_of_check(&key).unwrap_or(key);
        let is_list = span.as_ref().is_some_and(|span| text[span.start..].starts_with("[[fields."));
        let kind = match is_list {
            true => "a field is one table; write [fields.NAME] in single brackets".to_string(),
            false => plain(error),
        };
        let kind = ProfileErrorKind::Toml(kind);
        ProfileError { key, ..self.error_in(self.0.len() - 1, span, kind) }
    }
}

impl ProfileError {
    fn under(self, path: &[&str]) -> ProfileError {
        let written = |key: &&str| if key.is_empty() { "\"\"".to_string() } else { beginning(key).to_string() };
        ProfileError { key: path.iter().map(written).collect::<Vec<_>>().join("."), ..self }
    }

    fn marking(self, text: &str, span: Range<usize>) -> ProfileError {
        let line = || {
            let before = text.get(..span.start)?;
            let start = before.rfind('\n').map_or(0, |end| end + 1);
            let line = text[start..].lines().next().unwrap_or_default();
            let end = span.end.min(start + line.len()).max(span.start);
            let marked = visible(text.get(span.start..end)?).chars().count().max(1);
            // Nobody reads a line of a thousand characters.
            (line.chars().count() <= MOST_SHOWN).then(|| (line.replace('\t', " "), marked))
        };
        ProfileError { position: Position::of(text, span.start), line: line(), ..self }
    }
}

const MOST_SHOWN: usize = 200;

/// The index of the last check with this name.
fn check_in(text: &str, name: &str) -> Option<usize> {
    let root = DeTable::parse(text).ok()?;
    let DeValue::Array(checks) = root.get_ref().get("checks")?.get_ref() else { return None };
    checks.iter().rposition(|check| match check.get_ref() {
        DeValue::Table(check) => check.get("name").and_then(|found| found.get_ref().as_str()) == Some(name),
        _ => false,
    })
}

/// A key of a check, which people count from 1.
fn of_check(index: usize, key: &str) -> String {
    let of = if key.is_empty() { "" } else { " of " };
    format!("{key}{of}check {}", index + 1)
}

/// The same for a path such as `checks[0].name`; `None` for other paths.
fn key_of_check(path: &str) -> Option<String> {
    let (index, key) = path.strip_prefix("checks[")?.split_once(']')?;
    Some(of_check(index.parse().ok()?, key.trim_start_matches('.')))
}

/// Where the value of a key stands; a number in the path is an index of an array.
pub(super) fn span_of(text: &str, path: &[&str]) -> Option<Range<usize>> {
    value_at(text, path, |value| value.span())
}

/// Where a part of a text stands, if nothing in the text is written otherwise.
fn span_of_part(text: &str, path: &[&str], part: &Range<usize>) -> Option<Range<usize>> {
    value_at(text, path, |value| {
        let span = value.span();
        let start = span.start + text.get(span)?.find(value.get_ref().as_str()?)?;
        Some(start + part.start..start + part.end)
    })?
}

fn value_at<T>(text: &str, path: &[&str], read: impl FnOnce(&Spanned<DeValue<'_>>) -> T) -> Option<T> {
    let ([first, rest @ ..], root) = (path, DeTable::parse(text).ok()?) else { return None };
    let mut at = root.get_ref().get(*first)?;
    for key in rest {
        at = match at.get_ref() {
            DeValue::Table(table) => table.get(*key)?,
            DeValue::Array(array) => array.get(key.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(read(at))
}

/// The index of a name in the list `drop` of a text.
fn dropped_in(text: &str, name: &str) -> Option<usize> {
    let root = DeTable::parse(text).ok()?;
    let DeValue::Array(dropped) = root.get_ref().get("drop")?.get_ref() else { return None };
    dropped.iter().position(|dropped| dropped.get_ref().as_str() == Some(name))
}
