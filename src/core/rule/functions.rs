//! What a rule may call: the library of the language without what rules have no use for, and a function for each pattern of a
//! rule, so that no pattern is compiled for a record.

use std::sync::{Arc, LazyLock};

use cel::common::types::{CelBool, CelString};
use cel::common::value::CowVal;
use cel::{Context, Env, ExecutionError, FunctionContext};
use regex::Regex;

use super::error::RuleError;

static LIBRARY: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::default().with_stdlib()));

/// The library, and the patterns as functions.
pub(super) fn context(patterns: Vec<Regex>) -> Result<Context<'static, 'static>, RuleError> {
    let mut context = Context::with_env(Arc::clone(&LIBRARY));
    let sortable: Box<Function> = Box::new(sortable);
    let added = context.add_function(SORTABLE, sortable);
    added.map_err(|error| RuleError::UnusablePattern(error.to_string()))?;
    for (index, pattern) in patterns.into_iter().enumerate() {
        let function: Box<Function> = Box::new(move |call| matches(&pattern, call));
        let added = context.add_function(&name(index), function);
        added.map_err(|error| RuleError::UnusablePattern(error.to_string()))?;
    }
    Ok(context)
}

type Function =
    dyn for<'c, 'v> Fn(&mut FunctionContext<'c, 'v>) -> Result<CowVal<'c, 'v>, ExecutionError> + Send + Sync;

/// The name of a pattern's function, which no rule can write.
pub(super) fn name(pattern: usize) -> String {
    format!("@matches{pattern}")
}

/// The function that texts are put through before they are compared by order.
pub(super) const SORTABLE: &str = "@sortable";

/// A stored timestamp without its `Z`, which sorts after the point before a fraction of a second; any other text as it is.
fn sortable<'c, 'v>(call: &mut FunctionContext<'c, 'v>) -> Result<CowVal<'c, 'v>, ExecutionError> {
    let text = text_of(call)?.inner();
    let time = text.strip_suffix('Z').filter(|time| time.as_bytes().get(10) == Some(&b'T'));
    Ok(CowVal::owned(CelString::from(time.unwrap_or(text).to_string())))
}

fn matches<'c, 'v>(pattern: &Regex, call: &mut FunctionContext<'c, 'v>) -> Result<CowVal<'c, 'v>, ExecutionError> {
    Ok(CowVal::owned(CelBool::from(pattern.is_match(text_of(call)?.inner()))))
}

fn text_of<'a>(call: &'a FunctionContext<'_, '_>) -> Result<&'a CelString<'a>, ExecutionError> {
    let text = call.args.first().and_then(|text| text.downcast_ref::<CelString>());
    text.ok_or_else(|| ExecutionError::no_such_overload("a text", Vec::new()))
}
