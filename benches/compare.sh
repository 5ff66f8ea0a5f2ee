#!/usr/bin/env bash
# Compares `custload import` with the sqlite3 shell's `.import`, which checks nothing, and with itself on clean, dirty and
# NDJSON input. Usage: benches/compare.sh [ROWS [ROUNDS]]; 1000000 rows and 5 rounds are the default. The cases take
# turns within a round, so that a slow minute of the machine falls on all of them; medians are printed. Outside the
# measured time it looks whether the answer is right: the shell has a row, and custload has read a record, for each that
# was generated. custload syncs what it writes; the shell runs without journal and sync.
#
# The inputs are invented (examples/generate.rs) and kept under ./bench-data/; databases and reports are removed after
# each run. CUSTLOAD_BIN names another binary than target/release/custload; nothing is built for it then but the generator.
set -euo pipefail
export LC_ALL=C

rows=${1:-1000000}
rounds=${2:-5}
for number in "$rows" "$rounds"; do
    if ! [[ $number =~ ^[1-9][0-9]*$ ]]; then
        echo "usage: benches/compare.sh [ROWS [ROUNDS]], both whole numbers from 1" >&2
        exit 2
    fi
done
if [[ -z ${EPOCHREALTIME:-} ]]; then
    echo "benches/compare.sh needs bash 5 or later" >&2
    exit 2
fi

custload=${CUSTLOAD_BIN:-}
[[ -z $custload ]] || custload=$(realpath -- "$custload")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
data=$PWD/bench-data
mkdir -p "$data"
work=$(mktemp -d "$data/work.XXXXXX")
trap 'rm -rf -- "$work"' EXIT

# The programs. --------------------------------------------------------------------------------------------------------

if [[ -z $custload ]]; then
    cargo build --release --quiet
    custload=${CARGO_TARGET_DIR:-target}/release/custload
fi
cargo build --release --quiet --example generate
generate=${CARGO_TARGET_DIR:-target}/release/examples/generate

shell=$(command -v sqlite3 || true)
[[ -n $shell ]] || echo "There is no sqlite3 shell here: its run and the ratio to it are skipped." >&2

# How peak memory is measured: gnu (time -v), python, or none.
if /usr/bin/time -v true >/dev/null 2>&1; then
    meter=gnu
elif command -v python3 >/dev/null; then
    meter=python
else
    meter=none
    echo "There is neither GNU time nor python3 here: peak memory is not measured." >&2
fi

# The inputs. ----------------------------------------------------------------------------------------------------------

# make_input ROWS DIRTY FORMAT: makes the file unless it is there and no older than the generator; sets $input to its path.
make_input() {
    input=$data/contact-$1-$2.$3
    if [[ ! -s $input || src/generate.rs -nt $input || examples/generate.rs -nt $input ]]; then
        echo "Generating $input" >&2
        "$generate" --rows "$1" --dirty "$2" --format "$3" --output "$input.partial"
        mv -- "$input.partial" "$input"
    fi
    cat -- "$input" >/dev/null # into the page cache, so that no case pays for the disk
}

make_input "$rows" 2 csv
dirty2=$input
make_input "$rows" 0 csv
clean=$input
make_input "$rows" 60 csv
dirty60=$input
make_input "$rows" 2 ndjson
ndjson=$input
make_input $((2 * rows)) 2 csv
double=$input

# The runs. ------------------------------------------------------------------------------------------------------------

# measured COMMAND...: runs it, and sets $seconds and $kib (empty where memory is not measured). Its output is shown where
# it fails.
measured() {
    local begin end status=0
    begin=$EPOCHREALTIME
    case $meter in
    gnu) /usr/bin/time -v -o "$work/time" "$@" >"$work/out" 2>&1 || status=$? ;;
    python)
        python3 - "$work/time" "$@" >"$work/out" 2>&1 <<'PYTHON' || status=$?
import resource, subprocess, sys, time
begin = time.monotonic()
status = subprocess.call(sys.argv[2:], stdin=subprocess.DEVNULL)
seconds = time.monotonic() - begin
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
if sys.platform == "darwin":
    peak //= 1024
with open(sys.argv[1], "w") as out:
    print(f"{seconds:.6f} {peak}", file=out)
sys.exit(status if status >= 0 else 128 - status)
PYTHON
        ;;
    none) "$@" >"$work/out" 2>&1 || status=$? ;;
    esac
    end=$EPOCHREALTIME
    if ((status != 0)); then
        cat -- "$work/out" >&2
        echo "Exit status $status: $*" >&2
        exit 1
    fi
    seconds=$(awk -v a="$begin" -v b="$end" 'BEGIN { printf "%.6f", b - a }')
    kib=
    case $meter in
    gnu) kib=$(awk -F': ' '/Maximum resident set size/ { print $2 }' "$work/time") ;;
    python) read -r seconds kib <"$work/time" ;;
    esac
}

