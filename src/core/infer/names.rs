//! Names of fields, made of headers: [`Names`].

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization;

use crate::core::profile::{PARENT_ID, RESERVED_COLUMNS, letters_and_digits};
use crate::core::text::is_letter;

/// The longest name that is made, in characters.
const LONGEST: usize = 60;

/// The words of a header in lower case: `customerID` and `Customer-ID` are `customer` and `id`. Latin letters lose their marks.
pub(super) fn words(header: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut is_open, mut before) = (false, None::<char>);
    let mut characters = header.nfc().peekable();
    while let Some(character) = characters.next() {
        if !character.is_ascii_digit() && !is_letter(character) {
            // An apostrophe is within a word, as the dots of E.Mail are.
            is_open = is_open && matches!(character, '\'' | '’');
            before = None;
            continue;
        }
        let is_next_lower = characters.peek().is_some_and(|next| next.is_lowercase());
        let starts = match before {
            Some(before) if before.is_lowercase() || before.is_ascii_digit() => character.is_uppercase(),
            // IBANNumber is two words, USt is one.
            Some(before) if before.is_uppercase() => {
                character.is_uppercase() && is_next_lower && words.last().is_some_and(|word| word.len() > 1)
            }
            _ => false,
        };
        if !is_open || starts {
            words.push(String::new());
            is_open = true;
        }
        if let Some(word) = words.last_mut() {
            spell(character, word);
        }
        before = Some(character);
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Adds a letter or digit to a word, in lower case and, if it is Latin, without marks.
fn spell(character: char, word: &mut String) {
    match character {
        'ä' | 'Ä' => word.push_str("ae"),
        'ö' | 'Ö' => word.push_str("oe"),
        'ü' | 'Ü' => word.push_str("ue"),
        'ß' | 'ẞ' => word.push_str("ss"),
        'æ' | 'Æ' => word.push_str("ae"),
        'ø' | 'Ø' => word.push('o'),
        'ł' | 'Ł' => word.push('l'),
        'ı' | 'İ' => word.push('i'),
        _ => {
            let plain = std::iter::once(character).nfd().next().filter(char::is_ascii_alphanumeric);
            word.extend(plain.unwrap_or(character).to_lowercase());
        }
    }
}

/// A header as the name of a field: its words, with underscores between. Empty if it has no letter or digit.
pub fn identifier(header: &str) -> String {
    let mut words = words(header);
    // `E-Mail` is one word.
    if let Some(at) = words.windows(2).position(|pair| pair[0] == "e" && pair[1].starts_with("mail")) {
        let mail = words.remove(at + 1);
        words[at].push_str(&mail);
    }
    let name: String = words.join("_").chars().take(LONGEST).collect();
    let name = name.trim_end_matches('_');
    if name.starts_with(|first: char| first.is_ascii_digit()) { format!("column_{name}") } else { name.to_string() }
}

/// Gives names to fields, so that no two share a column of the table or a header.
#[derive(Debug)]
pub(super) struct Names {
    /// The headers of all columns, by their letters and digits, and what was given.
    compared: HashSet<String>,
    given: HashSet<String>,
}

impl Names {
    pub(super) fn new<'h>(headers: impl Iterator<Item = &'h str>) -> Names {
        Names { compared: headers.map(letters_and_digits).collect(), given: HashSet::new() }
    }

    /// The name for the field of a column, the `number`-th from 1.
    pub(super) fn give(&mut self, header: &str, number: usize) -> String {
        let own = letters_and_digits(header);
        let base = match identifier(header) {
            name if name.is_empty() => format!("column_{number}"),
            // Another system's IDs are no customers of this database.
            name if name == PARENT_ID || RESERVED_COLUMNS.contains(&name.as_str()) => format!("source_{name}"),
            name => name,
        };
        let mut name = base.clone();
        for further in 2.. {
            let compared = letters_and_digits(&name);
            let is_free = compared == own || !self.compared.contains(&compared);
            if is_free && !self.given.contains(&name) {
                self.compared.insert(compared);
                break;
            }
            name = format!("{base}_{further}");
        }
        self.given.insert(name.clone());
        name
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn headers_become_names() {
        for (header, name) in [
            ("E-Mail", "email"),
            ("Email Address", "email_address"),
            ("customerID", "customer_id"),
            ("IBANNumber", "iban_number"),
            ("Kunden-Nr.", "kunden_nr"),
            ("USt-IdNr.", "ust_id_nr"),
            ("Straße (Rechnung)", "strasse_rechnung"),
            ("Prénom", "prenom"),
            ("Telefon 2", "telefon_2"),
            ("2nd line", "column_2nd_line"),
            ("address.city", "address_city"),
            ("STR_RECH", "str_rech"),
            ("名前", "名前"),
            ("Owner's name", "owners_name"),
            ("  ", ""),
            ("#", ""),
        ] {
            assert_eq!(identifier(header), name, "{header:?}");
        }
    }

    #[test]
    fn names_are_given_once() {
        let headers = ["Name", "name 2", "NAME_", "", "", "Column 4", "Customer ID", "ä", "ae", "ParentCustomerID"];
        let mut names = Names::new(headers.into_iter());
        let given: Vec<String> = (1..).zip(headers).map(|(number, header)| names.give(header, number)).collect();
        let expected = [
            "name",
            "name_2",
            "name_3",
            "column_4_2",
            "column_5",
            "column_4",
            "source_customer_id",
            "ae_2",
            "ae",
            "source_parent_customer_id",
        ];
        assert_eq!(given, expected);
    }

    proptest! {
        #[test]
        fn given_names_never_mean_two_fields(headers in prop::collection::vec("[aAäe1_ .#-]{0,4}|column_[1-9]|\\PC{0,3}", 1..20)) {
            // Columns with one header share a field.
            let mut owners = std::collections::HashMap::new();
            let mut seen = HashSet::new();
            let headers: Vec<&String> =
                headers.iter().filter(|header| letters_and_digits(header).is_empty() || seen.insert(letters_and_digits(header))).collect();
            let mut names = Names::new(headers.iter().map(|header| header.as_str()));
            let mut given = HashSet::new();
            for (index, header) in headers.iter().enumerate() {
                let name = names.give(header, index + 1);
                prop_assert!(given.insert(name.to_ascii_lowercase()), "{}", name);
                prop_assert!(!RESERVED_COLUMNS.contains(&name.as_str()));
                for meant in [letters_and_digits(&name), letters_and_digits(header)] {
                    let owner = *owners.entry(meant.clone()).or_insert(index);
                    prop_assert!(meant.is_empty() || owner == index, "{:?} {:?}", headers, name);
                }
            }
        }
    }
}
