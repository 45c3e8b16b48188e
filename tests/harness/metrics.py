"""Reading Prometheus' text format."""

import re

_SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$')
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


class Metrics:
    """All samples of one scrape."""

    def __init__(self, text):
        self.text = text
        self.samples = []
        for line in text.splitlines():
            if line and not line.startswith("#"):
                match = _SAMPLE.match(line)
                assert match, f"not a sample: {line!r}"
                self.samples.append((match[1], dict(_LABEL.findall(match[2] or "")), float(match[3])))

    def names(self):
        return {name for name, _, _ in self.samples}

    def value(self, name, /, **labels):
        """The sum of the samples of that name which carry these labels; there must be one."""
        found = [value for sample, has, value in self.samples
                 if sample == name and all(has.get(key) == text for key, text in labels.items())]
        assert found, f"no sample {name} {labels} in:\n{self.text}"
        return sum(found)
