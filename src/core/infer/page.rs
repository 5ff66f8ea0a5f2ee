//! A proposed profile as a file to review: [`page`]. Each field stands below what it is made from.

use super::fields::Field;
use super::table::Proposal;
use super::words::{quoted, records, toml_key, toml_list, toml_text};
use crate::core::text::visible;

/// What the profile is made from.
#[derive(Clone, Debug)]
pub struct Source {
    /// The name of the profile.
    pub name: String,
    /// The input, and how it was read.
    pub input: String,
    pub described: String,
    pub records: u64,
    /// What there is to say about the input.
    pub notes: Vec<String>,
    /// The command to try next.
    pub next: String,
}

/// A key of `[file]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileKey {
    pub key: &'static str,
    /// Its value, as TOML.
    pub value: String,
    /// Why it is there.
    pub note: String,
    /// Whether the file is found to be so without it, which makes it a comment.
    pub is_found: bool,
}

/// The text of the profile.
pub fn page(source: &Source, file: &[FileKey], proposal: &Proposal) -> String {
    let mut page = Page::default();
    page.comment(&format!(
        "A profile made from {}: {}; {}.",
        quoted(&source.input),
        records(source.records),
        source.described
    ));
    source.notes.iter().for_each(|note| page.comment(note));
    page.comment(
        "Review it: above each field stands what was seen in its column. The examples are values of the file: delete them if \
         others are to read this. Then try it:",
    );
    page.comment(&format!("  {}", source.next));
    page.0.push('\n');
    page.line(&format!("name = {}", toml_text(&source.name)));
    page.line(&format!("title = {}", toml_text(&format!("The records of {}", source.input))));
    page.0.push('\n');
    proposal.key_notes.iter().for_each(|note| page.comment(note));
    page.line(&format!("key = {}", toml_list(&proposal.key)));
    page.file(file, proposal);
    proposal.fields.iter().for_each(|field| page.field(field));
    page.0
}

#[derive(Debug, Default)]
struct Page(String);

impl Page {
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    /// Adds a comment, over several lines if it is long.
    fn comment(&mut self, text: &str) {
        const WIDTH: usize = 110;
        let text = visible(text);
        let indent = &text[..text.len() - text.trim_start().len()];
        let mut line = indent.to_string();
        for word in text.split_whitespace() {
            if line.len() > indent.len() && line.chars().count() + word.chars().count() > WIDTH {
                self.line(format!("# {line}").trim_end());
                line = indent.to_string();
            }
            if line.len() > indent.len() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.line(format!("# {line}").trim_end());
    }

    fn file(&mut self, file: &[FileKey], proposal: &Proposal) {
        let tokens: Vec<String> = proposal.null_tokens.iter().map(|(token, _)| token.clone()).collect();
        if file.is_empty() && tokens.is_empty() {
            return;
        }
        self.0.push('\n');
        self.comment("How the file is read.");
        self.line("[file]");
        let mut last = "";
        for FileKey { key, value, note, is_found } in file {
            if !note.is_empty() && note != last {
                self.comment(note);
            }
            last = note;
            self.line(&format!("{}{key} = {value}", if *is_found { "# " } else { "" }));
        }
        if !tokens.is_empty() {
            self.comment("Words that mean that there is no value:");
            proposal.null_tokens.iter().for_each(|(token, where_seen)| {
                self.comment(&format!("{}: {where_seen}", quoted(token)));
            });
            self.line(&format!("null_tokens = {}", toml_list(&tokens)));
        }
    }

    fn field(&mut self, field: &Field) {
        self.0.push('\n');
        field.notes.iter().for_each(|note| self.comment(note));
        let mark = if field.impossible.is_some() { "# " } else { "" };
        if let Some(why) = field.impossible {
            self.comment(why);
        }
        self.line(&format!("{mark}[fields.{}]", toml_key(&field.name)));
        for (key, value) in &field.keys {
            self.line(&format!("{mark}{key} = {value}"));
        }
        field.perhaps.iter().for_each(|key| self.line(&format!("# {}", visible(key))));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            key in "\\PC{1,8}|.{1,8}|[a-z_]{1,8}", text in any::<String>(), comment in any::<String>(),
        ) {
            let mut page = Page::default();
            page.comment(&comment);
            page.line(&format!("{} = {}", toml_key(&key), toml_text(&text)));
            page.line(&format!("list = {}", toml_list(&vec![text.clone(); 3])));
            let table: toml::Table = toml::from_str(&page.0).unwrap();
            if key != "list" {
                prop_assert_eq!(table[&key].as_str().unwrap(), &text);
            }
            prop_assert_eq!(table["list"].as_array().unwrap().len(), 3);
        }
    }
}
