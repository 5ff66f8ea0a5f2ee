//! Addresses, and what is none.

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
    use EmailFault::*;
    let local65 = format!("{}@example.com", "a".repeat(65));
    let local66 = format!("{}@example.com", "é".repeat(33));
    let label64 = format!("a@{}.com", "b".repeat(64));
    for (value, fault) in [
        ("", NoAt),
        ("ann.example.com", NoAt),
        ("ann＠example.com", NoAt),
        ("a@b@c.de", SeveralAts),
        ("ann@example.com; bob@example.com", SeveralAts),
        ("ann@@example.com", SeveralAts),
        ("@example.com", NoLocal),
        ("ann@", NoDomain),
        ("ann@example", OnePart),
        ("ann@localhost", OnePart),
        ("ann smith@example.com", Space),
        ("ann@example .com", Space),
        ("Ann <ann@example.com>", Space),
        ("<ann@example.com>", Brackets),
        (".ann@example.com", LocalDots),
        ("ann.@example.com", DotBeforeAt),
        ("an..n@example.com", LocalDots),
        (".@example.com", LocalDots),
        ("\"ann\"@example.com", QuotedLocal),
        ("ann(x)@example.com", LocalCharacter),
        ("ann,bob@example.com", LocalCharacter),
        ("ann\\@example.com", LocalCharacter),
        ("ann:b@example.com", LocalCharacter),
        ("ann;@example.com", LocalCharacter),
        ("[ann]@example.com", LocalCharacter),
        ("ann\u{7f}@example.com", LocalCharacter),
        ("😀@example.com", LocalCharacter),
        ("a١@example.com", LocalCharacter),
        ("ann@[127.0.0.1]", IpAddress),
        ("ann@127.0.0.1", DigitsOnly),
        ("ann@example.123", DigitsOnly),
        ("ann@example..com", EmptyPart),
        ("ann@.example.com", EmptyPart),
        ("ann@example.com.", EmptyPart),
        ("ann@-example.com", EdgeHyphen),
        ("ann@example-.com", EdgeHyphen),
        ("ann@example.com-", EdgeHyphen),
        ("ann@exam_ple.com", DomainCharacter),
        ("ann@example.com,", DomainCharacter),
        ("ann@example.com?subject=x", DomainCharacter),
        ("ann@exa،mple.com", DomainCharacter),
        ("ann@例子。广告", DomainCharacter),
        (local65.as_str(), LongLocal),
        (local66.as_str(), LongLocal),
        (label64.as_str(), LongPart),
    ] {
        assert_eq!(check(value), Err(fault), "{value:?}");
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
