"""Fixtures that the whole suite shares."""

import os

import pytest
from django.conf import settings
from django.core.cache import cache

from tests.databases import answers


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Throttles count in the cache, so what one test counted must not refuse another."""
    cache.clear()


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
