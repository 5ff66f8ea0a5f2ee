//! The first reading of a run whose records have parents: [`survey`]. Records are judged as in the second, but without rows and
//! reports; what is kept of each are numbers for its value, its parent's value, its key, and what else no two customers share.

use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, Scope};

use super::found::digest;
use super::kept::{Keeper, Parts, serialise};
use super::names::{self, Names};
use super::nodes::{Hash, Nodes};
use super::records::{CLEARED, Keying, MOST, Records, State, Status};
use crate::core::judge::field_plan::KeyPlan;
use crate::core::judge::plan::{OnInvalid, Plan};
use crate::core::judge::{Checker, KeptVerdicts, LinkPlan, Links, Outcome, Parents, Stamp, Touched, Verdicts};
use crate::core::profile::Candidates;
use crate::core::record::{Block, Extent};
use crate::core::row::{RowBuilder, Value};
use crate::core::text::key;
use crate::error::{Error, Result};
use crate::read::input::{Input, ReadOptions};
use crate::run::cutter::decode_ahead;
use crate::run::options::Options;
use crate::run::prepare::Prepared;
use crate::run::row_texts::texts_in;
use crate::run::threads::{cannot_start, stop_if_signalled};
use crate::sink::sqlite::{IdRanges, record::RecordBuilder};

/// What the first reading found.
pub struct Surveyed {
    pub nodes: Arc<Nodes>,
    pub records: Records,
    pub names: Names,
    /// The number of records of each input, and their digest.
    pub inputs: Vec<(u64, u64)>,
    pub keeper: Keeper,
}

/// What blocks are surveyed with, on any thread.
struct Surveyor<'s> {
    checker: Checker,
    link: LinkPlan,
    keying: Keying,
    nodes: Arc<Nodes>,
    /// The customers that a parent's ID may be of.
    customers: Option<&'s IdRanges>,
    keeps_verdicts: bool,
}

/// What is kept of a block.
struct SurveyedBlock {
    first: u32,
    value: Vec<u32>,
    parent: Vec<u32>,
    key: Vec<u32>,
    unique: Vec<Vec<u32>>,
    state: Vec<State>,
    names: Vec<u8>,
    digest: u64,
    kept: Option<Parts>,
}

/// What the collecting thread receives.
enum Arrival {
    Block(u64, Option<SurveyedBlock>),
    Failed(Error),
}

pub fn survey(
    prepared: &[Prepared],
    plan: &Arc<Plan>,
    (link, keying, customers): (LinkPlan, Keying, Option<&IdRanges>),
    options: &Options,
    candidates: &Candidates,
    (folder, stamp): (PathBuf, &Stamp),
    keeps_verdicts: bool,
) -> Result<Surveyed> {
    let nodes = Arc::new(Nodes::default());
    let records = Records { unique: vec![Vec::new(); plan.unique.len()], ..Records::default() };
    let (keeper, names) = (Keeper::new(&folder, keeps_verdicts), Names::new(folder));
    let mut surveyed = Surveyed { nodes: Arc::clone(&nodes), records, names, inputs: Vec::new(), keeper };
    for (index, one) in prepared.iter().enumerate() {
        stop_if_signalled(&options.stop)?;
        let stamp = Stamp { file: index as i64 + 1, ..stamp.clone() };
        let (plan, shape) = (Arc::clone(plan), one.shape.clone());
        let checker = Checker::new(plan, shape, stamp, options.accepted, options.read.max_record_bytes);
        let nodes = Arc::clone(&nodes);
        let keeps_verdicts = surveyed.keeper.is_keeping();
        let surveyor = Surveyor { checker, link, keying, nodes, customers, keeps_verdicts };
        let input = one.input.again(&options.read, candidates)?;
        surveyed.read_input(input, &surveyor, options, candidates)?;
    }
    Ok(surveyed)
}

