//! What the TOML parser says of a file, in words of whoever writes one: [`plain`].

use toml::de::Error;

use super::field::MOST_DECIMALS;
use super::header::nearest;
use crate::core::finding::english::beginning;

/// Beginnings of the parser's messages, and what is said instead.
const SYNTAX: [(&str, &str); 11] = [
    ("string values must be quoted", "a value is missing here, or a text without quotes; write it as \"text\""),
    ("duplicate key", "this key or table is there twice; remove one of them"),
    ("missing escaped value", "a backslash begins an escape; write it twice, or put the text in '...'"),
    ("unexpected leading zero", "a number does not begin with 0; remove the zero, or write it as \"text\""),
    ("invalid unquoted key", "a key with other characters than a to z, digits, - and _ needs quotes"),
    ("unexpected key or value", "something follows the value; begin a new line, or put a # before a comment"),
    ("key with no value", "a key needs a value; write = and the value after it"),
    ("invalid key-value pair", "this is no key and value; write a line such as name = \"crm\""),
    ("missing comma between array elements", "the list goes on without a comma, or its ] is missing"),
    ("invalid basic string", "the text is not closed; write \" at its end"),
    ("invalid literal string", "the text is not closed; write ' at its end"),
];

/// What the parser calls what it expects, and what that is.
const WANTED: [(&str, &str); 9] = [
    ("a boolean", "true or false"),
    ("a string", "a text"),
    ("a character", "one character"),
    ("a sequence", "a list"),
    ("a map", "a table"),
    ("struct Field", "a table, such as [fields.email]"),
    ("struct CheckText", "a table; write [[checks]] before each check"),
    ("usize", "a whole number from 0 to 9223372036854775807"),
    ("any valid TOML value", "a whole number from -9223372036854775808 to 9223372036854775807"),
];

/// The parser's message in plain words.
pub(super) fn plain(error: &Error) -> String {
    let message = error.message().trim_end().replace('\n', ", ");
    let of_syntax = SYNTAX.iter().find(|(start, _)| message.starts_with(start));
    of_syntax.map_or_else(|| of_value(&message), |(_, plain)| (*plain).to_string())
}

fn of_value(message: &str) -> String {
    if message.starts_with("unknown ") {
        return unknown(message);
    }
    if let Some(key) = message.strip_prefix("missing field ") {
        return format!("the key {key} is missing");
    }
    if message == "wanted string or table" {
        return "it must be a text".to_string();
    }
    let found = message.strip_prefix("invalid type: ").or_else(|| message.strip_prefix("invalid value: "));
    match found.and_then(|rest| rest.rsplit_once(", expected ")) {
        Some((found, wanted)) => format!("it is {}, but must be {}", found_words(found), wanted_words(wanted)),
        None => message.to_string(),
    }
}

/// An unknown key or word, with the nearest that is known.
fn unknown(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = quoted.next().unwrap_or_default();
    let known: Vec<&str> = quoted.collect();
    // Of short words, a slip changes much.
    let a_slip_away = || known.iter().copied().find(|known| strsim::osa_distance(known, unknown) == 1);
    let near = nearest(unknown, known.iter().copied()).or_else(a_slip_away);
    let unknown = beginning(unknown);
    match (message.starts_with("unknown field"), near) {
        (true, Some(near)) => format!("there is no key `{unknown}` here; did you mean {near}?"),
        (true, None) => format!("there is no key `{unknown}` here; known are {}", known.join(", ")),
        (false, Some(near)) => format!("it cannot be `{unknown}`; did you mean {near}?"),
        (false, None) => format!("it cannot be `{unknown}`, only {}", known.join(", ")),
    }
}

fn found_words(found: &str) -> String {
    let (kind, value) = found.split_once([' ', '`']).unwrap_or((found, ""));
    let value = value.trim_start_matches("point ").trim_matches('`');
    let value = value.trim_end_matches(" as i128").trim_end_matches(" as u128").trim_end_matches('`');
    match kind {
        "integer" | "floating" => format!("the number {}", beginning(value)),
        "boolean" => value.to_string(),
        "string" => {
            let text = value.trim_start_matches('"');
            format!("the text \"{}\"", beginning(text.strip_suffix('"').unwrap_or(text)))
        }
        "map" => "a table".to_string(),
        "sequence" => "a list".to_string(),
        _ => found.to_string(),
    }
}

