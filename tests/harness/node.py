"""Running the JavaScript drivers of tests/drivers."""

import json
import os
import subprocess
from urllib.parse import quote

from .daemon import PASSWORD
from .programs import TESTS, clean_environment

PROBE = os.path.join(TESTS, "drivers", "probe.js")
THAW = os.path.join(TESTS, "drivers", "thaw.js")


def _start(program, driver, daemon, *arguments, user="lambda", database="app"):
    url = f"postgres://{user}:{quote(PASSWORD)}@127.0.0.1:{daemon.port}/{database}"
    return subprocess.Popen(["node", program, driver, url, *arguments], env=clean_environment(), text=True,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def start_probe(driver, daemon, sql, action="query", **login):
    """Starts drivers/probe.js, which says what it does."""
    return _start(PROBE, driver, daemon, action, sql, **login)


def start_frozen(driver, daemon, then):
    """Starts drivers/thaw.js, which says what it does; returns when it is frozen in a transaction."""
    process = _start(THAW, driver, daemon, then)
    line = process.stdout.readline()
    assert line == "frozen\n", line + process.communicate()[1]
    return process


def thaw(process):
    """What it printed then."""
    process.stdin.write("now\n")
    process.stdin.flush()
    return outcome(process)


def outcome(process):
    """What it printed: {"rows": [...]} or {"error": {...}}."""
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, output + errors
    return json.loads(output)


def probe(driver, daemon, sql, action="query", **login):
    return outcome(start_probe(driver, daemon, sql, action, **login))
