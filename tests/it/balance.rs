//! No value is lost unseen: of each column it is known what has become of its filled cells (docs/reports.md, "Balance by column").

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::*;

const PARTS: [&str; 8] = ["stored", "normalised", "missing", "cleared", "rejected", "superseded", "unused", "ignored"];

/// What became of the cells of the first input of a run: by column what is more than 0, in words.
fn cells(place: &Place, run: u32) -> Vec<String> {
    let summary = place.json(&format!("customers.db.imports/run-{run:06}/summary.json"));
    let columns = summary["inputs"][0]["columns"].as_array().unwrap().iter();
    let counted = columns.map(|column| {
        let parts = ["filled"].into_iter().chain(PARTS).map(|part| (part, &column["cells"][part]));
        let counts: Vec<String> =
            parts.filter(|(_, count)| **count != 0).map(|(part, count)| format!("{part} {count}")).collect();
        format!("{}: {}", column["header"].as_str().unwrap(), counts.join(", "))
    });
    counted.collect()
}

#[test]
fn what_becomes_of_each_cell_is_counted_by_column() {
    let place = Place::new();
    let csv = "Name,Email,Phone,Mobile,color,Last Name,State,Zip\n\
               Jana Roth, j@x.example,N/A,0351 123,red,,ny,\n\
               Ann  Lee,a@x.example,030,0171,\\N,x,NY,x y\n\
               x,b@x.example,030,0171,blue, ,,01234\n\
               Bob Bell,a@x.example,,0171,,,,1\n\
               extra,c@x.example,1,2,3,4,5,6,7\n";
    place.write("a.csv", csv);
    place.custload("import a.csv --profile contact --null-token N/A --on-invalid postal_code=clear").ends(1).says(&[
        "the column color (3 filled cells) matches no field",
        "Last Name (1 filled cell; the other part of name is missing) is ignored",
        "Mobile (phone, 1 filled cell)",
    ]);
    assert_eq!(
        cells(&place, 1),
        [
            "Name: filled 4, stored 1, normalised 1, rejected 2",
            "Email: filled 4, stored 1, normalised 1, rejected 2",
            "Phone: filled 3, stored 1, missing 1, rejected 1",
            "Mobile: filled 4, normalised 1, rejected 2, unused 1",
            "color: filled 3, ignored 3",
            "Last Name: filled 1, ignored 1",
            "State: filled 2, stored 1, normalised 1",
            "Zip: filled 3, cleared 1, rejected 2",
        ]
    );
    // The same in an update: what a customer has already is stored.
    place.write("b.csv", "email,phone,mobile,city\nj@x.example,0351123,,\nnobody@x.example,1,2,Ulm\n");
    place.custload("import b.csv --profile contact --mode update").ends(1);
    assert_eq!(
        cells(&place, 2),
        [
            "email: filled 2, stored 1, rejected 1",
            "phone: filled 2, stored 1, rejected 1",
            "mobile: filled 1, rejected 1",
            "city: filled 1, rejected 1"
        ]
    );
    let last = "email,phone,color\ne@x.example,030,red\ne@x.example,0 40,\nf@x.example,x,\n";
    place.write("c.csv", last);
    place.custload("import c.csv --profile contact --duplicates last").ends(1);
    assert_eq!(
        cells(&place, 3),
        [
            "email: filled 3, stored 1, rejected 1, superseded 1",
            "phone: filled 3, normalised 1, rejected 1, superseded 1",
            "color: filled 1, ignored 1"
        ]
    );
}

#[test]
fn keys_of_json_are_counted_wherever_they_stand() {
    let place = Place::new();
    let text = r#"{"email":"a@x.example","name":"Ann Lee","tags":["a"],"address":{"city":"Ulm","door":7},"none":null}
{"name":" ","email":"b@x.example","address":"none","late":true,"work_email":"c@x.example"}
{"email":12,"address":{"city":null,"door":"x"},"late":""}
{"email":"a","email":"b","name":"not cut"}
"#;
    place.write("a.ndjson", text);
    place.custload("import a.ndjson --profile contact --map address.city=city --map address=").ends(1).says(&[
        "tags (1 filled cell)",
        "address.door (2 filled cells; is it address_line_1?)",
        "late (1 filled cell)",
    ]);
    let expected = [
        "email: filled 3, stored 2, rejected 1",
        "name: filled 1, stored 1",
        "tags: filled 1, ignored 1",
        "address.city: filled 1, stored 1",
        "address.door: filled 2, ignored 2",
        "none: ",
        "address: filled 1, ignored 1",
        "late: filled 1, ignored 1",
        "work_email: filled 1, unused 1",
    ];
    assert_eq!(cells(&place, 1), expected);
    // More keys than are told apart.
    let many: Vec<String> = (0..10_050).map(|key| format!("\"key{key}\":1")).collect();
    place.write("b.ndjson", format!("{{\"email\":\"d@x.example\",{}}}\n", many.join(",")));
    place.custload("import b.ndjson --profile contact").ends(0).says(&["and", "more match no field"]);
    let summary = place.json("customers.db.imports/run-000002/summary.json");
    let input = &summary["inputs"][0];
    assert_eq!(input["columns"].as_array().unwrap().len(), 10_000);
    assert_eq!((&input["other_keys"]["filled"], &input["other_keys"]["ignored"]), (&json!(51), &json!(51)));
}

