//! The columns of an input by their names ([`Header`]); how names are compared, by their letters and digits in lower case; and
//! the columns that a reject report adds to the input's own.

use std::collections::{HashMap, HashSet};

use unicode_normalization::UnicodeNormalization;
use xxhash_rust::xxh3::xxh3_64;

use crate::core::{text::invisible::is_invisible, text::is_letter};

pub struct Header<'h> {
    names: &'h [String],
    compared: Vec<String>,
    pub(super) spelt: HashSet<&'h str>,
    /// The names of second and further columns of one name, as a map has them: `Phone#2`.
    numbered: Vec<Option<String>>,
}

impl<'h> Header<'h> {
    pub fn new(names: &'h [String]) -> Header<'h> {
        let compared = names.iter().map(|name| letters_and_digits(name)).collect();
        let mut counts: HashMap<&str, u32> = HashMap::new();
        let mut numbered = |name: &'h String| {
            let number = counts.entry(name.trim()).and_modify(|number| *number += 1).or_insert(1);
            (*number > 1).then(|| format!("{}#{number}", name.trim()))
        };
        let mut numbered: Vec<Option<String>> = names.iter().map(&mut numbered).collect();
        // A column that is really named `Phone#2` has that name.
        for name in &mut numbered {
            name.take_if(|name| counts.contains_key(name.as_str()));
        }
        Header { names, compared, spelt: counts.into_keys().collect(), numbered }
    }

    /// What a map calls each column: its name, with a number from the second of that name on.
    pub fn map_names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().zip(&self.numbered).map(|(name, numbered)| numbered.as_deref().unwrap_or(name.trim()))
    }

    pub fn compared(&self) -> impl Iterator<Item = &str> {
        self.compared.iter().map(String::as_str)
    }
}

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

/// The maximum number of names to compare, and their maximum length, to bound the time.
const MOST_COMPARED: usize = 1000;
const LONGEST: usize = 100;

pub fn nearest<'c>(name: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let is_short = |name: &str| name.len() <= LONGEST;
    let name = Some(name).filter(|name| is_short(name)).map(letters_and_digits)?;
    candidates
        .take(MOST_COMPARED)
        .filter(|candidate| is_short(candidate))
        .map(|candidate| (strsim::jaro_winkler(&name, &letters_and_digits(candidate)), candidate))
        .filter(|(likeness, _)| *likeness >= 0.87)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}

pub const REPORT_COLUMNS: [&str; 8] = [
    "_reject_run",
    "_reject_file",
    "_reject_record",
    "_reject_line",
    "_reject_codes",
    "_reject_messages",
    "_reject_dialect",
    "_reject_raw",
];

/// Which of [`REPORT_COLUMNS`] a header is, by index. Other programs may have changed its case.
pub fn report_column(header: &str) -> Option<usize> {
    REPORT_COLUMNS.iter().position(|column| is_same(header, column))
}

/// The name that a reject report uses and that this name of a field would take from it, as headers are compared.
pub fn taken_from_report(name: &str) -> Option<&'static str> {
    let compared = letters_and_digits(name);
    let is_key = is_same(name, REPORT_KEY).then_some(REPORT_KEY);
    is_key.or_else(|| REPORT_COLUMNS.into_iter().find(|column| is_name(column, &compared)))
}

fn is_same(header: &str, column: &str) -> bool {
    header.trim().eq_ignore_ascii_case(column)
}

/// The columns of the first version. They are not adjacent in [`REPORT_COLUMNS`].
const OLD_REPORT_COLUMNS: [&str; 4] = ["_reject_line", "_reject_codes", "_reject_messages", "_reject_raw"];

/// Whether this is the header of an unchanged reject report: all of the report's columns are adjacent.
pub fn has_report_columns<N: AsRef<str>>(names: &[N]) -> bool {
    let are_those = |columns: &[&str]| {
        let mut windows = names.windows(columns.len());
        windows.any(|names| names.iter().zip(columns).all(|(name, column)| is_same(name.as_ref(), column)))
    };
    are_those(&REPORT_COLUMNS) || are_those(&OLD_REPORT_COLUMNS)
}

/// Eight hex digits that identify a list of columns, by their names and their order.
pub fn digest<'n>(names: impl IntoIterator<Item = &'n String>) -> String {
    let text: String = names.into_iter().flat_map(|name| [name.trim(), "\0"]).collect();
    format!("{:08x}", xxh3_64(text.as_bytes()) as u32)
}

pub const REPORT_KEY: &str = "_reject";

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
