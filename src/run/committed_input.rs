//! What is known and counted of an input whose records are being committed: [`CommittedInput`].

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::advice::{MOST_SHOWN, name_of, named, near_field, shortened, unknown_columns, unknown_names, with_nearest};
use super::prepare::{Prepared, note_sheet};
use super::{inputs::file_length, options::Options};
use crate::core::judge::{MOST_KEYS, MetKeys};
use crate::core::profile::{Meaning, Profile, REPORT_KEY, letters_and_digits};
use crate::core::record::{Balance, CellOutcome};
use crate::core::{judge::plan::Plan, text::visible};
use crate::error::{Error, Result};
use crate::read::{InputRead, feed::has_changed};
use crate::report::summary::{ColumnSummary, Counts, Ignored, InputSummary};

pub(super) struct CommittedInput {
    pub(super) summary: InputSummary,
    pub(super) length: u64,
    /// The SHA-256 that was compared with those of loaded inputs, if it was.
    compared_sha256: Option<String>,
    index: ColumnIndex,
    pub(super) is_complete: bool,
}

impl CommittedInput {
    pub(super) fn new(prepared: &Prepared, rejects: Option<String>) -> CommittedInput {
        let mut summary = InputSummary { rejects, ..prepared.summary.clone() };
        let index = ColumnIndex::new(&mut summary, prepared.input.dialect.format.is_table());
        let length = file_length(&prepared.input.path).unwrap_or(0);
        let compared_sha256 = prepared.input.sha256.clone();
        CommittedInput { summary, length, compared_sha256, index, is_complete: false }
    }

    #[cfg(test)]
    pub(super) fn counting(summary: InputSummary, index: ColumnIndex, length: u64) -> CommittedInput {
        CommittedInput { summary, length, compared_sha256: None, index, is_complete: false }
    }

    pub(super) fn cells(&mut self, column: u32) -> &mut Balance {
        match self.summary.columns.get_mut(column as usize) {
            Some(column) => column.cells.get_or_insert_default(),
            None => self.summary.other_keys.get_or_insert_default(),
        }
    }

    /// The columns of a block's slots. New keys become columns; if `unknown_are_errors`, one that matches no field is an error.
    pub(super) fn columns_of(&mut self, met: MetKeys, plan: &Plan, unknown_are_errors: bool) -> Result<Vec<u32>> {
        let before = self.summary.columns.len();
        let columns = self.met_columns(met, plan);
        let mut new = self.summary.columns[before..].iter();
        match new.find(|column| column.ignored == Some(Ignored::Unknown)).filter(|_| unknown_are_errors) {
            Some(column) => {
                let key = &column.header;
                let name = with_nearest(named(key), key, &self.summary.filled_fields(), &plan.profile);
                Err(unknown_columns(&self.summary.path, "key", vec![name], &plan.profile))
            }
            None => Ok(columns),
        }
    }

    fn met_columns(&mut self, met: MetKeys, plan: &Plan) -> Vec<u32> {
        let keys = match &mut self.index {
            ColumnIndex::Table(index) => return index.clone(),
            ColumnIndex::Keys(keys) => keys,
        };
        let columns = &mut self.summary.columns;
        let mut column = |(key, meaning): (String, Meaning)| match keys.get(&key) {
            Some(column) => *column,
            // A hostile file could have millions of keys.
            None if key == REPORT_KEY || keys.len() >= MOST_KEYS => OTHERS,
            None => {
                let summary = ColumnSummary::new(&key);
                let summary = match meaning {
                    Meaning::Field(found) => {
                        let field = &plan.fields[found.field].column;
                        summary.filling(field, plan.profile.target_of(found.field, found.part), found.how())
                    }
                    Meaning::Ignored => summary.ignored(Ignored::Mapped),
                    Meaning::Unknown => summary.ignored(Ignored::Unknown),
                };
                columns.push(ColumnSummary { cells: Some(Balance::default()), ..summary });
                keys.insert(key, columns.len() as u32 - 1);
                columns.len() as u32 - 1
            }
        };
        met.into_iter().map(&mut column).collect()
    }

