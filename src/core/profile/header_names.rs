//! All names that a profile and a user's map know: [`HeaderNames`].

use std::collections::{HashMap, HashSet};

use super::header::{Header, REPORT_KEY, letters_and_digits};
use super::matching::{Layout, MAP, Match, Meaning, NAME, Rank};
use super::{definition::Profile, field::accepted_names, mapping::Mapping, nested::Nested};
use crate::core::record::json::Paths;

#[derive(Clone, Debug)]
pub struct HeaderNames {
    names: HashMap<String, Match>,
    /// What the map's headers mean, as they are written.
    mapped: HashMap<String, Meaning>,
    /// The map's headers by their letters and digits, in the map's order.
    alike: HashMap<String, Vec<(String, Meaning)>>,
    /// The map's headers, sorted, to find those within a path.
    paths: Vec<String>,
    /// Names that mean another field where the input has a name of a certain one: the name's letters and digits, that field, and
    /// the other.
    beside: Vec<(String, usize, Match)>,
    pub layout: Layout,
    /// What paths mean that are not the name of a field.
    nested: Nested,
}

/// What a map says about names that are written differently than in the map, in an input that also has the map's spelling.
/// By letters and digits.
#[derive(Clone, Debug, Default)]
pub struct Alike(HashMap<String, Option<Meaning>>);

impl Alike {
    pub fn new(names: &HeaderNames, keys: &[String]) -> Alike {
        names.alike_beside(&keys.iter().map(|key| key.trim()).collect())
    }
}

/// What the keys of one input of JSON mean.
#[derive(Clone, Copy, Debug)]
pub struct KeyNames<'n> {
    pub names: &'n HeaderNames,
    /// What the map says about other spellings in this input.
    pub alike: &'n Alike,
}

impl KeyNames<'_> {
    pub fn find(&self, key: &str) -> Meaning {
        self.names.find_beside(key, &letters_and_digits(key), self.alike)
    }
}

impl Paths for KeyNames<'_> {
    fn reach_into(&self, path: &str) -> bool {
        self.names.reach_into(path)
    }

    fn is_whole(&self, path: &str) -> bool {
        self.names.is_whole(path)
    }

    fn fill(&self, path: &str) -> bool {
        self.find(path).field().is_some()
    }
}

impl HeaderNames {
    /// The names of this profile's fields. What the map says about fields that the profile does not have is left out;
    /// [`Mapping::check`] reports it.
    pub fn new(profile: &Profile, mapping: &Mapping) -> HeaderNames {
        let mut names = HashMap::new();
        let mut add = |name: &str, found: Match| {
            let best = names.entry(letters_and_digits(name)).or_insert(found);
            if found.rank < best.rank {
                *best = found;
            }
        };
        for (field, of) in profile.fields.iter().enumerate() {
            // A name that the profile joins with others is not the whole value.
            let joined: HashSet<String> = of.from.iter().map(|name| letters_and_digits(name)).collect();
            for (rank, name) in (NAME..).zip(accepted_names(of)) {
                if joined.contains(&letters_and_digits(name)) {
                    continue;
                }
                add(name, Match { field, part: None, rank });
            }
            for (part, part_names) in of.part_names().enumerate() {
                for (rank, name) in (NAME..).zip(part_names) {
                    add(name, Match { field, part: Some(part), rank });
                }
            }
        }
        let (mapped, alike, paths) = Default::default();
        let (beside, layout, nested) = (names_beside(profile), Layout::new(profile), Nested::new(profile));
        let mut found = HeaderNames { names, mapped, alike, paths, beside, layout, nested };
        for (header, target) in &mapping.columns {
            let meaning = match target.as_deref().map(|target| profile.target(target)) {
                Some(Some((field, part))) => Meaning::Field(Match { field, part, rank: MAP }),
                // The field is another profile's, and the header means nothing else.
                Some(None) => Meaning::Unknown,
                None => Meaning::Ignored,
            };
            let spelt = header.trim().to_string();
            found.alike.entry(letters_and_digits(header)).or_default().push((spelt.clone(), meaning));
            found.paths.push(spelt.clone());
            found.mapped.insert(spelt, meaning);
        }
        found.paths.sort_unstable();
        found
    }

