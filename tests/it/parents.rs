//! Parents: records that name another record or customer they are below (docs/profiles.md, "Parents").

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Stdio;

use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::support::*;

const HEADER: &str = "external_key,parent_key,name,email\n";

/// Records with a key and a parent's key, `C1<C2` or `C1`; `!` before one makes it faulty.
fn table(records: &str) -> String {
    let mut text = HEADER.to_string();
    for record in records.split_whitespace() {
        let (record, email) = match record.strip_prefix('!') {
            Some(record) => (record, "nonsense"),
            None => (record, ""),
        };
        let (key, parent) = record.split_once('<').unwrap_or((record, ""));
        let _ = writeln!(text, "{key},{parent},Name of {key},{email}");
    }
    text
}

/// `ID key<parent's ID` of all customers.
fn customers(place: &Place) -> String {
    let sql = "SELECT customer_id || ' ' || ifnull(external_key, '-') || ifnull('<' || parent_customer_id, '') FROM customers \
               ORDER BY customer_id";
    place.column("customers.db", sql).join(", ")
}

/// `record code` of all errors.
fn errors(place: &Place, run: u32) -> String {
    let path = format!("customers.db.imports/run-{run:06}/errors.ndjson");
    let one = |line: serde_json::Value| format!("{} {}", line["record"], line["code"].as_str().unwrap());
    place.objects(&path).into_iter().map(one).collect::<Vec<_>>().join(", ")
}

#[track_caller]
fn import(place: &Place, options: &str) -> Done {
    place.custload(&format!("import {options} --profile billing --quiet --rejects-ok --now {NOW}"))
}

#[test]
fn a_parent_may_stand_anywhere() {
    for (records, stored, wrong) in [
        ("A B<A C<B", "1 A, 2 B<1, 3 C<2", ""),
        ("C<B B<A A", "1 C<2, 2 B<3, 3 A", ""),
        // Keys are compared without regard to case.
        ("a B<A", "1 a, 2 B<1", ""),
        ("A B<X C<B", "1 A", "2 no-such-parent, 3 parent-rejected"),
        ("A<A B<A C", "1 C", "1 parent-cycle, 2 parent-rejected"),
        ("A<B B<A C<B D", "1 D", "1 parent-cycle, 2 parent-cycle, 3 parent-rejected"),
        ("!A B<A C<B D", "1 D", "1 invalid-email, 2 parent-rejected, 3 parent-rejected"),
        ("!A<X B", "1 B", "1 no-such-parent, 1 invalid-email"),
        // The first of two records with one key is the parent, unless it is rejected.
        ("A A B<A", "1 A, 2 B<1", "2 duplicate-key"),
        ("!A A B<A", "1 A, 2 B<1", "1 invalid-email"),
        ("A<X A B<A", "1 A, 2 B<1", "1 no-such-parent"),
        ("A<A A B<A", "1 A, 2 B<1", "1 parent-cycle"),
        ("B<- A", "1 A", "1 no-such-parent"),
    ] {
        for threads in [1, 2] {
            let place = Place::new();
            place.write("a.csv", table(records));
            import(&place, &format!("a.csv --threads {threads}")).ends(0);
            assert_eq!(customers(&place), stored, "{records}");
            let found = errors(&place, 1);
            assert_eq!(sorted(&found), sorted(wrong), "{records}");
        }
    }
}

fn sorted(list: &str) -> Vec<&str> {
    let mut list: Vec<&str> = list.split(", ").collect();
    list.sort_unstable();
    list
}

#[test]
fn messages_name_the_parent_and_the_circle() {
    let place = Place::new();
    place.write("a.csv", table("A<X B<A C<C D<E E<D F<G G<H H<F"));
    // Nothing is loaded.
    import(&place, "a.csv").ends(1);
    let lines = place.objects("customers.db.imports/run-000001/errors.ndjson");
    let messages: Vec<&str> = lines.iter().map(|line| line["message"].as_str().unwrap()).collect();
    let circle = "the parents lead back to the record: \"F\" → \"G\" → \"H\" → \"F\"";
    assert_eq!(
        messages,
        [
            "parent_external_key is \"X\", and no record and no customer has this external_key",
            "parent_external_key is \"A\", and the record with this external_key was rejected",
            "parent_external_key is \"C\", which is the record itself",
            "the parents lead back to the record: \"D\" → \"E\" → \"D\"",
            "the parents lead back to the record: \"D\" → \"E\" → \"D\"",
            circle,
            circle,
            circle
        ]
    );
    assert!(lines[0]["column"] == 2 || lines[0]["field"] == "parent_external_key", "{}", lines[0]);
}

