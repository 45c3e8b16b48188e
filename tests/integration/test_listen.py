"""LISTEN and NOTIFY in transaction mode: one server of the pool listens for all its clients."""

import asyncio
import json
import select
import struct

import asyncpg
import psycopg
import psycopg2
import pytest

from harness import messages
from harness.daemon import PASSWORD
from harness.node import PROBE
from harness.programs import clean_environment, run, start_psql
from harness.raw_client import RawClient, only_error, shape
from harness.wait import wait_until

# A client that subscribes, says so, waits for one notification and prints it.
NODE_LISTENER = """
const { Client } = require('pg');
const [host, port, password] = process.argv.slice(1);
const client = new Client({ host, port, user: 'lambda', password, database: 'app' });
client.on('notification', async ({ channel, payload }) => {
    console.log(JSON.stringify({ channel, payload }));
    await client.end();
});
client.connect().then(() => client.query('LISTEN "Jobs"')).then(() => client.query("SELECT pg_notify('Jobs', 'from node')"));
"""


def notification(message):
    """Channel and payload of a NotificationResponse."""
    assert message.type == "A", message
    assert struct.unpack("!i", message.body[:4])[0] > 0
    channel, payload = message.body[4:].split(b"\0")[:2]
    return channel.decode(), payload.decode()


def new_client(daemon, *statements):
    client = RawClient(daemon.port)
    assert client.login() is None
    for statement in statements:
        answers = client.query(statement)
        assert shape(answers) == "CZ", answers
    return client


def heard(client, count):
    """The next notifications of a client that asks for nothing."""
    return [notification(client.read_message()) for _ in range(count)]


def hears_nothing_more(client):
    """A query is answered without any notification."""
    return shape(client.query("SELECT 1")) == "TDCZ"


def listening(cluster, role):
    """Process ids of the servers that were last told to listen."""
    return [pid for pid, _, query in cluster.sessions(role) if query.startswith("LISTEN")]


def holds(daemon, count):
    """Whether so many servers of the pool are leased."""
    return daemon.health()[1]["checked_out"] == count


@pytest.fixture
def notify(cluster):
    """notify(channel, payload): past pgweir."""
    def send(channel, payload=""):
        cluster.rows("SELECT pg_notify(%s, %s)", channel, payload)
    return send


def test_many_listeners_hold_one_server(pool, cluster, role, size):
    daemon = pool(10, {"limits": {"max_client_conn": 1500}})
    clients = [new_client(daemon, "LISTEN jobs", "LISTEN fence") for _ in range(size(300, 900, 900))]   # select() of psycopg ends at 1024 descriptors
    assert len(cluster.sessions(role)) == 1 and holds(daemon, 1)
    sender = new_client(daemon)
    expected = [("jobs", f"job {number}") for number in range(20)]
    for channel, payload in expected:
        sender.value(f"SELECT pg_notify('{channel}', '{payload}')")
    sender.value("SELECT pg_notify('fence', 'end')")
    for client in clients:
        assert heard(client, len(expected) + 1) == [*expected, ("fence", "end")]
    for client in clients:
        client.terminate()
    wait_until(lambda: holds(daemon, 0), "the listening server is free again")


def test_the_notifier_hears_itself(pool):
    client = new_client(pool(2), "LISTEN own")
    answers = client.query("NOTIFY own, 'hello'")
    extra = [part for part in answers if part.type == "A"] or [client.read_message()]
    assert [notification(part) for part in extra] == [("own", "hello")]


def test_a_notification_comes_behind_the_result_in_hand(pool, cluster, role, notify):
    daemon = pool(3)
    client = new_client(daemon, "LISTEN news")
    client.send(messages.query("SELECT repeat('x', 1000) FROM generate_series(1, 20000)"))
    witness = new_client(daemon, "LISTEN news")
    wait_until(lambda: "active" in cluster.states(role), "the result is on its way, and nobody reads it")
    notify("news", "late")
    assert heard(witness, 1) == [("news", "late")]
    answers = client.read_until("Z")
    rows = [part for part in answers if part.type == "D"]
    assert len(rows) == 20000 and all(len(row.body) == 1006 for row in rows)
    found = [part for part in answers if part.type == "A"]
    assert "A" not in shape(answers).rpartition("D")[0], "it came between the rows"
    assert [notification(part) for part in found or [client.read_message()]] == [("news", "late")]
    assert hears_nothing_more(client)


