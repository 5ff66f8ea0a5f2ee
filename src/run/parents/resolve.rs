//! Which records find their parents: [`resolve`].
//!
//! A record waits for the first record that is not rejected and has its key, or one of its values that no two customers share: what it
//! claims. Then it waits for the record that has its parent's value, again the first that is not rejected.
//! So everything that is undecided waits for one thing at a time, and following that ends at something decided or in a circle. A stack
//! takes the place of recursion; each step decides something or continues with something undecided, so the time is linear, whatever the
//! depth.
//!
//! In a run that changes customers, an existing customer waits too: its parent is that of the record that changes it last, or else the
//! stored one. Then a circle may lead through customers of the database, but at least one record of it is new.

use super::ids::CreatedSum;
use super::queues::{Queue, Queues, claimed};
use super::records::{CLEARED, CustomerId, Existing, Keying, NONE, Node, Reason, Records, ResolveOptions, Status};

/// What became of the records.
#[derive(Debug, Default)]
pub struct ResolvedParents {
    /// The customer ID of each node; none if it has no customer, or it is not known.
    pub ids: Vec<Option<CustomerId>>,
    /// The records that create customers.
    pub created: CreatedSum,
    pub circles: Circles,
}

/// Circles of several records by their number.
#[derive(Debug, Default)]
pub struct Circles {
    /// The number of records of each.
    pub records: Vec<u32>,
    /// The first records of the first circles, each from its first record on.
    pub shown: Vec<Vec<u32>>,
}

/// The number of a circle of one record.
pub const ITSELF: u32 = NONE;

/// The most circles, and the most records of one, whose values are shown.
const SHOWN_CIRCLES: usize = 10_000;
const SHOWN_RECORDS: usize = 5;

/// Decides which records are accepted, and the IDs of the customers that they create.
pub fn resolve(records: &mut Records, existing: Existing, options: &ResolveOptions) -> ResolvedParents {
    let mut walk = Walk::new(records, existing, options);
    for record in 0..walk.records.state.len() as u32 {
        // A record of a circle may have to be decided again.
        while walk.status(record) == Status::Open {
            walk.follow(Undecided::Record(record));
        }
    }
    walk.note_orphans_among_faulty();
    let Walk { existing, circles, .. } = walk;
    let (ids, created) = super::ids::assign(records, existing, options);
    ResolvedParents { ids, created, circles }
}

/// Something that is undecided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Undecided {
    Record(u32),
    /// The existing customer of a node, whose parent is the stored one.
    Customer(Node),
}

/// What is known of a node, or of what a record waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lookup {
    /// It exists, or it is unknown whether it does.
    Exists,
    Nowhere,
    Rejected,
    Undecided(Undecided),
}

/// What something undecided waits for.
#[derive(Clone, Copy)]
enum Wait {
    Parent,
    /// A record that claims the same, or that creates the customer.
    Other,
}

/// Whether the stored parent of an existing customer was followed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Followed {
    No,
    Waiting,
    Yes,
}

struct Walk<'r> {
    records: &'r mut Records,
    existing: Existing,
    options: &'r ResolveOptions,
    /// The records by their value, and whether a node has any, rejected ones too.
    by_value: Queues,
    has_records: Vec<bool>,
    /// The records by each thing that they claim: see [`claimed`].
    claims: Vec<Queues>,
    claims_keys: bool,
    /// The records that set a customer's parent, the one that does it last first; empty unless customers change.
    setters: Queues,
    followed: Vec<Followed>,
    /// What waits, each for the next.
    stack: Vec<(Undecided, Wait)>,
    circles: Circles,
}

