//! How far a compressed file may grow: [`Limits`].

/// How far a compressed file may grow. A few kilobytes can be made to inflate without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes that it may inflate to (`--max-inflated-bytes`).
    pub bytes: u64,
    /// The most bytes that each byte of it may inflate to (`--max-inflated-ratio`).
    pub ratio: u64,
}

impl Default for Limits {
    /// 64 GiB, and 500 times the size. Customer files compress to a fifth or a tenth; deflate reaches 1:1032 at most.
    fn default() -> Limits {
        Limits { bytes: 64 << 30, ratio: 500 }
    }
}

/// The ratio is checked once this much has come out. Less does no harm, and small files may compress unusually well.
pub(super) const RATIO_JUDGED_FROM: u64 = 64 << 20;