def test_listening_begins_with_the_commit(pool, notify):
    daemon = pool(3)
    client = new_client(daemon, "BEGIN", "LISTEN later", "COMMIT")
    notify("later", "one")
    assert heard(client, 1) == [("later", "one")]
    client.query("BEGIN; UNLISTEN later; LISTEN other")
    client.query("COMMIT")
    notify("later", "two")
    notify("other", "three")
    assert heard(client, 1) == [("other", "three")]


def test_what_is_rolled_back_was_never_said(pool, notify):
    client = new_client(pool(3), "LISTEN fence", "BEGIN", "LISTEN never", "UNLISTEN fence", "ROLLBACK")
    notify("never", "x")
    notify("fence", "y")
    assert heard(client, 1) == [("fence", "y")]


@pytest.mark.parametrize("statement", ["UNLISTEN one", "UNLISTEN *", "DISCARD ALL"])
def test_what_is_given_up_is_not_heard_any_more(pool, notify, statement):
    daemon = pool(3)
    witness = new_client(daemon, "LISTEN one", "LISTEN two")
    client = new_client(daemon, "LISTEN one", "LISTEN two", statement)
    notify("one", "1")
    notify("two", "2")
    assert heard(witness, 2) == [("one", "1"), ("two", "2")]
    if statement == "UNLISTEN one":
        assert heard(client, 1) == [("two", "2")]
    assert hears_nothing_more(client)


def test_names_are_read_as_postgresql_reads_them(pool, notify):
    daemon = pool(3)
    long = "n" * 63
    names = {"Plain": "plain", '"Mixed"': "Mixed", '"a ""b""; UNLISTEN *"': 'a "b"; UNLISTEN *',
             "größe": "größe", f"{long}cut": long, '"größe Ä"': "größe Ä"}
    client = RawClient(daemon.port)
    assert client.login() is None
    for written in names:
        answers = client.query(f"LISTEN {written}")
        assert shape(answers) in ("CZ", "NCZ"), answers
    for name in [*names.values(), "mixed", "PLAIN", "n" * 62]:
        notify(name, "x")
    notify("plain", "fence")
    assert heard(client, len(names) + 1) == [*((name, "x") for name in names.values()), ("plain", "fence")]


def test_payloads_of_every_length(pool, notify):
    client = new_client(pool(3), "LISTEN payload")
    payloads = ["", "a", "ä€😀", "x" * 1000, "ä" * 3999 + "x", "x" * 7999]
    for payload in payloads:
        notify("payload", payload)
    assert heard(client, len(payloads)) == [("payload", payload) for payload in payloads]


def test_channels_do_not_mix(pool, notify):
    daemon = pool(3)
    clients = {name: new_client(daemon, f"LISTEN {name}", "LISTEN fence") for name in ("one", "two", "three")}
    for turn in range(10):
        for name in clients:
            notify(name, str(turn))
    notify("fence", "")
    for name, client in clients.items():
        assert heard(client, 11) == [*((name, str(turn)) for turn in range(10)), ("fence", "")]


def test_a_burst_comes_whole_and_in_order(pool, cluster, size):
    daemon = pool(3)
    count = size(2000, 5000, 20000)
    clients = [new_client(daemon, "LISTEN burst") for _ in range(5)]
    cluster.rows("SELECT count(pg_notify('burst', number::text)) FROM generate_series(1, %s) AS number", count)
    for client in clients:
        assert heard(client, count) == [("burst", str(number)) for number in range(1, count + 1)]


@pytest.mark.parametrize("leave", [lambda client: client.query("UNLISTEN *"), lambda client: client.terminate(),
                                   lambda client: client.close()])
def test_the_last_listener_frees_the_server_clean(pool, cluster, role, leave):
    daemon = pool(1)
    client = new_client(daemon, "LISTEN a", "LISTEN b")
    assert holds(daemon, 1)
    leave(client)
    wait_until(lambda: holds(daemon, 0), "the listening server is free again")
    other = new_client(daemon)
    assert other.value("SELECT count(*) FROM pg_listening_channels()") == "0"
    assert cluster.logins(role) == 1
    again = new_client(daemon, "LISTEN a")
    assert holds(daemon, 1)
    again.terminate()


