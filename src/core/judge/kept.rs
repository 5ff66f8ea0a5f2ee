//! What a field that keeps invalid values stores: [`Kept`].

use std::borrow::Cow;

/// What a field that keeps invalid values stores.
pub(super) struct Kept<'v, 'j> {
    pub(super) value: Cow<'v, str>,
    /// What was judged, where that is another text.
    pub(super) judged: Option<&'j str>,
}

impl<'v> Kept<'v, '_> {
    pub(super) fn unchanged(value: Cow<'v, str>) -> Self {
        Kept { value, judged: None }
    }
}
