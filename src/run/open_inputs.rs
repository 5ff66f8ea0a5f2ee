//! Opening the inputs of a run: [`open_inputs`].

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};

use super::options::Options;
use super::threads::{POLL, start_thread, stop_if_signalled};
use crate::core::profile::Candidates;
use crate::error::{Error, Result};
use crate::read::input::{Format, Input, ReadOptions};

/// With more inputs than this, each is closed again until its records are read.
const KEPT_OPEN: usize = 16;

/// Opens the inputs, on a thread of its own: standard input that stays silent must not keep a signal waiting.
///
/// If the run `spools`, standard input and pipes are read to their end at once.
pub(super) fn open_inputs(
    options: &Options,
    paths: Vec<PathBuf>,
    spools: bool,
    candidates: &Arc<Candidates>,
) -> Result<Vec<Input>> {
    let (opened, arrived) = channel();
    let (read, candidates) = (ReadOptions { spool: spools, ..options.read.clone() }, Arc::clone(candidates));
    start_thread("open", move || {
        // Nobody receives it if the run was stopped.
        let _ = opened.send(open_all(&paths, &read, &candidates));
    })?;
    loop {
        stop_if_signalled(options)?;
        match arrived.recv_timeout(POLL) {
            Ok(inputs) => return inputs,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(Error::Broken("an input could not be opened".into())),
        }
    }
}

fn open_all(paths: &[PathBuf], read: &ReadOptions, candidates: &Candidates) -> Result<Vec<Input>> {
    let mut inputs = Vec::with_capacity(paths.len());
    for path in paths {
        let mut input = Input::open(path, read, candidates)?;
        if paths.len() > KEPT_OPEN || paths.len() > 1 && input.dialect.format == Format::Spreadsheet {
            input.close();
        }
        inputs.push(input);
    }
    Ok(inputs)
}
