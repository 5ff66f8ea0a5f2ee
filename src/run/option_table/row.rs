//! A row of the table of options: [`Row`].

use std::{collections::BTreeSet, path::Path};

use serde_json::Value;

use crate::error::Error;
use crate::run::options::Options;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decides {
    /// What is stored of an input: runs with different values are different.
    Stored,
    /// Which part of an input is read. It is part of the input's identity.
    Part,
    /// How often the run commits.
    Steps,
    /// When what is counted stops the run.
    Limit,
    /// None of these, but output, speed, waiting, the clock, or limits that protect the machine.
    Nothing,
}

/// Which printed commands repeat an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copied {
    No,
    /// Those that read the same file. Its reject report has a format of its own.
    File,
    /// Those that read the file or its reject report: the option says what columns, rows and values mean.
    Meaning,
    /// Those that load the reject report: the option is about fields or the database.
    Report,
}

/// Why a value of an option is refused, and what to write instead.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("{0}")]
    Value(String),
    #[error(transparent)]
    Other(#[from] Error),
}

impl Refusal {
    pub fn of(self, option: &str, value: &str) -> Error {
        match self {
            Refusal::Value(why) => Error::Usage(format!("--{option} {value}: {why}")),
            Refusal::Other(error) => error,
        }
    }
}

impl From<String> for Refusal {
    fn from(why: String) -> Refusal {
        Refusal::Value(why)
    }
}

impl From<&str> for Refusal {
    fn from(why: &str) -> Refusal {
        Refusal::Value(why.to_string())
    }
}

type Str = &'static str;
type SetText = fn(&mut Options, &str) -> Result<(), Refusal>;
type SetPath = fn(&mut Options, &Path) -> Result<(), Refusal>;

/// How an option sets its field of [`Options`]. Options of the program's output set none.
#[derive(Clone, Copy, Debug)]
pub enum Set {
    Switch(fn(&mut Options)),
    Text(SetText),
    /// With a path, which need not be Unicode.
    Path(SetPath),
}

#[derive(Clone, Copy, Debug)]
pub struct Recorded {
    /// The key in `import_runs.options`.
    pub key: Str,
    /// The value there; null if the option is not given.
    pub value: fn(&Options) -> Value,
    /// Its name in messages, if that is not `--` and the option's name.
    pub label: Option<Str>,
    pub on: Str,
}

#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub name: Str,
    pub short: Option<char>,
    /// The name of its value in the help; empty for a switch.
    pub value_name: Str,
    pub choices: &'static [(Str, Str)],
    pub default: Option<Str>,
    pub help: Str,
    /// Whether the help lists it under "How the file is read"; `inspect` has these options too.
    pub is_reading: bool,
    pub is_hidden: bool,
    pub repeats: bool,
    pub requires: Option<Str>,
    pub conflicts: &'static [Str],
    pub copied: Copied,
    pub decides: Decides,
    pub recorded: [Option<Recorded>; 2],
    pub set: Set,
}

impl Row {
    const fn new(name: Str, value_name: Str, decides: Decides, help: Str, set: Set) -> Row {
        Row {
            name,
            short: None,
            value_name,
            choices: &[],
            default: None,
            help,
            is_reading: false,
            is_hidden: false,
            repeats: false,
            requires: None,
            conflicts: &[],
            copied: Copied::No,
            decides,
            recorded: [None; 2],
            set,
        }
    }

    pub(super) const fn short(self, short: char) -> Row {
        Row { short: Some(short), ..self }
    }

    pub(super) const fn choices(self, choices: &'static [(Str, Str)]) -> Row {
        Row { choices, ..self }
    }

    pub(super) const fn default(self, default: Str) -> Row {
        Row { default: Some(default), ..self }
    }

    pub(super) const fn reading(self, copied: Copied) -> Row {
        Row { is_reading: true, copied, ..self }
    }

    pub(super) const fn hidden(self) -> Row {
        Row { is_hidden: true, ..self }
    }

    pub(super) const fn repeats(self) -> Row {
        Row { repeats: true, ..self }
    }

    pub(super) const fn requires(self, other: Str) -> Row {
        Row { requires: Some(other), ..self }
    }

    pub(super) const fn conflicts(self, others: &'static [Str]) -> Row {
        Row { conflicts: others, ..self }
    }

    pub(super) const fn copied(self, copied: Copied) -> Row {
        Row { copied, ..self }
    }

    /// Keeps the option in the database under this key.
    pub(super) const fn recorded(mut self, key: Str, value: fn(&Options) -> Value) -> Row {
        let recorded = Some(Recorded { key, value, label: None, on: "true" });
        self.recorded[if self.recorded[0].is_none() { 0 } else { 1 }] = recorded;
        self
    }

    /// Names what was recorded last in messages.
    pub(super) const fn called(mut self, label: Str) -> Row {
        let last = if self.recorded[1].is_none() { 0 } else { 1 };
        if let Some(recorded) = &mut self.recorded[last] {
            recorded.label = Some(label);
        }
        self
    }

    /// Names the value that is recorded as true.
    pub(super) const fn on(mut self, word: Str) -> Row {
        if let Some(recorded) = &mut self.recorded[0] {
            recorded.on = word;
        }
        self
    }
}

pub(super) const fn switch(name: Str, decides: Decides, help: Str, set: fn(&mut Options)) -> Row {
    Row::new(name, "", decides, help, Set::Switch(set))
}

pub(super) const fn text(name: Str, value_name: Str, decides: Decides, help: Str, set: SetText) -> Row {
    Row::new(name, value_name, decides, help, Set::Text(set))
}

pub(super) const fn path(name: Str, value_name: Str, decides: Decides, help: Str, set: SetPath) -> Row {
    Row::new(name, value_name, decides, help, Set::Path(set))
}

pub(super) fn put<T>(field: &mut T, value: Result<T, Refusal>) -> Result<(), Refusal> {
    value.map(|value| *field = value)
}

pub(super) fn list(typed: &str) -> Vec<String> {
    typed.split(',').map(|item| item.trim().to_string()).collect()
}

pub(super) fn number(typed: &str) -> Result<u64, Refusal> {
    typed.parse().map_err(|_| "it must be a whole number".into())
}

/// Texts whose order means nothing.
pub(super) fn set(texts: &[String]) -> Vec<String> {
    texts.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect()
}
