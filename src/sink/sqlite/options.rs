//! How a run uses a database: [`StoreOptions`].

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use super::errors::{BuildError, sqlite_error};
use crate::core::profile::Profile;
use crate::error::Error;

#[derive(Clone, Debug)]
pub struct StoreOptions {
    pub path: PathBuf,
    pub run_id: i64,
    /// The database's ID, if it has none yet.
    pub database_id: String,
    /// The profile whose columns are filled.
    pub profile: Arc<Profile>,
    /// The column of the run's key, if it has one.
    pub key: Option<String>,
    /// How many customers of each key are read.
    pub max_customers_per_key: usize,
    /// The first customer ID, where the database has never had a customer.
    pub first_id: i64,
    /// How long to wait for other programs.
    pub wait: Duration,
    /// The number of threads that may work for it. The same is written for any number.
    pub threads: usize,
    /// Whether to keep until the run is finished which input changed which customers: a resumed run needs it
    /// ([`super::Store::has_changed`]).
    pub track_inputs: bool,
    /// Set to a signal's number to stop the run.
    pub stop: Arc<AtomicUsize>,
}

impl StoreOptions {
    /// What SQLite reports, as an error of this database.
    pub(super) fn sqlite_error(&self, error: rusqlite::Error) -> Error {
        sqlite_error(&self.path, &self.stop, &error)
    }

    /// Why pages could not be written, as an error of this database.
    pub(super) fn build_error(&self, error: impl Into<BuildError>) -> Error {
        error.into().into_error(&self.path, &self.stop)
    }
}
