"""The kinds of programs that must survive: how each is built, and what is run."""

import os
from dataclasses import dataclass

from harness import toolchains
from harness.programs import TESTS

HERE = os.path.dirname(os.path.abspath(__file__))


@dataclass(frozen=True)
class Kind:
    name: str
    command: tuple
    workers: int = 2        # that work at the same time
    logs_in: bool = True   # again and again


def _python(name, file, *arguments):
    return Kind(name, toolchains.python(os.path.join(HERE, "python", f"survivor_{file}.py"), *arguments))


def _node(name):
    return Kind(name, ("node", os.path.join(TESTS, "drivers", "survival", f"survivor_{name}.js")))


def _php(name, connection):
    return Kind(name, ("php", os.path.join(HERE, "php", "survivor.php"), connection), workers=1, logs_in=connection == "per-request")


def build_all(directory):
    toolchains.prisma()
    return [
        _python("psycopg 3", "psycopg"),
        _python("psycopg 2", "psycopg2"),
        _python("asyncpg", "asyncpg"),
        _python("SQLAlchemy QueuePool", "sqlalchemy", "QueuePool"),
        _python("SQLAlchemy NullPool", "sqlalchemy", "NullPool"),
        _python("SQLAlchemy asyncpg", "sqlalchemy_asyncpg"),
        *map(_node, ("pg", "postgres", "knex", "typeorm", "drizzle", "prisma")),
        Kind("JDBC", toolchains.java(directory, "Survivor", os.path.join(HERE, "java", "Survivor.java"))),
        Kind("pgx", toolchains.go(directory, os.path.join(HERE, "go", "survivor.go"))),
        _php("PDO", "per-request"),
        _php("PDO persistent", "persistent"),
        Kind("Ruby", ("ruby", "-W", os.path.join(HERE, "ruby", "survivor.rb"))),
        Kind("libpq", toolchains.libpq(directory, os.path.join(HERE, "libpq", "survivor.cpp"))),
        Kind("psql", ("bash", os.path.join(HERE, "psql", "survivor.sh"))),
    ]
