//! Findings in English. Every word that a report or the console prints about a finding is in this file or in
//! [`super::code`]; a translation is another file like this one.
//!
//! The rest of the core knows no command-line option.

use std::fmt::{Display, Formatter, Result};

use super::code::Scope;
use super::problem::{
    DateFault, DecimalFault, EmailFault, Finding, Handling, NAMED, Problem, Range, Retry, RuleFault, TextKind,
    Unreadable, Wanted,
};
use crate::core::record::json::JsonKind;
use crate::core::text::{visible, windows_1252};

/// What a function writes.
struct Written<F>(F);

impl<F: Fn(&mut Formatter<'_>) -> Result> Display for Written<F> {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        self.0(out)
    }
}

/// What is wrong, in one sentence without a full stop. `column` is the name of the finding's field, if it has one.
pub fn message<'f>(finding: &'f Finding<'_>, column: &'f str) -> impl Display {
    Written(move |out: &mut Formatter<'_>| {
        let problem = &finding.problem;
        match problem.code().info().scope {
            Scope::Record => of_record(problem, out),
            Scope::Field | Scope::Warning => of_value(problem, column, out),
            Scope::Set => of_key(problem, column, out),
        }?;
        match finding.handling {
            Handling::Kept { judged: Some(judged) } => write!(out, " (judged as {})", quoted(judged)),
            _ => Ok(()),
        }
    })
}

/// How to correct it, and the option that loads the record anyway, in whole sentences. `column` is the name of the finding's
/// field, if it has one.
pub fn hint<'f>(finding: &'f Finding<'_>, column: &'f str) -> impl Display {
    Written(move |out: &mut Formatter<'_>| match finding.handling {
        Handling::Rejected(None) | Handling::Noted => advice(finding, ".", out),
        Handling::Rejected(Some(retry)) => {
            advice(finding, "", out)?;
            match retry {
                Retry::Relaxed => write!(out, "; --relax {column} accepts the value as it is."),
                Retry::Cleared => write!(out, "; --on-invalid {column}=clear loads the record without it."),
            }
        }
        Handling::Kept { .. } => out.write_str("Stored as it is."),
        Handling::Cleared => out.write_str("Stored as missing."),
        Handling::ClearedIfNew => out.write_str(
            "Stored as missing for a new customer; an existing one keeps its \
                                                 value.",
        ),
        Handling::Default(default) => write!(out, "Stored as {default}, the default."),
    })
}

/// Whether the messages of a reject report name this spreadsheet error.
pub fn names_cell_error(messages: &str, error: &str) -> bool {
    messages.contains(&cell_error(error).to_string())
}

