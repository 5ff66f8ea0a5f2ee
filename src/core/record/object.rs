//! The members of one JSON object, one after another, where they are written: [`ObjectReader`].
//!
//! It goes over what is right once, and gives up at what is not without a word: what is wrong is then said by serde_json,
//! which reads the same text again. So it must take nothing that serde_json does not take, and a test holds it to that.

use std::borrow::Cow;

use super::json::{JsonValue, is_white_space, text_of, value, value_length};

/// Where a value, or a key, is in its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    start: u32,
    end: u32,
    is_plain_text: bool,
}

/// What is at a [`Place`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written<'r> {
    /// A text without escapes; the quotes are left out.
    PlainText(&'r str),
    /// Any value as it is written.
    Value(&'r str),
}

impl<'r> Written<'r> {
    /// What a value is that is written so.
    pub fn of(raw: &'r str) -> Written<'r> {
        let text = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        text.filter(|text| has_no_stop(text.as_bytes())).map_or(Written::Value(raw), Written::PlainText)
    }

    /// Whether it is more than white space, and not `null`.
    pub fn is_filled(self) -> bool {
        match self {
            Written::PlainText(text) => !text.trim().is_empty(),
            Written::Value(raw) => match value(raw) {
                JsonValue::Null => false,
                JsonValue::Text(text) => !text.trim().is_empty(),
                _ => true,
            },
        }
    }
}

impl Place {
    /// What is there in its record.
    pub fn of<'r>(&self, record: &'r str) -> Written<'r> {
        let (start, end) = (self.start as usize, self.end as usize);
        match self.is_plain_text {
            true => Written::PlainText(record.get(start + 1..end - 1).unwrap_or_default()),
            false => Written::Value(record.get(start..end).unwrap_or_default()),
        }
    }

    /// The text that it is read as, if that stands there so: the record from the text on, and its length. `null` is an empty one,
    /// and a whole number is its digits.
    #[inline]
    pub fn plain_in<'r>(&self, record: &'r [u8]) -> Option<(&'r [u8], usize)> {
        let (start, end) = (self.start as usize, self.end as usize);
        if self.is_plain_text {
            return Some((record.get(start + 1..)?, end - start - 2));
        }
        let raw = record.get(start..end)?;
        match raw.first()? {
            b'n' => Some((raw, 0)),
            b'-' | b'0'..=b'9' if raw[1..].iter().all(u8::is_ascii_digit) => Some((record.get(start..)?, raw.len())),
            _ => None,
        }
    }

    /// Which of at most 64 values are more than white space, and not `null`: a bit a value. In a record that `is_tidy` no two spaces
    /// stand side by side.
    #[inline]
    pub fn filled(places: &[Place], record: &str, is_tidy: bool) -> u64 {
        let bit = |word: u64, place: &Place| {
            let length = place.end - place.start;
            let is_surely = place.is_plain_text && is_tidy && length > "\" \"".len() as u32;
            let is_null = || record.as_bytes().get(place.start as usize) == Some(&b'n');
            word << 1 | u64::from(is_surely || !is_null() && place.of(record).is_filled())
        };
        places.iter().rev().fold(0, bit)
    }

    /// Whether it is an object.
    #[inline]
    pub fn is_object(&self, record: &str) -> bool {
        !self.is_plain_text && record.as_bytes().get(self.start as usize) == Some(&b'{')
    }

    /// The value as it is written, quotes and escapes and all.
    pub fn raw<'r>(&self, record: &'r str) -> &'r str {
        record.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// Reads one member after the other. What it gives nothing for is no object, or is for serde_json to look at.
#[derive(Debug)]
pub struct ObjectReader<'r> {
    record: &'r str,
    at: usize,
    is_first: bool,
}

impl<'r> ObjectReader<'r> {
    /// A reader in front of the first member of the object that `record` is.
    pub fn new(record: &'r str) -> Option<ObjectReader<'r>> {
        let mut reader = ObjectReader { record, at: 0, is_first: true };
        // Places are noted in 32 bits, like those of records.
        u32::try_from(record.len()).ok()?;
        reader.skip_white_space();
        reader.take(b'{').then_some(reader)
    }

    /// Goes to the next key; whether there is one, or the object and the record end.
    #[inline]
    pub fn go_to_key(&mut self) -> Option<bool> {
        self.skip_white_space();
        if self.take(b'}') {
            self.skip_white_space();
            return (self.at == self.record.len()).then_some(false);
        }
        if !std::mem::take(&mut self.is_first) {
            if !self.take(b',') {
                return None;
            }
            self.skip_white_space();
        }
        (self.peek() == Some(b'"')).then_some(true)
    }

    /// Goes over the key and its colon if they are written just so, and tells whether they are.
    #[inline]
    pub fn take_key(&mut self, written: &[u8]) -> bool {
        let is_it = self.record.as_bytes()[self.at..].starts_with(written);
        if is_it {
            self.at += written.len();
        }
        is_it
    }

    /// The key, its escapes undone. Goes over its colon.
    pub fn key(&mut self) -> Option<Cow<'r, str>> {
        let key = match self.text()?.of(self.record) {
            Written::PlainText(key) => Cow::Borrowed(key),
            Written::Value(raw) => text_of(raw)?,
        };
        self.skip_white_space();
        self.take(b':').then_some(key)
    }

