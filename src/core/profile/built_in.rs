//! The files of the built-in profiles. They are written as a person's own, and use nothing that those cannot.

pub(super) const TEXTS: [(&str, &str); 3] = [
    ("basic.toml", include_str!("basic.toml")),
    ("billing.toml", include_str!("billing.toml")),
    ("contact.toml", include_str!("contact.toml")),
];

/// The file of the built-in profile with this name.
pub fn built_in_text(name: &str) -> Option<&'static str> {
    TEXTS.iter().find(|(file, _)| file.strip_suffix(".toml") == Some(name)).map(|(_, text)| *text)
}
