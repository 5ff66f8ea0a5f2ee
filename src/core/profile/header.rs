//! Which column of an input goes to which field: [`Binding`], made once an input from its header.
//!
//! A header name is compared by its letters and digits alone, with a field's column name, then its label, then its
//! aliases (SPEC, section 2). JSON keys are matched one by one by the same table, [`HeaderNames`].

use std::collections::{HashMap, HashSet};

use unicode_normalization::UnicodeNormalization;
use xxhash_rust::xxh3::xxh3_64;

use super::mapping::Mapping;
use super::nested::Nested;
use super::sources::{Layout, Role, Sources};
use super::{Field, Profile, nearest};
use crate::core::mode::Mode;
use crate::core::record::json::Paths;
use crate::core::text::invisible::is_invisible;
use crate::core::text::is_letter;

/// The names of the columns that a reject report has after the input's own.
pub const REPORT_COLUMNS: [&str; 8] = [
    "_reject_run",
    "_reject_file",
    "_reject_record",
    "_reject_line",
    "_reject_codes",
    "_reject_messages",
    "_reject_dialect",
    "_reject_raw",
];

/// Which of [`REPORT_COLUMNS`] a header is, by index. Other programs may have changed its case.
pub fn report_column(header: &str) -> Option<usize> {
    REPORT_COLUMNS.iter().position(|column| is_same(header, column))
}

fn is_same(header: &str, column: &str) -> bool {
    header.trim().eq_ignore_ascii_case(column)
}

/// Those of the first version, which are not beside each other among the others.
const OLD_REPORT_COLUMNS: [&str; 4] = ["_reject_line", "_reject_codes", "_reject_messages", "_reject_raw"];

/// Whether a header is that of a reject report as it was written: it has all of the report's columns beside each other.
pub fn has_report_columns<N: AsRef<str>>(names: &[N]) -> bool {
    let are_those = |columns: &[&str]| {
        let mut places = names.windows(columns.len());
        places.any(|names| names.iter().zip(columns).all(|(name, column)| is_same(name.as_ref(), column)))
    };
    are_those(&REPORT_COLUMNS) || are_those(&OLD_REPORT_COLUMNS)
}

/// Eight hex digits that tell columns, by their names and their order, from others.
pub fn digest<'n>(names: impl IntoIterator<Item = &'n String>) -> String {
    let text: String = names.into_iter().flat_map(|name| [name.trim(), "\0"]).collect();
    format!("{:08x}", xxh3_64(text.as_bytes()) as u32)
}

/// The key of the object that a rejected NDJSON record carries.
pub const REPORT_KEY: &str = "_reject";

/// A name as it is compared: its letters and digits, in lower case.
pub fn letters_and_digits(name: &str) -> String {
    #[cfg(test)]
    steps::count(1);
    compared(name).collect()
}

/// Whether a text is a name, given as it is compared.
pub fn is_name(text: &str, compared_name: &str) -> bool {
    compared(text).eq(compared_name.chars())
}

fn compared(name: &str) -> impl Iterator<Item = char> {
    // Some invisible characters are marks, which would count as letters.
    let visible = name.chars().filter(|character| !is_invisible(*character));
    visible.nfc().filter(|character| character.is_ascii_digit() || is_letter(*character)).flat_map(char::to_lowercase)
}

/// How good a match is: the person's own map, the column name, the label, then the aliases in their order.
pub type Rank = u16;

pub(super) const MAP: Rank = 0;
const NAME: Rank = 1;
const LABEL: Rank = 2;

/// A field, or a part of one, that a header name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Match {
    /// The field's index in the profile.
    pub field: usize,
    /// Which of the field's parts it is, if it is not all of it.
    pub part: Option<usize>,
    /// How good the match is.
    pub rank: Rank,
}

impl Match {
    /// How the name was found, in one word: `map`, `name`, `label` or `alias`.
    pub fn how(&self) -> &'static str {
        match (self.rank, self.part) {
            (MAP, _) => "map",
            (NAME, None) => "name",
            (LABEL, None) => "label",
            _ => "alias",
        }
    }
}

