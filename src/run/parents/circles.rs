//! Circles of customers and their parents, as they are stored: [`circle`].

/// A circle that has a customer for which `is_of_run` holds, from that customer on; `None` if there is no such circle. `parents` are
/// customers and their parents, in the order of the customers. Takes time and memory in proportion to them.
///
/// # Errors
///
/// Those of `is_of_run`.
pub(super) fn circle<E>(
    parents: &[(i64, i64)],
    mut is_of_run: impl FnMut(i64) -> Result<bool, E>,
) -> Result<Option<Vec<i64>>, E> {
    let above = |at: usize| parents.binary_search_by_key(&parents[at].1, |(customer, _)| *customer).ok();
    // The walk on which each customer was met first; 0 before.
    let mut met = vec![0_usize; parents.len()];
    for start in 0..parents.len() {
        let (walk, mut next) = (start + 1, Some(start));
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
        for index in 0..members.len() {
            if is_of_run(members[index])? {
                members.rotate_left(index);
                return Ok(Some(members));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[test]
    fn a_circle_of_the_run_is_found() {
        let find = |parents: &[(i64, i64)], of_run: &[i64]| {
            circle(parents, |customer| Ok::<_, Infallible>(of_run.contains(&customer))).unwrap()
        };
        let tree = [(2, 1), (3, 2), (4, 9)];
        assert_eq!(find(&tree, &[2, 3, 4]), None);
        assert_eq!(find(&[(1, 1), (2, 1)], &[1]), Some(vec![1]));
        // Below a circle is not in it.
        assert_eq!(find(&[(1, 2), (2, 3), (3, 1), (4, 1)], &[4]), None);
        assert_eq!(find(&[(1, 2), (2, 3), (3, 1), (4, 1)], &[3, 4]), Some(vec![3, 1, 2]));
        // One that was there before hides no other.
        assert_eq!(find(&[(1, 2), (2, 1), (5, 6), (6, 5)], &[6]), Some(vec![6, 5]));
        let chain: Vec<(i64, i64)> = (1..200_000).map(|customer| (customer, customer + 1)).collect();
        assert_eq!(find(&chain, &[1]), None);
    }
}
