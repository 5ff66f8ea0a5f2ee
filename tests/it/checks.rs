//! Rules over a record, and JSON Schemas as profiles and of them, as their users meet them.

use std::path::Path;

use crate::support::{Place, files};

const PROFILE: &str = r#"
key = "code"

[fields.code]
required = true

[fields.email]
type = "email"

[fields.phone]

[fields.total]
type = "decimal"

[fields.visits]
type = "integer"

[fields.tags]
type = "list"

[[checks]]
name = "reachable"
rule = "email != null || phone != null"
message = "neither e-mail nor phone"

[[checks]]
name = "mean"
rule = "visits == null || 1000 / visits < 500 && total >= 0.1"

[[checks]]
name = "tags"
rule = "tags == null || tags.all(tag, tag != 'test')"
"#;

fn faults(place: &Place, errors: &str) -> Vec<String> {
    let fault = |fault: &serde_json::Value| {
        format!("{} {} {}", fault["record"], fault["code"].as_str().unwrap(), fault["message"].as_str().unwrap())
    };
    place.objects(errors).iter().map(fault).collect()
}

#[test]
fn records_that_break_rules_are_rejected_with_each() {
    let place = Place::new();
    place.write("own.toml", PROFILE);
    let rows = "code,email,phone,total,visits,tags\n\
                a,a@example.com,,0.1,4,\n\
                b,,1,,,x;y\n\
                c,,,0.1,4,test\n\
                d,d@example.com,,1,0,\n\
                e,e@example.com,,0.05,4,\n\
                f,no address,,0.05,4,test\n";
    place.write("a.csv", rows);
    let lines = rows.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        let names = ["code", "email", "phone", "total", "visits", "tags"];
        let members = names.iter().zip(cells).filter(|(_, cell)| !cell.is_empty());
        let members: Vec<String> = members.map(|(name, cell)| format!("\"{name}\": \"{cell}\"")).collect();
        format!("{{{}}}\n", members.join(", "))
    });
    place.write("a.ndjson", lines.collect::<String>());
    for input in ["a.csv", "a.ndjson"] {
        place.custload(&format!("import {input} --profile own.toml --db {input}.db")).ends(1);
        let found = faults(&place, &format!("{input}.db.imports/run-000001/errors.ndjson"));
        assert_eq!(
            found,
            [
                "3 check-failed neither e-mail nor phone",
                "3 check-failed check tags: tags == null || tags.all(tag, tag != 'test')",
                "4 check-failed check mean cannot be decided: it divides by zero",
                "5 check-failed check mean: visits == null || 1000 / visits < 500 && total >= 0.1",
                "6 invalid-email email is not an e-mail address: it has no @",
            ],
            "{input}"
        );
    }
}

/// What a record does not say of a customer can be in the database; a new customer has only what the record says.
#[test]
fn an_update_is_not_judged_by_what_it_does_not_bring() {
    let place = Place::new();
    place.write("own.toml", PROFILE);
    place.write("a.csv", "code,email,phone\na,a@example.com,\n");
    place.custload("import a.csv --profile own.toml").ends(0);
    place.write("b.csv", "code,phone\na,\n");
    place.custload("import b.csv --profile own.toml --mode update").ends(0);
    place.write("c.csv", "code,email,phone\na,,\n");
    place.custload("import c.csv --profile own.toml --mode update").ends(0);
    place.write("e.csv", "phone,code,email\n,a,\n");
    place.custload("import e.csv --profile own.toml --mode update --empty clear").ends(1);
    let found = faults(&place, "customers.db.imports/run-000004/errors.ndjson");
    assert_eq!(found, ["1 check-failed neither e-mail nor phone"]);
    place.write("d.csv", "code,phone,tags,visits\na,1,test,\nb,,,\nc,,,0\nd,2,,\na,3,,\n");
    let done = place.custload("import d.csv --profile own.toml --mode upsert --duplicates last").ends(1);
    let found = faults(&place, "customers.db.imports/run-000005/errors.ndjson");
    assert_eq!(
        found,
        [
            "1 check-failed check tags: tags == null || tags.all(tag, tag != 'test')",
            "2 check-failed neither e-mail nor phone",
            "3 check-failed neither e-mail nor phone",
            "3 check-failed check mean: visits == null || 1000 / visits < 500 && total >= 0.1",
        ],
        "{}",
        done.stderr
    );
    let stored = place.column("customers.db", "SELECT code || coalesce(phone, '') FROM customers ORDER BY code");
    assert_eq!(stored, ["a3", "d2"]);
}

