//! A compiled rule: [`Rule`].

use std::fmt;

use cel::{Context, IdedExpr};

use super::cost::Cost;

/// What a rule sees of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// A text; also a date or a timestamp, which sort as texts.
    Text,
    /// A whole number.
    Integer,
    /// A number with decimals.
    Real,
    /// True or false.
    Flag,
    /// Texts and numbers.
    List,
}

/// A compiled rule.
pub struct Rule {
    /// The rule, with numbers of fields in place of their names.
    pub(super) expression: IdedExpr,
    /// The fields that it names, ascending.
    pub fields: Vec<usize>,
    /// What it costs: outside its macros, and within each.
    pub(super) costs: Vec<Cost>,
    /// How many patterns it has.
    pub patterns: usize,
    /// The functions that it may call.
    pub(super) context: Context<'static, 'static>,
}

impl fmt::Debug for Rule {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Rule").field("fields", &self.fields).finish_non_exhaustive()
    }
}
