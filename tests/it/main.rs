//! The program as a person or a cron job meets it: started as a process, judged by what it prints, leaves and answers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod balance;
#[cfg(unix)]
mod beside;
mod catalogue;
mod checks;
mod cli;
mod column_types;
mod columns;
mod crash;
mod crm;
mod determinism;
mod dialects;
mod docs;
#[cfg(target_os = "linux")]
mod faults;
mod fuzz;
#[path = "../../examples/generate/generator/mod.rs"]
mod generator;
mod inputs;
mod json;
mod keys;
mod kills;
mod linear;
mod log;
mod model;
mod modes;
mod new_profile;
mod nightly;
mod oracle;
mod own_profile;
mod parents;
mod random;

mod redo;
mod refusals;
mod rejects;
mod reports;
mod resume;
mod same_input;
mod samples;
#[cfg(unix)]
mod scenes;
#[cfg(unix)]
mod sheet;
mod shell;
mod support;
mod systems;
mod tidy;
mod undo;
mod unique;
mod values;