    /// What each name of a header means. If a column is written exactly as in the map, the map means that column alone; of
    /// several with one name, the first.
    pub fn meanings(&self, header: &Header<'_>) -> Vec<Meaning> {
        let alike = self.alike_beside(&header.spelt);
        let names = header.map_names().zip(header.compared());
        names.map(|(name, compared)| self.find_beside(name, compared, &alike)).collect()
    }

    /// What the map says about names that are written differently, in an input that has the names of `spelt`.
    fn alike_beside(&self, spelt: &HashSet<&str>) -> Alike {
        let mut alike = HashMap::new();
        for name in spelt.iter().filter(|name| self.mapped.contains_key(**name)) {
            alike.entry(letters_and_digits(name)).or_insert_with_key(|compared| {
                let mut mapped = self.alike.get(compared).into_iter().flatten();
                let free = mapped.find(|(mapped, _)| {
                    #[cfg(test)]
                    super::header::steps::count(1);
                    !spelt.contains(mapped.as_str())
                });
                free.map(|(_, meaning)| *meaning)
            });
        }
        self.add_beside(spelt, &mut alike);
        Alike(alike)
    }

    /// Adds the names that mean another field, because the input has a name of a certain one. The map comes first.
    fn add_beside(&self, spelt: &HashSet<&str>, alike: &mut HashMap<String, Option<Meaning>>) {
        if self.beside.is_empty() {
            return;
        }
        let fields: HashSet<usize> = spelt.iter().filter_map(|name| Some(self.find(name).field()?.field)).collect();
        for (compared, other, found) in &self.beside {
            if fields.contains(other) && !self.alike.contains_key(compared) {
                alike.insert(compared.clone(), Some(Meaning::Field(*found)));
            }
        }
    }

    /// What this header name, or JSON key, means. The map's exact spelling comes first.
    pub fn find(&self, name: &str) -> Meaning {
        self.find_beside(name, &letters_and_digits(name), &Alike::default())
    }

    fn find_beside(&self, name: &str, compared: &str, alike: &Alike) -> Meaning {
        if let Some(meaning) = self.mapped.get(name.trim()) {
            return *meaning;
        }
        let mapped = match alike.0.get(compared) {
            Some(mapped) => *mapped,
            None => self.alike.get(compared).and_then(|mapped| mapped.first()).map(|(_, meaning)| *meaning),
        };
        mapped.filter(|_| !compared.is_empty()).unwrap_or_else(|| self.in_profile(name, compared))
    }

    fn in_profile(&self, name: &str, compared: &str) -> Meaning {
        let named = |compared: &str| self.names.get(compared).filter(|_| !compared.is_empty()).copied();
        let nested = || name.contains('.').then(|| self.nested.find(name, named)).flatten();
        named(compared).or_else(nested).map_or(Meaning::Unknown, Meaning::Field)
    }
}

fn names_beside(profile: &Profile) -> Vec<(String, usize, Match)> {
    let mut beside = Vec::new();
    for (field, of) in profile.fields.iter().enumerate() {
        let found = Match { field, part: None, rank: NAME + accepted_names(of).count() as Rank };
        for (other, names) in &of.aliases_beside {
            let Some(other) = profile.field_index(other) else { continue };
            beside.extend(names.iter().map(|name| (letters_and_digits(name), other, found)));
        }
    }
    beside
}

impl Paths for HeaderNames {
    fn reach_into(&self, path: &str) -> bool {
        let into = || path.bytes().chain([b'.']);
        let first = self.paths.partition_point(|mapped| mapped.bytes().lt(into()));
        self.paths.get(first).and_then(|mapped| mapped.strip_prefix(path)).is_some_and(|rest| rest.starts_with('.'))
    }

    fn is_whole(&self, path: &str) -> bool {
        path == REPORT_KEY || self.mapped.contains_key(path)
    }

    fn fill(&self, path: &str) -> bool {
        self.find(path).field().is_some()
    }
}
