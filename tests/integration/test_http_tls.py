"""HTTP over TLS: certificates and their reload, who is let in, and peers that are no good."""

import contextlib
import os
import shutil
import signal
import socket
import ssl
import subprocess

import pytest

from harness.certificates import make_certificates
from harness.daemon import binary, http_get
from harness.programs import run
from harness.wait import wait_until
from harness.yaml_text import merged, to_yaml

EXPIRY = "pgweir_certificate_expiry_timestamp_seconds"


@pytest.fixture
def pairs(tmp_path):
    """Two pairs, the first of them in the files that the daemon is given."""
    made = []
    for name, days in (("first", 20), ("second", 40)):
        (tmp_path / name).mkdir()
        made.append(make_certificates(tmp_path / name, days=days))
    install(made[0], tmp_path)
    return made


def install(pair, folder):
    shutil.copy(pair.certificate, folder / "certificate")
    shutil.copy(pair.private_key, folder / "private_key")


@pytest.fixture
def tls(tmp_path):
    return {"certificate": str(tmp_path / "certificate"), "private_key": str(tmp_path / "private_key")}


@pytest.fixture
def served(pool, pairs, tls):
    def start(changes=None):
        return pool(1, merged({"http": {"tls": tls}}, changes or {}))
    return start


def trusting(pair, **options):
    context = ssl.create_default_context(cafile=pair.ca)
    for name, value in options.items():
        setattr(context, name, value)
    return context


def get(daemon, path, pair, **headers):
    return http_get(daemon.http_port, path, context=trusting(pair), headers=headers)


def end_of(pair):
    text = subprocess.run(["openssl", "x509", "-enddate", "-noout", "-in", pair.certificate], check=True, capture_output=True, text=True).stdout
    return ssl.cert_time_to_seconds(text.strip().removeprefix("notAfter="))


def is_shown(daemon, pair):
    try:
        return get(daemon, "/livez", pair).status == 200
    except ssl.SSLCertVerificationError:
        return False


def connect(daemon):
    return socket.create_connection(("127.0.0.1", daemon.http_port), timeout=20)


def rest_of(sock):
    data = b""
    while chunk := sock.recv(65536):
        data += chunk
    return data


def test_everything_is_served_over_tls(served, pairs):
    daemon = served()
    for path in ("/metrics", "/", "/health/db", "/readyz"):
        answer = get(daemon, path, pairs[0])
        assert answer.status == 200 and answer.body, path
    assert daemon.metrics().value(EXPIRY, listener="http") == end_of(pairs[0])
    assert daemon.metrics().value(EXPIRY, listener="clients") == 0
    with pytest.raises(ssl.SSLCertVerificationError):
        get(daemon, "/livez", pairs[1])


def test_a_connection_is_kept_and_ends_with_a_goodbye(served, pairs):
    context = trusting(pairs[0])
    context.set_alpn_protocols(["h2", "http/1.1"])
    with context.wrap_socket(connect(served()), server_hostname="localhost", suppress_ragged_eofs=False) as sock:
        assert sock.selected_alpn_protocol() == "http/1.1"
        sock.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        first = b""
        while not first.endswith(b"ok\n"):
            first += sock.recv(65536)
        sock.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"pgweir_build_info" in rest_of(sock)   # and no ragged end


def test_who_speaks_only_another_protocol_is_served(served, pairs):
    context = trusting(pairs[0])
    context.set_alpn_protocols(["spdy/1"])
    with context.wrap_socket(connect(served()), server_hostname="localhost") as sock:
        assert sock.selected_alpn_protocol() is None
        sock.sendall(b"GET /livez HTTP/1.0\r\n\r\n")
        assert rest_of(sock).startswith(b"HTTP/1.")


