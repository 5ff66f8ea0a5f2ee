//! Logs: each run has its events in them, one a line, whatever becomes of it, and no line has anything that a customer's record
//! holds.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Map, Value};

use crate::support::{ANN, CONTACT, Place, package};

/// A line of a log; texts and numbers as they are.
type Line = Map<String, Value>;

/// A command line, its exit status, what makes its place, and the events.
type Case = (&'static str, i32, fn(&Place), String);

const FORMATS: [&str; 2] = ["text", "json"];

/// The lines of a log.
#[track_caller]
fn lines(log: &str, format: &str) -> Vec<Line> {
    assert!(log.ends_with('\n'), "{log:?}");
    let parsed = |line: &str| match format {
        "json" => serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")),
        _ => parsed_text(line),
    };
    let lines: Vec<Line> = log.lines().map(parsed).collect();
    for line in &lines {
        let time = line["time"].as_str().unwrap();
        assert!(chrono::DateTime::parse_from_rfc3339(time).is_ok() && time.ends_with('Z'), "{time}");
        assert!(line["process"].as_u64().is_some(), "{line:?}");
        assert!(line.get("seconds").is_none_or(Value::is_number), "{line:?}");
        assert!(line.values().all(|value| value.is_string() || value.is_number()), "it is not flat: {line:?}");
    }
    lines
}

fn parsed_text(line: &str) -> Line {
    let mut parts = line.splitn(4, ' ');
    let mut found = Line::new();
    for name in ["time", "level", "event"] {
        found.insert(name.into(), parts.next().unwrap().into());
    }
    found["level"] = found["level"].as_str().unwrap().to_lowercase().into();
    let mut rest = parts.next().unwrap_or_default();
    while !rest.is_empty() {
        let (name, behind) = rest.split_once('=').unwrap_or_else(|| panic!("{line}"));
        let value: Value = if behind.starts_with('"') {
            let mut stream = serde_json::Deserializer::from_str(behind).into_iter::<Value>();
            let value = stream.next().unwrap().unwrap_or_else(|error| panic!("{error}: {line}"));
            rest = &behind[stream.byte_offset()..];
            value
        } else {
            let (value, more) = behind.split_once(' ').unwrap_or((behind, ""));
            rest = &behind[behind.len() - more.len()..];
            value.parse::<serde_json::Number>().map_or_else(|_| value.into(), Value::Number)
        };
        rest = rest.trim_start_matches(' ');
        assert!(found.insert(name.to_string(), value).is_none(), "{name} twice: {line}");
    }
    found
}

/// The events of a log in a line: each with the fields that are asked for, as far as it has them.
fn told(lines: &[Line], fields: &[&str]) -> String {
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_string);
    let event = |line: &Line| {
        let fields = fields.iter().filter_map(|name| Some(format!("{name}={}", shown(line.get(*name)?))));
        let fields = fields.collect::<Vec<_>>().join(",");
        format!("{}[{fields}]", shown(&line["event"]))
    };
    lines.iter().map(event).collect::<Vec<_>>().join(" ")
}

/// Runs `line` with a log in each format, and gives the logs; `prepare` makes the place.
#[track_caller]
fn logged(line: &str, status: i32, prepare: impl Fn(&Place)) -> Vec<(Vec<Line>, String)> {
    let run = |format| {
        let place = Place::new();
        prepare(&place);
        let done = place.custload(&format!("{line} --quiet --log run.log --log-format {format}")).ends(status);
        assert_eq!(done.stdout, "");
        let log = place.text("run.log");
        (lines(&log, format), log)
    };
    FORMATS.map(run).into()
}

const BAD: &str = "bea(at)example.com,Bea Brown\n";

fn good_and_bad(place: &Place) {
    place.write("in.csv", format!("{CONTACT}{ANN}{BAD}"));
}

