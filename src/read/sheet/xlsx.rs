//! Excel's XML (ECMA-376): `.xlsx` and `.xlsm`. [`Xlsx`].
//!
//! It is read here, not by a library, because a library hides what decides whether a row is right: whether a formula
//! has a result, a number's format and its digits, what is merged.

use std::collections::HashMap;
use std::io::{BufRead, Cursor, Read};

use calamine::Data;
use memchr::memmem;
use quick_xml::events::{BytesStart, Event};

use super::cell::{MAX_COLUMNS, parse_position, row_of};
use super::number_format::NumberFormat;
use super::package::drain;
use super::protocol::{Kind, Refusal, Result, short};
use super::rows::{Merges, Rows};
use super::workbook::{Form, Texts, Workbook, unescaped};
use super::xml::{Xml, attribute, cut_off, is_true};
use crate::core::record::csv::NOT_CALCULATED;

pub(super) enum Xlsx {}

impl Form for Xlsx {
    const KIND: Kind = Kind::Xlsx;
    const ENDING: &'static str = "xml";

    fn list(part: impl BufRead, book: &mut Workbook) -> Result<()> {
        let mut is_workbook = false;
        let no_workbook = || Refusal::new("it is an Office document, but not a spreadsheet; check what it is");
        Xml::new(part).each_tag(|tag| {
            let of = |name| attribute(tag, name);
            match tag.local_name().as_ref() {
                "workbook" => is_workbook = true,
                _ if !is_workbook => return Err(no_workbook()),
                "workbookPr" => book.is_1904 |= of("date1904")?.is_some_and(|value| is_true(&value)),
                "sheet" => {
                    let is_visible = of("state")?.is_none_or(|state| state == "visible");
                    book.add(&of("id")?.unwrap_or_default(), of("name")?.unwrap_or_default(), is_visible)?;
                }
                _ => (),
            }
            Ok(())
        })?;
        if is_workbook { Ok(()) } else { Err(no_workbook()) }
    }

    fn formats(part: impl BufRead) -> Result<Vec<NumberFormat>> {
        let mut xml = Xml::new(part);
        let mut codes: HashMap<u32, NumberFormat> = HashMap::new();
        let mut formats = Vec::new();
        let (mut in_codes, mut in_formats) = (false, false);
        let id_of = |tag: &BytesStart<'_>| {
            let id = attribute(tag, "numFmtId")?.unwrap_or_default();
            Ok::<u32, Refusal>(id.trim().parse().unwrap_or_default())
        };
        loop {
            match xml.next()? {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "numFmts" => in_codes = true,
                    "cellXfs" => in_formats = true,
                    "numFmt" if in_codes => {
                        let code = attribute(&tag, "formatCode")?.unwrap_or_default();
                        codes.insert(id_of(&tag)?, NumberFormat::of_code(&code));
                    }
                    "xf" if in_formats => formats.push(id_of(&tag)?),
                    _ => (),
                },
                Event::End(tag) => match tag.local_name().as_ref() {
                    "numFmts" => in_codes = false,
                    "cellXfs" => in_formats = false,
                    _ => (),
                },
                Event::Eof => break,
                _ => (),
            }
        }
        Ok(formats
            .into_iter()
            .map(|id: u32| codes.get(&id).cloned().unwrap_or_else(|| NumberFormat::of_id(id)))
            .collect())
    }

    fn strings(part: impl BufRead) -> Result<Texts> {
        let mut xml = Xml::new(part);
        let mut strings = Texts::default();
        let mut text = String::new();
        while xml.find(|tag| tag.local_name().as_ref() == "si")? {
            text.clear();
            push_rich_text(&mut xml, "si", &mut text)?;
            strings.push(&text);
        }
        Ok(strings)
    }

    fn survey(mut part: impl BufRead) -> Result<Merges> {
        const NAME: &[u8] = b"sheetData";
        // More than a closing tag has around its name.
        const KEPT: usize = 128;
        let finder = memmem::Finder::new(NAME);
        let mut held: Vec<u8> = Vec::new();
        loop {
            let more = part.fill_buf()?;
            let length = more.len();
            if length == 0 {
                return Ok(Merges::default());
            }
            held.drain(..held.len().saturating_sub(KEPT));
            held.extend_from_slice(more);
            part.consume(length);
            let is_end = |at: &usize| {
                let before = &held[at.saturating_sub(KEPT)..*at];
                before.iter().rposition(|byte| *byte == b'<').is_some_and(|open| before[open..].starts_with(b"</"))
            };
            if let Some(at) = finder.find_iter(&held).find(is_end) {
                let mut rest = Cursor::new(held.split_off(at + NAME.len())).chain(part);
                let merges = merges_in(&mut rest)?;
                return drain(rest).map(|()| merges);
            }
        }
    }

    fn send(part: impl BufRead, strings: &Texts, formats: &[NumberFormat], rows: &mut Rows<'_>) -> Result<()> {
        Sheet { xml: Xml::new(part), strings, formats, row: 0, text: String::new() }.send(rows)
    }
}

