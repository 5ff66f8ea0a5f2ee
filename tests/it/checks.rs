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

/// What a record does not say of a customer can be in the database.
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
    place.custload("import c.csv --profile own.toml --mode update --empty clear").ends(1);
    place.write("d.csv", "code,tags\na,test\nb,test\n");
    place.custload("import d.csv --profile own.toml --mode upsert").ends(1);
}

#[test]
fn a_wrong_rule_is_shown_with_its_line() {
    let place = Place::new();
    place.write("own.toml", "[fields.email]\n\n[[checks]]\nname = \"a\"\nrule = \"emial != null\"\n");
    let done = place.custload("profiles own.toml").ends(2);
    assert!(done.stderr.contains("own.toml: line 5, column 8: checks.0.rule: there is no field \"emial\""), "{}", done.stderr);
    assert!(done.stderr.contains("did you mean email?"), "{}", done.stderr);
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
