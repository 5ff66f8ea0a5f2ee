//! Where CSV records end, read a second time: slowly, one byte after another, by the rules of docs/formats.md, "CSV", alone. What
//! `custload::read` cuts must be the same, whatever the size of its blocks.

use std::io::{self, Read};

use custload::core::record::Extent;
use custload::core::record::csv::{SplitFault, split};
use custload::core::record::dialect::{CsvDialect, Escape};
use custload::read::cut::csv::CsvCutter;
use custload::read::window::Window;
use custload::read::{BlockSize, Source};

use crate::random::Random;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Record,
    Blank,
    Malformed,
    Unterminated,
    TooLarge,
}

/// A record: its physical line, the offset of its first byte, what it is.
type Found = (u64, u64, Kind);

/// Where the reading of a record stands, before the byte that comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    CellStart,
    Unquoted,
    Quoted,
    /// After a quote that closes a quoted cell.
    AfterQuote,
}

/// Whether the quote at `at`, in a quoted cell that was opened at `open`, is a character of it together with what stands before
/// or after it: then how many bytes from `at` on that takes.
fn escaped(bytes: &[u8], open: usize, at: usize, dialect: &CsvDialect) -> Option<usize> {
    match dialect.escape {
        Escape::Double => (bytes.get(at + 1).copied() == dialect.quote).then_some(2),
        Escape::Backslash => {
            let backslashes = bytes[open + 1..at].iter().rev().take_while(|byte| **byte == b'\\').count();
            (backslashes % 2 == 1).then_some(1)
        }
    }
}

/// The place after a quoted cell that begins at `start` with blanks, if it is closed on its line and may end there.
fn after_blanks(bytes: &[u8], start: usize, dialect: &CsvDialect) -> Option<usize> {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t') && *byte != dialect.delimiter;
    let open = start + bytes[start..].iter().take_while(|byte| is_blank(byte)).count();
    if open == start || dialect.quote.is_none() || bytes.get(open).copied() != dialect.quote {
        return None;
    }
    let mut at = open + 1;
    loop {
        match *bytes.get(at)? {
            b'\n' | b'\r' => return None,
            byte if Some(byte) == dialect.quote => match escaped(bytes, open, at, dialect) {
                Some(length) => at += length,
                None => break,
            },
            _ => at += 1,
        }
    }
    let is_end = |byte: &u8| *byte == dialect.delimiter || matches!(byte, b'\n' | b'\r');
    bytes.get(at + 1).is_none_or(is_end).then_some(at + 1)
}

/// Whether a character of ASCII is white space, as Unicode has it: with the vertical tab.
fn is_white(byte: u8) -> bool {
    char::from(byte).is_whitespace() && byte.is_ascii()
}

