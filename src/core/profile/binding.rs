//! Which column of an input fills which field ([`Binding`]), made once per input from its header; and how well a header fits each
//! profile ([`Candidates`]).

use std::sync::Arc;

use super::header::{Header, REPORT_COLUMNS, digest, report_column};
use super::matching::{Layout, Match, Meaning, Role};
use super::sources::Sources;
use super::{definition::Profile, field::Field, header_names::HeaderNames, mapping::Mapping};
use crate::core::mode::Mode;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// It may fill this field, or a part of it.
    Field(Match),
    /// Another column always fills its field: the field, and that column's index.
    Outranked(Match, usize),
    /// It is a part of a field, and the other part is missing.
    Alone(Match),
    Ignored,
    Unknown,
    /// It is one of [`REPORT_COLUMNS`], by index.
    Report(usize),
}

#[derive(Clone, Debug)]
pub struct Binding {
    pub headers: Vec<String>,
    pub columns: Vec<Column>,
    pub sources: Sources,
}

impl Binding {
    /// Binds a header to a profile's fields. One part of a field fills it without the other if `may_be_parted`.
    pub fn new(names: &HeaderNames, headers: Vec<String>, may_be_parted: bool) -> Binding {
        let found = names.meanings(&Header::new(&headers));
        let mut sources = Sources::default();
        let fields = found.iter().zip(&headers).enumerate();
        let fields = fields.filter_map(|(column, (found, header))| Some((column, found.field()?, Role::of(header))));
        sources.bind(&names.layout, fields, &[], may_be_parted);
        let is_candidate = sources.candidates(headers.len());
        let column = |(column, found): (usize, &Meaning)| match found {
            Meaning::Unknown => report_column(&headers[column]).map_or(Column::Unknown, Column::Report),
            Meaning::Ignored => Column::Ignored,
            Meaning::Field(found) if is_candidate[column] => Column::Field(*found),
            Meaning::Field(found) => match sources.first(found.field) {
                Some(winner) if found.part.is_none() || sources.is_mapped(&names.layout, found.field) => {
                    Column::Outranked(*found, winner)
                }
                _ => Column::Alone(*found),
            },
        };
        let columns = found.iter().enumerate().map(column).collect();
        Binding { headers, columns, sources }
    }

    pub fn is_report(&self) -> bool {
        self.columns.iter().any(|column| matches!(column, Column::Report(_)))
    }

    pub fn report_column(&self, name: &str) -> Option<usize> {
        let is_it = |column: &Column| matches!(column, Column::Report(index) if REPORT_COLUMNS[*index] == name);
        self.columns.iter().position(is_it)
    }

    pub fn own_digest(&self) -> String {
        digest(self.own_columns().map(|column| &self.headers[column]))
    }

    pub fn own_columns(&self) -> impl Iterator<Item = usize> + '_ {
        let is_own = |column: &Column| !matches!(column, Column::Report(_));
        self.columns.iter().enumerate().filter(move |(_, column)| is_own(column)).map(|(index, _)| index)
    }
}

#[derive(Clone, Debug)]
pub struct Candidates {
    profiles: Vec<(Arc<Profile>, HeaderNames)>,
    constants: Vec<String>,
    mode: Mode,
    /// The columns of the key, instead of the profiles' own.
    key: Option<String>,
}

/// What a column most likely is, if no profile fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Likely<'c> {
    pub field: &'c str,
    /// The field as a map would name it, or the part of it.
    pub target: &'c str,
    pub how: &'static str,
}

#[derive(Clone, Debug)]
pub struct Fit<'c> {
    pub profile: &'c Arc<Profile>,
    pub matched: usize,
    /// The number of columns that fill a field, or help to fill one.
    pub bound: usize,
    pub known: usize,
    pub has_key: bool,
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

    /// The same for a run in this mode, with these columns as its key if any are named. An update requires only the key.
    pub fn for_mode(self, mode: Mode, key: Option<String>) -> Candidates {
        Candidates { mode, key, ..self }
    }

    fn is_key(&self, profile: &Profile, column: &str) -> bool {
        match self.key.as_deref() {
            Some(key) => profile.key_columns(key).contains(&column),
            None => profile.key.iter().any(|key| key == column),
        }
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
        let likely = |found: Match| Likely {
            field: &profile.fields[found.field].column,
            target: profile.target_of(found.field, found.part),
            how: found.how(),
        };
        meanings.into_iter().map(|meaning| meaning.field().map(likely)).collect()
    }

    pub fn know(&self, name: &str) -> bool {
        self.profiles.iter().any(|(_, names)| names.find(name).field().is_some())
    }

    /// The names of any of them: what the map says is the same in all.
    pub fn any_names(&self) -> Option<&HeaderNames> {
        self.profiles.first().map(|(_, names)| names)
    }

    fn fit<'c>(&self, profile: &'c Arc<Profile>, layout: &Layout, meanings: &[Meaning]) -> Fit<'c> {
        let mut whole = vec![false; profile.fields.len()];
        let mut parts = vec![0_u64; profile.fields.len()];
        for Match { field, part, .. } in meanings.iter().filter_map(|meaning| meaning.field()) {
            match part {
                None => whole[field] = true,
                Some(part) => parts[field] |= 1 << part,
            }
        }
        let has_parts = |field: usize| {
            let (of, found) = (&profile.fields[field], parts[field].count_ones() as usize);
            found > 0 && (found == of.part_names().count() || !of.from.is_empty())
        };
        let has_own = |field: usize| whole[field] || has_parts(field);
        let filled = |field: usize| has_own(field) || layout.is_stood_in_for(field, has_own);
        let is_bound = |found: &Match| found.part.is_none() || has_parts(found.field);
        let unfilled = |(index, field): &(usize, &Field)| {
            let is_given = field.default.is_some() || self.constants.contains(&field.column);
            let is_required = match self.mode {
                Mode::Create | Mode::Upsert => field.required,
                Mode::Update => self.is_key(profile, &field.column),
            };
            is_required && !is_given && !filled(*index)
        };
        let missing = profile.fields.iter().enumerate().filter(unfilled).map(|(_, field)| field.column.as_str());
        Fit {
            profile,
            matched: (0..profile.fields.len()).filter(|field| filled(*field)).count(),
            bound: meanings.iter().filter_map(|meaning| meaning.field()).filter(is_bound).count(),
            known: meanings.iter().filter(|meaning| !matches!(meaning, Meaning::Unknown)).count(),
            has_key: profile.key.iter().filter_map(|key| profile.field_index(key)).any(filled),
            missing: missing.collect(),
        }
    }
}
