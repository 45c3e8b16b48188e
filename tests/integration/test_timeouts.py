"""query_timeout and transaction_timeout: what runs too long is cancelled, its client goes on, and nobody else is hit."""

import threading

import psycopg
import pytest

from harness import messages
from harness.raw_client import RawClient, only_error, shape
from harness.wait import wait_until


def connected(daemon):
    client = RawClient(daemon.port)
    assert client.login() is None
    return client


def ask(client, sql, protocol):
    if protocol == "simple":
        return client.query(sql)
    client.send(messages.extended(sql) + messages.sync())
    return client.read_until("Z")


def timeouts(daemon, reason):
    return daemon.metrics().value("pgweir_statement_timeouts_total", reason=reason)


def is_error(fields, sqlstate, message, reason):
    assert fields["S"] == "ERROR" and fields["C"] == sqlstate and fields["M"] == message, fields
    assert f"reason={reason} " in fields["D"] and fields["H"], fields


@pytest.mark.parametrize("protocol", ["simple", "extended"])
def test_a_statement_that_runs_too_long_is_cancelled(pool, cluster, role, protocol):
    daemon = pool(1, {"timeouts": {"query_timeout": "300ms"}})
    client = connected(daemon)
    answers = ask(client, "SELECT pg_sleep(60)", protocol)
    assert answers[-1].body == b"I"
    is_error(only_error(answers), "57014", "canceling statement due to statement timeout", "query_timeout")
    assert shape(ask(client, "SELECT 2", protocol)) == ("TDCZ" if protocol == "simple" else "12TDCZ")
    assert timeouts(daemon, "query_timeout") == 1
    assert cluster.logins(role) == 1


@pytest.mark.parametrize("protocol", ["simple", "extended"])
def test_in_a_transaction_it_fails_as_any_statement_does(pool, cluster, role, protocol):
    daemon = pool(1, {"timeouts": {"query_timeout": "300ms"}})
    client = connected(daemon)
    ask(client, "BEGIN", protocol)
    answers = ask(client, "SELECT pg_sleep(60)", protocol)
    assert only_error(answers)["C"] == "57014" and answers[-1].body == b"E"
    assert only_error(ask(client, "SELECT 1", protocol))["C"] == "25P02"
    ask(client, "ROLLBACK", protocol)
    assert client.value("SELECT 2") == "2"


def test_each_of_several_statements_has_its_own_time(pool):
    daemon = pool(1, {"timeouts": {"query_timeout": "1s"}})
    client = connected(daemon)
    client.send(messages.query("SELECT pg_sleep(0.4)") * 4)
    for _ in range(4):
        assert shape(client.read_until("Z")) == "TDCZ"
    # Of several in one text the server tells the end of each only with the last.
    assert only_error(client.query("SELECT pg_sleep(0.4); SELECT pg_sleep(60)"))["C"] == "57014"
    assert timeouts(daemon, "query_timeout") == 1


def test_a_copy_whose_data_does_not_come_is_ended(pool, cluster, role):
    daemon = pool(1, {"timeouts": {"query_timeout": "300ms"}})
    cluster.execute("DROP TABLE IF EXISTS awaited", "CREATE TABLE awaited (a int)", "GRANT ALL ON awaited TO PUBLIC")
    client = connected(daemon)
    client.send(messages.query("COPY awaited FROM STDIN"))
    assert client.read_message().type == "G"
    client.send(messages.message("d", b"1\n"))
    assert only_error(client.read_until("Z"))["M"] == "canceling statement due to statement timeout"
    client.send(messages.message("d", b"2\n") + messages.message("c"))
    assert client.value("SELECT count(*) FROM awaited") == "0"
    cluster.execute("DROP TABLE awaited")


def test_a_copy_inside_an_old_transaction_is_ended_too(pool, cluster, role):
    daemon = pool(1, {"timeouts": {"transaction_timeout": "500ms"}})
    cluster.execute("DROP TABLE IF EXISTS awaited", "CREATE TABLE awaited (a int)", "GRANT ALL ON awaited TO PUBLIC")
    client = connected(daemon)
    client.query("BEGIN")
    client.send(messages.query("COPY awaited FROM STDIN"))
    assert client.read_message().type == "G"
    answers = client.read_until("Z")
    assert only_error(answers)["C"] == "25P04" and answers[-1].body == b"E"
    client.send(messages.message("d", b"2\n") + messages.message("c"))
    assert client.query("ROLLBACK")[0].text() == "ROLLBACK"
    assert client.value("SELECT count(*) FROM awaited") == "0"
    cluster.execute("DROP TABLE awaited")


def test_a_message_that_does_not_come_to_its_end_ends_the_session(pool, cluster, role):
    """In the middle of COPY data, whose rest the server waits for."""
    daemon = pool(1, {"timeouts": {"query_timeout": "300ms"}})
    cluster.execute("DROP TABLE IF EXISTS awaited", "CREATE TABLE awaited (a text)", "GRANT ALL ON awaited TO PUBLIC")
    client = connected(daemon)
    client.send(messages.query("COPY awaited FROM STDIN"))
    assert client.read_message().type == "G"
    client.send(messages.message("d", b"x" * 50_000)[:40_000])
    fields = client.read_message().fields()
    assert fields["S"] == "FATAL" and fields["C"] == "57014", fields
    assert connected(daemon).value("SELECT count(*) FROM awaited") == "0"
    cluster.execute("DROP TABLE awaited")


