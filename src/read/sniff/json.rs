//! Where the records of JSON are, [`records_of`], and the keys of the first ones.

use std::collections::HashSet;
use std::io;

use super::format::line_end;
use super::sample::SAMPLE_BYTES;
use crate::core::profile::{Candidates, REPORT_KEY};
use crate::core::record::Extent;
use crate::core::record::json::{is_blank, names_of, without_comma};
use crate::read::cut::Cutter;
use crate::read::cut::document::{self, Document, ITSELF, Overview};
use crate::read::cut::json::JsonCutter;
use crate::read::window::Window;

/// Where the records of a text are: in the array with this path, or in the text itself (its lines, its objects, the
/// elements of its array); with a note for the user. If all of it is one object that fits no profile, they are in its
/// array of objects. An error names several arrays that they may be in. `is_lines` if the text reads as NDJSON,
/// `is_whole` if it is not just a beginning.
pub fn records_of(
    text: &[u8],
    is_lines: bool,
    is_whole: bool,
    candidates: &Candidates,
) -> Result<(Option<String>, Option<String>), Vec<String>> {
    let Overview { arrays, empty, names, is_one, has_slip } = document::overview(text.trim_ascii_start());
    let is_report = names.iter().any(|name| name.split('.').next() == Some(REPORT_KEY));
    if arrays.is_empty() || is_report {
        // An object with an empty list is not a customer if none of its values would fill a field.
        let binds_nothing = || candidates.fits(&names).iter().all(|fit| fit.bound == 0);
        return Ok((empty.into_iter().next().filter(|_| is_one && !is_report && binds_nothing()), None));
    }
    let fitting = |keys: &[String]| {
        let fits = candidates.fits(keys).into_iter().filter(|fit| fit.missing.is_empty());
        fits.map(|fit| fit.matched).max()
    };
    let own = fitting(&names);
    if !is_one || has_slip && is_lines {
        let note = format!("its objects have arrays of objects (read the records of one with --records {})", arrays[0]);
        return Ok((None, own.is_none().then_some(note)));
    }
    let Some(own) = own else {
        return if arrays.len() == 1 { Ok((arrays.into_iter().next(), None)) } else { Err(arrays) };
    };
    // A document with a name and a list of customers is not a customer.
    let is_better = |path: &String| {
        let keys = keys_of_elements(text, is_whole, Some(path), candidates).unwrap_or_default();
        fitting(&keys).is_some_and(|matched| matched > own)
    };
    if arrays.iter().any(is_better) {
        return Err([vec![ITSELF.to_string()], arrays].concat());
    }
    let note = format!("read the whole document as one record (read its array instead with --records {})", arrays[0]);
    Ok((None, Some(note)))
}

/// The number of JSON records read for their keys, and of different keys kept.
const SAMPLE_RECORDS: usize = 1_000;
const SAMPLE_KEYS: usize = 1_000;

/// The keys of the first records of NDJSON, each once, in order of appearance.
pub fn keys_of_lines(text: &[u8], candidates: &Candidates) -> Vec<String> {
    let Some(names) = candidates.any_names() else { return Vec::new() };
    let mut keys = Keys::default();
    let end = line_end(text);
    let lines = text.split(|byte| *byte == end).filter(|line| !is_blank(line));
    for line in lines.take(SAMPLE_RECORDS) {
        let Ok(line) = std::str::from_utf8(without_comma(line)) else { continue };
        keys.note(names_of(line, REPORT_KEY, names));
    }
    keys.in_order
}

/// The same for an array's elements; with a path it is in a document. An error after the first keys is left for the run.
pub fn keys_of_elements(
    text: &[u8],
    is_whole: bool,
    path: Option<&String>,
    candidates: &Candidates,
) -> io::Result<Vec<String>> {
    let Some(names) = candidates.any_names() else { return Ok(Vec::new()) };
    let mut window = Window::new(Box::new(io::Cursor::new(text.to_vec())));
    let document = path.map(|path| Document::with_records(path, false));
    let mut cutter = JsonCutter::new(SAMPLE_BYTES as u64, line_end(text), document);
    let mut keys = Keys::default();
    let mut at = cutter.start(&mut window)?.0;
    let mut records = 0;
    while records < SAMPLE_RECORDS {
        let cut = match cutter.cut(&mut window, at) {
            Ok(Some(cut)) if cut.next > at => cut,
            Err(error) if keys.in_order.is_empty() => {
                // The first element may be longer than the sample.
                if !is_whole && error.kind() == io::ErrorKind::UnexpectedEof {
                    let begun = window.held().get((at - window.offset()) as usize..).unwrap_or_default();
                    keys.note(document::overview(begun).names);
                }
                return if keys.in_order.is_empty() { Err(error) } else { Ok(keys.in_order) };
            }
            _ => break,
        };
        if cut.extent == Extent::Record {
            if let Ok(element) = std::str::from_utf8(window.slice(at, cut.end)) {
                keys.note(names_of(element, REPORT_KEY, names));
            }
            records += 1;
        }
        at = cut.next;
    }
    Ok(keys.in_order)
}

#[derive(Default)]
struct Keys {
    in_order: Vec<String>,
    met: HashSet<String>,
}

impl Keys {
    fn note(&mut self, keys: Vec<String>) {
        for key in keys {
            if self.in_order.len() < SAMPLE_KEYS && self.met.insert(key.clone()) {
                self.in_order.push(key);
            }
        }
    }
}
