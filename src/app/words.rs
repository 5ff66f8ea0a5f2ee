//! Commands for a person to copy: what was typed, as far as it matters for another command.

use clap::ValueEnum;

use super::args::{DuplicatesArg, EmptyArg, EscapeArg, ModeArg, ReadArgs, RunArgs, ShortRows};
use crate::error::Error;
use crate::shell;

/// The words of a command.
#[derive(Debug)]
pub(super) struct Words(Vec<String>);

impl Words {
    /// `custload import` of this input under this profile.
    pub(super) fn import(input: &str, profile: Option<&str>) -> Words {
        Words::import_all(&[input.to_string()], profile)
    }

    fn import_all(inputs: &[String], profile: Option<&str>) -> Words {
        let mut words = Words(vec!["custload".to_string(), "import".to_string()]);
        words.0.extend(inputs.iter().map(|input| match input.starts_with('-') && input != "-" {
            true => format!("./{input}"),
            false => input.clone(),
        }));
        words.say("profile", profile);
        words
    }

    /// The command that was typed, with one more option.
    fn typed_with(option: &str) -> Words {
        let typed: Vec<String> = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
        let (command, rest) = typed.split_at(typed.len().min(1));
        let words = [&["custload".to_string()], command, &[option.to_string()], rest];
        Words(words.concat())
    }

    fn say(&mut self, option: &str, value: Option<&str>) {
        match value {
            // A value that looks like an option.
            Some(value) if value.starts_with('-') => self.0.push(format!("--{option}={value}")),
            Some(value) => self.0.extend([format!("--{option}"), value.to_string()]),
            None => {}
        }
    }

    /// What was said about columns, rows and values, which holds for the file and for its reject report.
    pub(super) fn with_meaning(mut self, args: &ReadArgs) -> Words {
        args.map.iter().for_each(|map| self.say("map", Some(map)));
        self.say("mapping", args.mapping.as_ref().map(|path| path.to_string_lossy()).as_deref());
        args.null_token.iter().for_each(|token| self.say("null-token", Some(token)));
        self.say("short-rows", (args.short_rows == ShortRows::Pad).then_some("pad"));
        self.say_limit("max-record-bytes", args.max_record_bytes, 1024 * 1024);
        self
    }

    fn say_limit(&mut self, option: &str, limit: u64, usual: u64) {
        self.say(option, Some(limit.to_string()).filter(|_| limit != usual).as_deref());
    }

    /// What was said about how the file is written, which its reject report says itself.
    pub(super) fn with_dialect(mut self, args: &ReadArgs) -> Words {
        self.say("delimiter", args.delimiter.as_deref());
        let said = [
            ("quote", &args.quote),
            ("encoding", &args.encoding),
            ("sheet", &args.sheet),
            ("records", &args.records),
            ("columns", &args.columns),
        ];
        said.iter().for_each(|(option, value)| self.say(option, value.as_deref()));
        self.say("escape", (args.escape == EscapeArg::Backslash).then_some("backslash"));
        let format = args.format.and_then(|format| format.to_possible_value());
        self.say("format", format.as_ref().map(|format| format.get_name()));
        self.say_limit("max-inflated-bytes", args.max_inflated_bytes, 64 << 30);
        self.say_limit("max-inflated-ratio", args.max_inflated_ratio, 500);
        self.say("header-line", args.header_line.map(|line| line.to_string()).as_deref());
        if args.no_header {
            self.0.push("--no-header".to_string());
        }
        self
    }

    /// What was said about fields and the database.
    pub(super) fn with_rules(mut self, args: &RunArgs) -> Words {
        self.say("db", args.db.as_ref().map(|path| path.to_string_lossy()).as_deref());
        self.say("key", args.key.as_deref());
        self.say("relax", Some(args.relax.join(",")).filter(|relax| !relax.is_empty()).as_deref());
        let named = |mode: ModeArg| match mode {
            ModeArg::Create => None,
            ModeArg::Update => Some("update"),
            ModeArg::Upsert => Some("upsert"),
        };
        self.say("mode", named(args.mode));
        self.say("empty", (args.empty == EmptyArg::Clear).then_some("clear"));
        self.say("duplicates", (args.duplicates == DuplicatesArg::Last).then_some("last"));
        args.on_invalid.iter().for_each(|said| self.say("on-invalid", Some(said)));
        self
    }

    /// The same with more options.
    pub(super) fn with(mut self, options: &[String]) -> Words {
        self.0.extend_from_slice(options);
        self
    }

    /// The command as a shell takes it.
    pub(super) fn quoted(&self) -> String {
        self.0.iter().map(|word| shell::word(word)).collect::<Vec<_>>().join(" ")
    }
}

/// What is said where all inputs were loaded before, and some of them with other options: the ways that there are, best first.
pub(super) fn ways_to_load_again(error: &Error, args: &RunArgs) -> Vec<String> {
    let Error::LoadedOtherwise { said, profile, rejects, .. } = error else { return vec![error.to_string()] };
    let mut lines = vec!["custload: nothing was loaded".to_string()];
    lines.extend(said.iter().map(|said| format!("custload: {said}")));
    if !rejects.is_empty() {
        let inputs: Vec<String> = rejects.iter().map(|path| path.to_string_lossy().into_owned()).collect();
        let words = Words::import_all(&inputs, Some(profile)).with_rules(args).with_meaning(&args.read);
        lines.push("To load what was rejected with these options:".to_string());
        lines.push(format!("  {}", words.quoted()));
    }
    lines.push("To undo what was loaded, and load all of it again with these options, in one transaction:".to_string());
    lines.push(format!("  {}", Words::typed_with("--redo").quoted()));
    let what = match args.mode {
        ModeArg::Create => {
            "a second time beside what is there (records whose key is there are rejected, others come twice)"
        }
        ModeArg::Update | ModeArg::Upsert => "a second time over what is there, whatever was loaded since",
    };
    lines.push(format!("To load it {what}:"));
    lines.push(format!("  {}", Words::typed_with("--force").quoted()));
    lines
}
