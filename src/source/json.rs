//! Where the objects of a JSON array end: [`JsonCutter`]. Objects that follow each other without an array are cut likewise.
//!
//! Nothing is parsed here: brackets and texts are followed as far as it takes to see where an element ends. Two slips must
//! not cost more than they have to. A text that is not closed ends with its line, for no text goes over a line break; and an
//! element's brackets may not close by its limit, or by the end of the file. Such an element ends before the next line
//! that looks like the start of another, an opening brace as far from the left as its own, or with its first line if there
//! is none. A file may have a few elements that run up to their limit; from then on each is cut at once, so that the cost stays
//! linear.

use std::io;

use super::window::{Found, Window};
use super::{Cut, Cutter};
use crate::format::json::is_white_space;
use crate::record::Extent;

/// How many elements may run up to their limit before they are cut at the first line that could be another.
const MOST_UNCLOSED: u32 = 16;

/// Cuts the elements of an array.
#[derive(Debug)]
pub struct JsonCutter {
    limit: u64,
    /// Whether an array is open.
    in_array: bool,
    /// The brackets of the element that are open. A closing one is two behind it in ASCII.
    open: Vec<u8>,
    /// How far from the left the element stands that comes next.
    column: u64,
    unclosed: u32,
    /// Whether the array's missing end was reported.
    told: bool,
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
        JsonCutter { limit, in_array: false, open: Vec::new(), column: 0, unclosed: 0, told: false }
    }

    /// Goes over what stands in front of the first element; the offset at which that starts, and how many lines end before it.
    pub fn start(&mut self, window: &mut Window) -> io::Result<(u64, u64)> {
        let offset = window.offset();
        self.go_to_next(window, offset)
    }

    /// The start of the next element at or behind `at`, over white space, commas and the brackets of the array, and how many
    /// lines end before it.
    fn go_to_next(&mut self, window: &mut Window, mut at: u64) -> io::Result<(u64, u64)> {
        let mut lines = 0;
        while let Some(byte) = window.byte(at)? {
            self.column += 1;
            match byte {
                b'\n' => {
                    lines += 1;
                    self.column = 0;
                }
                _ if is_white_space(byte) => {}
                b',' if self.in_array => {}
                b']' if self.in_array => self.in_array = false,
                b'[' if !self.in_array => self.in_array = true,
                _ => {
                    self.column -= 1;
                    break;
                }
            }
            at += 1;
        }
        Ok((at, lines))
    }

    fn scan(&mut self, window: &mut Window, start: u64) -> io::Result<End> {
        let limit = start + self.limit;
        let (mut at, mut in_text) = (start, false);
        self.open.clear();
        let (mut is_broken, mut first_line, mut next_sibling) = (false, None, None);
        while at <= limit {
            let Some(byte) = window.byte(at)? else {
                // What is no bracket, or a text by itself, ends with the file.
                return Ok(if self.open.is_empty() && !is_broken {
                    End::At(at)
                } else {
                    End::Unclosed(next_sibling.or(first_line).unwrap_or(at))
                });
            };
            if byte == b'\n' {
                is_broken |= in_text || self.unclosed >= MOST_UNCLOSED && !self.open.is_empty();
                in_text = false;
                first_line = first_line.or(Some(at));
                if next_sibling.is_none() && self.is_sibling(window, at + 1)? {
                    next_sibling = Some(at);
                }
                if let (true, Some(end)) = (is_broken, next_sibling) {
                    return Ok(End::Unclosed(end));
                }
            }
            match byte {
                b'"' if in_text => in_text = false,
                b'\\' if in_text => at += u64::from(window.byte(at + 1)?.is_some_and(|next| next != b'\n')),
                _ if in_text || is_broken => {}
                b'"' => in_text = true,
                b'{' | b'[' => self.open.push(byte),
                b']' if self.open.is_empty() && self.in_array => return Ok(End::At(at)),
                b'}' | b']' => {
                    let opened = self.open.pop();
                    is_broken |= opened.is_some_and(|opened| opened != byte - 2);
                    match (is_broken, next_sibling) {
                        (true, Some(end)) => return Ok(End::Unclosed(end)),
                        (false, _) if self.open.is_empty() => return Ok(End::At(at + 1)),
                        _ => {}
                    }
                }
                b',' | b'\n' if self.open.is_empty() => return Ok(End::At(at)),
                _ => {}
            }
            at += 1;
        }
        Ok(next_sibling.or(first_line).map_or(End::TooLong, End::Unclosed))
    }

    /// Whether a line starts like another element: a brace as far from the left as this one.
    fn is_sibling(&self, window: &mut Window, line: u64) -> io::Result<bool> {
        for place in line..line + self.column {
            if !matches!(window.byte(place)?, Some(b' ' | b'\t')) {
                return Ok(false);
            }
        }
        Ok(window.byte(line + self.column)? == Some(b'{'))
    }
}

