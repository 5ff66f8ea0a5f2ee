//! Keys of several columns, values that no two customers share, and tables of other names: the program against a slow model, and
//! what it says.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::Value;

use crate::support::Place;

const PROFILE: &str = "name = \"own\"\nkey = [\"code\", \"country\"]\ntable = \"own \\\"table\\\"\"\n[fields.country]\n\
                       [fields.code]\ncompare = \"letters-and-digits\"\n[fields.name]\n[fields.login]\nunique = true\n\
                       [fields.seat]\ntype = \"integer\"\nunique = true\n";

fn messages(place: &Place, folder: &str) -> Vec<String> {
    let faults: Vec<Value> = place.objects(&format!("{folder}/errors.ndjson"));
    let line = |fault: &Value| {
        let text = |key: &str| fault[key].as_str().unwrap().to_string();
        format!("{} {}: {}", fault["record"], text("code"), text("message"))
    };
    faults.iter().map(line).collect()
}

fn own(place: &Place) {
    place.write("own.toml", PROFILE);
}

#[test]
fn a_key_of_several_columns_is_compared_all_together() {
    let place = Place::new();
    own(&place);
    let rows = "A-1,DE,Ann\na1,de,Bob\na1,FR,Cyd\n,DE,Dee\nn/a,de,Eve\n,,Fay\n-,,Gus\n";
    place.write("a.csv", format!("code,country,name\n{rows}"));
    place.custload("import a.csv --profile own.toml --accepted").ends(1);
    let said = [
        "2 duplicate-key: record 1 (line 2) of a.csv has the same code, country",
        "5 duplicate-key: record 4 (line 5) of a.csv has the same code, country",
    ];
    assert_eq!(messages(&place, "customers.db.imports/run-000001"), said);
    let names = "SELECT name FROM \"own \"\"table\"\"\" ORDER BY customer_id";
    assert_eq!(place.column("customers.db", names), ["Ann", "Cyd", "Dee", "Fay", "Gus"]);
    let (_, accepted) = place.table("customers.db.imports/run-000001/accepted.csv");
    assert_eq!([&accepted[0][3], &accepted[2][3]], ["A-1, DE", ", DE"]);
    // The same by an option, against the database, and in every mode.
    place.write("b.csv", "code,country,name\nA1,dE,Zoe\n,,Yan\nB2,DE,Xan\n");
    place.custload("check b.csv --profile own.toml --key code,country --db customers.db --reports out").ends(1);
    assert_eq!(
        messages(&place, "out"),
        ["1 duplicate-key: customer 1 (Ann, record 1 of a.csv) has the same code, country"]
    );
    place.custload("import b.csv --profile own.toml --mode update").ends(1);
    let said = [
        "2 no-key: there is no code, country to find a customer by",
        "3 no-such-key: no customer in the database has this code, country",
    ];
    assert_eq!(messages(&place, "customers.db.imports/run-000002"), said);
    assert_eq!(place.column("customers.db", names)[0], "Zoe");
    place.custload("undo 2").ends(0);
    assert_eq!(place.column("customers.db", names)[0], "Ann");
    place.custload("undo 1").ends(0);
    assert!(place.column("customers.db", names).is_empty());
    let index = "SELECT name FROM sqlite_schema WHERE type = 'index' AND name NOT LIKE 'sqlite_%'";
    assert_eq!(place.column("customers.db", index), ["own \"table\"_by_code_country"]);
}

#[test]
fn a_key_that_cannot_be_used_is_named() {
    let place = Place::new();
    own(&place);
    place.write("a.csv", "code,name\nA1,Ann\nA1,Bob\n");
    place
        .custload("import a.csv --profile own.toml")
        .ends(1)
        .says(&["no column matches country of the key code, country"]);
    place.custload("import a.csv --profile own.toml --mode upsert --db b.db").ends(2).says(&["country of the key"]);
    place
        .custload("import a.csv --profile own.toml --key code,country --db b.db")
        .ends(2)
        .says(&["--key code,country"]);
    place.custload("import a.csv --profile own.toml --key code,code --db b.db").ends(2).says(&["names code twice"]);
    place
        .custload("import a.csv --profile own.toml --key code,cuntry --db b.db")
        .ends(2)
        .says(&["did you mean country"]);
    place.write("billing.csv", "name,email\nAnn,ann@example.com\nBob,ANN@example.com\n");
    place.custload("import billing.csv --profile billing --db b.db").ends(1).says(&["email is the key"]);
    place.custload("import billing.csv --profile billing --mode update --db c.db").ends(2).says(&["--key email"]);
}

