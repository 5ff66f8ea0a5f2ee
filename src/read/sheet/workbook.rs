//! The sheets of a spreadsheet, [`choose`], and what Excel's two zip formats have in common: [`send`] writes the rows of
//! a workbook's sheet. How the parts of a workbook are written is a [`Form`].

use std::borrow::Cow;
use std::io::BufRead;

use super::number_format::NumberFormat;
use super::package::Package;
use super::protocol::{Kind, MAX_INFO, Refusal, Result, SheetInfo, SheetName, short};
use super::rows::{Merges, Rows};
use super::xml::{Xml, attribute};

pub(super) struct Tab {
    pub(super) name: String,
    pub(super) is_visible: bool,
    /// Whether it is a table, not a chart or a program.
    pub(super) is_table: bool,
}

pub(super) fn choose(tabs: &[Tab], wanted: Option<&str>) -> Result<usize> {
    let chosen = match wanted {
        None => tabs.iter().position(|tab| tab.is_table && tab.is_visible),
        Some(wanted) => {
            let lower = wanted.to_lowercase();
            let by_name = tabs.iter().position(|tab| tab.name == wanted);
            let by_name = by_name.or_else(|| tabs.iter().position(|tab| tab.name.to_lowercase() == lower));
            let number = || wanted.parse::<usize>().ok()?.checked_sub(1).filter(|n| *n < tabs.len());
            by_name.or_else(number)
        }
    };
    let Some(chosen) = chosen else {
        let names = names_of(tabs);
        return Err(Refusal::new(match wanted {
            None => format!("all its sheets are hidden; name one with --sheet ({names})"),
            Some(wanted) => format!("it has no sheet {:?}; name one of these with --sheet: {names}", short(wanted)),
        }));
    };
    let tab = &tabs[chosen];
    if !tab.is_table {
        return Err(Refusal::new(format!(
            "the sheet {:?} is a chart or a macro, not a table; name another with \
                                         --sheet",
            short(&tab.name)
        )));
    }
    if tabs.iter().filter(|other| other.name == tab.name).count() > 1 {
        return Err(Refusal::new(format!("two of its sheets are named {:?}; rename one", short(&tab.name))));
    }
    Ok(chosen)
}

/// The most sheets that a message names.
const NAMED: usize = 20;

fn names_of(sheets: &[Tab]) -> String {
    let mut names: Vec<String> = sheets.iter().take(NAMED).map(|sheet| format!("{:?}", short(&sheet.name))).collect();
    if sheets.len() > NAMED {
        names.push(format!("and {} more", sheets.len() - NAMED));
    }
    if names.is_empty() { "it has none".to_string() } else { names.join(", ") }
}

/// The most merged ranges to report. Nearly all of them are below the header.
const REPORTED: usize = 1000;

/// Writes the [`SheetInfo`] of sheet `n`, before its first row, when everything has been checked.
pub(super) fn announce(rows: &mut Rows<'_>, tabs: &[Tab], n: usize, kind: Kind, merges: &Merges) -> Result<()> {
    let sheets = tabs.iter().map(|tab| SheetName { name: tab.name.clone(), visible: tab.is_visible }).collect();
    let mut merged_rows: Vec<_> = merges.rows().map(|(first, last)| (first + 1, last.saturating_add(1))).collect();
    merged_rows.sort_unstable();
    merged_rows.truncate(REPORTED);
    let info = SheetInfo { sheet: tabs[n].name.clone(), sheets, kind, merged_rows };
    let line = serde_json::to_vec(&info).map_err(Refusal::damaged)?;
    if line.len() as u64 >= MAX_INFO {
        return Err(Refusal::damaged(format!("the names of its sheets come to {} bytes", line.len())));
    }
    rows.line(&line)
}

pub(super) struct Workbook {
    /// Whether days are counted from 1904.
    pub(super) is_1904: bool,
    tabs: Vec<Tab>,
    /// The part of each sheet.
    parts: Vec<String>,
    relations: Vec<Relation>,
}

