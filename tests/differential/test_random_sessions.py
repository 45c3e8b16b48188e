"""Random sessions are answered the same through pgweir as directly, while many of them share three servers."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pytest

from conversation import Talk, spoken
from harness.background import Background
from harness.stream import Closed
from random_session import SCHEMA, RandomSession

STEPS = 45
SHRINKING_TIME = 120.0   # seconds; a difference may be that no answer comes, which takes its time to see
DIRECT_DATABASE = "app_direct"   # session locks are per database: the two must not meet


@dataclass(frozen=True)
class Ways:
    """The two ways to hold a session."""
    cluster: object
    role: object
    daemon: object

    def talks(self):
        direct = replace(self.role, database=DIRECT_DATABASE)
        return (Talk(self.cluster.port, direct, self.cluster.connect(DIRECT_DATABASE)),
                Talk(self.daemon.port, self.role, self.cluster.connect(self.role.database)))


@pytest.fixture
def ways(cluster, twins):
    """Both databases, with what the sessions look at in them, and a daemon in front of one."""
    twins.fresh_database()
    cluster.execute(f"DROP DATABASE IF EXISTS {DIRECT_DATABASE} WITH (FORCE)",
                    f"CREATE DATABASE {DIRECT_DATABASE} OWNER {twins.role.name}")
    for database in (twins.role.database, DIRECT_DATABASE):
        cluster.execute(*SCHEMA, f"GRANT ALL ON ALL TABLES IN SCHEMA one, two TO {twins.role.name}",
                        f"GRANT USAGE ON SCHEMA one, two TO {twins.role.name}", database=database)
    return Ways(cluster, twins.role, twins.start_pgweir(twins.role))


def answers(talk, part):
    try:
        lines = [talk.line(answer) for answer in talk.exchange(part)]
        # A server that has to parse the statement first says what is wrong with it before it tells of its parameters.
        return [line for line, behind in zip(lines, [*lines[1:], ""]) if not (line.startswith("t ") and behind.startswith("E "))]
    except (OSError, Closed) as problem:
        return [f"!! {type(problem).__name__}: {problem}"]


def first_difference(ways, steps, sequence):
    """Holds one session on both ways at once. Returns the first answers that differ as text, or None."""
    talks = ways.talks()
    try:
        for talk in talks:
            talk.names.execute(f"CREATE SEQUENCE IF NOT EXISTS public.{sequence};"
                               f" GRANT ALL ON SEQUENCE public.{sequence} TO PUBLIC")
        for part in steps:
            expected, found = [answers(talk, part) for talk in talks]
            if expected != found:
                return "\n".join([f"after {spoken(part.data)}", "directly:", *expected, "through pgweir:", *found])
        return None
    finally:
        for talk in talks:
            talk.close()
            talk.names.close()


def shrunk(ways, steps, sequence):
    """The steps without those that the difference does not need, as far as the time for it goes."""
    end, size = time.monotonic() + SHRINKING_TIME, max(1, len(steps) // 2)
    while size and time.monotonic() < end:
        at = 0
        while at < len(steps) and time.monotonic() < end:
            candidate = steps[:at] + steps[at + size:]
            if first_difference(ways, candidate, sequence):
                steps = candidate
            else:
                at += size
        size //= 2
    return steps


def test_random_sessions_are_answered_the_same(ways, size):
    def differs(seed):
        return first_difference(ways, RandomSession(seed, f"seq_{seed}").steps(STEPS), f"seq_{seed}")

    seeds = range(1, 1 + size(20, 150, 2000))
    with Background(ways.daemon, clients=2), ThreadPoolExecutor(max_workers=6) as workers:
        differences = dict(zip(seeds, workers.map(differs, seeds)))
        failed = [seed for seed in seeds if differences[seed]]
        if failed:
            sequence = f"seq_{failed[0]}"
            steps = shrunk(ways, RandomSession(failed[0], sequence).steps(STEPS), sequence)
            pytest.fail(f"{len(failed)} of {len(seeds)} sessions differ: seeds {failed[:50]}\nthe first, shrunk:\n"
                        + "\n".join(spoken(part.data) for part in steps)
                        + f"\n{first_difference(ways, steps, sequence) or differences[failed[0]]}", pytrace=False)
