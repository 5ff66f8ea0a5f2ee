//! The styles of an OpenDocument spreadsheet, as far as they matter here: [`Styles`].

use std::collections::HashMap;

use quick_xml::events::BytesStart;

use super::number_format::NumberFormat;
use super::serve::Refusal;
use super::xml::attribute;

/// Formats of cells, and which sheets are hidden.
#[derive(Default)]
pub(super) struct Styles {
    /// Styles of tables that hide them.
    hidden: Vec<String>,
    /// The format and the parent of each style of cells.
    cells: HashMap<String, (Option<String>, Option<String>)>,
    /// The formats that are nothing but zeros, or lead to another for numbers above zero.
    formats: HashMap<String, Format>,
    /// The style or the format whose tag is open.
    open: Option<String>,
}

#[derive(Clone, Debug, Default)]
struct Format {
    zeros: u32,
    /// Whether there is more in it than digits.
    has_more: bool,
    /// The format for numbers above zero.
    above_zero: Option<String>,
}

/// How long a chain of parents is followed.
const MAX_PARENTS: usize = 16;

impl Styles {
    pub(super) fn note(&mut self, tag: &BytesStart<'_>) -> Result<(), Refusal> {
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

    /// Notes what a format consists of.
    fn note_format(&mut self, tag: &BytesStart<'_>) -> Result<(), Refusal> {
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
        let is_digits = tag.name().as_ref() == "number:number"
            && is("decimal-places", &["0"])?
            && is("grouping", &["false"])?
            && is("display-factor", &["1"])?;
        format.has_more |= !is_digits || format.zeros > 0;
        format.zeros = attribute(tag, "min-integer-digits")?.and_then(|zeros| zeros.parse().ok()).unwrap_or_default();
        Ok(())
    }

    pub(super) fn end(&mut self, name: &str) {
        if matches!(name, "style:style" | "number:number-style") {
            self.open = None;
        }
    }

    pub(super) fn hides(&self, table_style: &str) -> bool {
        self.hidden.iter().any(|hidden| hidden == table_style)
    }

    /// The format of a style of cells.
    pub(super) fn format_of(&self, style: &str) -> NumberFormat {
        let mut style = style;
        for _ in 0..MAX_PARENTS {
            let Some((format, parent)) = self.cells.get(style) else { break };
            if let Some(format) = format.as_ref().and_then(|name| self.formats.get(name)) {
                let above = format.above_zero.as_ref().and_then(|name| self.formats.get(name));
                let format = above.unwrap_or(format);
                return match u8::try_from(format.zeros) {
                    Ok(zeros @ 2..=64) if !format.has_more => NumberFormat::Zeros(zeros),
                    _ => NumberFormat::Plain,
                };
            }
            let Some(parent) = parent else { break };
            style = parent;
        }
        NumberFormat::Plain
    }
}
