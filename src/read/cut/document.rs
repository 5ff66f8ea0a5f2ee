//! Where the records of a JSON document are: [`Document`] follows all of it but the array with the records.
//!
//! It goes byte by byte and keeps only the keys down to where it is, however long the document. Invalid JSON is an
//! error of the input: after it, nothing shows what belongs to the array. Elements are cut by
//! [`JsonCutter`](super::json::JsonCutter).

#[cfg(test)]
mod tests;

use std::io;

use crate::core::record::json::{is_white_space, key_of};
use crate::error::own_words;
use crate::shell::word;

/// How deep a document may be nested. The record parser has the same limit.
const DEEPEST: usize = 128;
/// The longest key kept, as written, and the most names and arrays kept of a sample.
const LONGEST_KEY: usize = 1024;
const MOST_NOTED: usize = 1000;

/// Names the document itself where an array is named.
pub const ITSELF: &str = ".";

#[derive(Debug, Default)]
pub struct Document {
    /// The path of the array with the records; without one, arrays are only collected.
    records: Option<String>,
    /// Whether that array was found, not named, so that it must be the only one.
    is_found: bool,
    state: State,
    /// Whether the next byte of a text follows a backslash.
    is_escaped: bool,
    /// The current key of each open object.
    keys: Vec<Key>,
    /// The key being read, with its quotes.
    key: Vec<u8>,
    /// The open brackets within an array that is skipped.
    open: Vec<u8>,
    /// Whether that array has an object, and the number of such arrays.
    has_object: bool,
    with_objects: usize,
    /// The number of documents that have ended, and whether this one has had the array.
    ended: u64,
    has_records: bool,
    /// The paths of arrays of objects, and of all other values outside arrays.
    arrays: Vec<String>,
    names: Vec<String>,
    /// The paths of arrays without elements, and whether the array being skipped has had none so far.
    empty: Vec<String>,
    is_bare: bool,
}

#[derive(Debug, Default)]
struct Key {
    name: String,
    /// The length of the path down to here, if that of the records begins with it. So an array costs the same anywhere.
    matched: Option<usize>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Outside of documents.
    #[default]
    Between,
    /// Before the first key, or the end of an object without members.
    FirstKey,
    Key,
    InKey,
    Colon,
    Value,
    InText,
    /// In a number or a word.
    InWord,
    AfterValue,
    /// In an array without records.
    InArray,
    InArrayText,
}

/// What a sample shows of its document.
pub struct Overview {
    /// The paths of its arrays of objects.
    pub arrays: Vec<String>,
    /// The paths of its arrays without elements.
    pub empty: Vec<String>,
    /// The paths of its other values.
    pub names: Vec<String>,
    pub is_one: bool,
    /// Whether it has an error within an array of objects, after which nothing can be said.
    pub has_slip: bool,
}

/// Reads the beginning of a text for the arrays of objects of its first document.
pub fn overview(text: &[u8]) -> Overview {
    let mut document = Document::default();
    let rest = text.iter().position(|byte| document.ended > 0 || document.step(*byte).is_err());
    let has_slip = rest.is_some() && !document.open.is_empty() && !document.arrays.is_empty();
    let is_alone = |at: usize| document.ended > 0 && text[at..].iter().all(|byte| is_white_space(*byte));
    let is_one = has_slip || rest.is_none_or(is_alone);
    Overview { arrays: document.arrays, empty: document.empty, names: document.names, is_one, has_slip }
}

impl Document {
    /// A document with its records in the array with this path; `is_found` if that must be the only one.
    pub fn with_records(path: &str, is_found: bool) -> Document {
        Document { records: Some(path.to_string()), is_found, ..Document::default() }
    }

