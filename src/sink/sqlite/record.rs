//! SQLite's record format: how the values of a row, or of an index's entry, are laid out (sqlite.org/fileformat2.html,
//! section 2.1).
//!
//! Workers write accepted records in it through [`RecordBuilder`]: it is compact, needs no allocation a value, and is what
//! a table's page holds in the end. The customer ID, a row's first column, is a NULL in it, as the format has it for an
//! INTEGER PRIMARY KEY: the committing thread, which sees the records in order, assigns it later.

use std::ops::Range;

use crate::core::row::{RowBuilder, Value};

/// Encodes single rows and entries of an index, and keeps its buffers between them.
#[derive(Debug, Default)]
pub struct RowEncoder {
    types: Vec<u8>,
    body: Vec<u8>,
}

impl RowEncoder {
    pub fn clear(&mut self) {
        self.types.clear();
        self.body.clear();
    }

    pub fn push(&mut self, value: Value<'_>) {
        match value {
            Value::Null => self.types.push(0),
            Value::Integer(number) => {
                let (serial_type, width) = integer_type(number);
                self.types.push(serial_type);
                self.body.extend_from_slice(&number.to_be_bytes()[8 - width..]);
            }
            Value::Real(number) => {
                self.types.push(REAL);
                self.body.extend_from_slice(&number.to_be_bytes());
            }
            Value::Text(text) => {
                push_varint(&mut self.types, 13 + 2 * text.len() as u64);
                self.body.extend_from_slice(text);
            }
        }
    }

    /// Appends the row to `out`, and gives its range there.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Range<usize> {
        self.write(&[0], out)
    }

    /// Writes the values as an entry of an index, which has no customer ID in front.
    pub fn finish_entry(&mut self, out: &mut Vec<u8>) {
        self.write(&[], out);
    }

    fn write(&mut self, first_types: &[u8], out: &mut Vec<u8>) -> Range<usize> {
        let start = out.len();
        push_varint(out, header_length(first_types.len() + self.types.len()) as u64);
        out.extend_from_slice(first_types);
        out.extend_from_slice(&self.types);
        out.extend_from_slice(&self.body);
        self.clear();
        start..out.len()
    }
}

/// Rows one after another in one buffer. The bytes of a row's values are written where they stay. Before them room is kept for a
/// header of a byte a column, which is enough unless a text has more than 57 bytes.
pub struct RecordBuilder {
    /// What is written, and zeros after it to write over.
    bytes: Vec<u8>,
    /// Where the current row begins, where its values do, and where the next value will.
    start: usize,
    values: usize,
    end: usize,
    types: Vec<u8>,
    room: usize,
    /// The values that end every row, encoded once.
    common_types: Vec<u8>,
    common_body: Vec<u8>,
}

/// The number of bytes of a short text that are copied at once: a move of a fixed length takes less time than finding out how many there are.
const SHORT: usize = 32;

impl RecordBuilder {
    #[cold]
    fn grow(&mut self, until: usize) {
        self.bytes.resize(until + until / 2, 0);
    }

    #[inline]
    fn push_text_type(&mut self, length: usize) {
        match length {
            0..58 => self.types.push(13 + 2 * length as u8),
            _ => push_varint(&mut self.types, 13 + 2 * length as u64),
        }
    }
}

impl RowBuilder for RecordBuilder {
    type Rows = Vec<u8>;

