"""More work than a pool can do: the short form of tests/soak/overload.py, with what holds on any machine."""

import pytest

from harness.wait import wait_until
from soak import overload
from soak.workers import configuration, make_role

pytestmark = [pytest.mark.long, pytest.mark.alone]


class Place:
    """What a soak calls its ground, made of fixtures."""

    def __init__(self, cluster, role, daemon):
        self.cluster, self.role, self.daemon = cluster, role, daemon


@pytest.fixture
def ground(cluster, start_pgweir):
    role = make_role(cluster, overload.POOL_SIZE)
    daemon = start_pgweir(configuration(role, overload.POOL_SIZE))
    return Place(cluster, role, daemon)


def test_ten_times_the_load_is_served_by_the_same_servers(ground, size):
    seconds = size(2, 4, 20)
    rows = overload.throughput(ground, seconds)
    for row in rows:
        assert row["most_connections"] <= overload.POOL_SIZE and row["looks"] > 0, row
        assert row["opened"] == row["closed"] <= 1, row
    assert rows[-1]["opened"] == 1, rows
    # How much exactly, the soak says; a pool that collapses does a fraction.
    assert rows[-1]["tps"] > rows[1]["tps"] / 2, rows


def test_flows_of_equal_weight_get_the_same(ground, size):
    result = overload.equal_flows(ground, size(4, 6, 20))
    assert result["jain"] >= 0.9, result


def test_a_small_flow_is_not_behind_a_greedy_one(ground, size):
    result = overload.small_beside_greedy(ground, size(2, 4, 20))
    # Of 202 clients two would get a hundredth in one line; taking turns, each of theirs is done as if it were alone.
    assert result["small"]["tps"] * 10 > result["greedy"]["tps"], result
    wait_until(lambda: ground.daemon.metrics().value("pgweir_flows", database="app") == 0, "flows end with their clients")
