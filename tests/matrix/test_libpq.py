"""libpq's pipeline mode, from a program that is compiled here."""

import os

from harness import toolchains
from matrix_rows import HERE


def test_pipeline_mode(row, tmp_path):
    row("libpq pipeline mode").run(*toolchains.libpq(tmp_path, os.path.join(HERE, "libpq", "shop.cpp")))
