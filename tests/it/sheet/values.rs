//! What becomes of single cells, rows and ranges.

use super::files::*;
use super::reading::*;

fn xlsx_with(sheet: &str, styles: &str) -> Vec<u8> {
    let mut members = xlsx_members(sheet, None);
    members.push(("xl/styles.xml", styles.into()));
    zip_members(&members)
}

fn end_of(bytes: &[u8]) -> custload::read::sheet::SheetEnd {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let limits = custload::read::sheet::Limits::default();
    let (mut reader, _) = custload::read::sheet::SheetReader::open(program(), file.path(), None, limits).unwrap();
    assert_eq!(reader.end(), None);
    std::io::copy(&mut reader, &mut std::io::sink()).unwrap();
    reader.end().unwrap()
}

const NONE: &str = "\u{1}#NOT_CALCULATED!";

#[test]
fn a_formula_without_a_stored_result_is_an_error() {
    for (cell, expected) in [
        (r#"<c r="A1"><f>A2</f></c>"#, NONE),
        (r#"<c r="A1"><f>A2</f><v/></c>"#, NONE),
        (r#"<c r="A1"><f>A2</f><v></v></c>"#, NONE),
        (r#"<c r="A1"><f>A2</f><v> </v></c>"#, NONE),
        (r#"<c r="A1"><f/></c>"#, NONE),
        (r#"<c r="A1" t="n"><f>A2</f><v/></c>"#, NONE),
        (r#"<c r="A1" t="b"><f>A2</f><v/></c>"#, NONE),
        (r#"<c r="A1" t="str"><f>A2</f></c>"#, NONE),
        (r#"<c r="A1"><f t="shared" si="0"/></c>"#, NONE),
        (r#"<c r="A1" t="str"><f>A2</f><v></v></c>"#, ""),
        (r#"<c r="A1" t="str"><f>A2</f><v/></c>"#, ""),
        (r#"<c r="A1" t="str"><f>A2</f><v>x</v></c>"#, "x"),
        (r#"<c r="A1"><f>A2</f><v>0</v></c>"#, "0"),
        (r#"<c r="A1"><v>7</v><f>A2</f></c>"#, "7"),
        (r#"<c r="A1" t="e"><f>A2</f><v>#SPILL!</v></c>"#, "\u{1}#SPILL!"),
        (r#"<c r="A1"><v/></c>"#, ""),
        (r#"<c r="A1" s=""><v>5</v></c>"#, "5"),
        (r#"<c r="A1" t="str"><v><![CDATA[a<b]]></v></c>"#, "a<b"),
        (r#"<c r="A1" t="inlineStr"><v>left here</v></c>"#, "left here"),
    ] {
        let text = rows(&xlsx_rows(&format!(r#"<row r="1">{cell}<c r="B1"><v>1</v></c></row>"#)));
        assert_eq!(text, format!("{expected},1\n"), "{cell}");
    }
    for (cell, expected) in [
        (r#"<table:table-cell table:formula="of:=[.A2]"/>"#, NONE),
        (r#"<table:table-cell table:formula="of:=[.A2]" office:value-type="string" office:string-value=""/>"#, ""),
        (r#"<table:table-cell table:formula="of:=[.A2]" office:value-type="string"><text:p/></table:table-cell>"#, ""),
        (r#"<table:table-cell table:formula="of:=[.A2]" office:value-type="float" office:value="0"/>"#, "0"),
    ] {
        let one = r#"<table:table-cell office:value-type="float" office:value="1"/>"#;
        let text = rows(&ods_rows(&format!("<table:table-row>{cell}{one}</table:table-row>")));
        assert_eq!(text, format!("{expected},1\n"), "{cell}");
    }
}

#[test]
fn a_format_of_zeros_gives_its_zeros() {
    let styles = r#"<styleSheet><numFmts><numFmt numFmtId="164" formatCode="00000"/><numFmt numFmtId="165" formatCode="000000;-000000"/><numFmt numFmtId="166" formatCode="yyyy"/><numFmt numFmtId="167" formatCode="00\-000"/><numFmt numFmtId="168" formatCode="&quot;D-&quot;00000"/></numFmts><cellStyleXfs><xf numFmtId="166"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="167"/><xf numFmtId="168"/></cellXfs><dxfs><dxf><numFmt numFmtId="164" formatCode="yyyy"/></dxf></dxfs></styleSheet>"#;
    let cells = r#"<row r="1"><c r="A1" s="1"><v>1067</v></c><c r="B1" s="2"><v>42</v></c><c r="C1" s="0"><v>1067</v></c><c r="D1" s="1"><v>123456</v></c><c r="E1" s="1"><v>0.5</v></c><c r="F1" s="1" t="str"><v>x</v></c><c r="G1"><v>12345678901234567890</v></c><c r="H1" s="3"><v>1067</v></c><c r="I1" s="4"><v>1067</v></c></row>"#;
    let text = rows(&xlsx_with(&format!("<worksheet><sheetData>{cells}</sheetData></worksheet>"), styles));
    assert_eq!(text, "01067,000042,1067,123456,0.5,x,12345678901234567890,01-067,D-01067\n");

    let styles = r#"<number:number-style style:name="N1"><number:number number:decimal-places="0" number:min-integer-digits="5"/></number:number-style><number:number-style style:name="N2P0"><number:number number:min-integer-digits="6"/></number:number-style><number:number-style style:name="N2"><number:text>-</number:text><number:number number:min-integer-digits="6"/><style:map style:condition="value()&gt;=0" style:apply-style-name="N2P0"/></number:number-style><number:number-style style:name="N3"><number:number number:decimal-places="2" number:min-integer-digits="5"/></number:number-style><number:number-style style:name="N4"><number:text>D-</number:text><number:number number:min-integer-digits="5"/></number:number-style><number:number-style style:name="N5"><number:number number:decimal-places="0" number:min-integer-digits="9"><number:embedded-text number:position="4">-</number:embedded-text></number:number><number:text> &amp;</number:text></number:number-style><number:number-style style:name="N6"><number:number number:min-integer-digits="5"><number:embedded-text number:position="6">-</number:embedded-text></number:number></number:number-style><style:style style:name="ce5" style:family="table-cell" style:data-style-name="N4"/><style:style style:name="ce6" style:family="table-cell" style:data-style-name="N5"/><style:style style:name="ce7" style:family="table-cell" style:data-style-name="N6"/><style:style style:name="ce1" style:family="table-cell" style:data-style-name="N1"/><style:style style:name="ce2" style:family="table-cell" style:data-style-name="N2"/><style:style style:name="ce3" style:family="table-cell" style:data-style-name="N3"/><style:style style:name="ce4" style:family="table-cell" style:parent-style-name="ce1"/>"#;
    let cell = |style: &str| format!(r#"<table:table-cell {style} office:value-type="float" office:value="1067"/>"#);
    let columns = r#"<table:table-column table:number-columns-repeated="4"/><table:table-column table:default-cell-style-name="ce1"/>"#;
    let styled = |n: usize| cell(&format!(r#"table:style-name="ce{n}""#));
    let cells = [styled(1), styled(2), styled(3), styled(4), cell(""), styled(5), styled(6), styled(7)].concat();
    let table =
        format!(r#"<table:table table:name="One">{columns}<table:table-row>{cells}</table:table-row></table:table>"#);
    let mut members = ods_members(&table);
    let content = String::from_utf8(members[2].1.clone()).unwrap();
    members[2].1 = content.replace("<office:automatic-styles>", &format!("<office:automatic-styles>{styles}")).into();
    assert_eq!(rows(&zip_members(&members)), "01067,001067,1067,01067,01067,D-01067,00000-1067 &,1067\n");
}

#[test]
fn an_xlsb_has_formats_of_zeros_too() {
    let format = [&164_u16.to_le_bytes()[..], &wide("00000")].concat();
    let cell_format = |id: u16| record(0x2f, &[&[0, 0][..], &id.to_le_bytes(), &[0; 12]].concat());
    let styles = [
        record(0x267, &1_u32.to_le_bytes()),
        record(0x2c, &format),
        record(0x268, &[]),
        record(0x272, &[1, 0, 0, 0]),
        cell_format(14),
        record(0x273, &[]),
        record(0x269, &[3, 0, 0, 0]),
        cell_format(0),
        cell_format(164),
        cell_format(14),
        record(0x26a, &[]),
    ]
    .concat();
    let styled = |kind: u16, column: u32, style: u8, value: &[u8]| {
        record(kind, &[&column.to_le_bytes()[..], &[style, 0, 0, 0], value].concat())
    };
    let cells = [
        super::files::row(0),
        styled(0x02, 0, 1, &(1067_i32 << 2 | 2).to_le_bytes()),
        styled(0x05, 1, 1, &1067_f64.to_le_bytes()),
        styled(0x09, 2, 0, &1067_f64.to_le_bytes()),
        styled(0x02, 3, 2, &(46082_i32 << 2 | 2).to_le_bytes()),
        styled(0x02, 4, 0, &(106_750_i32 << 2 | 3).to_le_bytes()),
    ];
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(xlsb_of(&cells))).unwrap();
    let mut members = vec![("xl/styles.bin".to_string(), styles)];
    for n in 0..archive.len() {
        let mut member = archive.by_index(n).unwrap();
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut member, &mut content).unwrap();
        members.push((member.name().unwrap().to_string(), content));
    }
    let members: Vec<(&str, &[u8])> =
        members.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect();
    assert_eq!(rows_of(&zip_of(&members), "Two"), "01067,01067,1067,\u{1}\u{2}2026-03-01,\u{1}\u{2}1067.5\n");
}

#[test]
fn a_merged_range_gives_its_value_to_each_of_its_rows() {
    let text = |place: &str, text: &str| format!(r#"<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>"#);
    let row = |n: u32, cells: &[String]| format!(r#"<row r="{n}">{}</row>"#, cells.concat());
    let sheet_rows = [
        row(1, &[text("A1", "name"), text("B1", "city"), text("C1", "zip")]),
        row(2, &[text("A2", "a"), text("B2", "Ulm, Bonn"), text("C2", "1")]),
        row(3, &[text("A3", "b"), r#"<c r="B3"/>"#.into(), text("C3", "2")]),
        row(4, &[text("A4", "c"), text("B4", "own")]),
        row(5, &[text("A5", "d")]),
        row(7, &[text("A7", "e"), text("B7", "last"), text("D7", "wide")]),
        row(8, &[text("C8", "3")]),
    ]
    .concat();
    // Over several columns, in one row, without a value, beyond the rows, and overlapping: nothing.
    let ranges = ["B2:B6", "C7:C8", "A7:A8", "D7:E8", "A1:C1", "B3:B4", "B7:B20", "B8:B9", "XFD1:XFD1048576"];
    let merges: String = ranges.iter().map(|range| format!(r#"<mergeCell ref="{range}"/>"#)).collect();
    let sheet = format!(
        r#"<worksheet><sheetData>{sheet_rows}</sheetData><mergeCells count="9">{merges}</mergeCells><x:extLst/></worksheet>"#
    );
    let bytes = xlsx_of(&sheet, None);
    let expected =
        "name,city,zip\na,\"Ulm, Bonn\",1\nb,\"Ulm, Bonn\",2\nc,own\nd,\"Ulm, Bonn\"\n\ne,last,,wide\ne,last,3\n";
    assert_eq!(rows(&bytes), expected);
    let end = end_of(&bytes);
    assert_eq!((end.merged_ranges, end.merged_filled, end.hidden_rows), (3, 4, 0));
}

#[test]
fn merged_ranges_are_found_in_every_kind() {
    let spanned = |rows: u32, columns: u32, text: &str| {
        format!(
            r#"<table:table-cell table:number-rows-spanned="{rows}" table:number-columns-spanned="{columns}" office:value-type="string"><text:p>{text}</text:p></table:table-cell>"#
        )
    };
    let covered = "<table:covered-table-cell/>";
    let plain = |text: &str| {
        format!(r#"<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>"#)
    };
    let row = |cells: &[String]| format!("<table:table-row>{}</table:table-row>", cells.concat());
    let table = [
        row(&[spanned(2, 1, "Ulm"), plain("a"), spanned(2, 2, "no")]),
        row(&[covered.into(), plain("b"), covered.repeat(2)]),
        row(&[plain("Bonn"), plain("c")]),
    ]
    .concat();
    assert_eq!(rows(&ods_rows(&table)), "Ulm,a,no\nUlm,b\nBonn,c\n");

    let merged = record(0xb0, &[[0_u8, 0, 0, 0], [1, 0, 0, 0], [0; 4], [0; 4]].concat());
    let cells = [
        super::files::row(0),
        cell(0x06, 0, &wide("Ulm")),
        cell(0x06, 1, &wide("a")),
        super::files::row(1),
        cell(0x06, 1, &wide("b")),
        record(0x92, &[]),
        record(0xb1, &[1, 0, 0, 0]),
        merged,
        record(0xb2, &[]),
    ];
    assert_eq!(rows_of(&xlsb_of(&cells), "Two"), "Ulm,a\nUlm,b\n");
}

#[test]
fn merged_ranges_without_number_do_not_harm() {
    // Over all rows of all columns, each with a value.
    let name = |mut column: u32| {
        let mut letters = String::new();
        column += 1;
        while column > 0 {
            letters.insert(0, char::from(b'A' + ((column - 1) % 26) as u8));
            column = (column - 1) / 26;
        }
        letters
    };
    let first: String = (0..2000).map(|column| format!(r#"<c r="{}1"><v>1</v></c>"#, name(column))).collect();
    let others: String =
        (2..=20_000).map(|row| format!(r#"<row r="{row}"><c r="A{row}"><v>2</v></c></row>"#)).collect();
    let merges: String =
        (0..2000).map(|column| format!(r#"<mergeCell ref="{0}1:{0}1048576"/>"#, name(column))).collect();
    let sheet = format!(
        r#"<worksheet><sheetData><row r="1">{first}</row>{others}</sheetData><mergeCells>{merges}</mergeCells></worksheet>"#
    );
    let found = refusal(&xlsx_of(&sheet, None));
    assert!(found.contains("unmerge them"), "{found}");
    // Very many that fill nothing.
    let merges: String = (0..200_000).map(|n| format!(r#"<mergeCell ref="B{}:B{}"/>"#, n + 1, n + 2)).collect();
    let sheet = format!(
        r#"<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData><mergeCells>{merges}</mergeCells></worksheet>"#
    );
    assert_eq!(rows(&xlsx_of(&sheet, None)), "1\n");
    for range in ["B2:", ":", "B0:B2", "B2:B1048577", "2:3"] {
        let sheet = format!(r#"<worksheet><sheetData/><sheetData></sheetData><mergeCell ref="{range}"/></worksheet>"#);
        assert!(refusal(&xlsx_of(&sheet, None)).contains("damaged"), "{range}");
    }
}

#[test]
fn hidden_rows_are_read_and_counted() {
    let row = |n: u32, hidden: &str| format!(r#"<row r="{n}" {hidden}><c r="A{n}"><v>{n}</v></c></row>"#);
    let cells = [
        row(1, ""),
        row(2, r#"hidden="1""#),
        row(3, r#"hidden="true""#),
        row(4, r#"hidden="0""#),
        r#"<row r="5" hidden="1"/><row r="6" hidden="1"><c r="A6"/></row>"#.to_string(),
    ];
    let bytes = xlsx_rows(&cells.concat());
    assert_eq!(rows(&bytes), "1\n2\n3\n4\n");
    assert_eq!(end_of(&bytes).hidden_rows, 2);

    let cell = r#"<table:table-cell office:value-type="float" office:value="1"/>"#;
    let row = |visibility: &str| {
        format!(
            r#"<table:table-row table:visibility="{visibility}" table:number-rows-repeated="2">{cell}</table:table-row>"#
        )
    };
    let bytes = ods_rows(&[row("visible"), row("collapse"), row("filter")].concat());
    assert_eq!(rows(&bytes), "1\n".repeat(6));
    assert_eq!(end_of(&bytes).hidden_rows, 4);

    let hidden = record(0x00, &[&[0_u8; 11][..], &[0x10, 0, 0, 0, 0, 0]].concat());
    let bytes = xlsb_of(&[hidden, cell_of_one()]);
    assert_eq!(rows_of(&bytes, "Two"), "1\n");
}

fn cell_of_one() -> Vec<u8> {
    cell(0x05, 0, &1_f64.to_le_bytes())
}

#[test]
fn cells_of_white_space_are_none() {
    let space = |place: &str, space: &str| {
        format!(r#"<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{space}</t></is></c>"#)
    };
    let cells = [
        r#"<row r="1"><c r="A1"><v>1</v></c>"#.to_string(),
        space("D1", " "),
        r#"</row><row r="2">"#.into(),
        space("A2", "\u{a0}"),
        space("F2", "&#9;\u{3000}&#10;"),
        r#"</row><row r="3"><c r="A3"><v>3</v></c></row><row r="4">"#.into(),
        space("A4", "  "),
        "</row>".into(),
    ];
    assert_eq!(rows(&xlsx_rows(&cells.concat())), "1\n\n3\n");
}

#[test]
fn parts_are_found_by_their_relations() {
    let relations = RELATIONS.replace("xl/workbook.xml", "/a/b/book.xml");
    let relation =
        |id: &str, kind: &str, target: &str| format!(r#"<Relationship Id="{id}" Type="x/{kind}" Target="{target}"/>"#);
    let of_book = [
        relation("r1", "worksheet", "../sheets/one.xml"),
        relation("r2", "sharedStrings", "texts.xml"),
        relation("r3", "styles", "/styles.xml"),
        relation("r4", "hyperlink", "http://x.example/\" TargetMode=\"External"),
    ]
    .concat();
    let members = [
        ("_rels/.rels", relations.into_bytes()),
        ("a/b/book.xml", br#"<x:workbook><x:sheets><x:sheet name="One" r:id="r1"/></x:sheets></x:workbook>"#.to_vec()),
        ("a/b/_rels/book.xml.rels", format!("<Relationships>{of_book}</Relationships>").into_bytes()),
        ("a/b/texts.xml", b"<sst><si><t>Ann</t></si><si/><si><t/></si><si><t>Bob</t></si></sst>".to_vec()),
        ("styles.xml", br#"<styleSheet><cellXfs><xf numFmtId="14"/></cellXfs></styleSheet>"#.to_vec()),
        (
            "a/sheets/one.xml",
            br#"<x:worksheet><x:sheetData><x:row r="1"><x:c r="A1" t="s"><x:v>0</x:v></x:c><x:c r="B1" t="s"><x:v>3</x:v></x:c><x:c r="C1" s="0"><x:v>46082</x:v></x:c></x:row></x:sheetData><x:mergeCells><x:mergeCell ref="A1:A2"/></x:mergeCells></x:worksheet>"#.to_vec(),
        ),
        ("[Content_Types].xml", b"<Types/>".to_vec()),
    ];
    assert_eq!(rows(&zip_members(&members)), "Ann,Bob,\u{1}\u{2}2026-03-01\n");
}
