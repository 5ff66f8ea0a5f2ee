//! OpenDocument spreadsheets: `.ods`. [`send`]. All sheets are in one part, so it is read twice: first for its sheets
//! and styles, which also checks it, then for the rows of one sheet.

use std::io::BufRead;

use calamine::Data;
use quick_xml::events::{BytesStart, Event};

use super::cell::MAX_ROWS;
use super::number_format::NumberFormat;
use super::ods_styles::Styles;
use super::package::Package;
use super::protocol::{Kind, Refusal, Result, short};
use super::rows::{Merges, Rows};
use super::workbook::{Tab, announce, choose};
use super::xml::{Xml, attribute, cut_off, push_text};
use crate::core::record::csv::NOT_CALCULATED;
use crate::core::text::sheet::looks_like_error;

const CONTENT: &str = "content.xml";

/// The most cells that repeated rows and columns add. No real list has more.
const MAX_REPEATED: u64 = 1 << 23;

/// The longest run of blanks in a text: the most characters of a cell.
const MAX_BLANKS: usize = 32_767;

/// Writes the [`SheetInfo`](super::SheetInfo), and then the rows of a sheet.
pub(super) fn send(package: &Package, sheet: Option<&str>, rows: &mut Rows<'_>) -> Result<()> {
    let kind = package.whole("mimetype")?;
    if !kind.starts_with(b"application/vnd.oasis.opendocument.spreadsheet") {
        return Err(Refusal::new("it is an OpenDocument file, but not a spreadsheet; check what it is"));
    }
    let mut manifest = Xml::new(package.part("META-INF/manifest.xml")?);
    if manifest.find(|tag| tag.local_name().as_ref() == "encryption-data")? {
        return Err(Refusal::protected());
    }
    let mut ods = Ods::default();
    if package.has("styles.xml") {
        ods.survey(Xml::new(package.part("styles.xml")?))?;
    }
    ods.survey(Xml::new(package.part(CONTENT)?))?;
    let n = choose(&ods.tabs, sheet)?;
    announce(rows, &ods.tabs, n, Kind::Ods, &ods.merged[n])?;
    let mut xml = Xml::new(package.part(CONTENT)?);
    for _ in 0..=n {
        if !xml.find(|tag| tag.name().as_ref() == "table:table")? {
            return Err(Refusal::damaged("a sheet is missing"));
        }
    }
    let table = Table { xml, styles: &ods.styles, columns: Vec::new(), row: 0, repeated: 0 };
    table.send(rows).map_err(|refusal| rows.with_cell(refusal))
}

/// What is known about a spreadsheet before a sheet is chosen.
#[derive(Default)]
struct Ods {
    tabs: Vec<Tab>,
    /// The merged ranges of one column, by sheet.
    merged: Vec<Merges>,
    styles: Styles,
}

impl Ods {
    fn survey(&mut self, mut xml: Xml<impl BufRead>) -> Result<()> {
        let mut row = 0_u32;
        loop {
            match xml.next()? {
                Event::Start(tag) => match tag.name().as_ref() {
                    "table:table" => {
                        let is_visible = attribute(&tag, "style-name")?.is_none_or(|style| !self.styles.hides(&style));
                        let name = attribute(&tag, "name")?.unwrap_or_default();
                        self.tabs.push(Tab { name, is_visible, is_table: true });
                        self.merged.push(Merges::default());
                        row = 0;
                    }
                    "table:table-row" => row = row.saturating_add(repeats(&tag, "number-rows-repeated")?),
                    "table:table-cell" => {
                        let span = span_of(&tag)?;
                        if let Some(merges) = self.merged.last_mut().filter(|_| span > 1) {
                            let first = row.saturating_sub(1);
                            merges.add((first, 0), (first.saturating_add(span - 1), 0))?;
                        }
                    }
                    _ => self.styles.note(&tag)?,
                },
                Event::End(tag) => self.styles.end(tag.name().as_ref()),
                Event::Eof => return Ok(()),
                event => self.styles.open_text().map_or(Ok(()), |text| push_text(text, &event))?,
            }
        }
    }
}

