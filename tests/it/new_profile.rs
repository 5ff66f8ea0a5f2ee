//! `custload profiles new`: a profile made from a file reads that file.

use std::fs;

use crate::support::{Place, package};

/// A small table as a legacy system writes it. `profile.toml` beside it is what is made of it; `UPDATE_GOLDEN=1` rewrites that.
#[test]
fn a_messy_table_becomes_a_profile() {
    let place = Place::new();
    let folder = package().join("samples/new-profile");
    fs::copy(folder.join("input.csv"), place.path("crm.csv")).unwrap();
    let done = place.custload("profiles new crm.toml --from crm.csv").ends(0);
    assert!(done.stdout.contains("custload check crm.csv --profile crm.toml"), "{}", done.stdout);
    let golden = folder.join("profile.toml");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::copy(place.path("crm.toml"), &golden).unwrap();
    }
    assert_eq!(place.text("crm.toml"), fs::read_to_string(golden).unwrap());
}

#[test]
fn every_format_is_read_by_the_profile_made_from_it() {
    let json = r#"{"customer":{"name":"Ann","tags":["a","b"]},"active":true,"age":7,"note":null}"#;
    let other = r#"{"customer":{"name":"Bob"},"active":false,"email":"bob@example.com"}"#;
    for (name, content, fields) in [
        ("a.csv", "Name,E-Mail\nAnn,ann@example.com\nBob,\n".to_string(), vec!["name", "email"]),
        ("a.tsv", "Customer ID\tName\n7\tAnn\n8\tBob\n".to_string(), vec!["source_customer_id", "name"]),
        // No line fits a profile; the third looks most like a header.
        ("a.txt", "Export\n\nCode;Ort;Stufe\n01;Ulm;A\n02;Bonn;B\n".to_string(), vec!["code", "ort", "stufe"]),
        (
            "a.ndjson",
            format!("{json}\n{other}\n"),
            vec!["customer_name", "customer_tags", "active", "age", "note", "email"],
        ),
        ("a.json", format!("{{\"data\":[{json},{other}]}}"), vec!["customer_name", "customer_tags", "active"]),
    ] {
        let place = Place::new();
        place.write(name, &content);
        let done = place.run(&["profiles", "new", "own.toml", "--from", name]).ends(0);
        for field in fields {
            assert!(done.stdout.split_whitespace().any(|word| word == field), "{field} in\n{}", done.stdout);
        }
        place.run(&["check", name, "--profile", "own.toml"]).ends(0);
    }
}

#[test]
fn a_sheet_is_read_by_the_profile_made_from_it() {
    let place = Place::new();
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in
        [["List of customers", ""], ["", ""], ["Code", "Ort"], ["01", "Ulm"], ["02", "Bonn"]].iter().enumerate()
    {
        for (column, cell) in cells.iter().enumerate() {
            sheet.write_string(row as u32, column as u16, *cell).unwrap();
        }
    }
    book.save(place.path("a.xlsx")).unwrap();
    place.custload("profiles new own.toml --from a.xlsx").ends(0);
    let profile = place.text("own.toml");
    assert!(profile.contains("\nheader_line = 3\n") && profile.contains("[fields.code]"), "{profile}");
    place.custload("check a.xlsx --profile own.toml").ends(0);
}

#[test]
fn what_is_typed_about_the_file_stands_in_the_profile() {
    let place = Place::new();
    place.write("a.csv", b"7|x|Stra\xdfe\n8|-|Weg\n");
    let typed =
        "profiles new own.toml --from a.csv --columns Nummer,Kürzel,Ort -d | --encoding iso-8859-15 --null-token x";
    place.custload(typed).ends(0);
    let profile = place.text("own.toml");
    for line in ["columns = [\"Nummer\", \"Kürzel\", \"Ort\"]", "delimiter = \"|\"", "null_tokens = [\"x\", \"-\"]"] {
        assert!(profile.lines().any(|found| found == line), "{line} is not in\n{profile}");
    }
    place.custload("check a.csv --profile own.toml").ends(0);
}

#[test]
fn a_profile_is_never_replaced_by_accident() {
    let place = Place::new();
    place.write("a.csv", "Name\nAnn\n");
    place.write("own.toml", "mine");
    let made = "profiles new own.toml --from a.csv";
    place.custload(made).ends(2).says(&["own.toml: the file exists already", "--force"]);
    assert_eq!(place.text("own.toml"), "mine");
    place.custload(&format!("{made} --force")).ends(0);
    assert!(place.text("own.toml").contains("[fields.name]"));
    assert_eq!(place.names(), ["a.csv", "own.toml"]);
}

