//! A country of ISO 3166-1, by any of its English names or codes (SPEC section 3).
//!
//! The names stand in `country.tsv`, one country a line: alpha-2 code, alpha-3 code, names joined by `|`.

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;

use crate::core::text;

const TABLE: &str = include_str!("country.tsv");

/// Gives the alpha-2 code of a country from its English name, a short or common name, or its alpha-2 or alpha-3 code.
///
/// Case, accents and punctuation do not matter, nor does an article, nor the order in "Korea, Republic of". None where
/// ISO 3166-1 has no such country; the value then stays as it is.
pub fn normalise(value: &str) -> Option<&'static str> {
    if let [first, second] = *value.as_bytes() {
        return COUNTRIES.by_letters(first, second);
    }
    let key = Key::of(&[value], Articles::Kept)?;
    match key.as_bytes() {
        // N/A and n.a. mean that there is no value; nobody writes dots into Namibia's code.
        b"na" => return None,
        // A lone & is not Andorra.
        b"and" if value.contains('&') => return None,
        _ => {}
    }
    COUNTRIES.names.get(key.as_bytes()).copied().or_else(|| reworded(value, &key))
}

/// The countries that were looked for last, so that the same name need not be taken apart again and again.
#[derive(Clone, Debug)]
pub struct Recent {
    /// A name of at most 32 bytes and its code, at the place that its bytes say. An empty name is none.
    names: [([u128; 2], &'static str); Recent::PLACES],
}

impl Default for Recent {
    fn default() -> Recent {
        Recent { names: [([0; 2], ""); Recent::PLACES] }
    }
}

impl Recent {
    const PLACES: usize = 64;

    /// [`normalise`] for a cleaned value, and known countries alone.
    pub fn find(&mut self, value: &[u8]) -> Option<&'static str> {
        if let [first, second] = *value {
            return COUNTRIES.by_letters(first, second);
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
        let place = (folded.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58) as usize % Recent::PLACES;
        if self.names[place].0 != name {
            self.names[place] = (name, normalise(std::str::from_utf8(value).ok()?)?);
        }
        Some(self.names[place].1)
    }
}

/// Looks for a value whose letters, as they stand, are no name.
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

/// What names are compared by: their letters alone, without accents, in lower case, with `and` for `&`. On the stack,
/// for it is made for every record.
struct Key {
    letters: [u8; Key::CAPACITY],
    length: usize,
}

impl Key {
    /// Longer than the longest name; what is longer still is none.
    const CAPACITY: usize = 80;

    /// The key of these texts, one behind the other. None where there cannot be such a name: a letter without an ASCII
    /// form, a number, or too many letters.
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

    /// Adds a character; `word` is where the word begins that it may belong to.
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
            // A name with a number, or in another script, is no name of the table.
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

/// The table in a form to look things up in.
struct Countries {
    /// By the two letters of the alpha-2 code, which is what most values are.
    codes: [Option<&'static str>; 26 * 26],
    /// By the key of each name and code.
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

impl Countries {
    fn by_letters(&self, first: u8, second: u8) -> Option<&'static str> {
        *self.codes.get(letter_pair(first, second)?)?
    }
}

/// The index of two ASCII letters, in any case, in a table of all pairs.
fn letter_pair(first: u8, second: u8) -> Option<usize> {
    let index = |byte: u8| byte.is_ascii_alphabetic().then(|| usize::from((byte | 0x20) - b'a'));
    Some(index(first)? * 26 + index(second)?)
}

/// Every name and code of the table with the alpha-2 code that it stands for.
fn entries() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.lines().filter_map(|line| line.split_once('\t')).flat_map(|(alpha_2, rest)| {
        std::iter::once(alpha_2).chain(rest.split(['\t', '|'])).map(move |name| (alpha_2, name))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_table_has_the_249_countries_in_order() {
        let codes: Vec<&str> = TABLE.lines().filter_map(|line| line.split('\t').next()).collect();
        assert_eq!(codes.len(), 249);
        assert!(codes.is_sorted_by(|one, next| one < next));
        for line in TABLE.lines() {
            let columns: Vec<&str> = line.split('\t').collect();
            let [alpha_2, alpha_3, names] = columns.as_slice() else { panic!("{line}") };
            assert!(alpha_2.len() == 2 && alpha_3.len() == 3, "{line}");
            assert!(alpha_2.bytes().chain(alpha_3.bytes()).all(|byte| byte.is_ascii_uppercase()), "{line}");
            assert!(names.split('|').all(|name| !name.is_empty() && name.trim() == name), "{line}");
        }
    }

    #[test]
    fn every_name_finds_its_country_and_no_two_share_one() {
        let mut owners = HashMap::new();
        for (alpha_2, name) in entries() {
            for articles in [Articles::Kept, Articles::Dropped] {
                let key = Key::of(&[name], articles).unwrap().as_bytes().to_vec();
                assert_eq!(*owners.entry(key).or_insert(alpha_2), alpha_2, "{name}");
            }
            for value in [name.to_owned(), name.to_uppercase(), name.to_lowercase(), format!("The {name}")] {
                assert_eq!(normalise(&value), Some(alpha_2), "{value}");
            }
            assert_eq!(normalise(&format!("{name} (the)")), Some(alpha_2), "{name}");
            assert_eq!(normalise(&name.nfd().collect::<String>()), Some(alpha_2), "{name}");
        }
    }

    #[test]
    fn normalise_knows_names_in_many_forms() {
        for (value, expected) in [
            ("DE", "DE"),
            ("de", "DE"),
            ("De", "DE"),
            ("DEU", "DE"),
            ("deu", "DE"),
            ("Germany", "DE"),
            ("GERMANY", "DE"),
            ("Federal Republic of Germany", "DE"),
            ("Germany, Federal Republic of", "DE"),
            ("UK", "GB"),
            ("uk", "GB"),
            ("U.K.", "GB"),
            ("GB", "GB"),
            ("Great Britain", "GB"),
            ("United Kingdom of Great Britain and Northern Ireland (the)", "GB"),
            ("United Kingdom of Great Britain & Northern Ireland", "GB"),
            ("USA", "US"),
            ("U.S.A.", "US"),
            ("U.S.", "US"),
            ("U. S. A.", "US"),
            ("US of A", "US"),
            ("United States", "US"),
            ("United States of America (the)", "US"),
            ("the United States", "US"),
            ("America", "US"),
            ("South Korea", "KR"),
            ("Korea, South", "KR"),
            ("Korea, Republic of", "KR"),
            ("Korea (the Republic of)", "KR"),
            ("Republic of Korea", "KR"),
            ("North Korea", "KP"),
            ("Korea (the Democratic People's Republic of)", "KP"),
            ("Korea (Democratic People’s Republic of)", "KP"),
            ("DPRK", "KP"),
            ("Russia", "RU"),
            ("Russian Federation (the)", "RU"),
            ("Côte d’Ivoire", "CI"),
            ("Cote d'Ivoire", "CI"),
            ("COTE D IVOIRE", "CI"),
            ("Ivory Coast", "CI"),
            ("Türkiye", "TR"),
            ("Turkiye", "TR"),
            ("Turkey", "TR"),
            ("TÜRKİYE", "TR"),
            ("Réunion", "RE"),
            ("Curacao", "CW"),
            ("Åland Islands", "AX"),
            ("Aland Islands", "AX"),
            ("São Tomé & Príncipe", "ST"),
            ("Saint Barthelemy", "BL"),
            ("St. Barthélemy", "BL"),
            ("Holland", "NL"),
            ("The Netherlands", "NL"),
            ("Netherlands (Kingdom of the)", "NL"),
            ("Netherlands, Kingdom of the", "NL"),
            ("Burma", "MM"),
            ("Myanmar (Burma)", "MM"),
            ("Swaziland", "SZ"),
            ("Macedonia", "MK"),
            ("The former Yugoslav Republic of Macedonia", "MK"),
            ("Cape Verde", "CV"),
            ("East Timor", "TL"),
            ("Czech Republic", "CZ"),
            ("Czechia", "CZ"),
            ("Vatican", "VA"),
            ("Holy See (the)", "VA"),
            ("Syria", "SY"),
            ("Iran", "IR"),
            ("Iran (Islamic Republic of)", "IR"),
            ("Laos", "LA"),
            ("Lao People's Democratic Republic (the)", "LA"),
            ("Vietnam", "VN"),
            ("Viet Nam", "VN"),
            ("Viet-Nam", "VN"),
            ("Bolivia (Plurinational State of)", "BO"),
            ("Venezuela (Bolivarian Republic of)", "VE"),
            ("Tanzania, the United Republic of", "TZ"),
            ("Moldova (the Republic of)", "MD"),
            ("Taiwan", "TW"),
            ("Taiwan (Province of China)", "TW"),
            ("Macau", "MO"),
            ("Hong Kong SAR China", "HK"),
            ("China, Hong Kong SAR", "HK"),
            ("Palestine", "PS"),
            ("Palestine, State of", "PS"),
            ("Brunei", "BN"),
            ("Micronesia (Federated States of)", "FM"),
            ("Congo", "CG"),
            ("Congo (the)", "CG"),
            ("Republic of the Congo", "CG"),
            ("Republic of Congo", "CG"),
            ("Congo, Republic of the", "CG"),
            ("Congo-Brazzaville", "CG"),
            ("DRC", "CD"),
            ("Congo (the Democratic Republic of the)", "CD"),
            ("Congo, Democratic Republic of the", "CD"),
            ("Democratic Republic of Congo", "CD"),
            ("Congo-Kinshasa", "CD"),
            ("UAE", "AE"),
            ("U.A.E.", "AE"),
            ("Falkland Islands (the) [Malvinas]", "FK"),
            ("Falkland Islands (Malvinas)", "FK"),
            ("Gambia, The", "GM"),
            ("Gambia (the)", "GM"),
            ("TheGambia", "GM"),
            ("The Bahamas", "BS"),
            ("Virgin Islands (British)", "VG"),
            ("Virgin Islands (U.S.)", "VI"),
            ("Saint Martin (French part)", "MF"),
            ("Sint Maarten (Dutch part)", "SX"),
            ("Saint Helena, Ascension and Tristan da Cunha", "SH"),
            ("Bonaire, Sint Eustatius and Saba", "BQ"),
            ("South Georgia and the South Sandwich Islands", "GS"),
            ("Ireland", "IE"),
            ("Republic of China", "TW"),
            ("People's Republic of China", "CN"),
            ("NA", "NA"),
            ("na", "NA"),
            ("NAM", "NA"),
            ("Namibia", "NA"),
            ("ＧＥＲＭＡＮＹ", "DE"),
            ("  Germany! ", "DE"),
            ("🇩🇪 Germany", "DE"),
        ] {
            assert_eq!(normalise(value), Some(expected), "{value:?}");
            assert_eq!(normalise(expected), Some(expected), "{value:?}");
        }
    }

    #[test]
    fn normalise_knows_nothing_else() {
        for value in [
            "",
            " ",
            "-",
            "the",
            "The",
            "&",
            " & ",
            "D",
            "XX",
            "ZZ",
            "EU",
            "XK",
            "XKX",
            "EL",
            "Kosovo",
            "England",
            "Scotland",
            "Wales",
            "Northern Ireland",
            "Ireland, Northern",
            "European Union",
            "Korea",
            "Virgin Islands",
            "Untied States",
            "Germany1",
            "49",
            "D3",
            "N/A",
            "n/a",
            "N.A.",
            "(na)",
            "NULL",
            "None",
            "Deutschland",
            "Россия",
            "日本",
            "ドイツ",
            "Europe",
            "Africa",
            "Yugoslavia",
            "USSR",
            "Germanyy",
            "Ger many x",
            "DE, FR",
            "Germany, France",
            "Guiana",
            "ß",
            "é",
            "🇩🇪",
        ] {
            assert_eq!(normalise(value), None, "{value:?}");
        }
        assert_eq!(normalise(&"a".repeat(5_000)), None);
        assert_eq!(normalise(&"the ".repeat(5_000)), None);
        assert_eq!(normalise(&"(".repeat(5_000)), None);
    }

    proptest! {
        #[test]
        fn normalise_is_stable(value in prop_oneof![any::<String>(), "[A-Za-z]{2,3}", "(the )?[A-Z]{2}[.,( the)]{0,6}"]) {
            if let Some(code) = normalise(&value) {
                prop_assert_eq!(normalise(code), Some(code));
            }
        }

        #[test]
        fn codes_take_no_other_way(value in "[A-Za-z]{2}") {
            let key = Key::of(&[&value], Articles::Kept).unwrap();
            prop_assert_eq!(normalise(&value), COUNTRIES.names.get(key.as_bytes()).copied());
        }

        #[test]
        fn ascii_takes_no_other_way(value in "[A-Za-z&,'() -]{0,30}") {
            // A combining mark makes the value one that is not ASCII, and changes no letter.
            let marked = format!("{value}\u{34f}");
            let keys = [value.as_str(), marked.as_str()].map(|text| Key::of(&[text], Articles::Dropped).unwrap());
            prop_assert_eq!(keys[0].as_bytes(), keys[1].as_bytes());
        }
    }
}
