"""A process of each kind of driver lives through every outage and every refusal, and goes on.

Whoever dies, hangs or reads what it should not fails the test; see fleet.py and python/survivor.py."""

import pytest

from fleet import CONNECTIONS
from harness.wait import wait_until
from soak import outages

# What may be read of databases that go away and of pools that are too full.
ALLOWED = {"53300", "57P03", "08006", "08007", "25P03", "25P02"}


@pytest.mark.parametrize("kind", list(outages.KINDS))
def test_outage(fleet, kind):
    with fleet.weather(kind, server_seconds=0.05):
        outages.KINDS[kind](fleet.cluster, fleet.gate)


# So that all have a server, and one cut hits most of them in their slowest moment.
FOR_ALL = {"limits": {"pool_size": 50}, "breaker": {"open_above": "off"}}


def test_servers_lost_in_a_statement(fleet):
    with fleet.weather("lost statement", FOR_ALL, server_seconds=3):
        fleet.all_read("08006", meanwhile=lambda: cut_when_busy(fleet, "SELECT client_seconds"))


def test_servers_lost_in_a_commit(fleet):
    with fleet.weather("lost commit", FOR_ALL, commit_seconds=3):
        fleet.all_read("08007", meanwhile=lambda: cut_when_busy(fleet, "COMMIT"))


def cut_when_busy(fleet, statement):
    """Resets all connections when most of the fleet are in that statement."""
    busy = [query for _, state, query in fleet.cluster.sessions(fleet.role) if state == "active" and query.upper().startswith(statement.upper())]
    if len(busy) > len(list(fleet)):
        fleet.gate.reset()


def test_database_away_until_everybody_is_told(fleet):
    with fleet.weather("away"):
        fleet.cluster.shut_down()
        fleet.all_read("57P03")
        fleet.cluster.start_again()


def test_open_breaker(fleet):
    """The pool is full, and whoever needs a new connection is refused."""
    with fleet.weather("open breaker", server_seconds=0.3):
        fleet.all_read("53300", among=lambda kind: kind.logs_in)


def test_full_queue(fleet):
    changes = {"breaker": {"open_above": "off"}, "limits": {"max_waiting": 2}}
    with fleet.weather("full queue", changes, server_seconds=0.3):
        fleet.all_read("53300")


def test_waits_that_are_too_long(fleet):
    changes = {"breaker": {"open_above": "off"}, "timeouts": {"query_wait_timeout": "200ms"}}
    with fleet.weather("short waits", changes, server_seconds=0.3):
        fleet.all_read("53300")


def test_detached_in_the_middle_of_a_transaction(fleet):
    """As lambdas are that were frozen there: each has a server, and does nothing with it."""
    with fleet.weather("detached", {"breaker": {"open_above": "off"}}, client_seconds=4):
        fleet.all_read("25P03")


def test_no_capacity_upstream(fleet):
    """Two connections are left, and nobody reads of it."""
    with fleet.weather("no capacity"):
        fleet.cluster.execute(f"ALTER ROLE {fleet.role.name} CONNECTION LIMIT 2")
        fleet.cluster.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", fleet.role.name)
        wait_until(lambda: fleet.daemon.health()[1]["effective_pool_size"] == 2, "the ceiling is known", deadline=60)
        fleet.all_go_on()
        fleet.cluster.execute(f"ALTER ROLE {fleet.role.name} CONNECTION LIMIT {CONNECTIONS}")


def test_they_end_well(fleet):
    problems = []
    for survivor in fleet:
        code = survivor.end()
        if code != 0:
            problems.append(f"{survivor.kind.name} ended with {code}")
        if survivor.errors():
            problems.append(f"{survivor.kind.name}, standard error:\n{survivor.errors()[-4000:]}")
        for line in survivor.strange[:3]:
            problems.append(f"{survivor.kind.name}: {line}")
        strangers = [failure for failure in survivor.failures
                     if failure.means() not in ALLOWED or "too many connections" in failure.text]
        problems += [f"{survivor.kind.name}: {failure}" for failure in strangers[:3]]
    assert not problems, "\n".join(problems)
    held = {name for name, in fleet.cluster.rows("SELECT id FROM work", database=fleet.role.database)}
    for survivor in fleet:
        assert survivor.acknowledged <= held, (survivor.kind.name, sorted(survivor.acknowledged - held)[:5])
        undone = {failure.unit for failure in survivor.failures if failure.sqlstate != "08007"}
        assert not undone & held, (survivor.kind.name, sorted(undone & held)[:5])
