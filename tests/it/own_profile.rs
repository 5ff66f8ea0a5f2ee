//! Profiles from files: every promise of the program holds for them too.

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

use crate::support::Place;

const CRM: &str = r#"
key = "code"

[file]
encoding = "windows-1252"
delimiter = ";"
null_tokens = ["k.A."]

[feed]
db = "crm.db"
mode = "upsert"

[fields.code]
label = "Kd.-Nr."
required = true
guard = true
pattern = "K[0-9]{3}"

[fields.name]
required = true

[fields.tier]
type = "choice"
choices = ["GOLD", "SILVER"]
values = { Silber = "SILVER" }

[fields.born]
label = "Geburtstag"
type = "date"
formats = ["%d.%m.%Y"]
not_after = "today"

[fields.limit]
label = "Kreditlimit"
type = "decimal"
decimal = ","
group = "."
scale = 2

[fields.address]
from = ["STR", "HNR"]
"#;

const ROWS: &[u8] = b"Kd.-Nr.;Name;Tier;Geburtstag;Kreditlimit;STR;HNR\n\
    K001;M\xfcller;Silber;03.05.1980;1.234,50;Weg;7a\n\
    K002;Bolt;gold;k.A.;;Gasse;\n\
    K003;Roth;Bronze;31.02.1980;unbegrenzt;;\n\
    K4;Weiss;;01.01.2099;-0,5;;\n";

const SELECT: &str = "SELECT code || ' ' || name || ' ' || ifnull(tier, '-') || ' ' || ifnull(born, '-') || ' ' || \
                      ifnull(\"limit\", '-') || ' ' || ifnull(address, '-') FROM customers ORDER BY customer_id";

fn crm() -> Place {
    let place = Place::new();
    place.write("crm.toml", CRM);
    place.write("a.csv", ROWS);
    place
}

fn codes(place: &Place, errors: &str) -> Vec<String> {
    let fault = |fault: &serde_json::Value| format!("{} {}", fault["record"], fault["code"].as_str().unwrap());
    place.objects(errors).iter().map(fault).collect()
}

#[test]
fn a_profile_file_brings_types_rules_and_options() {
    let place = crm();
    let run = "import a.csv --profile crm.toml --now 2026-01-31T12:00:00Z";
    let done = place.custload(run).ends(1);
    assert!(done.stdout.contains("--profile crm.toml"), "{}", done.stdout);
    let stored = ["K001 Müller SILVER 1980-05-03 1234.5 Weg 7a", "K002 Bolt GOLD - - Gasse"];
    assert_eq!(place.column("crm.db", SELECT), stored);
    assert_eq!(
        codes(&place, "crm.db.imports/run-000001/errors.ndjson"),
        ["3 invalid-choice", "3 invalid-date", "3 invalid-decimal", "4 pattern-mismatch", "4 out-of-range"]
    );
    // The same file is known again, unless the profile says something else now. A comment says nothing.
    place.write("crm.toml", format!("# Reviewed.\n{CRM}"));
    place.custload(run).ends(0);
    place.write("crm.toml", CRM.replace("\"SILVER\"]", "\"SILVER\", \"BRONZE\"]"));
    let done = place.custload(run).ends(2);
    assert!(done.stderr.contains("the profile's content"), "{}", done.stderr);
    // The command line wins, and undo takes everything back.
    place.custload(&format!("{run} --mode create --db other.db")).ends(1);
    place.custload("undo 1 --db crm.db").ends(0);
    assert_eq!(place.column("crm.db", "SELECT count(*) FROM customers"), ["0"]);
}

#[test]
fn an_update_with_decimals_changes_only_what_differs() {
    let place = crm();
    place.custload("import a.csv --profile crm.toml").ends(1);
    place.write("b.csv", "Kd.-Nr.;Name;Kreditlimit\nK001;Müller;1234,5\nK002;Bolt;7,25\n");
    let done = place.custload("import b.csv --profile crm.toml --encoding utf-8 --json").ends(0);
    let summary: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!((&summary["unchanged"], &summary["updated"]), (&1.into(), &1.into()));
    assert_eq!(
        place.column("crm.db", "SELECT typeof(\"limit\") || \"limit\" FROM customers"),
        ["real1234.5", "real7.25"]
    );
    place.custload("undo 2 --db crm.db").ends(0);
    assert_eq!(place.column("crm.db", "SELECT ifnull(\"limit\", '-') FROM customers"), ["1234.5", "-"]);
    assert_eq!(place.column("crm.db", "PRAGMA integrity_check"), ["ok"]);
}

