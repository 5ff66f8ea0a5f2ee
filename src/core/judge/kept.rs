//! The verdicts on a block's records, kept until it is known which customers are their parents: [`KeptVerdicts`].

use serde::{Deserialize, Serialize};

use super::checker::Checker;
use super::json_shape::MetKeys;
use super::marks::Marks;
use super::parents::{Links, Parent, Parents};
use super::verdicts::{Outcome, Verdict, Verdicts};
use crate::core::finding::FindingList;
use crate::core::record::Block;
use crate::core::row::PlainRows;

/// The verdicts on the records of a block in a run that only creates customers, in a form that can be written to a file. Findings
/// and cells are not kept: few records have any, and those are judged again.
#[derive(Debug, Serialize, Deserialize)]
pub struct KeptVerdicts {
    outcomes: Vec<Outcome>,
    /// The indexes of the records that have findings, in order.
    noted: Vec<u32>,
    repaired: Vec<u64>,
    deprecated: Vec<u64>,
    short_zips: Vec<u32>,
    met_keys: MetKeys,
    marks: Marks,
    #[serde(skip)]
    rows: Vec<u8>,
    #[serde(skip)]
    keys: Vec<u8>,
}

impl KeptVerdicts {
    pub fn new(verdicts: Verdicts) -> KeptVerdicts {
        // All by name, so that whoever adds one decides here what becomes of it.
        let Verdicts {
            verdicts,
            rows,
            keys,
            repaired,
            deprecated,
            short_zips,
            met_keys,
            marks,
            findings: _,
            cells: _,
            touched: _,
            links: _,
            unexpected_parent: _,
        } = verdicts;
        let noted = (0..).zip(&verdicts).filter(|(_, verdict)| !verdict.findings.is_empty()).map(|(index, _)| index);
        let noted = noted.collect();
        let outcomes = verdicts.into_iter().map(|verdict| verdict.outcome).collect();
        KeptVerdicts { outcomes, noted, repaired, deprecated, short_zips, met_keys, marks, rows, keys }
    }

    /// Takes the rows and the keys, which are not serialised.
    pub fn take_texts(&mut self) -> [Vec<u8>; 2] {
        [&mut self.rows, &mut self.keys].map(std::mem::take)
    }

    /// Puts back what [`KeptVerdicts::take_texts`] has taken.
    pub fn with_texts(self, [rows, keys]: [Vec<u8>; 2]) -> KeptVerdicts {
        KeptVerdicts { rows, keys, ..self }
    }
}

impl Checker {
    /// The verdicts on the records of a block, as [`Checker::check_with`] would give them, from those that were kept when parents
    /// were asked for. `parents` has the parent of each record, without blank lines. Their IDs are not in the rows yet. `None` if the
    /// block has to be judged again.
    pub fn complete(
        &self,
        kept: KeptVerdicts,
        block: &Block,
        parents: &[Parent<'_>],
        exists: &dyn Fn(i64) -> bool,
    ) -> Option<Verdicts> {
        let KeptVerdicts { outcomes, noted, repaired, deprecated, short_zips, met_keys, marks, rows, keys } = kept;
        let verdicts = outcomes.into_iter().map(|outcome| Verdict { outcome, findings: 0..0, cells: 0..0 }).collect();
        let (findings, cells) = (FindingList::default(), Vec::new());
        let mut verdicts = Verdicts {
            verdicts,
            rows,
            findings,
            cells,
            keys,
            repaired,
            deprecated,
            short_zips,
            met_keys,
            marks,
            touched: Vec::new(),
            links: Links::default(),
            unexpected_parent: None,
        };
        if verdicts.verdicts.len() != block.spans.len() {
            return None;
        }
        let is_lost = |number: u64| !matches!(parents.get(number as usize), Some(Parent::None | Parent::Customer(_)));
        let mut noted = noted.into_iter().peekable();
        let mut again = Vec::new();
        for (index, (position, span)) in (0..).zip(block.positions()) {
            let is_accepted = matches!(verdicts.verdicts[index as usize].outcome, Outcome::Accepted { .. });
            let lacks_parent = is_accepted && is_lost(position.record - block.first_record);
            if noted.next_if_eq(&index).is_some() || lacks_parent {
                again.push((index as usize, lacks_parent, (position, span)));
            }
        }
        if again.is_empty() {
            return Some(verdicts);
        }
        let spans = again.iter().map(|(.., span)| *span);
        let found = self.check_some::<PlainRows>(block, spans, Parents::Known(parents, exists));
        for ((index, lacks_parent, _), verdict) in again.into_iter().zip(found.verdicts) {
            let Verdict { outcome, findings, cells } = &mut verdicts.verdicts[index];
            (*findings, *cells) = (verdict.findings, verdict.cells);
            match verdict.outcome {
                Outcome::Rejected if lacks_parent => {
                    *outcome = Outcome::Rejected;
                    verdicts.marks.reject(index);
                }
                // It is stored without its parent.
                _ if lacks_parent => return None,
                _ => {}
            }
        }
        (verdicts.findings, verdicts.cells) = (found.findings, found.cells);
        let is_accepted = |index: &u32| verdicts.verdicts[*index as usize].outcome != Outcome::Rejected;
        verdicts.short_zips.retain(is_accepted);
        Some(verdicts)
    }
}
