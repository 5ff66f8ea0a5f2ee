//! How rows leave the core: the values of an accepted record are pushed one by one into a [`RowBuilder`].
//!
//! The sink chooses the builder, and with it the form of rows; the judge is compiled for that builder, without copies or
//! dynamic dispatch. [`PlainRows`] is a builder for callers that want the values themselves.

use std::ops::Range;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    Null,
    Integer(i64),
    Real(f64),
    Text(&'a [u8]),
}

/// Takes the values of rows in the order of their columns: begin, push, finish.
pub trait RowBuilder {
    type Rows: Default;

    /// A builder of rows with about `columns` values each and `bytes` in all. The `common` values are the same in all rows.
    fn new(columns: usize, bytes: usize, common: &[Value<'_>]) -> Self;

    /// Drops the values pushed since the last row was finished.
    fn begin(&mut self);

    fn push_null(&mut self);

    fn push_integer(&mut self, number: i64);

    fn push_real(&mut self, number: f64);

    fn push_text(&mut self, text: &[u8]) {
        self.push_prefix(text, text.len());
    }

    /// Adds the first `length` bytes of `source` as a text. More bytes after them can save time.
    fn push_prefix(&mut self, source: &[u8], length: usize);

    /// Space to write the next text to, which [`RowBuilder::push_written`] then adds.
    fn space(&mut self, bytes: usize) -> &mut [u8];

    /// Adds the text that was written to the first `length` bytes of [`RowBuilder::space`].
    fn push_written(&mut self, length: usize);

    fn push_common(&mut self);

    fn position(&self) -> usize;

    fn written(&self, range: Range<usize>) -> &[u8];

    fn finish(&mut self) -> Range<usize>;

    fn into_rows(self) -> Self::Rows;
}

#[derive(Debug, Default)]
pub struct PlainRows {
    /// The texts, followed by zeros to be overwritten.
    texts: Vec<u8>,
    end: usize,
    values: Vec<Plain>,
    /// Where the current row begins in the values, and in the texts.
    start: (usize, usize),
    common: Vec<Plain>,
}

#[derive(Clone, Debug)]
enum Plain {
    Null,
    Integer(i64),
    Real(f64),
    Text(Range<usize>),
}

impl PlainRows {
    pub fn row(&self, row: Range<u32>) -> impl Iterator<Item = Value<'_>> {
        self.values[row.start as usize..row.end as usize].iter().map(|value| match value {
            Plain::Null => Value::Null,
            Plain::Integer(number) => Value::Integer(*number),
            Plain::Real(number) => Value::Real(*number),
            Plain::Text(range) => Value::Text(&self.texts[range.clone()]),
        })
    }
}

impl RowBuilder for PlainRows {
    type Rows = PlainRows;

    fn new(_: usize, bytes: usize, common: &[Value<'_>]) -> PlainRows {
        let mut rows = PlainRows { texts: Vec::with_capacity(bytes), ..PlainRows::default() };
        for value in common {
            match value {
                Value::Null => rows.push_null(),
                Value::Integer(number) => rows.push_integer(*number),
                Value::Real(number) => rows.push_real(*number),
                Value::Text(text) => rows.push_text(text),
            }
        }
        rows.common = std::mem::take(&mut rows.values);
        rows.start = (0, rows.end);
        rows
    }

    fn begin(&mut self) {
        self.values.truncate(self.start.0);
        self.end = self.start.1;
    }

    fn push_null(&mut self) {
        self.values.push(Plain::Null);
    }

    fn push_integer(&mut self, number: i64) {
        self.values.push(Plain::Integer(number));
    }

    fn push_real(&mut self, number: f64) {
        self.values.push(Plain::Real(number));
    }

    fn push_prefix(&mut self, source: &[u8], length: usize) {
        self.space(length).copy_from_slice(&source[..length]);
        self.push_written(length);
    }

    fn space(&mut self, bytes: usize) -> &mut [u8] {
        self.texts.resize(self.texts.len().max(self.end + bytes), 0);
        &mut self.texts[self.end..self.end + bytes]
    }

    fn push_written(&mut self, length: usize) {
        let text = self.end..self.end + length;
        self.end = text.end;
        self.values.push(Plain::Text(text));
    }

    fn push_common(&mut self) {
        self.values.extend_from_slice(&self.common);
    }

    fn position(&self) -> usize {
        self.end
    }

    fn written(&self, range: Range<usize>) -> &[u8] {
        self.texts.get(range).unwrap_or_default()
    }

    fn finish(&mut self) -> Range<usize> {
        let row = self.start.0..self.values.len();
        self.start = (row.end, self.end);
        row
    }

    fn into_rows(mut self) -> PlainRows {
        self.begin();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_what_was_pushed_since_they_began() {
        let mut rows = PlainRows::new(4, 0, &[Value::Text(b"now"), Value::Integer(7)]);
        rows.push_text(b"dropped");
        rows.begin();
        let start = rows.position();
        rows.push_prefix(b"Ann Smith", 3);
        assert_eq!(rows.written(start..rows.position()), b"Ann");
        rows.space(9)[..4].copy_from_slice(b"Rome");
        rows.push_written(4);
        rows.push_null();
        rows.push_common();
        let first = rows.finish();
        rows.push_integer(-1);
        rows.push_real(1.5);
        let second = rows.finish();
        rows.push_text(b"unfinished");
        let rows = rows.into_rows();
        let values = |row: Range<usize>| rows.row(row.start as u32..row.end as u32).collect::<Vec<_>>();
        let text = |text: &'static str| Value::Text(text.as_bytes());
        assert_eq!(values(first), [text("Ann"), text("Rome"), Value::Null, text("now"), Value::Integer(7)]);
        assert_eq!(values(second), [Value::Integer(-1), Value::Real(1.5)]);
    }
}
