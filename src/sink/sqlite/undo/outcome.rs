//! What undoing a run is asked to do ([`Undo`]), and its result ([`Undone`]).

use std::fmt::{self, Display, Formatter};

/// Which run is to be undone, and how.
#[derive(Clone, Debug)]
pub struct Undo {
    pub run_id: i64,
    /// Whether customers that have changed since the run stay as they are; otherwise nothing is done if there are any.
    pub keep_changed: bool,
    /// Whether everything is rolled back in the end.
    pub dry_run: bool,
    /// The clock (RFC 3339).
    pub now: String,
}

/// What has changed customers since a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeCause {
    Run(i64),
    /// Another program or a person.
    Other,
    /// They are deleted.
    Deleted,
}

/// Customers with consecutive IDs that have changed since a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangedCustomers {
    pub first: i64,
    pub last: i64,
    pub since: ChangeCause,
}

impl ChangedCustomers {
    /// `customer 4`, or `customers 4 to 6`.
    pub fn names(&self) -> String {
        let ChangedCustomers { first, last, .. } = self;
        if first == last { format!("customer {first}") } else { format!("customers {first} to {last}") }
    }
}

impl Display for ChangedCustomers {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self.since {
            ChangeCause::Run(run) => write!(out, "{}: changed by run {run}", self.names()),
            ChangeCause::Other => write!(out, "{}: changed by a person or another program", self.names()),
            ChangeCause::Deleted => write!(out, "{}: deleted", self.names()),
        }
    }
}

/// The number of entries that are listed of changed customers.
pub const MOST_LISTED: usize = 20;

/// The result of undoing a run, or of a dry run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    /// Whether the run is undone, or would be. If not, some customers have changed since, and nothing was done.
    pub is_done: bool,
    /// The number of customers that were deleted.
    pub deleted: u64,
    /// The number of customers that were restored to what they were.
    pub restored: u64,
    /// The first of the restored customers that have values of an undone run again, with that run: they were kept when it was
    /// undone.
    pub as_undone: Vec<(i64, i64)>,
    /// The number of unchanged customers that can be deleted.
    pub deletable: u64,
    /// The number of unchanged customers that can be restored.
    pub restorable: u64,
    /// The number of customers that have changed since; they were left as they are.
    pub changed: u64,
    /// The first of those.
    pub listed: Vec<ChangedCustomers>,
    /// Whether there are more.
    pub has_more: bool,
}

impl Undone {
    /// Lists a changed customer, in the last entry if it continues that.
    pub(super) fn list(&mut self, customer: i64, since: ChangeCause) {
        let last = self.listed.last_mut().filter(|entry| entry.since == since && entry.last + 1 == customer);
        if let Some(entry) = last {
            entry.last = customer;
        } else if self.listed.len() < MOST_LISTED {
            self.listed.push(ChangedCustomers { first: customer, last: customer, since });
        } else {
            self.has_more = true;
        }
    }
}
