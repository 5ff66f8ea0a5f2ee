//! Printing to standard output: [`print`], and texts that several commands print.

use std::io::{self, Write};
use std::path::Path;

use anyhow::Context;
use serde_json::Value;

use super::progress::Console;
use crate::core::text::visible;
use crate::report::summary::escaped;
use crate::run::Observer;

/// Prints to standard output; gives the exit status. A reader that has gone away (`| head`) is no failure.
pub(super) fn print(text: &str) -> anyhow::Result<i32> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(0),
        done => done.map(|()| 0).context("cannot write to standard output"),
    }
}

/// Prints what a command has changed. A failure to print is only noted: the change stands, and the exit status must say so.
pub(super) fn print_done(text: &str, console: &mut Console) -> i32 {
    if let Err(error) = print(text) {
        console.note(&format!("{error:#}; the command itself succeeded"));
    }
    0
}

/// JSON to print.
pub(super) fn pretty(value: &Value) -> String {
    escaped(&format!("{value:#}"))
}

/// A path in a message.
pub(super) fn shown(path: &Path) -> String {
    visible(&path.to_string_lossy()).into_owned()
}
