//! `samples/crm`: from a file to a reviewed profile, as docs/your-own-profile.md tells it.

use std::collections::BTreeSet;
use std::fs;

use crate::support::{NOW, Place, package};

/// A folder with the export and its reviewed profile.
fn crm() -> Place {
    let place = Place::new();
    for name in ["kunden.csv", "crm.toml"] {
        fs::copy(package().join("samples/crm").join(name), place.path(name)).unwrap();
    }
    place
}

/// The codes of each record that has some, as they were written by hand.
fn verdicts() -> BTreeSet<(u64, String)> {
    let text = fs::read_to_string(package().join("samples/crm/verdicts.tsv")).unwrap();
    let codes = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        let codes = cells.get(3).into_iter().flat_map(|codes| codes.split(','));
        codes.map(|code| (cells[0].parse().unwrap(), code.to_string())).collect::<Vec<_>>()
    };
    text.lines().flat_map(codes).collect()
}

fn found(place: &Place, errors: &str) -> BTreeSet<(u64, String)> {
    let faults = place.objects(errors);
    faults.iter().map(|fault| (fault["record"].as_u64().unwrap(), fault["code"].as_str().unwrap().into())).collect()
}

/// What `profiles new` makes of the export finds what no type takes, and nothing else.
#[test]
fn a_proposed_profile_rejects_only_what_is_odd() {
    let place = crm();
    place.custload("profiles new new.toml --from kunden.csv").ends(0);
    let profile = place.text("new.toml");
    for (label, keys) in [
        ("Kundenklasse", "type = \"choice\""),
        ("Geburtsdatum", "type = \"date\"\nformats = [\"%d.%m.%Y\"]"),
        ("Opt-in", "type = \"timestamp\"\nformats = [\"%d.%m.%Y %H:%M:%S\"]"),
        ("Kreditlimit", "type = \"decimal\"\nrequired = true\ndecimal = \",\"\ngroup = \".\"\nscale = 2"),
        ("Letzter Auftrag", "type = \"date\"\nformats = [\"%Y%m%d\"]"),
    ] {
        assert!(profile.contains(&format!("label = \"{label}\"\n{keys}\n")), "{label} in\n{profile}");
    }
    place.custload(&format!("check kunden.csv --profile new.toml --reports out --now {NOW}")).ends(1);
    let (odd, found) = (verdicts(), found(&place, "out/errors.ndjson"));
    let wrong: Vec<_> = found.difference(&odd).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    let types = ["cell-error", "control-character", "extra-cell", "missing-cell", "invalid-decimal", "invalid-email"];
    let missed: Vec<_> = odd.difference(&found).filter(|(_, code)| types.contains(&code.as_str())).collect();
    assert!(missed.is_empty(), "{missed:?}");
}

/// Rejects are corrected and loaded again, and each run is undone.
#[test]
fn what_was_loaded_can_be_corrected_and_undone() {
    let place = crm();
    let with = format!("--profile crm.toml --now {NOW}");
    place.custload(&format!("import kunden.csv {with}")).ends(1);
    let count = |sql: &str| place.number("customers.db", &format!("SELECT count(*) FROM customers{sql}"));
    let before = count("");
    let times = "SELECT opted_in_at FROM customers WHERE opted_in_at LIKE '____-%T__:__:__Z'";
    let stamped = "SELECT opted_in_at FROM customers WHERE opted_in_at IS NOT NULL";
    assert_eq!(place.column("customers.db", times), place.column("customers.db", stamped));
    let parents = "SELECT count(*) FROM customers AS child JOIN customers AS parent ON parent.customer_id = \
                   child.parent_customer_id WHERE parent.customer_code = child.parent_code";
    let children = count(" WHERE parent_code IS NOT NULL");
    assert!(children > 100 && place.number("customers.db", parents) == children);
    let rejects = place.text("customers.db.imports/run-000001/kunden.rejects.csv");
    let unlimited = rejects.matches(";unbegrenzt;").count() as i64;
    assert!(unlimited > 0, "{rejects}");
    place.write("corrected.csv", rejects.replace(";unbegrenzt;", ";999.999,00;"));
    place.custload(&format!("import corrected.csv {with}")).ends(1);
    assert_eq!((count(""), count(" WHERE credit_limit = 999999.0")), (before + unlimited, unlimited));
    place.custload(&format!("undo 2 --now {NOW}")).ends(0);
    assert_eq!(count(""), before);
    place.custload(&format!("undo 1 --now {NOW}")).ends(0);
    assert_eq!(count(""), 0);
}

/// The reviewed profile says `not_after = "today"`.
#[test]
fn inspect_takes_the_time_that_it_is_given() {
    let place = crm();
    let out_of_range = |now: &str| {
        let done = place.custload(&format!("inspect kunden.csv --profile crm.toml --now {now}")).ends(0);
        let line = done.stdout.lines().find(|line| line.starts_with(" out-of-range")).unwrap().to_string();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    // Two birthdays are to come, and one limit is negative.
    assert_eq!((out_of_range(NOW), out_of_range("2080-01-01T00:00:00Z")), (3, 1));
    place.custload("inspect kunden.csv --profile crm.toml --now today").ends(2).says(&["--now"]);
}
