"""COPY in both directions: the bytes arrive, and memory stays bounded whatever the reader does."""

import hashlib
import subprocess
import threading

import psycopg
import pytest

from harness.daemon import sanitized
from harness.programs import clean_environment, psql

ROW = "x" * 999   # with its newline 1000 bytes


def copy_out(mebibytes):
    rows = mebibytes * 1024 * 1024 // 1000
    return rows, f"COPY (SELECT repeat('x', 999) FROM generate_series(1, {rows})) TO STDOUT"


def within_memory(daemon):
    if not sanitized():
        assert daemon.memory("VmHWM") < 64 << 20


@pytest.mark.long
def test_copy_out_to_a_reader_that_pauses(pool, size):
    daemon = pool(2)
    rows, statement = copy_out(size(20, 200, 1024))
    pause = threading.Event()   # never set: wait() is how long the reader looks away
    received = 0
    with psycopg.connect(daemon.dsn()) as client, client.cursor() as cursor:
        with cursor.copy(statement) as copy:
            for number, chunk in enumerate(copy):
                received += len(chunk)
                if number == rows // 2:
                    pause.wait(size(1, 3, 10))
        assert received == rows * 1000
        assert cursor.execute("SELECT 5").fetchone() == (5,)
    within_memory(daemon)


@pytest.mark.long
def test_copy_in(pool, role, cluster, size):
    daemon = pool(2)
    cluster.execute("CREATE UNLOGGED TABLE copied (line text)", "GRANT ALL ON copied TO PUBLIC")
    rows = size(10, 50, 200) * 1024 * 1024 // 1000
    block = (ROW + "\n").encode() * 100
    try:
        with psycopg.connect(daemon.dsn()) as client, client.cursor() as cursor:
            with cursor.copy("COPY copied FROM STDIN") as copy:
                for _ in range(rows // 100):
                    copy.write(block)
            assert cursor.rowcount == rows // 100 * 100
            assert cursor.execute("SELECT count(*), min(length(line)) FROM copied").fetchone() == (rows // 100 * 100, 999)
        within_memory(daemon)
    finally:
        cluster.execute("DROP TABLE copied")


def test_what_comes_out_is_what_went_in(pool, cluster):
    daemon = pool(2)
    cluster.execute("CREATE UNLOGGED TABLE kept (number int, line text)", "GRANT ALL ON kept TO PUBLIC")
    lines = "".join(f"{number}\t{hashlib.sha256(b'%d' % number).hexdigest() * (number % 40)}\n" for number in range(3000))
    try:
        with psycopg.connect(daemon.dsn()) as client, client.cursor() as cursor:
            with cursor.copy("COPY kept FROM STDIN") as copy:
                copy.write(lines)
            with cursor.copy("COPY (SELECT * FROM kept ORDER BY number) TO STDOUT") as copy:
                assert b"".join(bytes(chunk) for chunk in copy).decode() == lines
    finally:
        cluster.execute("DROP TABLE kept")


def test_a_failed_copy_leaves_a_usable_connection(pool, cluster):
    daemon = pool(1)
    cluster.execute("CREATE UNLOGGED TABLE numbers (number int)", "GRANT ALL ON numbers TO PUBLIC")
    try:
        with psycopg.connect(daemon.dsn(), autocommit=True) as client:
            with pytest.raises(psycopg.errors.InvalidTextRepresentation):
                with client.cursor().copy("COPY numbers FROM STDIN") as copy:
                    for _ in range(1000):
                        copy.write("not a number\n" * 100)
            assert client.execute("SELECT count(*) FROM numbers").fetchone() == (0,)
            with pytest.raises(psycopg.errors.QueryCanceled):
                with client.cursor().copy("COPY numbers FROM STDIN") as copy:
                    copy.write("1\n")
                    raise ZeroDivisionError   # which makes psycopg send CopyFail
            assert client.execute("SELECT count(*) FROM numbers").fetchone() == (0,)
    finally:
        cluster.execute("DROP TABLE numbers")


def test_psql_copies(pool):
    daemon = pool(1)
    result = psql(daemon.dsn(), "COPY (SELECT i FROM generate_series(1, 1000) i) TO STDOUT")
    assert result.returncode == 0 and result.stdout.split() == [str(number) for number in range(1, 1001)]


@pytest.mark.parametrize("direction", ["out", "in"])
def test_a_client_killed_in_copy_costs_no_server(pool, cluster, role, direction):
    daemon = pool(1)
    cluster.execute("CREATE UNLOGGED TABLE half (line text)", "GRANT ALL ON half TO PUBLIC")
    statement = copy_out(2000)[1] if direction == "out" else "COPY half FROM STDIN"
    try:
        with subprocess.Popen(["psql", "-X", "-q", "-d", daemon.dsn(), "-c", statement], env=clean_environment(),
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as copier:
            if direction == "out":
                assert copier.stdout.read(1000)
            else:
                copier.stdin.write((ROW + "\n").encode() * 1000)
                copier.stdin.flush()
            assert cluster.states(role) == ["active"]
            copier.kill()
        with psycopg.connect(daemon.dsn()) as client:
            assert client.execute("SELECT count(*) FROM half").fetchone() == (0,)
        assert cluster.logins(role) == 1
    finally:
        cluster.execute("DROP TABLE half")
