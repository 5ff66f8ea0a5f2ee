//! Several columns, or keys, for one field; addresses from groups of columns; names from parts (docs/formats.md, "Several columns").

use crate::support::*;

/// Loads a file and gives what is stored in these columns, a text a customer.
fn stored(name: &str, text: &str, options: &[&str], columns: &str) -> (Done, Vec<String>) {
    let place = Place::new();
    place.write(name, text);
    let done = place.run(&[&["import", name, "--rejects-ok"], options].concat()).ends(0);
    let columns: Vec<String> = columns.split(',').map(|column| format!("ifnull({column}, '-')")).collect();
    let query = format!("SELECT {} FROM customers ORDER BY customer_id", columns.join(" || '|' || "));
    (done, place.column("customers.db", &query))
}

#[test]
fn the_first_column_with_a_value_gives_it() {
    let contact = ["--profile", "contact"];
    let ann = "a@x.example";
    for (header, record, columns, expected) in [
        ("Name,Email,Phone,Mobile", "Jana Roth,j@x.example,,0351123456", "name,phone", "Jana Roth|0351123456"),
        ("Name,Email,Mobile,Phone", "Jana Roth,j@x.example,0171,0351", "phone", "0351"),
        ("Name,Phone,Email,Phone", "Jana Roth,,j@x.example,0351123456", "phone", "0351123456"),
        ("Name,Phone,Email,Phone", "Jana Roth,\\N,j@x.example,0351123456", "phone", "0351123456"),
        ("email,Email,E-Mail", ",  ,a@x.example", "email", ann),
        // What is invalid is a value; only nothing gives way.
        ("email,home_phone,phone", "a@x.example,030,", "phone", "030"),
        // The name, or its parts, record by record.
        ("email,name,first_name,last_name", "a@x.example,,Jana,Roth", "name", "Jana Roth"),
        ("email,name,first_name,last_name", "a@x.example,Ann Lee,Jana,Roth", "name", "Ann Lee"),
        ("email,first_name,given_name,last_name", "a@x.example,,Jana,Roth", "name", "Jana Roth"),
        ("email,last_name", "a@x.example,Roth", "name", "-"),
    ] {
        let (_, found) = stored("a.csv", &format!("{header}\n{record}\n"), &contact, columns);
        assert_eq!(found, [expected], "{header}: {record}");
    }
    let text = "email,phone,mobile\na@x.example,x,030\nb@x.example,,\n";
    let (_, found) = stored("a.csv", text, &contact, "email,phone");
    assert_eq!(found, ["b@x.example|-"]);
}

#[test]
fn a_person_gives_the_name_where_there_is_no_company() {
    let columns = "name,contact_first_name,contact_last_name";
    for (header, record, expected) in [
        ("First Name,Last Name,Company,Email", "Jana,Roth,,j@roth.example", "Jana Roth|Jana|Roth"),
        ("First Name,Last Name,Company,Email", "Jana,Roth,Roth KG,j@roth.example", "Roth KG|Jana|Roth"),
        ("First Name,Last Name,Company,Email", "Jana,,,j@roth.example", "Jana|Jana|-"),
        ("First Name,Last Name,Address", "Jana,Roth,Hof 1", "Jana Roth|Jana|Roth"),
        ("Full Name,Company", "Jana Roth,", "Jana Roth|-|-"),
    ] {
        let (_, found) = stored("a.csv", &format!("{header}\n{record}\n"), &["--profile", "billing"], columns);
        assert_eq!(found, [expected], "{header}: {record}");
    }
    let basic = ["--profile", "basic"];
    let (_, found) = stored("a.csv", "Company,First Name,Last Name\n,Jana,Roth\nAcme,,\n", &basic, "name");
    assert_eq!(found, ["Jana Roth", "Acme"]);
    let place = Place::new();
    place.write("a.csv", "First Name,Last Name,Company\n,,\n,,Acme\nx,y,\n");
    place.write("b.csv", "Last Name,Email\nRoth,j@x.example\n");
    place.custload("import a.csv --profile billing").ends(0);
    // A part alone is no name.
    place.custload("import b.csv --profile billing").ends(2).says(&["requires a column name"]);
}

