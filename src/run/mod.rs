//! A run, from inputs to a database and reports: [`run`].
//!
//! ```text
//! inputs ─► prepare ─► journey ────────────────────────────────► close
//!           profile,   cut (one thread) ─► check (rayon) ─►      thresholds, balance,
//!           binding    commit (this thread, in order)            summary, commit, publish
//! ```
//! `load` tells this story. The threads are started in `journey`. An [`Observer`] shows its progress.

mod accepted;
mod advice;
mod already_loaded;
mod cells;
mod clock;
mod close;
mod commit;
mod committed_input;
mod core_errors;
mod cutter;
mod decode_ahead;
mod events;
mod existing;
mod flow;
mod history;
mod identity;
mod input_paths;
mod inspect;
mod journey;
mod keys;
mod last_wins;
mod ledger;
mod load;
mod lock;
mod open_inputs;
pub mod option_table;
mod option_text;
mod options;
mod prepare;
mod redo;
mod replay;
mod report_paths;
mod reports;
mod resolver;
mod resume;
mod run_record;
mod start;
mod stems;
mod stops;
mod tally;
mod target;
mod threads;
mod thresholds;
mod unmatched;
mod worker;
mod writer;

pub use self::events::{TARGET, refused};
pub use self::history::{DatabaseAccess, RunStory, UndoOptions, one_run, prune, runs, undo};
pub use self::inspect::{ColumnContent, FitSummary, Inspection, LOOKED_AT, inspect};
pub use self::load::run;
pub use self::option_text::told_options;
pub use self::options::{Command, Observer, Options, Progress, Unobserved};