/// How reading one record came out: its kind and the offset after it.
fn record(bytes: &[u8], start: usize, limit: usize, dialect: &CsvDialect) -> (Kind, usize) {
    let mut state = State::CellStart;
    // Whether the quoted cell that `at` is in has crossed a line break, and whether any of the record has.
    let (mut crossed, mut crossed_before) = (false, false);
    let (mut malformed, mut content) = (false, false);
    // Where the last quoted cell was opened, and up to where all is known to belong to a cell.
    let (mut open, mut known) = (0, start);
    let whole = |malformed, content| match (malformed, content) {
        (true, _) => Kind::Malformed,
        (false, true) => Kind::Record,
        (false, false) => Kind::Blank,
    };
    for at in start..bytes.len() {
        let byte = bytes[at];
        let is_break = byte == b'\n' || byte == b'\r';
        // Outside quotes a line break ends the record; it is not part of its length.
        if is_break && state != State::Quoted && at >= known {
            return (whole(malformed, content || crossed_before), behind_break(bytes, at));
        }
        crossed |= is_break;
        crossed_before |= is_break;
        let closes_wrong = state == State::AfterQuote && at >= known && byte != dialect.delimiter;
        let never_closed = (Kind::Unterminated, behind_line(bytes, start));
        if closes_wrong && crossed {
            return never_closed;
        }
        if at - start == limit {
            // With this byte the record passes its limit: by its first line alone, or because of a quote.
            return if crossed_before { never_closed } else { (Kind::TooLarge, behind_line(bytes, at)) };
        }
        let is_quote = Some(byte) == dialect.quote;
        let is_space = is_white(byte);
        if at < known {
            content |= state == State::Quoted && !is_space;
            continue;
        }
        if state == State::CellStart
            && let Some(end) = after_blanks(bytes, at, dialect)
        {
            // What stands between its quotes.
            let quote = bytes[at..end].iter().position(|byte| Some(*byte) == dialect.quote).unwrap();
            content |= bytes[at + quote + 1..end - 1].iter().any(|byte| !is_white(*byte));
            (known, state) = (end, State::AfterQuote);
            crossed = false;
            continue;
        }
        state = match state {
            State::CellStart if is_quote => {
                (open, crossed) = (at, false);
                State::Quoted
            }
            State::CellStart | State::Unquoted | State::AfterQuote if byte == dialect.delimiter => State::CellStart,
            State::Quoted if is_quote => match escaped(bytes, open, at, dialect) {
                Some(length) => {
                    content = true;
                    known = at + length;
                    State::Quoted
                }
                None => State::AfterQuote,
            },
            State::Quoted => {
                content |= !is_space;
                State::Quoted
            }
            State::CellStart | State::Unquoted | State::AfterQuote => {
                malformed |= closes_wrong;
                content |= !is_space || closes_wrong;
                State::Unquoted
            }
        };
    }
    if state == State::Quoted {
        return (Kind::Unterminated, behind_line(bytes, start));
    }
    (whole(malformed, content || crossed_before), bytes.len())
}

fn behind_break(bytes: &[u8], at: usize) -> usize {
    if bytes[at..].starts_with(b"\r\n") { at + 2 } else { at + 1 }
}

/// The start of the physical line behind the one that `at` is on.
fn behind_line(bytes: &[u8], at: usize) -> usize {
    let end = bytes[at..].iter().position(|byte| matches!(byte, b'\n' | b'\r'));
    end.map_or(bytes.len(), |end| behind_break(bytes, at + end))
}

fn by_the_book(bytes: &[u8], limit: usize, dialect: &CsvDialect) -> Vec<Found> {
    let mut found = Vec::new();
    let mut start = 0;
    while start < bytes.len() {
        let (kind, next) = record(bytes, start, limit, dialect);
        found.push((line_of(bytes, start), start as u64, kind));
        start = next;
    }
    found
}

/// The physical line on which an offset stands, from 1.
fn line_of(bytes: &[u8], offset: usize) -> u64 {
    let mut line = 1;
    let mut start = 0;
    loop {
        start = behind_line(bytes, start);
        if start > offset || start >= bytes.len() {
            return line;
        }
        line += 1;
    }
}

/// Gives its bytes in pieces of one size.
struct Pieces(Vec<u8>, usize, usize);

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.2.min(self.0.len() - self.1).min(buffer.len());
        buffer[..length].copy_from_slice(&self.0[self.1..self.1 + length]);
        self.1 += length;
        Ok(length)
    }
}

fn by_custload(bytes: &[u8], limit: u64, dialect: &CsvDialect, size: BlockSize, piece: usize) -> Vec<Found> {
    let window = Window::new(Box::new(Pieces(bytes.to_vec(), 0, piece)));
    let mut source = Source::new(window, Box::new(CsvCutter::new(*dialect, limit)), size, 1, None);
    let mut found = Vec::new();
    let mut cells = Vec::new();
    let (mut records, mut input_bytes) = (0, 0);
    while let Some(block) = source.next_block().unwrap() {
        assert_eq!(block.first_record, records + 1);
        assert_eq!(block.byte_offset, input_bytes);
        input_bytes += block.file_bytes;
        for (position, span) in block.positions() {
            let kind = match span.extent {
                Extent::Blank | Extent::Gap => Kind::Blank,
                Extent::Unterminated => Kind::Unterminated,
                Extent::TooLarge => Kind::TooLarge,
                Extent::Record => match split(block.bytes_of(span), dialect, &mut cells) {
                    Ok(()) => Kind::Record,
                    Err(SplitFault::Malformed(_)) => Kind::Malformed,
                    Err(SplitFault::Unclosed(_)) => panic!("a quote is left open in a record that was cut"),
                },
            };
            found.push((position.line, position.byte_offset, kind));
            records += u64::from(kind != Kind::Blank);
        }
    }
    let read = source.read();
    assert_eq!((read.bytes, read.records), (bytes.len() as u64, records));
    assert_eq!(read.blank as usize, found.iter().filter(|(.., kind)| *kind == Kind::Blank).count());
    found
}

