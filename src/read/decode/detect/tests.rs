//! Texts and the encodings that they are found to be in.

use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, GBK, ISO_8859_2, KOI8_U, MACINTOSH, SHIFT_JIS, WINDOWS_1250, WINDOWS_1251, WINDOWS_1253,
    WINDOWS_1254, WINDOWS_1257,
};
use proptest::prelude::*;
use std::io::Read;

use super::*;
use crate::read::decode::charset::{CP437, CP850};
use crate::read::decode::{Decoder, name};

/// A file of customers with the values, each of which comes again and again in other rows.
fn table(values: &[&str], rows: usize) -> String {
    let value = |at: usize| values[at % values.len()];
    let row = |at: usize| {
        format!(
            "{},{},user{at}@example.com,{},+1 541 754 {at:04},{}.50\n",
            at + 1,
            value(at),
            value(3 * at + 1),
            at * 10
        )
    };
    std::iter::once("id,name,email,city,phone,amount\n".to_string()).chain((0..rows).map(row)).collect()
}

/// A file of customers of which one has this name.
fn table_with(name: &[u8]) -> Vec<u8> {
    [b"id,name,email\n1,Ann Smith,ann@example.com\n2,", name, b",bob@example.com\n3,Cy Li,cy@example.com\n"].concat()
}

fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(to_bytes).collect()
}

/// What is read of a text in an encoding.
fn read(bytes: &[u8], charset: Charset) -> String {
    let mut out = Vec::new();
    Decoder::new(Box::new(std::io::Cursor::new(bytes.to_vec())), charset).read_to_end(&mut out).unwrap();
    String::from_utf8_lossy(&out).into_owned()
}

/// A text in a single-byte encoding; `None` if that lacks some of its letters.
fn written(text: &str, charset: Charset) -> Option<Vec<u8>> {
    let byte_of = |character: char| (0..=255).find(|byte| charset.character(*byte) == character);
    text.chars().map(byte_of).collect()
}

const EUROPE: [&str; 10] = [
    "José García",
    "Müller",
    "Zoë Brontë",
    "François Lefèvre",
    "Åse Jørgensen",
    "Größe 5 €",
    "O’Brien",
    "Guðmundur Þórsson",
    "São Paulo",
    "Núñez",
];

#[test]
fn utf8_is_utf8() {
    for text in ["", "a", "id,name\n1,Ann\n", "José", "山田太郎,😀", "\0\0\0", "a\0b\0c\n"] {
        assert_eq!(detect(text.as_bytes(), true), Detected::sure(UTF_8), "{text}");
        let marked = [b"\xef\xbb\xbf", text.as_bytes()].concat();
        assert_eq!(detect(&marked, true), Detected::marked(UTF_8), "{text}");
    }
    // A sample may end in the middle of a character. A file may not.
    let text = "id,name\n1,😀".as_bytes();
    for cut in 1..4 {
        assert_eq!(detect(&text[..text.len() - cut], false), Detected::sure(UTF_8));
    }
    assert_eq!(Sequences::count(&text[..text.len() - 1], true), Sequences { valid: 0, invalid: 1, longest: 3 });
    assert_eq!(Sequences::count(b"a\xe9\x80", false), Sequences { valid: 0, invalid: 0, longest: 0 });
    assert_eq!(Sequences::count(b"a\xff", false), Sequences { valid: 0, invalid: 1, longest: 1 });
    assert_eq!(Sequences::count("é山😀a\u{7f}".as_bytes(), true), Sequences { valid: 3, invalid: 0, longest: 0 });
}

