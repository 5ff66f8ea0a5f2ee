//! How well a header fits each profile: [`Candidates`].

use std::sync::Arc;

use super::definition::Profile;
use super::field::Field;
use super::header::Header;
use super::header_names::HeaderNames;
use super::layout::Layout;
use super::mapping::Mapping;
use super::matching::{Match, Meaning};
use crate::core::mode::Mode;

/// The profiles that an input may have, and the header names that each knows.
#[derive(Clone, Debug)]
pub struct Candidates {
    profiles: Vec<(Arc<Profile>, HeaderNames)>,
    /// The columns that the map's constants fill.
    constants: Vec<String>,
    mode: Mode,
    /// The key, instead of the profiles' own.
    key: Option<String>,
}

/// What a column most likely is, if no profile fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Likely<'c> {
    /// The field that it fills, or helps to fill.
    pub field: &'c str,
    /// The field as a map would name it, or the part of it.
    pub target: &'c str,
    pub how: &'static str,
}

#[derive(Clone, Debug)]
pub struct Fit<'c> {
    pub profile: &'c Arc<Profile>,
    /// The number of fields that it fills.
    pub matched: usize,
    /// The number of columns that fill a field, or help to fill one.
    pub bound: usize,
    /// The number of headers that the profile, or the map, knows.
    pub known: usize,
    pub has_key: bool,
    /// The required columns that nothing fills.
    pub missing: Vec<&'c str>,
}

impl Fit<'_> {
    /// The greater rank is the better fit. Only a profile without missing columns fits at all.
    pub fn rank(&self) -> (bool, usize, bool) {
        (self.missing.is_empty(), self.bound, self.has_key)
    }
}

impl Candidates {
    pub fn new(profiles: &[Arc<Profile>], mapping: &Mapping) -> Candidates {
        let with_names = |profile: &Arc<Profile>| (Arc::clone(profile), HeaderNames::new(profile, mapping));
        let profiles = profiles.iter().map(with_names).collect();
        let constants = mapping.constants.keys().cloned().collect();
        Candidates { profiles, constants, mode: Mode::Create, key: None }
    }

    /// The same for a run in this mode, with this column as its key if one is named. An update requires only the key.
    pub fn for_mode(self, mode: Mode, key: Option<String>) -> Candidates {
        Candidates { mode, key, ..self }
    }

    fn key(&self, profile: &Profile) -> Option<usize> {
        profile.field_index(self.key.as_deref().unwrap_or(&profile.key))
    }

    pub fn fits(&self, headers: &[String]) -> Vec<Fit<'_>> {
        let header = Header::new(headers);
        self.profiles
            .iter()
            .map(|(profile, names)| self.fit(profile, &names.layout, &names.meanings(&header)))
            .collect()
    }

    pub fn profiles(&self) -> impl Iterator<Item = &Arc<Profile>> {
        self.profiles.iter().map(|(profile, _)| profile)
    }

    /// What each column is in the profile that fits the whole header best.
    pub fn likely(&self, headers: &[String]) -> Vec<Option<Likely<'_>>> {
        let header = Header::new(headers);
        let meanings = self.profiles.iter().map(|(profile, names)| (profile, &names.layout, names.meanings(&header)));
        let best = meanings.max_by_key(|(profile, layout, meanings)| self.fit(profile, layout, meanings).rank());
        let Some((profile, _, meanings)) = best else { return vec![None; headers.len()] };
        let likely = |meaning: Meaning| match meaning {
            Meaning::Field(found) => Some(Likely {
                field: &profile.fields[found.field].column,
                target: profile.target_of(found.field, found.part),
                how: found.how(),
            }),
            Meaning::Ignored | Meaning::Unknown => None,
        };
        meanings.into_iter().map(likely).collect()
    }

    /// Whether a name means a field in one of them.
    pub fn know(&self, name: &str) -> bool {
        self.profiles.iter().any(|(_, names)| matches!(names.find(name), Meaning::Field(_)))
    }

    /// The names of any of them: what the map says is the same in all.
    pub fn any_names(&self) -> Option<&HeaderNames> {
        self.profiles.first().map(|(_, names)| names)
    }

    fn fit<'c>(&self, profile: &'c Arc<Profile>, layout: &Layout, meanings: &[Meaning]) -> Fit<'c> {
        let mut whole = vec![false; profile.fields.len()];
        let mut parts = vec![[false; 2]; profile.fields.len()];
        for meaning in meanings {
            match *meaning {
                Meaning::Field(Match { field, part: None, .. }) => whole[field] = true,
                Meaning::Field(Match { field, part: Some(part), .. }) => parts[field][part.min(1)] = true,
                Meaning::Ignored | Meaning::Unknown => {}
            }
        }
        let has_own = |field: usize| whole[field] || parts[field] == [true; 2];
        let filled = |field: usize| has_own(field) || layout.is_stood_in_for(field, has_own);
        let is_bound = |meaning: &&Meaning| match meaning {
            Meaning::Field(Match { field, part, .. }) => part.is_none() || parts[*field] == [true; 2],
            Meaning::Ignored | Meaning::Unknown => false,
        };
        let unfilled = |(index, field): &(usize, &Field)| {
            let is_given = field.default.is_some() || self.constants.contains(&field.column);
            let is_required = match self.mode {
                Mode::Create | Mode::Upsert => field.required,
                Mode::Update => self.key(profile) == Some(*index),
            };
            is_required && !is_given && !filled(*index)
        };
        let missing = profile.fields.iter().enumerate().filter(unfilled).map(|(_, field)| field.column.as_str());
        Fit {
            profile,
            matched: (0..profile.fields.len()).filter(|field| filled(*field)).count(),
            bound: meanings.iter().filter(is_bound).count(),
            known: meanings.iter().filter(|meaning| !matches!(meaning, Meaning::Unknown)).count(),
            has_key: profile.field_index(&profile.key).is_some_and(filled),
            missing: missing.collect(),
        }
    }
}
