//! One sheet of a spreadsheet as CSV: [`SheetReader`].
//!
//! Careful: this is about hostile files. A few hundred bytes can make the libraries that read spreadsheets allocate
//! without bound, overflow the stack or loop for ever. So a spreadsheet is read in a child process: this same program with
//! the hidden subcommand `__sheet`, which does nothing but [`serve()`]. It limits its own memory, and whatever happens to
//! it, the parent sees rows or an error.
//!
//! The child writes to its standard output one line of JSON, a [`SheetInfo`], and then CSV (RFC 4180, LF), one record
//! for each row from the sheet's first, so that record n is the row that a spreadsheet shows as n. A row without values
//! is an empty line. At the end it writes one more line of JSON, a [`SheetEnd`], to its standard error.

mod cell;
mod number_format;
mod ods;
mod ods_styles;
mod package;
mod patience;
mod protocol;
mod reader;
mod rows;
mod serve;
mod workbook;
mod xls;
mod xlsb;
mod xlsx;
mod xml;

pub use self::protocol::{Limits, SheetEnd, SheetInfo};
pub use self::reader::SheetReader;
pub use self::serve::serve;
#[cfg(feature = "internals")]
pub use self::{
    protocol::{Kind, SheetName},
    serve::serve_unconfined,
    xls::{CfbKind, kind_of_cfb},
};
