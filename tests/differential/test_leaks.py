"""Nothing that a session did is found by another, on any server."""

import pytest

from soak import leaks
from soak.workers import configuration, make_role

pytestmark = pytest.mark.long

SEED = 20_240_229


@pytest.mark.parametrize("hidden", [False, True], ids=["shown by the client's text", "also made in functions"])
def test_sessions_leave_nothing_behind(cluster, start_pgweir, size, hidden):
    role = make_role(cluster, connection_limit=leaks.POOL_SIZE)
    leaks.prepare(cluster, role)
    daemon = start_pgweir(configuration(role, leaks.POOL_SIZE, leaks.LIMITS))
    report = leaks.run(cluster, role, daemon.port, size(300, 5_000, 50_000), SEED, hidden)
    print(report)
    leaks.check(report)
