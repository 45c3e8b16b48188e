"""Every script of this folder prints the same through pgweir, in transaction mode with three servers and
others stealing them, as it prints directly."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.background import Background
from twins import all_scripts, difference

SCRIPTS = all_scripts()


def by_name(scripts):
    return {"argvalues": scripts, "ids": [script.name for script in scripts]}


def expected_output(twins, script, times):
    """What PostgreSQL says directly: the same each time, or the script is no measure."""
    outputs = []
    for _ in range(times):
        twins.fresh_database()
        outputs.append(twins.run(script))
    diff = difference(outputs[0], outputs[-1], found_name="directly, once more")
    assert not diff, f"{script.name}.sql is not deterministic\n{diff}"
    return outputs[0]


@pytest.mark.parametrize("script", **by_name(SCRIPTS))
def test_a_script_prints_the_same_through_pgweir(twins, script, size):
    expected = expected_output(twins, script, times=size(1, 2, 5))
    twins.fresh_database()
    daemon = twins.start_pgweir(twins.login(script))
    with Background(daemon):
        found = twins.run(script, daemon)
    diff = difference(expected, found)
    assert not diff, f"{script.name}.sql\n{diff}"


def test_all_scripts_at_once_print_the_same(twins):
    """They steal the servers from each other, and whatever one leaves on a server meets another."""
    scripts = [script for script in SCRIPTS if script.may_share_servers]
    twins.fresh_database()
    expected = [twins.run(script) for script in scripts]
    twins.fresh_database()
    daemon = twins.start_pgweir(twins.role, pool_size=8, max_pinned=6)   # each may have state that keeps its server
    with Background(daemon), ThreadPoolExecutor(max_workers=6) as workers:
        found = list(workers.map(lambda script: twins.run(script, daemon), scripts))
    diffs = [f"{script.name}.sql\n{difference(*pair)}" for script, *pair in zip(scripts, expected, found) if pair[0] != pair[1]]
    assert not diffs, "\n".join(diffs)
