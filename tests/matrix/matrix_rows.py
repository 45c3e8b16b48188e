"""What all rows of the driver matrix share: where they connect to, how an application is run, and
what is asked of what it printed. An application is told its target by the environment variables of
Target.environment() and ends with one line of JSON: {"pids": [[...], ...], "checks": n}, with the
pg_backend_pid() of every transaction, per session and in order."""

import contextlib
import json
import os

import psycopg

from harness.address import Address
from harness.background import Background, moved_share
from harness.programs import clean_environment, run_in_group

HERE = os.path.dirname(os.path.abspath(__file__))
SERVERS = 3
SESSIONS = 50
ROUNDS = 32
MOVED = 0.60
# A server that was lost to a cancelled or abandoned statement is replaced. More than these would
# mean that sessions change servers only because servers do not last.
REPLACED = 12
# A guard against what hangs, far above what a busy machine needs.
APPLICATION_TIMEOUT = 400


def is_direct():
    """Whether the rows run against PostgreSQL without pgweir, which is how an application is developed."""
    return os.environ.get("PGWEIR_MATRIX_DIRECT") == "1"


class Target:
    """`role` is whose database it is, behind the daemon if there is one."""

    def __init__(self, role, daemon=None):
        self.role = role
        self.daemon = daemon
        self.address = Address.of_daemon(daemon) if daemon else Address.of_role(role)

    def dsn(self, **options):
        """A libpq key=value string."""
        return self.address.dsn(**options)

    def rows(self, query):
        """What is in the database, read past pgweir."""
        with psycopg.connect(self.role.conninfo(), autocommit=True) as connection:
            return connection.execute(query).fetchall()

    def environment(self):
        return self.address.environment("MATRIX", SESSIONS=SESSIONS, ROUNDS=ROUNDS,
                                        MIGRATION=os.path.join(HERE, "migration.sql"))

    def background(self):
        """The load that moves sessions between servers; none where every session has its own."""
        return Background(self.daemon) if self.daemon else contextlib.nullcontext()


class Row:
    """One row: an application against its target, and the judgement of what it reports."""

    def __init__(self, name, target, report):
        self.name = name
        self.target = target
        self._report = report

    def run(self, *command, **environment):
        """Runs the application with the background load and judges it."""
        environment = clean_environment(**self.target.environment(), **environment)
        with self.target.background():
            code, output, errors = run_in_group(command, APPLICATION_TIMEOUT, env=environment)
        assert code == 0, f"{self.name} ended with {code}\n{output[-4000:]}\n{errors[-8000:]}"
        lines = output.strip().splitlines()
        assert lines, f"{self.name} printed nothing\n{errors[-8000:]}"
        report = json.loads(lines[-1])
        self.judge(report["pids"], report["checks"])

    def judge(self, pids, checks):
        """Fifty sessions that checked something, and most transactions on another server than the one before."""
        share = moved_share(pids)
        servers = len(set().union(*pids))
        line = (f"{self.name}: {len(pids)} sessions, {sum(map(len, pids))} transactions, {checks} checks, "
                f"{servers} servers seen, {share:.1%} of transactions on another server than the one before")
        self._report(line)
        print(line)
        assert len(pids) == SESSIONS, line
        assert all(len(of_session) > 1 for of_session in pids), line
        assert checks >= SESSIONS, line
        if is_direct():
            return
        assert servers <= SERVERS + REPLACED, line
        assert share >= MOVED, line
