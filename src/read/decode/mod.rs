//! Inputs that are not UTF-8: [`detect`](detect::detect) finds the encoding, [`Decoder`] makes UTF-8 of it.
//!
//! What is read behind a [`Decoder`] knows nothing of encodings. That works because a damaged character comes out as a
//! byte that no UTF-8 has: the record it stands in is rejected like any record that is not UTF-8, and the records beside
//! it are read. A replacement character would be stored as if a customer's name had it.

pub mod codepage;
pub mod detect;
mod letters;
#[cfg(test)]
mod tests;

use std::io::{self, Read};

use encoding_rs::{DecoderResult, Encoding};

use self::codepage::CodePage;

/// How much is read, and how much decoded, at once.
const CHUNK: usize = 64 * 1024;

/// What a malformed sequence becomes.
const NEVER_UTF8: u8 = 0xff;

/// An encoding of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// One of the list that web browsers follow (<https://encoding.spec.whatwg.org>).
    Web(&'static Encoding),
    /// A code page of DOS, which the list does not have.
    Dos(&'static CodePage),
}

impl From<&'static Encoding> for Charset {
    fn from(encoding: &'static Encoding) -> Charset {
        Charset::Web(encoding)
    }
}

impl PartialEq<&'static Encoding> for Charset {
    fn eq(&self, encoding: &&'static Encoding) -> bool {
        matches!(self, Charset::Web(own) if own == encoding)
    }
}

impl Charset {
    /// The character that a byte stands for in an encoding of one byte a character.
    fn character(self, byte: u8) -> char {
        match self {
            _ if byte.is_ascii() => char::from(byte),
            Charset::Dos(page) => page.character(byte),
            Charset::Web(encoding) => {
                let text = encoding.decode_without_bom_handling_and_without_replacement(std::slice::from_ref(&byte));
                text.and_then(|text| text.chars().next()).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
        }
    }
}

/// The encoding that goes by this label. By the web's list `latin1` and `iso-8859-1` are windows-1252, and `gb2312` is GBK, as they are in
/// practice.
pub fn by_label(label: &str) -> Option<Charset> {
    // Some labels stand for encodings that are only recognised so as not to be read. They hold nothing.
    let web = Encoding::for_label_no_replacement(label.as_bytes()).map(Charset::Web);
    web.or_else(|| codepage::by_label(label).map(Charset::Dos))
}

/// The name of an encoding that options and reports use: `utf-8`, `windows-1252`.
pub fn name(encoding: impl Into<Charset>) -> String {
    match encoding.into() {
        Charset::Web(encoding) => encoding.name().to_ascii_lowercase(),
        Charset::Dos(page) => page.name.to_string(),
    }
}

/// Reads text of another encoding as UTF-8.
///
/// A byte order mark at the start is text: it comes out as that of UTF-8. Each malformed sequence comes out as one byte
/// 0xFF. UTF-8 itself is not for this; its broken bytes have to stay what they are, so that a report can show them.
pub struct Decoder {
    reader: Box<dyn Read + Send>,
    decoding: Decoding,
    input: Buffer,
    output: Buffer,
    place: Place,
}

/// What makes characters of bytes.
enum Decoding {
    Web(encoding_rs::Decoder),
    Dos(&'static CodePage),
}

impl Decoding {
    /// Decodes some of `input` into `output`, as [`encoding_rs::Decoder::decode_to_utf8_without_replacement`] does.
    fn decode(&mut self, input: &[u8], output: &mut [u8], is_last: bool) -> (DecoderResult, usize, usize) {
        let page = match self {
            Decoding::Web(decoder) => return decoder.decode_to_utf8_without_replacement(input, output, is_last),
            Decoding::Dos(page) => page,
        };
        let (mut read, mut written) = (0, 0);
        for byte in input {
            let character = page.character(*byte);
            let Some(room) = output.get_mut(written..written + character.len_utf8()) else {
                return (DecoderResult::OutputFull, read, written);
            };
            written += character.encode_utf8(room).len();
            read += 1;
        }
        (DecoderResult::InputEmpty, read, written)
    }

    fn name(&self) -> &'static str {
        match self {
            Decoding::Web(decoder) => decoder.encoding().name(),
            Decoding::Dos(page) => page.name,
        }
    }
}

/// How far a [`Decoder`] has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// The input goes on.
    Inside,
    /// All of the input was read.
    Read,
    /// All of it was decoded.
    Decoded,
}

struct Buffer {
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Buffer {
    fn new() -> Buffer {
        Buffer { bytes: vec![0; CHUNK].into_boxed_slice(), start: 0, end: 0 }
    }

    fn held(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Decoder").field("encoding", &self.decoding.name()).field("place", &self.place).finish()
    }
}

impl Decoder {
    /// Decodes what `reader` gives.
    pub fn new(reader: Box<dyn Read + Send>, encoding: impl Into<Charset>) -> Decoder {
        let decoding = match encoding.into() {
            Charset::Web(encoding) => Decoding::Web(encoding.new_decoder_without_bom_handling()),
            Charset::Dos(page) => Decoding::Dos(page),
        };
        Decoder { reader, decoding, input: Buffer::new(), output: Buffer::new(), place: Place::Inside }
    }

    /// Fills the output, which is empty, with some more; with nothing if the decoder needs more to go on.
    fn decode(&mut self) -> io::Result<()> {
        if self.input.held().is_empty() && self.place == Place::Inside {
            let read = self.reader.read(&mut self.input.bytes)?;
            (self.input.start, self.input.end) = (0, read);
            if read == 0 {
                self.place = Place::Read;
            }
        }
        let is_last = self.place == Place::Read;
        // One byte stays free for a malformed sequence.
        let room = &mut self.output.bytes[..CHUNK - 1];
        let (result, read, written) = self.decoding.decode(self.input.held(), room, is_last);
        self.input.start += read;
        (self.output.start, self.output.end) = (0, written);
        match result {
            DecoderResult::InputEmpty if is_last => self.place = Place::Decoded,
            DecoderResult::InputEmpty | DecoderResult::OutputFull => {}
            DecoderResult::Malformed(_, _) => {
                self.output.bytes[written] = NEVER_UTF8;
                self.output.end += 1;
            }
        }
        Ok(())
    }
}

impl Read for Decoder {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        while self.output.held().is_empty() && self.place != Place::Decoded {
            self.decode()?;
        }
        let length = into.len().min(self.output.held().len());
        into[..length].copy_from_slice(&self.output.held()[..length]);
        self.output.start += length;
        Ok(length)
    }
}
