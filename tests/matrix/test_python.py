"""Python's drivers and SQLAlchemy."""

import importlib.metadata
import os

import pytest

from harness import toolchains
from matrix_rows import HERE


def application(name):
    return toolchains.python(os.path.join(HERE, "python", name))


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_driver(row, driver):
    row(driver).run(*application(f"shop_{driver}.py"))


def test_asyncpg(row):
    row("asyncpg").run(*application("shop_asyncpg.py"))


@pytest.mark.parametrize("pool", ["NullPool", "QueuePool"])
@pytest.mark.parametrize("dialect", ["psycopg2", "psycopg"])
def test_sqlalchemy(row, dialect, pool):
    version = importlib.metadata.version("sqlalchemy")
    if dialect == "psycopg" and int(version.split(".")[0]) < 2:
        pytest.skip(f"SQLAlchemy {version} has no dialect for psycopg 3, 2.0 has; psycopg2's is what runs here")
    row(f"SQLAlchemy {version} {pool} {dialect}").run(*application("shop_sqlalchemy.py"), dialect, pool)
