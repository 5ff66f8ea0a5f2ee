//! How fast one thread takes records apart and judges them: blocks that are cut already to verdicts and encoded rows.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use std::collections::HashSet;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use custload::core::judge::{Outcome, Verdicts};
use custload::core::profile::Profile;
use custload::read::input::Format;
use custload::sink::sqlite::record::RecordBuilder;

use self::common::{Sample, count, group};

const RECORDS: u64 = 100_000;

/// How many accepted records have a key that an accepted record before them has. This stage does not mind; a run does.
fn repeated(verdicts: &[Verdicts]) -> u64 {
    let mut seen = HashSet::new();
    let mut repeated = 0;
    for block in verdicts {
        for verdict in &block.verdicts {
            if let Outcome::Accepted { key: Some(key), .. } = &verdict.outcome {
                repeated += u64::from(!seen.insert(block.key_text(key)));
            }
        }
    }
    repeated
}

fn benches(criterion: &mut Criterion) {
    let mut group = group(criterion, "check");
    let cases = [
        ("csv clean", Sample::new(Format::Csv, RECORDS, 0.0)),
        ("csv 2 % bad", Sample::new(Format::Csv, RECORDS, 2.0)),
        ("csv 60 % bad", Sample::new(Format::Csv, RECORDS, 60.0)),
        ("ndjson 2 % bad", Sample::new(Format::Ndjson, RECORDS, 2.0)),
    ];
    for (name, sample) in cases {
        let (blocks, checker) = (sample.blocks(), sample.checker());
        let verdicts: Vec<_> = blocks.iter().map(|block| checker.check::<RecordBuilder>(block)).collect();
        let (accepted, rejected) = count(&verdicts);
        let repeated = repeated(&verdicts);
        assert_eq!((accepted - repeated, rejected + repeated), (RECORDS - sample.bad, sample.bad), "{name}");
        drop(verdicts);

        group.throughput(Throughput::ElementsAndBytes { elements: RECORDS, bytes: sample.bytes.len() as u64 });
        group.bench_function(name, |bencher| {
            // Verdicts are dropped block by block, as in a run.
            bencher.iter(|| {
                blocks.iter().map(|block| checker.check::<RecordBuilder>(block).verdicts.len() as u64).sum::<u64>()
            });
        });
    }
    // What rules over a record cost: none, one, and ten.
    let sample = Sample::new(Format::Csv, RECORDS, 0.0);
    let blocks = sample.blocks();
    for rules in [0, 1, 10] {
        let checker = sample.checker_by(ruled(rules));
        group.throughput(Throughput::Elements(RECORDS));
        group.bench_function(format!("csv clean, {rules} rules"), |bencher| {
            bencher.iter(|| {
                blocks.iter().map(|block| checker.check::<RecordBuilder>(block).verdicts.len() as u64).sum::<u64>()
            });
        });
    }
    group.finish();
}

/// The profile `contact` with rules, which all records keep.
fn ruled(rules: usize) -> Arc<Profile> {
    let rule = |number| format!("[[checks]]\nname = \"{number}\"\nrule = \"email != null || phone != null\"\n");
    let text = format!("extends = \"contact\"\n{}", (0..rules).map(rule).collect::<String>());
    Arc::new(Profile::parse("ruled.toml", &text).unwrap())
}

criterion_group!(check_benches, benches);
criterion_main!(check_benches);
