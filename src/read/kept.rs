//! The text of standard input or a pipe, kept to be read several times: [`KeptText`].

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use super::feed::{Feed, FileRead};
use super::sniff::SAMPLE_BYTES;
use super::window::Window;

/// Text in a file without a name. It is read by one reader at a time.
pub struct KeptText {
    file: File,
    /// What was read of the input for it.
    read: FileRead,
    /// The offset in the input's text at which it begins.
    offset: u64,
}

impl KeptText {
    /// Reads a window to its end.
    pub fn of(mut window: Window) -> io::Result<KeptText> {
        let (mut file, offset) = (tempfile::tempfile()?, window.offset());
        loop {
            file.write_all(window.held())?;
            window.drop_until(window.held_until());
            if !window.read_more()? {
                break;
            }
        }
        Ok(KeptText { file, read: window.file_read(), offset })
    }

    pub fn window(&self) -> io::Result<Window> {
        let feed = Kept { file: self.file.try_clone()?, at: 0, read: self.read.clone() };
        let mut window = Window::kept(Box::new(feed), self.offset);
        window.hold(SAMPLE_BYTES)?;
        Ok(window)
    }
}

struct Kept {
    file: File,
    at: u64,
    read: FileRead,
}

impl Feed for Kept {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        // Another reader may have moved the file's offset, which they share.
        self.file.seek(SeekFrom::Start(self.at))?;
        let read = self.file.read(into)?;
        self.at += read as u64;
        Ok(read)
    }

    fn file_read(&self) -> Option<FileRead> {
        Some(self.read.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_from_where_it_was_read() {
        let mut window = Window::new(Box::new(io::Cursor::new(b"header\none\ntwo\n".to_vec())));
        window.hold(100).unwrap();
        window.drop_until(7);
        let kept = KeptText::of(window).unwrap();
        for _ in 0..2 {
            let mut window = kept.window().unwrap();
            window.hold(100).unwrap();
            assert_eq!((window.offset(), window.held()), (7, &b"one\ntwo\n"[..]));
            assert_eq!(window.file_read().bytes, 15);
        }
    }
}
