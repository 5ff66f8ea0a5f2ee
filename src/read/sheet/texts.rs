//! Texts of a workbook: the table of shared ones, [`Texts`], and Excel's escapes for what XML cannot write.

use std::borrow::Cow;

/// Texts by number, one after another in memory.
#[derive(Debug, Default)]
pub(super) struct Texts {
    bytes: String,
    /// Where each ends.
    ends: Vec<usize>,
}

impl Texts {
    pub(super) fn push(&mut self, text: &str) {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len());
    }

    pub(super) fn get(&self, n: usize) -> Option<&str> {
        let end = *self.ends.get(n)?;
        let start = n.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.bytes.get(start..end)
    }
}

/// `_x000D_` in a text is the character U+000D, and `_x005F_` the underscore (ECMA-376, 22.9.2.19). Half of a surrogate
/// pair becomes U+FFFD.
pub(super) fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains("_x") {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut units: Vec<u16> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(unit) = unit_at(rest) {
            units.push(unit);
            rest = &rest[ESCAPE..];
            continue;
        }
        push_units(&mut plain, &mut units);
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let end = rest[first..].find('_').map_or(rest.len(), |at| first + at);
        plain.push_str(&rest[..end]);
        rest = &rest[end..];
    }
    push_units(&mut plain, &mut units);
    Cow::Owned(plain)
}

/// The length of `_x000D_`.
const ESCAPE: usize = 7;

/// The UTF-16 unit escaped at the beginning of a text, if there is one.
fn unit_at(text: &str) -> Option<u16> {
    let digits = text.get(..ESCAPE)?.strip_prefix("_x")?.strip_suffix('_')?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u16::from_str_radix(digits, 16).ok().filter(|_| is_hex)
}

fn push_units(plain: &mut String, units: &mut Vec<u16>) {
    let decoded = char::decode_utf16(units.drain(..));
    plain.extend(decoded.map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_write_is_unescaped() {
        for (text, expected) in [
            ("plain", "plain"),
            ("a_x000D_b", "a\rb"),
            ("_x005F_x000D_", "_x000D_"),
            ("_xD83D__xDE00_", "😀"),
            ("_xD83D_", "\u{fffd}"),
            ("_x00zz_", "_x00zz_"),
            ("ä_x", "ä_x"),
            ("__x0041_", "_A"),
            ("_x004", "_x004"),
            ("_xäöü_", "_xäöü_"),
            ("ü_x0041_ü", "üAü"),
        ] {
            assert_eq!(unescaped(text), expected, "{text}");
        }
    }

    #[test]
    fn texts_have_their_numbers() {
        let mut texts = Texts::default();
        for text in ["a", "", "bc"] {
            texts.push(text);
        }
        assert_eq!([texts.get(0), texts.get(1), texts.get(2), texts.get(3)], [Some("a"), Some(""), Some("bc"), None]);
    }
}
