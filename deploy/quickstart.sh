#!/usr/bin/env bash
# From a checkout to a running pgweir that has shown what it does. On Debian 12, as root or with sudo.
#
#   deploy/quickstart.sh           stays up until Ctrl-C
#   deploy/quickstart.sh --once    ends after the demonstration and leaves nothing behind
#
# With $SUPABASE_DB_URL or $PGWEIR_DSN set, pgweir runs in front of that database. With neither,
# a throw-away PostgreSQL is started whose role may have 20 connections, and pgweir shows how
# 300 clients work through them, and what happens above 80 % usage.
#
# Environment: PGWEIR_BUILD_DIR (build), PGWEIR_PORT (6432), PGWEIR_HTTP_PORT (9127),
#              PGWEIR_POOL_SIZE (15 in front of a database of yours)
set -euo pipefail
cd "$(dirname "$0")/.."

once=no
case "${1:-}" in
"") ;;
--once) once=yes ;;
*)
    sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2
    exit 64
    ;;
esac

build=${PGWEIR_BUILD_DIR:-build}
work=$(mktemp -d "${TMPDIR:-/tmp}/pgweir-quickstart-XXXXXX")
chmod 711 "$work"
pgweir_pid=""
postgres_pid=""
load_pid=""

cleanup() {
    local code=$?
    trap - EXIT INT TERM
    if [ -n "$load_pid" ]; then kill -KILL "$load_pid" 2>/dev/null || true; fi
    if [ -n "$pgweir_pid" ] && kill -TERM "$pgweir_pid" 2>/dev/null; then
        wait "$pgweir_pid" 2>/dev/null || true
    fi
    if [ -n "$postgres_pid" ] && kill -INT "$postgres_pid" 2>/dev/null; then
        wait "$postgres_pid" 2>/dev/null || true
    fi
    if [ $code -ne 0 ]; then
        echo "quickstart.sh failed ($code). What was logged last:" >&2
        tail -n 8 "$work"/*.log >&2 2>/dev/null || true
    fi
    rm -rf "$work"
    exit $code
}
trap cleanup EXIT
trap 'exit 0' INT TERM

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
show() { sed 's/^/    /'; }

is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# first_free PORT: the port, or the next that nobody listens on.
first_free() {
    local port=$1
    while is_taken "$port"; do port=$((port + 1)); done
    echo "$port"
}

# wait_for WHAT COMMAND...: until the command succeeds, for at most half a minute.
wait_for() {
    local what=$1 tries=0
    shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        if [ $tries -gt 300 ]; then
            echo "waited too long for $what" >&2
            return 1
        fi
        sleep 0.1
    done
}

say "Installing packages and building"
deploy/install-packages.sh build demo
cmake -S . -B "$build" -G Ninja >"$work/cmake.log"
cmake --build "$build" --target pgweir --parallel 2
pgweir=$(cd "$build" && pwd)/proxy/pgweir
postgres_bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
PATH=$postgres_bin:$PATH
# What libpq would take from the environment is for other databases than ours.
for name in $(compgen -e | grep '^PG' | grep -v '^PGWEIR_' || true); do unset "$name"; done

start_postgres() {
    local as_user=() password=$1
    if [ "$(id -u)" -eq 0 ]; then   # PostgreSQL refuses to run as root
        as_user=(setpriv --reuid=postgres --regid=postgres --clear-groups)
        chown postgres "$work"
    fi
    postgres_port=$(first_free 54320)
    "${as_user[@]}" initdb -D "$work/data" -U postgres -A trust -E UTF8 --no-locale --no-sync >"$work/initdb.log"
    printf '%s\n' 'local all all trust' 'host all all 127.0.0.1/32 scram-sha-256' >"$work/data/pg_hba.conf"
    "${as_user[@]}" postgres -D "$work/data" -p "$postgres_port" -c listen_addresses=127.0.0.1 \
        -c unix_socket_directories="$work" -c fsync=off -c max_connections=100 >"$work/postgres.log" 2>&1 &
    postgres_pid=$!
    admin="host=$work port=$postgres_port user=postgres dbname=postgres"
    wait_for "PostgreSQL" psql -X -q "$admin" -c 'SELECT 1'
    psql -X -q "$admin" -c "CREATE ROLE app LOGIN CONNECTION LIMIT 20 PASSWORD '$password'" -c "GRANT ALL ON SCHEMA public TO app"
    direct="host=127.0.0.1 port=$postgres_port user=app password=$password dbname=postgres sslmode=disable"
    pgbench -q -i -s 1 "$direct" >"$work/pgbench.log" 2>&1
}

# From what we were given to one variable, which the configuration names.
export PGWEIR_DSN=${SUPABASE_DB_URL:-${PGWEIR_DSN:-}}
pool_size=${PGWEIR_POOL_SIZE:-15}
local_postgres=no
if [ -z "$PGWEIR_DSN" ]; then
    say "No SUPABASE_DB_URL or PGWEIR_DSN: starting a PostgreSQL whose role may have 20 connections"
    local_postgres=yes
    pool_size=20
    app_password=$(openssl rand -hex 12)
    start_postgres "$app_password"
    PGWEIR_DSN="postgresql://app:$app_password@127.0.0.1:$postgres_port/postgres?sslmode=disable"
fi

port=$(first_free "${PGWEIR_PORT:-6432}")
http_port=$(first_free "${PGWEIR_HTTP_PORT:-9127}")
export LAMBDA_PASSWORD
LAMBDA_PASSWORD=$(openssl rand -hex 12)
cat >"$work/pgweir.yaml" <<YAML
listen: { port: $port }
limits: { pool_size: $pool_size }
http: { port: $http_port }
databases:
  app: { dsn: "\${PGWEIR_DSN}" }
users:
  lambda: { password: "\${LAMBDA_PASSWORD}" }
YAML

say "Starting pgweir with this configuration"
show <"$work/pgweir.yaml"
"$pgweir" run -c "$work/pgweir.yaml" >"$work/pgweir.log" 2>&1 &
pgweir_pid=$!
health=http://127.0.0.1:$http_port/health/db
wait_for "pgweir" curl -fsS "http://127.0.0.1:$http_port/readyz"
dsn="postgresql://lambda:$LAMBDA_PASSWORD@127.0.0.1:$port/app?sslmode=disable"

health_is() { [ "$(curl -s -o /dev/null -w '%{http_code}' "$health")" = "$1" ]; }
health_has() { curl -s "$health" | grep -qF "$1"; }

show_queue() {
    local most=0 now
    say "300 clients straight to PostgreSQL: 20 get in, the others are refused"
    pgbench -n -S -c 300 -j 2 -T 5 "$direct" >"$work/direct.log" 2>&1 || true
    grep -m 1 'FATAL' "$work/direct.log" | show

    say "The same 300 clients through pgweir, for 5 seconds"
    pgbench -n -S -c 300 -j 2 -T 5 "$dsn" >"$work/pgbench.log" 2>&1 &
    load_pid=$!
    while kill -0 "$load_pid" 2>/dev/null; do
        now=$(psql -X -q -A -t "$admin" -c "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app'")
        if [ "$now" -gt "$most" ]; then most=$now; fi
        sleep 0.2
    done
    wait "$load_pid"
    load_pid=""
    grep -E 'number of (clients|transactions actually|failed)|^tps' "$work/pgbench.log" | show
    echo "most connections PostgreSQL saw at once: $most" | show
    [ "$most" -le 20 ]
}

show_breaker() {
    say "18 of 20 servers held in transactions: usage is above 80 %, the breaker opens"
    wait_for "the breaker to close after the load" health_has '"breaker":"closed"'
    printf 'BEGIN;\nSELECT 1;\n\\sleep 600 s\nCOMMIT;\n' >"$work/hold.sql"
    pgbench -n -f "$work/hold.sql" -c 18 -t 1 "$dsn" >"$work/hold.log" 2>&1 &
    load_pid=$!
    wait_for "the breaker to open" health_is 503
    echo "a new client:" | show
    if psql -X "$dsn" -c 'SELECT 1' 2>"$work/refusal.log"; then
        echo "the new client was let in" >&2
        return 1
    fi
    show <"$work/refusal.log"
    curl -s -w '\nHTTP %{http_code}\n' "$health" | show

    say "The 18 clients are killed: their transactions are rolled back, the servers reused, the breaker closes"
    kill -KILL "$load_pid"
    wait "$load_pid" 2>/dev/null || true
    load_pid=""
    wait_for "the breaker to close" health_has '"breaker":"closed"'
    psql -X -A -t "$dsn" -c "SELECT 'a new client is served'" | show
    curl -s -w '\nHTTP %{http_code}\n' "$health" | show
}

if [ $local_postgres = yes ]; then
    show_queue
    show_breaker
else
    say "One statement through pgweir"
    psql -X "$dsn" -c 'SELECT version()' | show
fi

say "pgweir is running"
show <<TEXT
DSN for your application:  $dsn
HTTP:                      http://127.0.0.1:$http_port/  (/metrics, /health/db, /livez, /readyz)
TEXT
if [ $once = yes ]; then
    kill -TERM "$pgweir_pid"
    wait "$pgweir_pid"
    pgweir_pid=""
    say "Done"
    exit 0
fi
say "Ctrl-C ends it"
wait "$pgweir_pid"
