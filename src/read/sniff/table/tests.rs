//! How a table is guessed from its beginning.

use super::*;
use crate::core::profile::{Mapping, Profile};
use crate::core::record::csv::DELIMITERS;

fn sniffed(text: &str, header: &HeaderSource) -> Result<Sniffed, Unreadable> {
    let candidates = Candidates::new(Profile::all().unwrap(), &Mapping::default());
    let sample = Sample { bytes: text.as_bytes(), is_whole: true, is_sheet: false, line: 1, limit: 1 << 20 };
    let quotes = [(b'"', false), (b'\'', true)];
    let trials = DELIMITERS.into_iter().flat_map(|delimiter| {
        quotes.map(|(quote, must_quote)| Trial {
            dialect: CsvDialect { quote: Some(quote), ..CsvDialect::with_delimiter(delimiter) },
            must_quote,
        })
    });
    sniff(&sample, &trials.collect::<Vec<_>>(), header, &candidates)
}

#[test]
fn the_delimiter_under_which_a_profile_fits_is_taken() {
    for (text, delimiter, line) in [
        ("email,name\na@example.com,Ann\n", b',', 1),
        ("email;name\na@example.com;Ann\n", b';', 1),
        ("email\tname\na@example.com\tAnn\n", b'\t', 1),
        ("email|name\na@example.com|Ann\n", b'|', 1),
        ("email\na@example.com\n", b',', 1),
        // Commas in the cells are more than the semicolons between them.
        ("email;notes\na@example.com;a, b, c, d\nb@example.com;e, f\n", b';', 1),
        ("\"email\";\"notes, and, more\"\na@example.com;x\n", b';', 1),
        ("\"a;b\",email,\"c;d\"\n1,a@example.com,2\n", b',', 1),
        // Titles above the table.
        ("Customers of 2026\n\nName;E-Mail;City\nAnn;a@example.com;Bonn\n", b';', 3),
        ("Report of today\nemail,name\na@example.com,Ann\n", b',', 2),
        ("Exported by;Ann Lee;2026-11-22\nname;email;city\nAnn;a@example.com;Bonn\n", b';', 2),
    ] {
        let found = sniffed(text, &HeaderSource::Found).unwrap();
        assert_eq!((found.reading.dialect.delimiter, found.reading.header_line), (delimiter, Some(line)), "{text:?}");
        assert_eq!(found.rival, None, "{text:?}");
    }
}

#[test]
fn a_record_is_no_header() {
    let found = sniffed("Kunde,Typ,Ort\nAcme,Company,Bonn\nFoo,Person,Ulm\n", &HeaderSource::Found).unwrap().reading;
    assert_eq!((found.header_line, found.fit.0), (Some(1), false));
}

#[test]
fn a_reading_that_is_as_good_is_named() {
    let found = sniffed("email,a;name,b\n", &HeaderSource::Found).unwrap();
    assert_eq!(found.rival, None);
    let found = sniffed("x,a;b\n1,2;3\n", &HeaderSource::Found).unwrap();
    assert_eq!((found.reading.dialect.delimiter, found.rival), (b',', Some(b';')));
}

#[test]
fn names_that_are_given_need_no_header() {
    let names: Vec<String> = ["email", "name"].map(String::from).to_vec();
    let found = sniffed("a@example.com;Ann\nb@example.com;Bo\n", &HeaderSource::Given(names)).unwrap();
    assert_eq!((found.reading.dialect.delimiter, found.reading.records), (b';', (0, 1)));
}

#[test]
fn a_line_that_is_named_is_the_header() {
    let text = "email,name\n\nemail;city\na@example.com;Bonn\n";
    let found = sniffed(text, &HeaderSource::Line(3)).unwrap().reading;
    assert_eq!((found.dialect.delimiter, found.header_line, found.records.1), (b';', Some(3), 4));
    assert!(sniffed(text, &HeaderSource::Line(2)).is_err() && sniffed(text, &HeaderSource::Line(9)).is_err());
}

#[test]
fn excels_separator_line_is_known() {
    for (text, expected) in [
        ("sep=;\r\na;b", Some((b';', 7))),
        ("\"sep=\t\"\na", Some((b'\t', 8))),
        ("SEP=|\na", Some((b'|', 6))),
        ("sep=;;\na", None),
        ("email,name\n", None),
        ("sep=;", None),
    ] {
        assert_eq!(separator_line(text.as_bytes()), expected, "{text:?}");
    }
}
