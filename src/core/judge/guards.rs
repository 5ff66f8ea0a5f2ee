//! What keeps a spreadsheet from changing a value, and is no part of it.

use std::borrow::Cow;

use crate::core::text::sheet;

/// A cleaned value without what keeps a spreadsheet from changing it: a leading apostrophe, where the field is guarded so
/// (`has_apostrophe`), and a formula around it.
pub(super) fn without_guards(cleaned: Cow<'_, str>, has_apostrophe: bool) -> Cow<'_, str> {
    let value = match cleaned.strip_prefix('\'') {
        Some(rest) if has_apostrophe => match cleaned {
            Cow::Borrowed(value) => Cow::Borrowed(value[1..].trim_start()),
            Cow::Owned(_) => Cow::Owned(rest.trim_start().to_string()),
        },
        _ => cleaned,
    };
    sheet::without_formula(value)
}
