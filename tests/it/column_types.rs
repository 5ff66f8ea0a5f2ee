//! The types of columns, which `import_columns` keeps: a profile that gives a column another type is refused, whatever SQLite's
//! own types are.

use crate::support::Place;

const TYPES: &str = "SELECT table_name || '.' || column_name || ': ' || type FROM import_columns ORDER BY 1";

/// A profile of this name with a key and a field, which has these keys.
fn profile(name: &str, keys: &str) -> String {
    let keys = keys.replace("; ", "\n");
    format!("name = \"{name}\"\nkey = \"code\"\n[fields.code]\n[fields.value]\n{keys}\n")
}

/// A database into which a value was loaded under a profile, and another value beside it.
fn loaded(keys: &str, value: &str, other: &str) -> Place {
    let place = Place::new();
    place.write("own.toml", profile("own", keys));
    place.write("a.csv", format!("code;value\nA;{value}\n"));
    place.write("b.csv", format!("code;value\nB;{other}\n"));
    place.custload("import a.csv --profile own.toml").ends(0);
    place
}

/// Loads and checks the other value under another profile, which must be refused for the type, and change nothing.
#[track_caller]
fn refused(place: &Place, profile: &str, said: &[&str]) {
    let before = place.everything();
    place.custload(&format!("import b.csv --profile {profile} --force")).ends(2).says(said);
    place
        .custload(&format!("import b.csv --profile {profile} --force --commit-every 1 --mode upsert"))
        .ends(2)
        .says(said);
    place.custload(&format!("check b.csv --profile {profile} --db customers.db")).ends(2).says(said);
    assert!(before == place.everything(), "a refusal changed a file");
}

#[test]
fn a_field_that_changes_its_type_is_refused() {
    const MINOR: &str = "type = 'decimal'; store = 'minor'; scale = 2";
    const MINOR_2: &str = "decimal, minor units, scale 2";
    const AS_TEXT: &str = "type = 'decimal'; store = 'text'";
    for (old, value, new, other, types) in [
        (
            MINOR,
            "1.5",
            "type = 'decimal'; store = 'minor'; scale = 3",
            "1.5",
            ["minor units, scale 2", "minor units, scale 3"],
        ),
        (MINOR, "1.5", "type = 'integer'", "2", [MINOR_2, "integer"]),
        (MINOR, "1.5", "type = 'decimal'", "2", [MINOR_2, "decimal"]),
        ("type = 'decimal'", "1.5", AS_TEXT, "1.5", ["decimal", "decimal, as text"]),
        (AS_TEXT, "1.5", "", "x", ["decimal, as text", "text"]),
        (AS_TEXT, "1.5", MINOR, "1", ["decimal, as text", MINOR_2]),
        ("type = 'integer'", "1", "type = 'flag'", "1", ["integer", "flag"]),
        ("type = 'flag'", "1", "type = 'integer'", "1", ["flag", "integer"]),
        ("type = 'integer'", "1", MINOR, "1", ["integer", MINOR_2]),
        ("type = 'integer'", "1", "", "1", ["integer", "text"]),
        ("", "1", "type = 'integer'", "1", ["text", "integer"]),
        ("", "2001-02-03", "type = 'date'", "2001-02-03", ["text", "date"]),
        ("type = 'date'", "2001-02-03", "type = 'timestamp'", "2001-02-03", ["date", "timestamp"]),
        ("type = 'timestamp'", "2001-02-03", "type = 'email'", "a@example.com", ["timestamp", "text"]),
        ("type = 'list'", "a,b", "", "a", ["list", "text"]),
        ("type = 'choice'; choices = ['a']", "a", "type = 'list'", "a", ["text", "list"]),
    ] {
        let place = loaded(old, value, other);
        place.write("new.toml", profile("new", new));
        let [old, new] = types.map(|name| format!("{name}\""));
        let said = [
            "the column value of its table customers has the type \"",
            &old,
            "the profile new gives it the type \"",
            &new,
            "Rename the field",
        ];
        refused(&place, "new.toml", &said);
        // The same profile under the same name, and a column that SQLite takes for the same.
        let renamed = place.text("new.toml").replace("name = \"new\"", "name = \"own\"").replace(".value", ".VALUE");
        place.write("own.toml", renamed);
        refused(&place, "own.toml", &["the column VALUE of its table customers", "the profile own gives it the type"]);
    }
}

