//! JSON in every shape that people have: what is read, as what, and what is said of it.

use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::{Value, json};

use crate::support::{Place, faults};

const FIRST: &str = "customers.db.imports/run-000001";

const ANN: &str = r#"{"email":"ann@x.example","name":"Ann Smith"}"#;
const BO: &str = r#"{"email":"bo@x.example","name":"Bo Jones"}"#;
const CY: &str = r#"{"email":"cy@x.example","name":"Cy Young"}"#;
/// One over several lines.
const DEE: &str = "{\n  \"email\": \"dee@x.example\",\n  \"name\": \"Dee Day\"\n}";

/// The first letters of the customers' addresses.
fn stored(place: &Place) -> String {
    place.column("customers.db", "SELECT substr(email, 1, 1) FROM customers ORDER BY customer_id").concat()
}

/// A file, the options, and what becomes of it.
struct Case<'c> {
    name: &'c str,
    text: String,
    options: &'c str,
    status: i32,
    stored: &'c str,
    rejects: &'c [(u64, &'c str)],
    says: &'c [&'c str],
}

impl Case<'_> {
    fn check(&self) {
        let Case { name, text, options, .. } = self;
        let place = Place::new();
        place.write(name, text);
        let done = place.custload(&format!("import {name} {options}"));
        let what = format!("{name} {options}\n{}\n{}", text.get(..500).unwrap_or(text), done.stderr);
        assert_eq!(done.status, Some(self.status), "{what}");
        self.says.iter().for_each(|said| assert!(done.stderr.contains(said), "{said:?} is not said: {what}"));
        if self.status == 2 {
            assert_eq!(place.names(), [*name], "{what}");
            return;
        }
        assert_eq!(stored(&place), self.stored, "{what}");
        let found = faults(&place.objects(&format!("{FIRST}/errors.ndjson")));
        let found: Vec<(u64, &str)> = found.iter().map(|(_, _, line, code, _)| (*line, code.as_str())).collect();
        assert_eq!(found, self.rejects, "{what}");
    }
}

/// A case without rejects.
fn loads<'c>(
    name: &'c str,
    text: impl Into<String>,
    options: &'c str,
    stored: &'c str,
    says: &'c [&'c str],
) -> Case<'c> {
    Case { name, text: text.into(), options, status: 0, stored, rejects: &[], says }
}

