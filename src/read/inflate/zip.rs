//! The one file in a zip file: [`open_zip`].

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, Read, Seek};

use super::directory::{Directory, Entry};
use super::fault::refused;
use super::inflater::Growth;
use super::limits::Limits;
use super::member::{Member, shown};
use crate::core::text::visible;

/// The most names in a message.
const LISTED: usize = 10;

/// What a zip file contains.
pub enum ZipContent {
    /// One file.
    Member {
        /// Its name in the zip file, with control characters made visible. Not a path.
        name: String,
        /// Its content. It ends with an error if its length or CRC-32 is not what the zip file says.
        reader: Box<dyn Read + Send>,
    },
    /// A spreadsheet of Excel (xlsx, xlsm, xlsb) or LibreOffice (ods): the zip file itself, at its start.
    Spreadsheet(File),
}

impl std::fmt::Debug for ZipContent {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ZipContent::Member { name, .. } => formatter.debug_struct("Member").field("name", name).finish(),
            ZipContent::Spreadsheet(file) => formatter.debug_tuple("Spreadsheet").field(file).finish(),
        }
    }
}

/// Opens the one file in a zip file. Folders and files added by systems do not count.
pub fn open_zip(mut file: File, limits: Limits) -> io::Result<ZipContent> {
    let directory = Directory::find(&file)?;
    let listing = Listing::read(&directory, &file)?;
    let is_ods = match &listing.mimetype {
        Some(entry) => is_ods(&directory, entry, file.try_clone()?),
        None => false,
    };
    if listing.is_apples {
        return Err(refused(
            "it is a document of Apple's Numbers, Pages or Keynote; open it there, export it as Excel or CSV (File > Export To), \
             and load that",
        ));
    }
    if is_ods || listing.has_content_types && listing.has_workbook {
        file.rewind()?;
        return Ok(ZipContent::Spreadsheet(file));
    }
    let entry = listing.only()?;
    let name = visible(&entry.name).into_owned();
    let reader = Member::open(&directory, &entry, file, Growth::new(limits))?;
    Ok(ZipContent::Member { name, reader: Box::new(reader) })
}

/// The relevant parts of a directory, however long it is.
#[derive(Default)]
struct Listing {
    /// The first file.
    first: Option<Entry>,
    /// The number of files.
    count: usize,
    /// The names of the first of them.
    names: Vec<String>,
    has_content_types: bool,
    has_workbook: bool,
    mimetype: Option<Entry>,
    /// Whether it is a document of Numbers, Pages or Keynote.
    is_apples: bool,
}

impl Listing {
    fn read(directory: &Directory, file: &File) -> io::Result<Listing> {
        let mut listing = Listing::default();
        let mut entries = directory.entries(file)?;
        while let Some(entry) = entries.next()? {
            listing.note(entry);
        }
        Ok(listing)
    }

    fn note(&mut self, entry: Entry) {
        // Some programs write the separators of Windows, against the format.
        let name = entry.name.replace('\\', "/");
        // A workbook's parts are found by its relations, in a file whose name begins with a dot. Some programs omit
        // those and put the parts where everybody does.
        self.has_workbook |= name.eq_ignore_ascii_case("_rels/.rels");
        self.has_workbook |= name.get(..3).is_some_and(|folder| folder.eq_ignore_ascii_case("xl/"));
        if is_passed_over(&name) {
            return;
        }
        self.has_content_types |= name.eq_ignore_ascii_case("[content_types].xml");
        self.is_apples |= name.ends_with(".iwa") || matches!(name.as_str(), "Index.zip" | "index.apxl");
        if name == "mimetype" && self.mimetype.is_none() {
            self.mimetype = Some(entry.clone());
        }
        self.count += 1;
        if self.names.len() < LISTED {
            self.names.push(shown(&entry.name));
        }
        self.first.get_or_insert(entry);
    }

    fn only(self) -> io::Result<Entry> {
        match self.first {
            Some(entry) if self.count == 1 => Ok(entry),
            None => Err(refused("the zip file has no file in it. Name a file with records")),
            Some(_) => {
                let names = self.names.join(", ");
                let others = match self.count - self.names.len() {
                    0 => String::new(),
                    others => format!(" and {others} more"),
                };
                Err(refused(&format!(
                    "the zip file has {} files: {names}{others}. Unpack it and name the file wanted",
                    self.count
                )))
            }
        }
    }
}

/// Folders, hidden files, and what macOS and Windows add on their own.
fn is_passed_over(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or(name);
    last.is_empty() || last.starts_with('.') || name.starts_with("__MACOSX/") || last.eq_ignore_ascii_case("thumbs.db")
}

/// Whether the member `mimetype` names a spreadsheet of OpenDocument. If it cannot be read, it does not.
fn is_ods(directory: &Directory, entry: &Entry, file: File) -> bool {
    let growth = Growth::new(Limits::default());
    let mut start = Vec::new();
    let read = Member::open(directory, entry, file, growth).and_then(|member| member.take(100).read_to_end(&mut start));
    read.is_ok() && String::from_utf8_lossy(&start).contains("application/vnd.oasis.opendocument.spreadsheet")
}
