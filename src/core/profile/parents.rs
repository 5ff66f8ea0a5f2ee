//! Fields that refer to a customer's parent: one with `references` holds the parent's value of another field, and [`PARENT_ID`]
//! its customer ID.

use toml::Table;

use super::error::ProfileErrorKind as Kind;
use super::field::Field;
use crate::core::types::{FieldType, decimals::StoreAs, definition::Storage};

/// The column in which a parent's ID is stored.
pub const PARENT_ID: &str = "parent_customer_id";

/// Has the field that refers to parents read as the field that it refers to, and adds the field for the parent's ID before it, if
/// there is none.
pub(super) fn with_parents(mut fields: Vec<Field>) -> Vec<Field> {
    let has_it = fields.iter().any(|field| field.column == PARENT_ID);
    let at = fields.iter().position(|field| field.references.is_some());
    if let Some(at) = at
        && let Some(referenced) = fields.iter().find(|field| fields[at].references.as_ref() == Some(&field.column))
        && referenced.kind == fields[at].kind
    {
        let Field { case, compare, guard, repair, .. } = referenced;
        let (case, compare, guard, repair) = (*case, *compare, *guard, *repair);
        let link = &mut fields[at];
        (link.case, link.compare) = (link.case.or(case), link.compare.or(compare));
        (link.guard, link.repair) = (link.guard || guard, link.repair || repair);
    }
    if let Some(at) = at.filter(|_| !has_it) {
        let kind = FieldType::Integer;
        fields.insert(
            at,
            Field {
                column: PARENT_ID.to_string(),
                label: PARENT_ID.to_string(),
                kind,
                at_least: Some("1".to_string()),
                ..Field::default()
            },
        );
    }
    fields
}

/// What is wrong with the fields that refer to parents: the field, the key, and the fault.
pub(super) fn check_parents(fields: &[Field]) -> Result<(), (&Field, &'static str, Kind)> {
    let check_field = |column: &str| match fields.iter().any(|field| field.column == column) {
        true => Ok(()),
        false => Err(Kind::unknown_field(column, fields.iter().map(|field| field.column.as_str()))),
    };
    let mut first: Option<&Field> = None;
    for field in fields {
        for other in field.aliases_beside.keys() {
            check_field(other).map_err(|kind| (field, "aliases_beside", kind))?;
        }
        let Some(referenced) = &field.references else { continue };
        let wrong = |kind| Err((field, "references", kind));
        if *referenced == PARENT_ID {
            return wrong(Kind::ReferenceToId);
        }
        if *referenced == field.column {
            return wrong(Kind::ReferenceToItself);
        }
        check_field(referenced).or_else(wrong)?;
        if let Some(referenced) = fields.iter().find(|field| field.column == *referenced) {
            check_is_read_alike(field, referenced).map_err(|(key, kind)| (field, key, kind))?;
        }
        if let Some(first) = first {
            return wrong(Kind::SecondReference(first.column.clone()));
        }
        first = Some(field);
    }
    let id = fields.iter().find(|field| field.column == PARENT_ID && field.kind != FieldType::Integer);
    id.map_or(Ok(()), |id| Err((id, "type", Kind::ParentIdType)))
}

