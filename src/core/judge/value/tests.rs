//! What is stored for a value of a field, and its findings: tables of cases.

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;

use super::super::options::FieldOptions;
use super::*;
use crate::core::finding::{Severity, english};
use crate::core::mode::{Empty, Mode};
use crate::core::profile::{Binding, Mapping, Profile};
use crate::core::row::{PlainRows, Value};

/// What is stored for a value of a field, and the codes of its faults, warnings in brackets: `0351 (null-word)`.
fn judged(plan: &Plan, column: &str, is_json: bool, raw: &str) -> String {
    let mut judge = Judge::new(plan);
    let origin = Origin { field: plan.profile.field_index(column).unwrap(), column: None, order: 0 };
    let stored = match if is_json { judge.json(origin, raw) } else { judge.text(origin, raw) } {
        Stored::Missing => "nothing".to_string(),
        Stored::Integer(number) => number.to_string(),
        Stored::Real(number) => number.to_string(),
        Stored::Text(text) => text.into_owned(),
    };
    let mut said = if judge.has_error() { Vec::new() } else { vec![stored] };
    said.extend(judge.findings.all().kinds().map(|(code, severity, _)| match severity {
        Severity::Error => code.name().to_string(),
        Severity::Warning => format!("({})", code.name()),
    }));
    said.join(" ")
}

/// A profile with what the built-in ones do not have.
fn own() -> Arc<Profile> {
    let text = r#"
        [fields.name]
        case = "upper"
        default = " no  name "
        [fields.code]
        pattern = "K[0-9]{2}"
        pattern_message = "it is K and two digits"
        case = "upper"
        [fields.tier]
        type = "choice"
        choices = ["GOLD", "SILVER"]
        values = { Silber = "SILVER", "*" = "reject" }
        [fields.status]
        values = { A = "active", I = "inactive", "*" = "reject" }
        [fields.birth_date]
        type = "date"
        formats = ["%d.%m.%Y", "%Y-%m-%d"]
        not_before = 1900-01-01
        not_after = "today"
        [fields.day]
        type = "date"
        [fields.since]
        type = "timestamp"
        time_zone = "Europe/Berlin"
        [fields.limit]
        type = "decimal"
        decimal = ","
        group = "."
        scale = 2
        at_least = 0
        on_invalid = "clear"
        [fields.price]
        type = "decimal"
        store = "minor"
        scale = 2
        at_most = 99.5
        [fields.stars]
        type = "integer"
        at_least = 1
        at_most = 5
        default = 3
        [fields.rate]
        type = "decimal"
        at_least = -1000000
        at_most = 99999.5
        [fields.exact]
        type = "decimal"
        store = "text"
        [fields.seen]
        type = "timestamp"
        [fields.delivery]
        type = "choice"
        choices = ["email", "print", "Straße"]
        [fields.amount]
        type = "decimal"
        decimal = ","
        at_least = -12.5
        [fields.agreed]
        type = "flag"
        [fields.tags]
        type = "list"
        pattern = '\["a".*'
        [fields.site]
        type = "url"
        [fields.visits]
        type = "integer"
        values = { "n/a" = 5, '#N/A' = 1 }
    "#;
    Arc::new(Profile::parse("own.toml", &text.replace("today", "2024-06-30")).unwrap())
}