/// What a header name, or JSON key, means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It stands for a field.
    Field(Match),
    /// The person's map says that it is to be ignored.
    Ignored,
    /// It matches no field.
    Unknown,
}

/// All header names that a profile and a person's map know.
#[derive(Clone, Debug)]
pub struct HeaderNames {
    names: HashMap<String, Match>,
    /// What the map's headers mean, as they are written.
    mapped: HashMap<String, Meaning>,
    /// The same headers by their letters and digits, in the map's order.
    alike: HashMap<String, Vec<String>>,
    /// The same headers sorted, to find those that a path leads into.
    paths: Vec<String>,
    /// How the candidates for a field are ordered.
    pub layout: Layout,
    /// What paths mean that are no field's name.
    nested: Nested,
}

/// What a map says of names that are not written as in it, where the input has one that is: by their letters and digits.
#[derive(Clone, Debug, Default)]
pub struct Alike(HashMap<String, Option<Meaning>>);

impl Alike {
    /// For an input of JSON whose first records have these keys.
    pub fn new(names: &HeaderNames, keys: &[String]) -> Alike {
        names.alike_beside(&keys.iter().map(|key| key.trim()).collect())
    }
}

/// What the keys of one input of JSON mean.
#[derive(Clone, Copy, Debug)]
pub struct KeyNames<'n> {
    /// What they mean in any input.
    pub names: &'n HeaderNames,
    /// What they mean in this one.
    pub alike: &'n Alike,
}

impl KeyNames<'_> {
    /// What a key means.
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
        matches!(self.find(path), Meaning::Field(_))
    }
}

/// The names of an input's columns. What they are compared by is worked out once, whatever is asked of them.
#[derive(Debug)]
pub struct Header<'h> {
    names: &'h [String],
    compared: Vec<String>,
    written: HashSet<&'h str>,
    /// The names of second and further columns of one name, as a map has them: `Phone#2`.
    numbered: Vec<Option<String>>,
}

impl<'h> Header<'h> {
    /// The names of the columns, in order.
    pub fn new(names: &'h [String]) -> Header<'h> {
        let compared = names.iter().map(|name| letters_and_digits(name)).collect();
        let mut met: HashMap<&str, u32> = HashMap::new();
        let mut numbered = |name: &'h String| {
            let number = met.entry(name.trim()).and_modify(|number| *number += 1).or_insert(1);
            (*number > 1).then(|| format!("{}#{number}", name.trim()))
        };
        let mut numbered: Vec<Option<String>> = names.iter().map(&mut numbered).collect();
        // A header that is literally so comes first.
        for name in &mut numbered {
            name.take_if(|name| met.contains_key(name.as_str()));
        }
        Header { names, compared, written: met.into_keys().collect(), numbered }
    }

    /// What a map calls each column: its name, or its name and which of several it is.
    pub fn map_names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().zip(&self.numbered).map(|(name, numbered)| numbered.as_deref().unwrap_or(name.trim()))
    }

    /// The letters and digits of each.
    pub fn compared(&self) -> impl Iterator<Item = &str> {
        self.compared.iter().map(String::as_str)
    }
}

impl HeaderNames {
    /// The names of this profile's fields. What the map says of fields that the profile does not have is left out; see
    /// [`Mapping::check`].
    pub fn new(profile: &Profile, mapping: &Mapping) -> HeaderNames {
        let mut names = HashMap::new();
        let mut add = |name: &str, found: Match| {
            let held = names.entry(letters_and_digits(name)).or_insert(found);
            if found.rank < held.rank {
                *held = found;
            }
        };
        for (field, of) in profile.fields.iter().enumerate() {
            for (rank, name) in (NAME..).zip(accepted_names(of)) {
                add(name, Match { field, part: None, rank });
            }
            for (part, part_names) in of.parts.iter().enumerate() {
                for (rank, name) in (NAME..).zip(part_names) {
                    add(name, Match { field, part: Some(part), rank });
                }
            }
        }
        let (mapped, alike, paths) = Default::default();
        let mut found =
            HeaderNames { names, mapped, alike, paths, layout: Layout::new(profile), nested: Nested::new(profile) };
        for (header, target) in &mapping.columns {
            let meaning = match target.as_deref().map(|target| profile.target(target)) {
                Some(Some((field, part))) => Meaning::Field(Match { field, part, rank: MAP }),
                // Nothing else could be meant by it in another profile.
                Some(None) => Meaning::Unknown,
                None => Meaning::Ignored,
            };
            let written = header.trim().to_string();
            found.alike.entry(letters_and_digits(header)).or_default().push(written.clone());
            found.paths.push(written.clone());
            found.mapped.insert(written, meaning);
        }
        found.paths.sort_unstable();
        found
    }

