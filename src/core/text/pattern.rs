//! Regular expressions from profiles and schemas, which somebody else may have written: compiled within a limit ([`compiled`]), and
//! measured ([`measured`]), so that many cannot take more than few.

use regex::{Error, Regex, RegexBuilder};

/// The most memory that a compiled pattern may take, in bytes. Matching takes time in proportion to the value, whatever the pattern.
const MOST_MEMORY: usize = 1 << 20;

/// The most that the patterns of all fields of a profile may take, which is also a bound on the time that they take to compile.
pub const MOST_MEMORY_IN_ALL: usize = 8 << 20;

/// Compiles a pattern. The error is the parser's, in one line.
pub fn compiled(written: &str) -> Result<Regex, String> {
    within(written, MOST_MEMORY).map_err(in_words)
}

/// The same, with the memory that it takes, rounded up to a power of two.
pub fn measured(written: &str) -> Result<(Regex, usize), String> {
    const LEAST: usize = 16 << 10;
    let mut memory = LEAST;
    loop {
        match within(written, memory) {
            Err(Error::CompiledTooBig(_)) if memory < MOST_MEMORY => memory *= 2,
            built => return built.map(|regex| (regex, memory)).map_err(in_words),
        }
    }
}

/// Whether a pattern can be parsed, which takes no time to speak of, however large it would become.
pub fn parsed(written: &str) -> Result<(), String> {
    match within(written, 0) {
        Ok(_) | Err(Error::CompiledTooBig(_)) => Ok(()),
        Err(error) => Err(in_words(error)),
    }
}

fn within(written: &str, memory: usize) -> Result<Regex, Error> {
    RegexBuilder::new(written).size_limit(memory).dfa_size_limit(MOST_MEMORY).build()
}

fn in_words(error: Error) -> String {
    match error {
        Error::CompiledTooBig(_) => "it is too large: repetitions of repetitions, perhaps".to_string(),
        error => {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            last.strip_prefix("error: ").unwrap_or(last).to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_measured() {
        for (pattern, least, most) in [
            ("K[0-9]{3}", 0, 16 << 10),
            (r"\d{5}", 0, 64 << 10),
            ("[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", 0, 64 << 10),
            (r"[\w.-]+", 0, 256 << 10),
            ("a{10000}", 256 << 10, MOST_MEMORY),
            (r"(?i)\w{20}", 256 << 10, MOST_MEMORY),
        ] {
            let (_, memory) = measured(pattern).unwrap();
            assert!((least..=most).contains(&memory), "{pattern}: {memory}");
        }
    }

    #[test]
    fn a_pattern_is_parsed_without_being_compiled() {
        for (pattern, is_right) in [("a", true), ("((a{1000}){1000}){1000}", true), ("(a", false), ("a)(b", false)] {
            assert_eq!(parsed(pattern).is_ok(), is_right, "{pattern}");
        }
    }
}
