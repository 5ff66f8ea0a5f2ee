//! Where CSV records end: [`CsvCutter`].
//!
//! Careful: this file is about hostile quotes. A quote that is never closed must cost one line and no more, and finding
//! that out must not cost more than reading the file. After each such line, reading starts again at the next one. If
//! every line opened a quote, each would be followed for up to the limit of a record.
//!
//! That is not necessary. A line can be entered in two states only: at the start of a record, or inside a quoted cell
//! that has crossed a line break. What a line does when it is entered inside a quote does not depend on where the quote
//! was opened. So there are two scans, and neither ever goes back:
//! - `CsvCutter::first_line` scans the line on which a record starts, once for each record;
//! - `Scout` scans the lines after it as they look from inside a quote, remembers the result, and answers for every
//!   record that reaches the same lines.
//!
//! A quote after blanks is a trial: it opens a cell if the cell is closed on its line and may end there. If not,
//! reading goes back to the quote. A trial ends at the next run of quotes of odd length, and the trial of an even run
//! within that run; so nothing is read more than twice.
//!
//! The rules (docs/formats.md, docs/limits.md) for a record that starts at a line's start:
//! - It ends at the first LF, CRLF or CR outside quotes.
//! - A quoted cell has crossed a line break and then closes before anything but a delimiter or a record's end, or the
//!   file ends inside the quote: the record's first physical line is `Unterminated`, and the next record starts after
//!   it.
//! - The record passes the limit after a line break that a quoted cell has crossed: likewise. That its quotes close and
//!   open again on the way proves nothing: in a file of lines `a",",x` they all do.
//! - Its first line alone passes the limit: it is `TooLarge`, up to the end of that line.

use std::io;

use memchr::memchr2_iter;

use super::cutter::{Cut, Cutter};
use crate::core::record::Extent;
use crate::core::record::csv::{BOM, is_blank};
use crate::core::record::dialect::{CsvDialect, Escape};
use crate::read::window::{Found, Window};

const LF: u8 = b'\n';
const CR: u8 = b'\r';

pub struct CsvCutter {
    marks: Marks,
    /// The greatest length of a record, in bytes, without its line ending.
    limit: u64,
    scout: Scout,
}

enum FirstLine {
    /// The record ends with it, at this offset.
    Ends(u64),
    /// It ends, at this offset, inside a quoted cell.
    InQuote(u64),
    /// The file ends, at this offset, inside a quoted cell.
    FileEnds(u64),
    /// The limit is passed before it ends.
    TooLong,
}

/// The bytes to find: line breaks, and the dialect's quote.
#[derive(Clone, Copy, Debug)]
struct Marks {
    dialect: CsvDialect,
    needles: [u8; 3],
}

/// What a quote outside a quoted cell does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Opening {
    Cell,
    /// It opens one if that is closed on its line and well formed: blanks precede it.
    Trial,
    None,
}

/// What ends a stretch of a quoted cell, as far as it was read.
enum Inside {
    /// The closing quote, before this offset.
    Closed(u64),
    Break(u64),
    FileEnds(u64),
    /// Nothing before the offset `until`.
    Beyond,
}

impl Marks {
    fn new(dialect: CsvDialect) -> Marks {
        // Without a quote, only line breaks are searched for.
        Marks { dialect, needles: [dialect.quote.unwrap_or(LF), LF, CR] }
    }

    #[inline]
    fn find(&self, window: &mut Window, from: u64, until: u64) -> io::Result<Found> {
        window.find(self.needles, from, until)
    }

    #[inline]
    fn is_quote(&self, window: &mut Window, at: u64) -> io::Result<bool> {
        Ok(window.byte(at)? == self.dialect.quote)
    }

    /// What a quote outside a quoted cell does: at the start of a cell it opens that.
    #[inline]
    fn opening(&self, window: &mut Window, quote: u64, record_start: u64) -> io::Result<Opening> {
        match quote == record_start || window.byte(quote - 1)? == Some(self.dialect.delimiter) {
            true => Ok(Opening::Cell),
            false => self.opening_after_blanks(window, quote, record_start),
        }
    }

    #[cold]
    fn opening_after_blanks(&self, window: &mut Window, quote: u64, record_start: u64) -> io::Result<Opening> {
        let mut start = quote;
        while start > record_start {
            match window.byte(start - 1)? {
                Some(byte) if byte == self.dialect.delimiter => break,
                Some(byte) if self.dialect.is_blank(byte) => start -= 1,
                // Files that were joined have byte order marks before records.
                Some(_) if start == record_start + BOM.len() as u64 => {
                    let record = &window.held()[(record_start - window.offset()) as usize..];
                    return Ok(if record.starts_with(BOM) { Opening::Trial } else { Opening::None });
                }
                _ => return Ok(Opening::None),
            }
        }
        Ok(Opening::Trial)
    }

