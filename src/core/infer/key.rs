//! The key of a proposed profile: [`choose`].

use super::fields::{Field, KeyWorth};
use super::hints::{self, Hint};
use super::words;

fn all(records: u64) -> String {
    if records == 1 { "the only record".to_string() } else { format!("all {}", words::records(records)) }
}

/// The column that is the key, or none, and comments that say why.
pub(super) fn choose(fields: &[Field], records: u64) -> (Vec<String>, Vec<String>) {
    const MOST: usize = 5;
    let possible = || fields.iter().filter(|field| field.impossible.is_none());
    let mut candidates: Vec<&Field> = possible().filter(|field| field.key > KeyWorth::None).collect();
    // Of those that cannot be the key as they are, one that is named so comes first. A stable sort: of equal ones the first
    // column stays first.
    let is_named = |field: &Field| hints::says(&field.header, Hint::Identifier);
    candidates.sort_by_key(|field| std::cmp::Reverse((field.key.max(KeyWorth::Gaps), is_named(field), field.key)));
    let described = |field: &&Field| {
        let name = &field.name;
        match field.key {
            KeyWorth::None => name.clone(),
            KeyWorth::Nearly(share) => format!("{name} ({}.{} % of its values differ)", share / 10, share % 10),
            KeyWorth::Gaps => format!("{name} (no value is repeated, but some are missing)"),
            KeyWorth::Unique | KeyWorth::Email | KeyWorth::Identifier => format!("{name} (never missing or repeated)"),
        }
    };
    let Some(best) = candidates.first().filter(|field| field.key >= KeyWorth::Unique) else {
        let mut notes = vec!["No column is always filled and never repeated, so there is no key.".to_string()];
        let near: Vec<String> = candidates.iter().take(MOST).map(described).collect();
        notes.extend((!near.is_empty()).then(|| format!("Nearly one: {}.", near.join(", "))));
        return (Vec::new(), notes);
    };
    let mut notes = vec![format!("{}: filled in {}, and no value is repeated.", best.name, all(records))];
    let others: Vec<String> =
        candidates[1..].iter().filter(|field| field.key >= KeyWorth::Unique).take(MOST).map(described).collect();
    notes.extend((!others.is_empty()).then(|| format!("Others that could be the key: {}.", others.join(", "))));
    (vec![best.name.clone()], notes)
}