    /// Takes the next byte; returns whether the elements with the records follow.
    pub fn step(&mut self, byte: u8) -> Result<bool, Fault> {
        let is_space = is_white_space(byte);
        let is_escaped = self.is_escaped;
        self.is_escaped = byte == b'\\' && !is_escaped;
        self.state = match (self.state, byte) {
            (State::InKey | State::InText | State::InArrayText, 0..=0x1f) => return Err(Fault::Broken),
            (State::Between, b'{') if self.ended > 0 && self.is_found => return Err(Fault::Second),
            (State::Between | State::Value, b'{') => self.open_object()?,
            (State::Between, _) if !is_space => return Err(Fault::NoObject),
            (State::FirstKey | State::AfterValue, b'}') => self.close_object()?,
            (State::FirstKey | State::Key, b'"') => {
                self.key = vec![byte];
                State::InKey
            }
            (State::InKey, _) => self.in_key(byte, is_escaped),
            (State::Colon, b':') => State::Value,
            (State::Value, b'[') if self.is_at_records() => {
                (self.has_records, self.state) = (true, State::AfterValue);
                return Ok(true);
            }
            (State::Value, b'[') => {
                (self.open, self.has_object, self.is_bare) = (vec![byte], false, true);
                State::InArray
            }
            (State::Value, b'"') => {
                self.note_value();
                State::InText
            }
            (State::Value, b'-' | b'0'..=b'9' | b'a'..=b'z') => {
                self.note_value();
                State::InWord
            }
            (State::InText, b'"') if !is_escaped => State::AfterValue,
            (State::InWord, b'-' | b'+' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z') => State::InWord,
            (State::InWord | State::AfterValue, b',') => State::Key,
            (State::InWord, b'}') => self.close_object()?,
            (State::InWord, _) if is_space => State::AfterValue,
            (State::InArray, _) => self.in_array(byte)?,
            (State::InArrayText, b'"') if !is_escaped => State::InArray,
            (state @ (State::InText | State::InArrayText), _) => state,
            (state, _) if is_space => state,
            _ => return Err(Fault::Broken),
        };
        Ok(false)
    }

    /// At the end of the text: an error if it may not end here.
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

    fn is_at_records(&self) -> bool {
        let matched = self.keys.last().and_then(|key| key.matched);
        matched.is_some() && matched == self.records.as_ref().map(String::len)
    }

    /// [`Key::matched`] for the last key, if this is its name.
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

    fn in_key(&mut self, byte: u8, is_escaped: bool) -> State {
        if self.key.len() <= LONGEST_KEY {
            self.key.push(byte);
        }
        if byte != b'"' || is_escaped {
            return State::InKey;
        }
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

    /// Records that the array being skipped has an object, which may be a record.
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

    /// Takes a byte of an array that is skipped.
    fn in_array(&mut self, byte: u8) -> Result<State, Fault> {
        if byte == b']' && self.is_bare && self.records.is_none() && self.empty.len() < MOST_NOTED {
            self.empty.push(self.path());
        }
        self.is_bare &= is_white_space(byte);
        // This includes arrays of arrays, and arrays with other elements before the first object.
        if byte == b'{' && !self.has_object {
            self.note_array()?;
        }
        match byte {
            b'"' => return Ok(State::InArrayText),
            b'{' | b'[' if self.keys.len() + self.open.len() >= DEEPEST => return Err(Fault::TooDeep),
            b'{' | b'[' => self.open.push(byte),
            // In ASCII a closing bracket is the opening one plus two.
            b'}' | b']' if self.open.pop() != Some(byte - 2) => return Err(Fault::Broken),
            _ => {}
        }
        Ok(if self.open.is_empty() { State::AfterValue } else { State::InArray })
    }
}

/// What is wrong with a document around its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    Broken,
    TooDeep,
    NoObject,
    /// Another document follows the one whose records were found.
    Second,
    Several([String; 2]),
    Missing {
        records: Option<String>,
        arrays: Vec<String>,
    },
    NotClosed,
}

impl Fault {
    /// The error at this offset of the text, after this number of records.
    pub fn into_error(self, at: u64, records: u64) -> io::Error {
        let byte = at + 1;
        let kind = io::ErrorKind::InvalidData;
        let message = match self {
            Fault::Broken => format!(
                "the JSON document is not valid JSON at byte {byte}; correct it there, or get \
                                      the whole file again"
            ),
            Fault::TooDeep => format!("the JSON document is nested too deep at byte {byte}"),
            Fault::NoObject => format!(
                "no JSON object begins at byte {byte}; with --records a file is one object, or several one after \
                 another"
            ),
            Fault::Second => format!(
                "a second JSON document begins at byte {byte}; to read its records too, name their array with --records"
            ),
            Fault::Several(arrays) => return io::Error::new(kind, several(&arrays)),
            Fault::Missing { records, arrays } => {
                let named = records.unwrap_or_default();
                let there = match arrays.as_slice() {
                    [] => "it has no array of objects".to_string(),
                    arrays => format!("it has {}", listed(arrays)),
                };
                let message = format!("the JSON document has no array {named:?} (--records); {there}");
                return io::Error::new(kind, message);
            }
            Fault::NotClosed => return not_closed("document", records),
        };
        own_words(kind, message)
    }
}

/// The error of a text that ends too early, within an `array`, `object` or `document`.
pub fn not_closed(what: &str, records: u64) -> io::Error {
    let records = if records == 1 { "1 record".to_string() } else { format!("{records} records") };
    own_words(
        io::ErrorKind::UnexpectedEof,
        format!("the {what} is not closed after {records}: the file may be cut off. Get the whole file again"),
    )
}

/// What to do if several arrays could hold the records.
pub fn several(arrays: &[String]) -> String {
    format!("its records may be in {}; choose with --records {}", listed(arrays), quoted(&arrays[0]))
}

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

fn quoted(path: &str) -> String {
    word(&path.chars().take(80).collect::<String>()).into_owned()
}