#[test]
fn a_value_that_another_has_is_a_duplicate() {
    let place = Place::new();
    own(&place);
    let rows = "A,x,7\nB,X,8\nC,,7\nD,y,\nA,x,7\nE,z,9\nF,x,\nG,n/a,\nH,n/a,\n";
    place.write("a.csv", format!("code,login,seat\n{rows}"));
    place.custload("import a.csv --profile own.toml --key code").ends(1);
    let earlier = |record: u32, code: &str, field: &str| {
        format!("{record} {code}: record 1 (line 2) of a.csv has the same {field}")
    };
    let said = [
        earlier(2, "duplicate-value", "login"),
        earlier(3, "duplicate-value", "seat"),
        earlier(5, "duplicate-key", "code"),
        earlier(5, "duplicate-value", "login"),
        earlier(5, "duplicate-value", "seat"),
        earlier(7, "duplicate-value", "login"),
    ];
    assert_eq!(messages(&place, "customers.db.imports/run-000001"), said);
    // Its own value is nobody else's, and what another has is.
    place.write("b.csv", "code,login,seat\nA,X,7\nD,z,1\nE,q,8\nI,y,8\n");
    place.custload("import b.csv --profile own.toml --key code --mode upsert").ends(1);
    let said = [
        "2 duplicate-value: customer 3 (record 6 of a.csv) has the same login",
        "4 duplicate-value: customer 2 (record 4 of a.csv) has the same login",
        "4 duplicate-value: record 3 (line 4) of b.csv has the same seat",
    ];
    assert_eq!(messages(&place, "customers.db.imports/run-000002"), said);
}

/// Record 2 has a value that record 1 has until record 3 takes its place: nobody knows that yet.
#[test]
fn the_last_record_with_a_key_is_not_awaited() {
    let place = Place::new();
    own(&place);
    place.write("a.csv", "code,login\nA,x\nB,x\nA,y\n");
    for line in ["check a.csv", "import a.csv", "import a.csv --mode upsert"] {
        let done = place.custload(&format!("{line} --profile own.toml --key code --duplicates last"));
        done.ends(2).says(&["--duplicates last", "a value of login", "Leave out"]);
    }
    assert_eq!(place.names(), ["a.csv", "own.toml"]);
    // Where no field is unique, or only the key is.
    place.custload("import a.csv --profile own.toml --key login --duplicates last").ends(2);
    place.write("one.toml", "name = \"one\"\nkey = \"code\"\n[fields.code]\nunique = true\n[fields.login]\n");
    place.custload("import a.csv --profile one.toml --duplicates last").ends(0);
}

#[test]
fn a_table_of_another_name_has_its_own_ids() {
    let place = Place::new();
    place.write("one.toml", "name = \"one\"\n[fields.code]\n");
    place.write("a.csv", "code,seat\nA,1\n");
    place.custload("import a.csv --profile one.toml").ends(0);
    for (table, expected) in [("import_x", "reserved"), ("SQLITE_x", "reserved"), ("", "must not be empty")] {
        place.write("bad.toml", format!("table = \"{table}\"\n[fields.code]\n"));
        place.custload("import a.csv --profile bad.toml").ends(2).says(&[expected]);
    }
    // The same file is new to it.
    place.write("three.toml", "name = \"three\"\ntable = \"order\"\n[fields.code]\n");
    place.custload("import a.csv --profile three.toml").ends(0);
    assert_eq!(place.column("customers.db", "SELECT customer_id || code FROM \"order\""), ["1A"]);
    assert!(place.custload("runs show 2").ends(0).stdout.contains("order"));
}

/// A database from before runs named their table.
#[test]
fn an_older_database_gets_what_it_lacks() {
    let place = Place::new();
    place.write("a.csv", "email\nann@example.com\n");
    place.custload("import a.csv --profile contact").ends(0);
    place.open("customers.db").execute("ALTER TABLE import_runs DROP COLUMN table_name", []).unwrap();
    let before = std::fs::read(place.path("customers.db")).unwrap();
    place.custload("runs").ends(0);
    place.custload("check a.csv --profile contact --db customers.db").ends(1);
    assert!(std::fs::read(place.path("customers.db")).unwrap() == before);
    place.write("b.csv", "email\nbob@example.com\n");
    place.custload("import b.csv --profile contact").ends(0);
    assert_eq!(place.column("customers.db", "SELECT table_name FROM import_runs"), ["customers", "customers"]);
    place.custload("undo 1").ends(0);
    assert_eq!(place.column("customers.db", "SELECT customer_id || email FROM customers"), ["2bob@example.com"]);
}

/// A record of the model: code and country, login and seat.
type Record = [Option<u8>; 4];

#[derive(Clone, Debug)]
struct Load {
    mode: &'static str,
    inputs: Vec<Vec<Record>>,
}

#[derive(Clone, Debug, Default)]
struct Model(Vec<Record>);