#[test]
fn parents_come_from_other_inputs_and_from_the_database() {
    let place = Place::new();
    place.write("a.csv", table("B<A C<Z"));
    place.write("b.csv", table("A Z<B"));
    import(&place, "a.csv b.csv").ends(0);
    assert_eq!(customers(&place), "1 B<3, 2 C<4, 3 A, 4 Z<1");
    place.write("c.csv", table("D<A E<D F<Q"));
    import(&place, "c.csv").ends(0);
    assert_eq!(customers(&place), "1 B<3, 2 C<4, 3 A, 4 Z<1, 5 D<3, 6 E<5");
    assert_eq!(errors(&place, 2), "3 no-such-parent");
    // A record with the key of a customer is rejected; its children find the customer.
    place.write("d.csv", table("A<X G<A A"));
    import(&place, "d.csv").ends(0);
    assert!(customers(&place).ends_with("6 E<5, 7 G<3"), "{}", customers(&place));
}

#[test]
fn an_update_moves_customers_in_the_tree() {
    let place = Place::new();
    place.write("a.csv", table("A B<A C<B D"));
    import(&place, "a.csv").ends(0);
    place.write("b.csv", table("C<D D<E E B A<C"));
    import(&place, "b.csv --mode upsert").ends(0);
    // An empty cell changes nothing.
    assert_eq!(customers(&place), "1 A<3, 2 B<1, 3 C<4, 4 D<5, 5 E");
    place.write("c.csv", table("D<B B<A"));
    import(&place, "c.csv --mode update").ends(1);
    assert_eq!(errors(&place, 3), "1 parent-cycle, 2 parent-cycle");
    place.write("d.csv", table("B D<B"));
    import(&place, "d.csv --mode update --empty clear").ends(0);
    assert_eq!(customers(&place), "1 A<3, 2 B, 3 C<4, 4 D<2, 5 E");
    place.write("e.csv", "external_key,name\nD,Other\n");
    import(&place, "e.csv --mode update").ends(0);
    assert_eq!(customers(&place), "1 A<3, 2 B, 3 C<4, 4 D<2, 5 E");
    place.custload("undo 5").ends(0);
    place.custload("undo 4").ends(0);
    assert_eq!(customers(&place), "1 A<3, 2 B<1, 3 C<4, 4 D<5, 5 E");
}

#[test]
fn links_may_come_in_a_file_of_their_own() {
    let place = Place::new();
    place.write("a.csv", "external_key,name\nA,Acme\nB,Beta\nC,Cee\n");
    place.write("b.csv", "external_key,name,parent_key\nB,,A\nC,,B\nA,,C\n");
    place.write("c.csv", "external_key,name,parent_key\nB,,A\nC,,B\n");
    import(&place, "a.csv b.csv --mode upsert").ends(0);
    assert_eq!(customers(&place), "1 A, 2 B, 3 C");
    assert_eq!(errors(&place, 1), "1 parent-cycle, 2 parent-cycle, 3 parent-cycle");
    let place_of_both = Place::new();
    place_of_both.write("a.csv", place.text("a.csv"));
    place_of_both.write("c.csv", place.text("c.csv"));
    import(&place_of_both, "a.csv c.csv --mode upsert").ends(0);
    assert_eq!(customers(&place_of_both), "1 A, 2 B<1, 3 C<2");
    place_of_both.custload("check c.csv a.csv --profile billing --mode upsert --db customers.db").ends(0);
    // Another key cannot tell which input creates which customer.
    let line = "import a.csv c.csv --profile billing --mode upsert --key name --db other.db";
    place_of_both.custload(line).ends(2).says(&["with --key external_key"]);
}

#[test]
fn orphans_are_stored_without_a_parent_if_the_field_is_cleared() {
    let place = Place::new();
    place.write("a.csv", table("A<X B<A C<D D<C !E F<E"));
    import(&place, "a.csv --on-invalid parent_external_key=clear").ends(0);
    assert_eq!(customers(&place), "1 A, 2 B<1, 3 C, 4 D, 5 F");
    let sql = "SELECT ifnull(group_concat(parent_external_key), '') FROM customers";
    assert_eq!(place.column("customers.db", sql), ["A"]);
    let kept = Place::new();
    kept.write("a.csv", place.text("a.csv"));
    import(&kept, "a.csv --on-invalid parent_external_key=keep").ends(0);
    assert_eq!(customers(&kept), "1 A, 2 B<1, 3 C, 4 D, 5 F");
    assert_eq!(kept.column("customers.db", sql), ["X,A,D,C,E"]);
}

#[test]
fn the_last_of_several_records_is_the_parent_with_duplicates_last() {
    let place = Place::new();
    place.write("a.csv", table("A B<A A<B C<A A"));
    import(&place, "a.csv --duplicates last").ends(0);
    assert_eq!(customers(&place), "1 B<3, 2 C<3, 3 A");
}

#[test]
fn other_keys_find_the_first_accepted_record() {
    let text = "external_key,parent_key,name,email\nA,,Acme,a@x.example\nB,A,Beta,a@x.example\nC,B,Cee,c@x.example\n\
                D,A,Dee,d@x.example\nA,,Acme 2,e@x.example\n,D,Eff,f@x.example\n";
    for (key, stored, wrong) in [
        ("email", "1 A, 2 D<1, 3 A, 4 -<2", "2 duplicate-key, 3 parent-rejected"),
        ("none", "1 A, 2 B<1, 3 C<2, 4 D<1, 5 A, 6 -<4", ""),
    ] {
        let place = Place::new();
        place.write("a.csv", text);
        import(&place, &format!("a.csv --key {key}")).ends(0);
        assert_eq!((customers(&place).as_str(), errors(&place, 1).as_str()), (stored, wrong), "{key}");
    }
}

