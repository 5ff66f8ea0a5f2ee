//! Messages of the core's errors. The core knows no options; here its errors become usage errors that name them.

use crate::core::judge::plan::{OnInvalidReason, PlanError};
use crate::core::profile::{ProfileError, Setting, SettingsError};
use crate::core::{finding::english, judge::plan::OnInvalid};
use crate::error::Error;

impl From<ProfileError> for Error {
    fn from(error: ProfileError) -> Error {
        Error::Profile { message: format!("the profile {}", error.message()), marked: error.marked() }
    }
}

impl From<SettingsError> for Error {
    fn from(error: SettingsError) -> Error {
        Error::Usage(match error {
            SettingsError::Profile(error) => return Error::from(error),
            SettingsError::UnknownProfile { name, nearest, known } => {
                let nearest = nearest.map(|near| format!(" Did you mean {near}?")).unwrap_or_default();
                let known = known.join(", ");
                format!(
                    "there is no profile {name:?}; the profiles are {known}.{nearest} `custload profiles NAME` shows \
                     the fields of one"
                )
            }
            SettingsError::UnknownField { setting, line, profile, field, nearest, known } => {
                let advice = match nearest {
                    Some(near) => format!("did you mean {near}?"),
                    None => format!("it has {}", known.join(", ")),
                };
                let line = line.map(|line| format!("line {line} of ")).unwrap_or_default();
                format!("{line}{}: the profile {profile} has no field {field:?}; {advice}", name_of(&setting))
            }
            SettingsError::MalformedMap(map) => format!(
                "--map {map:?}: write --map 'Their header=field', or --map 'Their header=' to ignore the column"
            ),
        })
    }
}

impl From<PlanError> for Error {
    fn from(error: PlanError) -> Error {
        Error::Usage(match error {
            PlanError::Settings(error) => return error.into(),
            PlanError::NoKey(mode) => {
                format!(
                    "--mode {} finds customers by their key, and there is none; name one with --key, or in the profile",
                    mode.name()
                )
            }
            PlanError::RealKey(column) => {
                format!(
                    "--key {column}: {column} is stored as a real number, which identifies nothing; choose another key"
                )
            }
            PlanError::RepeatedKey(column) => format!("--key: it names {column} twice; name each column once"),
            PlanError::OnInvalid { profile, column, on_invalid, reason } => {
                let name = if on_invalid == OnInvalid::Keep { "keep" } else { "clear" };
                let why = match (on_invalid, reason) {
                    (OnInvalid::Keep, OnInvalidReason::Required) => {
                        format!("is required in the profile {profile}, so an invalid value cannot be kept")
                    }
                    (OnInvalid::Keep, OnInvalidReason::Key) => {
                        "is the key, and an invalid key cannot identify a customer".to_string()
                    }
                    (OnInvalid::Keep, OnInvalidReason::Number) => format!(
                        "is stored as a number, so an invalid value cannot be kept; use {column}=clear to store it as \
                         missing"
                    ),
                    (_, OnInvalidReason::Required) => {
                        format!("is required in the profile {profile}, so it cannot be cleared")
                    }
                    (_, OnInvalidReason::CheckedParent) => {
                        "refers to a parent, and a check of the profile names it, so it cannot be cleared".to_string()
                    }
                    _ => "is the key, and a record without it matches no customer".to_string(),
                };
                format!("--on-invalid {column}={name}: {column} {why}")
            }
            error @ PlanError::Field { .. } => error.to_string(),
            PlanError::Unstorable { column, replaced, value, line, findings } => {
                let key = match replaced {
                    Some(replaced) => format!("values.{column}.{replaced:?}"),
                    None => format!("constants.{column}"),
                };
                let messages = findings.all().iter().map(|finding| english::message(&finding, &column).to_string());
                let why = match findings.all().has_error() {
                    true => messages.collect::<Vec<_>>().join("; "),
                    false => "it means a missing value".to_string(),
                };
                let line = line.map(|line| format!("line {line} of ")).unwrap_or_default();
                format!("{line}the mapping: {key} = {value:?} cannot be stored: {why}")
            }
        })
    }
}

