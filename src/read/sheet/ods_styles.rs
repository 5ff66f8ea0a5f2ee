//! The styles of an OpenDocument spreadsheet: number formats, and hidden sheets. [`Styles`].

use std::collections::HashMap;

use quick_xml::events::BytesStart;

use super::number_format::{NumberFormat, Unit, push_digits};
use super::protocol::{Refusal, Result};
use super::xml::attribute;

#[derive(Default)]
pub(super) struct Styles {
    /// Styles of tables that hide them.
    hidden: Vec<String>,
    /// The format and the parent of each style of cells.
    cells: HashMap<String, (Option<String>, Option<String>)>,
    formats: HashMap<String, Format>,
    /// The style or the format whose tag is open.
    open: Option<String>,
    /// The text in it whose tag is open.
    literal: Option<Literal>,
}

#[derive(Clone, Debug, Default)]
struct Format {
    /// Its units so far, while its tag is open.
    units: Vec<Unit>,
    /// Whether it has more than digits' places and texts.
    has_more: bool,
    /// Its meaning, after its tag has ended.
    meaning: NumberFormat,
    /// The format for numbers above zero.
    above_zero: Option<String>,
}

#[derive(Default)]
struct Literal {
    text: String,
    /// The number of digits to the right of it; `None` if it is at the end so far.
    digits_right: Option<usize>,
}

/// The longest chain of parents that is followed.
const MAX_PARENTS: usize = 16;

impl Styles {
    pub(super) fn note(&mut self, tag: &BytesStart<'_>) -> Result<()> {
        match tag.name().as_ref() {
            "style:style" => {
                let name = attribute(tag, "name")?.unwrap_or_default();
                if attribute(tag, "family")?.is_some_and(|family| family == "table-cell") {
                    let style = (attribute(tag, "data-style-name")?, attribute(tag, "parent-style-name")?);
                    self.cells.insert(name.clone(), style);
                }
                self.open = Some(name);
            }
            "style:table-properties" => {
                let is_hidden = attribute(tag, "display")?.is_some_and(|display| display == "false");
                self.hidden.extend(self.open.clone().filter(|_| is_hidden));
            }
            "number:number-style" => {
                let name = attribute(tag, "name")?.unwrap_or_default();
                self.formats.insert(name.clone(), Format::default());
                self.open = Some(name);
            }
            name if name.starts_with("number:") || name == "style:map" => self.note_format(tag)?,
            _ => (),
        }
        Ok(())
    }

    fn note_format(&mut self, tag: &BytesStart<'_>) -> Result<()> {
        let Some(format) = self.open.as_ref().and_then(|name| self.formats.get_mut(name)) else { return Ok(()) };
        if tag.name().as_ref() == "style:map" {
            if attribute(tag, "condition")?.is_some_and(|condition| condition.starts_with("value()>")) {
                format.above_zero = attribute(tag, "apply-style-name")?;
            }
            return Ok(());
        }
        let is = |name, expected: &[&str]| {
            Ok::<_, Refusal>(attribute(tag, name)?.is_none_or(|value| expected.contains(&value.as_str())))
        };
        let number = |name| Ok::<_, Refusal>(attribute(tag, name)?.and_then(|value| value.parse::<usize>().ok()));
        match tag.name().as_ref() {
            "number:number" => {
                let is_whole =
                    is("decimal-places", &["0"])? && is("grouping", &["false"])? && is("display-factor", &["1"])?;
                format.has_more |= !is_whole || format.units.contains(&Unit::Digit);
                push_digits(&mut format.units, number("min-integer-digits")?.unwrap_or_default());
            }
            "number:text" => self.literal = Some(Literal::default()),
            "number:embedded-text" => {
                let digits_right = number("position")?;
                format.has_more |= digits_right.is_none();
                self.literal = Some(Literal { digits_right, ..Literal::default() });
            }
            _ => format.has_more = true,
        }
        Ok(())
    }

    /// The text of a format whose tag is open, to append to.
    pub(super) fn open_text(&mut self) -> Option<&mut String> {
        self.literal.as_mut().map(|literal| &mut literal.text)
    }

    pub(super) fn end(&mut self, name: &str) {
        let format = self.open.as_ref().and_then(|name| self.formats.get_mut(name));
        match (name, format) {
            ("number:text" | "number:embedded-text", Some(format)) => {
                format.insert(self.literal.take().unwrap_or_default());
            }
            ("number:number-style", Some(format)) => {
                let units = std::mem::take(&mut format.units);
                format.meaning = if format.has_more { NumberFormat::Plain } else { NumberFormat::of_units(units) };
            }
            _ => (),
        }
        if matches!(name, "style:style" | "number:number-style") {
            self.open = None;
        }
    }

    pub(super) fn hides(&self, table_style: &str) -> bool {
        self.hidden.iter().any(|hidden| hidden == table_style)
    }

    pub(super) fn format_of(&self, style: &str) -> NumberFormat {
        let mut style = style;
        for _ in 0..MAX_PARENTS {
            let Some((format, parent)) = self.cells.get(style) else { break };
            if let Some(format) = format.as_ref().and_then(|name| self.formats.get(name)) {
                let above = format.above_zero.as_ref().and_then(|name| self.formats.get(name));
                let format = above.unwrap_or(format);
                return format.meaning.clone();
            }
            let Some(parent) = parent else { break };
            style = parent;
        }
        NumberFormat::Plain
    }
}

impl Format {
    /// Puts a text in its place among the digits.
    fn insert(&mut self, literal: Literal) {
        let (mut at, mut left) = (self.units.len(), literal.digits_right.unwrap_or_default());
        while left > 0 && at > 0 {
            at -= 1;
            left -= usize::from(self.units[at] == Unit::Digit);
        }
        self.has_more |= left > 0;
        self.units.splice(at..at, literal.text.chars().map(Unit::Literal));
    }
}