#[test]
fn a_parents_id_must_be_that_of_a_customer() {
    let place = Place::new();
    place.write("a.csv", "external_key,name,parent_customer_id\nA,Acme,\nB,Beta,1\n");
    import(&place, "a.csv").ends(0);
    assert_eq!((customers(&place).as_str(), errors(&place, 1).as_str()), ("1 A", "2 no-such-parent"));
    place.write("b.csv", "external_key,name,parent_customer_id\nB,Beta,1\nC,Cee,2\nD,Dee,7\n");
    import(&place, "b.csv").ends(0);
    assert_eq!(
        (customers(&place).as_str(), errors(&place, 2).as_str()),
        ("1 A, 2 B<1", "2 no-such-parent, 3 no-such-parent")
    );
    // Without a database it is unknown which customers exist.
    place.custload("check b.csv --profile billing").ends(0);
    place.custload("check b.csv --profile billing --db customers.db").ends(1);
    // The parent's key wins over an ID.
    place.write("c.csv", "external_key,name,parent_customer_id,parent_key\nE,Eff,99,B\nF,Eff,1,\n");
    import(&place, "c.csv").ends(0).says(&["cells not used"]);
    assert!(customers(&place).ends_with("3 E<2, 4 F<1"), "{}", customers(&place));
    // Beside a column of keys, parent_id is one.
    place.write("d.csv", "external_key,name,parent_id\nG,Gee,E\n");
    import(&place, "d.csv").ends(0);
    assert!(customers(&place).ends_with("5 G<3"), "{}", customers(&place));
}

#[test]
fn an_id_that_no_customer_has_rejects_a_record_unless_it_names_a_parent_by_key() {
    let place = Place::new();
    let header = "name,external_key,parent_customer_id,parent_external_key\n";
    place.write("a.csv", format!("{header}A,a,99,\nB,b,99,c\nC,c,,\nD,d,,a\nE,e,2,\n"));
    for line in ["check a.csv --profile billing --db customers.db", "import a.csv --profile billing"] {
        place.custload(line).ends(1);
    }
    assert_eq!(customers(&place), "1 b<2, 2 c");
    assert_eq!(errors(&place, 1), "1 no-such-parent, 4 parent-rejected, 5 no-such-parent");
    // If the parent's key decides, and is cleared or kept, the ID is none.
    for (what, stored) in [("clear", ""), ("keep", "x")] {
        let place = Place::new();
        place.write("a.csv", format!("{header}A,a,99,x\n"));
        import(&place, &format!("a.csv --on-invalid parent_external_key={what}")).ends(0);
        let sql = "SELECT ifnull(parent_customer_id, '') || ifnull(parent_external_key, '') FROM customers";
        assert_eq!(place.column("customers.db", sql), [stored]);
    }
    place.write("b.csv", "external_key,parent_external_key\nb,\nc,zz\n");
    import(&place, "b.csv --mode update --on-invalid parent_external_key=keep").ends(0);
    place.write("b.csv", "external_key,parent_external_key\nb,zz\n");
    import(&place, "b.csv --mode update --on-invalid parent_external_key=keep").ends(0);
    // The new value without its customer, not beside the old one.
    assert_eq!(customers(&place), "1 b, 2 c");
    place.custload(&format!("import a.csv --profile billing --first-id {} --db new.db", i64::MAX - 1)).ends(2);
}

#[test]
fn the_last_record_with_a_value_is_the_parent_with_duplicates_last_whatever_the_key() {
    for key in ["email", "none"] {
        let place = Place::new();
        place
            .write("a.csv", "name,email,external_key,parent_external_key\nA,a@x.com,k,k\nB,b@x.com,k,\nC,c@x.com,,k\n");
        import(&place, &format!("a.csv --key {key} --duplicates last")).ends(0);
        assert_eq!(customers(&place), "1 k<2, 2 k, 3 -<2", "{key}");
    }
}

#[test]
fn a_duplicate_does_not_move_a_customer() {
    for (records, options, stored, wrong) in [
        ("A A<C B<A", "", "1 A<2, 2 B, 3 C", "2 duplicate-key, 3 parent-cycle"),
        ("C C<B B<C", "", "1 A<2, 2 B<3, 3 C", "2 duplicate-key"),
        ("A<C A B<A", "--duplicates last", "1 A<2, 2 B, 3 C", "3 parent-cycle"),
    ] {
        let place = Place::new();
        place.write("a.csv", table("A<B B C"));
        import(&place, "a.csv").ends(0);
        place.write("b.csv", table(records));
        import(&place, &format!("b.csv --mode upsert {options}")).ends(0);
        assert_eq!((customers(&place).as_str(), errors(&place, 2).as_str()), (stored, wrong), "{records}");
    }
}

