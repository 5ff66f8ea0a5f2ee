//! Habits of the source that a test holds: which module may use which, which crate is used where, and what stands in no
//! file. It reads `src/` as text, without what is under `#[cfg(test)]`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::support::package;

/// The modules of the library and their floors (ARCHITECTURE.md): imports run downward only.
const FLOORS: [(&str, u32); 22] = [
    ("main", 9),
    ("lib", 9),
    ("custload", 9),
    ("app", 8),
    ("run", 7),
    ("read", 6),
    ("sink", 6),
    ("report", 6),
    ("core/judge", 5),
    ("core/infer", 5),
    ("core/profile", 4),
    ("core/rule", 3),
    ("core/types", 3),
    ("core/text", 1),
    ("core/record", 1),
    ("core/finding", 2),
    ("core/row", 0),
    ("core/mask", 0),
    ("core/mode", 0),
    ("error", 0),
    ("disk", 0),
    ("shell", 3),
];

fn floor(module: &str) -> u32 {
    FLOORS.iter().find(|(name, _)| *name == module).unwrap_or_else(|| panic!("no floor for the module {module}")).1
}

/// The source files by path from `src/`, their comments and tests taken out.
fn code() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    read(&package().join("src"), "", &mut files);
    assert!(files.len() > 40, "{}", files.len());
    // Tests that take up a file of their own are named so.
    files.retain(|name, _| !name.ends_with("/tests.rs"));
    files.into_iter().map(|(name, text)| (name, without_tests_and_comments(&text))).collect()
}

fn read(folder: &Path, below: &str, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = format!("{below}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            read(&entry.path(), &format!("{name}/"), files);
        } else if name.ends_with(".rs") {
            files.insert(name, fs::read_to_string(entry.path()).unwrap());
        }
    }
}

/// An item under `#[cfg(test)]` ends with the first line that is as little indented and closes it.
fn without_tests_and_comments(text: &str) -> String {
    let mut out = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim_start().starts_with("#[cfg(test)]") {
            let indent = line.len() - line.trim_start().len();
            let end =
                |line: &&str| line.len() > indent && [&line[indent..]].iter().any(|rest| *rest == "}" || *rest == "};");
            for skipped in lines.by_ref() {
                let is_whole = !skipped.trim_start().starts_with("#[") && skipped.trim_end().ends_with(';');
                if end(&skipped) || is_whole && skipped.len() - skipped.trim_start().len() == indent {
                    break;
                }
            }
        } else if !line.trim_start().starts_with("//") {
            out.push_str(line.split(" // ").next().unwrap());
            out.push('\n');
        }
    }
    out
}

/// The module with a floor of its own that a file belongs to: a top module, or one of the core's.
fn module_of(file: &str) -> String {
    let mut names = file.trim_end_matches(".rs").split('/');
    match (names.next(), names.next()) {
        (Some("core"), Some(name)) => format!("core/{name}"),
        (name, _) => name.unwrap_or_default().to_string(),
    }
}

/// The modules of ours that a file names, those of the core by their own names: after `crate::` and `custload::`.
fn used(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let is_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
    for root in ["crate::", "custload::"] {
        for (at, _) in text.match_indices(root) {
            if text[..at].ends_with(is_name) {
                continue;
            }
            let (rest, folder) = match text[at + root.len()..].strip_prefix("core::") {
                Some(rest) => (rest, "core/"),
                None => (&text[at + root.len()..], ""),
            };
            let mut add = |name: &str| {
                let name: String = name.trim().chars().take_while(|character| is_name(*character)).collect();
                if name.starts_with(char::is_lowercase) {
                    found.push(format!("{folder}{name}"));
                }
            };
            match rest.strip_prefix('{') {
                Some(list) => list.split("};").next().unwrap().split(',').for_each(&mut add),
                None => add(rest),
            }
        }
    }
    found
}

