//! A database that exists, in the transaction of a run: [`ExistingDatabase`].
//!
//! The first rows are inserted one by one. If more come, and the table is as custload creates it, they are gathered in a
//! [`Segment`], which takes a fraction of the time.

use std::io;
use std::ops::Range;

use rusqlite::Connection;

use super::lock::OpenDatabase;
use super::options::StoreOptions;
use super::private_file::PrivateFile;
use super::rows::insert_rows;
use super::segment::Segment;
use crate::error::Result;

#[cfg(test)]
mod tests;

/// The number of rows that are inserted before a segment is begun: it does not pay for fewer.
const INSERTED_FIRST: u64 = 8_192;

/// A database that exists, and the rows that a run adds to it.
#[derive(Debug)]
pub(super) struct ExistingDatabase {
    // Closed before the segment is removed.
    open: OpenDatabase,
    route: Route,
    inserted: u64,
}

/// How the next rows get in.
#[derive(Debug)]
enum Route {
    /// Inserted; whether a segment is possible is not known yet.
    First,
    /// Inserted: a segment is not possible in this database.
    Insert,
    /// Gathered in a segment.
    Segment(Box<Segment>),
    /// Inserted, after the rows of a segment. SQLite has its file open until the transaction ends.
    Transferred { _file: PrivateFile },
}

impl ExistingDatabase {
    /// A database in which the run's transaction has begun.
    pub(super) fn new(open: OpenDatabase) -> ExistingDatabase {
        ExistingDatabase { open, route: Route::First, inserted: 0 }
    }

    /// See [`super::file_header::ChangeCounter::read`].
    pub(super) fn change_counter(&self) -> io::Result<Option<i64>> {
        self.open.change_counter()
    }

    /// The connection that has the transaction.
    pub(super) fn connection(&self) -> &Connection {
        &self.open.connection
    }

    /// Writes rows in their order, under IDs from `first` on. Returns their number.
    pub(super) fn append(
        &mut self,
        options: &StoreOptions,
        first: i64,
        bytes: &[u8],
        rows: &[Range<u32>],
    ) -> Result<u64> {
        if matches!(self.route, Route::First) && self.inserted >= INSERTED_FIRST {
            self.route = match Segment::begin(&self.open.connection, options)? {
                Some(segment) => Route::Segment(Box::new(segment)),
                None => Route::Insert,
            };
        }
        let written = match &mut self.route {
            Route::First | Route::Insert | Route::Transferred { .. } => {
                insert_rows(&self.open.connection, &options.profile, first, bytes, rows)
                    .map_err(|error| options.sqlite_error(error))?
            }
            Route::Segment(segment) => {
                segment.append(first, bytes, rows).map_err(|error| options.build_error(error))?
            }
        };
        self.inserted += written;
        Ok(written)
    }

    /// Moves the rows of the segment, if there is one, into the database, until `keep_going` returns `false`.
    pub(super) fn complete(self, options: &StoreOptions, keep_going: impl FnMut() -> bool) -> Result<ExistingDatabase> {
        let ExistingDatabase { open, route, inserted } = self;
        let route = match route {
            Route::Segment(segment) => {
                let file = segment.move_into(&open.connection, &options.profile, keep_going);
                Route::Transferred { _file: file.map_err(|error| options.build_error(error))? }
            }
            other => other,
        };
        Ok(ExistingDatabase { open, route, inserted })
    }
}
