//! What a value of each type costs: one thread judges records of eight fields of the type, which are cut already.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use custload::core::judge::plan::{FieldOptions, Plan};
use custload::core::judge::{Checker, CsvShape, Shape, Stamp};
use custload::core::profile::{Binding, Profile};
use custload::core::record::dialect::CsvDialect;
use custload::core::record::{Block, Extent, Span};
use custload::sink::sqlite::record::RecordBuilder;

use self::common::{count, group};

const FIELDS: usize = 8;
const RECORDS: u32 = 2_000;
const BLOCKS: u64 = 10;

/// A name, what the profile says of the field, and values, which are all valid.
const CASES: [(&str, &str, &[&str]); 22] = [
    ("empty", "", &[""]),
    ("text", "", &["Antoine Lefevre", "Ann Smith", "Reseller, tier 5"]),
    ("text with a pattern", "pattern = '[A-Z]{2}-[0-9]{4,6}'", &["DE-1234", "FR-98765", "US-456789"]),
    ("text in capitals", "case = 'upper'", &["Antoine Lefevre", "Ann Smith", "GOLD"]),
    ("text with replacements", "values = { A = 'active', I = 'inactive', '*' = 'reject' }", &["A", "I", "active"]),
    ("email", "type = 'email'", &["ann.smith@mail.example.com", "bob@example.org", "c.d+e@example.net"]),
    ("phone", "type = 'phone'", &["+49 55 629 3139", "(541) 754-3010", "0351123456"]),
    ("country", "type = 'country'", &["Germany", "us", "FRA"]),
    ("state", "type = 'state'\nrepair = true", &["ny", "Bavaria", "TX"]),
    ("postal-code", "type = 'postal-code'", &["01067", "10115-1234", "SW1A 1AA"]),
    ("integer", "type = 'integer'\nat_least = 1", &["7", "1234", "987654321"]),
    ("decimal", "type = 'decimal'\nscale = 2\nat_least = 0", &["12.50", "1234.5", "99"]),
    ("decimal with groups", "type = 'decimal'\ndecimal = ','\ngroup = '.'\nscale = 2", &["1.234,50", "12.345.678,9"]),
    ("decimal as text", "type = 'decimal'\nstore = 'text'", &["12.50", "1234.5", "99"]),
    ("date", "type = 'date'\nnot_before = 1900-01-01", &["1980-05-03", "2024-02-29", "1999-12-31"]),
    ("date with a format", "type = 'date'\nformats = ['%d.%m.%Y']", &["03.05.1980", "29.02.2024", "31.12.1999"]),
    ("timestamp", "type = 'timestamp'", &["2024-02-29T12:30:00Z", "1999-12-31T23:59:59Z"]),
    (
        "timestamp with a zone",
        "type = 'timestamp'\ntime_zone = 'Europe/Berlin'",
        &["2024-02-29 12:30", "1999-12-31 23:59:59"],
    ),
    ("flag", "type = 'flag'", &["yes", "0", "TRUE"]),
    ("choice", "type = 'choice'\nchoices = ['GOLD', 'SILVER', 'BRONZE']", &["gold", "SILVER", "Bronze"]),
    ("list", "type = 'list'", &["wholesale", "export; eu", "a"]),
    ("url", "type = 'url'", &["https://www.example.com/a?b=c", "Example.com", "http://shop.example.org"]),
];

/// Records of these values in turn.
fn block(values: &[&str]) -> Block {
    let (mut bytes, mut spans) = (Vec::new(), Vec::new());
    for record in 0..RECORDS as usize {
        let start = bytes.len() as u32;
        let cells: Vec<&str> = (0..FIELDS).map(|field| values[(record + field) % values.len()]).collect();
        bytes.extend_from_slice(format!("{record},{}", cells.join(",")).as_bytes());
        spans.push(Span { start, end: bytes.len() as u32, line: record as u32, extent: Extent::Record });
        bytes.push(b'\n');
    }
    Block { bytes, spans, first_record: 1, first_line: 2, byte_offset: 0, file_bytes: 0, stop: None }
}

fn checker(settings: &str) -> Checker {
    let fields: String = (0..FIELDS).map(|field| format!("[fields.f{field}]\n{settings}\n")).collect();
    let profile = Profile::parse("bench.toml", &format!("[fields.number]\n{fields}")).unwrap();
    let plan = Plan::new(Arc::new(profile), &FieldOptions::default()).unwrap();
    let headers = plan.fields.iter().map(|field| field.column.clone()).collect();
    let shape =
        CsvShape::new(CsvDialect::with_delimiter(b','), Binding::new(&plan.names, headers, false), false, false);
    let stamp = Stamp { now: "2025-01-01T00:00:00Z".into(), run: 1, file: 1 };
    Checker::new(Arc::new(plan), Shape::Csv(Box::new(shape)), stamp, false, 1 << 20)
}

fn benches(criterion: &mut Criterion) {
    let mut group = group(criterion, "types");
    for (name, settings, values) in CASES {
        let (block, checker) = (block(values), checker(settings));
        let verdicts = checker.check::<RecordBuilder>(&block);
        assert_eq!(count([&verdicts]), (u64::from(RECORDS), 0), "{name}");
        group.throughput(Throughput::Elements(BLOCKS * u64::from(RECORDS) * FIELDS as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                (0..BLOCKS).map(|_| checker.check::<RecordBuilder>(&block).verdicts.len() as u64).sum::<u64>()
            });
        });
    }
    group.finish();
}

criterion_group!(type_benches, benches);
criterion_main!(type_benches);
