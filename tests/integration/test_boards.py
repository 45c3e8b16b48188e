"""The dashboard, the alerts and the runbook in deploy/: Prometheus' own tools take them, and they speak of what there is."""

import json
import os
import re

import pytest

from harness.programs import SOURCE, run

DASHBOARD = os.path.join(SOURCE, "deploy", "grafana", "pgweir.json")
ALERTS = os.path.join(SOURCE, "deploy", "prometheus", "alerts.yml")
ALERTS_TEST = os.path.join(SOURCE, "deploy", "prometheus", "alerts_test.yml")
RUNBOOK = os.path.join(SOURCE, "deploy", "RUNBOOK.md")
GOLDEN = os.path.join(SOURCE, "tests", "golden", "metrics.txt")

# What Prometheus adds to every series, and what it makes itself.
TARGET_LABELS = {"instance", "job"}
PROMETHEUS_METRICS = {"up"}
METRIC = re.compile(r"\b(?:(?:pgweir|pgbouncer|process)_[a-z_]+|up)\b(?!\s*\()")


def text_of(path):
    with open(path) as file:
        return file.read()


def known_metrics():
    """Labels by the name of each series, those of histograms spelled out."""
    known = {}
    for line in text_of(GOLDEN).splitlines():
        name, kind, *labels = line.split()
        labels = set(labels) | TARGET_LABELS
        if kind == "histogram":
            known[name + "_bucket"] = labels
            known[name + "_sum"] = known[name + "_count"] = labels - {"le"}
        else:
            known[name] = labels
    return known


def dashboard():
    return json.loads(text_of(DASHBOARD))


def panels():
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def without_variables(expression):
    """As Grafana sends it: with every variable replaced."""
    text = expression.replace("$__rate_interval", "5m").replace("$instance", ".*").replace("$database", ".*")
    assert "$" not in text, f"an unknown variable: {expression}"
    return text


def dashboard_expressions():
    board = dashboard()
    found = [target["expr"] for panel in panels() for target in panel["targets"]]
    found += [note["expr"] for note in board["annotations"]["list"]]
    return [without_variables(expression) for expression in found]


def alert_rules():
    """Name, expression and the rest of each alert. The file has one key on a line; promtool reads it as YAML."""
    rules = []
    for block in re.split(r"^ +- alert: ", text_of(ALERTS), flags=re.MULTILINE)[1:]:
        fields = dict(re.findall(r"^ +(expr|for|labels|summary|description|runbook_url): (.*)$", block, re.MULTILINE))
        rules.append({"name": block.split("\n", 1)[0].strip(), **fields})
    return rules


def problems_of(expression, known):
    """What an expression asks for that does not exist: names of metrics, and labels of all that it names."""
    bare = re.sub(r'"[^"]*"', '""', expression)
    problems = [f"no metric {name}" for name in METRIC.findall(bare) if name not in known and name not in PROMETHEUS_METRICS]
    for name, selector in re.findall(r"([a-z_]+)\{([^}]*)\}", bare):
        labels = set(re.findall(r"([a-z_]+)\s*[=!]", selector))
        problems += [f"{name} has no label {label}" for label in labels - known.get(name, labels) - TARGET_LABELS]
    of_all = set.union(TARGET_LABELS, *[known.get(name, set()) for name in METRIC.findall(bare)])
    for grouped in re.findall(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)", bare):
        labels = {label.strip() for label in grouped.split(",")}
        problems += [f"no metric of {expression!r} has the label {label}" for label in labels - of_all]
    return problems


def label_words():
    """The values of labels that are lists, by metric and label: from the README's table, which is generated."""
    words = {}
    for name, labels in re.findall(r"^\| `([a-z_]+)` \| [a-z]+ \| ([^|]*) \|", text_of(os.path.join(SOURCE, "README.md")), re.MULTILINE):
        words[name] = {label: set(values.split(", ")) for label, values in re.findall(r"`([a-z_]+)`: ([a-z_, ]+)", labels)}
    return words


def values_of(expression, words):
    """Values of labels that no series ever has."""
    problems = []
    for name, selector in re.findall(r"([a-z_]+)\{([^}]*)\}", expression):
        for label, operator, value in re.findall(r'([a-z_]+)\s*(=~|!~|!=|=)\s*"([^"]*)"', selector):
            has = words.get(name, {}).get(label)
            if has is not None:
                problems += [f"{name} never has {label}={one}" for one in value.split("|") if one not in has]
    return problems