    /// The value behind the key.
    #[inline]
    pub fn value(&mut self) -> Option<Place> {
        self.skip_white_space();
        let start = self.at;
        match self.peek()? {
            b'"' => return self.text(),
            b'n' => self.take_word(b"null")?,
            b't' => self.take_word(b"true")?,
            b'f' => self.take_word(b"false")?,
            b'-' | b'0'..=b'9' => self.go_over_number()?,
            b'[' | b'{' => self.go_over_nested()?,
            _ => return None,
        }
        Some(Place { start: start as u32, end: self.at as u32, is_plain_text: false })
    }

    #[inline]
    fn text(&mut self) -> Option<Place> {
        let bytes = self.record.as_bytes();
        let start = self.at;
        let mut is_plain_text = true;
        self.at += 1;
        loop {
            self.at = stop_in_text(bytes, self.at);
            match bytes.get(self.at)? {
                b'"' => break,
                b'\\' => self.go_over_escape()?,
                // Control characters must be written as escapes.
                _ => return None,
            }
            is_plain_text = false;
        }
        self.at += 1;
        Some(Place { start: start as u32, end: self.at as u32, is_plain_text })
    }

    fn go_over_escape(&mut self) -> Option<()> {
        match self.record.as_bytes().get(self.at + 1)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 2,
            b'u' => match self.utf16_unit()? {
                // Half a character: the other half must follow.
                0xd800..=0xdbff => {
                    self.at += 6;
                    if !matches!(self.utf16_unit()?, 0xdc00..=0xdfff) {
                        return None;
                    }
                    self.at += 6;
                }
                0xdc00..=0xdfff => return None,
                _ => self.at += 6,
            },
            _ => return None,
        }
        Some(())
    }

    /// What the escape `\uXXXX` here stands for.
    fn utf16_unit(&self) -> Option<u32> {
        let digits = self.record.as_bytes().get(self.at..self.at + 6)?.strip_prefix(b"\\u")?;
        digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)?))
    }

    fn take_word(&mut self, word: &[u8]) -> Option<()> {
        self.take_key(word).then_some(())
    }

    fn go_over_number(&mut self) -> Option<()> {
        self.take(b'-');
        // No digit stands behind a leading zero.
        if !self.take(b'0') {
            self.go_over_digits()?;
        }
        if self.take(b'.') {
            self.go_over_digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            self.go_over_digits()?;
        }
        Some(())
    }

    /// Goes over digits, of which there must be one.
    fn go_over_digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    /// Goes over an array or an object.
    fn go_over_nested(&mut self) -> Option<()> {
        self.at += value_length(self.record.get(self.at..)?)?;
        Some(())
    }

    fn peek(&self) -> Option<u8> {
        self.record.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_it = self.peek() == Some(byte);
        self.at += usize::from(is_it);
        is_it
    }

    fn skip_white_space(&mut self) {
        while self.peek().is_some_and(is_white_space) {
            self.at += 1;
        }
    }
}

/// The place of the first quote, backslash or control character at or behind `at`; the end if there is none.
#[inline]
pub fn stop_in_text(bytes: &[u8], mut at: usize) -> usize {
    while let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let found = stops(*eight);
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    bytes.get(at..).and_then(|rest| rest.iter().position(is_stop)).map_or(bytes.len(), |found| at + found)
}

/// Whether there is none in a text.
pub(super) fn has_no_stop(bytes: &[u8]) -> bool {
    let Some(last) = bytes.last_chunk() else { return !bytes.iter().any(is_stop) };
    // The last eight bytes are looked at once more, rather than those that are left one by one.
    bytes.as_chunks().0.iter().fold(stops(*last), |found, eight| found | stops(*eight)) == 0
}