#[test]
fn a_field_can_become_stricter_or_laxer() {
    for (old, value, new, other) in [
        ("", "x", "type = 'email'", "a@example.com"),
        ("type = 'email'", "a@example.com", "type = 'phone'", "030123456"),
        ("type = 'phone'", "030123456", "type = 'url'", "https://example.com"),
        ("type = 'url'", "https://example.com", "type = 'country'", "DE"),
        ("type = 'country'", "DE", "type = 'state'", "TX"),
        ("type = 'state'", "TX", "type = 'postal-code'", "07743"),
        ("type = 'postal-code'", "07743", "type = 'choice'; choices = ['GOLD']", "gold"),
        ("type = 'choice'; choices = ['GOLD']", "gold", "max = 3", "abc"),
        ("type = 'decimal'; scale = 2", "1.5", "type = 'decimal'; scale = 3; decimal = ','", "1,5"),
        ("type = 'decimal'; store = 'text'", "1.5", "type = 'decimal'; store = 'text'; scale = 1", "1.5"),
        ("type = 'timestamp'", "2001-02-03", "type = 'timestamp'; time_zone = 'Europe/Berlin'", "2001-02-03"),
        ("type = 'integer'", "1", "type = 'integer'; at_least = 1", "1"),
    ] {
        let place = loaded(old, value, other);
        place.write("new.toml", profile("new", new));
        place.custload("check b.csv --profile new.toml --db customers.db").ends(0);
        place.custload("import b.csv --profile new.toml").ends(0);
        assert_eq!(place.number("customers.db", "SELECT count(*) FROM customers"), 2);
    }
}

/// What the database says of its columns: those of every table, also where a field is gone.
#[test]
fn the_types_of_columns_are_kept() {
    let place = loaded("type = 'date'", "2001-02-03", "2001-02-03");
    assert_eq!(place.column("customers.db", TYPES), ["customers.code: text", "customers.value: date"]);
    let more = "name = \"more\"\nkey = \"code\"\n[fields.code]\n[fields.total]\ntype = 'decimal'\n";
    place.write("more.toml", more);
    place.write("c.csv", "code;total\nC;1.5\n");
    place.custload("import c.csv --profile more.toml").ends(0);
    place.write("other.toml", format!("table = \"Own table\"\n{}", profile("other", "type = 'list'")));
    place.custload("import b.csv --profile other.toml").ends(0);
    let types = [
        "Own table.code: text",
        "Own table.value: list",
        "customers.code: text",
        "customers.total: decimal",
        "customers.value: date",
    ];
    assert_eq!(place.column("customers.db", TYPES), types);
    // A run that fails in the end has written none.
    place.write("late.toml", format!("{more}[fields.late]\ntype = 'flag'\n"));
    place.write("late.csv", "code;late\nD;yes\nE;perhaps\n");
    let before = std::fs::read(place.path("customers.db")).unwrap();
    place.custload("import late.csv --profile late.toml --max-rejects 0").ends(3);
    assert!(before == std::fs::read(place.path("customers.db")).unwrap());
    assert_eq!(place.column("customers.db", TYPES), types);
    // The built-in profiles share a table.
    let place = Place::new();
    for (number, profile) in ["basic", "contact", "billing"].into_iter().enumerate() {
        place.write("a.csv", format!("name,email\nAnn Smith,ann{number}@example.com\n"));
        place.custload(&format!("import a.csv --profile {profile}")).ends(0);
    }
}

