//! The program: arguments in, exit status out. The only place that ends the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use clap::Parser;
use custload::app;
use custload::app::args::CliCommand;
use signal_hook::consts::{SIGINT, SIGTERM};

fn main() {
    let cli = app::args::Cli::parse();
    if let CliCommand::Sheet(args) = &cli.command {
        // A signal ends this process at once: it has nothing to tidy up.
        std::process::exit(app::serve_sheet(args));
    }
    let stop = Arc::new(AtomicUsize::new(0));
    for signal in [SIGINT, SIGTERM] {
        // Without the handler the signal ends the process at once, which is safe as well.
        let _ = signal_hook::flag::register_usize(signal, Arc::clone(&stop), signal as usize);
    }
    // A file that reaches its size limit is a failed write with a message, not a dead process.
    #[cfg(unix)]
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
    std::process::exit(app::run(&cli, stop));
}

/// The number of the signal on all Unix systems that Rust runs on.
#[cfg(unix)]
const SIGXFSZ: i32 = 25;
