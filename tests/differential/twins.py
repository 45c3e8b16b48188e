"""The same database twice, one after the other: once reached directly, once through pgweir.

Both are called `app` and are made anew, so that nothing of the first run is there in the second, and
the login role is the same on both ways, so that no name in an output betrays which way it came.
"""

import difflib
import glob
import os
import re
import subprocess
from dataclasses import dataclass, replace

from harness.daemon import NO_BREAKER, PASSWORD
from harness.programs import clean_environment

FOLDER = os.path.dirname(os.path.abspath(__file__))
DATABASE = "app"
POOL_SIZE = 3

# What pgweir sets on its servers unless told otherwise, at the value PostgreSQL has by itself.
BASELINE = {"jit": "on"}

# Roles that the scripts may step into. They belong to the cluster, so they are made once.
MEMBERSHIPS = ("diff_reader", "diff_writer")

# A script may begin with lines `-- environment: NAME=value` for psql, `-- superuser`, and `-- no temporary schema`:
# what it prints depends on whether the backend has made a schema for temporary objects yet. PostgreSQL keeps that
# schema, empty, until the backend ends, so a server that has served somebody else's temporary table has one.
_ENVIRONMENT = re.compile(r"^-- environment: (\w+)=(.*)$", re.MULTILINE)
_NO_TEMPORARY_SCHEMA = re.compile(r"^-- no temporary schema$", re.MULTILINE)
_SUPERUSER = re.compile(r"^-- superuser$", re.MULTILINE)
_NOTIFICATION = re.compile(r'^Asynchronous notification ("[^"]*").*? PID \(masked\)\.\n', re.MULTILINE | re.DOTALL)
_TIMEOUT = 60


@dataclass(frozen=True)
class Script:
    """One file of this folder."""
    name: str
    text: str

    @property
    def environment(self):
        return dict(_ENVIRONMENT.findall(self.text))

    @property
    def wants_superuser(self):
        return bool(_SUPERUSER.search(self.text))

    @property
    def may_share_servers(self):
        """Whether other sessions, with whatever they do, may use the same servers."""
        return not self.wants_superuser and not _NO_TEMPORARY_SCHEMA.search(self.text)


def read_script(name):
    with open(os.path.join(FOLDER, name + ".sql"), encoding="utf-8") as file:
        return Script(name, file.read())


def all_scripts():
    paths = sorted(glob.glob(os.path.join(FOLDER, "*.sql")))
    return [read_script(os.path.basename(path)[:-len(".sql")]) for path in paths]


class Twins:
    """Makes the database, starts pgweir in front of it, runs scripts on either way."""

    def __init__(self, cluster, start_pgweir):
        self._cluster = cluster
        self._start_pgweir = start_pgweir
        role = cluster.make_role(connection_limit=30)
        self.role = replace(role, database=DATABASE)
        self.superuser = replace(cluster.make_role(), database=DATABASE)
        cluster.execute(f"ALTER ROLE {self.superuser.name} SUPERUSER")
        for name in MEMBERSHIPS:
            if not cluster.rows("SELECT 1 FROM pg_roles WHERE rolname = %s", name):
                cluster.execute(f"CREATE ROLE {name}")
            cluster.execute(f"GRANT {name} TO {role.name}")

    def fresh_database(self):
        """Whoever is still connected to the old one is thrown out."""
        self._cluster.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)",
                              f"CREATE DATABASE {DATABASE} OWNER {self.role.name}")

    def login(self, script):
        return self.superuser if script.wants_superuser else self.role

    def start_pgweir(self, role, **limits):
        """In transaction mode, with three servers unless the limits say otherwise. Clients log in as the role itself, or as `lambda` as everywhere."""
        return self._start_pgweir({
            **NO_BREAKER, "server_settings": BASELINE, "limits": {"pool_size": POOL_SIZE, **limits},
            "databases": {DATABASE: {"dsn": role.uri(), "pool_mode": "transaction"}},
            "users": {role.name: {"password": role.password}, "lambda": {"password": PASSWORD}}})

    def run(self, script, daemon=None):
        """What psql prints for the script: directly, or through the daemon."""
        role = self.login(script)
        dsn = role.conninfo(**({} if daemon is None else {"port": daemon.port}))
        return run_psql(script, dsn)


def run_psql(script, dsn):
    """Everything psql prints, errors in their place; what differs by nature is masked. The last line says how it ended."""
    # From the script's folder, so that the name in messages of errors is short and the same everywhere.
    command = ["psql", "-X", "-a", "-d", dsn, "-f", script.name + ".sql"]
    try:
        result = subprocess.run(command, cwd=FOLDER, env=clean_environment(**script.environment), timeout=_TIMEOUT,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        output, end = result.stdout, f"-- psql ended with {result.returncode}\n"
    except subprocess.TimeoutExpired as problem:
        output, end = problem.stdout or b"", f"\n-- psql did not end within {_TIMEOUT} s\n"
    return masked(output.decode(errors="backslashreplace")) + end


def masked(output):
    """Notifications without the process id of the sender, gathered at the end, channel by channel.

    They arrive when they arrive: psql prints them after whatever statement was the next. The order of those of
    one channel stays; one of a channel listened to since this transaction comes from another server than the rest."""
    output = re.sub(r"(received from server process with PID) \d+", r"\1 (masked)", output)
    found = sorted(_NOTIFICATION.finditer(output), key=lambda match: match[1])
    return _NOTIFICATION.sub("", output) + "".join(match[0] for match in found)


def difference(expected, found, expected_name="directly", found_name="through pgweir"):
    """A unified diff, empty when there is none."""
    return "".join(difflib.unified_diff(expected.splitlines(keepends=True), found.splitlines(keepends=True),
                                        expected_name, found_name))
