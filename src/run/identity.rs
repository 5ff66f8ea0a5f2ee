//! What an input is recognised by ([`Identity`]), and the inputs of earlier runs ([`LoadedInputs`]).

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::Ordering;

use super::inputs::absolute_path;
use super::options::Options;
use crate::core::mode::Mode;
use crate::error::{Error, Result};
use crate::read::feed::sha256;
use crate::read::input::{Input, ReadOptions};
use crate::sink::sqlite::LoadedInput;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Identity {
    /// Its absolute path; standard input and pipes have none.
    pub(super) path: Option<String>,
    /// The part of it that is read, if one was named.
    pub(super) part: Option<String>,
    /// The SHA-256 of its bytes; `None` if no other input has its length.
    pub(super) sha256: Option<String>,
}

/// The part of an input that the options name: a sheet of a spreadsheet, or the path of the records in JSON.
pub(super) fn part(read: &ReadOptions, format: &str) -> Option<String> {
    match format {
        "spreadsheet" => read.sheet.clone(),
        "json" | "ndjson" => read.records.clone(),
        _ => None,
    }
}

/// The identities of the inputs. A file is hashed only if another input, loaded or given, has its length.
pub(super) fn identities(inputs: &[Input], loaded: &[LoadedInput], options: &Options) -> Result<Vec<Identity>> {
    let length = |input: &Input| {
        let file = || fs::metadata(&input.path).ok().filter(fs::Metadata::is_file).map(|metadata| metadata.len());
        input.spooled.as_ref().map(|read| read.bytes).or_else(file)
    };
    let lengths: Vec<Option<u64>> = inputs.iter().map(length).collect();
    let mut by_length: HashMap<u64, u64> = HashMap::new();
    // The inputs are compared with each other only to create customers.
    let given = lengths.iter().copied().flatten().filter(|_| options.fields.mode == Mode::Create);
    given.for_each(|length| *by_length.entry(length).or_default() += 1);
    loaded.iter().for_each(|loaded| *by_length.entry(loaded.file.bytes).or_default() += 2);
    let stop = || options.stop.load(Ordering::Relaxed);
    let mut identities = Vec::with_capacity(inputs.len());
    for (input, length) in inputs.iter().zip(lengths) {
        let is_shared = length.is_some_and(|length| by_length.get(&length).is_some_and(|count| *count > 1));
        let sha256 = match &input.spooled {
            _ if !is_shared => None,
            Some(read) => Some(read.sha256()),
            None => {
                let read = sha256(&input.path, || stop() == 0).map_err(|error| Error::input(&input.path, error))?;
                Some(read.ok_or_else(|| Error::Interrupted(stop() as i32))?)
            }
        };
        let (path, part) = (absolute_path(&input.path), part(&options.read, input.dialect.format.name()));
        identities.push(Identity { path, part, sha256 });
    }
    Ok(identities)
}

/// The inputs that earlier runs have loaded.
#[derive(Debug)]
pub(super) struct LoadedInputs<'l> {
    /// The last with each path and part.
    by_path: HashMap<(String, Option<&'l str>), &'l LoadedInput>,
    /// The last with each SHA-256 and part.
    by_bytes: HashMap<(&'l str, Option<&'l str>), &'l LoadedInput>,
    /// The last that changed any customer.
    last_change: Option<&'l LoadedInput>,
    pub(super) loaded: &'l [LoadedInput],
    pub(super) mode: Mode,
}

impl<'l> LoadedInputs<'l> {
    /// Those of `loaded`, in the order in which they were loaded, whose runs are kept. `mode` is that of this run.
    pub(super) fn new(loaded: &'l [LoadedInput], is_kept: impl Fn(i64) -> bool, mode: Mode) -> LoadedInputs<'l> {
        let mut known =
            LoadedInputs { by_path: HashMap::new(), by_bytes: HashMap::new(), last_change: None, loaded, mode };
        for input in loaded.iter().filter(|loaded| loaded.file.counts.accepted > 0 && is_kept(loaded.run.run_id)) {
            let file = &input.file;
            // Earlier versions kept only the path as it was named.
            let path = file.absolute_path.clone().or_else(|| absolute_path(Path::new(&file.path)));
            if let Some(path) = path {
                known.by_path.insert((path, file.part.as_deref()), input);
            }
            known.by_bytes.insert((&file.sha256, file.part.as_deref()), input);
            if file.counts.created + file.counts.updated > 0 {
                known.last_change = Some(input);
            }
        }
        known
    }

    /// The loaded input that is the same as this one; the last of several.
    pub(super) fn find(&self, input: &Identity) -> Option<&'l LoadedInput> {
        self.find_after(input, self.last_change)
    }

    /// The same for each of a run's inputs. If the run changes customers, an input that is loaded may change those of the inputs
    /// before it, so the inputs after it are found by their path alone.
    pub(super) fn find_in_turn(&self, inputs: &[Identity]) -> Vec<Option<&'l LoadedInput>> {
        let mut last_change = self.last_change;
        let found = inputs.iter().map(|input| {
            let found = self.find_after(input, last_change);
            if found.is_none() {
                last_change = None;
            }
            found
        });
        found.collect()
    }

    fn find_after(&self, input: &Identity, last_change: Option<&'l LoadedInput>) -> Option<&'l LoadedInput> {
        let (sha256, part) = (input.sha256.as_deref()?, input.part.as_deref());
        let at_path = input.path.clone().and_then(|path| self.by_path.get(&(path, part)).copied());
        let other = match self.mode {
            Mode::Create => self.by_bytes.get(&(sha256, part)).copied(),
            Mode::Update | Mode::Upsert => last_change,
        };
        let is_same = |loaded: &&LoadedInput| {
            let is_in_force = self.mode == Mode::Create || !loaded.relied_on_undone_run;
            loaded.file.sha256 == sha256 && loaded.file.part.as_deref() == part && is_in_force
        };
        let found = [at_path, other].into_iter().flatten().filter(is_same);
        found.max_by_key(|loaded| (loaded.run.run_id, loaded.file.import_file))
    }
}
