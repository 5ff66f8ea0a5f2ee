//! Compressed files: whole, cut off at each byte, damaged, put together, and bombs.

use std::io::Write;

use proptest::prelude::*;

use super::inflater::MANY_PARTS;
use super::*;

const STREAMS: [Compression; 4] = [Compression::Gzip, Compression::Zstd, Compression::Bzip2, Compression::Xz];

const GENEROUS: Limits = Limits { bytes: 1 << 40, ratio: 1 << 40, ratio_from: 64 << 20 };

fn compress(kind: Compression, bytes: &[u8]) -> Vec<u8> {
    match kind {
        Compression::Gzip => {
            // With a header that has every optional part.
            let header = flate2::GzBuilder::new().filename("a.csv").comment("c").extra(b"AB\x01\x00x".to_vec());
            let mut writer = header.write(Vec::new(), flate2::Compression::default());
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap()
        }
        Compression::Zstd => {
            let mut writer = zstd::Encoder::new(Vec::new(), 1).unwrap();
            writer.include_checksum(true).unwrap();
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap()
        }
        Compression::Bzip2 => {
            let mut writer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap()
        }
        Compression::Xz => {
            let mut writer = liblzma::write::XzEncoder::new(Vec::new(), 0);
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap()
        }
        Compression::Zip => panic!("not a stream"),
    }
}

/// Returns its bytes in pieces of this size, like a pipe.
struct Pieces(Vec<u8>, usize, usize);

impl Read for Pieces {
    fn read(&mut self, output: &mut [u8]) -> io::Result<usize> {
        let length = self.2.min(output.len()).min(self.0.len() - self.1);
        output[..length].copy_from_slice(&self.0[self.1..self.1 + length]);
        self.1 += length;
        Ok(length)
    }
}

fn read_all(mut reader: Box<dyn Read + Send>) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    reader.read_to_end(&mut out).map(|_| out).map_err(|error| error.to_string())
}

fn inflated(kind: Compression, bytes: &[u8]) -> Result<Vec<u8>, String> {
    let whole = read_all(inflate(kind, Box::new(io::Cursor::new(bytes.to_vec())), GENEROUS).unwrap());
    let pieces = read_all(inflate(kind, Box::new(Pieces(bytes.to_vec(), 0, 1)), GENEROUS).unwrap());
    assert_eq!(whole, pieces);
    whole
}

const TEXT: &[u8] = b"name,email\nAnn,ann@example.com\nBob,bob@example.com\nAnn,ann@example.com\n";

#[test]
fn kinds_are_known_by_their_first_bytes() {
    for kind in STREAMS {
        assert_eq!(kind_of(&compress(kind, TEXT)), Some(kind));
        assert_eq!(kind_of(&compress(kind, b"")), Some(kind));
    }
    for (start, kind) in [
        (&b"PK\x03\x04\x14\0"[..], Some(Compression::Zip)),
        (b"PK\x05\x06\0\0", Some(Compression::Zip)),
        (b"\x50\x2a\x4d\x18", Some(Compression::Zstd)),
        (b"\x5f\x2a\x4d\x18", Some(Compression::Zstd)),
        (b"BZh9\x31\x41\x59\x26\x53\x59", Some(Compression::Bzip2)),
        (b"BZh0\x31\x41\x59\x26\x53\x59", None),
        (b"BZh91AY&SX", None),
        (b"BZh9,email", None),
        (b"PK,name\n", None),
        (b"\xfd7zXZ", None),
        (b"\x1f", None),
        (b"name,email\n", None),
        (b"", None),
    ] {
        assert_eq!(kind_of(start), kind, "{start:?}");
    }
}

#[test]
fn every_kind_is_inflated() {
    let large: Vec<u8> =
        (0..300_000u32).flat_map(|number| format!("{number},x{}\n", number * 7919).into_bytes()).collect();
    for kind in STREAMS {
        for bytes in [&b""[..], b"x", TEXT] {
            assert_eq!(inflated(kind, &compress(kind, bytes)).as_deref(), Ok(bytes), "{kind:?}");
        }
        let reader = Box::new(io::Cursor::new(compress(kind, &large)));
        assert!(read_all(inflate(kind, reader, GENEROUS).unwrap()) == Ok(large.clone()), "{kind:?}");
    }
}

