//! The entries of an index in their order: [`Sorter`].
//!
//! Entries are sorted in runs of a few megabytes, which are spilled to a file without a name; so memory hardly grows with
//! the number of rows. Of each run some entries are kept as samples. At the end they divide the keys into ranges of about a
//! megabyte: what the runs have of a range is read and merged in memory, and each range can be made by another thread.

use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::{ops::Range, path::Path, sync::Mutex};

use tempfile::SpooledTempFile;

use super::background::{Background, Work};
use super::entry::{self, Entry, each, sorted};
use crate::core::{row::Value, types::definition::Storage};
use crate::sink::sqlite::record::RowEncoder;

#[derive(Clone, Copy, Debug)]
pub(super) struct Portions {
    /// The bytes of a run's entries.
    pub(super) run: usize,
    /// The bytes of a range's entries, about.
    pub(super) range: usize,
    /// One in this many entries of a run is a sample.
    pub(super) sample: usize,
    /// The bytes of runs that are kept in memory before there is a file.
    pub(super) memory: usize,
}

/// Samples take 0.5 bytes an entry; two runs are in memory at a time.
pub(super) const PORTIONS: Portions =
    Portions { run: 8 * 1024 * 1024, range: 1024 * 1024, sample: 128, memory: 4 * 1024 * 1024 };

/// The bytes of a run that are written at once.
const WRITE: usize = 256 * 1024;

pub(super) struct Sorter {
    /// What the column holds.
    storage: Storage,
    portions: Portions,
    /// The run that is being filled.
    entries: Vec<u8>,
    spiller: Background<Spiller>,
    /// Buffers of runs that are spilled.
    spare: Receiver<Vec<u8>>,
}

struct Spiller {
    spill: SpooledTempFile,
    sample: usize,
    runs: Vec<Run>,
    spare: Sender<Vec<u8>>,
}

struct Run {
    span: Range<u64>,
    /// Some of its entries, including the first: their offsets in the spill, and in `sampled`.
    samples: Vec<(u64, u32)>,
    sampled: Vec<u8>,
}

impl Run {
    fn sample(&self, index: usize) -> Option<Entry<'_>> {
        Entry::first(&self.sampled[self.samples.get(index)?.1 as usize..])
    }

    /// The end of the entries from a sample to the next.
    fn end(&self, index: usize) -> u64 {
        self.samples.get(index + 1).map_or(self.span.end, |next| next.0)
    }
}

impl Work for Spiller {
    type Job = Vec<u8>;

    fn work(&mut self, mut entries: Vec<u8>) -> io::Result<()> {
        let mut end = self.runs.last().map_or(0, |run| run.span.end);
        let mut run = Run { span: end..end, samples: Vec::new(), sampled: Vec::new() };
        let mut out = BufWriter::with_capacity(WRITE, &mut self.spill);
        for (index, entry) in sorted(&entries, 0).enumerate() {
            if index % self.sample == 0 {
                run.samples.push((end, run.sampled.len() as u32));
                run.sampled.extend_from_slice(entry);
            }
            out.write_all(entry)?;
            end += entry.len() as u64;
        }
        out.flush()?;
        drop(out);
        run.samples.shrink_to_fit();
        run.sampled.shrink_to_fit();
        run.span.end = end;
        self.runs.push(run);
        entries.clear();
        // At the end nothing receives them.
        let _ = self.spare.send(entries);
        Ok(())
    }
}

impl Sorter {
    /// A sorter of numbers or texts, whose spill, if it needs one, is made in `folder`. With more than one thread, one sorts and spills.
    pub(super) fn new(folder: &Path, storage: Storage, portions: Portions, threads: usize) -> io::Result<Sorter> {
        let (sender, spare) = channel();
        let spill = tempfile::spooled_tempfile_in(portions.memory, folder);
        let spiller = Spiller { spill, sample: portions.sample, runs: Vec::new(), spare: sender };
        let spiller = Background::new(spiller, threads, "sort", 0)?;
        Ok(Sorter { storage, portions, entries: Vec::new(), spiller, spare })
    }

    pub(super) fn push(&mut self, key: Value<'_>, id: i64) -> io::Result<()> {
        entry::push(&mut self.entries, key, id);
        if self.entries.len() < self.portions.run {
            return Ok(());
        }
        let spare = self.spare.try_recv().unwrap_or_default();
        self.spiller.push(std::mem::replace(&mut self.entries, spare))
    }

    pub(super) fn finish(mut self) -> io::Result<Sorted> {
        if !self.entries.is_empty() {
            self.spiller.push(self.entries)?;
        }
        let Spiller { spill, runs, .. } = self.spiller.finish()?;
        let dividers = dividers(&runs, self.portions.range);
        Ok(Sorted { storage: self.storage, spill: Mutex::new(spill), runs, dividers })
    }
}

