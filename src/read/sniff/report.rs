//! Reject reports are recognised by what only they have, whatever the options say: those describe the input, and its
//! report is written in its own way.

use memchr::{memchr2, memmem};

/// The size of the beginning that is searched.
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
