//! How fast one thread cuts an input into blocks of whole records. SHA-256 of the bytes is part of it; the disk is not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use custload::core::record::Extent;
use custload::read::Source;
use custload::read::input::Format;

use self::common::{Sample, group};

const RECORDS: u64 = 200_000;

/// The length of a line of [`hostile`]: the limit of a record, 1 MiB, is a multiple of it.
const HOSTILE_LINE: usize = 256;

/// Every line opens a quote, which the next lines close and open again up to a record's limit, so each of them is a
/// record whose quote is never closed. A cutter that goes back for each would read a megabyte for each.
fn hostile() -> Sample {
    const OPENING: &[u8] = b"\",\"\n";
    let plain = Sample::new(Format::Csv, RECORDS, 0.0);
    let mut lines = plain.bytes.split(|byte| *byte == b'\n');
    let mut bytes = lines.next().unwrap().to_vec();
    bytes.push(b'\n');
    for line in lines.take(RECORDS as usize) {
        let text = line.iter().copied().filter(|byte| *byte != b'"').chain(std::iter::repeat(b' '));
        bytes.extend(text.take(HOSTILE_LINE - OPENING.len()));
        bytes.extend_from_slice(OPENING);
    }
    Sample { bad: RECORDS, bytes: bytes.into(), ..plain }
}

/// Cuts everything; how many stretches of each kind there are: records, and lines whose quote is never closed.
fn cut(mut source: Source) -> (u64, u64) {
    let (mut records, mut unterminated) = (0, 0);
    while let Some(block) = source.next_block().unwrap() {
        for span in &block.spans {
            match span.extent {
                Extent::Record => records += 1,
                Extent::Unterminated => unterminated += 1,
                Extent::Blank | Extent::Gap | Extent::TooLarge => panic!("there are none"),
            }
        }
    }
    let read = source.read();
    assert_eq!(read.records, records + unterminated);
    (records, unterminated)
}

fn benches(criterion: &mut Criterion) {
    let mut group = group(criterion, "cut");
    let cases = [
        ("csv", Sample::new(Format::Csv, RECORDS, 0.0), (RECORDS, 0)),
        ("csv 60 % bad", Sample::new(Format::Csv, RECORDS, 60.0), (RECORDS, 0)),
        ("csv hostile quotes", hostile(), (0, RECORDS)),
        ("ndjson", Sample::new(Format::Ndjson, RECORDS, 0.0), (RECORDS, 0)),
    ];
    for (name, sample, answer) in cases {
        assert_eq!(cut(sample.source()), answer, "{name}");
        group.throughput(Throughput::ElementsAndBytes { elements: sample.records, bytes: sample.bytes.len() as u64 });
        group.bench_function(name, |bencher| bencher.iter_batched(|| sample.source(), cut, BatchSize::PerIteration));
    }
    group.finish();
}

criterion_group!(cut_benches, benches);
criterion_main!(cut_benches);
