//! Where a run's reports go, and those of runs before it that were killed.

use std::path::{Path, PathBuf};

use super::{Command, Observer, Options, shown_path};
use crate::disk::{BESIDE_A_DATABASE, folder_of, with_suffix};
use crate::error::{Error, Result};
use crate::report::folder::{Trace, can_be_used, finish_left_behind};
use crate::sink::sqlite::Held;

/// The folder in which a database's runs leave their reports unless told otherwise.
pub(super) fn default_reports(database: &Path, run_id: i64) -> PathBuf {
    with_suffix(database, ".imports").join(format!("run-{run_id:06}"))
}

pub(super) fn reports_place(options: &Options, run_id: i64) -> Result<Option<PathBuf>> {
    let place: Option<PathBuf> = match (&options.reports, options.command, &options.database) {
        // Put together from its parts, so that a slash at its end is none of its name's.
        (Some(place), ..) => Some(Path::new(&place.replace("{run}", &run_id.to_string())).components().collect()),
        (None, Command::Import, Some(database)) => Some(free_place(default_reports(database, run_id))),
        _ => None,
    };
    let Some(place) = place else { return Ok(None) };
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let is_database = options.database.as_deref().is_some_and(|database| {
        let mut names = BESIDE_A_DATABASE.iter().chain([&""]);
        names.any(|suffix| absolute(&with_suffix(database, suffix)) == absolute(&place))
    });
    if place.file_name().is_none() || is_database {
        return Err(Error::Usage(format!(
            "--reports {:?}: name a folder of its own for the reports",
            place.display().to_string()
        )));
    }
    // A folder that was made elsewhere and linked here is used where it is.
    Ok(Some(match place.is_symlink() {
        true => std::fs::canonicalize(&place).map_err(|error| Error::report(&place, error))?,
        false => place,
    }))
}

/// The first of `run-000002`, `run-000002-2` and so on that can be used. Only a database that was put back to an earlier
/// state gives a number twice.
fn free_place(place: PathBuf) -> PathBuf {
    let others = (2..).map(|number| with_suffix(&place, &format!("-{number}")));
    let mut places = std::iter::once(place.clone()).chain(others);
    places.find(|place| can_be_used(place)).unwrap_or(place)
}

/// Puts the reports of runs in place that were killed between the database's commit and their last rename.
pub(super) fn finish_earlier_reports(held: &Held, database: &Path, observer: &mut dyn Observer) -> Result<()> {
    let known = held.known_runs()?;
    let mut put_in_place = Vec::new();
    for run in &known {
        for place in [folder_of(database).join(&run.reports), default_reports(database, run.run_id)] {
            if finish_left_behind(&place, run.run_id, &run.started_at)? {
                put_in_place.push(place);
            }
        }
    }
    let is_known =
        |run_id: i64, started: &str| known.iter().any(|run| (run.run_id, run.started_at.as_str()) == (run_id, started));
    put_in_place.extend(Trace::follow(database, is_known)?);
    for place in put_in_place {
        observer
            .note(&format!("put the reports of a run in place that was stopped before it could: {}", place.display()));
    }
    Ok(())
}

/// Where the reports are, seen from the database's folder if they are in it: so that both can be moved together.
pub(super) fn relative_reports(options: &Options, place: &Path) -> String {
    let folder = options.database.as_deref().map(folder_of).unwrap_or_default();
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let place = absolute(place);
    shown_path(place.strip_prefix(absolute(&folder)).unwrap_or(&place))
}
