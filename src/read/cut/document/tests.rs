//! Records within a JSON document.

use super::*;

/// The elements' places by the path of their array, and how the text ends.
fn follow(text: &str, records: &str, is_found: bool) -> (usize, Result<(), Fault>) {
    let mut document = Document::with_records(records, is_found);
    let mut bytes = text.bytes();
    let mut arrays = 0;
    while let Some(byte) = bytes.next() {
        match document.step(byte) {
            // The elements are numbers here.
            Ok(true) => {
                arrays += 1;
                bytes.find(|byte| *byte == b']');
            }
            Ok(false) => {}
            Err(fault) => return (arrays, Err(fault)),
        }
    }
    (arrays, document.end())
}

#[test]
fn the_array_is_found_wherever_it_is() {
    for text in [
        r#"{"a":{"b":[1,2]}}"#,
        " { \"x\" : \"}\\\"{\" , \"a\" :\n{ \"b\" : [ 1 ] , \"c\" : null } } \n",
        r#"{"x":[{"a":{"b":[1]}},"]"],"y":{},"z":-1.5e+7,"a":{"t":true,"b":[]}}"#,
        r#"{"a":{"\u0062":[1]}}"#,
        r#"{"a.b":[1]}"#,
        r#"{"a":{"b":{"":[1]},"bc":[1],"":{"b":[1]},"b.":[1],"b":[]},"":{"a":{"b":[1]}},"a.b.":[1],"a.":{"b":[1]}}"#,
    ] {
        assert_eq!(follow(text, "a.b", false), (1, Ok(())), "{text}");
    }
    assert_eq!(follow(r#"{"a":[1],"a":[2]}{"a":[3]}"#, "a", false), (3, Ok(())));
}

#[test]
fn what_is_wrong_around_it_is_an_error() {
    let missing = |arrays: &[&str]| Fault::Missing {
        records: Some("a".to_string()),
        arrays: arrays.iter().map(ToString::to_string).collect(),
    };
    for (text, fault) in [
        ("", missing(&[])),
        ("{}", missing(&[])),
        (r#"{"b":[{}],"c":{"d":[ {}]},"a":5}"#, missing(&["b", "c.d"])),
        (r#"{"a":[1]}{"b":1}"#, missing(&[])),
        (r#"{"a":[1]"#, Fault::NotClosed),
        (r#"{"a":[1],"b":[{"#, Fault::NotClosed),
        (r#"{"a":[1],"b":"x"#, Fault::NotClosed),
        (r#"{"a":[1]}x"#, Fault::NoObject),
        ("[1]", Fault::NoObject),
        (r#"{"a":[1]]}"#, Fault::Broken),
        (r#"{"a" [1]}"#, Fault::Broken),
        (r#"{"a":[1] "b":1}"#, Fault::Broken),
        (r#"{"b":[1},"a":[1]}"#, Fault::Broken),
        ("{\"b\":\"x\ny\",\"a\":[1]}", Fault::Broken),
        ("{,\"a\":[1]}", Fault::Broken),
        ("{5:[1]}", Fault::Broken),
    ] {
        assert_eq!(follow(text, "a", false).1, Err(fault), "{text}");
    }
    let deep = format!("{{\"b\":{}", "[".repeat(200));
    assert_eq!(follow(&deep, "a", false).1, Err(Fault::TooDeep));
    assert_eq!(follow(&"{\"a\":".repeat(200), "x", false).1, Err(Fault::TooDeep));
    assert_eq!(follow(r#"{"a":[1]}{"a":[2]}"#, "a", true).1, Err(Fault::Second));
    let several = Fault::Several(["a".to_string(), "c.b".to_string()]);
    // Whatever comes before the first object, and however deeply it is nested in arrays.
    for array in ["[ {}]", "[null,{}]", "[[{}]]", "[\"{\",[],[5,{\"x\":[]}]]"] {
        let text = format!("{{\"a\":[1],\"c\":{{\"b\":{array}}}}}");
        assert_eq!(follow(&text, "a", true).1, Err(several.clone()), "{text}");
        let found = overview(text.as_bytes());
        assert_eq!((found.arrays, found.is_one), (vec!["c.b".to_string()], true), "{text}");
    }
    let none = r#"{"a":[1],"c":{"b":[5,"{",[[],null]]}}"#;
    assert_eq!(follow(none, "a", true).1, Ok(()));
}

#[test]
fn a_look_notes_arrays_of_objects_and_other_values() {
    let found = overview(br#"{"a":1,"b":{"c":[{"x":[{}]}],"d":"e"},"f":[1],"g":[]} "#);
    assert_eq!((found.arrays, found.names, found.is_one), (vec!["b.c".into()], vec!["a".into(), "b.d".into()], true));
    for (text, is_one) in [
        (r#"{"a":[{}]}"#, true),
        (r#"{"a":[{}"#, true),
        (r#"{"a":[{}]} {"a":1}"#, false),
        (r#"{"a":[{}]} x"#, false),
        (r#"{"a":[{}],,}"#, false),
        (r#"{"a":[{]}"#, true),
        (r#"{"a":[5,]},}"#, false),
        ("[{}]", false),
    ] {
        assert_eq!(overview(text.as_bytes()).is_one, is_one, "{text}");
    }
}
