"""A real Prometheus scrapes the daemon, and answers with both sets of names."""

import json
import subprocess
import urllib.parse

import psycopg
import pytest

from harness.daemon import http_get
from harness.ports import free_port
from harness.programs import clean_environment
from harness.wait import wait_until
from test_boards import alert_rules, dashboard_expressions

# What dashboards made for PgBouncer's exporter ask for.
PGBOUNCER_EXPRESSIONS = [
    "pgbouncer_up",
    'sum by (database) (pgbouncer_pools_client_active_connections{database="app"})',
    'sum by (database) (pgbouncer_pools_client_waiting_connections{database="app"})',
    "sum by (user) (pgbouncer_pools_server_active_connections) + sum by (user) (pgbouncer_pools_server_idle_connections)",
    "max(pgbouncer_pools_client_maxwait_seconds)",
    "rate(pgbouncer_stats_queries_pooled_total[10s])",
    "increase(pgbouncer_stats_queries_duration_seconds_total[1m]) / increase(pgbouncer_stats_queries_pooled_total[1m])",
    "rate(pgbouncer_stats_sent_bytes_total[10s]) + rate(pgbouncer_stats_received_bytes_total[10s])",
    'pgbouncer_databases_current_connections / pgbouncer_databases_max_connections{name="app"}',
    "pgbouncer_used_clients / pgbouncer_config_max_client_connections",
    "pgbouncer_version_info",
]


class Prometheus:
    """One Prometheus on a port of its own, which scrapes several times a second and forgets everything."""

    def __init__(self, directory, targets):
        self.port = free_port()
        self._log = directory / "prometheus.log"
        (directory / "prometheus.yml").write_text(json.dumps({
            "global": {"scrape_interval": "250ms", "scrape_timeout": "250ms"},
            "scrape_configs": [{"job_name": "pgweir", "static_configs": [{"targets": targets}]}]}))
        with open(self._log, "w") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "prometheus", f"--config.file={directory}/prometheus.yml",
                 f"--storage.tsdb.path={directory}/data", f"--web.listen-address=127.0.0.1:{self.port}"],
                env=clean_environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(self._is_ready, "Prometheus is ready", deadline=60)

    def _is_ready(self):
        assert self.process.poll() is None, self._log.read_text()
        try:
            return http_get(self.port, "/-/ready").status == 200
        except OSError:
            return False

    def query(self, expression):
        """The series of an instant query."""
        answer = http_get(self.port, "/api/v1/query?" + urllib.parse.urlencode({"query": expression}))
        body = answer.json()
        assert body["status"] == "success", f"{expression}: {body}"
        return body["data"]["result"]

    def close(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def prometheus(tmp_path):
    started = []

    def start(*targets):
        started.append(Prometheus(tmp_path, list(targets)))
        return started[-1]

    yield start
    for one in started:
        one.close()


def test_both_sets_arrive_and_the_dashboard_has_data(pool, prometheus):
    daemon = pool(3)
    server = prometheus(f"127.0.0.1:{daemon.http_port}")
    with psycopg.connect(daemon.dsn(), autocommit=True) as busy, psycopg.connect(daemon.dsn(), autocommit=True) as client:
        busy.execute("BEGIN")
        busy.execute("SELECT 1")

        def has_all():
            client.execute("SELECT 1")
            expressions = dashboard_expressions()[:-2] + PGBOUNCER_EXPRESSIONS   # the last two mark reloads and restarts
            # Quantiles of what has not happened yet, and the end of a certificate that is not there, are no data.
            return not [one for one in expressions if not server.query(one) and "certificate" not in one]

        wait_until(has_all, "every expression has data", deadline=60, every=0.2)
        in_use = server.query('pgweir_servers{state="leased"}')
        assert [series["value"][1] for series in in_use] == ["1"]
        theirs = server.query("pgbouncer_pools_server_active_connections")
        assert [series["value"][1] for series in theirs] == ["1"]
        assert theirs[0]["metric"]["database"] == "app"
        assert theirs[0]["metric"]["user"] == server.query("pgbouncer_databases_pool_size")[0]["metric"]["force_user"]


def test_a_healthy_daemon_raises_no_alert(pool, prometheus):
    daemon = pool(3)
    server = prometheus(f"127.0.0.1:{daemon.http_port}")
    with psycopg.connect(daemon.dsn(), autocommit=True) as client:
        client.execute("SELECT 1")
        wait_until(lambda: server.query("sum(pgweir_transactions_total) > 0"), "it is scraped", deadline=60)
        firing = [rule["name"] for rule in alert_rules() if server.query(rule["expr"])]
    assert not firing


def test_what_clients_send_makes_no_series(pool, prometheus):
    daemon = pool(2)
    before = len(daemon.metrics().samples)
    for number in range(20):
        for options in ({"application_name": f"lambda {number}"}, {"user": f"nobody {number}"}, {"dbname": f"nowhere {number}"}):
            try:
                with psycopg.connect(daemon.dsn(**options), autocommit=True) as client:
                    client.execute(f"SELECT {number} AS a_{number}")
            except psycopg.OperationalError:
                assert "application_name" not in options
    assert len(daemon.metrics().samples) == before
    server = prometheus(f"127.0.0.1:{daemon.http_port}")
    wait_until(lambda: server.query('up{job="pgweir"} == 1'), "it is scraped", deadline=60)
    assert int(server.query('scrape_samples_scraped{job="pgweir"}')[0]["value"][1]) == before