#[test]
fn what_makes_no_profile_is_refused() {
    let place = Place::new();
    let wide = |columns: usize| (0..columns).map(|column| format!("c{column}")).collect::<Vec<_>>().join(",");
    place.write("wide.csv", format!("{}\n1\n", wide(513)));
    place.write("widest.csv", format!("{}\n{}\n", wide(512), wide(512).replace('c', "")));
    place.write("empty.csv", "");
    place.write("a.csv", "Name\nAnn\n");
    place.write("b.csv", "Name\nAnn\n");
    let keys: Vec<String> = (0..600).map(|key| format!("\"k{key}\":1")).collect();
    place.write("wide.ndjson", format!("{{{}}}\n", keys.join(",")));
    for (line, says) in [
        ("new own.toml --from wide.csv", "more than 512 columns"),
        ("new own.toml --from wide.ndjson", "more than 512 columns"),
        ("new own.toml --from empty.csv", "it is empty"),
        ("new own.toml --from missing.csv", "there is no such file"),
        ("new own.toml --from *.csv", "reads one file"),
        ("new own.txt --from a.csv", "name ends in .toml"),
        ("new missing/own.toml --from a.csv", "there is no folder missing; make it"),
        ("new own.toml --from a.csv --profile contact", "leave it out"),
        ("new own.toml --from a.csv --map Name=name", "leave it out"),
    ] {
        place.custload(&format!("profiles {line}")).ends(2).says(&[says]);
    }
    assert!(!place.path("own.toml").exists());
    place.custload("profiles new own.toml --from widest.csv").ends(0);
}

#[test]
fn profiles_are_shown_as_before() {
    let place = Place::new();
    place.write("new.toml", "[fields.a]\n");
    place.custload("profiles contact").ends(0);
    place.custload("profiles contact --json").ends(0);
    place.custload("profiles --json").ends(0);
    place.custload("profiles ./new.toml --toml").ends(0);
    place.custload("profiles nwe").ends(2).says(&["nwe"]);
}

#[test]
fn an_empty_list_is_a_missing_value() {
    let place = Place::new();
    place.write("a.ndjson", "{\"id\":1,\"tags\":[]}\n{\"id\":2,\"tags\":[\"a\"]}\n{\"id\":3,\"tags\":[ ]}\n");
    place.custload("profiles new own.toml --from a.ndjson").ends(0);
    place.custload("check a.ndjson --profile own.toml").ends(0);
}

/// The numbers of a file's customers are not those of the database, which has customers with these IDs.
#[test]
fn parents_of_another_system_are_not_parents_here() {
    let place = Place::new();
    place.write("here.csv", "name,email\nAnn,ann@example.com\nBob,bob@example.com\n");
    let rows: String = (1..=20).map(|row| format!("{row},{},Firm {row}\n", if row == 1 { "" } else { "1" })).collect();
    place.write("theirs.csv", format!("customer_id,parent_customer_id,name\n{rows}"));
    place.custload("import here.csv --profile billing --db customers.db").ends(0);
    let done = place.custload("profiles new own.toml --from theirs.csv").ends(0);
    assert!(done.stdout.contains("source_parent_customer_id"), "{}", done.stdout);
    place.custload("import theirs.csv --profile own.toml --db customers.db").ends(0);
    let parents =
        "SELECT count(*) || ' ' || count(parent_customer_id) || ' ' || count(source_parent_customer_id) FROM customers";
    assert_eq!(place.column("customers.db", parents), ["22 0 19"]);
    // With the line that the proposal has as a comment, they are found by the file's numbers.
    let profile =
        place.text("own.toml").replace("# references = \"source_customer_id\"", "references = \"source_customer_id\"");
    place.write("tree.toml", profile);
    place.custload("import theirs.csv --profile tree.toml --db tree.db").ends(0);
    let parents = "SELECT count(DISTINCT parent_customer_id) || ' ' || count(parent_customer_id) FROM customers";
    assert_eq!(place.column("tree.db", parents), ["1 19"]);
}

#[test]
fn the_terminal_says_what_the_key_is() {
    let place = Place::new();
    place.write("none.csv", "Firma;Ort\nA GmbH;Ulm\nB GmbH;Bonn\n");
    let rows: String = (1..=300).map(|row: u32| format!("{};Firma {row}\n", 1000 + row.min(299))).collect();
    place.write("nearly.csv", format!("Kundennummer;Name\n{rows}"));
    for (name, key, says) in [
        (
            "none",
            "key = []",
            "Without a key, a customer that is there twice, or comes again in a later file, is stored twice. Name",
        ),
        (
            "nearly",
            "key = [\"kundennummer\"]",
            "nearly a key: 1 record repeats the value of an earlier one, on line 301; rejected",
        ),
    ] {
        let done = place.custload(&format!("profiles new {name}.toml --from {name}.csv")).ends(0);
        assert!(done.stdout.contains(says), "{}", done.stdout);
        let profile = place.text(&format!("{name}.toml"));
        let (comments, _) = profile.split_once(&format!("\n{key}\n")).unwrap();
        let comments = comments.replace("\n# ", " ");
        assert!(comments.contains(says), "{comments}");
    }
    let done = place.custload("import nearly.csv --profile nearly.toml --db a.db").ends(1);
    assert!(done.stdout.contains("duplicate-key"), "{}", done.stdout);
}
