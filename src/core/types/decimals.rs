//! Decimal numbers, read exactly ([`Exact`]): no floating point is involved before one is stored. What a field says of its
//! decimals is [`Decimals`].

use std::borrow::Cow;
use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::core::finding::DecimalFault;

/// How a decimal is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreAs {
    /// As a floating-point number, which keeps 15 digits.
    #[default]
    Real,
    /// As text, with all digits.
    Text,
    /// As a whole number of the smallest units: with a scale of 2, as hundredths.
    Minor,
}

impl StoreAs {
    /// The form of what is stored, in words; see [`super::definition::Facts::form`].
    pub fn form(self, scale: Option<u32>) -> Cow<'static, str> {
        match self {
            StoreAs::Real => "decimal".into(),
            StoreAs::Text => "decimal, as text".into(),
            StoreAs::Minor => format!("decimal, minor units, scale {}", scale.unwrap_or_default()).into(),
        }
    }
}

/// What a field says of its decimals.
#[derive(Clone, Debug, PartialEq)]
pub struct Decimals {
    /// What stands before the decimals.
    pub point: char,
    /// What may stand between groups of three digits.
    pub group: Option<char>,
    /// The greatest number of decimals.
    pub scale: Option<u32>,
    pub store: StoreAs,
    pub at_least: Option<Exact>,
    pub at_most: Option<Exact>,
    /// The limits as floating-point numbers, if usual values can be compared so.
    pub quick: Option<(f64, f64)>,
}

const PLAIN: Decimals = Decimals {
    point: '.',
    group: None,
    scale: None,
    store: StoreAs::Real,
    at_least: None,
    at_most: None,
    quick: Some((f64::NEG_INFINITY, f64::INFINITY)),
};

impl Default for Decimals {
    fn default() -> Decimals {
        PLAIN
    }
}

pub(super) static DEFAULT: Decimals = PLAIN;

/// The digits that a floating-point number of 64 bits surely keeps (IEEE 754, `DBL_DIG`). Two numbers of no more digits compare
/// like their floating-point numbers.
pub(super) const REAL_DIGITS: usize = 15;

impl Decimals {
    /// The same with these limits.
    pub fn within(self, at_least: Option<Exact>, at_most: Option<Exact>) -> Decimals {
        let real = |bound: &Option<Exact>, none: f64| match bound {
            None => Some(none),
            Some(bound) if bound.digits() <= REAL_DIGITS => bound.real(),
            Some(_) => None,
        };
        let quick = real(&at_least, f64::NEG_INFINITY).zip(real(&at_most, f64::INFINITY));
        Decimals { at_least, at_most, quick: quick.filter(|_| self.store != StoreAs::Text), ..self }
    }

    pub(super) fn written(&self) -> Written {
        Written { point: self.point, group: self.group }
    }
}

/// How a number is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    pub(super) point: char,
    pub(super) group: Option<char>,
}

impl Written {
    /// As in JSON.
    pub(super) const PLAIN: Written = Written { point: '.', group: None };
}

/// A decimal number as its digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exact {
    is_negative: bool,
    /// The digits before the point, without leading zeros.
    whole: String,
    /// The digits after it, as they are written.
    decimals: String,
}

impl Exact {
    /// Reads a number with a point, as profiles have it.
    pub fn of(text: &str) -> Option<Exact> {
        exact(text, Written::PLAIN, None).ok()
    }

    /// `-1234.50`; without a point if there are no decimals.
    pub fn text(&self) -> String {
        let sign = if self.is_negative { "-" } else { "" };
        let whole = if self.whole.is_empty() { "0" } else { &self.whole };
        let point = if self.decimals.is_empty() { "" } else { "." };
        format!("{sign}{whole}{point}{}", self.decimals)
    }

    /// The decimals without zeros at their end.
    fn significant(&self) -> &str {
        self.decimals.trim_end_matches('0')
    }

