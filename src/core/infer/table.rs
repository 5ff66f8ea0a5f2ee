//! A profile for a whole table: [`Table::propose`].

use std::collections::{BTreeMap, HashMap};

use super::choose::choose;
use super::column::{ColumnStats, Noted};
use super::distinct::Budget;
use super::fields::{Field, KeyWorth, Repeats, Sure};
use super::guess::{Guess, Habits, misfits};
use super::hints::{self, Hint};
use super::key;
use super::names::{Names, identifier};
use super::nothing::{self, Nothing};
use super::verdict::REWRITTEN;
use super::words::{number, percent, quoted, toml_key, toml_text};
use crate::core::profile::{PARENT_ID, letters_and_digits, taken_from_report};

/// A column, or key of JSON, and what is known of its values.
#[derive(Clone, Debug)]
pub struct TableColumn {
    pub header: String,
    /// The columns by number, from 1. Several that have one header fill one field.
    pub numbers: Vec<usize>,
    /// Other spellings of the header.
    pub also: Vec<String>,
    pub stats: ColumnStats,
}

/// What is known of a table.
#[derive(Debug)]
pub struct Table {
    /// The records that could be split into cells or members.
    pub records: u64,
    /// Whether its values stand in columns, which have numbers.
    pub has_columns: bool,
    pub columns: Vec<TableColumn>,
    /// Whether its cells are separated by semicolons, as where decimals have commas.
    pub has_semicolons: bool,
    /// The year in which it is read.
    pub this_year: u16,
    /// Words that the user has named as missing, and that were counted as such.
    pub null_tokens: Vec<String>,
}

/// What a profile may look like.
#[derive(Clone, Debug)]
pub struct Proposal {
    pub fields: Vec<Field>,
    pub key: Vec<String>,
    /// Why it is the key, or what nearly is one.
    pub key_notes: Vec<String>,
    /// Words that mean that there is no value, and where they were seen.
    pub null_tokens: Vec<(String, String)>,
}

impl Table {
    /// What a profile for it may look like.
    pub fn propose(mut self) -> Proposal {
        // What is merged or settled here is bounded by what was held before.
        let mut budget = Budget::new(self.columns.len(), 1);
        self.merge_columns(&mut budget);
        let null_tokens = self.null_tokens();
        for column in &mut self.columns {
            column.stats.settle(|word| null_tokens.iter().any(|(token, _)| token == word), &mut budget);
        }
        let habits = self.habits();
        let mut names = Names::new(self.columns.iter().map(|column| column.header.as_str()));
        let mut fields: Vec<Field> = Vec::with_capacity(self.columns.len());
        for column in &self.columns {
            let guess = choose(&column.header, &column.stats, habits);
            fields.push(self.field(column, guess, &mut names));
        }
        let (key, key_notes) = key::choose(&fields, self.records);
        for field in fields.iter_mut().filter(|field| field.unique && !key.contains(&field.name)) {
            field.perhaps.push("unique = true".to_string());
        }
        self.propose_parent(&mut fields, &key);
        Proposal { fields, key, key_notes, null_tokens }
    }

    /// Proposes, as a comment, that a column refers to parents: its header says so, or its values are nearly all keys.
    fn propose_parent(&self, fields: &mut [Field], key: &[String]) {
        const FEW: usize = 5;
        let Some(of_key) = fields.iter().position(|field| key == [field.name.as_str()]) else { return };
        let (name, kind) = (fields[of_key].name.clone(), fields[of_key].kind);
        let keys = &self.columns[of_key].stats.distinct;
        let others = fields.iter_mut().zip(&self.columns).enumerate().filter(|(index, _)| *index != of_key);
        for (_, (field, column)) in others.filter(|(_, (field, _))| field.kind == kind && field.impossible.is_none()) {
            let (shared, all) = column.stats.distinct.shared_with(keys);
            let is_named = hints::says(&column.header, Hint::Parent) && shared > 0;
            // Small numbers are among any.
            let are_keys = kind != "integer" && all >= FEW && 20 * shared >= 19 * all;
            if is_named || are_keys {
                let what = if shared == all { "all" } else { "most" };
                let reference = toml_text(&name);
                field.perhaps.push(format!("references = {reference}  # {what} of its values are keys: a parent?"));
                // With the line above there is a field of this name, and no label may be the name of another field.
                let label = field.keys.iter_mut().find(|(key, _)| *key == "label");
                if let Some(label) = label.filter(|_| identifier(&column.header) == PARENT_ID) {
                    *label = ("aliases_beside", format!("{{ {} = [{}] }}", toml_key(&name), label.1));
                }
            }
        }
    }

