//! Records of JSON, judged by both ways.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::core::judge::{Checker, Outcome, Shape, Stamp, Verdicts};
use crate::core::record::{Block, Extent, Span};
use crate::core::{judge::plan::FieldOptions, profile::Profile, row::PlainRows};

fn checker() -> Checker {
    let mut options = FieldOptions::default();
    options.mapping.add("address.city=city").unwrap();
    let plan = Plan::new(Profile::named("contact").unwrap(), &options).unwrap();
    let stamp = Stamp { now: "2025-01-01T00:00:00Z".into(), run: 1, file: 1 };
    let shape = Shape::Json(Box::new(JsonShape::new(&plan, Vec::new()).0));
    Checker::new(Arc::new(plan), shape, stamp, false, 1 << 20)
}

fn check(checker: &Checker, records: &[String], first_record: u64) -> Verdicts<PlainRows> {
    let bytes: Vec<u8> = records.concat().into_bytes();
    let mut end = 0;
    let span = |record: &String| {
        let start = end;
        end += record.len() as u32;
        Span { start, end, line: 0, extent: Extent::Record }
    };
    let spans = records.iter().map(span).collect();
    checker.check::<PlainRows>(&Block {
        bytes,
        spans,
        first_record,
        first_line: 1,
        byte_offset: 0,
        file_bytes: 0,
        stop: None,
    })
}

/// What is found out about each record of a block.
fn found(verdicts: &Verdicts<PlainRows>) -> Vec<(String, String, Vec<u8>)> {
    let found = verdicts.verdicts.iter().map(|verdict| {
        let (row, key) = match &verdict.outcome {
            Outcome::Accepted { row, key, .. } => (
                format!("{:?}", verdicts.rows.row(row.clone()).collect::<Vec<_>>()),
                key.as_ref().map(|key| verdicts.key_text(key)).unwrap_or_default(),
            ),
            _ => Default::default(),
        };
        (format!("{:?}", verdicts.findings_of(verdict).iter().collect::<Vec<_>>()), row, key.to_vec())
    });
    found.collect()
}

fn records() -> impl Strategy<Value = Vec<String>> {
    let key = prop::sample::select(vec![
        "name",
        "email",
        "description",
        "city",
        "state",
        "NAME",
        "e-mail",
        "first_name",
        "last_name",
        "address",
        "address.city",
        "_reject",
        "unknown",
        "n\\u0061me",
        "odd \\\"key",
        "",
    ]);
    let value = prop::sample::select(vec![
        "\"Ann\"",
        "\"ann@example.com\"",
        "\"Beth Smith\"",
        "null",
        "\"\"",
        "12",
        "1.5",
        "true",
        "{\"city\":\"Rome\"}",
        "{\"city\":\"Rome\",\"city\":1}",
        "[1]",
        "\"O'Brien\"",
        "\"\\u0041nn\"",
        "\"two  spaces\"",
        "\"東京\"",
        "nul",
        "{\"raw\":\"{\\\"name\\\":\\\"Ann\\\"}\"}",
    ]);
    let member = (key, value).prop_map(|(key, value)| format!("\"{key}\":{value}"));
    let some = prop::collection::vec(member, 0..7).prop_map(|members| format!("{{{}}}", members.join(",")));
    let usual = "[A-Z][a-z]{1,5} ?[A-Z]?[a-z]{0,5}".prop_map(|name| {
        format!("{{\"name\":\"{name}\",\"email\":\"a@example.com\",\"description\":\"none at all\",\"state\":null}}")
    });
    prop::collection::vec(prop_oneof![usual, some], 1..12)
}

proptest! {
    /// A block's first record always goes the long way.
    #[test]
    fn records_are_judged_alike_by_both_ways(records in records()) {
        let checker = checker();
        let together = check(&checker, &records, 1);
        let alone: Vec<_> = (1..).zip(&records).flat_map(|(number, record)| {
            found(&check(&checker, std::slice::from_ref(record), number))
        }).collect();
        prop_assert_eq!(found(&together), alone);
    }
}

#[test]
fn keys_are_met_in_order_and_once() {
    let records = ["{\"b\":1,\"name\":2}", "{\"name\":2,\"b\":1}", "{\"c\":1,\"c\":1,\"d\":2}", "{\"d\":1,\"b\":"];
    let verdicts = check(&checker(), &records.map(String::from), 1);
    let is_field = |meaning: &Meaning| matches!(meaning, Meaning::Field(_));
    let met: Vec<(&str, bool)> =
        verdicts.met_keys.iter().map(|(key, meaning)| (key.as_str(), is_field(meaning))).collect();
    assert_eq!(met, [("b", false), ("name", true)]);
}
