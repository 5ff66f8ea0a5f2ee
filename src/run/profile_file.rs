//! The profile that an option names: a built-in one, or a file ([`named`]).

use std::path::Path;
use std::sync::Arc;

use crate::core::profile::{Profile, built_in_text, profile_of};
use crate::disk::read_whole;
use crate::error::{Error, Result};

/// The built-in profile with this name, or the one in this file. What looks like a path is a file.
pub fn named(name: &str, stop: &dyn Fn() -> i32) -> Result<Arc<Profile>> {
    if built_in_text(name).is_some() || !is_file(name) {
        let file = format!("{name}.toml");
        return match Profile::named(name) {
            Err(_) if Path::new(&file).is_file() => {
                Err(Error::Usage(format!("there is no profile {name:?}; for the file, write {file}")))
            }
            found => Ok(found?),
        };
    }
    let text = text_of(Path::new(name), stop)?;
    if is_json(name) {
        return Ok(Arc::new(profile_of(name, &text)?));
    }
    let mut read = |base: &str, from: &str| {
        let path = Path::new(from).with_file_name(base);
        let text = text_of(&path, stop).map_err(|error| error.to_string())?;
        Ok((path.to_string_lossy().into_owned(), text))
    };
    let profile = Profile::parse_with(name, &text, &mut read);
    Ok(Arc::new(profile?))
}

fn is_file(name: &str) -> bool {
    let is_toml = name.to_ascii_lowercase().ends_with(".toml");
    is_toml || is_json(name) || name.contains(['/', std::path::MAIN_SEPARATOR])
}

/// Whether a file is the JSON Schema of a record.
fn is_json(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".json")
}

/// The text of a file. A signal ends the reading of a pipe.
pub(super) fn text_of(path: &Path, stop: &dyn Fn() -> i32) -> Result<String> {
    let text = read_whole(path, || stop() != 0).map_err(|error| match stop() {
        0 => Error::input(path, error),
        signal => Error::Interrupted(signal),
    })?;
    String::from_utf8(text).map_err(|_| Error::Input {
        path: path.to_path_buf(),
        message: "the file is not UTF-8; save it as UTF-8".into(),
    })
}
