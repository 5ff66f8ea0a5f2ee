//! Files that are made to harm.

use custload::read::sheet::Limits;

use super::files::*;
use super::reading::*;

const MEMORY: &str = "MiB of memory";

#[test]
fn a_claimed_size_costs_nothing() {
    let cell = r#"<row r="1"><c r="A1"><v>7</v></c></row>"#;
    for claimed in ["A1:XFD1048576", "A1:XFD1048576000"] {
        let sheet = format!(r#"<worksheet><dimension ref="{claimed}"/><sheetData>{cell}</sheetData></worksheet>"#);
        assert_eq!(rows(&xlsx_of(&sheet, None)), "7\n");
    }
    let sheet = "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c></row></sheetData></worksheet>";
    for claimed in ["99999999999", "9999999999999999999", "88888888888888888888888888"] {
        let strings = format!(r#"<sst uniqueCount="{claimed}"><si><t>a</t></si></sst>"#);
        match read_with(&xlsx_of(sheet, Some(&strings)), None, Limits::default()) {
            Ok((_, rows)) => assert_eq!(rows, "a\n"),
            Err(refusal) => assert!(refusal.contains(MEMORY) || refusal.contains("damaged"), "{refusal}"),
        }
    }
}

#[test]
fn a_cell_in_the_last_corner_costs_no_more_than_its_lines() {
    let rows = rows(&xlsx_rows(
        r#"<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>"#,
    ));
    assert_eq!(rows.len(), 1 + 1_048_575 + 16_383 + 1 + 1);
    assert!(rows.starts_with("1\n\n") && rows.ends_with(",,2\n"));
}

#[test]
fn cells_where_none_can_be_are_refused() {
    for cells in [
        r#"<row r="1048577"><c r="A1048577"><v>1</v></c></row>"#,
        r#"<row r="1"><c r="XFE1"><v>1</v></c></row>"#,
        r#"<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>"#,
        r#"<row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>2</v></c></row>"#,
        r#"<row r="2"><c r="A2"><v>1</v></c></row><row r="1"><c r="A1"><v>2</v></c></row>"#,
        r#"<row r="0"><c r="A0"><v>1</v></c></row>"#,
        r#"<row r="1"><c r="1"><v>1</v></c></row>"#,
        r#"<row r="1"><c r="A1" t="s"><v>99</v></c></row>"#,
        r#"<row r="1"><c r="A1" t="quark"><v>99</v></c></row>"#,
        r#"<row r="1"><c r="A1" t="e"><v>QUARK</v></c></row>"#,
        r#"<row r="1"><c r="A1" t="n"><v>QUARK</v></c></row>"#,
        r#"<row r="1"><c r="A1" t="s"><v>x</v></c></row>"#,
        r#"<row r="1"><c r="A2"><v>1</v></c></row>"#,
        r#"<row r="2"/><row><c r="A2"><v>1</v></c></row>"#,
        r#"<row r="1"><c r="A1" s="x"><v>1</v></c></row>"#,
        r#"<row r="1"><c r="A1"><v>1</v></c></row><c r="A2"><v>1</v></c>"#,
        r#"<row r="1"><c r="A1" t="b"><v>2</v></c></row>"#,
        r#"<row r="1"><c r="A1"><v>1</v>"#,
    ] {
        let refusal = refusal(&xlsx_rows(cells));
        assert!(refusal.contains("damaged"), "{cells}: {refusal}");
    }
    for number in ["1048577", "4294967297", "18446744073709551617", "99999999999999999999999"] {
        for cells in [
            format!(r#"<row r="{number}"><c r="A{number}"><v>1</v></c></row>"#),
            format!(r#"<row r="{number}"><c><v>1</v></c></row>"#),
            format!(r#"<row r="{number}"/>"#),
            format!(r#"<row><c r="A{number}"><v>1</v></c></row>"#),
        ] {
            let refusal = refusal(&xlsx_rows(&cells));
            let expected = format!("a row {number}; a sheet has 1048576 rows");
            assert!(refusal.contains(&expected), "{cells}: {refusal}");
        }
    }
    let found =
        refusal(&xlsx_rows(r#"<row r="1"><c r="B1"><v>1</v></c></row><row r="2"><c r="A2" t="q"><v>1</v></c></row>"#));
    assert!(found.contains("after the cell B1"), "{found}");
}

#[test]
fn entities_are_not_expanded() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "SECRET").unwrap();
    let path = file.path().display();
    let mut laughs = "<!ENTITY a0 \"ha\">".to_string();
    for n in 1..30 {
        laughs += &format!("<!ENTITY a{n} \"&a{0};&a{0};&a{0};&a{0};&a{0};&a{0};&a{0};&a{0};&a{0};&a{0};\">", n - 1);
    }
    for (declared, used) in
        [(laughs.as_str(), "&a29;"), (&format!("<!ENTITY x SYSTEM \"file://{path}\">"), "&x;"), ("", "&nothing;")]
    {
        let text = format!(r#"<row r="1"><c r="A1" t="inlineStr"><is><t>{used}</t></is></c></row>"#);
        let sheet = format!("<!DOCTYPE w [{declared}]><worksheet><sheetData>{text}</sheetData></worksheet>");
        let found = refusal(&xlsx_of(&sheet, None));
        assert!(found.contains("damaged") && !found.contains("SECRET"), "{found}");
        let strings = format!("<!DOCTYPE s [{declared}]><sst><si><t>{used}</t></si></sst>");
        assert!(refusal(&xlsx_of("<worksheet><sheetData/></worksheet>", Some(&strings))).contains("damaged"));
        let table = format!(
            r#"<table:table-row><table:table-cell office:value-type="string"><text:p>{used}</text:p></table:table-cell></table:table-row>"#
        );
        assert!(refusal(&ods_rows(&table)).contains("damaged"));
    }
}

#[test]
fn what_is_packed_too_well_is_refused() {
    let blank = " ".repeat(80 << 20);
    let found = refusal(&xlsx_of(&format!("<worksheet>{blank}<sheetData/></worksheet>"), None));
    assert!(found.contains("sheet1.xml") && found.contains("--max-inflated-bytes"), "{found}");
    let limits = Limits { max_inflated_bytes: 500, ..Limits::default() };
    let found = read_with(&xlsx_rows("<row><c><v>1</v></c></row>"), None, limits).unwrap_err();
    assert!(found.contains("more than 500 bytes") && found.contains("--max-inflated-bytes"), "{found}");
    let members: Vec<String> = (0..10_001).map(|n| format!("{n}")).collect();
    let found = refusal(&zip_of(&members.iter().map(|name| (name.as_str(), &b""[..])).collect::<Vec<_>>()));
    assert!(found.contains("10001 files"), "{found}");
}

#[test]
fn a_text_that_is_used_too_often_is_refused() {
    let strings = format!("<sst><si><t>{}</t></si></sst>", "0123456789".repeat(1 << 17));
    let cells: String = (1..=2000).map(|n| format!(r#"<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>"#)).collect();
    let sheet = format!("<worksheet><sheetData>{cells}</sheetData></worksheet>");
    let limits = Limits { max_inflated_bytes: 64 << 20, ..Limits::default() };
    let found = read_with(&xlsx_of(&sheet, Some(&strings)), None, limits).unwrap_err();
    assert!(found.contains("--max-inflated-bytes"), "{found}");
}

#[test]
fn more_memory_than_there_is_for_it_is_an_error() {
    let strings: String = (0..400_000).map(|n| format!("<si><t>a text that takes some memory {n}</t></si>")).collect();
    let bytes = xlsx_of("<worksheet><sheetData/></worksheet>", Some(&format!("<sst>{strings}</sst>")));
    let limits = Limits { memory_bytes: 32 << 20, ..Limits::default() };
    let found = read_with(&bytes, None, limits).unwrap_err();
    assert!(found.contains("could not be read within 32 MiB of memory"), "{found}");
    assert_eq!(rows(&bytes), "");
}

/// A row whose end has another name would go on in the next one.
#[test]
fn ends_that_do_not_match_are_refused() {
    let row = "<table:table-row><table:table-cell><text:p>x</text:p></table:table-cell></table:table-row>".repeat(3);
    for (end, wrong) in [("</table:table-row>", "</table:table-rox>"), ("</table:table-cell>", "</table:cell>")] {
        assert!(refusal(&ods_rows(&row.replacen(end, wrong, 1))).contains("damaged"), "{wrong}");
    }
    let row = r#"<row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is></c></rox>"#;
    let sheet = format!("<worksheet><sheetData>{row}</sheetData></worksheet>");
    assert!(refusal(&xlsx_of(&sheet, None)).contains("damaged"));
}

#[test]
fn repeats_of_an_ods_do_not_harm() {
    let text = |columns: &str| {
        format!(
            r#"<table:table-cell table:number-columns-repeated="{columns}" office:value-type="string"><text:p>x</text:p></table:table-cell>"#
        )
    };
    let row = |rows: &str, cells: &str| {
        format!(r#"<table:table-row table:number-rows-repeated="{rows}">{cells}</table:table-row>"#)
    };
    for (rows, columns) in [("1048576", "16384"), ("1048576", "90"), ("18446744073709551615", "18446744073709551615")] {
        let found = refusal(&ods_rows(&row(rows, &text(columns))));
        assert!(found.contains("damaged") || found.contains(MEMORY), "{rows} {columns}: {found}");
    }
    for wrong in ["-1", "0", "x", "", "99999999999999999999"] {
        assert!(refusal(&ods_rows(&row(wrong, &text("1")))).contains("damaged"));
        assert!(refusal(&ods_rows(&row("1", &text(wrong)))).contains("damaged"));
    }
    for count in ["2000000000", "9999999999999"] {
        let text = format!(r#"<text:p><text:s text:c="{count}"/></text:p>"#);
        let cell = format!(r#"<table:table-cell office:value-type="string">{text}</table:table-cell>"#);
        let found = refusal(&ods_rows(&format!("<table:table-row>{cell}</table:table-row>")));
        assert!(found.contains("damaged") || found.contains(MEMORY), "{found}");
    }
}

#[test]
fn a_part_that_is_cut_off_is_refused() {
    let mut members = ods_members("");
    members[2].1 = br#"<office:document-content><table:table table:name="One"><table:table-row>"#.to_vec();
    members[2].1.extend(br#"<table:table-cell/></table:table-row>"#);
    let bytes = zip_members(&members);
    let found = refusal(&bytes);
    assert!(found.contains("</table:table> is missing"), "{found}");
}

#[test]
fn what_is_something_else_is_refused() {
    for (bytes, expected) in [
        (b"".to_vec(), "not a spreadsheet"),
        (b"name,email\n".to_vec(), "not a spreadsheet"),
        (b"PK\x03\x04 and nothing else".to_vec(), "damaged"),
        (zip_of(&[("a.txt", b"a")]), "a zip file, but not a spreadsheet"),
        (zip_of(&[("mimetype", b"application/vnd.oasis.opendocument.text-and-more")]), "OpenDocument"),
        (zip_of(&[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w/>")]), "damaged"),
        (zip_of(&[("_rels/.rels", RELATIONS.as_bytes())]), "damaged"),
        (b"\x09\x08\x10\x00\x00\x06\x05\x00".to_vec(), "not a spreadsheet"),
    ] {
        let found = refusal(&bytes);
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn a_protected_ods_is_told() {
    let mut members = ods_members("");
    let data = "<manifest:encryption-data/></manifest:file-entry></manifest:manifest>";
    members[1].1 = MANIFEST.replace("/></manifest:manifest>", &format!(">{data}")).into_bytes();
    let bytes = zip_members(&members);
    assert!(refusal(&bytes).contains("protected with a password"));
}

#[test]
fn two_sheets_of_one_name_are_refused() {
    let table = r#"<table:table table:name="One"></table:table>"#;
    assert!(refusal(&ods_of(&table.repeat(2))).contains("two of its sheets are named"));
}
