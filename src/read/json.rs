//! Where the objects of a JSON array end: [`JsonCutter`]. Objects that follow each other without an array are cut likewise.
//!
//! Nothing is parsed here: brackets and texts are followed as far as it takes to see where an element ends. Nothing but its end
//! ends an element that has no slip, whatever is nested in it and however long it is; of one that is too large, no more is kept than
//! where it is in its brackets.
//!
//! A slip must not cost more than its element. A quote that is missing shows when a text ends where none may end, or with its
//! line, for no text goes over a line break; the text is then read again as if it were none. A bracket that is missing shows when
//! another does not fit, or when an object stands where a key belongs. What follows is believed to be the next element only where
//! it cannot be nested in the broken one: it begins as elements do (`JsonCutter::is_like_element`), it is whole, it stands
//! where an element may, and no array is open whose objects begin like that too. What cannot be told apart belongs to the broken
//! element, for a nested object that is taken for a record is worse than a record that is rejected with its neighbour.
//!
//! The cost is linear: a text is read again once, and what was looked at for being the next element is not looked at again.
//!
//! A text that ends within an array or an object was cut off, which is an error of the input. What stands around an array within a
//! document is for [`Document`].

#[cfg(test)]
mod tests;

use std::io;

use super::document::{Document, not_closed};
use super::window::{Found, Window};
use super::{Cut, Cutter};
use crate::core::record::Extent;
use crate::core::record::json::{Begun, begun_until, is_white_space};

/// How many bytes may be followed in vain, and again, for elements without an end.
const MOST_WASTED: u64 = 16 << 20;

/// The longest element that is looked at for being the next one.
const LONGEST_NEXT: u64 = 1 << 20;

/// How deep brackets are told apart. The parser of records does not go deeper; they are only counted there.
const DEEPEST: usize = 128;

/// Stands for the bracket of an array whose objects begin as elements do.
const ALIKE: u8 = b'(';

/// The same of an array whose first object stands on the line of another, where elements have their own: its next may be like one.
const INLINE: u8 = b'<';

/// How much white space between elements is gone over at once. More is cut off like a blank line, so that it is not held.
const LONGEST_GAP: u64 = 64 * 1024;

/// The longest beginning of an element by which others are known.
const LONGEST_START: usize = 256;

/// Cuts the elements of an array.
#[derive(Debug)]
pub struct JsonCutter {
    limit: u64,
    /// Whether an array is open.
    in_array: bool,
    /// What is known of the element that is followed.
    scan: Scan,
    /// How far from the left the element stands that comes next, if it is the first on its line.
    column: Option<u64>,
    /// What the first element begins with, up to its first colon, without white space; empty until that is known.
    shape: Vec<u8>,
    /// The bytes that were followed after the ends of elements, and have to be followed again.
    wasted: u64,
    /// The line ends of the element that is too large, after its limit.
    rest_lines: u64,
    /// What a line ends with: LF or CR.
    line_end: u8,
    /// The document around the array.
    document: Option<Document>,
    /// How many elements were cut, and how many up to the last one that ended as it should.
    elements: u64,
    whole: u64,
}

impl JsonCutter {
    /// A cutter for this limit of a record's length in bytes.
    pub fn new(limit: u64) -> JsonCutter {
        JsonCutter {
            limit,
            in_array: false,
            scan: Scan::default(),
            column: None,
            shape: Vec::new(),
            wasted: 0,
            rest_lines: 0,
            line_end: b'\n',
            document: None,
            elements: 0,
            whole: 0,
        }
    }

    /// The same for a text whose lines end with this byte.
    pub fn with_line_end(self, line_end: u8) -> JsonCutter {
        JsonCutter { line_end, ..self }
    }

    /// The same for an array within a document.
    pub fn within(self, document: Document) -> JsonCutter {
        JsonCutter { document: Some(document), ..self }
    }

    /// Lets go of what stands in front of the first element; the offset at which that starts, and how many lines end before it.
    pub fn start(&mut self, window: &mut Window) -> io::Result<(u64, u64)> {
        let mut lines = 0;
        loop {
            let offset = window.offset();
            let (next, more) = self.go_to_next(window, offset)?;
            lines += more;
            window.drop_until(next);
            if next - offset < LONGEST_GAP {
                return Ok((next, lines));
            }
        }
    }

