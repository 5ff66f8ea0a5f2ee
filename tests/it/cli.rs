//! Runs that do something: what the options change, what is printed, what is stored.

use serde_json::Value;

use crate::support::{ANN, CONTACT, NOW, Place, faults, package};

const FIRST: &str = "customers.db.imports/run-000001";

fn place() -> Place {
    let place = Place::new();
    place.write("good.csv", format!("{CONTACT}{ANN}bob@example.com,Bob Brown\n"));
    place.write("bad.csv", format!("{CONTACT}carl@example.com,Carl Cox\nno,Dora Day\n"));
    place
}

fn emails(place: &Place) -> Vec<String> {
    place.column("customers.db", "SELECT customer_id || ' ' || email FROM customers ORDER BY customer_id")
}

#[test]
fn exit_statuses() {
    let place = place();
    place.write("header.csv", CONTACT);
    place.custload("import header.csv").ends(0);
    assert_eq!(place.json(&format!("{FIRST}/summary.json"))["read"], 0);
    place.custload("import good.csv").ends(0);
    place.custload("import bad.csv").ends(1);
    place.custload("import bad.csv --rejects-ok").ends(0);
    place.custload("check good.csv").ends(0);
    place.custload("check bad.csv").ends(1);
    place.custload("check bad.csv --rejects-ok").ends(0);
    place.custload("--help").ends(0);
    place.custload("--version").ends(0);
    let help = place.custload("import --help").ends(0).stdout;
    assert!(help.contains("--max-reject-ratio") && !help.contains("--block-size"), "{help}");
}

#[test]
fn the_summary_is_printed_for_people_or_programs_or_not_at_all() {
    let place = place();
    let done = place.custload("import good.csv").ends(0).says(&["profile contact, chosen from the header of good.csv"]);
    for piece in ["profile contact", "good.csv", "customers 1 to 2 in customers.db", "reports in customers.db.imports"]
    {
        assert!(done.stdout.contains(piece), "{piece:?} is missing in:\n{}", done.stdout);
    }
    let quiet = place.custload("import bad.csv --quiet").ends(1);
    assert_eq!(quiet.stdout, "");
    let json = place.run(&["import", "bad.csv", "--json", "--quiet", "--now", NOW, "--force"]).ends(1).stdout;
    assert_eq!(json, place.text("customers.db.imports/run-000003/summary.json"));
}

/// `--json` prints the content of summary.json, also on a clock that goes on.
#[test]
fn json_is_the_summary() {
    let place = place();
    let json = place.custload("import good.csv --json").ends(0).stdout;
    let printed: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(printed, place.json(&format!("{FIRST}/summary.json")));
}

#[test]
fn the_clock_can_be_set() {
    let place = place();
    place.run(&["import", "good.csv", "--now", "2026-01-31T14:00:00.9+02:00"]).ends(0);
    let stamps = "SELECT DISTINCT created_at || updated_at FROM customers";
    assert_eq!(place.column("customers.db", stamps), [NOW.repeat(2)]);
    assert_eq!(place.column("customers.db", "SELECT started_at || ended_at FROM import_runs"), [NOW.repeat(2)]);
    place.custload("import bad.csv").ends(1);
    let stamp = &place.column("customers.db", "SELECT created_at FROM customers WHERE import_run = 2")[0];
    assert!(stamp.len() == 20 && stamp.ends_with('Z') && stamp.as_str() > NOW, "{stamp}");
}

#[test]
fn several_inputs_are_one_run() {
    let place = place();
    place.write("more/good.csv", format!("{CONTACT}eve@example.com,Eve Ash\nno,Bad One\n"));
    place.write("more/GOOD.ndjson", "{\"email\":\"fred@example.com\"}\n{\"email\":\"ANN@example.com\"}\n");
    place.custload("import good.csv more/good.csv more/GOOD.ndjson --accepted").ends(1);
    let expected = ["1 ann@example.com", "2 bob@example.com", "3 eve@example.com", "4 fred@example.com"];
    assert_eq!(emails(&place), expected);
    let places = "SELECT import_run || ' ' || import_file || ' ' || import_record FROM customers ORDER BY customer_id";
    assert_eq!(place.column("customers.db", places), ["1 1 1", "1 1 2", "1 2 1", "1 3 1"]);
    let names = place.names();
    for name in ["good.rejects.csv", "good-2.rejects.csv", "GOOD-3.rejects.ndjson"] {
        assert!(names.contains(&format!("{FIRST}/{name}")), "{name} is missing in {names:?}");
    }
    let messages = place.objects(&format!("{FIRST}/errors.ndjson"));
    assert_eq!(messages[1]["message"], "record 1 (line 2) of good.csv has the same email");
    let (_, accepted) = place.table(&format!("{FIRST}/accepted.csv"));
    assert_eq!(accepted[3], ["more/GOOD.ndjson", "1", "1", "fred@example.com", "4", "created"]);
    let files = "SELECT import_file || ' ' || path || ' ' || read || accepted || rejected || blank FROM import_files";
    assert_eq!(
        place.column("customers.db", files),
        ["1 good.csv 2200", "2 more/good.csv 2110", "3 more/GOOD.ndjson 2110"]
    );
}

