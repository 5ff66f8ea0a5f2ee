//! Commands in messages, quoted for a shell.

use std::borrow::Cow;
use std::path::Path;

use crate::core::text::visible;

pub const DEFAULT_DATABASE: &str = "customers.db";

pub fn word(word: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./=:,+@%".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        return Cow::Borrowed(word);
    }
    if visible(word) == word {
        return Cow::Owned(format!("'{}'", word.replace('\'', "'\\''")));
    }
    // Hidden characters are written as escaped bytes, which most shells understand.
    let letters = word.bytes().map(|byte| match is_plain(byte) || byte == b' ' {
        true => char::from(byte).to_string(),
        false => format!("\\{byte:03o}"),
    });
    Cow::Owned(format!("$'{}'", letters.collect::<String>()))
}

pub fn undo(run_id: i64, database: &Path) -> String {
    match database.as_os_str() == DEFAULT_DATABASE {
        true => format!("custload undo {run_id}"),
        false => format!("custload undo {run_id} --db {}", word(&database.to_string_lossy())),
    }
}

/// The same for a command without a database.
pub fn undo_of(run_id: i64, database: Option<&Path>) -> String {
    undo(run_id, database.unwrap_or(Path::new(DEFAULT_DATABASE)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_a_shell() {
        for (plain, expected) in [
            ("a.csv", "a.csv"),
            ("my file.csv", "'my file.csv'"),
            ("", "''"),
            ("it's", "'it'\\''s'"),
            ("$HOME;", "'$HOME;'"),
            ("M\u{fc}ller.csv", "'M\u{fc}ller.csv'"),
            ("a\u{200b}b c'.csv", "$'a\\342\\200\\213b c\\047.csv'"),
            ("a\nb", "$'a\\012b'"),
        ] {
            assert_eq!(word(plain), expected);
        }
    }

    #[test]
    fn undo_names_the_database_if_it_is_another() {
        for (database, expected) in [
            ("customers.db", "custload undo 7"),
            ("a/customers.db", "custload undo 7 --db a/customers.db"),
            ("my crm.db", "custload undo 7 --db 'my crm.db'"),
        ] {
            assert_eq!(undo(7, Path::new(database)), expected);
        }
    }
}
