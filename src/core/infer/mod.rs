//! What a table looks like, and a profile for it: [`ColumnStats`] is what is known of one column, value by value, in bounded
//! memory; [`Table`] makes a profile file of the columns, with what each guess is made from as comments.
//!
//! Values are cleaned as judging cleans them, and tested with the types' own tests, so that a profile made here accepts what it
//! was made from. `run::new_profile` reads the records and calls it.

mod choices;
mod choose;
mod column;
mod dates;
mod distinct;
mod fields;
mod guess;
mod hints;
mod key;
mod names;
mod nothing;
mod numbers;
mod page;
mod table;
mod verdict;
mod words;

pub use self::column::ColumnStats;
pub use self::distinct::Budget;
pub use self::fields::Field;
pub use self::names::identifier;
pub use self::page::{FileKey, Source, page};
pub use self::table::{Proposal, Table, TableColumn};
pub use self::words::{toml_list, toml_text};
