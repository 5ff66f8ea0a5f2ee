//! The sheets of a workbook: [`Tab`], and [`choose`], which picks one.

use super::refusal::{Refusal, short};

/// A sheet as the workbook lists it.
#[derive(Debug)]
pub(super) struct Tab {
    pub(super) name: String,
    pub(super) is_visible: bool,
    /// Whether it is a table, not a chart or a program.
    pub(super) is_table: bool,
}

/// The index of the sheet to read.
pub(super) fn choose(tabs: &[Tab], wanted: Option<&str>) -> Result<usize, Refusal> {
    let chosen = match wanted {
        None => tabs.iter().position(|tab| tab.is_table && tab.is_visible),
        Some(wanted) => {
            let lower = wanted.to_lowercase();
            let by_name = tabs.iter().position(|tab| tab.name == wanted);
            let by_name = by_name.or_else(|| tabs.iter().position(|tab| tab.name.to_lowercase() == lower));
            let number = || wanted.parse::<usize>().ok()?.checked_sub(1).filter(|n| *n < tabs.len());
            by_name.or_else(number)
        }
    };
    let Some(chosen) = chosen else {
        let names = names_of(tabs);
        return Err(Refusal::new(match wanted {
            None => format!("all its sheets are hidden; name one with --sheet ({names})"),
            Some(wanted) => format!("it has no sheet {:?}; name one of these with --sheet: {names}", short(wanted)),
        }));
    };
    let tab = &tabs[chosen];
    if !tab.is_table {
        return Err(Refusal::new(format!("the sheet {:?} is a chart or a program, not a table", short(&tab.name))));
    }
    if tabs.iter().filter(|other| other.name == tab.name).count() > 1 {
        return Err(Refusal::new(format!("two of its sheets are named {:?}; rename one", short(&tab.name))));
    }
    Ok(chosen)
}

/// The most sheets that a message names.
const NAMED: usize = 20;

fn names_of(sheets: &[Tab]) -> String {
    let mut names: Vec<String> = sheets.iter().take(NAMED).map(|sheet| format!("{:?}", short(&sheet.name))).collect();
    if sheets.len() > NAMED {
        names.push(format!("and {} more", sheets.len() - NAMED));
    }
    if names.is_empty() { "it has none".to_string() } else { names.join(", ") }
}
