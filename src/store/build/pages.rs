//! The pages of a database file: [`PageFile`] hands them out and writes them, [`Tree`] fills those of one b-tree.
//!
//! A tree is filled from left to right and never touched again. Its leaves come first; the levels above are laid out when
//! all leaves are known, and the root, whose number SQLite has chosen, last.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

use crate::row::push_varint;

/// Completed pages are written out when there are this many bytes of them.
const WRITE: usize = 1024 * 1024;

/// SQLite takes its locks on the page with this byte, and nothing may be stored there.
const LOCK_BYTE: u64 = 1 << 30;

/// A database file to which pages are added.
#[derive(Debug)]
pub(super) struct PageFile {
    file: File,
    size: usize,
    /// The pages that are not yet written, the first of them numbered `first`.
    buffer: Vec<u8>,
    first: u32,
}

impl PageFile {
    /// Goes on behind the pages of a whole number that `file` has.
    pub(super) fn open(mut file: File, size: usize) -> io::Result<PageFile> {
        let length = file.seek(SeekFrom::End(0))?;
        Ok(PageFile { file, size, buffer: Vec::new(), first: (length / size as u64) as u32 + 1 })
    }

    /// A new page, all zeros; its number.
    fn add(&mut self) -> io::Result<u32> {
        let mut number = self.next();
        if u64::from(number) == LOCK_BYTE / self.size as u64 + 1 {
            self.buffer.resize(self.buffer.len() + self.size, 0);
            number = self.next();
        }
        if number == u32::MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.buffer.resize(self.buffer.len() + self.size, 0);
        Ok(number)
    }

    fn next(&self) -> u32 {
        self.first + (self.buffer.len() / self.size) as u32
    }

    /// A page that is not yet written.
    fn page(&mut self, number: u32) -> &mut [u8] {
        let start = (number - self.first) as usize * self.size;
        &mut self.buffer[start..start + self.size]
    }

    /// Says that all pages handed out so far are complete.
    fn complete(&mut self) -> io::Result<()> {
        if self.buffer.len() < WRITE { Ok(()) } else { self.write_out() }
    }

    fn write_out(&mut self) -> io::Result<()> {
        self.file.write_all(&self.buffer)?;
        self.first = self.next();
        self.buffer.clear();
        Ok(())
    }

    /// Writes over a page that SQLite has made.
    fn replace(&mut self, number: u32, page: &[u8]) -> io::Result<()> {
        self.write_out()?;
        self.file.seek(SeekFrom::Start(u64::from(number - 1) * self.size as u64))?;
        self.file.write_all(page)?;
        self.file.seek(SeekFrom::End(0))?;
        Ok(())
    }

    /// Tells the file's header how many pages there are.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.write_out()?;
        let pages = self.first - 1;
        self.file.seek(SeekFrom::Start(28))?;
        self.file.write_all(&pages.to_be_bytes())?;
        self.file.flush()
    }

    /// Writes what does not fit into a cell to a chain of pages; the number of the first.
    fn overflow(&mut self, mut rest: &[u8]) -> io::Result<u32> {
        let first = self.add()?;
        let mut page = first;
        loop {
            let (here, behind) = rest.split_at(rest.len().min(self.size - 4));
            self.page(page)[4..4 + here.len()].copy_from_slice(here);
            if behind.is_empty() {
                return Ok(first);
            }
            let next = self.add()?;
            self.page(page)[..4].copy_from_slice(&next.to_be_bytes());
            page = next;
            rest = behind;
        }
    }
}

/// The two kinds of b-trees, and the first byte of their pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Table,
    Index,
}

impl Kind {
    fn leaf(self) -> u8 {
        if self == Kind::Table { 13 } else { 10 }
    }

    fn interior(self) -> u8 {
        if self == Kind::Table { 5 } else { 2 }
    }

    /// How much of a payload stays in its cell, on pages of `size`.
    fn local(self, payload: usize, size: usize) -> usize {
        let most = match self {
            Kind::Table => size - 35,
            Kind::Index => (size - 12) * 64 / 255 - 23,
        };
        if payload <= most {
            return payload;
        }
        let least = (size - 12) * 32 / 255 - 23;
        let fitting = least + (payload - least) % (size - 4);
        if fitting <= most { fitting } else { least }
    }
}

