//! Inputs that were loaded before (docs/modes.md, "The same input"): which are the same, and what becomes of them.

use std::fs;

use serde_json::Value;

use crate::support::*;

const HEAD: &str = "email,name,city,phone\n";

fn place() -> Place {
    let place = Place::new();
    place.write("a.csv", format!("{HEAD}ann@example.com,Ann Smith,Bonn,\nbob@example.com,Bob Brown,,\n"));
    place.custload("import a.csv --profile contact --quiet").ends(0);
    place
}

fn cities(place: &Place) -> Vec<String> {
    place.column("customers.db", "SELECT name || ' ' || ifnull(city, '-') FROM customers ORDER BY customer_id")
}

fn runs(place: &Place) -> i64 {
    place.number("customers.db", "SELECT count(*) FROM import_runs")
}

/// A folder to which each day adds the full list: each is loaded once, and the last stands.
#[test]
fn a_folder_that_grows() {
    let place = Place::new();
    let day = |city: &str| format!("{HEAD}ann@example.com,Ann Smith,{city},\nbob@example.com,Bob Brown,,\n");
    let nightly = "import feed --profile contact --mode upsert";
    for (number, city) in (1..).zip(["Atown", "Btown", "Ctown"]) {
        place.write(&format!("feed/day{number}.csv"), day(city));
        let done = place.custload(nightly).ends(0);
        for before in 1..number {
            let said = format!("feed/day{before}.csv: skipped: already loaded by run {before}");
            assert!(done.stderr.contains(&said), "{said}: {}", done.stderr);
        }
        assert_eq!(cities(&place)[0], format!("Ann Smith {city}"), "day {number}");
        let files = format!("SELECT path FROM import_files WHERE run_id = {number}");
        assert_eq!(place.column("customers.db", &files), [format!("feed/day{number}.csv")]);
        // Nothing new is exit status 0, and nothing is written.
        let before = place.everything();
        place.custload(nightly).ends(0);
        assert!(before == place.everything());
    }
    // Of several new ones the later wins, in the order of their names.
    let several = Place::new();
    for (number, city) in [(2, "Btown"), (10, "Ctown"), (1, "Atown")] {
        several.write(&format!("feed/day{number}.csv"), day(city));
    }
    several.custload(nightly).ends(0);
    assert_eq!(cities(&several), ["Ann Smith Ctown", "Bob Brown -"]);
    // A day that is undone is loaded again.
    several.write("feed/day11.csv", day("Dtown"));
    several.custload(nightly).ends(0);
    several.write("feed/day12.csv", format!("{HEAD}cyd@example.com,Cyd,,\n"));
    several.custload(nightly).ends(0);
    several.custload("undo 2").ends(0);
    assert_eq!(cities(&several)[0], "Ann Smith Ctown");
    let done = several.custload(nightly).ends(0).says(&["feed/day10.csv: skipped: already loaded by run 1"]);
    assert_eq!(done.stderr.matches(": skipped: ").count(), 4, "{}", done.stderr);
    assert_eq!(cities(&several)[0], "Ann Smith Dtown");
    // One that returns to earlier content, and comes together with another: what that has left is not what stands.
    let back = Place::new();
    back.write("feed/day1.csv", day("Atown"));
    back.custload(nightly).ends(0);
    back.write("feed/day2.csv", day("Btown"));
    back.write("feed/day3.csv", day("Atown"));
    back.custload(nightly).ends(0).says(&["feed/day1.csv: skipped: already loaded by run 1"]);
    assert_eq!(cities(&back)[0], "Ann Smith Atown");
    back.custload(nightly).ends(0);
    assert_eq!(runs(&back), 2);
    // By whatever name the folder goes.
    place.write("other/x.csv", "");
    for name in ["./feed", "other/../feed", "feed/*.csv", &place.path("feed").display().to_string()] {
        place.run(&["import", name, "--profile", "contact", "--mode", "upsert"]).ends(0).says(&[": skipped: "]);
    }
    assert_eq!(runs(&place), 3);
}

