//! Where the records of a JSON document are: [`Document`] follows all of it but the array that holds them.
//!
//! It goes byte by byte and holds only the keys on its way, however long the document is. What is no JSON there is an error of
//! the input: after it nobody could say what belongs to the array. Elements are cut by [`JsonCutter`](super::json::JsonCutter).

use std::io;

use crate::core::record::json::{is_white_space, key_of};
use crate::error::own_words;

/// How deep a document may be nested. The parser of records has the same limit.
const DEEPEST: usize = 128;
/// The longest key that is looked at, as it is written, and how many keys and arrays are noted of a sample.
const LONGEST_KEY: usize = 1024;
const MOST_NOTED: usize = 1000;

/// Stands for the document itself where an array is named.
pub const ITSELF: &str = ".";

/// A place in a document, from which it is followed byte by byte.
#[derive(Debug, Default)]
pub struct Document {
    /// The path of the array with the records; without one, arrays are only noted.
    records: Option<String>,
    /// Whether that array was found, and not named, so that it must be the only one.
    is_found: bool,
    state: State,
    /// The key that each open object has come to.
    keys: Vec<Key>,
    /// The key that is being read, with its quotes.
    key: Vec<u8>,
    /// The open brackets within an array that is gone over.
    open: Vec<u8>,
    /// Whether an object stands in that array, and how many such arrays there were.
    has_object: bool,
    with_objects: usize,
    /// How many documents have ended, and whether this one has had the array.
    ended: u64,
    has_records: bool,
    /// The paths of the arrays of objects, and of all other values outside arrays.
    arrays: Vec<String>,
    names: Vec<String>,
    /// The paths of the arrays without elements, and whether the array that is gone over has had none so far.
    empty: Vec<String>,
    is_bare: bool,
}

#[derive(Debug, Default)]
struct Key {
    name: String,
    /// The length of the path down to this key, if the path of the records begins with it. So an array costs nothing, however
    /// deep it lies.
    matched: Option<usize>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Outside of documents.
    #[default]
    Between,
    /// Where a key stands, or an object without members ends.
    FirstKey,
    Key,
    InKey {
        is_escaped: bool,
    },
    Colon,
    Value,
    InText {
        is_escaped: bool,
    },
    /// In a number or a word.
    InWord,
    AfterValue,
    /// In an array without records.
    InArray,
    InArrayText {
        is_escaped: bool,
    },
}

/// What a sample tells of its document.
#[derive(Debug, Default)]
pub struct Look {
    /// The paths of its arrays of objects.
    pub arrays: Vec<String>,
    /// The paths of its arrays without elements.
    pub empty: Vec<String>,
    /// The paths of its other values.
    pub names: Vec<String>,
    /// Whether the text is one document, as far as can be seen.
    pub is_one: bool,
    /// Whether it has a slip within an array of objects, after which nothing can be seen.
    pub has_slip: bool,
}

/// Looks at the beginning of a text for the arrays of objects of its first document.
pub fn look(text: &[u8]) -> Look {
    let mut document = Document::default();
    let rest = text.iter().position(|byte| document.ended > 0 || document.step(*byte).is_err());
    let has_slip = rest.is_some() && !document.open.is_empty() && !document.arrays.is_empty();
    let is_alone = |at: usize| document.ended > 0 && text[at..].iter().all(|byte| is_white_space(*byte));
    let is_one = has_slip || rest.is_none_or(is_alone);
    Look { arrays: document.arrays, empty: document.empty, names: document.names, is_one, has_slip }
}

impl Document {
    /// A document whose records are in the array with this path; `is_found` if it must be the only one.
    pub fn with_records(path: &str, is_found: bool) -> Document {
        Document { records: Some(path.to_string()), is_found, ..Document::default() }
    }

