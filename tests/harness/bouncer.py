"""Debian's pgbouncer, for comparison: with files of one's own, or in transaction mode in front of a role."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile

from .cluster import unprivileged
from .ports import free_port
from .programs import clean_environment, conninfo
from .wait import wait_until

SETTINGS = """[databases]
app = host=127.0.0.1 port={role.port} dbname={role.database}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {directory}/users
pool_mode = transaction
default_pool_size = {pool_size}
max_client_conn = 5000
server_tls_sslmode = disable
client_tls_sslmode = allow
client_tls_cert_file = {certificates.certificate}
client_tls_key_file = {certificates.private_key}
log_connections = 0
log_disconnections = 0
"""


class BouncerWith:
    """A pgbouncer with a pgbouncer.ini that listens at `{port}` of 127.0.0.1, and other files beside it, in `{directory}`."""

    def __init__(self, ini, files, **values):
        self.port = free_port()
        self.directory = tempfile.mkdtemp(prefix="pgweir-bouncer-")
        self.path = os.path.join(self.directory, "pgbouncer.ini")
        for name, text in {"pgbouncer.ini": ini.format(port=self.port, directory=self.directory, **values), **files}.items():
            with open(os.path.join(self.directory, name), "w") as file:
                file.write(text)
        prefix, uid, gid = unprivileged()
        os.chown(self.directory, uid, gid)
        with open(os.path.join(self.directory, "log"), "w") as log:
            self.process = subprocess.Popen([*(prefix or ["setpriv"]), "--pdeathsig", "KILL", "/usr/sbin/pgbouncer", "-q", self.path],
                                            env=clean_environment(), cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(self._listens, "pgbouncer listens")

    def _listens(self):
        assert self.process.poll() is None, open(os.path.join(self.directory, "log")).read()
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
            return True
        except OSError:
            return False

    def finish(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=20)
        shutil.rmtree(self.directory, ignore_errors=True)


class PgBouncer(BouncerWith):
    """Clients log in as the role itself: with SCRAM, pgbouncer 1.18 passes the client's keys on to the server."""

    def __init__(self, role, certificates, verifier, pool_size):
        self._role = role
        # A verifier, as our own daemon keeps it: from a plain password pgbouncer would derive one at every login.
        super().__init__(SETTINGS, {"users": f'"{role.name}" "{verifier}"\n'}, role=role, certificates=certificates, pool_size=pool_size)

    def dsn(self, **options):
        return conninfo(**{"host": "127.0.0.1", "port": self.port, "user": self._role.name, "password": self._role.password,
                           "dbname": "app", "sslmode": "disable", **options})