@pytest.mark.parametrize("text", [b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", b"x", b"\x16\x03\x01\x00\x05hello", b"\x00" * 5000, b"GET /" + b"x" * 100_000])
def test_what_is_no_tls_is_closed_in_order(served, pairs, text):
    daemon = served()
    with connect(daemon) as sock:
        sock.sendall(text)
        sock.shutdown(socket.SHUT_WR)
        assert b"HTTP" not in rest_of(sock)   # a reset would raise
    assert get(daemon, "/livez", pairs[0]).status == 200


def test_plain_text_is_what_there_is_without_a_certificate(pool):
    daemon = pool(1)
    assert daemon.get("/livez").status == 200
    with pytest.raises(ssl.SSLError):
        http_get(daemon.http_port, "/livez", context=ssl._create_unverified_context())
    assert daemon.metrics().value(EXPIRY, listener="http") == 0


def test_handshakes_that_do_not_end_hinder_nobody(served, pairs):
    daemon = served()
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(connect(daemon)) for _ in range(40)]
        for sock in silent[::2]:
            sock.sendall(b"\x16\x03\x01\x02\x00\x01")   # a ClientHello that never comes whole
        for _ in range(3):
            assert get(daemon, "/metrics", pairs[0]).status == 200
        # Their time is that of a request: in the end they are closed.
        assert all(rest_of(sock) is not None for sock in silent)
    assert get(daemon, "/livez", pairs[0]).status == 200


@pytest.mark.alone   # it must be faster than a handshake may take
def test_connections_are_limited_as_without_tls(served, pairs):
    daemon = served()
    with contextlib.ExitStack() as stack:
        for _ in range(64):
            stack.enter_context(connect(daemon))
        with connect(daemon) as sock:
            sock.settimeout(8)   # less than a handshake may take: none of the others has ended
            assert sock.recv(1) == b""
    wait_until(lambda: is_shown_or_refused(daemon, pairs[0]), "there is room again")


def is_shown_or_refused(daemon, pair):
    try:
        return is_shown(daemon, pair)
    except OSError:
        return False


def test_requests_are_limited_as_without_tls(served, pairs):
    daemon = served()
    with trusting(pairs[0]).wrap_socket(connect(daemon), server_hostname="localhost") as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20_000 + b"\r\n\r\n")
        assert rest_of(sock).startswith(b"HTTP/1.1 431 ")
    with trusting(pairs[0]).wrap_socket(connect(daemon), server_hostname="localhost") as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999\r\n\r\n")
        assert rest_of(sock).startswith(b"HTTP/1.1 413 ")
    with pytest.raises(ssl.SSLError):
        http_get(daemon.http_port, "/livez", context=old_tls(pairs[0]))


def old_tls(pair):
    context = trusting(pair)
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def test_the_oldest_version_is_configured(served, pairs):
    daemon = served({"http": {"tls": {"min_version": "TLSv1.3"}}})
    with pytest.raises(ssl.SSLError):
        http_get(daemon.http_port, "/livez", context=trusting(pairs[0], maximum_version=ssl.TLSVersion.TLSv1_2))
    assert get(daemon, "/livez", pairs[0]).status == 200
    daemon.reload({"http": {"tls": {"min_version": "TLSv1.2"}}})

    def takes_the_older():
        try:
            return http_get(daemon.http_port, "/livez", context=trusting(pairs[0], maximum_version=ssl.TLSVersion.TLSv1_2)).status == 200
        except ssl.SSLError:
            return False
    wait_until(takes_the_older, "TLS 1.2 is taken after the reload")


def test_the_token_is_asked_for(served, pairs):
    daemon = served({"http": {"token": "open sesame"}})
    assert get(daemon, "/livez", pairs[0]).status == 200
    assert get(daemon, "/metrics", pairs[0]).status == 401
    assert get(daemon, "/metrics", pairs[0], Authorization="Bearer close sesame").status == 401
    assert get(daemon, "/metrics", pairs[0], Authorization="Bearer open sesame").status == 200


def test_a_new_pair_is_used_for_new_connections(served, pairs, tmp_path):
    daemon = served()
    with trusting(pairs[0]).wrap_socket(connect(daemon), server_hostname="localhost") as old:
        install(pairs[1], tmp_path)
        assert is_shown(daemon, pairs[0])
        daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: is_shown(daemon, pairs[1]), "the new certificate is shown")
        old.sendall(b"GET /livez HTTP/1.0\r\n\r\n")   # who was connected goes on
        assert b"200" in rest_of(old)
    assert daemon.metrics().value(EXPIRY, listener="http") == end_of(pairs[1])