#[test]
fn keys_of_json_are_candidates_record_by_record() {
    let text = r#"{"email":"a@x.example","phone":null,"mobile":"0351"}
{"mobile":"0171","email":"b@x.example","phone":"030"}
{"email":"c@x.example","home_phone":"040","work_phone":"050"}
{"email":"d@x.example","E-Mail":"e@x.example"}
{"email":" ","E-Mail":"e@x.example"}
{"email":"f@x.example","email":"g@x.example"}
{"email":"h@x.example","name":"","first_name":"Jana","last_name":"Roth"}
"#;
    let expected = [
        "a@x.example|0351|-",
        "b@x.example|030|-",
        "c@x.example|050|-",
        "d@x.example|-|-",
        "e@x.example|-|-",
        "h@x.example|-|Jana Roth",
    ];
    let (_, found) = stored("a.ndjson", text, &["--profile", "contact"], "email,phone,name");
    assert_eq!(found, expected);
    let array = format!("[{}]", text.trim_end().replace('\n', ",\n"));
    let (_, found) = stored("a.json", &array, &["--profile", "contact"], "email,phone,name");
    assert_eq!(found, expected);
}

#[test]
fn faults_name_the_column_that_was_used() {
    let place = Place::new();
    place.write("a.csv", "email,phone,mobile,E-Mail\n,,none of it,a@x.example\n,030,,a@x.example\n,,040,a@x.example\n");
    place.custload("import a.csv --profile contact").ends(1);
    let faults = place.objects("customers.db.imports/run-000001/errors.ndjson");
    let found: Vec<_> = faults.iter().map(|fault| (fault["column"].as_u64(), fault["value"].as_str())).collect();
    assert_eq!(found, [(Some(3), Some("none of it")), (Some(4), Some("a@x.example"))]);
}

#[test]
fn an_address_comes_from_one_group() {
    let header = "email,Billing Street,Billing City,Home Street,Home City,Country,State";
    let columns = "address_line_1,city,country,state";
    for (record, expected) in [
        ("Hofgasse 1,Ulm,Am Ring 2,Bonn,DE,", "Hofgasse 1|Ulm|DE|-"),
        (",,Am Ring 2,Bonn,DE,", "Am Ring 2|Bonn|DE|-"),
        // A street without a city does not get another address's.
        ("Hofgasse 1,,Am Ring 2,Bonn,DE,", "Hofgasse 1|-|DE|-"),
        (",Ulm,Am Ring 2,Bonn,,BW", "-|Ulm|-|BW"),
        (",,,,DE,", "-|-|DE|-"),
    ] {
        let text = format!("{header}\na@x.example,{record}\n");
        let (_, found) = stored("a.csv", &text, &["--profile", "contact"], columns);
        assert_eq!(found, [expected], "{record}");
    }
    // A column of its own may hold a whole address.
    let text = "email,Street Address,City,Billing Address\na@x.example,Hofgasse 1,Ulm,Hofgasse 1 Ulm\n";
    let (_, found) = stored("a.csv", text, &["--profile", "contact"], columns);
    assert_eq!(found, ["Hofgasse 1|Ulm|-|-"]);
    let text = r#"{"email":"a@x.example","home_city":"Bonn","billing_street":"Hofgasse 1","home_street":"Am Ring 2"}"#;
    let (_, found) = stored("a.ndjson", text, &["--profile", "contact"], columns);
    assert_eq!(found, ["Hofgasse 1|-|-|-"]);
    // A city, postal code or state of its own is a part of another one.
    for (header, record, expected) in [
        ("city,zip,home_city", ",11111,Hamburg", "-|-|-|-"),
        ("city,zip,home_city", ",,Hamburg", "-|Hamburg|-|-"),
        ("street,state,work_state", "Hofgasse 1,,BW", "Hofgasse 1|-|-|-"),
        ("city,zip,home_zip", "Ulm,,11111", "-|Ulm|-|-"),
    ] {
        let text = format!("email,{header}\na@x.example,{record}\n");
        let (_, found) = stored("a.csv", &text, &["--profile", "contact"], columns);
        assert_eq!(found, [expected], "{header}: {record}");
    }
    // Where goods go is another address.
    let text = "Company,Ship City,City,Shipping Street,Street\nAcme,Ulm,,Hof 1,\n";
    let (_, found) = stored("a.csv", text, &["--profile", "billing"], "city,ship_city,ship_address_line_1");
    assert_eq!(found, ["-|Ulm|Hof 1"]);
}

