//! What is fuzzed: one function a parser, which takes any bytes and panics where something is wrong. `fuzz/` feeds them by coverage,
//! `mod.rs` by chance.

use std::collections::HashSet;
use std::fs::File;
use std::io::{Cursor, Write};
use std::path::Path;
use std::sync::{Arc, LazyLock};

use custload::core::judge::plan::{FieldOptions, Plan};
use custload::core::judge::{Checker, JsonShape, Outcome, RecordJudge, Shape, Stamp};
use custload::core::profile::{Binding, Candidates, Column, HeaderNames, Mapping, Profile, profile_of, record_schema};
use custload::core::record::Extent;
use custload::core::record::csv::split;
use custload::core::row::PlainRows;
use custload::read::BlockSize;
use custload::read::input::{Input, ReadOptions};
use custload::read::open::Opened;
use custload::read::sheet::{Limits, serve_unconfined};
use custload::run::{self, Command, Options, Unobserved};

use crate::oracle;

/// Takes any bytes; panics where something is wrong.
pub(crate) type Target = fn(&[u8]);

/// The name of each, which is that of its folder in `fuzz/corpus`.
pub(crate) const TARGETS: [(&str, Target); 10] = [
    ("csv", csv),
    ("json", json),
    ("header", header),
    ("mapping", mapping),
    ("report", report),
    ("sheet", sheet),
    ("sniff", sniff),
    ("hostile", hostile),
    ("rule", rule),
    ("schema", schema),
];

/// Takes the first byte for a choice among so many.
fn choice(data: &mut &[u8], many: usize) -> usize {
    let Some((first, rest)) = data.split_first() else { return 0 };
    *data = rest;
    usize::from(*first) % many
}

/// Where CSV records end, by the cutter and by the slow reading of the rules.
fn csv(mut data: &[u8]) {
    let dialect = &oracle::DIALECTS[choice(&mut data, oracle::DIALECTS.len())];
    let limit = [1 << 20, 1 << 20, 3, 9, 17, 40][choice(&mut data, 6)];
    let size = oracle::SIZES[choice(&mut data, oracle::SIZES.len())];
    let piece = [usize::MAX, usize::MAX, 1, 5][choice(&mut data, 4)];
    // The slow reading takes time that grows with the square of a text, and knows ASCII's white space alone.
    let text: Vec<u8> = data.iter().take(600).map(|byte| if byte.is_ascii() { *byte } else { b'x' }).collect();
    oracle::compare(&text, limit, dialect, size, piece);
}

/// What is found in an input: of each record its number, line, and whether it is accepted or with which codes it is rejected.
type Found = Vec<(u64, u64, String)>;

/// Made once, for it takes longer than most of what is fed.
static CANDIDATES: LazyLock<Candidates> =
    LazyLock::new(|| Candidates::new(Profile::all().unwrap(), &Mapping::default()));
static CONTACT: LazyLock<Candidates> =
    LazyLock::new(|| Candidates::new(&[Profile::named("contact").unwrap()], &Mapping::default()));
static PLAN: LazyLock<Arc<Plan>> =
    LazyLock::new(|| Arc::new(Plan::new(Arc::clone(&Profile::all().unwrap()[0]), &FieldOptions::default()).unwrap()));

fn read_json(name: &str, data: &[u8], block_size: BlockSize) -> Result<Found, String> {
    let options = ReadOptions { block_size, ..ReadOptions::default() };
    let candidates = &*CANDIDATES;
    let text = Opened::plain(Box::new(Cursor::new(data.to_vec())), None);
    let input = Input::read(Path::new(name), text, &options, candidates).map_err(|error| error.to_string())?;
    if input.dialect.format.is_table() {
        return Err("it is a table".to_string());
    }
    let mut source = input.into_source(&options, candidates).map_err(|error| error.to_string())?;
    let stamp = Stamp { now: "2026-01-01T00:00:00Z".into(), run: 1, file: 1 };
    let checker = Checker::new(
        Arc::clone(&PLAN),
        Shape::Json(Box::new(JsonShape::new(&PLAN, Vec::new()).0)),
        stamp,
        false,
        1 << 20,
    );
    let mut found = Vec::new();
    while let Some(block) = source.next_block().map_err(|error| error.to_string())? {
        let verdicts = checker.check::<PlainRows>(&block);
        for ((position, span), verdict) in block.positions().zip(&verdicts.verdicts) {
            if matches!(span.extent, Extent::Blank | Extent::Gap) {
                continue;
            }
            let said = match &verdict.outcome {
                Outcome::Accepted { .. } => "accepted".to_string(),
                _ => verdicts.findings_of(verdict).kinds().map(|(code, ..)| code.name()).collect::<Vec<_>>().join(","),
            };
            found.push((position.record, position.line, said));
        }
    }
    assert_eq!(source.read().bytes as usize, data.len(), "all of it is read");
    Ok(found)
}

