//! `custload profiles` and `custload explain`.

use serde_json::{Value, json};

use super::console::pretty;
use super::table::{table, without_trailing_spaces};
use crate::core::finding::{Code, CodeInfo, REGISTRY, Scope};
use crate::core::profile::{Field, Profile, accepted_names, nearest};
use crate::error::{Error, Result};

pub(super) fn profiles(name: Option<&str>, as_json: bool) -> Result<String> {
    if let Some(name) = name {
        let profile = Profile::named(name)?;
        return Ok(if as_json { pretty(&data(&profile)) } else { one_profile(&profile) });
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
            profile.key.clone(),
            profile.title.clone(),
        ]);
    }
    Ok(without_trailing_spaces(&format!("{list}\n\n`custload profiles NAME` shows a profile's fields.\n")))
}

fn one_profile(profile: &Profile) -> String {
    let mut fields = table(["column", "rule", "accepted headers, besides the column's own name"]);
    for field in &profile.fields {
        let names: Vec<&str> = accepted_names(field).skip(1).collect();
        fields.add_row([field.column.clone(), field.rule(), names.join(", ")]);
    }
    without_trailing_spaces(&format!(
        "{}: {}\nkey: {}\n\n{fields}\n\nOnly the letters and digits of headers are compared, without regard to case.\n",
        profile.name, profile.title, profile.key
    ))
}

fn data(profile: &Profile) -> Value {
    let data = |field: &Field| {
        json!({
            "column": field.column,
            "label": field.label,
            "type": field.kind,
            "rule": field.rule(),
            "required": field.required,
            "default": field.default,
            "min": field.min,
            "max": field.longest(),
            "at_least": field.at_least,
            "characters": field.characters.map(|characters| characters.describe()),
            "repair": field.repair,
            "deprecated": field.deprecated,
            "choices": field.choices,
            "headers": accepted_names(field).collect::<Vec<_>>(),
        })
    };
    let fields: Vec<Value> = profile.fields.iter().map(data).collect();
    json!({ "name": profile.name, "title": profile.title, "key": profile.key, "fields": fields })
}

pub(super) fn explain(name: Option<&str>, as_json: bool) -> Result<String> {
    let Some(name) = name else {
        if as_json {
            return Ok(pretty(&json!(REGISTRY)));
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
