#!/usr/bin/env bash
# Compares `custload import` with other ways to get the same CSV into SQLite, and with itself on other input: see
# benches/README.md for what each case measures. Usage:
#
#     benches/compare.sh [RECORDS [ROUNDS [LONG]]]
#
# 2000000 records and 5 rounds are the default. With LONG, one more run of so many records says whether the rate holds
# (20000000 needs 3.4 GB for the file and up to 6 GB for the database).
#
# The cases take turns within a round, so that a slow minute of the machine falls on all of them; medians are printed. Each
# answer is looked at outside the measured time: so many records read and accepted, so many rows in the table. What a
# machine lacks (the sqlite3 shell, python3, pip, GNU time, disk) costs the cases that need it, and a line says so.
#
# All is kept under ./bench-data/: invented inputs (examples/generate) and the virtual environment for DuckDB stay there
# for the next time, databases and reports are removed after each run. CUSTLOAD_BIN names another binary than
# target/release/custload; only the examples are built then.
set -euo pipefail
export LC_ALL=C

rows=${1:-2000000}
rounds=${2:-5}
long=${3:-0}
if ! [[ $rows =~ ^[1-9][0-9]*$ && $rounds =~ ^[1-9][0-9]*$ && $long =~ ^(0|[1-9][0-9]*)$ && $# -le 3 ]]; then
    echo "usage: benches/compare.sh [RECORDS [ROUNDS [LONG]]], whole numbers from 1" >&2
    exit 2
fi
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

# What is left out, and why; it is said again below the tables.
skipped=()
skip() {
    echo "Skipped: $1" >&2
    skipped+=("$1")
}

# The programs. --------------------------------------------------------------------------------------------------------

if [[ -z $custload ]]; then
    cargo build --release --quiet
    custload=${CARGO_TARGET_DIR:-target}/release/custload
fi
cargo build --release --quiet --example generate --example insert
generate=${CARGO_TARGET_DIR:-target}/release/examples/generate
insert=${CARGO_TARGET_DIR:-target}/release/examples/insert

shell=$(command -v sqlite3 || true)
[[ -n $shell ]] || skip "there is no sqlite3 shell: its run and the ratio to it"

# How peak memory is measured: gnu (time -v), python, or none.
if /usr/bin/time -v true >/dev/null 2>&1; then
    meter=gnu
elif command -v python3 >/dev/null; then
    meter=python
else
    meter=none
    skip "there is neither GNU time nor python3: peak memory and CPU time"
fi

# DuckDB comes from a virtual environment of this script's own. Its SQLite extension is a package too, so that nothing is
# fetched while it is measured, and nothing is put into anybody's home folder.
duckdb_version=1.5.5
venv=$data/venv
duckdb=

cat >"$work/duck.py" <<'PYTHON'
import sys
import duckdb, duckdb_extensions

extensions, database, file, table = sys.argv[1:]
connection = duckdb.connect(config={"extension_directory": extensions, "temp_directory": database + ".tmp"})
duckdb_extensions.import_extension("sqlite_scanner", con=connection)
connection.execute("LOAD sqlite_scanner")
connection.execute(f"ATTACH '{database}' AS s (TYPE sqlite)")
# Bad records have cells too few and too many; a reading that stops at them would be none of this file.
read = f"read_csv('{file}', all_varchar=true, header=true, delim=',', null_padding=true, strict_mode=false)"
connection.execute(f"CREATE TABLE s.customers AS SELECT * FROM {read}")
if table == "indexed":
    connection.execute("CREATE INDEX customers_email ON s.main.customers(email)")
connection.close()
PYTHON

# try_duckdb KIND: whether DuckDB can do its part on a file of one row, KIND being "indexed" or "plain".
try_duckdb() {
    local status=0
    printf 'name,email\nAnn,ann@example.com\n' >"$work/try.csv"
    "$venv/bin/python" "$work/duck.py" "$venv/extensions" "$work/try.db" "$work/try.csv" "$1" >"$work/out" 2>&1 || status=1
    rm -rf -- "$work/try.db" "$work/try.db.tmp"
    return $status
}

find_duckdb() {
    local kind
    if ! command -v python3 >/dev/null; then
        skip "there is no python3: DuckDB"
        return
    fi
    if ! "$venv/bin/python" -c "import duckdb, duckdb_extensions; assert duckdb.__version__ == '$duckdb_version'" \
        >/dev/null 2>&1; then
        echo "Installing DuckDB $duckdb_version into $venv" >&2
        rm -rf -- "$venv"
        if ! { python3 -m venv "$venv" &&
            "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir --retries 1 --timeout 20 \
                "duckdb==$duckdb_version" duckdb-extensions duckdb-extension-sqlite-scanner; } >"$work/out" 2>&1; then
            tail -n 2 -- "$work/out" >&2
            rm -rf -- "$venv"
            skip "DuckDB $duckdb_version could not be installed: its run and the ratio to it"
            return
        fi
    fi
    for kind in indexed plain; do
        if try_duckdb "$kind"; then
            duckdb=$kind
            return
        fi
    done
    tail -n 2 -- "$work/out" >&2
    skip "DuckDB cannot write to SQLite here: its run and the ratio to it"
}
find_duckdb

cores=$(getconf _NPROCESSORS_ONLN)

# The inputs. ----------------------------------------------------------------------------------------------------------

declare -A bad_of # how many of a file's records a run rejects

# make_input RECORDS DIRTY FORMAT [START]: makes the file unless it is there and no older than the generator; sets $input to
# its path. Files whose ranges of numbers do not overlap have no key in common.
make_input() {
    local start=${4:-0} said
    input=$data/contact-$1-$2${4:+-from-$4}.$3
    if [[ ! -s $input || ! -s $input.bad || examples/generate/generator/mod.rs -nt $input ]]; then
        echo "Generating $input" >&2
        said=$("$generate" --rows "$1" --dirty "$2" --format "$3" --start "$start" --output "$input.partial" 2>&1)
        # "1000 records, 20 of them bad"
        [[ $said =~ ,\ ([0-9]+)\ of\ them\ bad ]] || { echo "The generator said: $said" >&2 && exit 1; }
        echo "${BASH_REMATCH[1]}" >"$input.bad"
        mv -- "$input.partial" "$input"
    fi
    bad_of[$input]=$(<"$input.bad")
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
make_input "$rows" 2 csv $((2 * rows))
others=$input

# The runs. ------------------------------------------------------------------------------------------------------------

# measured COMMAND...: runs it, and sets $seconds, and $kib and $cpu (0 where they are not measured). Its output is shown
# where it fails.
measured() {
    local begin end status=0
    begin=$EPOCHREALTIME
    case $meter in
    gnu) /usr/bin/time -v -o "$work/time" "$@" >"$work/out" 2>&1 </dev/null || status=$? ;;
    python)
        python3 - "$work/time" "$@" >"$work/out" 2>&1 <<'PYTHON' || status=$?
import resource, subprocess, sys, time
def cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
before = cpu()
begin = time.monotonic()
status = subprocess.call(sys.argv[2:], stdin=subprocess.DEVNULL)
seconds = time.monotonic() - begin
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
if sys.platform == "darwin":
    peak //= 1024
with open(sys.argv[1], "w") as out:
    print(f"{seconds:.6f} {peak} {cpu() - before:.2f}", file=out)
sys.exit(status if status >= 0 else 128 - status)
PYTHON
        ;;
    none) "$@" >"$work/out" 2>&1 </dev/null || status=$? ;;
    esac
    end=$EPOCHREALTIME
    if ((status != 0)); then
        cat -- "$work/out" >&2
        echo "Exit status $status: $*" >&2
        exit 1
    fi
    seconds=$(awk -v a="$begin" -v b="$end" 'BEGIN { printf "%.6f", b - a }')
    kib=0
    cpu=0
    case $meter in
    gnu)
        read -r kib cpu < <(awk -F': ' '/Maximum resident set size/ { kib = $2 } /(User|System) time/ { cpu += $2 }
            END { print kib, cpu }' "$work/time")
        ;;
    python) read -r seconds kib cpu <"$work/time" ;;
    esac
}