    /// Ends the input, and checks that its counts balance. Returns notices about it.
    pub(super) fn end(&mut self, read: InputRead, plan: &Plan, options: &Options) -> Result<Vec<String>> {
        self.is_complete = true;
        self.summary.bytes = read.bytes;
        self.summary.sha256 = read.sha256;
        // The file may have changed since it was compared with loaded inputs.
        if self.compared_sha256.as_ref().is_some_and(|compared| *compared != self.summary.sha256) {
            return Err(Error::input(Path::new(&self.summary.path), has_changed()));
        }
        note_sheet(&mut self.summary, read.sheet);
        balance(&self.summary.path, read.records + read.blank, &self.summary.counts)?;
        balance_cells(&self.summary)?;
        self.summary.note_names();
        let path = visible(&self.summary.path);
        let mut notes: Vec<String> = self.unmet_paths(options).into_iter().collect();
        notes.extend(read.sheet.and_then(|sheet| sheet.notice()));
        if read.records == 0 {
            let what = if self.summary.header_line.is_some() { "a header and no records" } else { "no records" };
            notes.push(format!("it has {what}"));
        }
        let mut notes: Vec<String> = notes.into_iter().map(|note| format!("{path}: {note}")).collect();
        let what = if matches!(self.index, ColumnIndex::Table(_)) { "column" } else { "key" };
        notes.extend(ignored_columns(&self.summary, what, &plan.profile));
        Ok(notes)
    }

    /// Keys of JSON that the map names and no record has. A header that no table has was refused before.
    fn unmet_paths(&self, options: &Options) -> Option<String> {
        let ColumnIndex::Keys(keys) = &self.index else { return None };
        let is_counted = self.summary.columns.len() < MOST_KEYS;
        let mapped = options.fields.mapping.columns.iter().filter(|(_, target)| is_counted && target.is_some());
        let compared: HashSet<String> = keys.keys().map(|key| letters_and_digits(key)).collect();
        let unmet = mapped.filter(|(key, _)| !compared.contains(&letters_and_digits(key)));
        let unmet: Vec<String> = unmet.map(|(key, _)| named(key)).collect();
        (!unmet.is_empty()).then(|| format!("no record has the key {}, which the map names", shortened(unmet)))
    }
}

/// An error if the records that were read are not those accepted, rejected or blank.
pub(super) fn balance(what: &str, read: u64, counts: &Counts) -> Result<()> {
    let Counts { accepted, rejected, blank, .. } = *counts;
    let sum = accepted + rejected + blank;
    if read == sum && counts.read == read {
        return Ok(());
    }
    let message = format!("read {read}, but accepted {accepted} + rejected {rejected} + blank {blank} is {sum}");
    Err(Error::Unbalanced(format!("{}: {message}", visible(what))))
}

/// A filled cell: its column (its slot, within a block), and what became of it.
pub(super) type NotedCell = (u32, CellOutcome);

/// Stands for all columns that the summary does not list: further keys, and the columns that a reject report adds.
pub(super) const OTHERS: u32 = u32::MAX >> 3;

pub(super) fn column_of(columns: &[u32], slot: u32) -> u32 {
    columns.get(slot as usize).copied().unwrap_or(OTHERS)
}

/// The index in the summary of each column, or key.
pub(super) enum ColumnIndex {
    Table(Vec<u32>),
    Keys(HashMap<String, u32>),
}

impl ColumnIndex {
    pub(super) fn new(summary: &mut InputSummary, is_table: bool) -> ColumnIndex {
        summary.columns.iter_mut().for_each(|column| column.cells = Some(Balance::default()));
        let columns = (0..).zip(&summary.columns);
        if !is_table {
            return ColumnIndex::Keys(columns.map(|(at, column)| (column.header.clone(), at)).collect());
        }
        let width = summary.columns.iter().filter_map(|column| column.index).max().map_or(0, |last| last + 1);
        let mut table = vec![OTHERS; width];
        columns.for_each(|(at, column)| column.index.into_iter().for_each(|index| table[index] = at));
        ColumnIndex::Table(table)
    }
}

