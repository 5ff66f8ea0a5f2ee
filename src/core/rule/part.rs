//! A part of a rule, compiled: [`Part`], and what is made of it.

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators as op};

use super::error::RuleError;
use super::types::Type;

/// An expression that is compiled.
pub(super) struct Part {
    pub(super) expression: Expr,
    pub(super) is: Type,
    /// The fields without whose values it cannot be evaluated.
    pub(super) needs: Vec<usize>,
    /// Whether it is a field, an item or a value, which can be compared with null.
    pub(super) is_plain: bool,
    /// The types of a list's elements, where they are written in the rule.
    pub(super) elements: Vec<Type>,
}

impl Part {
    /// What is made of others.
    pub(super) fn new(expression: Expr, is: Type, needs: Vec<usize>) -> Part {
        Part { expression, is, needs, is_plain: false, elements: Vec::new() }
    }
}

pub(super) fn value(literal: LiteralValue) -> Result<Part, RuleError> {
    let is = Type::of_literal(&literal);
    let is = is.ok_or(RuleError::NotAllowed("write numbers without u, and texts without b before the quotes"))?;
    Ok(Part { is_plain: true, ..Part::new(Expr::Literal(literal), is, Vec::new()) })
}

/// A part that is true or false. A missing flag is false.
pub(super) fn test(part: Part) -> Result<IdedExpr, RuleError> {
    match part.is {
        Type::Bool if part.needs.is_empty() => Ok(node(part.expression)),
        Type::Bool => {
            let yes = node(Expr::Literal(LiteralValue::Boolean(true.into())));
            Ok(node(global(op::EQUALS, vec![node(part.expression), yes])))
        }
        Type::Any => Ok(node(part.expression)),
        is => Err(RuleError::WrongTypes(format!("{} where true or false is needed", is.words()))),
    }
}

/// A test that is only made if what it needs is there; else it is `otherwise`.
pub(super) fn when_present(part: Part, otherwise: bool) -> Part {
    let (join, compare) = if otherwise { (op::LOGICAL_OR, op::EQUALS) } else { (op::LOGICAL_AND, op::NOT_EQUALS) };
    let mut needs = part.needs;
    needs.sort_unstable();
    needs.dedup();
    let question = |field| node(global(compare, vec![node(ident(field)), node(Expr::Literal(LiteralValue::Null))]));
    let mut questions: Vec<IdedExpr> = needs.into_iter().map(question).collect();
    // Pair by pair, so that many questions are nested no deeper than their number's logarithm.
    while questions.len() > 1 {
        let mut rest = questions.into_iter();
        questions = Vec::new();
        while let Some(one) = rest.next() {
            questions.push(match rest.next() {
                Some(other) => node(global(join, vec![one, other])),
                None => one,
            });
        }
    }
    bool_of(match questions.pop() {
        Some(questions) => global(join, vec![questions, node(part.expression)]),
        None => part.expression,
    })
}

/// The field of `x == null` and `x != null`, and whether it is the first.
pub(super) fn compared_with_null(condition: &Expr) -> Option<(usize, bool)> {
    let Expr::Call(CallExpr { func_name, args, .. }) = condition else { return None };
    let is_equal = match func_name.as_str() {
        op::EQUALS => true,
        op::NOT_EQUALS => false,
        _ => return None,
    };
    match [&args.first()?.expr, &args.get(1)?.expr] {
        [Expr::Ident(name), Expr::Literal(LiteralValue::Null)]
        | [Expr::Literal(LiteralValue::Null), Expr::Ident(name)] => Some((name.parse().ok()?, is_equal)),
        _ => None,
    }
}

/// The field's number in place of its name: no rule can write it, and it is found fast.
pub(super) fn ident(field: usize) -> Expr {
    Expr::Ident(field.to_string())
}

pub(super) fn node(expr: Expr) -> IdedExpr {
    IdedExpr { id: 0, expr }
}

pub(super) fn global(name: &str, args: Vec<IdedExpr>) -> Expr {
    Expr::Call(CallExpr { func_name: name.to_string(), target: None, args })
}

pub(super) fn bool_of(expression: Expr) -> Part {
    Part::new(expression, Type::Bool, Vec::new())
}

pub(super) fn two(parts: Vec<Part>) -> Result<[Part; 2], RuleError> {
    parts.try_into().map_err(|_| RuleError::NotAllowed("an operator has two sides"))
}

pub(super) fn three(parts: Vec<Part>) -> Result<[Part; 3], RuleError> {
    parts.try_into().map_err(|_| RuleError::NotAllowed("a condition has three parts"))
}

/// An error about an operator or function and the types that it gets.
pub(super) fn wrong_types(name: &str, types: &[Type]) -> RuleError {
    let shown = name.trim_matches('_').trim_start_matches('@');
    let types = types.iter().map(|is| is.words()).collect::<Vec<_>>().join(" and ");
    RuleError::WrongTypes(format!("{shown} does not work with {types}"))
}
