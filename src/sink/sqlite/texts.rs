//! The texts of a run's keys, and where their records are: [`KeyTexts`]. They are read if two records have one fingerprint.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::{fs::File, path::PathBuf};

use super::keys::RunPosition;
use crate::core::record::Position;

/// The key texts of a block: for each record the end of its text and its line, both from the block's start, then the texts.
#[derive(Debug, Default)]
pub struct BlockTexts {
    ends: Vec<u8>,
    texts: Vec<u8>,
}

/// The bytes of a record besides its text.
const HEAD: usize = 4 + 4;

const KEY: usize = 32;

impl BlockTexts {
    pub fn new(records: usize) -> BlockTexts {
        BlockTexts { ends: Vec::with_capacity(HEAD * records), texts: Vec::with_capacity(KEY * records) }
    }

    /// Adds the block's next record: the line on which it starts, from the block's first, and its key, empty if it has none.
    pub fn push(&mut self, line: u32, key: &[u8]) {
        self.texts.extend_from_slice(key);
        self.ends.extend_from_slice(&(self.texts.len() as u32).to_le_bytes());
        self.ends.extend_from_slice(&line.to_le_bytes());
    }
}

/// A block whose texts are kept.
struct Chunk {
    /// The position of its first record.
    first: RunPosition,
    /// The offset of its texts.
    start: u64,
    records: u32,
    input: u32,
    first_record: u64,
    first_line: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedRecord {
    /// The input, from 0.
    pub input: usize,
    /// Its number in it.
    pub record: u64,
    /// The line on which it starts.
    pub line: u64,
    pub key: Vec<u8>,
}

/// The texts of this run's keys, block after block: in memory while they are few, then in a file without a name.
pub struct KeyTexts {
    folder: PathBuf,
    file: Option<File>,
    /// The bytes in the file; what follows is in the buffer.
    written: u64,
    buffer: Vec<u8>,
    chunks: Vec<Chunk>,
    /// The record that was read last: if many records have one key, it is read many times.
    last: Option<(RunPosition, KeyedRecord)>,
}

const BUFFER: usize = 1024 * 1024;

impl KeyTexts {
    /// No texts yet; the file, if one is needed, is created in `folder`.
    pub fn new(folder: PathBuf) -> KeyTexts {
        KeyTexts { folder, file: None, written: 0, buffer: Vec::new(), chunks: Vec::new(), last: None }
    }

    /// Adds the texts of the next block. `first` is the position of its first record in the run, `position` that in `input`.
    pub fn push(&mut self, first: RunPosition, input: usize, position: Position, texts: &BlockTexts) -> io::Result<()> {
        if texts.ends.is_empty() {
            return Ok(());
        }
        if self.buffer.len() >= BUFFER {
            self.write_out()?;
        }
        let start = self.written + self.buffer.len() as u64;
        self.buffer.extend_from_slice(&texts.ends);
        self.buffer.extend_from_slice(&texts.texts);
        let records = (texts.ends.len() / HEAD) as u32;
        let (first_record, first_line) = (position.record, position.line);
        self.chunks.push(Chunk { first, start, records, input: input as u32, first_record, first_line });
        Ok(())
    }

    fn write_out(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(tempfile::tempfile_in(&self.folder)?),
        };
        file.seek(SeekFrom::Start(self.written))?;
        file.write_all(&self.buffer)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// The record at a position, of a block that was added.
    pub fn read(&mut self, at: RunPosition) -> io::Result<KeyedRecord> {
        if let Some((_, keyed)) = self.last.as_ref().filter(|(last, _)| *last == at) {
            return Ok(keyed.clone());
        }
        let index = self.chunks.partition_point(|chunk| chunk.first <= at).checked_sub(1);
        let Some(&Chunk { first, start, records, input, first_record, first_line }) =
            index.map(|index| &self.chunks[index])
        else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        let record = (at - first) as usize;
        // The head of the record before has the start of the text.
        let mut heads = [0; 2 * HEAD];
        let number =
            |heads: &[u8], at: usize| heads[at..at + 4].iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        match record.checked_sub(1) {
            Some(before) => self.copy(start + (HEAD * before) as u64, &mut heads)?,
            None => self.copy(start, &mut heads[HEAD..])?,
        }
        let (from, until, line) = (number(&heads, 0), number(&heads, HEAD), number(&heads, HEAD + 4));
        let mut key = vec![0; until.saturating_sub(from) as usize];
        self.copy(start + (HEAD * records as usize) as u64 + from, &mut key)?;
        let keyed =
            KeyedRecord { input: input as usize, record: first_record + record as u64, line: first_line + line, key };
        self.last = Some((at, keyed.clone()));
        Ok(keyed)
    }

    /// Reads from the file or the buffer; a block is never in both.
    fn copy(&mut self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        if let Some(start) = offset.checked_sub(self.written) {
            let found = self.buffer.get(start as usize..).and_then(|found| found.get(..into.len()));
            into.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
            return Ok(());
        }
        let Some(file) = &mut self.file else { return Err(io::ErrorKind::UnexpectedEof.into()) };
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(into)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_in_memory_and_in_the_file() {
        let mut texts = KeyTexts::new(std::env::temp_dir());
        let key = |place: u64| if place.is_multiple_of(5) { String::new() } else { format!("key{place}@example.com") };
        let (mut place, mut record) = (0, 1);
        for block in 0..400u64 {
            let records = block % 300;
            if block == 200 {
                record = 1;
            }
            let mut block_texts = BlockTexts::new(records as usize);
            (0..records).for_each(|index| block_texts.push(3 * index as u32, key(place + index).as_bytes()));
            let position = Position { record, line: 10 * record, byte_offset: 0 };
            texts.push(place, usize::from(block >= 200), position, &block_texts).unwrap();
            let mut expect = |index: u64| {
                let expected = KeyedRecord {
                    input: usize::from(block >= 200),
                    record: record + index,
                    line: 10 * record + 3 * index,
                    key: key(place + index).into_bytes(),
                };
                assert_eq!(texts.read(place + index).unwrap(), expected);
            };
            (0..records).for_each(&mut expect);
            (place, record) = (place + records, record + records);
        }
        assert!(texts.file.is_some());
        for known in (1..place).step_by(101) {
            let keyed = texts.read(known).unwrap();
            assert_eq!(keyed.key, key(known).into_bytes());
            assert_eq!(texts.read(known).unwrap(), keyed);
        }
        assert!(texts.read(place + 500).is_err());
    }
}
