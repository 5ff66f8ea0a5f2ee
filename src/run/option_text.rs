//! The options of a run as the database keeps them: [`text`], and how those of two runs differ: [`difference`].
//!
//! Each option is named here once, with what it decides. So an input that was loaded before is known to have been loaded with the
//! same options, and a run that was stopped is continued only with its own.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Options;
use crate::core::judge::plan::{FieldOptions, OnInvalid};
use crate::core::profile::Mapping;
use crate::read::input::ReadOptions;
use crate::read::sniff::HeaderPlace;

/// What an option decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decides {
    /// What is stored of an input.
    Stored,
    /// What of an input is read; the input is known by it.
    Part,
    /// In how many steps it is stored.
    Steps,
    /// Whether the run is stopped.
    Limit,
}

/// The options of a run for `import_runs`.
pub(super) fn text(options: &Options) -> String {
    let named = named(options).into_iter().map(|(name, _, value)| (name.to_string(), value));
    Value::Object(named.collect()).to_string()
}

/// The first option of those that `matter` in which the options of a run, as the database keeps them, differ from others, in
/// words. What an earlier version did not know was as it is where nothing is said.
pub(super) fn difference(before: &str, now: &Options, matter: &[Decides]) -> Option<String> {
    let before = parsed(before);
    let (now, usual) = (named(now), named(&Options::default()));
    let differing = now.iter().zip(&usual).find_map(|((name, decides, now), (.., usual))| {
        let before = before.get(*name).unwrap_or(usual);
        (matter.contains(decides) && before != now).then(|| differs(name, before, now))
    });
    // One that only a later version knows.
    let is_known = |name: &str| now.iter().any(|(known, ..)| *known == name);
    let mut unknown = before.iter().filter(|(name, value)| !is_known(name) && !value.is_null());
    differing.or_else(|| unknown.next().map(|(name, before)| differs(name, before, &Value::Null)))
}

/// The value of one option of a run, as the database keeps it; `None` where nothing was said.
pub(super) fn value(options: &str, name: &str) -> Option<Value> {
    parsed(options).remove(name).filter(|value| !value.is_null())
}

/// The options of a run, as the database keeps them, that are not as they are where nothing is said.
pub fn told_options(options: &str) -> Vec<(String, Value)> {
    let usual = parsed(&text(&Options::default()));
    let is_told = |(name, value): &(String, Value)| *value != *usual.get(name).unwrap_or(&Value::Null);
    parsed(options).into_iter().filter(is_told).collect()
}

fn parsed(options: &str) -> Map<String, Value> {
    let mut options: Map<String, Value> = serde_json::from_str(options).unwrap_or_default();
    // An earlier version had one word on invalid values, and listed the fields.
    if let Some(Value::Array(fields)) = options.remove("on_invalid_clear") {
        let cleared = fields.iter().filter_map(Value::as_str).map(|field| (field.to_string(), OnInvalid::Clear));
        options.insert("on_invalid".to_string(), last_words(&cleared.collect::<Vec<_>>()));
    }
    options
}

fn differs(name: &str, before: &Value, now: &Value) -> String {
    format!("{} was {}, and is now {}", option_of(name), plain(name, before), plain(name, now))
}

/// A value as a person types it.
fn plain(name: &str, value: &Value) -> String {
    let joined = |values: Vec<String>| if values.is_empty() { "not given".to_string() } else { values.join(",") };
    let one = |value: &Value| match value {
        Value::Null => String::new(),
        value => value.as_str().map_or_else(|| value.to_string(), str::to_string),
    };
    match value {
        Value::Bool(true) if name == "pad_short_rows" => "pad".to_string(),
        Value::Bool(true) if name == "unknown_columns_are_errors" => "error".to_string(),
        Value::Bool(false) => joined(Vec::new()),
        Value::Null => joined(Vec::new()),
        // A column of the mapping, and the field that it is for.
        Value::Array(values) => joined(
            values
                .iter()
                .map(|value| {
                    value
                        .as_array()
                        .map_or_else(|| one(value), |pair| pair.iter().map(one).collect::<Vec<_>>().join("="))
                })
                .collect(),
        ),
        Value::Object(values) => joined(values.iter().map(|(name, value)| format!("{name}={}", one(value))).collect()),
        value => one(value),
    }
}

