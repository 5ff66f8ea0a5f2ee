//! A whole run, as the command line does it: a file on disk to a new database with its reports, and a check.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use std::path::{Path, PathBuf};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use custload::Profile;
use custload::read::input::Format;
use custload::report::summary::Counts;
use custload::run::{Command, Options, Unobserved, run};
use rusqlite::Connection;
use tempfile::TempDir;

use self::common::{Sample, group, read_options};

const RECORDS: u64 = 200_000;

fn folder() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

fn options(command: Command, format: Format, input: &Path, database: Option<PathBuf>) -> Options {
    Options {
        command,
        inputs: vec![input.to_path_buf()],
        database,
        profile: Some(Profile::named("contact").expect("a built-in profile")),
        read: read_options(format),
        ..Options::default()
    }
}

/// Runs into a new database in `folder`, for an import.
fn run_in(folder: &Path, command: Command, format: Format, input: &Path) -> Counts {
    let database = (command == Command::Import).then(|| folder.join("customers.db"));
    run(&options(command, format, input, database), &mut Unobserved).unwrap().counts
}

fn assert_answer(counts: &Counts, sample: &Sample, command: Command, folder: &Path) {
    let good = sample.records - sample.bad;
    assert_eq!((counts.read, counts.accepted, counts.rejected), (sample.records, good, sample.bad));
    let database = folder.join("customers.db");
    assert_eq!(database.exists(), command == Command::Import);
    if command == Command::Import {
        let connection = Connection::open(database).unwrap();
        let rows = connection.query_row("SELECT count(*) FROM customers", [], |row| row.get::<_, i64>(0));
        assert_eq!(rows.unwrap() as u64, good);
    }
}

fn benches(criterion: &mut Criterion) {
    let mut group = group(criterion, "whole");
    let inputs = folder();
    let cases = [
        ("import csv clean", Command::Import, Format::Csv, 0.0),
        ("import csv 2 % bad", Command::Import, Format::Csv, 2.0),
        ("import csv 60 % bad", Command::Import, Format::Csv, 60.0),
        ("import ndjson 2 % bad", Command::Import, Format::Ndjson, 2.0),
        ("check csv 2 % bad", Command::Check, Format::Csv, 2.0),
    ];
    for (name, command, format, dirty) in cases {
        let sample = Sample::new(format, RECORDS, dirty);
        let input = inputs.path().join("input");
        std::fs::write(&input, &sample.bytes).unwrap();
        let first = folder();
        let counts = run_in(first.path(), command, format, &input);
        assert_answer(&counts, &sample, command, first.path());

        group.throughput(Throughput::ElementsAndBytes { elements: RECORDS, bytes: sample.bytes.len() as u64 });
        group.bench_function(name, |bencher| {
            let measured = |folder: TempDir| {
                let counts = run_in(folder.path(), command, format, &input);
                (folder, counts)
            };
            bencher.iter_batched(folder, measured, BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group!(whole_benches, benches);
criterion_main!(whole_benches);
