//! Schemas of records, and back.

use super::*;
use crate::core::profile::{Profile, ProfileError};

fn read(properties: &str, more: &str) -> Result<Profile, ProfileError> {
    profile_of("customer.schema.json", &format!("{{\"type\": \"object\", \"properties\": {{{properties}}}{more}}}"))
}

#[test]
fn a_schema_becomes_a_profile() {
    for (property, toml) in [
        (r#"{"type": "string", "minLength": 2, "maxLength": 9}"#, "min = 2\nmax = 9\ntype = \"text\"\n"),
        (r#"{"type": ["string", "null"], "format": "email"}"#, "type = \"email\"\n"),
        (r#"{"format": "date-time"}"#, "type = \"timestamp\"\n"),
        (r#"{"type": "string", "format": "date", "title": "Born"}"#, "label = \"Born\"\ntype = \"date\"\n"),
        (r#"{"type": "string", "format": "uri"}"#, "type = \"url\"\n"),
        (
            r#"{"type": "integer", "minimum": 1, "exclusiveMaximum": 9}"#,
            "at_least = \"1\"\nat_most = \"8\"\ntype = \"integer\"\n",
        ),
        (r#"{"type": "number", "minimum": 0.5}"#, "at_least = \"0.5\"\ntype = \"decimal\"\n"),
        (r#"{"type": "boolean"}"#, "type = \"flag\"\n"),
        (r#"{"type": "array", "items": {"type": "string"}}"#, "type = \"list\"\n"),
        (
            r#"{"enum": ["GOLD", "SILVER", null], "default": "GOLD"}"#,
            "choices = [\"GOLD\", \"SILVER\"]\ndefault = \"GOLD\"\ntype = \"choice\"\n",
        ),
        (r#"{"const": "x"}"#, "choices = [\"x\"]\ntype = \"choice\"\n"),
        (r#"{"anyOf": [{"type": "integer"}, {"type": "null"}]}"#, "type = \"integer\"\n"),
        (r#"{"type": ["integer", "null"], "anyOf": [{"type": "integer"}, {"type": "null"}]}"#, "type = \"integer\"\n"),
        (
            r#"{"type": "integer", "oneOf": [{"type": ["null"]}, {"type": ["integer", "null"]}]}"#,
            "type = \"integer\"\n",
        ),
        (r##"{"$ref": "#/$defs/money", "type": ["number", "null"]}"##, "type = \"decimal\"\n"),
        (r##"{"$ref": "#/$defs/money", "deprecated": true}"##, "deprecated = true\ntype = \"decimal\"\n"),
        (r##"{"oneOf": [{"type": "null"}, {"$ref": "#/$defs/money"}]}"##, "type = \"decimal\"\n"),
        (r#"{"type": "string", "pattern": "^(?:K[0-9]+)$"}"#, "pattern = \"K[0-9]+\"\ntype = \"text\"\n"),
        (r#"{"type": "string", "pattern": "^K"}"#, "pattern = \"K(?s:.*)\"\ntype = \"text\"\n"),
        (r#"{"type": "integer", "default": 1}"#, "default = \"1\"\ntype = \"integer\"\n"),
        (r#"{"type": "boolean", "default": true}"#, "default = \"true\"\ntype = \"flag\"\n"),
        (r#"{"enum": ["GOLD", ""]}"#, "choices = [\"GOLD\"]\ntype = \"choice\"\n"),
        (r#"{"enum": ["GOLD", "ZINC"], "const": "GOLD"}"#, "choices = [\"GOLD\"]\ntype = \"choice\"\n"),
        (
            r#"{"enum": ["GOLD", "ZINC"], "minLength": 2, "maxLength": 4}"#,
            "choices = [\"GOLD\", \"ZINC\"]\nmin = 2\nmax = 4\ntype = \"choice\"\n",
        ),
        (r#"{"type": "array", "items": {"type": ["string", "number"]}}"#, "type = \"list\"\n"),
        (r##"{"allOf": [{"$ref": "#/%24defs/money"}]}"##, "type = \"decimal\"\n"),
        // Of two bounds the stricter holds, wherever it stands.
        (
            r##"{"$ref": "#/$defs/price", "minimum": 5, "maximum": 200, "title": "A"}"##,
            "at_least = \"5\"\nat_most = \"99.5\"\nlabel = \"A\"\ntype = \"decimal\"\n",
        ),
        (
            r##"{"allOf": [{"$ref": "#/$defs/code"}], "minLength": 1, "maxLength": 3}"##,
            "min = 2\nmax = 3\ntype = \"text\"\n",
        ),
        (
            r##"{"anyOf": [{"$ref": "#/$defs/code"}, {"type": "null"}], "maxLength": 9}"##,
            "max = 4\nmin = 2\ntype = \"text\"\n",
        ),
        (r#"{"type": ["string", "integer"]}"#, "type = \"text\"\n"),
        (r#"{"type": "string", "examples": ["a"], "x-unit": 1, "$comment": "c"}"#, "type = \"text\"\n"),
    ] {
        let defs = r#", "$defs": {"money": {"type": "number"}, "price": {"type": "number", "minimum": 0, "maximum": 99.5},
                      "code": {"type": "string", "minLength": 2, "maxLength": 4}}"#;
        let profile = read(&format!("\"a\": {property}"), defs).unwrap();
        assert_eq!(
            (profile.toml.as_str(), &profile.notes[..]),
            (&*format!("name = \"customer\"\n\n[fields.a]\n{toml}"), &[] as &[String]),
            "{property}"
        );
    }
}

#[test]
fn what_a_profile_cannot_say_is_named() {
    for (property, note) in [
        (
            r#"{"type": "string", "format": "uuid"}"#,
            "properties.a: format uuid is left out: no type of a profile is like it",
        ),
        (r#"{"type": "object"}"#, "type object is left out: members of members have no columns"),
        (r#"{"type": ["integer", "boolean"]}"#, "a column has one type, not integer or boolean; it is read as text"),
        (r#"{"type": "string", "pattern": "(?=a)b"}"#, "pattern is left out: it looks around"),
        (r#"{"type": "number", "multipleOf": 0.01}"#, "multipleOf is left out: a profile cannot say it"),
        (r#"{"type": "integer", "minimum": 0.5}"#, "minimum is left out: it is no number of the property's type"),
        (r#"{"type": "array", "default": ["a"]}"#, "default is left out"),
        (r#"{"type": "string", "pattern": "(?i)a"}"#, "pattern is left out: JSON Schema has no (?i"),
        (r##"{"$ref": "#anchor"}"##, "it leads to no place in this file"),
        (r#"false"#, "it allows nothing, or is no schema"),
        (
            r#"{"type": "integer", "minimum": 1, "exclusiveMinimum": 3}"#,
            "exclusiveMinimum is left out: there is another",
        ),
        (r#"{"enum": [1, 2]}"#, "enum is left out: the words of a choice are texts"),
        (r#"{"anyOf": [{"type": "string"}, {"type": "integer"}]}"#, "anyOf is left out: a profile cannot say it"),
        (r#"{"if": {}, "then": {}}"#, "if is left out"),
        (
            r##"{"$ref": "#/$defs/code", "pattern": "^K", "maxLength": 3}"##,
            "properties.a: pattern of a $ref or allOf is left out: another pattern stands beside it",
        ),
        (r##"{"allOf": [{"$ref": "#/$defs/code"}], "pattern": "^K"}"##, "pattern of a $ref or allOf is left out"),
        (
            r#"{"type": "integer", "anyOf": [{"type": "string"}, {"type": "null"}]}"#,
            "type of a $ref or allOf is left out",
        ),
        (r##"{"$ref": "#/$defs/code", "type": "integer"}"##, "type of a $ref or allOf is left out"),
        (r#"{"$ref": "other.json"}"#, "$ref \"other.json\" is left out: it leads to no place in this file"),
        (r##"{"$ref": "#/$defs/none"}"##, "it leads to no place in this file"),
        (r#"{"type": "array", "items": {"type": "string", "maxLength": 3}}"#, "items.maxLength is left out"),
        (
            r#"{"type": "array", "items": {"type": "integer"}}"#,
            "items.type integer is left out: a list takes texts, too",
        ),
        (r#"{"enum": ["A"], "pattern": "^A"}"#, "pattern is left out: it has no effect on the type choice"),
        (r#"{"type": "boolean", "maxLength": 3}"#, "maxLength is left out: it has no effect on the type flag"),
    ] {
        let defs = r#", "$defs": {"code": {"type": "string", "pattern": "^[A-Z]+$"}}"#;
        let profile = read(&format!("\"a\": {property}"), defs).unwrap_or_else(|error| panic!("{property}: {error}"));
        assert!(profile.notes.iter().any(|found| found.contains(note)), "{property}: {:?}", profile.notes);
    }
    let profile = read(
        r#""a": {"type": ["string", "null"]}, "b": {"title": "a"}"#,
        r#", "required": ["a", "c"], "additionalProperties": false"#,
    );
    assert_eq!(
        profile.unwrap().notes,
        [
            "additionalProperties is left out: a profile cannot say it",
            "required: c is no property",
            "properties.a: required is left out: the value can be null or empty, which is a missing value",
            "properties.b: title \"a\" is left out: it is the name of another property",
        ]
    );
}

/// Python's `re` and JavaScript read these patterns, and custload's own engine.
#[test]
fn the_patterns_of_the_format_are_plain() {
    fn patterns<'v>(value: &'v serde_json::Value, found: &mut Vec<&'v str>) {
        let members = value.as_object().into_iter().flatten();
        found.extend(members.clone().filter(|(key, _)| *key == "pattern").filter_map(|(_, text)| text.as_str()));
        let items = value.as_array().into_iter().flatten();
        members.map(|(_, value)| value).chain(items).for_each(|value| patterns(value, found));
    }
    let schema: serde_json::Value = serde_json::from_str(FORMAT).unwrap();
    let mut found = Vec::new();
    patterns(&schema, &mut found);
    assert!(found.len() > 3 && !found.iter().any(|pattern| pattern.contains(r"\p")), "{found:?}");
    let names =
        regex::Regex::new(schema["properties"]["fields"]["propertyNames"]["pattern"].as_str().unwrap()).unwrap();
    for (name, is_name) in
        [("a", true), ("_7", true), ("Größe", true), ("名前", true), ("", false), ("-_ .[]{}~\t", false)]
    {
        assert_eq!(names.is_match(name), is_name, "{name:?}");
    }
}

#[test]
fn what_is_no_schema_is_refused() {
    let circle = r##", "$defs": {"x": {"$ref": "#/$defs/y"}, "y": {"$ref": "#/$defs/x"}}"##;
    let many = (0..513).map(|number| format!("\"a{number}\": {{}}")).collect::<Vec<_>>().join(", ");
    let link = |number: u32| format!("\"d{number}\": {{\"$ref\": \"#/$defs/d{}\"}}", number + 1);
    let long = format!(", \"$defs\": {{{}}}", (0..100).map(link).collect::<Vec<_>>().join(", "));
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    for (error, expected) in [
        (profile_of("s.json", "{").unwrap_err(), "s.json: line 1, column 1: it is not JSON"),
        (profile_of("s.json", &deep).unwrap_err(), "it is not JSON"),
        (profile_of("s.json", "[1]").unwrap_err(), "it is not the JSON Schema of a record"),
        (profile_of("s.json", "{\"type\": \"string\"}").unwrap_err(), "it is not the JSON Schema of a record"),
        (
            read(r##""a": {"$ref": "#/$defs/x"}"##, circle).unwrap_err(),
            "references go round in a circle, or too many follow: #/$defs/x, #/$defs/y, #/$defs/x",
        ),
        (read(r##""a": {"$ref": "#/properties/a"}"##, "").unwrap_err(), "references go round in a circle"),
        (read(r##""a": {"$ref": "#/$defs/d0"}"##, &long).unwrap_err(), "or too many follow: #/$defs/d0, #/$defs/d1"),
        (read(&many, "").unwrap_err(), "a profile has 1 to 512 fields, and this one has 513"),
        (read(r#""a": {}, "a": {}"#, "").unwrap_err(), "the name \"a\" stands twice in an object"),
        (read(r#""A": {}, "a": {}"#, "").unwrap_err(), "the field A has the same name"),
        (read("\"a\\u0000\": {}", "").unwrap_err(), "it must not contain NUL"),
        (read(r#""customer_id": {}"#, "").unwrap_err(), "every table of customers has a column of this name"),
        (read(r#""a": {"minLength": 5, "maxLength": 2}"#, "").unwrap_err(), "fields.a.min: min is 5 and max is 2"),
        (read(r#""a": {"enum": ["Ab", "aB"]}"#, "").unwrap_err(), "fields.a.choices: \"Ab\" and \"aB\" are one word"),
        (read(r#""a": {"enum": ["é", "e\u0301"]}"#, "").unwrap_err(), "fields.a.choices: \"é\" and \"é\" are one word"),
        (read(r#""a": {"enum": ["x", " "]}"#, "").unwrap_err(), "fields.a.choices: it must not be empty"),
        (read(r#""a": {"enum": ["x"], "default": "y"}"#, "").unwrap_err(), "it breaks the field's own rules"),
    ] {
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn the_schema_of_a_record_is_in_order() {
    let text = "title = \"Ours\"\n[fields.id]\nrequired = true\nmax = 9\n[fields.tier]\ntype = \"choice\"\nchoices = [\"A\"]\n\
                [fields.born]\ntype = \"date\"\nformats = [\"%d.%m.%Y\"]\n[fields.code]\npattern = \"K+\"\ndescription = \"Ours.\"\n\
                [fields.limit]\ntype = \"decimal\"\nat_least = 0\nat_most = 9.5\n[fields.on]\ntype = \"flag\"\n";
    let schema = record_schema(&Profile::parse("own.toml", text).unwrap());
    assert_eq!(
        schema.split_whitespace().collect::<Vec<_>>().join(" "),
        r#"{ "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "own", "description": "Ours", "type": "object",
           "properties": {
           "id": { "title": "id", "type": "string", "minLength": 1, "maxLength": 9 },
           "tier": { "title": "tier", "type": [ "string", "null" ], "enum": [ "A", null ] },
           "born": { "title": "born", "description": "Written as %d.%m.%Y.", "type": [ "string", "null" ] },
           "code": { "title": "code", "description": "Ours.", "type": [ "string", "null" ], "pattern": "^(?:K+)$" },
           "limit": { "title": "limit", "type": [ "number", "null" ], "minimum": 0, "maximum": 9.5 },
           "on": { "title": "on", "type": [ "boolean", "null" ] } },
           "required": [ "id" ] }"#
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    );
}

#[test]
fn what_a_schema_cannot_say_is_in_a_comment() {
    let text = "key = \"id\"\n[fields.id]\nunique = true\npattern = \"(?i)k+\"\n[fields.phone]\ntype = \"phone\"\nmax = 9\n\
                characters = \"digits\"\n[fields.born]\ntype = \"date\"\nnot_after = \"2020-01-01\"\n[fields.name]\nmax = 9\n\
                [fields.street]\ntype = \"state\"\nrepair = true\n\
                [[checks]]\nname = \"either\"\nrule = \"\"\"name != null\n || phone != null\"\"\"\n";
    let schema: serde_json::Value =
        serde_json::from_str(&record_schema(&Profile::parse("own.toml", text).unwrap())).unwrap();
    let comment =
        |pointer: &str| schema.pointer(pointer).and_then(|found| found["$comment"].as_str()).unwrap_or_default();
    for (pointer, said) in [
        ("", "What this schema does not say: key = id; check either: name != null || phone != null"),
        ("/properties/id", "What this schema does not say: pattern = (?i)k+; unique = true"),
        ("/properties/phone", "What this schema does not say: type = phone; max = 9; characters = digits"),
        ("/properties/born", "What this schema does not say: not_after = 2020-01-01"),
        ("/properties/name", ""),
        ("/properties/street", "What this schema does not say: type = state; repair = true"),
    ] {
        assert_eq!(comment(pointer), said, "{pointer}");
    }
}

fn validator(schema: &str) -> jsonschema::Validator {
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::draft202012::options().should_validate_formats(true).build(&schema).unwrap()
}

/// A profile file as an editor sees it.
fn json(toml: &str) -> serde_json::Value {
    fn plain(value: toml::Value) -> serde_json::Value {
        match value {
            toml::Value::Datetime(date) => serde_json::Value::from(date.to_string()),
            toml::Value::Array(items) => items.into_iter().map(plain).collect(),
            toml::Value::Table(table) => table.into_iter().map(|(key, value)| (key, plain(value))).collect(),
            toml::Value::String(text) => text.into(),
            toml::Value::Integer(number) => number.into(),
            toml::Value::Float(number) => number.into(),
            toml::Value::Boolean(flag) => flag.into(),
        }
    }
    plain(toml::Value::Table(toml::from_str(toml).unwrap()))
}

/// The schema of profile files and the parser know the same keys and words.
#[test]
fn the_format_has_the_keys_of_the_parser() {
    let format: serde_json::Value = serde_json::from_str(FORMAT).unwrap();
    let keys = |pointer: &str| {
        let mut keys: Vec<String> = match format.pointer(pointer).unwrap() {
            serde_json::Value::Object(members) => members.keys().cloned().collect(),
            words => words.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_string()).collect(),
        };
        keys.sort();
        keys
    };
    // What the parser says it knows.
    let known = |text: &str| {
        let message = Profile::parse("own.toml", text).unwrap_err().to_string();
        let line = message.lines().next().unwrap();
        let known = ["known are ", "the keys are ", "`, only "].iter().find_map(|before| line.rsplit_once(before));
        let known = known.unwrap_or_else(|| panic!("{message}")).1.lines().next().unwrap();
        let mut known: Vec<String> = known.split(", ").map(str::to_string).collect();
        known.sort();
        known
    };
    const ODD: &str = "qqqqqqqqqqqq";
    let field = |key: &str| format!("[fields.a]\n{key} = '{ODD}'\n");
    for (pointer, text) in [
        ("/properties", format!("{ODD} = 1\n")),
        ("/properties/file/properties", format!("[file]\n{ODD} = 1\n[fields.a]\n")),
        ("/properties/feed/properties", format!("[feed]\n{ODD} = 1\n[fields.a]\n")),
        ("/properties/checks/items/properties", format!("[fields.a]\n[[checks]]\n{ODD} = 1\n")),
        ("/$defs/field/properties", field(ODD)),
        ("/$defs/field/properties/type/enum", field("type")),
        ("/$defs/field/properties/characters/enum", field("characters")),
        ("/$defs/field/properties/case/enum", field("case")),
        ("/$defs/field/properties/store/enum", field("store")),
        ("/$defs/field/properties/compare/enum", field("compare")),
        ("/$defs/field/properties/on_invalid/enum", field("on_invalid")),
    ] {
        assert_eq!(keys(pointer), known(&text), "{pointer}");
    }
}

#[test]
fn the_format_validates_profiles() {
    let validator = validator(FORMAT);
    let built_in = ["basic", "billing", "contact"].map(|name| crate::core::profile::built_in_text(name).unwrap());
    for text in built_in {
        validator.validate(&json(text)).unwrap();
    }
    let head = "[fields.id]\nrequired = true\n";
    for (more, is_valid) in [
        ("", true),
        ("[fields.n]\ntype = 'decimal'\nat_least = -1.5\n[fields.d]\ntype = 'date'\nnot_before = 1900-01-01\n", true),
        ("default = true\nunique = true\n", true),
        ("values = { a = 'b', '*' = 'reject' }\nfrom = ['a', 'b']\njoin = ''\n", true),
        ("[[checks]]\nname = 'a'\nrule = 'true'\n", true),
        ("[file]\nnull_tokens = ['k.A.']\nheader_line = 4\n[feed]\nmode = 'upsert'\n", true),
        ("requierd = true\n", false),
        ("type = 'txet'\n", false),
        ("min = -1\n", false),
        ("min = '1'\n", false),
        ("aliases = 'x'\n", false),
        ("decimal = ',,'\n", false),
        ("choices = ['']\n", false),
        ("[[checks]]\nname = 'a'\n", false),
        ("[feed]\nmode = 'replace'\n", false),
        ("[file]\nencodin = 'x'\n", false),
        ("[other]\n", false),
        ("max = 0\n", false),
        ("pattern = ''\n", false),
        ("type = 'choice'\nchoices = []\n", false),
        ("values = { ' ' = 'x' }\n", false),
        ("stand_ins = [[]]\n", false),
        ("parts = [['a'], []]\n", false),
        ("type = 'decimal'\nscale = -1\n", false),
        ("[fields.'!!!']\n", false),
        ("[feed]\ndb = ''\n", false),
        ("[file]\nsheet = ''\n", false),
        ("[file]\ncolumns = []\n", false),
        ("[[checks]]\nname = 'a'\nrule = 'true'\nmessage = ' '\n", false),
    ] {
        let text = format!("{head}{more}");
        assert_eq!(validator.is_valid(&json(&text)), is_valid, "{more}");
        // Values of [feed] are options, which the parser leaves to the run.
        assert_eq!(Profile::parse("own.toml", &text).is_ok(), is_valid || more.contains("mode"), "{more}");
    }
}

/// What a schema says of the built-in profiles' fields is judged the same by the profile that it becomes.
#[test]
fn built_in_profiles_come_back() {
    for profile in Profile::all().unwrap() {
        let schema = record_schema(profile);
        validator(&schema);
        let again = profile_of("again.schema.json", &schema).unwrap();
        assert!(again.notes.is_empty(), "{:?}", again.notes);
        assert_eq!((again.name.as_str(), &again.title), ("again", &profile.title));
        for (field, other) in profile.fields.iter().zip(&again.fields) {
            let column = &field.column;
            assert_eq!((column, &field.label, &field.default), (&other.column, &other.label, &other.default));
            assert_eq!((field.deprecated, &field.choices), (other.deprecated, &other.choices), "{column}");
            assert_eq!(field.required && field.default.is_none(), other.required, "{column}");
            assert_eq!((&field.at_least, &field.at_most), (&other.at_least, &other.at_most), "{column}");
        }
        assert_eq!(again.fields.len(), profile.fields.len());
        assert_eq!(
            record_schema(&profile_of("again.schema.json", &record_schema(&again)).unwrap()),
            record_schema(&again)
        );
    }
}
