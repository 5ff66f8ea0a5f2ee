//! Records that wait for the end of the run, or of their input, because of several with one key the last stays: [`Waiting`].

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Seek, Write};
use std::path::PathBuf;

use super::fate::{Action, Right};
use crate::core::profile::FieldSet;
use crate::core::record::{Fate, Position};
use crate::sink::sqlite::keys::Place;

/// How many records are read again together, at most, and how many bytes.
const BATCH: usize = 1024;
const BATCH_BYTES: usize = 256 * 1024;

/// Records that are right, in a file without a name, in their order; and which of them have to give way.
pub(super) struct Waiting {
    folder: PathBuf,
    writer: Option<BufWriter<File>>,
    reader: Option<BufReader<File>>,
    /// By the first record with a key the last one, where there are several.
    last: HashMap<Place, Place>,
}

impl Waiting {
    /// None yet; their file is made in `folder`.
    pub(super) fn new(folder: PathBuf) -> Waiting {
        Waiting { folder, writer: None, reader: None, last: HashMap::new() }
    }

    /// Notes that a record has the key of an earlier one, the first that has it.
    pub(super) fn note_later(&mut self, first: Place, place: Place) {
        self.last.insert(first, place);
    }

    /// Adds a record; its row is in `bytes`.
    pub(super) fn push(&mut self, place: Place, right: &Right<'_>, bytes: &[u8]) -> io::Result<()> {
        let writer = match &mut self.writer {
            Some(writer) => writer,
            None => self.writer.insert(BufWriter::new(tempfile::tempfile_in(&self.folder)?)),
        };
        let row = &bytes[right.row.start as usize..right.row.end as usize];
        let numbers = [
            place,
            right.first,
            right.input as u64,
            right.position.record,
            right.position.line,
            right.action as u64,
            u64::from(right.customer.is_some()),
            right.customer.unwrap_or_default() as u64,
            right.key.len() as u64,
            row.len() as u64,
            right.cells.len() as u64,
            right.differing.iter().count() as u64,
            right.cleared.iter().count() as u64,
        ];
        numbers.iter().try_for_each(|number| writer.write_all(&number.to_le_bytes()))?;
        for field in right.differing.iter().chain(right.cleared.iter()) {
            writer.write_all(&(field as u16).to_le_bytes())?;
        }
        for (column, fate) in &right.cells {
            writer.write_all(&(column << 3 | *fate as u32).to_le_bytes())?;
        }
        writer.write_all(right.key.as_bytes())?;
        writer.write_all(row)
    }

    /// The next records with the bytes of their rows; `None` behind the last. No more are added from then on.
    pub(super) fn next_batch(&mut self) -> io::Result<Option<(Vec<u8>, Vec<Right<'static>>)>> {
        if let Some(writer) = self.writer.take() {
            let mut file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.rewind()?;
            self.reader = Some(BufReader::new(file));
        }
        let Some(reader) = &mut self.reader else { return Ok(None) };
        let (mut bytes, mut rights) = (Vec::new(), Vec::new());
        while rights.len() < BATCH && bytes.len() < BATCH_BYTES {
            match read_one(reader, &mut bytes)? {
                Some((place, right)) => {
                    let last = self.last.get(&right.first).copied().unwrap_or(place);
                    let action = if last == place { right.action } else { Action::Superseded };
                    rights.push(Right { action, ..right });
                }
                None => break,
            }
        }
        Ok((!rights.is_empty()).then_some((bytes, rights)))
    }
}

/// Reads a record, and its row behind `bytes`.
fn read_one(reader: &mut impl Read, bytes: &mut Vec<u8>) -> io::Result<Option<(Place, Right<'static>)>> {
    let mut numbers = [0; 13];
    for (index, number) in numbers.iter_mut().enumerate() {
        let mut read = [0; 8];
        match reader.read_exact(&mut read) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof && index == 0 => return Ok(None),
            done => done?,
        }
        *number = u64::from_le_bytes(read);
    }
    let [place, first, input, record, line, action, has_customer, customer, lengths @ ..] = numbers;
    let [key_length, row_length, cells, differing, cleared] = lengths;
    let [differing, cleared] = [read_fields(reader, differing)?, read_fields(reader, cleared)?];
    let mut read = vec![0; 4 * cells as usize];
    reader.read_exact(&mut read)?;
    let cells = read.as_chunks().0.iter().map(|bytes| {
        let cell = u32::from_le_bytes(*bytes);
        Ok((cell >> 3, *Fate::ALL.get(cell as usize & 7).ok_or(ErrorKind::InvalidData)?))
    });
    let cells = cells.collect::<io::Result<_>>()?;
    let mut key = vec![0; key_length as usize];
    reader.read_exact(&mut key)?;
    let start = bytes.len();
    bytes.resize(start + row_length as usize, 0);
    reader.read_exact(&mut bytes[start..])?;
    let right = Right {
        input: input as usize,
        position: Position { record, line, byte_offset: 0 },
        row: start as u32..bytes.len() as u32,
        action: Action::of(action).ok_or(ErrorKind::InvalidData)?,
        customer: (has_customer == 1).then_some(customer as i64),
        differing,
        cleared,
        key: Cow::Owned(String::from_utf8(key).map_err(|_| ErrorKind::InvalidData)?),
        first,
        cells,
    };
    Ok(Some((place, right)))
}

fn read_fields(reader: &mut impl Read, count: u64) -> io::Result<FieldSet> {
    let mut read = vec![0; 2 * count as usize];
    reader.read_exact(&mut read)?;
    Ok(read.as_chunks().0.iter().map(|field| usize::from(u16::from_le_bytes(*field))).collect())
}