/// Records of JSON: the same however it is cut into blocks, and as many as a reader that knows the whole text finds.
fn json(mut data: &[u8]) {
    let name = ["a.json", "a.ndjson", "a.jsonl", "a"][choice(&mut data, 4)];
    let found = read_json(name, data, BlockSize::default());
    assert_eq!(read_json(name, data, BlockSize::Records(1)), found);
    assert_eq!(read_json(name, data, BlockSize::Bytes(7)), found);
    if let Ok(elements) = serde_json::from_slice::<Vec<serde_json::Value>>(data)
        && !elements.is_empty()
        && elements.iter().all(serde_json::Value::is_object)
    {
        let records = found.expect("a whole array of objects can be read").len();
        assert_eq!(records, elements.len(), "{:?}", String::from_utf8_lossy(data));
    }
}

/// Which column fills which field, for any header and any map.
fn header(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (map, headers) = text.split_once("\n\n").unwrap_or(("", &text));
    let mut mapping = Mapping::default();
    for said in map.lines() {
        let _ = mapping.add(said);
    }
    let headers: Vec<String> = headers.split('\n').map(str::to_string).collect();
    bind(&mapping, &headers);
}

fn bind(mapping: &Mapping, headers: &[String]) {
    let candidates = Candidates::new(Profile::all().unwrap(), mapping);
    assert_eq!(candidates.likely(headers).len(), headers.len());
    for (profile, fit) in Profile::all().unwrap().iter().zip(candidates.fits(headers)) {
        assert!(fit.matched <= profile.fields.len());
        let binding = Binding::new(&HeaderNames::new(profile, mapping), headers.to_vec(), false);
        assert_eq!(binding.columns.len(), headers.len());
        let places: HashSet<usize> =
            (0..profile.fields.len()).flat_map(|field| binding.sources.indices(field).collect::<Vec<_>>()).collect();
        for (place, column) in binding.columns.iter().enumerate() {
            assert_eq!(matches!(column, Column::Field(_)), places.contains(&place), "{:?}", headers[place]);
        }
    }
}

/// Profiles, and mapping files and what they do to a header of their own names.
fn mapping(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Err(error) = Profile::parse("own.toml", text) {
        assert!(error.to_string().starts_with("own.toml: "), "{error}");
    }
    let Ok(mapping) = Mapping::parse(text) else { return };
    let headers: Vec<String> = mapping.columns.iter().map(|(header, _)| header.clone()).take(200).collect();
    bind(&mapping, &headers);
    for profile in Profile::all().unwrap() {
        let _ = Plan::new(Arc::clone(profile), &FieldOptions { mapping: mapping.clone(), ..FieldOptions::default() });
    }
}

/// A rule over a record: whatever the text, it is refused or decides any record.
fn rule(data: &[u8]) {
    const RECORDS: [&str; 3] = [
        "{}",
        "{\"a\": \"x\", \"n\": 9223372036854775807, \"d\": 0.5, \"f\": true, \"l\": [\"x\", 1], \"t\": \"2000-01-01\"}",
        "{\"a\": \"0\", \"n\": 0, \"d\": -1.5, \"f\": false, \"l\": \"a;b\"}",
    ];
    let Ok(rule) = std::str::from_utf8(data) else { return };
    let text = format!(
        "[fields.a]\n[fields.n]\ntype = 'integer'\n[fields.d]\ntype = 'decimal'\n[fields.f]\ntype = 'flag'\n\
         [fields.l]\ntype = 'list'\n[fields.t]\ntype = 'date'\n[[checks]]\nname = 'fuzz'\nrule = {}\n",
        serde_json::to_string(rule).unwrap()
    );
    match Profile::parse("own.toml", &text) {
        Err(error) => assert!(error.to_string().starts_with("own.toml: "), "{error}"),
        Ok(profile) => {
            let keys = ["a", "n", "d", "f", "l", "t"];
            let judge = RecordJudge::json(Arc::new(profile), &FieldOptions::default(), &keys).unwrap();
            for record in RECORDS {
                let judgement = judge.judge(record.as_bytes());
                assert_eq!(judgement.row.is_some(), judgement.findings.is_empty(), "{rule}");
            }
        }
    }
}

/// The JSON Schema of a record.
fn schema(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match profile_of("own.json", text) {
        Err(error) => assert!(error.to_string().starts_with("own.json: "), "{error}"),
        Ok(profile) => {
            let schema = record_schema(&profile);
            assert!(serde_json::from_str::<serde_json::Value>(&schema).is_ok(), "{schema}");
        }
    }
}

