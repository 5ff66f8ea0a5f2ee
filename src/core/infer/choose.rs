//! The type of a field, chosen from what is known of its column: [`choose`].

use super::choices::{choice, list, text};
use super::column::{ColumnStats, Fit, MOST_CHOICES, Noted};
use super::dates::{COMPACT, DAYS, EITHER, ISO, SHORT_YEARS, Time, whole_year};
use super::fields::Sure;
use super::guess::{Guess, Habits, misfits, room_for, with_length};
use super::hints::{self, Hint};
use super::numbers::{FORMS, Form};
use super::verdict::{
    COUNTRY, DIALLED, EMAIL, FLAG, IDENTIFIER, INTEGER, LONG, MARKED, PHONE, REWRITTEN, SCHEME, TEXT, URL,
};
use super::words::{number, percent, quoted, toml_list, toml_text};

/// What a column most likely holds.
pub(super) fn choose(header: &str, stats: &ColumnStats, habits: Habits) -> Guess {
    let says = |hint| hints::says(header, hint);
    let types: [&dyn Fn() -> Option<Guess>; 10] = [
        &|| flag(stats),
        &|| Some(plain(stats, "email", EMAIL).with("max", email_length(stats).to_string())),
        &|| url(stats),
        &|| timestamp(stats, habits),
        &|| date(stats, habits, says(Hint::Date)),
        &|| phone(stats, says(Hint::Phone), says(Hint::Identifier)),
        &|| postal_code(stats, says(Hint::PostalCode)),
        &|| country(stats, says(Hint::Country)),
        &|| integer(stats),
        &|| decimal(stats, habits),
    ];
    let typed = |fits: fn(&Fit) -> bool| types.iter().find_map(|guess| guess().filter(|guess| fits(&guess.fit)));
    if let Some(guess) = typed(Fit::is_enough) {
        return guess;
    }
    let near = typed(Fit::is_nearly_enough);
    // Words among amounts or days are mistakes, or say that there is no value; what refers to a parent is no choice either.
    let is_measured =
        near.as_ref().is_some_and(|near| matches!(near.kind, "integer" | "decimal" | "date" | "timestamp"));
    let words = list(stats).or_else(|| if is_measured || says(Hint::Parent) { None } else { choice(stats) });
    let guess = words.unwrap_or_else(|| text(stats));
    match near {
        Some(near) if guess.perhaps.is_empty() => with_near(guess, near),
        _ => guess,
    }
}

/// A guess that takes all values, with a type that nearly all of them fit as comments: a person decides.
fn with_near(guess: Guess, near: Guess) -> Guess {
    let Fit { of, fitting, misfit } = &near.fit;
    let mut guess = guess.noted(format!(
        "{}: {} of the values fit; {}. If those are mistakes, take the type in the comments below",
        near.kind,
        percent(*fitting, *of),
        misfits(["does not", "do not"], misfit)
    ));
    guess.perhaps.push(format!("type = {}", toml_text(near.kind)));
    guess.perhaps.extend(near.keys.iter().map(|(key, value)| format!("{key} = {value}")));
    guess.perhaps.extend(near.perhaps);
    guess.sure = Sure::Guess;
    guess
}

fn email_length(stats: &ColumnStats) -> usize {
    // The longest address that mail systems take.
    room_for(stats.longest.0).unwrap_or(stats.longest.0).max(254)
}

fn plain(stats: &ColumnStats, kind: &'static str, bit: u16) -> Guess {
    Guess::new(kind, stats.fit(false, |verdict| verdict.kinds & bit != 0))
}

/// A word with a dot may be an address by chance; most addresses begin as such.
fn url(stats: &ColumnStats) -> Option<Guess> {
    let guess = plain(stats, "url", URL);
    let begins = stats.fit(false, |verdict| verdict.kinds & (URL | SCHEME) == URL | SCHEME);
    (2 * begins.fitting > begins.of).then(|| with_length(guess, stats))
}

/// A flag has two values; a column of ones alone may be a number.
fn flag(stats: &ColumnStats) -> Option<Guess> {
    let guess = plain(stats, "flag", FLAG);
    let is_digit = |value: &str| value.bytes().all(|byte| byte.is_ascii_digit());
    let digits = stats.values.iter().filter(|(_, value)| is_digit(value)).count();
    let words = stats.values.len() - digits;
    (digits == 2 || words > 0).then_some(guess)
}

