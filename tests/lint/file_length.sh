#!/usr/bin/env bash
# A file is about one thing: at most 300 lines, a test at most 400.
. "$(dirname "$0")/sources.sh"

found=0
check() {
    local limit=$1 file lines
    shift
    for file in "$@"; do
        lines=$(wc -l <"$file")
        if [ "$lines" -gt "$limit" ]; then
            echo "$file: $lines lines, more than $limit"
            found=1
        fi
    done
}

mapfile -t files < <(source_files protocol config metrics proxy)
require_files file_length "${files[@]}"
check 300 "${files[@]}" CMakeLists.txt

mapfile -t files < <(find tests deploy -path '*/node_modules' -prune -o -type f \
    \( -name '*.cpp' -o -name '*.hpp' -o -name '*.py' -o -name '*.sh' -o -name '*.js' -o -name '*.txt' \) -print | sort)
require_files file_length "${files[@]}"
check 400 "${files[@]}"

exit $found
