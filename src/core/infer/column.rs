//! What is known of the values of one column: [`ColumnStats`].

use std::collections::{BTreeMap, HashMap};

use unicase::UniCase;
use xxhash_rust::xxh3::xxh3_64;

use super::distinct::{Budget, Distinct, Met};
use super::nothing;
use super::verdict::{NULL_WORD, SPACED, TESTED, Tests, Verdict};
use crate::core::record::json::JsonValue;
use crate::core::text::{self, sheet};

/// How many examples are kept, and how long each may be, in characters.
const EXAMPLES: usize = 3;
const LONGEST_EXAMPLE: usize = 40;

/// The most values of a choice; one more is kept, so that too many are noticed.
pub(super) const MOST_CHOICES: usize = 20;

/// The longest value that is kept whole, in bytes.
const LONGEST_VALUE: usize = 256;

/// A kind is no longer tested once more values than this do not fit, and more than a tenth.
const MISFITS: u64 = 1000;

/// How often something was seen, and where first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Noted {
    /// How often.
    pub count: u64,
    /// The first value, shortened.
    pub value: String,
    /// The line of the first.
    pub line: u64,
}

impl Noted {
    fn note(&mut self, value: &str, line: u64, weight: u64) {
        if self.count == 0 {
            (self.value, self.line) = (shortened(value), line);
        }
        self.count += weight;
    }
}

fn shortened(value: &str) -> String {
    match value.char_indices().nth(LONGEST_EXAMPLE) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_string(),
    }
}

/// What is known of the values of one column.
#[derive(Clone, Debug, Default)]
pub struct ColumnStats {
    /// Values that are neither missing nor odd, apart from those in `words`.
    pub(super) filled: u64,
    /// Whether a value is a single apostrophe.
    pub(super) has_lone_apostrophe: bool,
    pub(super) verdicts: Vec<(Verdict, Noted)>,
    indices: HashMap<Verdict, u32>,
    tests: Tests,
    /// The number of values that were tested.
    tested: u64,
    /// Which values differ, and whether one is repeated.
    pub(super) distinct: Distinct,
    /// The first values that differ, with their hashes: one more than a choice may have.
    pub(super) values: Vec<(u64, String)>,
    /// How often each spelling of a value was seen, as long as they may be choices.
    spellings: HashMap<String, u64>,
    pub(super) examples: Vec<String>,
    /// The greatest length, and the line.
    pub(super) longest: (usize, u64),
    /// The first value that was there before, and its line.
    pub(super) repeat: Noted,
    /// Words that may mean that there is no value.
    pub(super) words: BTreeMap<String, Noted>,
    /// Values with control characters, and errors of spreadsheets: rejects, whatever the type.
    pub(super) control: Noted,
    pub(super) errors: Noted,
}

impl ColumnStats {
    /// Notes the text of a cell that starts on this line. `null_tokens` are missing.
    pub fn add(&mut self, raw: &str, line: u64, null_tokens: &[String], budget: &mut Budget) {
        let Ok(cleaned) = text::clean(raw) else { return self.control.note(raw, line, 1) };
        let cleaned = sheet::without_guards(cleaned, false);
        if text::is_missing(&cleaned) || null_tokens.iter().any(|token| *token == *cleaned) {
            return;
        }
        self.has_lone_apostrophe |= &*cleaned == "'";
        let hash = hash(&cleaned);
        if let Met::Before(verdict) = self.distinct.meet(hash, 1) {
            return self.again(&cleaned, verdict, line, 1);
        }
        if sheet::is_error_word(&cleaned) {
            return self.errors.note(&cleaned, line, 1);
        }
        if nothing::of(&cleaned).is_some() {
            return self.words.entry(cleaned.into_owned()).or_default().note(raw, line, 1);
        }
        self.first(&cleaned, hash, self.tests.text(&cleaned), line, 1, budget);
    }

    /// Notes a JSON value that is written like this.
    pub fn add_json(
        &mut self,
        value: &JsonValue<'_>,
        written: &str,
        line: u64,
        tokens: &[String],
        budget: &mut Budget,
    ) {
        match value {
            JsonValue::Null => {}
            // A list of nothing is a missing value.
            JsonValue::Array(array) if array.trim_matches(['[', ']']).trim().is_empty() => {}
            JsonValue::Text(text) => self.add(text, line, tokens, budget),
            _ => {
                let verdict = self.tests.json(value, written);
                self.meet(written, verdict, line, 1, budget);
            }
        }
    }

