//! Where CSV records end: [`CsvCutter`].
//!
//! Careful, this file is about hostile quotes. A quote that is never closed must cost one line and no more, and finding
//! out must not cost more than reading the file: after each such line, reading starts again at the next one, and if every
//! line opens a quote, each of them would be followed for up to the limit of a record.
//!
//! It does not have to be. A line can be entered in two states only: at the start of a record, or inside a quoted cell
//! that has crossed a line break. What a line does when it is entered inside a quote does not depend on where that quote
//! was opened. So there are two scans, and neither ever goes back:
//! - `CsvCutter::first_line` scans the line on which a record starts, once for each record;
//! - `Scout` scans the lines behind it as they look from inside a quote, remembers what it saw, and answers for every
//!   record that comes to the same lines.
//!
//! The rules (SPEC, sections 3 and 6), for a record that starts at a line's start:
//! - It ends at the first LF, CRLF or CR outside quotes.
//! - A quoted cell that has crossed a line break and then closes before anything but a delimiter or a record's end, or
//!   the file's end inside a quote: the record's first physical line is `Unterminated`, and the next record starts behind it.
//! - The record passes the limit behind a line break that a quoted cell has crossed: likewise. That its quotes close and
//!   open again on the way is no sign that they belong together: in a file of lines `a",",x` they all do.
//! - The line on which it starts passes the limit by itself: it is `TooLarge`, up to the end of that line.

use std::io;

use memchr::memchr2_iter;

use super::window::{Found, Window};
use super::{Cut, Cutter};
use crate::format::csv::is_blank;
use crate::record::Extent;

const QUOTE: u8 = b'"';
const LF: u8 = b'\n';
const CR: u8 = b'\r';
const MARKS: [u8; 3] = [QUOTE, LF, CR];

/// Cuts CSV into records.
#[derive(Debug)]
pub struct CsvCutter {
    delimiter: u8,
    /// The greatest length of a record in bytes, its line ending not included.
    limit: u64,
    scout: Scout,
}

/// How the line on which a record starts ends.
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

impl CsvCutter {
    /// A cutter for this delimiter and this limit of a record's length in bytes.
    pub fn new(delimiter: u8, limit: u64) -> CsvCutter {
        CsvCutter { delimiter, limit, scout: Scout::default() }
    }

