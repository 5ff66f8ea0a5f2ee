//! Where CSV records end: [`CsvCutter`].
//!
//! Careful, this file is about hostile quotes. A quote that is never closed must cost one line and no more, and finding
//! out must not cost more than reading the file: after each such line, reading starts again at the next one, and if every
//! line opens a quote, each of them would be followed for up to the limit of a record.
//!
//! It does not have to be. A line can be entered in two states only: at the start of a record, or inside a quoted cell
//! that has crossed a line break. What a line does when it is entered inside a quote does not depend on where that quote
//! was opened. So there are two scans, and neither ever goes back:
//! - [`CsvCutter::first_line`] scans the line on which a record starts, once for each record;
//! - [`Scout`] scans the lines behind it as they look from inside a quote, remembers what it saw, and answers for every
//!   record that comes to the same lines.
//!
//! The rules (SPEC, sections 3 and 6), for a record that starts at a line's start:
//! - It ends at the first LF, CRLF or CR outside quotes.
//! - A quoted cell that has crossed a line break and then closes before anything but a delimiter or a record's end, or
//!   the file's end inside a quote: the record's first physical line is `Unterminated`, and the next record starts behind it.
//! - At the moment in which the record passes the limit: inside a quoted cell that has crossed a line break it is
//!   `Unterminated` likewise; anywhere else it is `TooLarge` and goes on to the end of the physical line that it is on.

use std::collections::VecDeque;
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
        let unterminated = Cut { end: first_end, next: second, lines: 1, extent: Extent::Unterminated };
        let limit = start + self.limit;
        match self.scout.follow(window, second, limit, self.delimiter)? {
            Followed::Ends(end) => {
                let lines = 1 + count_breaks(window, start, end);
                Ok(Cut { end, next: behind_break(window, end)?, lines, extent: Extent::Record })
            }
            Followed::NeverCloses => Ok(unterminated),
            Followed::TooLong => {
                let lines = 1 + count_breaks(window, start, limit);
                Ok(Cut { end: limit, next: limit, lines, extent: Extent::TooLarge })
            }
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

    fn line_end(&self, window: &mut Window, from: u64, until: u64) -> io::Result<Found> {
        window.find([LF, CR, LF], from, until)
    }

    fn behind_line_end(&self, window: &mut Window, end: u64) -> io::Result<u64> {
        behind_break(window, end)
    }
}

/// What becomes of a record that comes to the lines behind its first inside a quote.
enum Followed {
    /// It ends at this offset.
    Ends(u64),
    /// Its quote is never closed.
    NeverCloses,
    /// It passes the limit outside a quote that has crossed a line break.
    TooLong,
}

/// What the lines of a file do when they are entered inside a quote, as far as was looked.
///
/// It looks ahead only until the quote is resolved, and forgets lines that no record can come to any more.
#[derive(Debug, Default)]
struct Scout {
    /// The lines, in order, in which the quote that they were entered in is closed. Only the last can be one that
    /// resolves; with it, looking ahead pauses.
    lines: VecDeque<Line>,
    /// The line that is being looked at.
    line_start: u64,
    /// Where its entering quote was closed.
    closed: Option<u64>,
    /// Up to where it was looked at.
    from: u64,
    in_quote: bool,
    paused: bool,
}

/// A line that was entered inside a quote and in which that quote is closed.
#[derive(Clone, Copy, Debug)]
struct Line {
    start: u64,
    /// The offset of the closing quote.
    closed: u64,
    fate: Fate,
}

#[derive(Clone, Copy, Debug)]
enum Fate {
    /// The record ends with the line, at this offset.
    Ends(u64),
    /// The quote closes before something that may not follow it.
    Fails,
    /// The line ends, at this offset, inside another quoted cell.
    Reopens(u64),
}

impl Scout {
    /// Follows a record whose second line starts at `second` and whose limit is passed at the offset `limit`.
    fn follow(&mut self, window: &mut Window, second: u64, limit: u64, delimiter: u8) -> io::Result<Followed> {
        while self.lines.front().is_some_and(|line| line.start < second) {
            self.lines.pop_front();
        }
        if self.lines.is_empty() && (self.paused || self.line_start < second) {
            *self = Scout { line_start: second, from: second, in_quote: true, ..Scout::default() };
        }
        let file_ends = !self.paused && self.look_ahead(window, limit + 1, delimiter)?;
        match self.lines.back().map(|line| line.fate) {
            Some(Fate::Ends(end)) if end <= limit => return Ok(Followed::Ends(end)),
            Some(Fate::Fails) if self.lines.back().is_some_and(|line| line.closed < limit) => {
                return Ok(Followed::NeverCloses);
            }
            _ if file_ends && self.from <= limit => return Ok(Followed::NeverCloses),
            _ => {}
        }
        // The limit is passed before the quote is resolved: in which state?
        Ok(if self.is_outside_at(limit) { Followed::TooLong } else { Followed::NeverCloses })
    }

    /// Whether at this offset the quote with which its line was entered is already closed.
    fn is_outside_at(&self, offset: u64) -> bool {
        let behind = self.lines.partition_point(|line| line.start <= offset);
        let is_in = |line: &Line| {
            line.closed < offset
                && match line.fate {
                    Fate::Ends(end) | Fate::Reopens(end) => offset < end,
                    Fate::Fails => true,
                }
        };
        let in_known_line = behind.checked_sub(1).and_then(|at| self.lines.get(at)).is_some_and(is_in);
        let in_this_line =
            !self.paused && self.line_start <= offset && self.closed.is_some_and(|closed| closed < offset);
        in_known_line || in_this_line
    }

    /// Looks ahead until a line resolves the quote, or up to `until`. `true` where the file ends inside a quote.
    fn look_ahead(&mut self, window: &mut Window, until: u64, delimiter: u8) -> io::Result<bool> {
        loop {
            let found = match window.find(MARKS, self.from, until)? {
                Found::Nothing => return Ok(false),
                Found::Byte(found) => found,
                Found::End(end) => {
                    self.from = end;
                    if self.in_quote {
                        return Ok(true);
                    }
                    return Ok(self.resolve(Fate::Ends(end)));
                }
            };
            let is_quote = window.byte(found)? == Some(QUOTE);
            match (self.in_quote, is_quote) {
                (true, true) => match window.byte(found + 1)? {
                    Some(QUOTE) => self.from = found + 2,
                    next => {
                        self.from = found + 1;
                        self.in_quote = false;
                        if self.closed.is_none() {
                            self.closed = Some(found);
                            if next.is_some_and(|byte| byte != delimiter && byte != LF && byte != CR) {
                                return Ok(self.resolve(Fate::Fails));
                            }
                        }
                    }
                },
                (true, false) => {
                    let next_line = behind_break(window, found)?;
                    if let Some(closed) = self.closed.take() {
                        self.lines.push_back(Line { start: self.line_start, closed, fate: Fate::Reopens(found) });
                    }
                    self.line_start = next_line;
                    self.from = next_line;
                }
                (false, true) => {
                    self.from = found + 1;
                    self.in_quote = opens_cell(window, found, self.line_start, delimiter)?;
                }
                (false, false) => return Ok(self.resolve(Fate::Ends(found))),
            }
        }
    }

    /// Notes that the line resolves the quote; `false`, for the file does not end inside a quote.
    fn resolve(&mut self, fate: Fate) -> bool {
        let closed = self.closed.take().unwrap_or(self.line_start);
        self.lines.push_back(Line { start: self.line_start, closed, fate });
        self.paused = true;
        false
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