fn of_record(problem: &Problem<&str>, out: &mut Formatter<'_>) -> Result {
    match problem {
        Problem::NotUtf8 { byte, position } => write!(out, "byte {position} of the record, {byte:02X}, is not UTF-8"),
        Problem::ExtraCells { cells, expected } => write!(out, "{cells} cells, but the header has {expected}"),
        Problem::MissingCells { cells, expected } => write!(out, "{cells} of {expected} cells"),
        Problem::MovedCells { header } => {
            write!(
                out,
                "{header} holds a value that no report writes there: a cell is missing, or there is one too \
                         many"
            )
        }
        Problem::SeveralRecords => out.write_str("_reject_raw holds more than one record"),
        Problem::TextAfterQuote { column } => write!(out, "in column {column}, text follows the closing quote"),
        Problem::OpenQuote { column: Some(column) } => {
            write!(out, "the quote that opens in column {column} is never closed")
        }
        Problem::OpenQuote { column: None } => out.write_str("a quote opens on this line and is never closed"),
        Problem::RecordTooLarge { limit } => {
            write!(out, "the record is longer than {limit} bytes (--max-record-bytes)")
        }
        Problem::CutOff => {
            out.write_str("the report holds only the first 64 KiB of this record; correct it in the original file")
        }
        Problem::InvalidJson { reason } => write!(out, "the line is not JSON: {reason}"),
        Problem::HalfCharacter { key } => {
            write!(out, "the line is not JSON: the value of {} has an unpaired surrogate", quoted(key))
        }
        Problem::NotAnObject { found } => write!(out, "the record is {}, but must be an object", json_kind(*found)),
        Problem::RepeatedKey { key } => write!(out, "the object has the key {} twice", quoted(key)),
        Problem::RepeatedHeader { line, is_reordered: false } => {
            write!(out, "the record is the header of line {line} again")
        }
        Problem::RepeatedHeader { line, is_reordered: true } => write!(
            out,
            "the record is the header of line {line} again, in another order; what follows is read in the order of line {line}"
        ),
        Problem::OtherHeader => {
            out.write_str("the record is the header of another report; move what follows into a file of its own")
        }
        Problem::CheckFailed { message: Some(message), .. } => out.write_str(&visible(message)),
        Problem::CheckFailed { check, rule, message: None } => {
            // A rule may stand on several lines.
            let rule = rule.split_whitespace().collect::<Vec<_>>().join(" ");
            write!(out, "check {}: {}", beginning(check), visible(&rule))
        }
        Problem::CheckOpen { check, fault } => {
            write!(out, "check {} cannot be decided: ", beginning(check))?;
            match fault {
                RuleFault::DivisionByZero => out.write_str("it divides by zero"),
                RuleFault::Overflow => out.write_str("a whole number does not fit into 64 bits"),
                RuleFault::NoSuchItem => out.write_str("a list has no item of that number"),
                RuleFault::NotANumber => out.write_str("a text is no number, or a number is too large"),
                RuleFault::LongList { most } => write!(out, "a list has more than {most} items"),
                RuleFault::TooMuch { most_mib } => {
                    write!(out, "its texts and lists are too long: it would read more than {most_mib} MiB of them")
                }
                RuleFault::Types => out.write_str("an item of a list is not of the type that the rule expects"),
            }
        }
        Problem::Unreadable { why, .. } => write!(out, "{}; fill in the cells of the row instead", unreadable(*why)),
        problem => out.write_str(problem.code().info().title),
    }
}

#[rustfmt::skip] // a problem a line, as far as it goes
fn of_value(problem: &Problem<&str>, column: &str, out: &mut Formatter<'_>) -> Result {
    match problem {
        Problem::Missing { only_if_new: false } => write!(out, "{column} is required but has no value"),
        Problem::Missing { only_if_new: true } => write!(out, "{column} is required for a new customer but has no \
                                                               value"),
        Problem::TooShort { length, limit } => write!(out, "{column} has {}, but needs at least {limit}", characters(*length)),
        Problem::TooLong { length, limit, .. } => write!(out, "{column} has {}, but may have at most {limit}", characters(*length)),
        Problem::Characters { found, allowed, country } => {
            write!(out, "{column} ")?;
            if let Some(country) = country {
                write!(out, "is {}, which is not a known country; it ", quoted(country))?;
            }
            let (number, allowed) = (*found as u32, allowed.describe());
            let found = quoted(found.encode_utf8(&mut [0; 4])).to_string();
            write!(out, "holds {found} (U+{number:04X}), but may hold only {allowed}")
        }
        Problem::ControlCharacter { character, position } => {
            write!(out, "{column} holds the control character U+{:04X} ", *character as u32)?;
            match position {
                Some(position) => write!(out, "at character {position}"),
                None => out.write_str("in one of its items"),
            }
        }
        Problem::Email(fault) => write!(out, "{column} is not an e-mail address: {}", email(*fault)),
        Problem::PhoneCharacter { found } => {
            write!(out, "{column} is not a phone number: it has '{}' in it", visible(found.encode_utf8(&mut [0; 4])))
        }
        Problem::PhoneWithoutDigits => write!(out, "{column} is not a phone number: it has no digits"),
        Problem::SpreadsheetNumber { json: None } => {
            write!(out, "{column} is a number that a spreadsheet has rewritten; digits may be lost")
        }
        Problem::SpreadsheetNumber { json: Some(number) } => {
            write!(out, "{column} is the JSON number {number}, with decimals or an exponent; digits may be lost")
        }
        Problem::NotAnInteger { found } => write!(out, "{column} is {}, but must be a whole number", quoted(found)),
        Problem::OutOfRange { found, range } => {
            write!(out, "{column} is {}, ", quoted(found))?;
            match range {
                Range::Bits => out.write_str("which does not fit into 64 bits"),
                Range::Digits(digits) => write!(out, "which has more than {digits} digits"),
                Range::AtLeast(least) => write!(out, "but must be at least {least}"),
                Range::AtMost(most) => write!(out, "but may be at most {most}"),
                Range::NotBefore(first) => write!(out, "but must not be before {first}"),
                Range::NotAfter(last) => write!(out, "but must not be after {last}"),
            }
        }
        Problem::NotAChoice { found, choices } => {
            write!(out, "{column} is {}, but must be one of: {}", quoted(found), choices.replace('\n', ", "))
        }
        Problem::NotAFlag { found } => write!(out, "{column} is {}, but must be yes or no", quoted(found)),
        Problem::UnknownCountry { found } => write!(out, "{column} is {}, which is not a country in ISO 3166", quoted(found)),
        Problem::NullWord { found } => write!(out, "{column} is {}, which is treated as a missing value", quoted(found)),
        problem => of_format(problem, column, out),
    }
}

