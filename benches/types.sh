#!/usr/bin/env bash
# What a value of each type costs: `custload check` with one thread, of files with eight fields of one type, all of whose values are
# valid. Prints a line of a table for each: the user time of a value, reading and hashing included, and the instructions that judge
# it; both less those of an empty value.
#
#   bash benches/types.sh [RECORDS]       100,000 if left out; instructions are counted for a twentieth of them
#
# Needs valgrind for the instructions. CUSTLOAD_BIN names the program to measure.
set -euo pipefail

records=${1:-100000}
fields=8
if [[ -z ${CUSTLOAD_BIN:-} ]]; then
    cargo build --release --quiet
    CUSTLOAD_BIN=${CARGO_TARGET_DIR:-target}/release/custload
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# A name; what the profile says of each field; the values, in turn, with | between them.
cases=$(cat <<'CASES'
empty;;
text;;Antoine Lefevre|Ann Smith|Reseller tier 5
text with `pattern`;pattern = '[A-Z]{2}-[0-9]{4,6}';DE-1234|FR-98765|US-456789
text with `case`;case = 'upper';Antoine Lefevre|Ann Smith|GOLD
text with `values`;values = { A = 'active', I = 'inactive', '*' = 'reject' };A|I|active
email;type = 'email';ann.smith@mail.example.com|bob@example.org|c.d+e@example.net
phone;type = 'phone';+49 55 629 3139|(541) 754-3010|0351123456
country;type = 'country';Germany|us|FRA
state;type = 'state';ny|Bavaria|TX
postal-code;type = 'postal-code';01067|10115-1234|SW1A 1AA
integer;type = 'integer';7|1234|987654321
decimal;type = 'decimal';12.50|1234.5|99
decimal, stored as minor;type = 'decimal', store = 'minor', scale = 2;12.50|1234.5|99
decimal, stored as text;type = 'decimal', store = 'text';12.50|1234.5|99
decimal with groups;type = 'decimal', decimal = ',', group = '.';1.234,50|12.345.678,9
date;type = 'date', not_before = 1900-01-01;1980-05-03|2024-02-29|1999-12-31
date with a format;type = 'date', formats = ['%d.%m.%Y'];03.05.1980|29.02.2024|31.12.1999
timestamp;type = 'timestamp';2024-02-29T12:30:00Z|1999-12-31T23:59:59Z
timestamp in a zone;type = 'timestamp', time_zone = 'Europe/Berlin';2024-02-29 12:30|1999-12-31 23:59:59
flag;type = 'flag';yes|0|TRUE
choice;type = 'choice', choices = ['GOLD', 'SILVER', 'BRONZE'];gold|SILVER|Bronze
list;type = 'list';wholesale|export|a
url;type = 'url';https://www.example.com/a?b=c|Example.com|http://shop.example.org
CASES
)

# profile SETTINGS: the number of the record, and the fields.
profile() {
    printf '[fields]\nnumber = {}\n'
    for field in $(seq "$fields"); do
        printf 'f%d = { %s }\n' "$field" "$1"
    done
}

# file RECORDS VALUES
file() {
    awk -v records="$1" -v values="$2" -v fields="$fields" 'BEGIN {
        count = split(values, value, "|")
        line = "number"
        for (field = 1; field <= fields; field++) line = line "\tf" field
        print line
        for (record = 1; record <= records; record++) {
            line = record
            for (field = 1; field <= fields; field++) line = line "\t" (count ? value[(record + field) % count + 1] : "")
            print line
        }
    }'
}

check() {
    "${@:2}" "$CUSTLOAD_BIN" check "$folder/$1.tsv" --profile "$folder/crm.toml" --threads 1
}

few=$((records / 20))
echo '| type | ns a value | instructions a value |'
echo '|---|---:|---:|'
while IFS=';' read -r name settings values; do
    profile "$settings" > "$folder/crm.toml"
    file "$records" "$values" > "$folder/many.tsv"
    file "$few" "$values" > "$folder/few.tsv"
    # The least of five.
    user=$(for _ in 1 2 3 4 5; do
        { TIMEFORMAT=%U; time check many > "$folder/out" 2>&1; } 2>&1 || { cat "$folder/out" >&2; exit 1; }
    done | sort -n | head -1)
    counted=0
    if command -v valgrind > "$folder/out"; then
        counted=$(check few valgrind --tool=callgrind --callgrind-out-file="$folder/callgrind" \
            --toggle-collect='*::Checker::check' 2>&1 | awk '/Collected :/ { print $4 }')
    fi
    if [[ $name == empty ]]; then
        empty_user=$user empty_counted=$counted
    fi
    awk -v name="$name" -v user="$user" -v counted="$counted" -v user0="$empty_user" -v counted0="$empty_counted" \
        -v many=$((records * fields)) -v few=$((few * fields)) 'BEGIN {
        if (name != "empty") printf "| %s | %.0f | %.0f |\n", name, (user - user0) / many * 1e9, (counted - counted0) / few
    }'
done <<< "$cases"