/// What stood under a path last counts, and not what ever did; in create, all that was ever read.
#[test]
fn an_input_that_returns_to_earlier_content() {
    for (mode, expected) in [("upsert", "Bonn"), ("update", "Bonn"), ("create", "Bonn")] {
        let place = place();
        let first = place.text("a.csv");
        let line = format!("import a.csv --profile contact --mode {mode}");
        let second = first.replace("Bonn", "Ulm");
        place.custload(&format!("{line} --force")).ends(i32::from(mode == "create"));
        place.write("a.csv", &second);
        place.custload(&line).ends(i32::from(mode == "create"));
        place.write("a.csv", &first);
        let done = place.custload(&line).ends(0);
        assert_eq!(done.stderr.contains(": skipped: "), mode == "create", "{mode}: {}", done.stderr);
        assert_eq!(cities(&place)[0], format!("Ann Smith {expected}"), "{mode}");
    }
}

#[test]
fn the_same_bytes_under_another_name() {
    // In create they are the same wherever they come from.
    let place = place();
    let everything = place.everything();
    place
        .custload("import a.csv --profile contact")
        .ends(0)
        .says(&["a.csv: skipped: already loaded by run 1", "--force"]);
    assert!(everything == place.everything(), "nothing is written");
    let json = place.custload("import a.csv --json").ends(0).stdout;
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["status"], "skipped");
    let bytes = fs::read(place.path("a.csv")).unwrap();
    place.write("copy.csv", &bytes);
    place.custload("import copy.csv --profile contact").ends(0).says(&["copy.csv: skipped: already loaded by run 1"]);
    fed(&place, &["import", "-", "--profile", "contact"], &bytes)
        .ends(0)
        .says(&["-: skipped: already loaded by run 1"]);
    place.custload("import a.csv --profile contact --force").ends(1);
    // Of several the others are loaded.
    place.write("more.csv", format!("{HEAD}cy@example.com,Cyd,,\n"));
    place
        .custload("import a.csv more.csv --profile contact")
        .ends(0)
        .says(&["a.csv: skipped: already loaded by run 1"]);
    assert_eq!(place.column("customers.db", "SELECT path FROM import_files WHERE run_id = 3"), ["more.csv"]);
    place.custload("import a.csv --profile contact").ends(0).says(&["a.csv: skipped: already loaded by run 1"]);

    // In update and upsert another name is the same only where nothing was changed since.
    let place = self::place();
    let upsert = ["import", "-", "--profile", "contact", "--mode", "upsert"];
    place.write("b.csv", place.text("a.csv").replace("Bonn", "Ulm"));
    place.custload("import b.csv --profile contact --mode upsert").ends(0);
    fed(&place, &upsert, &fs::read(place.path("b.csv")).unwrap())
        .ends(0)
        .says(&["-: skipped: already loaded by run 2"]);
    place.custload("import b.csv --profile contact --mode upsert").ends(0).says(&["already loaded by run 2"]);
    place.write("copy.csv", &bytes);
    place.custload("import copy.csv --profile contact --mode upsert").ends(0);
    assert_eq!(cities(&place)[0], "Ann Smith Bonn");
    fed(&place, &upsert, &fs::read(place.path("b.csv")).unwrap()).ends(0);
    assert_eq!((cities(&place)[0].as_str(), runs(&place)), ("Ann Smith Ulm", 4));
}

