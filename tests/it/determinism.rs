//! One input, one outcome: whatever the number of threads and the size of blocks, the database and every report are the
//! same to the byte.

use std::collections::BTreeMap;

use crate::support::{CONTACT, NOW, Place, Random, dump, files};

const THREADS: [&str; 4] = ["1", "2", "3", "8"];
const BLOCKS: [&str; 4] = ["1r", "7r", "65536", "4194304"];

/// What a run leaves: the database's content and every report.
type Outcome = (Option<i32>, String, BTreeMap<String, Vec<u8>>);

fn outcome(place: &Place, inputs: &[&str], threads: &str, blocks: &str, more: &str) -> Outcome {
    let folder = format!("{threads}-{blocks}");
    place.write(&format!("{folder}/marker"), "");
    let mut args = vec!["import"];
    args.extend(inputs);
    args.extend(["--now", NOW, "--accepted", "--threads", threads, "--block-size", blocks]);
    args.extend(more.split_whitespace());
    let done = place.command(&args).current_dir(place.path(&folder)).output().unwrap();
    let status = done.status.code();
    assert!(matches!(status, Some(0 | 1)), "{}", String::from_utf8_lossy(&done.stderr));
    let database = place.path(&folder).join("customers.db");
    (status, dump(&database), files(&place.path(&folder).join("customers.db.imports")))
}

fn assert_same_for_all(place: &Place, inputs: &[&str], more: &str) {
    let first = outcome(place, inputs, THREADS[0], BLOCKS[0], more);
    assert!(first.2.keys().any(|name| name.ends_with("errors.ndjson")), "{:?}", first.2.keys());
    for threads in THREADS {
        for blocks in BLOCKS {
            if (threads, blocks) == (THREADS[0], BLOCKS[0]) {
                continue;
            }
            let other = outcome(place, inputs, threads, blocks, more);
            for (name, bytes) in &first.2 {
                let found = other.2.get(name).unwrap_or_else(|| panic!("{name} is missing"));
                assert!(bytes == found, "{name} differs with {threads} threads and blocks of {blocks}");
            }
            assert_eq!(first.1, other.1, "the database differs with {threads} threads and blocks of {blocks}");
            assert!(first == other);
        }
    }
}

/// A CSV file in which everything is wrong that can be.
fn hostile_csv(seed: u64, records: usize) -> Vec<u8> {
    let mut random = Random::new(seed);
    let ends: [&[u8]; 4] = [b"\n", b"\n", b"\r\n", b"\r"];
    let mut out = b"Email,Name,Description,Country,Phone,Postal Code".to_vec();
    out.extend_from_slice(random.pick(&ends));
    for number in 0..records {
        let cells = [3, 5, 6, 6, 6, 6, 6, 6, 6, 6, 6, 7][random.below(12)];
        for cell in 0..cells {
            if cell > 0 {
                out.push(b',');
            }
            match cell {
                0 => out.extend(email(&mut random, number)),
                _ => out.extend_from_slice(random.pick(&CELLS)),
            }
        }
        if random.below(30) == 0 {
            out.extend(std::iter::repeat_n(b'x', 60 + random.below(300)));
        }
        for _ in 0..=usize::from(random.below(15) == 0) {
            out.extend_from_slice(random.pick(&ends));
        }
    }
    out
}

/// Some addresses come again, in other letters.
fn email(random: &mut Random, number: usize) -> Vec<u8> {
    let number = if random.below(4) == 0 { random.below(number + 1) } else { number };
    let address = match random.below(3) {
        0 => format!("USER{number}@STRASSE.example"),
        1 => format!("user{number}@straße.example"),
        _ => format!("\"User{number}@Straße.Example\""),
    };
    address.into_bytes()
}

const CELLS: [&[u8]; 24] = [
    b"",
    b"",
    b"Ann Smith",
    b"Ann Smith",
    b"\"Ann, Smith\"",
    b"\"Ann \"\"The\"\" Smith\"",
    b"\"two\nlines\"",
    b"\"two\r\nlines\"",
    b"\"two\rlines\"",
    b"\"never closed",
    b"\"closed\" too early",
    b"\"two\nlines\" too early",
    b"5\" disk",
    b" \"spaced\"",
    b"M\xFCller",
    b"\xF0\x9F",
    b"NUL\0NUL",
    b"=1+1",
    b"'=1+1",
    b"+1 541 754",
    b"Narnia",
    b"germany",
    b"5417543010",
    "\u{feff}o\u{301}\u{200b}".as_bytes(),
];