    fn new(columns: usize, bytes: usize, common: &[Value<'_>]) -> RecordBuilder {
        let mut encoder = RowEncoder::default();
        common.iter().for_each(|value| encoder.push(*value));
        let mut rows = RecordBuilder {
            bytes: vec![0; bytes],
            start: 0,
            values: 0,
            end: 0,
            types: Vec::with_capacity(2 * columns),
            // One more for the customer ID.
            room: header_length(columns + 1),
            common_types: encoder.types,
            common_body: encoder.body,
        };
        rows.begin();
        rows
    }

    fn begin(&mut self) {
        self.end = self.start;
        self.space(self.room);
        self.end += self.room;
        self.values = self.end;
        self.types.clear();
        // The customer ID.
        self.types.push(0);
    }

    #[inline]
    fn space(&mut self, bytes: usize) -> &mut [u8] {
        let until = self.end + bytes;
        if until > self.bytes.len() {
            self.grow(until);
        }
        &mut self.bytes[self.end..until]
    }

    #[inline]
    fn push_null(&mut self) {
        self.types.push(0);
    }

    fn push_integer(&mut self, number: i64) {
        let (serial_type, width) = integer_type(number);
        self.types.push(serial_type);
        self.space(width).copy_from_slice(&number.to_be_bytes()[8 - width..]);
        self.end += width;
    }

    fn push_real(&mut self, number: f64) {
        self.types.push(REAL);
        self.space(8).copy_from_slice(&number.to_be_bytes());
        self.end += 8;
    }

    #[inline(always)]
    fn push_prefix(&mut self, source: &[u8], length: usize) {
        match source.first_chunk::<SHORT>() {
            Some(short) if length <= SHORT => self.space(SHORT).copy_from_slice(short),
            _ => self.space(length).copy_from_slice(&source[..length]),
        }
        self.push_written(length);
    }

    #[inline]
    fn push_written(&mut self, length: usize) {
        self.push_text_type(length);
        self.end += length;
    }

    fn push_common(&mut self) {
        self.types.extend_from_slice(&self.common_types);
        let until = self.end + self.common_body.len();
        if until > self.bytes.len() {
            self.grow(until);
        }
        self.bytes[self.end..until].copy_from_slice(&self.common_body);
        self.end = until;
    }

    #[inline]
    fn position(&self) -> usize {
        self.end
    }

    fn written(&self, range: Range<usize>) -> &[u8] {
        self.bytes.get(range).unwrap_or_default()
    }

    fn finish(&mut self) -> Range<usize> {
        let header = header_length(self.types.len());
        if header == self.room && header <= 127 {
            let out = &mut self.bytes[self.start..self.values];
            out[0] = header as u8;
            out[1..].copy_from_slice(&self.types);
        } else {
            let mut out = Vec::with_capacity(header);
            push_varint(&mut out, header as u64);
            out.extend_from_slice(&self.types);
            self.end = self.end + out.len() - self.room;
            self.bytes.splice(self.start..self.values, out);
        }
        let row = self.start..self.end;
        self.start = self.end;
        self.begin();
        row
    }

    fn into_rows(mut self) -> Vec<u8> {
        self.bytes.truncate(self.start);
        self.bytes
    }
}

/// The length of a row's header whose types take this many bytes. It counts the bytes of its own length: one up to 127,
/// else two (types never reach 16 KiB).
fn header_length(types: usize) -> usize {
    if types < 127 { types + 1 } else { types + 2 }
}

/// The values of an encoded row, in order, without the customer ID.
pub fn values(row: &[u8]) -> Values<'_> {
    let (header, used) = read_varint(row);
    let header = (header as usize).min(row.len());
    Values { types: row.get(used + 1..header).unwrap_or_default(), body: &row[header..] }
}

/// Appends a row to `out` with this number in a column, which is counted without the customer ID. Gives its range there.
pub fn with_integer(row: &[u8], column: usize, number: i64, out: &mut Vec<u8>) -> Range<usize> {
    let mut values = values(row);
    let (types, body) = (values.types, values.body);
    (&mut values).take(column).for_each(drop);
    let types_before = &types[..types.len() - values.types.len()];
    let body_before = &body[..body.len() - values.body.len()];
    values.next();
    let (serial_type, width) = integer_type(number);
    let start = out.len();
    push_varint(out, header_length(2 + types_before.len() + values.types.len()) as u64);
    // The customer ID.
    out.push(0);
    let number = &number.to_be_bytes()[8 - width..];
    let parts = [types_before, &[serial_type], values.types, body_before, number, values.body];
    parts.iter().for_each(|part| out.extend_from_slice(part));
    start..out.len()
}

pub struct Values<'a> {
    types: &'a [u8],
    body: &'a [u8],
}

impl<'a> Iterator for Values<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        if self.types.is_empty() {
            return None;
        }
        let (serial_type, used) = read_varint(self.types);
        self.types = &self.types[used..];
        let width = match serial_type {
            0 => return Some(Value::Null),
            8 => return Some(Value::Integer(0)),
            9 => return Some(Value::Integer(1)),
            1..=4 => serial_type as usize,
            5 => 6,
            6 | 7 => 8,
            text => (text.saturating_sub(13) / 2) as usize,
        };
        let (bytes, rest) = self.body.split_at(width.min(self.body.len()));
        self.body = rest;
        if serial_type == u64::from(REAL) {
            let number = bytes.try_into().map_or(0.0, f64::from_be_bytes);
            return Some(Value::Real(number));
        }
        if serial_type < 13 {
            let negative = bytes.first().is_some_and(|byte| *byte >= 0x80);
            let mut wide = if negative { [0xff; 8] } else { [0; 8] };
            wide[8 - bytes.len()..].copy_from_slice(bytes);
            return Some(Value::Integer(i64::from_be_bytes(wide)));
        }
        Some(Value::Text(bytes))
    }
}

/// The serial type of a floating-point number. SQLite itself stores one without decimals as an integer, and reads either.
const REAL: u8 = 7;

/// The serial type of an integer, and how many bytes it takes.
fn integer_type(number: i64) -> (u8, usize) {
    if matches!(number, 0 | 1) {
        return (8 + number as u8, 0);
    }
    // The bits that the number needs, its sign included.
    let bits = 65 - if number < 0 { (!number).leading_zeros() } else { number.leading_zeros() };
    match bits {
        0..=8 => (1, 1),
        9..=16 => (2, 2),
        17..=24 => (3, 3),
        25..=32 => (4, 4),
        33..=48 => (5, 6),
        _ => (6, 8),
    }
}

