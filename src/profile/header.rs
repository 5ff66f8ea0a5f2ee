//! Which column of an input goes to which field: [`Binding`], made once an input from its header.
//!
//! A header name is compared by its letters and digits alone, with a field's column name, then its label, then its
//! aliases (SPEC, section 2). JSON keys are matched one by one by the same table, [`HeaderNames`].

use std::collections::{BTreeMap, HashMap};

use unicode_normalization::UnicodeNormalization;

use super::{Field, Profile, nearest};
use crate::rule::text::is_letter;

/// The names of the columns that a reject report has behind the input's own.
pub const REPORT_COLUMNS: [&str; 4] = ["_reject_line", "_reject_codes", "_reject_messages", "_reject_raw"];

/// The key of the object that a rejected NDJSON record carries.
pub const REPORT_KEY: &str = "_reject";

/// A name as it is compared: its letters and digits, in lower case.
pub fn letters_and_digits(name: &str) -> String {
    name.nfc()
        .filter(|character| character.is_ascii_digit() || is_letter(*character))
        .flat_map(char::to_lowercase)
        .collect()
}

/// How good a match is: 0 the column name, 1 the label, then the aliases in their order.
pub type Rank = u16;

/// A field that a header name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// The field's index in the profile.
    pub field: usize,
    /// How good the match is.
    pub rank: Rank,
}

impl Match {
    /// How the name was found, in one word: `name`, `label` or `alias`.
    pub fn how(&self) -> &'static str {
        match self.rank {
            0 => "name",
            1 => "label",
            _ => "alias",
        }
    }
}

/// All header names that a profile knows.
#[derive(Clone, Debug)]
pub struct HeaderNames {
    names: HashMap<String, Match>,
}

impl HeaderNames {
    /// The names of this profile's fields.
    pub fn new(profile: &Profile) -> HeaderNames {
        let mut names = HashMap::new();
        for (index, field) in profile.fields.iter().enumerate() {
            for (rank, name) in accepted_names(field).enumerate() {
                let found = Match { field: index, rank: rank as Rank };
                let held = names.entry(letters_and_digits(name)).or_insert(found);
                if found.rank < held.rank {
                    *held = found;
                }
            }
        }
        HeaderNames { names }
    }

    /// The field that this header name, or JSON key, stands for.
    pub fn find(&self, name: &str) -> Option<Match> {
        self.names.get(&letters_and_digits(name)).copied()
    }
}

/// The names that a field is found under, the best first: column, label, aliases.
pub fn accepted_names(field: &Field) -> impl Iterator<Item = &str> {
    [field.column.as_str(), field.label.as_str()].into_iter().chain(field.aliases.iter().map(String::as_str))
}

/// What becomes of one column of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// It fills this field.
    Field(Match),
    /// Another column fills its field better: the field, and that column's index.
    Outranked(Match, usize),
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
    /// For each field of the profile the column that fills it.
    pub sources: Vec<Option<usize>>,
}

/// Two columns that match one field equally well: the field and the two column indexes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The field's index.
    pub field: usize,
    /// The two columns.
    pub columns: [usize; 2],
}

impl Binding {
    /// Binds a header to a profile's fields.
    pub fn new(profile: &Profile, names: &HeaderNames, headers: Vec<String>) -> Result<Binding, Conflict> {
        let found: Vec<Option<Match>> = headers.iter().map(|name| names.find(name)).collect();
        let mut best: BTreeMap<usize, (Rank, usize)> = BTreeMap::new();
        for (column, found) in found.iter().enumerate() {
            let Some(found) = found else { continue };
            best.entry(found.field)
                .and_modify(|held| *held = (*held).min((found.rank, column)))
                .or_insert((found.rank, column));
        }
        let mut columns = Vec::with_capacity(headers.len());
        for (column, found) in found.iter().enumerate() {
            columns.push(match found {
                None => match REPORT_COLUMNS.iter().position(|name| *name == headers[column]) {
                    Some(index) => Column::Report(index),
                    None => Column::Unknown,
                },
                Some(found) => match best[&found.field] {
                    (_, winner) if winner == column => Column::Field(*found),
                    (rank, winner) if rank == found.rank => {
                        return Err(Conflict { field: found.field, columns: [winner, column] });
                    }
                    (_, winner) => Column::Outranked(*found, winner),
                },
            });
        }
        let sources = (0..profile.fields.len()).map(|field| best.get(&field).map(|(_, column)| *column)).collect();
        Ok(Binding { headers, columns, sources })
    }