#[test]
fn a_key_that_is_part_of_an_address_comes_from_its_best_column_alone() {
    let place = Place::new();
    let headers = ["name", "billing_city", "billing_postal_code", "home_city", "home_postal_code"];
    place.write("a.csv", format!("{}\nAnn,,,Bonn,53111\nBob,Ulm,89073,Bonn,53111\n", headers.join(",")));
    let records = r#"{"name":"Ann","billing_city":"","home_city":"Bonn","home_postal_code":"53111"}
{"name":"Bob","billing_city":"Ulm","billing_postal_code":"89073","home_city":"Bonn","home_postal_code":"53111"}
"#;
    place.write("a.ndjson", records);
    for (input, key, home) in
        [("a.csv", "postal_code", "53111"), ("a.csv", "city", "Bonn"), ("a.ndjson", "city", "Bonn")]
    {
        let db = format!("{input}.{key}.db");
        let line = format!("import {input} --profile billing --mode upsert --key {key} --db {db} --rejects-ok");
        place.custload(&line).ends(0);
        let keys = place.column(&db, &format!("SELECT name FROM customers WHERE {key} = '{home}'"));
        assert!(keys.is_empty(), "{line}: {keys:?}");
    }
}

#[test]
fn a_corrected_report_counts_the_cells_of_the_records_alone() {
    let place = Place::new();
    place.write("a.csv", "email,name,note\na@x.example,'=x,\nb,=Ann,1,2\n");
    place.custload("import a.csv --profile contact").ends(1);
    let report = "customers.db.imports/run-000001/a.rejects.csv";
    let mended = place.text(report).replace("\"b,=Ann,1,2\"", "\"b@x.example,=Ann,1\"");
    place.write(report, mended);
    place.custload(&format!("import {report} --profile contact --relax name")).ends(1);
    let found = cells(&place, 2);
    assert!(found[0].starts_with("email: filled 2"), "{found:?}");
    assert!(found.iter().all(|column| !column.contains("_reject")), "{found:?}");
}

/// A random table, in which each cell may be a value, nothing, or nonsense.
fn table(random: &mut Random) -> (Vec<&'static str>, Vec<Vec<String>>) {
    const HEADERS: [&str; 24] = [
        "email",
        "E-Mail",
        "work email",
        "name",
        "First Name",
        "Last Name",
        "company",
        "phone",
        "Mobile",
        "phone",
        "city",
        "Billing City",
        "Home City",
        "street",
        "home street",
        "state",
        "zip",
        "country",
        "color",
        "",
        "tags",
        "contact_first_name",
        "external_key",
        "no_taxes",
    ];
    const CELLS: [&str; 24] = [
        "",
        "",
        "",
        " ",
        "\u{a0}",
        "\\N",
        "N/A",
        "null",
        "Ann Lee",
        " Ann  Lee",
        "O'Neil",
        "a@x.example",
        "b@x.example",
        "B@x.example",
        "ny",
        "NY",
        "Germany",
        "0351 12",
        "35112",
        "'0123",
        "yes",
        "a,b",
        "x\"y",
        "\u{200b}",
    ];
    let mut headers = vec![["email", "name"][random.below(2)]];
    (0..1 + random.below(9)).for_each(|_| headers.push(HEADERS[random.below(HEADERS.len())]));
    if random.below(20) == 0 {
        headers.extend(["color"; 70]);
    }
    // A sheet ends with its last header.
    if headers.last() == Some(&"") {
        headers.push("note");
    }
    let rows = 1 + random.below(12);
    let cell = |random: &mut Random| CELLS[random.below(CELLS.len())].to_string();
    let rows = (0..rows).map(|_| headers.iter().map(|_| cell(random)).collect()).collect();
    (headers, rows)
}

fn is_filled(cell: &str) -> bool {
    !cell.trim().is_empty()
}