/// Rules see what is stored: after replacements, joins, case and defaults.
#[test]
fn rules_see_normalised_values() {
    let place = Place::new();
    let profile = "[fields.code]\n[fields.tier]\nvalues = { Silber = 'SILVER' }\n[fields.mark]\ncase = 'upper'\ndefault = 'x'\n\
                   [fields.street]\nfrom = ['road', 'number']\n[fields.born]\ntype = 'date'\nformats = ['%d.%m.%Y']\n\
                   [fields.limit]\ntype = 'decimal'\ndecimal = ','\nscale = 2\nstore = 'minor'\n\
                   [fields.web]\ntype = 'flag'\n[fields.seat]\ntype = 'integer'\non_invalid = 'clear'\n\
                   [[checks]]\nname = 'all'\nrule = \"\"\"\n  tier == 'SILVER' && mark == 'X' && street == 'Elm 1'\n  \
                   && born < '2000-01-01' && limit == 12.5 && web && seat == null\"\"\"\n";
    place.write("own.toml", profile);
    place.write(
        "a.csv",
        "code;tier;mark;road;number;born;limit;web;seat\n1;Silber;x;Elm;1;31.12.1999;12,50;yes;none\n\
                          2;Silber;;Elm;1;31.12.1999;12,50;1;x\n3;SILVER;;Elm;1;01.01.2000;12,50;1;\n",
    );
    place.custload("import a.csv --profile own.toml --key none").ends(1);
    let found = faults(&place, "customers.db.imports/run-000001/errors.ndjson");
    assert_eq!(
        found.iter().filter(|fault| fault.contains("check-failed")).collect::<Vec<_>>(),
        ["3 check-failed check all: tier == 'SILVER' && mark == 'X' && street == 'Elm 1' && born < '2000-01-01' \
             && limit == 12.5 && web && seat == null"]
    );
    assert_eq!(place.column("customers.db", "SELECT code FROM customers ORDER BY code"), ["1", "2"]);
    // The rejected record is corrected in its report and loaded again.
    let rejects = place.text("customers.db.imports/run-000001/a.rejects.csv");
    assert!(rejects.contains("check-failed") && rejects.contains("01.01.2000"), "{rejects}");
    let summary = place.json("customers.db.imports/run-000001/summary.json");
    assert!(summary.to_string().contains("\"check-failed\""), "{summary}");
    place.write("again.csv", rejects.replace("01.01.2000", "31.12.1999"));
    place.custload("import again.csv --profile own.toml --key none").ends(0);
    assert_eq!(place.number("customers.db", "SELECT count(*) FROM customers"), 3);
}

/// A check may name the parent's value. A record that fails it is rejected, and so are its children.
#[test]
fn a_check_decides_before_children_do() {
    let place = Place::new();
    let profile = |more: &str| {
        format!(
            "key = 'code'\n[fields.code]\n[fields.boss]\nreferences = 'code'\n{more}[fields.tier]\n[[checks]]\nname = 'head'\n\
             rule = \"boss != null || tier == 'A'\"\n"
        )
    };
    place.write("own.toml", profile(""));
    place.write("a.csv", "code,boss,tier\nc,b,\nb,a,\na,,B\ne,d,\nd,,A\n");
    place.custload("import a.csv --profile own.toml").ends(1);
    let found = faults(&place, "customers.db.imports/run-000001/errors.ndjson");
    let codes = &found;
    assert!(codes[0].starts_with("1 parent-rejected") && codes[1].starts_with("2 parent-rejected"), "{found:?}");
    assert!(codes[2].starts_with("3 check-failed") && found.len() == 3, "{found:?}");
    assert_eq!(place.column("customers.db", "SELECT code FROM customers ORDER BY code"), ["d", "e"]);
    place.write("own.toml", profile("on_invalid = 'clear'\n"));
    let done = place.custload("import a.csv --profile own.toml --db b.db").ends(2);
    assert!(
        done.stderr
            .contains("fields.boss.on_invalid: invalid values of this field can only be rejected: a check names it"),
        "{}",
        done.stderr
    );
}

