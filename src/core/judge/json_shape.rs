//! What the keys of a JSON input mean, according to its first records: [`JsonShape`].

use std::collections::HashSet;

use super::plan::Plan;
use crate::core::profile::{Alike, Binding, Column, KeyNames, Match, Meaning, Role, Sources, letters_and_digits};

/// A block's distinct keys in order of appearance. Their indexes are the slots of its [`super::marks::Marks`].
pub type MetKeys = Vec<(String, Meaning)>;

/// The number of keys of an input that are counted separately. This many of each block are enough to find the input's first
/// keys, wherever its blocks begin.
pub const MOST_KEYS: usize = 10_000;

#[derive(Clone, Debug)]
pub struct JsonShape {
    alike: Alike,
    /// The names of each column of the run's key; none if the run changes no customers.
    key_names: Vec<PartNames>,
    /// The candidates for fields, sorted: a record is read as if it had all of them.
    candidates: Vec<(Match, Role)>,
    /// Whether one part may fill a field alone. Not if the run changes customers: it would replace a whole name.
    may_be_parted: bool,
}

/// The names that an input's first records use for a column of the key, and their letters and digits.
#[derive(Clone, Debug, Default)]
struct PartNames {
    field: usize,
    names: HashSet<String>,
    letters: HashSet<String>,
}

impl JsonShape {
    /// The shape of an input whose first records have these keys, and the binding of these.
    pub fn new(plan: &Plan, keys: Vec<String>) -> (JsonShape, Binding) {
        let alike = Alike::new(&plan.names, &keys);
        let may_be_parted = !plan.mode.changes();
        let mut binding = Binding::new(&plan.names, keys, may_be_parted);
        let key = plan.key.as_ref().filter(|_| plan.mode.changes());
        let part = |field| PartNames { field, ..PartNames::default() };
        let mut key_names: Vec<PartNames> = key.into_iter().flat_map(|key| key.fields().map(part)).collect();
        let mut candidates = Vec::new();
        for (column, name) in binding.columns.iter().zip(&binding.headers) {
            let Column::Field(found) = column else { continue };
            if let Some(part) = key_names.iter_mut().find(|part| part.field == found.field) {
                part.letters.insert(letters_and_digits(name));
                part.names.insert(name.clone());
            }
            candidates.push((*found, Role::of(name)));
        }
        for (column, name) in binding.columns.iter_mut().zip(&binding.headers) {
            // Another spelling of the key is the key of records that lack the first.
            if let Column::Outranked(found, _) = column
                && let Some(part) = key_names.iter().find(|part| part.field == found.field)
                && part.letters.contains(&letters_and_digits(name))
            {
                *column = Column::Field(*found);
            }
        }
        candidates.sort_unstable();
        // Two equal ones are as good as more.
        let several = candidates.chunk_by(|one, other| one == other);
        let candidates = several.flat_map(|several| several.iter().take(2).copied()).collect();
        (JsonShape { alike, key_names, candidates, may_be_parted }, binding)
    }

    /// What keys mean, apart from the run's key.
    pub(super) fn names<'n>(&'n self, plan: &'n Plan) -> KeyNames<'n> {
        KeyNames { names: &plan.names, alike: &self.alike }
    }

    /// What a key of a record means. Only the names that the input's first records use for the run's key may find a customer,
    /// in any spelling: a record without them must not find its customer by another name.
    pub(super) fn meaning_of(&self, plan: &Plan, key: &str) -> Meaning {
        let meaning = self.names(plan).find(key);
        let Meaning::Field(found) = meaning else { return meaning };
        match self.key_names.iter().find(|part| part.field == found.field && !part.names.is_empty()) {
            Some(part) if !part.names.contains(key) => match part.letters.contains(&letters_and_digits(key)) {
                true => Meaning::Field(Match { rank: found.rank.saturating_add(1), ..found }),
                false => Meaning::Unknown,
            },
            _ => meaning,
        }
    }

    pub(super) fn bind(&self, plan: &Plan, found: impl Iterator<Item = (usize, Match, Role)>, sources: &mut Sources) {
        sources.bind(&plan.names.layout, found, &self.candidates, self.may_be_parted);
    }
}
