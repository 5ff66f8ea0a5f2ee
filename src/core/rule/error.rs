//! Why a text is no rule: [`RuleError`].

use std::fmt::{self, Display};
use std::ops::Range;

/// Why a text is no rule that a profile can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleError {
    /// It is longer than this number of bytes.
    TooLong(usize),
    /// It is not CEL: the bytes of the rule where that shows, and what is wrong with them.
    Syntax(Range<usize>, String),
    /// It has more parts than this.
    TooManyNodes(usize),
    /// Its parentheses and operators are nested more deeply than this.
    TooDeep(usize),
    /// It has more patterns than this.
    TooManyPatterns(usize),
    /// The rules of a profile have more patterns than this together.
    TooManyPatternsInAll(usize),
    /// It names something that is no field.
    UnknownName(String),
    /// It calls a function that there is not, or not with such arguments.
    UnknownFunction(String),
    /// It uses a part of the language that rules have no use for, and what to write.
    NotAllowed(&'static str),
    /// An operator or function gets values of the wrong type.
    WrongTypes(String),
    /// A macro over something that is no field of the type list.
    NotAListField(String),
    /// The regular expression is none; in the parser's words.
    Pattern(String),
    /// The interpreter does not take a pattern, and why.
    UnusablePattern(String),
    /// The whole is neither true nor false.
    NotATest,
}

impl Display for RuleError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RuleError::TooLong(most) => write!(out, "a rule has at most {most} bytes, and this one has more"),
            RuleError::Syntax(_, message) => out.write_str(message),
            RuleError::TooManyNodes(most) => {
                write!(out, "a rule has at most {most} names, values and operators, and this one has more")
            }
            RuleError::TooDeep(most) => write!(
                out,
                "brackets and operators are nested more than {most} deep; use `in [...]` for long lists, or several rules"
            ),
            RuleError::TooManyPatterns(most) => write!(
                out,
                "a rule has at most {most} patterns, and this one has more; write several patterns as one: 'a|b'"
            ),
            RuleError::TooManyPatternsInAll(most) => write!(
                out,
                "the rules of a profile have at most {most} patterns together, and with this rule there are more; write \
                 several patterns as one: 'a|b'"
            ),
            RuleError::UnknownName(name) => write!(out, "there is no field {name:?}"),
            RuleError::UnknownFunction(call) => write!(
                out,
                "there is no function {call}; there are size(x), x.contains(y), x.startsWith(y), x.endsWith(y), \
                 x.matches(\"pattern\"), int(x), double(x), string(x), and over lists all, exists, exists_one, filter, \
                 map"
            ),
            RuleError::NotAllowed(advice) => out.write_str(advice),
            RuleError::WrongTypes(message) => out.write_str(message),
            RuleError::NotAListField(what) => {
                write!(out, "{what} works on a field of the type list alone, and not within another")
            }
            RuleError::Pattern(message) => write!(out, "the pattern is not a regular expression: {message}"),
            RuleError::UnusablePattern(message) => write!(out, "it has a pattern that cannot be used: {message}"),
            RuleError::NotATest => write!(out, "the rule must be true or false, such as email != null"),
        }
    }
}

impl std::error::Error for RuleError {}
