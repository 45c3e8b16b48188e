"""The double of Supavisor itself: what the tests beside this one rely on."""

import pytest

from harness import messages
from harness.raw_client import RawClient, only_error
from harness.stream import Closed
from harness.supavisor import NEW_REFUSAL, OLD_REFUSAL, Supavisor
from harness.wait import wait_until


def dial(double, password=None):
    """(client, the refusal's fields or None)."""
    client = RawClient(double.port)
    answer = client.login(double.role.name, double.role.database, password or double.role.password)
    return client, answer and answer.fields()


def served(double):
    client, refusal = dial(double)
    assert refusal is None, refusal
    return client


@pytest.mark.parametrize("late", [False, True], ids=["before authentication", "after AuthenticationOk"])
@pytest.mark.parametrize("text", [OLD_REFUSAL, NEW_REFUSAL], ids=["old", "new"])
def test_it_refuses_beyond_its_size(supavisor, text, late):
    double = supavisor(1)
    double.refusal_text, double.refuses_late = text, late
    first = served(double)
    assert first.value("SELECT 1") == "1"
    client = RawClient(double.port)
    client.send(messages.startup({"user": double.role.name, "database": double.role.database}))
    answer = client.authenticate(double.role.password) if late else client.read_message()
    assert answer.type == "E"
    assert answer.body.split(b"\0")[:3] == [b"CXX000", b"M" + text.format(pool_size=1).encode(), b"SFATAL"]
    assert client.read_to_end() == []
    assert (double.dials, len(double.refusals), double.most_slots, double.most_connections) == (2, 1, 1, 2)
    first.terminate()
    served(double)


def test_its_size_moves_and_foreign_clients_come_first(supavisor):
    double = supavisor(2)
    clients = [served(double), served(double)]
    double.take_slots(1)
    assert double.available == 2
    clients.pop().terminate()
    wait_until(lambda: double.available == 1, "the freed slot is foreign")
    assert dial(double)[1]["C"] == "XX000"
    double.pool_size = 3
    clients.append(served(double))
    double.free_slots(1)
    clients.append(served(double))
    assert double.slots == 3
    double.pool_size = 1
    assert "pool_size: 1" in dial(double)[1]["M"]
    assert [client.value("SELECT 1") for client in clients] == ["1"] * 3


def test_a_slot_may_be_free_later_than_its_connection(supavisor):
    double = supavisor(1)
    double.slot_release_delay = 0.3
    served(double).terminate()
    wait_until(lambda: double.connections == 0, "the connection has ended")
    assert dial(double)[1]["C"] == "XX000"
    wait_until(lambda: double.slots == 0, "the slot is free")
    served(double)


def test_ten_wrong_passwords_ban_the_address(supavisor):
    double = supavisor(2)
    double.wrong_password_delay = 0.0
    inside = served(double)
    for _ in range(10):
        assert dial(double, "wrong")[1]["C"] == "28P01"
    assert dial(double)[1] == {"S": "FATAL", "C": "XX000", "M": Supavisor.BANNED}
    assert double.authentication_failures == 10
    assert inside.value("SELECT 1") == "1"
    double.lift_bans()
    served(double)


def test_heartbeats_reach_those_at_rest(supavisor):
    double = supavisor(2)
    resting, busy = served(double), served(double)
    busy.send(messages.query("SELECT pg_sleep(0.3)"))
    wait_until(lambda: double.frontend_messages == 1, "the query is on its way")
    assert double.heartbeat() == 1
    assert resting.read_message().pair() == ("application_name", "Supavisor")
    assert [part.type for part in busy.read_until("Z")] == list("TDCZ")


def test_everybody_is_welcomed_with_the_first_parameters(supavisor, cluster):
    double = supavisor(2)
    first = served(double)
    cluster.execute(f"ALTER ROLE {double.role.name} SET timezone = 'Asia/Tokyo'")
    second = served(double)
    assert second.parameters == first.parameters
    assert second.value("SHOW timezone") == "Asia/Tokyo" != first.value("SHOW timezone")


def test_a_cancel_arrives_late(supavisor):
    double = supavisor(1)
    double.cancel_delay = (0.5, 0.5)
    client = served(double)
    canceller = RawClient(double.port)
    canceller.send(messages.cancel_request(client.pid, client.key))
    assert canceller.read_to_end() == []
    assert client.value("SELECT 1") == "1"
    assert only_error(client.query("SELECT pg_sleep(20)"))["C"] == "57014"
    wait_until(lambda: double.cancels == 1, "it is counted")
    stranger = RawClient(double.port)
    stranger.send(messages.cancel_request(client.pid, bytes([client.key[0] ^ 1]) + client.key[1:]))
    assert stranger.read_to_end() == []
    assert client.value("SELECT pg_sleep(0.6)::text || 'x'") == "x"
    assert double.cancels == 1


def test_a_restart(supavisor):
    double = supavisor(2)
    clients = [served(double), served(double)]
    double.go_down()
    for client in clients:
        assert [part.fields()["C"] for part in client.read_to_end()] == ["57P01"]
    with pytest.raises(OSError):
        RawClient(double.port)
    assert double.connections == double.slots == 0
    double.come_back()
    served(double)


def test_sessions_at_rest_can_be_ended_alone(supavisor):
    double = supavisor(3)
    clients = [served(double) for _ in range(3)]
    clients[0].query("BEGIN")
    assert double.end_sessions(1, at_rest=True) == 1
    assert double.end_sessions(at_rest=True) == 1
    assert clients[0].value("SELECT 1") == "1"
    for client in clients[1:]:
        assert client.read_message().fields()["C"] == "57P01"
        with pytest.raises(Closed):
            client.read_message()