    /// Takes the next byte; whether the elements of the array with the records follow.
    pub fn step(&mut self, byte: u8) -> Result<bool, Fault> {
        let is_space = is_white_space(byte);
        self.state = match (self.state, byte) {
            (State::InKey { .. } | State::InText { .. } | State::InArrayText { .. }, 0..=0x1f) => {
                return Err(Fault::Broken);
            }
            (State::Between, b'{') if self.ended > 0 && self.is_found => return Err(Fault::Second),
            (State::Between | State::Value, b'{') => self.open_object()?,
            (State::Between, _) if !is_space => return Err(Fault::NoObject),
            (State::FirstKey | State::AfterValue, b'}') => self.close_object()?,
            (State::FirstKey | State::Key, b'"') => {
                self.key = vec![byte];
                State::InKey { is_escaped: false }
            }
            (State::InKey { is_escaped }, _) => {
                if self.key.len() <= LONGEST_KEY {
                    self.key.push(byte);
                }
                if byte == b'"' && !is_escaped { self.end_key() } else { in_key(byte, is_escaped) }
            }
            (State::Colon, b':') => State::Value,
            (State::Value, b'[') => {
                if self.is_at_records() {
                    self.has_records = true;
                    self.state = State::AfterValue;
                    return Ok(true);
                }
                self.open = vec![byte];
                (self.has_object, self.is_bare) = (false, true);
                State::InArray
            }
            (State::Value, b'"') => {
                self.note_value();
                State::InText { is_escaped: false }
            }
            (State::Value, b'-' | b'0'..=b'9' | b'a'..=b'z') => {
                self.note_value();
                State::InWord
            }
            (State::InText { is_escaped: false }, b'"') => State::AfterValue,
            (State::InText { is_escaped }, _) => State::InText { is_escaped: byte == b'\\' && !is_escaped },
            (State::InWord, b'-' | b'+' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z') => State::InWord,
            (State::InWord | State::AfterValue, b',') => State::Key,
            (State::InWord, b'}') => self.close_object()?,
            (State::InWord, _) if is_space => State::AfterValue,
            (State::InArray, _) => {
                if byte == b']' && self.is_bare && self.records.is_none() && self.empty.len() < MOST_NOTED {
                    self.empty.push(self.path());
                }
                self.is_bare &= is_space;
                self.in_array(byte)?
            }
            (State::InArrayText { is_escaped: false }, b'"') => State::InArray,
            (State::InArrayText { is_escaped }, _) => State::InArrayText { is_escaped: byte == b'\\' && !is_escaped },
            (state, _) if is_space => state,
            _ => return Err(Fault::Broken),
        };
        Ok(false)
    }

    /// At the end of the text: whether it may end here.
    pub fn end(&self) -> Result<(), Fault> {
        match self.state {
            State::Between if self.ended > 0 => Ok(()),
            State::Between => Err(Fault::Missing { records: self.records.clone(), arrays: Vec::new() }),
            _ => Err(Fault::NotClosed),
        }
    }

    fn path(&self) -> String {
        let names: Vec<&str> = self.keys.iter().map(|key| key.name.as_str()).collect();
        names.join(".")
    }

    /// Whether the path down to the last key is that of the records.
    fn is_at_records(&self) -> bool {
        let matched = self.keys.last().and_then(|key| key.matched);
        matched.is_some() && matched == self.records.as_ref().map(String::len)
    }

    /// What [`Key::matched`] is for the last key, if this is its name.
    fn matched(&self, name: &str) -> Option<usize> {
        let rest = match self.keys.split_last()?.1.last() {
            Some(parent) => self.records.as_ref()?.get(parent.matched?..)?.strip_prefix('.')?,
            None => self.records.as_ref()?,
        };
        Some(self.records.as_ref()?.len() - rest.strip_prefix(name)?.len())
    }

    fn open_object(&mut self) -> Result<State, Fault> {
        if self.keys.len() >= DEEPEST {
            return Err(Fault::TooDeep);
        }
        self.keys.push(Key::default());
        Ok(State::FirstKey)
    }

    fn close_object(&mut self) -> Result<State, Fault> {
        self.keys.pop();
        if !self.keys.is_empty() {
            return Ok(State::AfterValue);
        }
        self.ended += 1;
        if self.records.is_some() && !std::mem::take(&mut self.has_records) {
            return Err(Fault::Missing { records: self.records.clone(), arrays: std::mem::take(&mut self.arrays) });
        }
        Ok(State::Between)
    }

    fn end_key(&mut self) -> State {
        let name = key_of(&self.key);
        let matched = self.matched(&name);
        if let Some(key) = self.keys.last_mut() {
            *key = Key { name, matched };
        }
        State::Colon
    }

    fn note_value(&mut self) {
        if self.records.is_none() && self.names.len() < MOST_NOTED {
            self.names.push(self.path());
        }
    }

    /// Notes the array that is gone over: it has an object, which may be a record.
    fn note_array(&mut self) -> Result<(), Fault> {
        self.has_object = true;
        if self.is_found {
            return Err(Fault::Several([self.records.clone().unwrap_or_default(), self.path()]));
        }
        self.with_objects += 1;
        if self.with_objects <= MOST_NOTED {
            let path = self.path();
            if !self.arrays.contains(&path) {
                self.arrays.push(path);
            }
        }
        Ok(())
    }

    /// Goes over a byte of an array whose elements are no records.
    fn in_array(&mut self, byte: u8) -> Result<State, Fault> {
        // An array of arrays, too, or of which another element stands before the first object.
        if byte == b'{' && !self.has_object {
            self.note_array()?;
        }
        match byte {
            b'"' => return Ok(State::InArrayText { is_escaped: false }),
            b'{' | b'[' if self.keys.len() + self.open.len() >= DEEPEST => return Err(Fault::TooDeep),
            b'{' | b'[' => self.open.push(byte),
            // In ASCII a closing bracket is its opening one plus two.
            b'}' | b']' if self.open.pop() != Some(byte - 2) => return Err(Fault::Broken),
            _ => {}
        }
        Ok(if self.open.is_empty() { State::AfterValue } else { State::InArray })
    }
}

fn in_key(byte: u8, is_escaped: bool) -> State {
    State::InKey { is_escaped: byte == b'\\' && !is_escaped }
}

/// What is wrong with a document around its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is no JSON here.
    Broken,
    /// It is nested too deep.
    TooDeep,
    /// It is no object.
    NoObject,
    /// Another document follows the one whose records were found.
    Second,
    /// It has two arrays of objects.
    Several([String; 2]),
    /// It does not have the array; those that it has.
    Missing {
        /// The array.
        records: Option<String>,
        /// Those that it has.
        arrays: Vec<String>,
    },
    /// It ends too early.
    NotClosed,
}

