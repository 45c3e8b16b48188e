#!/usr/bin/env bash
# psql, started anew for each unit, as scripts do. See python/survivor.py.
set -u

# Inside a transaction the time that the application takes is one of the shell's.
unit() {
    psql -X -q -A -t -v ON_ERROR_STOP=1 -v VERBOSITY=verbose -v id="$1" -d "$SURVIVAL_DSN" 2>&1 <<'SQL'
BEGIN;
SELECT client_seconds AS seconds FROM pace, pg_sleep(server_seconds) \gset
\setenv SECONDS_TO_WAIT :seconds
\! sleep "$SECONDS_TO_WAIT"
INSERT INTO work (id) VALUES (:'id');
COMMIT;
SQL
}

work() {
    local turn=0 id said sqlstate
    while [ ! -e "$ending" ]; do
        turn=$((turn + 1))
        id=$SURVIVAL_NAME/$1/$turn
        if said=$(unit "$id"); then
            echo "done $id"
        else
            sqlstate=$(grep -oPm1 '(ERROR|FATAL):  \K[0-9A-Z]{5}(?=: )' <<<"$said")
            echo "failed $id ${sqlstate:------} $(tr -s '[:space:]' ' ' <<<"$said")"
        fi
        sleep "$SURVIVAL_PAUSE"
    done
}

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
ending=$directory/ending
for ((number = 0; number < SURVIVAL_WORKERS; ++number)); do
    work "$number" </dev/null &
done
cat >/dev/null
touch "$ending"
wait
