//! The clock of a run, and the ID of a new database. With `--now` both are fixed, so that a run can be repeated exactly.

use std::hash::{BuildHasher, RandomState};
use std::time::Instant;

use chrono::{DateTime, SecondsFormat, Utc};
use xxhash_rust::xxh3::xxh3_128;

use crate::report::summary::Summary;

#[derive(Clone, Debug)]
pub(super) struct Clock {
    fixed: bool,
    pub(super) started: String,
    instant: Instant,
}

impl Clock {
    pub(super) fn start(now: Option<DateTime<Utc>>) -> Clock {
        Clock { fixed: now.is_some(), started: stamp_of(now.unwrap_or_else(Utc::now)), instant: Instant::now() }
    }

    pub(super) fn now(&self) -> String {
        if self.fixed { self.started.clone() } else { stamp_of(Utc::now()) }
    }

    /// Sets how long the run took, unless the clock is fixed.
    pub(super) fn time(&self, summary: &mut Summary) {
        if !self.fixed {
            let seconds = self.instant.elapsed().as_secs_f64();
            summary.elapsed_seconds = (seconds * 1000.0).round() / 1000.0;
            summary.records_per_second = Some((summary.counts.read as f64 / seconds.max(1e-6)) as u64);
        }
    }
}

/// Random, unless the clock is fixed.
pub(super) fn new_database_id(now: Option<DateTime<Utc>>) -> String {
    let random = || {
        let number = || RandomState::new().hash_one(Instant::now());
        format!("{:016x}{:016x}", number(), number())
    };
    now.map_or_else(random, |now| format!("{:032x}", xxh3_128(stamp_of(now).as_bytes())))
}

pub(super) fn stamp_of(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
