//! The child's side: [`serve`]. What it is allowed to use, and how it fails.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::rows::Rows;
use super::{Limits, SheetEnd, book};

/// Why a spreadsheet is not read: a sentence for the person who has to act on it, to stand behind `cannot read FILE: `.
#[derive(Debug)]
pub(super) struct Refusal(String);

impl Refusal {
    pub(super) fn new(sentence: impl Into<String>) -> Refusal {
        Refusal(sentence.into())
    }

    pub(super) fn protected() -> Refusal {
        Refusal::new("it is protected with a password; open it, save it without one, then load that")
    }

    /// The file is not what it should be; `words` are a library's own.
    pub(super) fn damaged(words: impl Display) -> Refusal {
        Refusal(format!(
            "it is damaged ({words}); open it and save it again, or save the sheet as CSV UTF-8 and load that"
        ))
    }

    pub(super) fn too_large(most: u64) -> Refusal {
        Refusal(format!(
            "it comes to more than {most} bytes when it is unpacked; if that is right, allow more with --max-inflated-bytes"
        ))
    }
}

impl Display for Refusal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Refusal {
        match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => Refusal::damaged(error),
            _ => Refusal(error.to_string()),
        }
    }
}

/// Writes a sheet of the spreadsheet at `path` to `out`: the one of that name or number, or else the first visible.
/// Returns the exit status: 0 if all of it was written, else 1, and then the reason is on standard error.
///
/// This is to be all that a process does. It limits the memory of the whole process, and may well be ended by that.
pub fn serve(out: &mut impl Write, path: &Path, sheet: Option<&str>, limits: Limits) -> i32 {
    // What a library says when it panics is for its authors.
    std::panic::set_hook(Box::new(|_| ()));
    let sent = catch_unwind(AssertUnwindSafe(|| send(out, path, sheet, limits)));
    let refusal = match sent {
        Ok(Ok(end)) => {
            // Nobody needs it to know that all went well.
            let _ = serde_json::to_writer(io::stderr(), &end);
            return 0;
        }
        Ok(Err(refusal)) => refusal,
        Err(_) => Refusal::damaged("what is in it cannot be understood"),
    };
    let _ = writeln!(io::stderr(), "{refusal}");
    1
}

fn send(out: &mut impl Write, path: &Path, sheet: Option<&str>, limits: Limits) -> Result<SheetEnd, Refusal> {
    let file = File::open(path)?;
    let patience = Patience::confine(limits, file.metadata()?.len())?;
    let out = Lively { inner: out, patience };
    let mut rows = Rows::new(out, limits.max_inflated_bytes, limits.first_row);
    book::send(file, sheet, limits, patience, &mut rows)?;
    rows.finish()
}

/// Writes the first visible sheet of a spreadsheet to `out` in a process that has other things to do: nothing limits what it costs but
/// `limits`, so it is for files that are known, and for fuzzing. An error in words where it cannot be read.
pub fn serve_unconfined(out: &mut impl Write, file: File, limits: Limits) -> Result<SheetEnd, String> {
    let mut rows = Rows::new(out, limits.max_inflated_bytes, limits.first_row);
    let sent = book::send(file, None, limits, Patience::ENDLESS, &mut rows).and_then(|()| rows.finish());
    sent.map_err(|refusal| refusal.to_string())
}

/// How long this process may be busy without a byte read or written, in seconds of its own time. No work takes as long;
/// what does is a loop without an end, which damaged files are known to send libraries into.
#[cfg_attr(not(unix), allow(dead_code))]
const PATIENCE: u64 = 5;

/// A second more for so many bytes of the file: kinds that are read as a whole are silent while they are worked on.
#[cfg_attr(not(unix), allow(dead_code))]
const BYTES_OF_A_SECOND: u64 = 1 << 20;

/// How long this process may still be busy. The system keeps the time, so that it needs no thread.
#[cfg_attr(not(unix), allow(dead_code))]
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    seconds: u64,
    /// What the process was allowed when it started.
    most: Option<u64>,
}

impl Patience {
    /// No limit at all.
    const ENDLESS: Patience = Patience { seconds: u64::MAX, most: None };

    /// Lets this process have no more than its limits from now on.
    #[cfg(unix)]
    fn confine(limits: Limits, file_bytes: u64) -> Result<Patience, Refusal> {
        use rustix::process::Resource;
        // A core file would hold the customers' data, and take longer to write than everything else.
        let _ = limit(Resource::Core, 0);
        if let Err(error) = limit(Resource::As, limits.memory_bytes) {
            // macOS has no such limit; elsewhere a process without one must not go on.
            if !cfg!(target_vendor = "apple") {
                return Err(Refusal(format!("the memory for reading it cannot be limited: {error}")));
            }
        }
        let seconds = PATIENCE + file_bytes / BYTES_OF_A_SECOND;
        let patience = Patience { seconds, most: rustix::process::getrlimit(Resource::Cpu).maximum };
        patience.renew();
        Ok(patience)
    }

    /// Elsewhere there are no such limits.
    #[cfg(not(unix))]
    fn confine(_: Limits, _: u64) -> Result<Patience, Refusal> {
        Ok(Patience { seconds: 0, most: None })
    }

    /// Starts again from now.
    #[cfg(unix)]
    fn renew(self) {
        use rustix::process::{Resource, Rlimit, setrlimit};
        use rustix::time::{ClockId, clock_gettime};
        let used = clock_gettime(ClockId::ProcessCPUTime).tv_sec.unsigned_abs();
        let until = used.saturating_add(self.seconds).min(self.most.unwrap_or(u64::MAX));
        // A limit that cannot be set leaves the one before, which is stricter.
        let _ = setrlimit(Resource::Cpu, Rlimit { current: Some(until), maximum: self.most });
    }

    #[cfg(not(unix))]
    fn renew(self) {}
}

/// Limits a resource of this process, for good.
#[cfg(unix)]
fn limit(resource: rustix::process::Resource, most: u64) -> rustix::io::Result<()> {
    use rustix::process::{Rlimit, getrlimit, setrlimit};
    let most = getrlimit(resource).maximum.map_or(most, |allowed| allowed.min(most));
    setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })
}

/// A file or a pipe; whatever passes through it shows that there is life in this process.
pub(super) struct Lively<T> {
    inner: T,
    patience: Patience,
}

impl<T> Lively<T> {
    pub(super) fn new(inner: T, patience: Patience) -> Lively<T> {
        Lively { inner, patience }
    }
}

impl<T: Read> Read for Lively<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        if read > 0 {
            self.patience.renew();
        }
        Ok(read)
    }
}

impl<T: Seek> Seek for Lively<T> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

impl<T: Write> Write for Lively<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.patience.renew();
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
