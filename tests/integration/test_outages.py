"""Outages of the database under load: the short form of tests/soak/outages.py."""

from dataclasses import replace

import pytest

from harness.cluster import Cluster
from harness.gate import Gate
from soak import outages
from soak.workers import configuration, make_role


@pytest.fixture(scope="module")
def own_cluster():
    """One that may be killed."""
    cluster = Cluster()
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.mark.long
@pytest.mark.parametrize("kind", list(outages.KINDS))
def test_nothing_acknowledged_is_lost_and_work_goes_on(own_cluster, start_pgweir, size, kind):
    role = make_role(own_cluster, outages.POOL_SIZE + 5)
    outages.prepare(own_cluster, role)
    with Gate(own_cluster.port) as gate:
        daemon = start_pgweir(configuration(replace(role, port=gate.port), outages.POOL_SIZE))
        report = outages.run(own_cluster, role, gate, daemon, [kind], size(1, 2, 20))
        daemon.finish()
    assert report["acknowledged"] > 0, report
