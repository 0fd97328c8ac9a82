"""Fixtures that the whole suite shares."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from hypothesis import settings as hypothesis_settings

from django_jwtauth import clock
from tests.databases import answers

pytest_plugins = ["django_jwtauth.pytest_plugin"]

# What no database can change runs with SQLite alone, once in a run over all databases. So do the
# Redis feed, for its rows and its polls are the database feed's, and tests/load serves it from
# PostgreSQL; and a new SECRET_KEY, for what it encrypts is text in every database.
ONE_DATABASE = (
    "architecture",
    "benchmarks",
    "browser",
    "checks",
    "clients",
    "deployments/test_secret_key.py",
    "documentation",
    "example_project",
    "hostile",
    "neighbours",
    "openapi",
    "revocation/test_redis.py",
    "runbooks",
    "test_pytest_plugin.py",
    "test_readme.py",
    "test_second_service_page.py",
    "test_signers_page.py",
    "test_translations.py",
    "tokens",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what another database has nothing to say to."""
    if os.environ.get("JWTAUTH_TEST_DATABASE", "sqlite") == "sqlite":
        return
    alone = [Path(__file__).parent / name for name in ONE_DATABASE]
    once = {item for item in items if any(item.path.is_relative_to(path) for path in alone)}
    config.hook.pytest_deselected(items=list(once))
    items[:] = [item for item in items if item not in once]


# No limit of time for one example: a machine that others use as well is slow at times.
hypothesis_settings.register_profile("suite", deadline=None)
hypothesis_settings.load_profile("suite")


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Throttles count in the cache, so what one test counted must not refuse another."""
    cache.clear()


@pytest.fixture(autouse=True)
def _clock_as_it_was() -> Iterator[None]:
    """A test may move the clock; the next one starts in the present."""
    yield
    clock.set_offset(0)


@pytest.fixture(scope="session")
def redis_url() -> str:
    """Return the address of a Redis server that answers, or skip the test."""
    if not answers("redis"):
        message = f"no Redis answers at {settings.REDIS_URL}"
        if os.environ.get("JWTAUTH_REQUIRE_DATABASES") == "1":
            pytest.fail(message)
        pytest.skip(message)
    url: str = settings.REDIS_URL
    return url