/// A key that a record lacks, and the first records have, counts as null; a table with the same cells gives the same rows.
#[test]
fn keys_that_a_record_lacks_are_as_if_they_were_null() {
    let columns = "SELECT concat_ws('|', coalesce(address_line_1, '-'), coalesce(city, '-'), coalesce(state, '-'), \
                   coalesce(country, '-')) FROM customers";
    let member = |key: &str, value: &str| format!(",\"{key}\":{value}");
    let record = |email: usize, members: String| format!("{{\"email\":\"{email}@x.example\"{members}}}\n");
    for keys in [
        &["billing_city", "billing_street", "city", "home_city", "state", "street"][..],
        // One address in the file.
        &["billing_street", "billing_city", "country"],
        &["billing_city", "home_state"],
    ] {
        let rows = 1 << keys.len();
        let value = |key: &str, row: usize| format!("{} of {row}", key.replace('_', " "));
        let has = |row: usize, at: usize| row >> at & 1 == 1;
        let json = |lacking: &dyn Fn(&str) -> String| {
            // The first record has all keys.
            let mut text = record(rows, keys.iter().map(|key| member(key, "null")).collect());
            for row in 0..rows {
                let member = |(at, key): (usize, &&str)| match has(row, at) {
                    true => member(key, &format!("\"{}\"", value(key, row))),
                    false => lacking(key),
                };
                text.push_str(&record(row, keys.iter().enumerate().map(member).collect()));
            }
            text
        };
        let mut table = format!("email,{}\n{rows}@x.example{}\n", keys.join(","), ",".repeat(keys.len()));
        for row in 0..rows {
            let cells =
                keys.iter().enumerate().map(|(at, key)| if has(row, at) { value(key, row) } else { String::new() });
            table.push_str(&format!("{row}@x.example,{}\n", cells.collect::<Vec<_>>().join(",")));
        }
        for mode in ["create", "update"] {
            let stored = |name: &str, text: &str| {
                let place = Place::new();
                if mode == "update" {
                    let old = |email| format!("{email}@x.example,old street,old city,old state,old land\n");
                    let old: String = (0..=rows).map(old).collect();
                    place.write("old.csv", format!("email,street,city,state,country\n{old}"));
                    place.custload("import old.csv --profile contact --relax all").ends(0);
                }
                place.write(name, text);
                place.custload(&format!("import {name} --profile contact --relax all --mode {mode}")).ends(0);
                place.column("customers.db", columns)
            };
            let expected = stored("a.csv", &table);
            assert_eq!(stored("a.ndjson", &json(&|_| String::new())), expected, "{mode}, without {keys:?}");
            assert_eq!(stored("b.ndjson", &json(&|key| member(key, "null"))), expected, "{mode}, null {keys:?}");
        }
    }
    // What a map names is the only one also in records that lack it.
    let text = "{\"email\":\"a@x.example\",\"Ort\":\"Ulm\"}\n{\"email\":\"b@x.example\",\"city\":\"Bonn\"}\n";
    let (_, found) = stored("a.ndjson", text, &["--profile", "contact", "--map", "Ort=city"], "city");
    assert_eq!(found, ["Ulm", "-"]);
    // A map means the key that is written as it says, and no other spelling.
    let text = "{\"email\":\"a@x.example\",\"phone\":\"030 111\",\"PHONE\":\"two two\"}\n{\"email\":\"b@x.example\",\"phone\":\"030 333\"}\n\
                {\"email\":\"c@x.example\",\"PHONE\":\"four four\"}\n";
    let table = "email,phone,PHONE\na@x.example,030 111,two two\nb@x.example,030 333,\nc@x.example,,four four\n";
    for (map, expected) in [
        ("PHONE=description", ["030111|two two", "030333|-", "-|four four"]),
        ("PHONE=", ["030111|-", "030333|-", "-|-"]),
    ] {
        for (name, text) in [("a.ndjson", text), ("a.csv", table)] {
            let (_, found) = stored(name, text, &["--profile", "contact", "--map", map], "phone,description");
            assert_eq!(found, expected, "{name}: {map}");
        }
    }
    // A first name takes no whole name's place where the input has no last name.
    let place = Place::new();
    place.write("a.ndjson", "{\"email\":\"a@x.example\",\"first_name\":\"Jana\"}\n");
    place.write("b.ndjson", "{\"email\":\"a@x.example\",\"last_name\":\"Roth\",\"phone\":\"030\"}\n");
    place.custload("import a.ndjson --profile contact").ends(0);
    place.custload("import b.ndjson --profile contact --mode update").ends(0).says(&["last_name"]);
    assert_eq!(place.column("customers.db", "SELECT name || phone FROM customers"), ["Jana030"]);
    // Where the input has the key, what stands in for it finds no customer.
    let place = Place::new();
    place.write("a.csv", "name,email\nBob Brown,bob@x.example\nAcme,acme@x.example\n");
    place.write(
        "b.ndjson",
        "{\"company\":\"Acme\",\"email\":\"new@x.example\"}\n\
         {\"contact_first_name\":\"Bob\",\"contact_last_name\":\"Brown\",\"email\":\"stranger@x.example\"}\n",
    );
    place.custload("import a.csv --profile billing --key name").ends(0);
    place.custload("import b.ndjson --profile billing --key name --mode update").ends(1);
    let emails = place.column("customers.db", "SELECT email FROM customers");
    assert_eq!(emails, ["bob@x.example", "new@x.example"]);
    // Names in parts are the key as they would be one.
    let place = Place::new();
    place.write("a.csv", "name,phone,email\nJana Roth,030,a@x.example\nJana,040,b@x.example\n");
    place.write("b.ndjson", "{\"first_name\":\"Jana\",\"last_name\":\"Roth\",\"phone\":\"050\"}\n");
    place.custload("import a.csv --profile contact").ends(0);
    place.custload("import b.ndjson --profile contact --mode update --key name").ends(0);
    assert_eq!(place.column("customers.db", "SELECT phone FROM customers"), ["050", "040"]);
}

