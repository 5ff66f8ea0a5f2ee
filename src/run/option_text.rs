//! The options of a run as the database keeps them ([`text`]), and how those of two runs differ ([`difference`]): an input that was
//! loaded with the same options is recognised, and a stopped run continues only with its own.

use serde_json::{Map, Value};

pub(super) use super::option_table::Decides;
use super::option_table::{Recorded, last_words, rows};
use super::options::Options;
use crate::core::judge::plan::OnInvalid;

pub(super) fn text(options: &Options) -> String {
    let values = recorded().map(|(_, _, recorded)| (recorded.key.to_string(), (recorded.value)(options)));
    Value::Object(values.collect()).to_string()
}

/// The first option, of those that decide what `matter`s, that differs from a run in the database. What an earlier version did not
/// know has its default.
pub(super) fn difference(before: &str, now: &Options, matter: &[Decides]) -> Option<String> {
    let before = parsed(before);
    let usual = Options::default();
    let differing = recorded().find_map(|(name, decides, recorded)| {
        let (now, usual) = ((recorded.value)(now), (recorded.value)(&usual));
        let before = before.get(recorded.key).unwrap_or(&usual);
        (matter.contains(&decides) && *before != now).then(|| {
            let label = recorded.label.map_or_else(|| format!("--{name}"), str::to_string);
            differs(&label, recorded.on, before, &now)
        })
    });
    // An option that only a later version knows.
    let can_repeat = |key: &str| recorded().any(|(.., recorded)| recorded.key == key);
    let mut unknown = before.iter().filter(|(key, value)| !can_repeat(key) && !value.is_null());
    differing.or_else(|| {
        let (key, before) = unknown.next()?;
        Some(differs(&format!("--{}", key.replace('_', "-")), "true", before, &Value::Null))
    })
}

/// The value of one option of a run in the database, if it was given.
pub(super) fn value(options: &str, key: &str) -> Option<Value> {
    parsed(options).remove(key).filter(|value| !value.is_null())
}

/// The options of a run in the database that do not have their defaults.
pub fn given_options(options: &str) -> Vec<(String, Value)> {
    let usual = parsed(&text(&Options::default()));
    let is_given = |(name, value): &(String, Value)| *value != *usual.get(name).unwrap_or(&Value::Null);
    parsed(options).into_iter().filter(is_given).collect()
}

/// What the database keeps of each option, with the option's name and what it decides.
fn recorded() -> impl Iterator<Item = (&'static str, Decides, &'static Recorded)> {
    rows().flat_map(|row| row.recorded.iter().flatten().map(|recorded| (row.name, row.decides, recorded)))
}

fn parsed(options: &str) -> Map<String, Value> {
    let mut options: Map<String, Value> = serde_json::from_str(options).unwrap_or_default();
    // An earlier version kept a list of the fields to clear.
    if let Some(Value::Array(fields)) = options.remove("on_invalid_clear") {
        let cleared = fields.iter().filter_map(Value::as_str).map(|field| (field.to_string(), OnInvalid::Clear));
        options.insert("on_invalid".to_string(), last_words(&cleared.collect::<Vec<_>>()));
    }
    options
}

fn differs(label: &str, on: &str, before: &Value, now: &Value) -> String {
    format!("{label} was {}, and is now {}", plain(on, before), plain(on, now))
}

