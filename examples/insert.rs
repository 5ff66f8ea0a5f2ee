//! Times what custload is compared with: rusqlite's prepared INSERT of rows that are parsed and judged already, a row a
//! statement, and CREATE INDEX on the key behind them, in one transaction without journal and sync.
//!
//! `cargo run --release --example insert -- FILE.csv NEW.db` reads a CSV file of the profile `contact`, holds the rows that
//! custload would accept in memory, decoded, and makes the database of them, with custload's 18 columns. Only that is timed.
//! It prints how many rows there are and the seconds that they took. `benches/compare.sh` calls it; `benches/store.rs`
//! measures the same on fewer rows. It needs about 700 bytes of memory a record.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "../benches/common/mod.rs"]
mod common;

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use custload::read::input::Format;
use custload::sink::sqlite::record::RecordBuilder;

use self::common::Sample;
use self::common::rows::{Rows, insert};

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let [file, database] = arguments.as_slice() else {
        eprintln!("usage: insert FILE.csv NEW.db");
        return ExitCode::from(2);
    };
    let (file, database) = (Path::new(file), Path::new(database));
    if database.exists() {
        eprintln!("insert: {} is there already", database.display());
        return ExitCode::from(2);
    }
    let bytes = match fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) => {
            eprintln!("insert: {}: {error}", file.display());
            return ExitCode::from(2);
        }
    };

    let rows = accepted(bytes);
    let decoded: Vec<_> = rows.iter().flat_map(Rows::decoded).collect();
    let start = Instant::now();
    insert(database, &decoded);
    println!("{} {:.6}", decoded.len(), start.elapsed().as_secs_f64());
    ExitCode::SUCCESS
}

/// The rows that a run would accept; the file itself is let go of.
fn accepted(bytes: Vec<u8>) -> Vec<Rows> {
    let sample = Sample { format: Format::Csv, records: 0, bad: 0, bytes: bytes.into() };
    let checker = sample.checker();
    let mut source = sample.source();
    let mut seen = HashSet::new();
    let blocks = std::iter::from_fn(|| source.next_block().unwrap());
    blocks.map(|block| Rows::accepted(checker.check::<RecordBuilder>(&block), &mut seen)).collect()
}
