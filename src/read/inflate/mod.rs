//! Readers for compressed inputs: [`inflate`] for a stream, [`zip::open_zip`] for a file in a zip file.
//!
//! What a compressed file expands to cannot be known before it is read. So everything here works in small steps with
//! buffers of a fixed size, and two [`Limits`] stop what grows without end. All kinds go through one loop, `Inflater`;
//! what differs is in `codec`. The loop ensures three things for every kind:
//! - A file that ends too early is an error, wherever it was cut. Half a customer list must not pass for a whole one.
//! - All parts of a concatenated file are read (`cat a.gz b.gz`).
//! - Zero bytes between and after the parts are padding, as tapes and block devices leave it. Anything else is an
//!   error.

mod codec;
mod compression;
mod directory;
mod inflater;
#[cfg(test)]
mod tests;
pub mod zip;

use std::io::{self, Read};

use self::codec::Codec;
pub use self::compression::{Compression, Limits, kind_of};
use self::inflater::Inflater;

/// The decompressed text of `reader`. A zip file is not a stream; see [`zip::open_zip`].
pub fn inflate(kind: Compression, reader: Box<dyn Read + Send>, limits: Limits) -> io::Result<Box<dyn Read + Send>> {
    let codec = Codec::of(kind).map_err(|fault| fault.into_error(kind, 0, limits))?;
    Ok(Box::new(Inflater::new(kind, codec, reader, limits)))
}