/// The rejects of a file, by line and codes; `None` where it cannot be read.
fn rejects_of(folder: &Path, input: &str, reports: &str, reads: &ReadOptions) -> Option<(u64, Vec<(String, String)>)> {
    let options = Options {
        command: Command::Check,
        inputs: vec![folder.join(input)],
        profile: Some(Profile::named("contact").unwrap()),
        read: reads.clone(),
        reports: Some(folder.join(reports).to_string_lossy().into_owned()),
        threads: 1,
        fields: FieldOptions { key: Some("none".to_string()), ..FieldOptions::default() },
        ..Options::default()
    };
    let summary = run::run(&options, &mut Unobserved).ok()?;
    let report = folder.join(reports).join(summary.inputs[0].rejects.as_ref()?);
    let delimiter = summary.inputs[0].delimiter.as_ref().map_or(b',', |delimiter| delimiter.as_bytes()[0]);
    let mut table = ::csv::ReaderBuilder::new().delimiter(delimiter).from_path(&report).unwrap();
    let column = |name: &str, table: &mut ::csv::Reader<File>| {
        table.headers().unwrap().iter().position(|header| header == name).unwrap()
    };
    let places = ["_reject_line", "_reject_codes"].map(|name| column(name, &mut table));
    let rows = table.records().map(|row| {
        let row = row.unwrap();
        (row[places[0]].to_string(), row[places[1]].to_string())
    });
    Some((summary.counts.accepted, rows.collect()))
}

/// A reject report that nobody has touched is the same rejects again, and nothing of it loads.
fn report(mut data: &[u8]) {
    let delimiter = [b',', b';', b'\t'][choice(&mut data, 3)];
    let folder = tempfile::tempdir_in(memory()).unwrap();
    let header = ["name", "email", "city", "phone"].join(&char::from(delimiter).to_string());
    std::fs::write(folder.path().join("in.csv"), [header.as_bytes(), b"\n", data].concat()).unwrap();
    let reads = ReadOptions { delimiter: Some(delimiter), ..ReadOptions::default() };
    let Some((_, first)) = rejects_of(folder.path(), "in.csv", "first", &reads) else { return };
    if first.is_empty() {
        return;
    }
    let again = rejects_of(folder.path(), "first/in.rejects.csv", "second", &ReadOptions::default());
    // A record with bytes that are no text may have had another fault, too.
    let told = |rejects: Vec<(String, String)>| match std::str::from_utf8(data) {
        Ok(_) => rejects,
        Err(_) => rejects.into_iter().map(|(line, _)| (line, String::new())).collect(),
    };
    let again = again.map(|(accepted, rejects)| (accepted, told(rejects)));
    assert_eq!(again, Some((0, told(first))), "{:?}", String::from_utf8_lossy(data));
}

/// Temporary files in memory where there is such a place.
fn memory() -> &'static Path {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { memory } else { Path::new("/tmp") }
}

/// A part of an xlsx file, in a package whose other parts are right.
fn sheet(mut data: &[u8]) {
    let chosen = choice(&mut data, PARTS.len());
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (place, (name, content)) in PARTS.iter().enumerate() {
        let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        zip.start_file(*name, stored).unwrap();
        zip.write_all(if place == chosen { data } else { content.as_bytes() }).unwrap();
    }
    let mut file = tempfile::tempfile_in(memory()).unwrap();
    file.write_all(&zip.finish().unwrap().into_inner()).unwrap();
    std::io::Seek::rewind(&mut file).unwrap();
    let mut out = Vec::new();
    let limits = Limits { max_inflated_bytes: 1 << 20, ..Limits::default() };
    if serve_unconfined(&mut out, file, limits).is_ok() {
        // One line of JSON, and then CSV whose records are the rows.
        let end = out.iter().position(|byte| *byte == b'\n').expect("a line says what it is");
        serde_json::from_slice::<serde_json::Value>(&out[..end]).expect("the first line is JSON");
        let mut cells = Vec::new();
        let rows = std::str::from_utf8(&out[end + 1..]).expect("rows are UTF-8");
        let mut reader = ::csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(rows.as_bytes());
        assert!(reader.records().all(|row| row.is_ok()));
        let dialect = custload::core::record::dialect::CsvDialect::with_delimiter(b',');
        let _ = split(rows.lines().next().unwrap_or_default().as_bytes(), &dialect, &mut cells);
    }
}

