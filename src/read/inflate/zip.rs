//! The one file in a zip file: [`open_zip`]; and the parts of a file that is a zip file itself: [`Archive`].

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use flate2::Crc;

use super::codec::{Codec, Stored, Zlib};
use super::directory::{Directory, Entry};
use super::{Compression, Inflater, Limits, Meter, RATIO_JUDGED_FROM, invalid};
use crate::core::text::visible;

/// How many names a message lists.
const LISTED: usize = 10;

/// How much of a name a message shows, in characters.
const SHOWN: usize = 100;

/// What a zip file was found to hold.
pub enum ZipContent {
    /// One file.
    Member {
        /// The name it has in there, its control characters made visible. Nothing to find a file by.
        name: String,
        /// What it holds. Its end is an error if its length or its CRC-32 is not what the zip file says.
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

/// Opens the one file in a zip file. Folders and what systems add by themselves do not count.
pub fn open_zip(file: File, limits: Limits) -> io::Result<ZipContent> {
    open_zip_judging_from(RATIO_JUDGED_FROM, file, limits)
}

/// [`open_zip`] with the ratio judged once `judged_from` bytes have come out.
pub(super) fn open_zip_judging_from(judged_from: u64, mut file: File, limits: Limits) -> io::Result<ZipContent> {
    let directory = Directory::find(&file)?;
    let listing = Listing::read(&directory, &file)?;
    let is_ods = match &listing.mimetype {
        Some(entry) => is_ods(&directory, entry, file.try_clone()?),
        None => false,
    };
    if listing.is_apples {
        return Err(refused(
            "it is a document of Apple's Numbers (or of Pages or Keynote); open it there, export it as Excel or CSV (File > \
             Export To), and load that",
        ));
    }
    if is_ods || listing.has_content_types && listing.has_workbook {
        file.rewind()?;
        return Ok(ZipContent::Spreadsheet(file));
    }
    let entry = listing.only()?;
    let name = visible(&entry.name).into_owned();
    let reader = Member::open(&directory, &entry, file, Meter::new(limits, judged_from))?;
    Ok(ZipContent::Member { name, reader: Box::new(reader) })
}

/// What matters of a directory, however long it is.
#[derive(Default)]
struct Listing {
    /// The first file.
    first: Option<Entry>,
    /// How many files there are.
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
        // Some programs write the separators of Windows, against the format's rules.
        let name = entry.name.replace('\\', "/");
        // The parts of a workbook are found by their relations, whose name has a dot in front. Some programs leave those out, and
        // put the parts where all do.
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
            None => {
                Err(refused("the zip file holds no file. See where it came from, and name a file that holds records"))
            }
            Some(_) => {
                let names = self.names.join(", ");
                let others = match self.count - self.names.len() {
                    0 => String::new(),
                    others => format!(" and {others} more"),
                };
                Err(refused(&format!(
                    "the zip file holds {} files: {names}{others}. Unpack it and name the file wanted",
                    self.count
                )))
            }
        }
    }
}

/// Folders, hidden files, and what macOS and Windows add to a zip file without being asked.
fn is_passed_over(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or(name);
    last.is_empty() || last.starts_with('.') || name.starts_with("__MACOSX/") || last.eq_ignore_ascii_case("thumbs.db")
}

/// Whether the member `mimetype` says that the file is a spreadsheet of OpenDocument. One that cannot be read says nothing.
fn is_ods(directory: &Directory, entry: &Entry, file: File) -> bool {
    let meter = Meter::new(Limits::default(), RATIO_JUDGED_FROM);
    let mut start = Vec::new();
    let read = Member::open(directory, entry, file, meter).and_then(|member| member.take(100).read_to_end(&mut start));
    read.is_ok() && String::from_utf8_lossy(&start).contains("application/vnd.oasis.opendocument.spreadsheet")
}

/// Reads a member and checks at its end that it was what the zip file said.
struct Member {
    inflater: Inflater,
    crc: u32,
    seen: Crc,
    /// How much is to come; `None` if more came than was to.
    left: Option<u64>,
}

