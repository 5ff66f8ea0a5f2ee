//! One CSV record and its cells.
//!
//! The grammar (docs/formats.md): a cell that begins with a quote ends at the next quote that is not escaped; a quote
//! anywhere else in an unquoted cell is a character; only a delimiter or the record's end may follow a closing quote.
//! Blanks before an opening quote are ignored if the cell, read this way, is well formed and closed on its line.
//! `read::cut::csv` cuts files into records by the same grammar, so a record arrives here whole.

mod cell;
mod split;
#[cfg(test)]
mod tests;
mod writer;

pub use self::cell::{Cell, NOT_CALCULATED, SHEET_MARK, TYPED, typed_value};
pub use self::split::{BOM, SplitFault, is_blank, split, split_in};
pub use self::writer::{DELIMITERS, RowWriter, unguarded};
