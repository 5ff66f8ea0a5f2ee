//! The inputs that finished runs have loaded: [`LoadedInput`].

use rusqlite::{Connection, named_params};

use super::runs::{FINISHED, UNDONE};

/// An input that a finished run has read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedInput {
    /// The run.
    pub run_id: i64,
    /// When the run started.
    pub started_at: String,
    /// The run's profile.
    pub profile: String,
    /// The run's options, as `import_runs` has them.
    pub options: String,
    /// The number of records that the run has accepted.
    pub run_accepted: u64,
    /// The number of records that the run has rejected.
    pub run_rejected: u64,
    /// Where the run's reports are.
    pub reports: String,
    /// Whether an earlier run was undone since, and records of this input had changed nothing: what they found may be gone.
    pub relied_on_undone_run: bool,
    /// The number of the input in the run.
    pub import_file: i64,
    /// Its path as it was given.
    pub path: String,
    /// Its absolute path; none for standard input.
    pub absolute_path: Option<String>,
    /// The part of it that was read, where options chose one.
    pub part: Option<String>,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256, in lower-case hex.
    pub sha256: String,
    /// The number of its records that were accepted.
    pub accepted: u64,
    /// The number of its records that were rejected.
    pub rejected: u64,
    /// Whether its records have changed anything.
    pub has_changed: bool,
}

/// The inputs of finished runs that are not undone and have loaded something, in the order in which they were read.
pub(super) fn loaded(connection: &Connection) -> rusqlite::Result<Vec<LoadedInput>> {
    let mut statement = connection.prepare(
        "SELECT r.run_id, r.started_at, r.profile, r.options, r.accepted AS run_accepted, r.rejected AS run_rejected, \
         r.reports, r.undone_before >= r.run_id AND f.unchanged > 0 AS relied_on_undone_run, \
         f.import_file, f.path, f.absolute_path, f.part, f.bytes, f.sha256, f.accepted, f.rejected, \
         f.created + f.updated > 0 AS has_changed \
         FROM (SELECT *, ifnull(max(CASE status WHEN :undone THEN undone_after END) OVER (ORDER BY run_id \
         ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS undone_before FROM import_runs) AS r \
         JOIN import_files AS f ON f.run_id = r.run_id \
         WHERE r.status = :finished ORDER BY r.run_id, f.import_file",
    )?;
    let loaded = statement.query_map(named_params! { ":finished": FINISHED, ":undone": UNDONE }, |row| {
        let count = |column| row.get::<_, i64>(column).map(|count| count as u64);
        Ok(LoadedInput {
            run_id: row.get("run_id")?,
            started_at: row.get("started_at")?,
            profile: row.get("profile")?,
            options: row.get("options")?,
            run_accepted: count("run_accepted")?,
            run_rejected: count("run_rejected")?,
            reports: row.get("reports")?,
            relied_on_undone_run: row.get("relied_on_undone_run")?,
            import_file: row.get("import_file")?,
            path: row.get("path")?,
            absolute_path: row.get("absolute_path")?,
            part: row.get("part")?,
            bytes: count("bytes")?,
            sha256: row.get("sha256")?,
            accepted: count("accepted")?,
            rejected: count("rejected")?,
            has_changed: row.get("has_changed")?,
        })
    })?;
    loaded.collect()
}
