//! From the inputs of the command line to files: [`expand`]. Folders and patterns stand for the files in them.

use std::cmp::Ordering;
use std::fs;
use std::path::{Path, PathBuf};

use super::open::refuse;
use crate::error::{Error, Result, Words};

/// The files that these inputs stand for, in order; `-` is standard input. `passed_over` is called for each file among them
/// that is not an input, with the reason.
pub fn expand(inputs: &[PathBuf], mut passed_over: impl FnMut(&Path, &'static str)) -> Result<Vec<PathBuf>> {
    let is_pattern = |input: &Path| input.to_str().is_some_and(|input| input.contains(['*', '?', '[']));
    let mut files = Vec::with_capacity(inputs.len());
    for input in inputs {
        if input.as_os_str() == "-" || input.is_file() {
            files.push(input.clone());
        } else if input.is_dir() {
            files.extend(in_folder(input, &mut passed_over)?);
        } else if fs::symlink_metadata(input).is_err() && is_pattern(input) {
            files.extend(matching(input, &mut passed_over)?);
        } else {
            files.push(input.clone());
        }
    }
    Ok(files)
}

/// The files in a folder; its subfolders are not searched.
fn in_folder(folder: &Path, passed_over: &mut impl FnMut(&Path, &'static str)) -> Result<Vec<PathBuf>> {
    let failed = |error| Error::input(folder, error);
    if is_report_folder(folder) {
        return Err(refuse(folder, "the folder holds the reports of a run; name the reject report to load"));
    }
    let entries = fs::read_dir(folder).map_err(failed)?.map(|entry| Ok(entry.map_err(failed)?.path()));
    let files = inputs_among(entries.collect::<Result<_>>()?, passed_over)?;
    if files.is_empty() {
        return Err(refuse(
            folder,
            "the folder has no input file (.csv, .tsv, .tab, .txt, .dat, .json, .ndjson, .jsonl, .xlsx, .xlsm, .xlsb, \
             .xls, .ods, compressed or not); to load another file, name the file itself",
        ));
    }
    Ok(files)
}

fn is_report_folder(folder: &Path) -> bool {
    ["summary.json", "errors.ndjson"].iter().all(|name| folder.join(name).is_file())
}

fn matching(pattern: &Path, passed_over: &mut impl FnMut(&Path, &'static str)) -> Result<Vec<PathBuf>> {
    let text = pattern.to_string_lossy();
    let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::new() };
    let paths = glob::glob_with(&text, options)
        .map_err(|error| refuse(pattern, Words::own(format!("not a valid pattern: {error}"))))?;
    let paths = paths.map(|path| path.map_err(|error| Error::input(pattern, error.into())));
    let files = inputs_among(paths.collect::<Result<_>>()?, passed_over)?;
    if files.is_empty() {
        return Err(refuse(pattern, "no input file matches the pattern; check the pattern and the folder"));
    }
    Ok(files)
}

/// The inputs among these paths, in order. Folders are not inputs.
fn inputs_among(mut paths: Vec<PathBuf>, passed_over: &mut impl FnMut(&Path, &'static str)) -> Result<Vec<PathBuf>> {
    paths.sort_by(|one, other| compare(one, other));
    let mut files = Vec::with_capacity(paths.len());
    for path in paths {
        // A file that is missing or may not be read ends the run when it is opened.
        let is_file = match fs::metadata(&path) {
            Ok(found) if found.is_dir() => continue,
            Ok(found) => found.is_file(),
            Err(_) => true,
        };
        match why_not_input(&path) {
            Some(why) => passed_over(&path, why),
            None if is_file => files.push(path),
            None => {
                return Err(refuse(&path, "it is neither a file nor a folder; to read from it, name it on its own"));
            }
        }
    }
    Ok(files)
}

fn compare(one: &Path, other: &Path) -> Ordering {
    pieces_of(one).cmp(&pieces_of(other))
}

/// The pieces of a path, for ordering paths name by name. Runs of digits count as numbers: `day2` comes before `day10`.
fn pieces_of(path: &Path) -> Vec<(u8, usize, &[u8])> {
    let mut pieces = Vec::new();
    for part in path.components() {
        let name = part.as_os_str().as_encoded_bytes();
        let runs = name.chunk_by(|one, next| one.is_ascii_digit() && next.is_ascii_digit());
        pieces.extend(runs.map(|run| match run[0] {
            b'0'..=b'9' => {
                let zeros = run.iter().take_while(|digit| **digit == b'0').count();
                // The longer number is the greater one.
                (b'0', run.len() - zeros, &run[zeros..])
            }
            other => (other, 1, run),
        }));
        // A name comes before longer ones; leading zeros decide last.
        pieces.push((0, 0, name));
    }
    pieces
}

/// The endings of tables' names, and those that compression adds.
const ENDINGS: [&str; 13] =
    ["csv", "tsv", "tab", "txt", "dat", "json", "ndjson", "jsonl", "xlsx", "xlsm", "xlsb", "xls", "ods"];
const COMPRESSED: [&str; 5] = ["gz", "zst", "bz2", "xz", "zip"];

/// Why a file among inputs is not one; `None` if it is.
fn why_not_input(path: &Path) -> Option<&'static str> {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let mut endings = name.rsplit('.').skip_while(|ending| COMPRESSED.contains(ending));
    let is_table = name.contains('.') && endings.next().is_some_and(|ending| ENDINGS.contains(&ending));
    if name.starts_with('.') || name.starts_with("~$") {
        Some("it is hidden")
    } else if !is_table {
        Some("its extension is not that of a table")
    } else if path.parent().is_some_and(is_report_folder) {
        Some("it is a report of a run")
    } else if is_database(path) {
        Some("it is a database")
    } else {
        None
    }
}

fn is_database(path: &Path) -> bool {
    let mut start = [0; 16];
    // Opening a pipe would wait for its other end.
    let mut read = || fs::File::open(path).and_then(|mut file| std::io::Read::read_exact(&mut file, &mut start));
    path.is_file() && read().is_ok() && start == *b"SQLite format 3\0"
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of the inputs, and of what is skipped, seen from `folder`.
    fn names(inputs: &[PathBuf], folder: &Path) -> Result<(Vec<String>, Vec<String>)> {
        let name = |path: &Path| path.strip_prefix(folder).unwrap_or(path).to_string_lossy().into_owned();
        let mut others = Vec::new();
        let files = expand(inputs, |path, why| others.push(format!("{}: {why}", name(path))))?;
        Ok((files.iter().map(|file| name(file)).collect(), others))
    }

    fn folder_of(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "email\n").unwrap();
        }
        folder
    }

    #[test]
    fn folders_and_patterns_stand_for_their_files() {
        let folder =
            folder_of(&["b.csv", "a.csv", "c.ndjson", ".hidden.csv", "~$book.xlsx", "below/d.csv", "odd[1].csv"]);
        let at = |name: &str| folder.path().join(name);
        fs::write(at("x.dat"), b"SQLite format 3\0 and more").unwrap();
        let (all, others) = names(&[folder.path().to_path_buf()], folder.path()).unwrap();
        assert_eq!(all, ["a.csv", "b.csv", "c.ndjson", "odd[1].csv"]);
        assert_eq!(others, [".hidden.csv: it is hidden", "x.dat: it is a database", "~$book.xlsx: it is hidden"]);
        let found = |inputs: &[PathBuf]| names(inputs, folder.path()).unwrap().0;
        assert_eq!(found(&[at("*.csv")]), ["a.csv", "b.csv", "odd[1].csv"]);
        assert_eq!(found(&[at("[ab].csv"), at("odd[1].csv")]), ["a.csv", "b.csv", "odd[1].csv"]);
        assert_eq!(found(&[PathBuf::from("-"), at("none.csv")]), ["-", "none.csv"]);
        assert!(names(&[at("*.tsv")], folder.path()).is_err() && names(&[at("below/[")], folder.path()).is_err());
        fs::remove_file(at("below/d.csv")).unwrap();
        assert!(names(&[at("below")], folder.path()).is_err());
    }

    #[test]
    fn what_does_not_end_like_a_table_is_passed_over() {
        let tables = [
            "a.csv",
            "a.tsv",
            "a.tab",
            "a.txt",
            "a.dat",
            "a.json",
            "a.ndjson",
            "a.jsonl",
            "a.xlsx",
            "a.xlsm",
            "a.xlsb",
            "a.xls",
            "a.ods",
            "B.CSV",
            "a.csv.gz",
            "a.csv.zst",
            "a.tsv.bz2",
            "a.json.xz",
            "a.xlsx.zip",
            "a.csv.2026.csv",
        ];
        let others = [
            "Thumbs.db",
            "desktop.ini",
            "README.md",
            "csv",
            "a.zip",
            "a.csv.bak",
            "a.gz",
            "a.pdf",
            "a.csv~",
            "gz.zip",
            "run.log",
        ];
        let folder = folder_of(&[&tables[..], &others[..]].concat());
        for input in [folder.path().to_path_buf(), folder.path().join("*")] {
            let (mut found, mut passed_over) = names(&[input], folder.path()).unwrap();
            found.sort();
            passed_over.sort();
            let mut expected = [tables.to_vec(), others.to_vec()];
            expected.iter_mut().for_each(|names| names.sort());
            assert_eq!(found, expected[0]);
            let said = expected[1].iter().map(|name| format!("{name}: its extension is not that of a table"));
            assert_eq!(passed_over, said.collect::<Vec<_>>());
        }
        let folder = folder_of(&["README.md"]);
        for input in [folder.path().to_path_buf(), folder.path().join("*.md"), folder.path().join("*")] {
            assert!(names(&[input], folder.path()).is_err());
        }
    }

    #[test]
    fn runs_of_digits_count_as_numbers() {
        let ordered = [
            "1/z9.csv",
            "1/z10.csv",
            "2/a.csv",
            "10/a.csv",
            "a-2026-9-30.csv",
            "a-2026-10-01.csv",
            "day1.csv",
            "day02.csv",
            "day2.csv",
            "day2b.csv",
            "day10.csv",
            "day18446744073709551615.csv",
            "day18446744073709551616.csv",
            "days.csv",
        ];
        let mut sorted: Vec<PathBuf> = ordered.iter().rev().map(PathBuf::from).collect();
        sorted.sort_by(|one, other| compare(one, other));
        assert_eq!(sorted, ordered.map(PathBuf::from));
    }

    /// What ends like a table's name and cannot be read is left to be opened, which says why it cannot.
    #[cfg(unix)]
    #[test]
    fn what_cannot_be_read_stops_the_run() {
        let folder = folder_of(&["a.csv"]);
        std::os::unix::fs::symlink("nowhere", folder.path().join("b.csv")).unwrap();
        let (found, _) = names(&[folder.path().to_path_buf()], folder.path()).unwrap();
        assert_eq!(found, ["a.csv", "b.csv"]);
        let pipe = folder.path().join("c.csv");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        if made.is_ok_and(|status| status.success()) {
            let error = names(&[folder.path().to_path_buf()], folder.path()).unwrap_err();
            assert!(error.to_string().contains("c.csv: it is neither a file nor a folder"), "{error}");
        }
    }
}
