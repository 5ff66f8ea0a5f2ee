//! An e-mail address (SPEC section 3): normalised, and judged by what a mail system would deliver to.

use std::borrow::Cow;

use crate::core::text;

/// Normalises a cleaned value: a `mailto:` in front is dropped, in any case, and the domain, behind the last `@`, is
/// lower-cased. The local part stays as it is.
pub fn normalise(value: &str) -> Cow<'_, str> {
    let mut address = value;
    // More than once, so that a second pass finds nothing left to drop.
    while let Some(rest) = without_scheme(address) {
        address = rest.trim();
    }
    let Some(at) = memchr::memrchr(b'@', address.as_bytes()) else { return Cow::Borrowed(address) };
    let (local, domain) = address.split_at(at + 1);
    if domain.is_ascii() {
        if !domain.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Cow::Borrowed(address);
        }
        let mut lowered = address.to_owned();
        if let Some(domain) = lowered.get_mut(at + 1..) {
            domain.make_ascii_lowercase();
        }
        return Cow::Owned(lowered);
    }
    lower_any(address, local, domain)
}

/// The address with a domain of any characters lower-cased.
fn lower_any<'v>(address: &'v str, local: &str, domain: &str) -> Cow<'v, str> {
    let lowered = domain.to_lowercase();
    // A lower-case form may consist of several characters (İ), which NFC orders among the marks behind them.
    let lowered = text::nfc(&lowered);
    if lowered == domain { Cow::Borrowed(address) } else { Cow::Owned([local, &lowered].concat()) }
}

/// What stands behind a `mailto:` in front.
fn without_scheme(value: &str) -> Option<&str> {
    const SCHEME: &str = "mailto:";
    let (front, rest) = value.split_at_checked(SCHEME.len())?;
    front.eq_ignore_ascii_case(SCHEME).then_some(rest)
}

/// Whether an ASCII character may stand in a local part beside the dots: RFC 5322's atext.
const fn is_atom(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'/' | b'=' | b'?' | b'^'..=b'`' | b'{'..=b'~')
}

/// Judges a normalised value: a dot-atom of at most 64 octets, one `@`, a domain of at least two parts of letters,
/// digits and inner hyphens (1 to 63 characters each), the last of which is not all digits; letters beyond ASCII are
/// allowed in both.
///
/// The error is a reason that fits behind "not an e-mail address: ".
pub fn check(value: &str) -> Result<(), &'static str> {
    if is_plain(value.as_bytes()) {
        return Ok(());
    }
    let (local, domain) = value.split_once('@').ok_or("it has no @")?;
    if domain.contains('@') {
        return Err("it has more than one @");
    }
    check_local(local).and_then(|()| check_domain(domain)).map_err(|reason| clearer(value).unwrap_or(reason))
}

/// Whether this is an address in ASCII, normalised, whose domain ends with a letter; what is not may still be an address.
/// Without a branch but for the place of the `@`, for addresses are all different.
pub fn is_plain(value: &[u8]) -> bool {
    let (mut are_all, mut pairs, mut previous, mut at) = (ATOM, 0, DOT, 0);
    // A dot in front is as if there were one before it.
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
        // Of the two one is a dot and the other a hyphen.
        let both = previous | kind;
        edges |= both & both >> 1;
        previous = kind;
    }
    are_all & NAME != 0 && pairs & DOT == 0 && edges & DOT == 0 && seen & DOT != 0 && previous & LOWER != 0
}

/// What an ASCII character may be: part of a local part, or of a domain in lower case, the dots included; and some that
/// are looked for, the hyphen's bit above the dot's.
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

/// A reason that says more about an address at fault than that some character is wrong.
fn clearer(value: &str) -> Option<&'static str> {
    if value.contains(char::is_whitespace) {
        Some("it has a space in it")
    } else if value.contains(['<', '>']) {
        Some("it has < or > in it; the address alone is wanted, without a name")
    } else {
        None
    }
}

/// Judges the part before the `@`.
fn check_local(local: &str) -> Result<(), &'static str> {
    if local.is_empty() {
        return Err("it has nothing before the @");
    }
    if local.len() > 64 {
        return Err("the part before the @ is longer than 64 bytes");
    }
    if local.starts_with('"') {
        return Err("the part before the @ is in quotes");
    }
    let mut previous = '.';
    for character in local.chars() {
        if character == '.' {
            if previous == '.' {
                return Err("the part before the @ begins with a dot or has two in a row");
            }
        } else if !(if character.is_ascii() { is_atom(character as u8) } else { text::is_letter(character) }) {
            return Err("the part before the @ has a character that no address has");
        }
        previous = character;
    }
    if previous == '.' {
        return Err("the part before the @ ends with a dot");
    }
    Ok(())
}

