//! A web address.

use std::borrow::Cow;

use super::definition::{Facts, Limits, Parsed, Refusal, Type};
use super::email::check_domain;
use crate::core::finding::{Problem, TextKind, excerpt};
use crate::core::text;

pub struct Url;

impl Type for Url {
    const FACTS: Facts = Facts {
        docs: "A web address, with http:// or https:// in front or without. The host has at least two parts, or is an IPv4 \
               address. Its scheme and host are stored in lower case, the rest as it is.",
        examples: &[("HTTPS://Example.com/A?b=C", "https://example.com/A?b=C"), ("www.example.com", "www.example.com")],
        words: "web address",
        holds_words: false,
        settings: &["min", "max", "pattern", "case"],
        ..Facts::TEXT
    };

    fn parse<'v>(value: Cow<'v, str>, limits: &Limits) -> Parsed<'v> {
        match host(&value) {
            Some(end) if value[..end].chars().any(char::is_uppercase) => Parsed::text(
                Cow::Owned(text::nfc(&value[..end].to_lowercase()).into_owned() + &value[end..]),
                limits,
                TextKind::Other,
            ),
            Some(_) => Parsed::text(value, limits, TextKind::Other),
            None => Parsed::refused(Refusal::new(Problem::NotAUrl { found: excerpt(&value).to_string() })),
        }
    }
}

/// Where the host of an address ends; `None` if it is no address.
fn host(value: &str) -> Option<usize> {
    if value.contains(char::is_whitespace) {
        return None;
    }
    let scheme = ["https://", "http://"]
        .into_iter()
        .find(|scheme| value.get(..scheme.len()).is_some_and(|front| front.eq_ignore_ascii_case(scheme)));
    let start = scheme.map_or(0, str::len);
    let rest = &value[start..];
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    // A name and a password are no part of an address that people share.
    let (name, port) = rest[..end].split_once(':').map_or((&rest[..end], None), |(name, port)| (name, Some(port)));
    let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    let is_name = check_domain(&text::nfc(&name.to_lowercase())).is_ok() || is_ipv4(name);
    (is_port && is_name).then_some(start + end)
}

fn is_ipv4(name: &str) -> bool {
    let is_part = |part: &str| part.parse::<u8>().is_ok_and(|number| number.to_string() == part);
    name.split('.').count() == 4 && name.split('.').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_a_host() {
        for (value, is_one) in [
            ("https://example.com", true),
            ("http://example.com:8080/a/b?c=d#e", true),
            ("example.com", true),
            ("www.müller.example", true),
            ("http://192.0.2.1/x", true),
            ("http://192.0.2.256/x", false),
            ("http://192.0.2/x", false),
            ("https://example", false),
            ("example", false),
            ("ftp://example.com", false),
            ("https://", false),
            ("https:///x", false),
            ("http://example.com:0", false),
            ("http://example.com:99999", false),
            ("http://user@example.com", false),
            ("two words.example", false),
            ("ann@example.com", false),
            ("javascript:alert(1)", false),
        ] {
            assert_eq!(host(value).is_some(), is_one, "{value}");
        }
    }
}