#[test]
fn every_run_tells_its_events() {
    let good: fn(&Place) = |place| _ = place.write("in.csv", format!("{CONTACT}{ANN}"));
    let loaded: fn(&Place) = |place| {
        place.write("in.csv", format!("{CONTACT}{ANN}"));
        place.custload("import in.csv --quiet").ends(0);
    };
    let headerless: fn(&Place) = |place| _ = place.write("in.csv", "zoe.quill@example.com,Zoe Quill\n");
    let fields = ["level", "run", "status", "exit_status", "kind", "read", "created", "rejected", "records", "kept"];
    let counts = |read: u64, created: u64, rejected: u64| format!("read={read},created={created},rejected={rejected}");
    let start = "start[level=info]";
    let input = "input[level=info,run=1]";
    let failed = |kind: &str, run: &str| {
        format!("end[level=error,{run}status=failed,exit_status=2,kind={kind},{}]", counts(0, 0, 0))
    };
    let table: Vec<Case> = vec![
        (
            "import in.csv",
            0,
            good,
            format!(
                "{start} {input} commit[level=info,run=1,created=1] end[level=info,run=1,status=finished,exit_status=0,{}]",
                counts(1, 1, 0)
            ),
        ),
        (
            "import in.csv",
            1,
            good_and_bad,
            format!(
                "{start} {input} commit[level=info,run=1,created=1] end[level=info,run=1,status=finished,exit_status=1,{}]",
                counts(2, 1, 1)
            ),
        ),
        (
            "import in.csv --rejects-ok --commit-every 1",
            0,
            good_and_bad,
            format!(
                "{start} {input} checkpoint[level=info,run=1,records=1] checkpoint[level=info,run=1,records=2] \
                 commit[level=info,run=1,created=1] end[level=info,run=1,status=finished,exit_status=0,{}]",
                counts(2, 1, 1)
            ),
        ),
        (
            "check in.csv",
            1,
            good_and_bad,
            format!("{start} input[level=info] end[level=info,status=checked,exit_status=1,{}]", counts(2, 1, 1)),
        ),
        (
            "import in.csv --max-rejects 0",
            3,
            good_and_bad,
            format!(
                "{start} {input} threshold[level=warn,run=1,rejected=1] \
                 end[level=info,run=1,status=threshold,exit_status=3,{},kept=0]",
                counts(2, 1, 1)
            ),
        ),
        (
            "import in.csv",
            0,
            loaded,
            format!("{start} skipped[level=info] end[level=info,status=skipped,exit_status=0,{}]", counts(0, 0, 0)),
        ),
        ("import none.csv", 2, good, format!("{start} {}", failed("input", "run=1,"))),
        ("import in.csv", 2, headerless, format!("{start} {input} {}", failed("usage", "run=1,"))),
        ("import in.csv --key country", 2, good, format!("{start} {input} {}", failed("usage", "run=1,"))),
        ("import in.csv --threads 0", 2, good, failed("usage", "")),
        ("import in.csv --mapping none.toml", 2, good, failed("input", "")),
        (
            "import in.csv --db in",
            2,
            |place| _ = place.write("in/in.csv", ""),
            format!("{start} {}", failed("database", "")),
        ),
        ("import in.csv --reports in.csv", 2, good, format!("{start} {input} {}", failed("report", "run=1,"))),
    ];
    for (line, status, prepare, expected) in table {
        for (found, log) in logged(line, status, prepare) {
            assert_eq!(told(&found, &fields), expected, "{line}:\n{log}");
            assert!(!log.contains("Zoe Quill") && !log.contains("zoe.quill"), "{log}");
        }
    }
}

