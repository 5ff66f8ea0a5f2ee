//! Many customer IDs in little memory: [`IdRanges`].

/// Customer IDs as ranges, from the first to the last of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdRanges(Vec<(i64, i64)>);

impl IdRanges {
    /// `ranges` stand in order.
    pub fn new(ranges: Vec<(i64, i64)>) -> IdRanges {
        IdRanges(ranges)
    }

    pub fn has(&self, id: i64) -> bool {
        let IdRanges(ranges) = self;
        let after = ranges.partition_point(|(first, _)| *first <= id);
        after.checked_sub(1).is_some_and(|at| ranges[at].1 >= id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_in_its_range() {
        let ids = IdRanges::new(vec![(1, 3), (7, 7), (9, i64::MAX)]);
        let known: Vec<i64> = (-1..11).filter(|id| ids.has(*id)).collect();
        assert_eq!(known, [1, 2, 3, 7, 9, 10]);
        assert!(ids.has(i64::MAX) && !IdRanges::default().has(1));
    }
}
