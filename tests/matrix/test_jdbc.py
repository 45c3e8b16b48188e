"""JDBC: Debian's driver."""

import glob
import os

from harness import toolchains
from matrix_rows import HERE


def test_jdbc(row, tmp_path):
    row("JDBC").run(*toolchains.java(tmp_path, "Shop", *glob.glob(os.path.join(HERE, "java", "*.java"))))
