//! A choice: one of the words that a profile lists for a field.

use std::borrow::Cow;

use super::definition::{Facts, Limits, Parsed, Refusal, Type};
use crate::core::finding::{Problem, TextKind, excerpt};

pub struct Choice;

impl Type for Choice {
    const FACTS: Facts = Facts {
        docs: "One of the words that the profile lists, in any case; stored as the profile spells it.",
        examples: &[("EMAIL", "email")],
        settings: &["min", "max", "characters", "default", "choices"],
        ..Facts::TEXT
    };

    fn parse<'v>(value: Cow<'v, str>, limits: &Limits) -> Parsed<'v> {
        match parse(&value, &limits.choices) {
            Some(word) => Parsed::text(Cow::Owned(word.to_string()), limits, TextKind::Other),
            None => {
                let (found, choices) = (excerpt(&value).to_string(), some_of(&limits.choices));
                Parsed::refused(Refusal::new(Problem::NotAChoice { found, choices }))
            }
        }
    }
}

/// The number of words that a message lists.
const MOST_LISTED: usize = 20;

/// The first of some words, a line each, and the number of the others.
pub fn some_of<W: AsRef<str>>(words: impl IntoIterator<Item = W, IntoIter: ExactSizeIterator>) -> String {
    let words = words.into_iter();
    let more = words.len().saturating_sub(MOST_LISTED);
    let mut lines: Vec<String> = words.take(MOST_LISTED).map(|word| word.as_ref().to_string()).collect();
    lines.extend((more > 0).then(|| format!("and {more} more")));
    lines.join("\n")
}

fn parse<'c>(value: &str, choices: &'c [String]) -> Option<&'c str> {
    choices.iter().find(|choice| unicase::eq(choice.as_str(), value)).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_lists_some_of_many_words() {
        assert_eq!(some_of(["a", "b"]), "a\nb");
        let words: Vec<String> = (1..=25).map(|number| number.to_string()).collect();
        assert!(some_of(&words).ends_with("\n19\n20\nand 5 more"));
    }

    #[test]
    fn parse_gives_the_spelling_of_the_profile() {
        let choices = ["email", "print", "Straße"].map(String::from);
        for (value, expected) in [
            ("email", Some("email")),
            ("EMAIL", Some("email")),
            ("Print", Some("print")),
            ("STRASSE", Some("Straße")),
            ("", None),
            ("fax", None),
            ("e-mail", None),
            ("emai", None),
            ("email ", None),
        ] {
            assert_eq!(parse(value, &choices), expected, "{value:?}");
        }
        assert_eq!(parse("email", &[]), None);
    }
}
