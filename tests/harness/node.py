"""Running the JavaScript drivers of tests/drivers."""

import json
import os
import subprocess
from urllib.parse import quote

from .daemon import PASSWORD
from .programs import TESTS, clean_environment

PROBE = os.path.join(TESTS, "drivers", "probe.js")


def start_probe(driver, daemon, sql, action="query"):
    """Starts drivers/probe.js, which says what it does."""
    url = f"postgres://lambda:{quote(PASSWORD)}@127.0.0.1:{daemon.port}/app"
    return subprocess.Popen(["node", PROBE, driver, url, action, sql], env=clean_environment(), text=True,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def outcome(process):
    """What it printed: {"rows": [...]} or {"error": {...}}."""
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, output + errors
    return json.loads(output)


def probe(driver, daemon, sql, action="query"):
    return outcome(start_probe(driver, daemon, sql, action))