#[test]
fn all_parts_are_read_and_padding_is_skipped() {
    for kind in STREAMS {
        let [one, none, two] = [&b"one\n"[..], b"", b"two\n"].map(|bytes| compress(kind, bytes));
        for (bytes, expected) in [
            ([&one[..], &two].concat(), &b"one\ntwo\n"[..]),
            ([&none[..], &one, &none, &two, &none].concat(), b"one\ntwo\n"),
            ([&one[..], &[0; 4]].concat(), b"one\n"),
            ([&one[..], &[0; 70_001]].concat(), b"one\n"),
            ([&one[..], &[0; 512], &two].concat(), b"one\ntwo\n"),
        ] {
            assert_eq!(inflated(kind, &bytes).as_deref(), Ok(expected), "{kind:?}");
        }
    }
    let skipped = [b"\x51\x2a\x4d\x18\x03\0\0\0abc".to_vec(), compress(Compression::Zstd, TEXT)].concat();
    assert_eq!(inflated(Compression::Zstd, &skipped).as_deref(), Ok(TEXT));
}

/// What comes out of bzip2 data, and for how many streams a decoder was made.
fn bunzipped(bytes: Vec<u8>) -> (Result<usize, String>, u64) {
    let mut inflater = Inflater::new(
        Compression::Bzip2,
        Codec::of(Compression::Bzip2).unwrap(),
        Box::new(io::Cursor::new(bytes)),
        Limits { ratio_from: 0, ..GENEROUS },
    );
    let mut out = Vec::new();
    let read = inflater.read_to_end(&mut out).map_err(|error| error.to_string());
    (read, inflater.parts)
}

#[test]
fn streams_without_data_need_no_decoder() {
    let (text, none) = (compress(Compression::Bzip2, TEXT), compress(Compression::Bzip2, b""));
    assert_eq!(none.len(), Compression::Bzip2.length_of_nothing(&none));
    for streams in [1_000, 300_000] {
        assert_eq!(bunzipped([&text[..], &none.repeat(streams)].concat()), (Ok(TEXT.len()), 1));
        let between = [&text[..], &none.repeat(streams), &[0; 9], &none, &text].concat();
        assert_eq!(bunzipped(between), (Ok(2 * TEXT.len()), 2));
    }
    // One whose checksum is not that of nothing, and one that is cut off.
    let mut damaged = [&text[..], &none].concat();
    *damaged.last_mut().unwrap() = 1;
    assert!(bunzipped(damaged).0.unwrap_err().contains("damaged"));
    let whole = [&text[..], &none].concat();
    assert!(bunzipped(whole[..whole.len() - 1].to_vec()).0.unwrap_err().contains("cut off"));
}

#[test]
fn very_many_short_streams_are_refused() {
    let one = compress(Compression::Bzip2, b"x");
    let most = MANY_PARTS as usize;
    assert_eq!(bunzipped(one.repeat(most)), (Ok(most), MANY_PARTS));
    let (said, parts) = bunzipped(one.repeat(most + 5));
    assert_eq!(parts, MANY_PARTS + 1);
    assert!(said.unwrap_err().starts_with("the bzip2 data has 10001 streams or more in its first"));
}

#[test]
fn anything_else_behind_the_data_is_an_error() {
    for kind in STREAMS {
        let one = compress(kind, b"one\n");
        for after in [&b"x"[..], b"name,email\n", b"\0\0x", b"\x1f\x8c", b"BZh9x", b"PK\x03\x04"] {
            let padding = after.iter().take_while(|byte| **byte == 0).count();
            let at = one.len() + padding + 1;
            let expected = format!(
                "the {} data ends early: other data begins at byte {at} of the file. Get the file again, or decompress it \
                 first and check the result",
                kind.name()
            );
            assert_eq!(inflated(kind, &[&one, after].concat()), Err(expected), "{after:?}");
        }
    }
}

#[test]
fn a_file_that_was_cut_off_is_an_error_wherever_it_was_cut() {
    for kind in STREAMS {
        let one = compress(kind, TEXT);
        let both = [&one[..], &compress(kind, TEXT)].concat();
        let expected =
            format!("the {} data is cut off: the file ends too early. Get the whole file again", kind.name());
        for end in 0..both.len() {
            let read = inflated(kind, &both[..end]);
            match end == one.len() {
                // A file cut between two parts looks whole.
                true => assert_eq!(read.as_deref(), Ok(TEXT)),
                false => assert_eq!(read, Err(expected.clone()), "{kind:?} {end}"),
            }
        }
    }
}

#[test]
fn a_file_that_was_changed_is_an_error_wherever_it_was_changed() {
    for kind in STREAMS {
        let whole = compress(kind, TEXT);
        let mut harmless = 0;
        for at in 0..whole.len() {
            for flip in [1, 0x80] {
                let mut changed = whole.clone();
                changed[at] ^= flip;
                match inflated(kind, &changed) {
                    Err(message) => assert!(message.contains(kind.name()), "{message}"),
                    Ok(read) => {
                        // The time, the names and the system in the header of gzip, which nothing checks.
                        assert_eq!(read, TEXT, "{kind:?} {at}");
                        harmless += 1;
                    }
                }
            }
        }
        // Xz and zstd have unused bits in their headers, and bzip2 after its last.
        assert!(harmless <= 40, "{kind:?} {harmless}");
    }
}