@pytest.mark.parametrize("harm", ["another key", "no file", "rubbish"])
def test_a_bad_pair_keeps_the_old_one(served, pairs, tmp_path, harm):
    daemon = served()
    if harm == "another key":
        shutil.copy(pairs[1].private_key, tmp_path / "private_key")
    elif harm == "no file":
        os.remove(tmp_path / "certificate")
    else:
        (tmp_path / "certificate").write_text("rubbish")
    daemon.reload({"limits": {"pool_size": 2}})
    wait_until(lambda: daemon.metrics().value("pgweir_config_last_reload_successful") == 0, "the metric says so")
    assert daemon.metrics().value("pgweir_config_reloads_total", result="failed") == 1
    assert "event=reload_failed" in daemon.log() and "http.tls." in daemon.log()
    assert is_shown(daemon, pairs[0])
    assert daemon.metrics().value(EXPIRY, listener="http") == end_of(pairs[0])
    assert daemon.health()[1]["pool_size"] == 1
    install(pairs[1], tmp_path)
    daemon.reload({})
    wait_until(lambda: is_shown(daemon, pairs[1]), "the repaired pair is shown")


def test_tls_comes_and_goes_with_a_reload(pool, pairs, tls):
    daemon = pool(1)
    assert daemon.get("/livez").status == 200
    daemon.reload({"http": {"tls": tls}})
    wait_until(lambda: is_shown_or_refused(daemon, pairs[0]), "HTTPS is served")
    daemon.reload({"http": {"tls": {"certificate": "", "private_key": ""}}})

    def is_plain():
        try:
            return http_get(daemon.http_port, "/livez").status == 200
        except Exception:   # noqa: BLE001 - whatever TLS looks like to one who does not speak it
            return False
    wait_until(is_plain, "HTTP is plain again")


def test_a_bad_pair_ends_the_start(pool, pairs, tls, tmp_path):
    path = tmp_path / "pgweir.yaml"
    path.write_text(to_yaml({"http": {"port": 0, "tls": {**tls, "certificate": pairs[1].certificate}}, "listen": {"port": 0}, "users": {"lambda": {"password": "x"}},
                             "databases": {"app": {"dsn": "host=127.0.0.1 dbname=x user=x sslmode=disable"}}}))
    result = run(binary(), "run", "-c", path)
    assert result.returncode == 1 and "http.tls.private_key" in result.stderr


@pytest.mark.parametrize("http, problem", [
    ("{ tls: { certificate: /x } }", "http.tls.certificate: needs http.tls.private_key beside it"),
    ("{ tls: { private_key: /x } }", "http.tls.private_key: needs http.tls.certificate beside it"),
    ("{ tls: { certificat: /x } }", "certificate"),
    ("{ tls: { mode: require } }", "http.tls.mode"),
    ("{ tls: { min_version: TLSv1.1 } }", "http.tls.min_version"),
    ("{ tls: yes }", "http.tls"),
])
def test_check_finds_what_is_wrong(tmp_path, http, problem):
    path = tmp_path / "pgweir.yaml"
    path.write_text(f"http: {http}\ndatabases: {{ app: {{ dsn: 'host=127.0.0.1 dbname=x user=x sslmode=disable' }} }}\n")
    result = run(binary(), "check", "-c", path)
    assert result.returncode == 78 and problem in result.stdout + result.stderr and ":1:" in result.stdout + result.stderr


@pytest.mark.parametrize("address, http, is_warned", [("0.0.0.0", {}, True), ("0.0.0.0", {"token": "x"}, True), ("127.0.0.1", {}, False)])
def test_http_for_everybody_is_warned_of(pool, address, http, is_warned):
    daemon = pool(1, {"http": {"address": address, **http}})
    assert ("event=http_exposed" in daemon.log()) == is_warned
