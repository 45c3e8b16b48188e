"""Go's pgx: Debian's package."""

import os

from harness import toolchains
from matrix_rows import HERE


def test_pgx(row, tmp_path):
    row("Go pgx v4").run(*toolchains.go(tmp_path, os.path.join(HERE, "go", "shop.go")))
