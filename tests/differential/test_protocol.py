"""Message by message, pgweir answers what PostgreSQL answers."""

import pytest

import session_talks
import statement_talks
from conversation import Talk
from harness.background import Background
from twins import difference

TALKS = {**statement_talks.TALKS, **session_talks.TALKS}
assert len(TALKS) == len(statement_talks.TALKS) + len(session_talks.TALKS)


def transcript(cluster, twins, port, steps):
    twins.fresh_database()
    with cluster.connect(twins.role.database) as names:
        return "\n".join(Talk(port, twins.role, names).hold(steps)) + "\n"


@pytest.mark.parametrize("name", list(TALKS))
def test_a_conversation_goes_the_same_way(cluster, twins, name):
    steps = TALKS[name]
    expected = transcript(cluster, twins, cluster.port, steps)
    twins.fresh_database()
    daemon = twins.start_pgweir(twins.role)
    with cluster.connect(twins.role.database) as names, Background(daemon):
        found = "\n".join(Talk(daemon.port, twins.role, names).hold(steps)) + "\n"
    diff = difference(expected, found)
    assert not diff, f"{name}\n{diff}"
