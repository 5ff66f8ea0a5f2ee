//! What a profile says about the files and runs of a feed ([`Habits`]): options that need not be typed each time.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use toml::Value;

use super::error::{ProfileError, ProfileErrorKind};
use super::profile_files::ProfileFiles;
use super::scalar::Scalar;

/// The keys of `[file]`: how the files are read. Each is an option of the same name, with hyphens.
pub const FILE_KEYS: [&str; 12] = [
    "format",
    "delimiter",
    "quote",
    "escape",
    "encoding",
    "sheet",
    "records",
    "header_line",
    "no_header",
    "columns",
    "null_tokens",
    "short_rows",
];

/// The keys of `[feed]`: what a run does each night.
pub const FEED_KEYS: [&str; 3] = ["db", "mode", "empty"];

/// The keys that take several values.
const LISTS: [&str; 2] = ["columns", "null_tokens"];

/// One key of `[file]` or `[feed]`, and its value or values as they would be typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Habit {
    /// The key.
    pub key: String,
    /// Its values.
    pub values: Vec<String>,
    /// Its table, and the files in which it stands.
    pub(super) place: Option<(&'static str, Arc<ProfileFiles>)>,
}

impl Habit {
    /// The error of a value that cannot be, and why.
    pub fn error(&self, why: String) -> Option<ProfileError> {
        let (table, files) = self.place.as_ref()?;
        Some(files.error(&[table, &self.key], ProfileErrorKind::Habit(why)))
    }
}

/// The keys of a table, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Habits(pub Vec<Habit>);

impl Habits {
    /// The values of a key; none if it is not there.
    pub(super) fn values(&self, key: &str) -> &[String] {
        self.0.iter().find(|habit| habit.key == key).map_or(&[], |habit| &habit.values)
    }
}

impl Serialize for Habits {
    /// A key that has one value by nature is a text, another a list.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(untagged)]
        enum Said<'h> {
            One(&'h str),
            Several(&'h [String]),
        }
        serializer.collect_map(self.0.iter().map(|habit| match &habit.values[..] {
            [one] if !LISTS.contains(&habit.key.as_str()) => (&habit.key, Said::One(one)),
            several => (&habit.key, Said::Several(several)),
        }))
    }
}

impl<'de> Deserialize<'de> for Habits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Habits, D::Error> {
        let table = toml::Table::deserialize(deserializer)?;
        let habit = |(key, value): (String, Value)| {
            let values = if let Value::Array(values) = value { values } else { vec![value] };
            let values = values.into_iter().map(|value| Scalar::deserialize(value).map(|Scalar(text)| text));
            let values = values.collect::<Result<_, _>>().map_err(|error| de::Error::custom(error.message()))?;
            Ok(Habit { key, values, place: None })
        };
        table.into_iter().map(habit).collect::<Result<_, _>>().map(Habits)
    }
}
