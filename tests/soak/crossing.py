"""Crossing test: 200 clients share few servers, every statement carries the tag of its client, clients die
and cancel at random. Nobody may get an answer with another's tag, nor a cancel he did not ask for.

    /usr/bin/python3 -B tests/soak/crossing.py --statements 1000000      # with a PostgreSQL of its own

PGWEIR_BINARY says which daemon. The seed is printed.
"""

import argparse
import json
import os
import random
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from soak.crossing_batches import Composer  # noqa: E402
from soak.crossing_client import run_clients  # noqa: E402
from soak.workers import Ground, Workers  # noqa: E402

CLIENTS = 200
PROCESSES = 4
POOL_SIZE = 8
CANCEL_SHARE = 0.03
KILL_SHARE = 0.01
PATIENCE = 45


def run(port, statements, seed, clients=CLIENTS, kinds=None, deadline=3600):
    """So many statements by so many clients. Returns a report; its "problems" must be empty."""
    began = time.monotonic()
    each = clients // PROCESSES
    orders = {"port": port, "clients": each, "statements": statements // PROCESSES, "seed": seed, "kinds": kinds,
              "cancel_share": CANCEL_SHARE, "kill_share": KILL_SHARE, "patience": PATIENCE}
    workers = Workers(os.path.abspath(__file__), [{**orders, "first": 1 + number * each} for number in range(PROCESSES)])
    try:
        assert workers.wait(deadline), "the clients did not end in time"
        results = workers.results()
    finally:
        workers.kill()
    report = {"seed": seed, "clients": each * PROCESSES, "seconds": round(time.monotonic() - began, 1)}
    report.update({name: sum(result[name] for result in results) for name in ("statements", "cancels", "cancelled", "kills")})
    report["problems"] = [problem for result in results for problem in result["problems"]]
    return report


def check(report, statements):
    """Fails unless nobody was wronged and enough of everything has happened."""
    assert not report["problems"], f"seed {report['seed']}:\n" + "\n".join(problem[:2000] for problem in report["problems"][:10])
    assert report["statements"] + report["kills"] >= statements * 0.99, report
    assert report["kills"] > 0 and report["cancels"] > 0, report


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--statements", type=int, default=1_000_000)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--pool-size", type=int, default=POOL_SIZE)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1, 1_000_000))
    parser.add_argument("--kinds", nargs="+", choices=list(Composer.KINDS), help="only these kinds of statements")
    parser.add_argument("--worker", type=json.loads, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        print(json.dumps(run_clients(**arguments.worker)))
        return
    print(f"seed {arguments.seed}", flush=True)
    with Ground(arguments.pool_size) as ground:
        report = run(ground.daemon.port, arguments.statements, arguments.seed, arguments.clients, arguments.kinds)
    print(json.dumps(report, indent=2))
    check(report, arguments.statements)


if __name__ == "__main__":
    main()