    #[inline]
    fn inside(&self, window: &mut Window, mut from: u64, until: u64) -> io::Result<Inside> {
        loop {
            let found = match self.find(window, from, until)? {
                Found::Nothing => return Ok(Inside::Beyond),
                Found::End(end) => return Ok(Inside::FileEnds(end)),
                Found::Byte(found) => found,
            };
            if !self.is_quote(window, found)? {
                return Ok(Inside::Break(found));
            }
            from = match self.escaped_until(window, found)? {
                Some(after) => after,
                None => return Ok(Inside::Closed(found + 1)),
            };
        }
    }

    /// The offset after a quote that is a character of its quoted cell; `None` if the quote closes the cell.
    #[inline]
    fn escaped_until(&self, window: &mut Window, quote: u64) -> io::Result<Option<u64>> {
        match self.dialect.escape {
            Escape::Double => Ok(self.is_quote(window, quote + 1)?.then_some(quote + 2)),
            Escape::Backslash => self.after_backslash(window, quote),
        }
    }

    #[cold]
    fn after_backslash(&self, window: &mut Window, quote: u64) -> io::Result<Option<u64>> {
        let mut first = quote;
        // Before the first backslash is the opening quote, a line break or another character.
        while window.byte(first - 1)? == Some(b'\\') {
            first -= 1;
        }
        Ok(((quote - first) % 2 == 1).then_some(quote + 1))
    }

    /// Whether a cell may end before this offset: at a delimiter, a line break or the file's end.
    fn is_end(&self, window: &mut Window, at: u64) -> io::Result<bool> {
        Ok(window.byte(at)?.is_none_or(|byte| byte == self.dialect.delimiter || byte == LF || byte == CR))
    }
}

impl CsvCutter {
    pub fn new(dialect: CsvDialect, limit: u64) -> CsvCutter {
        CsvCutter { marks: Marks::new(dialect), limit, scout: Scout::default() }
    }

    fn first_line(&self, window: &mut Window, start: u64) -> io::Result<FirstLine> {
        let marks = &self.marks;
        let until = start + self.limit + 1;
        let mut from = start;
        loop {
            let found = match marks.find(window, from, until)? {
                Found::Nothing => return Ok(FirstLine::TooLong),
                Found::End(end) => return Ok(FirstLine::Ends(end)),
                Found::Byte(found) => found,
            };
            if !marks.is_quote(window, found)? {
                return Ok(FirstLine::Ends(found));
            }
            from = found + 1;
            let opening = marks.opening(window, found, start)?;
            if opening == Opening::None {
                continue;
            }
            match (marks.inside(window, from, until)?, opening == Opening::Trial) {
                // What follows is a delimiter, the record's end, or a fault that splitting reports.
                (Inside::Closed(end), false) => from = end,
                (Inside::Closed(end), true) if marks.is_end(window, end)? => from = end,
                (Inside::Beyond, _) => return Ok(FirstLine::TooLong),
                (_, true) => {}
                (Inside::Break(end), false) => return Ok(FirstLine::InQuote(end)),
                (Inside::FileEnds(end), false) => return Ok(FirstLine::FileEnds(end)),
            }
        }
    }

    /// The cut of a record whose first line ends inside a quote, at `first_end`.
    fn beyond_first_line(&mut self, window: &mut Window, start: u64, first_end: u64) -> io::Result<Cut> {
        let second = after_break(window, first_end)?;
        let limit = start + self.limit;
        match self.scout.end_of_record(window, second, limit, &self.marks)? {
            Some(end) => {
                let lines = 1 + count_breaks(window, start, end);
                Ok(Cut { end, next: after_break(window, end)?, lines, extent: Extent::Record })
            }
            None => Ok(Cut { end: first_end, next: second, lines: 1, extent: Extent::Unterminated }),
        }
    }
}

impl Cutter for CsvCutter {
    fn cut(&mut self, window: &mut Window, start: u64) -> io::Result<Option<Cut>> {
        if window.byte(start)?.is_none() {
            return Ok(None);
        }
        let limit = start + self.limit;
        let cut = match self.first_line(window, start)? {
            FirstLine::Ends(end) if end <= limit => {
                let extent = match is_blank(window.slice(start, end), &self.marks.dialect) {
                    true => Extent::Blank,
                    false => Extent::Record,
                };
                Cut { end, next: after_break(window, end)?, lines: 1, extent }
            }
            FirstLine::Ends(_) | FirstLine::TooLong => {
                Cut { end: limit, next: limit, lines: 1, extent: Extent::TooLarge }
            }
            FirstLine::FileEnds(end) => Cut { end, next: end, lines: 1, extent: Extent::Unterminated },
            FirstLine::InQuote(end) => self.beyond_first_line(window, start, end)?,
        };
        Ok(Some(cut))
    }

