//! `custload profiles new`: makes a profile from a file, and prints what it proposes.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use super::args::NewProfileArgs;
use super::console::{Console, print_done, shown};
use super::options;
use super::table::{counted, table, without_trailing_spaces};
use super::words::Words;
use crate::core::infer::{Field, identifier};
use crate::core::text::visible;
use crate::disk::write_whole;
use crate::error::{Error, Result};
use crate::run::{self, NewProfile, Observer};

pub(super) fn run(args: &NewProfileArgs, stop: Arc<AtomicUsize>) -> anyhow::Result<i32> {
    let options = options::of_new_profile(args, stop)?;
    let file = args.file.to_string_lossy();
    if !file.ends_with(".toml") {
        return Err(Error::Usage(format!("{file}: a profile is a file whose name ends in .toml; name it so")).into());
    }
    // Before all is read.
    if !args.force && args.file.symlink_metadata().is_ok() {
        return Err(exists(&args.file).into());
    }
    let stem = args.file.file_stem().unwrap_or_default().to_string_lossy();
    let name = Some(identifier(&stem)).filter(|name| !name.is_empty()).unwrap_or("own".to_string());
    let made = run::new_profile(&options, &name, &next("check", args).quoted())?;
    write(args, &made.text)?;
    let mut console = Console::new(true);
    made.notes.iter().for_each(|note| console.note(&format!("{}: {note}", shown(&args.from))));
    Ok(print_done(&page(&made, args), &mut console))
}

fn exists(path: &Path) -> Error {
    Error::Usage(format!("{}: the file exists already; name another one, or replace it with --force", shown(path)))
}

fn write(args: &NewProfileArgs, text: &str) -> Result<()> {
    write_whole(&args.file, text.as_bytes(), args.force).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists if !args.force => exists(&args.file),
        ErrorKind::NotFound => {
            let folder = args.file.parent().unwrap_or(Path::new("")).display();
            Error::Usage(format!("{}: there is no folder {folder}; make it, or name another", shown(&args.file)))
        }
        _ => Error::Usage(format!("{}: the profile cannot be written: {error}", shown(&args.file))),
    })
}

/// A command that reads the input with the profile. What was typed about the file stands in the profile.
fn next(command: &str, args: &NewProfileArgs) -> Words {
    let profile = args.file.to_string_lossy();
    Words::command(command, &[args.from.to_string_lossy()], Some(&profile))
}

fn page(made: &NewProfile, args: &NewProfileArgs) -> String {
    let fields = &made.proposal.fields;
    let mut rows = table(["column", "field", "type", "how sure", "required", "key"]);
    for field in fields {
        let is_key = made.proposal.key.contains(&field.name);
        let kind = if field.impossible.is_some() { "none" } else { field.kind };
        rows.add_row([
            header(field),
            field.name.clone(),
            kind.to_string(),
            if field.impossible.is_some() { String::new() } else { field.sure.name().to_string() },
            if field.required { "required" } else { "" }.to_string(),
            if is_key { "key" } else { "" }.to_string(),
        ]);
    }
    without_trailing_spaces(&format!(
        "{}: {} of {} in {}\n\n{rows}\n\n{}\n\nReview {}, then try it:\n\n  {}\n  {}\n",
        shown(&args.from),
        counted(fields.iter().filter(|field| field.impossible.is_none()).count() as u64, "field", "fields"),
        counted(made.records, "record", "records"),
        shown(&args.file),
        visible(&made.proposal.key_notes.join(" ")),
        shown(&args.file),
        visible(&next("check", args).quoted()),
        visible(&next("inspect", args).quoted()),
    ))
}

fn header(field: &Field) -> String {
    const LONGEST: usize = 40;
    let header = visible(field.header.trim());
    match header.char_indices().nth(LONGEST) {
        None if header.is_empty() => "(without a name)".to_string(),
        None => header.into_owned(),
        Some((end, _)) => format!("{}…", &header[..end]),
    }
}
