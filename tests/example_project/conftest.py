"""One server for all tests that only talk to it, and a Redis of their own."""

import os
from collections.abc import Iterator

import pytest

from tests.example_project.servers import Server, demo_server, new_database
from tests.revocation.redis_server import BINARY, RedisServer


@pytest.fixture(scope="session")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a database that the tests of this folder share."""
    with new_database(tmp_path_factory.mktemp("database")) as url:
        yield url


@pytest.fixture(scope="session")
def server(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """What `make demo` serves."""
    with demo_server(database_url, tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A Redis server that nobody else knows."""
    if BINARY is None:
        message = "there is no redis-server to start"
        if os.environ.get("JWTAUTH_REQUIRE_DATABASES") == "1":
            pytest.fail(message)
        pytest.skip(message)
    server = RedisServer()
    server.start()
    yield server
    server.remove()
