//! The words that a profile lists for a field: [`Choices`].

use std::collections::HashMap;

use unicase::UniCase;

/// Words, which are found in any case.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    words: Vec<String>,
    /// The index of a word, by the word and by its folded case.
    index: HashMap<String, usize>,
}

impl Choices {
    /// Of two words that differ in their case alone, the first is found.
    pub fn new(words: Vec<String>) -> Choices {
        let mut index = HashMap::with_capacity(2 * words.len());
        for (number, word) in words.iter().enumerate() {
            let first = *index.entry(UniCase::new(word).to_folded_case()).or_insert(number);
            index.insert(word.clone(), first);
        }
        Choices { words, index }
    }

    /// The word as it is listed.
    pub fn find(&self, value: &str) -> Option<&str> {
        let find = |text: &str| self.index.get(text).map(|number| self.words[*number].as_str());
        find(value).or_else(|| find(&UniCase::new(value).to_folded_case()))
    }

    pub fn words(&self) -> &[String] {
        &self.words
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_message_lists_some_of_many_words() {
        assert_eq!(some_of(["a", "b"]), "a\nb");
        let words: Vec<String> = (1..=25).map(|number| number.to_string()).collect();
        assert!(some_of(&words).ends_with("\n19\n20\nand 5 more"));
    }

    #[test]
    fn find_gives_the_spelling_of_the_profile() {
        let choices = Choices::new(["email", "print", "Straße", "EMAIL"].map(String::from).to_vec());
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
            assert_eq!(choices.find(value), expected, "{value:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn the_first_word_that_is_equal_but_for_its_case_is_found(
            words in prop::collection::vec("[aAbBßsSſkK\u{212a}İi]{1,3}", 1..6),
            value in "[aAbBßsSſkK\u{212a}İi]{1,3}",
        ) {
            let expected = words.iter().find(|word| unicase::eq(word.as_str(), &value)).cloned();
            let choices = Choices::new(words);
            prop_assert_eq!(choices.find(&value), expected.as_deref());
        }
    }
}
