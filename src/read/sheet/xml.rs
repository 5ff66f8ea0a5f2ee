//! The XML of a spreadsheet's parts: [`Xml`].

use std::io::BufRead;

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::refusal::Refusal;

/// Reads a part tag by tag. An empty tag is returned as an opening and a closing one.
pub(super) struct Xml<R> {
    reader: Reader<R>,
    buffer: Vec<u8>,
}

impl<R: BufRead> Xml<R> {
    pub(super) fn new(reader: R) -> Xml<R> {
        let mut reader = Reader::from_reader(reader);
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.check_end_names = false;
        // What follows a sheet's rows may be read on its own.
        config.allow_unmatched_ends = true;
        Xml { reader, buffer: Vec::with_capacity(1024) }
    }

    pub(super) fn next(&mut self) -> Result<Event<'_>, Refusal> {
        self.buffer.clear();
        self.reader.read_event_into(&mut self.buffer).map_err(broken)
    }

    /// Appends the text up to the end of the last opened tag of this name, including the text of tags within it.
    pub(super) fn text(&mut self, text: &mut String, tag: &str) -> Result<(), Refusal> {
        self.within(tag, |event| push_text(text, event))
    }

    /// Skips everything up to the end of the last opened tag of this name.
    pub(super) fn skip(&mut self, tag: &str) -> Result<(), Refusal> {
        self.within(tag, |_| Ok(()))
    }

    /// Passes on every event up to the end of the last opened tag of this name, but for tags of the same name.
    fn within(&mut self, tag: &str, mut each: impl FnMut(&Event<'_>) -> Result<(), Refusal>) -> Result<(), Refusal> {
        let mut depth = 0;
        loop {
            match self.next()? {
                Event::Start(inner) if inner.local_name().as_ref() == tag => depth += 1,
                Event::End(inner) if inner.local_name().as_ref() == tag && depth == 0 => return Ok(()),
                Event::End(inner) if inner.local_name().as_ref() == tag => depth -= 1,
                Event::Eof => return Err(cut_off(tag)),
                event => each(&event)?,
            }
        }
    }
}

pub(super) fn cut_off(tag: &str) -> Refusal {
    Refusal::damaged(format!("</{tag}> is missing"))
}

/// An error of the system or the part already says what it is.
fn broken(error: quick_xml::Error) -> Refusal {
    match error {
        quick_xml::Error::Io(error) => Refusal::from(std::io::Error::new(error.kind(), error.to_string())),
        error => Refusal::damaged(error),
    }
}

/// Appends what an event has of a text.
pub(super) fn push_text(text: &mut String, event: &Event<'_>) -> Result<(), Refusal> {
    match event {
        Event::Text(piece) => text.push_str(&piece.xml10_content()),
        Event::CData(piece) => text.push_str(&piece.xml10_content()),
        Event::GeneralRef(name) => push_reference(text, name)?,
        _ => (),
    }
    Ok(())
}

/// Appends the character of a reference. A document's own entities are refused.
fn push_reference(text: &mut String, name: &BytesRef<'_>) -> Result<(), Refusal> {
    if let Some(character) = name.resolve_char_ref().map_err(Refusal::damaged)? {
        text.push(character);
        return Ok(());
    }
    text.push(match &**name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => return Err(Refusal::damaged("it defines an entity")),
    });
    Ok(())
}

/// The value of an attribute, by its name without a prefix.
pub(super) fn attribute(tag: &BytesStart<'_>, name: &str) -> Result<Option<String>, Refusal> {
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.map_err(Refusal::damaged)?;
        if attribute.key.local_name().as_ref() == name {
            return Ok(Some(unescape(&attribute.value).map_err(Refusal::damaged)?.into_owned()));
        }
    }
    Ok(None)
}

/// Whether an attribute is true.
pub(super) fn is_true(value: &str) -> bool {
    matches!(value.trim(), "1" | "true" | "on")
}
