//! Where the objects of a JSON array end: [`JsonCutter`]. Objects that follow each other without an array are cut in
//! the same way.
//!
//! Nothing is parsed here: brackets and texts are followed until an element ends. An element without an error ends only
//! at its end, whatever is nested in it and however long it is; of one that is too large, only the state of its
//! brackets is kept.
//!
//! An error must not cost more than its element. A missing quote shows when a text ends where none may end, or at its
//! line's end, because no text crosses a line break; the text is then read again as if it were not one. A missing
//! bracket shows when another does not fit, or when an object comes where a key belongs. What follows is accepted as
//! the next element only if it cannot be nested in the broken one: it begins as elements do
//! (`Elements::is_like_element`), it is whole, it is where an element may be, and no array is open whose objects begin
//! like that too. Anything in doubt belongs to the broken element: a nested object loaded as a record is worse than a
//! record rejected with its neighbour.
//!
//! The cost is linear: a text is read again once, and nothing is checked for being the next element more than once.
//!
//! Input that ends within an array or object was cut off, which is an error of the input. What surrounds an array
//! within a document is for [`Document`].

#[cfg(test)]
mod tests;

use std::io;

use super::cutter::{Cut, Cutter};
use super::document::{Document, not_closed};
use super::elements::{Elements, LONGEST_GAP, shape_of};
use crate::core::record::Extent;
use crate::core::record::json::is_white_space;
use crate::read::window::{Found, Window};

/// The most bytes that may be followed in vain, and again, for elements without an end.
const MOST_WASTED: u64 = 16 << 20;

/// How deep brackets are distinguished. The record parser goes no deeper; below, they are only counted.
const DEEPEST: usize = 128;

/// Replaces the bracket of an array whose objects begin as elements do.
const ALIKE: u8 = b'(';

/// Replaces the bracket of an array whose first object is on a line with other text, while elements have their own
/// lines: its next object may look like an element.
const INLINE: u8 = b'<';

/// Cuts the elements of an array.
pub struct JsonCutter {
    limit: u64,
    elements: Elements,
    scan: Scan,
    /// The bytes followed after the ends of elements, which had to be followed again.
    wasted: u64,
    /// The number of line ends, after its limit, of an element that is too large.
    rest_lines: u64,
}

impl JsonCutter {
    /// A cutter for records of at most `limit` bytes, within `document` if there is one.
    pub fn new(limit: u64, line_end: u8, document: Option<Document>) -> JsonCutter {
        let elements = Elements::new(line_end, document);
        JsonCutter { limit, elements, scan: Scan::default(), wasted: 0, rest_lines: 0 }
    }

    /// Drops what precedes the first element; returns the element's offset and the number of lines before it.
    pub fn start(&mut self, window: &mut Window) -> io::Result<(u64, u64)> {
        let mut lines = 0;
        loop {
            let offset = window.offset();
            let (next, more) = self.elements.go_to_next(window, offset)?;
            lines += more;
            window.drop_until(next);
            if next - offset < LONGEST_GAP {
                return Ok((next, lines));
            }
        }
    }

    /// Follows the element up to this offset; returns its end if that is before it.
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

    /// Takes the next byte of a text.
    fn step_in_text(&mut self, window: &mut Window, byte: u8) -> io::Result<Option<u64>> {
        let scan = &mut self.scan;
        let at = scan.at;
        match byte {
            b'"' => (scan.text, scan.ended_text, scan.last) = (None, scan.text, byte),
            b'\\' => scan.at += u64::from(window.byte(at + 1)?.is_some_and(|next| next != self.elements.line_end)),
            _ if byte == self.elements.line_end && scan.open.is_empty() => return Ok(Some(at)),
            _ if byte == self.elements.line_end => {
                self.reread_text(window);
                return Ok(None);
            }
            _ => {}
        }
        self.scan.at += 1;
        Ok(None)
    }

