"""pgweir check --diff: what a reload would change, and that a reload says the same."""

import re

import pytest

from harness.daemon import binary
from harness.programs import clean_environment, run
from harness.wait import wait_until
from harness.yaml_text import merged, to_yaml

OLD = {"databases": {"app": {"dsn": "host=127.0.0.1 user=app password=old-word"}}, "users": {"lambda": {"password": "old-secret"}}}


def diff(tmp_path, old, new, **environment):
    (tmp_path / "old.yaml").write_text(to_yaml(old))
    (tmp_path / "new.yaml").write_text(to_yaml(new))
    return run(binary(), "check", "--diff", "-c", "new.yaml", "--against", "old.yaml", cwd=tmp_path, env=clean_environment(**environment))


def test_nothing_changes(tmp_path):
    result = diff(tmp_path, OLD, merged(OLD, {"limits": {"pool_size": 20}}))
    assert result.returncode == 0 and result.stdout == "no changes\n", result


def test_each_change_says_what_it_takes(tmp_path):
    result = diff(tmp_path, OLD, merged(OLD, {"limits": {"max_client_conn": 7, "pool_size": 3}, "users": {"new": {"password": "x"}},
                                             "databases": {"app": {"pool_mode": "session"}}}))
    assert result.returncode == 1, result
    assert result.stdout.splitlines() == ["limits.max_client_conn: 10000 -> 7 (live)",
                                          "databases.app.pool_mode: transaction -> session (new logins)",
                                          "databases.app.limits.pool_size: 20 -> 3 (live)",
                                          "users.new: absent -> present (new logins)"]


def test_secrets_are_compared_and_masked(tmp_path):
    result = diff(tmp_path, OLD, merged(OLD, {"databases": {"app": {"dsn": "host=127.0.0.1 user=app password=new-word"}},
                                             "users": {"lambda": {"password": "new-secret"}}}))
    assert result.returncode == 1
    assert result.stdout.splitlines() == ["databases.app.dsn: [secret] -> [secret] (new servers)", "users.lambda.password: [secret] -> [secret] (new logins)"]
    assert not re.search("word=|old-|new-", result.stdout + result.stderr)


def test_what_needs_a_restart_has_its_own_code(tmp_path):
    result = diff(tmp_path, OLD, merged(OLD, {"listen": {"port": 7777}, "limits": {"pool_size": 3}}))
    assert result.returncode == 2
    assert "listen.port: 6432 -> 7777 (needs a restart)" in result.stdout.splitlines()


@pytest.mark.parametrize("which", ["old", "new"])
def test_a_bad_file_on_either_side(which, tmp_path):
    bad = merged(OLD, {"limits": {"pool_sise": 3}})
    result = diff(tmp_path, bad if which == "old" else OLD, bad if which == "new" else OLD)
    assert result.returncode == 78 and f"{which}.yaml" in result.stderr and "pool_sise" in result.stderr and not result.stdout


def test_the_file_that_runs_is_what_it_is_compared_with(tmp_path):
    (tmp_path / "pgweir.yaml").write_text(to_yaml(OLD))
    (tmp_path / "new.yaml").write_text(to_yaml(merged(OLD, {"limits": {"pool_size": 3}})))
    result = run(binary(), "check", "--diff", "-c", "new.yaml", cwd=tmp_path)
    assert result.returncode == 1 and result.stdout == "databases.app.limits.pool_size: 20 -> 3 (live)\n", result
    (tmp_path / "other.yaml").write_text(to_yaml(merged(OLD, {"limits": {"pool_size": 5}})))
    result = run(binary(), "check", "--diff", "-c", "new.yaml", cwd=tmp_path, env=clean_environment(PGWEIR_CONFIG="other.yaml"))
    assert result.returncode == 1 and result.stdout == "databases.app.limits.pool_size: 5 -> 3 (live)\n", result


def test_against_alone_is_refused(tmp_path):
    result = run(binary(), "check", "--against", tmp_path / "x.yaml")
    assert result.returncode >= 100 and "--diff" in result.stdout + result.stderr


def test_a_reload_logs_the_same_lines(pool, tmp_path):
    daemon = pool(2)
    before = tmp_path / "before.yaml"
    before.write_text(open(daemon.path).read())
    daemon.reload({"limits": {"pool_size": 3, "max_client_conn": 50}, "users": {"lambda": {"password": "changed"}, "new": {"password": "x"}}})
    wait_until(lambda: "event=reloaded" in daemon.log(), "the reload")
    logged = re.findall(r"event=config_changed (.*)", daemon.log())
    result = run(binary(), "check", "--diff", "-c", daemon.path, "--against", before)
    assert result.returncode == 1 and result.stdout.splitlines() == logged, (result.stdout, logged)