#[test]
fn the_same_bytes_in_one_run() {
    let place = Place::new();
    let text = format!("{HEAD}ann@example.com,Ann Smith,Bonn,\n");
    ["a.csv", "b.csv"].iter().for_each(|name| drop(place.write(name, &text)));
    let args = ["import", "a.csv", "b.csv", "-", "a.csv", "--profile", "contact", "--mode"];
    let said =
        ["b.csv: skipped: the same as a.csv", "-: skipped: the same as a.csv", "a.csv: skipped: the same as a.csv"];
    fed(&place, &[&args[..], &["create"]].concat(), text.as_bytes()).ends(0).says(&said);
    assert_eq!(place.column("customers.db", "SELECT path FROM import_files"), ["a.csv"]);
    place.custload("import a.csv b.csv --profile contact --force").ends(1);
    assert_eq!(place.number("customers.db", "SELECT rejected FROM import_runs WHERE run_id = 2"), 2);
    // In upsert it is the path.
    let place = Place::new();
    ["a.csv", "b.csv"].iter().for_each(|name| drop(place.write(name, &text)));
    place
        .custload("import a.csv a.csv --profile contact --mode upsert")
        .ends(0)
        .says(&["a.csv: skipped: the same as a.csv"]);
}

/// A spreadsheet of these sheets, each with one address.
fn sheet_of(sheets: &[(&str, &str)]) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    for (name, email) in sheets {
        let sheet = book.add_worksheet().set_name(*name).unwrap();
        sheet.write_string(0, 0, "email").unwrap().write_string(1, 0, *email).unwrap();
    }
    book.save_to_buffer().unwrap()
}

/// Of a spreadsheet each sheet is an input of its own, where it is named.
#[test]
fn sheets_are_told_apart() {
    let place = Place::new();
    place.write("book.xlsx", sheet_of(&[("One", "ann@example.com"), ("Two", "bob@example.com")]));
    place.custload("import book.xlsx --profile contact --sheet One").ends(0);
    place.custload("import book.xlsx --profile contact --sheet Two").ends(0);
    for sheet in ["One", "Two"] {
        let line = format!("import book.xlsx --profile contact --sheet {sheet}");
        place.custload(&line).ends(0).says(&[": skipped: "]);
    }
    assert_eq!(place.column("customers.db", "SELECT part FROM import_files ORDER BY run_id"), ["One", "Two"]);
    assert_eq!(place.number("customers.db", "SELECT count(*) FROM customers"), 2);
    // A sheet that nobody has named is another input than one that was.
    place.custload("import book.xlsx --profile contact").ends(1);
}

/// Options that decide nothing of what is stored are no others.
#[test]
fn which_options_are_others() {
    let place = place();
    place.write("map.toml", "[columns]\ncity = \"city\"\n");
    for same in [
        "--threads 1 --accepted --json --quiet --rejects-ok --max-rejects 0 --max-reject-ratio 0.5 --wait 1",
        "--reports elsewhere --now 2026-02-01T00:00:00Z --log run.log --commit-every 10",
    ] {
        place.custload(&format!("import a.csv --profile contact {same}")).ends(0).says(&[": skipped: "]);
    }
    for (other, said) in [
        ("--on-invalid phone=clear", "--on-invalid was not given, and is now phone=clear"),
        ("--mode upsert", "--mode was create, and is now upsert"),
        ("--relax name", "--relax was not given"),
        ("--map city=state", "--map was not given"),
        ("--mapping map.toml", "--map was not given"),
        ("--null-token x", "--null-token was not given"),
        ("--limit 100", "--limit was not given, and is now 100"),
        ("--unknown-columns error", "--unknown-columns was not given, and is now error"),
        ("--key none", "--key was not given, and is now none"),
    ] {
        let before = place.everything();
        let done = place.custload(&format!("import a.csv --profile contact {other}")).ends(2);
        done.says(&["nothing was loaded", "run 1 loaded a.csv with other options", said]);
        assert!(before == place.everything(), "{other}");
    }
    let done = place.custload("import a.csv --profile basic").ends(2);
    done.says(&["the profile was contact, and is now basic"]);
    // The same said otherwise is the same.
    let place = Place::new();
    place.write("a.csv", format!("{HEAD}ann@example.com,Ann Smith,Bonn,\n"));
    place.write("map.toml", "[columns]\ncity = \"state\"\n");
    place.custload("import a.csv --profile contact --map city=state --relax name,city").ends(0);
    place.custload("import a.csv --mapping map.toml --relax city --relax name").ends(0).says(&[": skipped: "]);
    // By its content: a mapping file that was edited is another.
    place.write("map.toml", "[columns]\ncity = \"description\"\n");
    place.custload("import a.csv --mapping map.toml --relax city --relax name").ends(2);
}