    /// Columns that have one header, as headers are compared, fill one field.
    fn merge_columns(&mut self, budget: &mut Budget) {
        let mut owners: HashMap<String, usize> = HashMap::new();
        let mut merged: Vec<TableColumn> = Vec::with_capacity(self.columns.len());
        for column in std::mem::take(&mut self.columns) {
            let compared = letters_and_digits(&column.header);
            match owners.get(&compared).filter(|_| !compared.is_empty()) {
                Some(owner) => {
                    merged[*owner].numbers.extend(column.numbers);
                    merged[*owner].also.push(column.header);
                    merged[*owner].stats.merge(column.stats, budget);
                }
                None => {
                    owners.insert(compared, merged.len());
                    merged.push(column);
                }
            }
        }
        self.columns = merged;
    }

    /// The words that mean that there is no value, and where they were seen.
    fn null_tokens(&self) -> Vec<(String, String)> {
        let mut seen: BTreeMap<&str, (u64, Vec<&TableColumn>)> = BTreeMap::new();
        for column in &self.columns {
            for (word, noted) in &column.stats.words {
                let (count, columns) = seen.entry(word).or_default();
                *count += noted.count;
                columns.push(column);
            }
        }
        let guess = |column: &TableColumn| choose(&column.header, &column.stats, Habits::default());
        // Where no other value is a word, this one is none either.
        let is_no_word = |column: &&&TableColumn| column.stats.filled > 0 && !guess(column).holds_words;
        let is_token = |word: &str, columns: &[&TableColumn]| match nothing::of(word) {
            Some(Nothing::Surely) => true,
            _ => {
                let is_country = |column: &&TableColumn| guess(column).kind == "country";
                columns.iter().any(|column| is_no_word(&column)) && !columns.iter().any(is_country)
            }
        };
        let given = self.null_tokens.iter().map(|token| (token.clone(), "named with --null-token".to_string()));
        let found = seen.into_iter().filter(|(word, (_, columns))| is_token(word, columns));
        let described = |(word, (count, columns)): (&str, (u64, Vec<&TableColumn>))| {
            const MOST: usize = 3;
            let mut names: Vec<String> = columns.iter().take(MOST).map(|column| quoted(column.header.trim())).collect();
            names.extend((columns.len() > MOST).then(|| format!("{} more columns", columns.len() - MOST)));
            let times = if count == 1 { "once".to_string() } else { format!("{} times", number(count)) };
            (word.to_string(), format!("{times}, in {}", names.join(", ")))
        };
        given.chain(found.map(described)).collect()
    }

    /// How dates and decimals are written in columns that leave no doubt.
    fn habits(&self) -> Habits {
        let proofs: Vec<Habits> =
            self.columns.iter().map(|column| choose(&column.header, &column.stats, Habits::default()).proves).collect();
        let most = |of: fn(&Habits) -> Option<bool>| {
            let votes: Vec<bool> = proofs.iter().filter_map(of).collect();
            let yes = votes.iter().filter(|vote| **vote).count();
            (2 * yes != votes.len()).then_some(2 * yes > votes.len())
        };
        let comma = most(|habits| habits.comma).or(self.has_semicolons.then_some(true));
        Habits { comma, day_first: most(|habits| habits.day_first), this_year: self.this_year }
    }

    fn field(&self, column: &TableColumn, guess: Guess, names: &mut Names) -> Field {
        let TableColumn { header, numbers, stats, .. } = column;
        let number = numbers.first().copied().unwrap_or_default();
        let name = names.give(header, number);
        let is_alone = numbers.len() == 1;
        let filled = guess.fit.of + stats.odd();
        // Some types drop an apostrophe before a value.
        let required = is_alone && filled == self.records && filled > 0 && !stats.has_lone_apostrophe;
        let key = if is_alone { worth(header, stats, &guess, self.records) } else { KeyWorth::None };
        let mut keys = Vec::new();
        let is_nameless = letters_and_digits(header).is_empty();
        // Under its label the column is found whatever name a person gives the field.
        if !is_nameless && name != header.trim() {
            keys.push(("label", toml_text(header.trim())));
        }
        keys.push(("type", toml_text(guess.kind)));
        keys.extend(required.then(|| ("required", "true".to_string())));
        keys.extend(guess.keys.clone());
        let impossible = match () {
            () if is_nameless => {
                Some("Its header has no letter and no digit, by which a column is found: give it a name.")
            }
            () if taken_from_report(header).is_some() => {
                Some("custload's reject reports have a column that means the same: give it another name.")
            }
            () if guess.fit.of > 0 && guess.fit.fitting == 0 => {
                Some("No type takes its values: lists of objects, or objects.")
            }
            () => None,
        };
        let notes = self.notes(column, &guess, filled);
        let unique = key >= KeyWorth::Unique && !stats.distinct.may_repeat(stats.filled);
        let sure = if stats.filled == 0 { Sure::Guess } else { guess.sure };
        let (columns, perhaps, kind) = (numbers.clone(), guess.perhaps, guess.kind);
        Field {
            name,
            header: header.clone(),
            columns,
            kind,
            keys,
            required,
            unique,
            sure,
            notes,
            perhaps,
            impossible,
            key,
        }
    }

