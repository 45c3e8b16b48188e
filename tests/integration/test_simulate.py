"""pgweir simulate: needs neither a daemon nor PostgreSQL."""

import csv
import io
import os

import pytest

from harness.daemon import binary
from harness.programs import SOURCE, run

SCENARIOS = os.path.join(SOURCE, "deploy", "scenarios")
GOOD = "duration: 5s\nflows:\n  web: { lambdas: 20 }\n  batch: { lambdas: 3, from: 1s }\n"


def simulate(tmp_path, text, *options):
    path = tmp_path / "scenario.yaml"
    path.write_text(text)
    return run(binary(), "simulate", path, *options)


def test_a_table_for_people(tmp_path):
    result = simulate(tmp_path, GOOD)
    assert result.returncode == 0 and result.stderr == "", result.stderr
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 100
    for word in ("web", "batch", "done/s", "p99", "breaker", "Jain"):
        assert word in result.stdout


def test_rows_for_spreadsheets(tmp_path):
    result = simulate(tmp_path, GOOD, "--csv")
    assert result.returncode == 0, result.stderr
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["flow"] for row in rows] == ["web", "batch"] * 5
    assert sum(int(row["done"]) for row in rows if row["flow"] == "web") > 100
    assert rows[1]["done"] == "0" and rows[-1]["to_s"] == "5"


def test_the_same_seed_says_the_same(tmp_path):
    first, second, other = (simulate(tmp_path, f"seed: {seed}\n" + GOOD, "--csv").stdout for seed in (3, 3, 4))
    assert first == second and first != other


def test_every_problem_of_a_bad_scenario(tmp_path):
    result = simulate(tmp_path, "duration: 60\nlimits: { pool_sise: 3 }\nflows:\n  web: { lambdas: 0, thinktime: 5ms }\n")
    assert result.returncode == 78 and result.stdout == ""
    for place in (":1:11: duration", ":2:11: limits.pool_sise", ":4:19: flows.web.lambdas", ":4:22: flows.web.thinktime"):
        assert "scenario.yaml" + place in result.stderr, result.stderr
    assert "did you mean think_time?" in result.stderr


def test_a_missing_scenario(tmp_path):
    result = run(binary(), "simulate", tmp_path / "absent.yaml")
    assert result.returncode == 78 and "absent.yaml: cannot be read" in result.stderr
    assert run(binary(), "simulate").returncode >= 100


@pytest.mark.parametrize("name", sorted(os.listdir(SCENARIOS)))
def test_the_scenarios_that_come_along(name):
    result = run(binary(), "simulate", os.path.join(SCENARIOS, name))
    assert result.returncode == 0, result.stderr


def test_help_and_reference():
    assert "deploy/scenarios/" in run(binary(), "simulate", "--help").stdout
    reference = run(binary(), "reference", "scenario").stdout
    for key in ("`lambdas`", "`upstream.outages`", "`freeze.share`"):
        assert key in reference
