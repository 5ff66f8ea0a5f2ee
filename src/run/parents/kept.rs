//! The verdicts of the first reading, in a file without a name, so that the second need not judge all records again:
//! [`KeptBlocks`]. If the file cannot be written or read, blocks are judged again.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::core::judge::KeptVerdicts;
use crate::disk::free_bytes;
use crate::sink::sqlite::keys::RunPosition;

/// How often the file's length must be free beside it: a new database takes about as much as it, and sorting its keys some more.
const SPACE: u64 = 2;

/// The verdicts of a block, its rows and its keys, as they are written.
pub type Parts = [Vec<u8>; 3];

/// Writes [`KeptBlocks`].
pub struct Keeper {
    folder: PathBuf,
    file: Option<File>,
    offset: u64,
    blocks: Vec<KeptBlock>,
}

pub struct KeptBlocks {
    file: Mutex<File>,
    /// In order.
    blocks: Vec<KeptBlock>,
}

struct KeptBlock {
    first: RunPosition,
    digest: u64,
    offset: u64,
    lengths: [usize; 3],
}

/// Serialises verdicts; `None` if that fails.
pub fn serialise(mut verdicts: KeptVerdicts) -> Option<Parts> {
    let [rows, keys] = verdicts.take_texts();
    Some([postcard::to_allocvec(&verdicts).ok()?, rows, keys])
}

impl Keeper {
    /// A keeper with a file in `folder`, if blocks are to be kept.
    pub fn new(folder: &Path, is_keeping: bool) -> Keeper {
        let file = if is_keeping { tempfile::tempfile_in(folder).ok() } else { None };
        Keeper { folder: folder.to_path_buf(), file, offset: 0, blocks: Vec::new() }
    }

    pub fn is_keeping(&self) -> bool {
        self.file.is_some()
    }

    /// Adds the next block, if it has parts.
    pub fn add(&mut self, first: RunPosition, digest: u64, parts: Option<Parts>) {
        let Some((file, parts)) = self.file.as_mut().zip(parts) else { return };
        let lengths = parts.each_ref().map(Vec::len);
        let block = KeptBlock { first, digest, offset: self.offset, lengths };
        self.offset += lengths.iter().sum::<usize>() as u64;
        let lacks_space = || free_bytes(&self.folder).is_some_and(|free| free < SPACE * self.offset);
        if parts.iter().any(|part| file.write_all(part).is_err()) || lacks_space() {
            // The database needs its space.
            self.file = None;
            return;
        }
        self.blocks.push(block);
    }

    pub fn finish(self) -> Option<KeptBlocks> {
        Some(KeptBlocks { file: Mutex::new(self.file?), blocks: self.blocks })
    }
}

impl KeptBlocks {
    /// The verdicts of the block with this first record and digest, if they were kept.
    pub fn get(&self, first: RunPosition, digest: u64) -> Option<KeptVerdicts> {
        let at = self.blocks.binary_search_by_key(&first, |block| block.first).ok()?;
        let block = self.blocks.get(at).filter(|block| block.digest == digest)?;
        let [verdicts, rows, keys] = self.read(block).ok()?;
        let verdicts: KeptVerdicts = postcard::from_bytes(&verdicts).ok()?;
        Some(verdicts.with_texts([rows, keys]))
    }

    fn read(&self, block: &KeptBlock) -> io::Result<Parts> {
        let mut parts = block.lengths.map(|length| vec![0; length]);
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(block.offset))?;
        parts.iter_mut().try_for_each(|part| file.read_exact(part))?;
        Ok(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_written_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept");
        std::fs::write(&path, "").unwrap();
        let mut keeper = Keeper { file: Some(File::open(&path).unwrap()), ..Keeper::new(&path, false) };
        assert!(keeper.is_keeping());
        keeper.add(0, 1, None);
        assert!(keeper.is_keeping());
        keeper.add(0, 1, Some([vec![1], vec![2], vec![3]]));
        assert!(!keeper.is_keeping() && keeper.finish().is_none());
        assert!(!Keeper::new(&folder.path().join("no-such-folder"), true).is_keeping());
    }
}