#[test]
fn the_fields_say_what_they_are_about() {
    for (lines, log) in logged("import in.csv --profile contact", 1, good_and_bad) {
        let [start, input, commit, end] = lines.as_slice() else { panic!("{log}") };
        let text = |line: &Line, name: &str| line[name].as_str().unwrap().to_string();
        assert_eq!(
            ["version", "command", "database", "mode", "profile"].map(|name| text(start, name)),
            [env!("CARGO_PKG_VERSION"), "import", "customers.db", "create", "contact"]
        );
        assert_eq!(["path", "format", "encoding"].map(|name| text(input, name)), ["in.csv", "csv", "utf-8"]);
        let number = |line: &Line, name: &str| line[name].as_u64().unwrap();
        assert_eq!(["file", "bytes"].map(|name| number(input, name)), [1, 66]);
        let names = ["created", "updated", "unchanged", "superseded"];
        assert_eq!(names.map(|name| number(commit, name)), [1, 0, 0, 0]);
        let names = ["read", "accepted", "rejected", "blank", "warnings", "repaired"];
        assert_eq!(names.map(|name| number(end, name)), [2, 1, 1, 0, 0, 0]);
        assert_eq!(text(end, "reports"), "customers.db.imports/run-000001");
        assert!(end["seconds"].as_f64().is_some());
    }
    for (lines, _) in logged("import in.csv --max-rejects 0", 3, good_and_bad) {
        assert_eq!(lines[2]["reason"], "1 rejected, but --max-rejects allows 0; the database is as it was");
    }
    for (lines, _) in logged("import none.csv", 2, |_| ()) {
        let said = "cannot read none.csv: there is no such file; check the name and the folder";
        assert_eq!(lines[1]["message"], said);
    }
    let cut_off = |place: &Place| _ = place.write("in.csv", b"\x1f\x8b\x08\0\0\0\0\0\0\x03");
    for (lines, log) in logged("import in.csv", 2, cut_off) {
        assert!(lines[1]["message"].as_str().unwrap().contains("the gzip data is cut off"), "{log}");
    }
    for (lines, log) in logged("import in.csv --profile contact --key country", 2, good_and_bad) {
        assert_eq!(lines.last().unwrap()["message"], "in.csv: it has no column for the key", "{log}");
    }
    // An empty feed: of no bytes, of blank lines, of a byte order mark alone.
    for feed in [&b""[..], b"\n\n", b"\xEF\xBB\xBF"] {
        for (lines, log) in logged("import in.csv", 2, |place| _ = place.write("in.csv", feed)) {
            let said = "cannot read in.csv: it is empty; a table starts with a header that names its columns";
            assert_eq!(lines[1]["message"], said, "{log}");
        }
    }
    let headerless = |place: &Place| _ = place.write("in.csv", "zoe.quill@example.com,Zoe Quill\n");
    for (line, message) in [
        ("import in.csv", "in.csv: no profile fits it"),
        ("import in.csv --profile contact", "in.csv: it has no column for a required field"),
        ("import in.csv --map zoe", "--map was refused; standard error says why"),
    ] {
        for (lines, log) in logged(line, 2, headerless) {
            assert_eq!(lines.last().unwrap()["message"], message, "{log}");
            assert!(!log.contains("Zoe Quill"), "{log}");
        }
    }
    let loaded = |place: &Place| {
        place.write("in.csv", format!("{CONTACT}{ANN}"));
        place.write("more.csv", format!("{CONTACT}cy@example.com,Cy Cole\n"));
        place.custload("import in.csv --quiet").ends(0);
    };
    for (lines, log) in logged("import in.csv more.csv", 0, loaded) {
        assert_eq!((&lines[1]["path"], &lines[1]["loaded_by"]), (&"in.csv".into(), &1.into()), "{log}");
        assert_eq!(
            (&lines[2]["path"], &lines[2]["file"], &lines[2]["run"]),
            (&"more.csv".into(), &1.into(), &2.into())
        );
    }
}