#[test]
fn standard_input_is_an_input() {
    let place = place();
    let input = std::fs::File::open(place.path("bad.csv")).unwrap();
    let done = place.command(&["import", "-"]).stdin(input).output().unwrap();
    assert_eq!(done.status.code(), Some(1));
    let (_, rows) = place.table(&format!("{FIRST}/stdin.rejects.csv"));
    assert_eq!(rows.len(), 1);
    assert_eq!(place.objects(&format!("{FIRST}/errors.ndjson"))[0]["file"], "-");
    let bytes = std::fs::read(place.path("bad.csv")).unwrap().len();
    assert_eq!(place.number("customers.db", "SELECT bytes FROM import_files"), bytes as i64);
    // The format is found by content.
    place.write("x", "{\"email\":\"eve@example.com\"}\n");
    let input = std::fs::File::open(place.path("x")).unwrap();
    assert_eq!(place.command(&["import", "-"]).stdin(input).output().unwrap().status.code(), Some(0));
}

#[test]
fn delimiters() {
    let place = place();
    place.write("s.csv", "email;name;notes\nann@example.com;Ann Smith;a, b, c\nno;\"x;y\";=1\n");
    place.custload("import s.csv --delimiter ;").ends(1);
    let text = place.text(&format!("{FIRST}/s.rejects.csv"));
    assert!(text.starts_with("email;name;notes;_reject_run;_reject_file;_reject_record;_reject_line;"), "{text}");
    assert!(text.contains("no;\"x;y\";'=1;1-") && text.contains(";s.csv;2;3;"), "{text}");
    place.write("t.tsv", "email\tname\nbob@example.com\tBob, \"Bobby\" Brown\n");
    place.custload("import t.tsv --delimiter tab --relax name").ends(0);
    assert_eq!(
        place.column("customers.db", "SELECT name FROM customers WHERE customer_id = 2"),
        ["Bob, \"Bobby\" Brown"]
    );
}

#[test]
fn the_first_records_alone() {
    let place = place();
    place.custload("import bad.csv good.csv --limit 1").ends(0);
    assert_eq!(emails(&place), ["1 carl@example.com", "2 ann@example.com"]);
    place.custload("import good.csv --limit 0 --profile contact --db b.db").ends(0);
}

#[test]
fn values_can_be_cleared_and_rules_relaxed() {
    let place = Place::new();
    place.write("input.csv", "email,name,phone,country\nann@example.com,O'Brien,541 ext. 5,D1\n");
    place.custload("check input.csv").ends(1);
    place.custload("import input.csv --on-invalid name=clear --on-invalid phone=clear --relax country").ends(0);
    let row = "SELECT ifnull(name, '-') || ifnull(phone, '-') || country FROM customers";
    assert_eq!(place.column("customers.db", row), ["--D1"]);
    let found = faults(&place.objects(&format!("{FIRST}/errors.ndjson")));
    let codes: Vec<(&str, &str)> = found.iter().map(|fault| (fault.3.as_str(), fault.4.as_str())).collect();
    let warning = |code: &'static str| (code, "warning");
    assert_eq!(codes, ["invalid-characters", "invalid-phone", "unknown-country"].map(warning));
    let args = "import input.csv --db b.db --relax all";
    place.custload(args).ends(0);
    assert_eq!(place.column("b.db", "SELECT name || phone FROM customers"), ["O'Brien541 ext. 5"]);
    place.custload("import input.csv --db c.db --on-invalid name=clear --on-invalid name=reject").ends(1);
}

/// Reject reports that do not say of which run they are.
fn without_runs(text: &str) -> String {
    let mut pieces = text.split("1-").peekable();
    let mut out = pieces.next().unwrap_or_default().to_string();
    for piece in pieces {
        match piece.get(..8).filter(|id| id.bytes().all(|digit| digit.is_ascii_hexdigit())) {
            Some(_) => out.push_str(&piece[8..]),
            None => out.push_str(&["1-", piece].concat()),
        }
    }
    out.replace("\"run\":\"\"", "\"run\":null")
}

