"""Fixtures of the differential tests."""

import pytest

from twins import Twins


@pytest.fixture
def twins(cluster, start_pgweir):
    return Twins(cluster, start_pgweir)
