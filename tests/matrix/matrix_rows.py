"""What all rows of the driver matrix share: where they connect to, how an application is run, and
what is asked of what it printed. An application is told its target by the environment variables of
Target.environment() and ends with one line of JSON: {"pids": [[...], ...], "checks": n}, with the
pg_backend_pid() of every transaction, per session and in order."""

import contextlib
import json
import os
import signal
import subprocess
from dataclasses import dataclass, field
from urllib.parse import quote

import psycopg

from harness.background import Background, moved_share
from harness.daemon import PASSWORD
from harness.programs import clean_environment, conninfo

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


@dataclass(frozen=True)
class Target:
    port: int
    user: str
    password: str
    database: str
    role: object = field(repr=False)   # whose database it is, behind pgweir
    daemon: object = field(default=None, repr=False)
    host: str = "127.0.0.1"

    @classmethod
    def of_daemon(cls, daemon, role):
        return cls(daemon.port, "lambda", PASSWORD, "app", role, daemon)

    @classmethod
    def of_role(cls, role):
        return cls(role.port, role.name, role.password, role.database, role)

    def dsn(self, **options):
        """A libpq key=value string."""
        return conninfo(**{"host": self.host, "port": self.port, "user": self.user, "password": self.password,
                           "dbname": self.database, **options})

    def rows(self, query):
        """What is in the database, read past pgweir."""
        with psycopg.connect(self.role.conninfo(), autocommit=True) as connection:
            return connection.execute(query).fetchall()

    def url(self, scheme="postgresql"):
        return f"{scheme}://{quote(self.user)}:{quote(self.password, safe='')}@{self.host}:{self.port}/{self.database}"

    def environment(self):
        values = {"HOST": self.host, "PORT": self.port, "USER": self.user, "PASSWORD": self.password,
                  "DATABASE": self.database, "DSN": self.dsn(), "URL": self.url(), "SESSIONS": SESSIONS,
                  "ROUNDS": ROUNDS, "MIGRATION": os.path.join(HERE, "migration.sql")}
        return {f"MATRIX_{name}": str(value) for name, value in values.items()}

    def background(self):
        """The load that moves sessions between servers; none where every session has its own."""
        return Background(self.daemon) if self.daemon else contextlib.nullcontext()


def run_in_group(command, timeout, **options):
    """Runs a program to its end and returns (exit code, stdout, stderr). One that does not end in time
    is killed with all it has started, and what it had to say is in the error."""
    process = subprocess.Popen([str(part) for part in command], text=True, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, **options)
    try:
        output, errors = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, errors = process.communicate()
        raise AssertionError(f"{command[0]} did not end within {timeout} s\n{output[-4000:]}\n{errors[-8000:]}") from None
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    return process.returncode, output, errors


def build(*command, **options):
    """Compiles an application."""
    code, output, errors = run_in_group(command, APPLICATION_TIMEOUT, **{"env": clean_environment(), **options})
    assert code == 0, f"{' '.join(map(str, command))} ended with {code}\n{output[-4000:]}\n{errors[-8000:]}"


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