impl Fault {
    /// The error at this offset of the text, after this number of records.
    pub fn into_error(self, at: u64, records: u64) -> io::Error {
        let place = at + 1;
        let kind = io::ErrorKind::InvalidData;
        match self {
            Fault::Broken => own_words(kind, format!("the JSON document is damaged at byte {place}")),
            Fault::TooDeep => own_words(kind, format!("the JSON document is nested too deep at byte {place}")),
            Fault::NoObject => own_words(
                kind,
                format!(
                    "at byte {place} stands no JSON object; --records takes an array out of objects, one after another"
                ),
            ),
            Fault::Second => own_words(
                kind,
                format!(
                    "from byte {place} on a second JSON document follows the one whose records were found. If its records \
                     are to be read too, name their array with --records"
                ),
            ),
            Fault::Several(arrays) => io::Error::new(kind, several(&arrays)),
            Fault::Missing { records, arrays } => {
                let named = records.unwrap_or_default();
                let there = match arrays.as_slice() {
                    [] => "it has no array of objects".to_string(),
                    arrays => format!("it has {}", listed(arrays)),
                };
                io::Error::new(kind, format!("the JSON document has no array {named:?} (--records); {there}"))
            }
            Fault::NotClosed => not_closed("document", records),
        }
    }
}

/// The error where a text ends too early, within an `array`, `object` or `document`.
pub fn not_closed(what: &str, records: u64) -> io::Error {
    let records = if records == 1 { "1 record".to_string() } else { format!("{records} records") };
    own_words(
        io::ErrorKind::UnexpectedEof,
        format!("the {what} is not closed after {records}: the file may be cut off. Get it again, whole"),
    )
}

/// What to do where several arrays could hold the records.
pub fn several(arrays: &[String]) -> String {
    format!("its records may be in {}; say which with --records {}", listed(arrays), quoted(&arrays[0]))
}

