//! The built-in profiles.

use std::sync::{Arc, LazyLock};

use super::definition::Profile;
use super::nearest::nearest;
use super::profile_error::ProfileError;
use super::settings_error::SettingsError;

const TEXTS: [(&str, &str); 3] = [
    ("basic.toml", include_str!("basic.toml")),
    ("billing.toml", include_str!("billing.toml")),
    ("contact.toml", include_str!("contact.toml")),
];

static PROFILES: LazyLock<Result<Vec<Arc<Profile>>, ProfileError>> =
    LazyLock::new(|| TEXTS.into_iter().map(|(file, text)| Profile::parse(file, text).map(Arc::new)).collect());

impl Profile {
    /// The built-in profiles, by name. A test makes sure that all are valid.
    pub fn all() -> Result<&'static [Arc<Profile>], SettingsError> {
        PROFILES.as_deref().map_err(|error| SettingsError::Profile(error.clone()))
    }

    /// The built-in profile with this name.
    pub fn named(name: &str) -> Result<Arc<Profile>, SettingsError> {
        let all = Profile::all()?;
        all.iter().find(|profile| profile.name == name).cloned().ok_or_else(|| {
            let known = || all.iter().map(|profile| profile.name.as_str());
            SettingsError::UnknownProfile {
                name: name.to_string(),
                nearest: nearest(name, known()).map(str::to_string),
                known: known().map(str::to_string).collect(),
            }
        })
    }
}
