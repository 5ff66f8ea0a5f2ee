//! The options that a profile brings: [`set_habits`].

use std::path::Path;

use super::row::{Row, Set};
use super::{reading, running};
use crate::core::finding::english::quoted;
use crate::core::profile::{Habit, Habits};
use crate::error::{Error, Result};
use crate::run::options::Options;

/// Sets the options that `[file]` and `[feed]` of the run's profile bring. What is set later wins.
pub fn set_habits(options: &mut Options) -> Result<()> {
    let Some(profile) = options.profile.clone() else { return Ok(()) };
    for (table, habits) in [("file", &profile.file), ("feed", &profile.feed)] {
        apply(options, habits).map_err(|(habit, why)| match habit.error(why.clone()) {
            Some(error) => Error::from(error),
            None => Error::Usage(format!("the profile {}: {table}.{}: {why}", profile.name, habit.key)),
        })?;
    }
    Ok(())
}

/// An error is the habit, and why it cannot be.
fn apply<'h>(options: &mut Options, habits: &'h Habits) -> std::result::Result<(), (&'h Habit, String)> {
    for habit in &habits.0 {
        let refused = |why: String| (habit, why);
        let Some(row) = row_of(&habit.key) else { return Err(refused("there is no such option".to_string())) };
        let values = if row.repeats { habit.values.clone() } else { vec![habit.values.join(",")] };
        for value in &values {
            let is_choice = row.choices.is_empty() || row.choices.iter().any(|(choice, _)| choice == value);
            if !is_choice {
                let choices: Vec<&str> = row.choices.iter().map(|(choice, _)| *choice).collect();
                return Err(refused(format!("{} is not one of {}", quoted(value), choices.join(", "))));
            }
            let done = match row.set {
                Set::Switch(set) if value == "true" => {
                    set(options);
                    Ok(())
                }
                Set::Switch(_) => Ok(()),
                Set::Text(set) => set(options, value),
                Set::Path(set) => set(options, Path::new(value)),
            };
            done.map_err(|refusal| refused(format!("{}: {refusal}", quoted(value))))?;
        }
    }
    Ok(())
}

/// The option of a key. A list has the name of what is in it, in the plural.
fn row_of(key: &str) -> Option<&'static Row> {
    let name = key.replace('_', "-");
    let mut rows = running::ROWS.iter().chain(reading::ROWS);
    rows.find(|row| row.name == name || row.repeats && name.strip_suffix('s') == Some(row.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::profile::{FEED_KEYS, FILE_KEYS};

    #[test]
    fn each_habit_is_an_option() {
        for key in FILE_KEYS.iter().chain(&FEED_KEYS) {
            assert!(row_of(key).is_some(), "{key}");
        }
    }
}
