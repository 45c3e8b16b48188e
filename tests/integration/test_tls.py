"""TLS between clients and the daemon: modes, direct TLS, channel binding, a client certificate's absence."""

import ssl

import psycopg
import pytest

from harness.programs import run
from harness.raw_client import RawClient
from harness.stream import Closed


@pytest.fixture
def tls_pool(pool, cluster):
    """tls_pool(options): a daemon with the cluster's certificate."""
    certificates = cluster.certificates

    def start(**options):
        return pool(2, {"listen": {"tls": {"certificate": certificates.certificate,
                                           "private_key": certificates.private_key, **options}}})
    return start


def encrypted_select(dsn):
    with psycopg.connect(dsn) as client:
        assert client.execute("SELECT 1").fetchone() == (1,)
        return client.pgconn.ssl_in_use


def test_allow_serves_both(tls_pool, cluster):
    daemon = tls_pool()
    assert encrypted_select(daemon.dsn(sslmode="verify-full", host="localhost", sslrootcert=cluster.certificates.ca))
    assert not encrypted_select(daemon.dsn(sslmode="disable"))
    assert encrypted_select(daemon.dsn(sslmode="prefer"))


def test_require_refuses_plain_text(tls_pool):
    daemon = tls_pool(mode="require")
    assert encrypted_select(daemon.dsn(sslmode="require"))
    with pytest.raises(psycopg.OperationalError) as caught:
        psycopg.connect(daemon.dsn(sslmode="disable"))
    assert "TLS" in str(caught.value) and "HINT" in str(caught.value)
    client = RawClient(daemon.port)
    fields = client.login().fields()
    assert fields["S"] == "FATAL" and fields["C"] == "28000"


@pytest.mark.parametrize("mode", ["allow", "disable"])
def test_without_a_certificate_there_is_no_tls(pool, mode):
    daemon = pool(2, {"listen": {"tls": {"mode": mode}}})
    assert RawClient(daemon.port).request_tls() == b"N"
    assert not encrypted_select(daemon.dsn(sslmode="prefer"))


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_versions(tls_pool, version):
    daemon = tls_pool()
    client = RawClient(daemon.port)
    assert client.request_tls() == b"S"
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, version)
    client.sock = context.wrap_socket(client.sock)
    assert client.login() is None
    assert client.value("SELECT 1") == "1"


def test_min_version_is_kept(tls_pool):
    daemon = tls_pool(min_version="TLSv1.3")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(daemon.dsn(sslmode="require", ssl_max_protocol_version="TLSv1.2"))
    assert encrypted_select(daemon.dsn(sslmode="require"))


def test_channel_binding(tls_pool):
    daemon = tls_pool()
    assert encrypted_select(daemon.dsn(sslmode="require", channel_binding="require"))


def test_direct_tls(tls_pool):
    daemon = tls_pool()
    client = RawClient(daemon.port)
    client.start_tls(alpn=["postgresql"])
    assert client.sock.selected_alpn_protocol() == "postgresql"
    assert client.login() is None
    assert client.value("SELECT 7") == "7"


@pytest.mark.parametrize("alpn", [None, ["http/1.1"]])
def test_direct_tls_without_its_name_is_refused(tls_pool, alpn):
    daemon = tls_pool()
    client = RawClient(daemon.port)
    with pytest.raises((OSError, Closed)):
        client.start_tls(alpn=alpn)
        client.login()
        client.read_exactly(1)
    psycopg.connect(daemon.dsn(sslmode="require")).close()


def test_a_foreign_tls_program_reaches_it(tls_pool, cluster):
    daemon = tls_pool()
    result = run("openssl", "s_client", "-connect", f"127.0.0.1:{daemon.port}", "-starttls", "postgres",
                 "-CAfile", cluster.certificates.ca, "-verify_return_error", timeout=30)
    assert "Verify return code: 0 (ok)" in result.stdout, result.stdout + result.stderr
    # The whole CA list of the system in a request for a client certificate would cost every login dearly.
    assert "No client certificate CA names sent" in result.stdout


def test_large_results_over_tls(tls_pool):
    daemon = tls_pool()
    with psycopg.connect(daemon.dsn(sslmode="require")) as client:
        rows = client.execute("SELECT i, repeat(md5(i::text), 300) FROM generate_series(1, 2000) i").fetchall()
        assert len(rows) == 2000 and all(len(text) == 9600 for _, text in rows)
        literal = "y" * 5_000_000
        assert client.execute("SELECT length(%s)", (literal,)).fetchone() == (5_000_000,)


def test_a_client_certificate_is_demanded_when_there_is_a_client_ca(tls_pool, cluster):
    daemon = tls_pool(client_ca=cluster.certificates.ca)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(daemon.dsn(sslmode="require"))
