"""The status page in a real browser: live, readable, silent in the console, and asking nobody else."""

import json
import os

import psycopg
import pytest

from harness.browser import Browser
from harness.programs import psql
from harness.wait import wait_until

DEFAULT = {"breaker": {"open_above": "80%"}}
SECRET = "page-secret-417"
LIGHT_AND_DARK = [("light", "rgb(251, 251, 249)"), ("dark", "rgb(20, 23, 26)")]

# Contrast of each text with what is behind it, as WCAG 2 counts it; the worst of the page.
WORST_CONTRAST = """(() => {
  const parse = text => text.match(/[0-9.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = node => {
    for (; node; node = node.parentElement) {
      const colour = parse(getComputedStyle(node).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  let worst = { ratio: 21 };
  for (const node of document.querySelectorAll("main *, header *, footer *")) {
    if (![...node.childNodes].some(child => child.nodeType === 3 && child.textContent.trim())) continue;
    if (!node.checkVisibility()) continue;
    const [a, b] = [light(parse(getComputedStyle(node).color)), light(behind(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst.ratio) worst = { ratio, text: node.textContent.slice(0, 40) };
  }
  return worst;
})()"""

WATCH_SHIFTS = """(() => {
  window.shifts = 0;
  new PerformanceObserver(list => { for (const entry of list.getEntries()) window.shifts += entry.value; })
    .observe({ type: "layout-shift", buffered: true });
})()"""


@pytest.fixture(scope="module")
def browser():
    browser = Browser()
    yield browser
    browser.close()


def url(daemon, path="/"):
    return f"http://127.0.0.1:{daemon.http_port}{path}"


class Holders:
    def __init__(self, daemon, count, application="holder"):
        self.connections = [psycopg.connect(daemon.dsn(application_name=application), autocommit=True) for _ in range(count)]
        for connection in self.connections:
            connection.execute("BEGIN")
            connection.execute(f"SELECT 1 AS seen, '{SECRET}'")

    def close(self):
        for connection in self.connections:
            connection.close()


def looks_well(browser):
    assert browser.evaluate("window.shifts") < 0.1   # what web vitals call good
    for scheme, paper in LIGHT_AND_DARK:
        browser.dress(scheme=scheme)
        assert browser.evaluate("getComputedStyle(document.body).backgroundColor") == paper
        worst = browser.evaluate(WORST_CONTRAST)
        assert worst["ratio"] >= 4.5, worst
    browser.dress(width=360, height=740)
    assert browser.evaluate("document.documentElement.scrollWidth <= 360"), "it is wider than a phone"
    browser.dress()
    browser.evaluate("new Promise(done => setTimeout(done, 1500))")   # a refresh in the new clothes
    browser.evaluate("window.shifts = 0")


def test_it_follows_what_happens(pool, browser):
    daemon = pool(10, DEFAULT)
    psql(daemon.dsn(), "SELECT 1")
    browser.open(url(daemon))
    browser.evaluate(WATCH_SHIFTS)
    browser.wait_text("#link", "live")
    browser.wait_text("#reason", "All is well")
    assert browser.text("#breaker") == "breaker closed" and browser.text("#upstream") == "upstream closed"
    assert "nobody: no server is in use" in browser.text("#holders")
    looks_well(browser)

    holders = Holders(daemon, 9)
    browser.wait_text("#breaker", "breaker open")
    browser.wait_text("#reason", "New logins are refused")
    browser.wait_text("#figures", "9 of 10")
    assert browser.evaluate("document.title") == "(!) pgweir"
    assert browser.evaluate("document.querySelectorAll('#servers .active').length") == 9
    assert browser.text("#holders").count("idle in transaction") == 9
    assert "holder" in browser.text("#holders") and "SELECT" in browser.text("#holders")
    browser.wait_text("#events", "breaker_changed")
    refused = psql(daemon.dsn(), "SELECT 1")
    assert refused.returncode != 0
    browser.wait_text("#refusals", "breaker_open")
    assert browser.evaluate("document.querySelector('#chart .usage') !== null")
    looks_well(browser)

    holders.close()
    browser.wait_text("#breaker", "breaker closed")
    browser.wait_text("#reason", "All is well")
    assert browser.evaluate("document.title") == "pgweir"
    assert browser.problems() == []
    assert {request.split("?")[0] for request in browser.requests()} - {url(daemon), url(daemon, "/status.json"), "data:,"} == set()


