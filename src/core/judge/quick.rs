//! The quick path for ordinary values: it reads a value's bytes once and writes what is stored straight into the row.
//!
//! Undecided values take the full path ([`super::value`]), which has all rules and finds all problems. The quick path must
//! store what the full path would; a test compares both on random values.

use super::value::Judge;
use crate::core::row::RowBuilder;
use crate::core::types::quick::Quick;

/// A trimmed, tidy value, with what follows it in the block.
#[derive(Clone, Copy)]
pub(super) struct Tidy<'v> {
    pub(super) source: &'v [u8],
    pub(super) length: usize,
}

impl<'v> Tidy<'v> {
    pub(super) fn bytes(self) -> &'v [u8] {
        &self.source[..self.length]
    }
}

impl Judge<'_> {
    /// Judges a value and adds what is stored, or NULL, to `rows`; nothing if it is undecided.
    // This runs for every cell, and a call would cost about as much as its work.
    #[inline(always)]
    pub(super) fn quick(&mut self, field: usize, tidy: Tidy<'_>, rows: &mut impl RowBuilder) -> Quick {
        let done = self.decide(field, tidy.bytes(), rows);
        match done {
            Quick::Undecided => {}
            Quick::Missing => rows.push_null(),
            Quick::Same => rows.push_prefix(tidy.source, tidy.length),
            Quick::Normalised(length) => rows.push_written(length),
            Quick::Repaired(length) => {
                self.repaired[field] += 1;
                rows.push_written(length);
            }
        }
        done
    }

    /// Decides what is stored. A normalised value is written to the spare space of `rows`.
    #[inline(always)]
    fn decide(&mut self, field: usize, value: &[u8], rows: &mut impl RowBuilder) -> Quick {
        let plan = &self.plan.fields[field];
        let Some(&first) = value.first() else {
            // Only the full path reports a missing value.
            if !plan.may_lack {
                return Quick::Undecided;
            }
            self.empty.insert(field);
            return Quick::Missing;
        };
        // `\\N`, guards and spreadsheet errors take the full path.
        if !plan.is_quick || matches!(first, b'\\' | b'\'' | b'=' | b'#') {
            return Quick::Undecided;
        }
        plan.kind.quick(value, &plan.limits, &mut self.memory, rows)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::super::plan::{FieldOptions, Plan};
    use super::super::value::Origin;
    use super::*;
    use crate::core::profile::Profile;
    use crate::core::row::{PlainRows, Value};
    use crate::core::text;
    use crate::core::types::parsed::Stored;

    fn compare(plan: &Plan, field: usize, value: &str) -> bool {
        assert!(text::is_tidy(value.as_bytes()));
        let (mut quick, mut full) = (Judge::new(plan), Judge::new(plan));
        let mut rows = PlainRows::new(2, 0, &[]);
        let source = [value.as_bytes(), b" and what follows it in the block, which is no part of it"].concat();
        let clean = text::clean_range(value.as_bytes());
        let tidy = Tidy { source: &source[clean.start..], length: clean.len() };
        let done = quick.quick(field, tidy, &mut rows);
        if done == Quick::Undecided {
            assert_eq!(rows.finish(), 0..0, "{value:?}");
            return false;
        }
        let stored = full.text(Origin { field, column: None, order: 0 }, value);
        let expected = match &stored {
            Stored::Missing => Value::Null,
            Stored::Integer(number) => Value::Integer(*number),
            Stored::Text(text) => Value::Text(text.as_bytes()),
        };
        let row = rows.finish();
        let rows = rows.into_rows();
        let row = rows.row(row.start as u32..row.end as u32);
        assert_eq!(row.collect::<Vec<_>>(), [expected], "{value:?} in {}", plan.fields[field].column);
        let clean = value[clean].as_bytes();
        let expected = match expected {
            Value::Text(text) if text == clean => Quick::Same,
            Value::Text(text) if quick.repaired[field] > 0 => Quick::Repaired(text.len()),
            Value::Text(text) => Quick::Normalised(text.len()),
            Value::Null => Quick::Missing,
            Value::Integer(_) => Quick::Undecided,
        };
        assert_eq!(done, expected, "{value:?}");
        assert!(full.findings.is_empty(), "{value:?} in {}", plan.fields[field].column);
        assert_eq!(quick.repaired, full.repaired, "{value:?}");
        assert_eq!(quick.deprecated, full.deprecated, "{value:?}");
        true
    }

    #[test]
    fn usual_values_take_the_quick_path() {
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
            assert!(compare(&plan, field, value), "{column}: {value}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]
        #[test]
        fn both_paths_store_the_same(
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
                compare(&plan, field.index(plan.fields.len()), &value);
            }
        }
    }
}