/// What a setting is called on the command line.
fn name_of(setting: &Setting) -> String {
    match setting {
        Setting::Key => "--key".to_string(),
        Setting::Relax => "--relax".to_string(),
        Setting::OnInvalid => "--on-invalid".to_string(),
        Setting::Column(header) => format!("the map of {header:?}"),
        Setting::Constants => "the mapping's [constants]".to_string(),
        Setting::Values(column) => format!("the mapping's [values.{column}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::judge::plan::{FieldOptions, Plan};
    use crate::core::mode::Mode;
    use crate::core::profile::{Mapping, Profile};

    fn words(error: impl Into<Error>) -> String {
        error.into().to_string()
    }

    #[test]
    fn a_misspelt_name_is_answered_with_the_nearest() {
        let message = words(Profile::named("contcat").unwrap_err());
        assert!(message.contains("basic, billing, contact") && message.contains("Did you mean contact?"), "{message}");
        let contact = Profile::named("contact").unwrap();
        let message = words(contact.require_field("emial", Setting::Relax).unwrap_err());
        assert!(message.contains("--relax") && message.contains("did you mean email?"), "{message}");
        let mut mapping = Mapping::default();
        mapping.add("Mail=emial").unwrap();
        let message = words(mapping.check(&contact).unwrap_err());
        assert!(message.contains("the map of \"Mail\"") && message.contains("did you mean email?"), "{message}");
    }

    #[test]
    fn a_value_that_cannot_be_stored_is_named_with_its_line() {
        for (text, expected) in [
            (
                "[constants]\nphone = \"x\"\n",
                "line 2 of the mapping: constants.phone = \"x\" cannot be stored: phone is not",
            ),
            (
                "[columns]\n[values.phone]\nold = \"\"\nolder = \"x\"\n",
                "line 4 of the mapping: values.phone.\"older\" = \"x\" cannot be stored: phone is not a phone number",
            ),
        ] {
            let options = FieldOptions { mapping: Mapping::parse(text).unwrap(), ..FieldOptions::default() };
            let message = words(Plan::new(Profile::named("contact").unwrap(), &options).unwrap_err());
            assert!(message.contains(expected), "{text}\n{message}");
        }
        let mapping = Mapping::parse("[columns]\n\n[values.emial]\nx = \"y\"\n").unwrap();
        let message = words(mapping.check(&Profile::named("contact").unwrap()).unwrap_err());
        assert!(message.starts_with("line 3 of the mapping's [values.emial]: the profile contact has no"), "{message}");
        let own = "[fields.a]\nvalues = { x = \"k.A.\" }\n";
        let options = FieldOptions { null_tokens: vec!["k.A.".to_string()], ..FieldOptions::default() };
        let message = words(Plan::new(Profile::parse("own.toml", own).unwrap().into(), &options).unwrap_err());
        assert!(
            message.contains("the profile own: fields.a.values: \"k.A.\" means that there is no value"),
            "{message}"
        );
    }

    #[test]
    fn impossible_options_for_invalid_values_are_refused() {
        use OnInvalid::{Clear, Keep};
        for (column, on_invalid, mode, expected) in [
            ("name", Clear, Mode::Create, "is required"),
            ("name", Keep, Mode::Create, "is required"),
            ("external_key", Keep, Mode::Create, "is the key"),
            ("external_key", Clear, Mode::Upsert, "is the key"),
            ("admin_id", Keep, Mode::Create, "is stored as a number"),
            ("no_taxes", Keep, Mode::Create, "is stored as a number"),
            ("emial", Keep, Mode::Create, "did you mean email?"),
        ] {
            let on_invalid = vec![(column.to_string(), on_invalid)];
            let options = FieldOptions { mode, on_invalid, ..FieldOptions::default() };
            let message = words(Plan::new(Profile::named("billing").unwrap(), &options).unwrap_err());
            assert!(message.contains("--on-invalid") && message.contains(expected), "{column}: {message}");
        }
    }
}
