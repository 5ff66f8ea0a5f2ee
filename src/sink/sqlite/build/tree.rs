//! One b-tree ([`Tree`]) that is filled from left to right. Its leaves come first; the levels above are laid out when all leaves are
//! known, and the root, whose number SQLite has chosen, last.

use std::io;

use super::pages::PageFile;
use crate::sink::sqlite::record::push_varint;

/// The two kinds of b-trees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
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

    /// The bytes of a payload that stay in its cell, on pages of `size`.
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

/// The header's bytes on a leaf, and on a page above.
const LEAF_HEADER: usize = 8;
const INTERIOR_HEADER: usize = 12;

pub(super) struct Tree {
    kind: Kind,
    root: u32,
    leaf: Page,
    /// The leaves that are complete, and the divider of each from the next.
    below: Level,
    /// The number of rows, or entries, that it has been given.
    pub(super) cells: u64,
    last: i64,
    /// The numbers before the payload in the cell that is being added.
    head: Vec<u8>,
    /// In an index, the entry for which the leaf had no room: it divides the leaf from the next one, if there is any.
    divider: Option<Vec<u8>>,
}

/// Pages of one level: children, and for each but the last a divider, a cell of the level above without the child's number.
#[derive(Debug, Default)]
struct Level {
    children: Vec<u32>,
    dividers: Vec<u8>,
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
    /// A tree whose root SQLite has put on this page, on pages of `size`.
    pub(super) fn new(kind: Kind, root: u32, size: usize) -> Tree {
        let leaf = Page::new(size, LEAF_HEADER);
        Tree { kind, root, leaf, below: Level::default(), cells: 0, last: 0, head: Vec::new(), divider: None }
    }

    /// Adds a row with a rowid greater than those before.
    pub(super) fn push_row(&mut self, pages: &mut PageFile, rowid: i64, payload: &[u8]) -> io::Result<()> {
        self.head.clear();
        push_varint(&mut self.head, payload.len() as u64);
        push_varint(&mut self.head, rowid as u64);
        let local = self.kind.local(payload.len(), pages.size);
        if !self.has_room(local, payload.len()) {
            // In a table a leaf is divided from the next by its own last rowid.
            let mut divider = Vec::with_capacity(9);
            push_varint(&mut divider, self.last as u64);
            self.complete_leaf(pages, &divider)?;
        }
        self.push_cell(pages, payload, local)?;
        self.last = rowid;
        Ok(())
    }

    /// Adds an entry that is greater than those before.
    pub(super) fn push_entry(&mut self, pages: &mut PageFile, payload: &[u8]) -> io::Result<()> {
        self.head.clear();
        push_varint(&mut self.head, payload.len() as u64);
        let local = self.kind.local(payload.len(), pages.size);
        if let Some(divider) = self.divider.take() {
            self.complete_leaf(pages, &divider)?;
        } else if !self.has_room(local, payload.len()) {
            // Few entries may fit a page, so none is taken out of it again.
            let (here, overflow) = payload.split_at(local);
            let mut divider = [self.head.as_slice(), here].concat();
            if !overflow.is_empty() {
                divider.extend_from_slice(&pages.push_overflow(overflow)?.to_be_bytes());
            }
            self.divider = Some(divider);
            self.cells += 1;
            return Ok(());
        }
        self.push_cell(pages, payload, local)
    }

    /// Whether the leaf has room for a cell with this head, and `local` bytes of the payload in it.
    fn has_room(&self, local: usize, payload: usize) -> bool {
        let pointer = if local < payload { 4 } else { 0 };
        self.leaf.has_room(self.head.len() + local + pointer)
    }

    fn push_cell(&mut self, pages: &mut PageFile, payload: &[u8], local: usize) -> io::Result<()> {
        let (here, overflow) = payload.split_at(local);
        match overflow {
            [] => self.leaf.push([&self.head, here, &[]]),
            _ => self.leaf.push([&self.head, here, &pages.push_overflow(overflow)?.to_be_bytes()]),
        }
        self.cells += 1;
        Ok(())
    }

    fn complete_leaf(&mut self, pages: &mut PageFile, divider: &[u8]) -> io::Result<()> {
        self.below.push_divider(divider);
        self.write_leaf(pages)
    }

    fn write_leaf(&mut self, pages: &mut PageFile) -> io::Result<()> {
        let number = pages.push(self.leaf.complete(self.kind.leaf(), None))?;
        self.below.children.push(number);
        self.leaf.clear();
        Ok(())
    }