    /// Takes the next byte outside texts; returns the end of the element if it is there.
    fn step(&mut self, window: &mut Window, byte: u8) -> io::Result<Option<u64>> {
        let (at, scan) = (self.scan.at, &mut self.scan);
        if byte == self.elements.line_end && scan.open.is_empty() {
            return Ok(Some(at));
        }
        scan.at += 1;
        if is_white_space(byte) {
            scan.line = if byte == self.elements.line_end { Some(at + 1) } else { scan.line };
            return Ok(None);
        }
        if scan.open.is_empty() {
            if scan.last == 0 || !matches!(byte, b'"' | b':' | b'{' | b'[') {
                return Ok(self.step_outside(byte, at));
            }
            // An object without its opening bracket.
            scan.open.push(b'{');
            (scan.is_broken, scan.is_guess) = (true, true);
        }
        if scan.ended_text.is_some() && !matches!(byte, b':' | b',' | b'}' | b']') {
            (scan.text, scan.at) = (scan.ended_text, at);
            self.reread_text(window);
            return Ok(None);
        }
        let column = scan.line.take().map(|line| at - line);
        scan.ended_text = None;
        let before = std::mem::replace(&mut scan.last, byte);
        match byte {
            b'"' if matches!(before, b'{' | b'[' | b',' | b':') => scan.text = Some(at + 1),
            // A comma is missing, or an opening bracket is of the wrong kind.
            b'"' if matches!(before, b'}' | b']') => {
                (scan.text, scan.is_broken, scan.is_guess) = (Some(at + 1), true, true)
            }
            // It closes a text without an opening quote.
            b'"' => scan.is_broken = true,
            b'\\' => {
                scan.is_broken = true;
                scan.at += u64::from(window.byte(at + 1)?.is_some_and(|next| next != self.elements.line_end));
            }
            b':' if scan.open.as_slice() == [b'['] => {
                (scan.is_broken, scan.is_guess, scan.open[0]) = (true, true, b'{')
            }
            b'{' | b'[' if scan.open.len() == DEEPEST => scan.deeper += 1,
            b'}' | b']' if scan.deeper > 0 => scan.deeper -= 1,
            b'{' if self.is_next(window, at, column, before)? => return Ok(Some(at)),
            b'{' | b'[' => self.scan.open.push(byte),
            b'}' | b']' => return self.close(window, byte, at, before),
            _ => {}
        }
        Ok(None)
    }

    /// The same, with no bracket open.
    fn step_outside(&mut self, byte: u8, at: u64) -> Option<u64> {
        match byte {
            b'"' => self.scan.text = Some(at + 1),
            b'{' | b'[' => (self.scan.last, _) = (byte, self.scan.open.push(byte)),
            b'}' => return Some(at + 1),
            b']' => return Some(at + u64::from(!self.elements.in_array)),
            b',' => return Some(at),
            _ => self.scan.last = byte,
        }
        None
    }

    fn step_at_end(&mut self, window: &mut Window) -> io::Result<Option<u64>> {
        let scan = &mut self.scan;
        if scan.open.is_empty() {
            return Ok(Some(scan.at));
        }
        if scan.text.is_some() {
            // Either the text lacks its closing quote, or the file was cut off.
            let is_cut_off = !scan.is_broken || scan.is_cut_off;
            self.reread_text(window);
            self.scan.is_cut_off = is_cut_off;
            return Ok(None);
        }
        if !scan.is_broken || scan.is_cut_off {
            let sibling = self.sibling(window)?;
            self.scan.is_broken = true;
            let what = if self.elements.in_array { "array" } else { "object" };
            return sibling.map_or_else(|| Err(not_closed(what, self.elements.whole)), |sibling| Ok(Some(sibling)));
        }
        // The array's bracket is there; whatever cannot be separated from the broken element ends with it.
        if self.elements.in_array && scan.last == b']' {
            self.elements.in_array = false;
        }
        Ok(Some(self.scan.at))
    }

    /// Reads a text again as if it were not one: its end was wrong.
    fn reread_text(&mut self, window: &Window) {
        let scan = &mut self.scan;
        let start = scan.text.take().unwrap_or_default();
        (scan.ended_text, scan.line, scan.last, scan.is_broken) = (None, None, b'"', true);
        // The beginning of a long text may have been dropped.
        if start >= window.offset() {
            scan.at = start;
        }
    }