/// Appends a text that may be in formatted pieces, up to the end of this tag. Phonetic hints are left out.
fn push_rich_text<R: BufRead>(xml: &mut Xml<R>, until: &str, text: &mut String) -> Result<()> {
    let mut piece = String::new();
    loop {
        match xml.next()? {
            Event::Start(tag) if tag.local_name().as_ref() == "rPh" => xml.skip("rPh")?,
            Event::Start(tag) if tag.local_name().as_ref() == "t" => {
                let keeps_space = attribute(&tag, "space")?.is_some_and(|space| space == "preserve");
                piece.clear();
                xml.text(&mut piece, "t")?;
                let piece = if keeps_space { &piece } else { piece.trim_matches([' ', '\t', '\r', '\n']) };
                text.push_str(&unescaped(piece));
            }
            Event::End(tag) if tag.local_name().as_ref() == until => return Ok(()),
            Event::Eof => return Err(cut_off(until)),
            _ => (),
        }
    }
}

/// The merged ranges after the name in the closing tag of the rows.
fn merges_in(mut rest: impl BufRead) -> Result<Merges> {
    rest.skip_until(b'>')?;
    let mut merges = Merges::default();
    Xml::new(rest).each_tag(|tag| {
        if tag.local_name().as_ref() == "mergeCell"
            && let Some((first, last)) = attribute(tag, "ref")?.unwrap_or_default().split_once(':')
        {
            merges.add(parse_position(first)?, parse_position(last)?)?;
        }
        Ok(())
    })?;
    Ok(merges)
}

/// The types that a cell declares: a number, a shared text, a text, one that is in the cell itself, a truth value, an
/// error, a date. Without a type it is a number, or a text if it is not one.
const TYPES: [&str; 7] = ["n", "s", "str", "inlineStr", "b", "e", "d"];

struct Head {
    position: (u32, u32),
    /// One of [`TYPES`], or empty.
    kind: &'static str,
    style: Option<usize>,
}

struct Sheet<'t, R> {
    xml: Xml<R>,
    strings: &'t Texts,
    formats: &'t [NumberFormat],
    /// The current row, from 0, or the next one.
    row: u32,
    text: String,
}

