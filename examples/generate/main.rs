//! Writes a file of invented contact records: `cargo run --release --example generate -- --rows 1000000 --dirty 2
//! --format csv -o customers.csv`. The records come from [`generator`]; the same arguments give the
//! same bytes. How many records are bad is said on standard error.

mod generator;

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use self::generator::Generator;

/// The buffer is written whenever it holds this many bytes.
const BLOCK: usize = 1 << 20;

#[derive(Parser)]
#[command(about = "Write invented customer records, the same for the same arguments")]
struct Options {
    /// How many records
    #[arg(long, default_value_t = 1_000)]
    rows: u64,
    /// How many records in a hundred are bad
    #[arg(long, value_name = "PERCENT", default_value_t = 2.0, value_parser = percent)]
    dirty: f64,
    /// The form of the file
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
    /// Another seed gives other records
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The profile under which the good records are good
    #[arg(long, value_enum, default_value_t = Profile::Contact)]
    profile: Profile,
    /// The number of the first record; files whose numbers do not overlap share no e-mail address
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    start: u64,
    /// The file to write; standard output if left out
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Csv,
    Ndjson,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Profile {
    Contact,
}

fn percent(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if (0.0..=100.0).contains(&number) => Ok(number),
        _ => Err("a number from 0 to 100 is expected".to_owned()),
    }
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads the records has read enough (`generate | head`).
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("generate: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> io::Result<()> {
    let Profile::Contact = options.profile;
    let mut file: Box<dyn Write> = match &options.output {
        Some(path) => Box::new(File::create(path)?),
        None => Box::new(io::stdout().lock()),
    };
    let mut generator = Generator::new(options.seed, options.dirty, options.start);
    let mut block = Vec::with_capacity(BLOCK + 4_096);
    if options.format == Format::Csv {
        Generator::write_csv_header(&mut block);
    }
    for _ in 0..options.rows {
        match options.format {
            Format::Csv => generator.write_csv(&mut block),
            Format::Ndjson => generator.write_ndjson(&mut block),
        }
        if block.len() >= BLOCK {
            file.write_all(&block)?;
            block.clear();
        }
    }
    file.write_all(&block)?;
    file.flush()?;
    eprintln!("{} records, {} of them bad", options.rows, generator.bad());
    Ok(())
}
