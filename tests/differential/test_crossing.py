"""No reply reaches another client than the one it is for, and no cancel another statement."""

import pytest

from soak import crossing
from soak.workers import configuration, make_role

pytestmark = pytest.mark.long

SEED = 20_240_301


def test_replies_and_cancels_never_cross(cluster, start_pgweir, size):
    role = make_role(cluster, connection_limit=crossing.POOL_SIZE)
    daemon = start_pgweir(configuration(role, crossing.POOL_SIZE))
    statements = size(5_000, 100_000, 1_000_000)
    report = crossing.run(daemon.port, statements, SEED)
    print(report)
    crossing.check(report, statements)
    assert cluster.logins(role) >= 1