/// What a person types for what goes by this name.
fn option_of(name: &str) -> String {
    match name {
        "header" => "the header (--header-line, --columns)".to_string(),
        "pad_short_rows" => "--short-rows".to_string(),
        "null_tokens" => "--null-token".to_string(),
        "unknown_columns_are_errors" => "--unknown-columns".to_string(),
        "constants" | "values" => format!("[{name}] of the mapping file"),
        name => format!("--{}", name.replace('_', "-")),
    }
}

/// What stands for every field.
const ALL: &str = "all";

/// Every option: its name, what it decides, and its value.
///
/// Nothing is left out by `..`: who adds an option is asked by the compiler what it decides. Those that are not named decide
/// nothing of what is stored: output, threads, waiting, the clock, and limits on what an input may do to the machine.
fn named(options: &Options) -> Vec<(&'static str, Decides, Value)> {
    let Options {
        command: _,
        inputs: _,
        database: _,
        // The one that was chosen has a column of its own.
        profile: _,
        read,
        reports: _,
        threads: _,
        accepted: _,
        fields,
        max_rejects,
        max_reject_ratio,
        rejects_ok: _,
        unknown_columns_are_errors,
        first_id,
        now: _,
        duplicates,
        force: _,
        redo: _,
        wait: _,
        commit_every,
        stop: _,
    } = options;
    let ReadOptions {
        format,
        delimiter,
        quote,
        escape,
        encoding,
        header,
        sheet,
        records,
        program: _,
        max_inflated_bytes: _,
        max_inflated_ratio: _,
        pad_short_rows,
        max_record_bytes,
        limit,
        block_size: _,
        hash_text: _,
        spool: _,
    } = read;
    let FieldOptions { key, relax, on_invalid, null_tokens, mapping, mode, empty } = fields;
    // What is left out is made of these.
    let Mapping { columns, constants, values, .. } = mapping;
    let mut columns: Vec<(&str, Option<&str>)> =
        columns.iter().map(|(header, target)| (header.as_str(), target.as_deref())).collect();
    columns.sort_unstable();
    let relax_all = [ALL.to_string()];
    let relax = if relax.iter().any(|field| field == ALL) { &relax_all[..] } else { relax };
    use Decides::{Limit, Part, Steps, Stored};
    vec![
        ("format", Stored, json!(format.map(|format| format.name()))),
        ("delimiter", Stored, json!(delimiter.map(|delimiter| char::from(delimiter).to_string()))),
        ("quote", Stored, quote_text(*quote)),
        ("escape", Stored, json!(escape.name())),
        ("encoding", Stored, json!(encoding.map(crate::read::decode::name))),
        ("header", Stored, header_text(header)),
        ("sheet", Part, json!(sheet)),
        ("records", Part, json!(records)),
        ("pad_short_rows", Stored, json!(pad_short_rows)),
        ("map", Stored, json!(columns)),
        ("constants", Stored, json!(constants)),
        ("values", Stored, json!(values)),
        ("null_tokens", Stored, set(null_tokens)),
        ("max_record_bytes", Stored, json!(max_record_bytes)),
        ("limit", Stored, json!(limit)),
        ("key", Stored, json!(key)),
        ("on_invalid", Stored, last_words(on_invalid)),
        ("relax", Stored, set(relax)),
        ("mode", Stored, json!(mode.name())),
        ("empty", Stored, json!(empty.name())),
        ("duplicates", Stored, json!(duplicates.name())),
        ("unknown_columns_are_errors", Stored, json!(unknown_columns_are_errors)),
        ("first_id", Stored, json!(first_id)),
        ("commit_every", Steps, json!(commit_every)),
        ("max_rejects", Limit, json!(max_rejects)),
        ("max_reject_ratio", Limit, json!(max_reject_ratio)),
    ]
}

/// What becomes of invalid values, by field: the last word on each counts, and one on all stands over those before it.
fn last_words(on_invalid: &[(String, OnInvalid)]) -> Value {
    let mut words: BTreeMap<&str, OnInvalid> = BTreeMap::new();
    for (field, what) in on_invalid {
        if field == ALL {
            words.clear();
        }
        words.insert(field, *what);
    }
    if !words.contains_key(ALL) {
        words.retain(|_, what| *what != OnInvalid::Reject);
    }
    json!(words)
}

/// Texts whose order says nothing.
fn set(texts: &[String]) -> Value {
    let mut texts = texts.to_vec();
    texts.sort();
    texts.dedup();
    json!(texts)
}