#[test]
fn imports_run_downward() {
    let mut wrong = Vec::new();
    for (file, text) in code() {
        let own = &module_of(&file);
        for used in used(&text) {
            let is_below = floor(&used) < floor(own);
            // `error` is for everybody, also for its neighbours on the ground floor.
            let is_error = used == "error" && floor(own) == 0;
            if used != *own && !is_below && !is_error {
                wrong.push(format!("{file} (floor {}) uses {used} (floor {})", floor(own), floor(&used)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The paths that the `use` lines of a file name, with braces written out: `use a::{b, c::D};` names `a::b` and `a::c::D`.
fn imports(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("use ") {
        let is_word = text[..at].ends_with(|character: char| character.is_ascii_alphanumeric() || character == '_');
        let Some((path, _)) = text[at + 4..].split_once(';').filter(|_| !is_word) else { continue };
        write_out("", &path.split_whitespace().collect::<String>(), &mut found);
    }
    found
}

fn write_out(before: &str, path: &str, found: &mut Vec<String>) {
    let Some((front, list)) = path.split_once('{') else {
        found.push(format!("{before}{path}"));
        return;
    };
    let (mut depth, mut start) = (0, 0);
    let list = list.strip_suffix('}').unwrap_or(list);
    for (at, character) in list.char_indices().chain([(list.len(), ',')]) {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                write_out(&format!("{before}{front}"), &list[start..at], found);
                start = at + 1;
            }
            _ => {}
        }
    }
}

/// A module's path from the crate's root.
fn path_of(file: &str) -> Vec<&str> {
    let mut path: Vec<&str> = file.trim_end_matches(".rs").split('/').collect();
    path.pop_if(|last| matches!(*last, "mod" | "lib"));
    path
}

/// Which modules each module imports from: the deepest on the path, so an item that `mod.rs` re-exports is the folder's.
fn edges(files: &BTreeMap<String, String>) -> BTreeMap<Vec<&str>, Vec<Vec<String>>> {
    let modules: Vec<Vec<&str>> = files.keys().map(|file| path_of(file)).collect();
    let is_module = |path: &[String]| modules.iter().any(|module| module == path);
    let mut edges = BTreeMap::new();
    for (file, text) in files {
        let own: Vec<String> = path_of(file).into_iter().map(str::to_string).collect();
        let mut used = Vec::new();
        for import in imports(text) {
            let mut names: Vec<String> = import.split("::").map(str::to_string).collect();
            let mut path = own.clone();
            match names[0].as_str() {
                "crate" => path.clear(),
                "self" => {}
                "super" => path.truncate(own.len() - names.iter().take_while(|name| *name == "super").count()),
                _ => continue,
            }
            names.retain(|name| !matches!(name.as_str(), "crate" | "self" | "super"));
            path.extend(names);
            while !path.is_empty() && !is_module(&path) {
                path.pop();
            }
            if path != own && !path.is_empty() {
                used.push(path);
            }
        }
        edges.insert(path_of(file), used);
    }
    edges
}

/// A file that imports what in turn imports from it cannot be read, or moved, by itself: `mod.rs` and its children too.
#[test]
fn no_files_import_each_other() {
    let files = code();
    let edges = edges(&files);
    let names = |module: &[&str]| module.join("::");
    let mut left: BTreeMap<String, Vec<String>> =
        edges.iter().map(|(own, used)| (names(own), used.iter().map(|path| path.join("::")).collect())).collect();
    // What imports nothing that is left is in no circle.
    loop {
        let before = left.len();
        let known: Vec<String> = left.keys().cloned().collect();
        left.retain(|_, used| used.iter().any(|path| known.contains(path)));
        if left.len() == before {
            break;
        }
    }
    assert!(edges.len() > 200 && left.is_empty(), "these import each other, or from such: {left:#?}");
}

#[test]
fn the_reader_of_imports_sees_them() {
    assert_eq!(
        used("use crate::a::B;\nuse crate::{c, d::E};\nlet x = crate::f::g();\nmycrate::h; use crate::core::i::J;"),
        ["a", "c", "d", "f", "core/i"]
    );
    let mut found = Vec::new();
    write_out("", "a::{b,c::{D,self},e}", &mut found);
    assert_eq!(found, ["a::b", "a::c::D", "a::c::self", "a::e"]);
    let text = "a\n#[cfg(test)]\nmod tests {\n    x\n}\nb // c\n// d\n    #[cfg(test)]\n    use y;\ne";
    assert_eq!(without_tests_and_comments(text), "a\nb\ne\n");
}

#[test]
fn crates_are_used_where_they_belong() {
    let places: [(&[&str], &[&str]); 12] = [
        (&["rusqlite"], &["sink/sqlite/"]),
        (&["clap"], &["app/"]),
        (&["rayon"], &["run/"]),
        // What a child process has to say is read on a thread, so that it never waits. A new database is built on several.
        (&["std::thread", "thread::spawn"], &["run/", "read/sheet/reader.rs", "sink/sqlite/build/"]),
        (&["calamine", "quick_xml"], &["read/sheet/"]),
        (&["rustix"], &["read/sheet/", "disk.rs"]),
        (&["flate2", "zstd", "bzip2", "liblzma"], &["read/inflate/"]),
        (&["csv_core"], &["core/record/csv/"]),
        (&["cel"], &["core/rule/"]),
        (&["indicatif", "comfy_table", "anyhow"], &["app/"]),
        // What can be in a log is made in one place, and written in one.
        (&["tracing"], &["run/events.rs", "app/log.rs", "app/import.rs"]),
        (
            &["serde_json"],
            &[
                "core/record/json/",
                "core/rule/",
                "core/profile/json_schema/",
                "core/types/list.rs",
                "report/",
                "run/",
                "read/sheet/",
                "app/",
            ],
        ),
    ];
    let mut wrong = Vec::new();
    for (file, text) in code() {
        // Neither makes one.
        let text = text.replace("std::thread::available_parallelism", "").replace("std::thread::sleep", "");
        for (names, allowed) in places {
            let is_allowed = allowed.iter().any(|place| file.starts_with(place));
            wrong.extend(
                names.iter().filter(|name| !is_allowed && mentions(&text, name)).map(|name| format!("{file}: {name}")),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether a path begins with this name somewhere.
fn mentions(text: &str, name: &str) -> bool {
    let is_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
    text.match_indices(name).any(|(at, _)| {
        let (before, behind) = (&text[..at], &text[at + name.len()..]);
        !before.ends_with(is_name) && !before.ends_with('"') && (behind.starts_with("::") || behind.starts_with(';'))
    })
}

#[test]
fn nothing_panics_on_purpose() {
    let mut wrong = Vec::new();
    for (file, text) in code() {
        for (number, line) in text.lines().enumerate() {
            let found = [".unwrap()", ".expect(", "panic!(", "todo!(", "unimplemented!(", "unreachable!(", "dbg!("]
                .into_iter()
                .find(|word| line.contains(word));
            wrong.extend(found.map(|word| format!("{file}, about line {}: {word}", number + 1)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_core_uses_only_itself() {
    let mut wrong = Vec::new();
    for (file, text) in code().iter().filter(|(file, _)| file.starts_with("core/")) {
        wrong.extend(used(text).iter().filter(|used| !used.starts_with("core/")).map(|used| format!("{file}: {used}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_core_touches_no_file_and_no_clock() {
    let mut wrong = Vec::new();
    for (file, text) in code() {
        if file.starts_with("core/") {
            let found = ["std::fs", "std::net", "std::env", "std::time", "Instant", "SystemTime", "File::", "::now()"];
            wrong.extend(found.iter().filter(|name| text.contains(**name)).map(|name| format!("{file}: {name}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is() {
    let mut files = BTreeMap::new();
    for folder in ["src", "tests", "benches", "examples"] {
        if package().join(folder).is_dir() {
            read(&package().join(folder), &format!("{folder}/"), &mut files);
        }
    }
    let without: Vec<&String> =
        files.iter().filter(|(_, text)| !text.starts_with("//! ")).map(|(name, _)| name).collect();
    assert!(without.is_empty(), "{without:?}");
}
