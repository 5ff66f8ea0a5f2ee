//! The references of a schema: [`Schema::resolve`] follows them.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::node::Node;
use crate::core::profile::error::ProfileErrorKind as Kind;

/// How many references may follow one another.
const MOST_STEPS: usize = 64;

/// The most keywords of a schema, with those of what it refers to.
const MOST_KEYWORDS: usize = 1_000;

/// The members of a schema and of what its references lead to.
#[derive(Clone, Default)]
pub(super) struct Members<'s>(Vec<(&'s str, &'s Node)>);

impl<'s> Members<'s> {
    fn of(node: &'s Node) -> Members<'s> {
        Members(node.members().iter().map(|(key, value)| (key.as_str(), value)).collect())
    }

    pub(super) fn get(&self, key: &str) -> Option<&'s Node> {
        self.0.iter().find(|(name, _)| *name == key).map(|(_, value)| *value)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &'s str> {
        self.0.iter().map(|(key, _)| *key)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'s str, &'s Node)> {
        self.0.iter().copied()
    }

    /// Takes a member out.
    pub(super) fn take(&mut self, key: &str) -> Option<&'s Node> {
        let at = self.0.iter().position(|(name, _)| *name == key)?;
        Some(self.0.remove(at).1)
    }

    /// Adds the members of another schema that holds, too. Of two bounds the stricter stays; else its own wins, and a note says
    /// which rule of the other is left out.
    pub(super) fn add(&mut self, other: Members<'s>) -> Result<Vec<String>, Kind> {
        let own: HashMap<&str, usize> = self.keys().enumerate().map(|(at, key)| (key, at)).collect();
        let mut notes = Vec::new();
        for (key, value) in other.0 {
            let Some(at) = own.get(key) else {
                self.0.push((key, value));
                continue;
            };
            let kept = &mut self.0[*at].1;
            match is_stricter(key, value, kept) {
                Some(is_stricter) if is_stricter => *kept = value,
                Some(_) => {}
                None if says_nothing(key) || *kept == value => {}
                // What differs is null, which one of them allows.
                None if key == "type" && kept.types().0 == value.types().0 => {}
                None => notes.push(format!("{key} of a $ref or allOf is left out: another {key} stands beside it")),
            }
        }
        self.check()?;
        Ok(notes)
    }

    /// Refuses more keywords than anybody writes: each reference would copy them.
    fn check(&self) -> Result<(), Kind> {
        match self.0.len() > MOST_KEYWORDS {
            true => Err(Kind::Schema(format!("it has more than {MOST_KEYWORDS} keywords"))),
            false => Ok(()),
        }
    }
}

/// Whether a bound refuses more than another; `None` if they are no bounds.
fn is_stricter(key: &str, one: &Node, other: &Node) -> Option<bool> {
    let (Node::Number(one), Node::Number(other)) = (one, other) else { return None };
    let order = match (one.parse::<i128>(), other.parse::<i128>()) {
        (Ok(one), Ok(other)) => one.cmp(&other),
        _ => one.parse::<f64>().ok()?.partial_cmp(&other.parse::<f64>().ok()?)?,
    };
    match key {
        "minLength" | "minimum" | "exclusiveMinimum" => Some(order == Ordering::Greater),
        "maxLength" | "maximum" | "exclusiveMaximum" => Some(order == Ordering::Less),
        _ => None,
    }
}

/// Whether a keyword says nothing about values.
fn says_nothing(key: &str) -> bool {
    const SILENT: [&str; 13] = [
        "$comment",
        "$id",
        "$anchor",
        "$schema",
        "$defs",
        "definitions",
        "examples",
        "readOnly",
        "writeOnly",
        "title",
        "description",
        "default",
        "deprecated",
    ];
    SILENT.contains(&key) || key.starts_with("x-")
}

pub(super) struct Schema<'s> {
    pub(super) root: &'s Node,
}

impl<'s> Schema<'s> {
    /// A schema with what its references lead to, and notes on what is left out: references that lead elsewhere, and rules that
    /// differ from those beside the reference.
    pub(super) fn resolve(&self, node: &'s Node) -> Result<(Members<'s>, Vec<String>), Kind> {
        let (mut members, mut notes) = (Members::of(node), Vec::new());
        members.check()?;
        if !matches!(node, Node::Object(_) | Node::Flag(true)) {
            notes.push("it allows nothing, or is no schema; any text is accepted".to_string());
        }
        let mut visited: Vec<&str> = Vec::new();
        while let Some(reference) = members.take("$ref") {
            let reference = reference.text().unwrap_or_default();
            let is_circle = visited.contains(&reference);
            visited.push(reference);
            if is_circle || visited.len() > MOST_STEPS {
                let shown = visited.iter().take(8).copied().collect::<Vec<_>>().join(", ");
                return Err(Kind::Schema(format!("references go round in a circle, or too many follow: {shown}")));
            }
            match self.target(reference) {
                Some(target) => notes.extend(members.add(Members::of(target))?),
                None => notes.push(format!("$ref {reference:?} is left out: it leads to no place in this file")),
            }
        }
        Ok((members, notes))
    }

    /// The place that a reference names by a JSON pointer.
    fn target(&self, reference: &str) -> Option<&'s Node> {
        let pointer = reference.strip_prefix('#')?;
        if !(pointer.is_empty() || pointer.starts_with('/')) {
            return None;
        }
        self.root.at(&decoded(pointer)?)
    }
}

/// A part of a URI without its %-escapes.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = std::str::from_utf8(after.get(..2)?).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &after[2..];
    }
    String::from_utf8(bytes).ok()
}
