//! A list of texts and numbers, such as tags.
//!
//! A list is stored as a compact JSON array. Its items are cleaned like any value; empty and repeated ones are left out. The
//! text "1" and the number 1 are not equal.

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::value::RawValue;

use super::definition::{Facts, Limits, Parsed, Refusal, Type};
use crate::core::finding::{Problem, TextKind};
use crate::core::record::json::{JsonKind, JsonValue, text_of};
use crate::core::text;

pub struct List;

impl Type for List {
    const FACTS: Facts = Facts {
        docs: "Texts and numbers, stored as a JSON array: a JSON array, or text split at `,`, `;` or `|`.",
        examples: &[
            ("wholesale, export", r#"["wholesale","export"]"#),
            (r#"["a", 1]"#, r#"["a",1]"#),
            ("a;;a", r#"["a"]"#),
        ],
        words: "list",
        form: "list",
        // The length of what is stored says nothing of the items; a check counts them with size().
        settings: &["pattern", "case"],
        ..Facts::TEXT
    };

    fn parse<'v>(value: Cow<'v, str>, limits: &Limits) -> Parsed<'v> {
        parsed(from_text(&value), limits)
    }

    fn parse_json(value: &JsonValue<'_>, limits: &Limits) -> Option<Parsed<'static>> {
        if let JsonValue::Array(array) = value { Some(parsed(from_json(array), limits)) } else { None }
    }
}

fn parsed<'v>(list: Result<Option<String>, Problem>, limits: &Limits) -> Parsed<'v> {
    match list {
        Ok(array) => Parsed::text(Cow::Owned(array.unwrap_or_default()), limits, TextKind::Other),
        Err(problem) => {
            let suggestion = match problem {
                Problem::ControlCharacter { character, .. } => text::windows_1252(character).map(String::from),
                _ => None,
            };
            Parsed::refused(Refusal { suggestion, ..Refusal::new(problem) })
        }
    }
}

/// Reads a list from a cell: a JSON array if it starts with `[`, otherwise text split at `,`, `;` or `|`. Returns the compact
/// JSON array; `None` if no item is left.
fn from_text(value: &str) -> Result<Option<String>, Problem> {
    let value = clean_item(value)?;
    if value.starts_with('[') {
        return from_json(&value);
    }
    let mut list = Items::default();
    for item in value.split([',', ';', '|']) {
        // Already cleaned, except for spaces around separators.
        list.push_text(Cow::Borrowed(item.trim()));
    }
    Ok(list.finish())
}

/// [`from_text`] for a JSON array of texts and numbers, which stay as they are written.
fn from_json(array: &str) -> Result<Option<String>, Problem> {
    let items: Vec<&RawValue> = serde_json::from_str(array).map_err(|_| Problem::NotAList)?;
    let mut list = Items::default();
    for item in items {
        let json = item.get();
        match json.as_bytes().first() {
            Some(b'"') => {
                let text = text_of(json).ok_or(Problem::NotAList)?;
                list.push_text(Cow::Owned(clean_item(&text)?.into_owned()));
            }
            Some(b'-' | b'0'..=b'9') => list.push_number(json),
            first => return Err(Problem::ListItem { found: JsonKind::of(first.copied()) }),
        }
    }
    Ok(list.finish())
}

fn clean_item(item: &str) -> Result<Cow<'_, str>, Problem> {
    text::clean(item).map_err(|fault| Problem::ControlCharacter { character: fault.character, position: None })
}

#[derive(Default)]
struct Items<'v> {
    array: String,
    texts: HashSet<Cow<'v, str>>,
    numbers: HashSet<&'v str>,
}

impl<'v> Items<'v> {
    fn push_text(&mut self, item: Cow<'v, str>) {
        if item.is_empty() || self.texts.contains(&item) {
            return;
        }
        self.push_json(&serde_json::Value::from(&*item).to_string());
        self.texts.insert(item);
    }

    fn push_number(&mut self, json: &'v str) {
        if self.numbers.insert(json) {
            self.push_json(json);
        }
    }

    fn push_json(&mut self, json: &str) {
        self.array.push(if self.array.is_empty() { '[' } else { ',' });
        self.array.push_str(json);
    }