impl<'r> Walk<'r> {
    fn new(records: &'r mut Records, existing: Existing, options: &'r ResolveOptions) -> Walk<'r> {
        let count = records.state.len();
        let unique = records.unique.iter().flatten();
        let all = records.value.iter().chain(&records.parent).chain(&records.key).chain(unique);
        let top = all.filter(|node| **node < CLEARED).max();
        let nodes = top.map_or(0, |top| *top as usize + 1).max(existing.by_value.len()).max(existing.by_key.len());
        // With several inputs that change customers, each finds those of the inputs before it by their keys.
        let claims_keys = !options.one_by_one
            && match options.keying {
                Keying::None => false,
                Keying::Other => true,
                // A duplicate changes nobody's ID, but it must not claim other values, or move a customer to its parent.
                Keying::Value => !records.unique.is_empty() || options.mode.changes(),
            };
        let queues = |is_used: bool| if is_used { Queues::new(nodes, count) } else { Queues::default() };
        let mut walk = Walk {
            by_value: queues(true),
            has_records: vec![false; nodes],
            claims: (0..usize::from(claims_keys) + records.unique.len()).map(|_| queues(true)).collect(),
            claims_keys,
            setters: queues(options.mode.changes()),
            followed: vec![Followed::No; existing.parents.len()],
            stack: Vec::new(),
            circles: Circles::default(),
            records,
            existing,
            options,
        };
        walk.fill_queues();
        walk
    }

    fn fill_queues(&mut self) {
        let Walk { records, options, .. } = self;
        for value in records.value.iter().filter(|value| **value != NONE) {
            self.has_records[*value as usize] = true;
        }
        // In front is what comes last here. With several inputs, an input's records stay together.
        let ends = records.inputs.iter().skip(1).copied().chain([records.state.len() as u32]);
        let inputs: Vec<(u32, u32)> = match options.one_by_one {
            true => records.inputs.iter().copied().zip(ends).collect(),
            false => vec![(0, records.state.len() as u32)],
        };
        let last_wins = options.last_wins;
        let order = |(from, until): (u32, u32)| {
            (from..until).map(move |at| if last_wins { at } else { until - 1 - (at - from) })
        };
        let is_open = |record: u32| records.state[record as usize].status() == Status::Open;
        for record in inputs.iter().rev().copied().flat_map(order).filter(|record| is_open(*record)) {
            let at = record as usize;
            if !records.state[at].is_lacking() {
                self.by_value.push_front(records.value[at], record);
            }
            for (which, queue) in self.claims.iter_mut().enumerate() {
                queue.push_front(claimed(records, self.claims_keys, which, at), record);
            }
        }
        if options.mode.changes() {
            let sets = |record: &u32| is_open(*record) && records.parent[*record as usize] != NONE;
            for record in inputs.into_iter().flat_map(order).filter(sets) {
                self.setters.push_front(records.value[record as usize], record);
            }
        }
    }

    fn status(&self, record: u32) -> Status {
        self.records.state[record as usize].status()
    }

    fn set(&mut self, record: u32, status: Status) {
        let state = &mut self.records.state[record as usize];
        *state = state.with(status);
    }

    /// Follows what one thing waits for, until it is decided or part of a circle.
    fn follow(&mut self, start: Undecided) {
        self.push(start);
        while let Some((top, _)) = self.stack.last().copied() {
            let next = match top {
                Undecided::Record(record) => self.decide(record),
                Undecided::Customer(node) => self.decide_customer(node),
            };
            let Some((next, wait)) = next else {
                self.stack.pop();
                continue;
            };
            if let Some(top) = self.stack.last_mut() {
                top.1 = wait;
            }
            match self.is_waiting(next) {
                true => self.end_circle(next),
                false => self.push(next),
            }
        }
    }

    fn push(&mut self, undecided: Undecided) {
        match undecided {
            Undecided::Record(record) => self.set(record, Status::Waiting),
            Undecided::Customer(node) => self.followed[node as usize] = Followed::Waiting,
        }
        self.stack.push((undecided, Wait::Other));
    }

    fn is_waiting(&self, undecided: Undecided) -> bool {
        match undecided {
            Undecided::Record(record) => self.status(record) == Status::Waiting,
            Undecided::Customer(node) => self.followed[node as usize] == Followed::Waiting,
        }
    }

    /// Decides on a record, or returns what it waits for.
    fn decide(&mut self, record: u32) -> Option<(Undecided, Wait)> {
        let at = record as usize;
        // A duplicate moves no customer to its parent, so this is decided first.
        match self.holder(record) {
            None => {}
            Some(holder) if self.status(holder) == Status::Accepted => {
                self.set(record, Status::Duplicate);
                return None;
            }
            Some(holder) => return Some((Undecided::Record(holder), Wait::Other)),
        }
        if self.records.state[at].reason() == Reason::None && self.records.parent[at] < CLEARED {
            let reason = match self.look_up(self.records.parent[at]) {
                Lookup::Undecided(parent) => return Some((parent, Wait::Parent)),
                Lookup::Exists => Reason::None,
                Lookup::Nowhere => Reason::NotFound,
                Lookup::Rejected => Reason::Rejected,
            };
            self.records.state[at] = self.records.state[at].because(reason);
            if reason != Reason::None && !self.options.stores_orphans {
                self.set(record, Status::Refused);
                return None;
            }
        }
        let value = self.records.value[at];
        if !self.records.state[at].is_lacking() || self.existing.has(value) {
            self.set(record, Status::Accepted);
            return None;
        }
        // An earlier input may create the customer.
        let creator = if value == NONE { None } else { self.front(Queue::Value, value) };
        match creator.filter(|creator| self.records.input_of(*creator) < self.records.input_of(record)) {
            None => self.set(record, Status::Faulty),
            Some(creator) if self.status(creator) == Status::Accepted => self.set(record, Status::Accepted),
            Some(creator) => return Some((Undecided::Record(creator), Wait::Other)),
        }
        None
    }

    /// The first record that is not rejected and claims something that this record claims too, if it is another one.
    fn holder(&mut self, record: u32) -> Option<u32> {
        (0..self.claims.len()).find_map(|which| {
            let node = claimed(self.records, self.claims_keys, which, record as usize);
            self.front(Queue::Claim(which), node).filter(|first| *first != record)
        })
    }

    fn decide_customer(&mut self, node: Node) -> Option<(Undecided, Wait)> {
        if let Lookup::Undecided(parent) = self.look_up(self.existing.parents[node as usize]) {
            return Some((parent, Wait::Parent));
        }
        self.followed[node as usize] = Followed::Yes;
        None
    }

    /// The first record of a queue that is not rejected.
    fn front(&mut self, queue: Queue, node: Node) -> Option<u32> {
        let Walk { by_value, claims, setters, records, .. } = self;
        let queues = match queue {
            Queue::Value => by_value,
            Queue::Claim(which) => &mut claims[which],
            Queue::Setters => setters,
        };
        queues.front(node, |record| {
            let status = records.state[record as usize].status();
            matches!(status, Status::Open | Status::Waiting | Status::Accepted)
        })
    }

    /// What is known of the customer that has a value.
    fn look_up(&mut self, node: Node) -> Lookup {
        if !self.existing.has(node) {
            match self.front(Queue::Value, node) {
                Some(record) if self.status(record) == Status::Accepted => {}
                Some(record) => return Lookup::Undecided(Undecided::Record(record)),
                None if self.existing.is_unknown => return Lookup::Exists,
                None if self.has_records[node as usize] => return Lookup::Rejected,
                None => return Lookup::Nowhere,
            }
        }
        // Who exists may still be in a circle.
        match self.front(Queue::Setters, node) {
            Some(record) if self.status(record) == Status::Accepted => Lookup::Exists,
            Some(record) => Lookup::Undecided(Undecided::Record(record)),
            None => match self.existing.parents.get(node as usize) {
                Some(parent) if *parent != NONE && self.followed[node as usize] != Followed::Yes => {
                    Lookup::Undecided(Undecided::Customer(node))
                }
                _ => Lookup::Exists,
            },
        }
    }

    /// Takes apart the circle at the end of the stack, which begins at `start`.
    fn end_circle(&mut self, start: Undecided) {
        let Some(from) = self.stack.iter().rposition(|(undecided, _)| *undecided == start) else { return };
        let is_record = |(undecided, _): &(Undecided, Wait)| matches!(undecided, Undecided::Record(_));
        let Some(first) = self.stack[from..].iter().position(is_record).map(|first| from + first) else {
            // It was in the database before.
            for (undecided, _) in self.stack.drain(from..) {
                if let Undecided::Customer(node) = undecided {
                    self.followed[node as usize] = Followed::Yes;
                }
            }
            return;
        };
        let members = self.stack.split_off(first);
        let (mut refused, mut last) = (Vec::new(), None);
        for (undecided, wait) in members.iter().rev() {
            match undecided {
                Undecided::Record(record) => {
                    last = None;
                    match wait {
                        Wait::Parent => refused.push(*record),
                        Wait::Other => self.set(*record, Status::Open),
                    }
                }
                Undecided::Customer(node) => {
                    self.followed[*node as usize] = Followed::No;
                    // The way to the next record does not change, and must not be walked once more for each circle.
                    match last {
                        Some(last) => self.existing.parents[*node as usize] = self.existing.parents[last as usize],
                        None => last = Some(*node),
                    }
                }
            }
        }
        refused.reverse();
        self.refuse_circle(refused);
    }

    fn refuse_circle(&mut self, mut refused: Vec<u32>) {
        let is_itself = |record: &u32| self.records.parent[*record as usize] == self.records.value[*record as usize];
        let circle = match refused.len() {
            1 if is_itself(&refused[0]) => ITSELF,
            count => {
                self.circles.records.push(count as u32);
                self.circles.records.len() as u32 - 1
            }
        };
        for record in &refused {
            let at = *record as usize;
            self.records.parent[at] = circle;
            let status = if self.options.stores_orphans { Status::Open } else { Status::Refused };
            self.records.state[at] = self.records.state[at].because(Reason::Circle).with(status);
        }
        if circle != ITSELF && self.circles.shown.len() < SHOWN_CIRCLES {
            let first = refused.iter().enumerate().min_by_key(|(_, record)| **record).map_or(0, |(index, _)| index);
            refused.rotate_left(first);
            refused.truncate(SHOWN_RECORDS);
            self.circles.shown.push(refused);
        }
    }

    /// Records with faults of their own get findings about missing parents too.
    fn note_orphans_among_faulty(&mut self) {
        for at in 0..self.records.state.len() {
            let (state, parent) = (self.records.state[at], self.records.parent[at]);
            if state.status() == Status::Faulty && state.reason() == Reason::None && parent < CLEARED {
                let reason = match self.look_up(parent) {
                    Lookup::Nowhere => Reason::NotFound,
                    Lookup::Rejected => Reason::Rejected,
                    Lookup::Exists | Lookup::Undecided(_) => Reason::None,
                };
                self.records.state[at] = state.because(reason);
            }
        }
    }
}

#[cfg(test)]
mod tests;
