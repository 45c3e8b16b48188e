#!/usr/bin/env bash
# The README's tables are what the binary prints of its options and metrics.
#   tests/lint/readme.sh BINARY            complains when they are not
#   tests/lint/readme.sh --write BINARY    puts them there
write=no
if [ "${1:-}" = --write ]; then
    write=yes
    shift
fi
if [ $# -ne 1 ] || ! binary=$(realpath -e -- "$1") || [ ! -x "$binary" ]; then
    echo "lint readme: say which pgweir: tests/lint/readme.sh [--write] build/proxy/pgweir" >&2
    exit 1
fi
. "$(dirname "$0")/sources.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# replace NAME FILE: standard input with the file's text between the markers of NAME.
replace() {
    awk -v name="$1" -v file="$2" '
        $0 == "<!-- " name ":begin -->" {
            ++begins
            print
            print ""
            while ((getline line <file) > 0) print line
            print ""
            inside = 1
            next
        }
        $0 == "<!-- " name ":end -->" { ++ends; if (!inside) ends = 2; inside = 0 }
        !inside { print }
        END {
            if (begins == 1 && ends == 1) exit 0
            print "lint readme: README.md needs <!-- " name ":begin --> and, below it, <!-- " name ":end -->, once each" >"/dev/stderr"
            exit 1
        }'
}

"$binary" reference markdown >"$work/reference"
"$binary" reference metrics >"$work/metrics"
for table in reference metrics; do
    if ! grep -q '^|---' "$work/$table"; then
        echo "lint readme: $binary prints no table of $table" >&2
        exit 1
    fi
done
replace metrics "$work/metrics" <README.md >"$work/half"
replace reference "$work/reference" <"$work/half" >"$work/README.md"

if [ $write = yes ]; then
    cat "$work/README.md" >README.md
elif ! diff -u --label README.md --label "README.md as the binary has it" README.md "$work/README.md"; then
    echo "README.md differs from what the binary prints: tests/lint/readme.sh --write $binary"
    exit 1
fi