/// Judges the part behind the `@`.
fn check_domain(domain: &str) -> Result<(), &'static str> {
    if domain.is_empty() {
        return Err("it has nothing behind the @");
    }
    if domain.starts_with('[') {
        return Err("it has an IP address in place of a domain");
    }
    let mut parts = 0;
    let mut last = "";
    for part in domain.split('.') {
        check_part(part)?;
        parts += 1;
        last = part;
    }
    if parts < 2 {
        return Err("the domain has only one part");
    }
    if last.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("the domain's last part is all digits");
    }
    Ok(())
}

/// Judges one part of the domain, between two dots.
fn check_part(part: &str) -> Result<(), &'static str> {
    if part.is_empty() {
        return Err("the domain has a dot too many");
    }
    if !part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !part.chars().all(|c| c.is_ascii_digit() || c == '-' || text::is_letter(c))
    {
        return Err("the domain has a character other than letters, digits, hyphens and dots");
    }
    if part.starts_with('-') || part.ends_with('-') {
        return Err("a part of the domain begins or ends with a hyphen");
    }
    if text::length(part) > 63 {
        return Err("a part of the domain is longer than 63 characters");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn normalise_drops_mailto_and_lowers_the_domain() {
        for (value, expected) in [
            ("", ""),
            ("ann@example.com", "ann@example.com"),
            ("Ann.Smith@Example.COM", "Ann.Smith@example.com"),
            ("mailto:Ann@Example.com", "Ann@example.com"),
            ("MailTo: ann@example.com", "ann@example.com"),
            ("mailto:mailto:ann@example.com", "ann@example.com"),
            ("mailto: MAILTO: a@B.c", "a@b.c"),
            ("mailto:", ""),
            ("mailto", "mailto"),
            ("mailtö:a@b.c", "mailtö:a@b.c"),
            ("A@B@C", "A@B@c"),
            ("NO AT", "NO AT"),
            ("Jörg@MÜLLER.de", "Jörg@müller.de"),
            ("ΟΔΟΣ@ΟΔΟΣ.GR", "ΟΔΟΣ@οδοσ.gr"),
            ("a@İ\u{323}.com", "a@ị\u{307}.com"),
            ("@", "@"),
            ("X@", "X@"),
        ] {
            assert_eq!(normalise(value), expected, "{value:?}");
        }
        for value in ["ann@example.com", "mailto:ann@example.com", "ann@müller.de", "none"] {
            assert!(matches!(normalise(value), Cow::Borrowed(_)), "{value:?}");
        }
    }

    #[test]
    fn check_accepts_what_is_delivered() {
        let local64 = format!("{}@example.com", "a".repeat(64));
        let label63 = format!("a@{}.com", "b".repeat(63));
        for value in [
            "a@b.c",
            "ann.smith+tag@example.com",
            "a!#$%&'*+-/=?^_`{|}~b@example.com",
            "O'Brien@example.ie",
            "1@2.com",
            "a@1.2.x1",
            "a@xn--mller-kva.de",
            "a@b-c.example",
            "a@b--c.example",
            "jörg@müller.de",
            "用户@例子.广告",
            "संपर्क@डाटामेल.भारत",
            "_@example.com",
            "-@example.com",
            "a@example.1a",
            local64.as_str(),
            label63.as_str(),
        ] {
            assert_eq!(check(value), Ok(()), "{value:?}");
        }
    }

    #[test]
    fn check_says_what_is_wrong() {
        let local65 = format!("{}@example.com", "a".repeat(65));
        let local66 = format!("{}@example.com", "é".repeat(33));
        let label64 = format!("a@{}.com", "b".repeat(64));
        for (value, word) in [
            ("", "no @"),
            ("ann.example.com", "no @"),
            ("ann＠example.com", "no @"),
            ("a@b@c.de", "more than one @"),
            ("ann@example.com; bob@example.com", "more than one @"),
            ("ann@@example.com", "more than one @"),
            ("@example.com", "nothing before"),
            ("ann@", "nothing behind"),
            ("ann@example", "only one part"),
            ("ann@localhost", "only one part"),
            ("ann smith@example.com", "space"),
            ("ann@example .com", "space"),
            ("Ann <ann@example.com>", "space"),
            ("<ann@example.com>", "< or >"),
            (".ann@example.com", "begins with a dot"),
            ("ann.@example.com", "ends with a dot"),
            ("an..n@example.com", "two in a row"),
            (".@example.com", "begins with a dot"),
            ("\"ann\"@example.com", "quotes"),
            ("ann(x)@example.com", "character"),
            ("ann,bob@example.com", "character"),
            ("ann\\@example.com", "character"),
            ("ann:b@example.com", "character"),
            ("ann;@example.com", "character"),
            ("[ann]@example.com", "character"),
            ("ann\u{7f}@example.com", "character"),
            ("😀@example.com", "character"),
            ("a١@example.com", "character"),
            ("ann@[127.0.0.1]", "IP address"),
            ("ann@127.0.0.1", "all digits"),
            ("ann@example.123", "all digits"),
            ("ann@example..com", "dot too many"),
            ("ann@.example.com", "dot too many"),
            ("ann@example.com.", "dot too many"),
            ("ann@-example.com", "hyphen"),
            ("ann@example-.com", "hyphen"),
            ("ann@example.com-", "hyphen"),
            ("ann@exam_ple.com", "other than letters"),
            ("ann@example.com,", "other than letters"),
            ("ann@example.com?subject=x", "other than letters"),
            ("ann@exa،mple.com", "other than letters"),
            ("ann@例子。广告", "other than letters"),
            (local65.as_str(), "64 bytes"),
            (local66.as_str(), "64 bytes"),
            (label64.as_str(), "63 characters"),
        ] {
            let reason = check(value).err().unwrap_or("nothing");
            assert!(reason.contains(word), "{value:?}: {reason}");
        }
    }

    #[test]
    fn atoms_are_those_of_rfc_5322() {
        for byte in 0..128u8 {
            let expected = byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
            assert_eq!(is_atom(byte), expected, "{:?}", char::from(byte));
        }
    }

    #[test]
    fn usual_addresses_are_plain() {
        for (value, expected) in [
            ("ann@example.com", true),
            ("Ann.Smith+1@mail-2.example.co", true),
            ("a_b@1-2.x", true),
            ("", false),
            ("@", false),
            ("a@", false),
            ("a@b", false),
            ("a@b.1", false),
            ("a@B.c", false),
            ("@b.c", false),
            (".a@b.c", false),
            ("a.@b.c", false),
            ("a..b@b.c", false),
            ("a@.b.c", false),
            ("a@b..c", false),
            ("a@b.c.", false),
            ("a@-b.c", false),
            ("a@b-.c", false),
            ("a@b.-c", false),
            ("a@b.c-", false),
            ("a@b@c.d", false),
            ("a b@c.d", false),
        ] {
            assert_eq!(is_plain(value.as_bytes()), expected, "{value}");
        }
    }

    proptest! {
        #[test]
        fn the_quick_pass_agrees_with_the_thorough_one(value in "[a.@1-]{0,12}|[a-z1.!_-]{1,66}@[a-zA-Z0-9-]{1,65}(\\.[a-z0-9-]{0,65}){0,2}") {
            let thorough = value.split_once('@').is_some_and(|(local, domain)| {
                !domain.contains('@') && check_local(local).is_ok() && check_domain(domain).is_ok()
            });
            if is_plain(value.as_bytes()) {
                prop_assert!(thorough, "{}", value);
                prop_assert_eq!(&*normalise(&value), &*value);
            }
        }
    }

    proptest! {
        #[test]
        fn normalise_is_stable(value in prop_oneof![any::<String>(), "(mailto: ?){0,3}[A-Za-z@. İΣß\u{323}\u{345}ᾼ]{0,12}"]) {
            let value = text::clean(&value).unwrap_or_default();
            let once = normalise(&value);
            prop_assert_eq!(normalise(&once), &*once);
            prop_assert!(unicode_normalization::is_nfc(&once));
            let _ = check(&once);
        }

        #[test]
        fn normalise_takes_no_other_way_for_ascii(value in "[A-Za-z@.: ]{0,20}") {
            let once = normalise(&value);
            if let Some(at) = once.rfind('@') {
                let (local, domain) = once.split_at(at + 1);
                let value = value.get(value.len() - once.len()..).unwrap_or_default();
                if let Some((_, domain_before)) = value.split_at_checked(at + 1) {
                    prop_assert_eq!(lower_any(value, local, domain_before), &*once);
                }
                prop_assert_eq!(domain.to_lowercase(), domain);
            }
        }
    }
}
