#!/usr/bin/env bash
# Builds pgweir and runs all its tests, from a clean checkout of a bare Debian 12: as root, or with sudo.
#
#   tests/run.sh                 lint, unit, wire, integration, differential and survival tests, the matrix of drivers
#   tests/run.sh --quick         only those that need no PostgreSQL: lint, unit and wire tests
#   tests/run.sh --full          with the durations and sizes of the acceptance list (about an hour)
#   tests/run.sh --no-install    does not look for missing packages
#   tests/run.sh --build         only builds
#
# Environment:
#   PGWEIR_BUILD_DIR    where to build (build, or build-<sanitizers>, in the source tree)
#   PGWEIR_SANITIZE     address,undefined or thread: builds and runs with these; tests shortened, without the matrix,
#                       and with thread without lint and unit tests
#   PGWEIR_WERROR       ON: warnings are errors
#   PGWEIR_JOBS         parallel compile jobs (2)
#   PGWEIR_WORKERS      parallel processes for the tests that start daemons, most of which wait (3; 2 with sanitizers)
#   PGWEIR_RESULTS      a folder for the JUnit reports (in the build folder)
#
# The last line is `N passed, N failed`; the exit code is 0 when nothing failed.
set -euo pipefail
cd "$(dirname "$0")/.."

install=yes
tests=yes
suites=(tests/wire tests/integration tests/differential tests/survival)
matrix=(tests/matrix)
size=normal
for argument in "$@"; do
    case "$argument" in
    --quick) suites=(tests/wire) matrix=() ;;
    --full) size=full ;;
    --no-install) install=no ;;
    --build) tests=no ;;
    *)
        sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2
        exit 64
        ;;
    esac
done

sanitize=${PGWEIR_SANITIZE:-}
build=${PGWEIR_BUILD_DIR:-build${sanitize:+-${sanitize//,/-}}}
results=${PGWEIR_RESULTS:-$build/results}
pytest_options=(--size="$size")
workers=3
if [ -n "$sanitize" ]; then
    pytest_options=(--size=short -m "not long")
    matrix=()
    workers=2   # sanitizers make waiting into work
fi
case "$sanitize" in
thread) build_type=RelWithDebInfo ;;
address*) build_type=Debug ;;
*) build_type=RelWithDebInfo ;;
esac

step() { printf '\n== %s\n' "$*"; }

if [ $install = yes ]; then
    deploy/install-packages.sh build test
fi

step "Configuring and building ($build)"
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE="$build_type" -DSANITIZE="$sanitize" \
    -DWERROR="${PGWEIR_WERROR:-OFF}" >"$build.log" 2>&1 || { cat "$build.log"; rm -f "$build.log"; exit 1; }
rm -f "$build.log"
# Unit tests have no threads.
targets=()
if [ "$sanitize" = thread ]; then
    targets=(--target pgweir)
fi
cmake --build "$build" --parallel "${PGWEIR_JOBS:-2}" "${targets[@]}"
if [ $tests = no ]; then
    exit 0
fi
rm -rf "$results"
mkdir -p "$results"
results=$(cd "$results" && pwd)

# From here on everything runs to its end, so that one run shows all failures.
status=0

if [ ${#targets[@]} -eq 0 ]; then
    step "Lint and unit tests"
    ctest --test-dir "$build" --output-on-failure --no-tests=error --parallel 2 \
        --output-junit "$results/ctest.xml" >"$results/ctest.log" 2>&1 || status=1
    grep -vE '^ *[0-9]+/[0-9]+ Test .* Passed |^ +Start +[0-9]+: ' "$results/ctest.log" || true
fi

if [ ${#suites[@]} -gt 1 ] && [ ! tests/drivers/node_modules/.package-lock.json -nt tests/drivers/package-lock.json ]; then
    step "JavaScript drivers"
    (cd tests/drivers && npm ci --no-audit --no-fund --loglevel=error)
fi

# Debian's Python: the drivers come as Debian packages, another Python on PATH does not see them.
run_pytest() {
    PGWEIR_BINARY=$(cd "$build" && pwd)/proxy/pgweir PGWEIR_SANITIZE=$sanitize \
        /usr/bin/python3 -B -m pytest -q "$@" "${pytest_options[@]}" --durations=10 || status=1
}

step "${suites[*]#tests/} tests"
# loadgroup hands out one test after the other.
run_pytest "${suites[@]}" --numprocesses="${PGWEIR_WORKERS:-$workers}" --dist=loadgroup --junitxml="$results/suites.xml"
if [ ${#matrix[@]} -gt 0 ]; then
    step "matrix tests"
    # Each brings load of its own.
    run_pytest "${matrix[@]}" --junitxml="$results/matrix.xml"
fi

step "Result"
/usr/bin/python3 -B tests/harness/count.py "$results"/*.xml || status=1
exit $status