    /// What a field is made from.
    fn notes(&self, column: &TableColumn, guess: &Guess, filled: u64) -> Vec<String> {
        let TableColumn { header, numbers, stats, .. } = column;
        let also = column.also.iter().filter(|also| *also != header).map(|also| format!(", {}", quoted(also.trim())));
        let mut notes = vec![format!("{}{}", self.heading(header, numbers), also.collect::<String>())];
        if filled == 0 {
            notes.push("empty in every record: text, until there are values".to_string());
            return notes;
        }
        let (count, is_exact) = stats.distinct.count();
        let about = if is_exact { "" } else { "about " };
        let share = percent(filled.min(self.records), self.records);
        let distinct = if count == 1 { "value" } else { "different values" };
        notes.push(format!("filled: {share} ({}), {about}{} {distinct}", self::number(filled), self::number(count)));
        let examples: Vec<String> = stats.examples.iter().map(|example| quoted(example)).collect();
        notes.extend((!examples.is_empty()).then(|| format!("for example {}", examples.join(", "))));
        notes.push(fit_note(guess));
        if identifier(header) == PARENT_ID {
            notes.push(format!("IDs of the system that the file is from: in the database, {PARENT_ID} has its own"));
        }
        notes.extend(guess.notes.iter().cloned());
        notes.extend(repeat_note(stats));
        if numbers.len() > 1 {
            notes.push(
                "these are one header, for only letters and digits count: of each record, the first that is filled gives the \
                 value; for a field of its own, give a column another name"
                    .to_string(),
            );
        }
        for (verbs, noted) in [
            (["has a control character", "have control characters"], &stats.control),
            (["is the error of a formula", "are errors of formulas"], &stats.errors),
        ] {
            notes.extend((noted.count > 0).then(|| format!("{}; rejected", misfits(verbs, noted))));
        }
        notes
    }

    fn heading(&self, header: &str, numbers: &[usize]) -> String {
        let name = if header.trim().is_empty() { "(without a name)".to_string() } else { quoted(header.trim()) };
        if !self.has_columns {
            return format!("key {name}");
        }
        let list: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        format!("column{} {} {name}", if numbers.len() == 1 { "" } else { "s" }, list.join(", "))
    }
}

fn fit_note(guess: &Guess) -> String {
    let (kind, sure) = (guess.kind, guess.sure.name());
    match guess.fit.is_whole() {
        true => format!("{kind}: all values fit; {sure}"),
        false => format!(
            "{kind}: {} of the values fit; {sure}. {}; rejected",
            percent(guess.fit.fitting, guess.fit.of),
            misfits(["does not", "do not"], &guess.fit.misfit)
        ),
    }
}

fn repeat_note(stats: &ColumnStats) -> Option<String> {
    match () {
        () if stats.filled < 2 => None,
        () if !stats.distinct.may_repeat(stats.filled) => Some(match stats.distinct.checked {
            None => "no value is repeated".to_string(),
            Some(first) => format!("no value is repeated among the first {}", number(first)),
        }),
        () if stats.repeat.count > 0 && 10 * stats.distinct.count().0 > 9 * stats.filled => {
            let Noted { value, line, .. } = &stats.repeat;
            Some(format!("most values differ; the first repeated one is {} on line {line}", quoted(value)))
        }
        () => None,
    }
}

/// How good a column is as a key.
fn worth(header: &str, stats: &ColumnStats, guess: &Guess, records: u64) -> KeyWorth {
    let is_rewritten = stats.verdicts.iter().any(|(verdict, _)| verdict.kinds & REWRITTEN != 0);
    let can_be = matches!(guess.kind, "text" | "integer" | "email") && guess.fit.is_whole() && !is_rewritten;
    let is_named = hints::says(header, Hint::Identifier);
    // Two customers may have one name, live in one place, and owe the same.
    let describes = !is_named && guess.kind != "email" && (stats.is_spaced() || hints::says(header, Hint::Description));
    const LONGEST: usize = 100;
    if !can_be || describes || stats.filled == 0 || stats.longest.0 > LONGEST {
        return KeyWorth::None;
    }
    if stats.distinct.may_repeat(stats.filled) {
        let (count, is_exact) = stats.distinct.count();
        let repeats = Repeats {
            share: 1000 * count.min(stats.filled) / stats.filled,
            records: is_exact.then(|| stats.filled - count),
            line: Some(stats.repeat.line).filter(|_| stats.repeat.count > 0),
        };
        return match repeats.share {
            980.. if is_named && guess.fit.of == records => KeyWorth::NearlyIdentifier(repeats),
            900.. => KeyWorth::Nearly(repeats),
            _ => KeyWorth::None,
        };
    }
    match () {
        () if guess.fit.of < records => KeyWorth::Gaps,
        () if guess.kind == "email" => KeyWorth::Email,
        () if is_named && !stats.is_spaced() => KeyWorth::Identifier,
        () => KeyWorth::Unique,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
