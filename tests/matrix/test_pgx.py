"""Go's pgx: Debian's package, built without a network."""

import os

from harness.programs import clean_environment
from matrix_rows import HERE, build


def test_pgx(row, tmp_path):
    # The first build on a machine compiles pgx, too; Go keeps that in its own cache.
    environment = clean_environment(GOPATH="/usr/share/gocode", GO111MODULE="off", GOFLAGS="", CGO_ENABLED="0")
    program = tmp_path / "shop"
    build("go", "build", "-o", program, os.path.join(HERE, "go", "shop.go"), env=environment)
    row("Go pgx v4").run(program)
