//! The SHA-256 of a file: [`sha256`].

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::read::feed::FileRead;

/// The SHA-256 of a file, in lower-case hex; `None` if `go_on` ended it early.
pub fn sha256(path: &Path, go_on: impl Fn() -> bool) -> io::Result<Option<String>> {
    Ok(read_while(&mut File::open(path)?, go_on)?.map(|read| read.sha256()))
}

/// Reads a file to its end for its hash.
pub(super) fn hash(file: &mut File) -> io::Result<FileRead> {
    Ok(read_while(file, || true)?.unwrap_or_default())
}

fn read_while(file: &mut File, go_on: impl Fn() -> bool) -> io::Result<Option<FileRead>> {
    let (mut read, mut buffer) = (FileRead::default(), vec![0; 256 * 1024]);
    while go_on() {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(Some(read)),
            Ok(more) => read.add(&buffer[..more]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}
