//! How a profile orders the candidates for a field: [`Layout`].

use super::definition::Profile;
use super::field::Field;
use super::matching::Match;

#[derive(Clone, Debug, Default)]
pub struct Layout {
    pub(super) fields: usize,
    /// The fields that stand in for each field without a value: one, or two that are joined.
    pub(super) stand_ins: Vec<Vec<Vec<usize>>>,
    /// The fields of the address, and whether each is enough for an address by itself.
    pub(super) address: Vec<(usize, bool)>,
    /// The address lines among them.
    pub(super) lines: Vec<usize>,
    /// The field whose value comes from its best candidate alone. For a key: which customer a record means must not depend on
    /// which of its cells are empty.
    pub alone: Option<usize>,
}

/// The columns of the customer's address, and whether each is enough for an address by itself.
const ADDRESS: [(&str, bool); 7] = [
    ("address_line_1", true),
    ("address_line_2", false),
    ("address_line_3", false),
    ("city", true),
    ("state", false),
    ("postal_code", true),
    ("country", false),
];

impl Layout {
    pub fn new(profile: &Profile) -> Layout {
        let index = |column: &String| profile.field_index(column);
        let stand_ins = |field: &Field| {
            let indexes = |columns: &Vec<String>| columns.iter().filter_map(index).collect();
            field.stand_ins.iter().map(indexes).collect()
        };
        let address = ADDRESS.iter().filter_map(|(column, makes)| Some((profile.field_index(column)?, *makes)));
        Layout {
            fields: profile.fields.len(),
            stand_ins: profile.fields.iter().map(stand_ins).collect(),
            address: address.collect(),
            lines: ADDRESS
                .iter()
                .filter_map(|(column, _)| profile.field_index(column).filter(|_| column.starts_with("address_line")))
                .collect(),
            alone: None,
        }
    }

    pub(super) fn slot(&self, found: &Match) -> usize {
        match found.part {
            None => found.field,
            Some(part) => self.fields + 2 * found.field + part.min(1),
        }
    }

    /// The slots of a field and of its parts.
    pub(super) fn own_slots(&self, field: usize) -> [usize; 3] {
        [field, self.fields + 2 * field, self.fields + 2 * field + 1]
    }

    /// Whether stand-ins fill a field, if these fields are filled.
    pub fn is_stood_in_for(&self, field: usize, is_filled: impl Fn(usize) -> bool) -> bool {
        self.stand_ins[field].iter().any(|fields| !fields.is_empty() && fields.iter().all(|field| is_filled(*field)))
    }
}
