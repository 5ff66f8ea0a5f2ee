//! `profiles` and `explain`: what the program knows, for people and for programs.

use std::process::Stdio;

use custload::core::finding::REGISTRY;
use custload::core::profile::Profile;
use serde_json::{Value, json};

use crate::support::Place;

fn printed(line: &str) -> String {
    let done = Place::new().custload(line).ends(0);
    assert_eq!(done.stderr, "");
    done.stdout
}

fn data(line: &str) -> Value {
    serde_json::from_str(&printed(line)).unwrap()
}

#[test]
fn profiles_are_listed() {
    let list = printed("profiles");
    for profile in Profile::all().unwrap() {
        assert!(list.lines().any(|line| line.contains(&profile.name) && line.contains(&profile.title)), "{list}");
    }
    let all = data("profiles --json");
    let names: Vec<&str> = all.as_array().unwrap().iter().map(|profile| profile["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["basic", "billing", "contact"]);
}

#[test]
fn a_profile_is_shown_whole() {
    for profile in Profile::all().unwrap() {
        let shown = printed(&format!("profiles {}", profile.name));
        let value = data(&format!("profiles {} --json", profile.name));
        assert_eq!(value["key"], *profile.key[0]);
        let fields = value["fields"].as_array().unwrap();
        assert_eq!(fields.len(), profile.fields.len());
        for (field, value) in profile.fields.iter().zip(fields) {
            assert_eq!(value["column"], field.column);
            assert_eq!(value["rule"], field.rule());
            let line = shown.lines().find(|line| line.split_whitespace().next() == Some(&field.column));
            let line = line.unwrap_or_else(|| panic!("{} is missing in:\n{shown}", field.column));
            assert!(line.contains(&field.rule()), "{line}");
            let headers = value["headers"].as_array().unwrap();
            assert!(headers.iter().skip(1).all(|name| line.contains(name.as_str().unwrap())), "{line}");
        }
    }
}

#[test]
fn an_own_profile_is_shown_with_all_its_keys() {
    let place = Place::new();
    let text = "key = \"code\"\ntable = \"clients\"\n[file]\nencoding = \"cp850\"\nnull_tokens = [\"k.A.\"]\n[feed]\nmode = \"upsert\"\n\
                [fields.code]\ncase = \"upper\"\npattern = \"K.*\"\non_invalid = \"clear\"\nfrom = [\"A\", \"B\"]\njoin = \"-\"\n\
                [fields.up]\nreferences = \"code\"\n[fields.sum]\ntype = \"decimal\"\nat_most = 9\ndecimal = \",\"\nstore = \"text\"\n\
                [fields.born]\ntype = \"date\"\nformats = [\"%d.%m.%Y\"]\nnot_after = \"today\"\n[fields.region]\ntype = \"state\"\n\
                [[checks]]\nname = \"a\"\nrule = \"code != null\"\n";
    place.write("crm.toml", text);
    let shown = place.custload("profiles crm.toml").ends(0).stdout;
    assert!(
        shown.contains("stored as text")
            && shown.lines().any(|line| line.trim().starts_with("region ") && line.trim().ends_with(" state")),
        "{shown}"
    );
    let data: Value = serde_json::from_str(&place.custload("profiles crm.toml --json").ends(0).stdout).unwrap();
    for (pointer, expected) in [
        ("/table", json!("clients")),
        ("/file", json!({ "encoding": "cp850", "null_tokens": ["k.A."] })),
        ("/feed/mode", json!("upsert")),
        ("/checks/0/rule", json!("code != null")),
        ("/fields/0/column", json!("code")),
        ("/fields/0/case", json!("upper")),
        ("/fields/0/pattern", json!("K.*")),
        ("/fields/0/on_invalid", json!("clear")),
        ("/fields/0/from", json!(["A", "B"])),
        ("/fields/0/join", json!("-")),
        ("/fields/2/references", json!("code")),
        ("/fields/3/at_most", json!("9")),
        ("/fields/3/decimal", json!(",")),
        ("/fields/3/store", json!("text")),
        ("/fields/4/formats", json!(["%d.%m.%Y"])),
        ("/fields/4/not_after", json!("today")),
        ("/fields/5/type", json!("state")),
    ] {
        assert_eq!(data.pointer(pointer), Some(&expected), "{pointer}");
    }
    place.custload("profiles crm").ends(2).says(&["there is no profile \"crm\"", "for the file, write crm.toml"]);
    place.write("a.csv", "code\nK1\n");
    place
        .custload("profiles new nodir/k.toml --from a.csv")
        .ends(2)
        .says(&["nodir/k.toml: there is no folder nodir; make it, or name another"]);
}

#[test]
fn codes_are_explained() {
    let list = printed("explain");
    let all = data("explain --json");
    assert_eq!(all.as_array().unwrap().len(), REGISTRY.len());
    for (info, value) in REGISTRY.iter().zip(all.as_array().unwrap()) {
        let name = info.code.name();
        assert!(list.lines().any(|line| line.contains(name) && line.contains(info.title)), "{name}");
        let text = printed(&format!("explain {name}"));
        for piece in [info.title, info.explanation, info.example, info.hint] {
            assert!(!piece.is_empty() && text.contains(piece), "{piece:?} is missing in:\n{text}");
        }
        assert_eq!(value["code"], name);
        assert_eq!(*value, data(&format!("explain {name} --json")));
    }
}

#[test]
fn what_is_not_there_is_met_with_the_nearest() {
    let place = Place::new();
    place.custload("profiles basci").ends(2).says(&["basci", "basic, billing, contact", "Did you mean basic?"]);
    place.custload("explain dupliacte-key").ends(2).says(&["dupliacte-key", "did you mean duplicate-key?"]);
    place.custload("explain zzz").ends(2).says(&["zzz", "custload explain"]);
}

#[test]
fn a_reader_who_goes_away_is_no_failure() {
    let place = Place::new();
    place.write("a.csv", "email\nann@example.com\n");
    let lines = ["profiles", "profiles billing --json", "explain --json", "import a.csv --profile contact --json"];
    for line in lines {
        let args: Vec<&str> = line.split(' ').collect();
        let mut child = place.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // Closed before anything is read.
        drop(child.stdout.take());
        let done = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(0), "{line}: {stderr}");
        assert!(!stderr.contains("panicked") && !stderr.contains("pipe"), "{line}: {stderr}");
    }
}