#[test]
fn an_own_profile_has_all_types() {
    let plan = Plan::new(own(), &FieldOptions::default()).unwrap();
    for (column, raw, expected) in [
        ("name", "straße", "STRASSE"),
        ("name", "", "NO NAME"),
        ("code", "k12", "K12"),
        ("code", "K123", "pattern-mismatch"),
        ("code", "null", "pattern-mismatch"),
        ("visits", "n/a", "5"),
        ("visits", "N/A", "nothing (null-word)"),
        ("visits", "#N/A", "1"),
        ("tier", "Silber", "SILVER"),
        ("tier", "gold", "GOLD"),
        ("tier", "Bronze", "invalid-choice"),
        ("status", "A", "active"),
        ("status", "inactive", "inactive"),
        ("status", "X", "invalid-choice"),
        ("status", "", "nothing"),
        ("birth_date", "31.12.1999", "1999-12-31"),
        ("birth_date", "1999-12-31", "1999-12-31"),
        ("birth_date", "31.02.1999", "invalid-date"),
        ("birth_date", "31.12.1899", "out-of-range"),
        ("birth_date", "01.07.2024", "out-of-range"),
        ("birth_date", "n/a", "nothing (null-word)"),
        ("day", "2024-02-29 00:00:00", "2024-02-29"),
        ("day", "2024-02-29T10:00", "invalid-date"),
        ("since", "2024-01-05 12:00", "2024-01-05T11:00:00Z"),
        ("since", "2024-03-31 02:30", "invalid-date"),
        ("limit", "1.234,50", "1234.5"),
        ("limit", "unbegrenzt", "nothing (invalid-decimal)"),
        ("limit", "-1", "nothing (out-of-range)"),
        ("price", "12.5", "1250"),
        ("price", "99.51", "out-of-range"),
        ("rate", "99999.50", "99999.5"),
        ("rate", "99999.51", "out-of-range"),
        ("rate", "-1000000.000000000001", "out-of-range"),
        ("rate", "-0.0", "0"),
        ("rate", "007", "7"),
        ("exact", "001.50", "1.50"),
        ("exact", "-12345678901234567890.1", "-12345678901234567890.1"),
        ("seen", "2024-02-29T12:30:00Z", "2024-02-29T12:30:00Z"),
        ("seen", "2024-02-29T12:30:00.500+01:00", "2024-02-29T11:30:00.5Z"),
        ("seen", "2024-02-30T12:30:00Z", "invalid-date"),
        ("delivery", "STRASSE", "Straße"),
        ("amount", "1.234", "invalid-decimal"),
        ("tags", "a, b", "[\"a\",\"b\"]"),
        ("tags", "b", "pattern-mismatch"),
        ("stars", "5", "5"),
        ("stars", "6", "out-of-range"),
        ("stars", "", "3"),
        ("site", "HTTPS://Example.com/A", "https://example.com/A"),
        ("site", "example", "invalid-url"),
        ("day", "#N/A", "cell-error"),
    ] {
        assert_eq!(judged(&plan, column, false, raw), expected, "{column}: {raw}");
    }
    for (column, raw, expected) in [
        ("limit", "1234.5", "1234.5"),
        ("limit", "1234", "1234"),
        ("limit", "\"1.234,5\"", "1234.5"),
        ("price", "1e2", "wrong-type"),
        ("tags", "[\"a\"]", "[\"a\"]"),
        ("tags", "[\"b\"]", "pattern-mismatch"),
        ("day", "20240229", "invalid-date"),
        ("day", "true", "wrong-type"),
        ("site", "[1]", "nested-value"),
    ] {
        assert_eq!(judged(&plan, column, true, raw), expected, "{column}: {raw}");
    }
    let today = "[fields.day]\ntype = \"date\"\nnot_after = \"today\"\n";
    let today = Arc::new(Profile::parse("own.toml", today).unwrap());
    let error = Plan::new(Arc::clone(&today), &FieldOptions::default()).unwrap_err().to_string();
    assert!(error.contains("which day is today is unknown"), "{error}");
    let now = Some("2024-06-30T10:00:00Z".parse().unwrap());
    let plan = Plan::new(today, &FieldOptions { now, ..FieldOptions::default() }).unwrap();
    assert_eq!(judged(&plan, "day", false, "2024-06-30"), "2024-06-30");
    assert_eq!(judged(&plan, "day", false, "2024-07-01"), "out-of-range");
}

#[test]
fn a_replacement_that_a_run_cannot_store_is_refused_with_its_cause() {
    for (field, null_token, expected) in [
        (
            "type = \"date\"\nnot_after = \"today\"\nvalues = { x = \"2999-01-01\" }",
            "-",
            "fields.a.values: it breaks the field's own rules: a is \"2999-01-01\", but must not be after 2024-06-30",
        ),
        ("values = { x = \"y\" }", "y", "fields.a.values: \"y\" means that there is no value"),
    ] {
        let profile = Arc::new(Profile::parse("own.toml", &format!("[fields.a]\n{field}\n")).unwrap());
        let (now, null_tokens) = (Some("2024-06-30T10:00:00Z".parse().unwrap()), vec![null_token.to_string()]);
        let options = FieldOptions { now, null_tokens, ..FieldOptions::default() };
        let error = Plan::new(profile, &options).unwrap_err().to_string();
        assert!(error.contains(expected), "{field}\n{error}");
    }
}