    /// Notes a spreadsheet's number with decimals, or its date.
    pub fn add_typed(&mut self, value: &str, line: u64, budget: &mut Budget) {
        self.meet(value, self.tests.typed(value), line, 1, budget);
    }

    /// Notes a cell that is the error of a spreadsheet.
    pub fn add_error(&mut self, error: &str, line: u64) {
        self.errors.note(error, line, 1);
    }

    /// Counts the words that are no null tokens as values.
    pub(super) fn settle(&mut self, is_token: impl Fn(&str) -> bool, budget: &mut Budget) {
        let words = std::mem::take(&mut self.words);
        for (word, noted) in words.iter().filter(|(word, _)| !is_token(word)) {
            self.meet(word, self.tests.text(word), noted.line, noted.count, budget);
        }
        self.words = words.into_iter().filter(|(word, _)| is_token(word)).collect();
    }

    fn meet(&mut self, value: &str, verdict: Verdict, line: u64, weight: u64, budget: &mut Budget) {
        let hash = hash(value);
        match self.distinct.meet(hash, weight) {
            Met::Before(verdict) => self.again(value, verdict, line, weight),
            Met::First | Met::Uncounted => self.first(value, hash, verdict, line, weight, budget),
        }
    }

    /// A value that was met before.
    fn again(&mut self, value: &str, verdict: u32, line: u64, weight: u64) {
        self.filled += weight;
        self.verdicts[verdict as usize].1.count += weight;
        self.repeat.note(value, line, 1);
        self.note_spelling(value, weight);
        // Letters may have another length in another case.
        self.measure(value, line);
    }

    fn first(&mut self, value: &str, hash: u64, verdict: Verdict, line: u64, weight: u64, budget: &mut Budget) {
        let index = self.index(verdict);
        self.verdicts[index as usize].1.note(value, line, weight);
        let was_repeated = self.distinct.is_repeated;
        self.distinct.add(hash, weight, index, self.filled, budget);
        if self.distinct.is_repeated && !was_repeated {
            self.repeat.note(value, line, 1);
        }
        if self.values.len() <= MOST_CHOICES {
            // A longer one is no choice.
            let is_short = value.len() <= LONGEST_VALUE;
            self.values.push((hash, if is_short { value.to_string() } else { shortened(value) }));
            if self.examples.len() < EXAMPLES {
                self.examples.push(shortened(value));
            }
        }
        self.note_spelling(value, weight);
        self.filled += weight;
        self.measure(value, line);
        self.tested += 1;
        if self.tested.is_multiple_of(2 * MISFITS) {
            self.close_tests();
        }
    }

    fn note_spelling(&mut self, value: &str, weight: u64) {
        const MOST: usize = 10 * MOST_CHOICES;
        if self.values.len() > MOST_CHOICES {
            self.spellings = HashMap::new();
            return;
        }
        if let Some(count) = self.spellings.get_mut(value) {
            *count += weight;
        } else if self.spellings.len() < MOST && value.len() <= LONGEST_VALUE {
            self.spellings.insert(value.to_string(), weight);
        }
    }