#[test]
fn a_spreadsheets_numbers_and_dates_need_no_format() {
    let place = crm();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let day = Format::new().set_num_format("dd.mm.yyyy");
    for (column, name) in ["Kd.-Nr.", "Name", "Geburtstag", "Kreditlimit", "HNR"].iter().enumerate() {
        sheet.write(0, column as u16, *name).unwrap();
    }
    for (row, limit) in [(1, 1.234), (2, 1234.5), (3, 12.0)] {
        sheet.write(row, 0, format!("K00{row}")).unwrap();
        sheet.write(row, 1, "Ann").unwrap();
        sheet.write_with_format(row, 2, ExcelDateTime::from_ymd(1980, 5, 3).unwrap(), &day).unwrap();
        sheet.write(row, 3, limit).unwrap();
        sheet.write(row, 4, 7.5).unwrap();
    }
    // A text is read as the profile says.
    sheet.write(3, 3, "1.234").unwrap();
    place.write("a.xlsx", book.save_to_buffer().unwrap());
    place.write("crm.toml", CRM.replace("encoding = \"windows-1252\"", ""));
    place.custload("import a.xlsx --profile crm.toml").ends(1);
    assert_eq!(
        place.column("crm.db", SELECT),
        ["K002 Ann - 1980-05-03 1234.5 7.5", "K003 Ann - 1980-05-03 1234.0 7.5"]
    );
    // More decimals than the scale: the reject report has the number as the profile reads it.
    let rejects = place.text("crm.db.imports/run-000001/a.rejects.csv");
    assert!(rejects.contains("K001,Ann,03.05.1980,\"1,234\",7.5,"), "{rejects}");
    // The report has a form of its own, whatever the profile says of the feed's files.
    place.write("fixed.csv", rejects.replace("1,234", "1,23"));
    place.custload("import fixed.csv --profile crm.toml").ends(0);
    assert_eq!(place.column("crm.db", SELECT)[2], "K001 Ann - 1980-05-03 1.23 7.5");
}

#[test]
fn what_a_profile_says_of_other_formats_is_passed_over() {
    let place = Place::new();
    place.write("crm.toml", "[file]\nencoding = 'windows-1252'\nsheet = 'Kunden'\n[fields.code]\n[fields.name]\n");
    let mut book = Workbook::new();
    for (name, customer) in [("Notes", "Ann"), ("Kunden", "Müller")] {
        let sheet = book.add_worksheet();
        sheet.set_name(name).unwrap();
        for (row, cells) in [["code", "name"], ["1", customer]].iter().enumerate() {
            sheet.write_row(row as u32, 0, *cells).unwrap();
        }
    }
    place.write("a.xlsx", book.save_to_buffer().unwrap());
    place.write("a.csv", b"code,name\n2,M\xfcller\n");
    place.write("a.ndjson", b"{\"code\":\"3\",\"name\":\"M\xfcller\"}\n");
    place.custload("import a.xlsx a.csv a.ndjson --profile crm.toml").ends(0);
    assert_eq!(
        place.column("customers.db", "SELECT code || ' ' || name FROM customers"),
        ["1 Müller", "2 Müller", "3 Müller"]
    );
    for (options, expected) in [
        ("a.xlsx --encoding utf-8", "a.xlsx: it is a spreadsheet, which has no encoding; leave out --encoding"),
        ("a.csv --sheet Kunden", "a.csv: it is not a spreadsheet and has no sheets; leave out --sheet"),
    ] {
        let done = place.custload(&format!("check {options} --profile crm.toml")).ends(2);
        assert!(done.stderr.contains(expected), "{}", done.stderr);
    }
}