impl Surveyed {
    fn read_input(
        &mut self,
        input: Input,
        surveyor: &Surveyor<'_>,
        options: &Options,
        candidates: &Candidates,
    ) -> Result<()> {
        let first = self.records.state.len() as u64;
        self.records.inputs.push(first as u32);
        self.inputs.push((0, 0));
        // A block needs a permit from cut to collected, so that no queue can grow, whatever is slow.
        let room = 2 * options.threads + 28;
        let (permits, permits_back) = sync_channel(room);
        let ((arrivals, arrived), (blocks, cut_blocks)) = (sync_channel(room), sync_channel(room));
        let cut_blocks = Arc::new(Mutex::new(cut_blocks));
        std::thread::scope(|scope| {
            for _ in 0..options.threads {
                let (cut_blocks, arrivals) = (Arc::clone(&cut_blocks), arrivals.clone());
                start(scope, "survey", move || survey_blocks(surveyor, &cut_blocks, &arrivals))?;
            }
            // When the workers end, so does the cutting thread.
            drop(cut_blocks);
            let cutter = Cutter { permits, blocks, arrivals, first };
            start(scope, "cut", move || cutter.cut_all(input, &options.read, candidates))?;
            self.collect(arrived, permits_back, options)
        })
    }

    /// Takes the blocks of an input in their order.
    fn collect(&mut self, arrived: Receiver<Arrival>, permits_back: Receiver<()>, options: &Options) -> Result<()> {
        let (mut early, mut next) = (BTreeMap::new(), 0);
        for arrival in arrived {
            stop_if_signalled(&options.stop)?;
            match arrival {
                Arrival::Block(number, block) => _ = early.insert(number, block),
                Arrival::Failed(error) => return Err(error),
            }
            while let Some(block) = early.remove(&next) {
                next += 1;
                let Some(block) = block else { return Err(too_many()) };
                self.add(block)?;
                let _ = permits_back.try_recv();
            }
        }
        Ok(())
    }

    fn add(&mut self, block: SurveyedBlock) -> Result<()> {
        let SurveyedBlock { first, value, parent, key, unique, state, names, digest, kept } = block;
        self.keeper.add(first.into(), digest, kept);
        if let Some((records, sum)) = self.inputs.last_mut() {
            (*records, *sum) = (*records + state.len() as u64, sum.wrapping_add(digest));
        }
        self.records.value.extend(value);
        self.records.parent.extend(parent);
        self.records.key.extend(key);
        self.records.unique.iter_mut().zip(unique).for_each(|(all, unique)| all.extend(unique));
        self.records.state.extend(state);
        self.names.add(&names)
    }
}

fn start<'s>(scope: &'s Scope<'s, '_>, name: &str, work: impl FnOnce() + Send + 's) -> Result<()> {
    Builder::new().name(name.into()).spawn_scoped(scope, work).map(drop).map_err(|error| cannot_start(&error))
}

fn too_many() -> Error {
    Error::Usage(format!(
        "there are more than {MOST} records or values, too many to look up parents; import the inputs in parts"
    ))
}

/// A block by its number, and the position of its first record.
type CutBlock = (u64, u32, Block);

/// Cuts an input into blocks.
struct Cutter {
    permits: SyncSender<()>,
    blocks: SyncSender<CutBlock>,
    arrivals: SyncSender<Arrival>,
    /// The position of the input's first record.
    first: u64,
}

impl Cutter {
    fn cut_all(&self, input: Input, read: &ReadOptions, candidates: &Candidates) {
        let done = catch_unwind(AssertUnwindSafe(|| self.cut(input, read, candidates)));
        let failed = done.unwrap_or_else(|_| Err(Error::Broken("cutting records failed".into())));
        if let Err(error) = failed {
            let _ = self.arrivals.send(Arrival::Failed(error));
        }
    }

