//! Good files of each kind.

use custload::read::sheet::{Kind, Limits, SheetName};
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};

use super::files::*;
use super::reading::*;

/// A workbook with a bit of everything.
fn xlsx() -> Vec<u8> {
    let mut book = Workbook::new();
    book.add_worksheet().set_name("Old").unwrap().set_hidden(true).write(0, 0, "not this").unwrap();
    let date = Format::new().set_num_format("yyyy-mm-dd hh:mm");
    let time = Format::new().set_num_format("hh:mm:ss");
    let duration = Format::new().set_num_format("[h]:mm:ss");
    let sheet = book.add_worksheet();
    sheet.set_name("Kunden 2026").unwrap().set_active(true);
    for (column, title) in ["name", "phone", "since"].into_iter().enumerate() {
        sheet.write(1, column as u16 + 1, title).unwrap();
    }
    sheet.write(2, 1, "Müller, \"Jörg\"").unwrap();
    sheet.write(2, 2, 4155550123.0).unwrap();
    let moment = ExcelDateTime::from_ymd(2026, 3, 1).unwrap();
    sheet.write_with_format(2, 3, &moment, &date).unwrap();
    sheet.write_with_format(2, 4, moment.and_hms(14, 30, 0).unwrap(), &date).unwrap();
    sheet.write_with_format(2, 5, 14.5 / 24.0, &time).unwrap();
    sheet.write_with_format(2, 6, 26.5 / 24.0, &duration).unwrap();
    sheet.write(4, 0, true).unwrap();
    sheet.write(4, 1, 1e21).unwrap();
    sheet.write(4, 2, 0.1).unwrap();
    sheet.write(4, 3, Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
    sheet.write(4, 4, Formula::new("=\"a\"&\"b\"").set_result("ab")).unwrap();
    sheet.write(4, 5, "two\nlines").unwrap();
    sheet.write(4, 6, "#N/A").unwrap();
    sheet.write_blank(4, 9, &date).unwrap();
    sheet.merge_range(5, 0, 6, 2, "merged", &Format::new()).unwrap();
    sheet.write(7, 0, "x\u{d}\u{a}y_x000D_").unwrap();
    sheet.write_blank(20, 0, &date).unwrap();
    book.add_worksheet().set_name("Last").unwrap().write(0, 0, 1).unwrap();
    book.save_to_buffer().unwrap()
}

const XLSX_ROWS: &str = "\n,name,phone,since\n\
    ,\"Müller, \"\"Jörg\"\"\",4155550123,\u{1}\u{2}2026-03-01,\u{1}\u{2}2026-03-01T14:30:00,14:30:00,26:30:00\n\n\
    true,1000000000000000000000,\u{1}\u{2}0.1,\u{1}#DIV/0!,ab,\"two\nlines\",#N/A\n\
    merged\n\n\"x\r\ny_x000D_\"\n";

#[test]
fn an_xlsx_is_read_as_it_looks() {
    let (info, rows) = read_with(&xlsx(), None, Limits::default()).unwrap();
    assert_eq!(rows, XLSX_ROWS);
    assert_eq!((info.sheet.as_str(), info.kind), ("Kunden 2026", Kind::Xlsx));
    let name = |name: &str, visible| SheetName { name: name.into(), visible };
    assert_eq!(info.sheets, [name("Old", false), name("Kunden 2026", true), name("Last", true)]);
}

#[test]
fn a_sheet_is_chosen_by_name_or_number() {
    let xlsx = xlsx();
    for (wanted, expected) in
        [("Kunden 2026", XLSX_ROWS), ("KUNDEN 2026", XLSX_ROWS), ("2", XLSX_ROWS), ("1", "not this\n"), ("last", "1\n")]
    {
        assert_eq!(rows_of(&xlsx, wanted), expected);
    }
    for wanted in ["0", "4", "", "-1", "--", "Kunden", "99999999999999999999"] {
        let refusal = read_with(&xlsx, Some(wanted), Limits::default()).unwrap_err();
        assert!(refusal.contains("no sheet") && refusal.contains(r#""Old", "Kunden 2026", "Last""#), "{refusal}");
    }
}

#[test]
fn a_workbook_that_shows_no_table_is_refused() {
    let mut members = xlsx_members("<worksheet><sheetData/></worksheet>", None);
    let sheets = r#"<sheet name="A" state="hidden" r:id="rId1"/><sheet name="B" state="veryHidden" r:id="rId1"/><sheet name="C" r:id="rId2"/>"#;
    members[2].1 = format!("<workbook><sheets>{sheets}</sheets></workbook>").into_bytes();
    let relations = String::from_utf8(members[3].1.clone()).unwrap();
    let chart = r#"<Relationship Id="rId2" Type="x/chartsheet" Target="chartsheets/sheet1.xml"/></Relationships>"#;
    members[3].1 = relations.replace("</Relationships>", chart).into_bytes();
    let bytes = zip_members(&members);
    let refusal = refusal(&bytes);
    assert!(refusal.contains(r#"all its sheets are hidden; name one with --sheet ("A", "B", "C")"#), "{refusal}");
    assert_eq!(rows_of(&bytes, "b"), "");
    assert!(read_with(&bytes, Some("C"), Limits::default()).unwrap_err().contains("chart"));
}

#[test]
fn dates_of_1904_are_respected() {
    let mut members = xlsx_members(
        r#"<worksheet><sheetData><row r="1"><c r="A1" s="1"><v>44620</v></c></row></sheetData></worksheet>"#,
        None,
    );
    let workbook = String::from_utf8(members[2].1.clone()).unwrap();
    members[2].1 = workbook.replace("<sheets>", r#"<workbookPr date1904="1"/><sheets>"#).into_bytes();
    let styles = r#"<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#;
    members.push(("xl/styles.xml", styles.into()));
    let bytes = zip_members(&members);
    assert_eq!(rows(&bytes), "\u{1}\u{2}2026-03-01\n");
}

#[test]
fn texts_of_xlsx_are_decoded() {
    let cells = r#"<row r="1"><c r="A1" t="inlineStr"><is><t>a_x000D_b_x005F_x000D_&amp;_x0001_</t></is></c><c r="B1" t="inlineStr"><is><t>_x0001_c</t></is></c><c r="C1" t="str"><v>_x0001_d</v></c><c r="D1" t="inlineStr"><is><r><t>rich</t></r><r><t xml:space="preserve"> text</t></r></is></c><c r="E1" t="e"><v>#REF!</v></c><c r="F1" t="inlineStr"><is><t></t></is></c></row>"#;
    assert_eq!(rows(&xlsx_rows(cells)), "\"a\rb_x000D_&\u{1}\",\u{1}\u{1}c,\u{1}\u{1}d,rich text,\u{1}#REF!\n");
}

#[test]
fn an_empty_sheet_has_no_rows() {
    assert_eq!(rows(&xlsx_rows("")), "");
    assert_eq!(rows(&xlsx_rows(r#"<row r="3"><c r="C3"/><c r="D3" t="inlineStr"><is><t/></is></c></row>"#)), "");
    assert_eq!(rows(&ods_rows("<table:table-row><table:table-cell/></table:table-row>")), "");
}

#[test]
fn cells_may_leave_out_where_they_are() {
    let cells = "<row><c><v>1</v></c><c><v>2</v></c></row><row r=\"4\"><c><v>3</v></c></row><row><c><v>4</v></c></row>";
    assert_eq!(rows(&xlsx_rows(cells)), "1,2\n\n\n3\n4\n");
}

#[test]
fn an_ods_is_read_as_it_looks() {
    let text = |text: &str| {
        format!(r#"<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>"#)
    };
    let hidden = format!(
        r#"<table:table table:name="Old" table:style-name="ta2"><table:table-row>{}</table:table-row></table:table>"#,
        text("not this")
    );
    let cells = [
        text("a,b"),
        r#"<table:table-cell table:number-columns-repeated="2"/>"#.into(),
        r#"<table:table-cell office:value-type="float" office:value="4155550123"><text:p>4.16E9</text:p></table:table-cell>"#.into(),
        r#"<table:table-cell office:value-type="date" office:date-value="2026-03-01T14:30:00"><text:p>1.3.26</text:p></table:table-cell>"#.into(),
        r#"<table:table-cell office:value-type="time" office:time-value="PT26H30M00S"/>"#.into(),
        r#"<table:table-cell office:value-type="boolean" office:boolean-value="true"/>"#.into(),
        r##"<table:table-cell table:formula="of:=NA()" office:value-type="string" office:string-value="" calcext:value-type="error"><text:p>#N/A</text:p></table:table-cell>"##.into(),
        text("#N/A"),
        text("two</text:p><text:p>lines"),
        r#"<table:table-cell table:number-columns-repeated="16374"/>"#.into(),
    ];
    let rows_xml = format!(
        r#"<table:table-row table:number-rows-repeated="2"><table:table-cell/></table:table-row><table:table-row>{}</table:table-row><table:table-row table:number-rows-repeated="1048573"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>"#,
        cells.concat()
    );
    let bytes = ods_of(&format!(r#"{hidden}<table:table table:name="Kunden">{rows_xml}</table:table>"#));
    let (info, rows) = read_with(&bytes, None, Limits::default()).unwrap();
    let expected =
        "\n\n\"a,b\",,,4155550123,\u{1}\u{2}2026-03-01T14:30:00,26:30:00,true,\u{1}#N/A,#N/A,\"two\nlines\"\n";
    assert_eq!(rows, expected);
    assert_eq!((info.sheet.as_str(), info.kind, info.sheets[0].visible), ("Kunden", Kind::Ods, false));
    assert_eq!(rows_of(&bytes, "old"), "not this\n");
}

#[test]
fn an_xls_is_read_as_it_looks() {
    let (info, rows) = read_with(XLS, None, Limits::default()).unwrap();
    let expected = "name,balance,,since\n\n\"Müller, „Jörg“\",4155550123,,\u{1}\u{2}2026-03-01T14:30:00\n,\u{1}\u{2}0.1,,\u{1}\u{2}2026-03-01\n\
        true,\u{1}#N/A,\"a\nb\",26:30:00\nmerged\n";
    assert_eq!(rows, expected);
    assert_eq!((info.sheet.as_str(), info.kind), ("Kunden", Kind::Xls));
    assert_eq!(rows_of(XLS, "1"), "not this\n");
}

#[test]
fn an_xlsb_is_read_with_what_the_library_leaves_out() {
    let rich = |text: &str| [&[1_u8][..], &wide(text), &[0; 8]].concat();
    let cells = [
        row(1),
        cell(0x0b, 0, &[0x2a, 0, 0]),
        cell(0x07, 1, &[0; 4]),
        cell(0x3e, 2, &rich("rich, \u{1f600}")),
        cell(0x06, 3, &wide("plain")),
        row(3),
        cell(0x05, 0, &1.5_f64.to_le_bytes()),
        cell(0x02, 1, &(42_i32 << 2 | 2).to_le_bytes()),
        cell(0x04, 2, &[1]),
        cell(0x03, 3, &[0x17]),
        cell(0x0b, 5, &[0x07, 0, 0]),
        row(4),
        cell(0x3e, 0, &rich("last")),
    ];
    let (info, rows) = read_with(&xlsb_of(&cells), Some("two"), Limits::default()).unwrap();
    let expected = "\n\u{1}#N/A,shared,\"rich, 😀\",plain\n\n\u{1}\u{2}1.5,42,true,\u{1}#REF!,,\u{1}#DIV/0!\nlast\n";
    assert_eq!(rows, expected);
    assert_eq!((info.sheet.as_str(), info.kind), ("Two", Kind::Xlsb));
    let short = xlsb_of(&[row(0), cell(0x0d, 0, &[0; 4])]);
    assert!(read_with(&short, Some("Two"), Limits::default()).unwrap_err().contains("save it as .xlsx"));
}
