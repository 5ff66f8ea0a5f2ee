//! Which existing customers have the keys of a block's records, in a run that changes customers: [`existing_matches`].

use super::checked::Checked;
use super::keys::text_of;
use super::target::Target;
use crate::core::judge::plan::Plan;
use crate::core::judge::{Outcome, Touched};
use crate::core::profile::FieldSet;
use crate::core::row::Value;
use crate::core::text::key::{self, KeyComparison};
use crate::error::Result;
use crate::sink::sqlite::StoredRow;
use crate::sink::sqlite::record::values;

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
    let Checked { verdicts, worker, candidates, .. } = checked;
    let Some(key) = plan.key.filter(|_| plan.mode.changes()) else { return Ok(Vec::new()) };
    let mut found = vec![ExistingMatch::default(); verdicts.verdicts.len()];
    let fields = worker.filled_fields();
    let mut columns = vec![plan.fields[key.field].column.as_str()];
    columns.extend(fields.iter().map(|field| plan.fields[*field].column.as_str()));
    let customers: Vec<i64> = candidates.iter().map(|(_, customer)| *customer).collect();
    target.read_rows(&columns, &customers, |at, stored| {
        let (index, customer) = candidates[at];
        let index = index as usize;
        let Outcome::Accepted { row, key: Some(text), .. } = &verdicts.verdicts[index].outcome else { return };
        if !has_key(&stored, verdicts.key_text(text), key.comparison) {
            return;
        }
        let found = &mut found[index];
        if found.customer.is_some() {
            found.other = found.other.or(Some(customer));
            return;
        }
        found.customer = Some(customer);
        let row = &verdicts.rows[row.start as usize..row.end as usize];
        found.differing = differing(&stored, row, &fields, &verdicts.touched[index]);
        if wants_key {
            found.key = text_of(stored.value(0)).into_owned();
        }
    })?;
    Ok(found)
}

/// Whether a customer has this key. Its stored key is the first value.
fn has_key(stored: &StoredRow<'_, '_>, key: &[u8], comparison: KeyComparison) -> bool {
    let text = text_of(stored.value(0));
    text.as_bytes() == key || key::fold(&text, comparison).is_some_and(|folded| folded.as_bytes() == key)
}

/// The fields in which a customer differs from a record. The stored values after its key are those of `fields`.
fn differing(stored: &StoredRow<'_, '_>, row: &[u8], fields: &[usize], touched: &Touched) -> FieldSet {
    let mut differing = FieldSet::default();
    let mut fields = (1..).zip(fields).peekable();
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