/// A value as it is typed; `on` is the word for true.
fn plain(on: &str, value: &Value) -> String {
    let one = |value: &Value| match value {
        Value::Null => String::new(),
        value => value.as_str().map_or_else(|| value.to_string(), str::to_string),
    };
    let typed = match value {
        Value::Null | Value::Bool(false) => String::new(),
        Value::Bool(true) => on.to_string(),
        // A pair is a column of the map and its field.
        Value::Array(values) => {
            let pair = |pair: &Vec<Value>| pair.iter().map(one).collect::<Vec<_>>().join("=");
            let values = values.iter().map(|value| value.as_array().map_or_else(|| one(value), pair));
            values.collect::<Vec<_>>().join(",")
        }
        Value::Object(values) => {
            values.iter().map(|(name, value)| format!("{name}={}", one(value))).collect::<Vec<_>>().join(",")
        }
        value => one(value),
    };
    if typed.is_empty() { "not given".to_string() } else { typed }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::run::option_table::Set;

    #[test]
    fn options_that_decide_what_is_stored_are_compared() {
        let usual = Options::default();
        let relaxed = |fields: &[&str]| {
            let mut options = Options::default();
            options.fields.relax = fields.iter().map(ToString::to_string).collect();
            options
        };
        let stored = [Decides::Stored];
        assert_eq!(difference(&text(&usual), &usual, &stored), None);
        // An option that an earlier version did not know has its default.
        assert_eq!(difference("{}", &usual, &stored), None);
        assert_eq!(difference("not even JSON", &usual, &stored), None);
        let found = difference(&text(&usual), &relaxed(&["name"]), &stored);
        assert_eq!(found.as_deref(), Some("--relax was not given, and is now name"));
        let found = difference(&text(&relaxed(&["name"])), &usual, &stored);
        assert_eq!(found.as_deref(), Some("--relax was name, and is now not given"));
        assert_eq!(difference(&text(&relaxed(&["name", "city"])), &relaxed(&["city", "name", "city"]), &stored), None);
        let found = difference("{\"later\":true}", &usual, &stored);
        assert_eq!(found.as_deref(), Some("--later was true, and is now not given"));
        assert_eq!(difference("{\"later\":null}", &usual, &stored), None);

        assert_eq!(difference(&text(&relaxed(&["all"])), &relaxed(&["name", "all"]), &stored), None);
        let mapped = |maps: [&str; 2]| {
            let mut options = Options::default();
            maps.iter().for_each(|map| options.fields.mapping.add(map).unwrap());
            options
        };
        let (one, other) = (mapped(["A=name", "B=email"]), mapped(["B=email", "A=name"]));
        assert_eq!(difference(&text(&one), &other, &stored), None);
        let found = difference(&text(&one), &mapped(["A=name", "B="]), &stored);
        assert_eq!(found.as_deref(), Some("--map was A=name,B=email, and is now A=name,B="));

        let on_invalid = |words: &[(&str, OnInvalid)]| {
            let mut options = Options::default();
            options.fields.on_invalid = words.iter().map(|(field, what)| (field.to_string(), *what)).collect();
            options
        };
        let phone = on_invalid(&[("phone", OnInvalid::Clear)]);
        assert_eq!(given_options(&text(&usual)), []);
        assert_eq!(given_options(&text(&phone)), [("on_invalid".to_string(), json!({ "phone": "clear" }))]);
        assert_eq!(given_options("{\"later\":1,\"relax\":[]}"), [("later".to_string(), json!(1))]);
        let again =
            on_invalid(&[("phone", OnInvalid::Reject), ("city", OnInvalid::Reject), ("phone", OnInvalid::Clear)]);
        assert_eq!(difference(&text(&again), &phone, &stored), None);
        assert_eq!(difference("{\"on_invalid_clear\":[\"phone\"]}", &phone, &stored), None);
        assert_eq!(difference("{\"on_invalid_clear\":[]}", &usual, &stored), None);
        assert!(difference("{\"on_invalid_clear\":[]}", &phone, &stored).is_some());
        let all = on_invalid(&[("all", OnInvalid::Keep), ("phone", OnInvalid::Reject)]);
        assert!(difference(&text(&all), &on_invalid(&[("all", OnInvalid::Keep)]), &stored).is_some());

        let other = Options {
            threads: 7,
            rejects_ok: true,
            accepted: true,
            max_rejects: Some(1),
            max_reject_ratio: Some(0.5),
            commit_every: Some(3),
            wait: std::time::Duration::from_secs(9),
            reports: Some("reports".into()),
            ..Options::default()
        };
        assert_eq!(difference(&text(&other), &usual, &stored), None);
        let found = difference(&text(&other), &usual, &[Decides::Stored, Decides::Part, Decides::Steps]);
        assert_eq!(found.as_deref(), Some("--commit-every was 3, and is now not given"));
        assert_eq!(value(&text(&other), "commit_every"), Some(json!(3)));
        assert_eq!(value(&text(&usual), "commit_every"), None);
    }

    #[test]
    fn the_defaults_of_the_table_are_those_of_the_options() {
        for row in rows() {
            let (Some(default), Set::Text(set)) = (row.default, row.set) else { continue };
            let mut options = Options::default();
            set(&mut options, default).unwrap();
            assert_eq!(format!("{options:?}"), format!("{:?}", Options::default()), "--{}", row.name);
        }
    }

    #[test]
    fn names_and_keys_are_unique() {
        let names: Vec<&str> = rows().map(|row| row.name).collect();
        let keys: Vec<&str> = recorded().map(|(.., recorded)| recorded.key).collect();
        for list in [names, keys] {
            let unique: std::collections::BTreeSet<&&str> = list.iter().collect();
            assert_eq!(list.len(), unique.len(), "{list:?}");
        }
    }
}