fn count(tag: &BytesStart<'_>, name: &str) -> Result<u32> {
    let Some(value) = attribute(tag, name)? else { return Ok(1) };
    let times: u64 = value.parse().map_err(|_| Refusal::damaged(format!("{name} is not a number")))?;
    Ok(u32::try_from(times).unwrap_or(u32::MAX))
}

/// How often a row or cell stands there. None that is written stands there 0 times.
fn repeats(tag: &BytesStart<'_>, name: &str) -> Result<u32> {
    match count(tag, name)? {
        0 => Err(Refusal::damaged(format!("{name} is 0"))),
        times => Ok(times),
    }
}

/// The number of rows of the merged range of one column that begins with a cell.
fn span_of(tag: &BytesStart<'_>) -> Result<u32> {
    let rows = count(tag, "number-rows-spanned")?;
    Ok(if rows > 1 && count(tag, "number-columns-spanned")? > 1 { 1 } else { rows })
}

struct Head {
    times: u32,
    rows_spanned: u32,
    style: Option<String>,
    kind: Option<String>,
    /// The value, if it is an attribute.
    value: Option<String>,
    has_formula: bool,
    is_error: bool,
}

struct Table<'s, R> {
    xml: Xml<R>,
    styles: &'s Styles,
    /// The default style of each column's cells, up to a column.
    columns: Vec<(u32, Option<String>)>,
    /// The next row, from 0.
    row: u32,
    /// The number of cells that repetition added.
    repeated: u64,
}

impl<R: BufRead> Table<'_, R> {
    fn send(mut self, rows: &mut Rows<'_>) -> Result<()> {
        loop {
            match self.xml.next()? {
                Event::Start(tag) => match tag.name().as_ref() {
                    "table:table-column" => {
                        let before = self.columns.last().map_or(0, |(until, _)| *until);
                        let until = before.saturating_add(repeats(&tag, "number-columns-repeated")?);
                        self.columns.push((until, attribute(&tag, "default-cell-style-name")?));
                    }
                    "table:table-row" => {
                        let times = repeats(&tag, "number-rows-repeated")?;
                        let visibility = attribute(&tag, "visibility")?;
                        let is_hidden = visibility.is_some_and(|value| value == "collapse" || value == "filter");
                        let style = attribute(&tag, "default-cell-style-name")?;
                        self.send_row(times, is_hidden, style.as_deref(), rows)?;
                        self.row = self.row.saturating_add(times);
                    }
                    _ => (),
                },
                Event::End(tag) if tag.name().as_ref() == "table:table" => return Ok(()),
                Event::Eof => return Err(cut_off("table:table")),
                _ => (),
            }
        }
    }

    fn send_row(&mut self, times: u32, is_hidden: bool, style: Option<&str>, rows: &mut Rows<'_>) -> Result<()> {
        let mut cells: Vec<(u32, Head, String)> = Vec::new();
        let mut column = 0_u32;
        loop {
            let (head, name) = match self.xml.next()? {
                Event::Start(tag) if matches!(tag.local_name().as_ref(), "table-cell" | "covered-table-cell") => {
                    (head_of(&tag)?, tag.local_name().as_ref().to_string())
                }
                Event::End(tag) if tag.name().as_ref() == "table:table-row" => break,
                Event::Eof => return Err(cut_off("table:table-row")),
                _ => continue,
            };
            let text = self.text_of(&name)?;
            let next = column.saturating_add(head.times);
            if !text.is_empty() || head.value.is_some() || head.has_formula {
                cells.push((column, head, text));
            }
            column = next;
        }
        if cells.is_empty() {
            return Ok(());
        }
        for row in (self.row..=MAX_ROWS).take(times as usize) {
            if is_hidden {
                rows.hidden = Some(row);
            }
            for (column, head, text) in &cells {
                let style = head.style.as_deref().or(style).or_else(|| self.style_of_column(*column));
                let format = style.map_or(NumberFormat::Plain, |style| self.styles.format_of(style));
                for column in (*column..).take(head.times as usize) {
                    send_cell((row, column), head, text, format.clone(), rows)?;
                    self.repeated += u64::from(row > self.row || head.times > 1);
                    if self.repeated > MAX_REPEATED {
                        return Err(Refusal::damaged(format!("it repeats more than {MAX_REPEATED} cells")));
                    }
                }
            }
        }
        Ok(())
    }

    fn style_of_column(&self, column: u32) -> Option<&str> {
        let position = self.columns.partition_point(|(until, _)| *until <= column);
        self.columns.get(position)?.1.as_deref()
    }

    /// What a cell shows, up to its end: its paragraphs, without notes and drawings.
    fn text_of(&mut self, cell: &str) -> Result<String> {
        let mut text = String::new();
        let mut paragraphs = 0_u32;
        let mut open = 0_u32;
        loop {
            match self.xml.next()? {
                Event::Start(tag) => match tag.name().as_ref() {
                    "text:p" | "text:h" => {
                        if paragraphs > 0 {
                            text.push('\n');
                        }
                        (paragraphs, open) = (paragraphs.saturating_add(1), open.saturating_add(1));
                    }
                    "text:s" => {
                        let blanks = count(&tag, "c")? as usize;
                        if blanks > MAX_BLANKS {
                            return Err(Refusal::damaged(format!("a text has {blanks} blanks in a row")));
                        }
                        text.extend(std::iter::repeat_n(' ', blanks));
                    }
                    "text:tab" => text.push('\t'),
                    "text:line-break" => text.push('\n'),
                    name if name == "office:annotation" || name == "table:table" || name.starts_with("draw:") => {
                        let name = tag.local_name().as_ref().to_string();
                        self.xml.skip(&name)?;
                    }
                    _ => (),
                },
                Event::End(tag) if matches!(tag.name().as_ref(), "text:p" | "text:h") => open = open.saturating_sub(1),
                Event::End(tag) if tag.local_name().as_ref() == cell => return Ok(text),
                Event::Eof => return Err(cut_off(cell)),
                event if open > 0 => push_text(&mut text, &event)?,
                _ => (),
            }
        }
    }
}

