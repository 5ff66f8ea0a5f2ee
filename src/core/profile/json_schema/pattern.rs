//! Patterns of JSON Schema, which are ECMA-262's, and of profiles, which are those of the crate regex: each is written in the other's
//! words where they mean different things, and refused where it cannot be.

use std::{iter::Peekable, str::Chars};

use crate::core::text::pattern::compiled;

/// What `\w` means to the crate regex, within a class.
const WORD: &str = r"\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}";

/// What `\s` means to ECMA-262 and to the crate regex, within a class: U+FEFF is in the one, U+0085 in the other. Each ends with a
/// range, so that a hyphen after it begins no other.
const ECMA_SPACE: &str = r"\t-\r \x{A0}\x{1680}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}\x{FEFF}\x{2000}-\x{200A}";
const OWN_SPACE: &str = r"\t-\r \u0085\u00A0\u1680\u2028\u2029\u202F\u205F\u3000\u2000-\u200A";

/// The characters that only ECMA-262 needs a backslash for, or both.
const SYNTAX: &str = r"^$\.*+?()[]{}|/";

/// The pattern of a profile that matches the whole of what a pattern of JSON Schema is found in; or why there is none.
pub(super) fn from_json_schema(written: &str) -> Result<String, String> {
    let own = Translation { rest: written.chars().peekable(), out: String::new() }.into_own()?;
    compiled(&own)?;
    Ok(anchored(&own))
}

/// A pattern that matches a whole text where the given one is found anywhere in it.
fn anchored(found: &str) -> String {
    let whole = found.strip_prefix("^(?:").and_then(|rest| rest.strip_suffix(")$"));
    if let Some(whole) = whole.filter(|whole| compiled(whole).is_ok()) {
        return whole.to_string();
    }
    if found.contains('|') {
        return format!("(?s:.*)(?:{found})(?s:.*)");
    }
    let (before, rest) = found.strip_prefix('^').map_or(("(?s:.*)", found), |rest| ("", rest));
    let ends =
        rest.strip_suffix('$').filter(|rest| rest.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 0);
    let (rest, after) = ends.map_or((rest, "(?s:.*)"), |rest| (rest, ""));
    format!("{before}{rest}{after}")
}

/// The pattern of JSON Schema that says what a pattern of a profile says; `None` if there is none.
pub(super) fn to_json_schema(written: &str) -> Option<String> {
    let pattern = Translation { rest: written.chars().peekable(), out: String::new() }.into_ecma()?;
    Some(format!("^(?:{pattern})$"))
}

struct Translation<'w> {
    rest: Peekable<Chars<'w>>,
    out: String,
}

