//! Rules over a record, and JSON Schemas as profiles and of them, as their users meet them.

use crate::support::Place;

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

#[test]
fn a_wrong_rule_is_shown_with_its_line() {
    let place = Place::new();
    place.write("own.toml", "[fields.email]\n\n[[checks]]\nname = \"a\"\nrule = \"emial != null\"\n");
    place.write("a.csv", "email\na@example.com\n");
    for command in ["profiles own.toml", "import a.csv --profile own.toml", "check a.csv --profile own.toml"] {
        let done = place.custload(command).ends(2);
        for part in [
            "own.toml: line 5, column 8: checks[0].rule: there is no field \"emial\"; did you mean email?",
            "5 | rule = \"emial != null\"",
            "|        ^^^^^^^^^^^^^^^",
        ] {
            assert!(done.stderr.contains(part), "{part}\n{}", done.stderr);
        }
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
    assert!(toml.starts_with("name = \"crm\"\n") && toml.contains("[fields.born]\ntype = \"date\"\n"), "{toml}");
    let schema = place.custload("profiles crm.schema.json --json-schema").ends(0).stdout;
    assert!(schema.contains("\"maxLength\": 4"), "{schema}");
    place.custload("profiles schema").ends(0);
    place.write("circle.json", r##"{"properties": {"a": {"$ref": "#/properties/a"}}}"##);
    let done = place.custload("check a.ndjson --profile circle.json").ends(2);
    assert!(done.stderr.contains("circle.json: properties.a: references go round in a circle"), "{}", done.stderr);
}
