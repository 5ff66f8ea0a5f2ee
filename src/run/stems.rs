//! What the names of the inputs' reports begin with: [`Stems`].

use std::collections::HashMap;
use std::path::Path;

/// The longest stem, in bytes.
const LONGEST_STEM: usize = 200;

/// What the names of the inputs' reports begin with.
#[derive(Default)]
pub(super) struct Stems {
    /// How often each was used.
    taken: HashMap<String, u64>,
}

impl Stems {
    /// The file's name without its ending; followed by `-2`, `-3` … where another input has it already.
    pub(super) fn of(&mut self, path: &Path) -> String {
        let stem = match path.as_os_str() {
            name if name == "-" => "stdin".to_string(),
            _ => path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default(),
        };
        // A file's name has at most 255 bytes, and `-2.rejects.ndjson` follows the stem.
        let fits = |(at, character): &(usize, char)| at + character.len_utf8() <= LONGEST_STEM;
        let stem: String = stem.char_indices().take_while(fits).map(|(_, character)| character).collect();
        loop {
            // Some file systems ignore case.
            let count = self.taken.entry(stem.to_lowercase()).and_modify(|count| *count += 1).or_insert(1);
            let unique = if *count == 1 { stem.clone() } else { format!("{stem}-{count}") };
            // Another file may be called what this one would have become.
            if unique == stem || self.taken.insert(unique.to_lowercase(), 1).is_none() {
                return unique;
            }
        }
    }
}
