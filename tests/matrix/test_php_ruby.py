"""The interpreters whose drivers sit on libpq: PHP's PDO and Ruby's pg."""

import os

from matrix_rows import HERE


def test_pdo(row):
    row("PHP pdo_pgsql").run("php", os.path.join(HERE, "php", "shop.php"))


def test_ruby(row):
    row("Ruby pg").run("ruby", "-W", os.path.join(HERE, "ruby", "shop.rb"))