/// Writes the table in one of the formats; how often each column, or key, is filled, in order.
fn write(place: &Place, table: &(Vec<&str>, Vec<Vec<String>>), format: usize) -> (&'static str, Vec<(String, u64)>) {
    let (headers, rows) = table;
    let by_column = headers
        .iter()
        .enumerate()
        .map(|(column, header)| (header.to_string(), rows.iter().filter(|row| is_filled(&row[column])).count() as u64));
    let owned: Vec<String> = headers.iter().map(ToString::to_string).collect();
    match format {
        0 => {
            place.write("a.csv", write_csv(&owned, rows));
            return ("a.csv", by_column.collect());
        }
        1 => {
            let mut workbook = rust_xlsxwriter::Workbook::new();
            let sheet = workbook.add_worksheet();
            for (line, row) in (0..).zip(std::iter::once(&owned).chain(rows)) {
                for (column, cell) in (0..).zip(row).filter(|(_, cell)| !cell.is_empty()) {
                    sheet.write_string(line, column, cell).unwrap();
                }
            }
            workbook.save(place.path("a.xlsx")).unwrap();
            return ("a.xlsx", by_column.collect());
        }
        _ => {}
    }
    let mut filled: BTreeMap<String, u64> = BTreeMap::new();
    let mut records = Vec::new();
    for row in rows {
        // Of two keys alike the first stands, and an empty cell is at times no key at all.
        let mut record = serde_json::Map::new();
        for (header, cell) in headers.iter().zip(row).filter(|(_, cell)| !cell.is_empty()) {
            if !record.contains_key(*header) {
                record.insert(header.to_string(), Value::from(cell.as_str()));
                *filled.entry(header.to_string()).or_default() += u64::from(is_filled(cell));
            }
        }
        records.push(Value::Object(record));
    }
    let filled = filled.into_iter().collect();
    if format == 2 {
        let lines: Vec<String> = records.iter().map(|record| format!("{record}\n")).collect();
        place.write("a.ndjson", lines.concat());
        return ("a.ndjson", filled);
    }
    place.write("a.json", Value::Array(records).to_string());
    ("a.json", filled)
}

#[test]
fn no_filled_cell_of_a_random_table_is_outside_the_balance() {
    let runs = number("CUSTLOAD_BALANCES").unwrap_or(60);
    let mut random = Random::new(number("CUSTLOAD_SEED").unwrap_or(12) as u64);
    for run in 0..runs {
        let place = Place::new();
        let table = table(&mut random);
        let (name, mut filled) = write(&place, &table, run % 4);
        let profile = random.pick(&["contact", "billing", "basic"]);
        let options = random.pick(&[
            "--key none",
            "--duplicates last",
            "--null-token N/A --empty clear --mode upsert --key email",
            "--mode upsert --key city",
            "--relax all --duplicates last",
        ]);
        let line = format!("import {name} --profile {profile} {options} --reports reports");
        let done = place.custload(&line);
        if done.status == Some(2) {
            assert!(!done.stderr.contains("does not balance"), "{line}: {table:?}\n{}", done.stderr);
            // There is no column for something that is required, or for the key.
            let said = ["requires a column", "no column is the key", "has no field", "--key"];
            let last = done.stderr.lines().last().unwrap_or_default();
            assert!(said.iter().any(|said| last.contains(said)), "{line}: {table:?}\n{}", done.stderr);
            continue;
        }
        let summary = place.json("reports/summary.json");
        let columns = summary["inputs"][0]["columns"].as_array().unwrap();
        let mut found = Vec::new();
        for column in columns {
            let count = |part: &str| column["cells"][part].as_u64().unwrap();
            let sum: u64 = PARTS.iter().map(|part| count(part)).sum();
            assert_eq!(count("filled"), sum, "{line}: {column}\n{table:?}");
            found.push((column["header"].as_str().unwrap().to_string(), count("filled")));
        }
        if run % 4 > 1 {
            found.sort();
            filled.sort();
        }
        assert_eq!(found, filled, "{line}: {table:?}");
    }
}

/// A block may hold no record that was cut, and a header more columns than a word has bits.
#[test]
fn a_wide_table_may_have_no_records() {
    let header: Vec<String> = (0..70).map(|column| format!("column {column}")).collect();
    let header = format!("email,{}\n", header.join(","));
    let good = format!("a@x.example{}\n", ",x".repeat(70));
    for (text, status) in [
        (format!("{header}a@x.example,too few\n"), 1),
        (format!("{header}\n"), 0),
        (format!("{header}{}\n", ",".repeat(70)), 0),
        (format!("{header}{good}{}", format!("{}\n", ",".repeat(70)).repeat(3000)), 0),
    ] {
        let place = Place::new();
        place.write("a.csv", text);
        place.custload("import a.csv --profile contact").ends(status);
    }
}
