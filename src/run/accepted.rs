//! Records between their verdict and the database ([`Accepted`]), also while the last with each key is awaited ([`LastWins`]).

use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::{borrow::Cow, collections::HashMap, fs::File, ops::Range};

use super::committed_input::{NotedCell, column_of};
use crate::core::record::{CellOutcome, Position};
use crate::core::{mode::Mode, profile::FieldSet};
use crate::error::{Error, Result, Words};
use crate::sink::sqlite::keys::RunPosition;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Created,
    Updated,
    Unchanged,
    Superseded,
}

impl Action {
    /// `customer` is the existing customer that has the record's key; `differs` says whether it differs from the record.
    pub(super) fn of(mode: Mode, customer: Option<i64>, differs: bool) -> Action {
        match customer {
            Some(_) if differs => Action::Updated,
            Some(_) => Action::Unchanged,
            // Without a database it is unknown which customers exist.
            None if mode == Mode::Update => Action::Updated,
            None => Action::Created,
        }
    }

    pub(super) fn from_number(number: u64) -> Option<Action> {
        let all = [Action::Created, Action::Updated, Action::Unchanged, Action::Superseded];
        all.into_iter().find(|action| *action as u64 == number)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Action::Created => "created",
            Action::Updated => "updated",
            Action::Unchanged => "unchanged",
            Action::Superseded => "superseded",
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Accepted<'v> {
    pub(super) input: usize,
    pub(super) position: Position,
    /// Its row in a buffer that the caller has.
    pub(super) row: Range<u32>,
    pub(super) action: Action,
    pub(super) customer: Option<i64>,
    /// The fields in which the customer differs, and those of them to clear.
    pub(super) differing: FieldSet,
    pub(super) cleared: FieldSet,
    pub(super) key: Cow<'v, str>,
    /// The first record of the run that has its key.
    pub(super) first: RunPosition,
    /// What became of its filled cells; empty unless it may be superseded.
    pub(super) cells: Vec<NotedCell>,
}

/// A record that is rejected for its key: the index of its span in the block, and its report lines.
pub(super) struct KeyReject {
    pub(super) index: usize,
    pub(super) error: Vec<u8>,
    pub(super) reject: Vec<u8>,
}

/// The records, and the bytes of rows, that are read back at once.
const BATCH: usize = 1024;
const BATCH_BYTES: usize = 256 * 1024;

/// The records, in order, in an unnamed file; and which of them are superseded.
pub(super) struct LastWins {
    folder: PathBuf,
    writer: Option<BufWriter<File>>,
    reader: Option<BufReader<File>>,
    /// The last record with a key by the first, if there are several.
    last: HashMap<RunPosition, RunPosition>,
}

impl LastWins {
    pub(super) fn new(folder: PathBuf) -> LastWins {
        LastWins { folder, writer: None, reader: None, last: HashMap::new() }
    }

    /// The record takes the place of those before it with its key. `first` is the first of them.
    pub(super) fn supersede(&mut self, first: RunPosition, record: RunPosition) {
        self.last.insert(first, record);
    }