/// Checks that a field stores its parent's value as the parent does.
fn check_is_read_alike(field: &Field, referenced: &Field) -> Result<(), (&'static str, Kind)> {
    let column = &referenced.column;
    if referenced.storage() == Storage::Real {
        return Err(("references", Kind::RealKey(column.clone())));
    }
    let says = |field: &Field, key: &str| Some(Table::try_from(field).ok()?.get(key)?.to_string());
    let is_minor = referenced.store == Some(StoreAs::Minor);
    for key in ["type", "store", "scale", "case", "compare", "guard", "repair"] {
        let theirs = says(referenced, key);
        if says(field, key) != theirs && (key != "scale" || is_minor) {
            return Err((key, Kind::UnlikeParent { key, column: column.clone(), value: theirs }));
        }
    }
    match field.default {
        Some(_) => Err(("default", Kind::DefaultParent)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Header, HeaderNames, Mapping, Profile};
    use super::*;

    #[test]
    fn a_profile_that_refers_to_parents_has_a_field_for_their_ids() {
        let text = "key = \"code\"\n[fields.code]\n[fields.up]\nreferences = \"code\"\n[fields.name]\n";
        let columns = |text: &str| {
            let profile = Profile::parse("own.toml", text).unwrap();
            profile.fields.iter().map(|field| field.column.clone()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(columns(text), "code parent_customer_id up name");
        let own = format!("{text}[fields.parent_customer_id]\ntype = \"integer\"\n");
        assert_eq!(columns(&own), "code up name parent_customer_id");
        assert_eq!(columns("[fields.code]\n"), "code");
    }

    #[test]
    fn a_field_that_refers_is_read_as_the_one_that_it_refers_to() {
        let text = "[fields.up]\nreferences = \"code\"\n[fields.code]\nguard = true\ncase = \"upper\"\nrepair = true\n\
                    compare = \"letters-and-digits\"\n";
        let profile = Profile::parse("own.toml", text).unwrap();
        let read = |field: &Field| (field.guard, field.case, field.repair, field.compare);
        let [up, code] = ["up", "code"].map(|column| read(&profile.fields[profile.field_index(column).unwrap()]));
        assert_eq!((up, up.0, up.1.is_some()), (code, true, true));
        for (more, expected) in [
            ("type = \"decimal\"\n", "fields.up.references: code is stored as a real number"),
            ("type = \"integer\"\n", "fields.up.type: code has type = \"integer\""),
        ] {
            let text = format!("[fields.up]\nreferences = \"code\"\n[fields.code]\n{more}");
            let message = Profile::parse("own.toml", &text).unwrap_err().to_string();
            assert!(message.contains(expected), "{more}\n{message}");
        }
    }

    #[test]
    fn a_reference_that_cannot_be_is_refused() {
        let text = |more: &str| format!("[fields.code]\n[fields.up]\nreferences = \"code\"\n{more}");
        for (more, expected) in [
            ("[fields.b]\nreferences = \"code\"\n", "fields.b.references: a customer has one parent, and the field up"),
            ("[fields.b]\nreferences = \"b\"\n", "fields.b.references: it names its own field"),
            ("[fields.b]\nreferences = \"coed\"\n", "references: there is no field \"coed\"; did you mean code?"),
            (
                "[fields.parent_customer_id]\n",
                "fields.parent_customer_id.type: the IDs of parents are stored in this field",
            ),
            ("default = \"7\"\n", "fields.up.default: every record without a parent would get this one"),
            (
                "type = \"integer\"\n",
                "fields.up.type: code has type = \"text\", so no parent would be found; write the same here",
            ),
            ("case = \"lower\"\n", "fields.up.case: code has no case, so no parent would be found; remove it here too"),
            ("guard = true\n", "fields.up.guard: code has guard = false"),
            ("[fields.b.aliases_beside]\nx = [\"y\"]\n", "aliases_beside: there is no field \"x\""),
        ] {
            let message = Profile::parse("own.toml", &text(more)).unwrap_err().to_string();
            assert!(message.contains(expected), "{more}\n{message}");
        }
    }

    #[test]
    fn a_parent_id_beside_a_column_of_keys_is_the_parents_key() {
        let profile = Profile::named("billing").unwrap();
        let names = HeaderNames::new(&profile, &Mapping::default());
        for (header, expected) in [
            (["name", "parent_id"], "parent_customer_id"),
            (["external_key", "parent_id"], "parent_external_key"),
            (["Customer Number", "PARENT ID"], "parent_external_key"),
            (["external_key", "parent_customer_id"], "parent_customer_id"),
            (["external_key", "Parent Code"], "parent_external_key"),
        ] {
            let header = header.map(str::to_string);
            let found = names.meanings(&Header::new(&header))[1].field().unwrap();
            assert_eq!(profile.fields[found.field].column, expected, "{header:?}");
        }
        let mut mapping = Mapping::default();
        mapping.add("parent_id=parent_customer_id").unwrap();
        let names = HeaderNames::new(&profile, &mapping);
        let header = ["external_key", "Parent ID"].map(str::to_string);
        let found = names.meanings(&Header::new(&header))[1].field().unwrap();
        assert_eq!(profile.fields[found.field].column, PARENT_ID);
    }
}
