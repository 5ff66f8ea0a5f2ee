//! Text of another encoding as UTF-8: [`Decoder`].

use std::io::{self, Read};

use encoding_rs::DecoderResult;

use super::charset::Charset;
use super::codepage::CodePage;

/// The size of a read, and of a step of decoding.
const CHUNK: usize = 64 * 1024;

/// Replaces a malformed sequence.
pub(super) const NEVER_UTF8: u8 = 0xff;

/// Reads text of another encoding as UTF-8.
///
/// A byte order mark at the start is text: it becomes that of UTF-8. Each malformed sequence becomes one byte 0xFF. Not
/// for UTF-8 itself, whose invalid bytes must stay as they are, so that a report can show them.
pub struct Decoder {
    reader: Box<dyn Read + Send>,
    decoding: Decoding,
    input: Buffer,
    output: Buffer,
    progress: Progress,
}

/// Turns bytes into characters.
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
}

/// How far a [`Decoder`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// More input follows.
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
        formatter.debug_struct("Decoder").field("progress", &self.progress).finish_non_exhaustive()
    }
}

impl Decoder {
    /// Decodes `reader`.
    pub fn new(reader: Box<dyn Read + Send>, encoding: impl Into<Charset>) -> Decoder {
        let decoding = match encoding.into() {
            Charset::Web(encoding) => Decoding::Web(encoding.new_decoder_without_bom_handling()),
            Charset::Dos(page) => Decoding::Dos(page),
        };
        Decoder { reader, decoding, input: Buffer::new(), output: Buffer::new(), progress: Progress::Inside }
    }

    /// Fills the empty output with more; with nothing if the decoder needs more input.
    fn decode(&mut self) -> io::Result<()> {
        if self.input.held().is_empty() && self.progress == Progress::Inside {
            let read = self.reader.read(&mut self.input.bytes)?;
            (self.input.start, self.input.end) = (0, read);
            if read == 0 {
                self.progress = Progress::Read;
            }
        }
        let is_last = self.progress == Progress::Read;
        // One byte stays free for a malformed sequence.
        let room = &mut self.output.bytes[..CHUNK - 1];
        let (result, read, written) = self.decoding.decode(self.input.held(), room, is_last);
        self.input.start += read;
        (self.output.start, self.output.end) = (0, written);
        match result {
            DecoderResult::InputEmpty if is_last => self.progress = Progress::Decoded,
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
        while self.output.held().is_empty() && self.progress != Progress::Decoded {
            self.decode()?;
        }
        let length = into.len().min(self.output.held().len());
        into[..length].copy_from_slice(&self.output.held()[..length]);
        self.output.start += length;
        Ok(length)
    }
}