/// Entries that divide all into ranges of about this many bytes; more, if each of many runs had too small a part of a range.
fn dividers(runs: &[Run], range: usize) -> Vec<Vec<u8>> {
    let samples = runs.iter().flat_map(|run| {
        let sample = |index| Some((run.sample(index)?, run.end(index) - run.samples[index].0));
        (0..run.samples.len()).filter_map(sample)
    });
    let mut samples: Vec<(Entry<'_>, u64)> = samples.collect();
    samples.sort_unstable();
    let all: u64 = runs.iter().map(|run| run.span.end - run.span.start).sum();
    let range = (range as u64).max(2 * runs.len() as u64 * all / samples.len().max(1) as u64);
    let mut dividers = Vec::new();
    let mut passed = 0;
    for (entry, bytes) in samples {
        if passed >= range {
            let mut divider = Vec::new();
            entry.push_to(&mut divider);
            dividers.push(divider);
            passed = 0;
        }
        passed += bytes;
    }
    dividers
}

/// Sorted runs, and the entries that divide them into ranges.
pub(super) struct Sorted {
    storage: Storage,
    spill: Mutex<SpooledTempFile>,
    runs: Vec<Run>,
    /// The first possible entry of each range but the first.
    dividers: Vec<Vec<u8>>,
}

/// Records of index entries, one after another, and the end of each.
#[derive(Debug, Default)]
struct Records {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Sorted {
    /// Visits every entry, in order, as its record in an index page. With more than one thread, this many other threads merge
    /// ranges; each is at most one range ahead.
    pub(super) fn for_each(&self, threads: usize, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let mut give = |records: Records| {
            let mut start = 0;
            records.ends.iter().try_for_each(|end| each(&records.bytes[std::mem::replace(&mut start, *end)..*end]))
        };
        let ranges = self.dividers.len() + 1;
        let threads = threads.min(ranges);
        if threads <= 1 {
            return (0..ranges).try_for_each(|range| give(self.range(range)?));
        }
        std::thread::scope(|scope| {
            let mut made = Vec::with_capacity(threads);
            for first in 0..threads {
                let (records, arrived) = sync_channel(1);
                let make = move || {
                    let mut ranges = (first..ranges).step_by(threads);
                    // Nothing receives them if the run is stopped.
                    ranges.try_for_each(|range| records.send(self.range(range)).ok())
                };
                let thread = std::thread::Builder::new().name(format!("merge-{first}")).spawn_scoped(scope, make)?;
                made.push((arrived, thread));
            }
            let given = (0..ranges).try_for_each(|range| {
                // A thread that has panicked sends nothing more.
                give(made[range % threads].0.recv().map_err(|_| io::Error::other("a thread ended too early"))??)
            });
            for (arrived, thread) in made {
                drop(arrived);
                let _ = thread.join();
            }
            given
        })
    }

    /// Merges what the runs have of a range.
    fn range(&self, range: usize) -> io::Result<Records> {
        let divider = |index: Option<usize>| index.and_then(|index| Entry::first(self.dividers.get(index)?));
        let (from, to) = (divider(range.checked_sub(1)), divider(Some(range)));
        let mut entries = Vec::new();
        for run in &self.runs {
            let start = from.map_or(Ok(run.span.start), |from| self.position(run, from))?;
            let end = to.map_or(Ok(run.span.end), |to| self.position(run, to))?;
            self.read(start..end, &mut entries)?;
        }
        // All keys between two entries share what these share.
        let same = match (from, to) {
            (Some(from), Some(to)) => from.key.iter().zip(to.key).take_while(|(one, other)| one == other).count(),
            _ => 0,
        };
        let mut records = Records::default();
        let mut encoder = RowEncoder::default();
        for entry in sorted(&entries, same).filter_map(Entry::first) {
            entry.encode(self.storage, &mut encoder, &mut records.bytes);
            records.ends.push(records.bytes.len());
        }
        Ok(records)
    }

    /// The offset of the first entry of a run that is not before this one.
    fn position(&self, run: &Run, divider: Entry<'_>) -> io::Result<u64> {
        let is_before = |sample: Option<Entry<'_>>| sample.is_some_and(|sample| sample < divider);
        let before = run.samples.partition_point(|(_, at)| is_before(Entry::first(&run.sampled[*at as usize..])));
        let Some(last) = before.checked_sub(1) else { return Ok(run.span.start) };
        let mut entries = Vec::new();
        self.read(run.samples[last].0..run.end(last), &mut entries)?;
        let passed = each(&entries).take_while(|entry| *entry < divider).map(|entry| entry.size() as u64).sum::<u64>();
        Ok(run.samples[last].0 + passed)
    }

    fn read(&self, span: Range<u64>, entries: &mut Vec<u8>) -> io::Result<()> {
        let before = entries.len();
        entries.resize(before + (span.end - span.start) as usize, 0);
        let mut spill = self.spill.lock().map_err(|_| io::Error::other("a thread ended too early"))?;
        spill.seek(SeekFrom::Start(span.start))?;
        spill.read_exact(&mut entries[before..])
    }
}