    /// The most frequent spelling of a value that was first seen so; of equal ones the first, then the least.
    pub(super) fn usual_spelling<'s>(&'s self, value_hash: u64, first: &'s str) -> &'s str {
        let alike = self.spellings.iter().filter(|(spelling, _)| hash(spelling) == value_hash);
        let worth =
            |(spelling, count): &(&'s String, &u64)| (**count, *spelling == first, std::cmp::Reverse(*spelling));
        alike.max_by_key(worth).map_or(first, |(spelling, _)| spelling)
    }

    fn index(&mut self, verdict: Verdict) -> u32 {
        // Nearly all values of a column have one of a few verdicts.
        const FEW: usize = 8;
        if let Some(index) = self.verdicts.iter().take(FEW).position(|(seen, _)| *seen == verdict) {
            return index as u32;
        }
        let next = self.verdicts.len() as u32;
        let index = *self.indices.entry(verdict).or_insert(next);
        if index == next {
            self.verdicts.push((verdict, Noted::default()));
        }
        index
    }

    #[inline]
    fn measure(&mut self, value: &str, line: u64) {
        if value.len() > self.longest.0 {
            let length = text::length(value);
            if length > self.longest.0 {
                self.longest = (length, line);
            }
        }
    }

    /// Stops testing for what the column is not.
    fn close_tests(&mut self) {
        let is_hopeless = |fits: &dyn Fn(&Verdict) -> bool| {
            let fitting: u64 =
                self.verdicts.iter().filter(|(verdict, _)| fits(verdict)).map(|(_, seen)| seen.count).sum();
            let misfits = self.filled - fitting;
            misfits > MISFITS && 10 * misfits > self.filled
        };
        let kinds = (0..u16::BITS).map(|bit| 1 << bit).filter(|kind| TESTED & kind != 0);
        let closed: u16 = kinds.filter(|kind| is_hopeless(&|verdict| verdict.kinds & kind != 0)).sum();
        let dates = is_hopeless(&|verdict| verdict.days != 0);
        let decimals = is_hopeless(&|verdict| verdict.decimals != 0);
        self.tests.open &= !closed;
        self.tests.dates &= !dates;
        self.tests.decimals &= !decimals;
    }

    /// Adds the values of another column that fills the same field where this one is empty.
    pub(super) fn merge(&mut self, other: ColumnStats, budget: &mut Budget) {
        let mut verdicts = Vec::with_capacity(other.verdicts.len());
        for (verdict, seen) in &other.verdicts {
            let index = self.index(*verdict);
            verdicts.push(index);
            self.verdicts[index as usize].1.note(&seen.value, seen.line, seen.count);
        }
        let was_repeated = self.distinct.is_repeated;
        self.distinct.merge(other.distinct, &verdicts, self.filled, budget);
        if self.distinct.is_repeated && !was_repeated && self.repeat.count == 0 {
            self.repeat = other.repeat;
        }
        for (hash, value) in other.values {
            if self.values.len() <= MOST_CHOICES && !self.values.iter().any(|(held, _)| *held == hash) {
                self.values.push((hash, value));
            }
        }
        for (spelling, count) in other.spellings {
            self.note_spelling(&spelling, count);
        }
        for example in other.examples {
            if self.examples.len() < EXAMPLES && !self.examples.contains(&example) {
                self.examples.push(example);
            }
        }
        for (word, noted) in other.words {
            self.words.entry(word).or_default().note(&noted.value, noted.line, noted.count);
        }
        for (own, other) in [(&mut self.control, other.control), (&mut self.errors, other.errors)] {
            own.note(&other.value, other.line, other.count);
        }
        self.filled += other.filled;
        self.longest = self.longest.max(other.longest);
    }

    /// The values for which a test holds, and the first for which it does not. A field that holds no words has no value
    /// where one stands that means none.
    pub(super) fn fit(&self, holds_words: bool, fits: impl Fn(&Verdict) -> bool) -> Fit {
        let mut fit = Fit::default();
        for (verdict, seen) in self.verdicts.iter().filter(|(verdict, _)| holds_words || verdict.kinds & NULL_WORD == 0)
        {
            fit.of += seen.count;
            if fits(verdict) {
                fit.fitting += seen.count;
            } else {
                let is_earlier = fit.misfit.count == 0 || seen.line < fit.misfit.line;
                let first = if is_earlier { seen.clone() } else { fit.misfit.clone() };
                fit.misfit = Noted { count: fit.misfit.count + seen.count, ..first };
            }
        }
        fit
    }

    /// Whether some value has white space in it.
    pub(super) fn is_spaced(&self) -> bool {
        self.verdicts.iter().any(|(verdict, _)| verdict.kinds & SPACED != 0)
    }

    /// The number of cells that hold something, in whatever form.
    pub(super) fn odd(&self) -> u64 {
        self.control.count + self.errors.count
    }
}

/// How many values fit a type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fit {
    pub(super) of: u64,
    pub(super) fitting: u64,
    /// Those that do not.
    pub(super) misfit: Noted,
}

impl Fit {
    /// Whether enough values fit: 98 of 100.
    pub(super) fn is_enough(&self) -> bool {
        self.fitting > 0 && 100 * self.fitting >= 98 * self.of
    }

    /// Whether at least 90 of 100 fit, so that the others may be mistakes.
    pub(super) fn is_nearly_enough(&self) -> bool {
        self.fitting > 0 && 100 * self.fitting >= 90 * self.of
    }

    pub(super) fn is_whole(&self) -> bool {
        self.fitting == self.of
    }
}

/// The hash of a value, which those that differ by case alone share.
#[inline]
fn hash(value: &str) -> u64 {
    const SHORT: usize = 64;
    let mut lower = [0; SHORT];
    match lower.get_mut(..value.len()) {
        Some(lower) if value.is_ascii() => {
            lower.copy_from_slice(value.as_bytes());
            lower.make_ascii_lowercase();
            xxh3_64(lower)
        }
        _ => xxh3_64(UniCase::unicode(value).to_folded_case().as_bytes()),
    }
}