impl Workbook {
    /// Adds the next sheet, whose part has the relation with this ID.
    pub(super) fn add(&mut self, id: &str, name: String, is_visible: bool) -> Result<()> {
        let relation = self.relations.iter().find(|relation| relation.id == id);
        let relation = relation.ok_or_else(|| Refusal::damaged("a sheet has no part"))?;
        self.tabs.push(Tab { name, is_visible, is_table: relation.is_table() });
        self.parts.push(relation.target.clone());
        Ok(())
    }
}

pub(super) trait Form {
    const KIND: Kind;
    /// The extension of the parts' names.
    const ENDING: &'static str;

    /// Adds the sheets that the workbook's part lists.
    fn list(part: impl BufRead, book: &mut Workbook) -> Result<()>;

    /// The formats of cells, in the order that cells refer to.
    fn formats(part: impl BufRead) -> Result<Vec<NumberFormat>>;

    fn strings(part: impl BufRead) -> Result<Texts>;

    /// Reads a sheet to its end, for its checksum and its merged ranges, which come after the rows.
    fn survey(part: impl BufRead) -> Result<Merges>;

    fn send(part: impl BufRead, strings: &Texts, formats: &[NumberFormat], rows: &mut Rows<'_>) -> Result<()>;
}

/// Writes the [`SheetInfo`], and then the rows of a sheet. `workbook` is the part that lists the sheets.
pub(super) fn send<F: Form>(package: &Package, workbook: &str, sheet: Option<&str>, rows: &mut Rows<'_>) -> Result<()> {
    let relations = relations_of(package, workbook)?;
    let mut book = Workbook { is_1904: false, tabs: Vec::new(), parts: Vec::new(), relations };
    F::list(package.part(workbook)?, &mut book)?;
    let n = choose(&book.tabs, sheet)?;
    // The part that the workbook refers to by this kind of relation, or else the one at the usual path.
    let find = |kind: &str| {
        let by_relation = book.relations.iter().find(|relation| relation.is(kind));
        let folder = workbook.rsplit_once('/').map_or("", |(folder, _)| folder);
        let usual = || Some(resolved(folder, &format!("{kind}.{}", F::ENDING))).filter(|usual| package.has(usual));
        by_relation.map(|relation| relation.target.clone()).or_else(usual)
    };
    let formats = find("styles").map_or(Ok(Vec::new()), |part| F::formats(package.part(&part)?))?;
    let strings = find("sharedStrings").map_or(Ok(Texts::default()), |part| F::strings(package.part(&part)?))?;
    let part = &book.parts[n];
    let merges = F::survey(package.part(part)?)?;
    announce(rows, &book.tabs, n, F::KIND, &merges)?;
    rows.begin(book.is_1904, merges);
    F::send(package.part(part)?, &strings, &formats, rows).map_err(|refusal| rows.with_cell(refusal))
}

pub(super) struct Relation {
    id: String,
    kind: String,
    pub(super) target: String,
}

impl Relation {
    /// Whether it is of this kind, by the last word of the name; the strict form of the format has other prefixes.
    pub(super) fn is(&self, kind: &str) -> bool {
        self.kind.rsplit('/').next() == Some(kind)
    }