/// Where the header says neither, most values must begin as phone numbers do; where it says that they identify something, all.
fn phone(stats: &ColumnStats, is_named: bool, is_identifier: bool) -> Option<Guess> {
    let guess = plain(stats, "phone", PHONE);
    let dialled = stats.fit(false, |verdict| verdict.kinds & (DIALLED | PHONE) == DIALLED | PHONE);
    let is_likely = if is_identifier { dialled.is_whole() } else { 2 * dialled.fitting >= dialled.of };
    if !is_named && (!is_likely || dialled.of < 10) {
        return None;
    }
    let sure = if is_named { guess.sure } else { Sure::Guess };
    Some(with_length(Guess { sure, ..guess }, stats))
}

fn postal_code(stats: &ColumnStats, is_named: bool) -> Option<Guess> {
    const LONGEST: usize = 12;
    let fit = stats.fit(true, |verdict| verdict.kinds & TEXT != 0 && verdict.kinds & REWRITTEN == 0);
    if !is_named || !fit.is_enough() || stats.longest.0 > LONGEST {
        return None;
    }
    Some(with_length(Guess::new("postal-code", fit).words(), stats))
}

/// Two letters mean a country only in a column that is named so: languages and states have two letters, too.
fn country(stats: &ColumnStats, is_named: bool) -> Option<Guess> {
    let fit = stats.fit(true, |verdict| verdict.kinds & COUNTRY != 0);
    let has_names = stats.longest.0 > 3 && fit.of >= 10;
    // A country that is not known is stored as it is.
    let is_likely = if is_named { 2 * fit.fitting > fit.of } else { has_names && fit.is_enough() };
    if !is_likely {
        return None;
    }
    let sure = if is_named && fit.is_whole() { Sure::Certain } else { Sure::Likely };
    let unknown = fit.misfit.clone();
    let fit = stats.fit(true, |verdict| verdict.kinds & TEXT != 0);
    let mut guess = Guess { sure, ..Guess::new("country", fit).words() };
    if unknown.count > 0 {
        let unknown = misfits(["is no known country", "are no known countries"], &unknown);
        guess = guess.noted(format!("{unknown}; stored as written, with a warning"));
    }
    Some(guess)
}

fn integer(stats: &ColumnStats) -> Option<Guess> {
    let kept = stats.fit(false, |verdict| verdict.kinds & IDENTIFIER == 0);
    // A number would lose the zeros.
    kept.is_whole().then(|| plain(stats, "integer", INTEGER))
}

fn decimal(stats: &ColumnStats, habits: Habits) -> Option<Guess> {
    let fit_of = |form: usize| stats.fit(false, |verdict| verdict.decimals >> form & 1 == 1);
    let is_identifier = stats.verdicts.iter().any(|(verdict, _)| verdict.kinds & IDENTIFIER != 0);
    let fits: Vec<Fit> = (0..FORMS.len()).map(fit_of).collect();
    let most = fits.iter().map(|fit| fit.fitting).max().filter(|_| !is_identifier)?;
    let best: Vec<usize> = (0..FORMS.len()).filter(|form| fits[*form].fitting == most).collect();
    // The plainest form for each mark: without groups if there are none.
    let of_mark = |mark: u8| best.iter().copied().find(|form| FORMS[*form].decimal == mark);
    let (point, comma) = (of_mark(b'.'), of_mark(b','));
    let (form, other) = match (point, comma) {
        (Some(point), Some(comma)) if habits.comma == Some(true) => (comma, Some(point)),
        (Some(point), comma) => (point, comma),
        (None, comma) => (comma?, None),
    };
    let fit = fits.into_iter().nth(form)?;
    let chosen = FORMS[form];
    let read = || stats.verdicts.iter().map(|(verdict, _)| verdict).filter(|verdict| verdict.decimals >> form & 1 == 1);
    if !read().any(|verdict| verdict.kinds & MARKED != 0) {
        return None;
    }
    let scale = read().map(|verdict| verdict.scale(chosen)).max().unwrap_or_default();
    let mut guess = Guess::new("decimal", fit);
    if chosen.decimal != b'.' {
        guess = guess.with("decimal", toml_text(","));
    }
    if let Some(group) = chosen.group {
        guess = guess.with("group", toml_text(&char::from(group).to_string()));
    }
    // The most that a profile takes.
    const MOST_SCALE: u8 = 18;
    if scale <= MOST_SCALE {
        guess = guess.with("scale", scale.to_string());
    }
    if read().any(|verdict| verdict.kinds & LONG != 0) {
        guess =
            guess.with("store", toml_text("text")).noted("numbers of more than 15 digits: kept as text".to_string());
    }
    guess.proves.comma = other.is_none().then_some(chosen.decimal == b',');
    if let Some(other) = other {
        guess.sure = Sure::Guess;
        guess = guess.noted(format!(
            "every value can be read in two ways: {}, or {}",
            form_words(chosen),
            form_words(FORMS[other])
        ));
    }
    Some(guess)
}

