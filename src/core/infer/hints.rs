//! What a header says about its column's values: [`Hint`].

use super::names::words;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hint {
    Phone,
    PostalCode,
    Country,
    Date,
    /// It identifies something: a number, a code.
    Identifier,
    Email,
    /// It names another customer, above this one.
    Parent,
    /// It says what a customer is called, where it is, or an amount: customers may have it in common.
    Description,
}

/// Words of headers, and the endings of longer words, in the languages of most customer lists.
#[rustfmt::skip]
const WORDS: [(Hint, &[&str], &[&str]); 8] = [
    (Hint::Phone,
        &["phone", "tel", "telephone", "mobile", "cell", "fax", "telefon", "handy", "mobil", "telefono", "telephone", "mob", "movil", "telefone", "celular", "telefonnummer", "rufnummer", "handynummer", "mobilnummer", "faxnummer"],
        &["telefon", "phone", "telefax", "rufnummer", "telefonnummer", "handynummer", "mobilnummer", "faxnummer"]),
    (Hint::PostalCode,
        &["zip", "zipcode", "postcode", "postal", "plz", "postleitzahl", "cp", "cap", "cep", "postnummer", "psc"],
        &["postcode", "plz", "postleitzahl", "zip"]),
    (Hint::Country,
        &["country", "land", "nation", "pays", "pais", "paese", "staat", "kraj", "maa"],
        &["country", "land"]),
    (Hint::Date,
        &["date", "datum", "day", "birthday", "born", "since", "fecha", "data", "dob", "geburtstag", "geburtsdatum", "created", "updated", "at", "am"],
        &["datum", "date"]),
    (Hint::Identifier,
        &["id", "no", "nr", "num", "number", "code", "key", "ref", "reference", "nummer", "numero", "uuid", "guid", "sku", "kdnr", "kundennr"],
        &["nummer", "nr", "number", "id", "code"]),
    (Hint::Email,
        &["email", "mail", "emailaddress", "emailadresse", "courriel", "correo"],
        &["mail"]),
    (Hint::Parent,
        &["parent", "superior", "holding", "konzern", "mutter", "muttergesellschaft", "uebergeordnet", "uebergeordnete", "matriz"],
        &["parent"]),
    (Hint::Description,
        &["name", "nom", "nome", "nombre", "naam", "prenom", "apellido", "apellidos", "cognome", "firm", "firma", "company", "contact", "kontakt", "ansprechpartner", "street", "strasse", "address", "adresse", "city", "town", "ort", "stadt", "ville", "ciudad", "amount", "betrag", "limit", "umsatz", "revenue", "price", "preis", "total", "note", "notes", "comment", "bemerkung", "description", "beschreibung"],
        &["name", "firma", "strasse", "adresse", "address", "betrag", "umsatz", "limit"]),
];

/// What a header says, if anything. The first of its meanings counts.
pub(super) fn says(header: &str, hint: Hint) -> bool {
    let words = words(header);
    let joined = words.concat();
    let Some((_, whole, endings)) = WORDS.iter().find(|(of, ..)| *of == hint) else { return false };
    words.iter().any(|word| whole.contains(&word.as_str()) || endings.iter().any(|ending| ends(word, ending)))
        || whole.contains(&joined.as_str())
}

/// Whether a compound ends with a word: `rufnummer`, but not `paid`.
fn ends(word: &str, ending: &str) -> bool {
    ending.len() > 2 && word.len() > ending.len() && word.ends_with(ending)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_say_what_they_hold() {
        for (header, hint) in [
            ("Phone Number", Hint::Phone),
            ("Tel.", Hint::Phone),
            ("MobilePhone", Hint::Phone),
            ("Rechnungs-PLZ", Hint::PostalCode),
            ("ZIP", Hint::PostalCode),
            ("Geburtsdatum", Hint::Date),
            ("Kunden-Nr.", Hint::Identifier),
            ("Kundennummer", Hint::Identifier),
            ("customer_id", Hint::Identifier),
            ("E-Mail", Hint::Email),
            ("Land", Hint::Country),
            ("Telefonnummer", Hint::Phone),
            ("parent_code", Hint::Parent),
            ("Account Parent", Hint::Parent),
            ("Firma / Name", Hint::Description),
            ("Firmenname", Hint::Description),
            ("Kreditlimit", Hint::Description),
        ] {
            assert!(says(header, hint), "{header}");
        }
        for (header, hint) in [
            ("Paid", Hint::Identifier),
            ("Name", Hint::Country),
            ("City", Hint::PostalCode),
            ("Ortskennung", Hint::Description),
        ] {
            assert!(!says(header, hint), "{header}");
        }
    }
}
