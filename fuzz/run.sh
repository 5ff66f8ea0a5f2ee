#!/usr/bin/env bash
# Fuzzes each parser for some seconds, guided by coverage, and keeps what reaches new code: fuzz/run.sh [SECONDS [TARGET...]]
# What fails is left in fuzz/failures/. Needs a C++ compiler, for libFuzzer.
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:-600}
shift || true
targets=${*:-csv json header mapping report sheet sniff hostile rule schema}
export RUSTFLAGS="-C passes=sancov-module -C llvm-args=-sanitizer-coverage-level=3 \
-C llvm-args=-sanitizer-coverage-inline-8bit-counters -C llvm-args=-sanitizer-coverage-pc-table \
-C llvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -C codegen-units=16"
# With a target named, build scripts are built without these flags.
host=$(rustc -vV | sed -n 's/^host: //p')
cargo build --release --target "$host"
program=${CARGO_TARGET_DIR:-target}/$host/release/fuzz
for target in $targets; do
    mkdir -p "corpus/$target" failures "found/$target"
    CUSTLOAD_TARGET=$target "$program" "found/$target" "corpus/$target" -max_total_time="$seconds" -max_len=4096 -timeout=20 \
        -rss_limit_mb=3000 -artifact_prefix="failures/$target-" -print_final_stats=1
    # The fewest texts that reach the same code.
    mkdir -p "corpus/$target.new"
    CUSTLOAD_TARGET=$target "$program" -merge=1 "corpus/$target.new" "corpus/$target" "found/$target" -max_len=4096
    rm -r "corpus/$target" "found/$target"
    mv "corpus/$target.new" "corpus/$target"
done
