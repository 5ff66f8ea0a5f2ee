//! Commands for a person to copy, with the options of the current command that they need.

use super::{args::RunArgs, typed::Typed};
use crate::core::mode::Mode;
use crate::shell;
use crate::{error::Error, run::option_table::Copied};

pub(super) struct Words(Vec<String>);

impl Words {
    /// `custload import` of these inputs under this profile.
    pub(super) fn import(inputs: &[impl AsRef<str>], profile: Option<&str>) -> Words {
        Words::command("import", inputs, profile)
    }

    /// The same for another command.
    pub(super) fn command(command: &str, inputs: &[impl AsRef<str>], profile: Option<&str>) -> Words {
        let mut words = Words(vec!["custload".to_string(), command.to_string()]);
        let is_like_an_option = |input: &str| input.starts_with('-') && input != "-";
        let word = |input: &str| if is_like_an_option(input) { format!("./{input}") } else { input.to_string() };
        words.0.extend(inputs.iter().map(|input| word(input.as_ref())));
        words.0.extend(profile.into_iter().flat_map(|profile| ["--profile".to_string(), profile.to_string()]));
        words
    }

    /// The command that was typed, with one more option.
    fn typed_with(option: &str) -> Words {
        let typed: Vec<String> = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
        let (command, rest) = typed.split_at(typed.len().min(1));
        let words = [&["custload".to_string()], command, &[option.to_string()], rest];
        Words(words.concat())
    }

    pub(super) fn copying<const INSPECTS: bool>(mut self, typed: &Typed<INSPECTS>, copied: &[Copied]) -> Words {
        copied.iter().for_each(|copied| self.0.extend(typed.copied(*copied)));
        self
    }

    pub(super) fn with(mut self, words: &[String]) -> Words {
        self.0.extend_from_slice(words);
        self
    }

    pub(super) fn quoted(&self) -> String {
        self.0.iter().map(|word| shell::word(word)).collect::<Vec<_>>().join(" ")
    }
}

pub(super) fn load_rejects(reports: &[impl AsRef<str>], profile: &str, args: &RunArgs) -> String {
    // A profile file goes by its path, not by its name.
    let profile = args.options.text("profile").unwrap_or(profile);
    Words::import(reports, Some(profile)).copying(&args.options, &[Copied::Report, Copied::Meaning]).quoted()
}

/// The message if all inputs were loaded before, and some with other options: the ways to load them again, best first.
pub(super) fn ways_to_load_again(error: &Error, args: &RunArgs) -> Vec<String> {
    let Error::LoadedOtherwise { messages, profile, rejects, .. } = error else { return vec![error.to_string()] };
    let mut lines = vec!["custload: nothing was loaded".to_string()];
    lines.extend(messages.iter().map(|message| format!("custload: {message}")));
    if !rejects.is_empty() {
        let reports: Vec<String> = rejects.iter().map(|path| path.to_string_lossy().into_owned()).collect();
        lines.push("To load what was rejected with these options:".to_string());
        lines.push(format!("  {}", load_rejects(&reports, profile, args)));
    }
    lines.push("To undo what was loaded, and load all of it again with these options, in one transaction:".to_string());
    lines.push(format!("  {}", Words::typed_with("--redo").quoted()));
    lines.push(match args.options.text("mode").is_none_or(|mode| mode == Mode::Create.name()) {
        true => {
            "To load it again without undoing (records whose key exists are rejected, the others are loaded a second \
             time):"
                .to_string()
        }
        false => "To load it again without undoing (it overwrites what was loaded since):".to_string(),
    });
    lines.push(format!("  {}", Words::typed_with("--force").quoted()));
    lines
}
