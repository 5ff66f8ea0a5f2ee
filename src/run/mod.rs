//! A run, from inputs to a database and reports: [`run`].
//!
//! ```text
//! inputs ─► prepare ─► pipeline ───────────────────────────────► close
//!           profile,   cut (one thread) ─► check (rayon) ─►      thresholds, balance,
//!           binding    commit (this thread, in order)            summary, commit, publish
//! ```
//! `load` calls these in turn. An [`Observer`] shows the progress.

mod accepted;
mod advice;
mod already_loaded;
mod close;
mod columns;
mod commit;
mod committed_input;
mod core_errors;
mod cutter;
mod events;
mod existing;
mod history;
mod inputs;
mod inspect;
mod keys;
mod ledger;
mod load;
mod loaded;
mod new_profile;
pub mod option_table;
mod option_text;
mod options;
mod parents;
mod pipeline;
mod prepare;
pub mod profile_file;
mod report_paths;
mod reports;
mod resolver;
mod resume;
mod row_texts;
mod start;
mod tally;
mod target;
mod threads;
mod worker;

pub use self::events::{TARGET, refused};
pub use self::history::{RunStory, UndoOptions, one_run, prune, runs, undo};
pub use self::inspect::{ColumnContent, FitSummary, INSPECTED_RECORDS, Inspection, inspect};
pub use self::load::run;
pub use self::new_profile::{NewProfile, new_profile};
pub use self::option_text::given_options;
pub use self::options::{Command, Observer, Options, Progress, Unobserved};
pub use self::start::DatabaseAccess;