#[test]
fn a_wrong_rule_is_shown_with_its_line() {
    let place = Place::new();
    place.write("own.toml", "[fields.email]\n\n[[checks]]\nname = \"a\"\nrule = \"emial != null\"\n");
    place.write("a.csv", "email\na@example.com\n");
    for command in ["profiles own.toml", "import a.csv --profile own.toml", "check a.csv --profile own.toml"] {
        let done = place.custload(command).ends(2);
        for part in [
            "own.toml: line 5, column 8: rule of check a: there is no field \"emial\"; did you mean email?",
            "5 | rule = \"emial != null\"",
            "|        ^^^^^^^^^^^^^^^",
        ] {
            assert!(done.stderr.contains(part), "{part}\n{}", done.stderr);
        }
    }
    place.write("own.toml", "[fields.email]\n\n[[checks]]\nname = \"a\"\nrule = \"email != null or true\"\n");
    let done = place.custload("check a.csv --profile own.toml").ends(2);
    for part in [
        "own.toml: line 5, column 23: rule of check a: write || for or",
        "5 | rule = \"email != null or true\"",
        "|                       ^^\n",
    ] {
        assert!(done.stderr.contains(part), "{part}\n{}", done.stderr);
    }
    assert!(!place.path("customers.db").exists());
}

#[test]
fn a_json_schema_is_a_profile() {
    let place = Place::new();
    place.write(
        "crm.schema.json",
        r##"{"type": "object", "required": ["code"], "properties": {
            "code": {"type": "string", "maxLength": 4}, "tier": {"enum": ["GOLD", null]},
            "born": {"type": ["string", "null"], "format": "date"}, "note": {"$ref": "#/$defs/note"}},
            "$defs": {"note": {"type": "string", "format": "hostname"}}}"##,
    );
    place.write("a.ndjson", "{\"code\": \"a\", \"tier\": \"gold\"}\n{\"code\": \"toolong\"}\n{\"code\": \"b\", \"tier\": \"TIN\"}\n{\"code\": \"c\", \"born\": \"2000-02-31\"}\n");
    let done = place.custload("import a.ndjson --profile crm.schema.json --key code").ends(1);
    assert!(done.stderr.contains("properties.note: format hostname is left out"), "{}", done.stderr);
    let codes: Vec<String> = faults(&place, "customers.db.imports/run-000001/errors.ndjson");
    let codes: Vec<&str> = codes.iter().filter_map(|fault| fault.split(' ').nth(1)).collect();
    assert_eq!(codes, ["too-long", "invalid-choice", "invalid-date"]);
    let toml = place.custload("profiles crm.schema.json --toml").ends(0).stdout;
    assert!(toml.starts_with("# Note: properties.note: format hostname is left out"), "{toml}");
    assert!(toml.contains("\nname = \"crm\"\n") && toml.contains("[fields.born]\ntype = \"date\"\n"), "{toml}");
    let schema = place.custload("profiles crm.schema.json --json-schema").ends(0).stdout;
    assert!(schema.contains("\"maxLength\": 4"), "{schema}");
    place.custload("profiles schema").ends(0);
    place.write("circle.json", r##"{"properties": {"a": {"$ref": "#/properties/a"}}}"##);
    let done = place.custload("check a.ndjson --profile circle.json").ends(2);
    assert!(done.stderr.contains("circle.json: properties.a: references go round in a circle"), "{}", done.stderr);
}

/// What an editor is told of a profile file: the schema of the format, and the file as JSON.
fn format() -> jsonschema::Validator {
    let place = Place::new();
    let schema: serde_json::Value = serde_json::from_str(&place.custload("profiles schema").ends(0).stdout).unwrap();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::draft202012::options().build(&schema).unwrap()
}

/// The profiles of the repository: built in, in samples, and on the pages of docs.
fn profiles() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let is_profile = |text: &str| ["[fields", "extends =", "[[checks]]"].iter().any(|key| text.contains(key));
    let mut found = Vec::new();
    for folder in ["samples", "src/core/profile", "docs"] {
        for (name, bytes) in files(&root.join(folder)) {
            let Ok(text) = String::from_utf8(bytes) else { continue };
            if name.ends_with(".toml") {
                found.push((name, text));
            } else if name.ends_with(".md") {
                let blocks = text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
                found.extend(blocks.map(|block| (name.clone(), block.to_string())));
            }
        }
    }
    found.retain(|(_, text)| is_profile(text));
    found
}

