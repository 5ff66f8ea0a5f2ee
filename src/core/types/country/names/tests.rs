//! Names in many forms, and what is no name.

use proptest::prelude::*;

use super::*;

#[test]
fn the_table_has_the_249_countries_in_order() {
    let codes: Vec<&str> = TABLE.lines().filter_map(|line| line.split('\t').next()).collect();
    assert_eq!(codes.len(), 249);
    assert!(codes.is_sorted_by(|one, next| one < next));
    for line in TABLE.lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        let [alpha_2, alpha_3, names] = columns.as_slice() else { panic!("{line}") };
        assert!(alpha_2.len() == 2 && alpha_3.len() == 3, "{line}");
        assert!(alpha_2.bytes().chain(alpha_3.bytes()).all(|byte| byte.is_ascii_uppercase()), "{line}");
        assert!(names.split('|').all(|name| !name.is_empty() && name.trim() == name), "{line}");
    }
}

#[test]
fn every_name_finds_its_country_and_no_two_share_one() {
    let mut owners = HashMap::new();
    for (alpha_2, name) in entries() {
        for articles in [Articles::Kept, Articles::Dropped] {
            let key = Key::of(&[name], articles).unwrap().as_bytes().to_vec();
            assert_eq!(*owners.entry(key).or_insert(alpha_2), alpha_2, "{name}");
        }
        for value in [name.to_owned(), name.to_uppercase(), name.to_lowercase(), format!("The {name}")] {
            assert_eq!(code_of(&value), Some(alpha_2), "{value}");
        }
        assert_eq!(code_of(&format!("{name} (the)")), Some(alpha_2), "{name}");
        assert_eq!(code_of(&name.nfd().collect::<String>()), Some(alpha_2), "{name}");
    }
}

#[test]
fn code_of_knows_names_in_many_forms() {
    for (value, expected) in [
        ("DE", "DE"),
        ("de", "DE"),
        ("De", "DE"),
        ("DEU", "DE"),
        ("deu", "DE"),
        ("Germany", "DE"),
        ("GERMANY", "DE"),
        ("Federal Republic of Germany", "DE"),
        ("Germany, Federal Republic of", "DE"),
        ("UK", "GB"),
        ("uk", "GB"),
        ("U.K.", "GB"),
        ("GB", "GB"),
        ("Great Britain", "GB"),
        ("United Kingdom of Great Britain and Northern Ireland (the)", "GB"),
        ("United Kingdom of Great Britain & Northern Ireland", "GB"),
        ("USA", "US"),
        ("U.S.A.", "US"),
        ("U.S.", "US"),
        ("U. S. A.", "US"),
        ("US of A", "US"),
        ("United States", "US"),
        ("United States of America (the)", "US"),
        ("the United States", "US"),
        ("America", "US"),
        ("South Korea", "KR"),
        ("Korea, South", "KR"),
        ("Korea, Republic of", "KR"),
        ("Korea (the Republic of)", "KR"),
        ("Republic of Korea", "KR"),
        ("North Korea", "KP"),
        ("Korea (the Democratic People's Republic of)", "KP"),
        ("Korea (Democratic People’s Republic of)", "KP"),
        ("DPRK", "KP"),
        ("Russia", "RU"),
        ("Russian Federation (the)", "RU"),
        ("Côte d’Ivoire", "CI"),
        ("Cote d'Ivoire", "CI"),
        ("COTE D IVOIRE", "CI"),
        ("Ivory Coast", "CI"),
        ("Türkiye", "TR"),
        ("Turkiye", "TR"),
        ("Turkey", "TR"),
        ("TÜRKİYE", "TR"),
        ("Réunion", "RE"),
        ("Curacao", "CW"),
        ("Åland Islands", "AX"),
        ("Aland Islands", "AX"),
        ("São Tomé & Príncipe", "ST"),
        ("Saint Barthelemy", "BL"),
        ("St. Barthélemy", "BL"),
        ("Holland", "NL"),
        ("The Netherlands", "NL"),
        ("Netherlands (Kingdom of the)", "NL"),
        ("Netherlands, Kingdom of the", "NL"),
        ("Burma", "MM"),
        ("Myanmar (Burma)", "MM"),
        ("Swaziland", "SZ"),
        ("Macedonia", "MK"),
        ("The former Yugoslav Republic of Macedonia", "MK"),
        ("Cape Verde", "CV"),
        ("East Timor", "TL"),
        ("Czech Republic", "CZ"),
        ("Czechia", "CZ"),
        ("Vatican", "VA"),
        ("Holy See (the)", "VA"),
        ("Syria", "SY"),
        ("Iran", "IR"),
        ("Iran (Islamic Republic of)", "IR"),
        ("Laos", "LA"),
        ("Lao People's Democratic Republic (the)", "LA"),
        ("Vietnam", "VN"),
        ("Viet Nam", "VN"),
        ("Viet-Nam", "VN"),
        ("Bolivia (Plurinational State of)", "BO"),
        ("Venezuela (Bolivarian Republic of)", "VE"),
        ("Tanzania, the United Republic of", "TZ"),
        ("Moldova (the Republic of)", "MD"),
        ("Taiwan", "TW"),
        ("Taiwan (Province of China)", "TW"),
        ("Macau", "MO"),
        ("Hong Kong SAR China", "HK"),
        ("China, Hong Kong SAR", "HK"),
        ("Palestine", "PS"),
        ("Palestine, State of", "PS"),
        ("Brunei", "BN"),
        ("Micronesia (Federated States of)", "FM"),
        ("Congo", "CG"),
        ("Congo (the)", "CG"),
        ("Republic of the Congo", "CG"),
        ("Republic of Congo", "CG"),
        ("Congo, Republic of the", "CG"),
        ("Congo-Brazzaville", "CG"),
        ("DRC", "CD"),
        ("Congo (the Democratic Republic of the)", "CD"),
        ("Congo, Democratic Republic of the", "CD"),
        ("Democratic Republic of Congo", "CD"),
        ("Congo-Kinshasa", "CD"),
        ("UAE", "AE"),
        ("U.A.E.", "AE"),
        ("Falkland Islands (the) [Malvinas]", "FK"),
        ("Falkland Islands (Malvinas)", "FK"),
        ("Gambia, The", "GM"),
        ("Gambia (the)", "GM"),
        ("TheGambia", "GM"),
        ("The Bahamas", "BS"),
        ("Virgin Islands (British)", "VG"),
        ("Virgin Islands (U.S.)", "VI"),
        ("Saint Martin (French part)", "MF"),
        ("Sint Maarten (Dutch part)", "SX"),
        ("Saint Helena, Ascension and Tristan da Cunha", "SH"),
        ("Bonaire, Sint Eustatius and Saba", "BQ"),
        ("South Georgia and the South Sandwich Islands", "GS"),
        ("Ireland", "IE"),
        ("Republic of China", "TW"),
        ("People's Republic of China", "CN"),
        ("NA", "NA"),
        ("na", "NA"),
        ("NAM", "NA"),
        ("Namibia", "NA"),
        ("ＧＥＲＭＡＮＹ", "DE"),
        ("  Germany! ", "DE"),
        ("🇩🇪 Germany", "DE"),
    ] {
        assert_eq!(code_of(value), Some(expected), "{value:?}");
        assert_eq!(code_of(expected), Some(expected), "{value:?}");
    }
}

