//! An encoding of text, and its names: [`Charset`].

use encoding_rs::Encoding;

use super::codepage::{self, CodePage};

/// An encoding of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// An encoding of the WHATWG list, which web browsers follow (<https://encoding.spec.whatwg.org>).
    Web(&'static Encoding),
    /// A DOS code page that is not in that list.
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
    /// The character for a byte, in a single-byte encoding.
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
    web.or_else(|| codepage::by_label(label).map(Charset::Dos))
}

/// The name of an encoding in options and reports: `utf-8`, `windows-1252`.
pub fn name(encoding: impl Into<Charset>) -> String {
    match encoding.into() {
        Charset::Web(encoding) => encoding.name().to_ascii_lowercase(),
        Charset::Dos(page) => page.name.to_string(),
    }
}