impl Member {
    fn open(directory: &Directory, entry: &Entry, file: File, meter: Meter) -> io::Result<Member> {
        let name = shown(&entry.name);
        if entry.is_encrypted {
            return Err(refused(&format!(
                "{name} in the zip file is encrypted. Unpack it with its password and name the file wanted"
            )));
        }
        let codec: Box<dyn Codec> = match entry.method {
            0 if entry.packed == entry.length => Box::new(Stored::new(entry.packed)),
            0 => return Err(damaged()),
            8 => Box::new(Zlib::raw()),
            other => {
                return Err(refused(&format!(
                    "{name} in the zip file is compressed with {}, which is not known here. Unpack it and name the file \
                     wanted",
                    method_name(other)
                )));
            }
        };
        let start = directory.data_of(entry, &file)?;
        let packed = Box::new(Piece { file, at: start, end: start + entry.packed });
        let inflater = Inflater::new(Compression::Zip, codec, packed, meter);
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

/// A piece of a file, wherever else the file is read meanwhile.
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

/// The members of a zip file, by their names. Names that differ only in case, or in which slash they
/// have, are the same, as they are
/// for the programs that read such files; two of the same name are refused.
pub struct Archive {
    file: File,
    directory: Directory,
    members: HashMap<String, Entry>,
}

impl Archive {
    /// Reads the directory of a zip file.
    pub fn open(file: File) -> io::Result<Archive> {
        let directory = Directory::find(&file)?;
        let mut members = HashMap::new();
        let mut entries = directory.entries(&file)?;
        while let Some(entry) = entries.next()? {
            let name = plain(&entry.name);
            if name.ends_with('/') {
                continue;
            }
            let shown = shown(&entry.name);
            if members.insert(name, entry).is_some() {
                return Err(refused(&format!(
                    "the zip file holds {shown} twice, and which of the two counts cannot be told. Get it again, whole"
                )));
            }
        }
        Ok(Archive { file, directory, members })
    }

    /// Whether it has a member.
    pub fn has(&self, name: &str) -> bool {
        self.members.contains_key(&plain(name))
    }

    /// The members: their names, without capitals, and what they are.
    pub fn members(&self) -> impl Iterator<Item = (&str, MemberInfo)> {
        self.members.iter().map(|(name, entry)| {
            let Entry { is_encrypted, packed, length, .. } = *entry;
            (name.as_str(), MemberInfo { is_encrypted, packed, length })
        })
    }

    /// What a member holds; `None` if there is none of that name. Its end is an error if its length or its CRC-32 is not what the
    /// zip file says, so nothing of it is to be believed before.
    pub fn read(&self, name: &str) -> io::Result<Option<Box<dyn Read + Send>>> {
        let Some(entry) = self.members.get(&plain(name)) else { return Ok(None) };
        // What comes out is what the directory says, or an error, so the limits are for whoever has looked at that.
        let meter = Meter::new(Limits { bytes: u64::MAX, ratio: u64::MAX }, u64::MAX);
        let member = Member::open(&self.directory, entry, self.file.try_clone()?, meter)?;
        Ok(Some(Box::new(member)))
    }
}

/// What the directory says of a member.
#[derive(Clone, Copy, Debug)]
pub struct MemberInfo {
    /// Whether it is encrypted.
    pub is_encrypted: bool,
    /// Its length in the zip file.
    pub packed: u64,
    /// Its length.
    pub length: u64,
}

/// A name in the form in which names are compared.
fn plain(name: &str) -> String {
    let slashed = name.replace('\\', "/");
    slashed.trim_start_matches('/').to_ascii_lowercase()
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

/// A name as a message shows it: not too much of it, and nothing that a terminal would obey.
fn shown(name: &str) -> String {
    match name.char_indices().nth(SHOWN) {
        Some((cut, _)) => format!("{}…", visible(&name[..cut])),
        None => visible(name).into_owned(),
    }
}

/// A zip file that is not what is wanted.
pub(super) fn refused(message: &str) -> io::Error {
    invalid(message.to_string())
}

/// A zip file of which one part says something else than another. Which of them lies cannot be told.
pub(super) fn damaged() -> io::Error {
    refused("the zip file is damaged: what it holds does not fit its directory or its checksums. Get it again, whole")
}
