//! The hidden command `__sheet`: the process that reads a spreadsheet.

use std::io::{self, Write};

use super::args::SheetArgs;
use crate::read::sheet::{self, Limits};

pub fn serve_sheet(args: &SheetArgs) -> i32 {
    let SheetArgs { memory_bytes, max_inflated_bytes, first_row, .. } = *args;
    let limits = Limits { memory_bytes, max_inflated_bytes, first_row };
    sheet::serve(&mut unbuffered_output(), &args.path, args.sheet.as_deref(), limits)
}

/// Standard output without Rust's buffer, which writes line by line.
#[cfg(unix)]
fn unbuffered_output() -> Box<dyn Write> {
    use std::os::fd::AsFd;
    match io::stdout().as_fd().try_clone_to_owned() {
        Ok(output) => Box::new(std::fs::File::from(output)),
        Err(_) => Box::new(io::stdout()),
    }
}

#[cfg(not(unix))]
fn unbuffered_output() -> Box<dyn Write> {
    Box::new(io::stdout())
}
