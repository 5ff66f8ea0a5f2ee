//! Texts of other encodings, read in pieces of every size.

use std::io::{self, Read};

use encoding_rs::{
    BIG5, DecoderResult, EUC_JP, GB18030, GBK, ISO_2022_JP, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252,
    WINDOWS_1253,
};
use proptest::prelude::*;

use super::charset::NEVER_UTF8;
use super::*;

/// Returns its bytes in pieces of these sizes, repeatedly, like a pipe.
struct Pieces {
    bytes: Vec<u8>,
    at: usize,
    sizes: Vec<usize>,
    turn: usize,
}

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let size = self.sizes[self.turn % self.sizes.len()];
        self.turn += 1;
        let length = size.min(into.len()).min(self.bytes.len() - self.at);
        into[..length].copy_from_slice(&self.bytes[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}

fn decoded(encoding: impl Into<Charset>, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Decoder::new(Box::new(io::Cursor::new(bytes.to_vec())), encoding).read_to_end(&mut out).unwrap();
    out
}

fn decoded_in_pieces(encoding: impl Into<Charset>, bytes: &[u8], sizes: &[usize], rooms: &[usize]) -> Vec<u8> {
    let pieces = Pieces { bytes: bytes.to_vec(), at: 0, sizes: sizes.to_vec(), turn: 0 };
    let mut decoder = Decoder::new(Box::new(pieces), encoding);
    let mut out = Vec::new();
    for room in rooms.iter().cycle() {
        let mut buffer = vec![0; *room];
        match decoder.read(&mut buffer).unwrap() {
            0 => break,
            read => out.extend_from_slice(&buffer[..read]),
        }
    }
    out
}

fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(to_bytes).collect()
}

#[test]
fn text_becomes_utf8() {
    for (encoding, bytes, expected) in [
        (WINDOWS_1252, &b"Jos\xe9,50 \x80,O\x92Brien"[..], "José,50 €,O’Brien"),
        (WINDOWS_1252, b"\x81\x9d", "\u{81}\u{9d}"),
        (SHIFT_JIS, b"\x8eR\x93c,\xd4\xcf\xc0\xde\n", "山田,ﾔﾏﾀﾞ\n"),
        (GBK, b"\xd5\xc5\xce\xb0", "张伟"),
        (GB18030, b"\x81\x39\xef\x30", "㐁"),
        (BIG5, b"\x88\x62", "Ê̄"),
        (EUC_JP, b"\x8f\xb0\xef", "佘"),
        (ISO_2022_JP, b"a\x1b$B;3\x1b(Bb", "a山b"),
        (UTF_16LE, b"a\0\xe9\0\x3d\xd8\x00\xde", "aé😀"),
        (UTF_16BE, b"\0a\0\xe9\xd8\x3d\xde\x00", "aé😀"),
        (UTF_16LE, b"", ""),
    ] {
        assert_eq!(String::from_utf8(decoded(encoding, bytes)).unwrap(), expected, "{}", name(encoding));
    }
}

#[test]
fn a_byte_order_mark_is_text() {
    for (encoding, bytes) in [(UTF_16LE, &b"\xff\xfea\0"[..]), (UTF_16BE, b"\xfe\xff\0a")] {
        assert_eq!(decoded(encoding, bytes), b"\xef\xbb\xbfa");
    }
}

#[test]
fn what_is_malformed_is_never_utf8_and_harms_nothing_beside_it() {
    for (encoding, bytes, expected) in [
        // Half a pair, before a letter, before a line break, and at the end; and an odd byte at the end.
        (UTF_16LE, &b"\x3d\xd8a\0\n\0"[..], &b"\xffa\n"[..]),
        (UTF_16LE, b"\x00\xde\n\0", b"\xff\n"),
        (UTF_16LE, b"\x3d\xd8\x3d\xd8\x00\xde", b"\xff\xf0\x9f\x98\x80"),
        (UTF_16LE, b"a\0\x3d\xd8", b"a\xff"),
        (UTF_16LE, b"a\0b", b"a\xff"),
        (UTF_16BE, b"\0a\0", b"a\xff"),
        (WINDOWS_1253, b"a\xaab\xd2\xff", b"a\xffb\xff\xff"),
        // Half a character does not swallow the quote or line break after it.
        (SHIFT_JIS, b"\x8e\"\n\x8e", b"\xff\"\n\xff"),
        (GBK, b"\xd5\"\n\xd5", b"\xff\"\n\xff"),
        (GB18030, b"\x81\x39\xef,\n", b"\xff9\xff,\n"),
        (EUC_JP, b"\x8f\xb0,\n", b"\xff,\n"),
        (BIG5, b"\xa4\n\xff", b"\xff\n\xff"),
    ] {
        assert_eq!(decoded(encoding, bytes), expected, "{} {}", name(encoding), bytes.escape_ascii());
        assert_eq!(decoded_in_pieces(encoding, bytes, &[1], &[1]), expected);
    }
}

