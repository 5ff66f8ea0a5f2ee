//! The log of a run: [`Log`] writes one line for each event.

use std::fmt::{self, Debug, Write as _};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use chrono::{SecondsFormat, Utc};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::args::RunArgs;
use crate::core::text::visible;
use crate::disk::{DATABASE_SUFFIXES, folder_of, owner_only, with_suffix, without_waiting};
use crate::error::{Error, Result};
use crate::{report::summary::escaped, run::TARGET};

#[derive(Clone, Copy)]
enum LogFormat {
    Text,
    Json,
}

pub(super) struct Log {
    format: LogFormat,
    out: Mutex<Out>,
}

impl Log {
    /// The log that the options ask for. An error if its file is one that the run reads or writes itself.
    pub(super) fn open(args: &RunArgs, database: Option<&Path>) -> Result<Option<Log>> {
        let (log, format) = (args.options.value("log").map(Path::new), args.options.text("log-format"));
        let (to, is_torn): (Box<dyn Write + Send>, bool) = match (log, format) {
            (None, None) => return Ok(None),
            (None, Some(_)) => (Box::new(io::stderr()), false),
            (Some(path), _) => {
                refuse_taken(path, &args.inputs, database)?;
                let failed = |error| {
                    let path = path.display();
                    Error::Usage(format!("--log {path}: cannot open it ({error}); name a file that you may write to"))
                };
                let is_torn = ends_within_a_line(path);
                let mut options = File::options();
                owner_only(&mut options);
                // Opening a pipe would wait for its reader.
                without_waiting(&mut options, false);
                (Box::new(options.append(true).create(true).open(path).map_err(failed)?), is_torn)
            }
        };
        let format = if format == Some("json") { LogFormat::Json } else { LogFormat::Text };
        Ok(Some(Log { format, out: Mutex::new(Out { to, is_torn, failed: None }) }))
    }

    pub(super) fn failure(&self) -> Option<String> {
        let out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        out.failed.as_ref().map(ToString::to_string)
    }
}

fn refuse_taken(log: &Path, inputs: &[PathBuf], database: Option<&Path>) -> Result<()> {
    let refuse = |why: &str| Err(Error::Usage(format!("--log {}: {why}; name another file", log.display())));
    if log.as_os_str() == "-" {
        let why = "--log -: this is not a file name; to log to standard error, leave out --log and give --log-format";
        return Err(Error::Usage(why.into()));
    }
    let target = real(log);
    let is_hidden = log.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    for input in inputs.iter().filter(|input| input.as_os_str() != "-") {
        if real(input) == target {
            return refuse("it is an input");
        }
        if !is_hidden && input.is_dir() && fs::canonicalize(input).is_ok_and(|folder| folder == folder_of(&target)) {
            return refuse("its folder is an input, so it would be one too");
        }
    }
    let mut suffixes = DATABASE_SUFFIXES.iter().chain([&""]);
    match database {
        Some(path) if suffixes.any(|suffix| real(&with_suffix(path, suffix)) == target) => {
            refuse("the name belongs to the database")
        }
        _ => Ok(()),
    }
}

/// A path without links, even if there is no such file yet.
fn real(path: &Path) -> PathBuf {
    let beside = || Some(fs::canonicalize(folder_of(path)).ok()?.join(path.file_name()?));
    fs::canonicalize(path).ok().or_else(beside).unwrap_or_else(|| path.to_path_buf())
}

fn ends_within_a_line(path: &Path) -> bool {
    let last = || -> io::Result<u8> {
        // Opening a pipe would wait for its other end.
        if !fs::metadata(path)?.is_file() {
            return Ok(b'\n');
        }
        let (mut file, mut last) = (File::open(path)?, [0]);
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        Ok(last[0])
    };
    last().is_ok_and(|last| last != b'\n')
}

/// Where the lines go. Each is written at once.
struct Out {
    to: Box<dyn Write + Send>,
    is_torn: bool,
    failed: Option<io::Error>,
}

impl Out {
    /// Writes a line. A run continues if its log cannot be written.
    fn line(&mut self, line: &str) {
        let line = if self.is_torn { format!("\n{line}") } else { line.to_string() };
        let mut rest = line.as_bytes();
        while !rest.is_empty() {
            match self.to.write(rest) {
                Ok(0) => _ = self.failed.get_or_insert(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    rest = &rest[written..];
                    self.is_torn = !rest.is_empty();
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => _ = self.failed.get_or_insert(error),
            }
            return;
        }
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target() == TARGET
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line { format: self.format, text: String::with_capacity(256) };
        let time = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
        match self.format {
            LogFormat::Json => {
                line.pair("time", &time);
                line.pair("level", &event.metadata().level().as_str().to_lowercase());
            }
            LogFormat::Text => {
                let _ = write!(line.text, "{time} {}", event.metadata().level().as_str());
            }
        }
        event.record(&mut line);
        // Several runs may write to one log.
        line.number("process", std::process::id());
        let line = line.ended();
        self.out.lock().unwrap_or_else(PoisonError::into_inner).line(&line);
    }

    // There are no spans.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Line {
    format: LogFormat,
    text: String,
}

impl Line {
    fn number(&mut self, name: &str, number: impl fmt::Display) {
        // Writing to a String cannot fail.
        let _ = match self.format {
            LogFormat::Json => write!(self.text, "{}\"{name}\":{number}", self.before()),
            LogFormat::Text => write!(self.text, " {name}={number}"),
        };
    }

    fn pair(&mut self, name: &str, value: &str) {
        match self.format {
            LogFormat::Json => {
                let before = self.before();
                let value = serde_json::Value::from(value);
                let _ = write!(self.text, "{before}\"{name}\":{value}");
            }
            LogFormat::Text if name == "event" => {
                let _ = write!(self.text, " {value}");
            }
            LogFormat::Text => {
                let value = visible(value);
                let is_bare = |character: char| !character.is_whitespace() && !['"', '=', '\\'].contains(&character);
                let _ = match !value.is_empty() && value.chars().all(is_bare) {
                    true => write!(self.text, " {name}={value}"),
                    false => write!(self.text, " {name}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")),
                };
            }
        }
    }

    fn before(&self) -> char {
        if self.text.is_empty() { '{' } else { ',' }
    }

    fn ended(self) -> String {
        match self.format {
            LogFormat::Json => escaped(&(self.text + "}")),
            LogFormat::Text => self.text + "\n",
        }
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.pair(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.number(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.number(field.name(), value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.number(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.pair(field.name(), &format!("{value:?}"));
    }
}
