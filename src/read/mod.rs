//! From an input to blocks of whole records: [`Source`].
//!
//! [`expand`] makes files of folders and patterns, [`open`] makes text of a file ([`inflate`], [`decode`] and [`sheet`] for what is
//! not plain text), [`sniff`] finds out how it is written, [`input`] puts this together, and [`cut`] finds where its records end.

pub mod cut;
pub mod decode;
pub mod expand;
pub mod feed;
pub mod inflate;
pub mod input;
mod kept;
pub mod open;
mod options;
pub mod sheet;
pub mod sniff;
mod source;
pub mod window;

pub use self::source::{BlockSize, InputRead, Source};