#[test]
fn characters_across_the_borders_of_buffers_are_whole() {
    let text: String = (0..60_000).map(|number| if number % 7 == 0 { "a" } else { "é山😀\n" }).collect();
    for (start, encoding) in [(0, UTF_16LE), (1, UTF_16LE), (0, UTF_16BE), (0, GB18030), (1, GB18030)] {
        let text = format!("{}{text}", "x".repeat(start));
        let bytes = match encoding {
            _ if encoding == UTF_16LE => utf16(&text, u16::to_le_bytes),
            _ if encoding == UTF_16BE => utf16(&text, u16::to_be_bytes),
            _ => encoding.encode(&text).0.into_owned(),
        };
        assert!(decoded(encoding, &bytes) == text.as_bytes());
        assert!(decoded_in_pieces(encoding, &bytes, &[8191, 1, 70_000], &[100_000, 3, 7]) == text.as_bytes());
    }
}

#[test]
fn nothing_is_read_into_no_room() {
    let mut decoder = Decoder::new(Box::new(io::Cursor::new(b"a".to_vec())), WINDOWS_1252);
    assert_eq!(decoder.read(&mut []).unwrap(), 0);
    assert_eq!(decoder.read(&mut [0; 4]).unwrap(), 1);
    for _ in 0..3 {
        assert_eq!(decoder.read(&mut [0; 4]).unwrap(), 0);
    }
}

#[test]
fn encodings_have_labels_and_names() {
    for (label, expected) in [
        ("utf-8", Some("utf-8")),
        ("UTF8", Some("utf-8")),
        (" Latin1\t", Some("windows-1252")),
        ("iso-8859-1", Some("windows-1252")),
        ("cp1252", Some("windows-1252")),
        ("WINDOWS-1250", Some("windows-1250")),
        ("utf-16", Some("utf-16le")),
        ("utf-16be", Some("utf-16be")),
        ("gb2312", Some("gbk")),
        ("sjis", Some("shift_jis")),
        ("replacement", None),
        ("hz-gb-2312", None),
        ("iso-2022-kr", None),
        ("utf-7", None),
        ("utf-32", None),
        ("cp850", Some("cp850")),
        ("IBM437", Some("cp437")),
        ("cp1250", Some("windows-1250")),
        ("é", None),
        ("", None),
    ] {
        assert_eq!(by_label(label).map(name).as_deref(), expected, "{label}");
    }
    for label in ["utf-8", "windows-1252", "shift_jis", "gb18030", "cp865"] {
        assert_eq!(by_label(&by_label(label).map(name).unwrap()), by_label(label));
    }
}

/// What a decoder makes of the whole at once, with one byte for each malformed sequence.
fn decoded_whole(charset: Charset, mut bytes: &[u8]) -> Vec<u8> {
    let encoding = match charset {
        Charset::Web(encoding) => encoding,
        Charset::Dos(page) => return bytes.iter().map(|byte| page.character(*byte)).collect::<String>().into_bytes(),
    };
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut out = Vec::new();
    loop {
        let mut room = vec![0; 4 * bytes.len() + 16];
        let (result, read, written) = decoder.decode_to_utf8_without_replacement(bytes, &mut room, true);
        out.extend_from_slice(&room[..written]);
        bytes = &bytes[read..];
        match result {
            DecoderResult::InputEmpty => return out,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(_, _) => out.push(NEVER_UTF8),
        }
    }
}

proptest! {
    #[test]
    fn pieces_give_what_the_whole_gives(
        bytes in prop::collection::vec(
            prop_oneof![any::<u8>(), prop::sample::select(b"a,\n\"\0\xd8\xdc\x81\x8f\x1b$B(0".to_vec())],
            0..200,
        ),
        label in prop::sample::select(vec![
            "utf-8", "utf-16le", "utf-16be", "windows-1252", "windows-1253", "shift_jis", "gb18030", "gbk", "big5",
            "euc-kr", "euc-jp", "iso-2022-jp", "koi8-u", "cp437", "cp850", "cp852", "cp865",
        ]),
        sizes in prop::collection::vec(1usize..20, 1..5),
        rooms in prop::collection::vec(1usize..20, 1..5),
    ) {
        let encoding = by_label(label).unwrap();
        let expected = decoded_whole(encoding, &bytes);
        prop_assert_eq!(&decoded(encoding, &bytes), &expected);
        prop_assert_eq!(&decoded_in_pieces(encoding, &bytes, &sizes, &rooms), &expected);
        if encoding == UTF_8 {
            prop_assert_eq!(std::str::from_utf8(&expected).is_ok(), std::str::from_utf8(&bytes).is_ok());
        }
    }

    #[test]
    fn text_in_utf16_comes_back(text: String) {
        prop_assert_eq!(decoded(UTF_16LE, &utf16(&text, u16::to_le_bytes)), text.as_bytes());
        prop_assert_eq!(decoded(UTF_16BE, &utf16(&text, u16::to_be_bytes)), text.as_bytes());
    }
}
