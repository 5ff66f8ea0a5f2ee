//! What a column may hold, with what speaks for it: [`Guess`].

use super::column::{ColumnStats, Fit, Noted};
use super::fields::Sure;
use super::words::{number, quoted};

/// What other columns say about how a person writes dates and decimals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Habits {
    /// Whether the decimal mark is a comma.
    pub(super) comma: Option<bool>,
    /// Whether the day comes before the month.
    pub(super) day_first: Option<bool>,
    /// The year in which the file is read, after which few dates lie.
    pub(super) this_year: u16,
}

/// A type, with its keys and what speaks for it.
#[derive(Clone, Debug)]
pub(super) struct Guess {
    pub(super) kind: &'static str,
    pub(super) keys: Vec<(&'static str, String)>,
    pub(super) notes: Vec<String>,
    pub(super) perhaps: Vec<String>,
    pub(super) fit: Fit,
    pub(super) sure: Sure,
    pub(super) holds_words: bool,
    /// What its values prove about the habits of the file.
    pub(super) proves: Habits,
}

impl Guess {
    pub(super) fn new(kind: &'static str, fit: Fit) -> Guess {
        const FEW: u64 = 20;
        let sure = if fit.is_whole() && fit.of >= FEW { Sure::Certain } else { Sure::Likely };
        let (keys, notes, perhaps) = Default::default();
        Guess { kind, keys, notes, perhaps, fit, sure, holds_words: false, proves: Habits::default() }
    }

    pub(super) fn with(mut self, key: &'static str, value: String) -> Guess {
        self.keys.push((key, value));
        self
    }

    pub(super) fn noted(mut self, note: String) -> Guess {
        self.notes.push(note);
        self
    }

    pub(super) fn words(self) -> Guess {
        Guess { holds_words: true, ..self }
    }
}

/// The lengths that are proposed.
const LENGTHS: [usize; 12] = [10, 20, 50, 100, 200, 254, 500, 1000, 4000, 10_000, 100_000, 1_000_000];

/// The next length with some room for longer values; `None` if the longest is longer than any.
pub(super) fn room_for(longest: usize) -> Option<usize> {
    LENGTHS.into_iter().find(|length| *length >= longest + longest / 10)
}

pub(super) fn with_length(guess: Guess, stats: &ColumnStats) -> Guess {
    match room_for(stats.longest.0).filter(|_| stats.filled > 0) {
        Some(length) => guess.with("max", length.to_string()),
        None => guess,
    }
}

/// `3 values do not fit, such as "X" on line 7`, with the verb for one value and for several.
pub(super) fn misfits([one, several]: [&str; 2], misfit: &Noted) -> String {
    let (count, verb) = if misfit.count == 1 {
        ("1 value".to_string(), one)
    } else {
        (format!("{} values", number(misfit.count)), several)
    };
    format!("{count} {verb}, such as {} on line {}", quoted(&misfit.value), misfit.line)
}
