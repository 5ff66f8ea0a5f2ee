//! What one header name, or JSON key, means: a [`Meaning`], how good a [`Match`] is, which address it belongs to ([`Role`]), and
//! how a profile orders the candidates for a field ([`Layout`]).

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{definition::Profile, field::Field, header::letters_and_digits};

/// How good a match is: the user's own map, the column name, the label, then the aliases in their order.
pub type Rank = u16;

pub(super) const MAP: Rank = 0;
pub(super) const NAME: Rank = 1;
const LABEL: Rank = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Match {
    pub field: usize,
    pub part: Option<usize>,
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Meaning {
    Field(Match),
    Ignored,
    Unknown,
}

impl Meaning {
    pub fn field(self) -> Option<Match> {
        if let Meaning::Field(found) = self { Some(found) } else { None }
    }
}

/// Which address a column belongs to. The best comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Billing,
    /// No particular address.
    #[default]
    Plain,
    Mailing,
    Home,
    Work,
    Shipping,
    Other,
}

/// The words at the beginning or end of a header that name an address.
pub(super) const ROLES: [(Role, &[&str]); 6] = [
    (Role::Billing, &["billing", "bill", "invoice"]),
    (Role::Shipping, &["shipping", "ship", "delivery"]),
    (Role::Mailing, &["mailing", "poaddress", "pocity", "poregion", "popostal", "pocountry"]),
    (Role::Home, &["home", "private"]),
    (Role::Work, &["work", "business", "office"]),
    (Role::Other, &["other", "saaddress", "sacity", "saregion", "sapostal", "sacountry"]),
];

impl Role {
    pub fn of(header: &str) -> Role {
        let header = letters_and_digits(header);
        let says = |word: &&str| header.starts_with(word) || header.ends_with(word);
        ROLES.iter().find(|(_, words)| words.iter().any(says)).map_or(Role::Plain, |(role, _)| *role)
    }
}

#[derive(Clone, Debug, Default)]
pub struct Layout {
    pub(super) fields: usize,
    /// The slots of each field's parts, after those of the fields; and the number of all slots.
    pub(super) parts: Vec<Range<usize>>,
    pub(super) slots: usize,
    /// The fields that a profile composes of several columns.
    pub(super) composed: Vec<usize>,
    /// The fields that stand in for each field without a value: one, or two that are joined.
    pub(super) stand_ins: Vec<Vec<Vec<usize>>>,
    /// The fields of the address, and whether each is enough for an address by itself.
    pub(super) address: Vec<(usize, bool)>,
    /// The address lines among them.
    pub(super) lines: Vec<usize>,
    /// The fields whose values come from their best candidates alone. For a key: which customer a record means must not depend on
    /// which of its cells are empty.
    pub alone: Vec<usize>,
    /// Whether a value of several columns is whole only if the record has all of them: a part would replace a customer's whole value.
    pub needs_whole: bool,
}

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
        let mut slots = profile.fields.len();
        let parts = |field: &Field| {
            let start = slots;
            slots += field.part_names().count();
            start..slots
        };
        let parts = profile.fields.iter().map(parts).collect();
        let composed = (0..profile.fields.len()).filter(|field| !profile.fields[*field].from.is_empty());
        Layout {
            fields: profile.fields.len(),
            parts,
            slots,
            composed: composed.collect(),
            stand_ins: profile.fields.iter().map(stand_ins).collect(),
            address: address.collect(),
            lines: ADDRESS
                .iter()
                .filter_map(|(column, _)| profile.field_index(column).filter(|_| column.starts_with("address_line")))
                .collect(),
            alone: Vec::new(),
            needs_whole: false,
        }
    }

    pub(super) fn slot(&self, found: &Match) -> usize {
        match found.part {
            None => found.field,
            Some(part) => self.parts[found.field].start + part,
        }
    }

    pub(super) fn own_slots(&self, field: usize) -> impl Iterator<Item = usize> + use<> {
        std::iter::once(field).chain(self.parts[field].clone())
    }

    pub fn is_stood_in_for(&self, field: usize, is_filled: impl Fn(usize) -> bool) -> bool {
        self.stand_ins[field].iter().any(|fields| !fields.is_empty() && fields.iter().all(|field| is_filled(*field)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_says_whose_address_it_is() {
        for (header, role) in [
            ("Billing City", Role::Billing),
            ("bill_addr1", Role::Billing),
            ("Street (Invoice)", Role::Billing),
            ("City", Role::Plain),
            ("Postal code", Role::Plain),
            ("state", Role::Plain),
            ("Default Address City", Role::Plain),
            ("MailingStreet", Role::Mailing),
            ("POPostalCode", Role::Mailing),
            ("Home Street 2", Role::Home),
            ("Business Country/Region", Role::Work),
            ("shipping_zip", Role::Shipping),
            ("SACity", Role::Other),
            ("Other Zip", Role::Other),
        ] {
            assert_eq!(Role::of(header), role, "{header}");
        }
        assert!(Role::Billing < Role::Plain && Role::Plain < Role::Home && Role::Home < Role::Work);
    }
}