impl<R: BufRead> Sheet<'_, R> {
    fn send(mut self, rows: &mut Rows<'_>) -> Result<()> {
        if !self.xml.find(|tag| tag.local_name().as_ref() == "sheetData")? {
            return Err(Refusal::damaged("the sheet has no rows to read"));
        }
        loop {
            match self.xml.next()? {
                Event::Start(tag) if tag.local_name().as_ref() == "row" => {
                    let number = attribute(&tag, "r")?;
                    let is_hidden = attribute(&tag, "hidden")?.is_some_and(|hidden| is_true(&hidden));
                    let has_number = number.is_some();
                    if let Some(number) = number {
                        self.row = row_of(&number)?;
                    }
                    self.send_row(has_number, is_hidden, rows)?;
                    self.row = self.row.saturating_add(1);
                }
                Event::Start(tag) if tag.local_name().as_ref() == "c" => {
                    return Err(Refusal::damaged("a cell is outside a row"));
                }
                Event::End(tag) if tag.local_name().as_ref() == "sheetData" => return Ok(()),
                Event::Eof => return Err(cut_off("sheetData")),
                _ => (),
            }
        }
    }

    fn send_row(&mut self, has_number: bool, is_hidden: bool, rows: &mut Rows<'_>) -> Result<()> {
        let (mut has_number, mut column) = (has_number, 0);
        loop {
            let head = match self.xml.next()? {
                Event::Start(tag) if tag.local_name().as_ref() == "c" => head_of(&tag, (self.row, column))?,
                Event::End(tag) if tag.local_name().as_ref() == "row" => return Ok(()),
                Event::Eof => return Err(cut_off("row")),
                _ => continue,
            };
            // A row without a number has that of its first cell.
            if head.position.0 != self.row && (has_number || head.position.0 < self.row) {
                let (row, found_in) = (head.position.0 + 1, self.row + 1);
                return Err(Refusal::damaged(format!("a cell of row {row} is in row {found_in}")));
            }
            (self.row, has_number, column) = (head.position.0, true, head.position.1 + 1);
            if is_hidden {
                rows.hidden = Some(self.row);
            }
            self.send_cell(&head, rows)?;
        }
    }

    fn send_cell(&mut self, head: &Head, rows: &mut Rows<'_>) -> Result<()> {
        let (mut has_formula, mut has_value, mut has_inline) = (false, false, false);
        self.text.clear();
        loop {
            match self.xml.next()? {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "f" => {
                        has_formula = true;
                        self.xml.skip("f")?;
                    }
                    "is" => {
                        (has_value, has_inline) = (true, true);
                        self.text.clear();
                        push_rich_text(&mut self.xml, "is", &mut self.text)?;
                    }
                    "v" if has_inline => self.xml.skip("v")?,
                    "v" => {
                        has_value = true;
                        self.xml.text(&mut self.text, "v")?;
                    }
                    other => {
                        let other = other.to_string();
                        self.xml.skip(&other)?;
                    }
                },
                Event::End(tag) if tag.local_name().as_ref() == "c" => break,
                Event::Eof => return Err(cut_off("c")),
                _ => (),
            }
        }
        let is_empty_text = has_value && matches!(head.kind, "str" | "inlineStr");
        if has_formula && !is_empty_text && self.text.trim().is_empty() {
            return rows.put_error(head.position, NOT_CALCULATED);
        }
        self.send_value(head, has_inline, rows)
    }

    fn send_value(&self, head: &Head, is_inline: bool, rows: &mut Rows<'_>) -> Result<()> {
        let (position, value) = (head.position, self.text.trim());
        let wrong = |what: &str| Refusal::damaged(format!("{:?} is not a valid {what}", short(value)));
        match head.kind {
            _ if self.text.is_empty() => Ok(()),
            "inlineStr" if is_inline => rows.put_text(position, &self.text),
            "inlineStr" | "str" => rows.put_text(position, &unescaped(&self.text)),
            _ if value.is_empty() => Ok(()),
            "s" => {
                let text = value.parse().ok().and_then(|n| self.strings.get(n));
                rows.put_text(position, text.ok_or_else(|| wrong("index of a shared text"))?)
            }
            "b" => match value.to_ascii_lowercase().as_str() {
                "0" | "false" => rows.put(position, &Data::Bool(false)),
                "1" | "true" => rows.put(position, &Data::Bool(true)),
                _ => Err(wrong("truth value")),
            },
            "e" if value.starts_with('#') && value.len() <= 40 => rows.put_error(position, value),
            "e" => Err(wrong("error")),
            "d" => rows.put(position, &Data::DateTimeIso(value.to_string())),
            _ => {
                let is_number = value.parse::<f64>().is_ok();
                if head.kind == "n" && !is_number {
                    return Err(wrong("number"));
                }
                let format = head.style.and_then(|style| self.formats.get(style)).cloned().unwrap_or_default();
                rows.put_written(position, value, format)
            }
        }
    }
}

/// What a cell declares; without a position it is at the next one.
fn head_of(tag: &BytesStart<'_>, next: (u32, u32)) -> Result<Head> {
    let mut head = Head { position: next, kind: "", style: None };
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.map_err(Refusal::damaged)?;
        match attribute.key.as_ref() {
            "r" => head.position = parse_position(&attribute.value)?,
            "t" => {
                let known = TYPES.into_iter().find(|known| *known == attribute.value);
                let unknown = || Refusal::damaged(format!("a cell is of the type {:?}", short(&attribute.value)));
                head.kind = known.ok_or_else(unknown)?;
            }
            "s" if attribute.value.is_empty() => (),
            "s" => {
                let style = attribute.value.trim().parse();
                head.style = Some(style.map_err(|_| Refusal::damaged("a cell's format has no number"))?);
            }
            _ => (),
        }
    }
    if head.position.1 >= MAX_COLUMNS {
        return Err(Refusal::damaged(format!("it has a cell beyond the {MAX_COLUMNS} columns of a sheet")));
    }
    Ok(head)
}
