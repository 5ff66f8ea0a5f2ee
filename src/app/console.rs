//! Standard error during a run ([`Console`]), and standard output ([`print()`]).

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;

use crate::core::text::visible;
use crate::report::summary::escaped;
use crate::run::{Observer, Progress};

/// Messages, and a bar where standard error is a terminal.
pub(super) struct Console {
    quiet: bool,
    pub(super) has_bar: bool,
    bar: ProgressBar,
}

/// The message comes last and is cut to the width of the terminal: a wrapped line cannot be overwritten.
const BAR: &str = "{bar:12} {percent:>3}%  {eta} left  {binary_bytes_per_sec}  {wide_msg}";
const SPINNER: &str = "{spinner} {elapsed}  {bytes}  {binary_bytes_per_sec}  {wide_msg}";
const TICK: Duration = Duration::from_millis(100);

impl Console {
    pub(super) fn new(quiet: bool) -> Console {
        Console { quiet, has_bar: !quiet, bar: ProgressBar::hidden() }
    }

    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }

    /// Prints a line as it is, for a person to copy.
    pub(super) fn say(&mut self, line: &str) {
        self.bar.suspend(|| eprint_line(&visible(line)));
    }
}

impl Observer for Console {
    fn note(&mut self, message: &str) {
        // In quiet runs too: a note is nowhere else, and a cron job should mail it.
        self.bar.suspend(|| eprint_line(&format!("custload: {}", visible(message))));
    }

    fn found(&mut self, message: &str) {
        if !self.quiet {
            self.note(message);
        }
    }

    fn start(&mut self, bytes: Option<u64>) {
        if !self.has_bar {
            return;
        }
        let (bar, template) = match bytes {
            Some(bytes) => (ProgressBar::new(bytes), BAR),
            None => (ProgressBar::no_length(), SPINNER),
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        // Nothing is drawn if standard error is not a terminal.
        bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        bar.enable_steady_tick(TICK);
        self.bar = bar;
    }

    fn progress(&mut self, progress: &Progress) {
        let counts = &progress.counts;
        self.bar.set_position(progress.bytes);
        let seconds = self.bar.elapsed().as_secs_f64().max(1e-3);
        self.bar.set_message(format!(
            "{} records/s, {} accepted, {} rejected",
            HumanCount((counts.read as f64 / seconds) as u64),
            HumanCount(counts.accepted),
            HumanCount(counts.rejected)
        ));
    }

    fn finishing(&mut self, what: &str) {
        self.bar.set_message(Cow::Owned::<str>(what.to_string()));
        self.bar.tick();
    }
}

/// Prints to standard error. A failure is ignored: there is nowhere to report it.
fn eprint_line(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Prints to standard output; returns the exit status. A closed pipe (`| head`) is no failure.
pub(super) fn print(text: &str) -> anyhow::Result<i32> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(0),
        done => done.map(|()| 0).context("cannot write to standard output"),
    }
}

/// Prints what a command has changed. A failure to print is only noted: the exit status must say that the change was made.
pub(super) fn print_done(text: &str, console: &mut Console) -> i32 {
    if let Err(error) = print(text) {
        console.note(&format!("{error:#}; the command itself succeeded"));
    }
    0
}

pub(super) fn pretty(value: &Value) -> String {
    escaped(&format!("{value:#}"))
}

pub(super) fn shown(path: &Path) -> String {
    visible(&path.to_string_lossy()).into_owned()
}