/// The names of arrays for a message.
fn listed(arrays: &[String]) -> String {
    const SHOWN: usize = 10;
    let mut named: Vec<String> = arrays.iter().take(SHOWN).map(|path| quoted(path)).collect();
    if arrays.len() > SHOWN {
        named.push(format!("{} more", arrays.len() - SHOWN));
    }
    match named.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

/// A path as a shell takes it, cut to what a line has room for.
fn quoted(path: &str) -> String {
    let is_plain = |character: char| character.is_alphanumeric() || matches!(character, '.' | '_' | '-');
    let short: String = path.chars().take(80).collect();
    if short.chars().all(is_plain) { short } else { format!("'{}'", short.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The elements' places by the path of their array, and how the text ends.
    fn follow(text: &str, records: &str, is_found: bool) -> (usize, Result<(), Fault>) {
        let mut document = Document::with_records(records, is_found);
        let mut bytes = text.bytes();
        let mut arrays = 0;
        while let Some(byte) = bytes.next() {
            match document.step(byte) {
                // The elements are numbers here.
                Ok(true) => {
                    arrays += 1;
                    bytes.find(|byte| *byte == b']');
                }
                Ok(false) => {}
                Err(fault) => return (arrays, Err(fault)),
            }
        }
        (arrays, document.end())
    }

    #[test]
    fn the_array_is_found_wherever_it_is() {
        for text in [
            r#"{"a":{"b":[1,2]}}"#,
            " { \"x\" : \"}\\\"{\" , \"a\" :\n{ \"b\" : [ 1 ] , \"c\" : null } } \n",
            r#"{"x":[{"a":{"b":[1]}},"]"],"y":{},"z":-1.5e+7,"a":{"t":true,"b":[]}}"#,
            r#"{"a":{"\u0062":[1]}}"#,
            r#"{"a.b":[1]}"#,
            r#"{"a":{"b":{"":[1]},"bc":[1],"":{"b":[1]},"b.":[1],"b":[]},"":{"a":{"b":[1]}},"a.b.":[1],"a.":{"b":[1]}}"#,
        ] {
            assert_eq!(follow(text, "a.b", false), (1, Ok(())), "{text}");
        }
        assert_eq!(follow(r#"{"a":[1],"a":[2]}{"a":[3]}"#, "a", false), (3, Ok(())));
    }

    #[test]
    fn what_is_wrong_around_it_is_an_error() {
        let missing = |arrays: &[&str]| Fault::Missing {
            records: Some("a".to_string()),
            arrays: arrays.iter().map(ToString::to_string).collect(),
        };
        for (text, fault) in [
            ("", missing(&[])),
            ("{}", missing(&[])),
            (r#"{"b":[{}],"c":{"d":[ {}]},"a":5}"#, missing(&["b", "c.d"])),
            (r#"{"a":[1]}{"b":1}"#, missing(&[])),
            (r#"{"a":[1]"#, Fault::NotClosed),
            (r#"{"a":[1],"b":[{"#, Fault::NotClosed),
            (r#"{"a":[1],"b":"x"#, Fault::NotClosed),
            (r#"{"a":[1]}x"#, Fault::NoObject),
            ("[1]", Fault::NoObject),
            (r#"{"a":[1]]}"#, Fault::Broken),
            (r#"{"a" [1]}"#, Fault::Broken),
            (r#"{"a":[1] "b":1}"#, Fault::Broken),
            (r#"{"b":[1},"a":[1]}"#, Fault::Broken),
            ("{\"b\":\"x\ny\",\"a\":[1]}", Fault::Broken),
            ("{,\"a\":[1]}", Fault::Broken),
            ("{5:[1]}", Fault::Broken),
        ] {
            assert_eq!(follow(text, "a", false).1, Err(fault), "{text}");
        }
        let deep = format!("{{\"b\":{}", "[".repeat(200));
        assert_eq!(follow(&deep, "a", false).1, Err(Fault::TooDeep));
        assert_eq!(follow(&"{\"a\":".repeat(200), "x", false).1, Err(Fault::TooDeep));
        assert_eq!(follow(r#"{"a":[1]}{"a":[2]}"#, "a", true).1, Err(Fault::Second));
        let several = Fault::Several(["a".to_string(), "c.b".to_string()]);
        // Whatever stands before the first object, and however deep in arrays it lies.
        for array in ["[ {}]", "[null,{}]", "[[{}]]", "[\"{\",[],[5,{\"x\":[]}]]"] {
            let text = format!("{{\"a\":[1],\"c\":{{\"b\":{array}}}}}");
            assert_eq!(follow(&text, "a", true).1, Err(several.clone()), "{text}");
            let found = look(text.as_bytes());
            assert_eq!((found.arrays, found.is_one), (vec!["c.b".to_string()], true), "{text}");
        }
        let none = r#"{"a":[1],"c":{"b":[5,"{",[[],null]]}}"#;
        assert_eq!(follow(none, "a", true).1, Ok(()));
    }

    #[test]
    fn a_look_notes_arrays_of_objects_and_other_values() {
        let found = look(br#"{"a":1,"b":{"c":[{"x":[{}]}],"d":"e"},"f":[1],"g":[]} "#);
        assert_eq!(
            (found.arrays, found.names, found.is_one),
            (vec!["b.c".into()], vec!["a".into(), "b.d".into()], true)
        );
        for (text, is_one) in [
            (r#"{"a":[{}]}"#, true),
            (r#"{"a":[{}"#, true),
            (r#"{"a":[{}]} {"a":1}"#, false),
            (r#"{"a":[{}]} x"#, false),
            (r#"{"a":[{}],,}"#, false),
            (r#"{"a":[{]}"#, true),
            (r#"{"a":[5,]},}"#, false),
            ("[{}]", false),
        ] {
            assert_eq!(look(text.as_bytes()).is_one, is_one, "{text}");
        }
    }
}
