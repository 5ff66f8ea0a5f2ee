//! Customers in an SQLite database: a run locks it ([`LockedDatabase`]) and writes to it ([`Store`]), a check only reads it
//! ([`Customers`]). Earlier runs can be listed ([`past_runs`]), undone and pruned.

mod build;
mod changes;
mod checkpoint;
mod commit;
mod connection;
mod customers;
mod destination;
mod errors;
mod existing;
mod file_header;
mod history;
mod journal;
pub mod keys;
mod loaded;
mod location;
mod lock;
mod options;
mod private_file;
mod prune;
pub mod record;
mod resume;
mod rows;
mod runs;
pub mod schema;
mod segment;
mod simulation;
mod sql;
mod store;
mod table;
pub mod texts;
mod transfer;
mod undo;

#[cfg(test)]
mod tests;

pub use self::changes::{Change, ChangeStamp};
pub use self::checkpoint::{Checkpoint, InputPosition, Unfinished};
pub use self::customers::{Customers, Origin};
pub use self::history::{PastRun, past_runs};
pub use self::loaded::LoadedInput;
pub use self::location::refuse_absent;
pub use self::lock::LockedDatabase;
pub use self::options::StoreOptions;
pub use self::prune::Pruned;
pub use self::rows::StoredRow;
pub use self::runs::{FINISHED, FileRow, NOTHING_LOADED, RunRow, UNDONE, UNFINISHED};
pub use self::simulation::{FIRST_SIMULATED, Simulation};
pub use self::store::Store;
pub use self::undo::{ChangeCause, MOST_LISTED, Undo, Undone};
