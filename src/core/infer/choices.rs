//! Types for columns whose values are words: [`list`], [`choice`] and [`text`].

use super::column::{ColumnStats, MOST_CHOICES};
use super::fields::Sure;
use super::guess::{Guess, with_length};
use super::verdict::{LIST, TEXT};
use super::words::{number, quoted, toml_key, toml_list};

pub(super) fn list(stats: &ColumnStats) -> Option<Guess> {
    let fit = stats.fit(true, |verdict| verdict.kinds & (LIST | TEXT) != 0);
    let arrays = stats.fit(true, |verdict| verdict.kinds & LIST != 0);
    (fit.is_enough() && 2 * arrays.fitting > arrays.of).then(|| Guess::new("list", fit).words())
}

/// A few values that come again and again.
pub(super) fn choice(stats: &ColumnStats) -> Option<Guess> {
    const LONGEST: usize = 60;
    let (count, is_exact) = stats.distinct.count();
    let is_few = is_exact && count <= MOST_CHOICES as u64 && count == stats.values.len() as u64;
    let fit = stats.fit(true, |verdict| verdict.kinds & TEXT != 0);
    let is_repeated = stats.filled >= 12 && 4 * count <= stats.filled;
    if !is_few || !is_repeated || !fit.is_whole() || stats.longest.0 > LONGEST {
        return None;
    }
    let mut values: Vec<(u64, &str)> = stats
        .values
        .iter()
        .map(|(hash, value)| (stats.distinct.count_of(*hash), stats.usual_spelling(*hash, value)))
        .collect();
    values.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let counts: Vec<String> =
        values.iter().map(|(count, value)| format!("{} {}", quoted(value), number(*count))).collect();
    let choices: Vec<String> = values.iter().map(|(_, value)| (*value).to_string()).collect();
    let seldom: Vec<String> =
        values.iter().filter(|(count, _)| 100 * count <= stats.filled).map(|(_, value)| quoted(value)).collect();
    let is_sure = 20 * count <= stats.filled && seldom.is_empty();
    let sure = if is_sure { Sure::Certain } else { Sure::Likely };
    let guess = Guess { sure, ..Guess::new("choice", fit).words() };
    let guess = guess
        .with("choices", toml_list(&choices))
        .noted(format!("{}. If others may come, make it text", counts.join(", ")));
    let guess = match flag_values(&choices) {
        Some(replacements) => with_flag(guess, replacements),
        None => guess,
    };
    Some(match seldom.is_empty() {
        true => guess,
        false => guess.noted(format!(
            "seldom, perhaps misspelt: {}. If so, take them out of the choices, and say in `values` what replaces them",
            seldom.join(", ")
        )),
    })
}

/// Words for yes and no in the languages of most customer lists, in lower case. Those of English are a flag as they are.
const YES_AND_NO: [(&str, &str); 14] = [
    ("ja", "nein"),
    ("j", "n"),
    ("wahr", "falsch"),
    ("ja", "nee"),
    ("ja", "nej"),
    ("ja", "nei"),
    ("oui", "non"),
    ("o", "n"),
    ("vrai", "faux"),
    ("si", "no"),
    ("sí", "no"),
    ("s", "n"),
    ("sim", "não"),
    ("tak", "nie"),
];

/// What the two words of a flag stand for, as TOML, if they are known.
fn flag_values(choices: &[String]) -> Option<String> {
    let [one, other] = choices else { return None };
    let is = |word: &str, value: &str| value.to_lowercase() == word;
    let pair = |yes: &str, no: &str| YES_AND_NO.iter().any(|(of_yes, of_no)| is(of_yes, yes) && is(of_no, no));
    let (yes, no) = match () {
        () if pair(one, other) => (one, other),
        () if pair(other, one) => (other, one),
        () => return None,
    };
    Some(format!("values = {{ {} = \"yes\", {} = \"no\" }}", toml_key(yes), toml_key(no)))
}

/// A choice that a person may make a flag. A flag takes the words only as they are spelt in its values.
fn with_flag(guess: Guess, replacements: String) -> Guess {
    let mut guess = guess.noted("perhaps a flag: take the type in the comments below".to_string());
    guess.perhaps.extend(["type = \"flag\"".to_string(), replacements]);
    guess
}

pub(super) fn text(stats: &ColumnStats) -> Guess {
    let guess = Guess::new("text", stats.fit(true, |verdict| verdict.kinds & TEXT != 0)).words();
    with_length(guess, stats)
}