impl Translation<'_> {
    fn into_own(mut self) -> Result<String, String> {
        while let Some(character) = self.rest.next() {
            match character {
                '\\' => self.escape_from_ecma(false)?,
                '[' => self.class_from_ecma()?,
                '(' => self.group_from_ecma()?,
                '.' => self.out.push_str(r"[^\n\r\x{2028}\x{2029}]"),
                other => self.out.push(other),
            }
        }
        Ok(self.out)
    }

    fn group_from_ecma(&mut self) -> Result<(), String> {
        self.out.push('(');
        if self.rest.next_if_eq(&'?').is_none() {
            return Ok(());
        }
        self.out.push('?');
        match self.rest.next() {
            Some(':') => self.out.push(':'),
            Some('<') if !matches!(self.rest.peek(), Some('=' | '!')) => self.out.push('<'),
            Some('=' | '!' | '<') => return Err("it looks around: (?=, (?!, (?<= or (?<!".to_string()),
            other => return Err(format!("JSON Schema has no (?{}", other.unwrap_or(')'))),
        }
        Ok(())
    }

    fn escape_from_ecma(&mut self, in_class: bool) -> Result<(), String> {
        let Some(escaped) = self.rest.next() else { return Err("it ends with \\".to_string()) };
        let own = match (escaped, in_class) {
            ('d', false) => "[0-9]",
            ('d', true) => "0-9",
            ('D', _) => "[^0-9]",
            ('w', false) => "[0-9A-Za-z_]",
            ('w', true) => "0-9A-Za-z_",
            ('W', _) => "[^0-9A-Za-z_]",
            ('b', false) => r"(?-u:\b)",
            ('b', true) => r"\x08",
            ('0', _) if !self.rest.peek().is_some_and(char::is_ascii_digit) => r"\x00",
            ('0'..='9' | 'k', _) => return Err("it refers back to a group".to_string()),
            ('s', true) => ECMA_SPACE,
            ('s' | 'S', _) => {
                let not = if escaped == 'S' { "^" } else { "" };
                self.out.push_str(&format!("[{not}{ECMA_SPACE}]"));
                return Ok(());
            }
            ('t' | 'n' | 'r' | 'f' | 'v' | 'x' | 'u' | 'p' | 'P' | '-', _) => {
                self.out.extend(['\\', escaped]);
                return Ok(());
            }
            (escaped, _) if SYNTAX.contains(escaped) => {
                self.out.extend(['\\', escaped]);
                return Ok(());
            }
            _ => return Err(format!("JSON Schema has no \\{escaped}")),
        };
        self.out.push_str(own);
        Ok(())
    }

    /// A class. To the crate, `[`, `&&`, `--` and `~~` in it mean sets.
    fn class_from_ecma(&mut self) -> Result<(), String> {
        self.out.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        if self.rest.peek() == Some(&']') {
            return Err("a class is empty".to_string());
        }
        while let Some(character) = self.rest.next() {
            match character {
                ']' => {
                    self.out.push(']');
                    return Ok(());
                }
                '\\' => self.escape_from_ecma(true)?,
                '-' if self.rest.peek() == Some(&'-') => return Err("a class has --".to_string()),
                '[' | '&' | '~' => self.out.extend(['\\', character]),
                other => self.out.push(other),
            }
        }
        Err("unclosed character class".to_string())
    }

    fn into_ecma(mut self) -> Option<String> {
        while let Some(character) = self.rest.next() {
            match character {
                '\\' => self.escape_to_ecma(false)?,
                '[' => self.class_to_ecma()?,
                '(' => self.group_to_ecma()?,
                '{' => self.repetition_to_ecma()?,
                '.' => self.out.push_str(r"[^\n]"),
                ']' | '}' => self.out.extend(['\\', character]),
                other => self.out.push(other),
            }
        }
        Some(self.out)
    }

    fn group_to_ecma(&mut self) -> Option<()> {
        self.out.push('(');
        if self.rest.next_if_eq(&'?').is_none() {
            return Some(());
        }
        self.out.push('?');
        match self.rest.next()? {
            ':' => self.out.push(':'),
            'P' if self.rest.next_if_eq(&'<').is_some() => self.out.push('<'),
            '<' => self.out.push('<'),
            _ => return None,
        }
        Some(())
    }

    fn repetition_to_ecma(&mut self) -> Option<()> {
        self.out.push('{');
        if !self.rest.peek()?.is_ascii_digit() {
            return None;
        }
        loop {
            let character = self.rest.next()?;
            self.out.push(character);
            match character {
                '}' => return Some(()),
                '0'..='9' | ',' => {}
                _ => return None,
            }
        }
    }

    fn escape_to_ecma(&mut self, in_class: bool) -> Option<()> {
        match self.rest.next()? {
            'd' => self.out.push_str(r"\p{Nd}"),
            'D' => self.out.push_str(r"\P{Nd}"),
            'w' if in_class => self.out.push_str(WORD),
            'w' => self.out.push_str(&format!("[{WORD}]")),
            'W' if !in_class => self.out.push_str(&format!("[^{WORD}]")),
            's' if in_class => self.out.push_str(OWN_SPACE),
            's' => self.out.push_str(&format!("[{OWN_SPACE}]")),
            'S' if !in_class => self.out.push_str(&format!("[^{OWN_SPACE}]")),
            // The start and the end of a word.
            '<' | '>' => return None,
            escaped @ ('t' | 'n' | 'r' | 'f' | 'v') => self.out.extend(['\\', escaped]),
            escaped @ ('p' | 'P') => {
                let class = self.category()?;
                self.out.push_str(&format!("\\{escaped}{{{class}}}"));
            }
            '-' if in_class => self.out.push_str(r"\-"),
            escaped if SYNTAX.contains(escaped) => self.out.extend(['\\', escaped]),
            escaped if escaped.is_ascii_punctuation() => self.out.push(escaped),
            _ => return None,
        }
        Some(())
    }

    /// The general category after `\p`, which both name alike: one letter, or two in braces.
    fn category(&mut self) -> Option<String> {
        let name: String = match self.rest.next()? {
            '{' => std::iter::from_fn(|| self.rest.next_if(|character| *character != '}')).take(3).collect(),
            one => return ("LMNPSZC".contains(one)).then(|| one.to_string()),
        };
        self.rest.next_if_eq(&'}')?;
        let (first, rest) = (name.chars().next()?, name.get(1..)?);
        let is_short = rest.is_empty() || rest.len() == 1 && rest.bytes().all(|byte| byte.is_ascii_lowercase());
        ("LMNPSZC".contains(first) && is_short).then_some(name)
    }

    fn class_to_ecma(&mut self) -> Option<()> {
        self.out.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        if self.rest.next_if_eq(&']').is_some() {
            self.out.push_str(r"\]");
        }
        loop {
            match self.rest.next()? {
                ']' => {
                    self.out.push(']');
                    return Some(());
                }
                '\\' => self.escape_to_ecma(true)?,
                // A class in a class, or sets.
                '[' => return None,
                twice @ ('&' | '-' | '~') if self.rest.peek() == Some(&twice) => return None,
                syntax @ ('(' | ')' | '{' | '}' | '/' | '|') => self.out.extend(['\\', syntax]),
                other => self.out.push(other),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;

    #[test]
    fn patterns_of_json_schema_are_found_anywhere() {
        for (written, matching, other) in [
            ("^K[0-9]+$", "K12", "xK12"),
            ("K[0-9]+", "xK12x", "K"),
            ("^(?:a|b)$", "b", "bb"),
            ("^a|b$", "ax", "xa"),
            ("a$", "xa", "ax"),
            (r"^a\$", "a$b", "a"),
            (r"^\d+$", "12", "\u{0661}"),
            (r"^[\w.]+$", "a.b_1", "é"),
            (r"^\W$", "é", "a"),
            (r"\bab\b", "x ab y", "xab"),
            ("^[[&&]+$", "[&", "a"),
            ("^[a~~]+$", "~a", "b"),
            (r"^\/.\-?$", "/x", "x"),
            (r"^\u0041\x42$", "AB", "ab"),
            (r"^\s$", "\u{FEFF}", "\u{85}"),
            (r"^\S$", "\u{85}", "\u{FEFF}"),
            (r"^[\s-]+$", "\u{B}- \u{2003}\u{FEFF}", "\u{85}"),
            (r"^[x\S]$", "\u{85}", "\u{A0}"),
        ] {
            let own = from_json_schema(written).unwrap();
            let own = Regex::new(&format!(r"\A(?:{own})\z")).unwrap();
            assert!(own.is_match(matching) && !own.is_match(other), "{written}: {own}");
        }
        assert_eq!(from_json_schema("^K[0-9]+$").unwrap(), "K[0-9]+");
        for (written, why) in [
            ("(?=a)b", "it looks around"),
            ("(?<!a)b", "it looks around"),
            (r"(a)\1", "it refers back"),
            (r"(?<n>a)\k<n>", "it refers back"),
            ("(?i)a", "JSON Schema has no (?i"),
            (r"\Aa", r"JSON Schema has no \A"),
            ("[]", "a class is empty"),
            ("[a--b]", "a class has --"),
            ("[a", "unclosed character class"),
            ("a)", "unopened group"),
            (r"a\", r"it ends with \"),
            ("(a{1000}){1000}", "it is too large"),
        ] {
            let error = from_json_schema(written).unwrap_err();
            assert!(error.contains(why), "{written}: {error}");
        }
    }

    #[test]
    fn patterns_of_profiles_match_the_whole() {
        for (written, expected) in [
            ("a|b", Some("^(?:a|b)$")),
            (r"[A-Z]{2}\d+", Some(r"^(?:[A-Z]{2}\p{Nd}+)$")),
            (r"\w\-\@", Some(r"^(?:[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]-@)$")),
            (r"\pL\p{Lu}[^\w]", Some(r"^(?:\p{L}\p{Lu}[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}])$")),
            ("(?P<n>a)[]a-]", Some(r"^(?:(?<n>a)[\]a-])$")),
            ("a.]", Some(r"^(?:a[^\n]\])$")),
            ("(?i)a", None),
            (r"\p{Greek}", None),
            ("[a&&b]", None),
            ("[[:alpha:]]", None),
            (r"a\b", None),
            (r"\<a", None),
            (r"a\>", None),
            (r"a\b{end}", None),
            (r"\sa", Some(r"^(?:[\t-\r \u0085\u00A0\u1680\u2028\u2029\u202F\u205F\u3000\u2000-\u200A]a)$")),
            (r"\S", Some(r"^(?:[^\t-\r \u0085\u00A0\u1680\u2028\u2029\u202F\u205F\u3000\u2000-\u200A])$")),
            (r"[\s-]", Some(r"^(?:[\t-\r \u0085\u00A0\u1680\u2028\u2029\u202F\u205F\u3000\u2000-\u200A-])$")),
            (r"[a\S]", None),
            ("a{,3}", None),
        ] {
            assert_eq!(to_json_schema(written).as_deref(), expected, "{written}");
        }
    }
}
