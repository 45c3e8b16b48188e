"""The rows of the driver matrix that are written in JavaScript: the drivers and ORMs of tests/drivers."""

import os

import pytest

from harness import toolchains
from harness.programs import TESTS

APPLICATIONS = os.path.join(TESTS, "drivers", "matrix")


@pytest.mark.parametrize("name", ["pg", "postgres", "knex", "drizzle_pg", "drizzle_postgres", "typeorm"])
def test_javascript(row, name):
    row(name).run("node", os.path.join(APPLICATIONS, f"app_{name}.js"))


def test_prisma(row):
    toolchains.prisma()
    row("prisma").run("node", os.path.join(APPLICATIONS, "app_prisma.js"))
