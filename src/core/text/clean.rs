//! Cleaning: what happens to every value, whatever field it stands in ([`clean`]), and which values are missing.

use std::borrow::Cow;
use std::ops::Range;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::invisible::{self, is_joiner, is_removed};
use crate::core::mask;

/// A control character that no value may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlCharacter {
    /// The character itself.
    pub character: char,
    /// Its position in the value as it was read, in Unicode scalar values from 1.
    pub position: usize,
}

/// Cleans a value as it was read: invisible characters go ([`invisible`]), the rest becomes NFC, each run of white space
/// becomes one space, and the ends are trimmed.
///
/// Gives a part of `raw` where no more than the ends had to be trimmed. Control characters other than white space are
/// an error that names the first of them.
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

/// Whether this text holds only printable ASCII and letters from U+00C0 to U+02FF, and no two spaces side by side: then
/// [`clean`] has nothing to do to any part of it, but for its ends. Those letters are never composed with anything but
/// marks, which come after them in Unicode. Most records are tidy, so it is asked of a record as a whole.
pub fn is_tidy(text: &[u8]) -> bool {
    mask::is_tidy(text)
}

/// [`clean`] for any value.
fn clean_any(raw: &str) -> Result<Cow<'_, str>, ControlCharacter> {
    if let Some((index, character)) = raw.chars().enumerate().find(|&(_, c)| c.is_control() && !c.is_whitespace()) {
        return Err(ControlCharacter { character, position: index + 1 });
    }
    // Neither white space nor invisible characters combine with what stands beside them, so trimming may come first.
    let value = raw.trim_matches(|c: char| c.is_whitespace() || is_removed(c) || is_joiner(c));
    // A letter and its mark may stand on either side of a removed character, and so may two spaces.
    Ok(match invisible::without(value) {
        Cow::Borrowed(value) => match nfc(value) {
            Cow::Borrowed(value) => collapse(value),
            Cow::Owned(value) => Cow::Owned(into_collapsed(value)),
        },
        Cow::Owned(value) => Cow::Owned(into_collapsed(nfc(&value).into_owned())),
    })
}

/// The value in NFC.
pub(crate) fn nfc(value: &str) -> Cow<'_, str> {
    // Nothing below U+0300 is a mark or changes under NFC; that much decides most names in Latin letters.
    if value.chars().all(|c| c < '\u{300}') {
        return Cow::Borrowed(value);
    }
    match is_nfc_quick(value.chars()) {
        IsNormalized::Yes => Cow::Borrowed(value),
        IsNormalized::No => Cow::Owned(value.nfc().collect()),
        IsNormalized::Maybe => {
            if value.nfc().eq(value.chars()) {
                Cow::Borrowed(value)
            } else {
                Cow::Owned(value.nfc().collect())
            }
        }
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

/// [`collapse`] for an owned value: no copy where nothing changes.
pub(crate) fn into_collapsed(value: String) -> String {
    match collapse(&value) {
        Cow::Borrowed(same) if same.len() == value.len() => value,
        other => other.into_owned(),
    }
}

/// Whether a cleaned value is missing in every field: empty, or `\N`. The words NULL, None, NA and
/// N/A are values here: Null is a surname, and NA is Namibia.
pub fn is_missing(value: &str) -> bool {
    value.is_empty() || value == "\\N"
}

/// Whether a cleaned value is a word for nothing, in any case: missing where the field cannot hold a word.
pub fn is_null_word(value: &str) -> bool {
    const WORDS: [&str; 8] = ["null", "nil", "none", "n/a", "na", "unknown", "-", "--"];
    value.len() <= 7 && WORDS.iter().any(|word| word.eq_ignore_ascii_case(value))
}

/// What a control character is in windows-1252: text of that encoding was read as ISO 8859-1, and so converted wrongly.
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
