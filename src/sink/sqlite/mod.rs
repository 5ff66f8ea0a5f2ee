//! Customers in an SQLite database: [`LockedDatabase`] is locked for a run, [`Store`] is what the run writes to, [`Customers`] what a
//! check reads. Runs that are in the database can be listed ([`past_runs`]), undone and pruned.

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
mod insert;
mod journal;
pub mod keys;
mod loaded;
mod location;
mod lock;
mod options;
mod private_file;
mod prune;
mod quote;
pub mod record;
mod resume;
mod runs;
pub mod schema;
mod segment;
mod simulation;
mod store;
mod stored_row;
mod table;
pub mod texts;
mod transfer;
mod undo;
mod value;

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
pub use self::runs::{FINISHED, FileRow, NOTHING_LOADED, RunRow, UNDONE, UNFINISHED};
pub use self::simulation::{FIRST_SIMULATED, Simulation};
pub use self::store::Store;
pub use self::stored_row::StoredRow;
pub use self::undo::{ChangeCause, ChangedCustomers, MOST_LISTED, Undo, Undone};
