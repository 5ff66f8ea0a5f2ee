//! What a field says of the text of its values besides lengths and characters: a [`Pattern`], and their [`Case`].

use std::borrow::Cow;

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::definition::{Parsed, Refusal, Stored};
use crate::core::finding::{Problem, excerpt};
use crate::core::text::{self, pattern};

/// A regular expression for the whole value.
#[derive(Clone, Debug)]
pub struct Pattern {
    regex: Regex,
    /// The memory that it takes, in bytes, about.
    pub memory: usize,
    written: String,
    /// What is wrong with a value that does not match, in the profile's words.
    message: Option<String>,
}

impl Pattern {
    /// Compiles a pattern. The error is the parser's, in one line.
    pub fn new(written: &str, message: Option<&str>) -> Result<Pattern, String> {
        // So that a `)` cannot end the group.
        pattern::parsed(written)?;
        // The inner group keeps the alternatives of `a|b` together.
        let whole = format!(r"\A(?:{written})\z");
        // With `(?x)` a pattern may end in a comment, which the line break ends. It is tried second, because without `(?x)` it
        // would be a character of the pattern.
        let whole = if pattern::parsed(&whole).is_ok() { whole } else { format!("\\A(?:{written}\n)\\z") };
        let (regex, memory) = pattern::measured(&whole)?;
        Ok(Pattern { regex, memory, written: written.to_string(), message: message.map(str::to_string) })
    }

    /// Adds a refusal to a text that does not match.
    pub fn check(&self, parsed: &mut Parsed<'_>) {
        if let Stored::Text(text) = &parsed.stored
            && !self.regex.is_match(text)
        {
            let (message, pattern) = (self.message.clone(), self.written.clone());
            let problem = Problem::Pattern { found: excerpt(text).to_string(), message, pattern };
            parsed.refusals.push(Refusal::new(problem));
        }
    }
}

/// The case in which a field's values are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Case {
    /// As capital letters.
    Upper,
    /// As small letters.
    Lower,
}

impl Case {
    pub fn apply(self, value: Cow<'_, str>) -> Cow<'_, str> {
        let changed = match self {
            Case::Upper => value.to_uppercase(),
            Case::Lower => value.to_lowercase(),
        };
        // The other form of a letter may be several, which NFC combines with the marks after them.
        let changed = text::nfc(&changed);
        if changed == value { value } else { Cow::Owned(changed.into_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::finding::TextKind;
    use crate::core::types::definition::Limits;

    #[test]
    fn a_pattern_is_for_the_whole_value() {
        for (pattern, value, matches) in [
            ("K[0-9]{3}", "K123", true),
            ("K[0-9]{3}", "K1234", false),
            ("K[0-9]{3}", "xK123", false),
            ("a|b", "b", true),
            ("a|b", "ab", false),
            ("(?i)abc", "ABC", true),
            (".*", "ü €", true),
            ("(?x) K [0-9] # a digit", "K1", true),
            ("(?x) K [0-9] # a digit", "K12", false),
            ("(?x) a | b # one of two", "ab", false),
            ("(?x) a # the first\n | b # the second", "b", true),
            ("(?x) a \\#", "a#", true),
            ("a#b", "a#b", true),
            ("", "x", false),
        ] {
            let mut parsed = Parsed::text(value.into(), &Limits::default(), TextKind::Other);
            Pattern::new(pattern, None).unwrap().check(&mut parsed);
            assert_eq!(parsed.refusals.is_empty(), matches, "{pattern} {value}");
        }
    }

    #[test]
    fn a_pattern_that_is_none_is_refused() {
        for (pattern, expected) in [
            ("(", "unclosed group"),
            ("a)(b", "unopened group"),
            ("(?x) (a # open", "unclosed group"),
            ("(?x) a)(b # c", "unopened group"),
            ("[z-a]", "invalid character class range"),
            ("(?<=a)b", "look-around"),
            ("((a{1000}){1000}){1000}", "too large"),
            (r"\1", "backreferences are not supported"),
        ] {
            let error = Pattern::new(pattern, None).unwrap_err();
            assert!(error.contains(expected), "{pattern}: {error}");
        }
    }

    #[test]
    fn a_case_changes_letters() {
        assert_eq!(Case::Upper.apply("straße 7".into()), "STRASSE 7");
        assert_eq!(Case::Lower.apply("İ".into()), text::nfc("i\u{307}"));
        assert!(matches!(Case::Lower.apply("abc".into()), Cow::Borrowed("abc")));
    }
}