    /// Whether the input is a reject report: it has a column that only those have.
    pub fn is_report(&self) -> bool {
        self.columns.iter().any(|column| matches!(column, Column::Report(_)))
    }

    /// The columns of the input's own, in order: all but those of a reject report.
    pub fn own_columns(&self) -> impl Iterator<Item = usize> + '_ {
        let is_own = |column: &Column| !matches!(column, Column::Report(_));
        self.columns.iter().enumerate().filter(move |(_, column)| is_own(column)).map(|(index, _)| index)
    }

    /// How many fields have a column.
    pub fn matched(&self) -> usize {
        self.sources.iter().flatten().count()
    }

    /// The required fields that neither a column nor a default fills.
    pub fn missing<'p>(&self, profile: &'p Profile) -> Vec<&'p Field> {
        let unfilled = |(index, field): &(usize, &Field)| {
            field.required && field.default.is_none() && self.sources[*index].is_none()
        };
        profile.fields.iter().enumerate().filter(unfilled).map(|(_, field)| field).collect()
    }
}

/// The field that a header name which matches none is written most like.
pub fn nearest_field<'p>(profile: &'p Profile, header: &str) -> Option<&'p Field> {
    let names = profile.fields.iter().flat_map(accepted_names);
    let near = nearest(header, names)?;
    profile.fields.iter().find(|field| accepted_names(field).any(|name| std::ptr::eq(name, near)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bind(profile: &str, headers: &[&str]) -> Result<Binding, Conflict> {
        let profile = Profile::named(profile).unwrap();
        Binding::new(profile, &HeaderNames::new(profile), headers.iter().map(|name| name.to_string()).collect())
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
            let names = HeaderNames::new(Profile::named(profile).unwrap());
            assert_eq!(names.find(header), Some(Match { field: field(profile, column), rank }), "{header}");
        }
        assert_eq!(HeaderNames::new(Profile::named("contact").unwrap()).find(""), None);
    }

    #[test]
    fn the_better_rank_wins_and_equal_ranks_conflict() {
        let binding = bind("contact", &["email_address", "Email", "color"]).unwrap();
        assert_eq!(binding.sources[field("contact", "email")], Some(1));
        assert!(matches!(binding.columns[0], Column::Outranked(_, 1)));
        assert_eq!(binding.columns[2], Column::Unknown);
        let conflict = bind("contact", &["email", "E-Mail"]).unwrap_err();
        assert_eq!(conflict, Conflict { field: field("contact", "email"), columns: [0, 1] });
        // Also where a third column comes between the two and loses.
        assert!(bind("contact", &["email_address", "email", "e-mail"]).is_err());
    }

    #[test]
    fn the_columns_of_a_reject_report_are_known() {
        let binding = bind("contact", &["email", "_reject_line", "_reject_raw"]).unwrap();
        assert!(binding.is_report());
        assert_eq!(binding.own_columns().collect::<Vec<_>>(), [0]);
        assert!(!bind("contact", &["email", "reject_line"]).unwrap().is_report());
    }

    #[test]
    fn a_near_miss_finds_its_field() {
        let profile = Profile::named("contact").unwrap();
        assert_eq!(nearest_field(profile, "Statie").map(|field| field.column.as_str()), Some("state"));
        assert_eq!(nearest_field(profile, "e_mial").map(|field| field.column.as_str()), Some("email"));
        assert!(nearest_field(profile, "shoe size").is_none());
    }
}
