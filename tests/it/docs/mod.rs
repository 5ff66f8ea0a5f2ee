//! The pages say what is so: README.md and docs/. Their tables are made from what the program says of itself or compared
//! with it, their queries and commands are run, their links lead somewhere, and nothing that the program has is left out.
//! `UPDATE_DOCS=1` rewrites what is generated and what commands print; review the difference.

#[cfg(unix)]
mod console;
mod generated;
mod page;

use std::collections::BTreeSet;

use serde_json::Value;

use self::generated::{data, options, printed};
use self::page::{Page, names};
use crate::support::{Place, package};

/// The pages with what they show of the program's output.
#[test]
fn what_is_generated_and_printed_is_shown() {
    let mut wrong = Vec::new();
    for page in Page::all() {
        let fresh = generated::refreshed(&page.text);
        #[cfg(unix)]
        let fresh = console::refreshed(&page.name, &fresh);
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(page.path(), &fresh).unwrap();
        } else if let Some((shown, found)) = page.text.lines().zip(fresh.lines()).find(|(shown, found)| shown != found)
        {
            wrong.push(format!("{}:\n  shown {shown}\n  found {found}", page.name));
        } else if page.text != fresh {
            wrong.push(format!("{}: another length", page.name));
        }
    }
    assert!(wrong.is_empty(), "{}\nUPDATE_DOCS=1 rewrites them; review the difference", wrong.join("\n"));
}

#[test]
fn the_readme_is_short() {
    let words = Page::named("README.md").text.split_whitespace().count();
    assert!(words <= 1500, "README.md has {words} words");
}

#[test]
fn every_page_is_in_the_table_of_contents() {
    let contents = Page::named("docs/README.md").text;
    for page in Page::all() {
        let name = page.name.trim_start_matches("docs/");
        assert!(name == "README.md" || contents.contains(&format!("({name})")), "{} is not listed", page.name);
    }
}

/// The anchor of a heading, as GitHub makes it.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|character| character.is_alphanumeric() || "_- ".contains(*character));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[test]
fn links_lead_somewhere() {
    let mut pages: Vec<Page> = Page::all();
    pages.extend(["ARCHITECTURE.md", "CHANGELOG.md", "benches/README.md", "samples/README.md"].map(Page::named));
    for entry in std::fs::read_dir(package().join("docs/decisions")).unwrap().map(Result::unwrap) {
        pages.push(Page::named(&format!("docs/decisions/{}", entry.file_name().to_str().unwrap())));
    }
    for page in &pages {
        for link in page.prose().split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            if link.starts_with("https://") {
                continue;
            }
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { page.path() } else { page.path().parent().unwrap().join(file) };
            assert!(target.exists(), "{} links to {link}", page.name);
            let text = if heading.is_empty() { String::new() } else { std::fs::read_to_string(&target).unwrap() };
            let mut headings =
                text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#'));
            assert!(
                heading.is_empty() || headings.any(|known| anchor(known) == heading),
                "{} links to {link}",
                page.name
            );
        }
    }
}

#[test]
fn every_code_is_explained() {
    let page = Page::named("docs/codes.md");
    for code in data("explain --json").as_array().unwrap() {
        let code = code["code"].as_str().unwrap();
        assert!(page.text.contains(&format!("\n### {code}\n")), "{code} is not in {}", page.name);
    }
}

#[test]
fn every_profile_is_described() {
    let page = Page::named("docs/profiles.md");
    for profile in data("profiles --json").as_array().unwrap() {
        let (name, key) = (profile["name"].as_str().unwrap(), profile["key"].as_str().unwrap());
        let rows = page::rows(page.section(name));
        for field in profile["fields"].as_array().unwrap() {
            let (column, rule) = (field["column"].as_str().unwrap(), field["rule"].as_str().unwrap());
            // The first cell has backticks about it, which are gone here.
            let row = rows.iter().find(|row| row[0] == column).unwrap_or_else(|| panic!("{name}: no row for {column}"));
            assert_eq!(row[1], rule, "{name}.{column}");
        }
        assert!(page.section("The key").contains(&format!("`{name}` has `{key}`")), "{name}'s key is not said");
    }
}

