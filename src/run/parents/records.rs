//! What is known of a run's records before their parents are looked up ([`Records`]), and of the customers that exist
//! ([`Existing`]): numbers alone, a few bytes a record.

use crate::core::mode::Mode;

/// The number of a value that parents are found by, or of a key; [`NONE`] for none.
pub type Node = u32;

pub const NONE: u32 = u32::MAX;
/// The parent of a record that removes a customer's parent.
pub const CLEARED: u32 = u32::MAX - 1;

/// The most records, and the most nodes.
pub const MOST: usize = (u32::MAX - 2) as usize;

/// What has become of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Open,
    /// It waits for another one.
    Waiting,
    Accepted,
    /// Another record has its key.
    Duplicate,
    /// It is rejected because of its parent.
    Refused,
    /// It is rejected for another reason.
    Faulty,
}

/// Why a record has no parent although it names one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    None,
    NotFound,
    Rejected,
    /// In a circle, whose number stands in place of the record's parent.
    Circle,
}

/// A record's [`Status`] and [`Reason`], and whether it lacks what a new customer must have, in one byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State(u8);

impl State {
    const LACKING: u8 = 1 << 7;

    pub fn new(status: Status, is_lacking: bool) -> State {
        State(if is_lacking { State::LACKING } else { 0 }).with(status)
    }

    #[must_use]
    pub fn with(self, status: Status) -> State {
        State(self.0 & !0b111 | status as u8)
    }

    #[must_use]
    pub fn because(self, reason: Reason) -> State {
        State(self.0 & !0b11000 | (reason as u8) << 3)
    }

    pub fn status(self) -> Status {
        match self.0 & 0b111 {
            0 => Status::Open,
            1 => Status::Waiting,
            2 => Status::Accepted,
            3 => Status::Duplicate,
            4 => Status::Refused,
            _ => Status::Faulty,
        }
    }

    pub fn reason(self) -> Reason {
        match self.0 >> 3 & 0b11 {
            0 => Reason::None,
            1 => Reason::NotFound,
            2 => Reason::Rejected,
            _ => Reason::Circle,
        }
    }

    /// The same, lacking nothing.
    #[must_use]
    pub fn complete(self) -> State {
        State(self.0 & !State::LACKING)
    }

    pub fn is_lacking(self) -> bool {
        self.0 & State::LACKING != 0
    }
}

/// The records of a run, by their position.
#[derive(Debug, Default)]
pub struct Records {
    /// The node of its own value.
    pub value: Vec<Node>,
    /// The node of its parent's value.
    pub parent: Vec<Node>,
    /// The node of its key; empty if that is its value, or if there are no keys.
    pub key: Vec<Node>,
    /// For each field whose values no two customers share, the node of its value.
    pub unique: Vec<Vec<Node>>,
    pub state: Vec<State>,
    /// The positions at which the inputs begin.
    pub inputs: Vec<u32>,
}

impl Records {
    pub fn input_of(&self, record: u32) -> usize {
        self.inputs.partition_point(|first| *first <= record)
    }
}

/// The customers that exist, by node.
#[derive(Debug, Default)]
pub struct Existing {
    /// The first customer that has the value; empty if none has any.
    pub by_value: Vec<Option<CustomerId>>,
    /// The first customer that has the key; empty if keys are values.
    pub by_key: Vec<Option<CustomerId>>,
    /// The node of each node's parent as it is stored, or [`NONE`]; empty unless customers change.
    pub parents: Vec<Node>,
    /// Whether it is unknown which customers exist.
    pub is_unknown: bool,
}

/// The ID of a customer; none has 0, so an optional one takes eight bytes.
pub type CustomerId = std::num::NonZeroI64;

impl Existing {
    pub fn has(&self, node: Node) -> bool {
        self.by_value.get(node as usize).is_some_and(Option::is_some)
    }
}

/// How the keys of records are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keying {
    /// The key is the value that parents are found by.
    Value,
    Other,
    None,
}

/// What a run does with its records.
#[derive(Clone, Copy, Debug)]
pub struct ResolveOptions {
    pub mode: Mode,
    pub keying: Keying,
    /// Whether the last record with a key is stored, rather than the first.
    pub last_wins: bool,
    /// Whether a record whose parent is missing is stored without it.
    pub stores_orphans: bool,
    /// Whether each input finds the customers of those before it.
    pub one_by_one: bool,
    pub first_id: i64,
}
