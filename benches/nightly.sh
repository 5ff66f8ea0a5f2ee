#!/usr/bin/env bash
# Compares a nightly import with the load that came before: creating customers, updating all of them by a file in which one
# in a hundred has changed, the same file once more, and taking the update back. See benches/README.md. Usage:
#
#     benches/nightly.sh [RECORDS [ROUNDS]]
#
# 5000000 records and 3 rounds are the default; they need 4 GB of disk. What was loaded and changed is looked at behind each
# step. CUSTLOAD_BIN names another binary than target/release/custload.
set -euo pipefail
export LC_ALL=C

rows=${1:-5000000}
rounds=${2:-3}
if ! [[ $rows =~ ^[1-9][0-9]*$ && $rounds =~ ^[1-9][0-9]*$ && $# -le 2 ]]; then
    echo "usage: benches/nightly.sh [RECORDS [ROUNDS]], whole numbers from 1" >&2
    exit 2
fi
if [[ -z ${EPOCHREALTIME:-} ]]; then
    echo "benches/nightly.sh needs bash 5 or later" >&2
    exit 2
fi

custload=${CUSTLOAD_BIN:-}
[[ -z $custload ]] || custload=$(realpath -- "$custload")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p bench-data
data=$PWD/bench-data
work=$(mktemp -d "$data/work.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
if [[ -z $custload ]]; then
    cargo build --release --quiet
    custload=$PWD/${CARGO_TARGET_DIR:-target}/release/custload
fi
cargo build --release --quiet --example generate
generate=${CARGO_TARGET_DIR:-target}/release/examples/generate

before=$work/before.csv after=$work/after.csv db=$work/nightly.db
"$generate" --rows "$rows" --dirty 0 -o "$before" 2>/dev/null
# The telephone number stands last in a line. The header is line 1.
awk 'BEGIN { FS = OFS = "," } NR % 100 == 0 { $NF = "5550123456" } { print }' "$before" >"$after"
changed=$(awk 'END { print int(NR / 100) }' "$before")

# Runs a command, and leaves its seconds in `seconds` and its peak memory in KiB, where GNU time measures it, in `peak`.
gnu_time=
! /usr/bin/time -f %M true 2>/dev/null || gnu_time=/usr/bin/time
measured() {
    local start=$EPOCHREALTIME
    if [[ -n $gnu_time ]]; then
        "$gnu_time" -f %M -o "$work/peak" "$@"
        peak=$(tail -n 1 "$work/peak")
    else
        "$@"
        peak=0
    fi
    seconds=$(awk -v start="$start" -v end="$EPOCHREALTIME" 'BEGIN { printf "%.3f", end - start }')
}

# What the run is to have done, as it stands in its summary.
expect() {
    local run=$1 name=$2 count=$3
    if ! grep -q "^  \"$name\": $count,\$" "$db.imports/run-00000$run/summary.json"; then
        echo "run $run: not $count $name" >&2
        exit 1
    fi
}

create=("$custload" import "$before" --db "$db" --profile contact --quiet)
update=("$custload" import "$after" --db "$db" --profile contact --quiet --mode update)
take_back=("$custload" undo 2 --db "$db")

declare -A took peaks
note() {
    took[$1]+="$seconds"$'\n'
    peaks[$1]+="$peak"$'\n'
}
for ((round = 1; round <= rounds; round++)); do
    rm -rf -- "$db" "$db.imports"
    measured "${create[@]}"
    note create
    expect 1 created "$rows"
    measured "${update[@]}"
    note update
    expect 2 updated "$changed"
    expect 2 unchanged "$((rows - changed))"
    measured "${update[@]}" 2>"$work/out"
    note skip
    measured "${take_back[@]}" >"$work/out"
    note undo
done

median() { sort -g <<<"${1%$'\n'}" | awk '{ line[NR] = $0 } END { print line[int((NR + 1) / 2)] }'; }
created=$(median "${took[create]}")
echo "$rows records, $changed of them changed; medians of $rounds rounds"
printf '\n| Step | Seconds | Of creating them | Peak MiB |\n|---|---:|---:|---:|\n'
row() {
    local time peak
    time=$(median "${took[$2]}")
    peak=$(median "${peaks[$2]}")
    awk -v name="$1" -v time="$time" -v created="$created" -v peak="$peak" 'BEGIN {
        printf "| %s | %.2f | %.2f | %s |\n", name, time, time / created, (peak > 0 ? sprintf("%.1f", peak / 1024) : "-") }'
}
row 'creating the customers' create
row 'updating them' update
row 'the same file once more: skipped' skip
row 'taking the update back' undo
