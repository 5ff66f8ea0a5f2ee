//! custload loads customer records from CSV, JSON and spreadsheets into SQLite: validated, normalised, with customer IDs
//! assigned, and with a reject report that can be corrected and loaded again.
//!
//! The program `custload` is this library with a command line. As a library it does three things.
//!
//! **Read a profile.** A [`Profile`] says which fields a record has and what each must look like. Three are built in;
//! [`Profile::parse`] reads one from its TOML text.
//!
//! **Judge records.** A [`RecordJudge`](judge::RecordJudge) makes rows and findings of records, without files, threads or SQL:
//!
//! ```
//! use custload::Profile;
//! use custload::judge::{FieldOptions, FieldValue, RecordJudge, message};
//!
//! let contact = Profile::named("contact")?;
//! let judge = RecordJudge::csv(contact.clone(), &FieldOptions::default(), &["E-Mail", "Country"])?;
//!
//! let row = judge.judge(b"Ann@EXAMPLE.com,Germany").row.unwrap();
//! assert_eq!(row[1], FieldValue::Text("Ann@example.com".to_string()));
//! assert_eq!(row[5], FieldValue::Text("DE".to_string()));
//!
//! let rejected = judge.judge(b"ann.example.com,DE");
//! assert_eq!(rejected.row, None);
//! let finding = rejected.findings.all().iter().next().unwrap();
//! assert_eq!(finding.code().name(), "invalid-email");
//! let column = &contact.fields[finding.field.unwrap() as usize].column;
//! assert_eq!(message(&finding, column).to_string(), "email is not an e-mail address: it has no @");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **Run an import**, as the program does, with [`import::run`]:
//!
//! ```
//! # #[cfg(feature = "program")] {
//! use custload::import::{Options, Unobserved, run};
//!
//! # let folder = tempfile::tempdir()?;
//! # let (input, database) = (folder.path().join("customers.csv"), folder.path().join("customers.db"));
//! std::fs::write(&input, "email,name\nann@example.com,Ann Smith\nbob,Bob Jones\n")?;
//! let options = Options { inputs: vec![input], database: Some(database), ..Options::default() };
//! let summary = run(&options, &mut Unobserved)?;
//! assert_eq!((summary.counts.created, summary.counts.rejected), (1, 1));
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Without the feature `program`, which is on by default, the crate is the core alone: profiles and judging.

// The modules are private. With the feature `internals`, tests, benches and the tools of developers see them; what a user
// sees has docs, there a name may say enough.
#![cfg_attr(feature = "internals", allow(missing_docs))]

#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod app;
#[cfg(all(feature = "program", not(feature = "internals")))]
mod app;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod core;
#[cfg(not(feature = "internals"))]
// What only the program uses of the core is not dead.
#[cfg_attr(not(feature = "program"), allow(dead_code, unused_imports))]
mod core;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod disk;
#[cfg(all(feature = "program", not(feature = "internals")))]
mod disk;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod error;
#[cfg(all(feature = "program", not(feature = "internals")))]
mod error;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod read;
#[cfg(all(feature = "program", not(feature = "internals")))]
mod read;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod report;
#[cfg(all(feature = "program", not(feature = "internals")))]
mod report;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod run;
#[cfg(all(feature = "program", not(feature = "internals")))]
mod run;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod shell;
#[cfg(all(feature = "program", not(feature = "internals")))]
mod shell;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod sink;
#[cfg(all(feature = "program", not(feature = "internals")))]
mod sink;

pub use crate::core::profile::{Field, Profile, ProfileError, ProfileErrorKind, SettingsError};
pub use crate::core::types::FieldType;

/// Judging records: rows and findings, as data.
pub mod judge {
    pub use crate::core::finding::english::{hint, message};
    pub use crate::core::finding::{
        Code, CodeInfo, Finding, FindingList, Findings, Handling, Problem, REGISTRY, Severity,
    };
    pub use crate::core::judge::plan::{FieldOptions, OnInvalid, PlanError};
    pub use crate::core::judge::{FieldValue, Judgement, RecordJudge};
    pub use crate::core::mode::{Empty, Mode};
    pub use crate::core::profile::Mapping;
}

/// Running an import or a check, as the program does.
#[cfg(feature = "program")]
pub mod import {
    pub use crate::core::mode::Duplicates;
    pub use crate::core::record::Counts;
    pub use crate::error::{Error, Result};
    pub use crate::read::input::{Format, ReadOptions};
    pub use crate::report::summary::{InputSummary, Status, Summary};
    pub use crate::run::{Command, Observer, Options, Progress, Unobserved, run};
}

/// The program: reads the command line, does what it says, and gives the exit status.
#[cfg(feature = "program")]
pub use crate::app::main;