    /// Whether an object within an element is the next element, because a bracket is missing before it.
    fn is_next(&mut self, window: &mut Window, at: u64, column: Option<u64>, before: u8) -> io::Result<bool> {
        let is_like = self.elements.is_like_element(window, at, column)?;
        let is_misplaced = self.scan.open.last() == Some(&b'{') && before != b':';
        let array = self.scan.open.iter().rposition(|open| *open != b'{');
        self.scan.is_broken |= is_misplaced;
        self.scan.is_guess |= is_misplaced;
        let is_first = before == b'[';
        if let Some(open) = self.scan.open.last_mut() {
            *open = match *open {
                b'[' if is_first && is_like => ALIKE,
                b'[' if is_first && column.is_none() && self.elements.column.is_some() => INLINE,
                INLINE if is_like && !self.scan.is_broken => ALIKE,
                other => other,
            };
        }
        let could_be = match self.scan.open.last() {
            // In an object without arrays it can only be the value of a key.
            Some(b'{') => is_misplaced && (is_like || array.is_none() && self.elements.is_shaped(window, at)?),
            _ => is_like,
        };
        if could_be && !self.scan.open.contains(&ALIKE) {
            if self.scan.is_broken && self.elements.is_whole_element(window, at)? {
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

    /// Takes a closing bracket; returns the end of the element if that is it.
    fn close(&mut self, window: &mut Window, byte: u8, at: u64, before: u8) -> io::Result<Option<u64>> {
        let open = &self.scan.open;
        let is_fitting = (open.last() == Some(&b'{')) == (byte == b'}');
        let opened = open.iter().rposition(|open| (*open == b'{') == (byte == b'}'));
        let is_alike = open.last() == Some(&ALIKE);
        if !is_fitting || matches!(before, b':' | b',') {
            (self.scan.is_broken, self.scan.is_guess) = (true, true);
        }
        match opened {
            Some(opened) if is_fitting => self.scan.open.truncate(opened),
            // Objects like elements follow: there is one bracket too many, or the array was not closed and they do not
            // belong to it.
            Some(_) if is_alike && !self.elements.is_key_next(window, at + 1)? => {}
            Some(opened) => self.scan.open.truncate(opened),
            None if byte == b'}' => {}
            None if self.elements.in_array && self.elements.is_array_end(window, at)? => return Ok(Some(at)),
            // It replaces the bracket of the element.
            None if self.elements.may_end(window, at + 1, true)? => return Ok(Some(at + 1)),
            None => {}
        }
        if !self.scan.open.is_empty() {
            return Ok(None);
        }
        if !self.scan.is_broken || self.elements.may_end(window, at + 1, self.scan.is_guess)? {
            return Ok(Some(at + 1));
        }
        self.scan.open.push(b'{');
        Ok(None)
    }

    /// For an element without an end: the object within it that is more likely the next element.
    fn sibling(&mut self, window: &mut Window) -> io::Result<Option<u64>> {
        let Some(sibling) = self.scan.sibling.filter(|at| *at >= window.offset()) else { return Ok(None) };
        let wasted = self.wasted + self.scan.at - sibling;
        if wasted > MOST_WASTED || !self.elements.is_whole_element(window, sibling)? {
            return Ok(None);
        }
        self.wasted = wasted;
        Ok(Some(sibling))
    }

    fn note_element(&mut self) {
        self.elements.count += 1;
        if !self.scan.is_broken {
            self.elements.whole = self.elements.count;
        }
    }
}

/// The state of an element while it is followed.
#[derive(Debug, Default)]
struct Scan {
    /// The offset of the next byte.
    at: u64,
    /// The open brackets, and the number of those too deep to distinguish.
    open: Vec<u8>,
    deeper: u64,
    /// The start, after its quote, of the open text, and of the text that has just ended.
    text: Option<u64>,
    ended_text: Option<u64>,
    /// The last byte outside texts that is not white space.
    last: u8,
    /// The start of the line, if only white space was on it so far.
    line: Option<u64>,
    /// Whether it is not JSON; whether a bracket that does not fit was guessed at; whether the only error is that the
    /// input ends.
    is_broken: bool,
    is_guess: bool,
    is_cut_off: bool,
    /// Its end, if that was found past its limit.
    end: Option<u64>,
    /// The first object within it that could be the next element.
    sibling: Option<u64>,
}

impl Cutter for JsonCutter {
    fn cut(&mut self, window: &mut Window, start: u64) -> io::Result<Option<Cut>> {
        let Some(byte) = window.byte(start)? else { return self.elements.end().map(|()| None) };
        if self.elements.is_in_gap(byte) {
            let (next, lines) = self.elements.go_to_next(window, start)?;
            return Ok(Some(Cut { end: start, next, lines, extent: Extent::Gap }));
        }
        if self.elements.shape.is_empty() {
            self.elements.shape = shape_of(window, start)?;
        }
        let limit = start + self.limit;
        self.scan = Scan { at: start, ..Scan::default() };
        self.elements.looked_until = 0;
        let mut end = self.follow(window, limit + 1)?;
        if end.is_none() && !self.scan.is_broken {
            end = self.sibling(window)?;
            self.scan.is_broken = end.is_some();
        }
        let Some(end) = end.filter(|end| *end <= limit) else {
            let lines = self.elements.line_ends(window, start, limit);
            (self.rest_lines, self.scan.end) = (0, end);
            return Ok(Some(Cut { end: limit, next: limit, lines, extent: Extent::TooLarge }));
        };
        self.note_element();
        let end = if self.scan.is_broken { without_separators(window, start, end) } else { end };
        // An element is never empty, whatever it is.
        let end = end.max(start + 1).min(window.held_until());
        let within = self.elements.line_ends(window, start, end);
        let (next, more) = self.elements.go_to_next(window, end)?;
        Ok(Some(Cut { end, next, lines: within + more, extent: Extent::Record }))
    }

    fn rest_of_too_large(&mut self, window: &mut Window, from: u64, until: u64) -> io::Result<Found> {
        let end = match self.scan.end {
            None => self.follow(window, until)?,
            end => end,
        };
        let passed = end.unwrap_or(until).min(window.held_until()).max(from);
        self.rest_lines += self.elements.line_ends(window, from, passed);
        let Some(end) = end else { return Ok(Found::Nothing) };
        self.note_element();
        Ok(Found::Byte(end))
    }

    fn after_too_large(&mut self, window: &mut Window, end: u64) -> io::Result<(u64, u64)> {
        let (next, lines) = self.elements.go_to_next(window, end)?;
        Ok((next, self.rest_lines + lines))
    }
}

/// The end of an element without the white space and comma after it.
fn without_separators(window: &Window, start: u64, end: u64) -> u64 {
    let held = window.slice(start, end);
    let is_part = |byte: &u8| !is_white_space(*byte) && *byte != b',';
    held.iter().rposition(is_part).map_or(end, |last| start + last as u64 + 1)
}
