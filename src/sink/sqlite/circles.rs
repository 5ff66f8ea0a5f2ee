//! Circles of customers and their parents: [`Circle`].

use std::collections::HashSet;
use std::fmt::{self, Display, Formatter};

use rusqlite::{Connection, OptionalExtension};

use super::rows::FIRST_SIMULATED;
use crate::core::profile::PARENT_ID;

/// Customers, each followed by its parent; the first is the parent of the last.
#[derive(Debug, PartialEq, Eq)]
pub struct Circle(Vec<i64>);

impl Circle {
    /// A circle that one of these customers is in, from that customer on; `None` if there is none. The customers stand in order. Walks
    /// upward from each of them, and visits each customer once.
    pub fn through<E>(
        customers: &[i64],
        mut parent_of: impl FnMut(i64) -> Result<Option<i64>, E>,
    ) -> Result<Option<Circle>, E> {
        let mut visited = HashSet::new();
        for start in customers {
            let (mut walk, mut next) = (Vec::new(), Some(*start));
            while let Some(customer) = next.filter(|customer| visited.insert(*customer)) {
                walk.push(customer);
                next = parent_of(customer)?;
            }
            // The walk has met a customer again: one of its own is a circle, one of an earlier walk is none.
            let Some(first) = walk.iter().position(|customer| Some(*customer) == next) else { continue };
            let mut members = walk.split_off(first);
            if let Some(at) = members.iter().position(|member| customers.binary_search(member).is_ok()) {
                members.rotate_left(at);
                return Ok(Some(Circle(members)));
            }
        }
        Ok(None)
    }
}

/// A customer's parent; the outer `None` if there is no such customer. `table` is quoted.
pub(super) fn parent_of(connection: &Connection, table: &str, customer: i64) -> rusqlite::Result<Option<Option<i64>>> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {PARENT_ID} FROM {table} WHERE customer_id = ?1"))?;
    statement.query_row([customer], |row| Ok(row.get_ref(0)?.as_i64().ok())).optional()
}

/// The most customers that a message names.
const MOST_SHOWN: usize = 5;

impl Display for Circle {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Circle(members) = self;
        let end = if members.len() > MOST_SHOWN { None } else { members.first() };
        let shown = members.iter().take(MOST_SHOWN).chain(end).map(|customer| match *customer {
            FIRST_SIMULATED.. => "new".to_string(),
            customer => customer.to_string(),
        });
        let shown: Vec<String> = shown.collect();
        let first = if shown[0] == "new" { "a new customer" } else { &format!("customer {}", shown[0]) };
        write!(out, "{first} would be its own ancestor: {}", shown.join(" → "))?;
        if end.is_none() { write!(out, " → … ({} customers)", members.len()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, convert::Infallible};

    use super::*;

    #[test]
    fn a_circle_through_a_customer_is_found() {
        let find = |parents: &[(i64, i64)], customers: &[i64]| {
            let mut parents: HashMap<i64, i64> = parents.iter().copied().collect();
            // A parent is asked for once: each customer is visited once.
            let circle = Circle::through(customers, |customer| Ok::<_, Infallible>(parents.remove(&customer)));
            circle.unwrap().map(|circle| circle.0)
        };
        let tree = [(2, 1), (3, 2), (4, 9)];
        assert_eq!(find(&tree, &[2, 3, 4]), None);
        assert_eq!(find(&[(1, 1), (2, 1)], &[1]), Some(vec![1]));
        // A customer below a circle is not in it.
        assert_eq!(find(&[(1, 2), (2, 3), (3, 1), (4, 1)], &[4]), None);
        assert_eq!(find(&[(1, 2), (2, 3), (3, 1), (4, 1)], &[3, 4]), Some(vec![3, 1, 2]));
        // A circle without any of the customers does not hide another.
        assert_eq!(find(&[(1, 2), (2, 1), (5, 6), (6, 5), (7, 1)], &[6, 7]), Some(vec![6, 5]));
        assert_eq!(find(&[(1, 2), (2, 1), (5, 6), (6, 5), (7, 5)], &[1, 7]), Some(vec![1, 2]));
        assert_eq!(find(&[(3, 4), (4, 3), (5, 3)], &[5]), None);
        let chain: Vec<(i64, i64)> = (1..200_000).map(|customer| (customer, customer + 1)).collect();
        let all: Vec<i64> = chain.iter().map(|(customer, _)| *customer).collect();
        assert_eq!(find(&chain, &all), None);
        let all: Vec<i64> = (2..200_000).collect();
        let fan: Vec<(i64, i64)> = all.iter().map(|customer| (*customer, 1)).collect();
        assert_eq!(find(&fan, &all), None);
    }

    #[test]
    fn a_circle_is_named() {
        for (members, expected) in [
            (vec![3], "customer 3 would be its own ancestor: 3 → 3"),
            (vec![FIRST_SIMULATED, 3], "a new customer would be its own ancestor: new → 3 → new"),
            ((1..=5).collect(), "customer 1 would be its own ancestor: 1 → 2 → 3 → 4 → 5 → 1"),
            ((1..=6).collect(), "customer 1 would be its own ancestor: 1 → 2 → 3 → 4 → 5 → … (6 customers)"),
        ] {
            assert_eq!(Circle(members).to_string(), expected);
        }
    }
}