def test_no_secret_and_no_literal_is_told(pool, role, browser):
    daemon = pool(3)
    holders = Holders(daemon, 1)
    status = daemon.get("/status.json").body
    assert "SELECT" in status
    for word in (SECRET, role.password, "secret"):
        assert word not in status, word
    holders.close()


def test_names_are_text_and_nothing_else(pool, browser):
    daemon = pool(3)
    nasty = "<img src=x onerror=document.title='caught'>"
    holders = Holders(daemon, 1, application=nasty)
    browser.open(url(daemon))
    browser.wait_text("#holders", "<img src=x")
    assert browser.evaluate("document.querySelectorAll('img').length") == 0
    assert browser.problems() == []
    holders.close()


def test_a_daemon_that_is_gone_is_said_to_be(pool, browser):
    daemon = pool(3)
    psql(daemon.dsn(), "SELECT 1")
    browser.open(url(daemon))
    browser.wait_text("#link", "live")
    daemon.finish()
    browser.wait_text("#link", "no answer")
    browser.problems()   # the browser itself tells of the refused connection


def test_three_hundred_pools(start_pgweir, role, browser):
    databases = {f"db{number:03}": {"dsn": role.uri()} for number in range(299)}
    daemon = start_pgweir({"limits": {"pool_size": 2}, "databases": {"app": {"dsn": role.uri()}, **databases}})
    holders = Holders(daemon, 2)
    browser.open(url(daemon))
    browser.wait_text("#pool-count", "300")
    # The fullest stands first, and is the one that is shown.
    browser.wait("document.querySelector('#pools a').innerText.includes('app')")
    assert browser.text("#pool-name") == "app"
    browser.type("#filter", "db29")
    browser.wait("document.querySelectorAll('#pools a').length === 9")
    # By keyboard alone.
    browser.evaluate("document.querySelector('#filter').focus()")
    browser.press("Tab")
    browser.press("Enter")
    browser.wait_text("#pool-name", "db29")
    assert browser.problems() == []
    holders.close()


def test_a_token_locks_it(pool, browser):
    daemon = pool(3, {"http": {"token": "open-sesame-9"}})
    assert daemon.get("/status.json").status == 401
    assert daemon.get("/metrics").status == 401
    assert daemon.get("/livez").status == 200
    browser.open(url(daemon))
    browser.wait_text("#link", "locked")
    browser.type("#token", "open-sesame-9")
    browser.press("Enter")
    browser.wait_text("#link", "live")
    browser.problems()   # the browser tells of the 401


def test_the_status_is_whole_json(pool):
    daemon = pool(4)
    psql(daemon.dsn(), "SELECT 1")
    wait_until(lambda: json.loads(daemon.get("/status.json?pool=app").body)["pool"]["history"], "a second has passed")
    for target in ("/status.json", "/status.json?pool=nobody", "/status.json?pool=%00%ff", "/status.json?pool=" + "x" * 2000):
        answer = daemon.get(target)
        assert answer.status == 200
        status = json.loads(answer.body)
        assert status["pool"]["name"] == "app" and sum(status["pool"]["squares"].values()) == 4


@pytest.mark.skipif("PGWEIR_SCREENSHOTS" not in os.environ, reason="makes pictures for people: PGWEIR_SCREENSHOTS=FOLDER")
def test_pictures(pool, browser):
    folder = os.environ["PGWEIR_SCREENSHOTS"]
    daemon = pool(10, DEFAULT)
    psql(daemon.dsn(), "SELECT 1")
    browser.open(url(daemon))
    browser.wait_text("#reason", "All is well")
    browser.dress()
    browser.screenshot(f"{folder}/empty-light.png")
    holders = Holders(daemon, 9)
    browser.wait_text("#breaker", "breaker open")
    for name, look in {"light": {}, "dark": {"scheme": "dark"}, "narrow": {"width": 360, "height": 740}}.items():
        browser.dress(**look)
        browser.screenshot(f"{folder}/overloaded-{name}.png")
    holders.close()
