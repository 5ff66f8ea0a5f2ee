//! What a text is: [`format_of`] recognises the format by how it begins, [`is_report`] a reject report, and [`line_end`]
//! the end of its lines.
//!
//! Reading JSON as another kind of JSON loses records without a word, so the first line alone never decides. Reject
//! reports are recognised by what only they have, whatever the options say: those describe the input, and its report is
//! written in its own way.

use std::path::Path;

use memchr::{memchr, memchr2, memmem};

use crate::core::record::json::{FirstValue, Members, first_value, is_blank, is_white_space, without_comma};
use crate::read::options::Format;

/// The byte that the lines of a text end with: LF, with or without a CR before it, or CR if there is no LF.
pub fn line_end(start: &[u8]) -> u8 {
    match memchr2(b'\n', b'\r', start) {
        Some(at) if start[at] == b'\r' && memchr(b'\n', start).is_none() => b'\r',
        _ => b'\n',
    }
}

/// The format of a text that begins with `start`; `is_whole` if that is all of it. A name that says NDJSON or CSV is
/// believed unless the text is JSON of another form.
pub fn format_of(path: &Path, start: &[u8], is_whole: bool) -> Format {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    let text = start.trim_ascii_start();
    let by_name = match ending.as_str() {
        "ndjson" | "jsonl" => Some(Format::Ndjson),
        "csv" | "tsv" => Some(Format::Csv),
        _ => None,
    };
    let mut tokens = text.iter().filter(|byte| !byte.is_ascii_whitespace());
    match (tokens.next(), tokens.next(), by_name) {
        (Some(b'['), _, Some(Format::Ndjson)) if !is_array(text) => Format::Ndjson,
        (Some(b'['), _, Some(Format::Ndjson)) | (Some(b'['), Some(b'{' | b']'), _) => Format::Json,
        (Some(b'['), _, None) if ending == "json" => Format::Json,
        (Some(b'{'), Some(b'"' | b'}'), _) => format_of_objects(text, is_whole, by_name),
        (Some(b'{'), _, None) => Format::Ndjson,
        (_, _, by_name) => by_name.unwrap_or(Format::Csv),
    }
}

/// Whether a text named as NDJSON is an array of objects: its first line is not a whole value, or is the only one. A
/// line that is not JSON may be either; then the next one decides.
fn is_array(text: &[u8]) -> bool {
    let end = line_end(text);
    let mut lines = text.split(|byte| *byte == end).filter(|line| !is_blank(line)).map(|line| line.trim_ascii());
    let Some(first) = lines.next() else { return false };
    let has_object = first[1..].trim_ascii_start().starts_with(b"{");
    let next = lines.next();
    match first_value(without_comma(first)) {
        FirstValue::CutOff => true,
        FirstValue::Whole(_) => next.is_none() && has_object,
        FirstValue::Invalid => next.map_or(has_object, |next| !next.starts_with(b"[")),
    }
}

/// The format of a text that begins like an object: objects line by line, or over several lines. Unless all its lines
/// are objects, it is read value by value; if that meets an error, most of its lines decide.
fn format_of_objects(text: &[u8], is_whole: bool, by_name: Option<Format>) -> Format {
    let lines = Lines::of(text, is_whole);
    if lines.whole() == lines.all && lines.all > 0 {
        return Format::Ndjson;
    }
    let is_one_line = lines.all == 1 && by_name == Some(Format::Ndjson);
    let is_lines = match follow(text) {
        Followed::ToTheEnd => false,
        Followed::Open { objects: 0 } => is_one_line && is_whole,
        // All lines but the last, which was cut off, are objects.
        Followed::Open { .. } => is_whole && lines.whole() + 1 == lines.all,
        Followed::Slip => {
            let is_csv = by_name == Some(Format::Csv) && lines.whole() == 0 && lines.begun < 2;
            if is_csv {
                return Format::Csv;
            }
            is_one_line
                || match lines.first_goes_on {
                    // The elements of an array have commas between them.
                    true => lines.bare > lines.with_comma && 2 * lines.bare > lines.all,
                    false => 2 * lines.whole() >= lines.all || 2 * lines.begun > lines.all,
                }
        }
    };
    if is_lines { Format::Ndjson } else { Format::Json }
}

/// The lines of a text that are not blank. The last one counts only if it is whole, or the only one.
#[derive(Debug, Default)]
struct Lines {
    all: usize,
    /// Lines that are one object, and lines that are one object and a comma.
    bare: usize,
    with_comma: usize,
    begun: usize,
    /// Whether the first line could be the beginning of a longer object.
    first_goes_on: bool,
}

