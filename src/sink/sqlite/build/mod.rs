//! Building a new database without SQL: [`Builder`] fills the pages of `customers` and of its key's index directly.
//!
//! SQLite makes the schema and is the judge of everything else; only rows, which come in the order of their IDs, what undo needs
//! of them, and index entries, which are sorted first, are laid out here. Rows through INSERT took longer than everything else in a run
//! together (ARCHITECTURE.md, "The store"). The format is that of sqlite.org/fileformat2.html.

mod aside;
mod entry;
mod pages;
mod sorter;
mod tree;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension};

use self::pages::{LOCK_BYTE, PageFile};
use self::sorter::{PORTIONS, Portions, Sorter};
use self::tree::Tree;
use super::journal::CreatedRange;
use super::place::APPLICATION_ID;
use crate::core::row::Value;
use crate::sink::sqlite::record::{RowEncoder, values};

/// Fills a database that nobody else sees yet.
#[derive(Debug)]
pub(super) struct Builder {
    path: PathBuf,
    pages: PageFile,
    table: Tree,
    /// The table `import_created`, if there is one. It has no rowids, and so the form of an index.
    created: Option<Tree>,
    index: Option<KeyIndex>,
    threads: usize,
}

#[derive(Debug)]
struct KeyIndex {
    root: u32,
    column: usize,
    sorter: Sorter,
}

impl KeyIndex {
    fn spill_aside(self) -> io::Result<KeyIndex> {
        Ok(KeyIndex { sorter: self.sorter.spill_aside()?, ..self })
    }
}

/// An index on one column of `customers`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key<'k> {
    /// The name of the index.
    pub(super) index: &'k str,
    /// The place of the column among those of a row.
    pub(super) column: usize,
    /// Whether the column holds integers.
    pub(super) integers: bool,
}

/// Why a database could not be built.
#[derive(Debug)]
pub(super) enum BuildError {
    Sqlite(rusqlite::Error),
    Io(io::Error),
}

impl From<rusqlite::Error> for BuildError {
    fn from(error: rusqlite::Error) -> BuildError {
        BuildError::Sqlite(error)
    }
}

impl From<io::Error> for BuildError {
    fn from(error: io::Error) -> BuildError {
        BuildError::Io(error)
    }
}

/// How a database is laid out, and its entries sorted. Tests make everything small.
#[derive(Clone, Copy, Debug)]
struct Layout {
    page_size: usize,
    /// The page with this byte stays out of use.
    lock_byte: u64,
    portions: Portions,
}

/// The pages of a new database have 4096 bytes, SQLite's default.
const LAYOUT: Layout = Layout { page_size: 4096, lock_byte: LOCK_BYTE, portions: PORTIONS };

impl Builder {
    /// Starts in an empty file at `path`, of which `file` is a handle. `schema` makes the tables and the
    /// index `key`.
    pub(super) fn new(path: &Path, file: File, schema: &str, key: Option<Key<'_>>) -> Result<Builder, BuildError> {
        Builder::with_layout(path, file, schema, key, LAYOUT)
    }

    /// The same with pages of so many bytes.
    pub(super) fn with_page_size(
        path: &Path,
        file: File,
        schema: &str,
        key: Option<Key<'_>>,
        page_size: usize,
    ) -> Result<Builder, BuildError> {
        Builder::with_layout(path, file, schema, key, Layout { page_size, ..LAYOUT })
    }

    fn with_layout(
        path: &Path,
        file: File,
        schema: &str,
        key: Option<Key<'_>>,
        layout: Layout,
    ) -> Result<Builder, BuildError> {
        let page_size = layout.page_size;
        let connection = Connection::open(path)?;
        connection.execute_batch(&format!(
            "PRAGMA page_size = {page_size}; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; \
             PRAGMA application_id = {APPLICATION_ID}; {schema}"
        ))?;
        let root = |name: &str| {
            connection
                .query_row("SELECT rootpage FROM sqlite_schema WHERE name = ?1", [name], |row| row.get::<_, u32>(0))
        };
        let table = Tree::table(root("customers")?, page_size);
        let created = root("import_created").optional()?.map(|root| Tree::index(root, page_size));
        let index = match key {
            Some(key) => {
                let sorter = Sorter::new(&crate::disk::folder_of(path), key.integers, layout.portions);
                Some(KeyIndex { root: root(key.index)?, column: key.column, sorter })
            }
            None => None,
        };
        connection.close().map_err(|(_, error)| error)?;
        let pages = PageFile::open(file, page_size, layout.lock_byte)?;
        Ok(Builder { path: path.to_path_buf(), pages, table, created, index, threads: 1 })
    }

    /// Lets so many threads work; one of them puts on the disk what is written if it `is_kept`. What is built is the same for
    /// any number of them.
    pub(super) fn with_threads(mut self, threads: usize, is_kept: bool) -> Result<Builder, BuildError> {
        self.threads = threads;
        if threads > 1 {
            self.pages = self.pages.write_aside(is_kept)?;
            self.index = self.index.map(KeyIndex::spill_aside).transpose()?;
        }
        Ok(self)
    }

    /// Adds rows (see [`crate::sink::sqlite::record`]) under ascending IDs from `first` on; how many cells the table has more now.
    pub(super) fn append(&mut self, first: i64, bytes: &[u8], rows: &[Range<u32>]) -> io::Result<u64> {
        let before = self.table.cells();
        for (behind, range) in rows.iter().enumerate() {
            let id = first + behind as i64;
            let row = &bytes[range.start as usize..range.end as usize];
            self.table.push_row(&mut self.pages, id, row)?;
            if let Some(index) = &mut self.index {
                index.sorter.push(values(row).nth(index.column).unwrap_or(Value::Null), id)?;
            }
        }
        Ok(self.table.cells() - before)
    }

    /// Notes what undo needs of rows that were added: a row of `import_created`, greater than those before.
    pub(super) fn append_created(&mut self, run_id: i64, range: &CreatedRange) -> io::Result<()> {
        let Some(table) = &mut self.created else { return Ok(()) };
        let numbers = [run_id, range.first, range.last()].map(Value::Integer);
        let (mut encoder, mut row) = (RowEncoder::default(), Vec::with_capacity(range.digests.len() + 32));
        numbers.into_iter().chain([Value::Text(&range.digests)]).for_each(|value| encoder.push(value));
        encoder.finish_entry(&mut row);
        table.push_entry(&mut self.pages, &row)
    }

    /// Adds the entry of a row that is elsewhere to the index.
    pub(super) fn append_entry(&mut self, key: Value<'_>, id: i64) -> io::Result<()> {
        self.index.as_mut().map_or(Ok(()), |index| index.sorter.push(key, id))
    }

    /// Completes the table and its index, and gives the database to SQLite. `go_on` is asked now and then.
    pub(super) fn finish(mut self, mut go_on: impl FnMut() -> bool) -> Result<Connection, BuildError> {
        self.table.finish(&mut self.pages)?;
        if let Some(created) = self.created {
            created.finish(&mut self.pages)?;
        }
        if let Some(KeyIndex { root, sorter, .. }) = self.index {
            let mut tree = Tree::index(root, self.pages.page_size());
            sorter.finish()?.for_each(self.threads, |entry| {
                if tree.cells().is_multiple_of(16_384) && !go_on() {
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
