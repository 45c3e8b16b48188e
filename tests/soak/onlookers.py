"""Threads that look on while something else happens, each for one thing that must not; what they saw is in `problems`."""

import threading

import psycopg

from harness.console import STATS, Console


class _Repeated:
    """Use as a context: calls `_look` again and again until its end, or until it fails."""

    _pause = 0.02

    def __init__(self):
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.done = 0
        self.problems = []

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *problem):
        self._stop.set()
        self._thread.join(timeout=60)
        if self._thread.is_alive():
            self.problems.append(f"{type(self).__name__} hangs")

    def _run(self):
        try:
            while not self._stop.wait(self._pause):
                self._look()
                self.done += 1
        except Exception as problem:   # handed to whoever checks
            self.problems.append(f"{type(self).__name__}: {type(problem).__name__}: {problem}")


class Census(_Repeated):
    """PostgreSQL never has more connections of the role than `limit`."""

    def __init__(self, cluster, role, limit):
        super().__init__()
        self._cluster, self._role = cluster, role
        self._connection = cluster.connect()
        self._mine = cluster.connect()
        self.limit = limit
        self.most = 0

    def __exit__(self, *problem):
        super().__exit__(*problem)
        self._connection.close()
        self._mine.close()

    def _count(self, connection):
        return connection.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = %s", (self._role.name,)).fetchone()[0]

    def count(self):
        """For the thread that made it."""
        return self._count(self._mine)

    def _look(self):
        limit = self.limit   # before, for it may be lowered meanwhile
        count = self._count(self._connection)
        self.most = max(self.most, count)
        assert count <= max(limit, self.limit), f"{count} servers where {limit} are allowed"


class Onlooker(_Repeated):
    """Every scrape and every SHOW CONFIG shows one of the plan's configurations, never pieces of two."""

    def __init__(self, daemon, plan):
        super().__init__()
        self._daemon, self._plan = daemon, plan
        self._console = Console(daemon, STATS)

    def __exit__(self, *problem):
        super().__exit__(*problem)
        self._console.close()

    def _look(self):
        for numbers, is_whole in (self._plan.numbers_in_metrics(self._daemon.metrics()),
                                  self._plan.numbers_in_console(self._console("SHOW CONFIG"))):
            assert len(numbers) == 1 and is_whole, f"a mixture: {numbers}"


class Newcomers(_Repeated):
    """Clients that come, ask and go are served."""

    def __init__(self, daemon):
        super().__init__()
        self._daemon = daemon

    def _look(self):
        with psycopg.connect(self._daemon.dsn(), autocommit=True) as client:
            assert client.execute("SELECT 1").fetchone() == (1,)
