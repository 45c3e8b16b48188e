"""watch: true: the content of the files decides, however it came there, and a reload is what a reload always is."""

import os
import shutil
import time

import psycopg
import pytest

from harness.certificates import der, make_certificates, shown
from harness.daemon import NO_BREAKER, Pgweir
from harness.wait import stays, wait_until
from harness.yaml_text import merged, to_yaml

# In which the daemon looks three times.
SOME_LOOKS = 3.5


class Mounted(Pgweir):
    """Its file lies in a volume as Kubernetes mounts a ConfigMap: a link through `..data`, a link that is renamed over."""

    def write(self, config):
        mount = os.path.join(self.directory, "mount")
        version = os.path.join(mount, f"..2026_{time.monotonic_ns()}")
        os.makedirs(version)
        with open(os.path.join(version, "pgweir.yaml"), "w") as file:
            file.write(to_yaml(config))
        os.symlink(os.path.basename(version), os.path.join(mount, "..data_tmp"))
        former = os.path.realpath(os.path.join(mount, "..data"))
        os.replace(os.path.join(mount, "..data_tmp"), os.path.join(mount, "..data"))
        self.path = os.path.join(mount, "pgweir.yaml")
        if os.path.lexists(self.path):
            shutil.rmtree(former)
        else:
            os.symlink("..data/pgweir.yaml", self.path)


@pytest.fixture
def watched(pool):
    return pool(1, {"watch": True})


def with_size(daemon, pool_size):
    return to_yaml(merged(daemon.config, {"limits": {"pool_size": pool_size}}))


def generation(daemon):
    return daemon.metrics().value("pgweir_config_generation")


def failures(daemon):
    return daemon.metrics().value("pgweir_config_reloads_total", result="failed")


def wait_for_size(daemon, pool_size):
    wait_until(lambda: daemon.health()[1]["pool_size"] == pool_size, f"pool_size {pool_size}")


def write_in_place(path, text):
    with open(path, "w") as file:
        file.write(text)


def rename_over(path, text):
    write_in_place(path + ".new", text)
    os.replace(path + ".new", path)


def delete_and_make(path, text):
    os.unlink(path)
    write_in_place(path, text)


def replace_the_folder(path, text):
    folder = os.path.dirname(path)
    shutil.copytree(folder, folder + ".new", copy_function=os.link)   # the log stays the log
    rename_over(os.path.join(folder + ".new", os.path.basename(path)), text)
    os.rename(folder, folder + ".old")
    os.rename(folder + ".new", folder)
    shutil.rmtree(folder + ".old")


@pytest.mark.parametrize("change", [write_in_place, rename_over, delete_and_make, replace_the_folder])
def test_a_new_content_comes_into_force(watched, change):
    with psycopg.connect(watched.dsn(), autocommit=True) as client:
        for pool_size in (2, 3):
            change(watched.path, with_size(watched, pool_size))
            wait_for_size(watched, pool_size)
            assert generation(watched) == pool_size
            assert client.execute("SELECT 1").fetchone() == (1,)
    assert failures(watched) == 0
    assert "event=file_changed path=" in watched.log()


def test_a_config_map_is_swapped(role):
    daemon = Mounted({**NO_BREAKER, "watch": True, "limits": {"pool_size": 1}, "databases": {"app": {"dsn": role.uri()}}})
    try:
        daemon.start()
        for pool_size in (2, 3):
            daemon.write(merged(daemon.config, {"limits": {"pool_size": pool_size}}))
            wait_for_size(daemon, pool_size)
            assert generation(daemon) == pool_size
        assert failures(daemon) == 0
    finally:
        daemon.finish()


def test_the_same_content_is_not_read_again(watched):
    text = with_size(watched, 1)
    for change in (lambda: os.utime(watched.path), lambda: os.chmod(watched.path, 0o640),
                   lambda: write_in_place(watched.path, text), lambda: rename_over(watched.path, text)):
        change()
        stays(lambda: generation(watched) == 1, "not reloaded", SOME_LOOKS / 2)
    # It did look.
    write_in_place(watched.path, with_size(watched, 2))
    wait_for_size(watched, 2)


def test_a_bad_content_is_refused_once(watched):
    write_in_place(watched.path, "nonsense: true\n" + with_size(watched, 2))
    wait_until(lambda: failures(watched) == 1, "the failure is counted")
    stays(lambda: failures(watched) == 1, "not tried again", SOME_LOOKS)
    assert watched.log().count("event=reload_failed") == 1 and "pgweir.yaml:1:1: nonsense" in watched.log()
    assert watched.health()[1]["pool_size"] == 1
    assert watched.metrics().value("pgweir_config_last_reload_successful") == 0

    write_in_place(watched.path, with_size(watched, 0))
    wait_until(lambda: failures(watched) == 2, "another bad one is another failure")
    # The content in force comes back: nothing changes, but the failure is over.
    write_in_place(watched.path, with_size(watched, 1))
    wait_until(lambda: watched.metrics().value("pgweir_config_last_reload_successful") == 1, "the failure is over")
    assert generation(watched) == 2


