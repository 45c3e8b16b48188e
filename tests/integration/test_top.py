"""pgweir top on a terminal: what it shows, and that it leaves the terminal as it was."""

import re
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from harness.console import CONSOLE_USERS
from harness.daemon import PASSWORD, binary
from harness.programs import clean_environment, run
from harness.terminal import Terminal
from harness.wait import stays, wait_until
from harness.yaml_text import merged


@pytest.fixture
def top(request):
    """top(daemon, *options): started on a terminal of its own."""
    started = []

    def start(daemon, *options, rows=24, columns=80, **environment):
        started.append(Terminal(binary(), "top", "-c", daemon.path, "--interval", "0.1", *options, rows=rows, columns=columns, **environment))
        return started[-1]

    yield start
    for terminal in started:
        terminal.close()


@pytest.fixture
def watched(pool):
    return pool(4, CONSOLE_USERS)


def holding(daemon, name, statement="SELECT 1"):
    client = psycopg.connect(daemon.dsn(application_name=name), autocommit=True)
    client.execute("BEGIN")
    client.execute(statement)
    return client


def test_values_change_under_load(watched, top):
    terminal = top(watched)
    terminal.wait_for(r"servers 0/4 .*\n(.*\n)*.*nobody holds a server")
    first = terminal.screen()
    assert first[0].startswith("pgweir ") and "breaker closed" in first[0] and "generation 1" in first[0]
    assert first[-1].startswith("q quit") and len(first) == 24 and max(map(len, first)) <= 80
    old, young = holding(watched, "the_old_one"), holding(watched, "the_young_one", "SELECT 'secret', 2")
    found = terminal.wait_for(r"servers 2/4")
    found = terminal.wait_for(r"the_old_one.*\n.*the_young_one.*SELECT \?, \?")
    assert "secret" not in found.string
    stopped = False

    def load():
        with psycopg.connect(watched.dsn(application_name="busy"), autocommit=True) as client:
            while not stopped:
                client.execute("SELECT 1")
    with ThreadPoolExecutor() as threads:
        busy = threads.submit(load)
        try:
            terminal.wait_for(r"\b[1-9]\d* queries/s")
        finally:
            stopped = True
        busy.result()
    terminal.wait_for(r" 0 queries/s")
    for client in (old, young):
        client.execute("ROLLBACK")
        client.close()
    terminal.wait_for("nobody holds a server")


def test_who_waits_is_shown(pool, top):
    daemon = pool(1, CONSOLE_USERS)
    holder = holding(daemon, "holder")
    terminal = top(daemon)
    with psycopg.connect(daemon.dsn(application_name="patient"), autocommit=True) as client:
        with ThreadPoolExecutor() as threads:
            waits = threads.submit(client.execute, "SELECT 1")
            try:
                terminal.wait_for(r"waiting 1 \(longest")
                terminal.wait_for(r"WAITS(.*\n)+.*patient")
            finally:
                holder.close()
            waits.result()


