//! How far a compressed file may grow: [`Limits`].

/// How far a compressed file may grow. A few kilobytes can be made to inflate without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The maximum number of bytes that it may inflate to (`--max-inflated-bytes`).
    pub bytes: u64,
    /// The maximum number of bytes that each of its bytes may inflate to (`--max-inflated-ratio`).
    pub ratio: u64,
    /// The ratio is checked once this number of bytes has come out. Small files may compress unusually well.
    pub ratio_from: u64,
}

impl Default for Limits {
    /// 64 GiB, and 500 times the size. Customer files compress to a fifth or a tenth; deflate reaches 1:1032 at most.
    fn default() -> Limits {
        Limits { bytes: 64 << 30, ratio: 500, ratio_from: 64 << 20 }
    }
}
