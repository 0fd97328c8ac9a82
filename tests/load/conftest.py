"""The servers of the sites under load."""

from collections.abc import Iterator

import pytest

from tests.left_out import left_out
from tests.load.site import Backends, backends
from tests.processes.environment import KIND
from tests.revocation.redis_server import BINARY

# Sites with many workers are served from PostgreSQL; the others have nothing to add.
collect_ignore_glob = [] if KIND == "postgresql" else ["test_*.py"]


@pytest.fixture(scope="module")
def servers() -> Iterator[Backends]:
    if BINARY is None:
        left_out("there is no redis-server to start")
    with backends() as servers:
        yield servers
