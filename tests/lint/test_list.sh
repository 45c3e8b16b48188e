#!/usr/bin/env bash
# Sources are listed, not globbed: a unit test or fuzz target that is not in
# tests/CMakeLists.txt would never run and nobody would know.
. "$(dirname "$0")/sources.sh"

mapfile -t tests < <(find tests/unit tests/fuzz -name '*_test.cpp' -o -name 'fuzz_*.cpp' | sort)
require_files test_list "${tests[@]}"

found=0
for test in "${tests[@]}"; do
    name=${test#tests/}
    case "$name" in
    fuzz/*)
        target=${name#fuzz/fuzz_}
        target=${target%.cpp}
        if ! grep -qE "^foreach\(target .*\b$target\b" tests/CMakeLists.txt; then
            echo "$test is not among the fuzz targets of tests/CMakeLists.txt"
            found=1
        fi
        if [ ! -d "tests/fuzz/corpus/$target" ]; then
            echo "$test has no corpus"
            found=1
        fi
        ;;
    *)
        if ! grep -qE "^ +$name\)?\$" tests/CMakeLists.txt; then
            echo "$test is not in tests/CMakeLists.txt"
            found=1
        fi
        ;;
    esac
done
exit $found