def test_the_session_before_leaves_no_trace_in_what_is_heard(pool, notify):
    daemon = pool(1)
    before = RawClient(daemon.port)
    assert before.login(client_encoding="LATIN1", application_name="before") is None
    assert before.value("SELECT 1") == "1"
    client = new_client(daemon, "LISTEN encoded")
    notify("encoded", "äöü")
    assert heard(client, 1) == [("encoded", "äöü")]
    client.terminate()
    assert before.value("SHOW client_encoding") == "LATIN1"


def test_a_lost_server_ends_its_listeners_only(pool, cluster, role, notify):
    daemon = pool(3)
    listeners = [new_client(daemon, "LISTEN doomed") for _ in range(3)]
    bystander = new_client(daemon, "BEGIN")
    assert bystander.value("SELECT 1") == "1"
    (pid,) = listening(cluster, role)
    cluster.rows("SELECT pg_terminate_backend(%s)", pid)
    for client in listeners:
        (ending,) = client.read_to_end()
        fields = ending.fields()
        assert fields["S"] == "FATAL" and fields["C"] == "57P01", fields
    assert bystander.value("SELECT 2") == "2"
    assert shape(bystander.query("COMMIT")) == "CZ"
    client = new_client(daemon, "LISTEN doomed")
    notify("doomed", "alive")
    assert heard(client, 1) == [("doomed", "alive")]


def test_one_who_waits_for_a_server_is_refused_in_time(pool):
    daemon = pool(1, {"timeouts": {"query_wait_timeout": "300ms"}})
    holder = new_client(daemon, "BEGIN")
    assert holder.value("SELECT 1") == "1"
    client = new_client(daemon)
    answers = client.query("LISTEN patience")
    assert shape(answers) == "EZ" and answers[-1].body == b"I"
    fields = only_error(answers)
    assert fields["S"] == "ERROR" and fields["C"] == "53300", fields
    assert "reason=queue_timeout" in fields["D"] and fields["H"], fields
    assert shape(holder.query("COMMIT")) == "CZ"
    assert shape(client.query("LISTEN patience")) == "CZ"


def test_one_who_waits_for_a_server_gets_it(pool, notify):
    daemon = pool(1)
    holder = new_client(daemon, "BEGIN")
    assert holder.value("SELECT 1") == "1"
    client = new_client(daemon)
    client.send(messages.query("LISTEN patience"))
    wait_until(lambda: daemon.health()[1]["waiting"] == 1, "the listening server is waited for")
    assert shape(holder.query("COMMIT")) == "CZ"
    assert shape(client.read_until("Z")) == "CZ"
    notify("patience", "pays")
    assert heard(client, 1) == [("patience", "pays")]


def test_a_reload_leaves_listeners_alone(pool, cluster, role, notify):
    daemon = pool(3)
    client = new_client(daemon, "LISTEN steady")
    (pid,) = listening(cluster, role)
    daemon.reload({"limits": {"pool_size": 5}, "databases": {"app": {"dsn": role.uri(connect_timeout=7)}}})
    wait_until(lambda: "event=reloaded" in daemon.log(), "the reload is done")
    assert new_client(daemon).value("SELECT 1") == "1"
    notify("steady", "still")
    assert heard(client, 1) == [("steady", "still")]
    assert listening(cluster, role) == [pid]


@pytest.mark.parametrize("signals", [1, 2])
def test_listeners_do_not_keep_a_daemon_that_ends(pool, cluster, role, signals):
    daemon = pool(3)
    clients = [new_client(daemon, "LISTEN farewell") for _ in range(5)]
    busy = new_client(daemon, "LISTEN farewell", "BEGIN")
    assert busy.value("SELECT 1") == "1"
    daemon.terminate()
    for client in clients:
        (ending,) = client.read_to_end()
        assert ending.fields()["C"] == "57P01"
    if signals == 2:
        daemon.terminate()
    else:
        assert shape(busy.query("COMMIT")) == "CZ"
    assert busy.read_to_end()[-1].fields()["C"] == "57P01"
    assert daemon.wait(timeout=20) == 0
    wait_until(lambda: cluster.states(role) == [], "no server connection is left")


