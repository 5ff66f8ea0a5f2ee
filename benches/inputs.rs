//! What it costs to make text of a file, beside the library that does it: inflating, decoding, reading a spreadsheet.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use std::io::{self, Cursor, Read, Write};
use std::path::Path;

use calamine::{Reader, Xlsx, open_workbook};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use custload::read::decode::Decoder;
use custload::read::inflate::{Compression, Limits, inflate};
use custload::read::input::Format;
use custload::read::sheet::{self, SheetReader};

use self::common::{Sample, group};

const RECORDS: u64 = 200_000;
const ROWS: u32 = 100_000;

fn length(mut reader: impl Read) -> u64 {
    io::copy(&mut reader, &mut io::sink()).unwrap()
}

/// gzip: what the reader of inputs adds to the library's own.
fn gzip(criterion: &mut Criterion) {
    let sample = Sample::new(Format::Csv, RECORDS, 2.0);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&sample.bytes).unwrap();
    let packed = encoder.finish().unwrap();
    let expected = sample.bytes.len() as u64;
    let mut group = group(criterion, "gzip");
    group.throughput(Throughput::Bytes(expected));
    group.bench_function("custload", |bencher| {
        let make = || Box::new(Cursor::new(packed.clone()));
        bencher.iter_batched(
            make,
            |reader| assert_eq!(length(inflate(Compression::Gzip, reader, Limits::default()).unwrap()), expected),
            BatchSize::LargeInput,
        );
    });
    group.bench_function("flate2", |bencher| {
        bencher.iter(|| assert_eq!(length(flate2::read::MultiGzDecoder::new(packed.as_slice())), expected));
    });
    group.finish();
}

/// windows-1252: the same.
fn decode(criterion: &mut Criterion) {
    let sample = Sample::new(Format::Csv, RECORDS, 2.0);
    let text = String::from_utf8_lossy(&sample.bytes);
    let (bytes, ..) = encoding_rs::WINDOWS_1252.encode(&text);
    let mut group = group(criterion, "windows-1252");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("custload", |bencher| {
        let make = || Box::new(Cursor::new(bytes.to_vec()));
        bencher.iter_batched(
            make,
            |reader| assert!(length(Decoder::new(reader, encoding_rs::WINDOWS_1252)) > 0),
            BatchSize::LargeInput,
        );
    });
    group.bench_function("encoding_rs", |bencher| {
        bencher.iter(|| assert!(!encoding_rs::WINDOWS_1252.decode(&bytes).0.is_empty()));
    });
    group.finish();
}

fn write_book(path: &Path) {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for row in 0..ROWS {
        for column in 0..10 {
            sheet.write(row, column, format!("text {row} of column {column}")).unwrap();
        }
        sheet.write(row, 10, 4_155_550_000.0 + f64::from(row)).unwrap();
        sheet.write(row, 11, row % 2 == 0).unwrap();
    }
    book.save(path).unwrap();
}

/// A spreadsheet of 12 columns: read by a child process, and by the library alone.
fn spreadsheet(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("book.xlsx");
    write_book(&path);
    let program = Path::new(env!("CARGO_BIN_EXE_custload"));
    let mut group = group(criterion, "xlsx");
    group.throughput(Throughput::Elements(u64::from(ROWS)));
    group.bench_function("custload", |bencher| {
        bencher.iter(|| {
            let (reader, _) = SheetReader::open(program, &path, None, sheet::Limits::default()).unwrap();
            assert!(length(reader) > 0);
        });
    });
    group.bench_function("calamine", |bencher| {
        bencher.iter(|| {
            let mut book: Xlsx<_> = open_workbook(&path).unwrap();
            assert_eq!(book.worksheet_range("Sheet1").unwrap().height(), ROWS as usize);
        });
    });
    group.finish();
}

criterion_group!(benches, gzip, decode, spreadsheet);
criterion_main!(benches);