fn plan(profile: &str, options: &FieldOptions) -> Plan {
    Plan::new(Profile::named(profile).unwrap(), options).unwrap()
}

/// In CSV and, as a text, in JSON.
#[track_caller]
fn stores(plan: &Plan, cases: &[(&str, &str, &str)]) {
    for (column, value, expected) in cases {
        let column = if column.is_empty() { "external_key" } else { column };
        assert_eq!(judged(plan, column, false, value), *expected, "{column}: {value:?}");
        let json = serde_json::Value::from(*value).to_string();
        assert_eq!(judged(plan, column, true, &json), *expected, "{column} in JSON: {value:?}");
        let is_missing = expected.starts_with("nothing") || expected.contains("required");
        assert_eq!(plan.has_value(plan.profile.field_index(column).unwrap(), value), !is_missing, "{value:?}");
    }
}

#[test]
fn words_for_nothing_are_missing_where_no_word_can_stand() {
    let billing = plan("billing", &FieldOptions::default());
    for word in ["null", "NIL", "None", "n/a", "NA", "unknown", "-", "--", " N/A ", "=\"N/A\""] {
        for column in ["email", "phone", "admin_id", "no_taxes"] {
            stores(&billing, &[(column, word, "nothing (null-word)")]);
        }
    }
    stores(
        &billing,
        &[
            ("name", "Null", "Null"),
            ("city", "--", "--"),
            ("postal_code", "NA", "NA"),
            ("tags", "none", "[\"none\"]"),
            ("state", "na", "NA"),
            ("country", "NA", "NA"),
            ("tax_id", "n/a", "n/a"),
            ("invoice_delivery", "none", "invalid-choice"),
            ("phone", "", "nothing"),
            ("phone", "\\N", "nothing"),
            ("phone", "'", "nothing"),
            ("phone", "---", "invalid-phone"),
        ],
    );
    stores(&plan("contact", &FieldOptions::default()), &[("email", "N/A", "(null-word) required")]);
    // What was named is no surprise.
    let named = FieldOptions { null_tokens: vec!["N/A".to_string(), "#N/A".to_string()], ..FieldOptions::default() };
    stores(&plan("billing", &named), &[("phone", "N/A", "nothing"), ("name", "#N/A", "required")]);
}

#[test]
fn error_words_of_spreadsheets_are_no_values() {
    let billing = plan("billing", &FieldOptions::default());
    for word in ["#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", " #N/A ", "=\"#N/A\""] {
        for column in ["name", "city", "phone", "admin_id", "no_taxes", "tags", "country", "", "invoice_delivery"] {
            stores(&billing, &[(column, word, "cell-error")]);
        }
    }
    stores(&billing, &[("address_line_1", "#4 Main St", "#4 Main St"), ("city", "N/A!", "N/A!")]);
}

#[test]
fn guards_of_spreadsheets_are_no_part_of_a_value() {
    stores(
        &plan("billing", &FieldOptions::default()),
        &[
            ("", "=\"00042\"", "00042"),
            ("postal_code", "=\"01067\"", "01067"),
            ("tax_id", " =\"00042\" ", "00042"),
            ("name", "=\"a \"\"b\"\"\"", "a \"b\""),
            ("email", "=\"Ann@Example.com\"", "Ann@example.com"),
            ("phone", "=\"+49 351 1\"", "493511"),
            ("admin_id", "=\"7\"", "7"),
            ("no_taxes", "=\"yes\"", "1"),
            ("", "=\"\"", "nothing"),
            ("", "'=\"00042\"", "00042"),
            ("", "'00042", "00042"),
            ("name", "'t Hooft", "'t Hooft"),
            ("name", "=\"a\"&\"b\"", "=\"a\"&\"b\""),
            ("", "=\"1.0\"", "spreadsheet-number"),
        ],
    );
}

