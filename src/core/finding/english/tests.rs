//! Findings and what they say: a table, with every problem in it.

use std::collections::BTreeSet;

use super::*;
use crate::core::finding::{Code, REGISTRY};
use crate::core::text::Characters;

fn finding<'t>(problem: Problem<&'t str>, handling: Handling<&'t str>, suggestion: Option<&'t str>) -> Finding<'t> {
    Finding { problem, handling, field: None, column: None, value: None, suggestion, raw: None }
}

const REJECTED: Handling<&str> = Handling::Rejected(None);
const RELAXED: Handling<&str> = Handling::Rejected(Some(Retry::Relaxed));
const CLEARED: Handling<&str> = Handling::Rejected(Some(Retry::Cleared));

/// A problem, what was done, what would be accepted, the message, and the hint: that of the code where it is empty.
type Case = (Problem<&'static str>, Handling<&'static str>, Option<&'static str>, &'static str, &'static str);

/// All problems. The field is `name`.
#[rustfmt::skip]
const CASES: &[Case] = &[
    (Problem::NotUtf8 { byte: 0xfc, position: 2 }, REJECTED, None, "byte 2 of the record, FC, is not UTF-8", ""),
    (Problem::ExtraCells { cells: 3, expected: 2 }, REJECTED, None, "3 cells, but the header has 2", ""),
    (Problem::MissingCells { cells: 1, expected: 2 }, REJECTED, None, "1 of 2 cells", ""),
    (Problem::MovedCells { header: "_reject_run" }, REJECTED, None,
        "_reject_run holds a value that no report writes there: a cell is missing, or there is one too many", ""),
    (Problem::SeveralRecords, REJECTED, None, "_reject_raw holds more than one record", ""),
    (Problem::TextAfterQuote { column: 2 }, REJECTED, None, "in column 2, text follows the closing quote", ""),
    (Problem::OpenQuote { column: Some(2) }, REJECTED, None, "the quote that opens in column 2 is never closed", ""),
    (Problem::OpenQuote { column: None }, REJECTED, None, "a quote opens on this line and is never closed", ""),
    (Problem::RecordTooLarge { limit: 99 }, REJECTED, None, "the record is longer than 99 bytes (--max-record-bytes)", ""),
    (Problem::CutOff, REJECTED, None,
        "the report holds only the first 64 KiB of this record; correct it in the original file", ""),
    (Problem::InvalidJson { reason: "trailing comma at character 5" }, REJECTED, None,
        "the line is not JSON: trailing comma at character 5", ""),
    (Problem::HalfCharacter { key: "a\nb" }, REJECTED, None,
        "the line is not JSON: the value of \"a\\nb\" has an unpaired surrogate", ""),
    (Problem::NotAnObject { found: JsonKind::Array }, REJECTED, None, "the record is an array, but must be an object", ""),
    (Problem::RepeatedKey { key: "email" }, REJECTED, None, "the object has the key \"email\" twice", ""),
    (Problem::RepeatedHeader { line: 1, is_reordered: false }, REJECTED, None, "the record is the header of line 1 again", ""),
    (Problem::RepeatedHeader { line: 1, is_reordered: true }, REJECTED, None,
        "the record is the header of line 1 again, in another order; what follows is read in the order of line 1", ""),
    (Problem::OtherHeader, REJECTED, None,
        "the record is the header of another report; move what follows into a file of its own", ""),
    (Problem::Unreadable { code: Code::MissingCell, why: Unreadable::NoDialect }, REJECTED, None,
        "_reject_dialect is missing or damaged, so _reject_raw cannot be split into cells; fill in the cells of the row instead", ""),
    (Problem::Missing { only_if_new: false }, REJECTED, None, "name is required but has no value", ""),
    (Problem::Missing { only_if_new: true }, REJECTED, None, "name is required for a new customer but has no value", ""),
    (Problem::TooShort { length: 1, limit: 3 }, CLEARED, None, "name has 1 character, but needs at least 3",
        "Write at least 3 characters; --on-invalid name=clear loads the record without it."),
    (Problem::TooLong { length: 41, limit: 40, kind: TextKind::Other }, REJECTED, None,
        "name has 41 characters, but may have at most 40", "Shorten it to 40 characters."),
    (Problem::TooLong { length: 41, limit: 40, kind: TextKind::Email }, REJECTED, None,
        "name has 41 characters, but may have at most 40", "Only a shorter address fits."),
    (Problem::TooLong { length: 41, limit: 40, kind: TextKind::Phone }, CLEARED, None,
        "name has 41 characters, but may have at most 40",
        "Check whether it is one number; --on-invalid name=clear loads the record without it."),
    (Problem::Characters { found: '\'', allowed: Characters::LettersSpaces, country: None }, RELAXED, Some("OBrien"),
        "name holds \"'\" (U+0027), but may hold only letters and spaces",
        "OBrien would be accepted; --relax name accepts the value as it is."),
    (Problem::Characters { found: '1', allowed: Characters::Letters, country: None }, REJECTED, None,
        "name holds \"1\" (U+0031), but may hold only letters", "Write it without that character."),
    (Problem::Characters { found: '1', allowed: Characters::Letters, country: Some("X1") }, REJECTED, None,
        "name is \"X1\", which is not a known country; it holds \"1\" (U+0031), but may hold only letters",
        "Write the country's English name or its ISO 3166 code."),
    (Problem::ControlCharacter { character: '\u{92}', position: Some(2) }, REJECTED, Some("O’Brien"),
        "name holds the control character U+0092 at character 2",
        "U+0092 is ’ in windows-1252, so the file was converted wrongly; O’Brien would be accepted."),
    (Problem::ControlCharacter { character: '\0', position: None }, REJECTED, None,
        "name holds the control character U+0000 in one of its items", ""),
    (Problem::Email(EmailFault::NoDomain), REJECTED, None, "name is not an e-mail address: it has nothing after the @", ""),
    (Problem::PhoneCharacter { found: '\u{ad}' }, RELAXED, None, "name is not a phone number: it has '\\u{ad}' in it",
        "Empty the cell, or write the number; --relax name accepts the value as it is."),
    (Problem::PhoneWithoutDigits, REJECTED, None, "name is not a phone number: it has no digits",
        "Empty the cell, or write the number."),
    (Problem::SpreadsheetNumber { json: None }, REJECTED, None,
        "name is a number that a spreadsheet has rewritten; digits may be lost", ""),
    (Problem::SpreadsheetNumber { json: Some("1.5") }, REJECTED, None,
        "name is the JSON number 1.5, with decimals or an exponent; digits may be lost", ""),
    (Problem::NotAnInteger { found: "x" }, REJECTED, None, "name is \"x\", but must be a whole number", ""),
    (Problem::OutOfRange { found: "0", range: Range::AtLeast("1") }, REJECTED, None,
        "name is \"0\", but must be at least 1", ""),
    (Problem::OutOfRange { found: "9", range: Range::AtMost("8") }, REJECTED, None, "name is \"9\", but may be at most 8", ""),
    (Problem::OutOfRange { found: "9", range: Range::NotBefore("2000-01-01") }, REJECTED, None,
        "name is \"9\", but must not be before 2000-01-01", ""),
    (Problem::OutOfRange { found: "9", range: Range::NotAfter("2000-01-01") }, REJECTED, None,
        "name is \"9\", but must not be after 2000-01-01", ""),
    (Problem::OutOfRange { found: "9", range: Range::Digits(15) }, REJECTED, None, "name is \"9\", which has more than 15 digits", ""),
    (Problem::NotADecimal { found: "x", fault: DecimalFault::Form { point: '.' } }, REJECTED, None, "name is \"x\", but must be a number", ""),
    (Problem::NotADecimal { found: "1.5", fault: DecimalFault::Form { point: ',' } }, REJECTED, None,
        "name is \"1.5\", but must be a number, with \",\" before the decimals", ""),
    (Problem::NotADecimal { found: "1.5", fault: DecimalFault::Group { group: '.', point: ',' } }, REJECTED, None,
        "name is \"1.5\", but \".\" stands between groups of three digits, and \",\" before the decimals", ""),
    (Problem::NotADecimal { found: "1.234", fault: DecimalFault::Scale(2) }, CLEARED, None,
        "name is \"1.234\", but may have at most 2 decimals",
        "Write the number alone, without a currency or words; --on-invalid name=clear loads the record without it."),
    (Problem::NotADate { found: "x", fault: DateFault::Form { formats: "" } }, REJECTED, None,
        "name is \"x\", which is no date in the form YYYY-MM-DD", ""),
    (Problem::NotADate { found: "x", fault: DateFault::Form { formats: "%d.%m.%Y or %Y" } }, REJECTED, None,
        "name is \"x\", which is no date in the form %d.%m.%Y or %Y", ""),
    (Problem::NotADate { found: "x", fault: DateFault::Two { one: "2000-01-02", other: "2000-02-01" } }, REJECTED, None,
        "name is \"x\", which can be 2000-01-02 or 2000-02-01", ""),
    (Problem::NotADate { found: "x", fault: DateFault::NoSuchTime { zone: "Europe/Berlin" } }, REJECTED, None,
        "name is \"x\", a time that Europe/Berlin does not have: the clocks were set forward", ""),
    (Problem::NotADate { found: "x", fault: DateFault::Twice { zone: "Europe/Berlin" } }, REJECTED, None,
        "name is \"x\", a time that Europe/Berlin has twice: the clocks were set back", ""),
    (Problem::NotAUrl { found: "x" }, REJECTED, None, "name is \"x\", but must be a web address", ""),
    (Problem::Pattern { found: "x", message: None, pattern: "K+" }, REJECTED, None, "name is \"x\", which does not match K+", ""),
    (Problem::Pattern { found: "x", message: Some("it begins with K"), pattern: "K+" }, REJECTED, None,
        "name: it begins with K", ""),
    (Problem::NotListed { found: "x", listed: "a\nb" }, REJECTED, None,
        "name is \"x\", which is not in the list of values: a, b", ""),
    (Problem::OutOfRange { found: "9", range: Range::Bits }, REJECTED, None, "name is \"9\", which does not fit into 64 bits", ""),
    (Problem::NotAChoice { found: "Fax", choices: "email\nprint" }, Handling::Kept { judged: None }, None,
        "name is \"Fax\", but must be one of: email, print", "Stored as it is."),
    (Problem::NotAFlag { found: "x" }, Handling::Default("1"), None, "name is \"x\", but must be yes or no",
        "Stored as 1, the default."),
    (Problem::NotAList, Handling::Cleared, None, "name is not a list: it begins with [ but is not a JSON array", "Stored as missing."),
    (Problem::ListItem { found: JsonKind::Array }, REJECTED, None, "name is not a list: it holds another array", ""),
    (Problem::WrongType { found: JsonKind::Number, wanted: Wanted::Text }, Handling::ClearedIfNew, None,
        "name is a number with decimals or an exponent in JSON, but must be a string",
        "Stored as missing for a new customer; an existing one keeps its value."),
    (Problem::Nested { found: JsonKind::Object }, REJECTED, None, "name is an object in JSON, but must be a single value", ""),
    (Problem::CellError { error: "#N/A" }, REJECTED, None,
        "name is \"#N/A\", the error of a spreadsheet that could not calculate it", ""),
    (Problem::TooNarrow { shown: "####" }, REJECTED, None,
        "name is \"####\": the column was too narrow when the file was exported", ""),
    (Problem::NotCalculated, REJECTED, None,
        "name is a formula without a stored result; open the file in a spreadsheet program, save it there, and load it again", ""),
    (Problem::DuplicateOfCustomer { customer: 7, name: None, origin: None }, REJECTED, None,
        "customer 7 in the database has the same name", ""),
    (Problem::DuplicateOfCustomer { customer: 7, name: Some("Ann"), origin: None }, REJECTED, None,
        "customer 7 (Ann) has the same name", ""),
    (Problem::DuplicateOfCustomer { customer: 7, name: None, origin: Some((2, "a.csv")) }, REJECTED, None,
        "customer 7 (record 2 of a.csv) has the same name", ""),
    (Problem::DuplicateOfCustomer { customer: 7, name: Some("Ann"), origin: Some((2, "a.csv")) }, REJECTED, None,
        "customer 7 (Ann, record 2 of a.csv) has the same name", ""),
    (Problem::DuplicateOfRecord { record: 1, line: 2, path: "a.csv" }, REJECTED, None,
        "record 1 (line 2) of a.csv has the same name", ""),
    (Problem::ValueOfCustomer { customer: Some(7), name: None, origin: None }, REJECTED, None,
        "customer 7 in the database has the same name", ""),
    (Problem::ValueOfCustomer { customer: None, name: Some("Ann"), origin: Some((2, "a.csv")) }, REJECTED, None,
        "a new customer (Ann, record 2 of a.csv) has the same name", ""),
    (Problem::ValueOfRecord { record: 1, line: 2, path: "a.csv" }, REJECTED, None,
        "record 1 (line 2) of a.csv has the same name", ""),
    (Problem::NoSuchKey, REJECTED, None, "no customer in the database has this name", ""),
    (Problem::AmbiguousKey { customers: [3, 9] }, REJECTED, None, "customers 3 and 9 in the database have this name", ""),
    (Problem::NoKey, REJECTED, None, "there is no name to find a customer by", ""),
    (Problem::CheckFailed { check: "reachable", rule: "email != null", message: Some("no e-mail") }, REJECTED, None, "no e-mail", ""),
    (Problem::CheckFailed { check: "reachable", rule: "email != null", message: None }, REJECTED, None,
        "check reachable: email != null", ""),
    (Problem::CheckOpen { check: "ratio", fault: RuleFault::DivisionByZero }, REJECTED, None,
        "check ratio cannot be decided: it divides by zero", ""),
    (Problem::CheckOpen { check: "ratio", fault: RuleFault::Overflow }, REJECTED, None,
        "check ratio cannot be decided: a whole number does not fit into 64 bits", ""),
    (Problem::CheckOpen { check: "ratio", fault: RuleFault::NoSuchItem }, REJECTED, None,
        "check ratio cannot be decided: a list has no item of that number", ""),
    (Problem::CheckOpen { check: "ratio", fault: RuleFault::NotANumber }, REJECTED, None,
        "check ratio cannot be decided: a text is no number, or a number is too large", ""),
    (Problem::CheckOpen { check: "ratio", fault: RuleFault::LongList { most: 1000 } }, REJECTED, None,
        "check ratio cannot be decided: a list has more than 1000 items", ""),
    (Problem::CheckOpen { check: "ratio", fault: RuleFault::TooMuch { most_mib: 16 } }, REJECTED, None,
        "check ratio cannot be decided: its texts and lists are too long: it would read more than 16 MiB of them", ""),
    (Problem::CheckOpen { check: "ratio", fault: RuleFault::Types }, REJECTED, None,
        "check ratio cannot be decided: an item of a list is not of the type that the rule expects", ""),
    (Problem::NoSuchParent { parent: "C-1", referenced: Some("code") }, REJECTED, None,
        "name is \"C-1\", and no record and no customer has this code", ""),
    (Problem::NoSuchParent { parent: "7", referenced: None }, REJECTED, None,
        "name is 7, and no customer in the database has this ID", ""),
    (Problem::ParentMeansNothing { parent: "none" }, REJECTED, None,
        "name is \"none\", which stands for no value, so it names no parent",
        "Correct the value, or empty the cell if there is no parent."),
    (Problem::ParentRejected { parent: "C-1", referenced: "code" }, REJECTED, None,
        "name is \"C-1\", and the record with this code was rejected", ""),
    (Problem::ParentCycle { parent: "C-1", circle: "", records: 1 }, REJECTED, None,
        "name is \"C-1\", which is the record itself", ""),
    (Problem::ParentCycle { parent: "C-1", circle: "", records: 2 }, REJECTED, None,
        "the parents from \"C-1\" on lead back to the record, in a circle of 2 records", ""),
    (Problem::ParentCycle { parent: "C-1", circle: "C-2\nC-1", records: 2 }, CLEARED, None,
        "the parents lead back to the record: \"C-2\" → \"C-1\" → \"C-2\"",
        "Correct the parent of one of them, or empty that cell, and load them together; --on-invalid name=clear loads the record without it."),
    (Problem::ParentCycle { parent: "C-1", circle: "C-2\nC-1", records: 9 }, REJECTED, None,
        "the parents lead back to the record: \"C-2\" → \"C-1\" → … (9 records)", ""),
    (Problem::UnknownCountry { found: "Untied States" }, Handling::Noted, None,
        "name is \"Untied States\", which is not a country in ISO 3166", ""),
    (Problem::NullWord { found: "n/a" }, Handling::Noted, None, "name is \"n/a\", which is treated as a missing value", ""),
];

#[test]
fn findings_say_what_is_wrong_and_how_to_correct_it() {
    for (problem, handling, suggestion, says, advises) in CASES {
        let finding = finding(*problem, *handling, *suggestion);
        assert_eq!(message(&finding, "name").to_string(), *says);
        let advises = if advises.is_empty() { finding.code().info().hint } else { advises };
        assert_eq!(hint(&finding, "name").to_string(), advises, "{says}");
    }
}

#[test]
fn every_code_has_words() {
    let said: BTreeSet<Code> = CASES.iter().map(|(problem, ..)| problem.code()).collect();
    let all: BTreeSet<Code> = REGISTRY.iter().map(|info| info.code).collect();
    assert_eq!(said, all);
}

#[test]
fn the_option_that_loads_the_record_follows_the_advice() {
    let of = |handling| finding(Problem::NotAFlag { found: "x" }, handling, None);
    assert_eq!(hint(&of(RELAXED), "name").to_string(), "Write yes or no; --relax name accepts the value as it is.");
    let expected = "Write yes or no; --on-invalid name=clear loads the record without it.";
    assert_eq!(hint(&of(CLEARED), "name").to_string(), expected);
    let kept = of(Handling::Kept { judged: Some("y\t") });
    assert_eq!(message(&kept, "name").to_string(), "name is \"x\", but must be yes or no (judged as \"y\\t\")");
    let phone = Finding { value: Some("12 ext."), ..finding(Problem::PhoneCharacter { found: 'e' }, REJECTED, None) };
    assert_eq!(hint(&phone, "name").to_string(), Code::InvalidPhone.info().hint);
}

#[test]
fn long_texts_are_cut_and_hidden_characters_shown() {
    let long = "é".repeat(NAMED);
    let longer = [&long, "\u{202e}x"].concat();
    assert_eq!(quoted(&long).to_string(), format!("\"{long}\""));
    assert_eq!(quoted(crate::core::finding::excerpt(&longer)).to_string(), format!("\"{long}…\""));
    assert_eq!(quoted("a\u{202e}b").to_string(), "\"a\\u{202e}b\"");
    assert!(names_cell_error(
        &message(&finding(Problem::CellError { error: "#N/A" }, REJECTED, None), "x").to_string(),
        "#N/A"
    ));
}
