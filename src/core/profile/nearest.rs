//! Suggestions for misspelt names: [`nearest`].

use super::field::Field;
use super::header_name::{accepted_names, letters_and_digits};

/// The maximum number of names to compare, and their maximum length, to bound the time.
const MOST_COMPARED: usize = 1000;
const LONGEST: usize = 100;

/// The candidate most similar to `name`, if one is similar enough.
pub fn nearest<'c>(name: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let is_short = |name: &str| name.len() <= LONGEST;
    let name = Some(name).filter(|name| is_short(name)).map(letters_and_digits)?;
    candidates
        .take(MOST_COMPARED)
        .filter(|candidate| is_short(candidate))
        .map(|candidate| (strsim::jaro_winkler(&name, &letters_and_digits(candidate)), candidate))
        .filter(|(likeness, _)| *likeness >= 0.87)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}

pub fn nearest_field<'p>(fields: &'p [Field], header: &str) -> Option<&'p Field> {
    let names = fields.iter().flat_map(accepted_names);
    let near = nearest(header, names)?;
    fields.iter().find(|field| accepted_names(field).any(|name| std::ptr::eq(name, near)))
}
