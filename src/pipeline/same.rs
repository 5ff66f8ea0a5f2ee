//! Inputs that a finished run has loaded already (SPEC, section 8): a cron job that fires twice does no harm.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::Ordering;

use super::{Clock, Observer, Options, events, shown_path};
use crate::error::{Error, Result};
use crate::profile::Profile;
use crate::report::summary::{Counts, Status, Summary};
use crate::rule::text::visible;
use crate::source::input::Input;
use crate::source::opening::sha256;
use crate::store::Loaded;

/// The inputs without those that a run of the same profile and mode has loaded; each that is left out is named.
pub(super) fn leave_out(
    inputs: Vec<Input>,
    loaded: &[Loaded],
    profile: &Profile,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<Vec<Input>> {
    let mode = options.fields.mode.name();
    let loaded: Vec<&Loaded> =
        loaded.iter().filter(|loaded| loaded.profile == profile.name && loaded.mode == mode).collect();
    let mut left = Vec::with_capacity(inputs.len());
    for input in inputs {
        match loaded_as(&input, &loaded, options)? {
            Some(loaded) => {
                observer.note(&format!(
                    "{}: run {} has loaded it ({}); it is skipped, --force loads it again. To load it with another \
                     mapping or other options, take that run back first: `custload undo {}`",
                    visible(&input.path.to_string_lossy()),
                    loaded.run_id,
                    loaded.started_at,
                    loaded.run_id
                ));
                events::skipped(&input, loaded.run_id);
            }
            None => left.push(input),
        }
    }
    Ok(left)
}

/// The run that has loaded an input. It is read for that only where its length is that of one that was loaded.
fn loaded_as<'l>(input: &Input, loaded: &[&'l Loaded], options: &Options) -> Result<Option<&'l Loaded>> {
    if let Some(read) = &input.spooled {
        let sha256 = read.sha256();
        return Ok(loaded.iter().find(|loaded| loaded.sha256 == sha256).copied());
    }
    let length = fs::metadata(&input.path).ok().filter(fs::Metadata::is_file).map(|metadata| metadata.len());
    let Some(length) = length.filter(|length| loaded.iter().any(|loaded| loaded.bytes == *length)) else {
        return Ok(None);
    };
    let signal = || options.stop.load(Ordering::Relaxed);
    let sha256 = sha256(&input.path, || signal() == 0).map_err(|error| Error::input(&input.path, error))?;
    let Some(sha256) = sha256 else { return Err(Error::Interrupted(signal() as i32)) };
    Ok(loaded.iter().find(|loaded| loaded.bytes == length && loaded.sha256 == sha256).copied())
}

/// What there is to say of a run that had nothing to do.
pub(super) fn skipped(profile: &Profile, options: &Options, clock: &Clock) -> Summary {
    let mut summary = Summary {
        command: options.command.name(),
        version: env!("CARGO_PKG_VERSION"),
        status: Status::Skipped,
        reason: Some("every input was loaded before; --force loads them again".to_string()),
        kept_records: None,
        run_id: None,
        profile: profile.name.clone(),
        mode: options.fields.mode.name(),
        database: options.database.as_deref().map(shown_path),
        reports: None,
        counts: Counts::default(),
        first_customer_id: None,
        last_customer_id: None,
        rejects_by_code: BTreeMap::new(),
        warnings_by_code: BTreeMap::new(),
        rejects_by_field: BTreeMap::new(),
        repaired_by_field: BTreeMap::new(),
        deprecated_by_field: BTreeMap::new(),
        short_zips: None,
        inputs: Vec::new(),
        started_at: clock.started.clone(),
        ended_at: clock.now(),
        elapsed_seconds: 0.0,
        records_per_second: None,
    };
    clock.time(&mut summary);
    summary
}
