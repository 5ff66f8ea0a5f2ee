//! From the text of a rule to a [`Rule`]: what could take long, names nothing or compares things of different types is refused.
//!
//! A missing value is `null`. So that a rule need not ask for it everywhere, a comparison or test that reads a missing value is
//! false, and `!=` is true: the compiler puts the question before it.

use std::mem;

use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, ListExpr, LiteralValue, operators as op};
use cel::parser::{ParseErrors, PrattParser};
use regex::Regex;

use super::cost::Cost;
use super::definition::{Rule, ValueType};
use super::error::RuleError;
use super::functions::{self, context};
use super::part::{
    Part, bool_of, compared_with_null, global, ident, node, test, three, two, value, when_present, wrong_types,
};
use super::syntax;
use super::types::Type;
use crate::core::text::pattern::compiled;

/// The longest text of a rule in bytes. It bounds what the parser nests, and so its stack.
const MOST_BYTES: usize = 4096;

/// The most names, values and operators of a rule.
const MOST_NODES: usize = 1_000;

/// The most patterns of a rule: to compile one can take milliseconds.
const MOST_PATTERNS: usize = 20;

/// How deep brackets and operators may be nested; the parser counts brackets alike. The interpreter takes about a kilobyte of stack
/// for each level.
const MOST_LEVELS: usize = 96;

struct Compiler<'n> {
    field: &'n dyn Fn(&str) -> Option<(usize, ValueType)>,
    nodes: usize,
    level: usize,
    /// What is outside all macros, or within this one; and what is done.
    cost: Cost,
    costs: Vec<Cost>,
    /// The names within a macro.
    scope: Vec<(String, Type)>,
    patterns: Vec<Regex>,
}

impl Rule {
    /// Compiles a rule; `field` knows the fields by their columns.
    ///
    /// # Errors
    ///
    /// [`RuleError`] says what is wrong.
    pub fn new(text: &str, field: &dyn Fn(&str) -> Option<(usize, ValueType)>) -> Result<Rule, RuleError> {
        if text.len() > MOST_BYTES {
            return Err(RuleError::TooLong(MOST_BYTES));
        }
        let parsed = PrattParser::new().parse(text).map_err(|errors| unparsed(text, &errors))?;
        let mut compiler = Compiler {
            field,
            nodes: 0,
            level: 0,
            cost: Cost::default(),
            costs: Vec::new(),
            scope: Vec::new(),
            patterns: Vec::new(),
        };
        let expression = compiler.part(parsed)?;
        let expression = whole(expression)?;
        let Compiler { cost, mut costs, patterns, .. } = compiler;
        costs.push(cost);
        let mut fields: Vec<usize> = costs.iter().flat_map(|cost| cost.field_mentions.iter().copied()).collect();
        fields.sort_unstable();
        fields.dedup();
        Ok(Rule { expression, fields, costs, patterns: patterns.len(), context: context(patterns)? })
    }
}

fn unparsed(rule: &str, errors: &ParseErrors) -> RuleError {
    if errors.errors.iter().any(|error| error.msg.contains("recursion limit")) {
        return RuleError::TooDeep(MOST_LEVELS);
    }
    syntax::why(rule, errors).unwrap_or_else(|| RuleError::Syntax(0..rule.len(), "it is not CEL".to_string()))
}

fn whole(part: Part) -> Result<IdedExpr, RuleError> {
    test(part).map_err(|error| if matches!(error, RuleError::WrongTypes(_)) { RuleError::NotATest } else { error })
}

