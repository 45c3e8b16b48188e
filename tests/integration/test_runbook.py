"""The runbook in deploy/ speaks only of what there is: events, metrics, keys, reasons, paths, as the sources spell them."""

import os
import re

import pytest

from harness.programs import SOURCE

RUNBOOK = os.path.join(SOURCE, "deploy", "RUNBOOK.md")
FOLDERS = ("proxy", "config", "metrics", "protocol")
# Of libpq, PostgreSQL, systemd and Prometheus.
FOREIGN = {"pg_stat_activity", "pg_advisory_xact_lock", "rule_files"}


def text_of(*path):
    with open(os.path.join(SOURCE, *path)) as file:
        return file.read()


def sources():
    found = []
    for folder in FOLDERS:
        for place, _, names in os.walk(os.path.join(SOURCE, folder)):
            found += [text_of(place, name) for name in names if name.endswith((".cpp", ".hpp"))]
    return "\n".join(found)


SOURCES = sources()
STRINGS = "\n".join(re.findall(r'"((?:[^"\\\n]|\\.)*)"', SOURCES))


def runbook_and_alerts():
    return text_of("deploy", "RUNBOOK.md") + text_of("deploy", "prometheus", "alerts.yml")


def metrics():
    """Names, and label values by label."""
    names = set()
    for line in text_of("tests", "golden", "metrics.txt").splitlines():
        name, kind, *_ = line.split()
        names.add(name)
        if kind == "histogram":
            names |= {name + "_bucket", name + "_sum", name + "_count"}
    return names


def keys():
    """Keys of the configuration, as the reference spells them."""
    return set(re.findall(r"^\| `([a-z_.<>*]+)` \|", text_of("tests", "golden", "reference.md"), re.MULTILINE))


def is_key(path):
    known = keys()
    inherited = re.sub(r"^(databases|users)\.<name>\.?", "", path)
    return not inherited or inherited in known or path in known or any(key.startswith(inherited + ".") for key in known)


def missing(found, exists):
    return sorted({name for name in found if not exists(name)})


# What is looked for in the texts, and how it is known to exist.
KINDS = {
    "events": (r"event=([a-z_]+)", lambda name: f"event={name}" in STRINGS or re.search(rf"^{name}$", STRINGS, re.MULTILINE)),
    "metrics": (r"\b((?:pgweir|pgbouncer|process)_[a-z_]+)\b", lambda name: name in metrics()),
    "keys": (r"(?<![\w/.-])((?:listen|limits|timeouts|breaker|queue|http|log|databases|users|server_settings)\.[a-z_<>.]*[a-z_>])",
             is_key),
    "reasons": (r"reason=\"?([a-z_]+)", lambda name: re.search(rf"(^|reason=){name}( |$)", STRINGS, re.MULTILINE)),
    "classes": (r"class=([a-z_]+)", lambda name: re.search(rf"^{name}$", STRINGS, re.MULTILINE)),
    "paths": (r"(?<![\w.])(/(?:health/db|metrics|livez|readyz)\b)", lambda path: path in STRINGS),
    "files": (r"`((?:deploy|config)/[\w./-]+)`", lambda path: os.path.exists(os.path.join(SOURCE, path))),
    "scenarios": (r"(deploy/scenarios/\w+\.yaml)", lambda path: os.path.exists(os.path.join(SOURCE, path))),
    "shows": (r"\bSHOW ([A-Z_]+)", lambda word: f'ShowRow{{"{word}"' in SOURCES),
    "words": (r"`([a-z]+(?:_[a-z]+)+)`",
              lambda word: word in FOREIGN or word in metrics() or re.search(rf"\b{word}\b", STRINGS + "\n".join(keys()))),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_runbook_names_exists(kind):
    pattern, exists = KINDS[kind]
    found = set(re.findall(pattern, runbook_and_alerts()))
    assert found, f"the runbook names no {kind}: the pattern is wrong"
    assert not missing(found, exists)


@pytest.mark.parametrize("kind, invented", [
    ("events", "event=exploded"), ("metrics", "`pgweir_nothing`"), ("keys", "limits.pool_sizes"), ("reasons", "reason=bad_luck"),
    ("classes", "class=unlucky"), ("files", "`deploy/nothing.yml`"), ("words", "`no_such_word`")])
def test_what_does_not_exist_is_found(kind, invented):
    pattern, exists = KINDS[kind]
    found = re.findall(pattern, invented)
    assert found and missing(found, exists) == sorted(found)


def test_links_within_the_runbook_lead_somewhere():
    text = text_of("deploy", "RUNBOOK.md")
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}
    links = set(re.findall(r"\]\(#([^)]*)\)", text))
    assert links and not links - anchors


def test_every_reason_that_a_client_can_read_is_in_the_runbook():
    text = text_of("deploy", "RUNBOOK.md")
    block = re.search(r"enum class Refusal \{(.*?)\};", text_of("metrics", "words.hpp"), re.DOTALL)[1]
    limits = re.findall(r'"([a-z_]+_timeout)", sqlstate::', text_of("proxy", "client", "session_errors.cpp"))
    reasons = re.findall(r"\w+", block) + limits + ["server_lost"]
    assert len(reasons) > 8
    assert not [reason for reason in reasons if reason not in text]


def test_every_warning_of_the_log_is_in_the_runbook():
    text = text_of("deploy", "RUNBOOK.md")
    warned = set(re.findall(r'spdlog::(?:warn|error)\(\s*"event=([a-z_]+)', SOURCES))
    assert len(warned) > 8
    assert not sorted(event for event in warned if event not in text)


def test_the_commands_of_the_console_exist():
    section = text_of("deploy", "RUNBOOK.md").split("## With the admin console", 1)[1].split("\n## ", 1)[0]
    verbs = {words for words in re.findall(r"`([A-Z_]+(?: [A-Z_]+)*)`", section) if not words.startswith("SHOW ")}
    assert verbs
    assert not missing(verbs, lambda words: f'"{words}"' in SOURCES)
