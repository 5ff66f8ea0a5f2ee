//! The rules of a profile over whole records: [`Check`], read from `[[checks]]`.

use std::collections::HashSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::error::ProfileErrorKind as Kind;
use super::field::Field;
use super::header::nearest;
use super::parents::PARENT_ID;
use crate::core::rule::{Rule, RuleError, Value, ValueType};
use crate::core::types::{FieldType, decimals::StoreAs};

/// The greatest number of checks.
const MOST_CHECKS: usize = 64;

/// The most patterns of all checks.
const MOST_PATTERNS: usize = 100;

/// The most characters of a check's name, and of its message.
const MOST_NAME: usize = 100;
const MOST_MESSAGE: usize = 1_000;

/// A check as a profile file has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CheckText {
    name: String,
    rule: String,
    message: Option<String>,
}

/// A rule that every record must keep.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// The rule in CEL.
    pub rule: String,
    /// What is said of a record that breaks it; `None` for its name and the rule.
    pub message: Option<String>,
    /// The rule, compiled.
    #[serde(skip)]
    pub(crate) compiled: Arc<Rule>,
}

/// Compiles the checks of a profile with these fields. An error has the name of the check, unless it is about all, and the key.
pub(super) fn compiled(
    checks: &[CheckText],
    fields: &[Field],
) -> Result<Vec<Check>, (Option<String>, &'static str, Kind)> {
    if checks.len() > MOST_CHECKS {
        return Err((None, "checks", Kind::CheckCount(checks.len(), MOST_CHECKS)));
    }
    let mut names = HashSet::new();
    for CheckText { name, message, .. } in checks {
        let at = |key| move |kind| (Some(name.clone()), key, kind);
        if !names.insert(name) {
            return Err(at("name")(Kind::RepeatedCheck));
        }
        check_text(name, MOST_NAME).map_err(at("name"))?;
        message.iter().try_for_each(|message| check_text(message, MOST_MESSAGE)).map_err(at("message"))?;
    }
    let mut patterns = 0;
    let compile = |check: &CheckText| {
        let CheckText { name, rule, message } = check.clone();
        let compiled = compile(&rule, fields);
        patterns += compiled.as_ref().map_or(0, |rule| rule.patterns);
        match compiled {
            Ok(_) if patterns > MOST_PATTERNS => {
                Err((Some(name), "rule", Kind::Rule(RuleError::TooManyPatternsInAll(MOST_PATTERNS), None)))
            }
            Ok(compiled) => Ok(Check { name, rule, message, compiled: Arc::new(compiled) }),
            Err(kind) => Err((Some(name), "rule", kind)),
        }
    };
    checks.iter().map(compile).collect()
}

/// Checks a text that reports show in one line.
fn check_text(text: &str, most: usize) -> Result<(), Kind> {
    match () {
        () if text.trim().is_empty() => Err(Kind::Empty),
        () if text.contains(char::is_control) => Err(Kind::ControlCharacter),
        () if text.chars().count() > most => Err(Kind::TooManyCharacters(most)),
        () => Ok(()),
    }
}

fn compile(rule: &str, fields: &[Field]) -> Result<Rule, Kind> {
    let find = |name: &str| fields.iter().position(|field| field.column == name);
    let compiled = Rule::new(rule, &|name| find(name).map(|index| (index, value_type(&fields[index]))));
    let compiled = compiled.map_err(|error| {
        let near = match &error {
            RuleError::UnknownName(name) => nearest(name, fields.iter().map(|field| field.column.as_str())),
            _ => None,
        };
        Kind::Rule(error, near.map(str::to_string))
    })?;
    // Which customer a parent is turns out when all records have been judged.
    match fields.iter().find(|field| field.references.is_some()) {
        Some(link) if compiled.fields.iter().any(|field| fields[*field].column == PARENT_ID) => {
            Err(Kind::ParentInRule(link.column.clone()))
        }
        _ => Ok(compiled),
    }
}

/// What a rule sees of a field.
fn value_type(field: &Field) -> ValueType {
    match field.kind {
        FieldType::Integer => ValueType::Integer,
        FieldType::Flag => ValueType::Flag,
        FieldType::List => ValueType::List,
        FieldType::Decimal => ValueType::Real,
        _ => ValueType::Text,
    }
}

