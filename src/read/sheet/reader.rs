//! The parent's side: [`SheetReader`].

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;

use super::protocol::{Limits, MAX_INFO, SheetEnd, SheetInfo};

/// The size of a read: a whole pipe; and the most bytes kept of the child's standard error.
const PIPE: usize = 64 * 1024;
const MAX_SENTENCE: u64 = 4096;

/// The rows of a sheet as CSV, read from a child process. They end with an error unless the child's exit status says that
/// the sheet has ended; then what was read before must not be used.
#[derive(Debug)]
pub struct SheetReader {
    child: Child,
    rows: BufReader<ChildStdout>,
    /// Collects the child's standard error; `None` after it was joined.
    sentence: Option<JoinHandle<Vec<u8>>>,
    /// How the child ended: well, or with this message.
    end: Option<Result<SheetEnd, String>>,
    memory_bytes: u64,
}

impl SheetReader {
    /// Starts reading a sheet of the spreadsheet at `path`: the one with that name or number, or else the first visible
    /// one. `program` is this program.
    pub fn open(
        program: &Path,
        path: &Path,
        sheet: Option<&str>,
        limits: Limits,
    ) -> io::Result<(SheetReader, SheetInfo)> {
        let Limits { memory_bytes, max_inflated_bytes, first_row } = limits;
        let mut command = Command::new(program);
        command.args(["__sheet", &format!("--memory-bytes={memory_bytes}"), &format!("--first-row={first_row}")]);
        command.arg(format!("--max-inflated-bytes={max_inflated_bytes}"));
        command.args(sheet.map(|name| format!("--sheet={name}"))).arg("--").arg(path);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Ctrl-C must reach only the parent, which ends the child: the child's own end would look like a bad file.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn()?;
        let (Some(rows), Some(mut stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(io::Error::other("the program gave no pipes to read a spreadsheet with"));
        };
        let sentence = std::thread::spawn(move || {
            let mut sentence = Vec::new();
            let _ = (&mut stderr).take(MAX_SENTENCE).read_to_end(&mut sentence);
            // The rest is read and dropped, because the child would wait otherwise.
            let _ = io::copy(&mut stderr, &mut io::sink());
            sentence
        });
        let mut reader = SheetReader {
            child,
            rows: BufReader::with_capacity(PIPE, rows),
            sentence: Some(sentence),
            end: None,
            memory_bytes,
        };
        let info = reader.info()?;
        Ok((reader, info))
    }

    fn info(&mut self) -> io::Result<SheetInfo> {
        let mut line = Vec::new();
        (&mut self.rows).take(MAX_INFO).read_until(b'\n', &mut line)?;
        // Does not wait for a child whose line is too long, because that child waits too.
        if line.last() != Some(&b'\n') && (line.len() as u64) < MAX_INFO {
            self.finish()?;
        }
        serde_json::from_slice(&line).map_err(|error| {
            io::Error::other(format!("the process that reads spreadsheets sent something invalid: {error}"))
        })
    }

    /// Waits for the child, whose output has ended; an error unless that was the sheet's end.
    fn finish(&mut self) -> io::Result<()> {
        if self.end.is_none() {
            let status = self.child.wait()?;
            let stderr = self.sentence.take().and_then(|sentence| sentence.join().ok()).unwrap_or_default();
            self.end = Some(match status.success() {
                true => Ok(serde_json::from_slice(&stderr).unwrap_or_default()),
                false => Err(self.reason(status, &stderr)),
            });
        }
        match &self.end {
            Some(Err(message)) => Err(io::Error::other(message.clone())),
            _ => Ok(()),
        }
    }

    pub fn end(&self) -> Option<SheetEnd> {
        self.end.as_ref().and_then(|end| end.as_ref().ok()).copied()
    }

    /// Why the child failed. What a library or the system wrote when it crashed helps nobody.
    fn reason(&self, status: ExitStatus, stderr: &[u8]) -> String {
        let stderr = String::from_utf8_lossy(stderr);
        if status.code() == Some(1) && !stderr.trim().is_empty() {
            return stderr.trim().to_string();
        }
        // On other systems the child has no time limit.
        #[cfg(unix)]
        if std::os::unix::process::ExitStatusExt::signal(&status) == Some(rustix::process::Signal::XCPU.as_raw()) {
            return "the spreadsheet takes too long to read, so it is probably damaged; save the sheet as CSV UTF-8 \
                    and load that"
                .to_string();
        }
        let mebibytes = self.memory_bytes >> 20;
        format!(
            "the spreadsheet could not be read within {mebibytes} MiB of memory; save the sheet as CSV UTF-8 and load that"
        )
    }
}

impl Read for SheetReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.rows.read(buffer)?;
        if read == 0 && !buffer.is_empty() {
            self.finish()?;
        }
        Ok(read)
    }
}

impl Drop for SheetReader {
    /// Ends a child that is no longer read, and leaves no zombie.
    fn drop(&mut self) {
        if self.end.is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
