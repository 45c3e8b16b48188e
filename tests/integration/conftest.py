"""Fixtures of the tests with the double of Supavisor."""

import pytest

from harness.daemon import NO_BREAKER
from harness.supavisor import Supavisor
from harness.yaml_text import merged


@pytest.fixture
def supavisor(cluster):
    """supavisor(pool_size): a double with a role of its own in front of the run's PostgreSQL."""
    started = []

    def start(pool_size, **options):
        started.append(Supavisor(cluster.make_role(), pool_size, **options))
        return started[-1]

    yield start
    for double in started:
        double.close()


@pytest.fixture
def behind(start_pgweir):
    """behind(double, pool_size, changes): a daemon in front of the double. Its clients wait for a server as long as it
    takes, so that whatever they are told is not for having waited."""
    def start(double, pool_size, changes=None, **dsn_options):
        base = {**NO_BREAKER, "limits": {"pool_size": pool_size}, "timeouts": {"query_wait_timeout": "1h"},
                "databases": {"app": {"dsn": double.dsn(**dsn_options)}}}
        return start_pgweir(merged(base, changes or {}))
    return start
