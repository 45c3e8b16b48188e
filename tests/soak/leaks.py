"""Leak test: random sessions change all the state a session has and go in every possible way; whoever
comes after them, on whichever server, finds nothing of it.

    /usr/bin/python3 -B tests/soak/leaks.py --sessions 100000      # the whole of it, with a PostgreSQL of its own

A probe visits all servers at once, in regular intervals while the sessions go on, and compares what it
finds with what the very first client found. PGWEIR_BINARY says which daemon. The seed is printed.
"""

import argparse
import json
import os
import random
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness.wait import wait_until  # noqa: E402
from soak.leaky_session import SCHEMA, run_sessions  # noqa: E402
from soak.probe import Probe, factory_state, global_leftovers  # noqa: E402
from soak.workers import Ground, Workers  # noqa: E402

POOL_SIZE = 4
WORKERS = 8
PROBE_INTERVAL = 1.0
# The probe is one flow, and is to have all servers at once, also while sessions wait.
LIMITS = {"max_flow_servers": "100%"}


def prepare(cluster, role):
    cluster.execute(*(text.replace("{owner}", role.name) for text in SCHEMA), database=role.database)


def run(cluster, role, port, sessions, seed, hidden=True, pool_size=POOL_SIZE, deadline=3600):
    """Runs so many sessions through the daemon at `port`. Returns a report; its "leaks" must be empty."""
    state = factory_state(port)
    share = sessions // WORKERS + 1
    orders = {"port": port, "sessions": share, "hidden": hidden, "state": state}
    workers = Workers(os.path.abspath(__file__), [{**orders, "seed": seed * 1000 + number} for number in range(WORKERS)])
    leaks, visits, began = [], [], time.monotonic()
    try:
        with Probe(cluster, role, port, pool_size, state) as probe:
            while not workers.wait(PROBE_INTERVAL):
                visits.append(probe.visit(leaks))
                assert len(leaks) < 100, leaks[:10]
                assert time.monotonic() - began < deadline, "the sessions did not end in time"
            # One server may be the one that listens for all; the others are let go of when nobody is left.
            wait_until(lambda: visits.append(probe.visit(leaks)) or visits[-1] >= pool_size - 1, "all servers can be had", deadline=30)
        results = workers.results()
    finally:
        workers.kill()
    wait_until(lambda: not global_leftovers(cluster, role), "nothing is left anywhere", deadline=30)
    return {"seed": seed, "sessions": share * WORKERS, "seconds": round(time.monotonic() - began, 1),
            "probes": len(visits), "servers_visited": sum(visits), "leaks": leaks,
            "statements": sum(result["statements"] for result in results),
            "refused": [text for result in results for text in result["refused"]],
            "seen_by_sessions": [text for result in results for text in result["leaks"]]}


def check(report, pool_size=POOL_SIZE):
    """Fails unless the report is that of a run without any leak."""
    found = report["leaks"] + report["seen_by_sessions"]
    assert not found, f"seed {report['seed']}: {len(found)} leaks:\n" + "\n".join(found[:20])
    refused = "\n".join(report["refused"][:20])
    assert not refused, f"seed {report['seed']}: sessions got answers they must not get:\n{refused}"
    # At times a session keeps a second one.
    assert report["servers_visited"] >= report["probes"] * (pool_size - 1) / 2, report
    assert report["statements"] > report["sessions"], report


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--sessions", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1, 1_000_000))
    parser.add_argument("--plain", action="store_true", help="only state that the client's own text shows")
    parser.add_argument("--worker", type=json.loads, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        print(json.dumps(run_sessions(**arguments.worker)))
        return
    print(f"seed {arguments.seed}", flush=True)
    with Ground(POOL_SIZE, LIMITS) as ground:
        prepare(ground.cluster, ground.role)
        report = run(ground.cluster, ground.role, ground.daemon.port, arguments.sessions, arguments.seed, not arguments.plain)
    print(json.dumps(report, indent=2))
    check(report)


if __name__ == "__main__":
    main()