#[rustfmt::skip] // a problem a line, as far as it goes
fn of_format(problem: &Problem<&str>, column: &str, out: &mut Formatter<'_>) -> Result {
    match problem {
        Problem::NotADecimal { found, fault } => {
            write!(out, "{column} is {}, ", quoted(found))?;
            match fault {
                DecimalFault::Form { point: '.' } => out.write_str("but must be a number"),
                DecimalFault::Form { point } => write!(out, "but must be a number, with \"{point}\" before the decimals"),
                DecimalFault::Group { group, point } => {
                    write!(out, "but \"{group}\" stands between groups of three digits, and \"{point}\" before the decimals")
                }
                DecimalFault::Scale(scale) => write!(out, "but may have at most {scale} decimals"),
            }
        }
        Problem::NotADate { found, fault } => {
            write!(out, "{column} is {}, ", quoted(found))?;
            match fault {
                DateFault::Form { formats: "" } => out.write_str("which is no date in the form YYYY-MM-DD"),
                DateFault::Form { formats } => write!(out, "which is no date in the form {formats}"),
                DateFault::Two { one, other } => write!(out, "which can be {one} or {other}"),
                DateFault::NoSuchTime { zone } => write!(out, "a time that {zone} does not have: the clocks were set forward"),
                DateFault::Twice { zone } => write!(out, "a time that {zone} has twice: the clocks were set back"),
            }
        }
        Problem::NotAUrl { found } => write!(out, "{column} is {}, but must be a web address", quoted(found)),
        Problem::Pattern { message: Some(message), .. } => write!(out, "{column}: {}", visible(message)),
        Problem::Pattern { found, pattern, message: None } => {
            write!(out, "{column} is {}, which does not match {}", quoted(found), visible(pattern))
        }
        Problem::NotListed { found, listed } => {
            write!(out, "{column} is {}, which is not in the list of values: {}", quoted(found), visible(&listed.replace('\n', ", ")))
        }
        Problem::NotAList => write!(out, "{column} is not a list: it begins with [ but is not a JSON array"),
        Problem::ListItem { found } => write!(out, "{column} is not a list: it holds {}", match found {
            JsonKind::Array => "another array",
            found => json_kind(*found),
        }),
        Problem::WrongType { found, wanted } => {
            let wanted = match wanted {
                Wanted::Integer => "a whole number",
                Wanted::Number => "a number, without an exponent",
                Wanted::Flag => "true or false",
                Wanted::Text => "a string",
            };
            let found = match found {
                JsonKind::Number => "a number with decimals or an exponent",
                found => json_kind(*found),
            };
            write!(out, "{column} is {found} in JSON, but must be {wanted}")
        }
        Problem::Nested { found } => {
            write!(out, "{column} is {} in JSON, but must be a single value", json_kind(*found))
        }
        Problem::CellError { error } => write!(out, "{column} is {} that could not calculate it", cell_error(error)),
        Problem::TooNarrow { shown } => {
            write!(out, "{column} is {}: the column was too narrow when the file was exported", quoted(shown))
        }
        Problem::NotCalculated => write!(
            out,
            "{column} is a formula without a stored result; open the file in a spreadsheet program, save it there, \
             and load it again"
        ),
        problem => out.write_str(problem.code().info().title),
    }
}