database=$work/bench.db

remove_database() {
    rm -rf -- "$database"*
}

declare -A title_of file_of options_of
cases=()

# define CASE TITLE FILE [OPTION...]: a case; the options are custload's.
define() {
    cases+=("$1")
    title_of[$1]=$2
    file_of[$1]=$3
    options_of[$1]=${*:4}
}

define new 'custload, CSV, 2 % bad' "$dirty2"
[[ -z $shell ]] || define shell 'sqlite3 .import + index, same file' "$dirty2"
[[ -z $duckdb ]] || define duckdb "DuckDB to SQLite$([[ $duckdb != indexed ]] || echo ' + index'), same file" "$dirty2"
define insert 'prepared INSERT + index, same rows' "$dirty2"
define clean 'custload, CSV, clean' "$clean"
define dirty60 'custload, CSV, 60 % bad' "$dirty60"
define ndjson 'custload, NDJSON, 2 % bad' "$ndjson"
define full 'custload, into as many others' "$others"
define thread1 'custload, --threads 1' "$dirty2" --threads 1
if ((cores == 2)); then
    thread2=new # which is all cores
elif ((cores > 2)); then
    define thread2 'custload, --threads 2' "$dirty2" --threads 2
    thread2=thread2
else
    skip "there is one core: what a second thread brings"
    thread2=
