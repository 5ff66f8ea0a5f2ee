//! Lists of a profile that have no element, although they should name something: [`empty_list`].

use toml::{Table, Value};

/// The keys of a profile, and of a field, whose lists name something. An empty one removes what is inherited.
pub(super) const LISTS: [&str; 2] = ["key", "key_fallback"];
pub(super) const LISTS_OF_FIELD: [&str; 2] = ["formats", "from"];

/// The path of the first empty list of a field, if there is one. An empty key is none.
pub(super) fn empty_list(table: &Table) -> Option<Vec<&str>> {
    let is_empty = |table: &Table, key: &str| table.get(key).is_some_and(is_empty);
    let fields = table.get("fields").and_then(Value::as_table);
    fields.into_iter().flatten().find_map(|(column, field)| {
        let field = field.as_table()?;
        let key = LISTS_OF_FIELD.into_iter().find(|key| is_empty(field, key))?;
        Some(vec!["fields", column, key])
    })
}

/// Puts the keys of `own` over those of `base`. An empty list of `lists` removes what is there.
pub(super) fn put_over(base: &mut Table, own: Table, lists: &[&str]) {
    for (key, value) in own {
        if !(lists.contains(&key.as_str()) && is_empty(&value) && base.remove(&key).is_some()) {
            base.insert(key, value);
        }
    }
}

fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty)
}
