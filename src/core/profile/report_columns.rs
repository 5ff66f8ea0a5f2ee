//! The columns, and the key, that a reject report adds to the input's own.

use xxhash_rust::xxh3::xxh3_64;

/// The names of the columns that a reject report has after the input's own.
pub const REPORT_COLUMNS: [&str; 8] = [
    "_reject_run",
    "_reject_file",
    "_reject_record",
    "_reject_line",
    "_reject_codes",
    "_reject_messages",
    "_reject_dialect",
    "_reject_raw",
];

/// Which of [`REPORT_COLUMNS`] a header is, by index. Other programs may have changed its case.
pub fn report_column(header: &str) -> Option<usize> {
    REPORT_COLUMNS.iter().position(|column| is_same(header, column))
}

fn is_same(header: &str, column: &str) -> bool {
    header.trim().eq_ignore_ascii_case(column)
}

/// The columns of the first version. They are not adjacent in [`REPORT_COLUMNS`].
const OLD_REPORT_COLUMNS: [&str; 4] = ["_reject_line", "_reject_codes", "_reject_messages", "_reject_raw"];

/// Whether this is the header of an unchanged reject report: all of the report's columns are adjacent.
pub fn has_report_columns<N: AsRef<str>>(names: &[N]) -> bool {
    let are_those = |columns: &[&str]| {
        let mut windows = names.windows(columns.len());
        windows.any(|names| names.iter().zip(columns).all(|(name, column)| is_same(name.as_ref(), column)))
    };
    are_those(&REPORT_COLUMNS) || are_those(&OLD_REPORT_COLUMNS)
}

/// Eight hex digits that identify a list of columns, by their names and their order.
pub fn digest<'n>(names: impl IntoIterator<Item = &'n String>) -> String {
    let text: String = names.into_iter().flat_map(|name| [name.trim(), "\0"]).collect();
    format!("{:08x}", xxh3_64(text.as_bytes()) as u32)
}

/// The key of the object that a reject report adds to an NDJSON record.
pub const REPORT_KEY: &str = "_reject";
