//! What the parent does whatever becomes of the child.

use std::ffi::OsStr;
use std::io::{Cursor, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use custload::read::sheet::{CfbKind, Limits, SheetReader, kind_of_cfb};

use super::files::*;
use super::reading::*;

#[test]
fn any_path_will_do() {
    let folder = tempfile::tempdir().unwrap();
    for name in [&b"--sheet=x"[..], b"\xff\xfe \n.xls", b"-"] {
        let path = folder.path().join(OsStr::from_bytes(name));
        std::fs::write(&path, xlsx_rows("<row><c><v>1</v></c></row>")).unwrap();
        assert_eq!(read_path(&path, None, Limits::default()).unwrap().1, "1\n");
    }
    let refusal = read_path(&folder.path().join("none"), None, Limits::default()).unwrap_err();
    assert!(refusal.contains("No such file"), "{refusal}");
}

/// A program that does this instead of what the child does.
fn script(folder: &Path, lines: &str) -> PathBuf {
    let path = folder.join("child");
    std::fs::write(&path, format!("#!/bin/sh\n{lines}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

const INFO: &str = r#"echo '{"sheet":"a","sheets":[],"kind":"xlsx"}'"#;

/// How reading ends if the child does this.
fn end_of(lines: &str) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let program = script(folder.path(), lines);
    let (mut reader, _) =
        SheetReader::open(&program, Path::new("x"), None, Limits::default()).map_err(|error| error.to_string())?;
    let mut rows = String::new();
    let end = reader.read_to_string(&mut rows).map_err(|error| error.to_string());
    // It stays as it is.
    let again = reader.read(&mut [0; 10]).map_err(|error| error.to_string());
    assert_eq!(end.is_ok(), again == Ok(0));
    end.map(|_| rows)
}

const MEMORY: &str = "within 2048 MiB of memory; save the sheet as CSV UTF-8 and load that";

#[test]
fn the_end_is_what_the_child_says() {
    assert_eq!(end_of(&format!("{INFO}; printf 'a\\nb'")).unwrap(), "a\nb");
    assert_eq!(end_of(&format!("{INFO}; echo a; echo ' it is bad ' >&2; exit 1")).unwrap_err(), "it is bad");
    assert_eq!(end_of("echo 'it is bad' >&2; exit 1").unwrap_err(), "it is bad");
    for silent in ["exit 1", "exit 101", "kill -ABRT $$", "echo words >&2; kill -SEGV $$", "echo words >&2; exit 2"] {
        assert!(end_of(&format!("{INFO}; echo a; {silent}")).unwrap_err().contains(MEMORY), "{silent}");
        assert!(end_of(silent).unwrap_err().contains(MEMORY), "{silent}");
    }
    assert!(end_of(&format!("{INFO}; kill -XCPU $$")).unwrap_err().contains("takes too long to read"));
    for nonsense in ["", "echo", "echo '{}'", "head -c 2000000 /dev/zero", "head -c 5000000 /dev/zero | tr '\\0' a"] {
        assert!(end_of(nonsense).unwrap_err().contains("sent something invalid"), "{nonsense}");
    }
}

#[test]
fn a_child_that_says_much_is_heard_out() {
    let much = "head -c 3000000 /dev/zero | tr '\\0' x >&2";
    assert_eq!(end_of(&format!("{INFO}; {much}; echo a")).unwrap(), "a\n");
    assert_eq!(end_of(&format!("{INFO}; {much}; exit 1")).unwrap_err().len(), 4096);
}

#[test]
fn a_child_that_is_not_read_from_any_more_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    let program = script(folder.path(), &format!("{INFO}; echo $$; exec sleep 100"));
    let started = Instant::now();
    let (mut reader, _) = SheetReader::open(&program, Path::new("x"), None, Limits::default()).unwrap();
    let mut line = [0; 20];
    let length = reader.read(&mut line).unwrap();
    let id = String::from_utf8_lossy(&line[..length]).trim().to_string();
    assert!(Path::new("/proc").join(&id).exists());
    drop(reader);
    assert!(!Path::new("/proc").join(&id).exists());
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_program_that_is_not_there_is_an_error() {
    assert!(SheetReader::open(Path::new("/nowhere"), Path::new("x"), None, Limits::default()).is_err());
}

#[test]
fn the_child_stops_when_nobody_listens() {
    let rows: String = (1..=60_000).map(|n| format!("<row r=\"{n}\"><c><v>{n}.123456</v></c></row>")).collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), xlsx_rows(&rows)).unwrap();
    let mut child = std::process::Command::new(program())
        .args(["__sheet", "--"])
        .arg(file.path())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn compound_files_are_told_apart() {
    let kind = |bytes: &[u8]| kind_of_cfb(&mut Cursor::new(bytes)).unwrap();
    assert_eq!(kind(XLS), Some(CfbKind::Xls));
    assert_eq!(kind(b""), None);
    assert_eq!(kind(b"PK\x03\x04"), None);
    assert_eq!(kind(&XLS[..7]), None);
    assert_eq!(kind(&XLS[..512]), Some(CfbKind::Other));
    assert_eq!(kind(&renamed("Bookmarks")), Some(CfbKind::Other));
    assert_eq!(kind(&renamed("EncryptedPackage")), Some(CfbKind::Protected));
    assert_eq!(kind(&with_file_pass()), Some(CfbKind::Protected));
    for bytes in [renamed("EncryptedPackage"), with_file_pass()] {
        assert!(refusal(&bytes).contains("protected with a password"));
    }
    assert!(refusal(&renamed("Bookmarks")).contains("not a spreadsheet"));
}

/// The `.xls` with another name for its stream.
fn renamed(name: &str) -> Vec<u8> {
    let utf16 = |name: &str| name.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let mut bytes = XLS.to_vec();
    let from = utf16("Workbook");
    let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
    let name = utf16(name);
    bytes[at..at + name.len()].copy_from_slice(&name);
    bytes
}

/// The `.xls` with its second record made one that says how it is encrypted.
fn with_file_pass() -> Vec<u8> {
    let mut bytes = XLS.to_vec();
    let start = bytes.windows(4).position(|window| window == [0x09, 0x08, 0x10, 0x00]).unwrap();
    bytes[start + 20..start + 22].copy_from_slice(&[0x2f, 0x00]);
    bytes
}