/// One b-tree that is being filled.
#[derive(Debug)]
pub(super) struct Tree {
    kind: Kind,
    root: u32,
    leaf: Page,
    /// The leaves that are complete, and what divides each from the one behind it.
    below: Level,
    /// How many cells its leaves have.
    cells: u64,
    /// The rowid of the last row.
    last: i64,
    /// The numbers in front of the payload in the cell that is being added.
    head: Vec<u8>,
}

/// Pages of one level of a tree: children, and behind each but the last its divider, the bytes of a cell of the level above
/// without the child's number.
#[derive(Debug, Default)]
struct Level {
    children: Vec<u32>,
    dividers: Vec<u8>,
    /// Where each divider ends.
    ends: Vec<usize>,
}

impl Level {
    fn push_divider(&mut self, divider: &[u8]) {
        self.dividers.extend_from_slice(divider);
        self.ends.push(self.dividers.len());
    }

    fn divider(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.dividers[start..self.ends[index]]
    }
}

impl Tree {
    /// A table whose root SQLite has put on this page.
    pub(super) fn table(root: u32) -> Tree {
        Tree::new(Kind::Table, root)
    }

    /// An index whose root SQLite has put on this page.
    pub(super) fn index(root: u32) -> Tree {
        Tree::new(Kind::Index, root)
    }

    fn new(kind: Kind, root: u32) -> Tree {
        let leaf = Page::default();
        Tree { kind, root, leaf, below: Level::default(), cells: 0, last: 0, head: Vec::new() }
    }

    /// How many rows, or entries, it has been given.
    pub(super) fn cells(&self) -> u64 {
        self.cells
    }

    /// Adds a row with a rowid greater than those before.
    pub(super) fn push_row(&mut self, pages: &mut PageFile, rowid: i64, payload: &[u8]) -> io::Result<()> {
        self.head.clear();
        push_varint(&mut self.head, payload.len() as u64);
        push_varint(&mut self.head, rowid as u64);
        let local = self.kind.local(payload.len(), pages.size);
        if !self.has_room(local, payload.len(), pages.size) {
            // In a table a leaf is divided from the next by its own last rowid.
            let mut divider = Vec::with_capacity(9);
            push_varint(&mut divider, self.last as u64);
            self.complete_leaf(pages, &divider)?;
        }
        self.add_cell(pages, payload, local)?;
        self.last = rowid;
        Ok(())
    }

    /// Adds an entry that is greater than those before.
    pub(super) fn push_entry(&mut self, pages: &mut PageFile, payload: &[u8]) -> io::Result<()> {
        self.head.clear();
        push_varint(&mut self.head, payload.len() as u64);
        let local = self.kind.local(payload.len(), pages.size);
        if !self.has_room(local, payload.len(), pages.size) {
            // In an index the divider is an entry of its own: the leaf's last one. A page has room for four at least.
            let divider = self.leaf.pop();
            self.complete_leaf(pages, &divider)?;
        }
        self.add_cell(pages, payload, local)
    }

    /// Whether the leaf has room for a cell with this head, and so much of the payload in it.
    fn has_room(&self, local: usize, payload: usize, size: usize) -> bool {
        let pointer = if local < payload { 4 } else { 0 };
        self.leaf.has_room(self.head.len() + local + pointer, 8, size)
    }

    fn add_cell(&mut self, pages: &mut PageFile, payload: &[u8], local: usize) -> io::Result<()> {
        let (here, overflow) = payload.split_at(local);
        let pointer = if overflow.is_empty() { None } else { Some(pages.overflow(overflow)?.to_be_bytes()) };
        self.cells += 1;
        self.leaf.push(&[&self.head, here, pointer.as_ref().map_or(&[], |number| number.as_slice())]);
        Ok(())
    }

    fn complete_leaf(&mut self, pages: &mut PageFile, divider: &[u8]) -> io::Result<()> {
        self.write_leaf(pages)?;
        self.below.push_divider(divider);
        Ok(())
    }

    fn write_leaf(&mut self, pages: &mut PageFile) -> io::Result<()> {
        let number = pages.add()?;
        self.leaf.write(self.kind.leaf(), None, pages.page(number));
        self.below.children.push(number);
        self.leaf.clear();
        pages.complete()
    }

