//! The name that a misspelt one most likely stands for: [`nearest`].

use super::definition::Profile;
use super::field::Field;
use super::header_name::{accepted_names, letters_and_digits};

/// How many names advice looks at, and how long they may be: comparing them by their likeness takes its time.
const LOOKED_AT: usize = 1000;
const LONGEST: usize = 100;

/// The candidate that is written most like `name`, if one is near enough to be a slip.
pub fn nearest<'c>(name: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let is_short = |name: &str| name.len() <= LONGEST;
    let name = Some(name).filter(|name| is_short(name)).map(letters_and_digits)?;
    candidates
        .take(LOOKED_AT)
        .filter(|candidate| is_short(candidate))
        .map(|candidate| (strsim::jaro_winkler(&name, &letters_and_digits(candidate)), candidate))
        .filter(|(likeness, _)| *likeness >= 0.87)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}

/// The field that a header name which matches none is written most like.
pub fn nearest_field<'p>(profile: &'p Profile, header: &str) -> Option<&'p Field> {
    let names = profile.fields.iter().flat_map(accepted_names);
    let near = nearest(header, names)?;
    profile.fields.iter().find(|field| accepted_names(field).any(|name| std::ptr::eq(name, near)))
}
