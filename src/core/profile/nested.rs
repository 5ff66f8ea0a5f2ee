//! Which field a value within a JSON object fills: [`Nested`].
//!
//! A path such as `address.city` is first matched as a whole, like any header. If that finds nothing, its last part may match
//! alone, but only in objects that are known to describe the customer: the `email` of `contact` is the customer's, the `email`
//! of `manager` is not.

use super::matching::{Match, Rank};
use super::{definition::Profile, header::letters_and_digits};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    /// Any field of the customer.
    Customer,
    /// A company: its address, its tax ID.
    Company,
    Address,
    /// The parts of the address that goods are sent to.
    Shipping,
    /// A name, an e-mail address, a phone number.
    Contact,
}

/// The known keys of objects, by letters and digits, the best first.
#[rustfmt::skip]
const HOLDERS: [(Holds, &[&str]); 5] = [
    (Holds::Customer, &["customer", "attributes", "fields", "properties", "record", "data", "source"]),
    (Holds::Address, &[
        "billingaddress", "billaddress", "invoiceaddress", "billing", "billto", "address", "defaultaddress",
        "primaryaddress", "mainaddress", "postaladdress", "mailingaddress", "streetaddress", "businessaddress",
        "workaddress", "homeaddress", "location", "rechnungsadresse", "adresse", "anschrift",
    ]),
    (Holds::Contact, &["contact", "contactinfo", "contactinformation", "contactdetails", "kontakt"]),
    (Holds::Company, &["company", "organization"]),
    (Holds::Shipping, &["shippingaddress", "shipping", "shipto", "deliveryaddress", "lieferadresse"]),
];

/// A match by a last part is worse than any by a whole name, and worse with each level.
const A_LEVEL: Rank = 10_000;
/// A match in one holder is worse than one in the holder before it.
const A_HOLDER: Rank = 100;
const MOST_HOLDERS: usize = 3;

#[derive(Clone, Debug)]
pub(super) struct Nested {
    kinds: Vec<Kind>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A part of an address, and the field for the same part of the address that goods are sent to.
    Address(Option<usize>),
    Contact,
    TaxId,
    Other,
}

impl Nested {
    pub(super) fn new(profile: &Profile) -> Nested {
        let kind = |column: &str| match column {
            "address_line_1" | "address_line_2" | "address_line_3" | "city" | "state" | "postal_code" | "country" => {
                Kind::Address(profile.field_index(&format!("ship_{column}")))
            }
            "name" | "email" | "phone" => Kind::Contact,
            "tax_id" => Kind::TaxId,
            _ => Kind::Other,
        };
        Nested { kinds: profile.fields.iter().map(|field| kind(&field.column)).collect() }
    }

    /// The field of a path that matches nothing as a whole; `named` finds a field by its name.
    pub(super) fn find(&self, path: &str, named: impl Fn(&str) -> Option<Match>) -> Option<Match> {
        let mut parts = path.split('.').rev().map(letters_and_digits);
        let last = parts.next().filter(|last| !last.is_empty())?;
        let holders: Vec<String> = parts.take(MOST_HOLDERS + 1).collect();
        // `name.first` is the first name.
        if let [holder] = holders.as_slice()
            && let Some(found) = named(&format!("{last}{holder}"))
        {
            return Some(Match { rank: found.rank + A_HOLDER, ..found });
        }
        if holders.is_empty() || holders.len() > MOST_HOLDERS {
            return None;
        }
        let known: Vec<(usize, Holds)> = holders.iter().map(|holder| holder_of(holder)).collect::<Option<_>>()?;
        let is_shipping = known.iter().any(|(_, holds)| *holds == Holds::Shipping);
        // The innermost holder that is more than a wrapper says what is in it, and decides the rank.
        let (holder, inner) = *known.iter().find(|(_, holds)| *holds != Holds::Customer).unwrap_or(&known[0]);
        let is_address = matches!(inner, Holds::Address | Holds::Shipping);
        let found = named(&last).or_else(|| named(&format!("address{last}")).filter(|_| is_address))?;
        let field = match (inner, *self.kinds.get(found.field)?) {
            (_, Kind::Address(ship)) if is_shipping => ship?,
            _ if is_shipping => return None,
            (Holds::Address | Holds::Company | Holds::Customer, Kind::Address(_)) => found.field,
            (Holds::Contact, Kind::Contact) | (Holds::Company, Kind::TaxId) | (Holds::Customer, _) => found.field,
            _ => return None,
        };
        let rank = A_LEVEL * known.len() as Rank + A_HOLDER * holder as Rank + found.rank.min(A_HOLDER - 1);
        Some(Match { field, rank, ..found })
    }
}

