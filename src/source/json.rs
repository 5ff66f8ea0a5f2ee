//! Where the objects of a JSON array end: [`JsonCutter`]. Objects that follow each other without an array are cut likewise.
//!
//! Nothing is parsed here: brackets and texts are followed as far as it takes to see where an element ends. Two slips must
//! not cost more than they have to. A quote that is missing shows when a text ends where none may end, or with its line, for no
//! text goes over a line break; a bracket that is missing shows when another does not fit, or when the element has no end
//! before its limit. Such an element ends before what looks like the next: a line that begins with an opening brace as far from
//! the left, or a comma and a brace and the key that the first element begins with. If there is neither, it ends with its
//! line. What is followed in vain is counted, and when it is too much, elements are cut at the first chance, so that the cost
//! stays linear.
//!
//! A text that ends within an array or an object was cut off, which is an error of the input. What stands around an array within a
//! document is for [`Document`].

use std::io;

use super::document::{Document, not_closed};
use super::window::{Found, Window};
use super::{Cut, Cutter};
use crate::format::json::is_white_space;
use crate::record::Extent;

/// How many times its limit may be followed in vain before elements are cut at the first line that could be another.
const MOST_LIMITS: u64 = 16;

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
    /// The brackets of the element that are open. A closing one is two behind it in ASCII.
    open: Vec<u8>,
    /// How far from the left the element stands that comes next, if it is the first on its line.
    column: Option<u64>,
    /// What the first element begins with, up to its first colon, without white space; empty until that is known.
    shape: Vec<u8>,
    /// How many bytes were followed behind the ends of elements, and have to be followed again.
    wasted: u64,
    /// What a line ends with: LF or CR.
    line_end: u8,
    /// The document around the array.
    document: Option<Document>,
    /// How many elements were cut, and how many up to the last one that ended as it should.
    elements: u64,
    whole: u64,
}

/// What is known of an element when its scan ends.
enum End {
    /// It ends before this offset.
    At(u64),
    /// It has no end before its limit, or the file's end; its first line ends here.
    Unclosed(u64),
    /// Its first line passes the limit.
    TooLong,
}