fn form_words(form: Form) -> String {
    let keys = |name: &str, mark: u8| format!("{name} = {}", toml_text(&char::from(mark).to_string()));
    let group = form.group.map(|group| format!(", {}", keys("group", group))).unwrap_or_default();
    format!("{}{group}", keys("decimal", form.decimal))
}

fn timestamp(stats: &ColumnStats, habits: Habits) -> Option<Guess> {
    let dated = |time: Time| stats.fit(false, |verdict| verdict.days != 0 && verdict.time == time).fitting;
    let times = [Time::Iso, Time::Minutes, Time::Seconds, Time::MinutesOf12, Time::SecondsOf12];
    let mut used: Vec<Time> = times.into_iter().filter(|time| dated(*time) > 0).collect();
    used.sort_by_key(|time| std::cmp::Reverse(dated(*time)));
    // ISO 8601 has no format of its own in a list of others.
    used.truncate(if used.first() == Some(&Time::Iso) { 1 } else { 2 });
    used.retain(|time| *time != Time::Iso || dated(Time::Iso) >= dated(Time::None));
    let mut formats: Vec<(usize, Time)> = Vec::new();
    let mut guess = None;
    for time in used {
        let found = days(stats, habits, time)?;
        formats.extend(found.forms.iter().map(|form| (*form, time)));
        guess = guess.or(Some(found));
    }
    let found = guess?;
    // In ISO 8601 a day alone is its midnight.
    let is_time = |time: Time, of: Time| time == of || of == Time::Iso && time == Time::None;
    let fits = |days: u32, time: Time| formats.iter().any(|(form, of)| days >> form & 1 == 1 && is_time(time, *of));
    let fit = stats.fit(false, |verdict| fits(verdict.days, verdict.time));
    (fit.fitting > 0).then(|| {
        let texts: Vec<String> = formats.iter().map(|(form, time)| format(*form, *time)).collect();
        let is_iso = formats.iter().all(|(form, time)| (*form, *time) == (ISO, Time::Iso));
        let guess = with_formats(Guess::new("timestamp", fit), &found, &texts, is_iso);
        match is_iso {
            true => guess,
            false => Guess { perhaps: vec!["time_zone = \"Europe/Berlin\"  # left out: UTC".to_string()], ..guess },
        }
    })
}

fn date(stats: &ColumnStats, habits: Habits, is_named: bool) -> Option<Guess> {
    let found = days(stats, habits, Time::None)?;
    let fits = |days: u32| found.forms.iter().any(|form| days >> form & 1 == 1);
    let fit = stats.fit(false, |verdict| verdict.time == Time::None && fits(verdict.days));
    // Eight digits may be any number; many that are all days are days.
    let is_number = found.forms == [COMPACT] && !is_named && (stats.values.len() <= MOST_CHOICES || !fit.is_whole());
    (fit.fitting > 0 && !is_number).then(|| {
        let texts: Vec<String> = found.forms.iter().map(|form| format(*form, Time::None)).collect();
        with_formats(Guess::new("date", fit), &found, &texts, found.forms == [ISO])
    })
}

fn format(form: usize, time: Time) -> String {
    format!("{}{}", DAYS[form], time.format())
}

fn with_formats(guess: Guess, found: &Days, texts: &[String], is_iso: bool) -> Guess {
    let mut guess = if is_iso { guess } else { guess.with("formats", toml_list(texts)) };
    guess.proves.day_first = found.proves;
    if let Some((chosen, other)) = found.either {
        guess.sure = Sure::Guess;
        let names = |form: usize| DAYS[form].to_string();
        guess.notes.push(format!(
            "day and month cannot be told apart: every value fits {} and {}",
            names(chosen),
            names(other)
        ));
    }
    guess.notes.extend(found.years.clone());
    if let Some(proof) = &found.proof {
        guess.notes.push(format!(
            "the order of day and month is proven by {} (line {})",
            quoted(&proof.value),
            proof.line
        ));
    }
    guess
}

