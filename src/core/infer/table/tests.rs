//! Tables of values, and what is proposed for them.

use super::*;
use crate::core::infer::{FileKey, Source, page};

/// A table of one column with these cells, one a record from line 2 on.
fn proposed(header: &str, cells: &[&str]) -> Proposal {
    table(&[(header, cells)], false).propose()
}

fn table(columns: &[(&str, &[&str])], has_semicolons: bool) -> Table {
    let mut budget = Budget::new(columns.len(), 1);
    let records = columns.iter().map(|(_, cells)| cells.len()).max().unwrap_or_default() as u64;
    let column = |(index, (header, cells)): (usize, &(&str, &[&str]))| {
        let mut stats = ColumnStats::default();
        (2..).zip(cells.iter()).for_each(|(line, cell)| stats.add(cell, line, &[], &mut budget));
        TableColumn { header: (*header).to_string(), numbers: vec![index + 1], also: Vec::new(), stats }
    };
    let columns = columns.iter().enumerate().map(column).collect();
    Table { records, has_columns: true, columns, has_semicolons, this_year: 2026, null_tokens: Vec::new() }
}

/// The type of a field and its keys, in one line.
fn line(field: &Field) -> String {
    let keys = field.keys.iter().filter(|(key, _)| !matches!(*key, "type" | "label"));
    let keys = keys.map(|(key, value)| format!(" {key}={value}"));
    std::iter::once(field.kind.to_string()).chain(keys).collect()
}

#[test]
fn amounts_and_codes_are_no_phone_numbers() {
    let cells = |cell: fn(usize) -> String| (0..24).map(cell).collect::<Vec<_>>();
    for (header, cells, expected) in [
        ("saldo", cells(|number| format!("({number}.50)")), "text required=true max=10"),
        ("saldo", cells(|number| format!("{number}.50-")), "decimal required=true scale=2"),
        ("saldo", cells(|number| format!("{number}.50")), "decimal required=true scale=2"),
        ("Uhrzeit", cells(|number| format!("{number:02}.{number:02}")), "text required=true max=10"),
        ("Anteil", cells(|number| format!("0.{number:03}")), "decimal required=true scale=3"),
        ("Telefon", cells(|number| format!("(0{number}.50)")), "phone required=true max=10"),
        ("a", cells(|number| format!("(030) 12{number}")), "phone required=true max=20"),
    ] {
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        assert_eq!(line(&proposed(header, &cells).fields[0]), expected, "{header} {cells:?}");
    }
}

#[test]
fn years_of_two_digits_are_said_to_be_in_the_future() {
    for (years, expected) in [
        (40..100, "read as 1970 to 2069: 30 of 60 dates would lie after 2026. If those are of the last century"),
        (70..100, "read as 1970 to 2069: 0 of 30 dates would lie after 2026"),
    ] {
        let cells: Vec<String> = years.map(|year| format!("01.01.{year}")).collect();
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        let proposal = proposed("geburtsdatum", &cells);
        let field = &proposal.fields[0];
        assert_eq!(line(field), "date required=true formats=[\"%d.%m.%y\"]");
        assert!(field.notes.iter().any(|note| note.contains(expected)), "{:?}", field.notes);
    }
}

