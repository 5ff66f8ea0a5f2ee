//! Zip files as programs write them, and as none should.

use std::io::Write;

use flate2::Crc;

use proptest::prelude::*;

use super::*;

const GENEROUS: Limits = Limits { bytes: 1 << 40, ratio: 1 << 40, ratio_from: 64 << 20 };

const TEXT: &[u8] = b"name,email\nAnn,ann@example.com\nBob,bob@example.com\nAnn,ann@example.com\n";

/// A member as the tests' zip files have it; each field of its entry can be made to lie.
#[derive(Clone)]
struct Made {
    name: String,
    flags: u16,
    method: u16,
    crc: u32,
    packed: Vec<u8>,
    packed_length: u64,
    length: u64,
    header: Option<u64>,
}

fn member(name: &str, method: u16, bytes: &[u8]) -> Made {
    let packed = match method {
        8 => {
            let mut writer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap()
        }
        _ => bytes.to_vec(),
    };
    let mut crc = Crc::new();
    crc.update(bytes);
    let (packed_length, length) = (packed.len() as u64, bytes.len() as u64);
    Made { name: name.to_string(), flags: 0, method, crc: crc.sum(), packed, packed_length, length, header: None }
}

/// The zip file with these members; in its large form if `is_wide`.
fn zip_of(members: &[Made], is_wide: bool) -> Vec<u8> {
    let mut zip = Vec::new();
    let mut directory = Vec::new();
    for made in members {
        let header = made.header.unwrap_or(zip.len() as u64);
        zip.extend(b"PK\x03\x04\x14\0");
        zip.extend([made.flags.to_le_bytes(), made.method.to_le_bytes()].concat());
        zip.extend([0; 16]);
        zip.extend([made.name.len() as u16, 5].map(u16::to_le_bytes).concat());
        zip.extend([made.name.as_bytes(), b"extra", &made.packed].concat());

        directory.extend(b"PK\x01\x02\x14\0\x14\0");
        directory.extend([made.flags.to_le_bytes(), made.method.to_le_bytes()].concat());
        directory.extend([0; 4]);
        directory.extend(made.crc.to_le_bytes());
        let numbers = [made.packed_length, made.length, header];
        let narrow = numbers.map(|number| if is_wide { u32::MAX } else { number as u32 });
        let extra = match is_wide {
            true => {
                [&b"\x09\0\x02\0ab\x01\0\x18\0"[..], &[numbers[1], numbers[0], header].map(u64::to_le_bytes).concat()]
                    .concat()
            }
            false => Vec::new(),
        };
        directory.extend([narrow[0], narrow[1]].map(u32::to_le_bytes).concat());
        directory.extend([made.name.len() as u16, extra.len() as u16, 2, 0, 0, 0, 0].map(u16::to_le_bytes).concat());
        directory.extend(narrow[2].to_le_bytes());
        directory.extend([made.name.as_bytes(), &extra, b"no"].concat());
    }
    let (start, length, count) = (zip.len() as u64, directory.len() as u64, members.len() as u64);
    zip.extend(directory);
    if is_wide {
        let end64 = zip.len() as u64;
        zip.extend(b"PK\x06\x06\x2c\0\0\0\0\0\0\0\x2d\0\x2d\0\0\0\0\0\0\0\0\0");
        zip.extend([count, count, length, start].map(u64::to_le_bytes).concat());
        zip.extend(b"PK\x06\x07\0\0\0\0");
        zip.extend(end64.to_le_bytes());
        zip.extend(1u32.to_le_bytes());
    }
    let narrow = |number: u64, most: u64| if is_wide { most } else { number };
    zip.extend(b"PK\x05\x06\0\0\0\0");
    zip.extend([narrow(count, 0xffff) as u16; 2].map(u16::to_le_bytes).concat());
    zip.extend([length, start].map(|number| narrow(number, 0xffff_ffff) as u32).map(u32::to_le_bytes).concat());
    zip.extend(b"\x03\0end");
    zip
}