/// The formats of the days of a column.
struct Days {
    forms: Vec<usize>,
    /// The format that is chosen, and another that fits as well.
    either: Option<(usize, usize)>,
    proof: Option<Noted>,
    /// Whether the day comes first, if that is proven.
    proves: Option<bool>,
    /// How years of two digits are read, in words.
    years: Option<String>,
}

/// Formats that no value fits with different results, the most frequent first.
fn days(stats: &ColumnStats, habits: Habits, time: Time) -> Option<Days> {
    const MOST: usize = 3;
    let mut left: Vec<_> =
        stats.verdicts.iter().filter(|(verdict, _)| verdict.days != 0 && verdict.time == time).collect();
    let mut found = Days { forms: Vec::new(), either: None, proof: None, proves: None, years: None };
    let is_day_first = habits.day_first.or(habits.comma).unwrap_or(true);
    while !left.is_empty() && found.forms.len() < MOST {
        let count = |form: usize| -> u64 {
            left.iter().filter(|(verdict, _)| verdict.days >> form & 1 == 1).map(|(_, seen)| seen.count).sum()
        };
        let is_free = |form: &usize| !found.forms.iter().any(|chosen| contradict(*chosen, *form));
        // Of equal ones the last is taken.
        let is_usual = |form: usize| other_order(form).is_none() || is_month_first(form) != is_day_first;
        let worth = |form: &usize| (count(*form), is_usual(*form), DAYS.len() - form);
        let Some(best) = (0..DAYS.len()).filter(is_free).max_by_key(worth).filter(|form| count(*form) > 0) else {
            break;
        };
        if let Some(other) = other_order(best) {
            let proof = left.iter().filter(|(verdict, _)| verdict.days & (1 << best | 1 << other) == 1 << best);
            let proof = proof.map(|(_, seen)| seen).min_by_key(|seen| seen.line).cloned();
            match proof {
                Some(proof) if count(best) > count(other) => {
                    found.proves = Some(!is_month_first(best));
                    found.proof = Some(proof);
                }
                // As many values prove the one order as the other.
                Some(_) => return None,
                None => found.either = Some((best, other)),
            }
        }
        found.forms.push(best);
        left.retain(|(verdict, _)| verdict.days >> best & 1 == 0);
    }
    found.years = short_years(stats, &found.forms, time, habits.this_year);
    (!found.forms.is_empty()).then_some(found)
}

/// How years of two digits are read, and how many of the dates that makes later than this year.
fn short_years(stats: &ColumnStats, forms: &[usize], time: Time, this_year: u16) -> Option<String> {
    let read = forms.iter().fold(0, |read, form| read | 1 << form) & SHORT_YEARS;
    let dates = stats.verdicts.iter().filter(|(verdict, _)| verdict.time == time && verdict.days & read != 0);
    let dates = dates.filter_map(|(verdict, seen)| Some((whole_year(verdict.short_year?), seen.count)));
    let (all, late) = dates
        .fold((0, 0), |(all, late), (year, count)| (all + count, if year > this_year { late + count } else { late }));
    let advice = if late > 0 { ". If those are of the last century, ask for years of four digits" } else { "" };
    (all > 0).then(|| {
        format!(
            "years of two digits are read as 1970 to 2069: {} of {} dates would lie after {this_year}{advice}",
            number(late),
            number(all)
        )
    })
}

fn is_month_first(form: usize) -> bool {
    EITHER.iter().any(|(_, month_first)| *month_first == form)
}

fn other_order(form: usize) -> Option<usize> {
    EITHER.iter().find_map(|(one, other)| match form {
        form if form == *one => Some(*other),
        form if form == *other => Some(*one),
        _ => None,
    })
}

/// Whether two formats contradict each other: in one the day comes first, in the other the month.
fn contradict(one: usize, other: usize) -> bool {
    const ORDERS: [(usize, usize); 2] = [(2, 11), (3, 10)];
    one == other || EITHER.iter().chain(&ORDERS).any(|pair| *pair == (one, other) || *pair == (other, one))
}
