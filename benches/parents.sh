#!/usr/bin/env bash
# What it costs to look parents up: the same records are imported with a column of parents' keys, and with that column under a name
# that no field has. Prints the CPU time of each round and the ratio of the least of both.
#
#   bash benches/parents.sh [RECORDS [THREADS]]       1,000,000 records of a random tree in random order, 2 threads if left out
#
# CUSTLOAD_BIN names the program to measure.
set -euo pipefail

records=${1:-1000000}
threads=${2:-2}
if [[ -z ${CUSTLOAD_BIN:-} ]]; then
    cargo build --release --quiet
    CUSTLOAD_BIN=${CARGO_TARGET_DIR:-target}/release/custload
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# file NAME: 12 columns, one of them the parent's key under this name.
file() {
    awk -v records="$records" -v name="$1" 'BEGIN {
        srand(5)
        print "external_key," name ",name,email,phone,address_line_1,city,postal_code,country,language_id,tax_id,custom_1"
        # A prime that does not divide the number of records takes each number once.
        step = 7919
        while (records % step == 0) step = 104729
        for (at = 0; at < records; at++) {
            own = (at * step) % records
            parent = own > 0 ? sprintf("K-%07d", int(rand() * own)) : ""
            printf "K-%07d,%s,Company %d,user%d@example%d.com,+4930%07d,Street %d,Berlin,10%03d,DE,%d,DE%09d,some text\n",
                own, parent, own, own, own % 100, own, own % 5000, own % 1000, own % 9 + 1, own
        }
    }'
}

file parent_key > "$folder/with.csv"
file nothing_like_it > "$folder/without.csv"

# cpu NAME: the CPU seconds of an import.
cpu() {
    rm -rf "$folder/customers.db" "$folder/customers.db.imports"
    { TIMEFORMAT='%U %S'; time "$CUSTLOAD_BIN" import "$folder/$1.csv" --profile billing --db "$folder/customers.db" --quiet \
        --threads "$threads" > "$folder/out" 2>&1; } 2>&1 | awk '{ printf "%.2f", $1 + $2 }'
}

for _ in 1 2 3; do
    echo "$(cpu without) $(cpu with)"
done | awk '{
    print "without parents " $1 " s, with " $2 " s"
    if (NR == 1 || $1 < without) without = $1
    if (NR == 1 || $2 < with) with = $2
} END { printf "%.2f times as long\n", with / without }'
