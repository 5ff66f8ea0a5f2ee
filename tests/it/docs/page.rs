//! A page that people read, as a test sees it: [`Page`], with its tables, its fenced blocks and its sections.

use std::path::PathBuf;

use crate::support::package;

/// README.md, or a page in docs/.
pub(super) struct Page {
    /// `README.md`, `docs/codes.md`.
    pub(super) name: String,
    pub(super) text: String,
}

impl Page {
    /// README.md and the pages in docs/, by name.
    pub(super) fn all() -> Vec<Page> {
        let entries = std::fs::read_dir(package().join("docs")).unwrap().map(|entry| entry.unwrap().file_name());
        let files = entries.map(|name| name.into_string().unwrap()).filter(|name| name.ends_with(".md"));
        let mut names: Vec<String> = files.map(|name| format!("docs/{name}")).collect();
        names.push("README.md".into());
        names.sort();
        names.iter().map(|name| Page::named(name)).collect()
    }

    pub(super) fn named(name: &str) -> Page {
        let text = std::fs::read_to_string(package().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        Page { name: name.to_string(), text }
    }

    pub(super) fn path(&self) -> PathBuf {
        package().join(&self.name)
    }

    /// What is below a heading, down to the next.
    pub(super) fn section(&self, heading: &str) -> &str {
        let start = self.text.find(&format!("\n## {heading}\n"));
        let start = start.unwrap_or_else(|| panic!("{} has no heading {heading:?}", self.name)) + 4;
        let rest = &self.text[start..];
        &rest[..rest.find("\n## ").unwrap_or(rest.len())]
    }

    /// The fenced blocks of a language.
    pub(super) fn blocks(&self, language: &str) -> Vec<String> {
        let mut blocks = Vec::new();
        let mut open: Option<String> = None;
        for line in self.text.lines() {
            match &mut open {
                None if line.trim() == format!("```{language}") => open = Some(String::new()),
                None => {}
                Some(_) if line.trim() == "```" => blocks.extend(open.take()),
                Some(block) => {
                    block.push_str(line);
                    block.push('\n');
                }
            }
        }
        blocks
    }

    /// Its prose: without fenced and generated blocks.
    pub(super) fn prose(&self) -> String {
        let mut prose = String::new();
        let (mut is_code, mut is_generated) = (false, false);
        for line in self.text.lines() {
            is_generated = (is_generated || line.starts_with(super::generated::START)) && line != super::generated::END;
            if line.trim_start().starts_with("```") {
                is_code = !is_code;
            } else if !is_code && !is_generated {
                prose.push_str(line);
                prose.push('\n');
            }
        }
        prose
    }
}

/// The rows of the tables in a text: cells without the space, backticks and asterisks around them.
pub(super) fn rows(text: &str) -> Vec<Vec<String>> {
    let rows = text.lines().map(str::trim).filter(|line| line.starts_with('|') && line.ends_with('|'));
    let cell = |cell: &str| cell.replace('\u{1}', "|").trim().trim_matches(['`', '*']).to_string();
    let cells = |row: &str| row.replace("\\|", "\u{1}").trim_matches('|').split('|').map(cell).collect::<Vec<_>>();
    rows.map(cells).collect()
}

/// The words in backticks in the first cells of the tables in a text.
pub(super) fn names(text: &str) -> Vec<String> {
    let rows = text.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let quoted = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_string).collect::<Vec<_>>();
    rows.flat_map(quoted).collect()
}
