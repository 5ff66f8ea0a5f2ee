//! Which encoding an input is in: [`detect`].
//!
//! UTF-8 is preferred. Text of another encoding is rarely valid UTF-8, so valid UTF-8 is no guess. Invalid UTF-8 allows
//! two mistakes. Reading a damaged UTF-8 file in a legacy encoding garbles all its other names, and stores them.
//! Reading a legacy file as UTF-8 rejects its records as not UTF-8, and the user names the encoding. So anything
//! doubtful is UTF-8.

#[cfg(test)]
mod tests;

use std::io::{self, Read};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{DecoderResult, Encoding, ISO_8859_15, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::charset::{self, Charset};
use super::letters::{Reading, beyond_ascii, is_iso_8859_15, other_than};
use crate::error::own_words;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detected {
    pub encoding: Charset,
    /// Whether the text begins with a true byte order mark, which is part of the text.
    pub bom: bool,
    /// Whether the encoding is a guess, based on letter frequencies.
    pub guessed: bool,
    /// The encoding whose byte order mark the input begins with, if its bytes are of another.
    pub dropped_bom: Option<&'static str>,
    /// The length of that mark, which is skipped.
    pub skip: usize,
}

impl Detected {
    pub fn sure(encoding: impl Into<Charset>) -> Detected {
        Detected { encoding: encoding.into(), bom: false, guessed: false, dropped_bom: None, skip: 0 }
    }

    fn marked(encoding: &'static Encoding) -> Detected {
        Detected { bom: true, ..Detected::sure(encoding) }
    }

    fn guessed(encoding: impl Into<Charset>) -> Detected {
        Detected { guessed: true, ..Detected::sure(encoding) }
    }

    fn without_mark(self, of: &'static str, skip: usize) -> Detected {
        Detected { dropped_bom: Some(of), skip, ..self }
    }
}

/// The encoding of an input that begins with `sample`, which may end within a character unless it `is_whole`.
pub fn detect(sample: &[u8], is_whole: bool) -> Detected {
    let Some((encoding, length)) = Encoding::for_bom(sample) else { return detect_unmarked(sample, is_whole) };
    let rest = &sample[length..];
    if encoding == UTF_8 {
        let found = detect_unmarked(rest, is_whole);
        return if found.encoding == UTF_8 { Detected::marked(UTF_8) } else { found.without_mark("utf-8", length) };
    }
    // Zero bytes may show the other byte order.
    if utf16_by_zeros(rest).is_some_and(|other| other != encoding) || contradicts_utf16(rest) {
        let name = if encoding == UTF_16LE { "utf-16le" } else { "utf-16be" };
        return detect_unmarked(rest, is_whole).without_mark(name, length);
    }
    Detected::marked(encoding)
}

fn detect_unmarked(sample: &[u8], is_whole: bool) -> Detected {
    if let Some(encoding) = utf16_by_zeros(sample) {
        return Detected::sure(encoding);
    }
    let sequences = Sequences::count(sample, is_whole);
    if sequences.are_utf8() {
        return Detected::sure(UTF_8);
    }
    let guess = guess(sample, is_whole, &sequences).filter(|guess| !sequences.are_more_likely_utf8_than(*guess));
    guess.map_or(Detected::sure(UTF_8), Detected::guessed)
}

/// Reads an input whose encoding was guessed by its beginning; an error at its end if all of it is more likely UTF-8.
pub struct Doubted<R> {
    reader: R,
    guess: Charset,
    sequences: Sequences,
    /// What may be the beginning of a character.
    cut: Vec<u8>,
}

impl<R: Read> Doubted<R> {
    pub fn new(reader: R, guess: Charset) -> Doubted<R> {
        Doubted { reader, guess, sequences: Sequences::default(), cut: Vec::new() }
    }
}

impl<R: Read> Read for Doubted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(into)?;
        self.cut.extend_from_slice(&into[..read]);
        let is_whole = read == 0 && !into.is_empty();
        let cut = self.sequences.add(&self.cut, is_whole);
        self.cut.drain(..self.cut.len() - cut);
        let Sequences { valid, invalid, .. } = self.sequences;
        if is_whole && self.sequences.are_more_likely_utf8_than(self.guess) {
            let guess = charset::name(self.guess);
            let message = format!(
                "its beginning looks like {guess}, but as a whole it looks like UTF-8 ({valid} valid characters, \
                 {invalid} invalid). Choose with --encoding utf-8 or --encoding {guess}"
            );
            return Err(own_words(io::ErrorKind::InvalidData, message));
        }
        Ok(read)
    }
}