    fn rest_of_too_large(&mut self, window: &mut Window, from: u64, until: u64) -> io::Result<Found> {
        window.find([LF, CR, LF], from, until)
    }

    fn after_too_large(&mut self, window: &mut Window, end: u64) -> io::Result<(u64, u64)> {
        Ok((after_break(window, end)?, 0))
    }
}

/// What the lines of a file do when they are entered inside a quote. It reads ahead only until the quote is resolved. The
/// result holds for every record that reaches a line in between.
#[derive(Debug, Default)]
struct Scout {
    /// The line being read, or the one that resolves the quote.
    line_start: u64,
    /// Up to where it was read.
    from: u64,
    in_quote: bool,
    /// Whether the quote that the line was entered in is closed.
    closed: bool,
    /// The quote of a trial, if inside one.
    trial: Option<u64>,
    resolution: Option<Resolution>,
}

#[derive(Clone, Copy, Debug)]
enum Resolution {
    Ends(u64),
    /// It closes before something that may not follow it.
    Fails,
}

impl Scout {
    /// The end of a record whose second line starts at `second`; `None` if it has none up to the offset `limit`.
    fn end_of_record(
        &mut self,
        window: &mut Window,
        second: u64,
        limit: u64,
        marks: &Marks,
    ) -> io::Result<Option<u64>> {
        if self.line_start < second {
            *self = Scout { line_start: second, from: second, in_quote: true, ..Scout::default() };
        }
        if self.resolution.is_none() {
            self.resolution = self.read_ahead(window, limit + 1, marks)?;
        }
        Ok(match self.resolution {
            Some(Resolution::Ends(end)) if end <= limit => Some(end),
            _ => None,
        })
    }

    /// Reads ahead until a line resolves the quote, the file ends, or up to `until`.
    fn read_ahead(&mut self, window: &mut Window, until: u64, marks: &Marks) -> io::Result<Option<Resolution>> {
        loop {
            let found = match marks.find(window, self.from, until)? {
                Found::Nothing => {
                    // The next record finds nothing up to here either.
                    self.from = self.from.max(until);
                    return Ok(None);
                }
                Found::End(_) if self.gives_up_trial() => continue,
                Found::End(end) => {
                    self.from = end;
                    return Ok((!self.in_quote).then_some(Resolution::Ends(end)));
                }
                Found::Byte(found) => found,
            };
            match (self.in_quote, marks.is_quote(window, found)?) {
                (true, true) => {
                    if let Some(after) = marks.escaped_until(window, found)? {
                        self.from = after;
                        continue;
                    }
                    let is_end = marks.is_end(window, found + 1)?;
                    if !is_end && self.gives_up_trial() {
                        continue;
                    }
                    self.trial = None;
                    self.from = found + 1;
                    self.in_quote = false;
                    // Nothing else may follow the quote that the line was entered in. A cell opened and closed on one
                    // line is for splitting to judge.
                    if !std::mem::replace(&mut self.closed, true) && !is_end {
                        return Ok(Some(Resolution::Fails));
                    }
                }
                (true, false) if self.gives_up_trial() => {}
                (true, false) => {
                    self.from = after_break(window, found)?;
                    self.line_start = self.from;
                    self.closed = false;
                }
                (false, true) => {
                    let opening = marks.opening(window, found, self.line_start)?;
                    self.from = found + 1;
                    self.in_quote = opening != Opening::None;
                    self.trial = (opening == Opening::Trial).then_some(found);
                }
                (false, false) => return Ok(Some(Resolution::Ends(found))),
            }
        }
    }

    /// Goes back to the quote of a trial, if inside one: it opens nothing.
    fn gives_up_trial(&mut self) -> bool {
        let Some(quote) = self.trial.take() else { return false };
        self.from = quote + 1;
        self.in_quote = false;
        true
    }
}

/// The start of the line after a line break, or the end of the file.
fn after_break(window: &mut Window, at: u64) -> io::Result<u64> {
    Ok(match window.byte(at)? {
        None => at,
        Some(CR) if window.byte(at + 1)? == Some(LF) => at + 2,
        Some(_) => at + 1,
    })
}

/// The line breaks in a stretch of the window; CRLF is one.
fn count_breaks(window: &Window, start: u64, end: u64) -> u64 {
    let bytes = window.slice(start, end);
    memchr2_iter(LF, CR, bytes).filter(|at| bytes[*at] == CR || *at == 0 || bytes[*at - 1] != CR).count() as u64
}
