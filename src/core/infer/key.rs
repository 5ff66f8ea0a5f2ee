//! The key of a proposed profile: [`choose`].

use super::fields::{Field, KeyWorth, Repeats};
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
    let Some(best) = candidates.first().filter(|field| field.key >= KeyWorth::Unique) else {
        let mut notes = vec![
            "No column that tells customers apart is always filled and never repeated, so there is no key.".to_string(),
        ];
        let near: Vec<String> = candidates.iter().take(MOST).map(|field| described(field)).collect();
        notes.extend((!near.is_empty()).then(|| format!("Nearly a key: {}.", near.join(", "))));
        notes.push(
            "Without a key, a customer that is there twice, or comes again in a later file, is stored twice. Name the column in \
             `key`, or with --key; records that repeat its value are then rejected as duplicate-key."
                .to_string(),
        );
        return (Vec::new(), notes);
    };
    let mut notes = vec![match best.key {
        KeyWorth::NearlyIdentifier(repeats) => format!(
            "{}: filled in {}, and nearly a key: {}; rejected as duplicate-key.",
            best.name,
            all(records),
            repeated(repeats)
        ),
        _ => format!("{}: filled in {}, and no value is repeated.", best.name, all(records)),
    }];
    let others = candidates[1..].iter().filter(|field| field.key >= KeyWorth::Unique);
    let others: Vec<String> = others.take(MOST).map(|field| described(field)).collect();
    notes.extend((!others.is_empty()).then(|| format!("Others that could be the key: {}.", others.join(", "))));
    (vec![best.name.clone()], notes)
}

/// A column, and what speaks for or against it.
fn described(field: &Field) -> String {
    let name = &field.name;
    match field.key {
        KeyWorth::None => name.clone(),
        KeyWorth::Nearly(repeats) | KeyWorth::NearlyIdentifier(repeats) => format!("{name} ({})", repeated(repeats)),
        KeyWorth::Gaps => format!("{name} (no value is repeated, but some are missing)"),
        KeyWorth::Unique | KeyWorth::Email | KeyWorth::Identifier => format!("{name} (never missing or repeated)"),
    }
}

/// `2 records repeat the value of an earlier one, the first on line 7`.
fn repeated(repeats: Repeats) -> String {
    let (who, first) = match repeats.records {
        Some(1) => ("1 record repeats".to_string(), ""),
        Some(records) => (format!("{} repeat", words::records(records)), "the first "),
        None => ("some records repeat".to_string(), "the first "),
    };
    let place = repeats.line.map(|line| format!(", {first}on line {line}")).unwrap_or_default();
    format!("{who} the value of an earlier one{place}")
}
