//! The order in which records precede each other: [`Queues`], and what they claim ([`claimed`]).

use super::records::{NONE, Node, Records};

/// The records of each node that may still be accepted, in the order of their precedence.
#[derive(Default)]
pub struct Queues {
    first: Vec<u32>,
    next: Vec<u32>,
}

impl Queues {
    pub fn new(nodes: usize, records: usize) -> Queues {
        Queues { first: vec![NONE; nodes], next: vec![NONE; records] }
    }

    pub fn push_front(&mut self, node: Node, record: u32) {
        if node != NONE {
            self.next[record as usize] = std::mem::replace(&mut self.first[node as usize], record);
        }
    }

    /// The first record of a node that may still be accepted. Those before it are dropped.
    pub fn front(&mut self, node: Node, may_be_accepted: impl Fn(u32) -> bool) -> Option<u32> {
        let first = self.first.get_mut(node as usize)?;
        while *first != NONE && !may_be_accepted(*first) {
            *first = self.next[*first as usize];
        }
        Some(*first).filter(|first| *first != NONE)
    }
}

/// Which of the queues of a run.
#[derive(Clone, Copy)]
pub enum Queue {
    Value,
    /// By its number.
    Claim(usize),
    Setters,
}

/// The node that a record claims: of its key first, if keys are claimed, then of each value that no two customers share.
pub fn claimed(records: &Records, claims_keys: bool, which: usize, record: usize) -> Node {
    match which.checked_sub(usize::from(claims_keys)) {
        Some(unique) => records.unique[unique][record],
        None if records.key.is_empty() => records.value[record],
        None => records.key[record],
    }
}
