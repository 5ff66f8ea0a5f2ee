//! What is wrong with a text that is not CEL, in plain words ([`why`]). The parser's are for those who know its grammar.

use cel::parser::ParseErrors;

use super::error::RuleError;

/// What people write for an operator, and what they are told.
const SLIPS: [(&str, &str); 8] = [
    ("and", "write && for and"),
    ("&", "write && for and"),
    ("or", "write || for or"),
    ("|", "write || for or"),
    ("=", "write == for is equal to"),
    ("is", "write == null, or != null"),
    ("like", "write name.matches('pattern')"),
    ("`", "names are written without `"),
];

/// The longest piece of a rule that is shown, in characters.
const MOST_SHOWN: usize = 40;

/// Why a rule cannot be parsed, and where; `None` if the parser does not say where.
pub(super) fn why(rule: &str, errors: &ParseErrors) -> Option<RuleError> {
    let error = errors.errors.iter().find(|error| error.pos.0 > 0)?;
    let start = offset(rule, error.pos)?;
    let (before, rest) = rule.split_at_checked(start)?;
    let token = token(rest.trim_end());
    let words = words(&error.msg, token, before.split_whitespace().next_back().unwrap_or_default());
    Some(RuleError::Syntax(start..start + token.len(), words))
}

/// The offset of a line and a byte in it, both from 1.
fn offset(rule: &str, (line, byte): (isize, isize)) -> Option<usize> {
    let (line, byte) = (usize::try_from(line - 1).ok()?, usize::try_from(byte - 1).ok()?);
    let before: usize = rule.split_inclusive('\n').take(line).map(str::len).sum();
    Some((before + byte).min(rule.trim_end().len()))
}

/// The word or character with which a text begins.
fn token(rest: &str) -> &str {
    let is_of_word = |character: char| character.is_alphanumeric() || character == '_';
    let word: usize = rest.chars().take_while(|character| is_of_word(*character)).map(char::len_utf8).sum();
    let length = if word > 0 { word } else { rest.chars().next().map_or(0, char::len_utf8) };
    rest.get(..length).unwrap_or_default()
}

fn words(message: &str, token: &str, before: &str) -> String {
    let shown: String = token.chars().take(MOST_SHOWN).collect();
    let slip = SLIPS.iter().find(|(slip, _)| slip.eq_ignore_ascii_case(token)).map(|(_, advice)| *advice);
    let says = |part: &str| message.contains(part);
    let advice = match slip {
        _ if says("unterminated") => "a text begins here, and its closing quote is missing",
        _ if says("simple name") => "a macro names the item first, as in tags.all(tag, tag != 'x')",
        _ if says("has() macro") => "write `email != null` for has()",
        _ if says("escape") => "a text has a \\ that means nothing there; write \\\\ for the character",
        _ if token.is_empty() && (says("')'") || says("']'")) => "a bracket is not closed",
        _ if token.is_empty() => "the rule ends too early",
        _ if before.eq_ignore_ascii_case("not") => "write ! for not",
        _ if before.ends_with('<') && token == ">" => "write != for <>",
        Some(slip) => slip,
        None if token.starts_with(|first: char| first.is_ascii_digit()) && says("literal") => {
            return format!("{shown:?} is no number that a rule can have");
        }
        None => return format!("{shown:?} cannot stand here"),
    };
    advice.to_string()
}
