//! The keys of the first records of JSON: [`keys_of_lines`], [`keys_of_elements`].

use std::collections::HashSet;
use std::io;

use super::cut::Cutter;
use super::cut::document::{self, Document};
use super::cut::json::JsonCutter;
use super::sniff::SAMPLE_BYTES;
use super::sniff::format::line_end;
use super::window::Window;
use crate::core::profile::{Candidates, REPORT_KEY};
use crate::core::record::Extent;
use crate::core::record::json::{is_blank, names_of, without_comma};

/// The number of JSON records read for their keys, and of different keys kept.
const SAMPLE_RECORDS: usize = 1_000;
const SAMPLE_KEYS: usize = 1_000;

/// The keys of the first records of NDJSON, each once, in order of appearance.
pub(super) fn keys_of_lines(text: &[u8], candidates: &Candidates) -> Vec<String> {
    let Some(names) = candidates.any_names() else { return Vec::new() };
    let mut keys = Keys::default();
    let end = line_end(text);
    let lines = text.split(|byte| *byte == end).filter(|line| !is_blank(line));
    for line in lines.take(SAMPLE_RECORDS) {
        let Ok(line) = std::str::from_utf8(without_comma(line)) else { continue };
        names_of(line, REPORT_KEY, names).into_iter().for_each(|key| keys.note(key));
    }
    keys.in_order
}

/// The same for the elements of an array, or of an array within a document. An error after the first keys is left for
/// the run to find.
pub(super) fn keys_of_elements(
    text: &[u8],
    is_whole: bool,
    document: Option<Document>,
    candidates: &Candidates,
) -> io::Result<Vec<String>> {
    let Some(names) = candidates.any_names() else { return Ok(Vec::new()) };
    let mut window = Window::new(Box::new(io::Cursor::new(text.to_vec())));
    let mut cutter = JsonCutter::new(SAMPLE_BYTES as u64).with_line_end(line_end(text));
    if let Some(document) = document {
        cutter = cutter.within(document);
    }
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
                    document::overview(begun).names.into_iter().for_each(|key| keys.note(key));
                }
                return if keys.in_order.is_empty() { Err(error) } else { Ok(keys.in_order) };
            }
            _ => break,
        };
        if cut.extent == Extent::Record {
            if let Ok(element) = std::str::from_utf8(window.slice(at, cut.end)) {
                names_of(element, REPORT_KEY, names).into_iter().for_each(|key| keys.note(key));
            }
            records += 1;
        }
        at = cut.next;
    }
    Ok(keys.in_order)
}

/// Different keys, in order of appearance.
#[derive(Default)]
struct Keys {
    in_order: Vec<String>,
    met: HashSet<String>,
}

impl Keys {
    fn note(&mut self, key: String) {
        if self.in_order.len() < SAMPLE_KEYS && self.met.insert(key.clone()) {
            self.in_order.push(key);
        }
    }
}