def test_the_finder_of_unknown_names_finds_them():
    known = known_metrics()
    assert problems_of("rate(pgweir_nothing_total[5m])", known) == ["no metric pgweir_nothing_total"]
    assert problems_of('pgweir_pool_size{state="idle"}', known) == ["pgweir_pool_size has no label state"]
    assert problems_of("sum by (le) (pgweir_pool_size)", known)
    assert problems_of("pgweir_queue_wait_seconds", known), "a histogram has no series of that name"
    assert not problems_of('sum by (database) (pgweir_servers{state="idle"}) and on (instance) up', known)
    assert values_of('pgweir_servers{state="open"}', label_words()) == ["pgweir_servers never has state=open"]
    assert not values_of('pgweir_servers{state=~"idle|leased"}', label_words())


def test_promtool_takes_the_rules():
    result = run("promtool", "check", "rules", ALERTS)
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"{len(alert_rules())} rules found" in result.stdout + result.stderr


def test_every_alert_fires_and_stays_silent_as_its_test_says():
    result = run("promtool", "test", "rules", ALERTS_TEST)
    assert result.returncode == 0, result.stdout + result.stderr
    tests = text_of(ALERTS_TEST)
    for rule in alert_rules():
        assert f"  - name: {rule['name']}\n" in tests, f"{rule['name']} has no test"


def test_every_alert_says_how_bad_it_is_and_where_to_look_first():
    anchors = anchors_of(RUNBOOK)
    names = [rule["name"] for rule in alert_rules()]
    assert len(names) == len(set(names))
    for rule in alert_rules():
        assert re.search(r"severity: (critical|warning|info) ", rule["labels"]), rule
        assert rule["summary"] and "First look at " in rule["description"], rule
        path, _, anchor = rule["runbook_url"].partition("#")
        assert os.path.join(SOURCE, path) == RUNBOOK, rule
        assert anchor in anchors, f"{rule['name']}: no heading #{anchor} in the runbook"


def anchors_of(path):
    """The anchors that GitHub and others make of headings."""
    headings = re.findall(r"^#+ (.*)$", text_of(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("source", ["alerts", "dashboard"])
def test_every_metric_label_and_value_exists(source):
    expressions = [rule["expr"] for rule in alert_rules()] if source == "alerts" else dashboard_expressions()
    known, words = known_metrics(), label_words()
    assert expressions
    problems = [problem for expression in expressions
                for problem in problems_of(expression, known) + values_of(expression, words)]
    assert not problems, "\n".join(problems)


def test_the_texts_of_alerts_name_what_exists():
    known = known_metrics()
    families = {line.split()[0] for line in text_of(GOLDEN).splitlines()}
    for rule in alert_rules():
        text = rule["summary"] + rule["description"]
        unknown = [name for name in METRIC.findall(text) if name != "up" and name not in known and name not in families]
        assert not unknown, f"{rule['name']}: {unknown}"


def test_promtool_takes_every_expression_of_the_dashboard(tmp_path):
    rules = "groups:\n  - name: dashboard\n    rules:\n"
    for number, expression in enumerate(dashboard_expressions()):
        rules += f"      - record: dashboard:{number}\n        expr: {json.dumps(expression)}\n"
    (tmp_path / "rules.yml").write_text(rules)
    result = run("promtool", "check", "rules", tmp_path / "rules.yml")
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_dashboard_is_well_formed():
    board = dashboard()
    assert board["title"] and board["uid"]
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids)), "panel ids must be unique"
    variables = {variable["name"] for variable in board["templating"]["list"]}
    assert {"datasource", "instance", "database"} <= variables
    taken = {}
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        for cell in [(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])]:
            assert cell not in taken, f"{panel['title']} lies over {taken[cell]}"
            taken[cell] = panel["title"]
    for panel in panels():
        title = panel["title"]
        assert re.fullmatch(r"[A-Z][^\n]{20,}\.", panel["description"]), f"{title}: a sentence of description"
        assert panel["type"] == "heatmap" or panel["fieldConfig"]["defaults"]["unit"], f"{title}: a unit"
        assert panel["datasource"]["uid"] == "${datasource}", title
        references = [target["refId"] for target in panel["targets"]]
        assert references and len(references) == len(set(references)), title
        for target in panel["targets"]:
            assert target["expr"] and target["datasource"]["uid"] == "${datasource}", title
            assert "$instance" in target["expr"], f"{title}: follows the choice of instances"


def test_every_own_metric_is_on_the_dashboard():
    shown = " ".join(dashboard_expressions())
    families = [line.split()[0] for line in text_of(GOLDEN).splitlines() if line.startswith("pgweir_")]
    missing = [name for name in families if name not in shown and name != "pgweir_breaker_enabled"]
    assert not missing, missing