def test_asyncpg(pool):
    daemon = pool(3)

    async def work():
        got = asyncio.Queue()

        def hear(_, pid, channel, payload):
            got.put_nowait((channel, payload))
        async with asyncpg.create_pool(host="127.0.0.1", port=daemon.port, user="lambda", password=PASSWORD,
                                       database="app", ssl=False, min_size=2, max_size=3) as clients:
            async with clients.acquire() as listener:
                await listener.add_listener("Jobs", hear)
                for number in range(5):
                    await clients.execute("SELECT pg_notify('Jobs', $1)", str(number))
                heard_there = [await asyncio.wait_for(got.get(), 20) for _ in range(5)]
                await listener.remove_listener("Jobs", hear)
                assert await listener.fetchval("SELECT 7") == 7
            return heard_there

    assert asyncio.run(work()) == [("Jobs", str(number)) for number in range(5)]
    wait_until(lambda: holds(daemon, 0), "nobody listens any more")


def test_psycopg(pool):
    daemon = pool(3)
    with psycopg.connect(daemon.dsn(), autocommit=True) as client:
        client.execute("LISTEN jobs")
        with psycopg.connect(daemon.dsn(), autocommit=True) as sender:
            for number in range(3):
                sender.execute("SELECT pg_notify('jobs', %s)", (str(number),))
        notes = client.notifies()
        assert [(note.channel, note.payload) for _, note in zip(range(3), notes)] == [("jobs", str(n)) for n in range(3)]
        notes.close()
        assert client.execute("SELECT 7").fetchone() == (7,)


def test_psycopg2(pool):
    client = psycopg2.connect(pool(3).dsn())
    client.autocommit = True
    client.cursor().execute("LISTEN jobs; NOTIFY other; NOTIFY jobs, 'both'")
    client.cursor().execute("NOTIFY jobs, 'again'")

    def notes():
        select.select([client], [], [], 0.1)
        client.poll()
        return [note.payload for note in client.notifies][-1:] == ["again"]
    wait_until(notes, "the notification is there")
    client.close()


def test_node_postgres(pool):
    daemon = pool(3)
    modules = PROBE.replace("probe.js", "node_modules")
    result = run("node", "-e", NODE_LISTENER, "127.0.0.1", daemon.port, PASSWORD, env=clean_environment(NODE_PATH=modules))
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == {"channel": "Jobs", "payload": "from node"}


def test_psql(pool):
    shell = start_psql(pool(3).dsn())
    try:
        shell.stdin.write("LISTEN jobs;\nNOTIFY jobs, 'from psql';\n")
        heading = 'Asynchronous notification "jobs" with payload "from psql" received from server process with PID '

        # It prints what has come after each statement of its own.
        def is_printed():
            shell.stdin.write("SELECT 'turn';\n")
            return shell.stdout.readline().startswith(heading)
        wait_until(is_printed, "psql prints the notification")
    finally:
        output, errors = shell.communicate(timeout=30)
    assert not errors, errors


def test_nothing_is_missed_or_told_twice_while_channels_pass_to_the_listening_server(pool):
    """asyncpg's LISTEN runs on a server of its own, and is answered before the listening server has heard of it."""
    daemon = pool(3)

    async def work():
        heard = []

        def hear(_connection, _pid, _channel, payload):
            heard.append(payload)
        async with asyncpg.create_pool(host="127.0.0.1", port=daemon.port, user="lambda", password=PASSWORD, database="app",
                                       ssl=False, min_size=2, max_size=3) as clients:
            for turn in range(20):
                async with clients.acquire() as listener:
                    await listener.add_listener("Jobs", hear)
                    sent = [f"{turn}.{number}" for number in range(5)]
                    for payload in sent:
                        await clients.execute("SELECT pg_notify('Jobs', $1)", payload)
                    for _ in range(100):
                        if sent[-1] in heard:
                            break
                        await asyncio.sleep(0.02)
                    await listener.remove_listener("Jobs", hear)
                assert heard == sent
                heard.clear()
    asyncio.run(work())