fn wanted_words(wanted: &str) -> String {
    match WANTED.iter().find(|(of_parser, _)| *of_parser == wanted) {
        Some((_, plain)) => (*plain).to_string(),
        None if wanted == "u32" => format!("a whole number from 0 to {MOST_DECIMALS}"),
        None => wanted.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use crate::core::profile::{Mapping, Profile};

    #[test]
    fn the_parsers_words_become_plain() {
        for (text, expected) in [
            ("name = own", "line 1, column 8: a value is missing here, or a text without quotes; write it as \"text\""),
            ("name =", "a value is missing here"),
            ("[fields.a", "unclosed table, expected `]`"),
            ("name = \"a", "the text is not closed; write \" at its end"),
            ("name = 'a", "the text is not closed; write ' at its end"),
            ("[fields.a]\n[fields.a]", "line 2, column 9: this key or table is there twice"),
            ("[fields.a]\nmin 1", "a key needs a value; write = and the value after it"),
            ("[fields.a]\npattern = \"\\d\"", "a backslash begins an escape; write it twice, or put the text in '...'"),
            ("[fields.a]\nmin = 01", "a number does not begin with 0"),
            ("[fields.ä]", "a key with other characters than a to z, digits, - and _ needs quotes"),
            ("[fields.a]\nlabel = \"x\", max = 3", "line 2, column 12: something follows the value; begin a new line"),
            ("{\"name\": 3}", "this is no key and value; write a line such as name = \"crm\""),
            ("key = [\"a\"\n[fields.a]", "the list goes on without a comma, or its ] is missing"),
            ("[fields.a]\nnot_before = 2000-02-30", "invalid date, expected day between 01 and 29"),
            ("[fields.a]\nrequired = \"yes\"", "fields.a.required: it is the text \"yes\", but must be true or false"),
            ("[fields.a]\naliases = \"x\"", "it is the text \"x\", but must be a list"),
            ("[fields.a]\naliases = [1]", "fields.a.aliases[0]: it is the number 1, but must be a text"),
            ("[fields.a]\ndecimal = \"\"", "it is the text \"\", but must be one character"),
            ("[fields.a]\nmin = 1.5", "it is the number 1.5, but must be a whole number from 0 to 9223372036854775807"),
            ("[fields.a]\nmin = true", "it is true, but must be a whole number"),
            ("[fields.a]\nmin = []", "it is a list, but must be a whole number"),
            ("[fields.a]\nvalues = \"x\"", "it is the text \"x\", but must be a table"),
            ("[fields.a]\nvalues = {a = [1]}", "fields.a.values.a: it must be one value, not a list"),
            ("[fields.a]\ntype = 3", "fields.a.type: it must be a text"),
            ("fields = 7", "it is the number 7, but must be a table for each field, such as [fields.email]"),
            ("[[fields.a]]\nmin = 1", "a field is one table; write [fields.NAME] in single brackets"),
            ("key = 7", "it is the number 7, but must be a column, or a list of columns"),
            ("checks = [7]", "it is the number 7, but must be a table; write [[checks]] before each check"),
        ] {
            let message = Profile::parse("own.toml", text).unwrap_err().to_string();
            assert!(message.contains(expected), "{text}\n{message}");
        }
        let message = Mapping::parse("[columns]\na = x\n").unwrap_err().to_string();
        assert!(message.contains("a text without quotes"), "{message}");
    }

    #[test]
    fn a_long_text_is_cut() {
        let long = "x".repeat(100);
        for text in ["{} = 1", "[fields.a]\ntype = \"{}\"", "[fields.a]\nmin = \"{}\"", "[fields.a]\nmin = [\"{}\"]"] {
            let message = Profile::parse("own.toml", &text.replace("{}", &long)).unwrap_err().message();
            assert!(!message.contains(&long[..50]), "{text}\n{message}");
        }
    }
}
