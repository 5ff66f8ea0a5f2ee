//! How headers are bound to fields.

use super::matching::{MAP, NAME};
use super::*;
use crate::core::record::json::Paths;

fn bind(profile: &str, headers: &[&str]) -> Binding {
    let names = HeaderNames::new(&Profile::named(profile).unwrap(), &Mapping::default());
    Binding::new(&names, headers.iter().map(|name| name.to_string()).collect(), false)
}

fn field(profile: &str, column: &str) -> usize {
    Profile::named(profile).unwrap().field_index(column).unwrap()
}

#[test]
fn names_are_compared_by_letters_and_digits() {
    let cases = [
        ("contact", "*E-Mail Address", "email", 2),
        ("contact", "EMAIL", "email", 0),
        ("contact", "E\u{34f}mail\u{fe0f}\u{ad}", "email", 0),
        ("contact", "zip code", "postal_code", 1),
        ("contact", "Address 1", "address_line_1", 2),
        ("contact", "street", "address_line_1", 5),
        ("billing", "Tax ID #/VAT #", "tax_id", 1),
        ("billing", "Flag to disable late fees", "no_late_fees", 1),
        ("billing", "no_latefees", "no_late_fees", 0),
        ("billing", "no_procfees", "no_processing_fees", 2),
        ("billing", "custom field 20", "custom_20", 1),
    ];
    for (profile, header, column, rank) in cases {
        let names = HeaderNames::new(&Profile::named(profile).unwrap(), &Mapping::default());
        let found = Match { field: field(profile, column), part: None, rank: rank + NAME };
        assert_eq!(names.find(header), Meaning::Field(found), "{header}");
    }
    let names = HeaderNames::new(&Profile::named("contact").unwrap(), &Mapping::default());
    assert_eq!(names.find(""), Meaning::Unknown);
}

#[test]
fn the_better_name_comes_first_then_the_first_column() {
    let binding = bind("contact", &["email_address", "Email", "color", "E-Mail", "email"]);
    let email = field("contact", "email");
    assert_eq!(binding.sources.indices(email).collect::<Vec<_>>(), [1, 3, 4, 0]);
    assert_eq!(binding.columns[2], Column::Unknown);
    assert!(matches!(binding.columns[0], Column::Field(Match { field, .. }) if field == email));
}

#[test]
fn a_part_gives_nothing_alone() {
    let name = field("contact", "name");
    let binding = bind("contact", &["email", "last_name"]);
    assert!(binding.sources.lack(name));
    assert!(matches!(binding.columns[1], Column::Alone(_)));
    let binding = bind("contact", &["last_name", "first_name", "name"]);
    assert_eq!(binding.sources.indices(name).collect::<Vec<_>>(), [2, 1, 0]);
    let binding = bind("billing", &["last_name", "email", "first_name", "company", "full_name"]);
    assert_eq!(binding.sources.indices(field("billing", "name")).collect::<Vec<_>>(), [3, 2, 0, 4]);
    assert!(bind("billing", &["last_name", "email"]).sources.lack(field("billing", "name")));
}

#[test]
fn the_columns_of_a_reject_report_are_known() {
    let binding = bind("contact", &["email", "_reject_line", "_reject_raw"]);
    assert!(binding.is_report());
    assert_eq!(binding.own_columns().collect::<Vec<_>>(), [0]);
    assert!(!bind("contact", &["email", "reject_line"]).is_report());
}

#[test]
fn a_header_that_is_spelt_as_in_the_map_is_meant_alone() {
    let contact = Profile::named("contact").unwrap();
    let mut mapping = Mapping::default();
    mapping.add("e mail=cc_email").unwrap();
    let names = HeaderNames::new(&contact, &mapping);
    let fields = |headers: &[&str]| -> Vec<usize> {
        let headers: Vec<String> = headers.iter().map(|name| name.to_string()).collect();
        let found = names.meanings(&Header::new(&headers)).into_iter();
        found.map(|found| if let Meaning::Field(found) = found { found.field } else { usize::MAX }).collect()
    };
    let (email, cc_email) = (field("contact", "email"), field("contact", "cc_email"));
    assert_eq!(fields(&["E-Mail", " e mail "]), [email, cc_email]);
    assert_eq!(fields(&["E-Mail", "EMAIL"]), [cc_email, cc_email]);
    assert_eq!(names.find("E-Mail"), Meaning::Field(Match { field: cc_email, part: None, rank: MAP }));
}

#[test]
fn a_map_means_what_it_names_alone() {
    let contact = Profile::named("contact").unwrap();
    let bind = |maps: &[&str], headers: &[&str]| {
        let mut mapping = Mapping::default();
        maps.iter().for_each(|map| mapping.add(map).unwrap());
        let headers = headers.iter().map(|name| name.to_string()).collect();
        Binding::new(&HeaderNames::new(&contact, &mapping), headers, false)
    };
    let phones = |binding: &Binding| binding.sources.indices(field("contact", "phone")).collect::<Vec<_>>();
    for (maps, headers, expected) in [
        (vec!["Fon=phone"], vec!["Phone", "Fon", "Mobile"], vec![1]),
        (vec!["Fon=phone", "Mobile=phone"], vec!["Phone", "Fon", "Mobile"], vec![1, 2]),
        (vec!["Phone="], vec!["Phone", "Phone"], vec![1]),
        (vec!["Phone#2="], vec!["Phone", "Phone", "Phone"], vec![0, 2]),
        (vec!["Phone#2=phone"], vec!["Phone", "Phone"], vec![1]),
        // A header that is literally so comes first.
        (vec!["Phone#2=phone"], vec!["Phone", "Phone", "Phone#2"], vec![2]),
    ] {
        assert_eq!(phones(&bind(&maps, &headers)), expected, "{maps:?} {headers:?}");
    }
    let binding = bind(&["Fon=phone"], &["Phone", "Fon"]);
    assert!(matches!(binding.columns[0], Column::Outranked(_, 1)));
    let name = field("contact", "name");
    let binding = bind(&["Nachname=last_name"], &["email", "Nachname", "Name"]);
    assert_eq!(binding.sources.indices(name).collect::<Vec<_>>(), [1]);
}

