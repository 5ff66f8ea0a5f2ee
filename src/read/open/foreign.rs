//! Files that are not records in any format read here: [`what_else`].

/// What a file is, and what to do, if it is none of the formats read here.
pub(super) fn what_else(start: &[u8]) -> Option<&'static str> {
    let kinds: [(&[u8], &str); 11] = [
        (b"\xff\xfe\0\0", "it is UTF-32; convert it first (iconv -f UTF-32 -t UTF-8)"),
        (b"\0\0\xfe\xff", "it is UTF-32; convert it first (iconv -f UTF-32 -t UTF-8)"),
        (b"SQLite format 3\0", "it is an SQLite database, not a file of records"),
        (b"%PDF-", "it is a PDF; export the table as CSV from the program it comes from"),
        (b"PAR1", "it is a Parquet file; write it as CSV or NDJSON first"),
        (b"7z\xbc\xaf\x27\x1c", "it is a 7z archive; unpack it first"),
        (b"Rar!\x1a\x07", "it is a RAR archive; unpack it first"),
        (b"<?xml", "it is XML; save it as CSV or as a spreadsheet first"),
        (b"<!DOCTYPE", "it is a web page; save the table as CSV or as a spreadsheet first"),
        (b"<html", "it is a web page; save the table as CSV or as a spreadsheet first"),
        (b"\x89PNG", "it is an image, not a file of records"),
    ];
    let is_binary = start[..start.len().min(257)].contains(&0);
    if is_binary && start.get(257..262) == Some(b"ustar") {
        return Some("it is a tar archive; unpack it first and name the file in it");
    }
    if is_binary && is_dbf(start) {
        return Some(
            "it is a dBase table (.dbf); open it in a spreadsheet program, save it as CSV UTF-8 or .xlsx, and load that",
        );
    }
    let is_text = !is_binary && std::str::from_utf8(&start[..start.len().min(64)]).is_ok();
    // A CSV file may begin with one of these words.
    let kinds = kinds.iter().filter(|(magic, _)| !is_text || magic.starts_with(b"<") || magic.starts_with(b"%"));
    kinds.into_iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, doing)| *doing)
}

/// Whether this is the header of a dBase table: a version, the day of the last change, and 32 bytes for each field, up
/// to a carriage return.
fn is_dbf(start: &[u8]) -> bool {
    const VERSIONS: [u8; 13] = [0x02, 0x03, 0x04, 0x05, 0x30, 0x31, 0x32, 0x43, 0x63, 0x83, 0x8b, 0xcb, 0xf5];
    let Some(header) = start.first_chunk::<32>() else { return false };
    let [length, record] = [8, 10].map(|at| usize::from(u16::from_le_bytes([header[at], header[at + 1]])));
    let is_day = (0..=12).contains(&header[2]) && (0..=31).contains(&header[3]);
    // Visual FoxPro has 263 bytes more after the fields.
    let ends = [length.checked_sub(1), length.checked_sub(264)];
    let has_fields = ends.into_iter().flatten().any(|end| end >= 64 && end % 32 == 0 && start.get(end) == Some(&b'\r'));
    VERSIONS.contains(&header[0]) && is_day && record > 1 && has_fields
}