remove_database() {
    rm -rf -- "$work/bench.db" "$work/bench.db-journal" "$work/bench.db-wal" "$work/bench.db-shm" "$work/bench.db.imports"
}

# run CASE: one measured run of it into a new database; the result is appended to $work/CASE.runs.
run() {
    remove_database
    case $1 in
    custload-2) load "$dirty2" ;;
    custload-0) load "$clean" ;;
    custload-60) load "$dirty60" ;;
    custload-ndjson) load "$ndjson" ;;
    custload-double) load "$double" ;;
    shell)
        measured "$shell" -batch -bail -init /dev/null "$work/bench.db" \
            "PRAGMA journal_mode=OFF" "PRAGMA synchronous=OFF" ".mode csv" ".import '$dirty2' customers" \
            "CREATE INDEX customers_email ON customers(email)"
        ;;
    esac
    require_answer "$1"
    printf '%s %s\n' "$seconds" "${kib:-0}" >>"$work/$1.runs"
    remove_database
}

load() {
    measured "$custload" import "$1" --profile contact --db "$work/bench.db" --quiet --rejects-ok
}

# require_answer CASE: ends the comparison unless all records came through the run that has just ended.
require_answer() {
    local expected=$rows found
    case $1 in
    shell) found=$("$shell" -init /dev/null "$work/bench.db" "SELECT count(*) FROM customers") ;;
    *)
        [[ $1 != custload-double ]] || expected=$((2 * rows))
        # The first "read" of the summary is the run's.
        found=$(awk -F'[:, ]+' '$2 == "\"read\"" { print $3; exit }' "$work"/bench.db.imports/run-*/summary.json)
        ;;
    esac
    if [[ $found != "$expected" ]]; then
        echo "$1: $found records came through instead of $expected" >&2
        exit 1
    fi
}

cases=(custload-2)
[[ -z $shell ]] || cases+=(shell)
cases+=(custload-0 custload-60 custload-ndjson)

for ((round = 1; round <= rounds; round++)); do
    echo "Round $round of $rounds" >&2
    for name in "${cases[@]}"; do
        run "$name"
    done
done
[[ $meter == none ]] || run custload-double

# The table. -----------------------------------------------------------------------------------------------------------

# median CASE COLUMN: of the case's runs; column 1 is seconds, 2 is KiB.
median() {
    awk -v column="$2" '{ print $column }' "$work/$1.runs" | sort -n |
        awk '{ value[NR] = $1 } END { printf "%.6f", NR % 2 ? value[(NR + 1) / 2] : (value[NR / 2] + value[NR / 2 + 1]) / 2 }'
}

# row CASE TITLE FILE
row() {
    local memory=-
    [[ $meter == none ]] || memory=$(awk -v k="$(median "$1" 2)" 'BEGIN { printf "%.1f", k / 1024 }')
    awk -v title="$2" -v s="$(median "$1" 1)" -v bytes="$(wc -c <"$3")" -v rows="$rows" -v memory="$memory" 'BEGIN {
        printf "%-34s %9.3f %13.0f %9.1f %10s\n", title, s, rows / s, bytes / s / 1048576, memory }'
}

# ratio TITLE CASE CASE: of the medians of the seconds.
ratio() {
    awk -v title="$1" -v a="$(median "$2" 1)" -v b="$(median "$3" 1)" 'BEGIN { printf "%-34s %9.2f\n", title, a / b }'
}

echo
echo "$rows contact records, medians of $rounds rounds, $(getconf _NPROCESSORS_ONLN) cores, $("$custload" --version)"
printf '%-34s %9s %13s %9s %10s\n' case seconds records/s MiB/s 'peak MiB'
row custload-2 'custload, CSV, 2 % bad' "$dirty2"
[[ -z $shell ]] || row shell 'sqlite3 .import + index, same file' "$dirty2"
row custload-0 'custload, CSV, clean' "$clean"
row custload-60 'custload, CSV, 60 % bad' "$dirty60"
row custload-ndjson 'custload, NDJSON, 2 % bad' "$ndjson"
echo
if [[ -n $shell ]]; then
    ratio 'shell / custload, both 2 % bad' shell custload-2
else
    echo 'shell / custload: skipped, no sqlite3 shell'
fi
ratio '60 % bad / clean' custload-60 custload-0
ratio 'NDJSON / CSV' custload-ndjson custload-2
if [[ $meter != none ]]; then
    awk -v one="$(median custload-2 2)" -v two="$(median custload-double 2)" -v rows="$rows" 'BEGIN {
        printf "%-34s %9.1f MiB\n", "peak memory, rows", one / 1024
        printf "%-34s %9.1f MiB\n", "peak memory, twice the rows", two / 1024
        printf "%-34s %9.1f bytes\n", "growth per record", (two - one) * 1024 / rows }'
fi
