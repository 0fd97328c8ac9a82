"""A database that these processes share, and Node for the verifier."""

from collections.abc import Iterator

import pytest

from tests.clients.npm import Missing, installed_node
from tests.left_out import left_out
from tests.processes.database import scratch_database
from tests.processes.environment import KIND


@pytest.fixture
def node() -> str:
    try:
        return installed_node()
    except Missing as missing:
        left_out(str(missing))


@pytest.fixture
def database() -> Iterator[str]:
    if KIND != "postgresql":
        pytest.skip("under load on PostgreSQL alone: other databases are no different here")
    with scratch_database() as name:
        yield name
