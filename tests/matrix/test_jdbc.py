"""JDBC: Debian's driver."""

import glob
import os

from matrix_rows import HERE, build

DRIVER = "/usr/share/java/postgresql.jar"
# Fifty sessions for a few seconds: what starts soonest, and leaves the processors to the others.
JVM = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")


def test_jdbc(row, tmp_path):
    build("javac", "-Xlint:all", "-Werror", "-d", tmp_path, *glob.glob(os.path.join(HERE, "java", "*.java")))
    row("JDBC").run("java", *JVM, "-cp", f"{DRIVER}:{tmp_path}", "Shop")