fn head_of(tag: &BytesStart<'_>) -> Result<Head> {
    let kind = attribute(tag, "value-type")?;
    let value = match kind.as_deref() {
        Some("float" | "percentage" | "currency") => attribute(tag, "value")?,
        Some("date") => attribute(tag, "date-value")?,
        Some("time") => attribute(tag, "time-value")?,
        Some("boolean") => attribute(tag, "boolean-value")?,
        Some("string") => attribute(tag, "string-value")?,
        _ => None,
    };
    let mut is_error = false;
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.map_err(Refusal::damaged)?;
        is_error |= attribute.key.as_ref() == "calcext:value-type" && attribute.value == "error";
    }
    Ok(Head {
        times: repeats(tag, "number-columns-repeated")?,
        rows_spanned: span_of(tag)?,
        style: attribute(tag, "style-name")?,
        kind,
        value,
        has_formula: attribute(tag, "formula")?.is_some(),
        is_error,
    })
}

fn send_cell(position: (u32, u32), head: &Head, text: &str, format: NumberFormat, rows: &mut Rows<'_>) -> Result<()> {
    if head.rows_spanned > 1 {
        rows.merge(position, (position.0.saturating_add(head.rows_spanned - 1), position.1))?;
    }
    let shown = head.value.as_deref().filter(|value| !value.is_empty()).unwrap_or(text);
    let wrong = || Refusal::damaged(format!("{:?} does not fit the type of its cell", short(shown)));
    match head.kind.as_deref() {
        None if head.has_formula && text.is_empty() => rows.put_error(position, NOT_CALCULATED),
        // A typed text has no formula.
        _ if head.has_formula && (head.is_error || looks_like_error(shown)) => rows.put_error(position, shown),
        Some("float" | "percentage" | "currency") => {
            let value = head.value.as_deref().unwrap_or_default().trim();
            match value.parse::<f64>() {
                Ok(_) => rows.put_written(position, value, format),
                Err(_) => Err(wrong()),
            }
        }
        Some("date") => rows.put(position, &Data::DateTimeIso(head.value.clone().ok_or_else(wrong)?)),
        Some("time") => rows.put(position, &Data::DurationIso(head.value.clone().ok_or_else(wrong)?)),
        Some("boolean") => match head.value.as_deref() {
            Some("true") => rows.put(position, &Data::Bool(true)),
            Some("false") => rows.put(position, &Data::Bool(false)),
            _ => Err(wrong()),
        },
        _ => rows.put_text(position, shown),
    }
}
