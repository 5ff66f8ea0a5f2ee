//! Keys and customer IDs: who is a duplicate of whom, and which number a customer gets.

use serde_json::Value;

use crate::support::{CONTACT, Place};

fn emails(place: &Place) -> Vec<String> {
    place.column("customers.db", "SELECT customer_id || ' ' || email FROM customers ORDER BY customer_id")
}

fn messages(place: &Place, run: usize) -> Vec<String> {
    let faults: Vec<Value> = place.objects(&format!("customers.db.imports/run-{run:06}/errors.ndjson"));
    let line = |fault: &Value| {
        let text = |key: &str| fault[key].as_str().unwrap().to_string();
        format!("{} {}: {}", fault["record"], text("code"), text("message"))
    };
    faults.iter().map(line).collect()
}

#[test]
fn keys_are_compared_folded_in_the_run_and_in_the_database() {
    let place = Place::new();
    let addresses = "straße@example.com\nSTRASSE@EXAMPLE.COM\nStrasse@Example.com\nstraß@example.com\n";
    place.write("a.csv", format!("email\n{addresses}"));
    place.custload("import a.csv --profile contact").ends(1);
    assert_eq!(emails(&place), ["1 straße@example.com", "2 straß@example.com"]);
    let said = "duplicate-key: record 1 (line 2) of a.csv has the same email";
    assert_eq!(messages(&place, 1), [format!("2 {said}"), format!("3 {said}")]);
    place.write("b.csv", "email\nSTRASSE@example.com\nΟΔΟΣ@example.com\nοδος@example.com\nSTRASS@example.com\n");
    place.custload("import b.csv --profile contact").ends(1);
    let of_customer = |customer: u32, record: u32| {
        format!("duplicate-key: customer {customer} (record {record} of a.csv) has the same email")
    };
    let second = "duplicate-key: record 2 (line 3) of b.csv has the same email";
    assert_eq!(
        messages(&place, 2),
        [format!("1 {}", of_customer(1, 1)), format!("3 {second}"), format!("4 {}", of_customer(2, 4))]
    );
}

#[test]
fn a_tax_id_is_compared_by_its_letters_and_digits() {
    let place = Place::new();
    let rows = "A,DE 123\nB,de-1.2.3\nC,n/a\nD,N/A\nE,-\nF,000\nG,0-0\nH,unknown\nI,None\nJ,\nK,DE1234\nL,nil\n";
    place.write("a.csv", format!("name,tax_id\n{rows}"));
    place.custload("import a.csv --profile basic --accepted").ends(1);
    assert_eq!(messages(&place, 1).len(), 1);
    let ids = "SELECT name || ' ' || ifnull(tax_id, 'NULL') FROM customers ORDER BY customer_id";
    assert_eq!(place.column("customers.db", ids)[..3], ["A DE 123", "C n/a", "D N/A"]);
    let (_, accepted) = place.table("customers.db.imports/run-000001/accepted.csv");
    assert_eq!(accepted[0][3..], ["DE 123", "1", "created"]);
}

#[test]
fn a_rejected_record_occupies_no_key() {
    let place = Place::new();
    place.write("a.csv", format!("{CONTACT}ann@example.com,A.\nann@example.com,Ann\nANN@example.com,Ann\n"));
    place.custload("import a.csv").ends(1);
    assert_eq!(emails(&place), ["1 ann@example.com"]);
    let said = "duplicate-key: record 2 (line 3) of a.csv has the same email";
    assert_eq!(messages(&place, 1)[2], format!("3 {said}"));
}

