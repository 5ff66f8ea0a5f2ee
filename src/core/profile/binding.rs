//! Which column of an input fills which field: [`Binding`], made once per input from its header.

use super::header::Header;
use super::header_names::HeaderNames;
use super::matching::{Match, Meaning};
use super::report_columns::{REPORT_COLUMNS, digest, report_column};
use super::role::Role;
use super::sources::Sources;

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

    pub fn report_column(&self, name: &str) -> Option<usize> {
        let is_it = |column: &Column| matches!(column, Column::Report(index) if REPORT_COLUMNS[*index] == name);
        self.columns.iter().position(is_it)
    }

    pub fn own_digest(&self) -> String {
        digest(self.own_columns().map(|column| &self.headers[column]))
    }

    /// The indexes of the input's own columns, in order: all but those of a reject report.
    pub fn own_columns(&self) -> impl Iterator<Item = usize> + '_ {
        let is_own = |column: &Column| !matches!(column, Column::Report(_));
        self.columns.iter().enumerate().filter(move |(_, column)| is_own(column)).map(|(index, _)| index)
    }
}
