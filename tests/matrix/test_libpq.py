"""libpq's pipeline mode, from a program that is compiled here."""

import os

from harness.programs import run
from matrix_rows import HERE, build


def test_pipeline_mode(row, tmp_path):
    program = tmp_path / "shop"
    libpq = run("pkg-config", "--cflags", "--libs", "libpq").stdout.split()
    build("c++", "-std=c++20", "-O0", "-Wall", "-Wextra", "-Werror", "-pthread",
          os.path.join(HERE, "libpq", "shop.cpp"), "-o", program, *libpq)
    row("libpq pipeline mode").run(program)
