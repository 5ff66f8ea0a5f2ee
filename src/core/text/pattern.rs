//! Regular expressions from profiles and schemas, which somebody else may have written: [`compiled`] within a limit.

use regex::{Regex, RegexBuilder};

/// The most memory that a compiled pattern may take, in bytes. Matching takes time in proportion to the value, whatever the pattern.
const MOST_MEMORY: usize = 1 << 20;

/// Compiles a pattern. The error is the parser's, in one line.
pub fn compiled(written: &str) -> Result<Regex, String> {
    let built = RegexBuilder::new(written).size_limit(MOST_MEMORY).dfa_size_limit(MOST_MEMORY).build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "it is too large: repetitions of repetitions, perhaps".to_string(),
        error => {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            last.strip_prefix("error: ").unwrap_or(last).to_string()
        }
    })
}