impl Model {
    /// Loads an input as a run of its own; which records are rejected.
    fn load(&mut self, mode: &str, records: &[Record]) -> Vec<usize> {
        let before = self.0.clone();
        let key = |record: &Record| Some([record[0], record[1]]).filter(|key| *key != [None, None]);
        // What is accepted so far: the record, and whom it changes.
        let mut accepted: Vec<(Record, Option<usize>)> = Vec::new();
        let mut rejected = Vec::new();
        for (number, record) in records.iter().enumerate() {
            let own = key(record).and_then(|wanted| before.iter().position(|there| key(there) == Some(wanted)));
            let is_repeated = key(record).is_some() && accepted.iter().any(|(there, _)| key(there) == key(record));
            let is_wrong = match mode {
                "create" => own.is_some(),
                "update" => own.is_none(),
                _ => key(record).is_none(),
            };
            let changes = mode != "create";
            let shares = |field: usize| {
                let value = record[field];
                let by_customer =
                    before.iter().enumerate().any(|(at, there)| there[field] == value && (!changes || Some(at) != own));
                value.is_some() && (by_customer || accepted.iter().any(|(there, _)| there[field] == value))
            };
            if is_wrong || is_repeated || shares(2) || shares(3) {
                rejected.push(number);
            } else {
                accepted.push((*record, own.filter(|_| changes)));
            }
        }
        for (record, own) in accepted {
            match own {
                Some(own) => (2..4).for_each(|field| self.0[own][field] = record[field].or(self.0[own][field])),
                None => self.0.push(record),
            }
        }
        rejected
    }
}

/// The same with a cell that no field takes in each row: a row without any would be blank.
fn file(records: &[Record]) -> String {
    csv(records)
        .lines()
        .zip(["other"].into_iter().chain(std::iter::repeat("x")))
        .map(|(row, cell)| format!("{row},{cell}\n"))
        .collect()
}

fn csv(records: &[Record]) -> String {
    let cell = |value: &Option<u8>, prefix: &str| value.map(|value| format!("{prefix}{value}")).unwrap_or_default();
    let row = |record: &Record| {
        let [code, country, login, seat] = record;
        format!("{},{},{},{}\n", cell(code, "c"), cell(country, "l"), cell(login, "u"), cell(seat, ""))
    };
    format!("code,country,login,seat\n{}", records.iter().map(row).collect::<String>())
}

fn load() -> impl Strategy<Value = Load> {
    let value = |most: u8| prop::option::weighted(0.8, 1..most);
    let record = (value(4), value(3), value(6), value(6)).prop_map(|(a, b, c, d)| [a, b, c, d]);
    let inputs = prop::collection::vec(prop::collection::vec(record, 0..9), 1..3);
    (prop::sample::select(vec!["create", "update", "upsert"]), inputs).prop_map(|(mode, inputs)| Load { mode, inputs })
}

proptest! {
    #![proptest_config(Config { cases: cases(), failure_persistence: None, max_shrink_iters: 100, ..Config::default() })]
    #[test]
    fn the_program_and_the_model_agree(loads in prop::collection::vec(load(), 1..5)) {
        let place = Place::new();
        own(&place);
        let mut model = Model::default();
        for (number, load) in loads.iter().enumerate() {
            let mut args = vec!["--profile", "own.toml", "--mode", load.mode, "--force", "--quiet"];
            let names: Vec<String> = (0..load.inputs.len()).map(|input| format!("{number}-{input}.csv")).collect();
            names.iter().zip(&load.inputs).for_each(|(name, records)| drop(place.write(name, file(records))));
            args.extend(names.iter().map(String::as_str));
            let mut expected = BTreeMap::new();
            if load.mode == "create" {
                // All inputs are one.
                let all: Vec<Record> = load.inputs.concat();
                let rejected = model.load(load.mode, &all);
                expected.insert(0, rejected.len());
            } else {
                for (input, records) in load.inputs.iter().enumerate() {
                    expected.insert(input, model.load(load.mode, records).len());
                }
            }
            let rejected: usize = expected.values().sum();
            // What a check says is what an import does.
            let checked = [&["check"][..], &args, &["--db", "customers.db"]].concat();
            let is_there = place.path("customers.db").exists();
            if is_there || load.mode == "create" {
                prop_assert_eq!(place.run(&checked).status, Some(i32::from(rejected > 0)), "check {} of {:?}", number, loads);
            }
            let every = (number + 2).to_string();
            let imported = [&["import"][..], &args, &["--commit-every", &every]].concat();
            prop_assert_eq!(place.run(&imported).status, Some(i32::from(rejected > 0)), "import {} of {:?}", number, loads);
            let sql = "SELECT ifnull(code, '') || ',' || ifnull(country, '') || ',' || ifnull(login, '') || ',' || ifnull(seat, '') \
                       FROM \"own \"\"table\"\"\" ORDER BY customer_id";
            let found = if place.path("customers.db").exists() { place.column("customers.db", sql) } else { Vec::new() };
            let text = csv(&model.0);
            prop_assert_eq!(found, text.lines().skip(1).collect::<Vec<_>>(), "after {} of {:?}", number, loads);
        }
        let mut seen = BTreeSet::new();
        let logins = model.0.iter().filter_map(|record| record[2]);
        prop_assert!(logins.into_iter().all(|login| seen.insert(login)));
    }
}

/// `CUSTLOAD_CASES` asks for more.
fn cases() -> u32 {
    std::env::var("CUSTLOAD_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(60)
}
