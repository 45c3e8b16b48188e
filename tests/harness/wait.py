"""Waiting for a condition with a deadline. Tests never wait for time to pass."""

import time


def wait_until(condition, what, deadline=20.0, every=0.02):
    """Returns the first true value of condition(); fails when the deadline passes without one."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline} s: {what}; last value: {value!r}")
        time.sleep(every)


def stays(condition, what, seconds, every=0.1):
    """Fails as soon as condition() is not true: only for what must not happen."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        assert value, f"no longer: {what}; value: {value!r}"
        time.sleep(every)