    fn cut(&self, input: Input, read: &ReadOptions, candidates: &Candidates) -> Result<()> {
        let path = input.path.clone();
        let mut source = input.into_source(read, candidates)?;
        if source.is_made() {
            source = source.fed_by(decode_ahead);
        }
        let mut number = 0;
        while let Some(block) = source.next_block().map_err(|error| Error::input(&path, error))? {
            let first = self.first + block.first_record - 1;
            if first as usize + block.spans.len() > MOST {
                return Err(too_many());
            }
            // They have no receiver if the run has ended.
            if self.permits.send(()).is_err() || self.blocks.send((number, first as u32, block)).is_err() {
                return Ok(());
            }
            number += 1;
        }
        Ok(())
    }
}

fn survey_blocks(surveyor: &Surveyor<'_>, blocks: &Mutex<Receiver<CutBlock>>, arrivals: &SyncSender<Arrival>) {
    loop {
        let block = blocks.lock().unwrap_or_else(PoisonError::into_inner).recv();
        // All are cut.
        let Ok((number, first, block)) = block else { return };
        let done = catch_unwind(AssertUnwindSafe(|| surveyor.survey(&block, first)));
        let failed = |_| Arrival::Failed(Error::Broken("checking records failed".into()));
        // It has no receiver if the run has ended.
        if arrivals.send(done.map_or_else(failed, |done| Arrival::Block(number, done))).is_err() {
            return;
        }
    }
}

impl Surveyor<'_> {
    /// Surveys a block; `None` if there are too many values.
    fn survey(&self, block: &Block, first: u32) -> Option<SurveyedBlock> {
        let exists = |id| self.customers.is_none_or(|customers| customers.has(id));
        let asked = Parents::Asked(&exists);
        if self.checker.plan().unique.is_empty() && !self.keeps_verdicts {
            let verdicts = self.checker.check_with::<NoRows>(block, asked);
            return self.surveyed(block, first, &verdicts, Vec::new());
        }
        let verdicts = self.checker.check_with::<RecordBuilder>(block, asked);
        let unique = self.unique_nodes(block, &verdicts)?;
        let surveyed = self.surveyed(block, first, &verdicts, unique)?;
        let kept = if self.keeps_verdicts { serialise(KeptVerdicts::new(verdicts)) } else { None };
        Some(SurveyedBlock { kept, ..surveyed })
    }

    fn surveyed<R>(
        &self,
        block: &Block,
        first: u32,
        verdicts: &Verdicts<R>,
        unique: Vec<Vec<u32>>,
    ) -> Option<SurveyedBlock> {
        let indexes = record_indexes(block);
        let links = &verdicts.links;
        let value = self.nodes.add(&self.hashes(&indexes, |index| links.get(index).value))?;
        let mut parent = self.nodes.add(&self.parent_hashes(&indexes, links))?;
        let key = match self.keying {
            Keying::Other => self.nodes.add(&self.key_hashes(&indexes, verdicts))?,
            Keying::Value | Keying::None => Vec::new(),
        };
        let plan = self.checker.plan();
        let rejects_ids = plan.parents.is_some_and(|parents| plan.fields[parents.id].on_invalid == OnInvalid::Reject);
        let mut names = Vec::new();
        let mut state = Vec::with_capacity(indexes.len());
        for (at, index) in indexes.iter().enumerate() {
            let touched = verdicts.touched.get(*index);
            let link = links.get(*index);
            let is_faulty = verdicts.verdicts[*index].outcome == Outcome::Rejected
                || rejects_ids && link.has_unknown_id && link.parent.is_none();
            let is_lacking = touched.is_some_and(Touched::needs_customer);
            state.push(State::new(if is_faulty { Status::Faulty } else { Status::Open }, is_lacking));
            if touched.is_some_and(|touched| touched.cleared.has(self.link.field)) {
                parent[at] = CLEARED;
            }
            if let (Some(name), false, true) = (link.value, is_faulty, parent[at] < CLEARED) {
                names::push(&mut names, first + at as u32, name);
            }
        }
        let digest = digest(block, u64::from(first));
        Some(SurveyedBlock { first, value, parent, key, unique, state, names, digest, kept: None })
    }

    fn hashes<'v>(&self, indexes: &[usize], value: impl Fn(usize) -> Option<&'v str>) -> Vec<Option<Hash>> {
        let fold = |text: &'v str| key::fold(text, self.link.comparison);
        let hash = |index: &usize| Some(self.nodes.hash(fold(value(*index)?)?.as_bytes()));
        indexes.iter().map(hash).collect()
    }

    fn parent_hashes(&self, indexes: &[usize], links: &Links) -> Vec<Option<Hash>> {
        let mut hashes = self.hashes(indexes, |index| links.get(index).parent);
        for (hash, index) in hashes.iter_mut().zip(indexes).filter(|(hash, _)| hash.is_none()) {
            // A parent that identifies nobody is nobody's value either.
            *hash = links.get(*index).parent.map(|_| self.nodes.hash(b""));
        }
        hashes
    }

    /// For each field whose values no two customers share, the nodes of the records' values.
    fn unique_nodes(&self, block: &Block, verdicts: &Verdicts) -> Option<Vec<Vec<u32>>> {
        let nodes = |(which, plan): (usize, &KeyPlan)| {
            let hash = |index: usize| match &verdicts.verdicts[index].outcome {
                Outcome::Accepted { row, .. } => {
                    let texts = texts_in(&verdicts.rows[row.start as usize..row.end as usize], plan);
                    Some(self.nodes.hash_unique(which, plan.fold(&texts)?.as_bytes()))
                }
                _ => None,
            };
            self.nodes.add(&record_indexes(block).into_iter().map(hash).collect::<Vec<_>>())
        };
        self.checker.plan().unique.iter().enumerate().map(nodes).collect()
    }

    fn key_hashes<R>(&self, indexes: &[usize], verdicts: &Verdicts<R>) -> Vec<Option<Hash>> {
        let key = |index: &usize| match &verdicts.verdicts[*index].outcome {
            Outcome::Accepted { key: Some(key), .. } => Some(self.nodes.hash_key(verdicts.key_text(key))),
            _ => None,
        };
        indexes.iter().map(key).collect()
    }
}