    /// The number of digits that must be kept.
    pub(super) fn digits(&self) -> usize {
        let decimals = self.significant();
        match self.whole.is_empty() {
            true => decimals.trim_start_matches('0').len(),
            false => match decimals.is_empty() {
                true => self.whole.trim_end_matches('0').len(),
                false => self.whole.len() + decimals.len(),
            },
        }
    }

    /// The nearest floating-point number; `None` if the number is too large or too small for one.
    pub(super) fn real(&self) -> Option<f64> {
        let real: f64 = self.text().parse().ok()?;
        let is_zero = self.whole.is_empty() && self.significant().is_empty();
        (real.is_normal() || is_zero).then_some(real)
    }

    /// The number in units of 10^-`scale`, if it fits into 64 bits.
    pub(super) fn minor(&self, scale: u32) -> Option<i64> {
        let sign = if self.is_negative { "-" } else { "" };
        let zeros = "0".repeat((scale as usize).checked_sub(self.significant().len())?);
        format!("{sign}0{}{}{zeros}", self.whole, self.significant()).parse().ok()
    }
}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Exact) -> Option<Ordering> {
        let size = |one: &Exact, other: &Exact| {
            let (one_size, other_size) = (one.whole.len(), other.whole.len());
            let by_digits = || (&*one.whole, one.significant()).cmp(&(&*other.whole, other.significant()));
            one_size.cmp(&other_size).then_with(by_digits)
        };
        Some(match (self.is_negative, other.is_negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => size(self, other),
            (true, true) => size(other, self),
        })
    }
}

pub(super) fn exact(value: &str, written: Written, scale: Option<u32>) -> Result<Exact, DecimalFault> {
    const MINUS: [char; 2] = ['-', '\u{2212}'];
    let form = DecimalFault::Form { point: written.point };
    let (is_negative, digits) = match (value.strip_prefix(MINUS), value.strip_suffix(MINUS)) {
        (Some(digits), None) => (true, digits),
        // As accounting programs write it.
        (None, Some(digits)) => (true, digits.trim_end()),
        (None, None) => (false, value.strip_prefix('+').unwrap_or(value)),
        (Some(_), Some(_)) => return Err(form),
    };
    let (whole, decimals) = digits.split_once(written.point).unwrap_or((digits, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let whole = ungrouped(whole, written)?;
    let has_point = digits.contains(written.point);
    if !are_digits(&whole) || !are_digits(decimals) || has_point && decimals.is_empty() || digits.is_empty() {
        return Err(form);
    }
    let exact = Exact { is_negative, whole: whole.trim_start_matches('0').to_string(), decimals: decimals.to_string() };
    if let Some(scale) = scale
        && exact.significant().len() > scale as usize
    {
        return Err(DecimalFault::Scale(scale));
    }
    let is_zero = exact.whole.is_empty() && exact.significant().is_empty();
    Ok(Exact { is_negative: is_negative && !is_zero, ..exact })
}

/// The digits of groups, of which each but the first has three. The first begins with no zero: what looks like the group of `0.500`
/// are decimals after another mark.
fn ungrouped(whole: &str, Written { point, group }: Written) -> Result<Cow<'_, str>, DecimalFault> {
    let is_group = |found: char| match group {
        // White space has become one kind of space.
        Some(group) if group.is_whitespace() => found == ' ',
        Some('\'' | '\u{2019}') => matches!(found, '\'' | '\u{2019}'),
        group => group == Some(found),
    };
    if !whole.contains(is_group) {
        return Ok(Cow::Borrowed(whole));
    }
    let mut groups = whole.split(is_group);
    let is_first = groups.next().is_some_and(|first| (1..=3).contains(&first.len()) && !first.starts_with('0'));
    match is_first && groups.all(|group| group.len() == 3) {
        true => Ok(Cow::Owned(whole.chars().filter(|found| !is_group(*found)).collect())),
        false => Err(DecimalFault::Group { group: group.unwrap_or_default(), point }),
    }
}