/// What a threshold leaves of a run with checkpoints, and that it is gone on with.
#[test]
fn a_run_that_goes_on() {
    let line = "import in.csv --commit-every 1";
    let prepare = |place: &Place| {
        good_and_bad(place);
        place.custload(&format!("{line} --max-rejects 0 --quiet --log first.log")).ends(3);
        let end = told(&lines(&place.text("first.log"), "text"), &["status", "created", "kept"]);
        assert!(end.ends_with("end[status=threshold,created=1,kept=1]"), "{end}");
    };
    for (lines, log) in logged(line, 1, prepare) {
        let events = told(&lines, &["run", "records", "kept"]);
        assert!(
            events.starts_with("start[] input[run=1] resume[run=1,records=1] checkpoint[run=1,records=2]"),
            "{log}"
        );
        assert!(events.ends_with("end[run=1]"), "{log}");
    }
}

#[test]
fn a_database_that_is_locked() {
    for format in FORMATS {
        let place = Place::new();
        place.write("in.csv", format!("{CONTACT}{ANN}"));
        place.custload("import in.csv --quiet").ends(0);
        let connection = place.open("customers.db");
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        place.custload(&format!("import in.csv --log run.log --log-format {format}")).ends(2);
        let lines = lines(&place.text("run.log"), format);
        assert_eq!(told(&lines, &["kind", "run"]), "start[] end[kind=locked]");
        assert!(lines[1]["message"].as_str().unwrap().contains("another run or program"));
    }
}

/// What SQLite says may be what a trigger says, and that may hold anything.
#[test]
fn a_trigger_that_quotes_a_customer() {
    for format in FORMATS {
        let place = Place::new();
        good_and_bad(&place);
        place.custload("import in.csv --quiet").ends(1);
        let trigger =
            "CREATE TRIGGER refuse BEFORE INSERT ON customers BEGIN SELECT RAISE(ABORT, 'not ' || NEW.email); END";
        place.open("customers.db").execute_batch(trigger).unwrap();
        place.write("in.csv", format!("{CONTACT}zoe.quill@example.com,Zoe Quill\n"));
        let done = place.custload(&format!("import in.csv --log run.log --log-format {format}")).ends(2);
        done.says(&["zoe.quill@example.com"]);
        let log = place.text("run.log");
        assert!(!log.contains("zoe.quill") && log.contains("SQLite: "), "{log}");
        assert_eq!(told(&lines(&log, format)[2..], &["run", "kind", "level"]), "end[run=2,kind=database,level=error]");
    }
}

/// Progress comes at most once in ten seconds, and the end comes also where a signal brings it.
#[cfg(unix)]
#[test]
fn a_long_run_that_is_interrupted() {
    use std::io::Write;
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};
    let place = Place::new();
    let arguments = "import - --profile contact --block-size 5r --log run.log --log-format json --quiet";
    let arguments: Vec<&str> = arguments.split(' ').collect();
    let start = Instant::now();
    let mut child = place.command(&arguments).stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    // What is looked at before the run begins, and more.
    let mut number = 0;
    let mut records = |count| {
        let mut text = String::new();
        for _ in 0..count {
            number += 1;
            text.push_str(&format!("zoe{number}@quill.example,Zoe Quill\n"));
        }
        text
    };
    let first = CONTACT.to_string() + &records(60_000);
    input.write_all(first.as_bytes()).unwrap();
    let log = || fs::read_to_string(place.path("run.log")).unwrap_or_default();
    while !log().contains("progress") {
        assert!(start.elapsed() < Duration::from_secs(60), "{}", log());
        input.write_all(records(200).as_bytes()).unwrap();
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(start.elapsed() >= Duration::from_secs(10));
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143));
    let log = log();
    let lines = lines(&log, "json");
    let fields = ["run", "status", "exit_status", "kind", "level"];
    let end = "end[run=1,status=interrupted,exit_status=143,kind=interrupted,level=error]";
    assert_eq!(
        told(&lines, &fields),
        format!("start[level=info] input[run=1,level=info] progress[run=1,level=info] {end}")
    );
    for line in &lines[2..] {
        assert!(line["read"].as_u64().unwrap() >= 10_000 && line["rejected"] == 0, "{line:?}");
    }
    assert!(lines[2]["bytes"].as_u64().unwrap() > 100_000);
    assert_eq!(lines[3]["message"], "stopped by SIGTERM");
    assert!(!log.contains("quill"), "{log}");
}

