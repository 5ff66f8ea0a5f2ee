//! The balance by column: what became of each filled cell of an input, so that no value is lost unnoticed.

use std::collections::HashMap;

use super::advice::{MOST_SHOWN, name_of, named, near_field, shortened, unknown_names};
use crate::core::profile::Profile;
use crate::core::record::{Balance, CellOutcome};
use crate::core::text::visible;
use crate::error::{Error, Result};
use crate::report::summary::{Ignored, InputSummary};

/// A filled cell: its column (its slot, within a block), and what became of it.
pub(super) type CellFate = (u32, CellOutcome);

/// Stands for all columns that the summary does not list: further keys, and the columns that a reject report adds.
pub(super) const OTHERS: u32 = u32::MAX >> 3;

pub(super) fn column_of(columns: &[u32], slot: u32) -> u32 {
    columns.get(slot as usize).copied().unwrap_or(OTHERS)
}

/// The index in the summary of each column, or key.
#[derive(Debug)]
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

    pub(super) fn keys(&self) -> impl Iterator<Item = &String> {
        let keys = if let ColumnIndex::Keys(keys) = self { Some(keys.keys()) } else { None };
        keys.into_iter().flatten()
    }
}

/// An error if the outcomes of a column's cells do not add up to the filled ones.
pub(super) fn balance_cells(summary: &InputSummary) -> Result<()> {
    let columns = summary.columns.iter().filter_map(|column| Some((named(&column.header), column.cells?)));
    let others = summary.other_keys.map(|cells| ("the other keys".to_string(), cells));
    match columns.chain(others).find(|(_, cells)| !cells.holds()) {
        None => Ok(()),
        Some((
            name,
            Balance { filled, stored, normalised, missing, cleared, rejected, superseded, unused, ignored },
        )) => Err(Error::Unbalanced(format!(
            "{}: the column {name} has {filled} filled cells, which is not stored {stored} + normalised {normalised} + missing \
                 {missing} + cleared {cleared} + rejected {rejected} + superseded {superseded} + unused {unused} + ignored \
                 {ignored}",
            visible(&summary.path)
        ))),
    }
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
        notes.push(format!("{}, ignored", unknown_names(&path, what, unknown, profile)));
    }
    if !others.is_empty() {
        let (plural, are) = if others.len() == 1 { ("", "is") } else { ("s", "are") };
        notes.push(format!("{path}: the {what}{plural} {} {are} ignored", shortened(others)));
    }
    if !unused.is_empty() {
        let unused = shortened(unused);
        notes.push(format!("{path}: not used, because another {what} of the field had a value: {unused}"));
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
