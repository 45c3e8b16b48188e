"""A real browser, headless."""

import json
import os
import shutil
import subprocess

from .programs import TESTS, clean_environment
from .wait import wait_until

PROGRAM = os.path.join(TESTS, "drivers", "browser.js")


class Browser:
    """Debian's Chromium, one page of it."""

    def __init__(self):
        chromium = shutil.which("chromium")
        assert chromium, "no chromium is installed; deploy/install-packages.sh test"
        self._process = subprocess.Popen(["node", PROGRAM, chromium], env=clean_environment(), text=True,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def _do(self, command, **rest):
        self._process.stdin.write(json.dumps({"command": command, **rest}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert "error" not in answer, f"{command} {rest}: {answer['error']}"
        return answer["value"]

    def open(self, url):
        self._do("open", url=url)

    def evaluate(self, expression):
        return self._do("evaluate", expression=expression)

    def wait(self, expression):
        """Until it is true in the page."""
        wait_until(lambda: self.evaluate(expression), f"in the page: {expression}", deadline=60)

    def text(self, selector):
        return self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText")

    def wait_text(self, selector, part):
        self.wait(f"document.querySelector({json.dumps(selector)}).innerText.includes({json.dumps(part)})")

    def press(self, keys):
        self._do("press", keys=keys)

    def type(self, selector, text):
        self._do("type", selector=selector, text=text)

    def click(self, selector):
        self._do("click", selector=selector)

    def dress(self, width=1280, height=900, scheme="light"):
        self._do("dress", width=width, height=height, scheme=scheme)

    def screenshot(self, path):
        self._do("screenshot", path=str(path))

    def problems(self):
        """What the console has said of errors and warnings since the last call."""
        return self._do("problems")

    def requests(self):
        """The addresses that were asked since the last call."""
        return self._do("requests")

    def close(self):
        self._process.stdin.close()
        self._process.wait(timeout=60)
