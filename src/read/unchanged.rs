//! Whether a file stays unchanged while it is read: [`Unchanged`]. A file written to meanwhile would load as a mixture
//! of old and new.

use std::fs::File;
use std::io;
use std::time::SystemTime;

use crate::error::own_words;

/// A file that is being read, and its state when reading began.
#[derive(Debug)]
pub struct Unchanged {
    file: File,
    state: State,
}

/// The file's length and the time of its last change.
type State = (u64, SystemTime);

impl Unchanged {
    /// Records the state of `file`; `None` if it is not a regular file, or the state is unknown.
    pub fn note(file: &File) -> Option<Unchanged> {
        let file = file.try_clone().ok()?;
        let state = state_of(&file).ok().flatten()?;
        Some(Unchanged { file, state })
    }

    /// The same for standard input, which may be a file.
    #[cfg(unix)]
    pub fn note_standard_input() -> Option<Unchanged> {
        use std::os::fd::AsFd;
        Unchanged::note(&File::from(io::stdin().as_fd().try_clone_to_owned().ok()?))
    }

    /// On other systems the state of standard input is unknown.
    #[cfg(not(unix))]
    pub fn note_standard_input() -> Option<Unchanged> {
        None
    }

    /// An error if the file has changed.
    pub fn check(&self) -> io::Result<()> {
        match state_of(&self.file)? == Some(self.state) {
            true => Ok(()),
            false => Err(has_changed()),
        }
    }
}

/// The error of a file that changed while it was read.
pub fn has_changed() -> io::Error {
    own_words(io::ErrorKind::Other, "it changed while it was read; run custload again when no program writes to it")
}

fn state_of(file: &File) -> io::Result<Option<State>> {
    let metadata = file.metadata()?;
    Ok(if metadata.is_file() { Some((metadata.len(), metadata.modified()?)) } else { None })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_file_that_is_written_to_has_changed() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"one").unwrap();
        let before = Unchanged::note(&file).unwrap();
        assert!(before.check().is_ok());
        file.write_all(b"two").unwrap();
        assert_eq!(before.check().unwrap_err().to_string(), has_changed().to_string());
        // The same length, at another time.
        let before = Unchanged::note(&file).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        assert!(before.check().is_err());
    }

    #[test]
    fn what_is_no_file_does_not_change() {
        assert!(Unchanged::note(&File::open(".").unwrap()).is_none());
    }
}