#[test]
fn a_check_says_what_an_import_says_and_writes_nothing() {
    for sample in ["contact-dirty-csv", "basic-dirty-ndjson"] {
        let place = Place::new();
        let folder = package().join("samples").join(sample);
        let name = if sample.ends_with("csv") { "input.csv" } else { "input.ndjson" };
        let original = if sample.ends_with("csv") { "customers.csv" } else { "customers.ndjson" };
        place.write(name, std::fs::read(folder.join(original)).unwrap());
        let profile = sample.split('-').next().unwrap();
        place.run(&["check", name, "--profile", profile]).ends(1);
        assert_eq!(place.names(), [name]);
        place.run(&["check", name, "--profile", profile, "--reports", "out", "--db", "none.db", "--accepted"]).ends(1);
        assert!(!place.path("none.db").exists());
        place.run(&["import", name, "--profile", profile, "--accepted"]).ends(1);
        for report in ["errors.ndjson", &name.replace('.', ".rejects.")] {
            // A check is no run, and has no number.
            let imported = without_runs(&place.text(&format!("{FIRST}/{report}")));
            assert_eq!(place.text(&format!("out/{report}")), imported);
        }
        // With the database all that was accepted is there already.
        let accepted = place.json("out/summary.json")["accepted"].as_u64().unwrap();
        let before = std::fs::read(place.path("customers.db")).unwrap();
        place.run(&["check", name, "--profile", profile, "--reports", "out2", "--db", "customers.db"]).ends(1);
        let objects = place.objects("out2/errors.ndjson");
        let of_customers = objects.iter().filter(|fault| fault["message"].as_str().unwrap().starts_with("customer "));
        // In the profile basic some keys say nothing (n/a).
        assert!(accepted > 0 && of_customers.count() as u64 >= if profile == "contact" { accepted } else { 10 });
        assert!(before == std::fs::read(place.path("customers.db")).unwrap());
        assert_eq!(place.names().iter().filter(|name| name.contains("customers.db-")).count(), 0);
    }
}

#[test]
fn report_folders_can_be_named() {
    let place = place();
    place.custload("import good.csv --reports out/{run}/of-{run}").ends(0);
    assert!(place.path("out/1/of-1/summary.json").exists());
    place.custload("import bad.csv --reports out/{run}/of-{run}").ends(1);
    assert_eq!(place.json("out/2/of-2/summary.json")["reports"], "out/2/of-2");
    assert_eq!(place.column("customers.db", "SELECT reports FROM import_runs"), ["out/1/of-1", "out/2/of-2"]);
    // An empty folder is as good as none; a slash at the end says that it is one.
    std::fs::create_dir(place.path("empty")).unwrap();
    place.custload("check bad.csv --reports empty").ends(1);
    assert!(place.path("empty/summary.json").exists());
    for line in ["check bad.csv --reports slash/", "import bad.csv --db new.db --reports new/"] {
        let done = place.custload(line).ends(1);
        assert!(!done.stderr.contains("cannot"), "{}", done.stderr);
    }
    assert!(place.path("slash/summary.json").exists() && place.path("new/summary.json").exists());
    assert!(!place.names().iter().any(|name| name.contains(".partial")), "{:?}", place.names());
}

#[cfg(unix)]
#[test]
fn reports_with_values_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = place();
    place.custload("import bad.csv --accepted").ends(1);
    for name in ["errors.ndjson", "bad.rejects.csv", "accepted.csv"] {
        let mode = std::fs::metadata(place.path(&format!("{FIRST}/{name}"))).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

/// What a terminal would obey or reorder by.
fn is_raw(character: char) -> bool {
    matches!(character, '\u{0}'..='\u{9}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200e}' | '\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[track_caller]
fn assert_harmless(text: &str) {
    assert!(!text.contains(is_raw), "{:?}", text.lines().find(|line| line.contains(is_raw)));
}

const HOSTILE: &str = "x\u{1b}[31m\u{202e}gpj\u{9b}2J";

#[test]
fn names_of_columns_and_keys_are_printed_harmlessly() {
    let place = Place::new();
    place.write("a.csv", format!("email,{HOSTILE},\"two\nlines\"\nann@example.com,{HOSTILE},x\n"));
    place.write("b.csv", format!("{HOSTILE},b\n1,2\n"));
    place.write("c.csv", format!("email,Email{HOSTILE}\n,\n"));
    place.write("d.csv", "email,E\u{202e}mail\n1,2\n");
    place.write("e.ndjson", format!("{{\"email\":\"ann@example.com\",{}:1}}\n", Value::from(HOSTILE)));
    for input in ["a.csv", "b.csv", "c.csv", "d.csv", "e.ndjson"] {
        for options in ["", " --profile contact", " --profile contact --unknown-columns error"] {
            let done = place.custload(&format!("check {input}{options}"));
            assert_harmless(&done.stdout);
            assert_harmless(&done.stderr);
        }
    }
}

#[test]
fn the_summary_as_json_is_printed_harmlessly() {
    let place = Place::new();
    place.write("a.csv", format!("email,{HOSTILE}\nann@example.com,{HOSTILE}\n"));
    assert_harmless(&place.custload("check a.csv --profile contact --json").ends(0).stdout);
}

#[cfg(unix)]
#[test]
fn names_of_files_are_printed_harmlessly() {
    let place = Place::new();
    let names = ["a", "b", "c"].map(|stem| format!("{HOSTILE}{stem}.csv"));
    place.write(&names[0], format!("{CONTACT}{ANN}no,Bob\n"));
    place.write(&names[1], "color\nred\n");
    place.write(&names[2], "");
    for name in names.iter().map(String::as_str).chain([format!("{HOSTILE}missing").as_str()]) {
        for more in [&[][..], &["--db", HOSTILE], &["--db", &names[1]], &["--reports", &names[0]]] {
            let done = place.run(&[&["import", name][..], more].concat());
            assert_harmless(&done.stdout);
            assert_harmless(&done.stderr);
        }
    }
}