/// Texts that stand in a file as values: cells, or whatever stands in JSON behind a key.
fn values(name: &str, bytes: &[u8]) -> BTreeSet<String> {
    fn leaves(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::String(text) => _ = found.insert(text.clone()),
            Value::Array(values) => values.iter().for_each(|value| leaves(value, found)),
            Value::Object(members) => members.values().for_each(|value| leaves(value, found)),
            other => _ = found.insert(other.to_string()),
        }
    }
    let mut found = BTreeSet::new();
    if name.ends_with(".csv") {
        let mut reader = csv::ReaderBuilder::new().has_headers(true).flexible(true).from_reader(bytes);
        for record in reader.byte_records().map(Result::unwrap) {
            found.extend(record.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_string()));
        }
    } else {
        for line in String::from_utf8_lossy(bytes).lines() {
            match serde_json::from_str(line) {
                Ok(value) => leaves(&value, &mut found),
                Err(_) => found.extend(line.split(['"', ',', ':']).skip(1).map(|part| part.trim().to_string())),
            }
        }
    }
    found
}

#[test]
fn no_value_of_a_record_is_in_a_log() {
    for sample in ["basic", "billing", "contact"] {
        for ending in ["csv", "ndjson"] {
            let bytes =
                fs::read(package().join(format!("samples/{sample}-dirty-{ending}/customers.{ending}"))).unwrap();
            let name = format!("in.{ending}");
            // The names of columns and keys are none, and words that the log itself uses say nothing.
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let header = text.lines().next().unwrap().to_lowercase();
            let own = ["email", "true", "false", "null"];
            let mut values = values(&name, &bytes);
            values.retain(|value| {
                value.chars().count() > 3 && !own.contains(&value.as_str()) && !header.contains(&value.to_lowercase())
                    || value.contains('@')
            });
            assert!(values.len() > 50, "{sample}: {}", values.len());
            let place = Place::new();
            place.write(&name, &bytes);
            // Without its header, and with a record in its place.
            let behind = text.split_once('\n').unwrap().1;
            place.write(&format!("bare-{name}"), behind);
            let log = "--log run.log --log-format";
            for format in FORMATS {
                for options in [
                    format!("import {name} --profile {sample} --commit-every 7 --force"),
                    format!("import {name} --profile {sample} --max-rejects 3 --force --db other.db"),
                    format!("import {name} --profile {sample} --unknown-columns error --db third.db"),
                    format!("import bare-{name} --db fourth.db"),
                    format!("check bare-{name} --profile {sample}"),
                    format!("check {name} --profile {sample} --db customers.db --mode update"),
                ] {
                    let done = place.custload(&format!("{options} {log} {format} --quiet"));
                    assert!(matches!(done.status, Some(0..=3)), "{options}: {}", done.stderr);
                }
                let log = fs::read_to_string(place.path("run.log")).unwrap();
                let lines = lines(&log, format);
                assert!(lines.len() > 12, "{log}");
                // A clock and the system's numbers come from no record, and may have any digits. That they are no more
                // than that, `lines` has looked at.
                let own = ["time", "process", "seconds"];
                let told = lines.iter().flatten().filter(|(name, _)| !own.contains(&name.as_str()));
                let told: String = told.map(|(name, value)| format!("{name}={value}\n")).collect();
                for value in &values {
                    assert!(!told.contains(value.as_str()), "{sample}, {ending}: {value:?} is in\n{told}");
                }
                fs::remove_file(place.path("run.log")).unwrap();
            }
        }
    }
}