pub(crate) fn compare(bytes: &[u8], limit: u64, dialect: &CsvDialect, size: BlockSize, piece: usize) {
    let expected = by_the_book(bytes, usize::try_from(limit).unwrap(), dialect);
    let found = by_custload(bytes, limit, dialect, size, piece);
    assert_eq!(found, expected, "{:?} with limit {limit}, {dialect}, {size:?}", String::from_utf8_lossy(bytes));
}

#[test]
fn the_book_itself_is_right() {
    use Kind::{Blank, Malformed, Record, TooLarge, Unterminated};
    let cases: &[(&str, usize, &[Found])] = &[
        ("a,b\nc\r\nd\re", 99, &[(1, 0, Record), (2, 4, Record), (3, 7, Record), (4, 9, Record)]),
        ("\n,,\n\"\",\"\"\na", 99, &[(1, 0, Blank), (2, 1, Blank), (3, 4, Blank), (4, 10, Record)]),
        ("\"a\nb\",c\nd", 99, &[(1, 0, Record), (3, 8, Record)]),
        ("\"a\"b,c\nd", 99, &[(1, 0, Malformed), (2, 7, Record)]),
        ("\"a\nb\"c\nd", 99, &[(1, 0, Unterminated), (2, 3, Record), (3, 7, Record)]),
        ("\"a\nb", 99, &[(1, 0, Unterminated), (2, 3, Record)]),
        ("\"a\nbcd\n", 4, &[(1, 0, Unterminated), (2, 3, Record)]),
        ("\"a\n\"\n", 4, &[(1, 0, Record)]),
        ("\"abcd\ne", 4, &[(1, 0, TooLarge), (2, 6, Record)]),
        ("\"abc\ne", 4, &[(1, 0, Unterminated), (2, 5, Record)]),
        ("abcd\ne", 4, &[(1, 0, Record), (2, 5, Record)]),
        ("abcde\re", 4, &[(1, 0, TooLarge), (2, 6, Record)]),
        ("\"\n\",bc\nd", 4, &[(1, 0, Unterminated), (2, 2, Unterminated), (3, 7, Record)]),
        // Blanks before a quote.
        ("a, \"b,\n c\"\n", 99, &[(1, 0, Record), (2, 7, Record)]),
        (" \"a,\",\"b\nc\"\n", 99, &[(1, 0, Record)]),
        (" \"a,\"b,\"c\nd\"\n", 99, &[(1, 0, Malformed), (2, 10, Record)]),
        (" \"a\"b,\"c\nd\"\n", 99, &[(1, 0, Record)]),
        ("\"a\n\", \",\nb\",\"", 99, &[(1, 0, Record), (3, 9, Unterminated)]),
        (" , \t\n \"\", \" \"\n\" \n\"", 99, &[(1, 0, Blank), (2, 5, Blank), (3, 14, Record)]),
    ];
    for (text, limit, expected) in cases {
        assert_eq!(by_the_book(text.as_bytes(), *limit, &DIALECTS[0]), *expected, "{text:?} with limit {limit}");
    }
}

pub(crate) const DIALECTS: [CsvDialect; 6] = [
    CsvDialect::with_delimiter(b','),
    CsvDialect::with_delimiter(b'\t'),
    CsvDialect { quote: Some(b'\''), ..CsvDialect::with_delimiter(b',') },
    CsvDialect { quote: None, ..CsvDialect::with_delimiter(b';') },
    CsvDialect { escape: Escape::Backslash, ..CsvDialect::with_delimiter(b',') },
    CsvDialect { quote: Some(b'|'), escape: Escape::Backslash, ..CsvDialect::with_delimiter(b' ') },
];