#[test]
fn utf8_with_some_damage_is_utf8() {
    let good = table(&EUROPE, 20).into_bytes();
    for damage in [&b"Jos\xe9"[..], b"\xff\xfe\xfd\xfc", b"\xc3(", b"\x80\x81"] {
        assert_eq!(detect(&[&good, &table_with(damage)[..]].concat(), true), Detected::sure(UTF_8));
    }
    for damage in [
        &b"\xff"[..],
        b"ab\xffcd",
        b"\xfe",
        b"\xfe\xfe\xff",
        b"\xc3(",
        b"Jos\xc3(",
        b"Jos\xc3",
        b"M\xc3ller",
        b"\x80abc",
        b"\x81",
        b"x\xe4\xb8",
        b"\xe4\xb8",
        b"caf\xe2\x82",
        b"\xf0\x9f\x98",
        b"\xed\xa0\x80",
        b"ab\xc0\xafcd",
        b"voil\xc3 bien",
        // Whole, but with as many characters that are not.
        b"\xc3\xa9\xff",
    ] {
        assert_eq!(detect(&table_with(damage), true), Detected::sure(UTF_8), "{}", damage.escape_ascii());
    }
}

#[test]
fn one_letter_is_enough_for_windows_1252() {
    for name in [
        "José",
        "Müller",
        "Muñoz",
        "François",
        "Zoë",
        "Åsa",
        "Jørgen",
        "Ægir",
        "Groß",
        "João",
        "Núñez",
        "Gonçalves",
        "Žižek",
        "Björk",
        "Þór",
        "Élodie",
        "LEÓN",
        "JOÃO",
        "Kovács",
        "Ñandú",
        "n.º 5",
        "à Paris",
        "5 °C",
        "50 €",
        "£5",
        "O’Brien",
        "“Ann”",
        "a – b",
        "a\u{a0}b",
        "© Ann",
        "Ann…",
    ] {
        let (bytes, _, is_lossy) = WINDOWS_1252.encode(name);
        assert!(!is_lossy);
        for is_whole in [false, true] {
            assert_eq!(detect(&table_with(&bytes), is_whole), Detected::guessed(WINDOWS_1252), "{name}");
        }
    }
}