    /// What each name of a header means. Where a column is written as in the map, the map means that one alone; of several of one
    /// name, the first.
    pub fn meanings(&self, header: &Header<'_>) -> Vec<Meaning> {
        let alike = self.alike_beside(&header.written);
        let names = header.map_names().zip(&header.compared);
        names.map(|(name, compared)| self.find_beside(name, compared, &alike)).collect()
    }

    /// What the map says of names that are not written as in it, in an input that has these.
    fn alike_beside(&self, written: &HashSet<&str>) -> Alike {
        let mut alike = HashMap::new();
        for name in written.iter().filter(|name| self.mapped.contains_key(**name)) {
            alike.entry(letters_and_digits(name)).or_insert_with_key(|compared| {
                let mut mapped = self.alike.get(compared).into_iter().flatten();
                let free = mapped.find(|mapped| {
                    #[cfg(test)]
                    steps::count(1);
                    !written.contains(mapped.as_str())
                });
                free.and_then(|mapped| self.mapped.get(mapped).copied())
            });
        }
        Alike(alike)
    }

    /// What this header name, or JSON key, means. The map's headers are compared as they are written first.
    pub fn find(&self, name: &str) -> Meaning {
        self.find_beside(name, &letters_and_digits(name), &Alike::default())
    }

    fn find_beside(&self, name: &str, compared: &str, alike: &Alike) -> Meaning {
        if let Some(meaning) = self.mapped.get(name.trim()) {
            return *meaning;
        }
        let mapped = match alike.0.get(compared) {
            Some(mapped) => *mapped,
            None => {
                let mapped = self.alike.get(compared).and_then(|mapped| mapped.first());
                mapped.and_then(|mapped| self.mapped.get(mapped).copied())
            }
        };
        mapped.filter(|_| !compared.is_empty()).unwrap_or_else(|| self.in_profile(name, compared))
    }

    fn in_profile(&self, name: &str, compared: &str) -> Meaning {
        let named = |compared: &str| self.names.get(compared).filter(|_| !compared.is_empty()).copied();
        let nested = || name.contains('.').then(|| self.nested.find(name, named)).flatten();
        named(compared).or_else(nested).map_or(Meaning::Unknown, Meaning::Field)
    }
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
        matches!(self.find(path), Meaning::Field(_))
    }
}

/// The names that a field is found under, the best first: column, label, aliases.
pub fn accepted_names(field: &Field) -> impl Iterator<Item = &str> {
    [field.column.as_str(), field.label.as_str()].into_iter().chain(field.aliases.iter().map(String::as_str))
}

/// The profiles that come into question for an input, and the names that each knows.
#[derive(Clone, Debug)]
pub struct Candidates {
    profiles: Vec<(&'static Profile, HeaderNames)>,
    /// The columns that the map's constants fill.
    constants: Vec<String>,
    mode: Mode,
    /// In place of the profiles' keys.
    key: Option<String>,
}

/// What a column is likely to be where no profile fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Likely {
    /// The field that it fills, or helps to fill.
    pub field: &'static str,
    /// What a map would name that.
    pub target: &'static str,
    /// How it was found.
    pub how: &'static str,
}

/// How well a header fits a profile.
#[derive(Clone, Debug)]
pub struct Fit {
    /// The profile.
    pub profile: &'static Profile,
    /// How many fields it fills.
    pub matched: usize,
    /// How many columns go somewhere.
    pub bound: usize,
    /// How many headers are names that it, or the map, knows.
    pub known: usize,
    /// Whether it fills the key.
    pub has_key: bool,
    /// The columns that are required, and that nothing fills.
    pub missing: Vec<&'static str>,
}