/// The place of a known key among all, and what its object holds.
fn holder_of(key: &str) -> Option<(usize, Holds)> {
    let all = HOLDERS.iter().flat_map(|(holds, keys)| keys.iter().map(move |known| (*known, *holds)));
    all.enumerate().find(|(_, (known, _))| *known == key).map(|(place, (_, holds))| (place, holds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::profile::{HeaderNames, Mapping, Meaning};

    #[test]
    fn paths_match_only_within_what_belongs_to_the_customer() {
        for (path, contact, billing) in [
            ("address.city", "city", "city"),
            ("address.street", "address_line_1", "address_line_1"),
            ("address.zipcode", "postal_code", "postal_code"),
            ("address.line1", "address_line_1", "address_line_1"),
            ("billing_address.line_2", "address_line_2", "address_line_2"),
            ("customer.billingAddress.city", "city", "city"),
            ("Location.country", "country", "country"),
            ("contact.email", "email", "email"),
            ("contact.phone", "phone", "phone"),
            ("contact.name", "name", "contact_name"),
            ("company.contact.email", "email", "email"),
            ("company.address.city", "city", "city"),
            ("attributes.name", "name", "name"),
            ("_source.email", "email", "email"),
            ("email.address", "email", "email"),
            ("name.first", "name", "contact_first_name"),
            ("shipping_address.city", "", "ship_city"),
            ("shipping.address.zip", "", "ship_postal_code"),
            ("delivery_address.street", "", "ship_address_line_1"),
            // Others, and other things within those that are known.
            ("manager.email", "", ""),
            ("manager.address.city", "", ""),
            ("orders.address.city", "", ""),
            ("address.manager.city", "", ""),
            ("address.name", "", ""),
            ("address.phone", "", ""),
            ("shipping.email", "", ""),
            ("contact.city", "", ""),
            ("address.geo.lat", "", ""),
            ("a.b.c.address.city", "", ""),
            ("data.data.data.data.email", "", ""),
            (".", "", ""),
            ("address.", "", ""),
            (".city", "", ""),
        ] {
            for (profile, column) in [("contact", contact), ("billing", billing)] {
                let profile = Profile::named(profile).unwrap();
                let found = match HeaderNames::new(&profile, &Mapping::default()).find(path) {
                    Meaning::Field(found) => profile.fields[found.field].column.as_str(),
                    _ => "",
                };
                // `address.` is `address`, and `.city` is `city`, by their letters.
                let is_plain = path.starts_with('.') || path.ends_with('.');
                assert!(found == column || is_plain, "{path} in {}: {found}", profile.name);
            }
        }
    }

    #[test]
    fn the_nearer_and_the_better_holder_wins() {
        let names = HeaderNames::new(&Profile::named("billing").unwrap(), &Mapping::default());
        let rank = |path: &str| match names.find(path) {
            Meaning::Field(found) => found.rank,
            other => panic!("{path}: {other:?}"),
        };
        for pair in
            ["city", "billing_address.city", "address.city", "home_address.city", "company.address.city"].windows(2)
        {
            assert!(rank(pair[0]) < rank(pair[1]), "{pair:?}");
        }
        assert!(rank("contact.email") > rank("email"));
        assert!(rank("customer.customer.shipping_address.zip") < Rank::MAX);
    }
}
