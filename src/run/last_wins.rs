//! Accepted records that are held back until the end of the run, or of their input, because the last with each key wins:
//! [`LastWins`].

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Seek, Write};
use std::path::PathBuf;

use super::accepted::{Accepted, Action};
use super::keys::cannot_keep_keys;
use crate::core::profile::FieldSet;
use crate::core::record::{CellOutcome, Position};
use crate::error::Result;
use crate::sink::sqlite::keys::RunPosition;

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
    /// Its file is created in `folder`.
    pub(super) fn new(folder: PathBuf) -> LastWins {
        LastWins { folder, writer: None, reader: None, last: HashMap::new() }
    }

    /// Notes that a record has the key of the record `first`.
    pub(super) fn supersede(&mut self, first: RunPosition, record: RunPosition) {
        self.last.insert(first, record);
    }

    /// Adds a record; its row is in `bytes`.
    pub(super) fn push(&mut self, at: RunPosition, accepted: &Accepted<'_>, bytes: &[u8]) -> Result<()> {
        self.write(at, accepted, bytes).map_err(|error| cannot_keep_keys(&self.folder, &error))
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
        self.read_batch().map_err(|error| cannot_keep_keys(&self.folder, &error))
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

/// Reads a record; its row is appended to `bytes`.
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
