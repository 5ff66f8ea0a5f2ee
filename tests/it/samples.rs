//! The samples: every file under `samples/` with what must come out of it. `UPDATE_GOLDEN=1` rewrites the golden files;
//! `verdicts.tsv` is an oracle of its own and never rewritten.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use custload::core::finding::{REGISTRY, Scope};
use serde_json::Value;

use crate::support::{Done, NOW, PROGRAM, Place, dump_table, package};

/// A sample and a run of it.
struct Sample {
    name: String,
    folder: PathBuf,
    input: String,
    place: Place,
}

impl Sample {
    /// All samples, in order, loaded each into a database of its own.
    fn all() -> Vec<Sample> {
        let folders = fs::read_dir(package().join("samples")).unwrap().map(|entry| entry.unwrap().path());
        let is_case = |path: &PathBuf| {
            path.is_dir() && !["docs", "new-profile", "nightly", "systems"].iter().any(|name| path.ends_with(name))
        };
        let mut folders: Vec<PathBuf> = folders.filter(is_case).collect();
        folders.sort();
        assert!(folders.len() >= 12, "samples are missing: {folders:?}");
        folders.into_iter().map(Sample::load).collect()
    }

    fn load(folder: PathBuf) -> Sample {
        let name = folder.file_name().unwrap().to_str().unwrap().to_string();
        let (input, profile) = match name.as_str() {
            "crm" => ("kunden.csv", "crm.toml"),
            name if name.ends_with("ndjson") => ("customers.ndjson", name.split('-').next().unwrap()),
            name => ("customers.csv", name.split('-').next().unwrap()),
        };
        let place = Place::new();
        let done = Command::new(PROGRAM)
            .args(["import", input, "--now", NOW, "--accepted", "--profile", profile, "--db"])
            .arg(place.path("customers.db"))
            .current_dir(&folder)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let sample = Sample { name, folder, input: input.to_string(), place };
        Done::new(&done).ends(i32::from(sample.is_dirty()));
        sample
    }

    fn is_dirty(&self) -> bool {
        self.name == "crm" || self.name.contains("dirty")
    }

    /// The input in UTF-8, as offsets count it.
    fn decoded(&self) -> Vec<u8> {
        let bytes = fs::read(self.folder.join(&self.input)).unwrap();
        match self.name.as_str() {
            "crm" => encoding_rs::WINDOWS_1252.decode(&bytes).0.into_owned().into_bytes(),
            _ => bytes,
        }
    }

    fn report(&self, name: &str) -> String {
        self.place.text(&format!("customers.db.imports/run-000001/{name}"))
    }

    fn rejects(&self) -> String {
        let (stem, ending) = self.input.split_once('.').unwrap();
        format!("{stem}.rejects.{ending}")
    }