impl Lines {
    fn of(text: &[u8], is_whole: bool) -> Lines {
        let end = line_end(text);
        let mut lines = Lines::default();
        for line in text.split_inclusive(|byte| *byte == end) {
            let line = match line.strip_suffix(&[end]) {
                Some(line) => line,
                None if is_whole || lines.all == 0 => line,
                None => break,
            };
            if !is_blank(line) {
                lines.note(line);
            }
        }
        lines
    }

    fn note(&mut self, line: &[u8]) {
        let value = without_comma(line);
        let is_object = std::str::from_utf8(value).is_ok_and(|value| Members::parse(value).is_ok());
        if self.all == 0 && !is_object {
            self.first_goes_on = first_value(line) == FirstValue::CutOff;
        }
        self.all += 1;
        self.begun += usize::from(line.trim_ascii_start().starts_with(b"{"));
        match is_object {
            true if value.len() == line.len() => self.bare += 1,
            true => self.with_comma += 1,
            false => {}
        }
    }

    fn whole(&self) -> usize {
        self.bare + self.with_comma
    }
}

/// How far a text is JSON values one after another, with or without commas between them.
enum Followed {
    ToTheEnd,
    /// The last value has no end; `objects` come before it.
    Open {
        objects: usize,
    },
    Slip,
}

fn follow(text: &[u8]) -> Followed {
    let mut at = 0;
    for objects in 0.. {
        at += text[at..].iter().take_while(|byte| is_white_space(**byte)).count();
        if objects > 0 && text.get(at) == Some(&b',') {
            at += 1 + text[at + 1..].iter().take_while(|byte| is_white_space(**byte)).count();
        }
        if at == text.len() {
            break;
        }
        match first_value(&text[at..]) {
            FirstValue::Whole(length) => at += length,
            FirstValue::CutOff => return Followed::Open { objects },
            FirstValue::Invalid => return Followed::Slip,
        }
    }
    Followed::ToTheEnd
}

const BEGINNING: usize = 256 * 1024;

/// Two columns that are next to each other in every report.
const COLUMNS: [&[u8]; 2] = [b"_reject_line", b"_reject_codes"];

/// How the object of a report's line begins, in every version.
const OBJECT: &[u8] = b"\"_reject\":{\"";

/// The delimiter of a text that looks like a reject report: the byte between two of the report's own column names.
pub(super) fn delimiter_of_report(text: &[u8]) -> Option<u8> {
    // Other programs may have changed the case.
    let text = &text[..text.len().min(BEGINNING)].to_ascii_lowercase();
    let without_quote = |text: &'_ [u8]| text.strip_suffix(b"\"").map_or(text.len(), |rest| rest.len());
    memmem::find_iter(text, COLUMNS[1]).find_map(|at| {
        let before = &text[..at];
        let (delimiter, before) = before[..without_quote(before)].split_last()?;
        before[..without_quote(before)].ends_with(COLUMNS[0]).then_some(*delimiter)
    })
}

