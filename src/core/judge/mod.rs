//! From a block of records to verdicts: [`Checker`].
//!
//! This stage is pure: no file, no clock, no thread. Equal bytes and an equal plan make equal verdicts, whatever the size of
//! the blocks. Keys are read here; the thread that sees records in order decides whether a key is taken.

mod checker;
mod checks;
mod csv;
mod csv_shape;
mod draft;
pub mod field_plan;
mod fillers;
mod json;
mod json_shape;
mod kept;
mod look_up;
mod marks;
mod options;
mod parents;
pub mod plan;
mod record_judge;
mod refuse;
mod report;
mod report_line;
mod value;
mod verdicts;

pub use self::checker::{Checker, Shape, Stamp};
pub use self::csv_shape::CsvShape;
pub use self::draft::Original;
pub use self::json_shape::{JsonShape, MOST_KEYS, MetKeys};
pub use self::kept::KeptVerdicts;
pub use self::parents::{LinkPlan, Links, Parent, ParentPlan, Parents};
pub use self::record_judge::{FieldValue, Judgement, RecordJudge};
pub use self::report::Carried;
pub use self::verdicts::{Outcome, Touched, Verdict, Verdicts};
