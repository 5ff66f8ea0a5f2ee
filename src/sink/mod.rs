//! Where accepted rows go.

pub mod sqlite;
