//! Whether an encoding turns a text into words: [`Reading`]; and [`other_than`], which distinguishes Mac Roman, CP850
//! and ISO-8859-15 from windows-1252.
//!
//! All four have a character for nearly every byte, so nothing fails. But a letter of one is often a sign in another,
//! or a capital in the middle of a word: `Günther Schäfer` in Mac Roman is `GŸnther SchŠfer` in windows-1252. A wrong
//! guess stores nonsense, so another encoding is chosen only if it makes words of nearly everything beyond ASCII, and
//! the usual one does not.

use encoding_rs::{ISO_8859_15, MACINTOSH, WINDOWS_1252};

use super::charset::{CP850, Charset};

/// How the characters beyond ASCII fit into the words of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reading {
    all: usize,
    /// Letters in words, in a case that fits.
    good: usize,
    /// Signs and capitals within words, and characters that texts do not have.
    pub(super) bad: usize,
    /// The good ones, with common letters counted twice.
    weight: usize,
}

/// Fewer letters in words than this may be chance, and fewer signs in words may be damage.
const FEW_LETTERS: usize = 3;
const FEW_SIGNS: usize = 2;

impl Reading {
    /// How these characters read, each between its neighbours.
    pub(super) fn of(characters: impl Iterator<Item = [char; 3]>) -> Reading {
        let mut reading = Reading::default();
        characters.for_each(|characters| reading.note(characters));
        reading
    }

    fn note(&mut self, [before, character, after]: [char; 3]) {
        self.all += 1;
        match fits_word(before, character, after) {
            Some(true) => {
                self.good += 1;
                self.weight += 1 + usize::from(COMMON.contains(character));
            }
            Some(false) => self.bad += 1,
            None => {}
        }
    }

    fn is_bad(&self) -> bool {
        self.bad >= FEW_SIGNS && 5 * self.bad >= self.all
    }

    fn is_good(&self) -> bool {
        self.good >= FEW_LETTERS && 20 * self.bad <= self.good
    }
}

/// The characters of a text beyond ASCII, each between its neighbours.
pub(super) fn beyond_ascii(text: &str) -> impl Iterator<Item = [char; 3]> {
    text.char_indices().filter(|(_, character)| !character.is_ascii()).map(|(at, character)| {
        let before = text[..at].chars().next_back().unwrap_or('\n');
        let after = text[at + character.len_utf8()..].chars().next().unwrap_or('\n');
        [before, character, after]
    })
}

/// The same for a text in a single-byte encoding, with the byte of each.
fn bytes_beyond_ascii(sample: &[u8], charset: Charset) -> impl Iterator<Item = (u8, [char; 3])> {
    let character = move |at: usize| sample.get(at).map_or('\n', |byte| charset.character(*byte));
    let bytes = sample.iter().enumerate().filter(|(_, byte)| !byte.is_ascii());
    bytes.map(move |(at, byte)| (*byte, [at.checked_sub(1).map_or('\n', character), character(at), character(at + 1)]))
}

fn reading_in(charset: Charset, sample: &[u8]) -> Reading {
    Reading::of(bytes_beyond_ascii(sample, charset).map(|(_, characters)| characters))
}

/// The common letters of Western European languages.
const COMMON: &str = "äöüßëéèàìòùçñáíóúåøæãõÄÖÜÉÅØÆ";

/// Whether a character fits where it is; `None` if that says nothing.
fn fits_word(before: char, character: char, after: char) -> Option<bool> {
    let is_word =
        |character: char| character.is_alphabetic() && character != 'ƒ' && character != 'ª' && character != 'º';
    let (is_in, is_beside) = (is_word(before) && is_word(after), is_word(before) || is_word(after));
    match character {
        '\u{80}'..='\u{9f}' => Some(false),
        // An ideogram has no Latin letter next to it.
        '\u{2e80}'.. => (before.is_ascii_alphabetic() || after.is_ascii_alphabetic()).then_some(false),
        _ if is_word(character) && !is_beside => None,
        _ if is_word(character) && character.is_uppercase() => {
            Some(!(before.is_lowercase() || is_word(before) && after.is_lowercase()))
        }
        _ if is_word(character) => Some(!(before.is_uppercase() && after.is_uppercase())),
        '´' | '·' | '\u{a0}' | '\u{ad}' => None,
        // Apostrophes and dashes are mostly between two names, `O’Brien`.
        '’' | '‘' | '–' | '—' => (is_in && after.is_lowercase()).then_some(false),
        'ª' | 'º' | '®' | '™' | '“' | '”' | '„' | '«' | '»' | '‚' | '‹' | '›' | '…' | '•' | '°' | '²' | '³' | '€'
        | '£' | '§' | '¿' | '¡' => is_in.then_some(false),
        _ => is_beside.then_some(false),
    }
}

/// The encoding that makes words of a text where windows-1252 and the most likely encoding, read as `likely`, do not.
pub(super) fn other_than(likely: Option<Reading>, sample: &[u8]) -> Option<Charset> {
    if !reading_in(WINDOWS_1252.into(), sample).is_bad() {
        return None;
    }
    let others = [MACINTOSH.into(), Charset::Dos(&CP850)].map(|charset| (reading_in(charset, sample), charset));
    let is_worse = |other: &Reading| {
        let is_clearly = |likely: &Reading| likely.bad > 0 && other.bad == 0 && 2 * other.weight >= 3 * likely.weight;
        likely.is_none_or(|likely| likely.is_bad() || is_clearly(&likely))
    };
    let better = |(one, _): &(Reading, Charset), (other, _): &(Reading, Charset)| {
        one.is_good() && is_worse(one) && (!other.is_good() || one.weight > other.weight)
    };
    let [mac, dos] = others;
    if better(&mac, &dos) { Some(mac.1) } else { better(&dos, &mac).then_some(dos.1) }
}

/// Whether a text that reads as windows-1252 is ISO-8859-15. That has other characters for eight bytes, which
/// windows-1252 has in no words, and nothing where windows-1252 has most of its signs.
pub(super) fn is_iso_8859_15(sample: &[u8]) -> bool {
    if reading_in(ISO_8859_15.into(), sample).bad > 0 {
        return false;
    }
    let mut letters = 0;
    for (byte, [before, character, after]) in bytes_beyond_ascii(sample, ISO_8859_15.into()) {
        let is_right = match byte {
            0x80..=0x9f => false,
            // ´ is also an apostrophe, and fractions follow numbers.
            0xb4 => continue,
            0xa6 | 0xa8 | 0xb8 | 0xbc..=0xbe => fits_word(before, character, after) == Some(true),
            0xa4 => (before.is_ascii_digit() || before == ' ') && !after.is_alphabetic(),
            _ => continue,
        };
        if !is_right {
            return false;
        }
        letters += 1;
    }
    letters > 0
}
