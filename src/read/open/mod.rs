//! From a path to text: [`open`]. What is compressed is inflated, other encodings are decoded, and one sheet of a
//! spreadsheet becomes CSV. The content decides what kind a file is, not its name.

mod foreign;
mod hash;
mod opened;
mod opening;
mod seekable;
mod spreadsheet;

pub use self::hash::sha256;
pub use self::opened::{Opened, OpenedSheet};
pub use self::opening::open;
