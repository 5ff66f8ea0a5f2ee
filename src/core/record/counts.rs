//! What became of records: [`Counts`], and the list of counts, [`Counts::TABLE`], from which the database, the summary, the
//! log and the terminal are made.

use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sum {
    /// The sum of all outcomes.
    Read,
    /// The sum of the outcomes of accepted records.
    Accepted,
    /// An outcome of accepted records.
    AcceptedOutcome,
    /// An outcome of other lines.
    Outcome,
    /// Counts values, not records: part of no sum, and kept in the database for a run as a whole.
    Values,
}

#[derive(Clone, Copy, Debug)]
pub struct Count {
    /// Its name: the column in the database, the key in JSON and in the log, the header in a table.
    pub name: &'static str,
    pub sum: Sum,
    pub get: fn(&Counts) -> u64,
    pub get_mut: fn(&mut Counts) -> &mut u64,
}

/// The list of counts, for a macro that makes something of each. To add a count, add a line here: the
/// database, JSON and the log follow. A database without its column is refused then (`schema::tables`).
macro_rules! each_count {
    ($make:ident $($given:tt)*) => {
        $make! { [$($given)*]
            /// Records and blank lines.
            read: Read,
            /// Accepted records: the sum of the next four.
            accepted: Accepted,
            /// Records that created a customer.
            created: AcceptedOutcome,
            /// Records that changed a customer.
            updated: AcceptedOutcome,
            /// Records whose customer already had the same values.
            unchanged: AcceptedOutcome,
            /// Records that a later record with the same key replaced.
            superseded: AcceptedOutcome,
            /// Rejected records.
            rejected: Outcome,
            /// Blank lines.
            blank: Outcome,
            /// Warnings.
            warnings: Values,
            /// Values from which punctuation was removed.
            repaired: Values,
        }
    };
}
pub(crate) use each_count;

macro_rules! define {
    ([] $($(#[$doc:meta])* $name:ident: $sum:ident,)*) => {
        /// What became of the records of a run or an input.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
        pub struct Counts {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl Counts {
            /// All counts, in the order in which they are shown.
            pub const TABLE: &[Count] = &[$(Count {
                name: stringify!($name),
                sum: Sum::$sum,
                get: |counts| counts.$name,
                get_mut: |counts| &mut counts.$name,
            },)*];
        }
    };
}
each_count!(define);

impl Count {
    /// Whether it is kept for each input too.
    pub fn is_of_records(&self) -> bool {
        self.sum != Sum::Values
    }

    /// Whether it is an outcome: each record and blank line has exactly one.
    pub fn is_outcome(&self) -> bool {
        matches!(self.sum, Sum::AcceptedOutcome | Sum::Outcome)
    }
}

impl Counts {
    /// Adds the counts of another part of the run.
    pub fn add(&mut self, other: &Counts) {
        Counts::TABLE.iter().for_each(|count| *(count.get_mut)(self) += (count.get)(other));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_follow_the_table() {
        let mut counts = Counts::default();
        Counts::TABLE.iter().zip(1..).for_each(|(count, value)| *(count.get_mut)(&mut counts) = value);
        assert_eq!((counts.read, counts.accepted, counts.repaired), (1, 2, 10));
        let total = |is_part: fn(&Count) -> bool| -> u64 {
            Counts::TABLE.iter().filter(|count| is_part(count)).map(|count| (count.get)(&counts)).sum()
        };
        assert_eq!(total(|count| count.sum == Sum::AcceptedOutcome), 3 + 4 + 5 + 6);
        assert_eq!(total(Count::is_outcome), 3 + 4 + 5 + 6 + 7 + 8);
        counts.add(&Counts { read: 1, blank: 1, ..Counts::default() });
        assert_eq!((counts.read, counts.rejected, counts.blank), (2, 7, 9));
    }
}
