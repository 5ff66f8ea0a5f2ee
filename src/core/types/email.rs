//! An e-mail address that a mail system would deliver to.

use std::borrow::Cow;

use super::definition::{Facts, Limits, Memory, Parsed, Quick, Refusal, Stored, Type, normalised};
use crate::core::finding::{EmailFault, Problem, TextKind};
use crate::core::row::RowBuilder;
use crate::core::text;

pub struct Email;

impl Type for Email {
    const FACTS: Facts = Facts {
        docs: "An e-mail address. A `mailto:` is dropped, and the domain becomes lower case.",
        examples: &[("Ann@Example.COM", "Ann@example.com"), ("mailto:ann@example.com", "ann@example.com")],
        words: "e-mail",
        holds_words: false,
        has_quick_keys: true,
        ..Facts::TEXT
    };

    fn parse<'v>(value: Cow<'v, str>, limits: &Limits) -> Parsed<'v> {
        let mut parsed = Parsed::text(normalised(value, normalise), limits, TextKind::Email);
        if let Stored::Text(address) = &parsed.stored
            && let Err(fault) = check(address)
        {
            parsed.refusals.push(Refusal::new(Problem::Email(fault)));
        }
        parsed
    }

    #[inline(always)]
    fn quick(value: &[u8], limits: &Limits, _: &mut Memory, _: &mut impl RowBuilder) -> Quick {
        Quick::same_if(limits.characters.is_none() && limits.allow_length(value) && is_plain(value))
    }
}

/// Removes a leading `mailto:` and lower-cases the domain after the last `@`. The local part stays as it is.
pub fn normalise(value: &str) -> Cow<'_, str> {
    let mut address = value;
    // Repeated, so that normalising twice changes nothing.
    while let Some(rest) = without_scheme(address) {
        address = rest.trim();
    }
    let Some(at) = memchr::memrchr(b'@', address.as_bytes()) else { return Cow::Borrowed(address) };
    let (local, domain) = address.split_at(at + 1);
    if domain.is_ascii() && !domain.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Cow::Borrowed(address);
    }
    lower_any(address, local, domain)
}

fn lower_any<'v>(address: &'v str, local: &str, domain: &str) -> Cow<'v, str> {
    let lowered = domain.to_lowercase();
    // A lower-case form may be several characters (İ), which NFC reorders with the marks after them.
    let lowered = text::nfc(&lowered);
    if lowered == domain { Cow::Borrowed(address) } else { Cow::Owned([local, &lowered].concat()) }
}

fn without_scheme(value: &str) -> Option<&str> {
    const SCHEME: &str = "mailto:";
    let (front, rest) = value.split_at_checked(SCHEME.len())?;
    front.eq_ignore_ascii_case(SCHEME).then_some(rest)
}

/// Whether an ASCII character other than a dot may occur in a local part: RFC 5322's atext.
const fn is_atom(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'/' | b'=' | b'?' | b'^'..=b'`' | b'{'..=b'~')
}

/// Checks a normalised value: a dot-atom of at most 64 octets, one `@`, and a domain of at least two parts of letters, digits
/// and inner hyphens (1 to 63 characters each), the last of which is not all digits. Letters outside ASCII are allowed in both.
pub fn check(value: &str) -> Result<(), EmailFault> {
    if is_plain(value.as_bytes()) {
        return Ok(());
    }
    let (local, domain) = value.split_once('@').ok_or(EmailFault::NoAt)?;
    if domain.contains('@') {
        return Err(EmailFault::SeveralAts);
    }
    check_local(local).and_then(|()| check_domain(domain)).map_err(|reason| clearer(value).unwrap_or(reason))
}

