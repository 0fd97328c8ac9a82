"""Each test starts with the keys that it makes."""

from collections.abc import Iterator

import pytest

from django_jwtauth import clock, key_rotation
from django_jwtauth.models import SigningKey


@pytest.fixture
def now() -> float:
    return clock.now()


@pytest.fixture
def _no_keys(transactional_db: None) -> Iterator[None]:
    """Empty tables, for tests that commit."""
    SigningKey.objects.all().delete()
    key_rotation.forget_ring()
    yield
    key_rotation.forget_ring()


@pytest.fixture
def first(_no_keys: None, now: float) -> str:
    """The one key that there is, by its kid."""
    return key_rotation.signing_key(now).kid
