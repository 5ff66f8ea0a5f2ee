//! The quick way for values as most are: one look at a value's bytes, and what is stored is written straight into its row.
//!
//! What it does not decide at once goes the full way ([`super::judge`]), which alone finds faults, so that every rule stands
//! there whole. The quick way must store the same wherever it stores anything; a test holds random values against both.

use super::judge::Judge;
use super::plan::{FieldPlan, Rewritten};
use crate::core::profile::FieldType;
use crate::core::row::Rows;
use crate::core::text::Characters;
use crate::core::text::kinds::{self, LATIN, OTHER, SPACE};
use crate::core::text::sheet;
use crate::core::types::{address, email, phone};

/// A value that is trimmed and part of a text that is tidy, and what stands behind it in the block.
#[derive(Clone, Copy)]
pub(super) struct Tidy<'v> {
    /// It and what is behind it.
    pub(super) source: &'v [u8],
    /// How many bytes of that are it.
    pub(super) length: usize,
}

impl<'v> Tidy<'v> {
    pub(super) fn bytes(self) -> &'v [u8] {
        &self.source[..self.length]
    }
}

/// What the quick way has done with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quick {
    /// Nothing: the value goes the full way.
    Undecided,
    /// Stored that there is no value.
    Missing,
    /// Stored the value as it stands.
    Same,
    /// Stored it in its normal form, which has so many bytes.
    Normalised(usize),
}

impl Judge<'_> {
    /// Judges a value, or stores its absence, at the end of `rows`. Nothing is stored there of one that is undecided.
    // It is run for every cell, and a call costs about as much as what is done.
    #[inline(always)]
    pub(super) fn quick(&mut self, field: usize, tidy: Tidy<'_>, rows: &mut Rows) -> Quick {
        let done = self.decide(field, tidy.bytes(), rows);
        match done {
            Quick::Undecided => {}
            Quick::Missing => rows.push_null(),
            Quick::Same => rows.push_part(tidy.source, tidy.length),
            Quick::Normalised(length) => rows.push_written(length),
        }
        done
    }

    /// What is to be stored. A normal form stands in the space of the rows.
    #[inline(always)]
    fn decide(&mut self, field: usize, value: &[u8], rows: &mut Rows) -> Quick {
        let plan = &self.plan.fields[field];
        let same_if = |is_right: bool| if is_right { Quick::Same } else { Quick::Undecided };
        let Some(&first) = value.first() else {
            // It is not for here to say what a field lacks.
            if !plan.may_lack {
                return Quick::Undecided;
            }
            self.empty.insert(field);
            return Quick::Missing;
        };
        // `\\N`, guards and errors of spreadsheets go the full way, and so does whatever somebody has said of some values.
        if !plan.is_quick || matches!(first, b'\\' | b'\'' | b'=' | b'#') {
            return Quick::Undecided;
        }
        match plan.kind {
            FieldType::Text | FieldType::PostalCode if !plan.repair => same_if(
                has_length(plan, value)
                    && has_characters(plan.characters, value)
                    && !(may_be_rewritten(plan) && sheet::rewritten(value).is_some()),
            ),
            FieldType::Text | FieldType::PostalCode | FieldType::State => self.repaired(field, value, rows),
            FieldType::Email => same_if(plan.characters.is_none() && has_length(plan, value) && email::is_plain(value)),
            FieldType::Country => {
                let Some(code) = self.recent_countries.find(value) else { return Quick::Undecided };
                let code = code.as_bytes();
                if !(has_length(plan, code) && has_characters(plan.characters, code)) {
                    return Quick::Undecided;
                }
                if code == value {
                    return Quick::Same;
                }
                rows.space(code.len()).copy_from_slice(code);
                Quick::Normalised(code.len())
            }
            FieldType::Phone => {
                let space = rows.space(value.len());
                let Some(length) = phone::plain_digits(value, space) else { return Quick::Undecided };
                let digits = &space[..length];
                match has_length(plan, digits) && has_characters(plan.characters, digits) {
                    false => Quick::Undecided,
                    // Signs go, and nothing else.
                    true if length == value.len() => Quick::Same,
                    true => Quick::Normalised(length),
                }
            }
            FieldType::Integer | FieldType::Flag | FieldType::Choice | FieldType::List => Quick::Undecided,
        }
    }

    #[inline(always)]
    fn repaired(&mut self, field: usize, value: &[u8], rows: &mut Rows) -> Quick {
        let plan = &self.plan.fields[field];
        let seen = kinds::seen(value);
        let is_changed = seen & address::REPAIRED != 0;
        let is_state = plan.kind == FieldType::State;
        if seen & OTHER != 0 || !plan.repair {
            return Quick::Undecided;
        }
        if !is_changed && !is_state {
            let is_right = has_length(plan, value) && allows(plan.characters, seen, value);
            return if is_right { Quick::Same } else { Quick::Undecided };
        }
        let space = rows.space(value.len());
        let length = match is_changed {
            true => address::repair_known(value, space),
            false => {
                space.copy_from_slice(value);
                value.len()
            }
        };
        let repaired = &mut space[..length];
        if is_state && length <= 4 {
            // Two letters become upper case.
            if seen & LATIN != 0 {
                return Quick::Undecided;
            }
            if length == 2 && repaired.iter().all(u8::is_ascii_alphabetic) {
                repaired.make_ascii_uppercase();
            }
        }
        // What was repaired has gone, or become a space.
        let left = if is_changed { seen & !address::REPAIRED | SPACE } else { seen };
        if length == 0 || !has_length(plan, repaired) || !allows(plan.characters, left, repaired) {
            return Quick::Undecided;
        }
        self.repaired[field] += u64::from(is_changed);
        // Only what is repaired, or has two letters, is another than it was.
        if !is_changed && (length > 2 || *repaired == *value) { Quick::Same } else { Quick::Normalised(length) }
    }
}

