//! The README says what is so: its tables are compared with the registry, the profiles and a database, its queries run.

use std::collections::{BTreeMap, BTreeSet};

use custload::core::finding::REGISTRY;
use custload::core::profile::Profile;

use crate::support::{Place, package};

fn readme() -> String {
    let path = package().join("README.md");
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The rows of all tables: cells without the space, backticks and asterisks around them.
fn rows() -> Vec<Vec<String>> {
    let text = readme();
    let rows = text.lines().map(str::trim).filter(|line| line.starts_with('|') && line.ends_with('|'));
    let cell = |cell: &str| cell.replace("\u{1}", "|").trim().trim_matches(['`', '*']).to_string();
    let cells = |row: &str| row.replace("\\|", "\u{1}").trim_matches('|').split('|').map(cell).collect::<Vec<_>>();
    rows.map(cells).collect()
}

/// The fenced blocks of a language.
fn blocks(language: &str) -> Vec<String> {
    let text = readme();
    let mut blocks = Vec::new();
    let mut open: Option<String> = None;
    for line in text.lines() {
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

#[test]
fn the_table_of_codes_is_the_registry() {
    let known: BTreeMap<String, String> =
        REGISTRY.iter().map(|info| (info.code.name().to_string(), info.title.to_string())).collect();
    let rows = rows();
    let titles: BTreeSet<&String> = known.values().collect();
    // A row of the table of codes has a code, or a title, in it.
    let listed = rows.iter().filter(|row| known.contains_key(&row[0]) || row.iter().any(|cell| titles.contains(cell)));
    let listed: Vec<&Vec<String>> = listed.collect();
    for row in &listed {
        let title = known.get(&row[0]).unwrap_or_else(|| panic!("{} is no code", row[0]));
        assert!(row[1..].contains(title), "{}: the title is {title:?}, not in {row:?}", row[0]);
    }
    let codes: BTreeSet<&String> = listed.iter().map(|row| &row[0]).collect();
    assert_eq!(codes, known.keys().collect());
    assert_eq!(listed.len(), known.len(), "a code is listed twice");
}

#[test]
fn the_tables_of_profiles_are_the_profiles() {
    let rows = rows();
    for profile in Profile::all().unwrap() {
        for field in &profile.fields {
            let (column, rule) = (&field.column, field.rule());
            let listed = rows.iter().any(|row| row[0] == *column && row[1..].contains(&rule));
            assert!(listed, "{}: no row with {column} and its rule: {rule}", profile.name);
        }
    }
    // And no row claims another rule: each row of a column has the rule of one profile's field of that name.
    for row in &rows {
        let fields =
            Profile::all().unwrap().iter().flat_map(|profile| &profile.fields).filter(|field| field.column == row[0]);
        let rules: Vec<String> = fields.map(custload::core::profile::Field::rule).collect();
        let is_right = rules.is_empty() || row[1..].iter().any(|cell| rules.contains(cell));
        assert!(is_right, "{row:?} has another rule than {rules:?}");
    }
}

#[test]
fn exit_statuses_are_listed() {
    let rows = rows();
    for status in ["0", "1", "2", "3", "130", "143"] {
        assert!(rows.iter().any(|row| row[0] == status && row.len() > 1), "no row for exit status {status}");
        let is_said = custload::app::args::EXIT_STATUSES.lines().any(|line| line.trim_start().starts_with(status));
        assert!(is_said, "exit status {status} is not in the help");
    }
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
fn the_columns_of_the_tables_are_named() {
    let place = database();
    let rows = rows();
    for table in ["import_runs", "import_files"] {
        let columns = place.column("customers.db", &format!("SELECT name FROM pragma_table_info('{table}')"));
        for column in &columns {
            let is_named = rows.iter().any(|row| row[0] == *column) || readme().contains(&format!("`{column}`"));
            assert!(is_named, "{table}.{column} is not in the README");
        }
    }
    for column in ["customer_id", "created_at", "updated_at", "import_run", "import_file", "import_record"] {
        assert!(readme().contains(&format!("`{column}`")), "customers.{column} is not in the README");
    }
}

#[test]
fn the_queries_run() {
    let queries = blocks("sql");
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

/// Whatever is shown as a command is one that the program knows.
#[test]
fn the_commands_exist() {
    let place = Place::new();
    let blocks = blocks("sh").concat();
    let commands = blocks.lines().filter_map(|line| {
        let (program, rest) = line.trim().trim_start_matches("$ ").split_once(' ')?;
        (program.rsplit('/').next() == Some("custload")).then_some(rest)
    });
    let mut count = 0;
    for command in commands {
        let name = command.split_whitespace().next().unwrap_or_default();
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

/// What the first command prints is what stands below it.
#[test]
fn the_main_job_prints_what_is_shown() {
    let place = Place::new();
    let sample = "samples/contact-dirty-csv/customers.csv";
    place.write(sample, std::fs::read(package().join(sample)).unwrap());
    // How long it took is not shown.
    let done = place.run(&["import", sample, "--now", crate::support::NOW]).ends(1);
    let blocks = blocks("text");
    assert_eq!(done.stderr, blocks[0]);
    assert_eq!(done.stdout, blocks[1]);
}