/// A random text over what matters to the grammar; `quotes` and `breaks` in ten of its bytes are such.
fn text(random: &mut Random, longest: usize, dialect: &CsvDialect) -> Vec<u8> {
    let (quotes, breaks) = (1 + random.below(5), 1 + random.below(4));
    let quote = dialect.quote.unwrap_or(b'"');
    let others = [
        dialect.delimiter,
        b'a',
        b' ',
        dialect.delimiter,
        b'a',
        if dialect.escape == Escape::Backslash { b'\\' } else { b'\t' },
    ];
    // With fewer kinds, each is met more often.
    let others = &others[..2 + random.below(5)];
    let length = random.below(longest + 1);
    let byte = |random: &mut Random| match random.below(10) {
        n if n < quotes => quote,
        n if n < quotes + breaks => [b'\n', b'\n', b'\r'][random.below(3)],
        _ => others[random.below(others.len())],
    };
    (0..length).map(|_| byte(random)).collect()
}

pub(crate) const SIZES: [BlockSize; 4] =
    [BlockSize::Records(1), BlockSize::Records(2), BlockSize::Records(1000), BlockSize::Bytes(7)];

#[test]
fn records_end_where_the_book_says() {
    let mut random = Random::new(1);
    for round in 0..60_000 {
        let dialect = &DIALECTS[if round % 2 == 0 { 0 } else { round / 2 % DIALECTS.len() }];
        let bytes = text(&mut random, if round % 10 == 0 { 90 } else { 26 }, dialect);
        let limit = if round % 5 == 0 { 1 << 20 } else { 3 + random.below(38) as u64 };
        compare(&bytes, limit, dialect, SIZES[round % SIZES.len()], usize::MAX);
    }
}

#[test]
fn every_short_text_ends_where_the_book_says() {
    for (alphabet, longest) in [(&b"a,\"\n\r "[..], 5), (b",\"\n ", 6)] {
        let letters = alphabet.len();
        for (length, number) in
            (0..=longest).flat_map(|length| (0..letters.pow(length)).map(move |number| (length, number)))
        {
            let bytes: Vec<u8> = (0..length).map(|place| alphabet[number / letters.pow(place) % letters]).collect();
            for limit in [1, 3, 4, 1 << 20] {
                compare(&bytes, limit, &DIALECTS[0], SIZES[number % SIZES.len()], usize::MAX);
            }
        }
    }
}

#[test]
fn it_does_not_matter_how_an_input_comes_in() {
    let mut random = Random::new(2);
    for round in 0..300 {
        let dialect = &DIALECTS[round % DIALECTS.len()];
        let bytes = text(&mut random, 60, dialect);
        compare(&bytes, 3 + random.below(20) as u64, dialect, SIZES[round % SIZES.len()], 1 + random.below(5));
    }
}

/// The same at the size at which the window moves on: it reads 256 KiB at once.
#[test]
fn large_inputs_are_cut_like_small_ones() {
    let mut random = Random::new(3);
    let mut bytes = Vec::new();
    while bytes.len() < 600_000 {
        match random.below(40) {
            0 => bytes.extend(std::iter::repeat_n(b'x', random.below(4000))),
            1 => bytes.extend_from_slice(b"\r\n"),
            2 => bytes.extend(text(&mut random, 300, &DIALECTS[0])),
            3 => bytes.extend_from_slice(b"\n\"a\n"),
            _ => bytes.extend(text(&mut random, 20, &DIALECTS[0])),
        }
    }
    let limit = 1000;
    // `line_of` starts from the file's beginning each time; here that is told step by step.
    let (mut expected, mut start, mut line, mut counted) = (Vec::new(), 0, 1, 0);
    while start < bytes.len() {
        while counted < start {
            counted = behind_line(&bytes, counted);
            line += 1;
        }
        let (kind, next) = record(&bytes, start, limit, &DIALECTS[0]);
        expected.push((line, start as u64, kind));
        start = next;
    }
    for size in [BlockSize::Records(1), BlockSize::Bytes(65_536), BlockSize::Bytes(4 << 20)] {
        assert!(by_custload(&bytes, limit as u64, &DIALECTS[0], size, usize::MAX) == expected, "{size:?}");
    }
    assert!(by_custload(&bytes, limit as u64, &DIALECTS[0], BlockSize::Bytes(1000), 1009) == expected, "in pieces");
}
