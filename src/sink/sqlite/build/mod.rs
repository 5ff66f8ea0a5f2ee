//! Building a new database without SQL: [`Builder`] fills the pages of `customers` and of its key's index directly.
//!
//! SQLite creates the schema. Only rows, which come in the order of their IDs, what undo needs of them, and index entries, which
//! are sorted first, are laid out here: rows through INSERT took longer than everything else in a run together. The format is
//! that of sqlite.org/fileformat2.html.

mod background;
mod entry;
mod pages;
mod sorter;
mod tree;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::{fs::File, io, ops::Range};

use rusqlite::{Connection, OptionalExtension};

use self::pages::{LOCK_BYTE, PageFile};
use self::sorter::{PORTIONS, Portions, Sorter};
use self::tree::{Kind, Tree};
use super::connection::{BuildError, StoreOptions};
use super::record::{RowEncoder, values};
use super::{file::APPLICATION_ID, journal::CreatedRange, private_file::PrivateFile, schema};
use crate::core::{row::Value, types::definition::Storage};
use crate::{disk::folder_of, error::Error};

/// Fills a database that no other process has open.
pub(super) struct Builder {
    path: PathBuf,
    pages: PageFile,
    table: Tree,
    /// The table `import_created`, if there is one. It has no rowids, and so the form of an index.
    created: Option<Tree>,
    index: Option<KeyIndex>,
    threads: usize,
}

struct KeyIndex {
    root: u32,
    column: usize,
    sorter: Sorter,
}

/// An index on one column of `customers`.
#[derive(Clone, Copy, Debug)]
struct Key<'k> {
    index: &'k str,
    /// The index of the column in a row.
    column: usize,
    storage: Storage,
}

/// How a database is laid out. Tests make everything small.
#[derive(Clone, Copy, Debug)]
struct Layout {
    page_size: usize,
    /// The page with this byte stays unused.
    lock_byte: u64,
    portions: Portions,
    /// The same is built for any number of threads.
    threads: usize,
    /// Whether the file is synced while it is written.
    is_kept: bool,
}

/// The bytes of a page by SQLite's default.
pub(super) const PAGE_SIZE: usize = 4096;

const LAYOUT: Layout =
    Layout { page_size: PAGE_SIZE, lock_byte: LOCK_BYTE, portions: PORTIONS, threads: 1, is_kept: false };

impl Builder {
    /// Starts in an empty private file, with these tables and the index on the column of a field.
    pub(super) fn start(
        options: &StoreOptions,
        private: &PrivateFile,
        mut tables: String,
        indexed: Option<usize>,
        page_size: usize,
        is_kept: bool,
    ) -> Result<Builder, Error> {
        let field = |index: usize| &options.profile.fields[index];
        let name = indexed.map(|index| schema::key_index(&field(index).column));
        tables.extend(indexed.map(|index| schema::create_key_index(&field(index).column)));
        let key = name.as_deref().zip(indexed);
        let key = key.map(|(index, column)| Key { index, column, storage: field(column).storage() });
        let start = || {
            let layout = Layout { page_size, threads: options.threads, is_kept, ..LAYOUT };
            Builder::new(&private.path, private.lock.try_clone()?, &tables, key, layout)
        };
        start().map_err(|error| options.build_error(error))
    }

    /// Starts in an empty file at `path`, of which `file` is a handle. `schema` creates the tables and the index `key`.
    fn new(path: &Path, file: File, schema: &str, key: Option<Key<'_>>, layout: Layout) -> Result<Builder, BuildError> {
        let Layout { page_size, lock_byte, portions, threads, is_kept } = layout;
        let connection = Connection::open(path)?;
        connection.execute_batch(&format!(
            "PRAGMA page_size = {page_size}; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; \
             PRAGMA application_id = {APPLICATION_ID}; {schema}"
        ))?;
        let root = |name: &str| {
            connection
                .query_row("SELECT rootpage FROM sqlite_schema WHERE name = ?1", [name], |row| row.get::<_, u32>(0))
        };
        let table = Tree::new(Kind::Table, root("customers")?, page_size);
        let created = root("import_created").optional()?.map(|root| Tree::new(Kind::Index, root, page_size));
        let index = key.map(|key| {
            let sorter = Sorter::new(&folder_of(path), key.storage, portions, threads)?;
            Ok::<_, BuildError>(KeyIndex { root: root(key.index)?, column: key.column, sorter })
        });
        let index = index.transpose()?;
        connection.close().map_err(|(_, error)| error)?;
        let pages = PageFile::open(file, page_size, lock_byte, threads, is_kept)?;
        Ok(Builder { path: path.to_path_buf(), pages, table, created, index, threads })
    }

    /// Adds rows (see [`crate::sink::sqlite::record`]) under ascending IDs from `first` on. Returns the number of new cells.
    pub(super) fn append(&mut self, first: i64, bytes: &[u8], rows: &[Range<u32>]) -> io::Result<u64> {
        let before = self.table.cells;
        for (id, range) in (first..).zip(rows) {
            let row = &bytes[range.start as usize..range.end as usize];
            self.table.push_row(&mut self.pages, id, row)?;
            if let Some(index) = &mut self.index {
                index.sorter.push(values(row).nth(index.column).unwrap_or(Value::Null), id)?;
            }
        }
        Ok(self.table.cells - before)
    }

    /// Adds what undo needs of rows that were added: a row of `import_created`, greater than those before.
    pub(super) fn append_created(&mut self, run_id: i64, range: &CreatedRange) -> io::Result<()> {
        let Some(table) = &mut self.created else { return Ok(()) };
        let numbers = [run_id, range.first, range.last()].map(Value::Integer);
        let (mut encoder, mut row) = (RowEncoder::default(), Vec::with_capacity(range.digests.len() + 32));
        numbers.into_iter().chain([Value::Text(&range.digests)]).for_each(|value| encoder.push(value));
        encoder.finish_entry(&mut row);
        table.push_entry(&mut self.pages, &row)
    }

    /// Adds the entry of a row that is in another database to the index.
    pub(super) fn append_entry(&mut self, key: Value<'_>, id: i64) -> io::Result<()> {
        self.index.as_mut().map_or(Ok(()), |index| index.sorter.push(key, id))
    }

    /// Completes the table and its index, and opens the database with SQLite. Stops if `keep_going` returns `false`.
    pub(super) fn finish(mut self, mut keep_going: impl FnMut() -> bool) -> Result<Connection, BuildError> {
        self.table.finish(&mut self.pages)?;
        if let Some(created) = self.created {
            created.finish(&mut self.pages)?;
        }
        if let Some(KeyIndex { root, sorter, .. }) = self.index {
            let mut tree = Tree::new(Kind::Index, root, self.pages.size);
            sorter.finish()?.for_each(self.threads, |entry| {
                if tree.cells.is_multiple_of(16_384) && !keep_going() {
                    return Err(io::ErrorKind::Interrupted.into());
                }
                tree.push_entry(&mut self.pages, entry)
            })?;
            tree.finish(&mut self.pages)?;
        }
        self.pages.finish()?;
        let connection = Connection::open(&self.path)?;
        connection.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")?;
        Ok(connection)
    }
}
