"""The fleet and its ground: a PostgreSQL that may be killed, a gate before it, and one pgweir."""

from dataclasses import replace

import pytest

from fleet import CONNECTIONS, SCHEMA, Fleet
from harness.cluster import Cluster
from harness.daemon import Pgweir
from harness.gate import Gate
from kinds import build_all
from soak.workers import make_role

CONFIG = {
    "limits": {"pool_size": 5, "max_waiting": 1000},
    "timeouts": {"query_wait_timeout": "10s", "idle_transaction_soft_timeout": "1s", "idle_transaction_timeout": "3s"},
    "breaker": {"open_above": "off", "window": "500ms", "min_open": "500ms"},
}
# Not before all have started: an application whose pool cannot be filled at its start ends, and should.
BREAKER = {"breaker": {"open_above": "80%"}}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    directory = tmp_path_factory.mktemp("survival")
    kinds = build_all(directory)
    cluster = Cluster()
    try:
        cluster.start()
        role = make_role(cluster, connection_limit=CONNECTIONS)
        cluster.execute(*SCHEMA, database=role.database)
        # A crash must lose nothing that was acknowledged.
        cluster.execute(f"ALTER ROLE {role.name} SET synchronous_commit = on")
        with Gate(cluster.port) as gate:
            daemon = Pgweir({**CONFIG, "databases": {"app": {"dsn": replace(role, port=gate.port).uri()}}}).start()
            try:
                with Fleet(kinds, cluster, role, gate, daemon, directory) as fleet:
                    fleet.all_go_on()
                    daemon.reload(BREAKER)
                    yield fleet
            finally:
                daemon.finish()
    finally:
        cluster.stop()
