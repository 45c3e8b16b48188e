"""Settings of the startup packet: a client reads at login what PostgreSQL itself would say of them."""

import pytest

from harness.daemon import PASSWORD
from harness.raw_client import RawClient, only_error

# What PostgreSQL reports at login whoever asks.
REPORTED = ("application_name", "client_encoding", "DateStyle", "default_transaction_read_only", "IntervalStyle",
            "standard_conforming_strings")


def login(port, user, database, password, settings):
    """(client, None), or (None, the fields of the refusal)."""
    client = RawClient(port)
    answer = client.login(user, database, password, **settings)
    if answer is None:
        return client, None
    assert client.read_to_end() == []
    client.close()
    return None, {name: value for name, value in answer.fields().items() if name in "SVCMDH"}


def directly(role, settings):
    return login(role.port, role.name, role.database, role.password, settings)


def through(daemon, settings):
    return login(daemon.port, "lambda", "app", PASSWORD, settings)


def options(text):
    return {"options": text}


REFUSED = [
    {"work_mem": "abc"}, {"work_mem": "1"}, {"work_mem": "5mb"}, {"work_mem": "9999GB"}, {"work_mem": ""},
    {"statement_timeout": "5 sec"}, {"statement_timeout": "-1"}, {"extra_float_digits": "4"}, {"extra_float_digits": "3s"},
    {"vacuum_cost_delay": "1h"}, {"seq_page_cost": "-1"}, {"temp_buffers": "1"},
    {"jit": "maybe"}, {"intervalstyle": "foo"}, {"bytea_output": "on"}, {"default_transaction_isolation": "read"},
    {"nope": "1"}, {"a.b c": "1"}, {"server_version": "1"}, {"is_superuser": "on"}, {"shared_buffers": "1GB"}, {"fsync": "off"},
    {"log_statement": "all"}, {"log_connections": "off"}, {"client_encoding": "klingon"},
    options("-c work_mem=abc"), options("--nope=1"), options("-c jit"), options("-x"), options("jit=off"),
    {"jit": "on", "nope": "1", "work_mem": "abc"},
]

ACCEPTED = [
    {"standard_conforming_strings": "OFF"}, {"default_transaction_read_only": "y"}, {"IntervalStyle": "ISO_8601"},
    {"DateStyle": "iso"}, {"datestyle": "german"}, {"DateStyle": "European, SQL"}, options("-c datestyle=postgres,ymd"),
    {"client_encoding": "'utf-8'"}, {"client_encoding": "latin1"}, {"application_name": "it's me"},
    {"application_name": "h\u00e4"}, options("-c intervalstyle=SQL_standard --standard-conforming-strings=0"),
    {"constraint_exclusion": "true", "client_min_messages": "debug", "work_mem": " 5 MB "}, {"app.tenant": "7"},
]


def name_of(settings):
    return " ".join(f"{name}={value}" for name, value in settings.items())


@pytest.fixture
def daemon(pool):
    """One that has logged in to PostgreSQL, and so knows its settings."""
    daemon = pool(1)
    client, error = through(daemon, {})
    assert error is None
    client.terminate()
    return daemon


@pytest.mark.parametrize("settings", REFUSED, ids=name_of)
def test_what_postgresql_refuses_is_refused_in_its_words(daemon, role, settings):
    _, expected = directly(role, settings)
    assert expected is not None
    _, error = through(daemon, settings)
    assert error == expected


@pytest.mark.parametrize("settings", ACCEPTED, ids=name_of)
def test_values_are_reported_as_postgresql_spells_them(daemon, role, settings):
    # Of a client without a name the server knows only that pgweir asks.
    settings = {"application_name": "unnamed", **settings}
    direct, error = directly(role, settings)
    assert error is None
    client, error = through(daemon, settings)
    assert error is None
    assert {name: client.parameters[name] for name in REPORTED} == {name: direct.parameters[name] for name in REPORTED}
    for name in REPORTED:
        assert client.value(f"SHOW {name}") == direct.value(f"SHOW {name}")


def test_the_values_hold_for_the_session(daemon, role):
    settings = {"work_mem": "0x1000", "statement_timeout": "1.5min", "jit": "of", "vacuum_cost_delay": "1500us",
                "search_path": "\"A b\", public", "app.tenant": "it's \\ 7", "TimeZone": "europe/berlin"}
    direct, _ = directly(role, settings)
    client, _ = through(daemon, settings)
    for name in settings:
        assert client.value(f"SHOW {name}") == direct.value(f"SHOW {name}"), name


def test_the_first_client_of_all_is_checked_too(pool):
    _, error = through(pool(1), {"work_mem": "abc"})
    assert error["C"] == "22023"


def test_what_only_the_server_can_judge_is_an_error_of_the_first_statement(daemon):
    client, error = through(daemon, {"search_path": "a, \"b"})
    assert error is None
    assert only_error(client.query("SELECT 1"))["C"] == "22023"


def test_a_parameter_of_connection_start_cannot_be_had_on_a_pooled_server(daemon):
    _, error = through(daemon, {"ignore_system_indexes": "on"})
    assert error["C"] == "55P02" and error["M"] == 'parameter "ignore_system_indexes" cannot be set after connection start'


def test_a_superuser_may_set_what_others_may_not(pool, cluster):
    role = cluster.make_role()
    cluster.execute(f"ALTER ROLE {role.name} SUPERUSER")
    daemon = pool(1, {"databases": {"app": {"dsn": role.uri()}}})
    client, error = through(daemon, {"log_min_messages": "debug"})
    assert error is None
    assert client.value("SHOW log_min_messages") == "debug2"
    _, error = through(daemon, {"log_min_messages": "loud"})
    _, expected = directly(role, {"log_min_messages": "loud"})
    assert error == expected


def test_a_right_to_set_a_parameter_is_known(pool, cluster, role):
    cluster.execute(f"GRANT SET ON PARAMETER log_min_messages TO {role.name}")
    client, error = through(pool(1), {"log_min_messages": "error"})
    assert error is None
    assert client.value("SHOW log_min_messages") == "error"


def test_a_login_that_can_learn_nothing_is_a_login(pool, cluster, role):
    cluster.execute(f"ALTER ROLE {role.name} SET statement_timeout = '1min'")
    database = cluster.make_database("unreadable")
    cluster.execute("REVOKE ALL ON pg_catalog.pg_settings, pg_catalog.pg_language FROM PUBLIC", database=database)
    role.database = database
    daemon = pool(1, {"databases": {"app": {"dsn": role.uri()}}})
    client, error = through(daemon, {"jit": "off"})
    assert error is None
    assert client.value("SELECT 1") == "1"
    assert client.value("SHOW statement_timeout") == "1min"
    assert "event=learning_failed" in daemon.log()