def test_a_file_that_is_gone_is_a_failure_until_it_is_back(watched):
    os.unlink(watched.path)
    wait_until(lambda: failures(watched) == 1, "the failure is counted")
    assert "No such file" in watched.log()
    with psycopg.connect(watched.dsn(), autocommit=True) as client:
        assert client.execute("SELECT 1").fetchone() == (1,)
    write_in_place(watched.path, with_size(watched, 2))
    wait_for_size(watched, 2)
    assert failures(watched) == 1


def test_a_pipe_in_its_place_holds_nothing_up(watched):
    os.unlink(watched.path)
    os.mkfifo(watched.path)
    wait_until(lambda: failures(watched) == 1, "it is refused")
    delete_and_make(watched.path, with_size(watched, 2))
    wait_for_size(watched, 2)


def write_in_pieces(path, text):
    """Returns the longest time that the file stayed as it was, in seconds."""
    longest = 0.0
    with open(path, "w") as file:
        begin = written = time.monotonic()
        while time.monotonic() - begin < SOME_LOOKS:
            file.write("# a line\n")
            file.flush()
            longest = max(longest, time.monotonic() - written)
            written = time.monotonic()
            time.sleep(0.05)   # a slow writer
        file.write(text)
    return max(longest, time.monotonic() - written)


def test_a_file_is_not_read_while_it_is_written(watched):
    # Without its end the file has no databases. A writer that was held up proves nothing.
    for attempt in range(5):
        before = failures(watched)
        longest = write_in_pieces(watched.path, with_size(watched, 2 + attempt))
        wait_for_size(watched, 2 + attempt)
        if longest < 0.9:
            assert failures(watched) == before
            return
    pytest.skip("the writer was held up each time")


def test_it_is_switched_on_and_off_by_reloads(pool):
    daemon = pool(1)
    write_in_place(daemon.path, with_size(daemon, 2))
    stays(lambda: generation(daemon) == 1, "nobody watches", SOME_LOOKS)
    daemon.reload({"watch": True})
    wait_until(lambda: generation(daemon) == 2, "reloaded")
    write_in_place(daemon.path, with_size(daemon, 3))
    wait_for_size(daemon, 3)
    daemon.config = merged(daemon.config, {"watch": False})
    write_in_place(daemon.path, with_size(daemon, 4))
    wait_for_size(daemon, 4)
    write_in_place(daemon.path, with_size(daemon, 5))
    stays(lambda: generation(daemon) == 4, "nobody watches any more", SOME_LOOKS)
    daemon.reload({"limits": {"pool_size": 6}})
    wait_for_size(daemon, 6)


def test_what_a_signal_has_read_is_not_read_again(watched):
    watched.reload({"limits": {"pool_size": 2}})
    wait_for_size(watched, 2)
    stays(lambda: generation(watched) == 2, "read once", SOME_LOOKS)


def may_log_in(daemon, password):
    try:
        psycopg.connect(daemon.dsn(password=password)).close()
        return True
    except psycopg.OperationalError:
        return False


def test_a_secret_in_a_file_of_its_own_is_watched(pool, tmp_path):
    secret = tmp_path / "password"
    secret.write_text("first\n")
    daemon = pool(1, {"watch": True, "users": {"lambda": {"password": f"file:{secret}"}}})
    assert may_log_in(daemon, "first")
    rename_over(str(secret), "second\n")
    wait_until(lambda: may_log_in(daemon, "second"), "the new password is taken")
    assert not may_log_in(daemon, "first")
    secret.unlink()
    wait_until(lambda: failures(daemon) == 1, "a secret that is gone is a failure")
    assert may_log_in(daemon, "second")
    secret.write_text("third\n")
    wait_until(lambda: may_log_in(daemon, "third"), "and is watched for nevertheless")


def test_certificates_are_watched_and_a_bad_pair_keeps_the_old_one(pool, tmp_path):
    made = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        made.append(make_certificates(tmp_path / name))
    certificate, key = str(tmp_path / "certificate"), str(tmp_path / "private_key")
    shutil.copy(made[0].certificate, certificate)
    shutil.copy(made[0].private_key, key)
    daemon = pool(1, {"watch": True, "listen": {"tls": {"certificate": certificate, "private_key": key}}})
    assert shown(daemon) == der(made[0].certificate)
    shutil.copy(made[1].certificate, certificate)
    wait_until(lambda: failures(daemon) == 1, "a pair that does not fit is refused")
    assert shown(daemon) == der(made[0].certificate)
    shutil.copy(made[1].private_key, key)
    wait_until(lambda: shown(daemon) == der(made[1].certificate), "the new pair is shown")
    assert daemon.metrics().value("pgweir_config_last_reload_successful") == 1
    assert failures(daemon) == 1
