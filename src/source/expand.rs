//! From what was named as inputs to files: [`expand`]. Folders and patterns stand for the files in them (SPEC, section 7).

use std::fs;
use std::path::{Path, PathBuf};

use crate::disk::BESIDE_A_DATABASE;
use crate::error::{Error, Result, Words};

/// The files that these inputs stand for, in order: a folder's in the order of their names. `-` is standard input.
pub fn expand(inputs: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::with_capacity(inputs.len());
    for input in inputs {
        if input.as_os_str() == "-" || input.is_file() {
            files.push(input.clone());
        } else if input.is_dir() {
            files.extend(in_folder(input)?);
        } else if fs::symlink_metadata(input).is_err() && is_pattern(input) {
            files.extend(matching(input)?);
        } else {
            files.push(input.clone());
        }
    }
    Ok(files)
}

/// The files of a folder; those below it are not looked for.
fn in_folder(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |error| Error::input(folder, error);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_file() && !is_passed_over(&path) {
            files.push(path);
        }
    }
    files.sort();
    if is_report_folder(folder) {
        return Err(nothing(
            folder,
            "the folder holds the reports of a run; name the reject report that is to be loaded",
        ));
    }
    if files.is_empty() {
        return Err(nothing(
            folder,
            "the folder holds no file that could be an input (hidden files, databases and folders below are passed over)",
        ));
    }
    Ok(files)
}

fn is_report_folder(folder: &Path) -> bool {
    ["summary.json", "errors.ndjson"].iter().all(|name| folder.join(name).is_file())
}

fn is_pattern(input: &Path) -> bool {
    input.to_str().is_some_and(|input| input.contains(['*', '?', '[']))
}

fn matching(pattern: &Path) -> Result<Vec<PathBuf>> {
    let text = pattern.to_string_lossy();
    let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::new() };
    let paths = glob::glob_with(&text, options)
        .map_err(|error| nothing(pattern, Words::own(format!("it is no pattern: {error}"))))?;
    let mut files = Vec::new();
    for path in paths {
        let path = path.map_err(|error| Error::input(pattern, error.into()))?;
        let is_report = path.parent().is_some_and(is_report_folder);
        if path.is_file() && !is_report && !is_passed_over(&path) {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(nothing(pattern, "no file matches the pattern; check it, and the folder"));
    }
    Ok(files)
}

fn nothing(input: &Path, what: impl Into<Words>) -> Error {
    Error::Input { path: input.to_path_buf(), doing: what.into() }
}

/// Files that lie beside inputs and are none: hidden ones, those that Excel leaves beside an open book, databases and what
/// belongs to them. Reports of runs lie in folders of their own.
fn is_passed_over(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let belongs_to_a_database = BESIDE_A_DATABASE.iter().any(|ending| name.ends_with(ending));
    name.starts_with('.') || name.starts_with("~$") || belongs_to_a_database || is_database(path)
}

fn is_database(path: &Path) -> bool {
    let mut start = [0; 16];
    let read = fs::File::open(path).and_then(|mut file| std::io::Read::read_exact(&mut file, &mut start));
    read.is_ok() && start == *b"SQLite format 3\0"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(inputs: &[PathBuf], folder: &Path) -> Result<Vec<String>> {
        let files = expand(inputs)?;
        Ok(files.iter().map(|file| file.strip_prefix(folder).unwrap_or(file).to_string_lossy().into_owned()).collect())
    }

    #[test]
    fn folders_and_patterns_stand_for_their_files() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("below")).unwrap();
        for name in
            ["b.csv", "a.csv", "c.ndjson", ".hidden.csv", "~$book.xlsx", "x.db-wal", "below/d.csv", "odd[1].csv"]
        {
            fs::write(at(name), "email\n").unwrap();
        }
        fs::write(at("x.db"), b"SQLite format 3\0 and more").unwrap();
        let all = names(&[folder.path().to_path_buf()], folder.path()).unwrap();
        assert_eq!(all, ["a.csv", "b.csv", "c.ndjson", "odd[1].csv"]);
        assert_eq!(names(&[at("*.csv")], folder.path()).unwrap(), ["a.csv", "b.csv", "odd[1].csv"]);
        assert_eq!(
            names(&[at("[ab].csv"), at("odd[1].csv")], folder.path()).unwrap(),
            ["a.csv", "b.csv", "odd[1].csv"]
        );
        assert_eq!(names(&[PathBuf::from("-"), at("none.csv")], folder.path()).unwrap(), ["-", "none.csv"]);
        assert!(expand(&[at("*.tsv")]).is_err() && expand(&[at("below/[")]).is_err());
        fs::remove_file(at("below/d.csv")).unwrap();
        assert!(expand(&[at("below")]).is_err());
    }
}
