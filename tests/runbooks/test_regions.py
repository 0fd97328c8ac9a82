"""Several regions: a service listens to a Redis replica of its own region."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.deployments.conftest import Person
from tests.left_out import left_out
from tests.processes.worker import Worker
from tests.revocation.redis_server import BINARY, RedisServer
from tests.runbooks.conftest import wait_until
from tests.runbooks.page import blocks
from tests.runbooks.site import Site

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def primary() -> Iterator[RedisServer]:
    if BINARY is None:
        left_out("there is no redis-server to start")
    # It would wait 5 seconds for more replicas to come.
    yield from started(RedisServer("--repl-diskless-sync-delay", "0"))


@pytest.fixture
def replica(primary: RedisServer) -> Iterator[RedisServer]:
    (block,) = blocks("Several regions", "text")
    lines = block.replace("redis.home.example.com 6379", f"127.0.0.1 {primary.port}").splitlines()
    yield from started(RedisServer(*(word for line in lines for word in f"--{line}".split(" "))))


def started(server: RedisServer) -> Iterator[RedisServer]:
    server.start()
    yield server
    server.remove()


def listening_to(server: RedisServer, **options: Any) -> dict[str, Any]:
    feed = "django_jwtauth.revocation.redis.RedisFeed"
    return {"REVOCATION_FEED": {"BACKEND": feed, "OPTIONS": {"URL": server.url, **options}}}


def verifying(home: Worker, replica: RedisServer) -> dict[str, Any]:
    """Return the settings of a service that has the public keys and hears of revocations."""
    keys = home.send("GET", "/.well-known/jwks.json").body["keys"]
    store = "django_jwtauth.keystores.static.StaticKeyStore"
    return {
        "KEY_STORE": {"BACKEND": store, "OPTIONS": {"KEYS": [{"public_key": key} for key in keys]}},
        **listening_to(replica, DATABASE=False, MAX_STALENESS=6.0),
    }


def test_several_regions(site: Site, primary: RedisServer, replica: RedisServer) -> None:
    with (
        site.process(JWTAUTH=listening_to(primary)) as home,
        site.process(JWTAUTH=verifying(home, replica)) as away,
    ):
        leaves, stays = Person(home), Person(home)
        wait_until(lambda: leaves.is_let_in(away) and stays.is_let_in(away))
        body = {"refresh_token": leaves.refresh_token}
        assert home.send("POST", "/auth/logout/", body).status == 204
        wait_until(lambda: away.me(leaves.access_token).code == "token_revoked")

        primary.stop()

        wait_until(lambda: away.me(stays.access_token).code == "temporarily_unavailable")
        assert stays.is_let_in(home)
