//! What the modules share: [`Place`], a temporary folder in which the program is run, and ways to look at what it left.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde_json::Value;
use tempfile::TempDir;

pub(crate) use crate::random::Random;

/// The program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_custload");

/// The clock of all runs that must repeat exactly.
pub(crate) const NOW: &str = "2026-01-31T12:00:00Z";

/// A good record of the profile contact under [`CONTACT`].
pub(crate) const ANN: &str = "ann@example.com,Ann Smith\n";

/// A header of the profile contact.
pub(crate) const CONTACT: &str = "email,name\n";

/// The package's folder.
pub(crate) fn package() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// What a run printed and how it ended.
#[derive(Debug)]
pub(crate) struct Done {
    /// `None` where a signal ended it.
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Done {
    pub(crate) fn new(output: &Output) -> Done {
        Done {
            status: output.status.code(),
            stdout: String::from_utf8(output.stdout.clone()).expect("stdout is UTF-8"),
            stderr: String::from_utf8(output.stderr.clone()).expect("stderr is UTF-8"),
        }
    }

    /// Fails the test where the exit status is another.
    #[track_caller]
    pub(crate) fn ends(self, status: i32) -> Done {
        assert_eq!(self.status, Some(status), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Fails the test where a piece is missing in what was printed on standard error.
    #[track_caller]
    pub(crate) fn says(self, pieces: &[&str]) -> Done {
        for piece in pieces {
            assert!(self.stderr.contains(piece), "{piece:?} is not said in:\n{}", self.stderr);
        }
        self
    }
}

/// A folder of a test's own.
#[derive(Debug)]
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Place {
        Place { folder: tempfile::Builder::new().prefix("custload-it-").tempdir().unwrap() }
    }

    /// The same in memory, where there is such a place: for tests that make very many, and do not ask what outlives a power cut.
    #[cfg(unix)]
    pub(crate) fn in_memory() -> Place {
        let memory = Path::new("/dev/shm");
        let mut builder = tempfile::Builder::new();
        builder.prefix("custload-it-");
        Place { folder: builder.tempdir_in(memory).or_else(|_| builder.tempdir()).unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// Writes a file that its owner alone may read, as custload does.
    #[cfg(unix)]
    pub(crate) fn write_private(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.write(name, content);
        let owner_only = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        fs::set_permissions(&path, owner_only).unwrap();
        path
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The program in this folder, not yet started.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(args).current_dir(self.root()).stdin(Stdio::null());
        command
    }

    /// Runs the program in this folder with these arguments.
    pub(crate) fn run(&self, args: &[&str]) -> Done {
        Done::new(&self.command(args).output().unwrap())
    }

    /// Runs it with these arguments, split at spaces.
    pub(crate) fn custload(&self, line: &str) -> Done {
        self.run(&line.split_whitespace().collect::<Vec<_>>())
    }

    /// Everything in the folder, by path from there, files with their bytes.
    pub(crate) fn everything(&self) -> BTreeMap<String, Vec<u8>> {
        files(self.root())
    }

    /// The names of everything in the folder, folders too.
    pub(crate) fn names(&self) -> Vec<String> {
        self.everything().into_keys().collect()
    }

    pub(crate) fn open(&self, database: &str) -> Connection {
        Connection::open(self.path(database)).unwrap()
    }

    /// The number that an SQL query gives.
    pub(crate) fn number(&self, database: &str, sql: &str) -> i64 {
        self.open(database).query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// The texts of a query's first column.
    pub(crate) fn column(&self, database: &str, sql: &str) -> Vec<String> {
        let connection = self.open(database);
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| Ok(shown(row.get_ref(0)?))).unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// The objects of a report in NDJSON.
    pub(crate) fn objects(&self, report: &str) -> Vec<Value> {
        self.text(report).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// A report in CSV: its header and its rows, read by a reader that is not ours.
    pub(crate) fn table(&self, report: &str) -> (Vec<String>, Vec<Vec<String>>) {
        read_csv(&fs::read(self.path(report)).unwrap())
    }

    pub(crate) fn json(&self, report: &str) -> Value {
        serde_json::from_str(&self.text(report)).unwrap()
    }
}

/// A CSV file's header and rows, read by the csv crate; all rows must have the header's length.
pub(crate) fn read_csv(bytes: &[u8]) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_reader(bytes);
    let cells = |record: &csv::StringRecord| record.iter().map(str::to_string).collect::<Vec<_>>();
    let header = cells(reader.headers().unwrap());
    (header, reader.records().map(|record| cells(&record.unwrap())).collect())
}

/// Writes a CSV file by the csv crate.
pub(crate) fn write_csv(header: &[String], rows: &[Vec<String>]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header).unwrap();
    rows.iter().for_each(|row| writer.write_record(row).unwrap());
    writer.into_inner().unwrap()
}

/// Everything in a folder, by path from there; folders end in `/` and have no bytes.
pub(crate) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let Ok(entries) = fs::read_dir(folder) else { return found };
    for entry in entries.map(Result::unwrap) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()).into_iter().map(|(below, bytes)| (format!("{name}/{below}"), bytes)));
            found.insert(format!("{name}/"), Vec::new());
        } else {
            found.insert(name, fs::read(entry.path()).unwrap());
        }
    }
    found
}