#[test]
fn the_key_can_be_another_column_or_none() {
    let place = Place::new();
    place.write("a.csv", format!("{CONTACT}ann@example.com,Ann\nann@example.com,Bob\nbob@example.com,BOB\n"));
    place.custload("import a.csv --key none --max-rejects 0").ends(0);
    place.custload("import a.csv --key name --db b.db").ends(1);
    assert_eq!(place.column("b.db", "SELECT name FROM customers"), ["Ann", "Bob"]);
    let index = "SELECT name FROM sqlite_schema WHERE type = 'index' AND name NOT LIKE 'sqlite_%'";
    assert_eq!(place.column("b.db", index), ["customers_by_name"]);
    assert!(place.column("customers.db", index).is_empty());
    assert_eq!(place.number("customers.db", "SELECT count(*) FROM customers"), 3);
}

#[test]
fn ids_are_given_once() {
    let place = Place::new();
    place.write("a.csv", format!("{CONTACT}a@example.com,Ann\nno,Bob\nc@example.com,Carl\n"));
    place.custload("import a.csv --first-id 100").ends(1);
    assert_eq!(emails(&place), ["100 a@example.com", "101 c@example.com"]);
    place.open("customers.db").execute("DELETE FROM customers WHERE customer_id = 101", []).unwrap();
    place.write("b.csv", "email\nd@example.com\n");
    place.custload("import b.csv --first-id 5").ends(0);
    assert_eq!(emails(&place), ["100 a@example.com", "102 d@example.com"]);
    place.open("customers.db").execute("DELETE FROM customers", []).unwrap();
    place.custload("import b.csv --force").ends(0);
    assert_eq!(emails(&place), ["103 d@example.com"]);
    // A run that comes to nothing uses none up.
    place.write("c.csv", "email\ne@example.com\nno\n");
    place.custload("import c.csv --max-rejects 0").ends(3);
    place.custload("import c.csv").ends(1);
    assert_eq!(emails(&place), ["103 d@example.com", "104 e@example.com"]);
}

#[test]
fn ids_end_where_integers_end() {
    let place = Place::new();
    place.write("a.csv", "email\na@example.com\nb@example.com\nc@example.com\n");
    place.custload("import a.csv --profile contact --first-id 9223372036854775806").ends(2).says(&["customer IDs"]);
    assert_eq!(place.names(), ["a.csv"]);
}

#[test]
fn profiles_share_one_table() {
    let place = Place::new();
    place.write("contact.csv", "email,name,address_line_1\nann@example.com,Ann Smith,88 Harbor Drive\n");
    place.custload("import contact.csv --profile contact").ends(0);
    let columns = |place: &Place| place.number("customers.db", "SELECT count(*) FROM pragma_table_info('customers')");
    assert_eq!(columns(&place), 1 + 12 + 5);
    place.write("billing.csv", "external_key,name,no_taxes,email,ship_address_line_3\nK1,Bob,yes,ANN@example.com,x\n");
    place.custload("import billing.csv --profile billing").ends(0);
    let names = "SELECT name FROM pragma_table_info('customers')";
    let shared = place.column("customers.db", names);
    let mut once = shared.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), shared.len());
    let row =
        "SELECT customer_id || name || no_taxes || email || ship_address_line_3 FROM customers WHERE import_run = 2";
    assert_eq!(place.column("customers.db", row), ["2Bob1ANN@example.com".to_string() + "x"]);
    assert_eq!(
        place.json("customers.db.imports/run-000002/summary.json")["deprecated_by_field"]["ship_address_line_3"],
        1
    );
    // The contact key sees customers of other profiles, and a third profile adds what is its own.
    place.custload("import contact.csv --profile contact --force").ends(1);
    let basic = "name,origin\nCarl,\n";
    place.write("basic.csv", basic);
    place.custload("import basic.csv --profile basic").ends(0);
    assert_eq!(place.column("customers.db", "SELECT contact_origin FROM customers WHERE import_run = 4"), ["WEB_FORM"]);
    assert_eq!(place.column("customers.db", "PRAGMA integrity_check"), ["ok"]);
}

