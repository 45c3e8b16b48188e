"""New certificates come into force with a reload; a pair that does not fit changes nothing."""

import os
import shutil
import ssl
import subprocess
import time

import pytest

from harness.certificates import der, make_certificates, shown
from harness.wait import wait_until


@pytest.fixture
def served(pool, tmp_path):
    """A daemon with a certificate of its own, and a second pair besides."""
    made = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        made.append(make_certificates(tmp_path / name))
    for file in ("certificate", "private_key"):
        shutil.copy(getattr(made[0], file), tmp_path / file)
    daemon = pool(1, {"listen": {"tls": {"certificate": str(tmp_path / "certificate"), "private_key": str(tmp_path / "private_key")}}})
    return daemon, made, tmp_path


def expiry_of(path):
    text = subprocess.run(["openssl", "x509", "-enddate", "-noout", "-in", path], check=True, capture_output=True, text=True).stdout
    return ssl.cert_time_to_seconds(text.strip().removeprefix("notAfter="))


def expiry(daemon):
    return daemon.metrics().value("pgweir_certificate_expiry_timestamp_seconds")


def test_a_new_pair_is_shown_after_a_reload(served):
    daemon, made, folder = served
    assert shown(daemon) == der(made[0].certificate)
    assert expiry(daemon) == expiry_of(made[0].certificate) > time.time()
    for file in ("certificate", "private_key"):
        shutil.copy(getattr(made[1], file), folder / file)
    assert shown(daemon) == der(made[0].certificate)
    daemon.reload({})
    wait_until(lambda: shown(daemon) == der(made[1].certificate), "the new certificate is shown")
    assert expiry(daemon) == expiry_of(made[1].certificate)


@pytest.mark.parametrize("harm", ["another key", "no file", "rubbish"])
def test_a_bad_pair_keeps_the_old_one(served, harm):
    daemon, made, folder = served
    if harm == "another key":
        shutil.copy(made[1].private_key, folder / "private_key")
    elif harm == "no file":
        os.remove(folder / "certificate")
    else:
        (folder / "certificate").write_text("rubbish")
    daemon.reload({"limits": {"pool_size": 2}})
    wait_until(lambda: daemon.metrics().value("pgweir_config_last_reload_successful") == 0, "the metric says so")
    assert "event=reload_failed" in daemon.log() and "tls." in daemon.log()
    assert shown(daemon) == der(made[0].certificate)
    assert expiry(daemon) == expiry_of(made[0].certificate)
    assert daemon.health()[1]["pool_size"] == 1


def test_without_a_certificate_there_is_no_expiry(pool):
    assert expiry(pool(1)) == 0