/// Fewer bytes than this could be anything.
const FEW_BYTES: usize = 8;

/// Whether the text after a UTF-16 mark is something else. UTF-16 has a zero byte in every line break, comma and digit,
/// so text without any is not UTF-16 if it makes sense as bytes.
fn contradicts_utf16(rest: &[u8]) -> bool {
    if rest.len() < FEW_BYTES || rest.contains(&0) {
        return false;
    }
    let plain = rest.iter().filter(|byte| matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r')).count();
    Sequences::count(rest, false).invalid == 0 || plain * 4 >= rest.len() * 3
}

/// UTF-16 without a mark, recognised by bytes that other encodings do not have: except in Chinese and Korean, the upper
/// byte of most units is zero or a control character. Stray zero bytes are fewer, and on both sides.
fn utf16_by_zeros(sample: &[u8]) -> Option<&'static Encoding> {
    let is_upper = |byte: u8| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
    let (units, _) = sample.as_chunks::<2>();
    let [first, second] = [0, 1].map(|side: usize| units.iter().filter(|unit| is_upper(unit[side])).count());
    let is_most = |upper: usize, lower: usize| upper >= 3 && upper * 2 > units.len() && lower * 10 <= upper;
    if !sample.contains(&0) {
        None
    } else if is_most(second, first) {
        Some(UTF_16LE)
    } else {
        is_most(first, second).then_some(UTF_16BE)
    }
}

/// The number of byte sequences beyond ASCII that are UTF-8 characters, and that are not.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sequences {
    valid: usize,
    invalid: usize,
    /// The length in bytes of the longest that is not.
    longest: usize,
}

impl Sequences {
    fn count(sample: &[u8], is_whole: bool) -> Sequences {
        let mut sequences = Sequences::default();
        sequences.add(sample, is_whole);
        sequences
    }

    /// Counts a text's next piece; returns the number of bytes at its end that may begin a character, unless it `is_last`.
    fn add(&mut self, piece: &[u8], is_last: bool) -> usize {
        let mut left = piece.len();
        for chunk in piece.utf8_chunks() {
            self.valid += chunk.valid().bytes().filter(|byte| *byte >= 0xc0).count();
            left -= chunk.valid().len() + chunk.invalid().len();
            if left == 0 && !is_last && is_beginning(chunk.invalid()) {
                return chunk.invalid().len();
            }
            if !chunk.invalid().is_empty() {
                self.invalid += 1;
                self.longest = self.longest.max(chunk.invalid().len());
            }
        }
        0
    }

    /// Whether they are of a UTF-8 text, perhaps damaged.
    fn are_utf8(&self) -> bool {
        self.invalid == 0 || self.valid >= 4 * self.invalid
    }

    /// Whether they are of a UTF-8 text rather than of one in `guess`. In other scripts than Chinese and Korean hardly any two
    /// bytes are valid UTF-8 together.
    fn are_more_likely_utf8_than(&self, guess: Charset) -> bool {
        let has_many_bytes = matches!(guess, Charset::Web(guess) if !guess.is_single_byte());
        self.are_utf8() || self.valid >= self.invalid && !has_many_bytes
    }
}