/// Words of a command that was printed for a shell.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for character in line.trim().chars() {
        match character {
            '\'' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            other => words.last_mut().unwrap().push(other),
        }
    }
    words
}

/// With other options, and nothing else to load, there are three ways, and each does what it says.
#[test]
fn the_ways_to_load_with_other_options() {
    let rows = "ann@example.com,Ann Smith,Bonn,123\nbob@example.com,Bob Brown,,call me\ncyd@example.com,Cyd,,ask\n";
    let line = "import feed/in.csv --profile contact --on-invalid phone=clear --max-rejects 5";
    let after: [(&str, &[&str], &[&str]); 3] = [
        ("a.rejects", &["Ann Smith Bonn", "Bob Brown -", "Cyd -"], &["finished", "finished"]),
        ("--redo", &["Ann Smith Bonn", "Bob Brown -", "Cyd -"], &["undone", "finished"]),
        ("--force", &["Ann Smith Bonn", "Bob Brown -", "Cyd -"], &["finished", "finished"]),
    ];
    for (way, (_, stored, statuses)) in after.iter().enumerate() {
        let place = Place::new();
        place.write("feed/in.csv", format!("{HEAD}{rows}"));
        place.custload("import feed/in.csv --profile contact --quiet").ends(1);
        let before = place.everything();
        let done = place.custload(line).ends(2);
        assert_eq!(done.stdout, "");
        assert!(before == place.everything());
        let done = done.says(&["It accepted 1 and rejected 2 of its records"]);
        let commands: Vec<&str> = done.stderr.lines().filter(|line| line.starts_with("  custload ")).collect();
        assert_eq!(commands.len(), 3, "{}", done.stderr);
        assert!(
            commands[0].contains(" customers.db.imports/run-000001/in.rejects.csv") && !commands[0].contains("feed"),
            "{}",
            commands[0]
        );
        assert!(commands[1].contains(" --redo ") && commands[2].contains(" --force "), "{}", done.stderr);
        assert!(commands[1..].iter().all(|command| command.contains("--max-rejects 5")), "{}", done.stderr);
        let words = words(commands[way]);
        let words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
        let status = i32::from(way == 2);
        place.run(&words).ends(status);
        assert_eq!(cities(&place), *stored, "{way}");
        assert_eq!(place.column("customers.db", "SELECT status FROM import_runs"), *statuses, "{way}");
    }
    // Without rejects there is no report to load.
    let place = place();
    let done = place.custload("import a.csv --profile contact --relax name").ends(2);
    assert_eq!(done.stderr.lines().filter(|line| line.starts_with("  custload ")).count(), 2, "{}", done.stderr);
    // While others are new it is a line, and they are loaded.
    place.write("b.csv", format!("{HEAD}cyd@example.com,Cyd,,\n"));
    let done = place.custload("import a.csv b.csv --profile contact --relax name").ends(0);
    done.says(&["a.csv: skipped: already loaded by run 1", "with other options; --redo"]);
    assert_eq!(runs(&place), 2);
}