impl Fit {
    /// By what the better of two fits is told; only profiles that lack nothing fit at all.
    pub fn rank(&self) -> (bool, usize, bool) {
        (self.missing.is_empty(), self.bound, self.has_key)
    }
}

impl Candidates {
    /// These profiles, with a person's map.
    pub fn new(profiles: impl Iterator<Item = &'static Profile>, mapping: &Mapping) -> Candidates {
        let profiles = profiles.map(|profile| (profile, HeaderNames::new(profile, mapping))).collect();
        let constants = mapping.constants.keys().cloned().collect();
        Candidates { profiles, constants, mode: Mode::Create, key: None }
    }

    /// The same for a run in this mode, with this column as its key if one was named. An update requires only the key.
    pub fn for_mode(self, mode: Mode, key: Option<String>) -> Candidates {
        Candidates { mode, key, ..self }
    }

    /// The key's field in a profile.
    fn key(&self, profile: &Profile) -> Option<usize> {
        profile.field_index(self.key.as_deref().unwrap_or(&profile.key))
    }

    /// How well a header fits each.
    pub fn fits(&self, headers: &[String]) -> Vec<Fit> {
        let header = Header::new(headers);
        self.profiles
            .iter()
            .map(|(profile, names)| self.fit(profile, &names.layout, &names.meanings(&header)))
            .collect()
    }

    /// The profiles.
    pub fn profiles(&self) -> impl Iterator<Item = &'static Profile> + '_ {
        self.profiles.iter().map(|(profile, _)| *profile)
    }

    /// What each column is in the profile that fits the whole header best: where it goes, what a map would call that, and how it
    /// was found.
    pub fn likely(&self, headers: &[String]) -> Vec<Option<Likely>> {
        let header = Header::new(headers);
        let meanings = self.profiles.iter().map(|(profile, names)| (*profile, &names.layout, names.meanings(&header)));
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

    /// The names of one of them, for what does not differ between them: the map.
    pub fn any_names(&self) -> Option<&HeaderNames> {
        self.profiles.first().map(|(_, names)| names)
    }

    fn fit(&self, profile: &'static Profile, layout: &Layout, meanings: &[Meaning]) -> Fit {
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
        let unfilled = |(index, field): &(usize, &'static Field)| {
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

/// What becomes of one column of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// It may fill this field, or a part of it.
    Field(Match),
    /// Another column alone fills its field, whatever a record has: the field, and that column's index.
    Outranked(Match, usize),
    /// It is a part of a field, and nothing gives the other part.
    Alone(Match),
    /// The person's map says that it is ignored.
    Ignored,
    /// It matches no field.
    Unknown,
    /// It is one of [`REPORT_COLUMNS`], by index.
    Report(usize),
}

/// The columns of an input and the fields that they fill.
#[derive(Clone, Debug)]
pub struct Binding {
    /// The header as it stands in the input.
    pub headers: Vec<String>,
    /// What becomes of each column.
    pub columns: Vec<Column>,
    /// What may fill each field.
    pub sources: Sources,
}

impl Binding {
    /// Binds a header to a profile's fields. A part gives its field's value without the other if `may_be_parted`.
    pub fn new(names: &HeaderNames, headers: Vec<String>, may_be_parted: bool) -> Binding {
        let found = names.meanings(&Header::new(&headers));
        let mut sources = Sources::default();
        let fields = found.iter().zip(&headers).enumerate().filter_map(|(column, (found, header))| match found {
            Meaning::Field(found) => Some((column, *found, Role::of(header))),
            Meaning::Ignored | Meaning::Unknown => None,
        });
        sources.bind(&names.layout, fields, &[], may_be_parted);
        let is_candidate = sources.candidates(headers.len());
        let column = |(column, found): (usize, &Meaning)| match found {
            Meaning::Unknown => match report_column(&headers[column]) {
                Some(index) => Column::Report(index),
                None => Column::Unknown,
            },
            Meaning::Ignored => Column::Ignored,
            Meaning::Field(found) if is_candidate[column] => Column::Field(*found),
            Meaning::Field(found) => match sources.first(found.field) {
                Some(winner) if found.part.is_none() || sources.is_mapped(found.field) => {
                    Column::Outranked(*found, winner)
                }
                _ => Column::Alone(*found),
            },
        };
        let columns = found.iter().enumerate().map(column).collect();
        Binding { headers, columns, sources }
    }

    /// Whether the input is a reject report: it has a column that only those have.
    pub fn is_report(&self) -> bool {
        self.columns.iter().any(|column| matches!(column, Column::Report(_)))
    }

    /// The column of a reject report that has this name.
    pub fn report_column(&self, name: &str) -> Option<usize> {
        let is_it = |column: &Column| matches!(column, Column::Report(index) if REPORT_COLUMNS[*index] == name);
        self.columns.iter().position(is_it)
    }

    /// The [`digest`] of the input's own columns.
    pub fn own_digest(&self) -> String {
        digest(self.own_columns().map(|column| &self.headers[column]))
    }

    /// The columns of the input's own, in order: all but those of a reject report.
    pub fn own_columns(&self) -> impl Iterator<Item = usize> + '_ {
        let is_own = |column: &Column| !matches!(column, Column::Report(_));
        self.columns.iter().enumerate().filter(move |(_, column)| is_own(column)).map(|(index, _)| index)
    }
}

/// The field that a header name which matches none is written most like.
pub fn nearest_field<'p>(profile: &'p Profile, header: &str) -> Option<&'p Field> {
    let names = profile.fields.iter().flat_map(accepted_names);
    let near = nearest(header, names)?;
    profile.fields.iter().find(|field| accepted_names(field).any(|name| std::ptr::eq(name, near)))
}

