//! What is common to the elements of an array while they are cut: [`Elements`]. It finds what is between them, and
//! whether something looks like one of them.

use std::io;

use super::document::{Document, not_closed};
use crate::core::record::json::{FirstValue, first_value_until, is_white_space};
use crate::read::window::Window;

/// The longest object that is checked for being the next element.
const LONGEST_NEXT: u64 = 1 << 20;

/// The most white space between elements that is skipped, and held, at once. More is cut off like a blank line.
pub(super) const LONGEST_GAP: u64 = 64 * 1024;

/// The longest beginning by which elements are recognised.
const LONGEST_START: usize = 256;

/// The elements of an array, or objects that follow each other without one.
pub(super) struct Elements {
    pub(super) in_array: bool,
    /// The column of the next element, if it is the first on its line.
    pub(super) column: Option<u64>,
    /// The first element up to its first colon, without white space; empty until known.
    pub(super) shape: Vec<u8>,
    pub(super) line_end: u8,
    pub(super) document: Option<Document>,
    /// The number of elements cut, and the number up to the last valid one.
    pub(super) count: u64,
    pub(super) whole: u64,
    /// Up to where the current element was searched for the next one.
    pub(super) looked_until: u64,
}

impl Elements {
    pub(super) fn new(line_end: u8, document: Option<Document>) -> Elements {
        let (in_array, column, shape) = (false, None, Vec::new());
        Elements { in_array, column, shape, line_end, document, count: 0, whole: 0, looked_until: 0 }
    }

    /// The start of the next element at or after `at`, past white space, commas, the array's brackets and the document
    /// around it; and the number of lines before it.
    pub(super) fn go_to_next(&mut self, window: &mut Window, mut at: u64) -> io::Result<(u64, u64)> {
        let mut lines = 0;
        // Columns are known at the start of the text and after a line break.
        let mut line = (at == 0).then_some(at);
        let until = at + LONGEST_GAP;
        while at < until
            && let Some(byte) = window.byte(at)?
        {
            if byte == self.line_end {
                lines += 1;
                line = Some(at + 1);
            }
            match (&mut self.document, byte) {
                (Some(document), _) if !self.in_array => {
                    self.in_array = document.step(byte).map_err(|fault| fault.into_error(at, self.count))?;
                }
                (_, b',') => line = None,
                _ if is_white_space(byte) => {}
                (_, b']') if self.in_array => (self.in_array, line) = (false, None),
                (None, b'[') if !self.in_array => (self.in_array, line) = (true, None),
                _ => break,
            }
            at += 1;
        }
        self.column = line.map(|line| at - line);
        Ok((at, lines))
    }

    /// Whether this byte does not begin an element, but continues a gap too long to skip at once.
    pub(super) fn is_in_gap(&self, byte: u8) -> bool {
        let bracket = if self.in_array { b']' } else { b'[' };
        is_white_space(byte) || byte == b',' || byte == bracket || !self.in_array && self.document.is_some()
    }

    /// At the end of the text: an error if something is still open, because more may be missing.
    pub(super) fn end(&self) -> io::Result<()> {
        match &self.document {
            _ if self.in_array => Err(not_closed("array", self.whole)),
            Some(document) => document.end().map_err(|fault| fault.into_error(0, self.count)),
            None => Ok(()),
        }
    }

    /// The next byte that is not white space: its offset, the byte, and its column if it is the first on its line.
    fn token(&self, window: &mut Window, from: u64) -> io::Result<(u64, Option<u8>, Option<u64>)> {
        let mut line = None;
        for at in from..from + LONGEST_GAP {
            match window.byte(at)? {
                Some(byte) if is_white_space(byte) => line = if byte == self.line_end { Some(at + 1) } else { line },
                byte => return Ok((at, byte, line.map(|line| at - line))),
            }
        }
        Ok((from + LONGEST_GAP, None, None))
    }

    pub(super) fn is_key_next(&self, window: &mut Window, from: u64) -> io::Result<bool> {
        let (comma, byte, _) = self.token(window, from)?;
        Ok(byte == Some(b',') && self.token(window, comma + 1)?.1 == Some(b'"'))
    }

