//! The profiles that are part of the program.

use std::sync::{Arc, LazyLock};

use super::definition::Profile;
use super::nearest::nearest;
use super::settings_error::SettingsError;

const TEXTS: [(&str, &str); 3] = [
    ("basic.toml", include_str!("basic.toml")),
    ("billing.toml", include_str!("billing.toml")),
    ("contact.toml", include_str!("contact.toml")),
];

static PROFILES: LazyLock<Vec<Arc<Profile>>> = LazyLock::new(|| {
    let parse = |(file, text)| match Profile::parse(file, text) {
        Ok(profile) => Arc::new(profile),
        // A test parses all of them.
        #[expect(clippy::panic, reason = "the texts are part of the program, so this is a fault of the program")]
        Err(error) => panic!("{error}"),
    };
    TEXTS.into_iter().map(parse).collect()
});

impl Profile {
    /// The profiles that are part of the program, by name.
    pub fn all() -> &'static [Arc<Profile>] {
        &PROFILES
    }

    /// The profile of the program that has this name.
    pub fn named(name: &str) -> Result<Arc<Profile>, SettingsError> {
        Profile::all().iter().find(|profile| profile.name == name).cloned().ok_or_else(|| {
            let known = || Profile::all().iter().map(|profile| profile.name.as_str());
            SettingsError::UnknownProfile {
                name: name.to_string(),
                nearest: nearest(name, known()).map(str::to_string),
                known: known().map(str::to_string).collect(),
            }
        })
    }
}