#[test]
fn what_is_not_compressed_data_is_an_error() {
    for kind in STREAMS {
        let bytes = [&compress(kind, b"")[..kind.magic_length()], b"\x08", &[0xff; 100]].concat();
        let expected = format!(
            "the {} data is damaged: it breaks the format, or does not fit its checksum. Get the whole file again",
            kind.name()
        );
        assert_eq!(inflated(kind, &bytes), Err(expected));
    }
}

#[test]
fn a_bomb_is_stopped() {
    let zeros = vec![0; 3_000_000];
    for kind in STREAMS {
        let bomb = compress(kind, &zeros);
        let read = |ratio_from, limits| {
            let reader = Box::new(io::Cursor::new(bomb.clone()));
            read_all(inflate(kind, reader, Limits { ratio_from, ..limits }).unwrap()).map(|bytes| bytes.len())
        };
        let name = kind.name();
        let raise = "If you trust the file, raise that limit";
        assert_eq!(
            read(u64::MAX, Limits { bytes: 2_999_999, ..GENEROUS }),
            Err(format!("the {name} data inflates to more than 2999999 bytes (--max-inflated-bytes). {raise}"))
        );
        assert_eq!(read(u64::MAX, Limits { bytes: 3_000_000, ratio: 1, ..GENEROUS }), Ok(3_000_000));
        assert_eq!(read(3_000_000, Limits { ratio: 500, ..GENEROUS }), Ok(3_000_000));
        assert_eq!(
            read(1_000_000, Limits { ratio: 500, ..GENEROUS }),
            Err(format!("the {name} data inflates to more than 500 times its size (--max-inflated-ratio). {raise}"))
        );
    }
    assert_eq!(Limits::default(), Limits { bytes: 68_719_476_736, ratio: 500, ratio_from: 67_108_864 });
}

#[test]
fn an_error_stays() {
    let mut reader =
        inflate(Compression::Gzip, Box::new(io::Cursor::new(b"\x1f\x8bno gzip".to_vec())), GENEROUS).unwrap();
    let mut buffer = [0; 10];
    let first = reader.read(&mut buffer).unwrap_err().to_string();
    assert_eq!(reader.read(&mut buffer).unwrap_err().to_string(), first);
    assert_eq!(reader.read(&mut []).unwrap(), 0);
}

#[test]
fn data_that_asks_for_too_much_memory_is_refused() {
    // A frame's header that asks for a window of 2 GiB.
    let window = b"\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00";
    assert_eq!(
        inflated(Compression::Zstd, window),
        Err("the zstd data needs a window of more than 128 MiB. Decompress it first (zstd -d --long=31)".to_string())
    );
    // A block's header that asks for a dictionary of 1 GiB: 12 bytes with a checksum, after the file's own 12.
    let mut dictionary = compress(Compression::Xz, TEXT);
    dictionary[16] = 36;
    let mut crc = flate2::Crc::new();
    crc.update(&dictionary[12..20]);
    dictionary[20..24].copy_from_slice(&crc.sum().to_le_bytes());
    assert_eq!(
        inflated(Compression::Xz, &dictionary),
        Err("the xz data needs more than 512 MiB of memory. Decompress it first (xz -d)".to_string())
    );
}

#[test]
fn a_zip_file_is_no_stream() {
    let error = inflate(Compression::Zip, Box::new(io::empty()), GENEROUS).err().unwrap();
    assert_eq!(error.to_string(), "a zip file cannot be read as a stream; unpack it first");
}

proptest! {
    #[test]
    fn what_was_compressed_comes_back(
        parts in prop::collection::vec("[ab,\n]{0,200}", 1..4),
        kind in prop::sample::select(STREAMS.to_vec()),
        piece in 1usize..40,
        room in 1usize..40,
    ) {
        let bytes: Vec<u8> = parts.iter().flat_map(|part| compress(kind, part.as_bytes())).collect();
        let mut reader = inflate(kind, Box::new(Pieces(bytes, 0, piece)), GENEROUS).unwrap();
        let mut out = Vec::new();
        let mut buffer = vec![0; room];
        loop {
            match reader.read(&mut buffer).unwrap() {
                0 => break,
                read => out.extend_from_slice(&buffer[..read]),
            }
        }
        prop_assert_eq!(out, parts.concat().into_bytes());
    }

    #[test]
    fn hostile_bytes_do_no_harm(
        kind in prop::sample::select(STREAMS.to_vec()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = compress(kind, TEXT);
        for (at, byte) in changes {
            *at.get_mut(&mut bytes) = byte;
        }
        let limits = Limits { bytes: 1 << 20, ..Limits::default() };
        let _ = read_all(inflate(kind, Box::new(io::Cursor::new(bytes)), limits).unwrap());
    }
}
