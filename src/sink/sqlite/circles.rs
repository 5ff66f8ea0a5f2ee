//! Circles of customers and their parents: [`Circle`].

use std::fmt::{self, Display, Formatter};

use rusqlite::{Connection, params};

use super::rows::FIRST_SIMULATED;
use crate::core::profile::PARENT_ID;

/// Customers, each followed by its parent; the first is the parent of the last.
#[derive(Debug, PartialEq, Eq)]
pub struct Circle(Vec<i64>);

impl Circle {
    /// A circle that one of these customers is in, from that customer on; `None` if there is none. `parents` are customers with their
    /// parents: all, or those that are above these customers. Both stand in order. Takes time and memory in proportion to them.
    pub(super) fn through(customers: &[i64], parents: &[(i64, i64)]) -> Option<Circle> {
        let index_of = |wanted: i64| parents.binary_search_by_key(&wanted, |(customer, _)| *customer).ok();
        let above = |at: usize| index_of(parents[at].1);
        // The walk on which each customer was met first; 0 before.
        let mut met = vec![0_usize; parents.len()];
        for (walk, start) in (1..).zip(customers) {
            let mut next = index_of(*start);
            while let Some(at) = next.filter(|at| met[*at] == 0) {
                met[at] = walk;
                next = above(at);
            }
            let Some(first) = next.filter(|at| met[*at] == walk) else { continue };
            let mut members = vec![parents[first].0];
            let mut at = above(first);
            while let Some(member) = at.filter(|at| *at != first) {
                members.push(parents[member].0);
                at = above(member);
            }
            if let Some(at) = members.iter().position(|member| customers.binary_search(member).is_ok()) {
                members.rotate_left(at);
                return Some(Circle(members));
            }
        }
        None
    }
}

/// The customers that a run has given other parents, in order.
pub(super) fn moved(connection: &Connection, run: i64) -> rusqlite::Result<Vec<i64>> {
    let sql = "SELECT customer_id FROM import_changes WHERE run_id = ?1 AND field = ?2 ORDER BY customer_id";
    let mut statement = connection.prepare(sql)?;
    statement.query_map(params![run, PARENT_ID], |row| row.get(0))?.collect()
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
    use super::*;

    #[test]
    fn a_circle_through_a_customer_is_found() {
        let find =
            |parents: &[(i64, i64)], customers: &[i64]| Circle::through(customers, parents).map(|circle| circle.0);
        let tree = [(2, 1), (3, 2), (4, 9)];
        assert_eq!(find(&tree, &[2, 3, 4]), None);
        assert_eq!(find(&[(1, 1), (2, 1)], &[1]), Some(vec![1]));
        // Below a circle is not in it.
        assert_eq!(find(&[(1, 2), (2, 3), (3, 1), (4, 1)], &[4]), None);
        assert_eq!(find(&[(1, 2), (2, 3), (3, 1), (4, 1)], &[3, 4]), Some(vec![3, 1, 2]));
        // Another that is met first hides none.
        assert_eq!(find(&[(1, 2), (2, 1), (5, 6), (6, 5), (7, 1)], &[6, 7]), Some(vec![6, 5]));
        assert_eq!(find(&[(1, 2), (2, 1), (5, 6), (6, 5), (7, 5)], &[1, 7]), Some(vec![1, 2]));
        assert_eq!(find(&[(3, 4), (4, 3), (5, 3)], &[5]), None);
        let chain: Vec<(i64, i64)> = (1..200_000).map(|customer| (customer, customer + 1)).collect();
        let all: Vec<i64> = chain.iter().map(|(customer, _)| *customer).collect();
        assert_eq!(find(&chain, &all), None);
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