    fn finish(mut self) -> Option<String> {
        if self.array.is_empty() {
            return None;
        }
        self.array.push(']');
        Some(self.array)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn from_text_splits_text() {
        for (value, expected) in [
            ("wholesale", Some(r#"["wholesale"]"#)),
            ("wholesale, export", Some(r#"["wholesale","export"]"#)),
            ("a;b|c,d", Some(r#"["a","b","c","d"]"#)),
            (" a , b ,", Some(r#"["a","b"]"#)),
            ("a,,b", Some(r#"["a","b"]"#)),
            ("b,a,b,a", Some(r#"["b","a"]"#)),
            ("A,a", Some(r#"["A","a"]"#)),
            ("1,2,1.50", Some(r#"["1","2","1.50"]"#)),
            ("say \"x\"\\y", Some(r#"["say \"x\"\\y"]"#)),
            ("{\"a\":1}", Some(r#"["{\"a\":1}"]"#)),
            ("two words", Some(r#"["two words"]"#)),
            ("a\tb\nc", Some(r#"["a b c"]"#)),
            ("Mu\u{308}ller,Müller", Some(r#"["Müller"]"#)),
            ("null", Some(r#"["null"]"#)),
            ("東京、大阪", Some(r#"["東京、大阪"]"#)),
            ("", None),
            (" ", None),
            (",;|", None),
            (" , ", None),
            ("[]", None),
            (" [ ] ", None),
            ("\u{feff}[\"a\"]", Some(r#"["a"]"#)),
            ("[\"a\",\n \"b\"]", Some(r#"["a","b"]"#)),
            ("[\"a,b\"]", Some(r#"["a,b"]"#)),
        ] {
            assert_eq!(from_text(value).unwrap().as_deref(), expected, "{value:?}");
        }
    }

    #[test]
    fn from_json_reads_texts_and_numbers() {
        for (array, expected) in [
            (r#"["a","b"]"#, Some(r#"["a","b"]"#)),
            (r#" [ "a" , "b" ] "#, Some(r#"["a","b"]"#)),
            (r#"["a", 1, 1.50, -2e5, 0]"#, Some(r#"["a",1,1.50,-2e5,0]"#)),
            (r#"[1,"1",1,"1",1.0]"#, Some(r#"[1,"1",1.0]"#)),
            (r#"["a","\u0061"," a "]"#, Some(r#"["a"]"#)),
            (r#"["é","e\u0301","\u00e9"]"#, Some(r#"["é"]"#)),
            (r#"["a\tb","a\nb","a b"]"#, Some(r#"["a b"]"#)),
            (r#"["", " ", "\u200b", "a"]"#, Some(r#"["a"]"#)),
            (r#"["\"quoted\"","back\\slash","a\/b"]"#, Some(r#"["\"quoted\"","back\\slash","a/b"]"#)),
            (r#"["\ud83d\ude00"]"#, Some(r#"["😀"]"#)),
            (r#"[123456789012345678901234567890]"#, Some("[123456789012345678901234567890]")),
            (r#"["\\N"]"#, Some(r#"["\\N"]"#)),
            ("[]", None),
            (r#"["",""]"#, None),
        ] {
            assert_eq!(from_json(array).unwrap().as_deref(), expected, "{array}");
            assert_eq!(from_text(array).unwrap().as_deref(), expected, "{array} as text");
        }
    }

    #[test]
    fn what_is_no_list_says_why() {
        for (value, found) in [
            ("[", None),
            ("[\"a\"", None),
            ("[\"a\",]", None),
            ("[a]", None),
            ("[\"a\"] x", None),
            ("[vip], gold", None),
            ("['a']", None),
            ("[01]", None),
            ("[1.]", None),
            ("[+1]", None),
            ("[NaN]", None),
            ("[\"\\x\"]", None),
            ("[\"\\ud800\"]", None),
            ("[null]", Some(JsonKind::Null)),
            ("[\"a\",null]", Some(JsonKind::Null)),
            ("[true]", Some(JsonKind::Bool)),
            ("[false]", Some(JsonKind::Bool)),
            ("[{}]", Some(JsonKind::Object)),
            ("[{\"a\":1}]", Some(JsonKind::Object)),
            ("[[]]", Some(JsonKind::Array)),
            ("[[\"a\"]]", Some(JsonKind::Array)),
        ] {
            let problem = found.map_or(Problem::NotAList, |found| Problem::ListItem { found });
            assert_eq!(from_text(value), Err(problem), "{value:?}");
        }
        for (value, character) in [("[\"a\\u0000b\"]", '\0'), ("[\"\\u001b\"]", '\u{1b}'), ("a,b\0", '\0')] {
            assert_eq!(from_text(value), Err(Problem::ControlCharacter { character, position: None }), "{value:?}");
        }
        for value in ["", "null", "\"a\"", "{}", "1", "a,b"] {
            assert!(from_json(value).is_err(), "{value:?}");
        }
        assert!(from_json(&"[".repeat(100_000)).is_err());
    }

    #[test]
    fn a_long_list_is_read() {
        let numbers: Vec<String> = (0..200_000).map(|number| number.to_string()).collect();
        let text = numbers.join(",");
        let stored = from_text(&text).unwrap().unwrap();
        assert_eq!(stored.len(), text.len() + 2 * numbers.len() + 2);
        assert_eq!(from_json(&format!("[{text}]")).unwrap().unwrap(), format!("[{text}]"));
        assert_eq!(from_json(&stored).unwrap().unwrap(), stored);
        assert_eq!(from_text(&"a,".repeat(500_000)).unwrap().unwrap(), "[\"a\"]");
    }

    proptest! {
        #[test]
        fn lists_are_stable(value in prop_oneof![any::<String>(), "[a-c1-3 ,;|\"\\\\\u{308}]{0,20}", r#"\[("[a-c ]{0,2}",|[0-9]{1,2},){0,6}"z"\]"#]) {
            if let Ok(Some(stored)) = from_text(&value) {
                prop_assert_eq!(from_text(&stored).unwrap().unwrap(), stored.clone());
                prop_assert_eq!(from_json(&stored).unwrap().unwrap(), stored);
            }
            let _ = from_json(&value);
        }

        #[test]
        fn texts_survive(items in prop::collection::vec("[a-zA-Z\"\\\\äß😀]{1,6}", 1..8)) {
            let stored = from_json(&serde_json::Value::from(items.clone()).to_string()).unwrap().unwrap();
            let mut seen = HashSet::new();
            let expected: Vec<String> = items.into_iter().filter(|item| seen.insert(item.clone())).collect();
            prop_assert_eq!(serde_json::from_str::<Vec<String>>(&stored).unwrap(), expected);
        }
    }
}
