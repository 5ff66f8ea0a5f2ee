//! What a rule can cost ([`Cost`]): known from the sizes of a record's values before anything is evaluated.

/// What a rule reads outside its macros, or within one of them.
#[derive(Debug, Default)]
pub(super) struct Cost {
    /// The list field of the macro, for each of whose items everything is done.
    pub(super) list: Option<usize>,
    /// The number of names, values and operators.
    pub(super) nodes: u64,
    /// How often the item is named.
    pub(super) item_mentions: u64,
    /// The fields that are named, each as often as it is.
    pub(super) field_mentions: Vec<usize>,
}

/// The size of a field's value in a record.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Size {
    pub(super) bytes: usize,
    /// The number of a list's items.
    pub(super) items: usize,
}

/// What the interpreter needs for a name, value or operator beside its text, in bytes.
const NODE_BYTES: u64 = 64;

impl Cost {
    /// The most bytes that are read and made: each mention may copy its text.
    pub(super) fn bytes(&self, size: impl Fn(usize) -> Size) -> u64 {
        let texts: u64 = self.field_mentions.iter().map(|field| size(*field).bytes as u64).sum();
        let Some(list) = self.list.map(size) else { return texts };
        list.items as u64 * (self.nodes * NODE_BYTES + texts) + self.item_mentions * list.bytes as u64
    }
}
