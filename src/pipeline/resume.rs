//! A run that commits now and then, and was stopped (SPEC, section 8): whether the command that is given now goes on with it.
//!
//! Going on means to do all of it again, but for what is in the database already: records are read, judged and reported from
//! the first on, so that the reports are those of a run that was never stopped. At the checkpoint all that was found must be what
//! was found then.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::{Options, options_text, shown_path};
use crate::error::{Error, Result};
use crate::profile::Profile;
use crate::rule::text::visible;
use crate::source::input::Input;
use crate::store::{TextPlace, Unfinished};

/// Options that decide nothing of what is stored, so that they may be others.
const MAY_DIFFER: [&str; 2] = ["max_rejects", "max_reject_ratio"];

/// What is said when a run goes on.
pub(super) fn said(run: &Unfinished) -> String {
    let (checkpoint, place) = (&run.checkpoint, &run.checkpoint.place);
    format!(
        "run {} was stopped; going on behind record {} of {} (line {})",
        checkpoint.run_id,
        place.record,
        visible(path_of(run, place)),
        place.line
    )
}

fn path_of<'r>(run: &'r Unfinished, place: &TextPlace) -> &'r str {
    run.files.get((place.file as usize).wrapping_sub(1)).map_or("its input", |(path, _)| path)
}

/// An error, unless this command is the one that was stopped: other runs have to wait until that is finished or taken back.
pub(super) fn refuse_others(run: &Unfinished, options: &Options, profile: &Profile, inputs: &[Input]) -> Result<()> {
    let differ = |what: String| {
        let path = options.database.clone().unwrap_or_default();
        let run_id = run.checkpoint.run_id;
        let paths: Vec<String> = run.files.iter().map(|(path, _)| visible(path).into_owned()).collect();
        Err(Error::database(
            &path,
            format!(
                "run {run_id} was stopped behind record {} of {}, and has to be finished or taken back first. This is \
                 not its command: {what}. Run its command again, or `custload undo {run_id}`. Nothing was written",
                run.checkpoint.place.record,
                paths.join(", ")
            ),
        ))
    };
    let found: Vec<String> = inputs.iter().map(|input| shown_path(&input.path)).collect();
    if !found.iter().eq(run.files.iter().map(|(path, _)| path)) {
        let found: Vec<String> = found.iter().map(|path| visible(path).into_owned()).collect();
        return differ(format!("its inputs are others ({})", found.join(", ")));
    }
    if run.profile != profile.name {
        return differ(format!("the profile was {}, and is {}", run.profile, profile.name));
    }
    let (before, now) = (parsed(&run.options), parsed(&options_text(options)));
    let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    // What an earlier version did not know of was not said.
    let said = |options: &'_ serde_json::Map<String, Value>, name: &str| match options.get(name) {
        None | Some(Value::Null) => "not given".to_string(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    };
    for name in names.into_iter().filter(|name| !MAY_DIFFER.contains(&name.as_str())) {
        let (before, now) = (said(&before, name), said(&now, name));
        if before != now {
            return differ(format!("{} was {}, and is {}", option_of(name), visible(&before), visible(&now)));
        }
    }
    for (input, (path, bytes)) in inputs.iter().zip(&run.files) {
        let length = fs::metadata(&input.path).ok().filter(fs::Metadata::is_file).map(|metadata| metadata.len());
        if let Some(length) = length.filter(|length| length != bytes) {
            return differ(format!("{} had {bytes} bytes, and has {length}", visible(path)));
        }
    }
    Ok(())
}

/// What a person types for what goes by this name in `import_runs.options`.
fn option_of(name: &str) -> String {
    match name {
        "header" => "the header (--header-line, --columns)".to_string(),
        "pad_short_rows" => "--short-rows".to_string(),
        "null_tokens" => "--null-token".to_string(),
        "constants" | "values" => format!("[{name}] of the mapping file"),
        name => format!("--{}", name.replace('_', "-")),
    }
}

fn parsed(options: &str) -> serde_json::Map<String, Value> {
    serde_json::from_str(options).unwrap_or_default()
}