    fn first_line(&self, window: &mut Window, start: u64) -> io::Result<FirstLine> {
        let until = start + self.limit + 1;
        let mut from = start;
        'unquoted: loop {
            let found = match window.find(MARKS, from, until)? {
                Found::Nothing => return Ok(FirstLine::TooLong),
                Found::End(end) => return Ok(FirstLine::Ends(end)),
                Found::Byte(found) => found,
            };
            if window.byte(found)? != Some(QUOTE) {
                return Ok(FirstLine::Ends(found));
            }
            from = found + 1;
            if !opens_cell(window, found, start, self.delimiter)? {
                continue;
            }
            loop {
                let found = match window.find(MARKS, from, until)? {
                    Found::Nothing => return Ok(FirstLine::TooLong),
                    Found::End(end) => return Ok(FirstLine::FileEnds(end)),
                    Found::Byte(found) => found,
                };
                if window.byte(found)? != Some(QUOTE) {
                    return Ok(FirstLine::InQuote(found));
                }
                from = found + 1;
                if window.byte(from)? != Some(QUOTE) {
                    // Closed. What follows is a delimiter or the record's end, or else a fault that `check` names.
                    continue 'unquoted;
                }
                from += 1;
            }
        }
    }

    /// The cut of a record whose first line ends inside a quote, at `first_end`.
    fn beyond_first_line(&mut self, window: &mut Window, start: u64, first_end: u64) -> io::Result<Cut> {
        let second = behind_break(window, first_end)?;
        let limit = start + self.limit;
        match self.scout.end_of_record(window, second, limit, self.delimiter)? {
            Some(end) => {
                let lines = 1 + count_breaks(window, start, end);
                Ok(Cut { end, next: behind_break(window, end)?, lines, extent: Extent::Record })
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
                let extent = match is_blank(slice(window, start, end), self.delimiter) {
                    true => Extent::Blank,
                    false => Extent::Record,
                };
                Cut { end, next: behind_break(window, end)?, lines: 1, extent }
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

    fn behind_too_large(&mut self, window: &mut Window, end: u64) -> io::Result<(u64, u64)> {
        Ok((behind_break(window, end)?, 0))
    }
}

/// What the lines of a file do when they are entered inside a quote, as far as was looked.
///
/// It looks ahead only until the quote is resolved, and what it finds holds for every record that comes to a line between.
#[derive(Debug, Default)]
struct Scout {
    /// The line that is being looked at, or that resolves the quote.
    line_start: u64,
    /// Up to where it was looked at.
    from: u64,
    in_quote: bool,
    /// Whether the quote that the line was entered in is closed.
    closed: bool,
    fate: Option<Fate>,
}

/// How a quote is resolved.
#[derive(Clone, Copy, Debug)]
enum Fate {
    /// The record ends at this offset.
    Ends(u64),
    /// It closes before something that may not follow it.
    Fails,
}

impl Scout {
    /// Where a record ends whose second line starts at `second`; `None` if its quote is never closed, or if it passes its
    /// limit, at the offset `limit`, before it ends.
    fn end_of_record(
        &mut self,
        window: &mut Window,
        second: u64,
        limit: u64,
        delimiter: u8,
    ) -> io::Result<Option<u64>> {
        if self.line_start < second {
            *self = Scout { line_start: second, from: second, in_quote: true, ..Scout::default() };
        }
        if self.fate.is_none() {
            self.fate = self.look_ahead(window, limit + 1, delimiter)?;
        }
        Ok(match self.fate {
            Some(Fate::Ends(end)) if end <= limit => Some(end),
            _ => None,
        })
    }

    /// Looks ahead until a line resolves the quote, the file ends, or up to `until`.
    fn look_ahead(&mut self, window: &mut Window, until: u64, delimiter: u8) -> io::Result<Option<Fate>> {
        loop {
            let found = match window.find(MARKS, self.from, until)? {
                Found::Nothing => {
                    // There is nothing up to here for the next record either.
                    self.from = self.from.max(until);
                    return Ok(None);
                }
                Found::Byte(found) => found,
                Found::End(end) => {
                    self.from = end;
                    return Ok((!self.in_quote).then_some(Fate::Ends(end)));
                }
            };
            let is_quote = window.byte(found)? == Some(QUOTE);
            match (self.in_quote, is_quote) {
                (true, true) => match window.byte(found + 1)? {
                    Some(QUOTE) => self.from = found + 2,
                    next => {
                        self.from = found + 1;
                        self.in_quote = false;
                        // Behind the quote that the line was entered in, nothing else may follow. A cell that is opened
                        // and closed on one line is for `check` to judge.
                        let is_end = next.is_none_or(|byte| byte == delimiter || byte == LF || byte == CR);
                        if !std::mem::replace(&mut self.closed, true) && !is_end {
                            return Ok(Some(Fate::Fails));
                        }
                    }
                },
                (true, false) => {
                    self.from = behind_break(window, found)?;
                    self.line_start = self.from;
                    self.closed = false;
                }
                (false, true) => {
                    self.from = found + 1;
                    self.in_quote = opens_cell(window, found, self.line_start, delimiter)?;
                }
                (false, false) => return Ok(Some(Fate::Ends(found))),
            }
        }
    }
}

/// Whether a quote outside a quoted cell opens one: it does at the start of a cell.
fn opens_cell(window: &mut Window, quote: u64, record_start: u64, delimiter: u8) -> io::Result<bool> {
    Ok(quote == record_start || window.byte(quote - 1)? == Some(delimiter))
}

/// The start of the line behind a line break, or behind the end of the file.
fn behind_break(window: &mut Window, at: u64) -> io::Result<u64> {
    Ok(match window.byte(at)? {
        None => at,
        Some(CR) if window.byte(at + 1)? == Some(LF) => at + 2,
        Some(_) => at + 1,
    })
}

fn slice(window: &Window, start: u64, end: u64) -> &[u8] {
    &window.held()[(start - window.offset()) as usize..(end - window.offset()) as usize]
}

/// The line breaks in a stretch that is held; CRLF is one.
fn count_breaks(window: &Window, start: u64, end: u64) -> u64 {
    let bytes = slice(window, start, end);
    memchr2_iter(LF, CR, bytes).filter(|at| bytes[*at] == CR || *at == 0 || bytes[*at - 1] != CR).count() as u64
}