    /// Lays out the levels above the leaves.
    pub(super) fn finish(mut self, pages: &mut PageFile) -> io::Result<()> {
        if self.below.children.is_empty() {
            let mut root = vec![0; pages.size];
            self.leaf.write(self.kind.leaf(), None, &mut root);
            return pages.replace(self.root, &root);
        }
        self.write_leaf(pages)?;
        let mut level = self.below;
        loop {
            let groups = group(&level, pages.size);
            let mut above = Level::default();
            for &(start, end) in &groups {
                let mut page = Page::default();
                for index in start..end {
                    page.push(&[&level.children[index].to_be_bytes(), level.divider(index)]);
                }
                let rightmost = Some(level.children[end]);
                if groups.len() == 1 {
                    let mut root = vec![0; pages.size];
                    page.write(self.kind.interior(), rightmost, &mut root);
                    return pages.replace(self.root, &root);
                }
                let number = pages.add()?;
                page.write(self.kind.interior(), rightmost, pages.page(number));
                pages.complete()?;
                above.children.push(number);
                if end < level.ends.len() {
                    above.push_divider(level.divider(end));
                }
            }
            level = above;
        }
    }
}

/// How a level's children are shared out among the pages above: the first and the last child of each.
///
/// Every page has two children at least, for SQLite takes an interior page without a cell for damage.
fn group(level: &Level, size: usize) -> Vec<(usize, usize)> {
    let mut groups: Vec<(usize, usize)> = Vec::new();
    let last = level.children.len() - 1;
    let mut start = 0;
    while start <= last {
        let mut page = Page::default();
        let mut end = start;
        while end < last && page.has_room(4 + level.divider(end).len(), 12, size) {
            page.count(4 + level.divider(end).len());
            end += 1;
        }
        groups.push((start, end));
        start = end + 1;
    }
    if let [.., before, alone] = groups.as_mut_slice()
        && alone.0 == alone.1
    {
        before.1 -= 1;
        alone.0 -= 1;
    }
    groups
}

/// The cells of one page.
#[derive(Debug, Default)]
struct Page {
    cells: Vec<u8>,
    /// Where each cell ends.
    ends: Vec<u32>,
    /// What cells take that are only counted.
    counted: usize,
}

impl Page {
    fn has_room(&self, cell: usize, header: usize, size: usize) -> bool {
        // Two bytes a cell for its place.
        header + 2 * (self.ends.len() + 1) + self.cells.len() + self.counted + cell.max(4) <= size
    }

    fn push(&mut self, parts: &[&[u8]]) {
        parts.iter().for_each(|part| self.cells.extend_from_slice(part));
        self.ends.push(self.cells.len() as u32);
    }

    /// Counts a cell without keeping it.
    fn count(&mut self, length: usize) {
        self.counted += length;
        self.ends.push(0);
    }

    /// Takes the last cell out.
    fn pop(&mut self) -> Vec<u8> {
        self.ends.pop();
        self.cells.split_off(self.ends.last().copied().unwrap_or(0) as usize)
    }

    fn clear(&mut self) {
        self.cells.clear();
        self.ends.clear();
    }

    /// Lays the page out: header, the cells' places in order, and the cells from the end backwards.
    fn write(&self, kind: u8, rightmost: Option<u32>, page: &mut [u8]) {
        let header = if rightmost.is_some() { 12 } else { 8 };
        let mut end = page.len();
        let mut start = 0;
        for (index, cell_end) in self.ends.iter().enumerate() {
            let cell = &self.cells[start..*cell_end as usize];
            start = *cell_end as usize;
            end -= cell.len().max(4);
            page[end..end + cell.len()].copy_from_slice(cell);
            page[header + 2 * index..header + 2 * index + 2].copy_from_slice(&(end as u16).to_be_bytes());
        }
        page[0] = kind;
        page[3..5].copy_from_slice(&(self.ends.len() as u16).to_be_bytes());
        // 65536 is written as 0, which is what the conversion makes of it.
        page[5..7].copy_from_slice(&(end as u16).to_be_bytes());
        if let Some(rightmost) = rightmost {
            page[8..12].copy_from_slice(&rightmost.to_be_bytes());
        }
    }
}
