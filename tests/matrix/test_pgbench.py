"""pgbench in its three query modes: five processes of ten clients, each with settings of its own."""

import collections
import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.programs import clean_environment, pgbench_command, run_in_group
from matrix_rows import APPLICATION_TIMEOUT, HERE, SESSIONS

ZONES = (("UTC", 0), ("Europe/Berlin", 7200), ("America/New_York", -14400), ("Asia/Kolkata", 19800), ("Pacific/Chatham", 45900))
PROCESSES = len(ZONES)
TURNS = 10
CHECKS = 5   # of one turn of shop.sql


def text_of(*path):
    with open(os.path.join(HERE, *path), encoding="utf-8") as file:
        return file.read()


def bench(target, clients, *arguments, **environment):
    # A thread for each client: pgbench waits for the answer to a Parse, and a thread that waits for a
    # server on behalf of one client would let another one sit in its transaction.
    command = pgbench_command(target.dsn(), "-c", clients, "-j", clients, *arguments)
    code, output, errors = run_in_group(command, APPLICATION_TIMEOUT, env=clean_environment(**environment))
    text = output + errors
    assert code == 0 and "aborted" not in text and "ERROR" not in text, text[-8000:]
    return int(re.search(r"number of transactions actually processed: (\d+)", text).group(1))


def shop(target, mode, process):
    zone, ahead = ZONES[process]
    by_options = process % 2 == 0
    # pgbench parses the whole script at first, so that the search path must be there from the start.
    options = f"-c search_path=tenant_{process % 4} -c TimeZone={zone if by_options else 'UTC'}"
    numbers = {"process": process, "tenant": process % 4, "zone": process, "ahead": ahead,
               "by_options": int(by_options), "turn": 0, "timeouts": 1}
    return bench(target, SESSIONS // PROCESSES, "-M", mode, "-t", TURNS, "-f", os.path.join(HERE, "pgbench", "shop.sql"),
                 *(f"-D{name}={value}" for name, value in numbers.items()), PGOPTIONS=options)


@pytest.mark.parametrize("mode", ["simple", "extended", "prepared"])
def test_pgbench(row, target, tmp_path, mode):
    migrate = tmp_path / "migrate.sql"
    migrate.write_text(text_of("pgbench", "migrate.sql").replace(":migration$", text_of("migration.sql") + "$", 1))
    with target.background(), ThreadPoolExecutor(PROCESSES) as executor:
        assert bench(target, SESSIONS, "-M", mode, "-t", 1, "-f", migrate) == SESSIONS
        turns = sum(executor.map(lambda process: shop(target, mode, process), range(PROCESSES)))
    assert turns == SESSIONS * TURNS
    pids = collections.defaultdict(list)
    for process, client, pid in target.rows("SELECT process, client, pid FROM public.visits ORDER BY number"):
        pids[process, client].append(pid)
    row(f"pgbench {mode}").judge(list(pids.values()), turns * CHECKS)