/// The parts of a small workbook; the first four are fuzzed more than the others by being first in the corpus.
pub(crate) const PARTS: [(&str, &str); 7] = [
    (
        "xl/worksheets/sheet1.xml",
        r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>email</t></is></c></row><row r="2"><c r="A2" s="1"><v>1067</v></c><c r="B2" t="str"><f>A2</f><v>x</v></c></row></sheetData><mergeCells count="1"><mergeCell ref="A2:A3"/></mergeCells></worksheet>"#,
    ),
    (
        "xl/sharedStrings.xml",
        r#"<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" count="1" uniqueCount="1"><si><t>name</t></si></sst>"#,
    ),
    (
        "xl/styles.xml",
        r#"<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts count="1"><numFmt numFmtId="164" formatCode="00000"/></numFmts><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>"#,
    ),
    (
        "xl/workbook.xml",
        r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>"#,
    ),
    (
        "xl/_rels/workbook.xml.rels",
        r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#,
    ),
    (
        "_rels/.rels",
        r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
    ),
    (
        "[Content_Types].xml",
        r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>"#,
    ),
];

/// Any file under any name: what it is, is found or refused, and then all of it is accounted for.
fn sniff(mut data: &[u8]) {
    let name = ["a.csv", "a.tsv", "a.txt", "a.json", "a.ndjson", "a"][choice(&mut data, 6)];
    let folder = tempfile::tempdir_in(memory()).unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, data).unwrap();
    let (options, candidates) = (ReadOptions { max_inflated_bytes: 1 << 22, ..ReadOptions::default() }, &*CANDIDATES);
    let Ok(input) = Input::open(&path, &options, candidates) else { return };
    let Ok(mut source) = input.into_source(&options, candidates) else { return };
    let mut records = 0;
    loop {
        match source.next_block() {
            Ok(Some(block)) => {
                let is_record = |extent: Extent| !matches!(extent, Extent::Blank | Extent::Gap);
                records += block.spans.iter().filter(|span| is_record(span.extent)).count() as u64;
            }
            Ok(None) => break,
            Err(_) => return,
        }
    }
    assert_eq!(source.read().records, records);
}

/// A hostile value in one cell of a valid file: with the profile given, no other record is cut or bound in another way.
fn hostile(mut data: &[u8]) {
    let delimiter = [",", ";", "\t", "|"][choice(&mut data, 4)];
    let (row, column) = (choice(&mut data, 5), choice(&mut data, 4));
    let is_quoted = choice(&mut data, 2) == 0;
    let Ok(value) = std::str::from_utf8(data) else { return };
    // Where a cell is not quoted, it holds nothing that would end it; and a control character is a fault of its own.
    let is_plain = !value.contains(['"', '\n', '\r', '\0', '\u{1a}']) && !value.contains(delimiter);
    if value.len() > 4096 || value.contains('\0') || !is_quoted && !is_plain {
        return;
    }
    let quoted = if is_quoted { format!("\"{}\"", value.replace('"', "\"\"")) } else { value.to_string() };
    let cell = |line: usize, place: usize| match (line, place) {
        _ if (line, place) == (row, column) => quoted.clone(),
        (line, 0) => format!("Person {}", ["A", "B", "C", "D", "E"][line]),
        (line, 1) => format!("p{line}@example.com"),
        (_, 2) => "Ulm".to_string(),
        (line, _) => format!("0351 12345{line}"),
    };
    let lines = (0..5).map(|line| (0..4).map(|place| cell(line, place)).collect::<Vec<_>>().join(delimiter));
    let text =
        format!("{}\n{}\n", ["name", "email", "city", "phone"].join(delimiter), lines.collect::<Vec<_>>().join("\n"));
    let candidates = &*CONTACT;
    let options = ReadOptions::default();
    let opened = Opened::plain(Box::new(Cursor::new(text.clone().into_bytes())), None);
    let input = Input::read(Path::new("a.csv"), opened, &options, candidates).expect("it is valid");
    assert_eq!(input.names, ["name", "email", "city", "phone"], "{text:?}");
    let dialect = input.dialect.csv;
    assert_eq!(
        (input.dialect.header_line, char::from(dialect.delimiter).to_string().as_str()),
        (Some(1), delimiter),
        "{text:?}"
    );
    let mut source = input.into_source(&options, candidates).unwrap();
    let mut cells = Vec::new();
    let mut rows = Vec::new();
    while let Some(block) = source.next_block().unwrap() {
        for (_, span) in block.positions() {
            let bytes = block.bytes_of(span);
            split(bytes, &dialect, &mut cells).expect("each record is valid");
            let record = std::str::from_utf8(bytes).unwrap();
            rows.push(cells.iter().map(|cell| cell.text(record).into_owned()).collect::<Vec<_>>());
        }
    }
    assert_eq!(rows.len(), 5, "{text:?}");
    for (line, cells) in rows.iter().enumerate().filter(|(line, _)| *line != row) {
        assert_eq!(*cells, (0..4).map(|place| cell(line, place)).collect::<Vec<_>>(), "{text:?}");
    }
    assert_eq!(rows[row].len(), 4, "{text:?}");
}
