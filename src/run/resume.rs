//! Continuing a run with checkpoints that was stopped: whether this command is the one that was stopped.
//!
//! All of it is done again except for what is in the database already: records are read, judged and reported from the first on, so
//! that the reports are those of a run that was never stopped.

use std::fs;

use super::input_paths::shown_path;
use super::option_text::{Decides, difference};
use super::options::Options;
use crate::core::profile::Profile;
use crate::core::text::visible;
use crate::error::{Error, Result};
use crate::read::input::Input;
use crate::shell;
use crate::sink::sqlite::{InputPosition, Unfinished};

/// The notice that a run continues.
pub(super) fn notice(run: &Unfinished) -> String {
    let (checkpoint, position) = (&run.checkpoint, &run.checkpoint.position);
    format!(
        "run {} was stopped; continuing after record {} of {} (line {})",
        checkpoint.run_id,
        position.record,
        visible(path_of(run, position)),
        position.line
    )
}

fn path_of<'r>(run: &'r Unfinished, position: &InputPosition) -> &'r str {
    run.files.get((position.file as usize).wrapping_sub(1)).map_or("its input", |(path, _)| path)
}

/// An error unless this command is the one that was stopped: other runs have to wait until that is finished or undone.
pub(super) fn refuse_others(run: &Unfinished, options: &Options, profile: &Profile, inputs: &[Input]) -> Result<()> {
    let differ = |what: String| {
        let path = options.database.clone().unwrap_or_default();
        let run_id = run.checkpoint.run_id;
        let paths: Vec<String> = run.files.iter().map(|(path, _)| visible(path).into_owned()).collect();
        Err(Error::database(
            &path,
            format!(
                "run {run_id} was stopped after record {} of {}, and must be finished or undone first. This is not \
                 its command: {what}. Run its command again, or `{}`",
                run.checkpoint.position.record,
                paths.join(", "),
                shell::undo(run_id, &path)
            ),
        ))
    };
    let found: Vec<String> = inputs.iter().map(|input| shown_path(&input.path)).collect();
    if !found.iter().eq(run.files.iter().map(|(path, _)| path)) {
        let found: Vec<String> = found.iter().map(|path| visible(path).into_owned()).collect();
        let found = if found.is_empty() { "none is left to load".to_string() } else { found.join(", ") };
        return differ(format!("its inputs are others ({found})"));
    }
    if run.profile != profile.name {
        return differ(format!("the profile was {}, and is {}", run.profile, profile.name));
    }
    if let Some(what) = difference(&run.options, options, &[Decides::Stored, Decides::Part, Decides::Steps]) {
        return differ(visible(&what).into_owned());
    }
    for (input, (path, bytes)) in inputs.iter().zip(&run.files) {
        let length = fs::metadata(&input.path).ok().filter(fs::Metadata::is_file).map(|metadata| metadata.len());
        if let Some(length) = length.filter(|length| length != bytes) {
            return differ(format!("{} had {bytes} bytes, and has {length}", visible(path)));
        }
    }
    Ok(())
}
