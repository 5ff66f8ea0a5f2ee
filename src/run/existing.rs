//! In a run that changes customers: which of them have the records' keys ([`existing_matches`]).

use std::borrow::Cow;

use super::row_texts::text_of;
use super::target::Target;
use super::worker::{Checked, Found};
use crate::core::judge::{Outcome, Touched, field_plan::KeyPlan};
use crate::core::{judge::plan::Plan, profile::FieldSet, row::Value};
use crate::error::Result;
use crate::sink::sqlite::{StoredRow, record::values};

/// The existing customers that have a record's key.
#[derive(Clone, Debug, Default)]
pub(super) struct ExistingMatch {
    /// The first of them, and a second one.
    pub(super) customer: Option<i64>,
    pub(super) other: Option<i64>,
    /// The fields in which the first differs from the record.
    pub(super) differing: FieldSet,
    /// Its key as it is stored.
    pub(super) key: String,
}

/// One match for each span of a block; none in a run that only creates customers. Stored keys are read only if `wants_key`.
pub(super) fn existing_matches(
    checked: &Checked,
    plan: &Plan,
    target: &Target,
    wants_key: bool,
) -> Result<Vec<ExistingMatch>> {
    let Checked { verdicts, worker, found: Found { candidates, .. }, .. } = checked;
    let Some(key) = plan.key.as_ref().filter(|_| plan.mode.changes()) else { return Ok(Vec::new()) };
    let mut found = vec![ExistingMatch::default(); verdicts.verdicts.len()];
    let fields = worker.filled_fields();
    let mut columns: Vec<&str> = key.fields().map(|field| plan.fields[field].column.as_str()).collect();
    columns.extend(fields.iter().map(|field| plan.fields[*field].column.as_str()));
    let customers: Vec<i64> = candidates.iter().map(|(_, customer)| *customer).collect();
    target.read_rows(&columns, &customers, |at, stored| {
        let (index, customer) = candidates[at];
        let index = index as usize;
        let Outcome::Accepted { row, key: Some(text), .. } = &verdicts.verdicts[index].outcome else { return };
        let texts: Vec<Cow<'_, str>> = (0..key.parts.len()).map(|part| text_of(stored.value(part))).collect();
        if !has_key(&texts, verdicts.key_text(text), key) {
            return;
        }
        let found = &mut found[index];
        if found.customer.is_some() {
            found.other = found.other.or(Some(customer));
            return;
        }
        found.customer = Some(customer);
        let row = &verdicts.rows[row.start as usize..row.end as usize];
        found.differing = differing(&stored, row, (key.parts.len(), &fields), &verdicts.touched[index]);
        if wants_key {
            found.key = texts.join(", ");
        }
    })?;
    Ok(found)
}

/// Whether a customer has this key. `texts` are the stored values of its columns.
fn has_key(texts: &[Cow<'_, str>], key: &[u8], plan: &KeyPlan) -> bool {
    matches!(texts, [text] if text.as_bytes() == key) || plan.fold(texts).is_some_and(|folded| folded.as_bytes() == key)
}

/// The fields in which a customer differs from a record. The stored values from `first` on are those of `fields`.
fn differing(
    stored: &StoredRow<'_, '_>,
    row: &[u8],
    (first, fields): (usize, &[usize]),
    touched: &Touched,
) -> FieldSet {
    let mut differing = FieldSet::default();
    let mut fields = (first..).zip(fields).peekable();
    for (field, value) in values(row).enumerate() {
        let Some((index, _)) = fields.next_if(|(_, wanted)| **wanted == field) else { continue };
        let value = match touched.given.has(field) {
            true => value,
            false if touched.cleared.has(field) => Value::Null,
            false => continue,
        };
        if stored.value(index) != value {
            differing.insert(field);
        }
    }
    differing
}