    fn errors(&self) -> Vec<Value> {
        self.report("errors.ndjson").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The run's verdicts in the form of `verdicts.tsv`.
    fn verdicts(&self) -> Vec<String> {
        let mut records: BTreeMap<u64, (u64, bool, Vec<String>)> = BTreeMap::new();
        let mut accepted = csv::Reader::from_reader(self.report("accepted.csv").into_bytes().leak() as &[u8]);
        for row in accepted.records().map(Result::unwrap) {
            records.insert(row[1].parse().unwrap(), (row[2].parse().unwrap(), true, Vec::new()));
        }
        for fault in self.errors() {
            let (record, line) = (fault["record"].as_u64().unwrap(), fault["line"].as_u64().unwrap());
            let (_, is_accepted, codes) = records.entry(record).or_insert((line, false, Vec::new()));
            // Warnings of rejected records are not listed.
            if *is_accepted || fault["severity"] == "error" {
                codes.push(fault["code"].as_str().unwrap().to_string());
            }
        }
        let line = |(record, (line, is_accepted, codes)): (&u64, &(u64, bool, Vec<String>))| {
            let verdict = if *is_accepted { "accepted" } else { "rejected" };
            let mut cells = vec![record.to_string(), line.to_string(), verdict.to_string()];
            cells.extend((!codes.is_empty()).then(|| codes.join(",")));
            cells.join("\t")
        };
        records.iter().map(line).collect()
    }

    /// What is compared with the golden files.
    fn outcome(&self) -> Vec<(String, String)> {
        let folder = self.place.root().to_str().unwrap();
        let rejects = self.rejects();
        let mut files = vec![("customers.txt".to_string(), dump_table(&self.place.path("customers.db"), "customers"))];
        // What changes from run to run or with the program's version is left out.
        let version = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
        let summary =
            self.report("summary.json").replace(folder, "PLACE").replace(&version, "\"version\": \"VERSION\"");
        files.push(("summary.json".to_string(), summary));
        files.extend(["errors.ndjson", &rejects, "accepted.csv"].map(|name| (name.to_string(), self.report(name))));
        files
    }
}

#[test]
fn verdicts_are_those_written_by_hand() {
    let mut wrong = Vec::new();
    for sample in Sample::all() {
        let expected = fs::read_to_string(sample.folder.join("verdicts.tsv")).unwrap();
        let expected: Vec<&str> = expected.lines().collect();
        let found = sample.verdicts();
        for index in 0..expected.len().max(found.len()) {
            let (expected, found) = (expected.get(index).copied(), found.get(index).map(String::as_str));
            if expected != found {
                wrong.push(format!("{}: expected {expected:?}, found {found:?}", sample.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn outcomes_are_as_before() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1");
    let mut wrong = Vec::new();
    for sample in Sample::all() {
        let golden = sample.folder.join("expected");
        let outcome = sample.outcome();
        if update {
            write(&golden, &outcome);
        }
        for (name, found) in outcome {
            let expected = fs::read_to_string(golden.join(&name)).unwrap_or_default();
            if let Some((line, (expected, found))) = first_difference(&expected, &found) {
                wrong.push(format!("{}/{name}, line {line}:\n  expected {expected}\n  found    {found}", sample.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}\nUPDATE_GOLDEN=1 rewrites them; review the difference", wrong.join("\n"));
}

fn write(golden: &Path, outcome: &[(String, String)]) {
    fs::create_dir_all(golden).unwrap();
    outcome.iter().for_each(|(name, content)| fs::write(golden.join(name), content).unwrap());
}

fn first_difference<'t>(expected: &'t str, found: &'t str) -> Option<(usize, (&'t str, &'t str))> {
    if expected == found {
        return None;
    }
    let lines = |text: &'t str| text.lines().chain(std::iter::repeat("(nothing)"));
    let longest = expected.lines().count().max(found.lines().count());
    let mut pairs = lines(expected).zip(lines(found)).take(longest).enumerate();
    let difference = pairs.find(|(_, (expected, found))| expected != found);
    Some(difference.map_or((longest, ("another end of line", "")), |(index, pair)| (index + 1, pair)))
}

#[test]
fn the_samples_reach_every_code() {
    let mut reached: BTreeSet<String> =
        BTreeSet::from(["record-too-large", "no-such-key", "ambiguous-key", "no-key"].map(String::from));
    for sample in Sample::all().iter().filter(|sample| sample.is_dirty()) {
        reached.extend(sample.errors().iter().map(|fault| fault["code"].as_str().unwrap().to_string()));
    }
    let known: BTreeSet<String> = REGISTRY.iter().map(|info| info.code.name().to_string()).collect();
    assert_eq!(reached, known);
    assert!(REGISTRY.iter().any(|info| info.scope == Scope::Warning));
}

/// What holds of every run's reports, whatever is in them.
#[test]
fn reports_agree_with_each_other_and_with_the_input() {
    for sample in Sample::all() {
        let name = &sample.name;
        let summary: Value = serde_json::from_str(&sample.report("summary.json")).unwrap();
        let count = |key: &str| summary[key].as_u64().unwrap();
        assert_eq!(count("read"), count("accepted") + count("rejected") + count("blank"), "{name}");
        let customers = sample.place.number("customers.db", "SELECT count(*) FROM customers");
        assert_eq!(count("accepted") as i64, customers, "{name}");
        let verdicts = sample.verdicts();
        let rejected = verdicts.iter().filter(|line| line.contains("\trejected")).count();
        assert_eq!(count("rejected") as usize, rejected, "{name}");
        let warnings = sample.errors().iter().filter(|fault| fault["severity"] == "warning").count();
        assert_eq!(count("warnings") as usize, warnings, "{name}");
        assert_offsets(&sample);
    }
}

/// A record's byte offset is that of its line in the file.
fn assert_offsets(sample: &Sample) {
    let bytes = sample.decoded();
    let bom = if bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    let starts: Vec<usize> = std::iter::once(bom)
        .chain(bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1))
        .collect();
    for fault in sample.errors() {
        let (line, offset) = (fault["line"].as_u64().unwrap() as usize, fault["byte_offset"].as_u64().unwrap());
        assert_eq!(starts[line - 1] as u64, offset, "{}, line {line}", sample.name);
    }
}
