#!/usr/bin/env bash
# Installs what pgweir needs from Debian 12 packages: as root, or through sudo. Asks nothing.
#   deploy/install-packages.sh build        what compiling needs
#   deploy/install-packages.sh test         what the tests and the bench need on top
#   deploy/install-packages.sh demo         what deploy/quickstart.sh needs on top of build
#   deploy/install-packages.sh ci           what .ci/run needs on top of build and test
# Several profiles may be given. Packages that are there are left alone, and no service
# (PostgreSQL, pgbouncer, Prometheus) is started by their installation.
set -euo pipefail

build_packages=(g++ cmake ninja-build ccache pkg-config libboost1.81-dev libpq-dev libssl-dev libyaml-cpp-dev
    prometheus-cpp-dev libcurl4-openssl-dev zlib1g-dev libfmt-dev libspdlog-dev libcli11-dev catch2)
demo_packages=(postgresql-15 postgresql-client-15 curl openssl)
test_packages=(chromium postgresql-15 postgresql-client-15 pgbouncer prometheus openssl curl
    python3 python3-pytest python3-pytest-xdist python3-psycopg python3-psycopg2 python3-asyncpg python3-sqlalchemy
    default-jdk-headless libpostgresql-jdbc-java golang-go golang-github-jackc-pgx-v4-dev
    php-cli php-pgsql ruby ruby-pg)
ci_packages=(clang-14 libclang-rt-14-dev prometheus-pgbouncer-exporter)

wanted=()
for profile in "${@:-build}"; do
    case "$profile" in
    build) wanted+=("${build_packages[@]}") ;;
    demo) wanted+=("${demo_packages[@]}") ;;
    test)
        wanted+=("${test_packages[@]}")
        # Other distributions of Node.js conflict with Debian's packages and serve as well.
        command -v node >/dev/null || wanted+=(nodejs)
        command -v npm >/dev/null || wanted+=(npm)
        ;;
    ci) wanted+=("${ci_packages[@]}") ;;
    *)
        echo "install-packages.sh: no profile '$profile' (build, demo, test, ci)" >&2
        exit 64
        ;;
    esac
done

is_installed() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=()
for package in "${wanted[@]}"; do
    is_installed "$package" || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
    exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "install-packages.sh: not root and no sudo; please install: ${missing[*]}" >&2
        exit 77
    fi
    as_root=(sudo --)
fi

# While this file answers 101, maintainer scripts start no services. One that is
# there already is somebody's decision and stays.
policy=/usr/sbin/policy-rc.d
remove_policy() { "${as_root[@]}" rm -f "$policy"; }
if [ ! -e "$policy" ]; then
    trap remove_policy EXIT
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
fi

echo "Installing: ${missing[*]}"
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y
    -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300)
"${apt[@]}" update >/dev/null
"${apt[@]}" install --no-install-recommends "${missing[@]}"
