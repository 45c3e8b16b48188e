#!/usr/bin/env bash
# Words that stand for habits we do not have (.github/CONTRIBUTING.md, "The ten nevers").
. "$(dirname "$0")/sources.sh"

mapfile -t product < <(source_files protocol config metrics proxy)
require_files banned_words "${product[@]}"
mapfile -t everything < <(source_files protocol config metrics proxy tests)

found=0

# ban REASON PATTERN FILE... : complains about code (not comments) that matches.
ban() {
    local reason=$1 pattern=$2 hits
    shift 2
    [ $# -gt 0 ] || return 0
    hits=$(awk -v pattern="$pattern" '{ line = $0; sub(/\/\/.*/, "", line); if (line ~ pattern) print FILENAME ":" FNR ": " $0 }' "$@")
    if [ -n "$hits" ]; then
        echo "$hits" | sed "s|\$|   <- $reason|"
        found=1
    fi
}

ban "a spawned coroutine is counted and waited for" 'asio::detached' "${everything[@]}"
ban "wait for a condition, not for time" 'sleep_for|sleep_until|usleep|nanosleep' "${everything[@]}"
ban "include the narrow headers" '<boost/asio\.hpp>|<boost/beast\.hpp>' "${everything[@]}"
ban "write the name out" 'using namespace' "${everything[@]}"
ban "one owner" 'shared_from_this' "${everything[@]}"
mapfile -t no_net < <(printf '%s\n' "${product[@]}" | grep -v '^proxy/net/')
ban "only proxy/net/ talks to C interfaces that need it" 'reinterpret_cast' "${no_net[@]}"

# `catch (...)` must pass the exception on: `throw;` or current_exception within its block.
hits=$(awk '
    FNR == 1 { open_line = 0 }
    { line = $0; sub(/\/\/.*/, "", line) }
    line ~ /catch[ ]*\(\.\.\.\)/ { open_line = FNR; text = $0 }
    open_line && (line ~ /throw;/ || line ~ /current_exception/) { open_line = 0 }
    open_line && FNR > open_line && line ~ /^[ ]*}/ { print FILENAME ":" open_line ": " text; open_line = 0 }
' "${everything[@]}")
if [ -n "$hits" ]; then
    echo "$hits" | sed 's|$|   <- catch (...) must rethrow or pass on the exception|'
    found=1
fi

# `TODO(class): ... #issue`, and none without.
if hits=$(grep -nHE 'TODO' "${everything[@]}" | grep -vE 'TODO\((perf|security|cleanup|limit)\): .*#[0-9]+'); then
    echo "$hits" | sed 's|$|   <- a TODO has a class and an issue|'
    found=1
fi

exit $found
