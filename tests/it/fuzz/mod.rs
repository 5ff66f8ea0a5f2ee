//! The parsers, fed with what nobody would write: the corpus in `fuzz/corpus`, and random changes of it for a few seconds each.
//!
//! `CUSTLOAD_FUZZ=600` gives each so many seconds, `CUSTLOAD_SEED` other changes. `fuzz/run.sh` lets coverage guide the changes, and
//! keeps what reaches new code.

mod targets;

use std::fs;
use std::panic::catch_unwind;
use std::time::{Duration, Instant};

use self::targets::{PARTS, TARGETS};
use crate::support::{Random, package};

/// For how many seconds each is fed.
const SECONDS: u64 = 2;

/// What changes put in: all that means something to one of the parsers.
const WORDS: [&str; 36] = [
    ",",
    ";",
    "\t",
    "|",
    "\"",
    "\"\"",
    "'",
    "\n",
    "\r",
    "\r\n",
    " ",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ":",
    "null",
    "\\u0041",
    "=",
    "sep=;\n",
    "name",
    "email",
    "_reject_raw",
    "_reject_dialect",
    "a@b.example",
    "\u{feff}",
    "\u{1a}",
    "\0",
    "<v>",
    "</v>",
    "<c r=\"A9\">",
    "&amp;",
    "4294967297",
    "\u{a0}",
    "é",
];

/// Changes a text by chance; `other` is another of the corpus.
fn change(text: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    for _ in 0..=random.below(4) {
        let at = random.below(text.len() + 1);
        let end = (at + 1 + random.below(16)).min(text.len());
        match random.below(8) {
            0 if at < text.len() => text[at] ^= 1 << random.below(8),
            1 if at < text.len() => text[at] = random.below(256) as u8,
            2 if at < end => drop(text.drain(at..end)),
            3 if at < end => {
                let piece = text[at..end].to_vec();
                text.splice(at..at, piece);
            }
            4 => {
                let (from, until) = (random.below(other.len() + 1), random.below(other.len() + 1));
                text.splice(at..at, other[from.min(until)..from.max(until)].iter().copied());
            }
            5 if random.below(8) == 0 => text.truncate(at),
            _ => drop(text.splice(at..at, random.pick(&WORDS).bytes())),
        }
    }
    text.truncate(1 << 16);
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn feed(name: &str) {
    let (_, target) = TARGETS.into_iter().find(|(other, _)| *other == name).unwrap();
    let folder = package().join("fuzz/corpus").join(name);
    let mut paths: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut corpus: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
    if name == "sheet" {
        corpus.extend((0..).zip(PARTS).map(|(place, (_, part))| [&[place], part.as_bytes()].concat()));
    }
    assert!(!corpus.is_empty());
    let until = Instant::now() + Duration::from_secs(number("CUSTLOAD_FUZZ").unwrap_or(SECONDS));
    let mut random = Random::new(number("CUSTLOAD_SEED").unwrap_or(1));
    let mut fed = 0;
    while fed < corpus.len() || Instant::now() < until {
        let mut text = corpus[fed % corpus.len()].clone();
        if fed >= corpus.len() {
            let other = &corpus[random.below(corpus.len())];
            change(&mut text, other, &mut random);
        }
        if catch_unwind(|| target(&text)).is_err() {
            let kept = std::env::temp_dir().join(format!("custload-fuzz-{name}"));
            fs::write(&kept, &text).unwrap();
            panic!("{name}: see above; what was fed is in {}: {:?}", kept.display(), String::from_utf8_lossy(&text));
        }
        fed += 1;
    }
    println!("{name}: {fed} texts");
}

#[test]
fn the_csv_cutter() {
    feed("csv");
}

#[test]
fn the_readers_of_json() {
    feed("json");
}

#[test]
fn the_binding_of_headers() {
    feed("header");
}

#[test]
fn mapping_files() {
    feed("mapping");
}

#[test]
fn reject_reports() {
    feed("report");
}

#[test]
fn the_rows_of_sheets() {
    feed("sheet");
}

#[test]
fn what_a_file_is() {
    feed("sniff");
}

#[test]
fn a_hostile_value() {
    feed("hostile");
}

#[test]
fn rules_over_a_record() {
    feed("rule");
}

#[test]
fn the_json_schema_of_a_record() {
    feed("schema");
}
