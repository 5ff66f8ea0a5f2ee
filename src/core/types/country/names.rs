//! The English names and codes of the countries of ISO 3166-1.
//!
//! They are in `names.tsv`, one country per line: alpha-2 code, alpha-3 code, names joined by `|`.

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;

use crate::core::text;

const TABLE: &str = include_str!("names.tsv");

/// The alpha-2 code of a country by its English name, a short or common name, or its alpha-2 or alpha-3 code.
/// Case, accents, punctuation and articles do not matter, nor does the order in "Korea, Republic of". `None` if ISO 3166-1 has
/// no such country.
pub fn code_of(value: &str) -> Option<&'static str> {
    if let [first, second] = *value.as_bytes() {
        return code_of_letters(first, second);
    }
    let key = Key::of(&[value], Articles::Kept)?;
    match key.as_bytes() {
        // N/A and n.a. mean a missing value; nobody writes Namibia's code with dots.
        b"na" => return None,
        // A lone & is not Andorra.
        b"and" if value.contains('&') => return None,
        _ => {}
    }
    COUNTRIES.names.get(key.as_bytes()).copied().or_else(|| reworded(value, &key))
}

/// Looks up a value whose letters alone are not a name.
fn reworded(value: &str, key: &Key) -> Option<&'static str> {
    let find = |key: &[u8]| COUNTRIES.names.get(key).copied();
    // "Gambia (the)", "Lao People's Democratic Republic (the)".
    find(Key::of(&[value], Articles::Dropped)?.as_bytes())
        // "Korea, Republic of", "Congo (the Democratic Republic of the)".
        .or_else(|| {
            let (before, after) = value.split_once([',', '(', '['])?;
            find(Key::of(&[after, before], Articles::Dropped)?.as_bytes())
        })
        // "TheGambia".
        .or_else(|| find(key.as_bytes().strip_prefix(b"the")?))
        .or_else(|| find(key.as_bytes().strip_suffix(b"the")?))
}

/// Whether the word "the" counts in a [`Key`].
#[derive(Clone, Copy, PartialEq, Eq)]
enum Articles {
    Kept,
    Dropped,
}

/// What names are compared by: their letters, without accents, in lower case, with `and` for `&`. It is on the stack because
/// it is made for every record.
struct Key {
    letters: [u8; Key::CAPACITY],
    length: usize,
}

impl Key {
    /// Longer than the longest name.
    const CAPACITY: usize = 80;

    /// The key of these texts together. `None` if it cannot be a name: it has a letter without an ASCII form, a number, or too
    /// many letters.
    fn of(texts: &[&str], articles: Articles) -> Option<Key> {
        let mut key = Key { letters: [0; Key::CAPACITY], length: 0 };
        for text in texts {
            let mut word = key.length;
            if text.is_ascii() {
                for byte in text.bytes() {
                    key.push(char::from(byte), &mut word, articles)?;
                }
            } else {
                for character in text.nfkd() {
                    key.push(character, &mut word, articles)?;
                }
            }
            key.end_word(&mut word, articles);
        }
        Some(key)
    }

    /// Adds a character; `word` is where the current word begins.
    fn push(&mut self, character: char, word: &mut usize, articles: Articles) -> Option<()> {
        match character {
            'a'..='z' | 'A'..='Z' => self.push_letter(character.to_ascii_lowercase() as u8),
            '&' => {
                self.end_word(word, articles);
                b"and".iter().try_for_each(|&letter| self.push_letter(letter))?;
                self.end_word(word, articles);
                Some(())
            }
            // An accent is part of its letter.
            _ if !character.is_ascii() && unicode_normalization::char::is_combining_mark(character) => Some(()),
            // No name of the table has a number or another script.
            _ if text::is_letter_or_number(character) => None,
            _ => {
                self.end_word(word, articles);
                Some(())
            }
        }
    }

    fn push_letter(&mut self, letter: u8) -> Option<()> {
        *self.letters.get_mut(self.length)? = letter;
        self.length += 1;
        Some(())
    }

    fn end_word(&mut self, word: &mut usize, articles: Articles) {
        if articles == Articles::Dropped && self.as_bytes().get(*word..) == Some(b"the") {
            self.length = *word;
        }
        *word = self.length;
    }

    fn as_bytes(&self) -> &[u8] {
        self.letters.get(..self.length).unwrap_or_default()
    }
}

struct Countries {
    /// By alpha-2 code, the form of most values.
    codes: [Option<&'static str>; 26 * 26],
    names: HashMap<Box<[u8]>, &'static str>,
}

static COUNTRIES: LazyLock<Countries> = LazyLock::new(|| {
    let mut countries = Countries { codes: [None; 26 * 26], names: HashMap::new() };
    for (alpha_2, name) in entries() {
        for articles in [Articles::Kept, Articles::Dropped] {
            if let Some(key) = Key::of(&[name], articles) {
                if let [first, second] = *key.as_bytes()
                    && let Some(code) = letter_pair(first, second).and_then(|index| countries.codes.get_mut(index))
                {
                    *code = Some(alpha_2);
                }
                countries.names.insert(key.as_bytes().into(), alpha_2);
            }
        }
    }
    countries
});

pub fn code_of_letters(first: u8, second: u8) -> Option<&'static str> {
    *COUNTRIES.codes.get(letter_pair(first, second)?)?
}

/// The index of two ASCII letters, in any case, in a table of all pairs.
fn letter_pair(first: u8, second: u8) -> Option<usize> {
    let index = |byte: u8| byte.is_ascii_alphabetic().then(|| usize::from((byte | 0x20) - b'a'));
    Some(index(first)? * 26 + index(second)?)
}

fn entries() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.lines().filter_map(|line| line.split_once('\t')).flat_map(|(alpha_2, rest)| {
        std::iter::once(alpha_2).chain(rest.split(['\t', '|'])).map(move |name| (alpha_2, name))
    })
}

/// The last countries that were found: a cache of [`code_of`].
#[derive(Clone, Debug)]
pub struct Recent {
    /// A name of at most 32 bytes and its code, at the slot of its hash. An unused slot has an empty name.
    names: [([u128; 2], &'static str); Recent::SLOTS],
}

impl Default for Recent {
    fn default() -> Recent {
        Recent { names: [([0; 2], ""); Recent::SLOTS] }
    }
}

impl Recent {
    const SLOTS: usize = 64;

    /// [`code_of`] for a cleaned value; `None` also if the value is too long for the cache.
    pub fn find(&mut self, value: &[u8]) -> Option<&'static str> {
        if let [first, second] = *value {
            return code_of_letters(first, second);
        }
        let mut bytes = [0; 32];
        bytes.get_mut(..value.len())?.copy_from_slice(value);
        let (halves, _) = bytes.as_chunks::<16>();
        let name = [u128::from_le_bytes(halves[0]), u128::from_le_bytes(halves[1])];
        if name == [0; 2] {
            return None;
        }
        let folded = name[0] ^ name[1].rotate_left(32);
        let folded = (folded ^ folded >> 64) as u64;
        let slot = (folded.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58) as usize % Recent::SLOTS;
        if self.names[slot].0 != name {
            self.names[slot] = (name, code_of(std::str::from_utf8(value).ok()?)?);
        }
        Some(self.names[slot].1)
    }
}

#[cfg(test)]
mod tests;
