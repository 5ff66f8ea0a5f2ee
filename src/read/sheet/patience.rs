//! How long the child may be busy: [`Patience`], which each byte read or written through [`Lively`] renews.

use std::io::{self, Read, Seek, SeekFrom, Write};

use super::protocol::{Limits, Refusal, Result};

/// The CPU time that this process may use without reading or writing a byte, in seconds. Only an endless loop takes
/// that long, and damaged files send libraries into such loops.
#[cfg_attr(not(unix), allow(dead_code))]
const PATIENCE: u64 = 5;

/// One second more for this number of bytes of the file: formats read as a whole produce nothing meanwhile.
#[cfg_attr(not(unix), allow(dead_code))]
const BYTES_OF_A_SECOND: u64 = 1 << 20;

/// How long this process may still be busy. The system keeps the time, so that no thread is needed.
#[cfg_attr(not(unix), allow(dead_code))]
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    seconds: u64,
    /// The limit that the process started with.
    most: Option<u64>,
}

impl Patience {
    #[cfg(feature = "internals")]
    pub(super) const ENDLESS: Patience = Patience { seconds: u64::MAX, most: None };

    #[cfg(unix)]
    pub(super) fn confine(limits: Limits, file_bytes: u64) -> Result<Patience> {
        use rustix::process::Resource;
        // A core file would contain customers' data, and take long to write.
        let _ = limit(Resource::Core, 0);
        if let Err(error) = limit(Resource::As, limits.memory_bytes) {
            // macOS has no such limit; elsewhere a process must not continue without it.
            if !cfg!(target_vendor = "apple") {
                return Err(Refusal::new(format!("the memory for reading it cannot be limited: {error}")));
            }
        }
        let seconds = PATIENCE + file_bytes / BYTES_OF_A_SECOND;
        let patience = Patience { seconds, most: rustix::process::getrlimit(Resource::Cpu).maximum };
        patience.renew();
        Ok(patience)
    }

    /// Other systems have no such limits.
    #[cfg(not(unix))]
    pub(super) fn confine(_: Limits, _: u64) -> Result<Patience> {
        Ok(Patience { seconds: 0, most: None })
    }

    /// Starts again from now.
    #[cfg(unix)]
    fn renew(self) {
        use rustix::process::{Resource, Rlimit, setrlimit};
        use rustix::time::{ClockId, clock_gettime};
        let used = clock_gettime(ClockId::ProcessCPUTime).tv_sec.unsigned_abs();
        let until = used.saturating_add(self.seconds).min(self.most.unwrap_or(u64::MAX));
        // If it cannot be set, the earlier limit stays, which is stricter.
        let _ = setrlimit(Resource::Cpu, Rlimit { current: Some(until), maximum: self.most });
    }

    #[cfg(not(unix))]
    fn renew(self) {}
}

/// Limits a resource of this process for good.
#[cfg(unix)]
fn limit(resource: rustix::process::Resource, most: u64) -> rustix::io::Result<()> {
    use rustix::process::{Rlimit, getrlimit, setrlimit};
    let most = getrlimit(resource).maximum.map_or(most, |allowed| allowed.min(most));
    setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })
}

/// A file or a pipe. Each byte through it renews the patience.
pub(super) struct Lively<T> {
    pub(super) inner: T,
    pub(super) patience: Patience,
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