    /// Whether it leads to a table. If its kind is not given, the folder decides.
    fn is_table(&self) -> bool {
        self.is("worksheet") || self.kind.is_empty() && self.target.contains("worksheets/")
    }
}

/// The most relations of a part: a workbook has one for each sheet.
const MAX_RELATIONS: usize = 100_000;

/// The relations of a part, `""` for those of the whole file.
pub(super) fn relations_of(package: &Package, part: &str) -> Result<Vec<Relation>> {
    let (folder, name) = part.rsplit_once('/').map_or(("", part), |(folder, name)| (folder, name));
    let slash = if folder.is_empty() { "" } else { "/" };
    let mut xml = Xml::new(package.part(&format!("{folder}{slash}_rels/{name}.rels"))?);
    let mut relations = Vec::new();
    xml.each_tag(|tag| {
        let of = |name| attribute(tag, name).map(Option::unwrap_or_default);
        if tag.local_name().as_ref() != "Relationship" || of("TargetMode")? == "External" {
            return Ok(());
        }
        if relations.len() == MAX_RELATIONS {
            return Err(Refusal::damaged("it has too many relations"));
        }
        relations.push(Relation { id: of("Id")?, kind: of("Type")?, target: resolved(folder, &of("Target")?) });
        Ok(())
    })?;
    Ok(relations)
}

/// The name of a part given relative to a folder.
fn resolved(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let mut steps: Vec<&str> = if target.starts_with('/') { Vec::new() } else { folder.split('/').collect() };
    for step in target.split('/') {
        match step {
            "" | "." => (),
            ".." => _ = steps.pop(),
            step => steps.push(step),
        }
    }
    steps.retain(|step| !step.is_empty());
    steps.join("/")
}

/// Texts by number, one after another in memory.
#[derive(Debug, Default)]
pub(super) struct Texts {
    bytes: String,
    /// Where each ends.
    ends: Vec<usize>,
}

impl Texts {
    pub(super) fn push(&mut self, text: &str) {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len());
    }

    pub(super) fn get(&self, n: usize) -> Option<&str> {
        let end = *self.ends.get(n)?;
        let start = n.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.bytes.get(start..end)
    }
}

/// `_x000D_` in a text is the character U+000D, and `_x005F_` the underscore (ECMA-376, 22.9.2.19). Half of a surrogate
/// pair becomes U+FFFD.
pub(super) fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains("_x") {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut units: Vec<u16> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(unit) = unit_at(rest) {
            units.push(unit);
            rest = &rest[ESCAPE..];
            continue;
        }
        push_units(&mut plain, &mut units);
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let end = rest[first..].find('_').map_or(rest.len(), |at| first + at);
        plain.push_str(&rest[..end]);
        rest = &rest[end..];
    }
    push_units(&mut plain, &mut units);
    Cow::Owned(plain)
}

/// The length of `_x000D_`.
const ESCAPE: usize = 7;

/// The UTF-16 unit escaped at the beginning of a text, if there is one.
fn unit_at(text: &str) -> Option<u16> {
    let digits = text.get(..ESCAPE)?.strip_prefix("_x")?.strip_suffix('_')?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u16::from_str_radix(digits, 16).ok().filter(|_| is_hex)
}

fn push_units(plain: &mut String, units: &mut Vec<u16>) {
    let decoded = char::decode_utf16(units.drain(..));
    plain.extend(decoded.map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_write_is_unescaped() {
        for (text, expected) in [
            ("plain", "plain"),
            ("a_x000D_b", "a\rb"),
            ("_x005F_x000D_", "_x000D_"),
            ("_xD83D__xDE00_", "😀"),
            ("_xD83D_", "\u{fffd}"),
            ("_x00zz_", "_x00zz_"),
            ("ä_x", "ä_x"),
            ("__x0041_", "_A"),
            ("_x004", "_x004"),
            ("_xäöü_", "_xäöü_"),
            ("ü_x0041_ü", "üAü"),
        ] {
            assert_eq!(unescaped(text), expected, "{text}");
        }
    }

    #[test]
    fn texts_have_their_numbers() {
        let mut texts = Texts::default();
        for text in ["a", "", "bc"] {
            texts.push(text);
        }
        assert_eq!([texts.get(0), texts.get(1), texts.get(2), texts.get(3)], [Some("a"), Some(""), Some("bc"), None]);
    }

    #[test]
    fn names_are_resolved_from_the_folder_of_the_part() {
        for (folder, target, expected) in [
            ("xl", "worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl", "/xl/worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl/worksheets", "../tables/table1.xml", "xl/tables/table1.xml"),
            ("", "book/workbook.xml", "book/workbook.xml"),
            ("xl", "../../../etc/passwd", "etc/passwd"),
            ("xl", ".\\styles.xml", "xl/styles.xml"),
            ("xl", "", "xl"),
        ] {
            assert_eq!(resolved(folder, target), expected, "{folder} {target}");
        }
    }
}
