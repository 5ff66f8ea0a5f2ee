//! The encodings of texts: [`Charset`]; and text of another encoding as UTF-8: [`Decoder`]. The WHATWG list of encodings,
//! which encoding_rs has, lacks the code pages of DOS: [`CodePage`].

use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;

use encoding_rs::{DecoderResult, Encoding};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// An encoding of the WHATWG list, which web browsers follow (<https://encoding.spec.whatwg.org>).
    Web(&'static Encoding),
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
    pub(super) fn character(self, byte: u8) -> char {
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

/// The encoding with this label. As on the web, `latin1` and `iso-8859-1` are windows-1252, and `gb2312` is GBK.
pub fn by_label(label: &str) -> Option<Charset> {
    // Some labels name encodings that are recognised only to be refused. They decode to nothing.
    let web = Encoding::for_label_no_replacement(label.as_bytes()).map(Charset::Web);
    web.or_else(|| CodePage::by_label(label).map(Charset::Dos))
}

/// The name of an encoding in options and reports: `utf-8`, `windows-1252`.
pub fn name(encoding: impl Into<Charset>) -> String {
    match encoding.into() {
        Charset::Web(encoding) => encoding.name().to_ascii_lowercase(),
        Charset::Dos(page) => page.name.to_string(),
    }
}

/// A single-byte encoding: a character for each byte from 80 to FF; the others are ASCII. The tables are Unicode's
/// (<https://www.unicode.org/Public/MAPPINGS/VENDORS/MICSFT/PC/>).
#[derive(Debug, PartialEq, Eq)]
pub struct CodePage {
    name: &'static str,
    upper: [char; 128],
}

impl CodePage {
    /// The code page with this label: `cp850`, `ibm850`, `850`.
    fn by_label(label: &str) -> Option<&'static CodePage> {
        let label = label.to_ascii_lowercase();
        let number = label.strip_prefix("cp").or_else(|| label.strip_prefix("ibm")).unwrap_or(&label);
        ALL.into_iter().find(|page| page.name[2..] == *number.trim_start_matches('-'))
    }

    pub(super) fn character(&self, byte: u8) -> char {
        match byte.checked_sub(0x80) {
            Some(upper) => self.upper[usize::from(upper)],
            None => char::from(byte),
        }
    }
}

/// DOS in the United States.
pub static CP437: CodePage = CodePage {
    name: "cp437",
    upper: characters(
        "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ\
         áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
         └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
         αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}",
    ),
};

/// DOS in Western Europe.
pub static CP850: CodePage = CodePage {
    name: "cp850",
    upper: characters(
        "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒ\
         áíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐\
         └┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀\
         ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}",
    ),
};

/// DOS in Central Europe.
pub static CP852: CodePage = CodePage {
    name: "cp852",
    upper: characters(
        "ÇüéâäůćçłëŐőîŹÄĆÉĹĺôöĽľŚśÖÜŤťŁ×č\
         áíóúĄąŽžĘę¬źČş«»░▒▓│┤ÁÂĚŞ╣║╗╝Żż┐\
         └┴┬├─┼Ăă╚╔╩╦╠═╬¤đĐĎËďŇÍÎě┘┌█▄ŢŮ▀\
         ÓßÔŃńňŠšŔÚŕŰýÝţ´\u{ad}˝˛ˇ˘§÷¸°¨˙űŘř■\u{a0}",
    ),
};

/// DOS in Denmark and Norway.
pub static CP865: CodePage = CodePage {
    name: "cp865",
    upper: characters(
        "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø₧ƒ\
         áíóúñÑªº¿⌐¬½¼¡«¤░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
         └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
         αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}",
    ),
};

static ALL: [&CodePage; 4] = [&CP437, &CP850, &CP852, &CP865];