#[test]
fn a_log_is_added_to() {
    for format in FORMATS {
        let place = Place::new();
        good_and_bad(&place);
        place.write("more.csv", format!("{CONTACT}cy@example.com,Cy Cole\n"));
        place.custload(&format!("import in.csv --quiet --log run.log --log-format {format}")).ends(1);
        // What another run could not write to its end is a line of its own.
        let half = place.text("run.log") + "half a li";
        fs::write(place.path("run.log"), &half).unwrap();
        place.custload(&format!("import more.csv --log run.log --log-format {format}")).ends(0);
        let log = place.text("run.log");
        let added = log.strip_prefix(&(half.clone() + "\n")).unwrap_or_else(|| panic!("{log}"));
        let runs = [half.strip_suffix("half a li").unwrap(), added].map(|log| lines(log, format));
        for (run, lines) in (1..).zip(&runs) {
            assert_eq!(lines.last().unwrap()["run"], run);
            assert_eq!(told(lines, &[]), "start[] input[] commit[] end[]");
        }
        assert_ne!(runs[0][0]["process"], runs[1][0]["process"]);
    }
}

#[cfg(unix)]
#[test]
fn the_file_of_a_log() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    good_and_bad(&place);
    place.custload("check in.csv --log run.log").ends(1);
    assert_eq!(fs::metadata(place.path("run.log")).unwrap().permissions().mode() & 0o777, 0o600);
    lines(&place.text("run.log"), "text");
    // A run goes on without its log, and says so.
    if fs::metadata("/dev/full").is_ok() {
        place.custload("import in.csv --log /dev/full").ends(1).says(&["the log is incomplete"]);
        assert_eq!(place.number("customers.db", "SELECT count(*) FROM customers"), 1);
    }
    // Without a name the lines are on standard error, also in a quiet run.
    let done =
        place.custload("check in.csv --quiet --log-format json").ends(1).says(&["{\"time\":", "\"event\":\"end\""]);
    let told: String =
        done.stderr.lines().filter(|line| line.starts_with('{')).map(|line| format!("{line}\n")).collect();
    assert_eq!(lines(&told, "json").len(), 3);
}

#[test]
fn a_log_that_cannot_be() {
    let place = Place::new();
    place.write("folder/in.csv", format!("{CONTACT}{ANN}"));
    place.write("in.csv", format!("{CONTACT}{ANN}"));
    let before = place.everything();
    for (line, said) in [
        ("import in.csv --log none/run.log", "cannot open it"),
        ("import in.csv --log folder", "cannot open it"),
        ("import in.csv --log -", "leave out --log and give --log-format"),
        ("import in.csv --log in.csv", "it is an input"),
        ("import in.csv --log folder/../in.csv", "it is an input"),
        ("import folder --log folder/run.log", "its folder is an input"),
        ("import in.csv --log customers.db", "belongs to the database"),
        ("import in.csv --db a.db --log folder/../a.db-journal", "belongs to the database"),
    ] {
        place.custload(line).ends(2).says(&["--log", said]);
        assert_eq!(place.everything(), before, "{line}");
    }
    place.custload("import folder --log folder/.run.log").ends(0);
}

/// Nothing that a name holds can break a line, or look like another field.
#[cfg(unix)]
#[test]
fn names_that_would_break_a_line() {
    let name = "a\nb \"c\" d=\\e\u{202e}\u{1b}[1m.csv";
    for format in FORMATS {
        let place = Place::new();
        place.write(name, format!("{CONTACT}{ANN}"));
        place.run(&["import", name, "--quiet", "--log", "run.log", "--log-format", format]).ends(0);
        let log = place.text("run.log");
        let lines = lines(&log, format);
        assert_eq!(told(&lines, &[]), "start[] input[] commit[] end[]");
        assert!(!log.contains(['\u{1b}', '\u{202e}']), "{log}");
        let expected = if format == "json" { name } else { "a\\nb \"c\" d=\\e\\u{202e}\\u{1b}[1m.csv" };
        assert_eq!(lines[1]["path"], expected);
    }
}
