//! Members, values and texts of JSON, read and written.

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn texts_are_written_as_serde_writes_them(text in prop_oneof![any::<String>(), "[a-c\u{0}-\u{1f}\"\\\\é\u{7f}]{0,20}"]) {
        let mut out = Vec::new();
        write_text(&mut out, &text);
        prop_assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string(&text).unwrap());
    }

}

#[test]
fn members_keep_order_and_spelling() {
    let members = Members::parse(r#" {"a": 1.50, "b\u0041": "x\ny", "c":[1, 2], "d":{"e":null}} "#).unwrap();
    let found: Vec<(&str, &str)> = members.0.iter().map(|(key, value)| (&**key, *value)).collect();
    assert_eq!(found, [("a", "1.50"), ("bA", "\"x\\ny\""), ("c", "[1, 2]"), ("d", "{\"e\":null}")]);
    assert_eq!(value(members.0[1].1), JsonValue::Text("x\ny".into()));
    assert_eq!(value("1.50"), JsonValue::Number("1.50"));
    assert_eq!(value("-5"), JsonValue::Number("-5"));
    assert_eq!(value("[]"), JsonValue::Array("[]"));
    assert_eq!(value("{}"), JsonValue::Object);
    assert_eq!(value("null"), JsonValue::Null);
    assert_eq!(value("false"), JsonValue::Bool(false));
}

#[test]
fn what_is_no_object_is_told_apart() {
    for (record, expected) in [
        ("[1]", JsonKind::Array),
        ("\"x\"", JsonKind::Text),
        ("5", JsonKind::Number),
        ("true", JsonKind::Bool),
        ("null", JsonKind::Null),
    ] {
        assert_eq!(Members::parse(record).unwrap_err(), JsonFault::NotAnObject(expected), "{record}");
    }
    for record in [
        "{",
        "{\"a\":1,}",
        "{\"a\":1} {}",
        "{\"a\":1}x",
        "x",
        "{\"a\":01}",
        "{'a':1}",
        "{\"a\":\"\u{1}\"}",
        "[1,",
        "{\"a\":NaN}",
    ] {
        assert!(matches!(Members::parse(record), Err(JsonFault::Invalid(_))), "{record}");
    }
    assert_eq!(Members::parse("{\"a\":\"\\ud800\"}").unwrap_err(), JsonFault::HalfCharacter("a".into()));
    assert_eq!(Members::parse("{\"a\" 1}").unwrap_err(), JsonFault::Invalid("expected `:` at character 6".into()));
}

#[test]
fn it_is_seen_how_far_a_text_is_json() {
    for (text, expected) in [
        ("{\"a\":1},{}", (FirstValue::Whole(7), 7)),
        ("{\"a\":", (FirstValue::CutOff, 5)),
        ("{\"a\":x", (FirstValue::Invalid, 5)),
        ("{\"a\":1,\n\"b\":x", (FirstValue::Invalid, 12)),
        ("{\n\n\"b\":x", (FirstValue::Invalid, 7)),
    ] {
        let (first, until) = first_value_until(text.as_bytes());
        // One byte more or less is all the same.
        assert!(first == expected.0 && until.abs_diff(expected.1) <= 1, "{text}: {first:?} {until}");
    }
}

#[test]
fn deep_nesting_is_no_danger() {
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(400_000), "]".repeat(400_000));
    assert!(Members::parse(&deep).is_ok() || matches!(Members::parse(&deep), Err(JsonFault::Invalid(_))));
}