/// Whether this is surely a normalised ASCII address, whose domain ends with a letter. Its only branch is for the `@`, because
/// addresses have no pattern to predict.
pub fn is_plain(value: &[u8]) -> bool {
    let (mut are_all, mut pairs, mut previous, mut at) = (ATOM, 0, DOT, 0);
    // The initial DOT makes a leading dot two in a row.
    for &byte in value {
        if byte == b'@' {
            break;
        }
        let kind = KINDS[usize::from(byte)];
        are_all &= kind;
        pairs |= previous & kind;
        previous = kind;
        at += 1;
    }
    // No part of a domain is longer than the domain.
    let domain = value.get(at + 1..).unwrap_or_default();
    if are_all & ATOM == 0 || (pairs | previous) & DOT != 0 || at > 64 || domain.is_empty() || domain.len() > 63 {
        return false;
    }
    let (mut are_all, mut seen, mut pairs, mut edges, mut previous) = (NAME, 0, 0, 0, DOT);
    for &byte in domain {
        let kind = KINDS[usize::from(byte)];
        are_all &= kind;
        seen |= kind;
        pairs |= previous & kind;
        // One of the two is a dot, the other a hyphen.
        let both = previous | kind;
        edges |= both & both >> 1;
        previous = kind;
    }
    are_all & NAME != 0 && pairs & DOT == 0 && edges & DOT == 0 && seen & DOT != 0 && previous & LOWER != 0
}

/// What an ASCII character is: an atom may be in a local part, a name in a lower-case domain; both include the dot. The
/// hyphen's bit must follow the dot's.
const DOT: u8 = 1;
const HYPHEN: u8 = 2;
const LOWER: u8 = 4;
const ATOM: u8 = 8;
const NAME: u8 = 16;
static KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0u8;
    while byte < 128 {
        let mut kind = match byte {
            b'.' => DOT | ATOM | NAME,
            b'-' => HYPHEN | NAME,
            b'a'..=b'z' => LOWER | NAME,
            b'0'..=b'9' => NAME,
            _ => 0,
        };
        if is_atom(byte) {
            kind |= ATOM;
        }
        kinds[byte as usize] = kind;
        byte += 1;
    }
    kinds
};

/// A more helpful reason than a wrong character, if there is one.
fn clearer(value: &str) -> Option<EmailFault> {
    match value {
        _ if value.contains(char::is_whitespace) => Some(EmailFault::Space),
        _ if value.contains(['<', '>']) => Some(EmailFault::Brackets),
        _ => None,
    }
}

fn check_local(local: &str) -> Result<(), EmailFault> {
    match local {
        "" => return Err(EmailFault::NoLocal),
        _ if local.len() > 64 => return Err(EmailFault::LongLocal),
        _ if local.starts_with('"') => return Err(EmailFault::QuotedLocal),
        _ => {}
    }
    let mut previous = '.';
    for character in local.chars() {
        match character {
            '.' if previous == '.' => return Err(EmailFault::LocalDots),
            '.' => {}
            _ if character.is_ascii() && is_atom(character as u8) => {}
            _ if !character.is_ascii() && text::is_letter(character) => {}
            _ => return Err(EmailFault::LocalCharacter),
        }
        previous = character;
    }
    if previous == '.' { Err(EmailFault::DotBeforeAt) } else { Ok(()) }
}

pub(super) fn check_domain(domain: &str) -> Result<(), EmailFault> {
    match domain {
        "" => return Err(EmailFault::NoDomain),
        _ if domain.starts_with('[') => return Err(EmailFault::IpAddress),
        _ => domain.split('.').try_for_each(check_part)?,
    }
    match domain.rsplit_once('.') {
        None => Err(EmailFault::OnePart),
        Some((_, last)) if last.bytes().all(|byte| byte.is_ascii_digit()) => Err(EmailFault::DigitsOnly),
        Some(_) => Ok(()),
    }
}

fn check_part(part: &str) -> Result<(), EmailFault> {
    let is_inner = |c: char| c.is_ascii_digit() || c == '-' || text::is_letter(c);
    match part {
        "" => Err(EmailFault::EmptyPart),
        _ if !part.chars().all(is_inner) => Err(EmailFault::DomainCharacter),
        _ if part.starts_with('-') || part.ends_with('-') => Err(EmailFault::EdgeHyphen),
        _ if text::length(part) > 63 => Err(EmailFault::LongPart),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