/// Whether a number that a spreadsheet has rewritten has to be looked for. No rule for characters allows one: it has a point, or a
/// letter and a sign.
#[inline]
fn may_be_rewritten(plan: &FieldPlan) -> bool {
    plan.characters.is_none() && matches!(plan.rewritten, Rewritten::Refused { .. })
}

fn has_characters(characters: Option<Characters>, value: &[u8]) -> bool {
    characters.is_none_or(|characters| characters.allow(kinds::seen(value), value))
}

fn allows(characters: Option<Characters>, seen: u8, value: &[u8]) -> bool {
    characters.is_none_or(|characters| characters.allow(seen, value))
}

/// Whether a value in UTF-8 is as long as it must be, and no longer than it may be.
#[inline]
fn has_length(plan: &FieldPlan, value: &[u8]) -> bool {
    // As many bytes as characters are needed are enough of them, and few enough, in most values.
    if value.len() >= 4 * plan.min && value.len() <= plan.max {
        return true;
    }
    let length = value.iter().filter(|byte| !matches!(byte, 0x80..=0xbf)).count();
    (plan.min..=plan.max).contains(&length)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::super::judge::{Origin, Stored};
    use super::super::plan::{FieldOptions, Plan};
    use super::*;
    use crate::core::profile::Profile;
    use crate::core::row::{Value, values};
    use crate::core::text;

    /// Holds what the quick way stores against what the full way does; whether it stored anything.
    fn both_ways(plan: &Plan, field: usize, value: &str) -> bool {
        assert!(text::is_tidy(value.as_bytes()));
        let (mut quick, mut full) = (Judge::new(plan), Judge::new(plan));
        let mut rows = Rows::new(2, 0);
        let source = [value.as_bytes(), b" and what stands behind it in the block, which is no part of it"].concat();
        let clean = text::place_of_clean(value.as_bytes());
        let tidy = Tidy { source: &source[clean.start..], length: clean.len() };
        let done = quick.quick(field, tidy, &mut rows);
        if done == Quick::Undecided {
            assert_eq!(rows.place(), Rows::new(2, 0).place(), "{value:?}");
            return false;
        }
        let stored = full.text(Origin { field, column: None, order: 0 }, value);
        let expected = match &stored {
            Stored::Missing => Value::Null,
            Stored::Integer(number) => Value::Integer(*number),
            Stored::Text(text) => Value::Text(text.as_bytes()),
        };
        let row = rows.finish();
        let bytes = rows.into_bytes();
        assert_eq!(values(&bytes[row]).collect::<Vec<_>>(), [expected], "{value:?} in {}", plan.fields[field].column);
        let clean = value[clean].as_bytes();
        let expected = match expected {
            Value::Text(text) if text == clean => Quick::Same,
            Value::Text(text) => Quick::Normalised(text.len()),
            Value::Null => Quick::Missing,
            Value::Integer(_) => Quick::Undecided,
        };
        assert_eq!(done, expected, "{value:?}");
        assert!(full.faults.is_empty(), "{value:?} in {}", plan.fields[field].column);
        assert_eq!(quick.repaired, full.repaired, "{value:?}");
        assert_eq!(quick.deprecated, full.deprecated, "{value:?}");
        true
    }

    #[test]
    fn usual_values_go_the_quick_way() {
        let plan = Plan::new(Profile::named("contact").unwrap(), &FieldOptions::default()).unwrap();
        let cases = [
            ("name", "Antoine Lefèvre"),
            ("email", "Ann.Smith+2@mail.example.com"),
            ("description", "Reseller, tier 5"),
            ("cc_email", ""),
            ("country", "Germany"),
            ("country", "DEU"),
            ("country", "us"),
            ("address_line_1", "Friedrich-Ebert-Str. 76"),
            ("city", "Saint-Étienne"),
            ("state", "ny"),
            ("state", "Mazowieckie"),
            ("postal_code", "01-814"),
            ("phone", "+49 55 629 3139"),
            ("phone", "(541) 754-3010"),
        ];
        for (column, value) in cases {
            let field = plan.profile.field_index(column).unwrap();
            assert!(both_ways(&plan, field, value), "{column}: {value}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]
        #[test]
        fn both_ways_store_the_same(
            profile in prop::sample::select(Profile::all().unwrap()),
            field in any::<prop::sample::Index>(),
            key in prop::sample::select(vec!["none", "name", "profile"]),
            relax in prop::sample::select(vec!["all", "name"]),
            value in " {0,1}([a-zA-Z0-9.,@+'() /éßłĀ×÷ʼʀ\\\\N-]{0,12}|[a-z.@-]{3,14}|[a-z]{1,8}@[a-z.-]{1,9}[.][a-z0-9]{1,3}\
                |[+]?[0-9 ().-]{1,13}|[+-]?[0-9]{1,8}[.,]?[0-9]{0,3}([eE][+-]?)?0{0,3}[0-9]{0,2}|#N/A|#[A-Z0-9/]{1,5}[!?]?\
                |=\"[0-9a-z\"]{0,6}\"|[nN](ull|/?[aA]|il|one)|unknown|-{1,3}|tel:[0-9+-]{1,9}|[A-Za-z]{2}|Germany|Korea, Republic of|[a-zé .'-]{1,60}|[é]{20,60}|mailto:a@b.c) {0,1}",
        ) {
            let key = Some(key.to_string()).filter(|key| key != "profile");
            let options = FieldOptions { key, relax: vec![relax.to_string()], ..FieldOptions::default() };
            let plan = Plan::new(profile, &options).unwrap();
            if text::is_tidy(value.as_bytes()) {
                both_ways(&plan, field.index(plan.fields.len()), &value);
            }
        }
    }
}
