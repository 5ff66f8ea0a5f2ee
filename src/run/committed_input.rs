//! What is known and counted of an input whose records are being committed: [`CommittedInput`].

use std::collections::HashSet;
use std::fs::Metadata;
use std::path::Path;

use super::advice::{named, shortened, with_nearest};
use super::cells::{ColumnIndex, OTHERS, balance_cells, ignored_columns};
use super::options::Options;
use super::prepare::{Prepared, note_sheet};
use super::unmatched::unknown_columns;
use crate::core::judge::plan::Plan;
use crate::core::judge::{MOST_KEYS, MetKeys};
use crate::core::profile::{Meaning, REPORT_KEY, letters_and_digits};
use crate::core::record::Balance;
use crate::core::text::visible;
use crate::error::{Error, Result};
use crate::read::InputRead;
use crate::read::feed::has_changed;
use crate::report::summary::{ColumnSummary, Counts, Ignored, InputSummary};

#[derive(Debug)]
pub(super) struct CommittedInput {
    pub(super) summary: InputSummary,
    /// The length of its file.
    pub(super) length: u64,
    /// The SHA-256 that was compared with those of loaded inputs, if it was.
    compared_sha256: Option<String>,
    index: ColumnIndex,
    pub(super) is_complete: bool,
}

impl CommittedInput {
    /// No record is committed yet. `rejects` is the name of its reject report.
    pub(super) fn new(prepared: &Prepared, rejects: Option<String>) -> CommittedInput {
        let mut summary = InputSummary { rejects, ..prepared.summary.clone() };
        let index = ColumnIndex::new(&mut summary, prepared.input.dialect.format.is_table());
        let length = std::fs::metadata(&prepared.input.path).ok().filter(Metadata::is_file);
        let length = length.map_or(0, |metadata| metadata.len());
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
        let is_json = matches!(self.index, ColumnIndex::Keys(_)) && self.summary.columns.len() < MOST_KEYS;
        let mapped = options.fields.mapping.columns.iter().filter(|(_, target)| is_json && target.is_some());
        let compared: HashSet<String> = self.index.keys().map(|key| letters_and_digits(key)).collect();
        let unmet = mapped.filter(|(key, _)| !compared.contains(&letters_and_digits(key)));
        let unmet: Vec<String> = unmet.map(|(key, _)| named(key)).collect();
        (!unmet.is_empty()).then(|| format!("no record has the key {}, which the map names", shortened(unmet)))
    }
}

/// An error if the records that were read are not those accepted, rejected or blank.
pub(super) fn balance(what: &str, read: u64, counts: &Counts) -> Result<()> {
    let sum = counts.accepted + counts.rejected + counts.blank;
    if read == sum && counts.read == read {
        return Ok(());
    }
    Err(Error::Unbalanced(format!(
        "{}: read {read}, but accepted {} + rejected {} + blank {} is {sum}",
        visible(what),
        counts.accepted,
        counts.rejected,
        counts.blank
    )))
}
