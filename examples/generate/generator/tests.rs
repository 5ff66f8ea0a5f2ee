//! What a generated file promises: the same bytes for a seed, a record by its number alone, and as many bad ones as it says.

use std::collections::HashSet;

use super::*;

const SEND_EMAIL: usize = 3;
const CC_EMAIL: usize = 4;

fn csv(seed: u64, dirty_percent: f64, start: u64, rows: usize) -> (Vec<u8>, u64) {
    let mut generator = Generator::new(seed, dirty_percent, start);
    let mut out = Vec::new();
    (0..rows).for_each(|_| generator.write_csv(&mut out));
    (out, generator.bad())
}

fn records(dirty_percent: f64, rows: usize) -> Vec<(Record, bool)> {
    let mut generator = Generator::new(7, dirty_percent, 0);
    let next = |_| {
        let before = generator.bad();
        generator.advance();
        (generator.record.clone(), generator.bad() > before)
    };
    (0..rows).map(next).collect()
}

fn key(email: &str) -> String {
    email.trim().trim_start_matches("mailto:").to_lowercase()
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_does_not() {
    assert_eq!(csv(1, 2.0, 0, 2_000), csv(1, 2.0, 0, 2_000));
    assert_ne!(csv(1, 2.0, 0, 2_000), csv(2, 2.0, 0, 2_000));
}

#[test]
fn a_record_depends_on_its_number_alone() {
    let (whole, _) = csv(5, 0.0, 10, 20);
    let (tail, _) = csv(5, 0.0, 20, 10);
    assert!(whole.ends_with(&tail));
}

#[test]
fn both_formats_have_the_same_bad_records() {
    let (mut first, mut second) = (Generator::new(3, 60.0, 0), Generator::new(3, 60.0, 0));
    let mut out = Vec::new();
    for _ in 0..5_000 {
        first.write_csv(&mut out);
        second.write_ndjson(&mut out);
        assert_eq!(first.bad(), second.bad());
        assert_eq!(first.record.cells, second.record.cells);
    }
}

#[test]
fn the_share_of_bad_records_is_what_was_asked_for() {
    for (asked, least, most) in
        [(0.0, 0, 0), (2.0, 900, 1_100), (60.0, 29_500, 30_500), (100.0, 50_000, 50_000), (f64::NAN, 0, 0)]
    {
        let (_, bad) = csv(11, asked, 0, 50_000);
        assert!((least..=most).contains(&bad), "{asked} percent of 50,000 gave {bad}");
    }
}

#[test]
fn good_addresses_are_unique_short_and_never_empty() {
    let mut seen = HashSet::new();
    for (record, bad) in records(20.0, 50_000) {
        if !bad {
            let key = key(&record.cells[EMAIL]);
            assert!(key.len() <= MAX_EMAIL && key.matches('@').count() == 1, "{key}");
            assert!(seen.insert(key));
        }
    }
}

#[test]
fn rows_up_to_the_last_number_keep_the_limit() {
    let mut generator = Generator::new(1, 0.0, u64::MAX - 500);
    for _ in 0..1_000 {
        generator.advance();
        assert!(key(&generator.record.cells[EMAIL]).len() <= MAX_EMAIL, "{:?}", generator.record.cells);
    }
}

#[test]
fn good_records_keep_the_limits_of_contact() {
    let limits = [(NAME, 3, 50), (DESCRIPTION, 5, 50), (SEND_EMAIL, 5, 40), (CC_EMAIL, 5, 40), (ADDRESS_LINE_1, 5, 50)];
    for (record, _) in records(0.0, 50_000) {
        for (cell, least, most) in limits {
            let length = record.cells[cell].trim().chars().count();
            assert!(length == 0 || (least..=most).contains(&length), "{}", record.cells[cell]);
        }
        assert!(record.cells[NAME].chars().all(|c| c.is_alphabetic() || c.is_whitespace()));
        assert!(record.cells[POSTAL_CODE].chars().all(|c| c.is_ascii_digit() || c == '-'));
        assert!(record.cells[POSTAL_CODE].len() <= 10);
        let phone = record.cells[PHONE].replace("(0)", "");
        let digits = phone.chars().filter(char::is_ascii_digit).count();
        assert!(phone.is_empty() || (2..=MAX_PHONE).contains(&digits), "{phone}");
    }
}

#[test]
fn a_duplicate_repeats_the_address_of_a_good_record_before_it() {
    let mut seen = HashSet::new();
    let mut repeated = 0;
    for (record, bad) in records(30.0, 20_000) {
        let known = !seen.insert(key(&record.cells[EMAIL])) && record.cells[EMAIL].contains('@');
        repeated += usize::from(bad && known);
    }
    assert!(repeated > 100, "{repeated} duplicates");
}

#[test]
fn the_weights_sum_to_a_hundred() {
    assert_eq!(SPOILS.iter().map(|(_, weight)| weight).sum::<u64>(), 100);
}

#[test]
fn cells_are_quoted_and_escaped() {
    let mut out = Vec::new();
    push_csv_cell(&mut out, "a \"b\", c");
    assert_eq!(out, b"\"a \"\"b\"\", c\"");
    out.clear();
    push_json_text(&mut out, "a\"\\\u{1b}é");
    assert_eq!(out, "\"a\\\"\\\\\\u001bé\"".as_bytes());
}

#[test]
fn base_36_is_base_36() {
    for (number, text) in [(0, "0"), (35, "z"), (36, "10"), (u64::MAX, "3w5e11264sgsf")] {
        let mut out = String::new();
        push_base36(&mut out, number);
        assert_eq!((out.as_str(), out.len()), (text, base36_length(number)));
    }
}