impl Field {
    /// The value of a field as rules see it, from what is stored of it. `text` is that of a text, `number` a whole number.
    pub(crate) fn value_of_text<'v>(&self, text: &'v str) -> Value<'v> {
        match value_type(self) {
            ValueType::List => Value::List(text),
            // A decimal of many digits is the nearest number that the interpreter has.
            ValueType::Real => text.parse().map_or(Value::Missing, Value::Real),
            ValueType::Integer | ValueType::Flag => Value::Missing,
            ValueType::Text => Value::Text(text),
        }
    }

    /// The same from a stored whole number: an integer, a flag, or a decimal in its smallest units.
    pub(crate) fn value_of_integer(&self, number: i64) -> Value<'static> {
        match value_type(self) {
            ValueType::Flag => Value::Flag(number != 0),
            ValueType::Real if self.store == Some(StoreAs::Minor) => {
                Value::Real(number as f64 / 10_f64.powi(self.scale.unwrap_or(0) as i32))
            }
            ValueType::Real => Value::Real(number as f64),
            _ => Value::Integer(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::core::profile::Profile;

    #[test]
    fn wrong_checks_are_refused() {
        let patterns = vec!["email.matches('a|b')"; 20].join(" || ");
        for (checks, expected) in [
            (
                "[fields.code]\n[fields.boss]\nreferences = \"code\"\n[[checks]]\nname = \"a\"\nrule = \"parent_customer_id > 3\"",
                "rule of check a: a rule cannot name the parent's ID, which is found later; name boss instead",
            ),
            ("[[checks]]\nrule = \"true\"", "line 3, column 1: check 1: the key `name` is missing"),
            (
                "[checks]\nname = \"a\"",
                "line 3, column 1: checks: it is a table, but must be a list of checks; write [[checks]]",
            ),
            ("[[checks]]\nname = \"a\"", "line 3, column 1: check 1: the key `rule` is missing"),
            ("[[checks]]\nname = \"a\"\nrule = \"true\"\nrules = 1", "there is no key `rules` here"),
            ("[[checks]]\nname = \" \"\nrule = \"true\"", "line 4, column 8: name of check 1: it must not be empty"),
            (
                "[[checks]]\nname = \"a\\nb\"\nrule = \"true\"",
                "name of check 1: it must not contain a control character",
            ),
            (&format!("[[checks]]\nname = \"{}\"\nrule = \"true\"", "a".repeat(101)), "it has at most 100 characters"),
            ("[[checks]]\nname = \"a\"\nrule = \"true\"\nmessage = \"\"", "message of check a: it must not be empty"),
            (
                "[[checks]]\nname = \"a\"\nrule = \"emial != null\"",
                "rule of check a: there is no field \"emial\"; did you mean email?",
            ),
            (
                "[[checks]]\nname = \"a\"\nrule = \"email >\"",
                "line 5, column 16: rule of check a: the rule ends too early",
            ),
            (
                "[[checks]]\nname = \"a\"\nrule = 1",
                "line 5, column 8: rule of check 1: it is the number 1, but must be a text",
            ),
            (
                "[[checks]]\nname = \"a\"\nrule = \"\"\"\nemail != null\n  or email != 'ü'\"\"\"",
                "line 7, column 3: rule of check a: write || for or",
            ),
            // What is written with escapes is shown whole.
            (
                "[[checks]]\nname = \"a\"\nrule = \"email != \\\"a\\\" or email == null\"",
                "line 5, column 8: rule of check a: write || for or",
            ),
            (
                &"[[checks]]\nname = \"a\"\nrule = \"true\"\n".repeat(2),
                "line 7, column 8: name of check 2: another check has this name; rename one",
            ),
            (
                &(0..6)
                    .map(|check| format!("[[checks]]\nname = \"{check}\"\nrule = \"{patterns}\"\n"))
                    .collect::<String>(),
                "line 20, column 8: rule of check 5: the rules of a profile have at most 100 patterns together, and with this \
                 rule there are more",
            ),
            (&"[[checks]]\nname = \"a\"\nrule = \"true\"\n".repeat(65), "there are at most 64 checks, and here are 65"),
        ] {
            let text = format!("[fields.email]\n[fields.phone]\n{checks}\n");
            let message = Profile::parse("own.toml", &text).unwrap_err().to_string();
            assert!(message.contains(expected), "{checks}\n{message}");
        }
    }

    #[test]
    fn checks_are_inherited_and_replaced_by_name() {
        let base = "[fields.email]\n[[checks]]\nname = \"a\"\nrule = \"email != null\"\n[[checks]]\nname = \"b\"\nrule = \"true\"\n";
        let own = "extends = \"base.toml\"\n[[checks]]\nname = \"b\"\nrule = \"email != 'x'\"\nmessage = \"no x\"\n";
        let mut read = |name: &str, _: &str| Ok((name.to_string(), base.to_string()));
        let profile = Profile::parse_with("own.toml", own, &mut read).unwrap();
        let checks: Vec<_> =
            profile.checks.iter().map(|check| (&*check.name, &*check.rule, check.message.as_deref())).collect();
        assert_eq!(checks, [("a", "email != null", None), ("b", "email != 'x'", Some("no x"))]);
    }
}