/// The examples of normalisation come out as shown.
#[test]
fn the_examples_of_rules_are_right() {
    const COLUMNS: [(&str, &str); 8] = [
        ("e-mail", "email"),
        ("white space", "name"),
        ("phone", "phone"),
        ("missing", "phone"),
        ("guard", "postal_code"),
        ("country", "country"),
        ("state", "state"),
        ("address repair", "address_line_1"),
    ];
    let page = Page::named("docs/rules.md");
    let column = |what: &str| COLUMNS.iter().find(|(name, _)| *name == what).map(|(_, column)| *column);
    let rows = page::rows(page.section("Examples"));
    let examples: Vec<_> = rows.iter().filter_map(|row| Some((column(&row[0])?, &row[1], &row[2]))).collect();
    assert!(examples.len() > 10, "{examples:?}");
    for (column, before, after) in examples {
        let place = Place::new();
        let (mut header, mut row) = (vec![column.to_string()], vec![before.clone()]);
        if column != "email" {
            header.push("email".into());
            row.push("ann@example.com".into());
        }
        place.write("a.csv", crate::support::write_csv(&header, &[row]));
        place.custload("import a.csv --profile contact").ends(0);
        let stored = place.column("customers.db", &format!("SELECT coalesce({column}, 'no value') FROM customers"));
        assert_eq!(stored, [after.as_str()], "{before:?} in {column}");
    }
}

#[test]
fn exit_statuses_are_listed() {
    let help = printed("--help");
    let listed: BTreeSet<&str> = help
        .lines()
        .skip_while(|line| *line != "Exit status:")
        .filter_map(|line| line.strip_prefix("  ")?.split_once("  ").map(|(status, _)| status))
        .filter(|status| status.parse::<u32>().is_ok())
        .collect();
    assert_eq!(listed, BTreeSet::from(["0", "1", "2", "3", "130", "143"]));
    let rows = page::rows(Page::named("docs/commands.md").section("Exit statuses"));
    for status in listed {
        assert!(rows.iter().any(|row| row[0] == status), "no row for exit status {status}");
    }
}

/// Each option is explained in the prose of a page, not in the generated tables alone.
#[test]
fn every_option_is_explained() {
    let prose: String = Page::all().iter().map(Page::prose).collect();
    for command in
        ["import", "check", "inspect", "runs", "runs show", "runs prune", "undo", "profiles", "profiles new", "explain"]
    {
        for option in options(command) {
            let name = option.name();
            let is_named = prose.match_indices(name).any(|(at, _)| {
                !prose[at + name.len()..].starts_with(|next: char| next == '-' || next.is_ascii_alphanumeric())
            });
            assert!(is_named, "{name} of {command} is explained on no page");
        }
    }
}

/// Whatever is shown as a command is one that the program knows.
#[test]
fn the_commands_exist() {
    let place = Place::new();
    let languages = ["sh", "console", "text"];
    let pages = Page::all();
    let blocks = pages.iter().flat_map(|page| languages.iter().flat_map(|language| page.blocks(language)));
    let blocks: String = blocks.collect();
    let commands = blocks.lines().filter_map(|line| {
        let (program, rest) = line.trim().trim_start_matches("$ ").split_once(' ')?;
        (program.rsplit('/').next() == Some("custload")).then_some(rest)
    });
    let mut count = 0;
    for command in commands {
        let name =
            if command.starts_with("profiles new ") { "profiles new" } else { command.split(' ').next().unwrap() };
        let done = place.custload(&format!("{name} --help"));
        assert!(name.starts_with('-') || done.status == Some(0), "custload {command}");
        let help = done.stdout;
        let options = command.split_whitespace().filter(|word| word.starts_with("--"));
        for option in options.map(|option| option.split('=').next().unwrap()) {
            let option = option.trim_end_matches(|character: char| !character.is_ascii_alphanumeric());
            assert!(help.contains(option) || name.starts_with('-'), "{option} in: custload {command}");
            count += 1;
        }
    }
    assert!(count > 0, "no command with an option is shown");
}

/// A database with customers of all profiles, as the samples have them.
fn database() -> Place {
    let place = Place::new();
    for sample in ["contact-dirty-csv", "basic-dirty-csv", "billing-dirty-csv"] {
        let input = package().join("samples").join(sample).join("customers.csv");
        let profile = sample.split('-').next().unwrap();
        place.run(&["import", input.to_str().unwrap(), "--profile", profile, "--rejects-ok"]).ends(0);
    }
    place
}

