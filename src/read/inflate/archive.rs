//! The parts of a format that is a zip file, such as a spreadsheet: [`Archive`].

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};

use super::directory::{Directory, Entry};
use super::fault::refused;
use super::inflater::Growth;
use super::limits::Limits;
use super::member::{Member, shown};

/// The members of a zip file by name. Names that differ only in case or in their slashes are the same, as for the
/// programs that read these formats; a name that occurs twice is refused.
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
                    "the zip file has {shown} twice, and it is unclear which one counts. Get the whole file again"
                )));
            }
        }
        Ok(Archive { file, directory, members })
    }

    /// Whether it has a member.
    pub fn has(&self, name: &str) -> bool {
        self.members.contains_key(&plain(name))
    }

    /// The members, by their names in lower case.
    pub fn members(&self) -> impl Iterator<Item = (&String, &Entry)> {
        self.members.iter()
    }

    /// The content of a member; `None` if there is none of that name. It ends with an error if its length or CRC-32 is
    /// not what the zip file says, so nothing before the end can be trusted.
    pub fn read(&self, name: &str) -> io::Result<Option<Box<dyn Read + Send>>> {
        let Some(entry) = self.members.get(&plain(name)) else { return Ok(None) };
        // The output is bounded by the directory's length, which the caller has checked.
        let growth = Growth::new(Limits { bytes: u64::MAX, ratio: u64::MAX, ratio_from: u64::MAX });
        let member = Member::open(&self.directory, entry, self.file.try_clone()?, growth)?;
        Ok(Some(Box::new(member)))
    }
}

/// A name in the form used to compare names.
fn plain(name: &str) -> String {
    let slashed = name.replace('\\', "/");
    slashed.trim_start_matches('/').to_ascii_lowercase()
}
