"""Reloads under load: the short form of tests/soak/reloads.py."""

import pytest

from soak import reloads
from soak.outages import prepare
from soak.workers import make_role


@pytest.mark.long
def test_no_reload_drops_a_client_or_is_half_in_force(cluster, start_pgweir, size):
    role = make_role(cluster, reloads.LARGE)
    prepare(cluster, role)
    plan, daemon = reloads.start(role, start_pgweir)
    steps = size(20, 40, 1000)
    report = reloads.run(cluster, role, plan, daemon, steps, warm_up=min(reloads.WARM_UP, steps // 2))
    assert report["transfers"] > 0 and report["logins"] > 0 and report["looks"] > 0, report
