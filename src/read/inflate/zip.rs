//! What is in a zip file: [`open_zip`] finds the one file in it, an [`Archive`] has the parts of a spreadsheet. Both read
//! them as a [`Member`], whose length and checksum are compared with the directory.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use flate2::{Crc, Decompress};

use super::codec::Codec;
use super::compression::{Compression, Limits, damaged, refused};
use super::directory::{Directory, Entry};
use super::inflater::Inflater;
use crate::core::text::visible;

const LISTED: usize = 10;

pub enum ZipContent {
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
    let mut listing = Listing::default();
    directory.each_entry(&file, |entry| {
        listing.note(entry);
        Ok(())
    })?;
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
    let reader = Member::open(&directory, &entry, file, limits)?;
    Ok(ZipContent::Member { name, reader: Box::new(reader) })
}

/// The relevant parts of a directory, however long it is.
#[derive(Default)]
struct Listing {
    /// The first file, the number of files, and the names of the first of them.
    first: Option<Entry>,
    count: usize,
    names: Vec<String>,
    has_content_types: bool,
    has_workbook: bool,
    mimetype: Option<Entry>,
    /// Whether it is a document of Numbers, Pages or Keynote.
    is_apples: bool,
}

impl Listing {
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
                Err(refused(format!(
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
    let mut start = Vec::new();
    let member = Member::open(directory, entry, file, Limits::default());
    let read = member.and_then(|member| member.take(100).read_to_end(&mut start));
    read.is_ok() && String::from_utf8_lossy(&start).contains("application/vnd.oasis.opendocument.spreadsheet")
}

/// The members of a zip file by name, which must be unique. As for the programs that read these formats, names that differ
/// only in case or in their slashes are the same.
pub struct Archive {
    file: File,
    directory: Directory,
    /// By their names in lower case.
    pub members: HashMap<String, Entry>,
}

impl Archive {
    pub fn open(file: File) -> io::Result<Archive> {
        let directory = Directory::find(&file)?;
        let mut members = HashMap::new();
        directory.each_entry(&file, |entry| {
            let (name, shown) = (plain(&entry.name), shown(&entry.name));
            if !name.ends_with('/') && members.insert(name, entry).is_some() {
                return Err(refused(format!(
                    "the zip file has {shown} twice, and it is unclear which one counts. Get the whole file again"
                )));
            }
            Ok(())
        })?;
        Ok(Archive { file, directory, members })
    }

    pub fn has(&self, name: &str) -> bool {
        self.members.contains_key(&plain(name))
    }

    /// The content of a member; `None` if there is none of that name. It ends with an error if its length or CRC-32 is
    /// not what the zip file says, so nothing before the end can be trusted.
    pub fn read(&self, name: &str) -> io::Result<Option<Box<dyn Read + Send>>> {
        let Some(entry) = self.members.get(&plain(name)) else { return Ok(None) };
        // The output is bounded by the directory's length, which the caller has checked.
        let endless = Limits { bytes: u64::MAX, ratio: u64::MAX, ratio_from: u64::MAX };
        let member = Member::open(&self.directory, entry, self.file.try_clone()?, endless)?;
        Ok(Some(Box::new(member)))
    }
}

/// A name in the form used to compare names.
fn plain(name: &str) -> String {
    let slashed = name.replace('\\', "/");
    slashed.trim_start_matches('/').to_ascii_lowercase()
}

/// Reads a member. At its end, its length and CRC-32 must be what the zip file says.
struct Member {
    inflater: Inflater,
    crc: u32,
    seen: Crc,
    /// The bytes still expected; `None` if there were too many.
    left: Option<u64>,
}

impl Member {
    fn open(directory: &Directory, entry: &Entry, file: File, limits: Limits) -> io::Result<Member> {
        let name = shown(&entry.name);
        if entry.is_encrypted {
            return Err(refused(format!(
                "{name} in the zip file is encrypted. Unpack it with its password and name the file wanted"
            )));
        }
        let codec = match entry.method {
            0 if entry.packed == entry.length => Codec::Stored(entry.packed),
            0 => return Err(damaged()),
            8 => Codec::Deflate(Decompress::new(false)),
            other => {
                return Err(refused(format!(
                    "{name} in the zip file is compressed with {}, which is not supported. Unpack it and name the file wanted",
                    method_name(other)
                )));
            }
        };
        let start = directory.data_of(entry, &file)?;
        let packed = Box::new(Piece { file, at: start, end: start + entry.packed });
        let inflater = Inflater::new(Compression::Zip, codec, packed, limits);
        Ok(Member { inflater, crc: entry.crc, seen: Crc::new(), left: Some(entry.length) })
    }
}

impl Read for Member {
    fn read(&mut self, output: &mut [u8]) -> io::Result<usize> {
        if output.is_empty() {
            return Ok(0);
        }
        let written = self.inflater.read(output)?;
        self.seen.update(&output[..written]);
        self.left = self.left.and_then(|left| left.checked_sub(written as u64));
        match self.left {
            None => Err(damaged()),
            Some(left) if written == 0 && (left > 0 || self.seen.sum() != self.crc) => Err(damaged()),
            Some(_) => Ok(written),
        }
    }
}

/// A piece of a file, which may also be read elsewhere meanwhile.
struct Piece {
    file: File,
    at: u64,
    end: u64,
}

impl Read for Piece {
    fn read(&mut self, output: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.end - self.at).unwrap_or(usize::MAX).min(output.len());
        self.file.seek(SeekFrom::Start(self.at))?;
        let read = self.file.read(&mut output[..most])?;
        self.at += read as u64;
        Ok(read)
    }
}

/// The longest name in a message, in characters.
const SHOWN: usize = 100;

/// A name for a message: shortened, and without control characters.
fn shown(name: &str) -> String {
    match name.char_indices().nth(SHOWN) {
        Some((cut, _)) => format!("{}…", visible(&name[..cut])),
        None => visible(name).into_owned(),
    }
}

fn method_name(method: u16) -> String {
    let name = match method {
        1 => "Shrink",
        6 => "Implode",
        9 => "Deflate64",
        12 => "bzip2",
        14 => "LZMA",
        93 => "zstd",
        95 => "xz",
        98 => "PPMd",
        other => return format!("method {other}"),
    };
    name.to_string()
}