/// The indexes of a block's records, without blank lines.
fn record_indexes(block: &Block) -> Vec<usize> {
    let spans = block.spans.iter().enumerate().filter(|(_, span)| span.extent != Extent::Blank);
    spans.map(|(index, _)| index).collect()
}

/// Drops the values of rows, but for the texts of the record that is being judged: rules over a record read them.
struct NoRows {
    texts: Vec<u8>,
    end: usize,
}

impl RowBuilder for NoRows {
    type Rows = ();

    fn new(_: usize, _: usize, _: &[Value<'_>]) -> NoRows {
        NoRows { texts: Vec::new(), end: 0 }
    }

    fn begin(&mut self) {
        self.end = 0;
    }

    fn push_null(&mut self) {}

    fn push_integer(&mut self, _: i64) {}

    fn push_real(&mut self, _: f64) {}

    fn push_prefix(&mut self, source: &[u8], length: usize) {
        self.space(length).copy_from_slice(&source[..length]);
        self.push_written(length);
    }

    fn space(&mut self, bytes: usize) -> &mut [u8] {
        if self.texts.len() < self.end + bytes {
            self.texts.resize(self.end + bytes, 0);
        }
        &mut self.texts[self.end..self.end + bytes]
    }

    fn push_written(&mut self, length: usize) {
        self.end += length;
    }

    fn push_common(&mut self) {}

    fn position(&self) -> usize {
        self.end
    }

    fn written(&self, range: Range<usize>) -> &[u8] {
        self.texts.get(range).unwrap_or_default()
    }

    fn finish(&mut self) -> Range<usize> {
        0..0
    }

    fn into_rows(self) {}
}
