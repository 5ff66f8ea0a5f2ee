//! The members of one JSON object, one after another, where they are written: [`ObjectReader`].
//!
//! It reads valid JSON once and gives up on anything else without an explanation: serde_json then reads the same text
//! and explains. So it must accept nothing that serde_json rejects; a test checks that.

use std::borrow::Cow;

use super::text::{has_no_stop, stop_in_text};
use super::value::{JsonValue, is_white_space, text_of, value, value_length};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueSpan {
    start: u32,
    end: u32,
    is_plain_text: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written<'r> {
    /// A text without escapes, without its quotes.
    PlainText(&'r str),
    /// Any other value as written.
    Value(&'r str),
}

impl<'r> Written<'r> {
    pub fn of(raw: &'r str) -> Written<'r> {
        let text = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        text.filter(|text| has_no_stop(text.as_bytes())).map_or(Written::Value(raw), Written::PlainText)
    }

    /// Whether it is more than white space, and not `null`.
    pub fn is_filled(self) -> bool {
        match self.value() {
            JsonValue::Null => false,
            JsonValue::Text(text) => !text.trim().is_empty(),
            _ => true,
        }
    }

    pub fn value(self) -> JsonValue<'r> {
        match self {
            Written::PlainText(text) => JsonValue::Text(Cow::Borrowed(text)),
            Written::Value(raw) => value(raw),
        }
    }
}

impl ValueSpan {
    pub fn of<'r>(&self, record: &'r str) -> Written<'r> {
        let (start, end) = (self.start as usize, self.end as usize);
        match self.is_plain_text {
            true => Written::PlainText(record.get(start + 1..end - 1).unwrap_or_default()),
            false => Written::Value(record.get(start..end).unwrap_or_default()),
        }
    }

    /// The value's text if the record contains it literally: the record from the text on, and the text's length. `null`
    /// is empty text, a whole number its digits.
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

    /// One bit for each of at most 64 values: whether it is more than white space, and not `null`. A record that
    /// `is_tidy` has no two spaces in a row.
    #[inline]
    pub fn filled(spans: &[ValueSpan], record: &str, is_tidy: bool) -> u64 {
        let mut filled = 0;
        for span in spans.iter().rev() {
            let length = span.end - span.start;
            let is_surely = span.is_plain_text && is_tidy && length > "\" \"".len() as u32;
            let is_null = || record.as_bytes().get(span.start as usize) == Some(&b'n');
            filled = filled << 1 | u64::from(is_surely || !is_null() && span.of(record).is_filled());
        }
        filled
    }

    #[inline]
    pub fn is_object(&self, record: &str) -> bool {
        !self.is_plain_text && record.as_bytes().get(self.start as usize) == Some(&b'{')
    }

    pub fn raw<'r>(&self, record: &'r str) -> &'r str {
        record.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// Reads one member after another. `None` from any method means: leave the record to serde_json.
pub struct ObjectReader<'r> {
    record: &'r str,
    at: usize,
    is_first: bool,
}

impl<'r> ObjectReader<'r> {
    pub fn new(record: &'r str) -> Option<ObjectReader<'r>> {
        let mut reader = ObjectReader { record, at: 0, is_first: true };
        // Spans are 32 bits, like those of records.
        u32::try_from(record.len()).ok()?;
        reader.skip_white_space();
        reader.take(b'{').then_some(reader)
    }

    /// Moves to the next key; `false` if the object and the record end.
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

    /// Skips what is written exactly like this, such as a key and its colon; returns whether it is there.
    #[inline]
    pub fn take_written(&mut self, written: &[u8]) -> bool {
        let is_it = self.record.as_bytes()[self.at..].starts_with(written);
        if is_it {
            self.at += written.len();
        }
        is_it
    }

    /// The key, with escapes undone. Skips its colon.
    pub fn key(&mut self) -> Option<Cow<'r, str>> {
        let key = match self.text()?.of(self.record) {
            Written::PlainText(key) => Cow::Borrowed(key),
            Written::Value(raw) => text_of(raw)?,
        };
        self.skip_white_space();
        self.take(b':').then_some(key)
    }

    #[inline]
    pub fn value(&mut self) -> Option<ValueSpan> {
        self.skip_white_space();
        let start = self.at;
        match self.peek()? {
            b'"' => return self.text(),
            b'n' => self.take_written(b"null").then_some(())?,
            b't' => self.take_written(b"true").then_some(())?,
            b'f' => self.take_written(b"false").then_some(())?,
            b'-' | b'0'..=b'9' => self.go_over_number()?,
            b'[' | b'{' => self.at += value_length(self.record.get(self.at..)?)?,
            _ => return None,
        }
        Some(ValueSpan { start: start as u32, end: self.at as u32, is_plain_text: false })
    }

    #[inline(always)]
    fn text(&mut self) -> Option<ValueSpan> {
        let bytes = self.record.as_bytes();
        let start = self.at;
        let mut is_plain_text = true;
        self.at += 1;
        loop {
            self.at = stop_in_text(bytes, self.at);
            match bytes.get(self.at)? {
                b'"' => break,
                b'\\' => self.go_over_escape()?,
                // Control characters must be escaped.
                _ => return None,
            }
            is_plain_text = false;
        }
        self.at += 1;
        Some(ValueSpan { start: start as u32, end: self.at as u32, is_plain_text })
    }

    fn go_over_escape(&mut self) -> Option<()> {
        match self.record.as_bytes().get(self.at + 1)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 2,
            b'u' => match self.utf16_unit()? {
                // Half of a surrogate pair; the other half must follow.
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

    fn utf16_unit(&self) -> Option<u32> {
        let digits = self.record.as_bytes().get(self.at..self.at + 6)?.strip_prefix(b"\\u")?;
        digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)?))
    }

    fn go_over_number(&mut self) -> Option<()> {
        self.take(b'-');
        // No digit may follow a leading zero.
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

    /// Skips digits; there must be at least one.
    fn go_over_digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
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
