//! The XML of a spreadsheet's parts: [`Xml`].

use std::io::BufRead;

use quick_xml::Reader;
use quick_xml::escape::{resolve_xml_entity, unescape};
use quick_xml::events::{BytesStart, Event};

use super::protocol::{Refusal, Result};

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
        // What follows a sheet's rows may be read on its own.
        config.allow_unmatched_ends = true;
        Xml { reader, buffer: Vec::with_capacity(1024) }
    }

    pub(super) fn next(&mut self) -> Result<Event<'_>> {
        self.buffer.clear();
        self.reader.read_event_into(&mut self.buffer).map_err(broken)
    }

    /// Passes on every opening tag up to the end of the part.
    pub(super) fn each_tag(&mut self, mut each: impl FnMut(&BytesStart) -> Result<()>) -> Result<()> {
        loop {
            match self.next()? {
                Event::Start(tag) => each(&tag)?,
                Event::Eof => return Ok(()),
                _ => (),
            }
        }
    }

    /// Goes past the next opening tag that is the one wanted; `false` if the part ends before.
    pub(super) fn find(&mut self, is_wanted: impl Fn(&BytesStart) -> bool) -> Result<bool> {
        loop {
            match self.next()? {
                Event::Start(tag) if is_wanted(&tag) => return Ok(true),
                Event::Eof => return Ok(false),
                _ => (),
            }
        }
    }

    /// Appends the text up to the end of the last opened tag of this name, including the text of tags within it.
    pub(super) fn text(&mut self, text: &mut String, tag: &str) -> Result<()> {
        self.within(tag, |event| push_text(text, event))
    }

    pub(super) fn skip(&mut self, tag: &str) -> Result<()> {
        self.within(tag, |_| Ok(()))
    }

    /// Passes on every event up to the end of the last opened tag of this name, but for tags of the same name.
    fn within(&mut self, tag: &str, mut each: impl FnMut(&Event<'_>) -> Result<()>) -> Result<()> {
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

pub(super) fn push_text(text: &mut String, event: &Event<'_>) -> Result<()> {
    match event {
        Event::Text(piece) => text.push_str(&piece.xml10_content()),
        Event::CData(piece) => text.push_str(&piece.xml10_content()),
        Event::GeneralRef(name) => match name.resolve_char_ref().map_err(Refusal::damaged)? {
            Some(character) => text.push(character),
            None => {
                let known = resolve_xml_entity(name);
                // A document's own entities are refused.
                text.push_str(known.ok_or_else(|| Refusal::damaged("it defines an entity"))?);
            }
        },
        _ => (),
    }
    Ok(())
}

/// The value of an attribute, by its name without a prefix.
pub(super) fn attribute(tag: &BytesStart<'_>, name: &str) -> Result<Option<String>> {
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.map_err(Refusal::damaged)?;
        if attribute.key.local_name().as_ref() == name {
            return Ok(Some(unescape(&attribute.value).map_err(Refusal::damaged)?.into_owned()));
        }
    }
    Ok(None)
}

pub(super) fn is_true(value: &str) -> bool {
    matches!(value.trim(), "1" | "true" | "on")
}