fi
define double 'custload, twice the records' "$double"

# run CASE: one measured run of it; the result is appended to $work/CASE.runs.
run() {
    local file=${file_of[$1]} options=()
    remove_database
    read -ra options <<<"${options_of[$1]}"
    if [[ $1 == full ]]; then
        cp -- "$work/held.db" "$database"
        # Else custload's own sync would write the copy.
        sync -- "$database" 2>/dev/null || sync
    fi
    cat -- "$file" >/dev/null # into the page cache, so that no case pays for the disk
    case $1 in
    shell)
        measured "$shell" -batch -bail -init /dev/null "$database" \
            "PRAGMA journal_mode=OFF" "PRAGMA synchronous=OFF" ".mode csv" ".import '$file' customers" \
            "CREATE INDEX customers_email ON customers(email)"
        ;;
    duckdb) measured "$venv/bin/python" "$work/duck.py" "$venv/extensions" "$database" "$file" "$duckdb" ;;
    insert)
        measured "$insert" "$file" "$database"
        # It says how long the INSERT took; reading and judging are not counted, and all rows were held in memory.
        read -r inserted seconds <"$work/out"
        kib=0
        cpu=0
        ;;
    *) measured "$custload" import "$file" --profile contact --db "$database" --quiet --rejects-ok "${options[@]}" ;;
    esac
    require_answer "$1" "$file"
    printf '%s %s %s\n' "$seconds" "$kib" "$cpu" >>"$work/$1.runs"
    remove_database
}

# rows_in_table: how many customers the database holds; empty where nothing here can say it.
rows_in_table() {
    local sql="SELECT count(*) FROM customers"
    if [[ -n $shell ]]; then
        "$shell" -batch -init /dev/null "$database" "$sql"
    elif command -v python3 >/dev/null; then
        python3 -c 'import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])' \
            "$database" "$sql"
    fi
}

# summary_says WORD: a number of the run's summary, where its first mention is the run's and not a file's.
summary_says() {
    awk -F'[:, ]+' -v word="\"$1\"" '$2 == word { print $3; exit }' "$database".imports/run-*/summary.json
}