#[test]
fn files_of_twenty_rows_come_out_right() {
    let polish = ["Wiśniewski", "Kowalczyk", "Wójcik", "Łukasz Dąbrowski", "Małgorzata", "Gdańsk", "Kraków", "Żółć"];
    let czech = ["Dvořák", "Novák", "Černý", "Procházka", "Šťastný", "Plzeň", "Růžička", "Kučera", "Tomáš", "Brno"];
    let russian = ["Иванов Иван", "Петрова", "Москва", "Санкт-Петербург", "ул. Ленина, 5", "Кузнецова", "Дмитрий"];
    let japanese = ["山田太郎", "東京都新宿区", "ヤマダ タロウ", "佐藤花子", "大阪市", "さくら", "株式会社", "高橋"];
    let tables: [(&'static Encoding, &[&str]); 17] = [
        (WINDOWS_1252, &EUROPE),
        (WINDOWS_1252, &["Guðmundur Þórsson", "Reykjavík", "Sigríður", "Hafnarfjörður", "Ásta", "Þorbjörg"]),
        (WINDOWS_1250, &polish),
        (ISO_8859_2, &polish),
        (WINDOWS_1250, &czech),
        (ISO_8859_2, &czech),
        (WINDOWS_1251, &russian),
        (KOI8_U, &russian),
        (SHIFT_JIS, &japanese),
        (EUC_JP, &japanese),
        (GBK, &["张伟", "北京市朝阳区", "王芳", "李娜", "上海市浦东新区", "刘洋", "广州", "陈静", "有限公司"]),
        (BIG5, &["張偉", "台北市信義區", "王芳", "李娜", "高雄市", "劉洋", "台中", "陳靜", "有限公司"]),
        (EUC_KR, &["김철수", "서울특별시 강남구", "이영희", "부산광역시", "박민수", "대전", "최지우", "주식회사"]),
        (WINDOWS_1253, &["Γιώργος Παπαδόπουλος", "Αθήνα", "Μαρία", "Θεσσαλονίκη", "Κώστας", "Οδός Ερμού 5", "Άννα"]),
        (WINDOWS_1254, &["Ayşe Yılmaz", "İstanbul", "Gökhan", "Çağlar", "Şahin", "Öztürk", "Beyoğlu", "Diyarbakır"]),
        (WINDOWS_1257, &["Jānis Bērziņš", "Rīga", "Žemaitis", "Kęstutis", "Šiauliai", "Ģirts"]),
        (WINDOWS_1252, &["José"]),
    ];
    for (encoding, values) in tables {
        let text = table(values, 20);
        let (bytes, _, is_lossy) = encoding.encode(&text);
        assert!(!is_lossy, "{}", encoding.name());
        let detected = detect(&bytes, true);
        assert!(detected.guessed && detected.dropped_bom.is_none() && !detected.bom);
        // Another encoding is as good if it reads the same.
        let read = read(&bytes, detected.encoding);
        assert_eq!(read, text, "{} as {}", encoding.name(), name(detected.encoding));
        // Where a longer file was cut does not matter.
        assert_eq!(detect(&bytes[..bytes.len() - 1], false).encoding, detected.encoding);
    }
}

/// Names of people and places in Western European languages, each with its own letters.
const LANGUAGES: [(&str, &[&str]); 10] = [
    (
        "German",
        &["Günther Schäfer", "Jürgen Groß", "Zoë Weiß", "Köln", "Jörg Müller", "Änne Öhlschläger", "DÜSSELDORF"],
    ),
    (
        "French",
        &["François Lefèvre", "Hélène Bérénger", "Besançon", "Benoît", "Saint-Étienne", "Jérôme Noël", "Angoulême"],
    ),
    ("Spanish", &["José García", "Muñoz Pérez", "Iñigo Núñez", "Málaga", "Begoña Ibáñez", "Cádiz", "Ángel Martín"]),
    ("Portuguese", &["João Gonçalves", "São Paulo", "Conceição", "Antônio", "Brasília", "Mação", "Sebastião Leitão"]),
    ("Swedish", &["Åsa Sjöberg", "Malmö", "Björn Ström", "Göteborg", "Jönköping", "Märta Ångström", "Västerås"]),
    ("Danish", &["Søren Kjær", "Ærø", "Jørgen Åberg", "København", "Mette Sørensen", "Næstved", "Østergård"]),
    ("Norwegian", &["Øyvind Bjørnstad", "Tromsø", "Kåre Næss", "Ålesund", "Bodø", "Gjøvik", "Sæther"]),
    ("Finnish", &["Väinö Hämäläinen", "Jyväskylä", "Mäkinen", "Hyvinkää", "Pöyry", "Äänekoski", "Seinäjoki"]),
    ("Italian", &["Niccolò", "Cantù", "Forlì", "Nicolò Fabbri", "Mondovì", "Libertà Rossi", "Patà"]),
    ("Dutch", &["Zoë de Vries", "België", "Daniëlle", "Joël", "Noëlle Citroën", "Andrée", "Geërts"]),
];

#[test]
fn letters_of_words_tell_encodings_apart() {
    let charsets: [Charset; 4] = [WINDOWS_1252.into(), MACINTOSH.into(), Charset::Dos(&CP850), ISO_8859_15.into()];
    let (mut right, mut silent, mut all) = (0, 0, 0);
    let mut wrong = Vec::new();
    for (language, names) in LANGUAGES {
        for charset in charsets {
            for rows in [3, 7, 40] {
                for end in ["\r", "\n"] {
                    let text = table(names, rows).replace('\n', end);
                    let Some(bytes) = written(&text, charset) else { panic!("{language} in {}", name(charset)) };
                    let found = detect(&bytes, true);
                    all += 1;
                    match read(&bytes, found.encoding) == text {
                        true => right += 1,
                        // It is rejected, and nothing is stored.
                        false if found.encoding == UTF_8 => {
                            silent += 1;
                            wrong.push((language, name(charset), rows, "rejected".to_string()));
                        }
                        false => wrong.push((language, name(charset), rows, name(found.encoding))),
                    }
                }
            }
        }
    }
    // Three rows may be too few.
    wrong.retain(|(_, _, rows, _)| *rows > 3);
    assert_eq!((wrong, all, silent), (vec![], 240, 0));
    assert!(right >= 236, "{right} of {all} are right");
}

#[test]
fn windows_1252_with_signs_stays_what_it_is() {
    for values in [
        &["O’Brien", "D´Angelo", "Müller–Lüdenscheid", "„Zum Löwen“", "50 €", "l’église"][..],
        &["“Ann”", "Ann – Bob", "Ann…", "© Ann", "™", "5 °C", "½ l"],
        &["´s Gravenhage", "´t Hooft", "Zoë", "1¼", "§ 5", "±3"],
        &["ŠKODA", "Žižek", "Œuvre", "Élodie", "Ÿ", "MÜLLER", "McÖzil"],
        &["DeÁngelis", "José", "García", "Núñez", "MacÉire", "Pérez", "López"],
    ] {
        for rows in [3, 7, 40] {
            let bytes = written(&table(values, rows), WINDOWS_1252.into()).unwrap();
            let found = detect(&bytes, true).encoding;
            let others = [MACINTOSH.into(), Charset::Dos(&CP850), ISO_8859_15.into()];
            assert!(!others.contains(&found), "{} {values:?} {rows}", name(found));
        }
    }
}

#[test]
fn iso_8859_15_is_told_by_its_own_letters() {
    for (values, encoding) in [
        (&["Cœur", "José"][..], ISO_8859_15),
        (&["Sašo", "José"], ISO_8859_15),
        (&["Tomaž", "Müller"], ISO_8859_15),
        (&["50 €", "Müller"], ISO_8859_15),
        (&["Müller", "José"], WINDOWS_1252),
    ] {
        let bytes = written(&table(values, 6), ISO_8859_15.into()).unwrap();
        assert_eq!(detect(&bytes, true), Detected::guessed(encoding), "{values:?}");
    }
}

#[test]
fn dos_texts_without_evidence_are_not_guessed() {
    // Pages that differ in hardly any letter: what is read is right all the same.
    let text = table(LANGUAGES[0].1, 7);
    let bytes = written(&text, Charset::Dos(&CP437)).unwrap();
    assert_eq!(read(&bytes, detect(&bytes, true).encoding), text);
    // One letter in a file may be damage.
    for charset in [MACINTOSH.into(), Charset::Dos(&CP850)] {
        let bytes = table_with(&written("Günther", charset).unwrap());
        let found = detect(&bytes, true).encoding;
        assert!(found != MACINTOSH && found != Charset::Dos(&CP850), "{}", name(found));
    }
}

#[test]
fn utf16_is_told_by_its_mark_or_its_zeros() {
    for text in [table(&EUROPE, 20), table(&["Иванов Иван", "Γιώργος"], 5), "a,b\n1,2\n".to_string(), "abc".to_string()]
    {
        for (encoding, to_bytes) in [(UTF_16LE, u16::to_le_bytes as fn(u16) -> [u8; 2]), (UTF_16BE, u16::to_be_bytes)] {
            let bytes = utf16(&text, to_bytes);
            let marked = utf16(&format!("\u{feff}{text}"), to_bytes);
            assert_eq!(detect(&marked, true), Detected::marked(encoding));
            assert_eq!(detect(&marked[..marked.len() - 1], false), Detected::marked(encoding));
            assert_eq!(detect(&bytes, true), Detected::sure(encoding), "{text}");
        }
    }
    for text in ["", "a", "山", "山田", "山田太郎,東京都\n"] {
        assert_eq!(detect(&utf16(&format!("\u{feff}{text}"), u16::to_le_bytes), true), Detected::marked(UTF_16LE));
    }
}

#[test]
fn stray_zeros_are_not_utf16() {
    for bytes in [
        &b"a\0"[..],
        b"a\0b",
        b"a,b\n1,\0\n",
        b"id,name\n1,Ann\0\n2,Bob\0\n3,Cy\0\n",
        b"1\0\0\0Ann\0\0\0\0\0\n2\0\0\0Bob\0\0\0\0\0\n",
        b"\0\0\0\0\0\0\0\0\0\0\0\0",
        b"\x01\x02\x01\x02\x01\x02",
    ] {
        assert_eq!(detect(bytes, true), Detected::sure(UTF_8), "{}", bytes.escape_ascii());
    }
    let legacy = [&table_with(b"Jos\xe9")[..], b"4,Al\0,x\0\n"].concat();
    assert_eq!(detect(&legacy, true), Detected::guessed(WINDOWS_1252));
}

#[test]
fn a_mark_that_contradicts_the_bytes_is_dropped() {
    let plain = table_with(b"Ann");
    let utf8 = table_with("José".as_bytes());
    let legacy = table_with(b"Jos\xe9");
    for (mark, of) in [(&b"\xff\xfe"[..], "utf-16le"), (b"\xfe\xff", "utf-16be")] {
        for (bytes, expected) in [
            (&plain, Detected::sure(UTF_8)),
            (&utf8, Detected::sure(UTF_8)),
            (&legacy, Detected::guessed(WINDOWS_1252)),
        ] {
            assert_eq!(detect(&[mark, bytes].concat(), true), expected.without_mark(of, 2));
        }
    }
    let marked = [b"\xef\xbb\xbf", &legacy[..]].concat();
    assert_eq!(detect(&marked, true), Detected::guessed(WINDOWS_1252).without_mark("utf-8", 3));
    let damaged = [b"\xef\xbb\xbf", &table_with(b"ab\xff")[..]].concat();
    assert_eq!(detect(&damaged, true), Detected::marked(UTF_8));
}

proptest! {
    #[test]
    fn any_bytes_are_something(bytes: Vec<u8>, is_whole: bool) {
        let detected = detect(&bytes, is_whole);
        prop_assert!(detected.skip <= bytes.len());
        prop_assert_eq!(detected.skip > 0, detected.dropped_bom.is_some());
    }

    #[test]
    fn valid_utf8_is_utf8(text in "[a-zé山😀,\n]{0,40}", cut in 0usize..4) {
        let bytes = &text.as_bytes()[..text.len().saturating_sub(cut)];
        prop_assert_eq!(detect(text.as_bytes(), true), Detected::sure(UTF_8));
        prop_assert_eq!(detect(bytes, false), Detected::sure(UTF_8));
    }
}

#[test]
fn a_guess_is_held_against_the_whole_text() {
    let broken = "0,Caf".bytes().chain([0xe9, b'\n']).chain("1,Miller\n".bytes().cycle().take(9_000));
    let broken: Vec<u8> = broken.collect();
    for (rest, guess, is_utf8) in [
        ("2,Müller\n".repeat(3), Charset::from(WINDOWS_1252), true),
        ("2,€\n".into(), WINDOWS_1252.into(), true),
        ("2,Miller\n".into(), WINDOWS_1252.into(), false),
        // Half of a character, and then the end.
        ("2,Muller\n".into(), Charset::Dos(&CP437), false),
        ("2,Müller\n".repeat(3), SHIFT_JIS.into(), false),
        ("2,Müller\n".repeat(4), SHIFT_JIS.into(), true),
    ] {
        let text = [&broken[..], rest.as_bytes()].concat();
        // However it is cut.
        for piece in [1, 2, 3, 8192] {
            let mut doubted = Doubted::new(&text[..], guess);
            let (mut out, mut buffer) = (Vec::new(), vec![0; piece]);
            let end = loop {
                match doubted.read(&mut buffer) {
                    Ok(read) if read > 0 => out.extend_from_slice(&buffer[..read]),
                    end => break end,
                }
            };
            assert_eq!(out, text);
            assert_eq!(end.is_err(), is_utf8, "{rest:?} {guess:?} {piece}");
        }
    }
}