#[test]
fn no_customer_becomes_its_own_ancestor() {
    let place = Place::new();
    place.write("a.csv", table("A<B B C"));
    import(&place, "a.csv").ends(0);
    // Customers' IDs say nothing of the records before them, nor do several inputs of each other.
    for (input, text, options, circle) in [
        ("b.csv", "external_key,parent_customer_id\nB,1\n".to_string(), "b.csv", "2 → 1 → 2"),
        ("b.csv", "external_key,parent_customer_id\nC,3\n".to_string(), "b.csv", "3 → 3"),
        ("b.csv", "external_key,parent_customer_id\nB,1\nC,2\n".to_string(), "b.csv --commit-every 1", "2 → 1 → 2"),
        ("b.csv", table("A<zz B<A"), "b.csv --on-invalid parent_external_key=clear", "2 → 1 → 2"),
    ] {
        place.write(input, text);
        let before = place.column("customers.db", "SELECT ifnull(parent_customer_id, '') FROM customers");
        for command in ["check --db customers.db", "import --quiet"] {
            let done = place.custload(&format!("{command} {options} --profile billing --mode update --now {NOW}"));
            let done = done.ends(2).says(&["customers.db: customer", "would be its own ancestor", circle]);
            assert_eq!(done.stderr.contains("nothing was written"), command.starts_with("import"));
        }
        assert_eq!(place.column("customers.db", "SELECT ifnull(parent_customer_id, '') FROM customers"), before);
    }
    // What one record says may be outdone by another input, which a run of its own would not know.
    place.write("one.csv", table("B<A"));
    place.write("two.csv", table("A<C"));
    let line = format!("one.csv --profile billing --mode update --db customers.db --now {NOW}");
    place.custload(&format!("check {line}")).ends(1);
    place.custload(&format!("check two.csv {line}")).ends(0);
    place.custload(&format!("import {line} two.csv")).ends(0);
    assert_eq!(customers(&place), "1 A<3, 2 B<1, 3 C");
    place.custload("undo 2").ends(0);
    // With another key, an update might rename what parents are found by.
    place.write("b.csv", "email,parent_external_key\na@x.com,B\n");
    place.custload("import b.csv --profile billing --mode update --key email").ends(2).says(&["--key external_key"]);
    // What another program has done is nobody's fault.
    place.open("customers.db").execute("UPDATE customers SET parent_customer_id = customer_id", []).unwrap();
    place.write("b.csv", table("D<A"));
    import(&place, "b.csv --mode upsert").ends(0);
}

/// One part moves a customer, which is all right; a later part closes the circle.
#[test]
fn a_circle_across_parts_is_refused_by_the_part_that_closes_it() {
    let place = Place::new();
    place.write("a.csv", table("A B C"));
    import(&place, "a.csv").ends(0);
    place.write("b.csv", "external_key,parent_customer_id\nC,2\nA,3\nB,1\n");
    let done = place.custload("import b.csv --profile billing --mode update --commit-every 1");
    done.ends(2).says(&["customer 2 would be its own ancestor: 2 → 1 → 3 → 2"]);
    assert_eq!(customers(&place), "1 A<3, 2 B, 3 C<2");
}

#[test]
fn undo_restores_nobody_below_a_deleted_customer() {
    let place = Place::new();
    for (file, records, options) in
        [("a.csv", "A", ""), ("b.csv", "B<A", ""), ("c.csv", "B", "--mode upsert --empty clear")]
    {
        place.write(file, table(records));
        import(&place, &format!("{file} {options}")).ends(0);
    }
    place.custload("undo 1").ends(0);
    let before = place.everything();
    place
        .custload("undo 3")
        .ends(2)
        .says(&["customer 2 would have its former parent again, customer 1", "--keep-changed"]);
    assert!(before == place.everything());
    place.write("d.csv", table("C"));
    import(&place, "d.csv").ends(0);
    place.write("e.csv", table("B<C"));
    import(&place, "e.csv --mode upsert").ends(0);
    place.custload("undo 3 --keep-changed").ends(0);
    assert_eq!(customers(&place), "2 B<3, 3 C");
}

/// More new customers than are inserted one by one.
#[test]
fn no_new_customer_among_many_becomes_its_own_ancestor() {
    let place = Place::new();
    place.write("a.csv", table("A"));
    import(&place, "a.csv").ends(0);
    let many: String = (0..11_000).map(|at| format!("M{at},Name {at},,\n")).collect();
    let header = "external_key,name,parent_customer_id,parent_key\n";
    place.write("b.csv", format!("{header}{many}N,Name,1,\nA,,,N\n"));
    for (command, circle) in [("check --db customers.db", "1 → new → 1"), ("import --quiet", "1 → 11002 → 1")] {
        let done = place.custload(&format!("{command} b.csv --profile billing --mode upsert --now {NOW}"));
        done.ends(2).says(&["customer 1 would be its own ancestor", circle]);
    }
    assert_eq!(customers(&place), "1 A");
}