/// The characters of a text, each of two or three bytes in UTF-8.
const fn characters(text: &str) -> [char; 128] {
    let bytes = text.as_bytes();
    let mut found = ['\u{fffd}'; 128];
    let (mut at, mut count) = (0, 0);
    while at < bytes.len() {
        let (length, first) = if bytes[at] < 0xe0 { (2, bytes[at] & 0x1f) } else { (3, bytes[at] & 0x0f) };
        let mut code = first as u32;
        let mut next = 1;
        while next < length {
            code = code << 6 | (bytes[at + next] & 0x3f) as u32;
            next += 1;
        }
        if let Some(character) = char::from_u32(code) {
            found[count] = character;
        }
        at += length;
        count += 1;
    }
    found
}

/// The size of a read, and of a step of decoding.
const CHUNK: usize = 64 * 1024;

/// Replaces a malformed sequence.
pub(super) const NEVER_UTF8: u8 = 0xff;

/// A byte order mark at the start is text: it becomes that of UTF-8. Each malformed sequence becomes one byte 0xFF. Not
/// for UTF-8 itself, whose invalid bytes must stay as they are, so that a report can show them.
pub struct Decoder {
    reader: BufReader<Box<dyn Read + Send>>,
    decoding: Decoding,
    output: Box<[u8]>,
    /// The part of the output that is decoded and not yet read.
    held: Range<usize>,
    is_done: bool,
}

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

impl Decoder {
    pub fn new(reader: Box<dyn Read + Send>, encoding: impl Into<Charset>) -> Decoder {
        let decoding = match encoding.into() {
            Charset::Web(encoding) => Decoding::Web(encoding.new_decoder_without_bom_handling()),
            Charset::Dos(page) => Decoding::Dos(page),
        };
        let (reader, output) = (BufReader::with_capacity(CHUNK, reader), vec![0; CHUNK].into_boxed_slice());
        Decoder { reader, decoding, output, held: 0..0, is_done: false }
    }

    /// Fills the empty output with more; with nothing if the decoder needs more input.
    fn decode(&mut self) -> io::Result<()> {
        let input = self.reader.fill_buf()?;
        let is_last = input.is_empty();
        // One byte stays free for a malformed sequence.
        let room = &mut self.output[..CHUNK - 1];
        let (result, read, written) = self.decoding.decode(input, room, is_last);
        self.reader.consume(read);
        self.held = 0..written;
        match result {
            DecoderResult::InputEmpty => self.is_done = is_last,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(_, _) => {
                self.output[written] = NEVER_UTF8;
                self.held.end += 1;
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
        while self.held.is_empty() && !self.is_done {
            self.decode()?;
        }
        let length = into.len().min(self.held.len());
        into[..length].copy_from_slice(&self.output[self.held.start..][..length]);
        self.held.start += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_is_another_character() {
        for page in ALL {
            let mut found: Vec<char> = (0..=255).map(|byte| page.character(byte)).collect();
            found.sort_unstable();
            found.dedup();
            assert_eq!((found.len(), found.contains(&'\u{fffd}')), (256, false), "{}", page.name);
        }
    }

    #[test]
    fn letters_are_where_dos_has_them() {
        for (page, bytes, text) in [
            (&CP437, &b"M\x81ller \x9b5 \xe1"[..], "Müller ¢5 ß"),
            (&CP850, b"M\x81ller \x9b5 \xe1 S\xc6o \xd5", "Müller ø5 ß São ı"),
            (&CP852, b"\x9d\xa2d\xab W\xa9\xbe \x88", "Łódź Węż ł"),
            (&CP865, b"J\x9brgensen \x9d \xaf", "Jørgensen Ø ¤"),
        ] {
            let found: String = bytes.iter().map(|byte| page.character(*byte)).collect();
            assert_eq!(found, text, "{}", page.name);
        }
        for (label, name) in [("cp850", "cp850"), ("IBM437", "cp437"), ("865", "cp865"), ("cp-852", "cp852")] {
            assert_eq!(CodePage::by_label(label).map(|page| page.name), Some(name), "{label}");
        }
        assert!(
            CodePage::by_label("cp1252").is_none()
                && CodePage::by_label("50").is_none()
                && CodePage::by_label("").is_none()
        );
    }
}
