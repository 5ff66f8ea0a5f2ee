//! Reading what a test has made.

use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use custload::read::sheet::{Limits, SheetInfo, SheetReader};

/// The program that is a child when it is called so.
pub(crate) fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_custload"))
}

/// Reads a file that lies somewhere.
pub(crate) fn read_path(path: &Path, sheet: Option<&str>, limits: Limits) -> Result<(SheetInfo, String), String> {
    let started = Instant::now();
    let (mut reader, info) = SheetReader::open(program(), path, sheet, limits).map_err(|error| error.to_string())?;
    let mut rows = Vec::new();
    reader.read_to_end(&mut rows).map_err(|error| error.to_string())?;
    assert!(started.elapsed() < Duration::from_secs(60));
    Ok((info, String::from_utf8(rows).unwrap()))
}

/// Reads a file with this content.
pub(crate) fn read_with(bytes: &[u8], sheet: Option<&str>, limits: Limits) -> Result<(SheetInfo, String), String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    read_path(file.path(), sheet, limits)
}

/// The rows of the first sheet of a file with this content.
pub(crate) fn rows(bytes: &[u8]) -> String {
    read_with(bytes, None, Limits::default()).unwrap().1
}

/// The rows of a sheet of a file with this content.
pub(crate) fn rows_of(bytes: &[u8], sheet: &str) -> String {
    read_with(bytes, Some(sheet), Limits::default()).unwrap().1
}

/// The message of a file that cannot be read.
pub(crate) fn refusal(bytes: &[u8]) -> String {
    read_with(bytes, None, Limits::default()).unwrap_err()
}
