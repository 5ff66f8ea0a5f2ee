//! What the benches and `examples/insert.rs` share: invented inputs, and the way from them to blocks, a checker and verdicts.

#![allow(dead_code, unreachable_pub, unused_imports)] // each bench is a crate, and uses its own part

#[path = "../../examples/generate/generator/mod.rs"]
mod generator;
pub mod rows;

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, SamplingMode};
use custload::core::judge::plan::{FieldOptions, Plan};
use custload::core::judge::{Checker, CsvShape, JsonShape, Outcome, Shape, Stamp, Verdicts};
use custload::core::profile::{Binding, Candidates, Mapping, Profile};
use custload::core::record::Block;
use custload::core::record::dialect::CsvDialect;
use custload::read::Source;
use custload::read::input::{Format, Input, ReadOptions};
use custload::read::open::Opened;

use self::generator::Generator;

const SEED: u64 = 1;

/// An invented file.
#[derive(Clone)]
pub struct Sample {
    pub format: Format,
    /// Records; the header is none.
    pub records: u64,
    /// How many of them a run rejects.
    pub bad: u64,
    pub bytes: Arc<[u8]>,
}

impl Sample {
    pub fn new(format: Format, records: u64, dirty_percent: f64) -> Sample {
        let mut generator = Generator::new(SEED, dirty_percent, 0);
        let mut bytes = Vec::new();
        if format == Format::Csv {
            Generator::write_csv_header(&mut bytes);
        }
        for _ in 0..records {
            match format {
                Format::Csv => generator.write_csv(&mut bytes),
                _ => generator.write_ndjson(&mut bytes),
            }
        }
        Sample { format, records, bad: generator.bad(), bytes: bytes.into() }
    }

    pub fn open(&self) -> Input {
        let reader = Box::new(Cursor::new(Arc::clone(&self.bytes)));
        let opened = Opened::plain(reader, Some(self.bytes.len() as u64));
        Input::read(Path::new("sample"), opened, &read_options(self.format), &candidates()).unwrap()
    }

    pub fn source(&self) -> Source {
        self.open().into_source(&read_options(self.format), &candidates()).unwrap()
    }

    pub fn blocks(&self) -> Vec<Block> {
        let mut source = self.source();
        std::iter::from_fn(|| source.next_block().unwrap()).collect()
    }

    /// A checker for this file under the profile `contact`.
    pub fn checker(&self) -> Checker {
        self.checker_by(contact())
    }

    /// A checker for this file under a profile with contact's fields.
    pub fn checker_by(&self, profile: Arc<Profile>) -> Checker {
        let plan = Plan::new(profile, &FieldOptions::default()).unwrap();
        let shape = match self.format {
            Format::Csv => {
                let binding = Binding::new(&plan.names, self.open().names, false);
                let csv = CsvDialect::with_delimiter(b',');
                Shape::Csv(Box::new(CsvShape::new(csv, binding, false, false)))
            }
            _ => Shape::Json(Box::new(JsonShape::new(&plan, self.open().names).0)),
        };
        let stamp = Stamp { now: "2025-01-01T00:00:00Z".into(), run: 1, file: 1 };
        Checker::new(Arc::new(plan), shape, stamp, false, read_options(self.format).max_record_bytes)
    }
}

fn candidates() -> Candidates {
    Candidates::new(&[contact()], &Mapping::default())
}

pub fn contact() -> Arc<Profile> {
    Profile::named("contact").unwrap()
}

/// What the command line reads with unless told otherwise.
pub fn read_options(format: Format) -> ReadOptions {
    ReadOptions { format: Some(format), ..ReadOptions::default() }
}

/// How many records were accepted and how many rejected.
pub fn count<'v>(verdicts: impl IntoIterator<Item = &'v Verdicts>) -> (u64, u64) {
    let (mut accepted, mut rejected) = (0, 0);
    for verdict in verdicts.into_iter().flat_map(|verdicts| &verdicts.verdicts) {
        match verdict.outcome {
            Outcome::Blank => {}
            Outcome::Accepted { .. } => accepted += 1,
            Outcome::Rejected => rejected += 1,
        }
    }
    (accepted, rejected)
}

/// A group whose members take some seconds each.
pub fn group<'c>(criterion: &'c mut Criterion, name: &str) -> BenchmarkGroup<'c, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(10);
    group.sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(500));
    group.measurement_time(Duration::from_secs(3));
    group
}