impl JsonCutter {
    /// A cutter for this limit of a record's length in bytes.
    pub fn new(limit: u64) -> JsonCutter {
        JsonCutter {
            limit,
            in_array: false,
            open: Vec::new(),
            column: None,
            shape: Vec::new(),
            wasted: 0,
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
                (_, b',') => {}
                _ if is_white_space(byte) => {}
                (_, b']') if self.in_array => self.in_array = false,
                (None, b'[') if !self.in_array => self.in_array = true,
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

    fn scan(&mut self, window: &mut Window, start: u64) -> io::Result<End> {
        let limit = start + self.limit;
        self.open.clear();
        let mut scan = Scan { is_hasty: self.wasted / MOST_LIMITS >= self.limit, ..Scan::default() };
        let mut at = start;
        while at <= limit {
            let Some(byte) = window.byte(at)? else {
                // What is no bracket, or a text by itself, ends with the file.
                let is_whole = self.open.is_empty() && !scan.is_broken;
                let has_sibling = scan.line_sibling.or(scan.first_shaped).is_some();
                if !is_whole && !scan.is_broken && !has_sibling {
                    return Err(not_closed(if self.in_array { "array" } else { "object" }, self.whole));
                }
                return Ok(if is_whole { End::At(at) } else { self.unclosed(&scan, at) });
            };
            if byte == self.line_end {
                scan.is_broken |= scan.in_text;
                scan.in_text = false;
                scan.first_line.get_or_insert(at);
                if scan.line_sibling.is_none() && self.is_sibling_line(window, at + 1)? {
                    scan.line_sibling = Some(at);
                }
                if scan.is_hasty && (scan.is_broken || !self.open.is_empty()) {
                    return Ok(End::Unclosed(scan.end().unwrap_or(at)));
                }
            }
            if byte == b',' && self.is_shaped(window, at + 1)? {
                scan.first_shaped.get_or_insert(at);
                // Another object cannot stand where an object has its next key.
                scan.is_broken |= !scan.in_text && self.open.last() == Some(&b'{') || scan.is_hasty;
                if scan.is_broken {
                    scan.next_shaped.get_or_insert(at);
                }
            }
            if let (true, Some(end)) = (scan.is_broken, scan.line_sibling.or(scan.next_shaped)) {
                return Ok(End::Unclosed(end));
            }
            if scan.in_text {
                match byte {
                    b'"' => (scan.in_text, scan.is_behind_text) = (false, true),
                    b'\\' => at += u64::from(window.byte(at + 1)?.is_some_and(|next| next != self.line_end)),
                    _ => {}
                }
            } else if let Some(end) = self.step(&mut scan, byte, at) {
                return Ok(End::At(end));
            }
            at += 1;
        }
        Ok(match scan.end() {
            Some(_) => self.unclosed(&scan, at),
            None => End::TooLong,
        })
    }

    /// The end of an element that was followed up to here in vain.
    fn unclosed(&mut self, scan: &Scan, at: u64) -> End {
        let end = scan.end().unwrap_or(at);
        self.wasted += at.saturating_sub(end);
        End::Unclosed(end)
    }

    /// Goes on by a byte outside texts; the end of the element, if it is there.
    fn step(&mut self, scan: &mut Scan, byte: u8, at: u64) -> Option<u64> {
        if is_white_space(byte) {
            return (byte == self.line_end && self.open.is_empty() && !scan.is_broken).then_some(at);
        }
        let is_behind_text = std::mem::take(&mut scan.is_behind_text);
        let before = std::mem::replace(&mut scan.last, byte);
        scan.is_broken |= byte == b'"' && !self.open.is_empty() && !matches!(before, b'{' | b'[' | b',' | b':');
        scan.is_broken |= is_behind_text && !self.open.is_empty() && !matches!(byte, b':' | b',' | b'}' | b']');
        match byte {
            b'"' => scan.in_text = true,
            _ if scan.is_broken => {}
            b'{' | b'[' => self.open.push(byte),
            b']' if self.open.is_empty() && self.in_array => return Some(at),
            b'}' | b']' => {
                let opened = self.open.pop();
                scan.is_broken |= opened.is_some_and(|opened| opened != byte - 2);
                return (self.open.is_empty() && !scan.is_broken).then_some(at + 1);
            }
            b',' if self.open.is_empty() => return Some(at),
            _ => {}
        }
        None
    }

    /// How many lines end in a stretch that is held.
    fn line_ends(&self, window: &Window, start: u64, end: u64) -> u64 {
        let held = &window.held()[(start - window.offset()) as usize..(end - window.offset()) as usize];
        memchr::memchr_iter(self.line_end, held).count() as u64
    }

    /// Whether a line starts like another element: a brace as far from the left as this one.
    fn is_sibling_line(&self, window: &mut Window, line: u64) -> io::Result<bool> {
        let Some(column) = self.column else { return Ok(false) };
        for place in line..line + column {
            if !matches!(window.byte(place)?, Some(b' ' | b'\t')) {
                return Ok(false);
            }
        }
        Ok(window.byte(line + column)? == Some(b'{'))
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
    in_text: bool,
    /// The last byte outside texts that was no white space.
    last: u8,
    /// Whether a text has just ended.
    is_behind_text: bool,
    /// Whether it cannot be JSON any more.
    is_broken: bool,
    /// Whether too much was followed in vain already.
    is_hasty: bool,
    /// Where its first line ends.
    first_line: Option<u64>,
    /// The end of the line before the first one that starts like another element.
    line_sibling: Option<u64>,
    /// The first comma before something that begins like the first element, and the first such where it was broken.
    first_shaped: Option<u64>,
    next_shaped: Option<u64>,
}

impl Scan {
    /// Where an element that has no end of its own is best cut off.
    fn end(&self) -> Option<u64> {
        self.line_sibling.or(self.next_shaped).or(self.first_shaped).or(self.first_line)
    }
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
        self.elements += 1;
        let end = match self.scan(window, start)? {
            End::At(end) if end <= limit => {
                self.whole = self.elements;
                end
            }
            End::Unclosed(end) if end <= limit => without_separators(window, start, end),
            End::At(_) | End::Unclosed(_) | End::TooLong => {
                let lines = self.line_ends(window, start, limit);
                return Ok(Some(Cut { end: limit, next: limit, lines, extent: Extent::TooLarge }));
            }
        };
        // Nothing that is cut off is empty, whatever it is.
        let end = end.max(start + 1).min(window.held_until());
        let within = self.line_ends(window, start, end);
        let (next, behind) = self.go_to_next(window, end)?;
        Ok(Some(Cut { end, next, lines: within + behind, extent: Extent::Record }))
    }

    fn rest_of_too_large(&mut self, window: &mut Window, mut from: u64, until: u64) -> io::Result<Found> {
        loop {
            match window.find([self.line_end, b',', b','], from, until)? {
                Found::Byte(at) if window.byte(at)? == Some(b',') && !self.is_shaped(window, at + 1)? => from = at + 1,
                found => return Ok(found),
            }
        }
    }

    fn behind_too_large(&mut self, window: &mut Window, end: u64) -> io::Result<(u64, u64)> {
        self.go_to_next(window, end)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The elements with the lines on which they start.
    fn cut(text: &str, limit: u64) -> Vec<(u64, String)> {
        let mut window = Window::new(Box::new(std::io::Cursor::new(text.as_bytes().to_vec())));
        let mut cutter = JsonCutter::new(limit);
        let (start, lines) = cutter.start(&mut window).unwrap();
        window.drop_until(start);
        let (mut at, mut line) = (start, lines + 1);
        let mut found = Vec::new();
        while let Ok(Some(cut)) = cutter.cut(&mut window, at) {
            let offset = window.offset();
            let held = &window.held()[(at - offset) as usize..(cut.end - offset) as usize];
            found.push((line, String::from_utf8_lossy(held).into_owned()));
            if cut.extent == Extent::TooLarge {
                break;
            }
            at = cut.next;
            line += cut.lines;
        }
        found
    }

    fn elements(text: &str) -> Vec<String> {
        cut(text, 1000).into_iter().map(|(_, element)| element).collect()
    }

    #[test]
    fn elements_are_cut_out() {
        for (text, expected) in [
            ("[]", vec![]),
            ("[{}]", vec!["{}"]),
            (" [ {\"a\":1} , {\"b\":[1,{}]} ] \n", vec!["{\"a\":1}", "{\"b\":[1,{}]}"]),
            ("[{\"a\":\"]},{\"},{\"b\":\"\\\"}\"}]", vec!["{\"a\":\"]},{\"}", "{\"b\":\"\\\"}\"}"]),
            ("[1,\"x,y\",null,[2,3]]", vec!["1", "\"x,y\"", "null", "[2,3]"]),
            ("{\"a\":1}\n{\"a\":2}", vec!["{\"a\":1}", "{\"a\":2}"]),
            ("{\n \"a\": 1\n}\n{\n}\n", vec!["{\n \"a\": 1\n}", "{\n}"]),
            ("[{\"a\":1}][{\"a\":2}]", vec!["{\"a\":1}", "{\"a\":2}"]),
            ("[{\"a\":1},", vec!["{\"a\":1}"]),
        ] {
            assert_eq!(elements(text), expected, "{text}");
        }
    }

    #[test]
    fn a_slip_on_a_long_line_costs_its_element() {
        for broken in [
            "{\"name\":\"A1,\"tax_id\":\"T1\"}",
            "{\"name\":\"A1\",\"tax_id\":\"T1\"",
            "{\"name\":\"A1\",\"tags\":[\"x\"",
            "{\"name\":A\"}",
        ] {
            let text = format!("[{{\"name\":\"A\"}},{broken},{{\"name\":\"B\"}}, {{\"name\" : \"C\"}}]");
            assert_eq!(
                elements(&text),
                ["{\"name\":\"A\"}", broken, "{\"name\":\"B\"}", "{\"name\" : \"C\"}"],
                "{text}"
            );
        }
        // Objects within objects that are whole are no elements.
        let nested = "{\"name\":\"A\",\"kids\":[{\"name\":\"B\"},{\"name\":\"C\"}]}";
        assert_eq!(elements(&format!("[{nested},{nested}]")), [nested, nested]);
    }

    #[test]
    fn whatever_comes_it_goes_on() {
        for text in [
            "{\n\"a\":1\n},\n{\n\"a\":2\n}",
            "[{\"a\":1}],{\"a\":2}",
            "[{\"a\":1}]],",
            "name,tax\nA,1\n",
            ",,]:]",
            "[[[",
            "}}{",
        ] {
            assert!(cut(text, 1000).len() < 10, "{text}");
        }
        let hostile = format!("[\n{}", " {\"name\":{]\n\"".repeat(50_000));
        assert!(cut(&hostile, 1 << 20).len() > 10);
        let hostile = format!("[{}", "{\"x\"y,".repeat(50_000));
        assert!(!cut(&hostile, 1 << 20).is_empty());
    }

    #[test]
    fn white_space_without_end_is_not_held() {
        let gap = " \n".repeat(LONGEST_GAP as usize);
        let text = format!("{gap}[{gap}{{\"a\":1}},{gap}{{\"a\":2}}{gap}]{gap}");
        let found = cut(&text, 1000);
        let elements: Vec<&(u64, String)> = found.iter().filter(|(_, element)| !element.is_empty()).collect();
        let gap_lines = LONGEST_GAP;
        let expected = [(1 + 2 * gap_lines, "{\"a\":1}"), (1 + 3 * gap_lines, "{\"a\":2}")];
        assert_eq!(elements, expected.map(|(line, element)| (line, element.to_string())).iter().collect::<Vec<_>>());
        assert!(found.len() > 4);
    }

    #[test]
    fn a_slip_costs_its_line() {
        assert_eq!(elements("[\n{\"a\":\"x},\n{\"b\":2}\n]\n"), ["{\"a\":\"x}", "{\"b\":2}"]);
        assert_eq!(elements("[\n{\"a\":{\"x\":1},\n{\"b\":2}\n"), ["{\"a\":{\"x\":1}", "{\"b\":2}"]);
        // Over several lines, the one in the middle broken in a text, or without its end.
        for broken in ["  {\n    \"b\": \"x\n  },\n", "  {\n    \"b\": {\"x\": 1,\n  },\n"] {
            let text = format!("[\n  {{\n    \"a\": 1\n  }},\n{broken}  {{\n    \"c\": 3\n  }}\n]\n");
            let found = elements(&text);
            assert_eq!((found.len(), found[2].as_str()), (3, "{\n    \"c\": 3\n  }"), "{text}: {found:?}");
        }
        // Without an end, however many: linear.
        let many = format!("[\n{}", "{\n".repeat(100_000));
        assert_eq!(cut(&many, 1 << 20).len(), 100_000);
    }

    #[test]
    fn lines_are_counted() {
        let found = cut("\n[\n{\"a\":1},\n\n{\n\"b\":2\n},{\"c\":3}\n]\n", 1000);
        assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [3, 5, 7]);
    }
}
