//! Customers in an SQLite database: a run locks it ([`LockedDatabase`]) and writes to it ([`Store`]), a check only reads it
//! ([`Snapshot`]). Earlier runs can be listed ([`past_runs`]), undone and pruned.

mod build;
mod circles;
mod column_types;
mod connection;
mod customers;
mod destination;
mod file;
mod history;
mod id_ranges;
mod journal;
pub mod keys;
mod lock;
mod private_file;
pub mod record;
mod rows;
mod runs;
pub mod schema;
mod segment;
mod simulation;
mod sql;
mod store;
pub mod texts;
mod undo;

#[cfg(test)]
mod tests;

pub use self::circles::Circle;
pub use self::connection::StoreOptions;
pub use self::customers::{Customers, Origin, OriginInput, Snapshot, StoredRow};
pub use self::file::refuse_absent;
pub use self::history::{PastRun, past_runs};
pub use self::id_ranges::IdRanges;
pub use self::lock::LockedDatabase;
pub use self::rows::{Change, ChangeStamp, FIRST_SIMULATED};
pub use self::runs::{
    Checkpoint, FINISHED, FileRow, InputPosition, LoadedInput, NOTHING_LOADED, RunRow, UNDONE, UNFINISHED, Unfinished,
};
pub use self::simulation::{RUN as SIMULATED_RUN, Simulation};
pub use self::store::Store;
pub use self::undo::{ChangeCause, ChangedCustomers, MOST_LISTED, Pruned, Undo, Undone};
