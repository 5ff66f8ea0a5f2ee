//! A row on its way into the database: the values of one accepted record, in SQLite's record format.
//!
//! Workers encode rows, the store decodes them. The format (sqlite.org/fileformat2.html, section 2.1) is used because it
//! is compact, needs no allocation a value, and is what a table's page holds in the end. The customer ID, a row's first
//! column, is a NULL in it, as the format has it for an INTEGER PRIMARY KEY: it is assigned later, by the thread that sees
//! the records in order.

use std::ops::Range;

/// One value of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Missing.
    Null,
    /// An `INTEGER`.
    Integer(i64),
    /// A `TEXT`, in UTF-8.
    Text(&'a [u8]),
}

/// Encodes rows, one after another, and keeps its buffers between them.
#[derive(Debug, Default)]
pub struct RowEncoder {
    types: Vec<u8>,
    body: Vec<u8>,
}

impl RowEncoder {
    /// Forgets the values pushed so far.
    pub fn clear(&mut self) {
        self.types.clear();
        self.body.clear();
    }

    /// Adds a value behind those pushed so far.
    pub fn push(&mut self, value: Value<'_>) {
        match value {
            Value::Null => self.types.push(0),
            Value::Integer(0) => self.types.push(8),
            Value::Integer(1) => self.types.push(9),
            Value::Integer(number) => {
                let (serial_type, width) = integer_type(number);
                self.types.push(serial_type);
                self.body.extend_from_slice(&number.to_be_bytes()[8 - width..]);
            }
            Value::Text(text) => {
                push_varint(&mut self.types, 13 + 2 * text.len() as u64);
                self.body.extend_from_slice(text);
            }
        }
    }

    /// Writes the row behind what `out` holds, and gives its place there.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Range<usize> {
        self.write(&[0], out)
    }

    /// Writes the values as an entry of an index, which has no customer ID in front.
    pub fn finish_entry(&mut self, out: &mut Vec<u8>) {
        self.write(&[], out);
    }

    fn write(&mut self, first_types: &[u8], out: &mut Vec<u8>) -> Range<usize> {
        let start = out.len();
        // The header counts its own length's bytes: one up to 127, else two (types never reach 16 KiB).
        let mut header = first_types.len() + self.types.len() + 1;
        if header > 127 {
            header += 1;
        }
        push_varint(out, header as u64);
        out.extend_from_slice(first_types);
        out.extend_from_slice(&self.types);
        out.extend_from_slice(&self.body);
        self.clear();
        start..out.len()
    }
}

/// The values of a row that [`RowEncoder`] wrote, in order, the customer ID left out.
pub fn values(row: &[u8]) -> Values<'_> {
    let (header, used) = read_varint(row);
    let header = (header as usize).min(row.len());
    Values { types: row.get(used + 1..header).unwrap_or_default(), body: &row[header..] }
}

/// See [`values`].
#[derive(Debug)]
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
            6 => 8,
            text => (text.saturating_sub(13) / 2) as usize,
        };
        let (bytes, rest) = self.body.split_at(width.min(self.body.len()));
        self.body = rest;
        if serial_type < 13 {
            let negative = bytes.first().is_some_and(|byte| *byte >= 0x80);
            let mut wide = if negative { [0xff; 8] } else { [0; 8] };
            wide[8 - bytes.len()..].copy_from_slice(bytes);
            return Some(Value::Integer(i64::from_be_bytes(wide)));
        }
        Some(Value::Text(bytes))
    }
}

/// The serial type of an integer other than 0 and 1, and how many bytes it takes.
fn integer_type(number: i64) -> (u8, usize) {
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
        assert_eq!(values(&out[place]).collect::<Vec<_>>(), row);
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
