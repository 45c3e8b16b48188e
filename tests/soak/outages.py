"""Outages under load: PostgreSQL is restarted, killed, frozen, its connections reset, its bytes swallowed. Every client
gets its answer or a correct SQLSTATE on a connection that stays, no acknowledged commit is lost, and work goes on when the
database is back.

    /usr/bin/python3 -B tests/soak/outages.py --rounds 20      # of each kind, with a PostgreSQL of its own; about ten minutes

PGWEIR_BINARY says which daemon.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import replace

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness.cluster import Cluster  # noqa: E402
from harness.daemon import Pgweir  # noqa: E402
from harness.gate import Gate  # noqa: E402
from harness.wait import wait_until  # noqa: E402
from soak.transfers import SCHEMA, Transfers  # noqa: E402
from soak.workers import configuration, make_role  # noqa: E402

POOL_SIZE = 10
DOWN = 0.7   # seconds without a database


def restart(cluster, gate):
    cluster.shut_down()
    time.sleep(DOWN)
    cluster.start_again()


def kill(cluster, gate):
    cluster.crash()
    time.sleep(DOWN)
    cluster.start_again()


def freeze(cluster, gate):
    cluster.freeze()
    time.sleep(DOWN)
    cluster.thaw()


def reset(cluster, gate):
    gate.reset()


def swallow(cluster, gate):
    gate.swallow()
    time.sleep(DOWN)
    gate.let_pass()


KINDS = {kind.__name__: kind for kind in (restart, kill, freeze, reset, swallow)}


def prepare(cluster, role):
    cluster.execute(*SCHEMA, f"GRANT ALL ON accounts, ledger TO {role.name}", database=role.database)
    # A crash must lose nothing that was acknowledged.
    cluster.execute(f"ALTER ROLE {role.name} SET synchronous_commit = on")


def run(cluster, role, gate, daemon, kinds, rounds, clients=20):
    """Returns a report: per kind, the longest time from the database's return to the next acknowledged transfer."""
    report = {"rounds": rounds, "back_after_seconds": {}}
    with Transfers(daemon, clients) as transfers:
        for kind in kinds:
            times = []
            for _ in range(rounds):
                before = transfers.done
                wait_until(lambda: transfers.done > before + clients, f"transfers go on before a {kind}", deadline=60)
                KINDS[kind](cluster, gate)
                began, seen = time.monotonic(), transfers.done
                wait_until(lambda: transfers.done > seen, f"transfers go on after a {kind}", deadline=60, every=0.005)
                times.append(time.monotonic() - began)
            report["back_after_seconds"][kind] = round(max(times), 2)
    transfers.check(lambda query: cluster.rows(query, database=role.database))
    return {**report, "acknowledged": transfers.done, "unknown": len(transfers.unknown), "errors": transfers.errors}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    arguments = parser.parse_args()
    cluster = Cluster()
    try:
        cluster.start()
        role = make_role(cluster, POOL_SIZE + 5)
        prepare(cluster, role)
        with Gate(cluster.port) as gate:
            daemon = Pgweir(configuration(replace(role, port=gate.port), POOL_SIZE)).start()
            try:
                report = run(cluster, role, gate, daemon, arguments.kinds, arguments.rounds)
            finally:
                daemon.finish()
    finally:
        cluster.stop()
    print(json.dumps(report, indent=2))
    late = {kind: seconds for kind, seconds in report["back_after_seconds"].items() if seconds > 2}
    assert not late, f"later than two seconds: {late}"


if __name__ == "__main__":
    main()