    /// The start of the next element at or after `at`, over white space, commas, the brackets of the array and the document
    /// around it, and how many lines end before it.
    fn go_to_next(&mut self, window: &mut Window, mut at: u64) -> io::Result<(u64, u64)> {
        let mut lines = 0;
        // At the start of the text, and behind a line break, columns are known.
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
                    self.in_array = document.step(byte).map_err(|fault| fault.into_error(at, self.elements))?;
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

    /// Whether an element that begins with this byte is none, because a gap before it was too long to be gone over at once.
    fn is_in_gap(&self, byte: u8) -> bool {
        let bracket = if self.in_array { b']' } else { b'[' };
        is_white_space(byte) || byte == b',' || byte == bracket || !self.in_array && self.document.is_some()
    }

    /// At the end of the text: an error where something is still open, for more may be missing.
    fn end(&self) -> io::Result<()> {
        match &self.document {
            _ if self.in_array => Err(not_closed("array", self.whole)),
            Some(document) => document.end().map_err(|fault| fault.into_error(0, self.elements)),
            None => Ok(()),
        }
    }

    /// Follows the element up to this offset; its end, if it is before that.
    fn follow(&mut self, window: &mut Window, until: u64) -> io::Result<Option<u64>> {
        while self.scan.at < until {
            let end = match window.byte(self.scan.at)? {
                Some(byte) if self.scan.text.is_some() => self.step_in_text(window, byte)?,
                Some(byte) => self.step(window, byte)?,
                None => self.step_at_end(window)?,
            };
            if end.is_some() {
                return Ok(end);
            }
        }
        Ok(None)
    }

    /// Goes on by a byte of a text.
    fn step_in_text(&mut self, window: &mut Window, byte: u8) -> io::Result<Option<u64>> {
        let scan = &mut self.scan;
        let at = scan.at;
        match byte {
            b'"' => (scan.text, scan.ended_text, scan.last) = (None, scan.text, byte),
            b'\\' => scan.at += u64::from(window.byte(at + 1)?.is_some_and(|next| next != self.line_end)),
            _ if byte == self.line_end && scan.open.is_empty() => return Ok(Some(at)),
            _ if byte == self.line_end => {
                self.read_again(window);
                return Ok(None);
            }
            _ => {}
        }
        self.scan.at += 1;
        Ok(None)
    }

    /// Goes on by a byte outside texts; the end of the element, if it is there.
    fn step(&mut self, window: &mut Window, byte: u8) -> io::Result<Option<u64>> {
        let scan = &mut self.scan;
        let at = scan.at;
        if byte == self.line_end && scan.open.is_empty() {
            return Ok(Some(at));
        }
        scan.at += 1;
        if is_white_space(byte) {
            scan.line = if byte == self.line_end { Some(at + 1) } else { scan.line };
            return Ok(None);
        }
        if scan.open.is_empty() {
            let is_value = scan.last == 0 || !matches!(byte, b'"' | b':' | b'{' | b'[');
            if is_value {
                return Ok(self.step_outside(byte, at));
            }
            // An object that has lost its bracket.
            scan.open.push(b'{');
            (scan.is_broken, scan.is_guess) = (true, true);
        }
        if scan.ended_text.is_some() && !matches!(byte, b':' | b',' | b'}' | b']') {
            (scan.text, scan.at) = (scan.ended_text, at);
            self.read_again(window);
            return Ok(None);
        }
        let column = scan.line.take().map(|line| at - line);
        scan.ended_text = None;
        let before = std::mem::replace(&mut scan.last, byte);
        match byte {
            b'"' if matches!(before, b'{' | b'[' | b',' | b':') => scan.text = Some(at + 1),
            // A comma is missing, or an opening bracket is another.
            b'"' if matches!(before, b'}' | b']') => {
                (scan.text, scan.is_broken, scan.is_guess) = (Some(at + 1), true, true);
            }
            // It closes a text that has no opening quote.
            b'"' => scan.is_broken = true,
            b'\\' => {
                scan.is_broken = true;
                scan.at += u64::from(window.byte(at + 1)?.is_some_and(|next| next != self.line_end));
            }
            b':' if scan.open.as_slice() == [b'['] => {
                (scan.is_broken, scan.is_guess) = (true, true);
                scan.open[0] = b'{';
            }
            b'{' | b'[' if scan.open.len() == DEEPEST => scan.deeper += 1,
            b'}' | b']' if scan.deeper > 0 => scan.deeper -= 1,
            b'{' if self.is_next(window, at, column, before)? => return Ok(Some(at)),
            b'{' | b'[' => self.scan.open.push(byte),
            b'}' | b']' => {
                let is_early = matches!(before, b':' | b',');
                self.scan.is_broken |= is_early;
                self.scan.is_guess |= is_early;
                return self.close(window, byte, at);
            }
            _ => {}
        }
        Ok(None)
    }

    /// The same where no bracket is open.
    fn step_outside(&mut self, byte: u8, at: u64) -> Option<u64> {
        match byte {
            b'"' => self.scan.text = Some(at + 1),
            b'{' | b'[' => (self.scan.last, _) = (byte, self.scan.open.push(byte)),
            b'}' => return Some(at + 1),
            b']' => return Some(at + u64::from(!self.in_array)),
            b',' => return Some(at),
            _ => self.scan.last = byte,
        }
        None
    }

    /// At the end of the input.
    fn step_at_end(&mut self, window: &mut Window) -> io::Result<Option<u64>> {
        let scan = &mut self.scan;
        if scan.open.is_empty() {
            return Ok(Some(scan.at));
        }
        if scan.text.is_some() {
            // The text may have lost its quote, or the file its end.
            let is_cut_off = !scan.is_broken || scan.is_cut_off;
            self.read_again(window);
            self.scan.is_cut_off = is_cut_off;
            return Ok(None);
        }
        if !scan.is_broken || scan.is_cut_off {
            let sibling = self.sibling(window)?;
            self.scan.is_broken = true;
            let what = if self.in_array { "array" } else { "object" };
            return sibling.map_or_else(|| Err(not_closed(what, self.whole)), |sibling| Ok(Some(sibling)));
        }
        // The bracket of the array is there; what cannot be told from the broken element ends with it.
        if self.in_array && scan.last == b']' {
            self.in_array = false;
        }
        Ok(Some(self.scan.at))
    }

    /// Reads a text again, as if it were none: what was taken for its end is none.
    fn read_again(&mut self, window: &Window) {
        let scan = &mut self.scan;
        let start = scan.text.take().unwrap_or_default();
        (scan.ended_text, scan.line, scan.last, scan.is_broken) = (None, None, b'"', true);
        // The beginning of a long one may have been let go of.
        if start >= window.offset() {
            scan.at = start;
        }
    }

    /// Whether an object that begins within an element is the next one, for a bracket is missing before it.
    fn is_next(&mut self, window: &mut Window, at: u64, column: Option<u64>, before: u8) -> io::Result<bool> {
        let is_like = self.is_like_element(window, at, column)?;
        let is_misplaced = self.scan.open.last() == Some(&b'{') && before != b':';
        let array = self.scan.open.iter().rposition(|open| *open != b'{');
        self.scan.is_broken |= is_misplaced;
        self.scan.is_guess |= is_misplaced;
        let is_first = before == b'[';
        if let Some(open) = self.scan.open.last_mut() {
            *open = match *open {
                b'[' if is_first && is_like => ALIKE,
                b'[' if is_first && column.is_none() && self.column.is_some() => INLINE,
                INLINE if is_like && !self.scan.is_broken => ALIKE,
                other => other,
            };
        }
        let could_be = match self.scan.open.last() {
            // In an object without arrays it can only be the value of a key.
            Some(b'{') => is_misplaced && (is_like || array.is_none() && self.is_shaped(window, at)?),
            _ => is_like,
        };
        if could_be && !self.scan.open.contains(&ALIKE) {
            if self.scan.is_broken && self.is_whole_element(window, at)? {
                return Ok(true);
            }
            self.scan.sibling.get_or_insert(at);
        }
        if is_misplaced {
            // The objects before it were not closed.
            self.scan.open.truncate(array.map_or(0, |array| array + 1));
        }
        Ok(false)
    }

    /// Takes a closing bracket; the end of the element, if that is it.
    fn close(&mut self, window: &mut Window, byte: u8, at: u64) -> io::Result<Option<u64>> {
        let open = &self.scan.open;
        let is_fitting = (open.last() == Some(&b'{')) == (byte == b'}');
        let opened = open.iter().rposition(|open| (*open == b'{') == (byte == b'}'));
        let is_alike = open.last() == Some(&ALIKE);
        if !is_fitting {
            (self.scan.is_broken, self.scan.is_guess) = (true, true);
        }
        match opened {
            Some(opened) if is_fitting => self.scan.open.truncate(opened),
            // Objects like elements follow: it is one too many, or the array was not closed and they are none of its own.
            Some(_) if is_alike && !self.is_key_next(window, at + 1)? => {}
            Some(opened) => self.scan.open.truncate(opened),
            None if byte == b'}' => {}
            None if self.in_array && self.is_array_end(window, at)? => return Ok(Some(at)),
            // It stands for the bracket of the element.
            None if self.may_end(window, at + 1, true)? => return Ok(Some(at + 1)),
            None => {}
        }
        if !self.scan.open.is_empty() {
            return Ok(None);
        }
        if !self.scan.is_broken || self.may_end(window, at + 1, self.scan.is_guess)? {
            return Ok(Some(at + 1));
        }
        self.scan.open.push(b'{');
        Ok(None)
    }

    /// The next byte that is no white space, its offset, and how far from the left it stands if it is the first on its line.
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

    fn is_key_next(&self, window: &mut Window, from: u64) -> io::Result<bool> {
        let (comma, byte, _) = self.token(window, from)?;
        Ok(byte == Some(b',') && self.token(window, comma + 1)?.1 == Some(b'"'))
    }

    /// Whether a bracket ends the array, as far as can be seen.
    fn is_array_end(&self, window: &mut Window, at: u64) -> io::Result<bool> {
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

    /// Whether a broken element may end here: what follows is another, or the end of the array. After a guess it must look like one.
    fn may_end(&mut self, window: &mut Window, at: u64, is_guess: bool) -> io::Result<bool> {
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

    /// Whether an element begins here: a whole object, and what comes after it and the others like it is not the end of a nested
    /// array.
    fn is_whole_element(&mut self, window: &mut Window, first: u64) -> io::Result<bool> {
        if first < self.scan.looked_until {
            return Ok(false);
        }
        let most = LONGEST_NEXT;
        let mut at = first;
        loop {
            window.hold((first + most - window.offset()) as usize)?;
            let held = &window.held()[(at - window.offset()) as usize..];
            let (begun, until) = begun_until(&held[..held.len().min((first + most - at) as usize)]);
            self.scan.looked_until = at + until as u64;
            let Begun::Whole(length) = begun else { return Ok(at > first) };
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

    /// Of an element that has no end: the object within it that is rather the next one.
    fn sibling(&mut self, window: &mut Window) -> io::Result<Option<u64>> {
        let Some(sibling) = self.scan.sibling.filter(|at| *at >= window.offset()) else { return Ok(None) };
        let wasted = self.wasted + self.scan.at - sibling;
        if wasted > MOST_WASTED || !self.is_whole_element(window, sibling)? {
            return Ok(None);
        }
        self.wasted = wasted;
        Ok(Some(sibling))
    }

    /// Counts an element whose end was found.
    fn note_element(&mut self) {
        self.elements += 1;
        if !self.scan.is_broken {
            self.whole = self.elements;
        }
    }

    /// How many lines end in a stretch that is held.
    fn line_ends(&self, window: &Window, start: u64, end: u64) -> u64 {
        let held = &window.held()[(start - window.offset()) as usize..(end - window.offset()) as usize];
        memchr::memchr_iter(self.line_end, held).count() as u64
    }

    /// Whether an object begins as elements do: as far from the left as this one, where that is the first on its line, else with
    /// the first one's first key.
    fn is_like_element(&self, window: &mut Window, at: u64, column: Option<u64>) -> io::Result<bool> {
        match self.column {
            Some(_) => Ok(column == self.column),
            None => self.is_shaped(window, at),
        }
    }

    /// Whether an element begins here that begins like the first.
    fn is_shaped(&self, window: &mut Window, mut at: u64) -> io::Result<bool> {
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

/// What is known of an element while it is followed.
#[derive(Debug, Default)]
struct Scan {
    /// The offset of the next byte.
    at: u64,
    /// The brackets that are open, and the number of those that lie deeper than they are told apart.
    open: Vec<u8>,
    deeper: u64,
    /// Where the text begins that is open, after its quote, and where the one did that has just ended.
    text: Option<u64>,
    ended_text: Option<u64>,
    /// The last byte outside texts that was no white space.
    last: u8,
    /// Where the line starts, if only white space was on it so far.
    line: Option<u64>,
    /// Whether it cannot be JSON any more; whether it was followed over a bracket that does not fit; whether the end of the input is
    /// all that is wrong with it.
    is_broken: bool,
    is_guess: bool,
    is_cut_off: bool,
    /// Where it ends, if that was found in passing its limit.
    end: Option<u64>,
    /// The first object within it that could be the next element.
    sibling: Option<u64>,
    /// Up to where an object was looked at for being the next element.
    looked_until: u64,
}

impl Cutter for JsonCutter {
    fn cut(&mut self, window: &mut Window, start: u64) -> io::Result<Option<Cut>> {
        let Some(byte) = window.byte(start)? else { return self.end().map(|()| None) };
        if self.is_in_gap(byte) {
            let (next, lines) = self.go_to_next(window, start)?;
            return Ok(Some(Cut { end: start, next, lines, extent: Extent::Gap }));
        }
        if self.shape.is_empty() {
            self.shape = shape_of(window, start)?;
        }
        let limit = start + self.limit;
        self.scan = Scan { at: start, ..Scan::default() };
        let mut end = self.follow(window, limit + 1)?;
        if end.is_none() && !self.scan.is_broken {
            end = self.sibling(window)?;
            self.scan.is_broken = end.is_some();
        }
        let Some(end) = end.filter(|end| *end <= limit) else {
            let lines = self.line_ends(window, start, limit);
            (self.rest_lines, self.scan.end) = (0, end);
            return Ok(Some(Cut { end: limit, next: limit, lines, extent: Extent::TooLarge }));
        };
        self.note_element();
        let end = if self.scan.is_broken { without_separators(window, start, end) } else { end };
        // Nothing that is cut off is empty, whatever it is.
        let end = end.max(start + 1).min(window.held_until());
        let within = self.line_ends(window, start, end);
        let (next, more) = self.go_to_next(window, end)?;
        Ok(Some(Cut { end, next, lines: within + more, extent: Extent::Record }))
    }

    fn rest_of_too_large(&mut self, window: &mut Window, from: u64, until: u64) -> io::Result<Found> {
        let end = match self.scan.end {
            None => self.follow(window, until)?,
            end => end,
        };
        let passed = end.unwrap_or(until).min(window.held_until()).max(from);
        self.rest_lines += self.line_ends(window, from, passed);
        let Some(end) = end else { return Ok(Found::Nothing) };
        self.note_element();
        Ok(Found::Byte(end))
    }

    fn behind_too_large(&mut self, window: &mut Window, end: u64) -> io::Result<(u64, u64)> {
        let (next, lines) = self.go_to_next(window, end)?;
        Ok((next, self.rest_lines + lines))
    }
}

/// The end of an element without the white space and the comma behind it.
fn without_separators(window: &Window, start: u64, end: u64) -> u64 {
    let held = &window.held()[(start - window.offset()) as usize..(end - window.offset()) as usize];
    let is_part = |byte: &u8| !is_white_space(*byte) && *byte != b',';
    held.iter().rposition(is_part).map_or(end, |last| start + last as u64 + 1)
}

/// What an object begins with, up to its first colon, without white space; nothing if it does not begin like one.
fn shape_of(window: &mut Window, start: u64) -> io::Result<Vec<u8>> {
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