#[test]
fn code_of_knows_nothing_else() {
    for value in [
        "",
        " ",
        "-",
        "the",
        "The",
        "&",
        " & ",
        "D",
        "XX",
        "ZZ",
        "EU",
        "XK",
        "XKX",
        "EL",
        "Kosovo",
        "England",
        "Scotland",
        "Wales",
        "Northern Ireland",
        "Ireland, Northern",
        "European Union",
        "Korea",
        "Virgin Islands",
        "Untied States",
        "Germany1",
        "49",
        "D3",
        "N/A",
        "n/a",
        "N.A.",
        "(na)",
        "NULL",
        "None",
        "Deutschland",
        "Россия",
        "日本",
        "ドイツ",
        "Europe",
        "Africa",
        "Yugoslavia",
        "USSR",
        "Germanyy",
        "Ger many x",
        "DE, FR",
        "Germany, France",
        "Guiana",
        "ß",
        "é",
        "🇩🇪",
    ] {
        assert_eq!(code_of(value), None, "{value:?}");
    }
    assert_eq!(code_of(&"a".repeat(5_000)), None);
    assert_eq!(code_of(&"the ".repeat(5_000)), None);
    assert_eq!(code_of(&"(".repeat(5_000)), None);
}

proptest! {
    #[test]
    fn normalise_is_stable(value in prop_oneof![any::<String>(), "[A-Za-z]{2,3}", "(the )?[A-Z]{2}[.,( the)]{0,6}"]) {
        if let Some(code) = code_of(&value) {
            prop_assert_eq!(code_of(code), Some(code));
        }
    }

    #[test]
    fn codes_take_no_other_way(value in "[A-Za-z]{2}") {
        let key = Key::of(&[&value], Articles::Kept).unwrap();
        prop_assert_eq!(code_of(&value), COUNTRIES.names.get(key.as_bytes()).copied());
    }

    #[test]
    fn ascii_takes_no_other_way(value in "[A-Za-z&,'() -]{0,30}") {
        // A combining mark makes the value one that is not ASCII, and changes no letter.
        let marked = format!("{value}\u{34f}");
        let keys = [value.as_str(), marked.as_str()].map(|text| Key::of(&[text], Articles::Dropped).unwrap());
        prop_assert_eq!(keys[0].as_bytes(), keys[1].as_bytes());
    }
}
