//! The commands on a page are run, in its order, in a folder that holds a copy of `samples/`, and what they print is
//! compared with what the page shows. The program's clock stands still.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{NOW, PROGRAM, Place, package};

/// A page's text with the output of its commands as it must be.
///
/// In a `console` block a command begins with `$ ` and its output follows. In a `sh` block each line is a command, which
/// must end with status 0 or 1.
pub(super) fn refreshed(page: &str, text: &str) -> String {
    if !text.contains("```console") && !text.contains("```sh") {
        return text.to_string();
    }
    let place = scratch();
    let mut out = String::new();
    let mut language = None;
    for line in text.lines() {
        match (language, line.strip_prefix("```")) {
            (None, Some(named)) => language = Some(named),
            (Some(_), Some("")) => language = None,
            // Output of the page, which is made anew.
            (Some("console"), _) if !line.starts_with("$ ") => continue,
            _ => {}
        }
        let _ = writeln!(out, "{line}");
        match (language, line.strip_prefix("$ ")) {
            (Some("console"), Some(command)) => out.push_str(&run(&place, command).1),
            (Some("sh"), _) if !line.starts_with("```") => {
                let (status, printed) = run(&place, line);
                assert!(matches!(status, Some(0 | 1)), "{page}: {line}\n{status:?}\n{printed}");
            }
            _ => {}
        }
    }
    out
}

/// A folder with the samples, and programs that stand for `custload` and for `cargo run`.
fn scratch() -> Place {
    let place = Place::new();
    copy(&package().join("samples"), &place.path("samples"));
    let custload = format!(
        "#!/bin/sh\ncase $1 in\n    import | check | inspect | undo) exec {PROGRAM} \"$@\" --now {NOW} ;;\n    *) exec {PROGRAM} \"$@\" ;;\nesac\n"
    );
    let cargo = "#!/bin/sh\ntest \"$1 $2 $3\" = 'run --release --' || exit 0\nshift 3\nexec custload \"$@\"\n";
    for (name, script) in [("custload", custload.as_str()), ("cargo", cargo)] {
        let path = place.write(&format!(".bin/{name}"), script);
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    place
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(from, to).unwrap();
        }
    }
}

/// The exit status of a command, and what it printed.
fn run(place: &Place, command: &str) -> (Option<i32>, String) {
    let path = format!("{}:{}", place.path(".bin").display(), std::env::var("PATH").unwrap());
    // One pipe for both, so that lines come in the order in which they were printed.
    let done = Command::new("sh")
        .args(["-c", &format!("exec 2>&1\n{command}")])
        .env("PATH", path)
        .current_dir(place.root())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let root = fs::canonicalize(place.root()).unwrap();
    let mut printed = String::from_utf8(done.stdout).unwrap().replace(&*root.to_string_lossy(), "/home/ann");
    // A clock that stands still is this test's own, and a byte order mark cannot be seen on a page.
    printed = printed.replace(&format!(" --now {NOW}"), "").replace('\u{feff}', "");
    if !printed.is_empty() && !printed.ends_with('\n') {
        printed.push('\n');
    }
    (done.status.code(), printed)
}