impl Cutter for JsonCutter {
    fn cut(&mut self, window: &mut Window, start: u64) -> io::Result<Option<Cut>> {
        if window.byte(start)?.is_none() {
            // An array that is not closed may lack some of its elements, and that is not to happen unnoticed.
            let is_cut_off = self.in_array && !std::mem::replace(&mut self.told, true);
            let cut = Cut { end: start, next: start, lines: 0, extent: Extent::Record };
            return Ok(is_cut_off.then_some(cut));
        }
        let limit = start + self.limit;
        let end = match self.scan(window, start)? {
            End::At(end) if end <= limit => end,
            End::Unclosed(end) if end <= limit => {
                self.unclosed += 1;
                end
            }
            End::At(_) | End::Unclosed(_) | End::TooLong => {
                return Ok(Some(Cut { end: limit, next: limit, lines: 1, extent: Extent::TooLarge }));
            }
        };
        let within = &window.held()[(start - window.offset()) as usize..(end - window.offset()) as usize];
        let within = memchr::memchr_iter(b'\n', within).count() as u64;
        let (next, behind) = self.go_to_next(window, end)?;
        Ok(Some(Cut { end, next, lines: within + behind, extent: Extent::Record }))
    }

    fn rest_of_too_large(&mut self, window: &mut Window, from: u64, until: u64) -> io::Result<Found> {
        window.find([b'\n'; 3], from, until)
    }

    fn behind_too_large(&mut self, window: &mut Window, end: u64) -> io::Result<u64> {
        let line = if window.byte(end)?.is_some() { end + 1 } else { end };
        Ok(self.go_to_next(window, line)?.0)
    }
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
        while let Some(cut) = cutter.cut(&mut window, at).unwrap() {
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
            // The array's end is missing: an empty element, which is no JSON, says so.
            ("[{\"a\":1}", vec!["{\"a\":1}", ""]),
            ("[{\"a\":1},", vec!["{\"a\":1}", ""]),
        ] {
            assert_eq!(elements(text), expected, "{text}");
        }
    }

    #[test]
    fn a_slip_costs_its_line() {
        assert_eq!(elements("[\n{\"a\":\"x},\n{\"b\":2}\n]\n"), ["{\"a\":\"x},", "{\"b\":2}"]);
        assert_eq!(elements("[\n{\"a\":{\"x\":1},\n{\"b\":2}\n"), ["{\"a\":{\"x\":1},", "{\"b\":2}", ""]);
        // Over several lines, the one in the middle broken in a text, or without its end.
        for broken in ["  {\n    \"b\": \"x\n  },\n", "  {\n    \"b\": {\"x\": 1,\n  },\n"] {
            let text = format!("[\n  {{\n    \"a\": 1\n  }},\n{broken}  {{\n    \"c\": 3\n  }}\n]\n");
            let found = elements(&text);
            assert_eq!((found.len(), found[2].as_str()), (3, "{\n    \"c\": 3\n  }"), "{text}: {found:?}");
        }
        // Without an end, however many: linear.
        let many = format!("[\n{}", "{\n".repeat(100_000));
        assert_eq!(cut(&many, 1 << 20).len(), 100_001);
    }

    #[test]
    fn lines_are_counted() {
        let found = cut("\n[\n{\"a\":1},\n\n{\n\"b\":2\n},{\"c\":3}\n]\n", 1000);
        assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [3, 5, 7]);
    }
}
