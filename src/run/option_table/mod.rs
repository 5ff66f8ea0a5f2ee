//! The options of `import` and `check` in one table. From it come the parser, the help, the commands that messages print, the
//! options that the database keeps of a run, and the comparison of two runs' options. To add an option, add a [`Row`] and the field
//! of [`super::Options`] that it sets.

mod habits;
mod reading;
mod row;
mod running;

pub use self::habits::set_habits;
pub use self::row::{Copied, Decides, Recorded, Row, Set};
pub(super) use self::running::last_words;
pub use self::running::{now, seconds};

/// All options, in the order of the help. They are set in this order too.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    running::ROWS.iter().chain(reading::ROWS)
}