/// The quote that was told, or that there is none.
fn quote_text(quote: Option<Option<u8>>) -> Value {
    json!(quote.map(|quote| quote.map_or("none".to_string(), |quote| char::from(quote).to_string())))
}

fn header_text(place: &HeaderPlace) -> Value {
    match place {
        HeaderPlace::Found => Value::Null,
        HeaderPlace::Line(line) => json!(line),
        HeaderPlace::Given(names) => json!(names),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decides_what_is_stored_is_compared() {
        let usual = Options::default();
        let relaxed = |fields: &[&str]| {
            let mut options = Options::default();
            options.fields.relax = fields.iter().map(ToString::to_string).collect();
            options
        };
        let stored = [Decides::Stored];
        assert_eq!(difference(&text(&usual), &usual, &stored), None);
        // What an earlier version did not know of is as it is where nothing is said.
        assert_eq!(difference("{}", &usual, &stored), None);
        assert_eq!(difference("not even JSON", &usual, &stored), None);
        let said = difference(&text(&usual), &relaxed(&["name"]), &stored);
        assert_eq!(said.as_deref(), Some("--relax was not given, and is now name"));
        let said = difference(&text(&relaxed(&["name"])), &usual, &stored);
        assert_eq!(said.as_deref(), Some("--relax was name, and is now not given"));
        assert_eq!(difference(&text(&relaxed(&["name", "city"])), &relaxed(&["city", "name", "city"]), &stored), None);
        let said = difference("{\"later\":true}", &usual, &stored);
        assert_eq!(said.as_deref(), Some("--later was true, and is now not given"));
        assert_eq!(difference("{\"later\":null}", &usual, &stored), None);

        assert_eq!(difference(&text(&relaxed(&["all"])), &relaxed(&["name", "all"]), &stored), None);
        let mapped = |said: [&str; 2]| {
            let mut options = Options::default();
            said.iter().for_each(|said| options.fields.mapping.add(said).unwrap());
            options
        };
        let (one, other) = (mapped(["A=name", "B=email"]), mapped(["B=email", "A=name"]));
        assert_eq!(difference(&text(&one), &other, &stored), None);
        let said = difference(&text(&one), &mapped(["A=name", "B="]), &stored);
        assert_eq!(said.as_deref(), Some("--map was A=name,B=email, and is now A=name,B="));

        let told = |words: &[(&str, OnInvalid)]| {
            let mut options = Options::default();
            options.fields.on_invalid = words.iter().map(|(field, what)| (field.to_string(), *what)).collect();
            options
        };
        let phone = told(&[("phone", OnInvalid::Clear)]);
        assert_eq!(told_options(&text(&usual)), []);
        assert_eq!(told_options(&text(&phone)), [("on_invalid".to_string(), json!({ "phone": "clear" }))]);
        assert_eq!(told_options("{\"later\":1,\"relax\":[]}"), [("later".to_string(), json!(1))]);
        let again = told(&[("phone", OnInvalid::Reject), ("city", OnInvalid::Reject), ("phone", OnInvalid::Clear)]);
        assert_eq!(difference(&text(&again), &phone, &stored), None);
        assert_eq!(difference("{\"on_invalid_clear\":[\"phone\"]}", &phone, &stored), None);
        assert_eq!(difference("{\"on_invalid_clear\":[]}", &usual, &stored), None);
        assert!(difference("{\"on_invalid_clear\":[]}", &phone, &stored).is_some());
        let all = told(&[("all", OnInvalid::Keep), ("phone", OnInvalid::Reject)]);
        assert!(difference(&text(&all), &told(&[("all", OnInvalid::Keep)]), &stored).is_some());

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
        let said = difference(&text(&other), &usual, &[Decides::Stored, Decides::Part, Decides::Steps]);
        assert_eq!(said.as_deref(), Some("--commit-every was 3, and is now not given"));
        assert_eq!(value(&text(&other), "commit_every"), Some(json!(3)));
        assert_eq!(value(&text(&usual), "commit_every"), None);
    }

    #[test]
    fn no_name_stands_twice() {
        let names: Vec<&str> = named(&Options::default()).into_iter().map(|(name, ..)| name).collect();
        let different: std::collections::BTreeSet<&&str> = names.iter().collect();
        assert_eq!(names.len(), different.len());
    }
}
