//! Feeds one of the parsers with what libFuzzer makes up: the one that `CUSTLOAD_TARGET` names.
#![no_main]
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../tests/it/oracle.rs"]
mod oracle;
#[path = "../tests/it/random.rs"]
mod random;
#[path = "../tests/it/fuzz/targets.rs"]
mod targets;

use std::sync::LazyLock;

static TARGET: LazyLock<targets::Target> = LazyLock::new(|| {
    let name = std::env::var("CUSTLOAD_TARGET").expect("CUSTLOAD_TARGET names what is fuzzed");
    targets::TARGETS.into_iter().find(|(other, _)| *other == name).expect("there is such a target").1
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| TARGET(data));