#[test]
fn undo_restores_nobody_below_itself() {
    // What is loaded; with `-` an empty cell clears. What is undone: the runs that are refused, with the circle, and the others.
    for (loads, undone, stored) in [
        ("A B<A; -B; A<B", "2: 2 → 1 → 2, 3, 2", "1 A, 2 B<1"),
        (
            "A B<A; -B; A<B",
            "2: undo the runs that have moved, 2 --keep-changed: 2 → 1 → 2, 3, 2 --keep-changed",
            "1 A, 2 B<1",
        ),
        ("A B<A C<B; -B; A<C", "2: 2 → 1 → 3 → 2, 3, 2", "1 A, 2 B<1, 3 C<2"),
        ("A B<A C; B<C; A<B", "2: 2 → 1 → 2, 3, 2", "1 A, 2 B<1, 3 C"),
        ("A B<A; B<N N; A<B", "2: 2 → 1 → 2, 3, 2", "1 A, 2 B<1"),
        ("A B<A C D; -B; C<B; A<C", "2: 2 → 1 → 3 → 2, 4, 2, 3", "1 A, 2 B<1, 3 C, 4 D"),
        // Several are moved at once, and back.
        ("A B<A; -A<B B", "2", "1 A, 2 B<1"),
        ("A B<A C<B; -A<C B C<B; -A B C", "3, 2", "1 A, 2 B<1, 3 C<2"),
        ("A B<A C<B; -A<C B C<B; -A B C; -B<A", "3: 1 → 3 → 2 → 1, 4, 3", "1 A<3, 2 B, 3 C<2"),
        // Not of this run's making.
        (
            "A B C<A; -C",
            "!UPDATE customers SET parent_customer_id = 3 - customer_id WHERE customer_id < 3, 2",
            "1 A<2, 2 B<1, 3 C<1",
        ),
    ] {
        let place = Place::new();
        for (number, records) in loads.split("; ").enumerate() {
            let (records, empty) = records.strip_prefix('-').map_or((records, "keep"), |records| (records, "clear"));
            place.write("a.csv", table(records));
            import(&place, &format!("a.csv --mode upsert --empty {empty} --force")).ends(0);
            assert!(place.path(&format!("customers.db.imports/run-{:06}", number + 1)).exists());
        }
        for undo in undone.split(", ") {
            if let Some(sql) = undo.strip_prefix('!') {
                place.open("customers.db").execute(sql, []).unwrap();
                continue;
            }
            let before = place.everything();
            match undo.split_once(": ") {
                None => _ = place.custload(&format!("undo {undo}")).ends(0),
                Some((run, said)) => {
                    place.custload(&format!("undo {run}")).ends(2).says(&[said]);
                    assert!(before == place.everything(), "{loads}");
                }
            }
        }
        assert_eq!(customers(&place), stored, "{loads}: {undone}");
    }
}

#[test]
fn a_check_finds_what_an_import_would() {
    let place = Place::new();
    place.write("a.csv", table("A B<A C<X D<C"));
    place.custload("check a.csv --profile billing --reports r").ends(1);
    let codes = |place: &Place| {
        place.objects("r/errors.ndjson").iter().map(|line| line["code"].to_string()).collect::<String>()
    };
    assert_eq!(codes(&place), "\"no-such-parent\"\"parent-rejected\"");
    // In an update, without a database, a customer may have any key.
    place.custload("check a.csv --profile billing --mode update").ends(0);
}

