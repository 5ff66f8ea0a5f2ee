//! The values of records that may be in a circle, in a file without a name: [`Names`]. They are read only if there are circles.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Seek, Write};
use std::path::PathBuf;

use super::resolve::Circles;
use crate::core::finding::excerpt;
use crate::error::Result;
use crate::run::accepted::spill_error;

pub struct Names {
    folder: PathBuf,
    writer: Option<BufWriter<File>>,
}

impl Names {
    /// No names yet; the file is created in `folder`.
    pub fn new(folder: PathBuf) -> Names {
        Names { folder, writer: None }
    }

    /// Adds names that [`push`] has written.
    pub fn add(&mut self, names: &[u8]) -> Result<()> {
        self.write(names).map_err(|error| spill_error(&self.folder, &error))
    }

    fn write(&mut self, names: &[u8]) -> io::Result<()> {
        if names.is_empty() {
            return Ok(());
        }
        let writer = match &mut self.writer {
            Some(writer) => writer,
            None => self.writer.insert(BufWriter::new(tempfile::tempfile_in(&self.folder)?)),
        };
        writer.write_all(names)
    }

    /// The values of the circles that are shown, each on a line.
    pub fn of(self, circles: &Circles) -> Result<Vec<String>> {
        let Names { folder, writer } = self;
        read(writer, circles).map_err(|error| spill_error(&folder, &error))
    }
}

/// Adds the name of the record at a position to a buffer.
pub fn push(names: &mut Vec<u8>, record: u32, name: &str) {
    let name = excerpt(name);
    names.extend_from_slice(&record.to_le_bytes());
    names.extend_from_slice(&(name.len() as u32).to_le_bytes());
    names.extend_from_slice(name.as_bytes());
}

fn read(writer: Option<BufWriter<File>>, circles: &Circles) -> io::Result<Vec<String>> {
    let mut wanted: HashMap<u32, String> =
        circles.shown.iter().flatten().map(|record| (*record, String::new())).collect();
    if let Some(writer) = writer.filter(|_| !wanted.is_empty()) {
        let mut file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        let mut reader = BufReader::new(file);
        let mut head = [0; 8];
        while read_head(&mut reader, &mut head)? {
            let [record, length] =
                [0, 4].map(|at| head[at..at + 4].iter().rev().fold(0, |all, byte| all << 8 | u32::from(*byte)));
            match wanted.get_mut(&record) {
                Some(name) => _ = (&mut reader).take(u64::from(length)).read_to_string(name)?,
                None => reader.seek_relative(i64::from(length))?,
            }
        }
    }
    let name = |record: &u32| wanted.get(record).cloned().unwrap_or_default();
    Ok(circles.shown.iter().map(|records| records.iter().map(name).collect::<Vec<_>>().join("\n")).collect())
}

fn read_head(reader: &mut impl Read, head: &mut [u8; 8]) -> io::Result<bool> {
    match reader.read_exact(head) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        done => done.map(|()| true),
    }
}