# require_equal CASE WHAT FOUND EXPECTED
require_equal() {
    if [[ $3 != "$4" ]]; then
        echo "$1: $2 $3 instead of $4" >&2
        exit 1
    fi
}

# require_answer CASE FILE: ends the comparison unless the run that has just ended did what it should.
require_answer() {
    local all=$rows good in_table found
    case $1 in
    double) all=$((2 * rows)) ;;
    long) all=$long ;;
    esac
    good=$((all - bad_of[$2]))
    in_table=$good
    case $1 in
    shell | duckdb) in_table=$all ;; # they take what is bad too
    insert) require_equal "$1" "rows inserted:" "$inserted" "$good" ;;
    *)
        require_equal "$1" "records read:" "$(summary_says read)" "$all"
        require_equal "$1" "records accepted:" "$(summary_says accepted)" "$good"
        [[ $1 != full ]] || in_table=$((rows - bad_of[$dirty2] + good))
        ;;
    esac
    found=$(rows_in_table)
    [[ -z $found ]] || require_equal "$1" "rows in the table:" "$found" "$in_table"
}

load_before=$(uptime | sed 's/.*load average[s]*: *//')

# The database that holds as many others already, made once.
"$custload" import "$dirty2" --profile contact --db "$database" --quiet --rejects-ok
mv -- "$database" "$work/held.db"

for ((round = 1; round <= rounds; round++)); do
    echo "Round $round of $rounds" >&2
    for name in "${cases[@]}"; do
        run "$name"
    done
done
rm -f -- "$work/held.db"

long_is_run=
if ((long > 0)); then
    # A record of the file has 168 bytes; what it becomes in the database and beside it while that is built, 300 at most.
    need=$((long * 300 / 1024))
    [[ -s $data/contact-$long-2.csv ]] || need=$((need + long * 170 / 1024))
    free=$(df -Pk "$data" | awk 'NR == 2 { print $4 }')
    if ((free < need)); then
        skip "the run of $long records needs $((need / 1048576 + 1)) GiB of disk, and $((free / 1048576)) are free"
    else
        make_input "$long" 2 csv
        title_of[long]="custload, $long records"
        file_of[long]=$input
        options_of[long]=
        echo "One run of $long records" >&2
        run long
        long_is_run=yes
    fi
fi

# The tables. ----------------------------------------------------------------------------------------------------------

# median CASE COLUMN: of the case's runs; column 1 is seconds, 2 is KiB, 3 is seconds of CPU time.
median() {
    awk -v column="$2" '{ print $column }' "$work/$1.runs" | sort -n |
        awk '{ value[NR] = $1 } END { printf "%.6f", NR % 2 ? value[(NR + 1) / 2] : (value[NR / 2] + value[NR / 2 + 1]) / 2 }'
}

# row CASE RECORDS
row() {
    awk -v title="${title_of[$1]}" -v s="$(median "$1" 1)" -v bytes="$(wc -c <"${file_of[$1]}")" -v rows="$2" \
        -v least="$(sort -n "$work/$1.runs" | awk 'NR == 1 { print $1 }')" \
        -v most="$(sort -n "$work/$1.runs" | awk 'END { print $1 }')" -v kib="$(median "$1" 2)" -v cpu="$(median "$1" 3)" 'BEGIN {
            memory = kib > 0 ? sprintf("%.1f", kib / 1024) : "-"
            cpu = cpu > 0 ? sprintf("%.2f", cpu) : "-"
            range = sprintf("%.2f to %.2f", least, most)
            printf "%-36s %8.3f %16s %8s %11.0f %8.1f %9s\n", title, s, range, cpu, rows / s, bytes / s / 1048576, memory }'
}