/// A check with a database of another profile has no key column to look at.
#[test]
fn a_check_against_a_database_without_the_key() {
    let place = Place::new();
    place.write("basic.csv", "name,tax_id\nCarl,1234\n");
    place.custload("import basic.csv --profile basic").ends(0);
    place.write("contact.csv", "email\nann@example.com\n");
    place.custload("check contact.csv --profile contact --db customers.db").ends(0);
    place.custload("import contact.csv --profile contact").ends(0);
    place.custload("check contact.csv --profile contact --db customers.db").ends(1);
}

/// Customers that somebody else has put into the table are customers too.
#[test]
fn customers_of_other_programs_have_keys() {
    let place = Place::new();
    place.write("a.csv", "email\nann@example.com\n");
    place.custload("import a.csv --profile contact").ends(0);
    let insert = "INSERT INTO customers (customer_id, email, created_at, updated_at, import_run, import_file, \
                  import_record) VALUES (?1, ?2, '', '', 0, 0, 0)";
    let database = place.open("customers.db");
    database.execute(insert, (50, "Bob@example.com")).unwrap();
    database.execute(insert, (-7, "carl@example.com")).unwrap();
    drop(database);
    place.write("b.csv", "email\nBOB@example.com\ncarl@example.com\ndora@example.com\n");
    place.custload("import b.csv --profile contact").ends(1);
    let said = |record: u32, customer: i32| {
        format!("{record} duplicate-key: customer {customer} in the database has the same email")
    };
    assert_eq!(messages(&place, 2), [said(1, 50), said(2, -7)]);
    assert_eq!(emails(&place).last().unwrap(), "51 dora@example.com");
}

/// A message names the customer that has the key: its name, and the file and the record that it came from.
#[test]
fn the_customer_that_has_a_key_is_named() {
    let place = Place::new();
    let long = "Maximiliane Alexandrina von Hohenlohe Langenburg";
    let list =
        format!("email,name\nann@example.com,Ann Lee\nbob@example.com,\nmax@example.com,{long}\ncy@example.com,Cyd\n");
    place.write("day1.csv", list);
    place.custload("import day1.csv --profile contact").ends(0);
    place.write("day2.csv", "email,name\nno,No One\ncy@example.com,Cyd New\n");
    place.custload("import day2.csv --profile contact --mode update --rejects-ok").ends(0);
    // What another program has put there.
    let insert = "INSERT INTO customers (email, name, created_at, updated_at, import_run, import_file, import_record) \
                  VALUES ('dee@example.com', 'Dee' || char(27) || char(8238), '', '', 77, 1, 1)";
    place.open("customers.db").execute_batch(insert).unwrap();
    let again = "ann@example.com\nANN@example.com\nbob@example.com\nmax@example.com\nann@example.com\ncy@example.com\ndee@example.com\n";
    place.write("again.csv", format!("email\n{again}"));
    let ann = "customer 1 (Ann Lee, record 1 of day1.csv)";
    let max = format!("customer 3 ({}…, record 3 of day1.csv)", &long[..40]);
    let customers = [
        ann,
        ann,
        "customer 2 (record 2 of day1.csv)",
        &max,
        ann,
        "customer 4 (Cyd New, record 2 of day2.csv)",
        "customer 5 (Dee\\u{1b}\\u{202e})",
    ];
    let expected: Vec<String> = (1..)
        .zip(customers)
        .map(|(record, customer)| format!("{record} duplicate-key: {customer} has the same email"))
        .collect();
    place.custload("import again.csv --profile contact").ends(1);
    assert_eq!(messages(&place, 3), expected);
    place.custload("check again.csv --profile contact --db customers.db --reports out").ends(1);
    let said: Vec<Value> =
        place.objects("out/errors.ndjson").into_iter().map(|fault| fault["message"].clone()).collect();
    assert!(said.iter().zip(&expected).all(|(said, expected)| expected.ends_with(said.as_str().unwrap())), "{said:?}");
    assert_eq!(said.len(), expected.len());
}