/// Whether a character of UTF-8 may begin with these bytes.
fn is_beginning(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

/// This number of sequences or fewer are as likely damage as text, so they have to look like text.
const FEW_SEQUENCES: usize = 3;

/// This number of bytes in a row that could begin a UTF-8 character are the rest of a damaged one.
const LEFT_OF_FOUR: usize = 3;

/// The most likely legacy encoding of a sample; `None` if the sample makes no sense in it either.
fn guess(sample: &[u8], is_whole: bool, sequences: &Sequences) -> Option<Charset> {
    // ISO-2022-JP has no byte beyond ASCII, so a sample that comes here is not in it.
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(sample, is_whole);
    let likely = detector.guess(None, Utf8Detection::Deny);
    let text = decoded(likely, sample, is_whole);
    let common = decoded(WINDOWS_1252, sample, is_whole);
    let likely_reading = text.as_deref().map(|text| Reading::of(beyond_ascii(text)));
    if let Some(other) = other_than(likely_reading, sample) {
        return Some(other);
    }
    let is_few = sequences.invalid <= FEW_SEQUENCES;
    let makes_sense = |text: &Option<String>| match text {
        Some(text) if is_few => sequences.longest < LEFT_OF_FOUR && beyond_ascii(text).all(is_plausible),
        text => text.is_some(),
    };
    // Several invalid bytes in a row may be the rest of a UTF-8 character.
    let may_be_latin_9 = !is_few || sequences.longest == 1;
    let is_likely_worse = text == common || likely_reading.is_none_or(|reading| reading.bad > 0);
    if may_be_latin_9 && is_likely_worse && is_iso_8859_15(sample) {
        return Some(ISO_8859_15.into());
    }
    // Letter frequencies say nothing about a price or a quotation.
    let is_signs_alone = likely.is_single_byte()
        && common
            .as_ref()
            .is_some_and(|text| !text.chars().any(|character| !character.is_ascii() && !is_sign(character)));
    if text != common && makes_sense(&text) && !is_signs_alone {
        return Some(likely.into());
    }
    // If the text reads the same in windows-1252, that is most likely the encoding, and the name that people know. It
    // is also a candidate where a few letters led to a guess that makes no sense.
    ((text == common || is_few) && makes_sense(&common)).then(|| WINDOWS_1252.into())
}

/// The sample as text; `None` if it is malformed, or has C1 control characters, where windows-1252 has nothing.
fn decoded(encoding: &'static Encoding, sample: &[u8], is_whole: bool) -> Option<String> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::with_capacity(decoder.max_utf8_buffer_length_without_replacement(sample.len())?);
    match decoder.decode_to_string_without_replacement(sample, &mut text, is_whole) {
        (DecoderResult::InputEmpty, _) if !text.contains(|character| matches!(character, '\u{80}'..='\u{9f}')) => {
            Some(text)
        }
        _ => None,
    }
}

/// The signs of windows-1252 that UTF-8 files have as well: currency, quotation marks, dashes, units.
fn is_sign(character: char) -> bool {
    matches!(character, '\u{a0}'..='\u{bf}' | '×' | '÷' | '\u{2000}'..='\u{2bff}')
}

/// Whether a character is plausible between these two, unlike what damage looks like.
fn is_plausible([before, character, after]: [char; 3]) -> bool {
    let is_letter = |character: char| character.is_alphabetic();
    match character {
        // The bytes 0xFF and 0xFE are common in damage and rare as letters.
        'ÿ' | 'þ' => false,
        '¤' | '¦' | '¨' | '¬' | '\u{ad}' | '¯' | '¶' | '¸' | '÷' | '†' | '‡' | 'ˆ' | '‰' | '˜' => false,
        'ª' | 'º' => true,
        '€' | '£' => !is_letter(before) && !is_letter(after),
        '\u{2e80}'.. => !before.is_ascii_alphabetic() && !after.is_ascii_alphabetic(),
        // Half of a UTF-8 letter looks like a capital: `JosÃ,`, `MÃller`.
        _ if character.is_uppercase() && (before.is_lowercase() || is_letter(before) && after.is_lowercase()) => false,
        // A single letter is a word, such as the French à, or it is damage.
        _ if is_letter(character) => {
            is_letter(before) || is_letter(after) || after == ' ' && (character.is_lowercase() || character == 'À')
        }
        // The rest of a three-byte UTF-8 character looks like a letter and a sign: `â‚`.
        '’' | '”' | '…' | '–' | '—' | '\u{a0}' | '»' | '®' | '™' | '´' | '·' => true,
        _ => before.is_ascii() || !is_letter(before),
    }
}