/// Writes a number in SQLite's variable-length form: big-endian, seven bits a byte, up to nine bytes.
#[inline]
pub fn push_varint(out: &mut Vec<u8>, number: u64) {
    match number {
        0..0x80 => out.push(number as u8),
        0x80..0x4000 => out.extend_from_slice(&[(number >> 7) as u8 | 0x80, (number & 0x7f) as u8]),
        _ => push_long_varint(out, number),
    }
}

fn push_long_varint(out: &mut Vec<u8>, number: u64) {
    let groups = (64 - number.leading_zeros()).div_ceil(7);
    if groups > 8 {
        // The ninth byte has all its eight bits for the number.
        for group in (0..8).rev() {
            out.push((number >> (8 + 7 * group)) as u8 | 0x80);
        }
        out.push(number as u8);
        return;
    }
    for group in (1..groups).rev() {
        out.push((number >> (7 * group)) as u8 | 0x80);
    }
    out.push((number & 0x7f) as u8);
}

fn read_varint(bytes: &[u8]) -> (u64, usize) {
    let mut number = 0;
    for (index, byte) in bytes.iter().enumerate().take(8) {
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return (number, index + 1);
        }
    }
    (number, bytes.len().min(8))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round_trip(row: &[Value<'_>]) {
        let mut encoder = RowEncoder::default();
        let mut out = b"before".to_vec();
        for value in row {
            encoder.push(*value);
        }
        let place = encoder.finish(&mut out);
        let encoded = &out[place];
        assert_eq!(values(encoded).collect::<Vec<_>>(), row);
        // The same among others, whatever room was kept for its header.
        for columns in [0, row.len(), 299] {
            let mut rows = RecordBuilder::new(columns, 0, &[Value::Null]);
            let first = rows.finish();
            row.iter().for_each(|_| rows.push_text(b"dropped"));
            rows.begin();
            for value in row {
                match value {
                    Value::Text(text) => {
                        // What was written and not pushed is written over.
                        rows.space(9).fill(b'!');
                        rows.space(text.len() + 5)[..text.len()].copy_from_slice(text);
                        rows.push_written(text.len());
                    }
                    Value::Null => rows.push_common(),
                    Value::Integer(number) => rows.push_integer(*number),
                    Value::Real(number) => rows.push_real(*number),
                }
            }
            let place = rows.finish();
            rows.push_text(b"unfinished");
            let bytes = rows.into_rows();
            assert_eq!(&bytes[first], [2, 0]);
            assert_eq!(&bytes[place], encoded);
        }
    }

    #[test]
    fn values_come_back() {
        let long = "x".repeat(20_000);
        round_trip(&[]);
        round_trip(&[
            Value::Null,
            Value::Text(b""),
            Value::Text(b"Ann"),
            Value::Text(long.as_bytes()),
            Value::Integer(7),
        ]);
        round_trip(&vec![Value::Text(&long.as_bytes()[..100]); 200]);
        for bits in 0..63 {
            for number in [1i64 << bits, (1i64 << bits) - 1, -(1i64 << bits), -(1i64 << bits) - 1] {
                round_trip(&[Value::Integer(number), Value::Null]);
            }
        }
        round_trip(&[Value::Integer(i64::MAX), Value::Integer(i64::MIN)]);
        round_trip(&[Value::Real(-1.5), Value::Real(0.0), Value::Text(b"x"), Value::Real(f64::MAX)]);
    }

    #[test]
    fn a_number_is_put_into_a_row() {
        let long = [b'x'; 200];
        for others in [vec![Value::Null; 124], vec![Value::Text(&long), Value::Integer(300), Value::Null]] {
            for column in 0..others.len() {
                for number in [0, 1, 7, -3, 1 << 40, i64::MIN] {
                    let encode = |row: &[Value<'_>]| {
                        let (mut encoder, mut out) = (RowEncoder::default(), Vec::new());
                        row.iter().for_each(|value| encoder.push(*value));
                        encoder.finish(&mut out);
                        out
                    };
                    let mut expected = others.clone();
                    expected[column] = Value::Integer(number);
                    let mut out = b"before".to_vec();
                    let place = with_integer(&encode(&others), column, number, &mut out);
                    assert_eq!(out[place], encode(&expected), "{number} in column {column}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_row_comes_back(texts in prop::collection::vec(".{0,300}", 0..40), number in any::<i64>()) {
            let mut row: Vec<Value<'_>> = texts.iter().map(|text| Value::Text(text.as_bytes())).collect();
            row.push(Value::Integer(number));
            row.push(Value::Null);
            round_trip(&row);
        }
    }
}