def test_a_late_cancel_hits_nobody(pool, cluster, role, size):
    """Statements that end as their time does, in sessions of every kind, beside others that never take long."""
    daemon = pool(3, {"timeouts": {"query_timeout": "200ms"}})
    stop = threading.Event()
    failures, rounds, hits = [], [], []

    def bystander():
        try:
            with psycopg.connect(daemon.dsn(), autocommit=True, prepare_threshold=None) as client:
                while not stop.is_set():
                    client.execute("SELECT pg_sleep(0.001)")
                    rounds.append(1)
        except psycopg.Error as error:
            failures.append(error)

    def edge(lock, in_block):
        client = connected(daemon)
        if lock:
            client.query(f"SELECT pg_advisory_lock({lock})")
        for number in range(size(5, 25, 250)):
            if in_block:
                client.query("BEGIN")
            # The sweep comes every 100 ms: somewhere here the cancel goes out as the statement ends.
            answers = client.query(f"SELECT pg_sleep({0.19 + number % 5 * 0.03 + number // 5 % 5 * 0.005})")
            codes = [part.fields()["C"] for part in answers if part.type == "E"]
            hits.extend(codes)
            if codes not in ([], ["57014"]):
                failures.append(answers)
            for _ in range(3):
                answers = client.query("SELECT 1")
                wanted = "EZ" if in_block and codes else "TDCZ"
                if shape(answers) != wanted or (wanted == "EZ" and only_error(answers)["C"] != "25P02"):
                    failures.append(answers)
            if in_block:
                client.query("ROLLBACK")
        client.terminate()

    bystanders = [threading.Thread(target=bystander) for _ in range(4)]
    edges = [threading.Thread(target=edge, args=arguments) for arguments in ((0, False), (0, True), (1, False))]
    for thread in bystanders + edges:
        thread.start()
    for thread in edges:
        thread.join()
    stop.set()
    for thread in bystanders:
        thread.join()
    assert failures == []
    assert rounds and hits


@pytest.mark.parametrize("protocol", ["simple", "extended"])
def test_an_old_transaction_is_rolled_back_under_its_statement(pool, cluster, role, protocol):
    daemon = pool(1, {"timeouts": {"transaction_timeout": "500ms"}})
    client = connected(daemon)
    ask(client, "BEGIN", protocol)
    ask(client, "SELECT 1", protocol)
    answers = ask(client, "SELECT pg_sleep(60)", protocol)
    assert answers[-1].body == b"E"
    is_error(only_error(answers), "25P04", "terminating transaction due to transaction timeout", "transaction_timeout")
    other = connected(daemon)
    assert other.value("SELECT 2") == "2"
    assert only_error(ask(client, "SELECT 3", protocol))["C"] == "25P02"
    assert [part.text() for part in ask(client, "ROLLBACK", protocol) if part.type == "C"] == ["ROLLBACK"]
    assert client.value("SELECT 4") == "4"
    assert timeouts(daemon, "transaction_timeout") == 1
    assert cluster.logins(role) == 1


def test_an_old_transaction_without_a_statement_reads_it_with_the_next(pool, cluster, role):
    daemon = pool(1, {"timeouts": {"transaction_timeout": "500ms"}})
    client = connected(daemon)
    client.query("BEGIN")
    client.query("SELECT 1")
    wait_until(lambda: cluster.states(role) == ["idle"], "the transaction is rolled back")
    answers = client.query("SELECT 2")
    assert only_error(answers)["C"] == "25P04" and answers[-1].body == b"E"
    assert client.query("ROLLBACK")[-1].body == b"I"
    assert client.value("SELECT 3") == "3"


def test_a_transaction_of_one_statement_is_one_too(pool):
    daemon = pool(1, {"timeouts": {"transaction_timeout": "300ms"}})
    client = connected(daemon)
    answers = client.query("SELECT pg_sleep(60)")
    assert only_error(answers)["C"] == "25P04" and answers[-1].body == b"I"
    assert client.value("SELECT 3") == "3"


def test_who_is_bound_to_his_server_keeps_it_and_reads_the_error(pool):
    daemon = pool(1, {"timeouts": {"transaction_timeout": "500ms"}})
    client = connected(daemon)
    client.query("SELECT pg_advisory_lock(1)")
    client.query("BEGIN")
    answers = client.query("SELECT pg_sleep(60)")
    assert only_error(answers)["C"] == "25P04" and answers[-1].body == b"E"
    client.query("ROLLBACK")
    assert client.value("SELECT pg_advisory_unlock(1)") == "t"


def test_limits_are_live_and_may_be_the_databases_own(pool):
    daemon = pool(1, {"timeouts": {"query_timeout": "200ms"}, "databases": {"app": {"timeouts": {"query_timeout": "0s"}}}})
    client = connected(daemon)
    assert client.value("SELECT pg_sleep(0.6)::text || 'x'") == "x"
    daemon.reload({"databases": {"app": {"timeouts": {"query_timeout": "200ms"}}}})
    wait_until(lambda: "event=reloaded" in daemon.log(), "the file is read again")
    assert only_error(client.query("SELECT pg_sleep(60)"))["C"] == "57014"
