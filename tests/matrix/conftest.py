"""Fixtures of the driver matrix: each row has a database, a role and a daemon of its own."""

import itertools

import pytest

from harness.daemon import NO_BREAKER
from matrix_rows import SERVERS, Row, Target, is_direct

_numbers = itertools.count(1)


@pytest.fixture
def matrix_role(cluster):
    """A role that may create anything in a database of its own."""
    database = cluster.make_database(f"matrix_{next(_numbers)}")
    role = cluster.make_role(connection_limit=-1 if is_direct() else 10, database=database)
    cluster.execute(f"GRANT CREATE ON DATABASE {database} TO {role.name}")
    return role


@pytest.fixture
def matrix_daemon(start_pgweir, matrix_role):
    """A daemon in transaction mode with three servers, the breaker off, and patience with the queue."""
    return start_pgweir({**NO_BREAKER, "limits": {"pool_size": SERVERS}, "timeouts": {"query_wait_timeout": "300s"},
                         "databases": {"app": {"dsn": matrix_role.uri()}}})


@pytest.fixture
def target(request, matrix_role):
    """What a row runs against: its daemon, or PostgreSQL itself with PGWEIR_MATRIX_DIRECT=1."""
    return Target(matrix_role, None if is_direct() else request.getfixturevalue("matrix_daemon"))


@pytest.fixture
def row(record_property, target):
    """row(name): a row of the matrix against its target. What it shows is listed at the end of the run."""
    return lambda name: Row(name, target, lambda line: record_property("row", line))


def pytest_terminal_summary(terminalreporter):
    # A test's properties are what comes here from the workers.
    lines = [line for reports in terminalreporter.stats.values() for report in reports
             if getattr(report, "when", None) == "call" for name, line in report.user_properties if name == "row"]
    if lines:
        terminalreporter.section("driver matrix")
        for line in lines:
            terminalreporter.write_line(line)
