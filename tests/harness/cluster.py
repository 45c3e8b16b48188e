"""A throw-away PostgreSQL on loopback: own directory, own port, gone at the end."""

import contextlib
import glob
import itertools
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from urllib.parse import quote

import psycopg

from .certificates import make_certificates
from .ports import free_port
from .programs import clean_environment, conninfo
from .wait import wait_until

SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = '{directory}'
port = {port}
max_connections = 200
superuser_reserved_connections = 3
shared_buffers = 128MB
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
log_connections = on
log_disconnections = on
log_line_prefix = '%m [%p] %q%u@%d '
ssl = on
ssl_cert_file = '{certificates.certificate}'
ssl_key_file = '{certificates.private_key}'
"""

# Roles of the groups md5_logins and clear_logins log in by these methods.
ACCESS = """
local   all all                         trust
hostssl all +clear_logins 127.0.0.1/32  password
host    all +md5_logins   127.0.0.1/32  md5
host    all all           127.0.0.1/32  scram-sha-256
"""


def postgres_bin():
    """The newest installed PostgreSQL's programs."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: int(path.split("/")[4]))
    if not found:
        raise RuntimeError("no PostgreSQL server is installed; deploy/install-packages.sh test")
    return os.path.dirname(found[-1])


def unprivileged():
    """PostgreSQL refuses to run as root: the prefix and ids of somebody else when we are root."""
    if os.geteuid() != 0:
        return [], os.getuid(), os.getgid()
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        user = pwd.getpwnam("nobody")
    return (["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"],
            user.pw_uid, user.pw_gid)


@dataclass
class Role:
    """A login role of the cluster and how to reach it."""
    name: str
    password: str
    port: int
    database: str

    def uri(self, **options):
        options = {"sslmode": "disable", **options}
        host = options.pop("host", "127.0.0.1")
        tail = "&".join(f"{name}={quote(str(value), safe='/')}" for name, value in options.items())
        return f"postgresql://{self.name}:{quote(self.password)}@{host}:{self.port}/{self.database}?{tail}"

    def conninfo(self, **options):
        return conninfo(**{"host": "127.0.0.1", "port": self.port, "user": self.name, "password": self.password,
                           "dbname": self.database, "sslmode": "disable", **options})


class Cluster:
    def __init__(self):
        self.port = free_port()
        self._numbers = itertools.count(1)
        self._prefix, self._uid, self._gid = unprivileged()
        self.directory = tempfile.mkdtemp(prefix="pgweir-pg-")
        os.chmod(self.directory, 0o711)
        self.data = os.path.join(self.directory, "data")
        self.log_path = os.path.join(self.directory, "log")
        self.certificates = make_certificates(self.directory)
        for path in (self.directory, self.certificates.private_key):
            os.chown(path, self._uid, self._gid)
        self._process = None

    def start(self):
        subprocess.run([*self._prefix, f"{postgres_bin()}/initdb", "-D", self.data, "-U", "postgres", "-A", "trust",
                        "-E", "UTF8", "--no-locale", "--no-sync"], check=True, env=clean_environment(),
                       cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        with open(os.path.join(self.data, "postgresql.conf"), "a") as file:
            file.write(SETTINGS.format(**vars(self)))
        with open(os.path.join(self.data, "pg_hba.conf"), "w") as file:
            file.write(ACCESS)
        self._spawn()
        wait_until(self._answers, f"PostgreSQL answers; see {self.log_path}", deadline=60)
        self.execute("CREATE ROLE md5_logins", "CREATE ROLE clear_logins")

    def _spawn(self):
        with open(self.log_path, "a") as log:
            self._process = subprocess.Popen(
                [*(self._prefix or ["setpriv"]), "--pdeathsig", "INT", f"{postgres_bin()}/postgres", "-D", self.data],
                env=clean_environment(), cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    # Outages. Each ends with start_again() or thaw().

    def shut_down(self):
        """As an administrator does it: sessions are told, then ended."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(timeout=60)

    def crash(self):
        """All its processes at once, by SIGKILL."""
        for pid in self._pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(timeout=60)

    def start_again(self):
        def starts():
            # What the last one has left is in the way until its last process is gone.
            if self._process.poll() is not None:
                self._spawn()
            return self._process.poll() is None and self._answers()
        wait_until(starts, "PostgreSQL answers again", deadline=60, every=0.05)

    def is_running(self):
        return self._process.poll() is None

    def freeze(self):
        for pid in self._pids():
            os.kill(pid, signal.SIGSTOP)

    def thaw(self):
        for pid in self._pids():
            os.kill(pid, signal.SIGCONT)

    def _pids(self):
        """The postmaster first, so that it starts no other behind our back."""
        with open(f"/proc/{self.pid}/task/{self.pid}/children") as file:
            return [self.pid, *map(int, file.read().split())]

    def _answers(self):
        if self._process.poll() is not None:
            return False
        try:
            self.connect().close()
            return True
        except psycopg.OperationalError:
            return False

    def stop(self):
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=60)
            self._process = None
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def pid(self):
        return self._process.pid

    def conninfo(self, database="postgres"):
        """As superuser, past pgweir, over the unix socket."""
        return conninfo(host=self.directory, port=self.port, user="postgres", dbname=database)

    def connect(self, database="postgres"):
        return psycopg.connect(self.conninfo(database), autocommit=True)

    def execute(self, *statements, database="postgres"):
        with self.connect(database) as connection:
            for statement in statements:
                connection.execute(statement)

    def rows(self, query, *arguments, database="postgres"):
        with self.connect(database) as connection:
            return connection.execute(query, arguments).fetchall()

    def make_role(self, connection_limit=-1, group=None, encryption="scram-sha-256", database="postgres"):
        """A fresh login role that may create things in its database."""
        role = Role(f"role_{next(self._numbers)}", f"pw-{os.urandom(6).hex()}", self.port, database)
        with self.connect(database) as connection:
            connection.execute(f"SET password_encryption = '{encryption}'")
            connection.execute(f"CREATE ROLE {role.name} LOGIN CONNECTION LIMIT {connection_limit} PASSWORD '{role.password}'")
            connection.execute(f"GRANT ALL ON SCHEMA public TO {role.name}")
            if group:
                connection.execute(f"GRANT {group} TO {role.name}")
        return role

    def make_database(self, name):
        self.execute(f"CREATE DATABASE {name}")
        return name

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def logins(self, role):
        """How many connections the role has ever been granted."""
        return len(re.findall(rf"connection authorized: user={role.name} ", self.log()))

    def refusals(self):
        """Log lines that say somebody was turned away for want of a slot."""
        return [line for line in self.log().splitlines()
                if "too many connections" in line or "too many clients" in line or "remaining connection slots" in line]

    def sessions(self, role):
        """(pid, state, query) of every connection the role has now."""
        return self.rows("SELECT pid, state, query FROM pg_stat_activity WHERE usename = %s ORDER BY pid", role.name)

    def states(self, role):
        return [state for _, state, _ in self.sessions(role)]