    /// Adds a block's records: `first` is the position of its first in the run, `first_record` the number of that in the input.
    pub(super) fn push_block(
        &mut self,
        (first, first_record): (RunPosition, u64),
        rows: &[u8],
        accepted: &mut [Accepted<'_>],
        columns: &[u32],
    ) -> Result<()> {
        for accepted in accepted {
            // Slots mean nothing outside the block.
            accepted.cells.iter_mut().for_each(|(slot, _)| *slot = column_of(columns, *slot));
            let at = first + (accepted.position.record - first_record);
            self.write(at, accepted, rows).map_err(|error| spill_error(&self.folder, &error))?;
        }
        Ok(())
    }

    fn write(&mut self, at: RunPosition, accepted: &Accepted<'_>, bytes: &[u8]) -> io::Result<()> {
        let writer = match &mut self.writer {
            Some(writer) => writer,
            None => self.writer.insert(BufWriter::new(tempfile::tempfile_in(&self.folder)?)),
        };
        let row = &bytes[accepted.row.start as usize..accepted.row.end as usize];
        let numbers = [
            at,
            accepted.first,
            accepted.input as u64,
            accepted.position.record,
            accepted.position.line,
            accepted.action as u64,
            u64::from(accepted.customer.is_some()),
            accepted.customer.unwrap_or_default() as u64,
            accepted.key.len() as u64,
            row.len() as u64,
            accepted.cells.len() as u64,
            accepted.differing.iter().count() as u64,
            accepted.cleared.iter().count() as u64,
        ];
        numbers.iter().try_for_each(|number| writer.write_all(&number.to_le_bytes()))?;
        for field in accepted.differing.iter().chain(accepted.cleared.iter()) {
            writer.write_all(&(field as u16).to_le_bytes())?;
        }
        for (column, outcome) in &accepted.cells {
            writer.write_all(&(column << 3 | *outcome as u32).to_le_bytes())?;
        }
        writer.write_all(accepted.key.as_bytes())?;
        writer.write_all(row)
    }

    /// The next records, and the bytes of their rows. After the last it returns `None`, and new records can be added.
    pub(super) fn next_batch(&mut self) -> Result<Option<(Vec<u8>, Vec<Accepted<'static>>)>> {
        self.read_batch().map_err(|error| spill_error(&self.folder, &error))
    }

    fn read_batch(&mut self) -> io::Result<Option<(Vec<u8>, Vec<Accepted<'static>>)>> {
        if let Some(writer) = self.writer.take() {
            let mut file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.rewind()?;
            self.reader = Some(BufReader::new(file));
        }
        let Some(reader) = &mut self.reader else { return Ok(None) };
        let (mut bytes, mut batch) = (Vec::new(), Vec::new());
        while batch.len() < BATCH && bytes.len() < BATCH_BYTES {
            match read_one(reader, &mut bytes)? {
                Some((at, accepted)) => {
                    let last = self.last.get(&accepted.first).copied().unwrap_or(at);
                    let action = if last == at { accepted.action } else { Action::Superseded };
                    batch.push(Accepted { action, ..accepted });
                }
                None => break,
            }
        }
        if batch.is_empty() {
            (self.reader, self.last) = (None, HashMap::new());
            return Ok(None);
        }
        Ok(Some((bytes, batch)))
    }
}

fn read_one(reader: &mut impl Read, bytes: &mut Vec<u8>) -> io::Result<Option<(RunPosition, Accepted<'static>)>> {
    let mut numbers = [0; 13];
    for (index, number) in numbers.iter_mut().enumerate() {
        let mut read = [0; 8];
        match reader.read_exact(&mut read) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof && index == 0 => return Ok(None),
            done => done?,
        }
        *number = u64::from_le_bytes(read);
    }
    let [at, first, input, record, line, action, has_customer, customer, lengths @ ..] = numbers;
    let [key_length, row_length, cells, differing, cleared] = lengths;
    let [differing, cleared] = [read_fields(reader, differing)?, read_fields(reader, cleared)?];
    let mut read = vec![0; 4 * cells as usize];
    reader.read_exact(&mut read)?;
    let cells = read.as_chunks().0.iter().map(|bytes| {
        let cell = u32::from_le_bytes(*bytes);
        Ok((cell >> 3, *CellOutcome::ALL.get(cell as usize & 7).ok_or(ErrorKind::InvalidData)?))
    });
    let cells = cells.collect::<io::Result<_>>()?;
    let mut key = vec![0; key_length as usize];
    reader.read_exact(&mut key)?;
    let start = bytes.len();
    bytes.resize(start + row_length as usize, 0);
    reader.read_exact(&mut bytes[start..])?;
    let accepted = Accepted {
        input: input as usize,
        position: Position { record, line, byte_offset: 0 },
        row: start as u32..bytes.len() as u32,
        action: Action::from_number(action).ok_or(ErrorKind::InvalidData)?,
        customer: (has_customer == 1).then_some(customer as i64),
        differing,
        cleared,
        key: Cow::Owned(String::from_utf8(key).map_err(|_| ErrorKind::InvalidData)?),
        first,
        cells,
    };
    Ok(Some((at, accepted)))
}

fn read_fields(reader: &mut impl Read, count: u64) -> io::Result<FieldSet> {
    let mut read = vec![0; 2 * count as usize];
    reader.read_exact(&mut read)?;
    Ok(read.as_chunks().0.iter().map(|field| usize::from(u16::from_le_bytes(*field))).collect())
}

/// The error of a spill file in `folder` that cannot be written or read.
pub(super) fn spill_error(folder: &Path, error: &io::Error) -> Error {
    let advice = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::FileTooLarge | io::ErrorKind::QuotaExceeded => "Free some space",
        _ => "Check the disk and the permissions of this folder",
    };
    let message = format!(
        "the run's temporary file could not be written or read here: {error}. {advice}, then run \
                           custload again"
    );
    Error::database(&std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf()), Words::own(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_becomes_of_a_record_follows_from_its_customer() {
        use Action::{Created, Unchanged, Updated};
        for (mode, customer, differs, expected) in [
            (Mode::Create, None, false, Created),
            (Mode::Upsert, None, false, Created),
            (Mode::Upsert, Some(7), true, Updated),
            (Mode::Upsert, Some(7), false, Unchanged),
            (Mode::Update, Some(7), true, Updated),
            (Mode::Update, Some(7), false, Unchanged),
            (Mode::Update, None, false, Updated),
        ] {
            assert_eq!(Action::of(mode, customer, differs), expected, "{mode:?} {customer:?} {differs}");
        }
    }

    #[test]
    fn an_action_is_found_by_its_number() {
        for action in [Action::Created, Action::Updated, Action::Unchanged, Action::Superseded] {
            assert_eq!(Action::from_number(action as u64), Some(action));
        }
        assert_eq!(Action::from_number(4), None);
    }
}
