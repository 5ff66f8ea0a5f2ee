//! Asking whether a record keeps a rule: [`Rule::holds`].

use std::borrow::Cow;

use cel::ExecutionError;
use cel::common::types::{CelBool, CelDouble, CelInt, CelList, CelNull, CelString};
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use serde_json::value::RawValue;

use super::cost::Size;
use super::definition::Rule;
use crate::core::finding::RuleFault;

/// The most items of a list that a rule reads.
const MOST_ITEMS: usize = 1_000;

/// The most that a rule reads of a record, in MiB: a macro over a long list would copy a long text for each item.
const MOST_MIB: u64 = 16;

/// The value of a field in a record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'v> {
    /// There is none.
    Missing,
    /// A text.
    Text(&'v str),
    /// A whole number.
    Integer(i64),
    /// A number with decimals.
    Real(f64),
    /// True or false.
    Flag(bool),
    /// A JSON array of texts and numbers.
    List(&'v str),
}

/// A record, for the interpreter.
struct Record<'v> {
    /// The numbers of the fields, ascending.
    fields: &'v [usize],
    values: &'v [Value<'v>],
    /// The lists that the rule names, by field, ascending: parsed once, however often it names them.
    lists: Vec<(usize, CelList<'v>)>,
}

impl Rule {
    /// Whether a record keeps the rule. `values` are those of the [fields](Rule::fields) of the rule, or of more: `fields`
    /// says of which, ascending.
    ///
    /// # Errors
    ///
    /// [`RuleFault`] if the values leave the question open: a division by zero, for one.
    pub fn holds(&self, fields: &[usize], values: &[Value<'_>]) -> Result<bool, RuleFault> {
        let mut record = Record { fields, values, lists: Vec::new() };
        for field in &self.fields {
            let Some(Value::List(array)) = record.value(*field) else { continue };
            record.lists.push((*field, list(array)?));
        }
        if self.costs.iter().map(|cost| cost.bytes(|field| record.size(field))).sum::<u64>() > MOST_MIB << 20 {
            return Err(RuleFault::TooMuch { most_mib: MOST_MIB });
        }
        let mut scope = self.context.new_inner_scope();
        scope.set_variable_resolver(&record);
        let value = cel::Value::resolve_val(&self.expression, &scope).map_err(|error| fault(&error))?;
        value.downcast_ref::<CelBool>().map(|value| *value.inner()).ok_or(RuleFault::Types)
    }
}

impl<'v> Record<'v> {
    fn value(&self, field: usize) -> Option<Value<'v>> {
        self.fields.binary_search(&field).ok().and_then(|at| self.values.get(at)).copied()
    }

    fn size(&self, field: usize) -> Size {
        match self.value(field) {
            Some(Value::Text(text)) => Size { bytes: text.len(), items: 0 },
            Some(Value::List(array)) => {
                Size { bytes: array.len(), items: self.list(field).map_or(0, |list| list.len()) }
            }
            _ => Size::default(),
        }
    }

    fn list(&self, field: usize) -> Option<&CelList<'v>> {
        let at = self.lists.binary_search_by_key(&field, |(field, _)| *field).ok()?;
        self.lists.get(at).map(|(_, list)| list)
    }
}

impl VariableResolver for Record<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        let field = variable.parse().ok()?;
        Some(match self.value(field)? {
            Value::Missing => CowVal::owned(CelNull),
            Value::Text(text) => CowVal::owned(CelString::from(text)),
            Value::Integer(number) => CowVal::owned(CelInt::from(number)),
            Value::Real(number) => CowVal::owned(CelDouble::from(number)),
            Value::Flag(flag) => CowVal::owned(CelBool::from(flag)),
            Value::List(_) => CowVal::Borrowed(self.list(field)?),
        })
    }
}

/// A list: texts, whole numbers, other numbers.
fn list<'v>(array: &'v str) -> Result<CelList<'v>, RuleFault> {
    let items: Vec<&RawValue> = serde_json::from_str(array).unwrap_or_default();
    if items.len() > MOST_ITEMS {
        return Err(RuleFault::LongList { most: MOST_ITEMS });
    }
    let value = |json: &'v RawValue| -> Box<dyn Val + 'v> {
        let json = json.get();
        if !json.starts_with('"') {
            return match json.parse::<i64>() {
                Ok(number) => Box::new(CelInt::from(number)),
                Err(_) => Box::new(CelDouble::from(json.parse::<f64>().unwrap_or(f64::NAN))),
            };
        }
        match serde_json::from_str::<Cow<'v, str>>(json).unwrap_or_default() {
            Cow::Borrowed(text) => Box::new(CelString::from(text)),
            Cow::Owned(text) => Box::new(CelString::from(text)),
        }
    };
    let values: Vec<Box<dyn Val + 'v>> = items.into_iter().map(value).collect();
    Ok(CelList::from(values))
}

fn fault(error: &ExecutionError) -> RuleFault {
    match error {
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => RuleFault::DivisionByZero,
        ExecutionError::Overflow(..) => RuleFault::Overflow,
        ExecutionError::IndexOutOfBounds(_) => RuleFault::NoSuchItem,
        ExecutionError::FunctionError { function, .. } if function == "int" => RuleFault::NotANumber,
        ExecutionError::FunctionError { function, .. } if function == "double" => RuleFault::NotANumber,
        _ => RuleFault::Types,
    }
}
