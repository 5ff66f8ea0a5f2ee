//! The types of a rule's expressions: [`Type`].

use cel::common::ast::{Expr, IdedExpr, LiteralValue};

use super::definition::ValueType;

/// What an expression gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    /// An item of a list, which is a text or a number.
    Any,
    Null,
    Bool,
    Int,
    Real,
    Text,
    List,
}

impl Type {
    pub(super) fn of_literal(literal: &LiteralValue) -> Option<Type> {
        match literal {
            LiteralValue::Boolean(_) => Some(Type::Bool),
            LiteralValue::Double(_) => Some(Type::Real),
            LiteralValue::Int(_) => Some(Type::Int),
            LiteralValue::Null => Some(Type::Null),
            LiteralValue::String(_) => Some(Type::Text),
            LiteralValue::Bytes(_) | LiteralValue::UInt(_) => None,
        }
    }

    /// The type of what a macro begins with.
    pub(super) fn of_beginning(expression: &IdedExpr) -> Type {
        match &expression.expr {
            Expr::Literal(literal) => Type::of_literal(literal).unwrap_or(Type::Any),
            _ => Type::List,
        }
    }

    /// The type of two values that can be compared.
    pub(super) fn common(self, other: Type) -> Option<Type> {
        match (self, other) {
            (Type::Null, _) | (_, Type::Null) => None,
            (Type::Any, is) | (is, Type::Any) => Some(is),
            (Type::Int, Type::Real) | (Type::Real, Type::Int) => Some(Type::Real),
            (one, other) => (one == other).then_some(one),
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Type::Any => "an item of a list",
            Type::Null => "null",
            Type::Bool => "true or false",
            Type::Int => "a whole number",
            Type::Real => "a decimal",
            Type::Text => "a text",
            Type::List => "a list",
        }
    }
}

impl From<ValueType> for Type {
    fn from(is: ValueType) -> Type {
        match is {
            ValueType::Text => Type::Text,
            ValueType::Integer => Type::Int,
            ValueType::Real => Type::Real,
            ValueType::Flag => Type::Bool,
            ValueType::List => Type::List,
        }
    }
}
