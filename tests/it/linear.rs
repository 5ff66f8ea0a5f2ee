//! Quotes that are opened again and again: the cost stays linear. Nothing is timed; were it quadratic, these tests would
//! take hours.

use crate::support::Place;

const LINES: usize = 200_000;

/// Imports a CSV file under the header `email,name` and gives read, accepted, rejected, blank and the codes.
fn counts(input: &[u8], more: &str) -> ([u64; 4], Vec<(String, u64)>) {
    let place = Place::new();
    place.write("input.csv", [b"email,name\n", input].concat());
    let line = format!("import input.csv --profile contact --quiet --rejects-ok {more}");
    // Where nothing is accepted, that is no success.
    let done = place.custload(&line);
    assert!(matches!(done.status, Some(0 | 1)), "{}", done.stderr);
    let summary = place.json("customers.db.imports/run-000001/summary.json");
    let count = |key: &str| summary[key].as_u64().unwrap();
    let codes = summary["rejects_by_code"].as_object().unwrap().iter();
    let codes = codes.map(|(code, count)| (code.clone(), count["records"].as_u64().unwrap())).collect();
    ([count("read"), count("accepted"), count("rejected"), count("blank")], codes)
}

fn codes(list: &[(&str, u64)]) -> Vec<(String, u64)> {
    list.iter().map(|(code, count)| (code.to_string(), *count)).collect()
}

#[test]
fn the_file_that_the_spec_names() {
    // `a"` is an unquoted cell; then quoted cells `,x⏎a` follow each other without end: each line starts a record that
    // goes on until it passes its limit or the file ends.
    let lines = LINES as u64;
    for limit in ["", "--max-record-bytes 700000", "--max-record-bytes 699999", "--max-record-bytes 10000000"] {
        let (found, by_code) = counts("a\",\",x\n".repeat(LINES).as_bytes(), limit);
        assert_eq!((found, by_code), ([lines, 0, lines, 0], codes(&[("unterminated-quote", lines)])), "{limit}");
    }
}

#[test]
fn the_same_file_before_a_line_without_a_mark() {
    // Whatever record comes to it, there is nothing to be found in the long line, and it is looked at once.
    let lines = 70_000;
    let input = format!("{}{}\n", "a\",\",x\n".repeat(lines as usize), "b".repeat(1024 * 1024));
    for limit in ["", "--max-record-bytes 100000000"] {
        let (found, by_code) = counts(input.as_bytes(), limit);
        assert_eq!(found, [lines + 1, 0, lines + 1, 0], "{limit}");
        assert_eq!(by_code[by_code.len() - 1], ("unterminated-quote".to_string(), lines), "{limit}");
    }
}

#[test]
fn a_quote_on_every_line() {
    let lines = LINES as u64;
    // Each two lines are a cell with a line break and nothing else in it.
    let (found, by_code) = counts("\"\n".repeat(LINES).as_bytes(), "");
    assert_eq!((found, by_code), ([lines / 2, 0, lines / 2, 0], codes(&[("missing-cell", lines / 2)])));
    // `"a⏎"` closes before `a`: each line is on its own.
    let (found, by_code) = counts("\"a\n".repeat(LINES).as_bytes(), "");
    assert_eq!((found, by_code), ([lines, 0, lines, 0], codes(&[("unterminated-quote", lines)])));
    // `"b⏎a,"` closes before `b`.
    let (found, by_code) = counts("a,\"b\n".repeat(LINES).as_bytes(), "");
    assert_eq!((found, by_code), ([lines, 0, lines, 0], codes(&[("unterminated-quote", lines)])));
}

#[test]
fn a_quote_that_closes_and_opens_on_every_line() {
    // `",⏎"` and `,` and the next line's break: a record of two lines and two cells, the second empty.
    let lines = LINES as u64;
    let (found, by_code) = counts("\",\n".repeat(LINES).as_bytes(), "");
    assert_eq!((found, by_code), ([lines / 2, 0, lines / 2, 0], codes(&[("invalid-email", lines / 2)])));
}