#[rustfmt::skip] // a problem a line, as far as it goes
fn of_key(problem: &Problem<&str>, column: &str, out: &mut Formatter<'_>) -> Result {
    match problem {
        Problem::DuplicateOfCustomer { customer, name, origin } => {
            write!(out, "customer {customer} {} has the same {column}", known(*name, *origin))
        }
        Problem::ValueOfCustomer { customer: Some(customer), name, origin } => {
            write!(out, "customer {customer} {} has the same {column}", known(*name, *origin))
        }
        Problem::ValueOfCustomer { customer: None, name, origin } => {
            write!(out, "a new customer {} has the same {column}", known(*name, *origin))
        }
        Problem::DuplicateOfRecord { record, line, path } | Problem::ValueOfRecord { record, line, path } => {
            write!(out, "record {record} (line {line}) of {} has the same {column}", visible(path))
        }
        Problem::NoSuchKey => write!(out, "no customer in the database has this {column}"),
        Problem::AmbiguousKey { customers: [one, other] } => {
            write!(out, "customers {one} and {other} in the database have this {column}")
        }
        Problem::NoKey => write!(out, "there is no {column} to find a customer by"),
        problem => of_parent(problem, column, out),
    }
}

fn of_parent(problem: &Problem<&str>, column: &str, out: &mut Formatter<'_>) -> Result {
    match problem {
        Problem::NoSuchParent { parent, referenced: Some(referenced) } => {
            write!(out, "{column} is {}, and no record and no customer has this {referenced}", quoted(parent))
        }
        Problem::NoSuchParent { parent, referenced: None } => {
            write!(out, "{column} is {}, and no customer in the database has this ID", visible(parent))
        }
        Problem::ParentMeansNothing { parent } => {
            write!(out, "{column} is {}, which stands for no value, so it names no parent", quoted(parent))
        }
        Problem::ParentRejected { parent, referenced } => {
            write!(out, "{column} is {}, and the record with this {referenced} was rejected", quoted(parent))
        }
        Problem::ParentCycle { parent, circle: "", records: 1 } => {
            write!(out, "{column} is {}, which is the record itself", quoted(parent))
        }
        Problem::ParentCycle { parent, records: 1, .. } => {
            write!(out, "the parents of {} in the database lead back to the record", quoted(parent))
        }
        Problem::ParentCycle { parent, circle: "", records } => {
            write!(
                out,
                "the parents from {} on lead back to the record, in a circle of {records} records",
                quoted(parent)
            )
        }
        Problem::ParentCycle { circle, records, .. } => {
            out.write_str("the parents lead back to the record: ")?;
            let mut names = circle.lines();
            let first = names.next().unwrap_or_default();
            write!(out, "{}", quoted(first))?;
            names.try_for_each(|name| write!(out, " → {}", quoted(name)))?;
            match circle.lines().count() as u64 == *records {
                true => write!(out, " → {}", quoted(first)),
                false => write!(out, " → … ({records} records)"),
            }
        }
        problem => out.write_str(problem.code().info().title),
    }
}

/// What is known of a customer: its name, and the record that it came from.
fn known<'k>(name: Option<&'k str>, origin: Option<(i64, &'k str)>) -> impl Display {
    Written(move |out: &mut Formatter<'_>| match (name, origin) {
        (None, None) => out.write_str("in the database"),
        (Some(name), None) => write!(out, "({})", beginning(name)),
        (None, Some((record, path))) => write!(out, "(record {record} of {})", visible(path)),
        (Some(name), Some((record, path))) => {
            write!(out, "({}, record {record} of {})", beginning(name), visible(path))
        }
    })
}

