"""Looks at every server of a pool at once for anything that a session left there."""

import select
import time

from harness import messages
from harness.raw_client import RawClient

# How long the probe waits for its servers, in seconds: sessions hold them for moments only. But one that keeps
# a server and wants to listen waits for a second one, and the probe must not wait for it with all the others
# in its hands. The last one may be the server that listens for all clients of the pool; it cannot be had, so
# less patience is spent on it.
_DEADLINE = 1.5
_DEADLINE_OF_THE_LAST = 0.4

# One row. Settings as one value, for they are hundreds (those of a language appear when it is loaded, which is
# nobody's state); `role` is in no view. Statements of our prefix are pgweir's own affair.

_LOOK = r"""
SELECT pg_backend_pid(),
  (SELECT md5(string_agg(name || '=' || setting, ',' ORDER BY name)) FROM pg_settings
    WHERE name NOT LIKE 'plpgsql.%') AS settings,
  (SELECT string_agg(name, ',') FROM pg_prepared_statements WHERE name NOT LIKE 'pgweir\_%') AS prepared,
  (SELECT string_agg(c, ',') FROM pg_listening_channels() c) AS channels,
  (SELECT string_agg(objid::text, ',') FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS advisory_locks,
  (SELECT string_agg(relname, ',') FROM pg_class WHERE relnamespace = pg_my_temp_schema()) AS temporary_relations,
  (SELECT string_agg(proname, ',') FROM pg_proc WHERE pronamespace = pg_my_temp_schema()) AS temporary_functions,
  (SELECT string_agg(name, ',') FROM pg_cursors) AS cursors,
  current_user = session_user AS is_itself,
  nullif(current_setting('leak.x', true), '') AS custom_setting,
  nullif(current_setting('leak.y', true), '') AS other_custom_setting"""
_COLUMNS = ("pid", "settings", "prepared", "channels", "advisory_locks", "temporary_relations", "temporary_functions", "cursors",
            "is_itself", "custom_setting", "other_custom_setting")
_SETTINGS = "SELECT name, setting FROM pg_settings WHERE name NOT LIKE 'plpgsql.%' ORDER BY name"
_TAG = "leak_probe"


def connect(port):
    client = RawClient(port)
    refusal = client.login(application_name=_TAG)
    assert refusal is None, refusal
    return client


def rows(answers):
    errors = [answer.fields() for answer in answers if answer.type == "E"]
    assert not errors, errors
    return [[None if value is None else value.decode() for value in answer.values()] for answer in answers if answer.type == "D"]


def look(client):
    """What the client sees of its server, by column."""
    return dict(zip(_COLUMNS, rows(client.query(_LOOK))[0]))


def factory_state(port):
    """What a client finds before anybody changed anything: {"look": ..., "settings": {...}}."""
    client = connect(port)
    rows(client.query("BEGIN"))
    state = {"look": look(client), "settings": dict(rows(client.query(_SETTINGS)))}
    rows(client.query("ROLLBACK"))
    client.terminate()
    return state


def differences(client, found, state):
    """What differs from factory state, as texts."""
    different = [f"{name}: {value!r} instead of {state['look'][name]!r}" for name, value in found.items()
                 if name not in ("pid", "settings") and value != state["look"][name]]
    if found["settings"] != state["look"]["settings"]:
        settings = dict(rows(client.query(_SETTINGS)))
        different += [f"setting {name}: {settings.get(name)!r} instead of {state['settings'].get(name)!r}"
                      for name in sorted({*settings, *state["settings"]}) if settings.get(name) != state["settings"].get(name)]
    return different


class Probe:
    """As many clients as the pool has servers; each keeps one for a moment, so that together they meet all."""

    def __init__(self, cluster, role, port, pool_size, state):
        self._cluster, self._role, self._port, self._state = cluster, role, port, state
        self._clients = [None] * pool_size

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        for client in self._clients:
            if client is not None:
                client.terminate()

    def visit(self, leaks):
        """Looks at all servers, adds what it finds to `leaks`. Returns how many servers it met: all, unless
        somebody keeps one for long."""
        waiting = {}
        for at, client in enumerate(self._clients):
            if client is None:
                client = self._clients[at] = connect(self._port)
            client.send(messages.query("BEGIN; " + _LOOK))
            waiting[client.sock] = at
        pids = set()
        end = time.monotonic() + _DEADLINE
        while waiting:
            if len(waiting) == 1 and len(self._clients) > 1:
                end = min(end, time.monotonic() + _DEADLINE_OF_THE_LAST)
            ready, _, _ = select.select(list(waiting), [], [], max(0.0, end - time.monotonic()))
            if not ready:
                break
            for sock in ready:
                client = self._clients[waiting.pop(sock)]
                found = dict(zip(_COLUMNS, rows(client.read_until("Z"))[0]))
                pids.add(found["pid"])
                leaks += [f"server {found['pid']}: {text}" for text in differences(client, found, self._state)]
        self._let_go(waiting)
        return len(pids)

    def _let_go(self, waiting):
        """Those that still wait are given up, for their answer would come at an odd moment."""
        for at in waiting.values():
            self._clients[at].close()
            self._clients[at] = None
        for client in self._clients:
            if client is not None:
                rows(client.query("ROLLBACK"))


def global_leftovers(cluster, role):
    """What a superuser sees of the role's sessions when no client is left: nothing, or texts."""
    found = [f"advisory lock {objid} of {pid}" for objid, pid in cluster.rows(
        "SELECT objid, l.pid FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
        " WHERE locktype = 'advisory' AND usename = %s", role.name)]
    found += [f"{pid} is {state}: {query[:100]}" for pid, state, query in cluster.sessions(role) if state != "idle"]
    return found