# ratio TITLE CASE CASE RELATION TARGET: of the medians of the seconds, with the least and the greatest of a round.
ratio() {
    [[ -s $work/$2.runs && -s $work/$3.runs ]] || return 0
    paste -d ' ' "$work/$2.runs" "$work/$3.runs" |
        awk -v title="$1" -v a="$(median "$2" 1)" -v b="$(median "$3" 1)" -v relation="$4" -v target="$5" '
            { r = $1 / $4; if (NR == 1 || r < least) least = r; if (NR == 1 || r > most) most = r }
            END { print_target(title, sprintf("%.2f", a / b), sprintf("%.2f to %.2f", least, most), relation, target) }
            '"$print_target"
}

# figure TITLE VALUE RELATION TARGET
figure() {
    awk -v title="$1" -v value="$2" -v relation="$3" -v target="$4" \
        'BEGIN { print_target(title, value, "", relation, target) } '"$print_target"
}

# growth CASE RECORDS: by how many bytes a record its peak memory is above that of the first case.
growth() {
    awk -v one="$(median new 2)" -v two="$(median "$1" 2)" -v more=$(($2 - rows)) \
        'BEGIN { printf "%.1f", (two - one) * 1024 / more }'
}

# What is printed decides: 1.80 meets "at least 1.8".
# shellcheck disable=SC2016 # awk's own variables
print_target='function print_target(title, value, range, relation, target, met) {
    met = relation == "least" ? value + 0 >= target + 0 : value + 0 <= target + 0
    printf "%-44s %8s %16s   at %-5s %5s   %s\n", title, value, range, relation, target, met ? "met" : "NOT MET" }'

echo
echo "$rows contact records, unique keys and their index; rounds: $rounds; medians, and the least and the greatest"
echo "$cores cores; $("$custload" --version); load average before $load_before, now $(uptime | sed 's/.*load average[s]*: *//')"
peers=
[[ -z $shell ]] || peers="sqlite3 $("$shell" --version | cut -d ' ' -f 1)"
[[ -z $duckdb ]] || peers="${peers:+$peers, }DuckDB $duckdb_version"
[[ -z $peers ]] || echo "$peers"
echo
printf '%-36s %8s %16s %8s %11s %8s %9s\n' case seconds 'in the rounds' 'CPU s' records/s MiB/s 'peak MiB'
for name in "${cases[@]}"; do
    if [[ $name == double ]]; then
        row "$name" $((2 * rows))
    else
        row "$name" "$rows"
    fi
done
[[ -z $long_is_run ]] || row long "$long"

echo
printf '%-44s %8s %16s   %s\n' ratio value 'in the rounds' target
ratio 'sqlite3 shell / custload' shell new least 6
[[ -z $duckdb ]] || ratio "DuckDB$([[ $duckdb == indexed ]] || echo ' without index') / custload" duckdb new least 2.5
ratio 'prepared INSERT / custload' insert new least 1.8
ratio 'NDJSON / CSV' ndjson new most 1.5
ratio '60 % bad / clean' dirty60 clean most 1.3
ratio 'into as many others / into a new database' full new most 2
[[ -z $thread2 ]] || ratio '1 thread / 2 threads' thread1 "$thread2" most 1.9
if [[ $meter != none ]]; then
    figure 'peak memory, MiB' "$(awk -v k="$(median new 2)" 'BEGIN { printf "%.1f", k / 1024 }')" most 200
    figure 'bytes of peak memory a further record' "$(growth double $((2 * rows)))" most 24
    [[ -z $long_is_run ]] || ((long <= rows)) || figure "the same, up to $long records" "$(growth long "$long")" most 24
fi
if [[ -n $long_is_run ]]; then
    awk -v title="records/s of $long / of $rows" -v a="$long" -v b="$rows" -v s="$(median long 1)" -v t="$(median new 1)" \
        'BEGIN { printf "%-44s %8.2f\n", title, (a / s) / (b / t) }'
fi
if ((${#skipped[@]} > 0)); then
    echo
    printf 'Skipped: %s\n' "${skipped[@]}"
fi