#[test]
fn standard_input_is_read_twice() {
    let place = Place::new();
    let args = ["import", "-", "--profile", "billing", "--quiet", "--now", NOW];
    let mut child = place.command(&args).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(table("C<B B<A A").as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(customers(&place), "1 C<2, 2 B<3, 3 A");
    let file = Place::new();
    file.write("a.csv", table("C<B B<A A"));
    import(&file, "a.csv").ends(0);
    let sha256 = "SELECT sha256 || bytes FROM import_files";
    assert_eq!(place.column("customers.db", sha256), file.column("customers.db", sha256));
}

#[test]
fn json_names_parents_by_keys() {
    let place = Place::new();
    place.write("a.ndjson", "{\"external_key\":\"B\",\"name\":\"Beta\",\"parent\":{\"key\":\"A\"}}\n{\"external_key\":\"A\",\"name\":\"Acme\"}\n");
    import(&place, "a.ndjson").ends(0);
    assert_eq!(customers(&place), "1 B<2, 2 A");
    // A key that comes late must be named.
    let late = format!(
        "{}{{\"external_key\":\"Z\",\"name\":\"Zed\",\"parent_key\":\"K1\"}}\n",
        (0..40_000).map(|at| format!("{{\"external_key\":\"K{at}\",\"name\":\"Name {at}\"}}\n")).collect::<String>()
    );
    place.write("b.ndjson", late);
    import(&place, "b.ndjson").ends(2).says(&["record 40001 names a parent", "--map"]);
    let line = format!("import b.ndjson --profile billing --quiet --now {NOW} --map parent_key=parent_external_key");
    place.custload(&line).ends(0);
    assert!(customers(&place).ends_with("40003 Z<4"));
}

#[test]
fn parts_cannot_be_committed_before_parents_are_there() {
    let place = Place::new();
    place.write("a.csv", table("A B<A"));
    import(&place, "a.csv --commit-every 1").ends(2).says(&["Leave out --commit-every"]);
}

#[test]
fn deep_trees_and_long_circles_are_all_right() {
    let depth = 100_000;
    let mut records: String = (1..depth).map(|at| format!("C{at}<C{} ", at + 1)).collect();
    let _ = write!(records, "C{depth} ");
    let in_circle = 1_000;
    records.extend((0..in_circle).map(|at| format!("R{at}<R{} ", (at + 1) % in_circle)));
    let mut databases = Vec::new();
    for threads in [1, 2] {
        let place = Place::new();
        place.write("a.csv", table(&records));
        import(&place, &format!("a.csv --threads {threads}")).ends(0);
        let wrong = "SELECT count(*) FROM customers WHERE parent_customer_id <> customer_id + 1";
        assert_eq!(place.number("customers.db", wrong), 0);
        assert_eq!(
            place.number("customers.db", "SELECT count(*) FROM customers WHERE parent_customer_id > 0"),
            depth - 1
        );
        let lines = place.objects("customers.db.imports/run-000001/errors.ndjson");
        assert_eq!(lines.len(), in_circle);
        let message =
            "the parents lead back to the record: \"R0\" → \"R1\" → \"R2\" → \"R3\" → \"R4\" → … (1000 records)";
        assert!(lines.iter().all(|line| line["message"] == message), "{}", lines[7]);
        let errors = place.text("customers.db.imports/run-000001/errors.ndjson");
        databases.push((dump_table(&place.path("customers.db"), "customers"), errors));
    }
    assert!(databases[0] == databases[1], "the number of threads changes the result");
}

#[test]
fn undo_keeps_parents_whose_children_stay() {
    let place = Place::new();
    place.write("a.csv", table("A B<A C"));
    import(&place, "a.csv").ends(0);
    place.write("b.csv", table("D<B E<D"));
    import(&place, "b.csv").ends(0);
    let before = place.everything();
    place
        .custload("undo 1")
        .ends(2)
        .says(&["2 customers have children that stay", "customer 2: the parent of customer 4, which stays"]);
    assert!(before == place.everything());
    place.custload("undo 1 --keep-changed").ends(0);
    assert_eq!(customers(&place), "1 A, 2 B<1, 4 D<2, 5 E<4");
    place.custload("undo 2").ends(0);
    assert_eq!(customers(&place), "1 A, 2 B<1");
}

/// A record of the property test: its code, its parent's code, a login that no two customers share, and whether it is faulty.
type Record = (Option<u8>, Option<u8>, Option<u8>, bool);

/// A load: its mode, its key, whether it is JSON, and the records of its inputs; and what is undone after it.
type Load = (&'static str, &'static str, bool, Vec<Vec<Record>>, Option<Undo>);

/// Which of the runs so far, counted from the last, and whether customers that have changed since stay.
type Undo = (usize, bool);

fn load() -> impl Strategy<Value = Load> {
    let value = |share, most: u8| prop::option::weighted(share, 0..most);
    let record = (value(0.9, 6), value(0.7, 7), value(0.6, 8), prop::bool::weighted(0.1));
    let inputs = prop::collection::vec(prop::collection::vec(record, 0..8), 1..3);
    let mode_and_key = prop::sample::select(vec![
        ("create", "code"),
        ("create", "login"),
        ("create", "none"),
        ("create", "code,login"),
        ("upsert", "code"),
        ("upsert --empty clear", "code"),
    ]);
    let undo = prop::option::of((0..4usize, any::<bool>()));
    (mode_and_key, any::<bool>(), inputs, undo).prop_map(|((mode, key), is_json, mut inputs, undo)| {
        if mode.starts_with("upsert") {
            inputs.truncate(1);
        }
        (mode, key, is_json, inputs, undo)
    })
}

/// A customer as the test reads it: ID, name, code, parent's ID, login.
type Customer = (i64, String, Option<u8>, Option<i64>, Option<u8>);

fn read_customers(place: &Place) -> Vec<Customer> {
    if !place.path("customers.db").exists() {
        return Vec::new();
    }
    let database = place.open("customers.db");
    let sql =
        "SELECT customer_id, name, substr(code, 2), parent_customer_id, substr(login, 2) FROM customers ORDER BY 1";
    let mut statement = database.prepare(sql).unwrap();
    let number = |text: Option<String>| text.map(|text| text.parse().unwrap());
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, number(row.get(2)?), row.get(3)?, number(row.get(4)?))));
    rows.unwrap().map(Result::unwrap).collect()
}

const OWN: &str = "name = \"own\"\n[fields.name]\n[fields.code]\n[fields.up]\nreferences = \"code\"\n\
                   [fields.login]\nunique = true\n[fields.email]\ntype = \"email\"\n\
                   [[checks]]\nname = \"pair\"\nrule = \"login == null || code != 'c0'\"\n";

