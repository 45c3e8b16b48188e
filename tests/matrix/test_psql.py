"""psql: fifty processes, each with a script whose every line of output is known before."""

import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.programs import clean_environment, run, run_in_group
from matrix_rows import APPLICATION_TIMEOUT, SESSIONS
from psql_script import script_of

PSQL = ("psql", "-X", "-q", "-A", "-t")


def version():
    return int(re.search(r"\) (\d+)", run("psql", "--version").stdout).group(1))


def play(target, directory, number, bind):
    """Runs one session. Returns its pids and how many lines were checked."""
    script = script_of(number, bind)
    path = directory / f"{number}.sql"
    path.write_text(script.text)
    environment = clean_environment(**target.environment(), **script.environment)
    code, output, errors = run_in_group([*PSQL, "-d", target.dsn(), "-f", path], APPLICATION_TIMEOUT, env=environment)
    assert code == 0, f"session {number} ended with {code}\n{output[-2000:]}\n{errors[-8000:]}"
    lines = output.splitlines()
    pids = [int(line.removeprefix("pid ")) for line in lines if line.startswith("pid ")]
    others = [line for line in lines if not line.startswith("pid ")]
    assert others == script.expected, f"session {number}\n{errors[-4000:]}"
    assert errors.count("ERROR:") == script.errors, errors[-8000:]
    return pids, len(others)


def run_all(row, target, directory, name, bind):
    with target.background(), ThreadPoolExecutor(SESSIONS) as executor:
        results = list(executor.map(lambda number: play(target, directory, number, bind), range(SESSIONS)))
    assert target.rows("SELECT count(*) FROM public.migrations") == [(1,)]
    row(name).judge([pids for pids, _ in results], sum(checks for _, checks in results))


def test_simple(row, target, tmp_path):
    run_all(row, target, tmp_path, "psql", bind=False)


def test_bind(row, target, tmp_path):
    if version() < 16:
        pytest.skip(f"psql {version()} has no \\bind, 16 has: the extended protocol is left to libpq and pgbench here")
    run_all(row, target, tmp_path, "psql \\bind", bind=True)


PIPELINE = r"""
\startpipeline
SELECT $1::int + 1 \bind 41 \sendpipeline
SET TIME ZONE 'Asia/Tokyo' \bind \sendpipeline
\syncpipeline
SELECT current_setting('TimeZone') \bind \sendpipeline
SELECT 1 / $1::int \bind 0 \sendpipeline
SELECT 'never' \bind \sendpipeline
\endpipeline
\echo :LAST_ERROR_SQLSTATE
SHOW timezone;
"""


def test_pipeline(target, tmp_path):
    if version() < 18:
        pytest.skip(f"psql {version()} has no pipelines, 18 has: pipelines are left to libpq here")
    path = tmp_path / "pipeline.sql"
    path.write_text(PIPELINE * 20)
    outputs = []
    with target.background():
        for dsn in (target.role.conninfo(), target.dsn()):
            outputs.append(run_in_group([*PSQL, "-d", dsn, "-f", path], APPLICATION_TIMEOUT, env=clean_environment()))
    assert "22012" in outputs[0][1], outputs[0]
    assert outputs[0] == outputs[1]


class Terminal:
    """An interactive psql: only such a one goes on after a cancelled statement."""

    def __init__(self, dsn):
        self._master, slave = pty.openpty()
        self._output = ""
        self.process = subprocess.Popen([*PSQL, "-n", "-v", "PROMPT1=", "-v", "PROMPT2=", "-P", "pager=off", "-d", dsn],
                                        env=clean_environment(TERM="dumb"), stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)

    def type(self, line):
        os.write(self._master, line.encode() + b"\n")

    def expect(self, text, meanwhile=lambda: None, deadline=60.0):
        """Reads until the text has come, calling meanwhile() now and again."""
        end = time.monotonic() + deadline
        while text not in self._output:
            assert time.monotonic() < end, f"no {text!r} in {self._output[-4000:]!r}"
            if select.select([self._master], [], [], 0.1)[0]:
                self._output += os.read(self._master, 65536).decode()
            else:
                meanwhile()
        self._output = self._output[self._output.index(text) + len(text):]

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)

    def close(self):
        self.type("\\q")
        try:
            assert self.process.wait(timeout=30) == 0
        finally:
            self.process.kill()
            self.process.wait()
            os.close(self._master)


def test_cancel(target):
    """What Ctrl-C does: the statement ends, the session goes on with its settings."""
    with target.background(), contextlib.ExitStack() as stack:
        for _ in range(3):
            terminal = stack.enter_context(contextlib.closing(Terminal(target.dsn())))
            terminal.type("SET TIME ZONE 'Asia/Kolkata';")
            # The texts that are waited for are not in what was typed, which comes back, too.
            terminal.type("SELECT concat('now ', 'asleep'), pg_sleep(0);")
            terminal.expect("now asleep")
            terminal.type("SELECT pg_sleep(60);")
            terminal.expect("canceling statement due to user request", meanwhile=terminal.interrupt)
            for _ in range(5):
                terminal.type("SELECT concat('zone ', current_setting('TimeZone'));")
                terminal.expect("zone Asia/Kolkata")
