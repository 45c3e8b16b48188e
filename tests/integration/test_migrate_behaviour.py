"""A pgbouncer and the pgweir that was migrated from it, side by side: what clients see is the same."""

import re

import psycopg
import pytest

from harness.bouncer import BouncerWith
from harness.daemon import Pgweir, binary
from harness.programs import conninfo, run

VERIFIER_PASSWORD = "by verifier"

INI = """[databases]
one = host=127.0.0.1 port={role.port} dbname={role.database} user={role.name} password={role.password} pool_size=1
two = host=127.0.0.1 port={role.port} dbname={role.database} user={role.name} password={role.password} pool_size=1 pool_mode=transaction timezone=Asia/Tokyo
{user_lines}[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = {auth_type}
auth_file = {directory}/users
auth_hba_file = {directory}/hba
max_client_conn = 6
query_wait_timeout = 1
idle_transaction_timeout = 1
server_tls_sslmode = disable
"""

USERS = '''"plain" "it's $HOME ""quoted"
"verified" "{verifier}"
"hashed" "md500000000000000000000000000000000"
'''

HBA = """host two plain 127.0.0.1/32 scram-sha-256
host one all 127.0.0.1/32 scram-sha-256
host all all all reject
"""

LOGINS = [("plain", 'it\'s $HOME "quoted', "one"), ("plain", 'it\'s $HOME "quoted', "two"), ("plain", "wrong", "one"), ("plain", "it's  \"quoted", "one"),
          ("verified", VERIFIER_PASSWORD, "one"), ("verified", VERIFIER_PASSWORD, "two"), ("verified", "wrong", "one"),
          ("nobody", "x", "one"), ("plain", 'it\'s $HOME "quoted', "three")]


@pytest.fixture
def pair(role):
    """pair(auth_type, user_lines): ports of a pgbouncer and of a pgweir with the configuration that it was migrated to."""
    bouncers, daemons = [], []

    def start(auth_type="scram-sha-256", user_lines=""):
        verifier = run(binary(), "hash-password", stdin=None, input=VERIFIER_PASSWORD + "\n").stdout.strip()
        bouncer = BouncerWith(INI, {"users": USERS.format(verifier=verifier), "hba": HBA}, role=role, auth_type=auth_type, user_lines=user_lines)
        bouncers.append(bouncer)
        result = run(binary(), "migrate", bouncer.path)
        assert result.returncode == 3, result.stderr   # the md5 hash
        daemon = Pgweir({})
        yaml = re.sub(r"(?m)^  port: \d+$", f"  port: {daemon.port}", result.stdout, count=1)
        daemon.config = yaml + f"http: {{ port: {daemon.http_port} }}\n"
        daemons.append(daemon.start())
        return bouncer.port, daemon.port

    yield start
    for bouncer in bouncers:
        bouncer.finish()
    for daemon in daemons:
        daemon.finish()


def connect(port, user="plain", password='it\'s $HOME "quoted', database="one"):
    return psycopg.connect(conninfo(host="127.0.0.1", port=port, user=user, password=password, dbname=database, sslmode="disable",
                                    connect_timeout=20), autocommit=True)


def enters(port, user, password, database):
    try:
        connect(port, user, password, database).close()
        return True
    except psycopg.OperationalError:
        return False


@pytest.mark.parametrize("auth_type", ["scram-sha-256", "md5", "hba"])
def test_the_same_users_enter_the_same_databases(auth_type, pair):
    ports = pair(auth_type)
    seen = [[enters(port, *login) for login in LOGINS] for port in ports]
    assert seen[0] == seen[1], list(zip(LOGINS, *seen))
    assert seen[0][0] and not seen[0][2]


def serves_two(port, database):
    """Whether a second client is served while the first is connected, has worked and is idle."""
    with connect(port, database=database) as first:
        first.execute("SELECT 1")
        try:
            with connect(port, database=database) as second:
                second.execute("SELECT 1")
            return True
        except (psycopg.OperationalError, psycopg.errors.TooManyConnections):
            return False


def test_pool_modes_sizes_and_waits(pair):
    for port in pair():
        # One server each: in session mode the first client keeps it, and the second waits for query_wait_timeout.
        assert not serves_two(port, "one")
        assert serves_two(port, "two")
        with connect(port, database="two") as client:
            assert client.execute("SHOW timezone").fetchone() == ("Asia/Tokyo",)


@pytest.mark.parametrize("whose", ["the server's login", "the client's"])
def test_the_pool_mode_of_a_users_line_is_nothing_to_a_database_with_a_user(whose, pair, role):
    user = role.name if whose == "the server's login" else "plain"
    for port in pair(user_lines=f"[users]\n{user} = pool_mode=transaction\n"):
        assert not serves_two(port, "one")


def test_client_limit(pair):
    for port in pair():
        clients = [connect(port, database="two") for _ in range(6)]
        assert not enters(port, "plain", 'it\'s $HOME "quoted', "two")
        for client in clients:
            client.close()


def test_idle_transactions_lose_their_server(pair, cluster, role):
    for port in pair():
        with connect(port, database="two") as idle:
            idle.execute("BEGIN")
            idle.execute("SELECT 1")
            with connect(port, database="two") as other:
                served = False
                for _ in range(10):   # each waits for query_wait_timeout
                    try:
                        other.execute("SELECT 1")
                        served = True
                        break
                    except psycopg.OperationalError:
                        other = connect(port, database="two")
                other.close()
                assert served
            with pytest.raises(psycopg.Error):
                idle.execute("SELECT 1")
            if not idle.closed:   # pgbouncer ends the connection, pgweir the transaction
                idle.rollback()