    /// Lays out the levels above the leaves.
    pub(super) fn finish(mut self, pages: &mut PageFile) -> io::Result<()> {
        if let Some(last) = self.divider.take() {
            // No entry has come after it, so it is one of the last leaf's. A page has room for four at least.
            let divider = self.leaf.pop();
            self.complete_leaf(pages, &divider)?;
            self.leaf.push([&last, &[], &[]]);
        }
        if self.below.children.is_empty() {
            return pages.replace(self.root, self.leaf.complete(self.kind.leaf(), None));
        }
        self.write_leaf(pages)?;
        let mut page = Page::new(pages.size, INTERIOR_HEADER);
        let mut level = self.below;
        loop {
            let groups = group(&level, pages.size);
            let mut above = Level::default();
            for &(start, end) in &groups {
                page.clear();
                for index in start..end {
                    page.push([&level.children[index].to_be_bytes(), level.divider(index), &[]]);
                }
                let done = page.complete(self.kind.interior(), Some(level.children[end]));
                if groups.len() == 1 {
                    return pages.replace(self.root, done);
                }
                above.children.push(pages.push(done)?);
                if end < level.ends.len() {
                    above.push_divider(level.divider(end));
                }
            }
            level = above;
        }
    }
}

/// The first and the last child of each page above a level. Every page has at least two: SQLite treats one without a cell as damaged.
fn group(level: &Level, size: usize) -> Vec<(usize, usize)> {
    let mut groups: Vec<(usize, usize)> = Vec::new();
    let last = level.children.len() - 1;
    let mut start = 0;
    while start <= last {
        let mut room = size - INTERIOR_HEADER;
        let mut end = start;
        while end < last {
            let Some(left) = room.checked_sub(cell_space(4 + level.divider(end).len())) else { break };
            room = left;
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

/// The bytes that a cell takes of a page: at least four, and two for its offset.
fn cell_space(length: usize) -> usize {
    length.max(4) + 2
}

/// One page that is being filled: the offsets of the cells from the front, the cells themselves from the end backwards.
struct Page {
    bytes: Vec<u8>,
    header: usize,
    cells: usize,
    start: usize,
}

impl Page {
    fn new(size: usize, header: usize) -> Page {
        Page { bytes: vec![0; size], header, cells: 0, start: size }
    }

    /// The end of the cells' offsets.
    fn offsets_end(&self) -> usize {
        self.header + 2 * self.cells
    }

    fn has_room(&self, cell: usize) -> bool {
        self.offsets_end() + cell_space(cell) <= self.start
    }

    fn push(&mut self, parts: [&[u8]; 3]) {
        let length = parts.iter().map(|part| part.len()).sum::<usize>();
        self.start -= length.max(4);
        let mut at = self.start;
        for part in parts {
            self.bytes[at..at + part.len()].copy_from_slice(part);
            at += part.len();
        }
        self.bytes[at..self.start + length.max(4)].fill(0);
        let end = self.offsets_end();
        self.bytes[end..end + 2].copy_from_slice(&(self.start as u16).to_be_bytes());
        self.cells += 1;
    }

    /// Removes the last cell. Those of an index have at least four bytes, so all of its space is the cell.
    fn pop(&mut self) -> Vec<u8> {
        self.cells -= 1;
        let last = self.offsets_end();
        let end = match self.cells {
            0 => self.bytes.len(),
            _ => usize::from(u16::from_be_bytes([self.bytes[last - 2], self.bytes[last - 1]])),
        };
        let cell = self.bytes[self.start..end].to_vec();
        self.start = end;
        cell
    }

    fn clear(&mut self) {
        self.cells = 0;
        self.start = self.bytes.len();
    }

    /// Writes the header, and gives the page.
    fn complete(&mut self, kind: u8, rightmost: Option<u32>) -> &[u8] {
        let (offsets_end, start) = (self.offsets_end(), self.start);
        let page = &mut self.bytes;
        page[..self.header].fill(0);
        page[0] = kind;
        page[3..5].copy_from_slice(&(self.cells as u16).to_be_bytes());
        // The conversion makes 0 of 65536, as the format wants.
        page[5..7].copy_from_slice(&(start as u16).to_be_bytes());
        if let Some(rightmost) = rightmost {
            page[8..12].copy_from_slice(&rightmost.to_be_bytes());
        }
        // Bytes of an earlier page.
        page[offsets_end..start].fill(0);
        page
    }
}