/// Which of eight bytes are quotes, backslashes or control characters: the highest bit of each. Above the lowest there may be
/// more than are true, for what is taken away from a byte is borrowed from those above.
fn stops(eight: [u8; 8]) -> u64 {
    const EACH: u64 = u64::from_ne_bytes([1; 8]);
    let word = u64::from_le_bytes(eight);
    let quotes = (word ^ (EACH * u64::from(b'"'))).wrapping_sub(EACH);
    let backslashes = (word ^ (EACH * u64::from(b'\\'))).wrapping_sub(EACH);
    let controls = word.wrapping_sub(EACH * 0x20);
    (quotes | backslashes | controls) & !word & (EACH * 0x80)
}

fn is_stop(byte: &u8) -> bool {
    matches!(byte, b'"' | b'\\' | 0..=0x1f)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::record::json::Members;

    fn read(record: &str) -> Option<Vec<(String, String)>> {
        let mut reader = ObjectReader::new(record)?;
        let mut members = Vec::new();
        while reader.go_to_key()? {
            let key = reader.key()?.into_owned();
            let value = reader.value()?;
            if let Written::PlainText(text) = value.of(record) {
                assert_eq!(text_of(value.raw(record)).as_deref(), Some(text));
            }
            members.push((key, value.raw(record).to_string()));
        }
        Some(members)
    }

    fn read_by_serde(record: &str) -> Option<Vec<(String, String)>> {
        let members = Members::parse_by_serde(record).ok()?;
        Some(members.0.into_iter().map(|(key, value)| (key.into_owned(), value.to_string())).collect())
    }

    #[test]
    fn what_is_right_is_read() {
        for record in [
            "{}",
            " { } ",
            r#"{"a":1}"#,
            "\t{ \"a\" : 1 ,\r\"b\":\"x\" } \n",
            r#"{"":"","a":-0,"b":1.5e+7,"c":0E0,"d":true,"e":false,"f":null}"#,
            r#"{"a":[1,{"b":"}"}],"c":{"d":[]}, "e" : "\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00" }"#,
            r#"{"\u0061":1,"a":2}"#,
            r#"{"münchen":"東京 text that is longer than a word"}"#,
        ] {
            assert!(read(record).is_some(), "{record}");
            assert_eq!(read(record), read_by_serde(record), "{record}");
        }
    }

    #[test]
    fn stops_are_found_at_every_place() {
        for stop in [b'"', b'\\', 0, b'\n', 0x1f] {
            for length in 0..40 {
                for place in 0..length {
                    let mut text = vec![b' '; length];
                    text[place..].fill(0xff);
                    text[place] = stop;
                    text[length - 1] = stop;
                    assert_eq!(stop_in_text(&text, 0), place);
                    assert_eq!(stop_in_text(&text, place + 1), length - usize::from(place + 1 < length));
                }
            }
        }
        assert_eq!(stop_in_text(&(b' '..=0xff).filter(|byte| !b"\"\\".contains(byte)).collect::<Vec<_>>(), 0), 222);
    }

    /// Something like JSON, and often JSON.
    fn records() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            "\"",
            "\"a\"",
            "\"b\"",
            "\"a\":",
            "\"\\u0061\":1",
            "1",
            "-",
            "0",
            "01",
            "1.5",
            "e7",
            ".",
            "true",
            "nul",
            "null",
            " ",
            "\t",
            "\n",
            "\\",
            "\\u",
            "\\ud83d",
            "\\ude00",
            "\\\"",
            "é",
            "\u{1}",
            "12",
            "\"a\":1,",
            "\"b\":\"x\",",
            "\"c\":[{}]",
            "some longer text",
        ]);
        let value = prop_oneof![
            "\"([a-z é]|\\\\[\"\\\\/bfnrtux]|\\\\u[0d][0-9a-f]{3}){0,6}\"",
            "-?[0-9]{1,3}(\\.[0-9]{0,2})?([eE][+-]?[0-9]{0,2})?",
            prop::sample::select(vec!["true", "false", "null", "[]", "{}", "[1,{\"a\":\"}\"}]", "[", "\"", ""])
                .prop_map(String::from),
        ];
        let object = prop::collection::vec(("[ab]{0,2}|\\\\u006[0-9]", " ?", value, " ?"), 0..5).prop_map(|members| {
            let members: Vec<String> = members
                .iter()
                .map(|(key, one, value, other)| format!("{one}\"{key}\"{other}:{one}{value}{other}"))
                .collect();
            format!("{{{}}}", members.join(","))
        });
        prop_oneof![
            object,
            prop::collection::vec(piece.clone(), 0..12).prop_map(|pieces| pieces.concat()),
            prop::collection::vec(piece, 0..10).prop_map(|pieces| format!("{{{}}}", pieces.concat())),
        ]
    }

    proptest! {
        #[test]
        fn records_are_read_as_serde_reads_them(record in records()) {
            prop_assert_eq!(read(&record), read_by_serde(&record));
        }
    }
}