    /// Whether a bracket seems to end the array.
    pub(super) fn is_array_end(&self, window: &mut Window, at: u64) -> io::Result<bool> {
        if window.byte(at)? != Some(b']') {
            return Ok(false);
        }
        let (comma, byte, _) = self.token(window, at + 1)?;
        Ok(match (byte, &self.document) {
            (Some(b','), Some(_)) => self.token(window, comma + 1)?.1 == Some(b'"'),
            (Some(b'}'), Some(_)) => true,
            (byte, _) => byte.is_none(),
        })
    }

    /// Whether a broken element may end here, before another element or the end of the array. After a guess, what
    /// follows must look like an element.
    pub(super) fn may_end(&mut self, window: &mut Window, at: u64, is_guess: bool) -> io::Result<bool> {
        let (at, byte, column) = self.token(window, at)?;
        let (at, byte, column) = match byte {
            Some(b',') => self.token(window, at + 1)?,
            _ if !self.in_array => (at, byte, column),
            None => return Ok(true),
            _ => return self.is_array_end(window, at),
        };
        match byte {
            Some(b'{') if is_guess => {
                Ok(self.is_like_element(window, at, column)? && self.is_whole_element(window, at)?)
            }
            Some(b'{') => Ok(true),
            Some(b']') if self.in_array => self.is_array_end(window, at),
            byte => Ok(byte.is_none()),
        }
    }

    /// Whether an element begins here: a whole object that is not at the end of a nested array, judging by what follows
    /// it and others like it.
    pub(super) fn is_whole_element(&mut self, window: &mut Window, first: u64) -> io::Result<bool> {
        if first < self.looked_until {
            return Ok(false);
        }
        let most = LONGEST_NEXT;
        let mut at = first;
        loop {
            window.hold((first + most - window.offset()) as usize)?;
            let held = &window.held()[(at - window.offset()) as usize..];
            let (first_value, until) = first_value_until(&held[..held.len().min((first + most - at) as usize)]);
            self.looked_until = at + until as u64;
            let FirstValue::Whole(length) = first_value else { return Ok(at > first) };
            let end = at + length as u64;
            let (comma, byte, _) = self.token(window, end)?;
            let (next, after, column) = self.token(window, comma + 1)?;
            if (byte, after) != (Some(b','), Some(b'{')) {
                return self.may_end(window, end, false);
            }
            if !self.is_like_element(window, next, column)? {
                // Elements may begin with other keys, but not in other columns.
                return Ok(self.column.is_none());
            }
            if next >= first + most {
                return Ok(true);
            }
            at = next;
        }
    }

    pub(super) fn line_ends(&self, window: &Window, start: u64, end: u64) -> u64 {
        let held = window.slice(start, end);
        memchr::memchr_iter(self.line_end, held).count() as u64
    }

    /// Whether an object begins as elements do: in the same column, if this element is the first on its line, else with
    /// the first one's first key.
    pub(super) fn is_like_element(&self, window: &mut Window, at: u64, column: Option<u64>) -> io::Result<bool> {
        match self.column {
            Some(_) => Ok(column == self.column),
            None => self.is_shaped(window, at),
        }
    }

    /// Whether the text here begins like the first element.
    pub(super) fn is_shaped(&self, window: &mut Window, mut at: u64) -> io::Result<bool> {
        let until = at + 2 * LONGEST_START as u64;
        for expected in &self.shape {
            while at < until && matches!(window.byte(at)?, Some(b' ' | b'\t')) {
                at += 1;
            }
            if window.byte(at)? != Some(*expected) {
                return Ok(false);
            }
            at += 1;
        }
        Ok(!self.shape.is_empty())
    }
}

/// An object up to its first colon, without white space; empty if it does not begin like one.
pub(super) fn shape_of(window: &mut Window, start: u64) -> io::Result<Vec<u8>> {
    let mut shape = Vec::new();
    for at in start..start + LONGEST_START as u64 {
        match window.byte(at)? {
            Some(b':') if shape.starts_with(b"{\"") => return Ok(shape),
            Some(byte) if !is_white_space(byte) => shape.push(byte),
            Some(_) => {}
            None => break,
        }
    }
    Ok(Vec::new())
}