/// How to correct a value, followed by `end`.
fn advice(finding: &Finding<'_>, end: &str, out: &mut Formatter<'_>) -> Result {
    if let Some(suggestion) = finding.suggestion {
        if let Problem::ControlCharacter { character, .. } = finding.problem
            && let Some(meant) = windows_1252(character)
        {
            let number = character as u32;
            write!(out, "U+{number:04X} is {meant} in windows-1252, so the file was converted wrongly; ")?;
        }
        return write!(out, "{} would be accepted{end}", visible(suggestion));
    }
    let has_digits = || finding.value.is_some_and(|value| value.contains(char::is_numeric));
    let advice = match finding.problem {
        Problem::TooShort { limit, .. } => return write!(out, "Write at least {}{end}", characters(limit)),
        Problem::TooLong { limit, kind: TextKind::Other, .. } => {
            return write!(out, "Shorten it to {}{end}", characters(limit));
        }
        Problem::TooLong { kind: TextKind::Phone, .. } => "Check whether it is one number",
        Problem::TooLong { kind: TextKind::Email, .. } => "Only a shorter address fits",
        Problem::Characters { country: Some(_), .. } => "Write the country's English name or its ISO 3166 code",
        Problem::ParentMeansNothing { .. } => "Correct the value, or empty the cell if there is no parent",
        Problem::Characters { country: None, .. } => "Write it without that character",
        Problem::PhoneCharacter { .. } | Problem::PhoneWithoutDigits if !has_digits() => {
            "Empty the cell, or write the number"
        }
        _ => finding.code().info().hint.trim_end_matches('.'),
    };
    write!(out, "{advice}{end}")
}

fn email(fault: EmailFault) -> &'static str {
    match fault {
        EmailFault::NoAt => "it has no @",
        EmailFault::SeveralAts => "it has more than one @",
        EmailFault::Space => "it has a space in it",
        EmailFault::Brackets => "it has < or > in it; write the address alone, without a name",
        EmailFault::NoLocal => "it has nothing before the @",
        EmailFault::LongLocal => "the part before the @ is longer than 64 bytes",
        EmailFault::QuotedLocal => "the part before the @ is in quotes",
        EmailFault::LocalDots => "the part before the @ begins with a dot or has two in a row",
        EmailFault::LocalCharacter => "the part before the @ has a character that no address has",
        EmailFault::DotBeforeAt => "the part before the @ ends with a dot",
        EmailFault::NoDomain => "it has nothing after the @",
        EmailFault::IpAddress => "it has an IP address in place of a domain",
        EmailFault::OnePart => "the domain has only one part",
        EmailFault::DigitsOnly => "the domain's last part is all digits",
        EmailFault::EmptyPart => "the domain has a dot too many",
        EmailFault::DomainCharacter => "the domain has a character other than letters, digits, hyphens and dots",
        EmailFault::EdgeHyphen => "a part of the domain begins or ends with a hyphen",
        EmailFault::LongPart => "a part of the domain is longer than 63 characters",
    }
}

fn unreadable(why: Unreadable) -> &'static str {
    match why {
        Unreadable::LongestCell => "_reject_raw is as long as a spreadsheet's cell can be, so it may be cut off",
        Unreadable::OtherColumns => "_reject_raw was written for other columns",
        Unreadable::NoDialect => "_reject_dialect is missing or damaged, so _reject_raw cannot be split into cells",
    }
}

fn json_kind(kind: JsonKind) -> &'static str {
    match kind {
        JsonKind::Null => "null",
        JsonKind::Bool => "true or false",
        JsonKind::Number => "a number",
        JsonKind::Text => "a string",
        JsonKind::Array => "an array",
        JsonKind::Object => "an object",
    }
}

fn characters(count: usize) -> impl Display {
    Written(move |out: &mut Formatter<'_>| write!(out, "{count} character{}", if count == 1 { "" } else { "s" }))
}

/// The beginning of a value in quotes, with invisible characters made visible.
pub fn quoted(text: &str) -> impl Display {
    Written(move |out: &mut Formatter<'_>| write!(out, "\"{}\"", beginning(text)))
}

/// The same without quotes.
pub fn beginning(text: &str) -> impl Display {
    Written(move |out: &mut Formatter<'_>| match text.char_indices().nth(NAMED) {
        Some((end, _)) => write!(out, "{}…", visible(&text[..end])),
        None => out.write_str(&visible(text)),
    })
}

/// A spreadsheet error as messages name it. A reject report that is loaded again is searched for these words.
fn cell_error(error: &str) -> impl Display {
    Written(move |out: &mut Formatter<'_>| write!(out, "{}, the error of a spreadsheet", quoted(error)))
}

#[cfg(test)]
mod tests;