/// Counts what is compared, for tests of how the work grows.
#[cfg(test)]
pub mod steps {
    use std::cell::Cell;

    thread_local!(static STEPS: Cell<u64> = const { Cell::new(0) });

    /// Notes this number of steps.
    pub fn count(steps: u64) {
        STEPS.set(STEPS.get() + steps);
    }

    /// How many steps this thread takes for some work.
    pub fn of<T>(work: impl FnOnce() -> T) -> u64 {
        let before = STEPS.get();
        work();
        STEPS.get() - before
    }

    /// Makes sure that work of four times the size takes about four times as many steps.
    pub fn assert_linear(what: &str, work: impl Fn(usize)) {
        let [small, large] = [500, 2000].map(|size| of(|| work(size)));
        assert!(small >= 500, "{what}: {small} steps are not counted");
        assert!(large <= 5 * small, "{what}: {small} steps become {large}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bind(profile: &str, headers: &[&str]) -> Binding {
        let names = HeaderNames::new(Profile::named(profile).unwrap(), &Mapping::default());
        Binding::new(&names, headers.iter().map(|name| name.to_string()).collect(), false)
    }

    fn field(profile: &str, column: &str) -> usize {
        Profile::named(profile).unwrap().field_index(column).unwrap()
    }

    #[test]
    fn no_two_fields_of_a_profile_claim_one_name() {
        for profile in Profile::all() {
            let mut owners: HashMap<String, &str> = HashMap::new();
            for field in &profile.fields {
                for name in accepted_names(field) {
                    let owner = owners.entry(letters_and_digits(name)).or_insert(&field.column);
                    assert_eq!(*owner, field.column, "{name} in {}", profile.name);
                }
            }
        }
    }

    #[test]
    fn names_are_compared_by_letters_and_digits() {
        let cases = [
            ("contact", "*E-Mail Address", "email", 2),
            ("contact", "EMAIL", "email", 0),
            ("contact", "E\u{34f}mail\u{fe0f}\u{ad}", "email", 0),
            ("contact", "zip code", "postal_code", 1),
            ("contact", "Address 1", "address_line_1", 2),
            ("contact", "street", "address_line_1", 5),
            ("billing", "Tax ID #/VAT #", "tax_id", 1),
            ("billing", "Flag to disable late fees", "no_late_fees", 1),
            ("billing", "no_latefees", "no_late_fees", 0),
            ("billing", "no_procfees", "no_processing_fees", 2),
            ("billing", "custom field 20", "custom_20", 1),
        ];
        for (profile, header, column, rank) in cases {
            let names = HeaderNames::new(Profile::named(profile).unwrap(), &Mapping::default());
            let found = Match { field: field(profile, column), part: None, rank: rank + NAME };
            assert_eq!(names.find(header), Meaning::Field(found), "{header}");
        }
        let names = HeaderNames::new(Profile::named("contact").unwrap(), &Mapping::default());
        assert_eq!(names.find(""), Meaning::Unknown);
    }

    #[test]
    fn the_better_name_comes_first_then_the_first_column() {
        let binding = bind("contact", &["email_address", "Email", "color", "E-Mail", "email"]);
        let email = field("contact", "email");
        assert_eq!(binding.sources.places(email).collect::<Vec<_>>(), [1, 3, 4, 0]);
        assert_eq!(binding.columns[2], Column::Unknown);
        assert!(matches!(binding.columns[0], Column::Field(Match { field, .. }) if field == email));
    }

    #[test]
    fn a_part_gives_nothing_alone() {
        let name = field("contact", "name");
        let binding = bind("contact", &["email", "last_name"]);
        assert!(binding.sources.lack(name));
        assert!(matches!(binding.columns[1], Column::Alone(_)));
        let binding = bind("contact", &["last_name", "first_name", "name"]);
        assert_eq!(binding.sources.places(name).collect::<Vec<_>>(), [2, 1, 0]);
        let binding = bind("billing", &["last_name", "email", "first_name", "company", "full_name"]);
        assert_eq!(binding.sources.places(field("billing", "name")).collect::<Vec<_>>(), [3, 2, 0, 4]);
        assert!(bind("billing", &["last_name", "email"]).sources.lack(field("billing", "name")));
    }

    #[test]
    fn the_columns_of_a_reject_report_are_known() {
        let binding = bind("contact", &["email", "_reject_line", "_reject_raw"]);
        assert!(binding.is_report());
        assert_eq!(binding.own_columns().collect::<Vec<_>>(), [0]);
        assert!(!bind("contact", &["email", "reject_line"]).is_report());
    }

    #[test]
    fn a_header_that_is_written_as_in_the_map_is_meant_alone() {
        let contact = Profile::named("contact").unwrap();
        let mut mapping = Mapping::default();
        mapping.add("e mail=cc_email").unwrap();
        let names = HeaderNames::new(contact, &mapping);
        let fields = |headers: &[&str]| -> Vec<usize> {
            let headers: Vec<String> = headers.iter().map(|name| name.to_string()).collect();
            let found = names.meanings(&Header::new(&headers)).into_iter();
            found.map(|found| if let Meaning::Field(found) = found { found.field } else { usize::MAX }).collect()
        };
        let (email, cc_email) = (field("contact", "email"), field("contact", "cc_email"));
        assert_eq!(fields(&["E-Mail", " e mail "]), [email, cc_email]);
        assert_eq!(fields(&["E-Mail", "EMAIL"]), [cc_email, cc_email]);
        assert_eq!(names.find("E-Mail"), Meaning::Field(Match { field: cc_email, part: None, rank: MAP }));
    }

    #[test]
    fn a_map_means_what_it_names_alone() {
        let contact = Profile::named("contact").unwrap();
        let bind = |maps: &[&str], headers: &[&str]| {
            let mut mapping = Mapping::default();
            maps.iter().for_each(|map| mapping.add(map).unwrap());
            let headers = headers.iter().map(|name| name.to_string()).collect();
            Binding::new(&HeaderNames::new(contact, &mapping), headers, false)
        };
        let phones = |binding: &Binding| binding.sources.places(field("contact", "phone")).collect::<Vec<_>>();
        for (maps, headers, expected) in [
            (vec!["Fon=phone"], vec!["Phone", "Fon", "Mobile"], vec![1]),
            (vec!["Fon=phone", "Mobile=phone"], vec!["Phone", "Fon", "Mobile"], vec![1, 2]),
            (vec!["Phone="], vec!["Phone", "Phone"], vec![1]),
            (vec!["Phone#2="], vec!["Phone", "Phone", "Phone"], vec![0, 2]),
            (vec!["Phone#2=phone"], vec!["Phone", "Phone"], vec![1]),
            // A header that is literally so comes first.
            (vec!["Phone#2=phone"], vec!["Phone", "Phone", "Phone#2"], vec![2]),
        ] {
            assert_eq!(phones(&bind(&maps, &headers)), expected, "{maps:?} {headers:?}");
        }
        let binding = bind(&["Fon=phone"], &["Phone", "Fon"]);
        assert!(matches!(binding.columns[0], Column::Outranked(_, 1)));
        let name = field("contact", "name");
        let binding = bind(&["Nachname=last_name"], &["email", "Nachname", "Name"]);
        assert_eq!(binding.sources.places(name).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn paths_are_found_among_the_maps_headers() {
        let mut mapping = Mapping::default();
        for path in ["a.b.c", "a.b-c", "a!", "ab", "z.y"] {
            mapping.add(&format!("{path}=city")).unwrap();
        }
        let names = HeaderNames::new(Profile::named("contact").unwrap(), &mapping);
        let into = ["a", "a.b", "z"];
        for path in into.into_iter().chain(["", "a.b.c", "a!", "ab", "a.", "y", "z.y", "zz"]) {
            assert_eq!(names.reach_into(path), into.contains(&path), "{path:?}");
        }
        assert!(names.is_whole("a.b.c") && names.is_whole("ab") && !names.is_whole("a.b"));
    }

    #[test]
    fn the_work_grows_with_the_columns_and_the_map_alone() {
        let headers = |size: usize, name: &str| (0..size).map(|at| format!("{name} {at}")).collect::<Vec<_>>();
        let all = |mapping: &Mapping| Candidates::new(Profile::all().iter(), mapping);
        let mapping_of = |headers: &[String]| {
            let mut mapping = Mapping::default();
            headers.iter().for_each(|header| mapping.add(&format!("{header}=")).unwrap());
            mapping
        };
        steps::assert_linear("fits", |size| drop(all(&Mapping::default()).fits(&headers(size, "column"))));
        steps::assert_linear("likely", |size| drop(all(&Mapping::default()).likely(&headers(size, "column"))));
        steps::assert_linear("a map of all", |size| {
            let headers = headers(size, "column");
            drop(all(&mapping_of(&headers)).likely(&headers));
        });
        // All are alike by their letters and digits, and half of the columns are written as in the map.
        steps::assert_linear("a map of headers that are alike", |size| {
            let alike = |sign: &str| (0..size).map(|at| format!("x{}", sign.repeat(at + 1))).collect::<Vec<_>>();
            let mapping = mapping_of(&alike("-"));
            let headers: Vec<String> = alike("-").into_iter().chain(alike("+")).collect();
            let contact = Profile::named("contact").unwrap();
            let names = HeaderNames::new(contact, &mapping);
            let beside = Alike::new(&names, &headers);
            let names_of_keys = KeyNames { names: &names, alike: &beside };
            let of_keys: Vec<Meaning> = headers.iter().map(|key| names_of_keys.find(key)).collect();
            assert_eq!(of_keys, names.meanings(&Header::new(&headers)));
            drop(Binding::new(&names, headers, false));
        });
    }

    #[test]
    fn advice_looks_at_so_many_names_and_at_none_that_is_long() {
        let names: Vec<String> = (0..20_000).map(|at| format!("column {at}")).collect();
        let steps = steps::of(|| nearest("emial", names.iter().map(String::as_str)));
        assert!(steps < 2000, "{steps}");
        assert_eq!(nearest(&"e".repeat(1000), ["e".repeat(1000).as_str()].into_iter()), None);
    }

    #[test]
    fn a_near_miss_finds_its_field() {
        let profile = Profile::named("contact").unwrap();
        assert_eq!(nearest_field(profile, "Statie").map(|field| field.column.as_str()), Some("state"));
        assert_eq!(nearest_field(profile, "e_mial").map(|field| field.column.as_str()), Some("email"));
        assert!(nearest_field(profile, "shoe size").is_none());
    }
}
