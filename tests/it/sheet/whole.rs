//! Whole runs over spreadsheets: what is loaded, and what is said of it.

use serde_json::Value;

use super::files::*;
use crate::support::Place;

/// A row of texts, where a text that begins with `<` is a cell as it stands.
fn row(n: u32, attributes: &str, cells: &[&str]) -> String {
    let cell = |(column, text): (usize, &&str)| {
        let place = format!("{}{n}", char::from(b'A' + column as u8));
        match text.strip_prefix('<') {
            Some(rest) => format!(r#"<c r="{place}"{rest}"#),
            None => format!(r#"<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>"#),
        }
    };
    format!(r#"<row r="{n}"{attributes}>{}</row>"#, cells.iter().enumerate().map(cell).collect::<String>())
}

fn book(rows: &[String], merged: &[&str]) -> Vec<u8> {
    let merged: String = merged.iter().map(|range| format!(r#"<mergeCell ref="{range}"/>"#)).collect();
    let sheet =
        format!(r#"<worksheet><sheetData>{}</sheetData><mergeCells>{merged}</mergeCells></worksheet>"#, rows.concat());
    xlsx_of(&sheet, None)
}

fn customers(place: &Place, columns: &str) -> Vec<String> {
    let db = place.open("customers.db");
    let mut query = db.prepare(&format!("SELECT {columns} FROM customers ORDER BY customer_id")).unwrap();
    let count = query.column_count();
    let text = |row: &rusqlite::Row<'_>, n: usize| row.get::<_, Option<String>>(n).unwrap().unwrap_or("-".into());
    let rows = query.query_map([], |row| Ok((0..count).map(|n| text(row, n)).collect::<Vec<_>>().join("|"))).unwrap();
    rows.map(Result::unwrap).collect()
}

fn summary(place: &Place, run: u32) -> Value {
    serde_json::from_str(&place.text(&format!("customers.db.imports/run-{run:06}/summary.json"))).unwrap()
}

#[test]
fn a_formula_without_a_result_erases_nobody() {
    let place = Place::new();
    place.write("a.csv", "email,name\nann@example.com,Ann Smith\n");
    place.custload("import a.csv --profile contact").ends(0);
    for (n, formula) in ["<><f>A2</f></c>", "<><f>A2</f><v/></c>", r#"< t="str"><f>A2</f></c>"#].iter().enumerate() {
        let name = format!("{n}.xlsx");
        place.write(&name, book(&[row(1, "", &["email", "name"]), row(2, "", &["ann@example.com", formula])], &[]));
        place.custload(&format!("import {name} --profile contact --mode upsert --empty clear")).ends(1);
        let errors = place.text(&format!("customers.db.imports/run-{:06}/errors.ndjson", n + 2));
        assert!(errors.contains("cell-error") && errors.contains("open the file in a spreadsheet program"), "{errors}");
        assert_eq!(customers(&place, "name"), ["Ann Smith"]);
    }
    // One whose result is the empty text is an empty cell.
    let empty = r#"< t="str"><f>A2</f><v></v></c>"#;
    place.write("empty.xlsx", book(&[row(1, "", &["email", "name"]), row(2, "", &["ann@example.com", empty])], &[]));
    place.custload("import empty.xlsx --profile contact --mode upsert --empty clear").ends(0);
    assert_eq!(customers(&place, "name"), ["-"]);
}

#[test]
fn a_rejected_formula_stays_a_reject_when_its_report_is_loaded() {
    let place = Place::new();
    place.write(
        "a.xlsx",
        book(&[row(1, "", &["email", "name"]), row(2, "", &["ann@example.com", "<><f>A2</f></c>"])], &[]),
    );
    place.custload("import a.xlsx --profile contact").ends(1);
    place.custload("import customers.db.imports/run-000001/a.rejects.csv --profile contact").ends(1);
    let errors = place.text("customers.db.imports/run-000002/errors.ndjson");
    assert!(errors.contains("cell-error"), "{errors}");
}

#[test]
fn a_merged_range_and_hidden_rows_are_said() {
    let place = Place::new();
    let rows = [
        row(1, "", &["name", "email", "city"]),
        row(2, "", &["Ann Bo", "a@x.example", "Ulmstadt"]),
        row(3, r#" hidden="1""#, &["Bob Bo", "b@x.example"]),
        row(4, "", &["Cid Bo", "c@x.example"]),
        row(5, "", &["Dan Bo", "d@x.example"]),
        row(6, "", &["Eve Bo", "e@x.example"]),
    ];
    place.write("a.xlsx", book(&rows, &["C2:C5"]));
    place
        .custload("import a.xlsx --profile contact")
        .ends(0)
        .says(&["1 merged range, 3 cells filled; 1 hidden row read"]);
    assert_eq!(customers(&place, "city"), ["Ulmstadt", "Ulmstadt", "Ulmstadt", "Ulmstadt", "-"]);
    let input = &summary(&place, 1)["inputs"][0];
    assert_eq!((&input["merged_filled"], &input["hidden_rows"]), (&3.into(), &1.into()));
}

#[test]
fn a_merged_cell_of_the_header_is_in_no_record() {
    let place = Place::new();
    let rows = [
        row(1, "", &["name", "email", "city"]),
        row(2, "", &["<></c>", "a@x.example", "Ulmstadt"]),
        row(3, "", &["Bob Bo", "b@x.example", "Ulmstadt"]),
        row(4, "", &["<></c>", "c@x.example", "Ulmstadt"]),
    ];
    place.write("a.xlsx", book(&rows, &["A1:A2", "A3:A4"]));
    place.custload("import a.xlsx --profile contact").ends(0).says(&["1 merged range, 1 cell filled"]);
    assert_eq!(customers(&place, "name"), ["-", "Bob Bo", "Bob Bo"]);
    // Also where the header stands below a title, from standard input, and where its first row is merged with one above it.
    let place = Place::new();
    let titled = [
        row(1, "", &["name"]),
        row(2, "", &["<></c>", "email", "city"]),
        row(3, "", &["Ann Bo", "a@x.example", "Ulmstadt"]),
    ];
    let bytes = book(&titled, &["A1:A2"]);
    let mut child = place
        .command(&["import", "-", "--profile", "contact"])
        .stdin(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), &bytes).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(customers(&place, "name, city"), ["Ann Bo|Ulmstadt"]);
}

#[test]
fn zeros_of_a_format_and_white_space_beside_the_table() {
    let place = Place::new();
    let rows = [
        row(1, "", &["email", "postal_code", "external_key"]),
        row(2, "", &["a@x.example", r#"< s="1"><v>1067</v></c>"#, "<><v>4711</v></c>", "\u{a0}"]),
        row(3, "", &["\u{a0}", "<></c>", "<></c>", " "]),
        row(4, "", &["b@x.example", r#"< s="1"><v>89073</v></c>"#]),
    ];
    let mut members = xlsx_members(&format!("<worksheet><sheetData>{}</sheetData></worksheet>", rows.concat()), None);
    let styles = r#"<styleSheet><numFmts><numFmt numFmtId="164" formatCode="00000"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>"#;
    members.push(("xl/styles.xml", styles.into()));
    place.write("a.xlsx", zip_members(&members));
    place.custload("import a.xlsx --profile contact").ends(0);
    assert_eq!(customers(&place, "postal_code"), ["01067", "89073"]);
    assert_eq!(summary(&place, 1)["blank"], 1);
}

#[test]
fn a_damaged_spreadsheet_loads_nothing() {
    let place = Place::new();
    let rows: Vec<String> = (2..400).map(|n| row(n, "", &["Ann Bo", &format!("a{n}@x.example")])).collect();
    let mut bytes = book(&[vec![row(1, "", &["name", "email"])], rows].concat(), &[]);
    let at = bytes.windows(9).position(|window| window == b"sheet1.xm").unwrap() + 2000;
    bytes[at] ^= 1;
    place.write("a.xlsx", bytes);
    for limit in ["", " --limit 1"] {
        place
            .custload(&format!("import a.xlsx --profile contact{limit}"))
            .ends(2)
            .says(&["xl/worksheets/sheet1.xml in it is damaged", "get the whole file again"]);
        assert!(!place.path("customers.db").exists());
    }
}

#[test]
fn a_nul_is_taken_from_a_header_and_not_from_a_record() {
    let place = Place::new();
    let changed = |from: &str, to: &str| {
        let mut bytes = XLS.to_vec();
        let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        bytes
    };
    place.write("header.xls", changed("balance", "e\0mail\0"));
    place.custload("import header.xls --sheet Kunden --map since=description --profile contact").ends(1);
    let input = &summary(&place, 1)["inputs"][0];
    assert_eq!(input["columns"][1]["header"], "email");
    assert_eq!(input["columns"][1]["field"], "email");

    let nul = "_x0000_";
    let rows = [row(1, "", &["name", &format!("e{nul}mail")]), row(2, "", &[&format!("A{nul}nn"), "a@x.example"])];
    place.write("record.xlsx", book(&rows, &[]));
    place.custload("import record.xlsx --profile contact").ends(1);
    let errors = place.text("customers.db.imports/run-000002/errors.ndjson");
    assert!(errors.contains("control-character"), "{errors}");
}

#[test]
fn what_cannot_be_read_is_named_and_how_to_export_it() {
    let place = Place::new();
    let numbers = zip_of(&[("Index/Document.iwa", b"x"), ("Index/CalculationEngine.iwa", b"x"), ("preview.jpg", b"x")]);
    place.write("a.numbers", numbers);
    let mut dbf = vec![0x03, 126, 1, 31, 1, 0, 0, 0, 65, 0, 11, 0];
    dbf.resize(32, 0);
    dbf.extend(b"NAME\0\0\0\0\0\0\0C\0\0\0\0\x0a");
    dbf.resize(64, 0);
    dbf.extend(b"\r Ann       \x1a");
    place.write("a.dbf", &dbf);
    place.write("dbase.csv", &dbf);
    place.write(
        "a.docx",
        zip_of(&[
            ("[Content_Types].xml", b"<Types/>"),
            ("_rels/.rels", RELATIONS.replace("xl/workbook.xml", "word/document.xml").as_bytes()),
            ("word/_rels/document.xml.rels", b"<Relationships/>"),
            ("word/document.xml", b"<w:document/>"),
        ]),
    );
    for (name, said) in [
        ("a.numbers", &["Apple's Numbers", "Export To"]),
        ("a.dbf", &["dBase table (.dbf)", "save it as CSV"]),
        ("dbase.csv", &["dBase table (.dbf)", "save it as CSV"]),
        ("a.docx", &["an Office document", "not a spreadsheet"]),
    ] {
        place.custload(&format!("import {name} --profile contact")).ends(2).says(said);
    }
    assert!(!place.path("customers.db").exists());
}

#[test]
fn a_workbook_whose_parts_lie_elsewhere_is_read() {
    let place = Place::new();
    let sheet = format!(
        "<worksheet><sheetData>{}{}</sheetData></worksheet>",
        row(1, "", &["email"]),
        row(2, "", &["a@x.example"])
    );
    let members: Vec<(String, Vec<u8>)> = xlsx_members(&sheet, None)
        .into_iter()
        .map(|(name, content)| {
            let content = String::from_utf8(content).unwrap().replace("xl/workbook.xml", "book/workbook.xml");
            (name.replace("xl/", "book/"), content.into_bytes())
        })
        .collect();
    let members: Vec<(&str, &[u8])> =
        members.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect();
    place.write("a.xlsx", zip_of(&members));
    place.custload("import a.xlsx --profile contact").ends(0);
    assert_eq!(customers(&place, "email"), ["a@x.example"]);
}