proptest! {
    #![proptest_config(Config { cases: cases(), failure_persistence: None, max_shrink_iters: 200, ..Config::default() })]
    #[test]
    fn whatever_is_loaded_is_below_the_parents_it_names(loads in prop::collection::vec(load(), 1..6)) {
        let place = Place::new();
        place.write("own.toml", OWN);
        let mut next = 1;
        for (number, (mode, key, is_json, inputs, undo)) in loads.iter().enumerate() {
            let before = read_customers(&place);
            let cell = |value: &Option<u8>, letter: char| value.map_or(String::new(), |value| format!("{letter}{value}"));
            let mut names = Vec::new();
            for (input, records) in inputs.iter().enumerate() {
                let mut text = if *is_json { "" } else { "name,code,up,login,email\n" }.to_string();
                for (at, (code, up, login, is_faulty)) in records.iter().enumerate() {
                    let email = if *is_faulty { "nonsense" } else { "" };
                    let cells = [format!("n{number}-{input}-{at}"), cell(code, 'c'), cell(up, 'c'), cell(login, 'l'), email.to_string()];
                    let members = ["name", "code", "up", "login", "email"].iter().zip(&cells).filter(|(_, cell)| !cell.is_empty());
                    text += &match is_json {
                        true => format!("{{{}}}\n", members.map(|(key, cell)| format!("\"{key}\":\"{cell}\"")).collect::<Vec<_>>().join(",")),
                        false => cells.join(",") + "\n",
                    };
                }
                names.push(format!("{number}-{input}.{}", if *is_json { "ndjson" } else { "csv" }));
                place.write(&names[input], text);
            }
            let line = format!("import {} --profile own.toml --mode {mode} --key {key} --force --quiet --rejects-ok", names.join(" "));
            let done = place.custload(&line);
            prop_assert!(matches!(done.status, Some(0 | 1)), "{} {:?} {}", number, loads, done.stderr);
            let after = read_customers(&place);
            let faults = place.objects(&format!("customers.db.imports/run-{:06}/errors.ndjson", number + 1));
            let with_code = |code: u8| after.iter().filter(move |customer| customer.2 == Some(code));
            let records = inputs.iter().enumerate().flat_map(|(input, records)| {
                records.iter().enumerate().map(move |(at, record)| (input, at, record))
            });
            let mut created = Vec::new();
            for (input, at, record @ (code, up, login, is_faulty)) in records.clone() {
                let name = format!("n{number}-{input}-{at}");
                let context = || format!("{name} {record:?} of load {number} of {loads:?}");
                let own: Vec<&str> = faults.iter()
                    .filter(|fault| fault["file"] == names[input] && fault["record"] == at + 1)
                    .map(|fault| fault["code"].as_str().unwrap()).collect();
                let Some((id, _, _, parent, _)) = after.iter().find(|customer| customer.1 == name) else {
                    prop_assert!(!own.is_empty(), "no reason: {}", context());
                    let has_code = |wanted: u8| records.clone().any(|(_, _, (code, ..))| *code == Some(wanted));
                    for fault in own {
                        let is_right = match fault {
                            "invalid-email" => *is_faulty,
                            "check-failed" => login.is_some() && *code == Some(0),
                            "no-such-parent" => up.is_some_and(|up| with_code(up).next().is_none() && !has_code(up)),
                            "parent-rejected" => up.is_some_and(|up| with_code(up).next().is_none() && has_code(up)),
                            "parent-cycle" => up.is_some_and(|up| has_code(up) || with_code(up).next().is_some()),
                            "duplicate-value" => login.is_some() && before.iter().chain(&after).any(|customer| customer.4 == *login),
                            "duplicate-key" => after.iter().any(|customer| {
                                (!key.contains("code") || customer.2 == *code) && (!key.contains("login") || customer.4 == *login)
                            }),
                            "no-key" => code.is_none(),
                            "ambiguous-key" => code.is_some_and(|code| with_code(code).count() > 1),
                            _ => false,
                        };
                        prop_assert!(is_right, "{}: {}", fault, context());
                    }
                    continue;
                };
                prop_assert!(own.is_empty(), "accepted with {:?}: {}", own, context());
                if before.iter().all(|customer| customer.0 != *id) {
                    created.push(*id);
                    prop_assert!(up.is_some() || parent.is_none(), "{}", context());
                }
                if let Some(up) = up {
                    prop_assert_eq!(*parent, with_code(*up).map(|customer| customer.0).next(), "{}", context());
                }
            }
            // No gaps, in the records' order.
            prop_assert!(created.iter().copied().eq(next..next + created.len() as i64), "{:?} {:?}", created, loads);
            next += created.len() as i64;
            prop_assert_eq!(wrong_parent(&parents_of(&after)), None, "{:?}", loads);
            let Some((back, keep)) = undo.filter(|(back, _)| *back <= number) else { continue };
            let keep = if keep { " --keep-changed" } else { "" };
            let done = place.custload(&format!("undo {}{keep}", number + 1 - back));
            prop_assert!(matches!(done.status, Some(0 | 2)), "{:?} {:?}", loads, done.stderr);
            let left = read_customers(&place);
            prop_assert!(done.status == Some(0) || left == after, "{:?}", loads);
            prop_assert_eq!(wrong_parent(&parents_of(&left)), None, "{:?}: {:?}", loads, done.stderr);
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// An upsert puts customers below others, or takes them out of the tree.
    Move(Vec<(usize, Option<usize>)>),
    /// Of the runs so far, counted from the last.
    Undo { back: usize, keep: bool },
}

fn step() -> impl Strategy<Value = Step> {
    let moved = (0..4usize, prop::option::weighted(0.6, 0..4usize));
    let undo = (0..4usize, any::<bool>()).prop_map(|(back, keep)| Step::Undo { back, keep });
    prop_oneof![3 => prop::collection::vec(moved, 1..3).prop_map(Step::Move), 2 => undo]
}

proptest! {
    #![proptest_config(Config { cases: cases(), failure_persistence: None, max_shrink_iters: 200, ..Config::default() })]
    #[test]
    fn no_order_of_moves_and_undos_leaves_a_circle(steps in prop::collection::vec(step(), 4..12)) {
        let (place, codes) = (Place::new(), ["A", "B", "C", "D"]);
        place.write("a.csv", table("A B<A C<A D"));
        import(&place, "a.csv").ends(0);
        let mut runs = 1;
        for step in &steps {
            match step {
                Step::Move(moved) => {
                    let record = |(code, up): &(usize, Option<usize>)| match up {
                        Some(up) => format!("{}<{} ", codes[*code], codes[*up]),
                        None => format!("{} ", codes[*code]),
                    };
                    place.write("a.csv", table(&moved.iter().map(record).collect::<String>()));
                    let status = import(&place, "a.csv --mode upsert --empty clear --force").status;
                    prop_assert!(matches!(status, Some(0 | 1)), "{:?}", steps);
                    runs = place.number("customers.db", "SELECT max(run_id) FROM import_runs");
                }
                Step::Undo { back, keep } => {
                    let keep = if *keep { " --keep-changed" } else { "" };
                    let status = place.custload(&format!("undo {}{keep}", (runs - *back as i64).max(2))).status;
                    prop_assert!(matches!(status, Some(0 | 2)), "{:?}", steps);
                }
            }
            let rows = "SELECT customer_id || ' ' || ifnull(parent_customer_id, 0) FROM customers ORDER BY customer_id";
            let rows = place.column("customers.db", rows);
            let number = |text: &str| text.parse::<i64>().unwrap();
            let parents = rows.iter().map(|row| row.split_once(' ').unwrap());
            let parents: Vec<(i64, Option<i64>)> =
                parents.map(|(id, parent)| (number(id), Some(number(parent)).filter(|parent| *parent > 0))).collect();
            prop_assert_eq!(wrong_parent(&parents), None, "{:?} of {:?}", step, steps);
        }
    }
}

/// A customer with its parent that is above itself, or below one that does not exist.
fn wrong_parent(parents: &[(i64, Option<i64>)]) -> Option<i64> {
    let is_wrong = |customer: i64| {
        let mut above = customer;
        for _ in 0..=parents.len() {
            match parents.iter().find(|(customer, _)| *customer == above) {
                Some((_, Some(parent))) => above = *parent,
                Some((_, None)) => return false,
                None => return true,
            }
        }
        true
    };
    parents.iter().map(|(customer, _)| *customer).find(|customer| is_wrong(*customer))
}

fn parents_of(customers: &[Customer]) -> Vec<(i64, Option<i64>)> {
    customers.iter().map(|customer| (customer.0, customer.3)).collect()
}

/// `CUSTLOAD_CASES` asks for more.
fn cases() -> u32 {
    std::env::var("CUSTLOAD_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(60)
}

/// Whether its parent is cleared turns out when all records have been checked.
#[test]
fn a_parent_that_a_check_names_is_not_cleared() {
    let place = Place::new();
    let check = "[[checks]]\nname = 'orphan'\nrule = \"parent_external_key != null || name != 'X'\"\n";
    place.write("own.toml", format!("name = 'own'\nextends = 'billing'\n{check}"));
    place.write("a.csv", "external_key,parent_key,name,email\n1,,Ann,no\n2,9,Bob,\n3,1,X,\n4,,X,\n");
    let option = "import a.csv --profile own.toml --on-invalid parent_external_key=clear";
    place.custload(option).ends(2).says(&["--on-invalid parent_external_key=clear", "a check of the profile names it"]);
    place.custload("import a.csv --profile own.toml --on-invalid all=clear").ends(1);
    assert_eq!(errors(&place, 1), "1 invalid-email, 2 no-such-parent, 4 check-failed");
    assert_eq!(place.column("customers.db", "SELECT name || ifnull(email, '-') FROM customers"), ["Ann-", "X-"]);
}