impl Compiler<'_> {
    fn part(&mut self, expression: IdedExpr) -> Result<Part, RuleError> {
        self.enter()?;
        let part = match expression.expr {
            Expr::Literal(literal) => value(literal),
            Expr::Ident(name) => self.name(name),
            Expr::List(list) => self.list(list),
            Expr::Comprehension(comprehension) => self.comprehension(*comprehension),
            Expr::Call(call) => self.call(call),
            Expr::Select(select) if select.test => {
                Err(RuleError::NotAllowed("fields have no parts; write `email != null` for has()"))
            }
            Expr::Select(_) => Err(RuleError::NotAllowed("fields have no parts; write the name of the column alone")),
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                Err(RuleError::NotAllowed("maps and messages have no use in a rule; lists are written [1, 2]"))
            }
        }?;
        self.level -= 1;
        Ok(part)
    }

    /// Counts a name, value or operator, and that what follows is within it.
    fn enter(&mut self) -> Result<(), RuleError> {
        self.nodes += 1;
        self.cost.nodes += 1;
        self.level += 1;
        if self.nodes > MOST_NODES {
            return Err(RuleError::TooManyNodes(MOST_NODES));
        }
        if self.level > MOST_LEVELS {
            return Err(RuleError::TooDeep(MOST_LEVELS));
        }
        Ok(())
    }

    fn name(&mut self, name: String) -> Result<Part, RuleError> {
        if let Some((_, is)) = self.scope.iter().find(|(known, _)| *known == name) {
            self.cost.item_mentions += 1;
            return Ok(Part { is_plain: true, ..Part::new(Expr::Ident(name), *is, Vec::new()) });
        }
        let (field, kind) = (self.field)(&name).ok_or(RuleError::UnknownName(name))?;
        // It would be searched for each item of the macro's list.
        if kind == ValueType::List && !self.scope.is_empty() {
            return Err(RuleError::NotAllowed(
                "within a macro (all, exists, exists_one, filter, map) name the item, not a list field; write other lists \
                 as ['a', 'b']",
            ));
        }
        self.cost.field_mentions.push(field);
        Ok(Part { is_plain: true, ..Part::new(ident(field), kind.into(), vec![field]) })
    }

    fn list(&mut self, list: ListExpr) -> Result<Part, RuleError> {
        let (parts, needs) = self.values(list.elements)?;
        let elements = parts.iter().map(|part| part.is).collect();
        let list = ListExpr::new(parts.into_iter().map(|part| node(part.expression)).collect());
        Ok(Part { elements, ..Part::new(Expr::List(list), Type::List, needs) })
    }

    /// Parts that are values, and what they need.
    fn values(&mut self, expressions: Vec<IdedExpr>) -> Result<(Vec<Part>, Vec<usize>), RuleError> {
        let parts: Vec<Part> = expressions.into_iter().map(|part| self.part(part)).collect::<Result<_, _>>()?;
        let needs = parts.iter().flat_map(|part| part.needs.iter().copied()).collect();
        Ok((parts, needs))
    }

    fn comprehension(&mut self, of: ComprehensionExpr) -> Result<Part, RuleError> {
        let no_list = || RuleError::NotAListField("a macro (all, exists, exists_one, filter, map)".to_string());
        if !self.scope.is_empty() || of.iter_var2.is_some() {
            return Err(no_list());
        }
        let range = self.part(of.iter_range)?;
        if range.is != Type::List || !range.is_plain {
            return Err(no_list());
        }
        let found = Type::of_beginning(&of.accu_init);
        self.scope = vec![(of.iter_var.clone(), Type::Any), (of.accu_var.clone(), found)];
        let inner = Cost { list: range.needs.first().copied(), ..Cost::default() };
        let outer = mem::replace(&mut self.cost, inner);
        let step = self.part(of.loop_step)?;
        self.costs.push(mem::replace(&mut self.cost, outer));
        self.scope.clear();
        let (is, step_expression) = match found {
            Type::Bool => (Type::Bool, test(Part { needs: Vec::new(), ..step })?),
            Type::Int => (Type::Bool, node(step.expression)),
            _ => (Type::List, node(step.expression)),
        };
        let (needs, inner) = (range.needs, step.needs);
        let expression = Expr::Comprehension(Box::new(ComprehensionExpr {
            iter_range: node(range.expression),
            loop_step: step_expression,
            ..of
        }));
        let part = Part::new(expression, is, needs.into_iter().chain(inner).collect());
        Ok(if is == Type::Bool { when_present(part, false) } else { part })
    }

    fn call(&mut self, call: CallExpr) -> Result<Part, RuleError> {
        let CallExpr { func_name, target, args } = call;
        match (func_name.as_str(), args.len()) {
            (op::LOGICAL_AND | op::LOGICAL_OR | op::LOGICAL_NOT, _) => {
                let (parts, _) = self.values(args)?;
                let tests = parts.into_iter().map(test).collect::<Result<_, _>>()?;
                Ok(bool_of(global(&func_name, tests)))
            }
            (op::CONDITIONAL, 3) => self.conditional(args),
            (op::EQUALS | op::NOT_EQUALS, 2) => self.equality(&func_name, args),
            (op::LESS | op::LESS_EQUALS | op::GREATER | op::GREATER_EQUALS, 2) => self.order(&func_name, args),
            (op::IN, 2) => self.membership(args),
            (op::ADD | op::SUBSTRACT | op::MULTIPLY | op::DIVIDE | op::MODULO, 2) => self.arithmetic(&func_name, args),
            (op::NEGATE, 1) => self.arithmetic(&func_name, args),
            (op::INDEX, 2) => self.index(args),
            _ => self.function(&func_name, target.into_iter().map(|target| *target).chain(args).collect()),
        }
    }

    fn conditional(&mut self, args: Vec<IdedExpr>) -> Result<Part, RuleError> {
        let (parts, _) = self.values(args)?;
        let [condition, mut one, mut other] = three(parts)?;
        if let Some((field, is_equal)) = compared_with_null(&condition.expression) {
            // That side is only read if the field has a value.
            let reads = if is_equal { &mut other } else { &mut one };
            reads.needs.retain(|need| *need != field);
        }
        let needs = [&condition, &one, &other].into_iter().flat_map(|part| part.needs.iter().copied()).collect();
        let (condition, is) = (test(condition)?, one.is.common(other.is));
        let is = is.filter(|is| *is != Type::Null).ok_or_else(|| wrong_types("?:", &[one.is, other.is]))?;
        if is == Type::Bool {
            return Ok(bool_of(global(op::CONDITIONAL, vec![condition, test(one)?, test(other)?])));
        }
        let elements = one.elements.into_iter().chain(other.elements).collect();
        let expression = global(op::CONDITIONAL, vec![condition, node(one.expression), node(other.expression)]);
        Ok(Part { elements, ..Part::new(expression, is, needs) })
    }

    fn equality(&mut self, operator: &str, args: Vec<IdedExpr>) -> Result<Part, RuleError> {
        let (parts, needs) = self.values(args)?;
        let [one, other] = two(parts)?;
        let types = [one.is, other.is];
        let is_plain = one.is_plain && other.is_plain;
        if !types.contains(&Type::Null) && one.is.common(other.is).is_none() {
            return Err(wrong_types(operator, &types));
        }
        if types.contains(&Type::Null) && !is_plain {
            return Err(RuleError::NotAllowed("only a field can be compared with null, not what is made of one"));
        }
        let part = bool_of(global(operator, vec![node(one.expression), node(other.expression)]));
        Ok(if is_plain { part } else { when_present(Part { needs, ..part }, operator == op::NOT_EQUALS) })
    }

    fn order(&mut self, operator: &str, args: Vec<IdedExpr>) -> Result<Part, RuleError> {
        let (parts, needs) = self.values(args)?;
        let [one, other] = two(parts)?;
        let args = match one.is.common(other.is) {
            Some(Type::Text) if one.is == other.is => {
                [one, other].map(|part| node(global(functions::SORTABLE, vec![node(part.expression)])))
            }
            Some(Type::Int | Type::Real | Type::Text | Type::Any) => [one, other].map(|part| node(part.expression)),
            _ => return Err(wrong_types(operator, &[one.is, other.is])),
        };
        let part = bool_of(global(operator, args.into()));
        Ok(when_present(Part { needs, ..part }, false))
    }

    fn membership(&mut self, args: Vec<IdedExpr>) -> Result<Part, RuleError> {
        let (parts, needs) = self.values(args)?;
        let [item, list] = two(parts)?;
        if list.is != Type::List {
            return Err(wrong_types(op::IN, &[item.is, list.is]));
        }
        if let Some(other) = list.elements.into_iter().find(|element| item.is.common(*element).is_none()) {
            return Err(wrong_types(op::IN, &[item.is, other]));
        }
        let part = bool_of(global(op::IN, vec![node(item.expression), node(list.expression)]));
        Ok(when_present(Part { needs, ..part }, false))
    }

    fn arithmetic(&mut self, operator: &str, args: Vec<IdedExpr>) -> Result<Part, RuleError> {
        let (parts, needs) = self.values(args)?;
        let types: Vec<Type> = parts.iter().map(|part| part.is).collect();
        // Only a macro adds lists: to what it has found. Sums of long lists would take long.
        let is_found = |part: &Part| matches!((&part.expression, self.scope.get(1)), (Expr::Ident(name), Some((found, _))) if name == found);
        let adds_to_found = parts.first().is_some_and(is_found);
        // Whole numbers and others are not mixed: the language wants double(x).
        let is = types.iter().copied().reduce(|one, other| match (one, other) {
            (Type::Any, is) | (is, Type::Any) => is,
            (one, other) if one == other => one,
            _ => Type::Null,
        });
        let is = is.unwrap_or(Type::Null);
        let is_zero =
            |part: &Part| matches!(&part.expression, Expr::Literal(LiteralValue::Int(number)) if *number.inner() == 0);
        if matches!(operator, op::DIVIDE | op::MODULO) && parts.get(1).is_some_and(is_zero) {
            return Err(RuleError::NotAllowed("it divides a whole number by zero"));
        }
        let is_allowed = match operator {
            op::ADD => {
                matches!(is, Type::Int | Type::Real | Type::Text | Type::Any) || is == Type::List && adds_to_found
            }
            op::MODULO => matches!(is, Type::Int | Type::Any),
            _ => matches!(is, Type::Int | Type::Real | Type::Any),
        };
        if !is_allowed {
            return Err(wrong_types(operator, &types));
        }
        let args = parts.into_iter().map(|part| node(part.expression)).collect();
        Ok(Part::new(global(operator, args), is, needs))
    }

    fn index(&mut self, args: Vec<IdedExpr>) -> Result<Part, RuleError> {
        let (parts, needs) = self.values(args)?;
        let [list, index] = two(parts)?;
        if (list.is, index.is) != (Type::List, Type::Int) {
            return Err(wrong_types(op::INDEX, &[list.is, index.is]));
        }
        let expression = global(op::INDEX, vec![node(list.expression), node(index.expression)]);
        Ok(Part::new(expression, Type::Any, needs))
    }

    /// A function; what it is called on is its first argument.
    fn function(&mut self, name: &str, args: Vec<IdedExpr>) -> Result<Part, RuleError> {
        let (parts, needs) = self.values(args)?;
        let types: Vec<Type> = parts.iter().map(|part| part.is).collect();
        let is = match (name, types.as_slice()) {
            ("size", [Type::Text | Type::List | Type::Any]) => Type::Int,
            ("int", [Type::Text | Type::Real | Type::Int | Type::Any]) => Type::Int,
            ("double", [Type::Text | Type::Real | Type::Int | Type::Any]) => Type::Real,
            ("string", [Type::Text | Type::Real | Type::Int | Type::Any]) => Type::Text,
            ("contains" | "startsWith" | "endsWith" | "matches", [Type::Text | Type::Any, Type::Text | Type::Any]) => {
                Type::Bool
            }
            ("size" | "int" | "double" | "string" | "contains" | "startsWith" | "endsWith" | "matches", types) => {
                return Err(wrong_types(name, types));
            }
            _ => return Err(RuleError::UnknownFunction(format!("{name}()"))),
        };
        let mut args: Vec<IdedExpr> = parts.into_iter().map(|part| node(part.expression)).collect();
        let expression = match (name, is) {
            ("matches", _) => self.matches(args)?,
            (_, Type::Bool) => {
                let target = Some(Box::new(args.remove(0)));
                Expr::Call(CallExpr { func_name: name.to_string(), target, args })
            }
            _ => global(name, args),
        };
        let part = Part::new(expression, is, needs);
        Ok(if is == Type::Bool { when_present(part, false) } else { part })
    }

    /// A pattern is compiled here, and its function called in place of `matches`.
    fn matches(&mut self, mut args: Vec<IdedExpr>) -> Result<Expr, RuleError> {
        let Some(Expr::Literal(LiteralValue::String(pattern))) = args.pop().map(|pattern| pattern.expr) else {
            return Err(RuleError::NotAllowed("the pattern of matches() must be a text in quotes"));
        };
        if self.patterns.len() == MOST_PATTERNS {
            return Err(RuleError::TooManyPatterns(MOST_PATTERNS));
        }
        self.patterns.push(compiled(pattern.inner()).map_err(RuleError::Pattern)?);
        Ok(global(&functions::name(self.patterns.len() - 1), args))
    }
}
