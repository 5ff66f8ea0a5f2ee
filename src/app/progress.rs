//! What is shown during a run, on standard error: [`Console`].

use std::borrow::Cow;
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::core::text::visible;
use crate::run::{Observer, Progress};

/// Messages, and a bar where standard error is a terminal.
#[derive(Debug)]
pub(super) struct Console {
    quiet: bool,
    has_bar: bool,
    bar: ProgressBar,
}

/// The message comes last and takes the room that is left: a wrapped line cannot be drawn over.
const BAR: &str = "{bar:12} {percent:>3}%  {eta} left  {binary_bytes_per_sec}  {wide_msg}";
const SPINNER: &str = "{spinner} {elapsed}  {bytes}  {binary_bytes_per_sec}  {wide_msg}";
const TICK: Duration = Duration::from_millis(100);

impl Console {
    pub(super) fn new(quiet: bool) -> Console {
        Console { quiet, has_bar: !quiet, bar: ProgressBar::hidden() }
    }

    /// Shows no bar: something else writes to standard error too.
    pub(super) fn hide_bar(&mut self) {
        self.has_bar = false;
    }

    /// Removes the bar.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

impl Observer for Console {
    fn note(&mut self, message: &str) {
        // Also in quiet runs: a note is nowhere else, and belongs into a cron job's mail.
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
        // A template is checked when it is parsed; without one the bar is plain.
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

impl Console {
    /// Prints a line to standard error as it is, for a person to copy.
    pub(super) fn say(&mut self, line: &str) {
        self.bar.suspend(|| eprint_line(&visible(line)));
    }
}

/// Prints to standard error. That nobody reads it is no failure.
fn eprint_line(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{line}");
}
