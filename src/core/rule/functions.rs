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

fn matches<'c, 'v>(pattern: &Regex, call: &mut FunctionContext<'c, 'v>) -> Result<CowVal<'c, 'v>, ExecutionError> {
    let text = call.args.first().and_then(|text| text.downcast_ref::<CelString>());
    let text = text.ok_or_else(|| ExecutionError::no_such_overload("matches", Vec::new()))?;
    Ok(CowVal::owned(CelBool::from(pattern.is_match(text.inner()))))
}