#[test]
fn a_profile_that_cannot_be_is_refused_before_anything_is_written() {
    let place = crm();
    for (text, expected) in [
        (
            "[fields.a]\nmxa = 3\n",
            "crm.toml: line 2, column 1: fields.a.mxa: there is no key `mxa` here; did you mean max?",
        ),
        ("extends = \"crm.toml\"\n[fields.a]\n", "the files extend one another in a circle"),
        ("extends = \"none.toml\"\n", "cannot read none.toml: there is no such file"),
        (
            "[file]\nencoding = \"klingon\"\n[fields.a]\n",
            "the profile crm.toml: line 2, column 12: file.encoding: \"klingon\": there is no such encoding",
        ),
        ("[file]\nheader_line = 0\n[fields.a]\n", "crm.toml: line 2, column 15: file.header_line: \"0\": lines are"),
        (
            "extends = \"contact\"\ndrop = [\"email\"]\n",
            "crm.toml: line 2, column 9: drop: key of contact names email; change key here too, or do not drop email",
        ),
        (
            "[feed]\nmode = \"upsrt\"\n[fields.a]\n",
            "crm.toml: line 2, column 8: feed.mode: \"upsrt\" is not one of create, update, upsert",
        ),
    ] {
        place.write("crm.toml", text);
        let done = place.custload("import a.csv --profile crm.toml").ends(2);
        assert!(done.stderr.contains(expected), "{text}\n{}", done.stderr);
    }
    place.write("crm.toml", "[fields.a]\nmxa = 3\n");
    let done = place.custload("profiles crm.toml").ends(2);
    assert!(done.stderr.ends_with("did you mean max?\n2 | mxa = 3\n  | ^^^\n"), "{}", done.stderr);
    if cfg!(unix) {
        let done = place.custload("check a.csv --profile /dev/zero").ends(2);
        assert!(done.stderr.contains("more than 16777216 bytes"), "{}", done.stderr);
    }
    let many: String = (0..10_000).map(|field| format!("[fields.f{field}]\n")).collect();
    place.write("crm.toml", many);
    let done = place.custload("check a.csv --profile crm.toml").ends(2);
    assert!(done.stderr.contains("a profile has 1 to 512 fields, and this one has 10000"), "{}", done.stderr);
    assert!(!place.path("crm.db").exists() && !place.path("customers.db").exists());
}

#[test]
fn a_profile_file_is_shown_and_inspected() {
    let place = crm();
    let done = place.custload("profiles crm.toml").ends(0);
    for part in ["crm: crm", "key: code", "GOLD or SILVER", "as %d.%m.%Y", "not after today", "at most 2 decimals"] {
        assert!(done.stdout.contains(part), "{part}\n{}", done.stdout);
    }
    place.write("again.toml", place.custload("profiles crm.toml --toml").ends(0).stdout);
    let done = place.custload("inspect a.csv --profile again.toml").ends(0);
    assert!(done.stdout.contains("custload import a.csv --profile again.toml"), "{}", done.stdout);
    // What is built in is a file like any other.
    place.write("contact.toml", place.custload("profiles contact --toml").ends(0).stdout);
    place.write("b.csv", "email,name,phone\nann@example.com,Ann Smith,0351 123456\nx,O'Brien,1\n");
    let verdicts = |profile: &str| {
        place.custload(&format!("check b.csv --profile {profile} --json --now 2026-01-31T12:00:00Z")).stdout
    };
    assert_eq!(verdicts("contact"), verdicts("contact.toml"));
}

#[test]
fn a_default_after_today_is_refused() {
    let place = Place::new();
    place.write(
        "own.toml",
        "[fields.id]\n[fields.d]\ntype = 'date'\nrequired = true\nnot_after = 'today'\ndefault = 2099-01-01\n",
    );
    place.write("a.csv", "id,d\n1,\n");
    let done = place.custload("import a.csv --profile own.toml");
    done.ends(2).says(&["own", "fields.d.default", "must not be after"]);
    assert!(!place.path("customers.db").exists());
}