/// Whether a text is a reject report, judging by its first line. Then it is UTF-8, unless another program has saved it.
pub fn is_report(text: &[u8]) -> bool {
    let text = &text[..text.len().min(BEGINNING)];
    let line = &text[..memchr2(b'\n', b'\r', text).unwrap_or(text.len())];
    delimiter_of_report(line).is_some() || line.starts_with(b"{") && memmem::find(line, OBJECT).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_apart() {
        const RECORD: &str = "{\"name\":\"A\"}";
        for (name, text, format) in [
            ("a.txt", "name,email\n".to_string(), Format::Csv),
            ("a", String::new(), Format::Csv),
            ("a.ndjson", String::new(), Format::Ndjson),
            ("a.csv", "{guid},name\n".to_string(), Format::Csv),
            ("a.csv", "{\"guid\"},name\n1,2\n".to_string(), Format::Csv),
            ("a.csv", format!("{RECORD}\n{RECORD}\n"), Format::Ndjson),
            ("a.csv", format!("[{RECORD}]"), Format::Json),
            ("a.txt", "[name],[email]\n".to_string(), Format::Csv),
            ("a.json", "[1,2]".to_string(), Format::Json),
            ("a.txt", "{name:1}\n".to_string(), Format::Ndjson),
            ("a.json", format!("{RECORD}\n"), Format::Ndjson),
            ("a.json", format!("{RECORD},\n{RECORD}"), Format::Ndjson),
            ("a.jsonl", format!("{RECORD}{RECORD}\n"), Format::Json),
            ("a.jsonl", RECORD.replace('{', "{\n"), Format::Json),
            ("a.jsonl", format!("{RECORD}\n{}\n", RECORD.replace('{', "{\n")), Format::Json),
            ("a.jsonl", format!("{{\"rows\":[\n{RECORD},\n{RECORD}\n]}}"), Format::Json),
            ("a.jsonl", format!("{{\"rows\":[\n{RECORD},\n{RECORD},\n{{\"na"), Format::Json),
            ("a.jsonl", format!("{{\"rows\":[\n{RECORD},\n{{}}}},\n{RECORD}\n]}}"), Format::Json),
            ("a.jsonl", format!("{{\"name\":\n{RECORD}\n{RECORD}\n"), Format::Ndjson),
            ("a.jsonl", format!("{RECORD}\n{{\"name\":x}}\n{RECORD}\n"), Format::Ndjson),
            ("a.jsonl", format!("{RECORD}\n{RECORD}\n{{\"na"), Format::Ndjson),
            ("a.jsonl", "{\"na".to_string(), Format::Ndjson),
            ("a.json", "{\"na".to_string(), Format::Json),
            ("a.jsonl", format!("[{RECORD},\n{RECORD}]"), Format::Json),
            ("a.jsonl", format!("[{RECORD},{RECORD}]"), Format::Json),
            ("a.jsonl", "[1,2]\n[3,4]\n".to_string(), Format::Ndjson),
            ("a.jsonl", "[1,x]\n[3,4]\n".to_string(), Format::Ndjson),
            // An array whose first line ends like one.
            ("a.jsonl", "[{\"tags\":[\"x\"],\n\"contact\":\n{\"a\":1},\n\"name\":\"A\"}]\n".to_string(), Format::Json),
            ("a.jsonl", "[{\"name\":\"A,\"tags\":[\"x\"],\n\"a\":1},\n{\"name\":\"B\"}]\n".to_string(), Format::Json),
            // Objects over several lines, the last of them cut off, most of whose lines are other objects.
            (
                "a.json",
                format!("{{\"kids\":[\n{RECORD},\n{RECORD},\n{RECORD}\n]}}\n").repeat(2) + "{\"kids\":[\n{\"na",
                Format::Json,
            ),
        ] {
            assert_eq!(format_of(Path::new(name), text.as_bytes(), true), format, "{name}: {text}");
            let mac = text.replace('\n', "\r");
            assert_eq!(format_of(Path::new(name), mac.as_bytes(), true), format, "{name}: {mac:?}");
        }
    }

    #[test]
    fn a_beginning_that_can_be_followed_is_no_lines() {
        let object = "{\"kids\":[\n{\"name\":\"A\"},\n{\"name\":\"B\"},\n{\"name\":\"C\"}\n]}\n".repeat(50);
        for end in [object.len(), object.len() - 1, object.len() - 5, object.len() - 30, object.len() - 45] {
            assert_eq!(format_of(Path::new("a.json"), &object.as_bytes()[..end], false), Format::Json, "{end}");
        }
        let lines = "{\"name\":\"A\"}\n".repeat(50);
        for end in [lines.len(), lines.len() - 1, lines.len() - 5] {
            assert_eq!(format_of(Path::new("a.json"), &lines.as_bytes()[..end], false), Format::Ndjson, "{end}");
        }
    }

    #[test]
    fn line_ends_are_known() {
        for (text, end) in [("a", b'\n'), ("a\nb\r", b'\n'), ("a\r\nb", b'\n'), ("a\rb", b'\r'), ("a\rb\nc", b'\n')] {
            assert_eq!(line_end(text.as_bytes()), end, "{text:?}");
        }
    }

    #[test]
    fn a_report_is_known_by_its_own_columns() {
        for (text, delimiter) in [
            ("email,_reject_line,_reject_codes,_reject_messages,_reject_raw\n", Some(b',')),
            ("a;_reject_record;_reject_line;_reject_codes;_reject_messages\n", Some(b';')),
            ("a\t\"_reject_line\"\t\"_reject_codes\"\n", Some(b'\t')),
            ("\"x\"a\"_reject_line\"a\"_reject_codes\"\n", Some(b'a')),
            ("\"two\nlines\",_reject_line,_reject_codes\n", Some(b',')),
            ("_reject_line_reject_codes\n", None),
            ("_reject_codes,_reject_line\n", None),
            ("_reject_codes", None),
            ("", None),
        ] {
            assert_eq!(delimiter_of_report(text.as_bytes()), delimiter, "{text:?}");
        }
        assert!(
            is_report(b"{\"email\":\"no\",\"_reject\":{\"run\":null}}\n") && is_report(b"a,_reject_line,_reject_codes")
        );
        for text in ["{\"a\":\"\\\"_reject\\\":{\\\"\"}", "{\"_reject\":5}", "email\n_reject_line,_reject_codes\n"] {
            assert!(!is_report(text.as_bytes()), "{text}");
        }
    }
}
