//! Which address a column belongs to, by its header: [`Role`].

use super::header_name::letters_and_digits;

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
