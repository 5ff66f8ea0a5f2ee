//! Words of comments, and values of TOML.

use crate::core::record::json::write_text;
use crate::core::text::{is_hidden, visible};

/// A text of the file, for a comment.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", visible(text))
}

/// A number with commas between groups of three digits.
pub(super) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 record`, `2 records`.
pub(super) fn records(count: u64) -> String {
    format!("{} record{}", number(count), if count == 1 { "" } else { "s" })
}

/// A text in TOML: as in JSON, with escapes for characters that do not show.
pub fn toml_text(text: &str) -> String {
    let mut json = Vec::new();
    write_text(&mut json, text);
    let escape = |character: char| match is_hidden(character) {
        true if character as u32 > 0xffff => format!("\\U{:08X}", character as u32),
        true => format!("\\u{:04X}", character as u32),
        false => character.to_string(),
    };
    String::from_utf8_lossy(&json).chars().map(escape).collect()
}

/// Texts as a list in TOML, over several lines if it is long.
pub fn toml_list(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| toml_text(text)).collect();
    let line = format!("[{}]", texts.join(", "));
    if line.chars().count() <= 100 { line } else { format!("[\n  {},\n]", texts.join(",\n  ")) }
}

/// A key in TOML; without quotes if it needs none.
pub(super) fn toml_key(name: &str) -> String {
    let is_bare = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if is_bare && !name.is_empty() { name.to_string() } else { toml_text(name) }
}

/// A share in percent. Only all is 100 %, and only nothing is 0 %.
pub(super) fn percent(part: u64, whole: u64) -> String {
    if part >= whole {
        return "100 %".to_string();
    }
    let tenths = (1000 * u128::from(part) / u128::from(whole.max(1))).max(u128::from(part > 0));
    format!("{}.{} %", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_groups() {
        for (value, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn only_all_is_all() {
        for (part, whole, text) in
            [(0, 7, "0.0 %"), (1, 1_000_000, "0.1 %"), (999_999, 1_000_000, "99.9 %"), (3, 3, "100 %")]
        {
            assert_eq!(percent(part, whole), text);
        }
    }
}
