//! The options of a run as they were typed: [`Typed`]. Their table defines them for the parser.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::builder::{PossibleValue, PossibleValuesParser, ValueParser};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use crate::run::option_table::{Copied, Row, Set, rows, set_habits};
use crate::{error::Result, run::Options};

/// The options of a run that were typed, in the order of the table. `inspect` has only some of them.
#[derive(Clone, Debug, Default)]
pub struct Typed<const INSPECTS: bool> {
    given: Vec<(&'static Row, OsString)>,
}

impl<const INSPECTS: bool> Typed<INSPECTS> {
    fn rows() -> impl Iterator<Item = &'static Row> {
        rows().filter(|row| !INSPECTS || row.is_reading || row.name == "profile")
    }

    /// The last value of an option, if it was typed; a switch has an empty one.
    pub(super) fn value(&self, name: &str) -> Option<&OsStr> {
        self.given.iter().rev().find(|(row, _)| row.name == name).map(|(_, value)| value.as_os_str())
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.value(name).and_then(OsStr::to_str)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    pub(super) fn apply(&self, options: &mut Options) -> Result<()> {
        let unset = options.clone();
        for (row, value) in &self.given {
            apply(row, value, options)?;
            if row.name == "profile" {
                // The first of the table, so what is typed wins.
                set_habits(options)?;
            }
        }
        if options.profile.as_ref().is_some_and(|profile| !profile.file.0.is_empty()) {
            let mut typed = unset;
            let is_about_files = |(row, _): &&(&Row, OsString)| row.is_reading && row.copied == Copied::File;
            self.given.iter().filter(is_about_files).try_for_each(|(row, value)| apply(row, value, &mut typed))?;
            options.read.has_usual_encoding = typed.read.encoding.is_none();
            options.read.has_usual_sheet = typed.read.sheet.is_none();
            options.read_reports = Some(typed.read);
        }
        Ok(())
    }

    /// The options that a command repeats, as words of a shell.
    pub(super) fn copied(&self, copied: Copied) -> impl Iterator<Item = String> {
        let is_copied = move |(row, value): &&(&Row, OsString)| {
            row.copied == copied && row.default.is_none_or(|default| value != default)
        };
        self.given.iter().filter(is_copied).flat_map(|(row, value)| words(row, &value.to_string_lossy()))
    }
}

fn apply(row: &Row, value: &OsStr, options: &mut Options) -> Result<()> {
    let done = match row.set {
        Set::Switch(set) => {
            set(options);
            Ok(())
        }
        Set::Text(set) => set(options, &value.to_string_lossy()),
        Set::Path(set) => set(options, Path::new(value)),
    };
    done.map_err(|refusal| refusal.of(row.name, &value.to_string_lossy()))
}

fn words(row: &Row, value: &str) -> Vec<String> {
    let option = format!("--{}", row.name);
    match row.set {
        Set::Switch(_) => vec![option],
        // A value that looks like an option.
        _ if value.starts_with('-') => vec![format!("{option}={value}")],
        _ => vec![option, value.to_string()],
    }
}

fn definition(row: &'static Row) -> Arg {
    let values = row.choices.iter().map(|(name, help)| PossibleValue::new(*name).help(*help));
    let (action, parser) = match row.set {
        Set::Switch(_) => (ArgAction::SetTrue, ValueParser::bool()),
        Set::Path(_) => (ArgAction::Set, ValueParser::path_buf()),
        Set::Text(_) if !row.choices.is_empty() => (ArgAction::Set, PossibleValuesParser::new(values).into()),
        Set::Text(_) if row.repeats => (ArgAction::Append, ValueParser::string()),
        Set::Text(_) => (ArgAction::Set, ValueParser::string()),
    };
    let value_name = Some(row.value_name).filter(|name| !name.is_empty());
    let mut arg = Arg::new(row.name).long(row.name).short(row.short).help(row.help).action(action);
    arg = arg.value_parser(parser).value_name(value_name).default_value(row.default);
    arg = arg.hide(row.is_hidden).conflicts_with_all(row.conflicts.iter().copied());
    if let Some(other) = row.requires {
        arg = arg.requires(other);
    }
    arg.help_heading(row.is_reading.then_some("How the file is read"))
}

impl<const INSPECTS: bool> Args for Typed<INSPECTS> {
    fn augment_args(command: Command) -> Command {
        command.args(Self::rows().map(definition))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<const INSPECTS: bool> FromArgMatches for Typed<INSPECTS> {
    fn from_arg_matches(matches: &ArgMatches) -> std::result::Result<Self, clap::Error> {
        let mut given = Vec::new();
        for row in Self::rows().filter(|row| matches.value_source(row.name) == Some(ValueSource::CommandLine)) {
            match row.set {
                Set::Switch(_) => given.push((row, OsString::new())),
                _ => given
                    .extend(matches.get_raw(row.name).into_iter().flatten().map(|value| (row, value.to_os_string()))),
            }
        }
        Ok(Typed { given })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> std::result::Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
