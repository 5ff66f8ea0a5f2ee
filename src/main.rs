//! The program. The only place that ends the process.

fn main() {
    std::process::exit(custload::main());
}