#[test]
fn numbers_that_spreadsheets_have_rewritten_are_no_keys() {
    let options = |key: &str, mode, relax: &[&str]| FieldOptions {
        key: Some(key.to_string()).filter(|key| !key.is_empty()),
        mode,
        relax: relax.iter().map(|column| column.to_string()).collect(),
        ..FieldOptions::default()
    };
    let create = options("", Mode::Create, &[]);
    stores(
        &plan("billing", &create),
        &[
            ("", "1.23457E+12", "spreadsheet-number"),
            ("", "1E+12", "spreadsheet-number"),
            ("", "1.0", "spreadsheet-number"),
            ("", "12E5", "12E5"),
            ("", "12.5", "12.5"),
            ("", "1.2.0", "1.2.0"),
            ("tax_id", "5417543010.0", "spreadsheet-number"),
            ("postal_code", "1067.0", "spreadsheet-number"),
            ("ship_postal_code", "1E+3", "spreadsheet-number"),
            ("phone", "5.41754E+09", "spreadsheet-number"),
            ("phone", "555.0000", "5550000"),
            ("name", "1.0", "1.0"),
            ("custom_1", "1.23457E+12", "1.23457E+12"),
            ("admin_id", "1.0", "invalid-integer"),
        ],
    );
    stores(&plan("billing", &options("name", Mode::Create, &[])), &[("name", "1.0", "spreadsheet-number")]);
    stores(&plan("billing", &options("email", Mode::Upsert, &[])), &[("", "1E+12", "spreadsheet-number")]);
    // All of them are not named.
    stores(&plan("billing", &options("", Mode::Create, &["all"])), &[("", "1E+12", "spreadsheet-number")]);
    let named = ["external_key", "phone", "tax_id", "postal_code"];
    stores(
        &plan("billing", &options("", Mode::Create, &named)),
        &[
            ("", "1.23457E+12", "1.23457E+12"),
            ("tax_id", "1.0", "1.0"),
            ("postal_code", "1067.0", "1067.0"),
            ("phone", "5.41754E+09", "spreadsheet-number"),
        ],
    );
    for mode in [Mode::Update, Mode::Upsert] {
        let cases = [("", "1.23457E+12", "spreadsheet-number"), ("tax_id", "1.0", "1.0")];
        stores(&plan("billing", &options("", mode, &named)), &cases);
    }
}

#[test]
fn json_numbers_are_whole_or_refused() {
    let create = FieldOptions::default();
    let named = FieldOptions { relax: vec!["external_key".to_string(), "phone".to_string()], ..create.clone() };
    let (create, named) = (plan("billing", &create), plan("billing", &named));
    for (plan, column, number, expected) in [
        (&create, "external_key", "42", "42"),
        (&create, "external_key", "1.23457E+12", "spreadsheet-number"),
        (&create, "external_key", "12.5", "spreadsheet-number"),
        (&create, "external_key", "12e5", "spreadsheet-number"),
        (&create, "tax_id", "1.0", "spreadsheet-number"),
        (&create, "postal_code", "1067.0", "spreadsheet-number"),
        (&create, "phone", "5.4E+9", "spreadsheet-number"),
        (&create, "name", "1.0", "wrong-type"),
        (&create, "admin_id", "1.0", "wrong-type"),
        (&named, "external_key", "12.5", "12.5"),
        (&named, "phone", "5.4E+9", "spreadsheet-number"),
    ] {
        assert_eq!(judged(plan, column, true, number), expected, "{column}: {number}");
    }
}

