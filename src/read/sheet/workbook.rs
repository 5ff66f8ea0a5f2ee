//! What Excel's two zip formats have in common: [`Workbook`]. How their parts are written is a [`Form`].

use std::io::{BufRead, Write};

use super::merges::Merges;
use super::number_format::NumberFormat;
use super::package::Package;
use super::refusal::Refusal;
use super::relations::{self, Relation};
use super::rows::Rows;
use super::tabs::Tab;
use super::texts::Texts;

/// What is known about a workbook before a sheet is chosen.
pub(super) struct Workbook {
    pub(super) tabs: Vec<Tab>,
    /// Whether days are counted from 1904.
    pub(super) is_1904: bool,
    /// The part of each sheet.
    parts: Vec<String>,
    strings: Option<String>,
    styles: Option<String>,
    relations: Vec<Relation>,
}

/// How the parts of a workbook are written.
pub(super) trait Form {
    /// The extension of their names.
    const ENDING: &'static str;

    /// Adds the sheets that the workbook's part lists.
    fn list(part: impl BufRead, book: &mut Workbook) -> Result<(), Refusal>;

    /// The formats of cells, in the order that cells refer to.
    fn formats(part: impl BufRead) -> Result<Vec<NumberFormat>, Refusal>;

    /// The table of texts.
    fn strings(part: impl BufRead) -> Result<Texts, Refusal>;

    /// Reads a sheet to its end, for its checksum and its merged ranges, which come after the rows.
    fn survey(part: impl BufRead) -> Result<Merges, Refusal>;

    /// Writes the rows of a sheet.
    fn send<W: Write>(
        part: impl BufRead,
        strings: &Texts,
        formats: &[NumberFormat],
        rows: &mut Rows<W>,
    ) -> Result<(), Refusal>;
}

impl Workbook {
    /// Reads the part that lists the sheets.
    pub(super) fn open<F: Form>(package: &Package, workbook: &str) -> Result<Workbook, Refusal> {
        let relations = relations::of(package, workbook)?;
        let usual = |kind: &str| relations::part(package, &relations, workbook, kind, &format!("{kind}.{}", F::ENDING));
        let (strings, styles) = (usual("sharedStrings"), usual("styles"));
        let mut book = Workbook { tabs: Vec::new(), is_1904: false, parts: Vec::new(), strings, styles, relations };
        F::list(package.part(workbook)?, &mut book)?;
        Ok(book)
    }

    /// Adds the next sheet, whose part has the relation with this ID.
    pub(super) fn add(&mut self, id: &str, name: String, is_visible: bool) -> Result<(), Refusal> {
        let relation = self.relations.iter().find(|relation| relation.id == id);
        let relation = relation.ok_or_else(|| Refusal::damaged("a sheet has no part"))?;
        self.tabs.push(Tab { name, is_visible, is_table: relation.is_table() });
        self.parts.push(relation.target.clone());
        Ok(())
    }

    /// Writes the rows of sheet `n`, from 0. `begin` is called before the first row, when everything has been checked.
    pub(super) fn send<F: Form, W: Write>(
        &self,
        package: &Package,
        n: usize,
        rows: &mut Rows<W>,
        begin: impl FnOnce(&mut Rows<W>, &Merges) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let part = self.parts.get(n).map(String::as_str).unwrap_or_default();
        let formats = self.styles.as_ref().map_or(Ok(Vec::new()), |part| F::formats(package.part(part)?))?;
        let strings = self.strings.as_ref().map_or(Ok(Texts::default()), |part| F::strings(package.part(part)?))?;
        let merges = F::survey(package.part(part)?)?;
        begin(rows, &merges)?;
        rows.begin(self.is_1904, merges);
        F::send(package.part(part)?, &strings, &formats, rows).map_err(|refusal| rows.with_cell(refusal))
    }
}