#[test]
fn what_does_not_count() {
    // A run that was undone.
    let place = place();
    place.custload("undo 1").ends(0);
    place.custload("import a.csv --profile contact").ends(0);
    assert_eq!(cities(&place).len(), 2);
    // An input of which nothing was accepted, also beside others.
    let place = Place::new();
    place.write("a.csv", format!("{HEAD}ann@example.com,Ann Smith,Bonn,\n"));
    place.write("b.csv", format!("{HEAD}bob@example.com,Bob Brown,,call me\n"));
    place.custload("import a.csv b.csv --profile contact").ends(1);
    let done = place.custload("import a.csv b.csv --profile contact --on-invalid phone=clear").ends(0);
    done.says(&["a.csv: skipped: already loaded by run 1"]);
    assert_eq!(cities(&place), ["Ann Smith Bonn", "Bob Brown -"]);
    // A run that a threshold stopped, and one that has read a part.
    let place = Place::new();
    place.write("a.csv", format!("{HEAD}ann@example.com,Ann,,\nno,Bob,,\ncy@example.com,Cyd,,\n"));
    place.custload("import a.csv --profile contact --max-rejects 0").ends(3);
    place.custload("import a.csv --profile contact --limit 1").ends(0);
    place.custload("import a.csv --profile contact --limit 1").ends(0).says(&["already loaded by run 1"]);
    let files = "SELECT bytes || ' ' || length(sha256) FROM import_files";
    assert_eq!(place.column("customers.db", files), [format!("{} 64", place.text("a.csv").len())]);
    place.custload("import a.csv --profile contact").ends(2).says(&["--limit was 1, and is now not given"]);
    place.custload("import a.csv --profile contact --redo").ends(1);
    place.custload("import a.csv --profile contact").ends(0).says(&["already loaded by run 2"]);
    // One that comes through a pipe.
    let place = Place::new();
    place.write("a.csv", format!("{HEAD}ann@example.com,Ann Smith,Bonn,\n"));
    for is_again in [false, true] {
        let text = place.text("a.csv");
        let done = fed(&place, &["import", "/dev/stdin", "--profile", "contact"], text.as_bytes()).ends(0);
        assert_eq!(done.stderr.contains("already loaded by run 1"), is_again, "{}", done.stderr);
    }
}

/// What a run found unchanged may be gone with a run that was undone. What it created or changed is still there.
#[test]
fn a_day_that_found_nothing_is_not_loaded_again() {
    let place = Place::new();
    let load = |name: &str, record: &str| {
        place.write(name, format!("{HEAD}{record}\n"));
        place.custload(&format!("import {} --profile contact --mode upsert", name.split('/').next().unwrap())).ends(0);
    };
    load("feed/day1.csv", "ann@example.com,Ann Smith,Atown,");
    load("feed/day2.csv", "wrong@example.com,Nobody,Atown,");
    load("feed/day3.csv", "bob@example.com,Bob Brown,Atown,");
    load("fix.csv", "bob@example.com,Bob Brown,Btown,");
    place.custload("undo 2").ends(0);
    fs::remove_file(place.path("feed/day2.csv")).unwrap();
    place.custload("import feed --profile contact --mode upsert").ends(0);
    assert_eq!(cities(&place), ["Ann Smith Atown", "Bob Brown Btown"]);
}

/// Each process has its own standard input under these names.
#[cfg(target_os = "linux")]
#[test]
fn standard_input_has_no_path_by_whatever_name() {
    for name in ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"] {
        let place = Place::new();
        place.write("a.csv", format!("{HEAD}ann@example.com,Ann Smith,Bonn,\n"));
        place.write("b.csv", format!("{HEAD}ann@example.com,Ann Smith,Ulm,\n"));
        for file in ["a.csv", "b.csv", "a.csv"] {
            let mut command = place.command(&["import", name, "--profile", "contact", "--mode", "upsert"]);
            let status = command.stdin(fs::File::open(place.path(file)).unwrap()).output().unwrap().status;
            assert_eq!(status.code(), Some(0), "{name}");
        }
        assert_eq!(cities(&place)[0], "Ann Smith Bonn", "{name}");
        assert_eq!(place.number("customers.db", "SELECT count(absolute_path) FROM import_files"), 0, "{name}");
    }
}