#[test]
fn a_quote_that_is_open_for_long() {
    // Each line opens a quote, and nothing closes one before the limit, again and again.
    let lines = LINES as u64;
    let (found, by_code) = counts("ann@example.com,\"Ann Smith is here\r\n".repeat(LINES).as_bytes(), "");
    // `"…⏎ann@example.com,"` closes before `A`.
    assert_eq!((found, by_code), ([lines, 0, lines, 0], codes(&[("unterminated-quote", lines)])));
    let plain = "b\n".repeat(1000);
    let input = format!("\"a\n{plain}").repeat(200);
    let (found, by_code) = counts(input.as_bytes(), "");
    assert_eq!(found, [200 * 1001, 0, 200 * 1001, 0]);
    assert_eq!(by_code, codes(&[("missing-cell", 200_000), ("unterminated-quote", 200)]));
}

#[test]
fn one_open_quote_in_front_of_many_lines() {
    // No line has another quote: each record's quote is followed to its limit or the end of the file once.
    let input = format!("\"{}", "a,b\n".repeat(LINES));
    for limit in ["--max-record-bytes 1000", "--max-record-bytes 1000000", ""] {
        let (found, by_code) = counts(input.as_bytes(), limit);
        assert_eq!(found, [LINES as u64, 0, LINES as u64, 0], "{limit}");
        let rest = LINES as u64 - 1;
        let expected = codes(&[("invalid-email", rest), ("too-short", rest), ("unterminated-quote", 1)]);
        assert_eq!(by_code, expected, "{limit}");
    }
}

#[test]
fn doubled_quotes_that_look_like_the_end() {
    // `""` is a quote in the cell, so each line leaves it open; the last line closes all.
    let inner = "x\"\",\n".repeat(LINES);
    let (found, by_code) = counts(format!("\"{inner}\",y\n").as_bytes(), "--max-record-bytes 100");
    // Cut off by the limit, the first line is a reject; the others are unquoted cells with quotes in them; the last has
    // a quote that nothing closes.
    assert_eq!(found[0], LINES as u64 + 1);
    assert_eq!(by_code.iter().find(|(code, _)| code == "unterminated-quote").map(|(_, count)| *count), Some(2));
    let (found, by_code) = counts(format!("\"{inner}\",y\n").as_bytes(), "--max-record-bytes 10000000");
    assert_eq!((found, by_code.len()), ([1, 0, 1, 0], 3), "{by_code:?}");
}

#[test]
fn a_line_of_quotes() {
    let (found, by_code) = counts(&[b"\",".repeat(512 * 1024), b"\n".to_vec()].concat(), "");
    // An even number of quotes: cells `,` one after another, and an empty one behind the last.
    assert_eq!((found, by_code), ([1, 0, 1, 0], codes(&[("extra-cell", 1)])));
    let (found, by_code) = counts(&[b"\",".repeat(512 * 1024 + 1), b"\n".to_vec()].concat(), "");
    assert_eq!((found, by_code), ([1, 0, 1, 0], codes(&[("record-too-large", 1)])));
}

/// A quote with blanks before it is tried, and where it opens nothing, reading goes back to it.
#[test]
fn a_quote_after_a_blank_on_every_line() {
    let lines = LINES as u64;
    for line in [" \",\",x\n", "a\", \",\",x\n", "a\",\", \"\",x\n", "\" \"\n"] {
        let (found, _) = counts(line.repeat(LINES).as_bytes(), "");
        assert_eq!(found[0], lines, "{line}");
    }
    // Many of them on one line, before a long stretch that none closes in.
    let cells = [", \"".repeat(200_000), ", \"\"\"".repeat(100_000), format!("\"{}", ", \"\"".repeat(200_000))];
    for line in cells {
        let (found, _) = counts(format!("{line}{}\n", "b".repeat(100_000)).as_bytes(), "--max-record-bytes 10000000");
        assert_eq!(found, [1, 0, 1, 0]);
    }
    // What is tried far ahead, in a line that many records come to, is tried once.
    let long = format!("{}\", \"{}\n", "a\",\",x\n".repeat(70_000), "b".repeat(1024 * 1024));
    assert_eq!(counts(long.as_bytes(), "").0, [70_001, 0, 70_001, 0]);
}
