//! Which part of a spreadsheet refers to which: [`of`]. Parts are found by their relations alone, wherever they are.

use super::package::Package;
use super::refusal::Refusal;
use super::xml::{Xml, attribute};
use quick_xml::events::Event;

/// A reference from one part to another.
#[derive(Debug)]
pub(super) struct Relation {
    pub(super) id: String,
    kind: String,
    /// The name of the other part.
    pub(super) target: String,
}

impl Relation {
    /// Whether it is of this kind, judging by the last word of the kind's name; the strict form of the format has other
    /// prefixes.
    pub(super) fn is(&self, kind: &str) -> bool {
        self.kind.rsplit('/').next() == Some(kind)
    }

    /// Whether it leads to a table. If its kind is not given, the folder decides.
    pub(super) fn is_table(&self) -> bool {
        self.is("worksheet") || self.kind.is_empty() && self.target.contains("worksheets/")
    }
}

/// The part that a workbook refers to by this kind of relation, or else the one at the usual path.
pub(super) fn part(
    package: &Package,
    relations: &[Relation],
    workbook: &str,
    kind: &str,
    usual: &str,
) -> Option<String> {
    let by_relation = relations.iter().find(|relation| relation.is(kind)).map(|relation| relation.target.clone());
    let usual = resolved(workbook.rsplit_once('/').map_or("", |(folder, _)| folder), usual);
    by_relation.or_else(|| Some(usual).filter(|usual| package.has(usual)))
}

/// The most relations of a part: a workbook has one for each sheet.
const MAX_RELATIONS: usize = 100_000;

/// The relations of a part, `""` for those of the whole file.
pub(super) fn of(package: &Package, part: &str) -> Result<Vec<Relation>, Refusal> {
    let (folder, name) = part.rsplit_once('/').map_or(("", part), |(folder, name)| (folder, name));
    let slash = if folder.is_empty() { "" } else { "/" };
    let mut xml = Xml::new(package.part(&format!("{folder}{slash}_rels/{name}.rels"))?);
    let mut relations = Vec::new();
    loop {
        match xml.next()? {
            Event::Start(tag) if tag.local_name().as_ref() == "Relationship" => {
                if attribute(&tag, "TargetMode")?.is_some_and(|mode| mode == "External") {
                    continue;
                }
                let of = |name| attribute(&tag, name).map(Option::unwrap_or_default);
                let relation = Relation { id: of("Id")?, kind: of("Type")?, target: resolved(folder, &of("Target")?) };
                if relations.len() == MAX_RELATIONS {
                    return Err(Refusal::damaged("it has too many relations"));
                }
                relations.push(relation);
            }
            Event::Eof => return Ok(relations),
            _ => (),
        }
    }
}

/// The name of a part given relative to a folder.
fn resolved(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let mut steps: Vec<&str> = if target.starts_with('/') { Vec::new() } else { folder.split('/').collect() };
    for step in target.split('/') {
        match step {
            "" | "." => (),
            ".." => _ = steps.pop(),
            step => steps.push(step),
        }
    }
    steps.retain(|step| !step.is_empty());
    steps.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_resolved_from_the_folder_of_the_part() {
        for (folder, target, expected) in [
            ("xl", "worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl", "/xl/worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl/worksheets", "../tables/table1.xml", "xl/tables/table1.xml"),
            ("", "book/workbook.xml", "book/workbook.xml"),
            ("xl", "../../../etc/passwd", "etc/passwd"),
            ("xl", ".\\styles.xml", "xl/styles.xml"),
            ("xl", "", "xl"),
        ] {
            assert_eq!(resolved(folder, target), expected, "{folder} {target}");
        }
    }
}
