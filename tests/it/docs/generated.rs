//! The blocks of the pages that are made from what the program says of itself: between `<!-- generated: NAME -->` and
//! `<!-- end -->`.

use std::fmt::Write as _;

use serde_json::Value;

use crate::support::Place;

pub(super) const START: &str = "<!-- generated: ";
pub(super) const END: &str = "<!-- end -->";

/// A page's text with its generated blocks as they must be.
pub(super) fn refreshed(text: &str) -> String {
    let mut out = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let _ = writeln!(out, "{line}");
        if let Some(name) = line.strip_prefix(START).and_then(|rest| rest.strip_suffix(" -->")) {
            assert!(lines.any(|line| line == END), "{line} has no {END}");
            let _ = writeln!(out, "\n{}\n{END}", block(name));
        }
    }
    out
}

/// A generated block; it ends in a line break.
fn block(name: &str) -> String {
    match name.split_once(' ') {
        Some(("profile", name)) => profile(name),
        _ => match name {
            "codes" => codes(),
            "code details" => code_details(),
            "commands" => commands(),
            "options of import" => options_table(&options("import"), ""),
            "options for reading" => options_table(&options("import"), "How the file is read"),
            _ => panic!("nothing is generated under the name {name:?}"),
        },
    }
}

pub(super) fn printed(line: &str) -> String {
    Place::new().custload(line).ends(0).stdout
}

pub(super) fn data(line: &str) -> Value {
    serde_json::from_str(&printed(line)).unwrap()
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} in {value}"))
}

/// A table of these columns.
fn table<const N: usize>(header: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut out = format!("| {} |\n|{}\n", header.join(" | "), "---|".repeat(N));
    for row in rows {
        let _ = writeln!(out, "| {} |", row.map(|cell| cell.replace('|', "\\|")).join(" | "));
    }
    out
}

/// How many other headers of a field are shown.
const SHOWN_HEADERS: usize = 6;

fn profile(name: &str) -> String {
    let profile = data(&format!("profiles {name} --json"));
    let rows = profile["fields"].as_array().unwrap().iter().map(|field| {
        let headers: Vec<&str> =
            field["headers"].as_array().unwrap().iter().skip(1).filter_map(Value::as_str).collect();
        let shown = headers[..headers.len().min(SHOWN_HEADERS)].join(", ");
        let more = headers.len().saturating_sub(SHOWN_HEADERS);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        [format!("`{}`", text(field, "column")), text(field, "rule").to_string(), shown + &more]
    });
    let table = table(["column", "rule", "headers besides"], rows);
    format!("{}. Key: `{}`.\n\n{table}", text(&profile, "title"), text(&profile, "key"))
}

fn all_codes() -> Vec<Value> {
    data("explain --json").as_array().unwrap().clone()
}

fn codes() -> String {
    let rows = all_codes();
    let rows = rows.iter().map(|code| {
        let name = text(code, "code");
        [format!("[`{name}`](#{name})"), text(code, "scope").to_string(), text(code, "title").to_string()]
    });
    table(["code", "scope", "what it is"], rows)
}

fn code_details() -> String {
    let details = all_codes().into_iter().map(|code| {
        format!(
            "### {}\n\n{}\n\nFor example:\n\n```text\n{}\n```\n\n{}\n",
            text(&code, "code"),
            text(&code, "explanation"),
            text(&code, "example"),
            text(&code, "hint")
        )
    });
    details.collect::<Vec<_>>().join("\n")
}

fn commands() -> String {
    let help = printed("--help");
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let mut rows: Vec<[String; 2]> = Vec::new();
    for line in lines {
        match line.strip_prefix("  ").filter(|line| !line.starts_with(' ')).and_then(|line| line.split_once("  ")) {
            Some((name, about)) => rows.push([name.to_string(), about.trim().to_string()]),
            None => {
                let [_, about] = rows.last_mut().unwrap();
                *about = format!("{about} {}", line.trim());
            }
        }
    }
    rows.retain(|[name, _]| name != "help");
    table(["command", "what it does"], rows.into_iter().map(|[name, about]| [format!("`{}`", usage(&name)), about]))
}

/// How a command is called.
fn usage(command: &str) -> String {
    let help = printed(&format!("help {command}"));
    let usage = help.lines().find_map(|line| line.strip_prefix("Usage: ")).unwrap_or_default();
    usage.replace("[OPTIONS] ", "").replace(" [OPTIONS]", "").replace(['<', '>'], "")
}

/// An option as the help has it.
pub(super) struct CliOption {
    /// The heading that it stands below; none for the first.
    heading: String,
    /// `-p, --profile NAME`
    usage: String,
    about: String,
    values: Vec<String>,
}

impl CliOption {
    /// `--profile`
    pub(super) fn name(&self) -> &str {
        self.usage.split_whitespace().find(|word| word.starts_with("--")).unwrap()
    }
}

/// The options of a command, as its help lists them.
pub(super) fn options(command: &str) -> Vec<CliOption> {
    let help = printed(&format!("help {command}"));
    let mut found: Vec<CliOption> = Vec::new();
    let mut heading = String::new();
    for line in help.lines() {
        let words = line.trim();
        let indent = line.len() - line.trim_start().len();
        if words.is_empty() {
            continue;
        }
        if indent == 0 {
            heading = words.trim_end_matches(':').to_string();
        } else if indent < 8 && words.starts_with('-') {
            let (usage, about) = words.split_once("  ").unwrap_or((words, ""));
            let usage = usage.replace(['<', '>'], "");
            let heading = Some(heading.clone()).filter(|heading| heading != "Options").unwrap_or_default();
            found.push(CliOption { heading, usage, about: about.trim().to_string(), values: Vec::new() });
        } else if let Some(option) = found.last_mut() {
            match words.strip_prefix("- ") {
                Some(value) => option.values.push(value.to_string()),
                None if words == "Possible values:" => {}
                None => option.about = format!("{} {words}", option.about).trim().to_string(),
            }
        }
    }
    assert!(found.iter().all(|option| option.usage.contains("--")), "help {command}:\n{help}");
    found.retain(|option| option.name() != "--help");
    found
}

fn options_table(options: &[CliOption], heading: &str) -> String {
    let options = options.iter().filter(|option| option.heading == heading);
    let rows = options.map(|option| {
        let value = |value: &String| match value.split_once(':') {
            Some((name, about)) => format!("`{name}`: {}", about.trim()),
            None => value.clone(),
        };
        // What the help gives as the default stands last.
        let (about, default) = match option.about.split_once("[default: ") {
            Some((about, default)) => (about.trim(), default.split_once(']').unwrap_or((default, ""))),
            None => (option.about.as_str(), ("", "")),
        };
        let mut meaning = vec![format!("{about}{}", default.1)];
        meaning.extend(option.values.iter().map(value));
        let default = if default.0.is_empty() { String::new() } else { format!(". Default: {}", default.0) };
        [format!("`{}`", option.usage), meaning.join(". ") + &default]
    });
    table(["option", "meaning"], rows)
}