fn refused<'c>(name: &'c str, text: impl Into<String>, options: &'c str, says: &'c [&'c str]) -> Case<'c> {
    Case { name, text: text.into(), options, status: 2, stored: "", rejects: &[], says }
}

fn rejects<'c>(name: &'c str, text: impl Into<String>, stored: &'c str, rejects: &'c [(u64, &'c str)]) -> Case<'c> {
    Case { name, text: text.into(), options: "--profile contact", status: 1, stored, rejects, says: &[] }
}

#[test]
fn objects_are_records_whatever_the_files_name_and_lines() {
    let texts = [
        format!("{ANN}\n{BO}\n{CY}\n"),
        format!("{ANN}\n\n{BO}\n{CY}"),
        format!("{ANN}\r\n{BO}\r\n{CY}\r\n"),
        format!("{ANN}\r{BO}\r{CY}\r"),
        format!("{ANN},\n{BO},\n{CY}\n"),
        format!("{ANN},\n{BO} , \n{CY},\n"),
        format!("{ANN}{BO} {CY}"),
        format!("{ANN},{BO},{CY}"),
        format!("[{ANN},{BO},{CY}]"),
        format!("[\n{ANN},\n{BO},\n{CY}\n]\n"),
        format!("[{ANN}\n,{BO}\n,{CY}]"),
        format!("[\r{ANN},\r{BO},\r{CY}\r]\r"),
        format!("\u{feff}[{ANN}, {BO}, {CY}]"),
    ];
    for text in texts {
        for name in ["a.jsonl", "a.ndjson", "a.json", "a.txt"] {
            loads(name, text.clone(), "--profile contact", "abc", &[]).check();
            loads(name, text.clone(), "", "abc", &["profile contact"]).check();
        }
    }
    for text in [
        format!("{DEE}\n{ANN}\n{BO}"),
        format!("{DEE}{ANN}\n\n{BO}\n"),
        format!("{DEE},\n{ANN},\n{BO}\n").replace('\n', "\r"),
        format!("[{DEE},{ANN},\n{BO}]"),
        format!("[\n{DEE},\n{ANN},\n{BO}\n]").replace('\n', "\r\n"),
        format!("[\n{DEE},\n{ANN},\n{BO}\n]").replace('\n', "\r"),
    ] {
        for name in ["a.jsonl", "a.ndjson", "a.json", "a.txt"] {
            loads(name, text.clone(), "--profile contact", "dab", &[]).check();
            loads(name, text.clone(), "", "dab", &["profile contact"]).check();
        }
    }
    loads("a.jsonl", format!("{ANN}\n{DEE}\n"), "", "ad", &[]).check();
    loads("a.json", DEE, "", "d", &[]).check();
    loads("a.json", ANN, "", "a", &[]).check();
    loads("a.json", "[]", "--profile contact", "", &[]).check();
}

#[test]
fn records_that_lie_deeper_are_found() {
    let rows = format!("{{\"rows\":[\n{ANN},\n{BO}\n]}}");
    let deep = format!("{{\"data\":{{\"page\":1,\"customers\":[{ANN},{DEE},{CY}],\"next\":null}},\"took\":[1,2]}}\n");
    for name in ["a.json", "a.jsonl", "a.txt"] {
        loads(name, rows.clone(), "", "ab", &["records in \"rows\"", "profile contact"]).check();
        loads(name, rows.replace('\n', ""), "", "ab", &["records in \"rows\""]).check();
        loads(name, rows.replace('\n', "\r"), "--profile contact", "ab", &["records in \"rows\""]).check();
        loads(name, deep.clone(), "", "adc", &["records in \"data.customers\""]).check();
        loads(name, deep.clone(), "--records data.customers", "adc", &["records in \"data.customers\""]).check();
    }
    loads("a.json", rows.clone(), "--format json --profile contact", "ab", &[]).check();
    let keys = format!("{{\"a\\u0062 \\\"c\":{{\"d\":[\"]\",5]}},\"x\":[{ANN}]}}");
    loads("a.json", keys, "", "a", &["records in \"x\""]).check();
    // Of several arrays one must be named.
    let two = format!("{{\"customers\":[{ANN},{BO}],\"old\":{{\"customers\":[{CY}]}}}}");
    refused("a.json", two.clone(), "", &["customers or old.customers", "--records customers"]).check();
    refused("a.json", two.clone(), "--profile contact", &["--records customers"]).check();
    loads("a.json", two.clone(), "--records customers", "ab", &[]).check();
    loads("a.json", two.clone(), "--records old.customers", "c", &[]).check();
    refused("a.json", two, "--records new", &["has no array \"new\"", "customers or old.customers"]).check();
    // Whatever stands before the first object of one.
    for old in [format!("[null,{BO}]"), format!("[[{BO}]]"), format!("[[],[5,[\"[\",{BO}]]]")] {
        let two = format!("{{\"customers\":[{ANN}],\"old\":{old}}}");
        refused("a.json", two.clone(), "", &["customers or old"]).check();
        loads("a.json", two, "--records customers", "a", &[]).check();
    }
    refused("a.json", rows.clone(), "--records .", &["no profile fits"]).check();
    refused("a.json", format!("[{ANN}]"), "--records rows", &["no JSON object begins at byte 1"]).check();
    // Elements that are no objects are rejects, as in any array.
    let odd = format!("{{\"rows\":[{ANN},\n5,\n{{\"email\":\"x}},\n{BO}\n]}}");
    rejects("a.json", odd, "ab", &[(2, "not-an-object"), (3, "invalid-json")]).check();
    // An array that only comes after the beginning that is looked at.
    let filler = "x".repeat(2 << 20);
    let late = format!("{{\"rows\":[{ANN}],\"filler\":\"{filler}\",\"others\":[{BO}]}}");
    refused("a.json", late.clone(), "", &["rows or others", "--records rows"]).check();
    loads("a.json", late.clone(), "--records rows", "a", &[]).check();
    refused("a.json", late.clone(), "--records others", &["no keys were found in its first records"]).check();
    loads("a.json", late, "--records others --profile contact", "b", &[]).check();
}

#[test]
fn a_document_that_is_a_record_is_one() {
    let contacts = format!("{},\"contacts\":[{{\"name\":\"Xaver Yps\",\"age\":5}}]}}", &ANN[..ANN.len() - 1]);
    loads("a.json", contacts.clone(), "", "a", &["the whole document as one record", "--records contacts"]).check();
    loads("a.json", format!("{contacts}\n{BO}\n"), "", "ab", &[]).check();
    // A list with a name is not a customer with that name.
    let named = format!("{{\"name\":\"export\",\"rows\":[{ANN},{BO}]}}");
    refused("a.json", named.clone(), "", &["its records may be in . or rows", "--records ."]).check();
    loads("a.json", named.clone(), "--records rows", "ab", &[]).check();
    loads("a.json", named.clone(), "--profile contact", "ab", &["records in \"rows\""]).check();
    let place = Place::new();
    place.write("a.json", &named);
    place.custload("import a.json --records . --profile basic").ends(0);
    assert_eq!(place.column("customers.db", "SELECT name FROM customers"), ["export"]);
    // Several documents are not read from within unless that is said.
    let pages = format!("{{\"rows\":[{ANN}]}}\n{{\"rows\":[{BO}]}}\n");
    refused("a.json", pages.clone(), "", &["no profile fits", "--records rows"]).check();
    loads("a.json", pages, "--records rows", "ab", &[]).check();
}

#[test]
fn what_was_cut_off_is_not_loaded() {
    let four = format!("{ANN},\n{BO},\n{CY},\n{}", DEE.replace('\n', ""));
    let options = "--profile contact";
    let array = "the array is not closed after 4 records: the file may be cut off";
    for (text, said) in [
        (format!("[\n{four},\n{{\"email\":\"ev"), array),
        (format!("[\n{four},\n{{\"email\":\"eve@x.example\"\n"), array),
        (format!("[\n{four},\n{{\n  \"email\":\"eve@x.example\",\n  \"name"), array),
        (format!("[\n{four},\n{{\n  \"email\":\"eve@x.example\",\n  \"tags\": [\n    1\n  ],\n"), array),
        (format!("[\n{four},\n"), array),
        (format!("[\n{four}\n"), array),
        (format!("[{}", four.replace('\n', "")), array),
        (format!("[{},{{\"email\":\"ev", four.replace('\n', "")), array),
        (format!("{{\"rows\":[\n{four},\n{{\"email\":\"ev"), array),
        (format!("{{\"rows\":[\n{four}\n"), array),
        (format!("{{\"rows\":[{}", four.replace('\n', "")), array),
        (format!("{{\"rows\":[\n{four}\n]"), "the document is not closed after 4 records"),
        (format!("{{\"rows\":[\n{four}\n], \"next\": {{\"a\":\"b"), "the document is not closed after 4 records"),
        (format!("{DEE}\n{DEE}\n{{\n  \"email\": \"eve"), "the object is not closed after 2 records"),
        ("{\n  \"email\": \"eve".to_string(), "the object is not closed after 0 records"),
        ("[".to_string(), "the array is not closed after 0 records"),
        (format!("[{ANN},"), "the array is not closed after 1 record:"),
    ] {
        refused("a.json", text.clone(), options, &[said]).check();
        refused("a.json", text, "", &[said]).check();
    }
    // Where reading stops before, nobody can know.
    loads("a.json", format!("[\n{four},\n{{\"email\":\"ev"), "--profile contact --limit 4", "abcd", &[]).check();
    loads("a.json", format!("{{\"rows\":[\n{four},\n{{\"ev"), "--profile contact --limit 3", "abc", &[]).check();
    // A last line that was cut off is a reject like any that is broken.
    rejects("a.jsonl", format!("{ANN}\n{BO}\n{{\"email\":\"cy"), "ab", &[(3, "invalid-json")]).check();
    rejects("a.jsonl", "{\"email\":\"cy", "", &[(1, "invalid-json")]).check();
}

#[test]
fn nothing_is_dropped_after_the_end() {
    let array = format!("[{ANN},{BO}]");
    rejects("a.json", format!("{array}\nxyz\n"), "ab", &[(2, "invalid-json")]).check();
    rejects("a.json", format!("{array}]\n"), "ab", &[(1, "invalid-json")]).check();
    loads("a.json", format!("{array}\n[{CY}]\n"), "--profile contact", "abc", &[]).check();
    loads("a.json", format!("{array}\n{CY}\n"), "--profile contact", "abc", &[]).check();
    let rows = format!("{{\"rows\":{array}}}");
    refused("a.json", format!("{rows}\nxyz\n"), "--records rows", &["no JSON object begins at byte"]).check();
    refused("a.json", format!("{{\"rows\":{array}]}}"), "--records rows", &["not valid JSON at byte"]).check();
    refused("a.json", format!("{{\"a\":\"b\nc\",\"rows\":{array}}}"), "--records rows", &["not valid JSON at byte"])
        .check();
    // Beyond the beginning that is looked at.
    let many = format!("{{\"rows\":[{ANN}{}]}}", format!(",{}{BO}", " ".repeat(100)).repeat(10_000));
    refused("a.json", format!("{many}\n{rows}"), "", &["a second JSON document begins"]).check();
}

#[test]
fn a_slip_costs_its_record() {
    for (text, stored, wrong) in [
        (format!("[\n{ANN},\n{{\"email\": \"no\"}},\n{CY}]"), "ac", vec![(3, "invalid-email")]),
        (format!("[\n{ANN},\n{{\"email\": nope}},\n{CY}\n]"), "ac", vec![(3, "invalid-json")]),
        (format!("[\n{ANN},\n{{\"email\": \"x}},\n{CY}\n]"), "ac", vec![(3, "invalid-json")]),
        (format!("[\n  {ANN},\n  {{\n    \"email\": \"x\n  }},\n  {CY}\n]"), "ac", vec![(3, "invalid-json")]),
        (format!("[\n{ANN},\n17,\n\"x\",\n{CY}\n]"), "ac", vec![(3, "not-an-object"), (4, "not-an-object")]),
        (format!("[\n{ANN},\n[{BO}],\n{CY}\n]"), "ac", vec![(3, "not-an-object")]),
        (format!("[\n{ANN},\n\n\n{{\n\"email\": \"ANN@x.example\"\n}},\n{CY}]"), "ac", vec![(5, "duplicate-key")]),
        (format!("{ANN}\n{BO},,\n{CY}\n"), "ac", vec![(2, "invalid-json")]),
        (format!("{ANN}\n{BO} {BO}\n{CY}\n"), "abc", vec![(2, "duplicate-key")]),
        (format!("{{\"email\":\n{ANN}\n{BO}\n{CY}\n"), "abc", vec![(1, "invalid-json")]),
        (format!("{{\"rows\":[\n{ANN},\n{{\"email\":}},\n{CY}\n]}}"), "ac", vec![(3, "invalid-json")]),
    ] {
        rejects("a.json", text, stored, &wrong).check();
    }
}

/// The names that are stored, in order.
fn names(place: &Place) -> Vec<String> {
    place.column("customers.db", "SELECT name FROM customers ORDER BY customer_id")
}

/// A customer of `billing` with contacts, which begin as customers do.
fn with_contacts(key: &str, line_end: &str) -> String {
    let contacts =
        ["x", "y", "z"].map(|contact| format!("{{\"external_key\":\"{contact}{key}\",\"name\":\"nested\"}}"));
    let contacts = contacts.join(&format!(",{line_end}"));
    format!("{{\"external_key\":\"{key}\",\"name\":\"Firm {key}\",\"contacts\":[{line_end}{contacts}{line_end}]}}")
}

#[test]
fn nested_objects_are_no_customers() {
    let place = Place::new();
    // More than is looked at, one after another and as an array in lines.
    let objects: Vec<String> = (1..=6_000).map(|key| with_contacts(&key.to_string(), "\n")).collect();
    place.write("a.json", objects.join("\n"));
    place.write("b.jsonl", format!("[\n{}\n]\n", objects.join(",\n")));
    for name in ["a.json", "b.jsonl"] {
        place.custload(&format!("import {name} --profile billing --key none --db {name}.db")).ends(0);
        let firms = "SELECT count(*) || ' ' || sum(name LIKE 'Firm %') FROM customers";
        assert_eq!(place.column(&format!("{name}.db"), firms), ["6000 6000"], "{name}");
    }
    // Cut off.
    let cut_off = format!("{}\n{{\"external_key\":\"2\",\"name\":\"B\",\"mo", with_contacts("1", "\n"));
    refused("a.json", cut_off, "--profile billing", &["the object is not closed after 1 record"]).check();
}

#[test]
fn a_record_that_is_too_large_or_broken_costs_itself_and_what_is_nested_in_it() {
    let other = "{\"external_key\":\"2\",\"name\":\"Firm 2\"}";
    let last = "{\"external_key\":\"3\",\"name\":\"Firm 3\"}";
    for line_end in ["", "\n"] {
        let large = with_contacts("1", line_end);
        let broken = large.replace("Firm 1\"", "Firm 1");
        for (record, options, code) in [
            (large.clone(), "--max-record-bytes 60", "record-too-large"),
            (broken.clone(), "", "invalid-json"),
            (broken.replace("Firm 1", "Firm 1\"").replace("]}", "]]"), "", "invalid-json"),
            (broken, "--max-record-bytes 60", "record-too-large"),
        ] {
            for text in [
                format!("[{line_end}{record},{line_end}{other},{line_end}{last}{line_end}]"),
                format!("[{line_end}{other},{line_end}{last},{line_end}{record}{line_end}]"),
                format!("{{\"rows\":[{line_end}{record},{line_end}{other},{line_end}{last}{line_end}]}}"),
            ] {
                let place = Place::new();
                place.write("a.json", &text);
                let done = place.custload(&format!("import a.json --profile billing {options}"));
                assert_eq!(done.status, Some(1), "{text} {}", done.stderr);
                // A document of one line that a slip closes too early is one broken line, with all that is in it.
                let is_lost = text.starts_with("{\"rows\":[{") && text.contains("]]");
                let expected: &[&str] = if is_lost { &[] } else { &["Firm 2", "Firm 3"] };
                assert_eq!(names(&place), expected, "{text}");
                let found = faults(&place.objects(&format!("{FIRST}/errors.ndjson")));
                assert_eq!(found.iter().map(|fault| fault.3.as_str()).collect::<Vec<_>>(), [code], "{text}");
            }
        }
    }
    // Far more than is held of it.
    let contacts = vec!["{\"external_key\":\"n\",\"name\":\"nested\"}"; 60_000].join(",\n");
    let large = format!("{{\"external_key\":\"1\",\"name\":\"Firm 1\",\"contacts\":[{contacts}]}}");
    for text in [format!("[{large},\n{other},\n{last}]"), format!("[\n{other},\n{large},\n{last}\n]")] {
        for text in [text.clone(), text.replace('\n', ""), text.replace(",\n", ",\n ")] {
            let place = Place::new();
            place.write("a.json", &text);
            place.custload("import a.json --profile billing").ends(1);
            assert_eq!(names(&place), ["Firm 2", "Firm 3"]);
            assert_eq!(place.objects(&format!("{FIRST}/errors.ndjson")).len(), 1);
        }
    }
}

#[test]
fn an_array_is_one_whatever_its_first_line_ends_with() {
    let nested = "[{\"tags\":[\"x\"],\n\"contact\":\n{\"external_key\":\"9\",\"name\":\"nested\"},\n\"external_key\":\"1\",\"name\":\"K1\"}]\n";
    let two =
        "[{\"tags\":[\"x\"],\n\"external_key\":\"1\",\"name\":\"K1\"},\n{\"external_key\":\"2\",\"name\":\"K2\"}]\n";
    for name in ["a.json", "a.jsonl", "a.ndjson"] {
        for (text, expected) in [(nested, vec!["K1"]), (two, vec!["K1", "K2"])] {
            let place = Place::new();
            place.write(name, text);
            place.custload(&format!("import {name} --profile billing")).ends(0);
            assert_eq!(names(&place), expected, "{name}: {text}");
        }
    }
}

#[test]
fn keys_are_seen_in_records_that_will_be_refused() {
    for (text, code) in [
        ("{\"email\":\"ann@x.example\",\"name\":\"Ann\",\"name\":\"Ann\"}\n", "repeated-json-key"),
        ("[{\"email\":\"ann@x.example\",\"name\":\"\\ud800N2\"}]", "invalid-json"),
    ] {
        let place = Place::new();
        place.write("a.json", text);
        place.custload("import a.json").ends(1);
        assert_eq!(place.objects(&format!("{FIRST}/errors.ndjson"))[0]["code"], code);
    }
}

#[test]
fn a_document_without_records_is_none() {
    for text in ["[]", "{\"customers\":[]}", "{\"meta\":{\"n\":1},\"rows\":[],\"old\":[ ]}"] {
        loads("a.json", text, "--profile contact", "", &[]).check();
    }
    let record = format!("{},\"tags\":[]}}", &ANN[..ANN.len() - 1]);
    loads("a.json", record, "--profile contact", "a", &[]).check();
}

#[test]
fn rejects_of_a_document_are_mended_as_lines() {
    let place = Place::new();
    place.write("a.json", format!("{{\"rows\":[{{\"email\":\"no\",\"note\":{{\"a\":1}}}},{BO}]}}"));
    place.custload("import a.json --profile contact").ends(1);
    let summary = &place.json(&format!("{FIRST}/summary.json"))["inputs"][0];
    assert_eq!((&summary["format"], &summary["records"]), (&json!("json"), &json!("rows")));
    let report = place.objects(&format!("{FIRST}/a.rejects.ndjson"));
    assert_eq!((report.len(), &report[0]["note"]), (1, &json!({"a": 1})));
    let mut mended = report[0].clone();
    mended["email"] = json!("ann@x.example");
    mended.as_object_mut().unwrap().remove("note");
    place.write("mended.ndjson", mended.to_string());
    place.custload("import mended.ndjson --profile contact").ends(0);
    assert_eq!(stored(&place), "ba");
}

#[test]
fn values_within_objects_are_columns_by_their_paths() {
    let all = "email,name,address_line_1,city,postal_code,phone";
    for (record, options, expected) in [
        (
            json!({"name": "Jana Roth", "email": "j@x.example", "address": {"street": "Hof 12", "city": "Ulm", "zipcode": "89073"}}),
            "",
            "j@x.example|Jana Roth|Hof 12|Ulm|89073|",
        ),
        (
            json!({"contact": {"email": "j@x.example", "phone": "0351 123456"}, "manager": {"email": "m@x.example", "phone": 5}}),
            "",
            "j@x.example|||||0351123456",
        ),
        // The outer value is the better one.
        (json!({"address": {"city": "Inner"}, "city": "Outer", "email": "j@x.example"}), "", "j@x.example|||Outer||"),
        (
            json!({"data": {"attributes": {"email": "j@x.example", "address": {"city": "Ulm", "geo": {"city": {"x": 1}}}}}}),
            "",
            "j@x.example|||Ulm||",
        ),
        (json!({"email": "j@x.example", "address": {"city": {"name": "Ulm"}, "zip": 89073}}), "", "nested-value"),
        (json!({"email": "j@x.example", "address": {"building": "A"}}), "", "nested-value"),
        (json!({"email": "j@x.example", "address": ["Hof 12"]}), "", "nested-value"),
        (json!({"email": "j@x.example", "address": {"building": "A"}}), "--map address=", "j@x.example|||||"),
        (json!({"email": "j@x.example", "other": {"a": [{}], "b": {"c": {"d": {"e": 1}}}}}), "", "j@x.example|||||"),
        (json!({"email": "j@x.example", "address": "Hof 12"}), "--map address.city=city", "j@x.example||Hof 12|||"),
        (
            json!({"email": "j@x.example", "a": {"b": {"c": {"d": {"e": "Ulm"}}}}}),
            "--map a.b.c.d.e=city",
            "j@x.example|||Ulm||",
        ),
        (json!({"email": "j@x.example", "address.city": "Ulm"}), "", "j@x.example|||Ulm||"),
    ] {
        // With a flat record before it, which goes the quick way.
        let flat = json!({"email": "f@x.example", "name": "Flat Jack"});
        for text in [format!("{record}\n"), format!("{flat}\n{record}\n"), json!([flat, record]).to_string()] {
            let place = Place::new();
            place.write("a.json", &text);
            let done = place.custload(&format!("import a.json --profile contact {options}"));
            assert!(matches!(done.status, Some(0 | 1)), "{}", done.stderr);
            let columns: Vec<String> = all.split(',').map(|column| format!("coalesce({column}, '')")).collect();
            let sql = format!("SELECT {} FROM customers ORDER BY customer_id", columns.join(" || '|' || "));
            let found = match faults(&place.objects(&format!("{FIRST}/errors.ndjson"))).first() {
                Some((.., code, _)) => code.clone(),
                None => place.column("customers.db", &sql).pop().unwrap_or_default(),
            };
            assert_eq!(found, expected, "{text}\n{}", done.stderr);
        }
    }
    // One key twice is a fault wherever it is, and a reject keeps its form.
    let twice = "{\"email\":\"a@x.example\",\"address\":{\"city\":\"Ulm\",\"city\":\"Bonn\"}}\n";
    rejects("a.jsonl", twice, "", &[(1, "repeated-json-key")]).check();
    let place = Place::new();
    place.write("a.json", json!({"rows": [{"email": "no", "address": {"city": "Ulm"}}]}).to_string());
    place.custload("import a.json --profile contact").ends(1);
    let report = format!("{FIRST}/a.rejects.ndjson");
    assert_eq!(place.objects(&report)[0]["address"], json!({"city": "Ulm"}));
    let mended = place.text(&report).replace("\"no\"", "\"ann@x.example\"");
    place.write("mended.ndjson", mended);
    place.custload("import mended.ndjson --profile contact --records rows").ends(0);
    assert_eq!(place.column("customers.db", "SELECT city FROM customers"), ["Ulm"]);
}

#[test]
fn a_key_however_long_names_what_is_in_it_once() {
    // Each path would have the long key in it.
    let members: Vec<String> = (0..20_000).map(|member| format!("\"{member}\":1")).collect();
    let record = format!("{{\"email\":\"ann@x.example\",\"{}\":{{{}}}}}\n", "k".repeat(500_000), members.join(","));
    loads("a.jsonl", record, "--profile contact", "a", &[]).check();
}

/// The verdicts of `check`: records read, accepted and rejected, and each fault's record and code.
fn verdicts(text: &str) -> (Vec<u64>, Vec<(u64, String)>) {
    let place = Place::new();
    place.write("a.json", text);
    let done = place.custload("check a.json --profile contact --key none --rejects-ok --reports r --json").ends(0);
    let summary: Value = serde_json::from_str(&done.stdout).unwrap();
    let counts = ["read", "accepted", "rejected"].map(|count| summary[count].as_u64().unwrap()).to_vec();
    let found = faults(&place.objects("r/errors.ndjson"));
    (counts, found.into_iter().map(|(_, record, _, code, _)| (record, code)).collect())
}

proptest! {
    #![proptest_config(Config { cases: 24, ..Config::default() })]

    #[test]
    fn records_fare_alike_however_they_are_written(
        records in prop::collection::vec(
            prop::collection::vec(
                (
                    prop::sample::select(vec!["email", "name", "phone", "city", "note", "more"]),
                    prop::sample::select(vec![
                        json!("ann@x.example"), json!("Ann {Smith}"), json!("\"],}"), json!(null), json!(12), json!([{"a": "]"}]),
                        json!({"x": {"y": "}"}}), json!("0351 123456"), json!(""),
                    ]),
                ),
                1..5,
            ),
            1..8,
        ),
    ) {
        // The first is right, so that its shape is that of a customer.
        let mut records: Vec<Value> = records.into_iter().map(|members| {
            Value::Object(members.into_iter().map(|(key, value)| (key.to_string(), value)).collect())
        }).collect();
        records.insert(0, json!({"email": "ann@x.example", "name": "Ann Smith"}));
        let lines: Vec<String> = records.iter().map(Value::to_string).collect();
        let pretty: Vec<String> = records.iter().map(|record| serde_json::to_string_pretty(record).unwrap()).collect();
        let expected = verdicts(&(lines.join("\n") + "\n"));
        for text in [
            lines.join(",\n"),
            lines.join("\r"),
            lines.concat(),
            pretty.join("\n"),
            pretty.join(",\n"),
            json!(records).to_string(),
            serde_json::to_string_pretty(&json!(records)).unwrap(),
            json!({"took": 5, "data": {"rows": records}, "next": null}).to_string(),
            serde_json::to_string_pretty(&json!({"data": {"rows": records, "pages": [1]}})).unwrap(),
        ] {
            prop_assert_eq!(&verdicts(&text), &expected, "{}", text);
        }
    }
}
