//! How header names are compared: by their letters and digits, in lower case.

use unicode_normalization::UnicodeNormalization;

use super::field::Field;
use crate::core::text::invisible::is_invisible;
use crate::core::text::is_letter;

/// The letters and digits of a header name, in lower case.
pub fn letters_and_digits(name: &str) -> String {
    #[cfg(test)]
    steps::count(1);
    compared(name).collect()
}

/// Whether a text is the header name that is compared as `compared_name`.
pub fn is_name(text: &str, compared_name: &str) -> bool {
    compared(text).eq(compared_name.chars())
}

fn compared(name: &str) -> impl Iterator<Item = char> {
    // Some invisible characters are marks, which would count as letters.
    let visible = name.chars().filter(|character| !is_invisible(*character));
    visible.nfc().filter(|character| character.is_ascii_digit() || is_letter(*character)).flat_map(char::to_lowercase)
}

/// The header names of a field, the best first: column, label, aliases.
pub fn accepted_names(field: &Field) -> impl Iterator<Item = &str> {
    [field.column.as_str(), field.label.as_str()].into_iter().chain(field.aliases.iter().map(String::as_str))
}

/// Counts comparisons, for tests of how the work grows.
#[cfg(test)]
pub mod steps {
    use std::cell::Cell;

    thread_local!(static STEPS: Cell<u64> = const { Cell::new(0) });

    pub fn count(steps: u64) {
        STEPS.set(STEPS.get() + steps);
    }

    pub fn of<T>(work: impl FnOnce() -> T) -> u64 {
        let before = STEPS.get();
        work();
        STEPS.get() - before
    }

    /// Makes sure that work of four times the size takes about four times as many steps.
    pub fn assert_linear(what: &str, work: impl Fn(usize)) {
        let [small, large] = [500, 2000].map(|size| of(|| work(size)));
        assert!(small >= 500, "{what}: {small} steps are not counted");
        assert!(large <= 5 * small, "{what}: {small} steps become {large}");
    }
}
