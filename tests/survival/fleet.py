"""One survivor of each kind, all at once behind one pgweir, and the weather they meet."""

import contextlib

from harness.address import Address
from harness.wait import wait_until
from survivor import Survivor

# Seconds between two units of a worker: the whole fleet takes about a fifth of five servers.
PAUSE = 0.4
# What PostgreSQL grants; a few of the tests have a pool for everybody.
CONNECTIONS = 60
SCHEMA = (
    "CREATE TABLE work (id text PRIMARY KEY)",
    # How slow a unit is: in its first statement, between its statements, and in its COMMIT.
    "CREATE TABLE pace (server_seconds float8, client_seconds float8, commit_seconds float8)",
    "INSERT INTO pace VALUES (0, 0, 0)",
    "CREATE FUNCTION commit_slowly() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN PERFORM pg_sleep(commit_seconds) FROM pace; RETURN NULL; END $$",
    "CREATE CONSTRAINT TRIGGER commit_slowly AFTER INSERT ON work DEFERRABLE INITIALLY DEFERRED"
    " FOR EACH ROW EXECUTE FUNCTION commit_slowly()",
    "GRANT ALL ON work, pace TO PUBLIC",
)
_CALM = "calm"
_DEADLINE = 60.0


class Fleet:
    """`cluster` has SCHEMA in the role's database. Use as a context: its end kills whoever has not ended."""

    def __init__(self, kinds, cluster, role, gate, daemon, directory):
        self.cluster, self.role, self.gate, self.daemon = cluster, role, gate, daemon
        self._kinds = kinds
        self._directory = directory
        self._weather = _CALM
        self._survivors = []

    def __enter__(self):
        address = Address.of_daemon(self.daemon)
        self._survivors = [
            Survivor(kind, address.environment("SURVIVAL", NAME=kind.name, WORKERS=kind.workers, PAUSE=PAUSE), self._directory)
            for kind in self._kinds]
        return self

    def __exit__(self, *problem):
        for survivor in self._survivors:
            survivor.kill()

    def __iter__(self):
        return iter(self._survivors)

    @contextlib.contextmanager
    def weather(self, name, changes=None, **pace):
        """The block is in this weather: changes of pgweir's configuration, and a pace. When it is over, all must go on."""
        calm = self.daemon.config
        self._enter(name)
        self.daemon.reload(changes or {})
        self._set_pace(**pace)
        try:
            yield
        finally:
            if not self.cluster.is_running():
                self.cluster.start_again()
            self._set_pace()
            self.daemon.reload(calm)
            self._enter(_CALM)
        self.all_go_on()

    def all_go_on(self):
        """Every worker of every survivor has ended two units well, one of which it has begun after the call."""
        before = {survivor.kind.name: dict(survivor.done) for survivor in self}

        def goes_on(survivor):
            return all(survivor.done[number] >= before[survivor.kind.name].get(number, 0) + 2
                       for number in map(str, range(survivor.kind.workers)))
        self._wait(goes_on, "goes on")

    def all_read(self, sqlstate, meanwhile=lambda: None, every=0.1, among=lambda kind: True):
        """Every survivor has read it in this weather; meanwhile() is done again and again until then."""
        def has_read(survivor):
            return survivor.has_read(sqlstate, self._weather) or not among(survivor.kind)
        self._wait(has_read, f"has read {sqlstate}", meanwhile, every)

    def _wait(self, condition, what, meanwhile=lambda: None, every=0.1):
        missing = []

        def holds():
            meanwhile()
            dead = [f"{survivor.kind.name} ended with {survivor.process.returncode}:\n{survivor.errors()[-4000:]}"
                    for survivor in self if not survivor.is_alive()]
            assert not dead, "\n".join(dead)
            missing[:] = [survivor for survivor in self if not condition(survivor)]
            return not missing
        try:
            wait_until(holds, f"every survivor {what}", deadline=_DEADLINE, every=every)
        except AssertionError as problem:
            lasts = [f"{survivor.kind.name}: {dict(survivor.done)}, last failures {survivor.failures[-2:]}, "
                     f"stderr {survivor.errors()[-1000:]!r}" for survivor in missing]
            raise AssertionError("\n".join([str(problem), *lasts])) from None

    def _enter(self, weather):
        self._weather = weather
        for survivor in self:
            survivor.weather = weather

    def _set_pace(self, server_seconds=0.0, client_seconds=0.0, commit_seconds=0.0):
        self.cluster.execute(f"UPDATE pace SET server_seconds = {server_seconds}, client_seconds = {client_seconds},"
                             f" commit_seconds = {commit_seconds}", database=self.role.database)