#[test]
fn invalid_values_are_cleared_or_kept() {
    let options = |said: &[(&str, OnInvalid)]| FieldOptions {
        on_invalid: said.iter().map(|(column, what)| (column.to_string(), *what)).collect(),
        ..FieldOptions::default()
    };
    use OnInvalid::*;
    stores(
        &plan("billing", &options(&[("all", Clear), ("email", Reject), ("phone", Keep), ("invoice_delivery", Keep)])),
        &[
            ("phone", " +49  351 ext. 5 ", "+49 351 ext. 5 (invalid-phone)"),
            ("phone", "5.41754E+09", "5.41754E+09 (spreadsheet-number)"),
            ("phone", "+49 351 1", "493511"),
            // Of these steps 1 to 3 leave nothing.
            ("phone", "#N/A", "cell-error"),
            ("phone", "1\u{1}", "control-character"),
            ("invoice_delivery", "Fax", "Fax (invalid-choice)"),
            ("email", "ann", "invalid-email"),
        ],
    );
    let cleared = plan("billing", &options(&[("phone", Reject), ("all", Clear)]));
    for (column, value, expected) in [
        ("phone", "x", "nothing (invalid-phone)"),
        ("admin_id", "x", "nothing (invalid-integer)"),
        ("city", "#N/A", "nothing (cell-error)"),
        ("external_key", "1.0", "nothing (spreadsheet-number)"),
        ("name", "#N/A", "cell-error"),
    ] {
        assert_eq!(judged(&cleared, column, false, value), expected, "{column}: {value}");
    }
}

#[test]
fn a_cleared_value_says_nothing_of_a_stored_one() {
    let options = FieldOptions {
        on_invalid: vec![("all".to_string(), OnInvalid::Clear)],
        mode: Mode::Upsert,
        empty: Empty::Clear,
        ..FieldOptions::default()
    };
    let plan = plan("billing", &options);
    let mut judge = Judge::new(&plan);
    for (column, value, is_given, is_cleared) in [
        ("phone", "x", false, false),
        ("phone", "#N/A", false, false),
        ("phone", "", false, true),
        ("phone", "n/a", false, true),
        ("phone", "12", true, false),
    ] {
        let field = plan.profile.field_index(column).unwrap();
        judge.begin();
        judge.text(Origin { field, column: None, order: 0 }, value);
        let touched = judge.touched();
        assert_eq!((touched.given.has(field), touched.cleared.has(field)), (is_given, is_cleared), "{value:?}");
    }
}

#[test]
fn the_hint_of_a_control_character_says_what_it_was() {
    let plan = plan("billing", &FieldOptions::default());
    let hint = |column: &str, value: &str| {
        let mut judge = Judge::new(&plan);
        judge.text(Origin { field: plan.profile.field_index(column).unwrap(), column: None, order: 0 }, value);
        let findings = judge.findings.all();
        english::hint(&findings.iter().next().unwrap(), column).to_string()
    };
    let name = hint("name", "O\u{92}Brien \u{80}5");
    assert!(name.starts_with("U+0092 is ’ in windows-1252") && name.contains("O’Brien €5 would be accepted"), "{name}");
    let list = hint("tags", "[\"O\\u0092Brien\"]");
    assert!(list.contains("U+0092 is ’ in windows-1252"), "{list}");
    for other in ["\u{81}", "\0", "\u{1b}"] {
        assert!(hint("name", other).starts_with("Remove the character"), "{other:?}");
    }
}

#[test]
fn a_key_keeps_no_invalid_value() {
    let profile = Arc::new(Profile::parse("a.toml", "[fields.code]\nmax = 2\non_invalid = 'keep'\n").unwrap());
    for (key, expected) in [("code", "too-long"), ("none", "abc (too-long)")] {
        let key = Some(key.to_string());
        let plan = Plan::new(Arc::clone(&profile), &FieldOptions { key, ..FieldOptions::default() }).unwrap();
        assert_eq!(judged(&plan, "code", false, "abc"), expected);
    }
}

#[test]
fn a_constant_is_not_replaced_by_the_default() {
    for (constant, is_valid) in [("4", true), ("n/a", false)] {
        let mapping = Mapping::parse(&format!("[constants]\nstars = '{constant}'\n")).unwrap();
        let options = FieldOptions { mapping, ..FieldOptions::default() };
        assert_eq!(Plan::new(own(), &options).is_ok(), is_valid, "{constant}");
    }
}

