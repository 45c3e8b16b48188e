"""Plain Python values as YAML text: mappings, lists, numbers, booleans and strings are all a configuration needs."""

import json
import re

# A string that YAML reads as the same string without quotes.
_PLAIN = re.compile(r"[A-Za-z0-9/_.][A-Za-z0-9/_.%+-]*")
_NOT_STRINGS = {"true", "false", "null", "yes", "no", "on"}


def _scalar(value):
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if _PLAIN.fullmatch(value) and value.lower() not in _NOT_STRINGS and not value[0].isdigit():
        return value
    if re.fullmatch(r"\d+(\.\d+)?(us|ms|s|m|h|d|%|kB|MB|GB)", value):
        return value
    return json.dumps(value)


def to_yaml(value, indent=0):
    """The text of a mapping, in the order of its keys."""
    lines = []
    for key, item in value.items():
        head = " " * indent + _scalar(str(key)) + ":"
        if isinstance(item, dict) and item:
            lines.append(head)
            lines.append(to_yaml(item, indent + 2).rstrip("\n"))
        elif isinstance(item, dict):
            lines.append(head + " {}")
        elif isinstance(item, (list, tuple)):
            lines.append(head + " [" + ", ".join(_scalar(part) for part in item) + "]")
        else:
            lines.append(head + " " + _scalar(item))
    return "\n".join(lines) + "\n"


def merged(base, changes):
    """A copy of base with the changes laid over it, mapping by mapping."""
    result = dict(base)
    for key, value in changes.items():
        old = result.get(key)
        result[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result