#[test]
fn values_decide_the_type() {
    let many = |cell: &'static str, count: usize| vec![cell; count];
    let numbers: Vec<String> = (10..70).map(|number| format!("1.2{number},50")).collect();
    let misspelt = numbers.iter().map(String::as_str).chain(["unlimited"]).collect();
    let mut wrong = Vec::new();
    for (header, cells, expected) in [
        ("a", vec!["x", "y", ""], "text max=10"),
        ("a", vec!["Ann", "Bob"], "text required=true max=10"),
        ("a", vec!["1", "2", "300"], "integer required=true"),
        ("a", vec!["-1", "2"], "integer required=true"),
        ("a", vec!["01", "2", "300"], "text required=true max=10"),
        ("a", vec!["1234567890123456"], "text required=true max=20"),
        ("PLZ", vec!["12345", "1010"], "postal-code required=true max=10"),
        ("a", vec!["12345", "1010"], "integer required=true"),
        ("Phone", vec!["030 1234", "+49 30 1234"], "phone required=true max=20"),
        ("a", vec!["ann@example.com", "b@example.org", ""], "email max=254"),
        ("a", vec!["yes", "no", "no"], "flag required=true"),
        ("a", vec!["1", "0", "1"], "flag required=true"),
        ("a", vec!["1", "1", "1"], "integer required=true"),
        ("a", vec!["true"], "flag required=true"),
        ("a", vec!["https://example.com", "http://a.example/b?c"], "url required=true max=50"),
        ("Country", vec!["DE", "FR", "Atlantis"], "country required=true"),
        ("Language", vec!["de", "fr"], "text required=true max=10"),
        ("a", vec!["2024-01-31", "1999-12-01"], "date required=true"),
        ("a", vec!["2024-1-31", "1999-12-1"], "date required=true formats=[\"%Y-%m-%d\"]"),
        ("a", vec!["31.01.2024", "01.02.2024"], "date required=true formats=[\"%d.%m.%Y\"]"),
        ("a", vec!["31.01.2024", "2024-02-01"], "date required=true formats=[\"%Y-%m-%d\", \"%d.%m.%Y\"]"),
        ("a", vec!["31/01/2024", "01/02/2024"], "date required=true formats=[\"%d/%m/%Y\"]"),
        ("a", vec!["01/31/2024", "01/02/2024"], "date required=true formats=[\"%m/%d/%Y\"]"),
        ("a", vec!["01/31/2024", "31/01/2024"], "text required=true max=20"),
        ("a", vec!["2024-01-31T12:00:00Z"], "timestamp required=true"),
        ("a", vec!["31.01.2024 12:00"], "timestamp required=true formats=[\"%d.%m.%Y %H:%M\"]"),
        ("Date", vec!["20240131", "20240201"], "date required=true formats=[\"%Y%m%d\"]"),
        ("a", vec!["20240131", "20240201"], "integer required=true"),
        ("a", vec!["1.5", "2.25", "3"], "decimal required=true scale=2"),
        ("a", vec!["1,5", "2,25"], "decimal required=true decimal=\",\" scale=2"),
        ("a", vec!["1.234,50", "1,5"], "decimal required=true decimal=\",\" group=\".\" scale=2"),
        ("a", vec!["1,234.50", "1.5"], "decimal required=true group=\",\" scale=2"),
        ("a", vec!["1234567890.12345678"], "decimal required=true scale=8 store=\"text\""),
        ("a", misspelt, "decimal required=true decimal=\",\" group=\".\" scale=2"),
        ("a", vec!["1.5", "x"], "text required=true max=10"),
        ("a", many("GOLD", 12), "choice required=true choices=[\"GOLD\"]"),
        ("a", many("GOLD", 11), "text required=true max=10"),
        ("a", [many("01", 8), many("02", 8)].concat(), "choice required=true choices=[\"01\", \"02\"]"),
        ("a", vec!["", "", ""], "text"),
        ("a", vec!["12", "n/a", "7"], "integer"),
        ("a", vec!["12", "unknown", "7"], "integer"),
        ("a", vec!["Ann", "Null", "none"], "text required=true max=10"),
        ("a", vec!["\\N", "x"], "text max=10"),
        ("a", vec!["=\"00042\""], "text required=true max=10"),
    ] {
        let found = line(&proposed(header, &cells).fields[0]);
        wrong.extend((found != expected).then(|| format!("{header} {cells:?}: {found}, not {expected}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_cannot_be_told_apart_is_named() {
    let ambiguous = ["01/02/2024", "03/04/2024"];
    let field = |has_semicolons: bool, more: &[(&str, &[&str])]| {
        let columns = [&[("a", &ambiguous[..])], more].concat();
        table(&columns, has_semicolons).propose().fields.remove(0)
    };
    for (semicolons, more, formats) in [
        (false, vec![], "[\"%d/%m/%Y\"]"),
        (false, vec![("b", &["1.5"][..])], "[\"%m/%d/%Y\"]"),
        (true, vec![], "[\"%d/%m/%Y\"]"),
        (true, vec![("b", &["12/31/2024"][..])], "[\"%m/%d/%Y\"]"),
    ] {
        let field = field(semicolons, &more);
        assert_eq!(field.keys.last().map(|(_, value)| value.as_str()), Some(formats), "{more:?}");
        let note = "day and month cannot be told apart: every value fits %";
        assert!(field.sure == Sure::Guess && field.notes.iter().any(|found| found.starts_with(note)), "{field:?}");
    }
    for (semicolons, keys) in [(false, " scale=3"), (true, " decimal=\",\" group=\".\" scale=0")] {
        let columns: [(&str, &[&str]); 1] = [("a", &["1.234", "5.678"])];
        let field = table(&columns, semicolons).propose().fields.remove(0);
        assert_eq!(line(&field), format!("decimal required=true{keys}"));
        assert!(field.sure == Sure::Guess && field.notes.iter().any(|note| note.contains("read in two ways")));
    }
}

#[test]
fn words_for_nothing_become_tokens() {
    let tokens = |columns: &[(&str, &[&str])]| -> Vec<String> {
        table(columns, false).propose().null_tokens.into_iter().map(|(token, _)| token).collect()
    };
    for (columns, expected) in [
        (vec![("a", &["x", "k.A.", "-", "NULL"][..])], vec!["-", "NULL", "k.A."]),
        // As a name.
        (vec![("a", &["Null", "Ann"][..])], vec![]),
        // Beside numbers it is no word.
        (vec![("a", &["None", "Ann"][..]), ("b", &["None", "7"][..])], vec!["None"]),
        (vec![("country", &["NA", "DE"][..]), ("b", &["NA", "7"][..])], vec![]),
    ] {
        assert_eq!(tokens(&columns), expected, "{columns:?}");
    }
}

#[test]
fn the_best_column_is_the_key() {
    let names: [&str; 4] = ["Ann", "Bob", "Cid", "Dan"];
    let numbers: [&str; 4] = ["4", "3", "2", "1"];
    let gaps: [&str; 4] = ["a", "b", "", "d"];
    let twice: [&str; 4] = ["a", "b", "A", "d"];
    let rewritten: [&str; 4] = ["1.5E+9", "b", "c", "d"];
    let texts: [&str; 4] = ["a b", "c d", "e f", "g h"];
    let amounts: [&str; 4] = ["1.5", "2.5", "3.5", "4.5"];
    let days: [&str; 4] = ["2024-01-31", "2024-01-30", "2024-01-29", "2024-01-28"];
    for (columns, key) in [
        (vec![("Name", &names[..]), ("Code", &numbers[..])], vec!["code"]),
        (vec![("Name", &names[..]), ("Code", &gaps[..])], vec![]),
        (vec![("Firmenname", &names[..]), ("Kürzel", &names[..])], vec!["kuerzel"]),
        (vec![("Ort", &names[..]), ("Umsatz", &numbers[..])], vec![]),
        (vec![("Anlass", &texts[..]), ("a", &amounts[..]), ("b", &days[..])], vec![]),
        (vec![("Nr", &texts[..])], vec!["nr"]),
        (vec![("Code", &twice[..]), ("Id", &gaps[..])], vec![]),
        (vec![("Id", &rewritten[..])], vec![]),
        // Two columns with one header fill one field.
        (vec![("Id", &numbers[..]), ("ID", &names[..])], vec![]),
    ] {
        let proposal = table(&columns, false).propose();
        assert_eq!(proposal.key, key, "{columns:?}");
        assert!(!proposal.key_notes.is_empty());
    }
}

#[test]
fn a_column_that_is_named_as_a_key_is_named_first() {
    let codes: Vec<String> = (0..20).map(|code| format!("K{}", code.min(18))).collect();
    let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
    let mut names: Vec<String> = (0..20).map(|name| format!("Ann {name}")).collect();
    names[3] = String::new();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let proposal = table(&[("Name", &names[..]), ("Kd.-Nr.", &codes[..])], false).propose();
    let near = "Nearly a key: kd_nr (1 record repeats the value of an earlier one, on line 21).";
    assert!(proposal.key.is_empty() && proposal.key_notes[1] == near, "{:?}", proposal.key_notes);
    assert!(proposal.key_notes[2].starts_with("Without a key, a customer that is there twice"));
}

#[test]
fn a_number_that_is_nearly_never_repeated_is_the_key() {
    let codes = |repeated: usize| -> Vec<String> {
        (0..300).map(|row: usize| if row < repeated { "K299".to_string() } else { format!("K{row}") }).collect()
    };
    let names: Vec<String> = (0..300).map(|row| format!("Ann {row}")).collect();
    let emails: Vec<String> = (0..300).map(|row| format!("ann{row}@example.com")).collect();
    let gaps: Vec<String> =
        (0..300).map(|row| if row == 7 { String::new() } else { format!("K{}", row.min(298)) }).collect();
    for (code, other, key, note) in [
        (&codes(0), &names, "kundennummer", "kundennummer: filled in all 300 records, and no value is repeated."),
        (
            &codes(1),
            &names,
            "kundennummer",
            "kundennummer: filled in all 300 records, and nearly a key: 1 record repeats the value of an earlier one, on line \
             301; rejected as duplicate-key.",
        ),
        (
            &codes(6),
            &emails,
            "kundennummer",
            "kundennummer: filled in all 300 records, and nearly a key: 6 records repeat the value of an earlier one, the \
             first on line 3; rejected as duplicate-key.",
        ),
        (&codes(7), &emails, "e", "e: filled in all 300 records, and no value is repeated."),
        (&gaps, &emails, "e", "e: filled in all 300 records, and no value is repeated."),
    ] {
        let [code, other] = [code, other].map(|cells| cells.iter().map(String::as_str).collect::<Vec<_>>());
        let proposal = table(&[("E", &other), ("Kundennummer", &code)], false).propose();
        assert_eq!((&proposal.key[..], &*proposal.key_notes[0]), (&[key.to_string()][..], note));
        assert!(!proposal.fields[1].perhaps.contains(&"unique = true".to_string()));
    }
}

#[test]
fn parents_of_another_system_are_none_of_this_database() {
    for before in ["", "K"] {
        let ids: Vec<String> = (1..=16).map(|row| format!("{before}{row}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let above = ["", ids[0], ids[0], ids[0]].repeat(4);
        let proposal = table(&[("customer_id", &ids), ("parent_customer_id", &above)], false).propose();
        let field = &proposal.fields[1];
        assert_eq!(
            (&*field.name, &proposal.key[..]),
            ("source_parent_customer_id", &["source_customer_id".to_string()][..])
        );
        assert!(field.notes.iter().any(|note| note.starts_with("IDs of the system that the file is from")));
        let reference = "references = \"source_customer_id\"  # all of its values are keys: a parent?";
        assert_eq!(field.perhaps, [reference], "{field:?}");
    }
}

#[test]
fn a_type_that_nearly_all_values_fit_is_a_comment() {
    let mut days: Vec<String> = (10..28).map(|day| format!("{day}.01.2024")).collect();
    days.extend(["31.02.2024", "00.00.0000", "1.5.2020", "2.5.2020"].map(String::from));
    let cells: Vec<&str> = days.iter().map(String::as_str).collect();
    // Zeros are no date, and no mistake either.
    let proposal = proposed("Geburtsdatum", &cells);
    assert_eq!(proposal.null_tokens.len(), 1);
    let field = &proposal.fields[0];
    assert_eq!((line(field).as_str(), field.sure), ("text max=20", Sure::Guess));
    assert_eq!(field.perhaps[..2], ["type = \"date\"", "formats = [\"%d.%m.%Y\"]"]);
    let note = "date: 95.2 % of the values fit; 1 value does not, such as \"31.02.2024\" on line 20. If";
    assert!(field.notes.iter().any(|found| found.starts_with(note)), "{:?}", field.notes);
    // A mistake in two is no mistake.
    let half: Vec<&str> = cells.iter().flat_map(|day| [*day, "Monday"]).collect();
    assert!(proposed("Geburtsdatum", &half).fields[0].perhaps.is_empty());
}

#[test]
fn amounts_and_days_with_a_word_among_them_are_no_choice() {
    let mixed = |many: [&'static str; 2], word: &'static str, words: usize, of: usize| -> Vec<&'static str> {
        (0..of).map(|row| if row < words { word } else { many[row % 2] }).collect()
    };
    for (cells, line_of_type, perhaps) in [
        (mixed(["500,00", "1000,00"], "unbegrenzt", 4, 300), "decimal required=true decimal=\",\" scale=2", None),
        (mixed(["14", "30"], "sofort", 6, 300), "integer required=true", None),
        (mixed(["2024-01-31", "2023-12-31"], "morgen", 5, 300), "date required=true", None),
        (mixed(["500,00", "1000,00"], "unbegrenzt", 30, 300), "text required=true max=20", Some("decimal")),
        (mixed(["14", "30"], "sofort", 7, 300), "text required=true max=10", Some("integer")),
        (mixed(["14", "30"], "sofort", 1, 12), "text required=true max=10", Some("integer")),
        (mixed(["2024-01-31", "2023-12-31"], "morgen", 20, 300), "text required=true max=20", Some("date")),
        // More words than a tenth are words.
        (mixed(["14", "30"], "sofort", 31, 300), "choice required=true choices=[\"30\", \"14\", \"sofort\"]", None),
        // Codes with zeros in front are none of these.
        (mixed(["01", "02"], "X", 4, 300), "choice required=true choices=[\"01\", \"02\", \"X\"]", None),
    ] {
        let field = &proposed("a", &cells).fields[0];
        let kind = perhaps.map(|kind| format!("type = \"{kind}\""));
        assert_eq!((line(field).as_str(), field.perhaps.first()), (line_of_type, kind.as_ref()), "{cells:?}");
    }
    let cells = mixed(["500,00", "1000,00"], "unbegrenzt", 4, 300);
    let notes = &proposed("a", &cells).fields[0].notes;
    let said = "decimal: 98.6 % of the values fit; likely. 4 values do not, such as \"unbegrenzt\" on line 2; rejected";
    assert!(notes.iter().any(|note| note == said), "{notes:?}");
}

#[test]
fn words_for_yes_and_no_may_be_a_flag() {
    for (words, values) in [
        (["Ja", "nein"], Some("values = { Ja = \"yes\", nein = \"no\" }")),
        (["N", "J"], Some("values = { J = \"yes\", N = \"no\" }")),
        (["NÃO", "sim"], Some("values = { sim = \"yes\", \"NÃO\" = \"no\" }")),
        (["ja", "non"], None),
        (["GOLD", "nein"], None),
    ] {
        let field = &proposed("a", &words.repeat(10)).fields[0];
        assert_eq!((field.kind, field.perhaps.get(1).map(String::as_str)), ("choice", values), "{words:?}");
    }
}

#[test]
fn a_customer_number_is_no_phone() {
    let cells: Vec<String> = (100..120).map(|number| format!("00{number}")).collect();
    let dialled: Vec<String> = (100..120).map(|number| format!("+49 30 {number}")).collect();
    for (header, cells, kind) in [
        ("Nummer", &cells, "text"),
        ("a", &cells, "text"),
        ("Telefonnummer", &cells, "phone"),
        ("a", &dialled, "phone"),
        ("Nummer", &dialled, "phone"),
    ] {
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        assert_eq!(proposed(header, &cells).fields[0].kind, kind, "{header} {cells:?}");
    }
    let mixed: Vec<&str> = cells.iter().chain(&dialled).chain(&dialled).map(String::as_str).collect();
    assert_eq!(proposed("Kunden-Nr.", &mixed).fields[0].kind, "text");
}

#[test]
fn the_most_frequent_spelling_is_the_choice() {
    let cells = ["Gold", "GOLD", "silver", "GOLD"].repeat(6);
    let field = &proposed("a", &cells).fields[0];
    assert_eq!(line(field), "choice required=true choices=[\"GOLD\", \"silver\"]");
}

#[test]
fn a_column_of_keys_may_name_parents() {
    let codes: Vec<String> = (1..=40).map(|number| format!("K{number}")).collect();
    let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
    let above: Vec<&str> = (0..40).map(|index: usize| if index == 0 { "" } else { codes[(index - 1) / 3] }).collect();
    let some: Vec<&str> = (0..40).map(|index| codes[index / 5]).collect();
    let names: Vec<&str> = (0..40).map(|index| ["Ann", "Bob"][index % 2]).collect();
    let columns: [(&str, &[&str]); 4] = [("Code", &codes), ("Parent code", &above), ("Group", &some), ("Name", &names)];
    let fields = table(&columns, false).propose().fields;
    let proposes: Vec<bool> =
        fields.iter().map(|field| field.perhaps.iter().any(|line| line.starts_with("references = \"code\""))).collect();
    // A choice is stored otherwise than a text.
    assert_eq!((proposes, fields[2].kind), (vec![false, true, false, false], "choice"));
}

#[test]
fn columns_with_one_header_are_named() {
    let columns: [(&str, &[&str]); 2] = [("E-Mail", &["ann@example.com"]), ("EMAIL", &["bob@example.com"])];
    let proposal = table(&columns, false).propose();
    let notes = &proposal.fields[0].notes;
    assert_eq!((proposal.fields.len(), &*notes[0]), (1, "columns 1, 2 \"E-Mail\", \"EMAIL\""));
    assert!(notes.iter().any(|note| note.starts_with("these are one header")), "{notes:?}");
}

#[test]
fn a_column_without_examples_names_none() {
    for cells in [&["#N/A"][..], &["a\u{1}"]] {
        let proposal = proposed("a", cells);
        assert!(!proposal.fields[0].notes.iter().any(|note| note.contains("for example")), "{proposal:?}");
    }
    let proposal = proposed("Reject codes", &["a"]);
    assert!(proposal.fields[0].impossible.is_some(), "{proposal:?}");
    let proposal = proposed("Code", &["a"]);
    assert_eq!(proposal.key_notes, ["code: filled in the only record, and no value is repeated."]);
}

#[test]
fn choices_that_are_seldom_are_named() {
    let mut cells = [["GOLD"; 60], ["SILVER"; 60]].concat();
    assert_eq!(proposed("Tier", &cells).fields[0].sure, Sure::Certain);
    cells.push("SLIVER");
    let field = &proposed("Tier", &cells).fields[0];
    assert_eq!(field.sure, Sure::Likely);
    assert!(
        field.notes.iter().any(|note| note.starts_with("seldom, perhaps misspelt: \"SLIVER\". ")),
        "{:?}",
        field.notes
    );
}

#[test]
fn a_column_without_a_name_is_a_comment() {
    let columns: [(&str, &[&str]); 3] = [("", &["x"]), ("#", &["y"]), ("Größe", &["z"])];
    let proposal = table(&columns, false).propose();
    let names: Vec<&str> = proposal.fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["column_1", "column_2", "groesse"]);
    let impossible: Vec<bool> = proposal.fields.iter().map(|field| field.impossible.is_some()).collect();
    assert_eq!(impossible, [true, true, false]);
    assert_eq!(proposal.fields[2].keys[0], ("label", "\"Größe\"".to_string()));
}

mod loading {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::core::judge::RecordJudge;
    use crate::core::judge::plan::FieldOptions;
    use crate::core::profile::Profile;
    use crate::core::text::key::{KeyComparison, fold};
    use crate::core::types::FieldType;

    /// Values of one kind, as a file may write them.
    fn kind() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "[A-Z][a-z]{2,8}",
            "[A-Z][a-z]{2,8} [A-Z][a-z]{2,8}",
            "[1-9][0-9]{0,6}",
            "0[0-9]{4}",
            "[a-z]{3,8}@[a-z]{3,8}\\.(com|de)",
            "\\+49 [0-9]{3} [0-9]{5,7}",
            "(yes|no)",
            "[01]",
            "(GOLD|SILVER|gold)",
            "(DE|AT|Germany|Österreich)",
            "[1-9][0-9]{0,2}\\.[0-9]{2}",
            "[1-9][0-9]{0,2}(\\.[0-9]{3}){0,2},[0-9]{2}",
            "[1-9][0-9]{0,2}\\.[0-9]{3}",
            "(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|2[0-8])",
            "(0[1-9]|[12][0-9]|3[01])\\.(0[1-9]|1[0-2])\\.(19|20)[0-9]{2}",
            "(0[1-9]|1[0-9])/(0[1-9]|1[0-2])/(19|20)[0-9]{2}",
            "(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|2[0-8])T(0[0-9]|1[0-9]):[0-5][0-9]:[0-5][0-9]Z",
            "(0[1-9]|2[0-8])\\.(0[1-9]|1[0-2])\\.(19|20)[0-9]{2} (0[0-9]|1[0-9]):[0-5][0-9]",
            "https?://[a-z]{3,8}\\.(com|de)/[a-z]{0,5}",
            "'[0-9]{4}",
            "[ -~äöüß€]{0,12}",
        ])
    }

    /// What may stand between them.
    fn dirt() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "()",
            "( |\u{a0})",
            "(-|k\\.A\\.|NULL|n/a)",
            "(none|unknown|Null|NA)",
            "\\\\N",
            "[a-z]{3}",
            "#N/A",
            "\u{200b}",
        ])
    }

    fn column(rows: usize) -> impl Strategy<Value = Vec<String>> {
        (kind(), dirt(), 0..4usize, prop::bool::weighted(0.4)).prop_flat_map(move |(kind, dirt, often, is_dirty)| {
            let values = prop::string::string_regex(kind).unwrap();
            let dirt = prop::string::string_regex(dirt).unwrap();
            let cell = (values, dirt, 0..8usize)
                .prop_map(move |(value, dirt, chance)| if is_dirty && chance < often { dirt } else { value });
            prop::collection::vec(cell, rows)
        })
    }

    fn header() -> impl Strategy<Value = String> {
        prop::sample::select(vec![
            "Name",
            "E-Mail",
            "PLZ",
            "Phone",
            "Country",
            "Date",
            "ID",
            "Customer ID",
            "name 2",
            "Betrag (EUR)",
            "",
            "#",
            "名前",
            "Email",
            "created_at",
        ])
        .prop_map(str::to_string)
    }

    /// A table that a profile is made from. The profile must load, and accept every record but those that its comments
    /// name as odd.
    fn load(headers: &[String], columns: &[Vec<String>], has_semicolons: bool) -> Result<(), TestCaseError> {
        let cells: Vec<Vec<&str>> = columns.iter().map(|column| column.iter().map(String::as_str).collect()).collect();
        let named: Vec<(&str, &[&str])> =
            headers.iter().zip(&cells).map(|(header, cells)| (header.as_str(), cells.as_slice())).collect();
        let proposal = table(&named, has_semicolons).propose();
        let source = Source {
            name: "own".to_string(),
            input: "own.csv".to_string(),
            described: "CSV".to_string(),
            records: columns[0].len() as u64,
            notes: Vec::new(),
            next: "custload check own.csv".to_string(),
        };
        let file = [FileKey { key: "encoding", value: "\"utf-8\"".to_string(), note: String::new(), is_found: true }];
        let text = page(&source, &file, &proposal);
        toml::from_str::<toml::Table>(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let types: Vec<String> =
            FieldType::ALL.iter().map(|kind| serde_json::json!(kind).as_str().unwrap().to_string()).collect();
        let possible = proposal.fields.iter().filter(|field| field.impossible.is_none());
        if possible.clone().count() == 0 || !possible.clone().all(|field| types.iter().any(|kind| kind == field.kind)) {
            return Ok(());
        }
        let profile = Profile::parse("own.toml", &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let null_tokens = proposal.null_tokens.iter().map(|(token, _)| token.clone()).collect();
        let options = FieldOptions { null_tokens, ..FieldOptions::default() };
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let judge = RecordJudge::csv(Arc::new(profile), &options, &headers).unwrap();
        let mut keys = std::collections::HashSet::new();
        for row in 0..columns[0].len() {
            let quoted = |column: &Vec<String>| format!("\"{}\"", column[row].replace('"', "\"\""));
            let record: Vec<String> = columns.iter().map(quoted).collect();
            let judged = judge.judge(record.join(",").as_bytes());
            // A type with less than all of its values, and errors of formulas, are said in the comments.
            let is_odd = possible.clone().any(|field| {
                field.columns.iter().any(|column| columns[column - 1][row] == "#N/A")
                    || field.notes.iter().any(|note| note.contains("of the values fit"))
            });
            let is_blank = columns.iter().all(|column| column[row].trim().is_empty());
            prop_assert!(
                judged.row.is_some() || is_odd || is_blank,
                "{:?}\n{:?}\n{}",
                record,
                judged.findings.all(),
                text
            );
            // A key with repeated values says so.
            let is_nearly = proposal.key_notes.iter().any(|note| note.contains("nearly a key"));
            for name in proposal.key.iter().filter(|_| !is_nearly) {
                let column = proposal.fields.iter().find(|field| field.name == *name).unwrap().columns[0] - 1;
                let key = fold(&columns[column][row], KeyComparison::Text).map(std::borrow::Cow::into_owned);
                prop_assert!(key.is_none_or(|key| keys.insert(key)), "{}", text);
            }
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

        #[test]
        fn a_profile_loads_what_it_was_made_from(
            (headers, columns) in (1..5usize, 1..60usize).prop_flat_map(|(columns, rows)| {
                (prop::collection::vec(header(), columns), prop::collection::vec(column(rows), columns))
            }),
            has_semicolons in any::<bool>(),
        ) {
            load(&headers, &columns, has_semicolons)?;
        }
    }
}