fn shown(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".to_string(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Blob(_) => "(blob)".to_string(),
    }
}

/// The rows of a table, one a line: `column=value` for every value that there is, texts as Rust writes them. Of absolute paths the
/// name alone, so that what was done in another folder can be compared.
pub(crate) fn dump_table(database: &Path, table: &str) -> String {
    let connection = Connection::open(database).unwrap();
    let select = |order: &str| connection.prepare(&format!("SELECT * FROM {table} ORDER BY {order}"));
    let mut statement = select("1, 2").or_else(|_| select("1")).unwrap();
    let columns: Vec<String> = statement.column_names().map(ToString::to_string).collect();
    let mut rows = statement.query([]).unwrap();
    let mut out = String::new();
    while let Some(row) = rows.next().unwrap() {
        let mut cells = Vec::new();
        for (index, column) in columns.iter().enumerate() {
            match row.get_ref(index).unwrap() {
                ValueRef::Null => {}
                path @ ValueRef::Text(_) if column == "absolute_path" => {
                    cells.push(format!("{column}=…/{}", shown(path).rsplit('/').next().unwrap_or_default()));
                }
                text @ ValueRef::Text(_) => cells.push(format!("{column}={:?}", shown(text))),
                other => cells.push(format!("{column}={}", shown(other))),
            }
        }
        let _ = writeln!(out, "{}", cells.join(" "));
    }
    out
}

/// All that a database holds: its schema, its tables, its ID sequence. It must be sound.
pub(crate) fn dump(database: &Path) -> String {
    let connection = Connection::open(database).unwrap();
    let check: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    let mut statement = connection.prepare("SELECT name, type, sql FROM sqlite_schema ORDER BY name").unwrap();
    let objects = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    let objects: Vec<(String, String, Option<String>)> = objects.map(Result::unwrap).collect();
    let mut out = String::new();
    for (name, kind, sql) in objects {
        let _ = writeln!(out, "{kind} {name}: {}", sql.unwrap_or_default());
        if kind == "table" {
            out.push_str(&dump_table(database, &name));
        }
    }
    out
}

/// The verdicts of an `errors.ndjson`: file, record, line, code and severity of each fault, in its order.
pub(crate) fn faults(objects: &[Value]) -> Vec<(String, u64, u64, String, String)> {
    let text = |object: &Value, key: &str| object[key].as_str().unwrap().to_string();
    let number = |object: &Value, key: &str| object[key].as_u64().unwrap();
    let fault = |object: &Value| {
        let (code, severity) = (text(object, "code"), text(object, "severity"));
        (text(object, "file"), number(object, "record"), number(object, "line"), code, severity)
    };
    objects.iter().map(fault).collect()
}

/// Whether a program of this name can be started; tests that need one are skipped without it.
pub(crate) fn has_program(name: impl AsRef<OsStr>) -> bool {
    Command::new(name).arg("-c").arg("exit 0").status().is_ok_and(|status| status.success())
}

/// Runs the program with this on its standard input.
pub(crate) fn fed(place: &Place, args: &[&str], bytes: &[u8]) -> Done {
    let mut command: Command = place.command(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that refuses may be gone before all is written.
    let _ = child.stdin.take().unwrap().write_all(bytes);
    Done::new(&child.wait_with_output().unwrap())
}

/// A number that the environment has under this name.
#[cfg(unix)]
pub(crate) fn number(name: &str) -> Option<usize> {
    std::env::var(name).ok()?.parse().ok()
}
