"""Running other programs: psql, pgbench, openssl, node."""

import os
import re
import signal
import subprocess
from dataclasses import dataclass

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCE = os.path.dirname(TESTS)


def clean_environment(**extra):
    """The environment without PG* variables, which would change what libpq does."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG") or name.startswith("PGWEIR_")}
    return {**kept, "LC_ALL": "C.UTF-8", **extra}


def conninfo(**options):
    """A libpq key=value string."""
    def quoted(value):
        return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"
    return " ".join(f"{name}={quoted(value)}" for name, value in options.items() if value is not None)


def run(*command, timeout=120, **options):
    """Runs a program to its end. Returns the CompletedProcess, texts included; does not judge the exit code."""
    options.setdefault("env", clean_environment())
    return subprocess.run([str(part) for part in command], timeout=timeout, text=True,
                          stdin=options.pop("stdin", subprocess.DEVNULL),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, **options)


def run_in_group(command, timeout, **options):
    """Runs a program to its end and returns (exit code, stdout, stderr). One that does not end in time
    is killed with all it has started, and what it had to say is in the error."""
    process = subprocess.Popen([str(part) for part in command], text=True, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, **options)
    try:
        output, errors = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, errors = process.communicate()
        raise AssertionError(f"{command[0]} did not end within {timeout} s\n{output[-4000:]}\n{errors[-8000:]}") from None
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    return process.returncode, output, errors


def psql(dsn, *statements, timeout=60):
    """Runs statements, each as its own -c, and prints bare values."""
    arguments = [part for statement in statements for part in ("-c", statement)]
    return run("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", dsn, *arguments, timeout=timeout)


def start_psql(dsn):
    """A psql that reads statements from its stdin."""
    return subprocess.Popen(["psql", "-X", "-q", "-A", "-t", "-d", dsn], env=clean_environment(), text=True, bufsize=1,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@dataclass
class BenchResult:
    """What pgbench printed at its end."""
    text: str
    transactions: int
    tps: float


def pgbench_command(dsn, *arguments):
    return ["pgbench", "-n", *[str(part) for part in arguments], dsn]


def pgbench(dsn, *arguments, timeout=600):
    """Runs pgbench and insists on zero errors: exit code 0, no failed transaction, no aborted client."""
    result = run(*pgbench_command(dsn, *arguments), timeout=timeout)
    text = result.stdout + result.stderr
    assert result.returncode == 0, text[-4000:]
    assert "aborted" not in text and "ERROR" not in text and "FATAL" not in text, text[-4000:]
    failed = re.search(r"number of failed transactions: (\d+)", text)
    assert failed and failed.group(1) == "0", text[-4000:]
    transactions = int(re.search(r"number of transactions actually processed: (\d+)", text).group(1))
    tps = float(re.search(r"^tps = ([0-9.]+)", text, re.MULTILINE).group(1))
    return BenchResult(text, transactions, tps)
