"""Applications of other languages, compiled into a folder of the test's. Each function returns the command that runs one."""

import os
import sys

from .programs import SOURCE, TESTS, clean_environment, run, run_in_group

JDBC = "/usr/share/java/postgresql.jar"
# For programs that live for seconds or minutes: what starts soonest, and leaves the processors to the others.
JVM = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")
_TIMEOUT = 400


def build(*command, **options):
    code, output, errors = run_in_group(command, _TIMEOUT, **{"env": clean_environment(), **options})
    assert code == 0, f"{' '.join(map(str, command))} ended with {code}\n{output[-4000:]}\n{errors[-8000:]}"


def java(directory, main, *sources):
    build("javac", "-Xlint:all", "-Werror", "-d", directory, *sources)
    return "java", *JVM, "-cp", f"{JDBC}:{directory}", main


def go(directory, source):
    """Built without a network, from Debian's packages."""
    # The first build on a machine compiles pgx, too; Go keeps that in its own cache.
    environment = clean_environment(GOPATH="/usr/share/gocode", GO111MODULE="off", GOFLAGS="", CGO_ENABLED="0")
    program = os.path.join(directory, "go_program")
    build("go", "build", "-o", program, source, env=environment)
    return (program,)


def libpq(directory, source):
    program = os.path.join(directory, "libpq_program")
    flags = run("pkg-config", "--cflags", "--libs", "libpq").stdout.split()
    build("c++", "-std=c++20", "-O0", "-Wall", "-Wextra", "-Werror", "-pthread", "-I", SOURCE, source, "-o", program, *flags)
    return (program,)


def prisma():
    """Generates the client that @prisma/client loads."""
    build("node", os.path.join(TESTS, "drivers", "matrix", "prisma", "generate.js"))


def python(path, *arguments):
    # The interpreter of the tests: it is the one that sees Debian's drivers.
    return sys.executable, "-B", path, *arguments