@pytest.mark.parametrize("way, code", [("q", 0), ("\x03", 0), (signal.SIGINT, 0), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_however_it_ends_the_terminal_is_as_before(watched, top, way, code):
    terminal = top(watched)
    terminal.wait_for("servers 0/4")
    assert not terminal.is_restored()
    if isinstance(way, str):   # a key
        terminal.type(way)
    else:
        terminal.process.send_signal(way)
    assert terminal.wait() == code
    wait_until(terminal.is_restored, "the terminal is as before")


def test_a_terminal_that_takes_nothing_does_not_keep_it_alive(watched, top):
    terminal = top(watched, rows=60, columns=200)
    terminal.wait_for("servers 0/4")
    with terminal.unread():
        wait_until(terminal.is_full, "the terminal takes no more")
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.wait() == 143
    wait_until(lambda: terminal.settings == terminal.current_settings(), "the terminal's settings are as before")


def test_p_pauses(watched, top):
    terminal = top(watched)
    terminal.wait_for("servers 0/4")
    terminal.type("p")
    terminal.wait_for("PAUSED")
    holder = holding(watched, "unseen")
    stays(lambda: "unseen" not in terminal.text(), "nothing is asked while paused", seconds=0.5)
    terminal.type("xp")   # other keys mean nothing
    terminal.wait_for("unseen")
    assert "PAUSED" not in terminal.text()
    holder.close()


def test_the_frame_follows_the_window(watched, top):
    terminal = top(watched)
    terminal.wait_for("LONGEST")
    terminal.resize(10, 40)
    terminal.wait_for(r"^(?!(.*\n)*.*LONGEST)")
    wait_until(lambda: len(terminal.screen()) == 10, "ten lines")
    wait_until(lambda: max(map(len, terminal.screen())) <= 40, "forty columns")
    terminal.resize(60, 200)
    terminal.wait_for("LONGEST")
    wait_until(lambda: len(terminal.screen()) == 60, "sixty lines")


def test_it_outlives_the_daemon(watched, top):
    terminal = top(watched)
    terminal.wait_for("servers 0/4")
    watched.terminate()
    assert watched.wait() == 0
    terminal.wait_for("no connection, trying again")
    assert "pgweir " in terminal.screen()[0]   # what was known last
    watched.spawn()
    wait_until(watched.is_ready, "pgweir is ready again", deadline=60)
    holder = holding(watched, "reborn")
    terminal.wait_for("reborn")
    assert "no connection" not in terminal.text()
    watched.process.send_signal(signal.SIGKILL)
    watched.wait()
    holder.close()
    terminal.wait_for("no connection, trying again")
    terminal.type("q")
    assert terminal.wait() == 0
    wait_until(terminal.is_restored, "the terminal is as before")
    watched.spawn()
    wait_until(watched.is_ready, "pgweir is ready for its end", deadline=60)


@pytest.mark.parametrize("name", ["\x1b[2J\x1b[1;1Hforged\x07", "a\r\nb\tc", "\u6f22\u5b57" * 10, "\u202egnorw", "\x9b31mred", "x" * 60, "e\u0301\U0001f600"])
def test_hostile_names_stay_in_their_column(watched, top, name):
    holder = holding(watched, name)
    other = holding(watched, "harmless")
    terminal = top(watched, columns=120)
    terminal.wait_for(r"servers 2/4")
    terminal.wait_for("harmless")   # the emulator fails on sequences it does not know
    lines = terminal.screen()
    assert all(line.isprintable() for line in lines) and len(lines) == 24
    title = next(line for line in lines if "APPLICATION" in line)
    rows = lines[lines.index(title) + 1:][:2]
    at = title.index("STATE ")
    for row in rows:
        cells = "".join(c + ("" if ord(c) < 0x1100 else "\0") for c in row)   # a wide character takes two
        assert cells[at:].startswith("in xact"), (title, row)
    holder.close()
    other.close()


@pytest.mark.parametrize("no_color", ["", "1"])
def test_colours_unless_no_color(pool, top, no_color):
    daemon = pool(1, merged(CONSOLE_USERS, {"breaker": {"open_above": "80%", "min_open": "10m"}}))
    holder = holding(daemon, "holder")
    terminal = top(daemon, NO_COLOR=no_color)
    terminal.wait_for("breaker open")
    assert bool(re.search(r"\x1b\[[\d;]*3[13]m", terminal.output)) == (no_color == "")
    holder.close()


def once(daemon, *options, **environment):
    return run(binary(), "top", "-c", daemon.path, *options, env=clean_environment(**environment))


def test_once_prints_a_frame_without_sequences(watched, top):
    holder = holding(watched, "\x1b[2Jholder")
    result = once(watched, "--once")
    assert result.returncode == 0 and not result.stderr
    assert "\x1b" not in result.stdout and "?[2Jholder" in result.stdout and "q quit" not in result.stdout
    assert once(watched).stdout.splitlines()[2:] == result.stdout.splitlines()[2:] or "holder" in once(watched).stdout
    wide = once(watched, COLUMNS="40", LINES="8").stdout.splitlines()
    assert len(wide) <= 8 and max(map(len, wide)) <= 40
    terminal = top(watched, "--once")
    assert terminal.wait() == 0
    wait_until(lambda: "servers 1/4" in terminal.output, "one frame on the terminal")
    assert "\x1b" not in terminal.output
    holder.close()


def test_exit_codes(watched, tmp_path):
    assert once(watched, "--dsn", f"host=127.0.0.1 port={watched.port} dbname=pgweir user=ops password=wrong").returncode == 1
    refused = once(watched, "--dsn", "host=127.0.0.1 port=1 dbname=pgweir user=ops")
    assert refused.returncode == 1 and "refused" in refused.stderr and not refused.stdout
    ordinary = once(watched, "--dsn", watched.dsn(dbname="app"))
    assert ordinary.returncode == 1 and ordinary.stderr
    assert once(watched, "--dsn", watched.dsn(user="watcher", dbname="pgweir", password=PASSWORD)).returncode == 0
    (tmp_path / "bad.yaml").write_text("nonsense: 1\n")
    assert run(binary(), "top", "-c", tmp_path / "bad.yaml").returncode == 78
    for interval in ("0", "nan", "1s", "9999", ""):
        result = once(watched, "--interval", interval)
        assert result.returncode >= 100 and "interval" in result.stdout + result.stderr, interval


def test_output_that_cannot_be_written_is_a_failure(watched):
    with open("/dev/full", "w") as full:
        result = subprocess.run([binary(), "top", "-c", watched.path, "--once"], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
    assert result.returncode == 1