#[test]
fn an_update_replaces_an_address_whole() {
    for (header, rows, expected) in [
        // One address in the file: an empty cell keeps what is stored.
        ("email,street,city", ["a@x.example,Hofgasse 1,Ulm", "a@x.example,,Bonn"], "Hofgasse 1|Bonn|-"),
        (
            "email,billing_street,home_street,billing_city,home_city,state",
            ["a@x.example,Hofgasse 1,,Ulm,,BW", "a@x.example,,,,Bonn,"],
            "-|Bonn|-",
        ),
        // Nothing of an address changes none.
        (
            "email,billing_street,home_street,billing_city,home_city,state",
            ["a@x.example,Hofgasse 1,,Ulm,,BW", "a@x.example,,,,,"],
            "Hofgasse 1|Ulm|BW",
        ),
    ] {
        let place = Place::new();
        let [old, new] = rows.map(|row| format!("{header}\n{row}\n"));
        place.write("old.csv", old);
        place.write("new.csv", new);
        place.custload("import old.csv --profile contact").ends(0);
        place.custload("import new.csv --profile contact --mode update").ends(0);
        let query = "SELECT ifnull(address_line_1, '-') || '|' || ifnull(city, '-') || '|' || ifnull(state, '-') FROM customers";
        assert_eq!(place.column("customers.db", query), [expected], "{header}: {rows:?}");
    }
}