fn hostile_ndjson(seed: u64, records: usize) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut out = Vec::new();
    for number in 0..records {
        let address = String::from_utf8(email(&mut random, number)).unwrap().replace('"', "");
        let line = match random.below(14) {
            0 => format!("{{\"email\":\"{address}\",\"email\":\"x\"}}"),
            1 => format!("{{\"email\":\"{address}\",\"E-Mail\":\"x\"}}"),
            2 => format!("{{\"email\":\"{address}\""),
            3 => "[1,2]".to_string(),
            4 => format!("{{\"email\":\"{address}\",\"phone\":5.41e9,\"postal_code\":12345,\"name\":true}}"),
            5 => format!("{{\"email\":\"{address}\",\"unknown {}\":{{\"a\":[]}}}}", random.below(30)),
            6 => format!("{{\"email\":\"{address}\",\"name\":\"\\u0000\\ud800\"}}"),
            7 => " \t".to_string(),
            8 => format!("{{\"email\":\"{address}\",\"notes\":\"{}\"}}", "x".repeat(random.below(300))),
            9 => format!("{{\"email\":\"{address}\",\"_reject\":{{\"raw\":\"x\"}}}}"),
            _ => format!("{{\"email\":\"{address}\",\"name\":\"Ann Smith\",\"country\":\"Narnia\"}}"),
        };
        out.extend_from_slice(line.as_bytes());
        if random.below(20) == 0 {
            out.push(0xff);
        }
        out.extend_from_slice(random.pick(&[b"\n".as_slice(), b"\n", b"\r\n", b"\r", b"\n\n"]));
    }
    out
}

#[test]
fn hostile_csv_comes_out_the_same() {
    for seed in 0..3 {
        let place = Place::new();
        place.write("input.csv", hostile_csv(seed, 400));
        assert_same_for_all(&place, &["../input.csv"], "--profile contact --max-record-bytes 200");
    }
}

#[test]
fn hostile_ndjson_comes_out_the_same() {
    for seed in 0..2 {
        let place = Place::new();
        place.write("input.ndjson", hostile_ndjson(seed, 400));
        assert_same_for_all(&place, &["../input.ndjson"], "--profile contact --max-record-bytes 200");
    }
}

#[test]
fn several_inputs_of_both_kinds_come_out_the_same() {
    let place = Place::new();
    place.write("a.csv", hostile_csv(11, 150));
    place.write("b.ndjson", hostile_ndjson(12, 150));
    place.write("c.csv", hostile_csv(13, 150));
    let inputs = ["../a.csv", "../b.ndjson", "../c.csv"];
    assert_same_for_all(&place, &inputs, "--profile contact --limit 120 --on-invalid name=clear --relax description");
}

/// Keys that come late, known and unknown ones by turns: their order must not depend on where blocks end.
#[test]
fn keys_that_come_late_come_out_the_same() {
    let place = Place::new();
    let late = ["key 1", "City", "key 2", "STATE", "Phone", "key 3"];
    let mut input = String::new();
    for number in 0..200 {
        let key = if number < 150 { "name" } else { late[number % late.len()] };
        input.push_str(&format!("{{\"email\":\"ann{number}@example.com\",\"{key}\":\"Anna\"}}\n"));
    }
    place.write("input.ndjson", input);
    assert_same_for_all(&place, &["../input.ndjson"], "--profile contact");
}

/// More keys than are remembered of one block: which are named must not depend on where blocks end.
#[test]
fn unknown_keys_come_out_the_same() {
    let place = Place::new();
    let keys = |from: usize, to: usize| (from..to).map(|key| format!(",\"key {key}\":1")).collect::<String>();
    let mut input = String::new();
    for number in 0..120 {
        let keys = if number == 0 { keys(0, 150) } else { keys(150 + number, 152 + number) };
        input.push_str(&format!("{{\"email\":\"ann{number}@example.com\"{keys}}}\n"));
    }
    place.write("input.ndjson", input);
    let all: Vec<Outcome> = BLOCKS
        .iter()
        .map(|blocks| outcome(&place, &["../input.ndjson"], "2", blocks, "--profile contact --key none"))
        .collect();
    for other in &all[1..] {
        let summary = |outcome: &Outcome| String::from_utf8(outcome.2["run-000001/summary.json"].clone()).unwrap();
        assert_eq!(summary(&all[0]), summary(other));
    }
}

/// Several customers can have one key; which of them a message names must not be left to chance.
#[test]
fn the_same_of_several_customers_is_named_each_time() {
    let place = Place::new();
    let rows: String = (0..600).map(|number| format!("user{number}@example.com,Ann Smith\n")).collect();
    place.write("input.csv", format!("{CONTACT}{rows}"));
    for _ in 0..3 {
        place.custload("import input.csv --profile contact --key none --quiet").ends(0);
    }
    let report = |run: usize| {
        let line = format!("check input.csv --profile contact --db customers.db --reports out{run} --quiet");
        place.custload(&line).ends(1);
        place.text(&format!("out{run}/errors.ndjson"))
    };
    let first = report(0);
    for run in 1..6 {
        let other = report(run);
        let difference = first.lines().zip(other.lines()).find(|(one, other)| one != other);
        assert_eq!(difference, None);
    }
}
