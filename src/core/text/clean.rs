//! What is done to every value, whatever its field ([`clean`]), and which values are missing.

use std::borrow::Cow;
use std::ops::Range;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::invisible::{self, is_joiner, is_removed};
pub use crate::core::mask::is_tidy;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlCharacter {
    pub character: char,
    /// Its 1-based position in the original value, in Unicode scalar values.
    pub position: usize,
}

/// Cleans a value: removes invisible characters ([`invisible`]), normalises the rest to NFC, makes each run of white space
/// one space, and trims the ends.
/// Returns a part of `raw` if only the ends had to be trimmed. A control character other than white space is an error.
pub fn clean(raw: &str) -> Result<Cow<'_, str>, ControlCharacter> {
    let value = raw.trim_ascii();
    if is_tidy(value.as_bytes()) {
        return Ok(Cow::Borrowed(value));
    }
    clean_any(raw)
}

/// The range that [`clean`] leaves of a part of a text that [`is_tidy`] as a whole.
pub fn clean_range(raw: &[u8]) -> Range<usize> {
    match raw {
        [b' ', ..] | [.., b' '] => {
            let front = raw.len() - raw.trim_ascii_start().len();
            front..(raw.trim_ascii_end().len()).max(front)
        }
        _ => 0..raw.len(),
    }
}

fn clean_any(raw: &str) -> Result<Cow<'_, str>, ControlCharacter> {
    if let Some((index, character)) = raw.chars().enumerate().find(|&(_, c)| c.is_control() && !c.is_whitespace()) {
        return Err(ControlCharacter { character, position: index + 1 });
    }
    // White space and invisible characters do not compose with their neighbours, so trimming may come first.
    let value = raw.trim_matches(|c: char| c.is_whitespace() || is_removed(c) || is_joiner(c));
    // A removed character may have separated a letter from its mark, or two spaces.
    Ok(match invisible::without(value) {
        Cow::Borrowed(value) => match nfc(value) {
            Cow::Borrowed(value) => collapse(value),
            Cow::Owned(value) => Cow::Owned(into_collapsed(value)),
        },
        Cow::Owned(value) => Cow::Owned(into_collapsed(nfc(&value).into_owned())),
    })
}

pub(crate) fn nfc(value: &str) -> Cow<'_, str> {
    // Nothing below U+0300 is a mark or changes under NFC. This decides most names in Latin letters.
    if value.chars().all(|c| c < '\u{300}') {
        return Cow::Borrowed(value);
    }
    match is_nfc_quick(value.chars()) {
        IsNormalized::Yes => Cow::Borrowed(value),
        IsNormalized::No => Cow::Owned(value.nfc().collect()),
        IsNormalized::Maybe if value.nfc().eq(value.chars()) => Cow::Borrowed(value),
        IsNormalized::Maybe => Cow::Owned(value.nfc().collect()),
    }
}

/// Each run of white space becomes one space, and the ends are trimmed.
pub(crate) fn collapse(value: &str) -> Cow<'_, str> {
    let value = value.trim();
    if is_tidy(value.as_bytes()) {
        return Cow::Borrowed(value);
    }
    let mut after_space = false;
    let is_collapsed = value.chars().all(|c| {
        let was_space = std::mem::replace(&mut after_space, c == ' ');
        if c == ' ' { !was_space } else { !c.is_whitespace() }
    });
    if is_collapsed {
        return Cow::Borrowed(value);
    }
    let mut collapsed = String::with_capacity(value.len());
    for word in value.split_whitespace() {
        if !collapsed.is_empty() {
            collapsed.push(' ');
        }
        collapsed.push_str(word);
    }
    Cow::Owned(collapsed)
}

/// [`collapse`] for an owned value, without a copy if nothing changes.
pub(crate) fn into_collapsed(value: String) -> String {
    match collapse(&value) {
        Cow::Borrowed(same) if same.len() == value.len() => value,
        other => other.into_owned(),
    }
}

/// Whether a cleaned value is missing in every field. NULL is a value here, a surname, and NA is Namibia.
pub fn is_missing(value: &str) -> bool {
    value.is_empty() || value == "\\N"
}

/// Whether a cleaned value is a word for a missing value, in upper or lower case. In a field of words it is a value.
pub fn is_null_word(value: &str) -> bool {
    const WORDS: [&str; 8] = ["null", "nil", "none", "n/a", "na", "unknown", "-", "--"];
    value.len() <= 7 && WORDS.iter().any(|word| word.eq_ignore_ascii_case(value))
}

/// What a control character is in windows-1252, if text in that encoding was wrongly read as ISO 8859-1.
pub fn windows_1252(control: char) -> Option<char> {
    #[rustfmt::skip]
    const FROM_80: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
        '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    let found = *FROM_80.get((control as usize).checked_sub(0x80)?)?;
    (found != control && control != '\u{85}').then_some(found)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) mod tests;