#[test]
fn the_tables_of_the_database_are_described() {
    let place = database();
    let page = Page::named("docs/database.md");
    let columns = |table: &str| -> BTreeSet<String> {
        place.column("customers.db", &format!("SELECT name FROM pragma_table_info('{table}')")).into_iter().collect()
    };
    for table in ["import_runs", "import_files"] {
        let described: BTreeSet<String> = names(page.section(table)).into_iter().collect();
        assert_eq!(described, columns(table), "{table}");
    }
    let of_profiles = data("profiles --json");
    let of_profiles = of_profiles.as_array().unwrap().iter().flat_map(|profile| profile["fields"].as_array().unwrap());
    let mut described: BTreeSet<String> = names(page.section("customers")).into_iter().collect();
    described.extend(of_profiles.map(|field| field["column"].as_str().unwrap().to_string()));
    assert_eq!(described, columns("customers"));
    let undo = page.section("Undo tables");
    let tables =
        place.column("customers.db", "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'import%'");
    for table in tables.iter().filter(|table| !["import_runs", "import_files"].contains(&table.as_str())) {
        let row = undo.lines().find(|line| line.starts_with(&format!("| `{table}` |")));
        let row = row.unwrap_or_else(|| panic!("{table} is not described"));
        for column in columns(table).iter().filter(|_| table != "import_checkpoints") {
            assert!(row.contains(&format!("`{column}`")), "{table}.{column} is not described");
        }
    }
}

#[test]
fn the_queries_run() {
    let queries: Vec<String> = Page::all().iter().flat_map(|page| page.blocks("sql")).collect();
    assert!(queries.len() >= 3, "{} SQL blocks", queries.len());
    let place = database();
    let connection = place.open("customers.db");
    for block in &queries {
        for query in block.split(';').map(str::trim).filter(|query| !query.is_empty()) {
            let mut statement = connection.prepare(query).unwrap_or_else(|error| panic!("{error} in:\n{query}"));
            let mut rows = statement.query([]).unwrap();
            let mut count = 0;
            while rows.next().unwrap_or_else(|error| panic!("{error} in:\n{query}")).is_some() {
                count += 1;
            }
            assert!(count > 0 || !query.to_lowercase().starts_with("select"), "nothing found by:\n{query}");
        }
    }
}

fn keys(object: &Value) -> BTreeSet<String> {
    object.as_object().unwrap().keys().cloned().collect()
}

/// The keys of the reports, and the columns of those in CSV.
#[test]
fn the_keys_of_the_reports_are_described() {
    let place = Place::new();
    let input = package().join("samples/contact-dirty-csv/customers.csv");
    place.run(&["import", input.to_str().unwrap(), "--profile", "contact", "--accepted"]).ends(1);
    let page = Page::named("docs/reports.md");
    let described = |heading: &str| -> BTreeSet<String> { names(page.section(heading)).into_iter().collect() };
    let report = |name: &str| format!("customers.db.imports/run-000001/{name}");
    let summary = place.json(&report("summary.json"));
    let (counts, of_summary) = (described("Counts"), described("summary.json"));
    for key in keys(&summary).union(&keys(&summary["inputs"][0])) {
        assert!(counts.contains(key) || of_summary.contains(key), "{key} of summary.json is not described");
    }
    assert_eq!(keys(&summary["inputs"][0]["columns"][0]["cells"]), described("Balance by column"));
    assert_eq!(keys(&place.objects(&report("errors.ndjson"))[0]), described("errors.ndjson"));
    let (rejects, _) = place.table(&report("customers.rejects.csv"));
    let own: BTreeSet<String> = rejects.into_iter().filter(|name| name.starts_with("_reject_")).collect();
    assert_eq!(own, described("Reject reports"));
    let (accepted, _) = place.table(&report("accepted.csv"));
    assert_eq!(accepted.into_iter().collect::<BTreeSet<_>>(), described("accepted.csv"));
}

#[test]
fn the_events_of_the_log_are_described() {
    let place = Place::new();
    place.write("a.csv", "email,name\nann@example.com,Ann Smith\n");
    for options in ["", "", "--force --commit-every 1 --max-rejects 0", "--redo --relax name"] {
        place.custload(&format!("import a.csv --profile contact --log log --log-format json {options}"));
    }
    let events = place.objects("log");
    assert!(events.len() > 8, "{events:?}");
    let section = Page::named("docs/nightly.md").section("Events").to_string();
    let everywhere = Page::named("docs/nightly.md").section("Logs").to_string();
    let counts = names(Page::named("docs/reports.md").section("Counts"));
    for event in &events {
        let name = event["event"].as_str().unwrap();
        let row = section.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
        let row = row.unwrap_or_else(|| panic!("the event {name} is not described"));
        for key in keys(event) {
            let is_described = row.contains(&format!("`{key}`")) || everywhere.contains(&format!("`{key}`"));
            let is_of_the_end = name == "end" && (counts.contains(&key) || section.contains(&format!("`{key}`")));
            assert!(is_described || is_of_the_end, "{key} of the event {name} is not described");
        }
    }
}