#[test]
fn the_key_of_an_update_comes_from_its_best_column_alone() {
    let place = Place::new();
    place.write("a.csv", "email,phone\na@x.example,030\nb@x.example,040\n");
    place.write("b.csv", "work_email,email,phone\na@x.example,,050\na@x.example,b@x.example,060\n");
    place.custload("import a.csv --profile contact").ends(0);
    place.custload("import b.csv --profile contact --mode update").ends(1);
    assert_eq!(place.column("customers.db", "SELECT phone FROM customers"), ["030", "060"]);
    // The keys of JSON's first records tell which that is, whatever keys a record has and in whatever order.
    let first = r#"{"email":"b@x.example","phone":"070"}"#;
    for (line, expected, status) in [
        (r#"{"E-Mail":"a@x.example","email":"b@x.example","phone":"080"}"#, ["030", "080"], 0),
        (r#"{"email":"b@x.example","E-Mail":"a@x.example","phone":"080"}"#, ["030", "080"], 0),
        (r#"{"work email":"a@x.example","phone":"080"}"#, ["030", "070"], 1),
        (r#"{"E-Mail":"a@x.example","phone":"080"}"#, ["080", "070"], 0),
    ] {
        let place = Place::new();
        place.write("a.csv", "email,phone\na@x.example,030\nb@x.example,040\n");
        place.write("b.ndjson", format!("{first}\n{line}\n"));
        place.custload("import a.csv --profile contact").ends(0);
        place.custload("import b.ndjson --profile contact --mode update --duplicates last").ends(status);
        assert_eq!(place.column("customers.db", "SELECT phone FROM customers"), expected, "{line}");
    }
}

#[test]
fn a_dash_in_an_address_is_no_address() {
    let place = Place::new();
    place.write("a.csv", "email,address_line_1,city\na@x.example,Main Road 1,Ulm\n");
    place.custload("import a.csv --profile contact").ends(0);
    let addresses = "SELECT address_line_1 || '|' || city FROM customers";
    let header = "email,Billing Street,Billing City,Street,City";
    for (cells, expected) in [("-,.,New Road 7,Jena", "New Road 7|Jena"), ("-,,.,-", "New Road 7|Jena")] {
        place.write("b.csv", format!("{header}\na@x.example,{cells}\n"));
        place.custload("import b.csv --profile contact --mode update").ends(0);
        assert_eq!(place.column("customers.db", addresses), [expected], "{cells}");
    }
}

#[test]
fn a_map_says_which_of_two_columns_is_meant() {
    let text = "Name,Phone,Email,Phone\nJana Roth,030,j@x.example,0351\n";
    for (map, expected) in [
        ("Phone#2=phone", "0351|-"),
        ("Phone=", "0351|-"),
        ("Phone#2=", "030|-"),
        ("Phone=phone", "030|-"),
        ("Phone#2=postal_code", "030|0351"),
    ] {
        let options = ["--profile", "contact", "--map", map];
        let (_, found) = stored("a.csv", text, &options, "phone,postal_code");
        assert_eq!(found, [expected], "{map}");
    }
    let place = Place::new();
    place.write("a.csv", text);
    place.custload("inspect a.csv --profile contact --write-mapping a.toml").ends(0);
    assert!(place.text("a.toml").contains("\"Phone#2\" = \"phone\""), "{}", place.text("a.toml"));
    place.custload("import a.csv --profile contact --mapping a.toml").ends(0);
    place.run(&["check", "a.csv", "--profile", "contact", "--map", "Phone#3="]).ends(2).says(&["Phone#3"]);
}
