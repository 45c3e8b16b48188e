"""The log: lines that machines read, a storm that does not fill the disk, and no secrets."""

import json
import re

import psycopg
import pytest

from harness.daemon import PASSWORD
from harness.raw_client import RawClient
from harness.wait import wait_until


def events(daemon):
    """The JSON lines of the log."""
    lines = [json.loads(line) for line in daemon.log().splitlines()]
    for line in lines:
        assert list(line)[:3] == ["time", "level", "event"], line
        assert all(isinstance(value, str) for value in line.values()), line
    return lines


def named(daemon, event):
    return [line for line in events(daemon) if line["event"] == event]


def test_in_json_each_key_is_a_member(pool, role):
    daemon = pool(2, {"log": {"format": "json", "level": "debug"}})
    with psycopg.connect(daemon.dsn(), autocommit=True) as client:
        client.execute("SELECT pg_advisory_lock(1), 'a secret literal'")
        wait_until(lambda: named(daemon, "pinned"), "it is pinned")
    hostile = RawClient(daemon.port)
    refusal = hostile.login(user='a "b"\\ \x01\nevent=c', password="a wrong password")
    assert refusal is not None
    wait_until(lambda: named(daemon, "login_failed"), "the login has failed")
    pinned, failed, login = (named(daemon, event)[0] for event in ("pinned", "login_failed", "login"))
    assert pinned["pool"] == "app" and pinned["user"] == "lambda" and pinned["reason"] == "advisory_lock" and pinned["server"]
    assert failed["user"] == 'a "b"\\ \\x01\\nevent=c' and failed["id"] and failed["client"] and failed["level"] == "warning"
    assert login["user"] == "lambda" and login["database"] == "app" and login["tls"] == "false"
    daemon.reload({"limits": {"pool_size": 3}})
    wait_until(lambda: any("limits.pool_size" in line["text"] for line in named(daemon, "config_changed")), "the change is told")
    for secret in (PASSWORD, role.password, "a secret literal", "a wrong password"):
        assert secret not in daemon.log()


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_storm_is_counted(pool, form):
    daemon = pool(1, {"log": {"format": form}})
    storm = 700
    for _ in range(storm):
        client = RawClient(daemon.port)
        assert client.login(database="nowhere").fields()["C"] == "3D000"
        client.close()

    def written():
        return len(re.findall(r"event(?:=|\":\")login_failed", daemon.log()))

    def held_back():
        pattern = r"event=lines_held_back of=login_failed lines=(\d+)" if form == "text" else \
            r'"event":"lines_held_back","of":"login_failed","lines":"(\d+)"'
        return sum(map(int, re.findall(pattern, daemon.log())))
    wait_until(lambda: written() + held_back() == storm, "all are accounted for")
    assert held_back() > 0
    assert daemon.metrics().value("pgweir_log_lines_held_back_total") == held_back()