#[test]
fn a_profile_may_have_512_fields() {
    let fields: String = (0..FieldSet::CAPACITY).map(|field| format!("[fields.f{field}]\nmax = 9\n")).collect();
    let text = format!("name = \"wide\"\ntitle = \"Wide\"\nkey = \"f511\"\n{fields}");
    let profile = Arc::new(Profile::parse("wide.toml", &text).unwrap());
    let options = FieldOptions { mode: Mode::Upsert, empty: Empty::Clear, ..FieldOptions::default() };
    let plan = Plan::new(Arc::clone(&profile), &options).unwrap();
    let headers: Vec<String> = profile.fields.iter().rev().map(|field| field.column.clone()).collect();
    let binding = Binding::new(&plan.names, headers, false);
    assert!((0..512).all(|field| binding.sources.indices(field).eq([511 - field])));
    let mut judge = Judge::new(&plan);
    for field in 0..512 {
        let value = ["", "value"][field % 2];
        judge.text(Origin { field, column: None, order: 0 }, value);
    }
    let touched = judge.touched();
    assert!((0..512).all(|field| touched.given.has(field) == (field % 2 == 1)));
    assert!(touched.cleared.iter().eq((0..512).filter(|field| field % 2 == 0)));
    assert!(judge.text(Origin { field: 511, column: None, order: 0 }, "much too long") == Stored::Missing);
    assert_eq!(judge.findings.all().iter().map(|finding| finding.field).collect::<Vec<_>>(), [Some(511)]);
    let more = format!("{text}[fields.f512]\n");
    let message = Profile::parse("wide.toml", &more).unwrap_err().to_string();
    assert!(message.contains("1 to 512 fields, and this one has 513"), "{message}");
}

/// Compares what the quick path stores with what the full path does; whether it stored anything.
fn compare(plan: &Plan, field: usize, value: &str) -> bool {
    assert!(text::is_tidy(value.as_bytes()));
    let (mut quick, mut full) = (Judge::new(plan), Judge::new(plan));
    let mut rows = PlainRows::new(2, 0, &[]);
    let source = [value.as_bytes(), b" and what follows it in the block, which is no part of it"].concat();
    let clean = text::clean_range(value.as_bytes());
    let tidy = Tidy { source: &source[clean.start..], length: clean.len() };
    let done = quick.quick(field, tidy, &mut rows);
    if done == Quick::Undecided {
        assert_eq!(rows.finish(), 0..0, "{value:?}");
        return false;
    }
    let stored = full.text(Origin { field, column: None, order: 0 }, value);
    let expected = match &stored {
        Stored::Missing => Value::Null,
        Stored::Integer(number) => Value::Integer(*number),
        Stored::Real(number) => Value::Real(*number),
        Stored::Text(text) => Value::Text(text.as_bytes()),
    };
    let row = rows.finish();
    let rows = rows.into_rows();
    let row = rows.row(row.start as u32..row.end as u32);
    assert_eq!(row.collect::<Vec<_>>(), [expected], "{value:?} in {}", plan.fields[field].column);
    let clean = value[clean].as_bytes();
    let expected = match expected {
        Value::Text(text) if text == clean => Quick::Same,
        Value::Text(text) if quick.repaired[field] > 0 => Quick::Repaired(text.len()),
        Value::Text(text) => Quick::Normalised(text.len()),
        Value::Null => Quick::Missing,
        Value::Integer(number) => Quick::Pushed(number.to_string().as_bytes() == clean),
        Value::Real(number) => Quick::Pushed(number.to_string().as_bytes() == clean),
    };
    assert_eq!(done, expected, "{value:?}");
    assert!(full.findings.is_empty(), "{value:?} in {}", plan.fields[field].column);
    assert_eq!(quick.repaired, full.repaired, "{value:?}");
    assert_eq!(quick.deprecated, full.deprecated, "{value:?}");
    true
}