/// TOML as an editor's schema sees it: a date is a text.
fn plain(value: toml::Value) -> serde_json::Value {
    match value {
        toml::Value::Datetime(date) => serde_json::Value::from(date.to_string()),
        toml::Value::Array(items) => items.into_iter().map(plain).collect(),
        toml::Value::Table(table) => table.into_iter().map(|(key, value)| (key, plain(value))).collect(),
        value => serde_json::to_value(value).unwrap(),
    }
}

#[test]
fn the_format_allows_all_profiles_of_the_repository() {
    let (format, profiles) = (format(), profiles());
    assert!(profiles.len() >= 5, "{profiles:?}");
    for (name, text) in profiles {
        let table: toml::Table = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        if let Err(error) = format.validate(&plain(toml::Value::Table(table))) {
            panic!("{name}: {}: {error}", error.instance_path());
        }
    }
}

/// Profiles that are meant badly end with an error that says what is wrong, in seconds, and nothing is written.
#[test]
fn hostile_profiles_are_refused() {
    let place = Place::new();
    place.write("a.csv", "a\nb\n");
    let checks = |rule: &str| format!("[fields.a]\n[[checks]]\nname = 'x'\nrule = '{rule}'\n");
    let nested = |open: &str, close: &str, times: usize| format!("{}true{}", open.repeat(times), close.repeat(times));
    let references: String = (0..512).map(|number| format!("\"p{number}\": {{\"$ref\": \"#/$defs/x\"}},")).collect();
    let members: String = (0..40_000).map(|number| format!("\"k{number}\": 1,")).collect();
    for (file, text, said) in [
        ("a.toml", checks(&nested("(", ")", 100_000)), "a rule has at most 4096 bytes"),
        ("a.toml", checks(&nested("[", "]", 2_000)), "nested more than 96 deep"),
        ("a.toml", checks(&nested("true ? true : ", "", 250)), "nested more than 96 deep"),
        (
            "a.toml",
            checks("a.matches(\"((x{100}){100}){100}\")"),
            "the pattern is not a regular expression: it is too large",
        ),
        ("a.toml", checks(&vec!["a.matches(\"a|b\")"; 200].join(" || ")), "a rule has at most 20 patterns"),
        ("a.toml", checks(&"x".repeat(10_000_000)), "at most 1048576 bytes"),
        ("a.toml", checks("true") + &"[[checks]]\nname = \"y\"\nrule = \"true\"\n".repeat(64), "at most 64 checks"),
        (
            "a.json",
            "{\"properties\": {\"a\": {\"$ref\": \"#/properties/a\"}}}".to_string(),
            "references go round in a circle",
        ),
        ("a.json", format!("{{\"properties\": {}", "[".repeat(100_000)), "it is not JSON: recursion limit exceeded"),
        ("a.json", format!("{{\"properties\": {{{}\"z\": 1}}}}", members), "a profile has 1 to 512 fields"),
        (
            "a.json",
            format!(
                "{{\"properties\": {{{references}\"created_at\": {{}}}}, \"$defs\": {{\"x\": {{{members}\"k\": 1}}}}}}"
            ),
            "a profile has 1 to 512 fields",
        ),
        (
            "a.json",
            format!(
                "{{\"properties\": {{{}}}, \"$defs\": {{\"x\": {{{members}\"k\": 1}}}}}}",
                references.replacen("\"p0\"", "\"created_at\"", 1).trim_end_matches(',')
            ),
            "it has more than 1000 keywords",
        ),
    ] {
        place.write(file, &text);
        let before = std::time::Instant::now();
        let done = place.custload(&format!("import a.csv --profile {file}")).ends(2);
        assert!(done.stderr.contains(said), "{said}\n{}", done.stderr);
        assert!(done.stderr.len() < 1_000, "{}", done.stderr.len());
        assert!(before.elapsed().as_secs() < 20, "{said}");
        assert!(!place.path("customers.db").exists());
    }
}
