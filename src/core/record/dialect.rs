//! How the cells of CSV are written: [`CsvDialect`].

use std::fmt;
use std::str::FromStr;

/// The delimiter, the quote, and how a quote is written inside a quoted cell.
///
/// Written as one line, `delimiter=; quote=" escape=double`, which [`FromStr`] reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CsvDialect {
    /// The character between cells: ASCII.
    pub delimiter: u8,
    /// The quote, an ASCII character; `None` if cells are never quoted.
    pub quote: Option<u8>,
    pub escape: Escape,
}

/// How a quote is written inside a quoted cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Escape {
    /// As two quotes.
    #[default]
    Double,
    /// As a backslash and the quote; two backslashes are one.
    Backslash,
}

impl Escape {
    pub fn name(self) -> &'static str {
        match self {
            Escape::Double => "double",
            Escape::Backslash => "backslash",
        }
    }
}

impl CsvDialect {
    /// The usual dialect with this delimiter: quoted with `"`, doubled inside. Reports are written this way.
    pub const fn with_delimiter(delimiter: u8) -> CsvDialect {
        CsvDialect { delimiter, quote: Some(b'"'), escape: Escape::Double }
    }

    pub fn is_quoted_as_usual(&self) -> bool {
        self.quote == Some(b'"') && self.escape == Escape::Double
    }

    /// Whether a byte before an opening quote is ignored: a space or a tab.
    #[inline]
    pub fn is_blank(&self, byte: u8) -> bool {
        (byte == b' ' || byte == b'\t') && byte != self.delimiter
    }

    /// The quote as reports name it: the character, or `none`.
    pub fn quote_name(&self) -> String {
        self.quote.map_or_else(|| "none".to_string(), |quote| char::from(quote).to_string())
    }

    /// Why the dialect contradicts itself, if it does.
    pub fn conflict(&self) -> Option<&'static str> {
        let Some(quote) = self.quote else {
            return (self.escape != Escape::Double).then_some("without a quote there is nothing to escape");
        };
        match quote {
            b'\n' | b'\r' | 0 => Some("a line break and NUL cannot quote a cell"),
            quote if !quote.is_ascii() => Some("the quote is one ASCII character, or none"),
            quote if quote == self.delimiter => Some("the quote and the delimiter cannot be the same character"),
            b' ' | b'\t' => Some("a blank cannot quote a cell"),
            b'\\' if self.escape == Escape::Backslash => Some("a backslash cannot be both the quote and its escape"),
            _ => None,
        }
    }
}

impl fmt::Display for CsvDialect {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let delimiter = match self.delimiter {
            b'\t' => "tab".to_string(),
            b' ' => "space".to_string(),
            byte if byte.is_ascii_graphic() => char::from(byte).to_string(),
            byte => format!("x{byte:02x}"),
        };
        write!(out, "delimiter={delimiter} quote={} escape={}", self.quote_name(), self.escape.name())
    }
}

impl FromStr for CsvDialect {
    type Err = String;

    fn from_str(text: &str) -> Result<CsvDialect, String> {
        let unknown = || format!("{text:?} is not a dialect; write it like {}", CsvDialect::with_delimiter(b';'));
        let mut parts = text.trim().split(' ');
        let mut part = |name: &str| parts.next().and_then(|part| part.strip_prefix(name)).ok_or_else(unknown);
        let delimiter = match part("delimiter=")? {
            "tab" => b'\t',
            "space" => b' ',
            one if one.len() == 1 => one.as_bytes()[0],
            hex => hex.strip_prefix('x').and_then(|hex| u8::from_str_radix(hex, 16).ok()).ok_or_else(unknown)?,
        };
        let quote = match part("quote=")? {
            "none" => None,
            one if one.len() == 1 => Some(one.as_bytes()[0]),
            _ => return Err(unknown()),
        };
        let escape = part("escape=")?;
        let escape = [Escape::Double, Escape::Backslash].into_iter().find(|known| known.name() == escape);
        let dialect = CsvDialect { delimiter, quote, escape: escape.ok_or_else(unknown)? };
        let is_delimiter = delimiter.is_ascii() && !matches!(delimiter, b'\n' | b'\r' | 0);
        let is_whole = parts.next().is_none() && is_delimiter && dialect.conflict().is_none();
        is_whole.then_some(dialect).ok_or_else(unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialect_is_one_line() {
        for (dialect, line) in [
            (CsvDialect::with_delimiter(b';'), "delimiter=; quote=\" escape=double"),
            (
                CsvDialect { quote: Some(b'\''), ..CsvDialect::with_delimiter(b'\t') },
                "delimiter=tab quote=' escape=double",
            ),
            (CsvDialect { quote: None, ..CsvDialect::with_delimiter(b'\t') }, "delimiter=tab quote=none escape=double"),
            (
                CsvDialect { escape: Escape::Backslash, ..CsvDialect::with_delimiter(b' ') },
                "delimiter=space quote=\" escape=backslash",
            ),
            (CsvDialect::with_delimiter(1), "delimiter=x01 quote=\" escape=double"),
            (CsvDialect::with_delimiter(b'='), "delimiter== quote=\" escape=double"),
        ] {
            assert_eq!(dialect.to_string(), line);
            assert_eq!(line.parse(), Ok(dialect));
        }
    }

    #[test]
    fn every_dialect_is_read_as_it_is_written() {
        let quotes = (1..128).map(Some).chain([None]);
        for (delimiter, quote) in (1..128).flat_map(|delimiter| quotes.clone().map(move |quote| (delimiter, quote))) {
            for escape in [Escape::Double, Escape::Backslash] {
                let dialect = CsvDialect { delimiter, quote, escape };
                let is_line_break = matches!(delimiter, b'\n' | b'\r');
                let expected = Some(dialect).filter(|dialect| dialect.conflict().is_none() && !is_line_break);
                assert_eq!(dialect.to_string().parse().ok(), expected, "{dialect:?}");
            }
        }
    }

    #[test]
    fn what_is_no_dialect_is_refused() {
        for line in [
            "",
            ";",
            "delimiter=; quote=\"",
            "delimiter=; quote=; escape=double",
            "delimiter=;; quote=\" escape=double",
            "delimiter=; quote=\" escape=double more",
            "delimiter=é quote=\" escape=double",
            "delimiter=x0a quote=\" escape=double",
            "delimiter=; quote=none escape=backslash",
            "quote=\" delimiter=; escape=double",
        ] {
            assert!(line.parse::<CsvDialect>().is_err(), "{line:?}");
        }
    }
}