#[test]
fn paths_are_found_among_the_maps_headers() {
    let mut mapping = Mapping::default();
    for path in ["a.b.c", "a.b-c", "a!", "ab", "z.y"] {
        mapping.add(&format!("{path}=city")).unwrap();
    }
    let names = HeaderNames::new(&Profile::named("contact").unwrap(), &mapping);
    let into = ["a", "a.b", "z"];
    for path in into.into_iter().chain(["", "a.b.c", "a!", "ab", "a.", "y", "z.y", "zz"]) {
        assert_eq!(names.reach_into(path), into.contains(&path), "{path:?}");
    }
    assert!(names.is_whole("a.b.c") && names.is_whole("ab") && !names.is_whole("a.b"));
}

#[test]
fn the_work_grows_with_the_columns_and_the_map_alone() {
    let headers = |size: usize, name: &str| (0..size).map(|at| format!("{name} {at}")).collect::<Vec<_>>();
    let all = |mapping: &Mapping| Candidates::new(Profile::all().unwrap(), mapping);
    let mapping_of = |headers: &[String]| {
        let mut mapping = Mapping::default();
        headers.iter().for_each(|header| mapping.add(&format!("{header}=")).unwrap());
        mapping
    };
    steps::assert_linear("fits", |size| drop(all(&Mapping::default()).fits(&headers(size, "column"))));
    steps::assert_linear("likely", |size| drop(all(&Mapping::default()).likely(&headers(size, "column"))));
    steps::assert_linear("a map of all", |size| {
        let headers = headers(size, "column");
        drop(all(&mapping_of(&headers)).likely(&headers));
    });
    // All are alike by their letters and digits, and half of the columns are written as in the map.
    steps::assert_linear("a map of headers that are alike", |size| {
        let alike = |sign: &str| (0..size).map(|at| format!("x{}", sign.repeat(at + 1))).collect::<Vec<_>>();
        let mapping = mapping_of(&alike("-"));
        let headers: Vec<String> = alike("-").into_iter().chain(alike("+")).collect();
        let contact = Profile::named("contact").unwrap();
        let names = HeaderNames::new(&contact, &mapping);
        let beside = Alike::new(&names, &headers);
        let names_of_keys = KeyNames { names: &names, alike: &beside };
        let of_keys: Vec<Meaning> = headers.iter().map(|key| names_of_keys.find(key)).collect();
        assert_eq!(of_keys, names.meanings(&Header::new(&headers)));
        drop(Binding::new(&names, headers, false));
    });
}

#[test]
fn advice_compares_a_limited_number_of_names_and_no_long_one() {
    let names: Vec<String> = (0..20_000).map(|at| format!("column {at}")).collect();
    let steps = steps::of(|| nearest("emial", names.iter().map(String::as_str)));
    assert!(steps < 2000, "{steps}");
    assert_eq!(nearest(&"e".repeat(1000), ["e".repeat(1000).as_str()].into_iter()), None);
}

#[test]
fn a_near_miss_finds_its_field() {
    let profile = Profile::named("contact").unwrap();
    assert_eq!(nearest_field(&profile.fields, "Statie").map(|field| field.column.as_str()), Some("state"));
    assert_eq!(nearest_field(&profile.fields, "e_mial").map(|field| field.column.as_str()), Some("email"));
    assert!(nearest_field(&profile.fields, "shoe size").is_none());
}

#[test]
fn a_column_has_one_kind_of_storage_in_all_profiles() {
    for field in Profile::all().unwrap().iter().flat_map(|profile| &profile.fields) {
        for other in Profile::all().unwrap().iter().flat_map(|profile| &profile.fields) {
            assert!(other.column != field.column || other.storage() == field.storage(), "{}", field.column);
        }
    }
}

#[test]
fn choices_are_cleaned_as_values_are() {
    let parse =
        |choices: &str| Profile::parse("own.toml", &format!("[fields.a]\ntype = 'choice'\nchoices = {choices}\n"));
    for (written, word) in [
        (r#"["Cafe\u0301"]"#, "Café"),
        (r#"["New  York"]"#, "New York"),
        (r#"["\u00a0x "]"#, "x"),
        (r#"["x\u200B"]"#, "x"),
    ] {
        assert_eq!(parse(written).unwrap().fields[0].choices, [word], "{written}");
    }
    for (written, fault) in [
        (r#"["Café", "Cafe\u0301"]"#, "fields.a.choices: \"Café\" and \"Café\" are one word"),
        (r#"["a b", "A  B"]"#, "fields.a.choices: \"a b\" and \"A B\" are one word"),
        (r#"["x", "\u200B"]"#, "fields.a.choices: it must not be empty"),
        (r#"["\u0001"]"#, "it must not contain a control character"),
    ] {
        let error = parse(written).unwrap_err().to_string();
        assert!(error.contains(fault), "{written}: {error}");
    }
}