fn file_of(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn opened(bytes: &[u8]) -> Result<(String, Vec<u8>), String> {
    match open_zip(file_of(bytes), GENEROUS) {
        Ok(ZipContent::Member { name, mut reader }) => {
            let mut out = Vec::new();
            reader.read_to_end(&mut out).map(|_| (name, out)).map_err(|error| error.to_string())
        }
        Ok(ZipContent::Spreadsheet(mut file)) => {
            assert_eq!(file.stream_position().unwrap(), 0);
            Err("spreadsheet".to_string())
        }
        Err(error) => Err(error.to_string()),
    }
}

fn is_damaged(read: Result<(String, Vec<u8>), String>) -> bool {
    read.is_err_and(|message| message == damaged().to_string() || message.contains("cut off"))
}

#[test]
fn the_only_file_is_read() {
    let large: Vec<u8> = (0..200_000u32).flat_map(|number| number.wrapping_mul(7919).to_le_bytes()).collect();
    for method in [0, 8] {
        for is_wide in [false, true] {
            for bytes in [&b""[..], b"x", TEXT, &large] {
                let members = [
                    member("in/", 0, b""),
                    member("__MACOSX/in/._a.csv", 8, b"resource"),
                    member("in/.DS_Store", 8, b"view"),
                    member("in/._a.csv", 8, b"resource"),
                    member(".hidden.csv", 8, TEXT),
                    member("in/a.csv", method, bytes),
                    member("in\\Thumbs.db", 0, b"pictures"),
                ];
                let expected = Ok(("in/a.csv".to_string(), bytes.to_vec()));
                assert!(opened(&zip_of(&members, is_wide)) == expected, "{method} {is_wide} {}", bytes.len());
            }
        }
    }
}

#[test]
fn spreadsheets_are_handed_back() {
    let ods = "application/vnd.oasis.opendocument.spreadsheet";
    for members in [
        vec![member("[Content_Types].xml", 8, b"<x/>"), member("xl/workbook.xml", 8, b"<x/>")],
        vec![member("xl\\workbook.bin", 8, b"x"), member("[content_types].xml", 8, b"<x/>")],
        vec![
            member("_rels/.rels", 8, b"<x/>"),
            member("[Content_Types].xml", 8, b"<x/>"),
            member("book.xml", 8, b"<x/>"),
        ],
        vec![member("mimetype", 0, ods.as_bytes()), member("content.xml", 8, b"<x/>")],
        vec![member("content.xml", 8, b"<x/>"), member("mimetype", 8, format!("{ods}-template").as_bytes())],
    ] {
        assert_eq!(opened(&zip_of(&members, false)), Err("spreadsheet".to_string()));
    }
    let document = [member("[Content_Types].xml", 8, b"<x/>"), member("word/document.xml", 8, b"<x/>")];
    assert!(opened(&zip_of(&document, false)).unwrap_err().contains("has 2 files"));
    let text = [member("mimetype", 0, b"application/vnd.oasis.opendocument.text"), member("content.xml", 8, b"<x/>")];
    assert!(opened(&zip_of(&text, false)).unwrap_err().contains("has 2 files"));
    let mut locked = member("mimetype", 0, ods.as_bytes());
    locked.flags = 1;
    assert!(opened(&zip_of(&[locked], false)).unwrap_err().contains("encrypted"));
}

#[test]
fn none_or_several_files_are_listed() {
    let none = "the zip file has no file in it. Name a file with records";
    assert_eq!(opened(&zip_of(&[], false)), Err(none.to_string()));
    assert_eq!(opened(&zip_of(&[member("a/", 0, b""), member("a/.a.csv", 0, b"")], true)), Err(none.to_string()));
    let names = ["a.csv", "../../etc/passwd", "\u{1b}[2Jx\n", "\u{202e}b", &"n".repeat(200)];
    let members = names.map(|name| member(name, 0, b""));
    assert_eq!(
        opened(&zip_of(&members, false)),
        Err(format!(
            "the zip file has 5 files: a.csv, ../../etc/passwd, \\u{{1b}}[2Jx\\n, \\u{{202e}}b, {}…. Unpack it and name \
             the file wanted",
            "n".repeat(100)
        ))
    );
    let many: Vec<Made> = (0..10_000).map(|number| member(&number.to_string(), 0, b"")).collect();
    assert_eq!(
        opened(&zip_of(&many, false)),
        Err("the zip file has 10000 files: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 9990 more. Unpack it and name the file wanted"
            .to_string())
    );
}

#[test]
fn too_many_members_are_refused_before_they_are_read() {
    let expected = |count: u64| {
        Err(format!("the zip file has {count} files; the limit is 10000. Unpack it and name the file wanted"))
    };
    let mut zip = zip_of(&[member("a.csv", 0, TEXT)], false);
    let at = zip.len() - 25 + 8;
    zip[at..at + 4].copy_from_slice(&[10_001u16; 2].map(u16::to_le_bytes).concat());
    assert_eq!(opened(&zip), expected(10_001));
    zip[at..at + 4].fill(0xff);
    assert_eq!(opened(&zip), expected(65_535));
    let mut wide = zip_of(&[member("a.csv", 0, TEXT)], true);
    let at = wide.len() - 25 - 20 - 56 + 24;
    wide[at..at + 16].copy_from_slice(&[1u64 << 40; 2].map(u64::to_le_bytes).concat());
    assert_eq!(opened(&wide), expected(1 << 40));
}

#[test]
fn what_cannot_be_read_is_named() {
    for (flags, method, expected) in [
        (1, 8, "a.csv in the zip file is encrypted. Unpack it with its password and name the file wanted"),
        (0x41, 8, "a.csv in the zip file is encrypted. Unpack it with its password and name the file wanted"),
        (1, 99, "a.csv in the zip file is encrypted. Unpack it with its password and name the file wanted"),
        (
            0,
            9,
            "a.csv in the zip file is compressed with Deflate64, which is not supported. Unpack it and name the file wanted",
        ),
        (
            0,
            77,
            "a.csv in the zip file is compressed with method 77, which is not supported. Unpack it and name the file wanted",
        ),
    ] {
        let made = Made { flags, method, ..member("a.csv", 8, TEXT) };
        assert_eq!(opened(&zip_of(&[made], false)), Err(expected.to_string()));
    }
    let zip = zip_of(&[member("a.csv", 8, TEXT)], false);
    for at in [4, 6, 8] {
        let mut volume = zip.clone();
        let at = zip.len() - 25 + at;
        volume[at] = 2;
        assert!(opened(&volume).unwrap_err().contains("one part of several"), "{at}");
    }
}

#[test]
fn a_directory_that_lies_is_an_error() {
    for method in [0, 8] {
        let made = member("a.csv", method, TEXT);
        let packed = made.packed_length;
        for is_wide in [false, true] {
            for lie in [
                Made { crc: made.crc ^ 1, ..made.clone() },
                Made { length: made.length - 1, ..made.clone() },
                Made { length: made.length + 1, ..made.clone() },
                Made { length: 0, ..made.clone() },
                Made { length: 0x7fff_ffff, ..made.clone() },
                Made { packed_length: packed - 1, ..made.clone() },
                Made { packed_length: packed + 1, ..made.clone() },
                Made { packed_length: 0x7fff_ffff, ..made.clone() },
                Made { header: Some(1), ..made.clone() },
                Made { header: Some(0x7fff_ffff), ..made.clone() },
            ] {
                assert!(is_damaged(opened(&zip_of(&[lie], is_wide))), "{method} {is_wide}");
            }
            let second = member("__MACOSX/b", 8, b"second");
            let over = Made { packed_length: packed + 40, ..made.clone() };
            assert!(is_damaged(opened(&zip_of(&[over, second.clone()], is_wide))), "reaches into the next");
            let under = Made { header: Some(0), ..second };
            assert!(opened(&zip_of(&[made.clone(), under], is_wide)).is_ok(), "the next is not read");
        }
        let lie = Made { packed_length: u64::MAX, length: u64::MAX, header: Some(u64::MAX), ..made };
        assert!(is_damaged(opened(&zip_of(&[lie], true))));
    }
}

#[test]
fn a_count_that_lies_is_an_error() {
    let zip = zip_of(&[member("a.csv", 8, TEXT), member("b/", 0, b"")], false);
    let at = zip.len() - 25 + 8;
    for count in [0, 1, 3, 9999] {
        let mut lying = zip.clone();
        lying[at..at + 4].copy_from_slice(&[count; 2].map(u16::to_le_bytes).concat());
        assert!(is_damaged(opened(&lying)), "{count}");
    }
}

#[test]
fn a_file_that_was_cut_off_is_an_error_wherever_it_was_cut() {
    for is_wide in [false, true] {
        let zip = zip_of(&[member("a.csv", 8, TEXT), member("b/", 0, b"")], is_wide);
        for end in 0..zip.len() {
            let message = opened(&zip[..end]).unwrap_err();
            assert_eq!(
                message,
                "the zip file does not end with its directory: it is cut off, or other bytes follow. Get the whole file again"
            );
        }
    }
}

#[test]
fn a_bomb_is_stopped() {
    let bomb = zip_of(&[member("a.csv", 8, &vec![0; 3_000_000])], false);
    let read = |ratio_from, limits| match open_zip(file_of(&bomb), Limits { ratio_from, ..limits }).unwrap() {
        ZipContent::Member { mut reader, .. } => {
            io::copy(&mut reader, &mut io::sink()).map_err(|error| error.to_string())
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(read(3_000_000, Limits { bytes: 3_000_000, ratio: 500, ..GENEROUS }), Ok(3_000_000));
    assert!(
        read(u64::MAX, Limits { bytes: 2_999_999, ratio: 500, ..GENEROUS })
            .unwrap_err()
            .contains("2999999 bytes (--max-inf")
    );
    assert!(read(1_000_000, Limits { ratio: 500, ..GENEROUS }).unwrap_err().contains("500 times its size (--max-inf"));
}

proptest! {
    #[test]
    fn hostile_bytes_do_no_harm(
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(vec![0u8, 1, 2, 0x7f, 0xff])), 1..6),
        is_wide: bool,
    ) {
        let mut bytes = zip_of(&[member("a.csv", 8, TEXT), member("mimetype/", 0, b"")], is_wide);
        for (at, byte) in changes {
            *at.get_mut(&mut bytes) = byte;
        }
        // Names and times may change; what a file holds may not.
        if let Ok((_, read)) = opened(&bytes) {
            prop_assert_eq!(read, TEXT);
        }
    }
}