#[test]
fn usual_values_take_the_quick_path() {
    let plan = Plan::new(Profile::named("contact").unwrap(), &FieldOptions::default()).unwrap();
    let cases = [
        ("name", "Antoine Lefèvre"),
        ("email", "Ann.Smith+2@mail.example.com"),
        ("description", "Reseller, tier 5"),
        ("cc_email", ""),
        ("country", "Germany"),
        ("country", "DEU"),
        ("country", "us"),
        ("address_line_1", "Friedrich-Ebert-Str. 76"),
        ("city", "Saint-Étienne"),
        ("state", "ny"),
        ("state", "Mazowieckie"),
        ("postal_code", "01-814"),
        ("phone", "+49 55 629 3139"),
        ("phone", "(541) 754-3010"),
    ];
    let own_plan = Plan::new(own(), &FieldOptions::default()).unwrap();
    let own_cases = [
        ("rate", "-12.50"),
        ("price", "12.5"),
        ("amount", "1234,56"),
        ("day", "2024-02-29"),
        ("seen", "2024-02-29T12:30:00Z"),
        ("stars", "3"),
        ("agreed", "Yes"),
        ("agreed", "0"),
        ("delivery", "print"),
        ("delivery", "STRASSE"),
    ];
    let cases = cases.map(|case| (&plan, case)).into_iter().chain(own_cases.map(|case| (&own_plan, case)));
    for (plan, (column, value)) in cases {
        let field = plan.profile.field_index(column).unwrap();
        assert!(compare(plan, field, value), "{column}: {value}");
    }
}

/// The plan of [`own`], made once for many values.
static OWN: LazyLock<Plan> = LazyLock::new(|| Plan::new(own(), &FieldOptions::default()).unwrap());

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]
    #[test]
    fn both_paths_store_the_same_for_each_type(
        field in any::<prop::sample::Index>(),
        number in " ?[+-]?0{0,2}[0-9]{0,19}[.,]?[0-9]{0,17}-?",
        small in "-?[0-9]{1,6}([.,][0-9]{0,3})?",
        moment in "[0-2][0-9]{3}-[01][0-9]-[0-3][0-9]([T ][0-2][0-9]:[0-6][0-9](:[0-6][0-9]([.][0-9]{1,3})?)?(Z|z| Z|[+]01:00)?)?",
        word in "(GOLD|gold|Silver|email|PRINT|strasse|Straße|STRAßE|yes|NO|oN|f|T|0|1|true)[ a-z0]?",
        near in prop::option::of((any::<prop::sample::Index>(), "[0-9 TZ:.,+-]")),
    ) {
        for value in [number, small, moment, word] {
            let mut near_miss = value.clone();
            if let Some((at, with)) = &near && !value.is_empty() && value.is_ascii() {
                let at = at.index(value.len());
                near_miss.replace_range(at..=at, with);
            }
            for value in [value, near_miss].iter().filter(|value| text::is_tidy(value.as_bytes())) {
                compare(&OWN, field.index(OWN.fields.len()), value);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]
    #[test]
    fn both_paths_store_the_same(
        profile in prop::sample::select([Profile::all().unwrap(), &[own()]].concat()),
        field in any::<prop::sample::Index>(),
        key in prop::sample::select(vec!["none", "name", "profile"]),
        relax in prop::sample::select(vec!["all", "name"]),
        value in " {0,1}([a-zA-Z0-9.,@+'() /éßłĀ×÷ʼʀ\\\\N-]{0,12}|[a-z.@-]{3,14}|[a-z]{1,8}@[a-z.-]{1,9}[.][a-z0-9]{1,3}\
            |[+]?[0-9 ().-]{1,13}|[12][0-9]{3}-[01][0-9]-[0-3][0-9]([ T]00:00(:00)?Z?)?|-?[0-9]{1,16}([.,][0-9]{0,6})?|https?://[a-z.]{3,9}/|[+-]?[0-9]{1,8}[.,]?[0-9]{0,3}([eE][+-]?)?0{0,3}[0-9]{0,2}|#N/A|#[A-Z0-9/]{1,5}[!?]?\
            |=\"[0-9a-z\"]{0,6}\"|[nN](ull|/?[aA]|il|one)|unknown|-{1,3}|tel:[0-9+-]{1,9}|[A-Za-z]{2}|Germany|Korea, Republic of|[a-zé .'-]{1,60}|[é]{20,60}|mailto:a@b.c) {0,1}",
    ) {
        let key = Some(key.to_string()).filter(|key| key != "profile");
        let options = FieldOptions { key, relax: vec![relax.to_string()], ..FieldOptions::default() };
        let plan = Plan::new(Arc::clone(&profile), &options).unwrap();
        if text::is_tidy(value.as_bytes()) {
            compare(&plan, field.index(plan.fields.len()), &value);
        }
    }
}