/// An error if the outcomes of a column's cells do not add up to the filled ones.
pub(super) fn balance_cells(summary: &InputSummary) -> Result<()> {
    let columns = summary.columns.iter().filter_map(|column| Some((named(&column.header), column.cells?)));
    let others = summary.other_keys.map(|cells| ("the other keys".to_string(), cells));
    let Some((name, cells)) = columns.chain(others).find(|(_, cells)| !cells.holds()) else { return Ok(()) };
    let Balance { filled, stored, normalised, missing, cleared, rejected, superseded, unused, ignored } = cells;
    Err(Error::Unbalanced(format!(
        "{}: the column {name} has {filled} filled cells, which is not stored {stored} + normalised {normalised} + missing \
         {missing} + cleared {cleared} + rejected {rejected} + superseded {superseded} + unused {unused} + ignored {ignored}",
        visible(&summary.path)
    )))
}

/// Notices about columns of an input whose cells were ignored or not used.
pub(super) fn ignored_columns(summary: &InputSummary, what: &str, profile: &Profile) -> Vec<String> {
    let filled = summary.filled_fields();
    let counted = |count: u64| if count == 1 { "1 filled cell".to_string() } else { format!("{count} filled cells") };
    let (mut unknown, mut others, mut unused) = (Vec::new(), Vec::new(), Vec::new());
    for column in &summary.columns {
        let name = name_of(column);
        let cells = column.cells.unwrap_or_default();
        let count = counted(cells.ignored);
        match &column.ignored {
            _ if cells.unused > 0 => {
                let field = column.field.as_deref().unwrap_or_default();
                unused.push(format!("{name} ({field}, {})", counted(cells.unused)));
            }
            _ if cells.ignored == 0 => {}
            Some(Ignored::Mapped) => {}
            Some(Ignored::Unknown) if unknown.len() >= MOST_SHOWN => unknown.push(name),
            Some(Ignored::Unknown) => unknown.push(match near_field(&column.header, &filled, profile) {
                Some(near) => format!("{name} ({count}; is it {near}?)"),
                None => format!("{name} ({count})"),
            }),
            Some(Ignored::Outranked(why)) => others.push(format!("{name} ({count}; {})", named(why))),
            None => others.push(format!("{name} ({count})")),
        }
    }
    if let Some(cells) = summary.other_keys.filter(|cells| cells.ignored > 0) {
        unknown.push(format!("further keys ({})", counted(cells.ignored)));
    }
    let path = visible(&summary.path);
    let mut notes = Vec::new();
    if !unknown.is_empty() {
        notes.push(format!("{}; ignored", unknown_names(&path, what, unknown, profile)));
    }
    if !others.is_empty() {
        let (plural, are) = if others.len() == 1 { ("", "is") } else { ("s", "are") };
        notes.push(format!("{path}: the {what}{plural} {} {are} ignored", shortened(others)));
    }
    if !unused.is_empty() {
        let unused = shortened(unused);
        notes.push(format!("{path}: cells not used because another {what} filled the field: {unused}"));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::summary::ColumnSummary;

    fn summary(cells: Balance, others: Option<Balance>) -> InputSummary {
        let column = ColumnSummary { cells: Some(cells), ..ColumnSummary::new("Phone") };
        InputSummary { columns: vec![column], other_keys: others, ..InputSummary::default() }
    }

    #[test]
    fn a_count_that_is_wrong_is_an_error() {
        let mut right = Balance { filled: 8, ignored: 1, ..Balance::default() };
        CellOutcome::ALL.into_iter().for_each(|outcome| *right.of(outcome) = 1);
        assert!(balance_cells(&summary(right, Some(right))).is_ok());
        let mut wrong = vec![Balance { filled: 7, ..right }, Balance { ignored: 0, ..right }];
        for outcome in CellOutcome::ALL {
            let mut balance = right;
            *balance.of(outcome) += 1;
            wrong.push(balance);
        }
        let mut moved = Balance { filled: 1, ..Balance::default() };
        moved.move_one(CellOutcome::Stored, CellOutcome::Rejected);
        wrong.push(moved);
        for balance in wrong {
            let error = balance_cells(&summary(balance, None)).unwrap_err();
            assert!(matches!(&error, Error::Unbalanced(message) if message.contains("Phone")), "{error}");
            assert!(matches!(balance_cells(&summary(right, Some(balance))), Err(Error::Unbalanced(_))));
        }
        right.move_one(CellOutcome::Stored, CellOutcome::Superseded);
        assert!(balance_cells(&summary(right, None)).is_ok());
        assert_eq!((right.stored, right.superseded), (0, 2));
    }
}