/// Who has loaded with a wrong type undoes the run, corrects the profile, and loads again.
#[test]
fn an_empty_column_can_get_another_type() {
    let place = loaded("", "2001-02-03", "2001-02-03");
    place.write("new.toml", profile("own", "type = 'date'"));
    refused(&place, "new.toml", &["has the type \"text\""]);
    place.custload("undo 1").ends(0);
    place.custload("check b.csv --profile new.toml --db customers.db").ends(0);
    place.custload("import b.csv --profile new.toml").ends(0);
    assert_eq!(place.column("customers.db", TYPES)[1], "customers.value: date");
    refused(&place, "own.toml", &["has the type \"date\""]);
    // An undo would bring back what a run has cleared.
    place.write("c.csv", "code;value\nB;\n");
    place.custload("import c.csv --profile new.toml --mode update --empty clear").ends(0);
    assert_eq!(place.number("customers.db", "SELECT count(value) FROM customers"), 0);
    refused(&place, "own.toml", &["has the type \"date\""]);
    place.custload("undo 3").ends(0);
    assert_eq!(place.column("customers.db", "SELECT code || value FROM customers"), ["B2001-02-03"]);
}

/// What a run has changed in one table says nothing of a column with the same name in another.
#[test]
fn changes_count_only_in_their_own_table() {
    let place = Place::new();
    let of_table = |table: &str, keys: &str| format!("table = '{table}'\n{}", profile(table, keys));
    for (file, table, keys) in [
        ("people.toml", "people", ""),
        ("firms.toml", "firms", ""),
        ("new-people.toml", "People", "type = 'date'"),
        ("new-firms.toml", "Firms", "type = 'date'"),
    ] {
        place.write(file, of_table(table, keys));
    }
    place.write("people.csv", "code;value\nA;\n");
    place.write("firms.csv", "code;value\nA;x\n");
    place.write("b.csv", "code;value\nA;\n");
    place.custload("import people.csv --profile people.toml").ends(0);
    place.custload("import firms.csv --profile firms.toml").ends(0);
    place.custload("import b.csv --profile firms.toml --mode upsert --empty clear").ends(0);
    place.custload("check b.csv --profile new-people.toml --mode upsert --db customers.db").ends(0);
    refused(&place, "new-firms.toml", &["the column value of its table Firms has the type \"text\""]);
    place.custload("import b.csv --profile new-people.toml --mode upsert --force").ends(0);
    assert_eq!(place.column("customers.db", TYPES)[3], "people.value: date");
}

/// A database from before there was the table gets the types of the profile that is loaded next.
#[test]
fn an_older_database_gets_its_types() {
    let place = loaded("type = 'date'", "2001-02-03", "2001-02-03");
    place.open("customers.db").execute("DROP TABLE import_columns", []).unwrap();
    let before = std::fs::read(place.path("customers.db")).unwrap();
    for line in ["runs", "check b.csv --profile own.toml --db customers.db", "undo 1 --dry-run"] {
        place.custload(line).ends(0);
    }
    assert!(std::fs::read(place.path("customers.db")).unwrap() == before);
    place.write("new.toml", profile("new", "type = 'integer'"));
    refused(&place, "new.toml", &["is declared \"TEXT\", but the profile new stores \"INTEGER\" in it"]);
    place.custload("import b.csv --profile own.toml").ends(0);
    assert_eq!(place.column("customers.db", TYPES), ["customers.code: text", "customers.value: date"]);
    place.write("new.toml", profile("new", "type = 'timestamp'"));
    refused(&place, "new.toml", &["the column value of its table customers has the type \"date\""]);
    // One of another program.
    let connection = place.open("customers.db");
    connection.execute_batch("DROP TABLE import_columns; CREATE TABLE import_columns (a)").unwrap();
    refused(&place, "own.toml", &["its table import_columns was not made by this version of custload"]);
}