#[test]
fn repeated_keys_are_found_among_few_and_many() {
    let members = Members::parse(r#"{"a":1,"b":2,"\u0061":3}"#).unwrap();
    assert_eq!(members.repeated_key(), Some("a"));
    let many: Vec<String> = (0..50_000).map(|index| format!("\"k{index}\":1")).collect();
    let object = format!("{{{}}}", many.join(","));
    assert_eq!(Members::parse(&object).unwrap().repeated_key(), None);
    let object = format!("{{{},\"k7\":2}}", many.join(","));
    assert_eq!(Members::parse(&object).unwrap().repeated_key(), Some("k7"));
}

fn read(record: &str) -> Option<Vec<(String, String)>> {
    let mut reader = ObjectReader::new(record)?;
    let mut members = Vec::new();
    while reader.go_to_key()? {
        let key = reader.key()?.into_owned();
        let value = reader.value()?;
        if let Written::PlainText(text) = value.of(record) {
            assert_eq!(text_of(value.raw(record)).as_deref(), Some(text));
        }
        members.push((key, value.raw(record).to_string()));
    }
    Some(members)
}

fn read_by_serde(record: &str) -> Option<Vec<(String, String)>> {
    let members = Members::parse_by_serde(record).ok()?;
    Some(members.0.into_iter().map(|(key, value)| (key.into_owned(), value.to_string())).collect())
}

#[test]
fn what_is_right_is_read() {
    for record in [
        "{}",
        " { } ",
        r#"{"a":1}"#,
        "\t{ \"a\" : 1 ,\r\"b\":\"x\" } \n",
        r#"{"":"","a":-0,"b":1.5e+7,"c":0E0,"d":true,"e":false,"f":null}"#,
        r#"{"a":[1,{"b":"}"}],"c":{"d":[]}, "e" : "\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00" }"#,
        r#"{"\u0061":1,"a":2}"#,
        r#"{"münchen":"東京 text that is longer than a word"}"#,
    ] {
        assert!(read(record).is_some(), "{record}");
        assert_eq!(read(record), read_by_serde(record), "{record}");
    }
}

#[test]
fn stops_are_found_at_every_place() {
    for stop in [b'"', b'\\', 0, b'\n', 0x1f] {
        for length in 0..40 {
            for place in 0..length {
                let mut text = vec![b' '; length];
                text[place..].fill(0xff);
                text[place] = stop;
                text[length - 1] = stop;
                assert_eq!(stop_in_text(&text, 0), place);
                assert_eq!(stop_in_text(&text, place + 1), length - usize::from(place + 1 < length));
            }
        }
    }
    assert_eq!(stop_in_text(&(b' '..=0xff).filter(|byte| !b"\"\\".contains(byte)).collect::<Vec<_>>(), 0), 222);
}

/// Something like JSON, and often JSON.
fn records() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        "\"a\"",
        "\"b\"",
        "\"a\":",
        "\"\\u0061\":1",
        "1",
        "-",
        "0",
        "01",
        "1.5",
        "e7",
        ".",
        "true",
        "nul",
        "null",
        " ",
        "\t",
        "\n",
        "\\",
        "\\u",
        "\\ud83d",
        "\\ude00",
        "\\\"",
        "é",
        "\u{1}",
        "12",
        "\"a\":1,",
        "\"b\":\"x\",",
        "\"c\":[{}]",
        "some longer text",
    ]);
    let value = prop_oneof![
        "\"([a-z é]|\\\\[\"\\\\/bfnrtux]|\\\\u[0d][0-9a-f]{3}){0,6}\"",
        "-?[0-9]{1,3}(\\.[0-9]{0,2})?([eE][+-]?[0-9]{0,2})?",
        prop::sample::select(vec!["true", "false", "null", "[]", "{}", "[1,{\"a\":\"}\"}]", "[", "\"", ""])
            .prop_map(String::from),
    ];
    let object = prop::collection::vec(("[ab]{0,2}|\\\\u006[0-9]", " ?", value, " ?"), 0..5).prop_map(|members| {
        let members: Vec<String> = members
            .iter()
            .map(|(key, one, value, other)| format!("{one}\"{key}\"{other}:{one}{value}{other}"))
            .collect();
        format!("{{{}}}", members.join(","))
    });
    prop_oneof![
        object,
        prop::collection::vec(piece.clone(), 0..12).prop_map(|pieces| pieces.concat()),
        prop::collection::vec(piece, 0..10).prop_map(|pieces| format!("{{{}}}", pieces.concat())),
    ]
}

proptest! {
    #[test]
    fn records_are_read_as_serde_reads_them(record in records()) {
        prop_assert_eq!(read(&record), read_by_serde(&record));
    }
}
