//! `custload profiles` and `custload explain`.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::table::{table, without_trailing_spaces};
use super::{args::ProfilesArgs, console::pretty};
use crate::core::finding::{Code, CodeInfo, REGISTRY, Scope};
use crate::core::profile::{Field, Profile, accepted_names, built_in_text, nearest, record_schema};
use crate::core::text::visible;
use crate::error::{Error, Result};
use crate::run::profile_file::named;

pub(super) fn profiles(args: &ProfilesArgs, stop: &AtomicUsize) -> Result<String> {
    let as_json = args.json;
    if let Some(name) = &args.name {
        if args.toml
            && let Some(text) = built_in_text(name)
        {
            return Ok(text.to_string());
        }
        let profile = named(name, &|| stop.load(Ordering::Relaxed) as i32)?;
        return Ok(match () {
            () if args.json_schema => record_schema(&profile),
            () if as_json => pretty(&data(&profile)),
            () if args.toml => {
                let notes = profile.notes.iter().map(|note| format!("# Note: {}\n", visible(note)));
                notes.chain([profile.toml.clone()]).collect()
            }
            () => one_profile(&profile),
        });
    }
    let all = Profile::all()?;
    if as_json {
        return Ok(pretty(&all.iter().map(|profile| data(profile)).collect()));
    }
    let mut list = table(["profile", "fields", "required", "key", "what it is for"]);
    for profile in all {
        let required: Vec<&str> =
            profile.fields.iter().filter(|field| field.required).map(|field| field.column.as_str()).collect();
        list.add_row([
            profile.name.clone(),
            profile.fields.len().to_string(),
            required.join(", "),
            profile.key.join(", "),
            profile.title.clone(),
        ]);
    }
    Ok(without_trailing_spaces(&format!("{list}\n\n`custload profiles NAME` shows a profile's fields.\n")))
}

fn one_profile(profile: &Profile) -> String {
    let mut fields = table(["column", "rule", "accepted headers, besides the column's own name"]);
    for field in &profile.fields {
        let names: Vec<&str> = accepted_names(field).skip(1).filter(|name| *name != field.column).collect();
        fields.add_row([field.column.clone(), field.rule(), names.join(", ")]);
    }
    let one_line = |rule: &str| rule.split_whitespace().collect::<Vec<_>>().join(" ");
    let checks = profile.checks.iter().map(|check| format!("check {}: {}", check.name, one_line(&check.rule)));
    let notes = profile.notes.iter().map(|note| format!("note: {note}"));
    let more: String = checks.chain(notes).map(|line| format!("{}\n", visible(&line))).collect();
    without_trailing_spaces(&format!(
        "{}: {}\nkey: {}\n{more}\n{fields}\n\nOnly the letters and digits of headers are compared, without regard to case.\n",
        profile.name,
        profile.title,
        profile.key.join(", ")
    ))
}

fn data(profile: &Profile) -> Value {
    // The keys of the field as a profile has them, and what follows from them.
    let data = |field: &Field| {
        let mut data = json!(field);
        data["column"] = json!(field.column);
        data["rule"] = json!(field.rule());
        data["max"] = json!(field.longest());
        data["characters"] = json!(field.characters.map(|characters| characters.describe()));
        data["headers"] = json!(accepted_names(field).collect::<Vec<_>>());
        data
    };
    let fields: Vec<Value> = profile.fields.iter().map(data).collect();
    let key = match &profile.key[..] {
        [] => Value::Null,
        [column] => json!(column),
        columns => json!(columns),
    };
    json!({
        "name": profile.name,
        "title": profile.title,
        "key": key,
        "key_fallback": profile.key_fallback,
        "table": profile.table,
        "file": profile.file,
        "feed": profile.feed,
        "fields": fields,
        "checks": profile.checks,
    })
}

pub(super) fn explain(name: Option<&str>, as_json: bool) -> Result<String> {
    let Some(name) = name else {
        if as_json {
            return Ok(pretty(&json!(REGISTRY.as_slice())));
        }
        let mut list = table(["code", "scope", "what it is"]);
        for info in &REGISTRY {
            list.add_row([info.code.name(), scope(info), info.title]);
        }
        return Ok(without_trailing_spaces(&format!("{list}\n\n`custload explain CODE` explains one.\n")));
    };
    let Some(code) = Code::from_name(name) else {
        let names = REGISTRY.iter().map(|info| info.code.name());
        let advice = match nearest(name, names) {
            Some(near) => format!("did you mean {near}?"),
            None => "`custload explain` lists them".to_string(),
        };
        return Err(Error::Usage(format!("there is no reject code {name:?}; {advice}")));
    };
    let info = code.info();
    if as_json {
        return Ok(pretty(&json!(info)));
    }
    Ok(format!(
        "{}: {}\n\n{}\n\nFor example: {}\n\nHow to correct it: {}\n",
        name, info.title, info.explanation, info.example, info.hint
    ))
}

fn scope(info: &CodeInfo) -> &'static str {
    match info.scope {
        Scope::Record => "record",
        Scope::Field => "field",
        Scope::Set => "set",
        Scope::Warning => "warning",
    }
}
