//! Cells that are cut, written and guarded.

use super::cell::white_space;
use super::split::{split_quoted, split_regular};
use super::writer::{has_formula_part, is_formula};
use super::*;
use crate::core::record::dialect::{CsvDialect, Escape};
use proptest::prelude::*;

/// What a report writes for a cell.
fn guarded(cell: &str) -> String {
    let guard = if is_formula(cell.as_bytes()) { "'" } else { "" };
    [guard, cell].concat()
}

const COMMA: CsvDialect = CsvDialect::with_delimiter(b',');

fn texts(record: &str) -> Result<Vec<String>, SplitFault> {
    let mut cells = Vec::new();
    split(record.as_bytes(), &COMMA, &mut cells)?;
    Ok(cells.iter().map(|cell| cell.text(record).into_owned()).collect())
}

#[test]
fn records_are_split_by_the_grammar() {
    use SplitFault::{Malformed, Unclosed};
    let cases: &[(&str, Result<&[&str], SplitFault>)] = &[
        ("", Ok(&[""])),
        ("a", Ok(&["a"])),
        ("a,b", Ok(&["a", "b"])),
        ("a,", Ok(&["a", ""])),
        (",", Ok(&["", ""])),
        (r#""a","b""#, Ok(&["a", "b"])),
        (r#""a,b",c"#, Ok(&["a,b", "c"])),
        (r#""a""b",c"#, Ok(&["a\"b", "c"])),
        (r#""""#, Ok(&[""])),
        ("\"\"\"\"", Ok(&["\""])),
        (r#""","#, Ok(&["", ""])),
        (r#"",""#, Ok(&[","])),
        (r#"a"b,"c""#, Ok(&["a\"b", "c"])),
        (r#"5" disk,x"#, Ok(&["5\" disk", "x"])),
        (r#" "a",b"#, Ok(&["a", "b"])),
        ("\t \"a\"\"b, c\",  \"\"", Ok(&["a\"b, c", ""])),
        (r#"a, "b" ,c"#, Ok(&["a", " \"b\" ", "c"])),
        (r#"a, "b, c"#, Ok(&["a", " \"b", " c"])),
        (r#"a, "b"c, "d""#, Ok(&["a", " \"b\"c", "d"])),
        (r#""a" "b",c"#, Err(Malformed(1))),
        (r#""a"b, "c, d""#, Err(Malformed(1))),
        ("\"\n\", \"b\nc\"", Ok(&["\n", " \"b\nc\""])),
        ("\"\n\", \"b, c\"", Ok(&["\n", "b, c"])),
        ("\"a\nb\",c", Ok(&["a\nb", "c"])),
        (r#""a"b,c"#, Err(Malformed(1))),
        (r#"a,"b" ,c"#, Err(Malformed(2))),
        (r#"a,"b"c,"d"e"#, Err(Malformed(2))),
        (r#""a"b"c",d"#, Err(Malformed(1))),
        (r#"a,"b"#, Err(Unclosed(2))),
        (r#"a,"b"","#, Err(Unclosed(2))),
    ];
    for (record, expected) in cases {
        let expected = expected.map(|cells| cells.iter().map(|cell| cell.to_string()).collect::<Vec<_>>());
        assert_eq!(texts(record), expected, "{record}");
    }
}

#[test]
fn a_record_of_white_space_is_blank() {
    for blank in
        ["", ",,,", "\"\"", "\"\",\"\",", ",\"\"", " ", " ,\t, ", "\u{a0},\u{3000}", "\" \", \"\u{2028}\"", "\"\n\",\r"]
    {
        assert!(is_blank(blank.as_bytes(), &COMMA), "{blank:?}");
    }
    for record in ["a", " , a", "\"\"\"\"", "\"", "\",\"", ";;", " \"", "\u{200b}", "\u{1a}", "\u{a0}é", "\" \"\" \""]
    {
        assert!(!is_blank(record.as_bytes(), &COMMA), "{record:?}");
    }
    assert!(
        is_blank(b";;", &CsvDialect::with_delimiter(b';')) && is_blank(b"\t \t", &CsvDialect::with_delimiter(b'\t'))
    );
    assert!(!is_blank(b"\"\"", &CsvDialect { quote: None, ..COMMA }) && !is_blank(b"\xa0", &COMMA));
}

#[test]
fn white_space_is_what_unicode_says() {
    for character in '\0'..=char::MAX {
        let expected = if character.is_whitespace() { character.len_utf8() } else { 0 };
        assert_eq!(white_space(character.to_string().as_bytes()), expected, "{character:?}");
    }
}

#[test]
fn quotes_are_those_of_the_dialect() {
    let backslash = CsvDialect { escape: Escape::Backslash, ..COMMA };
    let apostrophe = CsvDialect { quote: Some(b'\''), ..COMMA };
    for (dialect, record, expected) in [
        (apostrophe, "'a,''b''', 'c',\"d\",e'", Ok(&["a,'b'", "c", "\"d\"", "e'"][..])),
        (apostrophe, "a,'b'c", Err(SplitFault::Malformed(2))),
        (CsvDialect { quote: None, ..COMMA }, "\"a,b\", \"c\"", Ok(&["\"a", "b\"", " \"c\""])),
        (backslash, r#""a\",\"","C:\\","\n\'\\\""#, Err(SplitFault::Unclosed(3))),
        (backslash, r#""a\",\"","C:\\","\n\'\\\"""#, Ok(&["a\",\"", "C:\\", "\\n\\'\\\""])),
        (backslash, r#"\"a,b\, "c\"d""#, Ok(&["\\\"a", "b\\", "c\"d"])),
        (backslash, r#""a""b",c"#, Err(SplitFault::Malformed(1))),
    ] {
        let mut cells = Vec::new();
        let split = split(record.as_bytes(), &dialect, &mut cells);
        let found: Vec<_> = cells.iter().map(|cell| cell.text(record)).collect();
        let expected = expected.map(|cells| cells.to_vec());
        assert_eq!(split.map(|()| found.iter().map(|cell| &**cell).collect::<Vec<_>>()), expected, "{record}");
    }
}

#[test]
fn cells_that_a_spreadsheet_would_run_are_guarded() {
    for (cell, safe) in [
        ("=1+1", "'=1+1"),
        ("+1 541", "'+1 541"),
        ("-5", "'-5"),
        ("@x", "'@x"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("'=1", "''=1"),
        ("''=1", "'''=1"),
        ("＝1", "'＝1"),
        ("'＋1", "''＋1"),
        ("－1", "'－1"),
        ("＠x", "'＠x"),
    ] {
        assert_eq!(guarded(cell), safe);
        assert_eq!(unguarded(safe.into()), cell);
        assert_eq!(unguarded(safe.to_string().into()), cell);
    }
    for cell in ["", "'", "''", "'t Hooft", "'0123", "a=1", " =1", "ａ＝1", "'東京", "\u{ff1f}"] {
        assert_eq!(guarded(cell), cell);
        assert_eq!(unguarded(cell.into()), cell);
    }
}

/// A spreadsheet that splits at another delimiter than the file's finds no formula, as long as it keeps quoted cells together.
#[test]
fn a_cell_that_has_one_for_another_delimiter_is_quoted() {
    for (delimiter, cell, written) in [
        (b';', "x,=1+1", "\"x,=1+1\""),
        (b',', "x;=1+1", "\"x;=1+1\""),
        (b',', "x\t+1", "\"x\t+1\""),
        (b'\t', "x|-1", "\"x|-1\""),
        (b';', "x,''@1", "\"x,''@1\""),
        (b';', "x,\"=1\"", "\"x,\"\"=1\"\"\""),
        (b';', "x,＝1", "\"x,＝1\""),
        (b';', "=x,=1", "\"'=x,=1\""),
        (b';', "x, =1", "x, =1"),
        (b';', "a-b,c", "a-b,c"),
    ] {
        let mut writer = RowWriter::new(delimiter);
        let mut out = Vec::new();
        writer.cell(&mut out, cell);
        assert_eq!(String::from_utf8(out).unwrap(), written);
        // A record that has it without quotes is not written as it is.
        let is_plain = !cell.contains('"') && written != cell;
        assert!(!is_plain || !RowWriter::new(delimiter).record(&mut Vec::new(), cell.as_bytes(), 1), "{cell}");
    }
    assert!(RowWriter::new(b';').record(&mut Vec::new(), b"\"x,=1\";y", 2));
}

proptest! {
    #[test]
    fn guarding_is_taken_back(cell in "['=+@a＝＠\t\r-]{0,6}") {
        prop_assert_eq!(unguarded(guarded(&cell).into()), cell.as_str());
    }

    #[test]
    fn what_is_written_is_read(
        row in prop::collection::vec("[a'=,;＋\"\n\r é]{0,8}", 1..6),
        delimiter in prop::sample::select(vec![b',', b';', b'\t', b'|', b'a']),
    ) {
        let mut writer = RowWriter::new(delimiter);
        let mut out = Vec::new();
        for cell in &row {
            writer.cell(&mut out, cell);
        }
        writer.end(&mut out);
        let text = String::from_utf8(out).unwrap();
        let text = text.strip_suffix('\n').unwrap();
        let mut cells = Vec::new();
        split(text.as_bytes(), &CsvDialect::with_delimiter(delimiter), &mut cells).unwrap();
        let read: Vec<String> = cells.iter().map(|cell| unguarded(cell.text(text)).into_owned()).collect();
        prop_assert_eq!(read, row);
    }

    #[test]
    fn both_ways_split_alike(record in "[a,\"\n]{0,12}|[a,\"]{50,140}|(\"[a,]{0,9}\",|[a\"]{0,20},){0,20}") {
        let (mut quick, mut full) = (Vec::new(), Vec::new());
        if split_regular(record.as_bytes(), record.len(), &COMMA, &mut quick).is_some() {
            prop_assert_eq!(split_quoted(record.as_bytes(), &COMMA, &mut full), Ok(()));
            prop_assert_eq!(quick, full);
        }
    }

    #[test]
    fn records_are_written_like_their_cells(
        row in prop::collection::vec("[a'=+,;＝\t]{0,5}", 1..5),
        delimiter in prop::sample::select(vec![b',', b';', b'\t', b'|', b'a', b'=', b'\'']),
    ) {
        let without = |cell: &String| cell.replace(char::from(delimiter), "");
        let row: Vec<String> = row.iter().map(without).collect();
        let record = row.join(&char::from(delimiter).to_string());
        let (mut whole, mut cells) = (b"before".to_vec(), b"before".to_vec());
        let mut writer = RowWriter::new(delimiter);
        row.iter().for_each(|cell| writer.cell(&mut cells, cell));
        writer.end(&mut cells);
        if writer.record(&mut whole, record.as_bytes(), row.len()) {
            writer.end(&mut whole);
            prop_assert_eq!(String::from_utf8(whole), String::from_utf8(cells));
        } else {
            let is_split_elsewhere = row.iter().any(|cell| has_formula_part(cell.as_bytes()));
            prop_assert!((delimiter == b'\'' || is_split_elsewhere) && whole == b"before");
        }
    }

    #[test]
    fn a_record_stays_as_it_is_but_for_guards(record in "[a'=,\"\n]{0,14}|([a'=]{0,3},|\"([a'=,\n]|\"\"){0,4}\",){0,5}") {
        let Ok(cells) = texts(&record) else { return Ok(()) };
        let mut out = Vec::new();
        if !RowWriter::new(b',').record(&mut out, record.as_bytes(), cells.len()) {
            return Ok(());
        }
        let out = String::from_utf8(out).unwrap();
        let safe: Vec<String> = cells.iter().map(|cell| guarded(cell)).collect();
        prop_assert_eq!(&texts(&out), &Ok(safe));
        let guards = cells.iter().filter(|cell| is_formula(cell.as_bytes())).count();
        prop_assert_eq!(out.len(), record.len() + guards);
    }

    #[test]
    fn what_the_csv_crate_writes_is_read(row in prop::collection::vec("[a,\"\n\r é]{0,8}", 1..6)) {
        let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
        writer.write_record(&row).unwrap();
        let mut written = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        written.truncate(written.len() - 1);
        prop_assert_eq!(texts(&written), Ok(row));
    }
}
