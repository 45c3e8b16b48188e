"""Fixtures for the wire and the integration tests."""

import fcntl
import os

import pytest

from harness import daemon as daemon_module
from harness.cluster import Cluster
from harness.daemon import NO_BREAKER, Pgweir
from harness.fake_server import FakeServer
from harness.programs import pgbench_command, run
from harness.yaml_text import merged


def pytest_addoption(parser):
    parser.addoption("--size", choices=["short", "normal", "full"], default="normal",
                     help="seconds, rounds and bytes of the heavy tests: full is what the acceptance list asks for")


def pytest_configure(config):
    if not os.access(daemon_module.binary(), os.X_OK):
        raise pytest.UsageError(f"no daemon at {daemon_module.binary()}: build it, or set PGWEIR_BINARY")


def pytest_collection_modifyitems(items):
    # The long ones first, so that no worker is left with them when the others are done.
    items.sort(key=lambda item: 2 if item.get_closest_marker("alone") else 0 if item.get_closest_marker("long") else 1)


@pytest.fixture(autouse=True)
def turn(request, tmp_path_factory):
    """With several workers: a test marked `alone` waits until no other runs, and keeps the others waiting."""
    if not hasattr(request.config, "workerinput"):
        yield
        return
    shared = tmp_path_factory.getbasetemp().parent   # by the workers of this run
    with open(shared / "door", "a") as door, open(shared / "room", "a") as room:
        # Who waits for an empty room stands in the door.
        fcntl.flock(door, fcntl.LOCK_EX)
        fcntl.flock(room, fcntl.LOCK_EX if request.node.get_closest_marker("alone") else fcntl.LOCK_SH)
        fcntl.flock(door, fcntl.LOCK_UN)
        yield


@pytest.fixture
def size(request):
    """size(short, normal, full): the value for this run."""
    chosen = request.config.getoption("--size")
    return lambda short, normal, full: {"short": short, "normal": normal, "full": full}[chosen]


@pytest.fixture(scope="session")
def cluster():
    """One PostgreSQL for all tests of the run."""
    cluster = Cluster()
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="session")
def bench_database(cluster):
    """A database with pgbench's tables, for everybody."""
    name = cluster.make_database("bench")
    result = run(*pgbench_command(cluster.conninfo(name), "-i", "-q", "-s", 2))
    assert result.returncode == 0, result.stderr
    cluster.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC", database=name)
    return name


@pytest.fixture
def start_pgweir():
    """Starts daemons from configurations; at the end of the test each must end well."""
    started = []

    def start(config, **options):
        started.append(Pgweir(config, **options))
        return started[-1].start()

    yield start
    problems = []
    for daemon in started:
        try:
            daemon.finish()
        except AssertionError as problem:
            problems.append(str(problem))
    assert not problems, "\n".join(problems)


@pytest.fixture
def role(cluster):
    """A role that may have ten connections."""
    return cluster.make_role(connection_limit=10)


@pytest.fixture
def pool(start_pgweir, role):
    """pool(size, changes): a daemon in front of `role` as database `app`, the breaker off unless the changes say more."""
    def start(pool_size=10, changes=None):
        base = {**NO_BREAKER, "limits": {"pool_size": pool_size}, "databases": {"app": {"dsn": role.uri()}}}
        return start_pgweir(merged(base, changes or {}))
    return start


@pytest.fixture
def fake_server():
    """Starts scripted servers, and closes them at the end."""
    started = []

    def start(**script):
        started.append(FakeServer(**script))
        return started[-1]

    yield start
    for server in started:
        server.close()


@pytest.fixture
def proxy(start_pgweir):
    """proxy(server, changes): a daemon in front of a scripted server, with a pool of two."""
    def start(server, changes=None, **dsn_options):
        base = {**NO_BREAKER, "limits": {"pool_size": 2}, "databases": {"app": {"dsn": server.dsn(**dsn_options)}}}
        return start_pgweir(merged(base, changes or {}))
    return start
